"""What an office writes down of a person: identity in its script, and what is asked of everybody."""

from __future__ import annotations

from datetime import date
from random import Random

from marsad.simulation.names import Script
from marsad.simulation.rows import Value
from marsad.simulation.world import Person


def identity(person: Person, script: Script, on: date, rng: Random) -> dict[str, Value]:
    """Facts of a person on a day. In about one case of twelve only the age is known, not the birth date."""
    given, family = person.name.given_name(script, rng), person.name.family_name(script, rng)
    suffix = "" if script == "latin" else "_ar"
    facts: dict[str, Value] = {
        f"given_name{suffix}": given,
        f"family_name{suffix}": family.upper() if rng.random() < 0.5 else family,
        "sex": (person.sex,),
        "citizenship": (person.citizenship,),
        "document_type": ("national_id" if person.citizenship == "MAR" else "passport",),
        "document_number": person.document,
        "phone": person.phone,
    }
    known: dict[str, Value] = {"birth_date": person.born}
    stated: dict[str, Value] = {"stated_age": person.age(on)}
    return facts | (stated if rng.random() < 1 / 12 else known)
