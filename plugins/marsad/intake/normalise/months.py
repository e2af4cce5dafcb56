"""Month names that agencies write: French, English, Arabic as in the Maghreb, in Egypt and in the Levant.

Source: CLDR 46 (fr, en, ar, ar-MA, ar-DZ, ar-TN, ar-LB), gregorian, wide and abbreviated.
"""

from __future__ import annotations

from collections.abc import Mapping

from marsad.contracts.text import fold

_NAMES: Mapping[int, str] = {
    1: "janvier janv jan january يناير جانفي كانون_الثاني",
    2: "février févr fév february feb فبراير فيفري شباط",
    3: "mars mar march مارس آذار",
    4: "avril avr april apr أبريل أفريل نيسان",
    5: "mai may ماي مايو أيار",
    6: "juin june jun يونيو يونيه جوان حزيران",
    7: "juillet juil july jul يوليوز يوليو يوليه جويلية تموز",
    8: "août august aug غشت أغسطس أوت آب",
    9: "septembre sept sep september شتنبر سبتمبر أيلول",
    10: "octobre oct october أكتوبر تشرين_الأول",
    11: "novembre nov november نونبر نوفمبر تشرين_الثاني",
    12: "décembre déc december dec دجنبر ديسمبر كانون_الأول",
}
_MONTHS: Mapping[str, int] = {
    fold(name.replace("_", " ")): month for month, names in _NAMES.items() for name in names.split()
}


def month_of(name: str) -> int | None:
    """Number of the month of that name (any case, accents or not, abbreviation point or not); None if it is none."""
    return _MONTHS.get(fold(name))
