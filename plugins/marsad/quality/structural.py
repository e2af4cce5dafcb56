"""The rules that follow from a contract alone: states, ranges, row shapes, keys, totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marsad import yaml12
from marsad.contracts.codelists import CodeList, load_codelists
from marsad.contracts.examples import date_form, examples, labels, limit
from marsad.contracts.model import Column, Contract, Severity, Total
from marsad.errors import UsageFault
from marsad.quality.messages import LANGUAGES, Catalogue, fill, load_messages
from marsad.quality.states import LATEST, Shape, State
from marsad.settings import PROJECT
from marsad.warehouse.model import UNMAPPED

Expectation = dict[str, Any]
Params = Mapping[str, Mapping[str, str]]  # language -> placeholder -> text

# What is asked of a column, and what the rule about it is called.
SUFFIXES = {
    "blank": "filled",
    "placeholder": "stated",
    "unparsed": "readable",
    "unmapped": UNMAPPED,
    "repaired": "as_agreed",
    "range": "in_range",
    "pattern": "well_formed",
    "length": "short_enough",
    "future": "not_in_future",
}
BETWEEN = "expect_column_values_to_be_between"
GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
NOT_IN = "expect_column_values_to_not_be_in_set"


@dataclass(frozen=True, slots=True)
class RuleBook:
    """What structural rules are written from besides the contract: messages, code lists (examples), thresholds."""

    messages: Catalogue
    codelists: Mapping[str, CodeList]
    policy: Mapping[str, Mapping[str, float]]


def load_rulebook(schemas: Path = PROJECT / "schemas", own: Sequence[Path] = ()) -> RuleBook:
    """The rule book of a ``schemas`` folder: ``messages.yaml``, ``codelists/*.csv``, ``policies/quality.yaml``.

    ``own`` are further folders of code lists.
    """
    policy = yaml12.load(schemas / "policies" / "quality.yaml")
    return RuleBook(load_messages(schemas / "messages.yaml"), load_codelists(schemas / "codelists", *own), policy)


def structural(contract: Contract, book: RuleBook) -> list[Expectation]:
    """The expectations that follow from ``contract``, as GX suite entries in a stable order.

    A column of class identity or free text is judged by its state alone: its values never reach a judge. Raises
    UsageFault when the contract sets limits on the values of such a column.
    """
    return [
        *_row_shapes(book),
        *(rule for column in contract.columns for rule in _column_rules(column, book)),
        *_day_rules(contract, book),
        *_age_rules(contract, book),
        *_delivery_rules(contract, book),
    ]


def _entry(
    book: RuleBook,
    message: str,
    rule: str,
    expectation: tuple[str, Mapping[str, Any]],
    *,
    column: str | None = None,
    params: Params | None = None,
    severity: Severity | None = None,
) -> Expectation:
    entry = book.messages[message]
    texts = {language: fill(entry.text[language], (params or {}).get(language, {})) for language in LANGUAGES}
    meta = {"rule": rule, "scope": entry.scope, "column": column, "origin": "contract", "message": texts}
    justify = {"justify": True} if entry.justify else {}
    kind, kwargs = expectation
    return {"type": kind, "kwargs": dict(kwargs), "meta": {**meta, **justify}, "severity": severity or entry.severity}


def _never(column: str, *words: str) -> tuple[str, Mapping[str, Any]]:
    return NOT_IN, {"column": column, "value_set": list(words)}


# --- rows ------------------------------------------------------------------------------------------------------------


def _row_shapes(book: RuleBook) -> list[Expectation]:
    shapes = (Shape.LONG, Shape.SHORT, Shape.TOTAL, Shape.BROKEN)
    return [_entry(book, f"row.{s.word}", f"row.{s.word}", _never("row__shape", s.word)) for s in shapes]


def _column_rules(column: Column, book: RuleBook) -> Iterator[Expectation]:
    for kind, message, expectation in (*_state_rules(column), *_value_rules(column)):
        yield _entry(
            book,
            message,
            f"{column.name}.{SUFFIXES[kind]}",
            expectation,
            column=column.name,
            params=_column_params(column, book),
            severity=_severity(column, kind),
        )


def _severity(column: Column, kind: str) -> Severity | None:
    """The contract's own word; else critical where one must know (required codes, keys); else the catalogue's."""
    if kind in column.severities:
        return column.severities[kind]
    keyless = kind == "placeholder" and column.key is not None
    return "critical" if keyless or (kind == "unmapped" and _needed(column)) else None


def _needed(column: Column) -> bool:
    return column.required or column.key is not None


def _state_rules(column: Column) -> Iterator[tuple[str, str, tuple[str, Mapping[str, Any]]]]:
    state = f"{column.name}__state"
    if _needed(column) or "blank" in column.severities:
        wording = "blank.key" if column.key is not None else "blank.text" if column.type == "text" else "blank"
        yield "blank", wording, _never(state, State.BLANK.word)
    if column.placeholders:
        yield "placeholder", "placeholder", _never(state, State.PLACEHOLDER.word)
    unread = _never(state, State.UNPARSED.word, State.UNMAPPED.word)  # no state may pass unjudged
    if column.type == "code":
        yield "unmapped", "unmapped.many" if column.many else "unmapped", unread
    else:
        yield "unparsed", f"unparsed.{'text' if column.type == 'identifier' else column.type}", unread
    if column.vaulted and column.type == "date":
        yield "future", "future", _never(state, State.FUTURE.word)
    tidied = "repaired.text" if column.type in {"text", "identifier"} else "repaired"
    yield "repaired", tidied, _never(state, State.REPAIRED.word)


def _value_rules(column: Column) -> Iterator[tuple[str, str, tuple[str, Mapping[str, Any]]]]:
    name, low, high = column.name, column.minimum, column.maximum
    if column.vaulted:
        if any(limit is not None for limit in (low, high, column.pattern, column.max_length)):
            raise UsageFault(
                f"column '{name}' is of class {column.privacy or 'none'}, so no judge ever sees its values: "
                "take out minimum, maximum, pattern and maxLength, or give it class quasi or public"
            )
        return
    if low is not None or high is not None:
        yield "range", _range_message(column), (BETWEEN, {"column": name, **_present(min_value=low, max_value=high)})
    if column.pattern is not None:
        yield "pattern", "pattern", ("expect_column_values_to_match_regex", {"column": name, "regex": column.pattern})
    if column.max_length is not None:
        lengths = {"column": name, "max_value": column.max_length}
        yield "length", "length", ("expect_column_value_lengths_to_be_between", lengths)


def _range_message(column: Column) -> str:
    kind = "range.date" if column.type in {"date", "timestamp"} else "range"
    if column.minimum is not None and column.maximum is not None:
        return kind
    return f"{kind}.to" if column.minimum is None else f"{kind}.from"


def _present(**kwargs: object) -> dict[str, object]:
    return {name: value for name, value in kwargs.items() if value is not None}


def _column_params(column: Column, book: RuleBook) -> Params:
    code_list = book.codelists.get(column.codelist or "")
    label, form, example = labels(column), date_form(column), examples(column, code_list)
    limits = {
        "minimum": limit(column, column.minimum),
        "maximum": limit(column, column.maximum),
        "limit": str(column.max_length),
        "pattern": str(column.pattern),
        "separator": column.many or "",
    }
    return {lang: {"column": label[lang], "form": form[lang], "example": example[lang], **limits} for lang in LANGUAGES}


def _day_rules(contract: Contract, book: RuleBook) -> Iterator[Expectation]:
    """The days that order revisions and give periods have come: no correction would count after one that has not."""
    deciding = {source.value for source in (contract.revision, contract.period) if source.kind == "column"}
    for column in contract.columns:
        if column.name in deciding and column.type in {"date", "timestamp"} and not column.vaulted:
            come = {"column_A": LATEST, "column_B": column.name, "or_equal": True}
            yield _entry(
                book,
                "future",
                f"{column.name}.{SUFFIXES['future']}",
                (GREATER, come | {"ignore_row_if": "either_value_is_missing"}),
                column=column.name,
                params=_column_params(column, book),
            )


def _age_rules(contract: Contract, book: RuleBook) -> list[Expectation]:
    if contract.age is None:
        return []
    low, high = book.policy["age"]["minimum"], book.policy["age"]["maximum"]
    params = _same(minimum=low, maximum=high)
    between = (BETWEEN, {"column": "age_years", "min_value": low, "max_value": high})
    about = contract.age.birth_date or contract.age.stated
    rules = [_entry(book, "age", "age.plausible", between, column=about, params=params)]
    if contract.age.birth_date and contract.age.stated:
        names = contract.column(contract.age.stated), contract.column(contract.age.birth_date)
        both = {lang: {"age": labels(names[0])[lang], "birth_date": labels(names[1])[lang]} for lang in LANGUAGES}
        rules.append(
            _entry(book, "age.agrees", "age.agrees", _never("age_agrees", "no"), column=names[0].name, params=both)
        )
    return rules


def _same(**params: object) -> Params:
    return {language: {name: str(value) for name, value in params.items()} for language in LANGUAGES}


# --- deliveries ------------------------------------------------------------------------------------------------------


def _delivery_rules(contract: Contract, book: RuleBook) -> Iterator[Expectation]:
    once = (BETWEEN, {"column": "occurrence", "max_value": 1})
    if contract.key:
        names = {lang: {"columns": ", ".join(labels(c)[lang] for c in contract.key)} for lang in LANGUAGES}
        yield _entry(
            book, "key.conflict", "key.one_content", (BETWEEN, {"column": "rivals", "max_value": 1}), params=names
        )
        yield _entry(book, "row.repeated", "row.once", once)
    else:
        yield _entry(book, "row.repeated.unkeyed", "row.once", once)
    yield _drift(book)
    if contract.mode == "snapshot":  # an increment is as long as what there was to add or correct
        yield _volume(book)
        most = (BETWEEN, {"column": "withdrawn", "max_value": book.policy["withdrawn"]["maximum"]})
        yield _entry(book, "withdrawn", "delivery.withdrawn", most)
    for total in contract.totals:
        yield _totals_rule(total, contract, book)


def _totals_rule(total: Total, contract: Contract, book: RuleBook) -> Expectation:
    """A total row against its parts; ``meta.parts`` says which rows are the parts, for the judge to add them up."""
    column = contract.column(total.measure)
    about = {lang: {"column": text} for lang, text in labels(column).items()}
    name = ".".join(("totals", total.measure, *total.columns))
    parts = {
        "measure": total.measure,
        "by": list(total.by),
        "marker": total.marker,
        "columns": list(total.columns),
    }
    equal = (
        "expect_column_pair_values_to_be_equal",
        {
            "column_A": total.measure,
            "column_B": parts_column(parts),
            "ignore_row_if": "either_value_is_missing",
        },
    )
    entry = _entry(book, "totals", name, equal, column=total.measure, params=about)
    return entry | {"meta": entry["meta"] | {"parts": parts}}


def parts_column(parts: Mapping[str, Any]) -> str:
    """Name of the derived column that holds, in a total row, the sum of its parts."""
    return "__".join((parts["measure"], "parts", *parts["columns"]))


def _volume(book: RuleBook) -> Expectation:
    volume = book.policy["volume"]
    shares = _same(minimum=_percent(volume["minimum"]), maximum=_percent(volume["maximum"]))
    ratio = {"column": "rows_ratio", "min_value": volume["minimum"], "max_value": volume["maximum"]}
    return _entry(book, "volume", "delivery.volume", (BETWEEN, ratio), params=shares)


def _drift(book: RuleBook) -> Expectation:
    drift = book.policy["drift"]
    return _entry(
        book, "drift", "delivery.codes", (BETWEEN, {"column": "unmapped_rise", "max_value": drift["maximum"]})
    )


def _percent(share: float) -> int:
    return round(share * 100)
