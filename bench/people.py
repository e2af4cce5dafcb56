"""Made-up people by the hundred thousand, and what offices write of them in two scripts, for measuring linkage.

The simulation has a dozen family names for each origin: among a million people four hundred would share each full
name. Here family names are made of a root of three consonants and a form, with frequencies that fall off as 1 / rank
(the commonest given name: one person in twenty; the commonest family name: three in a thousand). Spellings are this
module's own, as the simulation's are: linkage is measured against them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from marsad.simulation.names import ORIGINS, Part, Script

# Latin and Arabic letter of the consonants that roots are made of.
_CONSONANTS = (
    ("b", "ب"), ("t", "ت"), ("dj", "ج"), ("h", "ح"), ("kh", "خ"), ("d", "د"), ("r", "ر"), ("z", "ز"), ("s", "س"),
    ("ch", "ش"), ("gh", "غ"), ("f", "ف"), ("k", "ق"), ("k", "ك"), ("l", "ل"), ("m", "م"), ("n", "ن"), ("h", "ه"),
)  # fmt: skip
_GIVEN = {
    "F": ("1a2i3a=12ي3ة", "1a2ia=12ية", "1ou2a3a=1و2ا3ة", "ma12ou3a=م12و3ة", "1a2a3=12ا3"),
    "M": ("1a2i3=12ي3", "1aa2i3=1ا2ي3", "ma12ou3=م12و3", "abdel1a2i3=عبد ال12ي3", "a12a3=أ123"),
}
_FAMILY = (
    "1a2i3i=12ي3ي", "el 1a23i=ال123ي", "ben 1a2i3=بن 12ي3", "bou12i3=بو12ي3", "1a2a3oui=123اوي",
    "1a2ou3i=12و3ي", "1a22a3=12ا3", "ait 1a2i3=ايت 12ي3", "1ou2a3i=1و2ا3ي", "el m1a2e3=الم123",
)  # fmt: skip
# How else an office writes it.
_LATIN = (
    ("ou", "u"), ("i", "y"), ("ch", "sh"), ("dj", "j"), ("el ", "al "), ("el ", ""), ("el ", "el"), ("ben ", "ben"),
)  # fmt: skip
_ARABIC = (("ة", "ه"), ("أ", "ا"), ("بن ", "بن"), ("ال", ""), ("عبد ال", "عبدال"))
_GIVEN_NAMES, _FAMILY_NAMES = 2_000, 25_000
_FLAT_GIVEN, _FLAT_FAMILY = 3, 50  # ranks that are about as common as the first
_YOUNGEST, _DAYS = date(2012, 12, 31), 365 * 55
_REGIONS = tuple(f"MA-{number:02}" for number in range(1, 13))
_MET = date(2024, 1, 1)

COLUMNS = (
    "victim_reference", "police_reference", "offence", "family_name", "given_name", "family_name_ar", "given_name_ar",
    "birth_date", "stated_age", "sex", "citizenship", "document_number", "phone", "region", "met_on", "sent_on",
)  # fmt: skip
"""What ``Writer.row`` writes: columns of the feed police/victims."""


@dataclass(frozen=True, slots=True)
class Person:
    """One true person."""

    sex: str
    given: Part
    family: Part
    born: date
    document: str
    phone: str
    region: str


class People:
    """Draws people; the same seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        self._given = {
            sex: _Names(known, forms, _GIVEN_NAMES, _FLAT_GIVEN, self._rng)
            for (sex, forms), known in zip(_GIVEN.items(), _known_given(), strict=True)
        }
        self._family = _Names(ORIGINS["MAR"].family, _FAMILY, _FAMILY_NAMES, _FLAT_FAMILY, self._rng)

    def draw(self, count: int) -> list[Person]:
        """So many people more."""
        rng = self._rng
        sexes = rng.choices("FM", (2, 1), k=count)
        given = {sex: iter(names.draw(sexes.count(sex))) for sex, names in self._given.items()}
        return [
            Person(
                sex=sex,
                given=next(given[sex]),
                family=family,
                born=_YOUNGEST - timedelta(days=rng.randrange(_DAYS)),
                document=f"{rng.choice('ABCDEFJK')}{rng.randrange(10**7):07}",
                phone=f"06{rng.randrange(10**8):08}",
                region=rng.choice(_REGIONS),
            )
            for sex, family in zip(sexes, self._family.draw(count), strict=True)
        ]

    def married(self, person: Person) -> Person:
        """The same person under another family name."""
        return replace(person, family=self._family.draw(1)[0])


