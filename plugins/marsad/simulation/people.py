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
    facts: dict[str, Value] = {
        "given_name": given,
        "family_name": family.upper() if rng.random() < 0.5 else family,
        "full_name": f"{given} {family}",
        "given_name_ar": person.name.given_name("arabic", rng),
        "family_name_ar": person.name.family_name("arabic", rng),
        "sex": (person.sex,),
        "citizenship": (person.citizenship,),
        "document_number": person.document,
        "phone": person.phone,
    }
    aged: dict[str, Value] = {"stated_age": person.age(on), "age": person.age(on)}
    known: dict[str, Value] = {"birth_date": person.born}
    return facts | (aged if rng.random() < 1 / 12 else known)
