"""The published files and what is odd in them, told by plain Python from the files alone: nothing of Marsad is used."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from python_calamine import CalamineWorkbook

Row = Mapping[str, str]
Rows = Mapping[int, Row]  # by the number the sender sees in the file


@dataclass(frozen=True)
class Published:
    """One file, the feed it belongs to and who sends it."""

    feed: str
    provider: str
    path: str
    header_row: int = 1


REPORTS = Published("argentina/reports", "PNR", "argentina_linea145/rescate-denuncias-202001-202112_data_cruda.csv")
PERSONS = Published(
    "argentina/persons", "PNR", "argentina_linea145/oficina-rescate-denuncias-referidos-202001-202112_data_cruda.csv"
)
POLICE = Published("uk_nrm/referrals", "POLICE", "uk_nrm/nrm_referrals_police_2023_q1_nonzero.csv")
GOVERNMENT = Published("uk_nrm/referrals", "GOVERNMENT", "uk_nrm/nrm_referrals_government_2023_q1.csv")
LOCAL = Published("uk_nrm/referrals", "LOCAL_AUTHORITY", "uk_nrm/nrm_referrals_local-authority_2023_q1.csv")
NGO = Published("uk_nrm/referrals", "NGO", "uk_nrm/nrm_referrals_ngo_2023_q1.csv")
GLOTIP = Published("commission/glotip", "CNCLT", "unodc_glotip/data_glotip_2024-11.xlsx", header_row=3)
NRM = (POLICE, GOVERNMENT, LOCAL, NGO)
FILES = (REPORTS, PERSONS, *NRM, GLOTIP)


@cache
def rows_of(data: Path, file: Published) -> Rows:
    """The data rows as text."""
    if file.path.endswith(".xlsx"):
        table = CalamineWorkbook.from_path(str(data / file.path)).get_sheet_by_index(0).to_python()
        header, first = [str(cell) for cell in table[file.header_row - 1]], file.header_row + 1
        return {
            number: dict(zip(header, map(str, row), strict=True))
            for number, row in enumerate(table[file.header_row :], first)
        }
    with (data / file.path).open(encoding="utf-8-sig", newline="") as stream:
        return dict(enumerate(csv.DictReader(stream), 2))


def where(rows: Rows, holds: Callable[[Row], bool]) -> set[int]:
    """Numbers of the rows of which it holds."""
    return {number for number, row in rows.items() if holds(row)}


def plain(text: str) -> str:
    """Small letters without accents, one space between words."""
    bare = "".join(char for char in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(char))
    return " ".join(bare.split())


def later_copies(rows: Rows, content: Callable[[Row], object], among: Iterable[int] | None = None) -> set[int]:
    """Rows whose content an earlier row has."""
    seen: set[object] = set()
    copies = set()
    for number in sorted(rows if among is None else among):
        said = content(rows[number])
        if said in seen:
            copies.add(number)
        seen.add(said)
    return copies


# --- Argentina -------------------------------------------------------------------------------------------------------

FORMS = {
    plain(form)
    for form in (
        "Explotación sexual", "Explotación sexual niñas, niños y adolescentes", "Pornografía", "Pornografía infantil",
        "Explotación laboral", "Explotación laboral niñas, niños y adolescentes", "Trabajo infantil",
        "Reducción a la servidumbre o situaciones análogas", "Servidumbre doméstica", "Matrimonio forzado",
        "Mendicidad forzada", "Extracción forzosa de órganos, tejidos o fluidos", "Otro",
    )
}  # fmt: skip
INSTITUTIONS = {
    plain(name)
    for name in (
        "Protex", "Juzgado / Fiscalía", "Gendarmería Nacional Argentina", "Policía Federal Argentina", "Comisarías",
        "Prefectura Naval Argentina", "Área Legal del Programa Nacional de Rescate", "Oficina de monitoreo",
        "Ministerio de Seguridad", "Programa Las Víctimas contra las Violencias", "Línea 144",
    )
}  # fmt: skip
# The dictionary's three, and what says one of them or a known channel in so many words.
CHANNELS = {"linea 145", "correo institucional", "telefono institucional", "celular institucional", "presencial"}


def is_form(subtema: str) -> bool:
    """Whether the sub-theme names forms of exploitation, one or several between commas."""
    text = plain(subtema)
    return text in FORMS or all(part.strip() in FORMS for part in text.split(","))


def one_case(text: str) -> bool:
    """All in capitals or all in small letters."""
    return text.isupper() or text.islower()


def _referral(number: int) -> dict[str, Callable[[Row], bool]]:
    name = f"derivacion{'' if number == 1 else number}"
    to, on = f"{name}_institucion", f"{name}_fecha"
    return {
        f"referral{number}_to.stated": lambda row: row[to] == "revisar PNR",
        f"referral{number}_to.known": lambda row: plain(row[to]) not in {"", "revisar pnr", *INSTITUTIONS},
        # The dictionary says a date; there is a time of day, and only midnight is a date all the same.
        f"referral{number}_on.as_agreed": lambda row: row[on][10:] not in {"", " 00:00"},
        f"referral{number}_on.after_report": lambda row: "" < row[on][:10] < row["fecha_ingreso"],
    }


IN_REPORTS: Mapping[str, Callable[[Row], bool]] = {
    "received_hour.given": lambda row: not row["hora_ingreso"],
    "exploitation_form.known": lambda row: not is_form(row["subtema"]),
    "channel.known": lambda row: bool(row["via_ingreso"]) and plain(row["via_ingreso"]) not in CHANNELS,
    **_referral(1),
    **_referral(2),
    **_referral(3),
    "place.as_named": lambda row: one_case(row["localidad"]),
    "province_id.given": lambda row: bool(row["provincia"]) and not row["provincia_indec_id"],
    "reporter.known": lambda row: row["denunciante_tipo"] == "Denunciante",
    "reporter_age.stated": lambda row: row["denunciante_edad_aparente"] == "0",
}
IN_PERSONS: Mapping[str, Callable[[Row], bool]] = {
    "exploitation_form.known": lambda row: not is_form(row["subtema"]),
    "citizenship.known": lambda row: row["nacionalidad"] == "Otro",
    "place.as_named": lambda row: one_case(row["localidad"]),
    "province_id.given": lambda row: bool(row["provincia"]) and not row["provincia_indec_id"],
    "stated_age.stated": lambda row: row["edad_aparente"] == "0",
}


def said_of_person(row: Row) -> tuple[str, ...]:
    """The row, with the three words for transgender persons taken as one and "no description" as nothing."""
    sex = "T" if row["genero"] in {"Transexual", "Transgénero", "Travesti"} else row["genero"]
    citizenship = row["nacionalidad"].replace("Sin descripcion", "")
    return (*(row | {"genero": sex, "nacionalidad": citizenship}).values(),)


# --- United Kingdom --------------------------------------------------------------------------------------------------

# Nationalities of more than one word. Beside another one in a cell, nobody can tell where the first ends.
OF_SEVERAL_WORDS = (
    "British Virgin Islander", "Cape Verdean", "Central African", "Citizen of Bosnia and Herzegovina",
    "Citizen of Guinea-Bissau", "Citizen of the Dominican Republic", "Congolese (Drc)", "Saudi Arabian",
    "Sierra Leonean", "South African", "South Sudanese", "Sri Lankan", "St Lucian",
)  # fmt: skip


def unclear(nationality: str) -> bool:
    """Two nationalities, one of them of several words."""
    return nationality not in OF_SEVERAL_WORDS and any(name in nationality for name in OF_SEVERAL_WORDS)


def dual(nationality: str) -> bool:
    """Two nationalities of one word each."""
    return " " in nationality and nationality not in OF_SEVERAL_WORDS and not unclear(nationality)


def is_total(row: Row) -> bool:
    """A sum of other rows: "Total" in any cell, or a first responder called "... total"."""
    return "Total" in row.values() or row["First responder"].endswith(" total")


IN_NRM: Mapping[str, Callable[[Row], bool]] = {
    "row.total": is_total,
    "exploitation_form.one": lambda row: "&" in row["Exploitation type"],
    "exploitation_form.stated": lambda row: row["Exploitation type"] == "Total",
    "citizenship.one": lambda row: dual(row["Nationality"]),
    "citizenship.known": lambda row: unclear(row["Nationality"]),
    "citizenship.stated": lambda row: row["Nationality"] == "Total",
}


def said_of_figure(row: Row) -> object:
    """The row, with two nationalities in either order taken as the same."""
    nationality = row["Nationality"]
    people = frozenset(nationality.split()) if dual(nationality) else nationality
    return (*(value for name, value in row.items() if name != "Nationality"), people)


# --- UNODC -----------------------------------------------------------------------------------------------------------

QUESTION_WORDS = {"Nationality", "N/A", "NO REGISTRA", "0", "(especifique otras nacionalidades)"}


def damaged(text: str) -> bool:
    """Letters lost for good (U+FFFD), or UTF-8 once read as if it were Windows text."""
    if "\ufffd" in text:
        return True
    try:
        return text.encode("cp1252").decode("utf-8") != text
    except UnicodeError:
        return False


IN_GLOTIP: Mapping[str, Callable[[Row], bool]] = {
    "value.stated": lambda row: row["txtVALUE"] == "<5",
    "category.filled": lambda row: not row["Category"],
    "category.undamaged": lambda row: damaged(row["Category"]),
    "category.answered": lambda row: row["Category"] in QUESTION_WORDS or row["Category"].startswith("(especifique"),
    "area_code.filled": lambda row: not row["Iso3_code"],
    "area_code.readable": lambda row: bool(row["Iso3_code"]) and not re.fullmatch("[A-Z]{3}", row["Iso3_code"]),
    "country.of_area": lambda row: not row["Country"],
    "country.known": lambda row: row["Country"] == "Sark",
}


def whole(row: Row) -> bool:
    """A row that says of which country and of what."""
    return bool(row["Category"]) and bool(re.fullmatch("[A-Z]{3}", row["Iso3_code"]))


def number(text: str) -> int:
    """A published number, with commas between thousands and perhaps ``.0`` behind it."""
    return int(text.replace(",", "").removesuffix(".0"))


def sums(rows: Iterable[Row], by: str, measure: str) -> Counter[str]:
    """Sum of the measure by the values of a column."""
    found: Counter[str] = Counter()
    for row in rows:
        found[row[by]] += number(row[measure])
    return found
