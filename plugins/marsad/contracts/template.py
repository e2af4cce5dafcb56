"""The file to fill in: a workbook made from a contract, which the reader takes as it is once it is filled.

Three sheets: the one to fill (titles, drop-down lists, hints at each cell), an example that the reader leaves alone
because the first sheet bears the name that the contract asks for, and the locked lists.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from marsad.contracts.choices import choices
from marsad.contracts.codelists import CodeList
from marsad.contracts.examples import MOMENT, date_form, examples, in_words, labels
from marsad.contracts.model import Column, Contract
from marsad.contracts.spreadsheet import looks_calculated
from marsad.contracts.wording import word

ROWS = 5_000
"""Rows below the titles that have lists and hints; more can be filled in without them."""

_EXCEL = {"title": 32, "message": 255, "sheet": 31}  # characters that Excel takes
_OLDEST = datetime(1900, 1, 1)  # noqa: DTZ001 - the first day of a spreadsheet's calendar
_BIRTH, _AGE = datetime(2001, 6, 14), 23  # noqa: DTZ001 - of the example, on the day of the example
_YES_NO = {"fr": ("oui", "non"), "ar": ("نعم", "لا"), "en": ("yes", "no")}
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def template(contract: Contract, codelists: Mapping[str, CodeList], language: str) -> bytes:
    """The workbook (XLSX) of a feed in ``fr``, ``ar`` or ``en``; the same arguments give the same content."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"title": contract.title[language], "created": MOMENT})
        _Template(book, contract, codelists, language).write()
    return buffer.getvalue()


@dataclass(slots=True)
class _List:
    """Where the choices of a column are on the sheet of lists, and the choices."""

    range: str
    texts: list[str]


