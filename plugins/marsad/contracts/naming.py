"""Column names from headers in any script, and what a header's words say about privacy."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from marsad.contracts.column_rules import NAME_LENGTH, STATED
from marsad.contracts.model import AGE_COLUMNS, RESERVED
from marsad.contracts.text import fold

# Crude on purpose: a name to type, not a transliteration to publish.
_ROMAN = {
    **{"ا": "a", "ب": "b", "ت": "t", "ث": "th", "ج": "j", "ح": "h", "خ": "kh", "د": "d", "ذ": "dh", "ر": "r"},
    **{"ز": "z", "س": "s", "ش": "sh", "ص": "s", "ض": "d", "ط": "t", "ظ": "z", "ع": "a", "غ": "gh", "ف": "f"},
    **{"ق": "q", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h", "و": "w", "ي": "y"},
}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_NAME = re.compile(r"[^a-z0-9]+")

_PERSON_WORDS = """
nom noms prenom prenoms name names surname forename firstname lastname fullname alias surnom pseudo pseudonyme
nombre nombres apellido apellidos apodo اسم نسب لقب كنيه عايلي شخصي شهره
pere mere conjoint tuteur father mother spouse guardian padre madre tutor اب ام زوج وصي
naissance ne nee ddn dob birth born birthdate birthday nacimiento ازدياد ميلاد مزداد
cin cine cnie cni passeport passport document pasaporte dni nie matricule iban rib بطاقه تعريف جواز وثيقه هويه
telephone tel gsm phone mobile portable telefono movil celular fax email mail courriel correo whatsapp facebook
instagram telegram هاتف نقال بريد
adresse address domicile residence quartier rue domicilio direccion calle street عنوان سكني سكن زنقه حي
immatriculation plaque plate photo signature empreinte fingerprint matricula foto صوره توقيع بصمه لوحه
"""
_STORY_WORDS = """
observation observations remarque remarques commentaire commentaires recit expose resume description details
note notes comment comments remark remarks narrative summary story observacion observaciones comentario
comentarios descripcion relato ملاحظه ملاحظات سرد وصف ملخص تعليق وقايع تفاصيل
"""
_REFERENCE_WORDS = """
no numero num nr nro registro id ref reference identifiant identifier code dossier number key clave expediente
referencia رقم مرجع معرف ملف
"""


def header_words(header: str) -> frozenset[str]:
    """Folded words of a header, Arabic ones without article."""
    words = fold(_HUMP.sub(" ", header)).split()
    return frozenset(word.removeprefix("ال") if len(word) > 3 else word for word in words)


def names_a_person(header: str) -> bool:
    """True when a word of the header (fr, ar, en, es) speaks of who somebody is or where to find them."""
    return _any_of(_PERSON_WORDS, header)


def tells_a_story(header: str) -> bool:
    """True when a word of the header announces free text."""
    return _any_of(_STORY_WORDS, header)


def is_reference(header: str) -> bool:
    """True when a word of the header announces a number or key of a record."""
    return _any_of(_REFERENCE_WORDS, header)


def _any_of(words: str, header: str) -> bool:
    return not header_words(header).isdisjoint(fold(words).split())


def column_name(header: str, place: int, taken: Iterable[str]) -> str:
    """A snake_case ASCII name for the header of the column at ``place`` (from 1), reading unlike all of ``taken``."""
    stem = _ascii(header) or f"column_{place}"
    stem = f"c_{stem}" if stem[0].isdigit() else stem
    stem = f"{STATED}{stem}" if stem in RESERVED or stem in AGE_COLUMNS else stem
    stem = stem[: NAME_LENGTH - 4].rstrip("_")
    known = {fold(text) for text in taken}
    candidates = [stem, *(f"{stem}_{number}" for number in range(2, len(known) + 3))]
    return next(name for name in candidates if fold(name) not in known)


def _ascii(header: str) -> str:
    folded = fold(_HUMP.sub(" ", header))
    roman = "".join(_ROMAN.get(char, char) for char in folded)
    plain = unicodedata.normalize("NFKD", roman).encode("ascii", "ignore").decode()
    return _NOT_NAME.sub("_", plain.lower()).strip("_")