class _Names:
    """Name parts, the first of which are common."""

    def __init__(self, known: Sequence[Part], forms: Sequence[str], count: int, flat: int, rng: Random) -> None:
        self._rng = rng
        self._parts = [*known, *_made(forms, count - len(known), rng)]
        self._shares = list(accumulate(1 / (rank + flat) for rank in range(len(self._parts))))

    def draw(self, count: int) -> list[Part]:
        return self._rng.choices(self._parts, cum_weights=self._shares, k=count)


def _known_given() -> Iterator[Sequence[Part]]:
    yield from (ORIGINS["MAR"].given[sex] for sex in _GIVEN)


def _made(forms: Sequence[str], count: int, rng: Random) -> list[Part]:
    found: dict[str, Part] = {}
    while len(found) < count:
        root = rng.sample(_CONSONANTS, 3)
        latin, arabic = (
            "".join(root[int(sign) - 1][script] if sign.isdigit() else sign for sign in form)
            for script, form in enumerate(rng.choice(forms).split("="))
        )
        found.setdefault(latin, Part(_spellings(latin.title(), _LATIN), _spellings(arabic, _ARABIC)))
    return list(found.values())


def _spellings(name: str, changes: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    folded = name.lower()
    others = {folded.replace(one, other).title() for one, other in changes if one in folded}
    return name, *sorted(others - {name})


class Writer:
    """What one office writes: most of it right, in one script or the other."""

    def __init__(self, people: People, prefix: str, seed: int) -> None:
        self._people, self._prefix, self._rng = people, prefix, Random(seed)
        self._written = 0

    def row(self, person: Person) -> tuple[str, ...]:
        """One record of a person, as text by ``COLUMNS``, under the office's next number."""
        rng, self._written = self._rng, self._written + 1
        number = f"{self._prefix}{self._written:07}"
        script: Script = "arabic" if rng.random() < 0.4 else "latin"
        if person.sex == "F" and rng.random() < 0.01:
            person = self._people.married(person)
        names = [self._damaged(part.spell(script, rng)) for part in (person.family, person.given)]
        if rng.random() < 0.02:
            names.reverse()
        names = ["", "", *names] if script == "arabic" else [*names, "", ""]
        met = _MET + timedelta(days=rng.randrange(500))
        born, age = self._birth(person.born, met)
        document = person.document if rng.random() < 0.25 else ""
        phone = person.phone if rng.random() < 0.25 else ""
        region = person.region if rng.random() < 0.7 else rng.choice(_REGIONS)
        days = [f"{day:%d/%m/%Y}" for day in (met, date(2025, 12, 31))]
        return (number, f"PV{number}", "tip", *names, born, age, person.sex, "MAR", document, phone, region, *days)

    def _damaged(self, name: str) -> str:
        """In one name of thirty a letter is missing."""
        if self._rng.random() > 1 / 30:
            return name
        place = self._rng.randrange(1, len(name))
        return name[:place] + name[place + 1 :]

    def _birth(self, born: date, met: date) -> tuple[str, str]:
        """Birth date and stated age: mostly the date; its year, its age, a slip, or nothing."""
        kind = self._rng.random()
        if kind < 0.06:
            return "", str((met - born).days * 4 // 1461)
        if kind < 0.10:
            return str(born.year), ""
        if kind < 0.12 and born.day <= 12:  # noqa: PLR2004 - months
            return f"{born:%m/%d/%Y}", ""
        if kind < 0.14:
            return f"{born.replace(day=self._rng.randint(1, 28)):%d/%m/%Y}", ""
        return ("", "") if kind < 0.16 else (f"{born:%d/%m/%Y}", "")