class _Template:
    def __init__(
        self, book: xlsxwriter.Workbook, contract: Contract, codelists: Mapping[str, CodeList], language: str
    ) -> None:
        self._book, self._contract, self._codelists, self._language = book, contract, codelists, language
        self._lists: dict[str, _List] = {}
        name = (contract.sheets.get(language) or contract.title[language]).translate(_NOT_IN_NAMES)
        self._data = self._sheet(name[: _EXCEL["sheet"]].strip())
        self._example = self._sheet(self._word("template.example_sheet"))
        self._keys = self._sheet(self._word("template.lists_sheet"))

    def write(self) -> None:
        self._write_lists()
        self._write_titles(self._data, 0)
        for place, column in enumerate(self._contract.columns):
            self._prepare(place, column)
        self._data.freeze_panes(1, 1)
        self._data.activate()
        self._write_example()
        for sheet in (self._example, self._keys):
            sheet.protect()

    def _sheet(self, name: str) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        if self._language == "ar":
            sheet.right_to_left()
        return sheet

    def _word(self, id_: str, **params: str | int) -> str:
        return word(id_, self._language, **params)

    def _format(self, text: str = "", **properties: object) -> Format:
        return self._book.add_format({"quote_prefix": looks_calculated(text), **properties})

    def _text(self, sheet: Worksheet, row: int, place: int, text: str, **properties: object) -> None:
        sheet.write_string(row, place, text, self._format(text, **properties))

    # --- lists --------------------------------------------------------------------------------------------------------

    def _write_lists(self) -> None:
        for column in self._contract.columns:
            scheme = "boolean" if column.type == "boolean" else column.codelist
            if scheme and scheme not in self._lists:
                self._write_list(scheme, labels(column)[self._language])

    def _write_list(self, scheme: str, title: str) -> None:
        place = len(self._lists)
        codes = self._codelists.get(scheme)
        texts = choices(codes, self._contract, self._language) if codes else list(_YES_NO[self._language])
        self._text(self._keys, 0, place, title, bold=True, bottom=1)
        for row, text in enumerate(texts, 1):
            self._text(self._keys, row, place, text)
        self._keys.set_column(place, place, min(60, max(map(len, [title, *texts])) + 2))
        letter = xl_col_to_name(place)
        name = self._keys.get_name().replace("'", "''")
        self._lists[scheme] = _List(f"='{name}'!${letter}$2:${letter}${len(texts) + 1}", texts)

    def _choices(self, column: Column) -> _List | None:
        return self._lists.get("boolean" if column.type == "boolean" else column.codelist or "")

    # --- the sheet to fill --------------------------------------------------------------------------------------------

    def _write_titles(self, sheet: Worksheet, row: int) -> None:
        for place, column in enumerate(self._contract.columns):
            title = labels(column)[self._language]
            # The star is punctuation to the reader: the title stays the same.
            text, colour = (f"{title} *", "#1F4E79") if _needed(column) else (title, "#5B6B7B")
            style = {"bold": True, "font_color": "#FFFFFF", "bg_color": colour, "text_wrap": True, "valign": "top"}
            self._text(sheet, row, place, text, **style, border=1, border_color="#FFFFFF")
        sheet.set_row(row, 48)

    def _prepare(self, place: int, column: Column) -> None:
        width = max(14, min(32, len(labels(column)[self._language]) + 4))
        self._data.set_column(place, place, width, self._book.add_format({"num_format": _number_format(column)}))
        rule = self._rule(column)
        rule |= {"input_title": _cut(labels(column)[self._language], "title"), "input_message": self._hint(column)}
        rule |= {"error_title": _cut(labels(column)[self._language], "title"), "error_message": rule["input_message"]}
        self._data.data_validation(1, place, ROWS, place, rule)

    def _rule(self, column: Column) -> dict[str, Any]:
        listed = self._choices(column)
        if listed:  # a cell of several values is typed: a drop-down list would replace what is there
            return {"validate": "list", "source": listed.range, "show_error": column.many is None}
        if column.type in {"date", "timestamp"} and all("d" in pattern for pattern in column.formats):
            return {"validate": "date", "criteria": ">=", "value": _OLDEST, "error_type": "warning"}
        if column.type in {"integer", "number"}:
            return {"validate": "integer" if column.type == "integer" else "decimal", **_limits(column)}
        if column.max_length:
            return {"validate": "length", "criteria": "<=", "value": column.max_length}
        return {"validate": "any"}

    def _hint(self, column: Column) -> str:
        parts = [self._word("template.required")] if _needed(column) else []
        parts += [self._kind(column)]
        shown = self._shown(column)
        parts += [self._word("template.example", example=shown)] if shown else []
        return _cut(" ".join(part for part in parts if part), "message")

    def _kind(self, column: Column) -> str:
        if column.many:
            return self._word("template.many", separator=column.many)
        if self._choices(column):
            return self._word("template.list")
        if column.type in {"date", "timestamp"}:
            return self._word("template.date", form=date_form(column)[self._language])
        if column.type in {"integer", "number", "identifier"}:
            return self._word(f"template.{column.type}")
        return self._word("template.length", limit=column.max_length) if column.max_length else ""

    def _shown(self, column: Column) -> str:
        """The example in a hint; a text needs none."""
        if column.type == "text":
            return ""
        return examples(column, self._codelists.get(column.codelist or ""))[self._language]

    # --- the example --------------------------------------------------------------------------------------------------

    def _write_example(self) -> None:
        told = self._word("template.intro", sheet=self._data.get_name())
        self._text(self._example, 0, 0, told, italic=True)
        self._write_titles(self._example, 2)
        for place, column in enumerate(self._contract.columns):
            self._example.set_column(place, place, 18)
            self._write_example_cell(place, column)
        self._example.freeze_panes(3, 0)

    def _write_example_cell(self, place: int, column: Column) -> None:
        if column.example == "":
            return
        if column.type in {"date", "timestamp"}:
            style = self._book.add_format({"num_format": _number_format(column), "align": "left"})
            self._example.write_datetime(3, place, self._example_day(column), style)
        elif column.type in {"integer", "number"}:
            self._example.write_number(3, place, self._example_number(column))
        elif text := self._example_text(column):
            self._text(self._example, 3, place, text)

    def _example_day(self, column: Column) -> datetime:
        if column.example:
            return datetime.fromisoformat(column.example)
        age = self._contract.age
        day = _BIRTH if age and column.name == age.birth_date else MOMENT
        return day if column.type == "timestamp" else datetime.combine(day, time())

    def _example_number(self, column: Column) -> float:
        age = self._contract.age
        shown = str(_AGE) if age and column.name == age.stated else examples(column, None)["en"]
        return float(column.example or shown)

    def _example_text(self, column: Column) -> str:
        return in_words(column, self._codelists, self._language) if column.example else self._shown(column)


def _needed(column: Column) -> bool:
    return column.required or column.key is not None


def _number_format(column: Column) -> str:
    """Text where a spreadsheet would change what is typed: numbers of a register lose their zeros."""
    formats = {"date": "dd/mm/yyyy", "timestamp": "dd/mm/yyyy hh:mm", "integer": "0", "number": "General"}
    return formats.get(column.type, "@")


def _limits(column: Column) -> dict[str, Any]:
    low, high = column.minimum, column.maximum
    if low is not None and high is not None:
        return {"criteria": "between", "minimum": low, "maximum": high}
    if high is not None:
        return {"criteria": "<=", "value": high}
    return {"criteria": ">=", "value": -(10**9) if low is None else low}


def _cut(text: str, kind: str) -> str:
    limit = _EXCEL[kind]
    return text if len(text) <= limit else text[: limit - 1] + "…"
