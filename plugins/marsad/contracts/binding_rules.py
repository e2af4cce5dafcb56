"""How columns and constants may fill the common model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from marsad.contracts.build import binding_of
from marsad.contracts.document import Steps
from marsad.contracts.model import Binding, Column, ColumnType
from marsad.contracts.problems import Problem, did_you_mean
from marsad.contracts.reading import Reading
from marsad.contracts.shape import AgeSpec, ConditionSpec
from marsad.warehouse.model import Concept, FieldType

DERIVED = ("age", "age_band", "minor")
# Which column types fill which type of field without a guess or a loss.
_FILLS: Mapping[FieldType, frozenset[ColumnType]] = {
    "text": frozenset({"text", "identifier", "code"}),
    "code": frozenset({"code"}),
    "date": frozenset({"date"}),
    "timestamp": frozenset({"timestamp", "date"}),
    "integer": frozenset({"integer"}),
    "number": frozenset({"number", "integer"}),
    "boolean": frozenset({"boolean"}),
}


def binding_problems(reading: Reading) -> Iterator[Problem]:
    """Faults of bindings, constants, conditions and of the derivation of age."""
    filled: dict[Binding, str] = {}
    for path, text, column in _column_bindings(reading):
        yield from _bound(reading, path, text, column, filled)
    yield from _spreads(reading)
    yield from _constants(reading, filled)
    if reading.parts.feed and reading.parts.feed.age:
        yield from _age(reading, reading.parts.feed.age, filled)
    if reading.parts.feed:
        for entity, condition in reading.parts.feed.conditions.items():
            yield from _condition(reading, entity, condition)
        yield from _nothing_bound(reading)


def _column_bindings(reading: Reading) -> Iterator[tuple[Steps, str, Column]]:
    for part, column in reading.whole:
        for number, text in enumerate(part.spec.concept if part.spec else ()):
            yield [*part.own, "concept", number], text, column


def _bound(reading: Reading, path: Steps, text: str, column: Column, filled: dict[Binding, str]) -> Iterator[Problem]:
    concept = _concept(reading, path, text)
    if isinstance(concept, Problem):
        yield concept
        return
    yield from _claim(reading, path, text, f"column '{column.name}'", filled)
    for code, message, hint in _misfits(column, concept, known=column.codelist in reading.codelists):
        yield reading.document.problem(path, code, message, hint)


def _spreads(reading: Reading) -> Iterator[Problem]:
    """One column a row can make a record of each of its values, where no numbered group stands beside it."""
    fields = [(path, column, b) for path, text, column in _column_bindings(reading) if (b := binding_of(text))]
    known = [(*each, c) for each in fields if (c := _field(reading, each[2]))]
    for path, column, binding, concept in known:
        others = [b for _, c, b, field in known if b.entity == binding.entity and c.name != column.name
                  and (b.item > 1 or (c.many and not field.many))]  # fmt: skip
        if column.many and concept.repeats and not concept.many and (others or binding.item > 1):
            message = (
                f"each value of '{column.name}' makes a {binding.entity} of its own, beside numbered or other ones"
            )
            yield reading.document.problem(
                path, "concept-many", message, f"bind either it or {binding.entity}#2 and on"
            )


def _field(reading: Reading, binding: Binding) -> Concept | None:
    entity = reading.model.get(binding.entity)
    return entity.fields.get(binding.field) if entity else None


def _concept(reading: Reading, path: Steps, text: str) -> Concept | Problem:
    """The field that a binding names, or what is wrong with the binding."""
    binding = binding_of(text)
    if binding is None:
        return reading.document.problem(
            path, "concept", f"'{text}' is no concept", "write entity.field, e.g. victim.sex"
        )
    entity = reading.model.get(binding.entity)
    if entity is None:
        hint = did_you_mean(binding.entity, reading.model, f"one of {', '.join(reading.model)}")
        return reading.document.problem(path, "unknown-concept", f"unknown entity '{binding.entity}'", hint)
    if binding.field not in entity.fields:
        hint = did_you_mean(binding.field, entity.fields, "see schemas/concepts.yaml")
        return reading.document.problem(path, "unknown-concept", f"unknown concept '{text}'", hint)
    return entity.fields[binding.field]


def _claim(reading: Reading, path: Steps, text: str, who: str, filled: dict[Binding, str]) -> Iterator[Problem]:
    binding = binding_of(text)
    if binding is None:
        return
    if binding in filled:
        hint = f"number repeated groups, e.g. {binding.entity}#2.{binding.field}"
        yield reading.document.problem(path, "bound-twice", f"'{text}' is already filled by {filled[binding]}", hint)
    filled.setdefault(binding, who)


def _misfits(column: Column, concept: Concept, *, known: bool) -> Iterator[tuple[str, str, str]]:
    """Code, message and hint of each way in which the column cannot fill the field; ``known``: its code list exists."""
    if column.type not in _FILLS[concept.type]:
        fits = ", ".join(sorted(_FILLS[concept.type]))
        yield "concept-type", f"'{column.name}' is {column.type}, '{concept.name}' takes {fits}", ""
    elif concept.type == "code" and known and column.codelist != concept.codelist:
        message = f"'{column.name}' has code list '{column.codelist}', '{concept.name}' takes '{concept.codelist}'"
        yield "concept-codelist", message, f"write codelist: {concept.codelist}"
    if column.many and not concept.many and not concept.repeats:
        message = f"'{column.name}' holds several values a cell, '{concept.name}' takes one"
        yield "concept-many", message, "write one column a value, or leave it unbound: it is kept in extra"
    if column.vaulted and not concept.vaulted:
        vaulted = (
            f"is of class {column.privacy}" if column.privacy else "has no classification, so it goes to the vault"
        )
        hint = f"write classification: {concept.privacy} if that is what its values are, or do not bind it"
        yield "concept-class", f"'{column.name}' {vaulted}, '{concept.name}' is {concept.privacy}", hint
    if concept.vaulted and not column.vaulted:
        message = f"'{column.name}' is of class {column.privacy}, but '{concept.name}' is {concept.privacy}"
        yield "concept-class", message, f"write classification: {concept.privacy}"


def _constants(reading: Reading, filled: dict[Binding, str]) -> Iterator[Problem]:
    for text, value in reading.parts.feed.constants.items() if reading.parts.feed else ():
        path: Steps = [*reading.parts.own, "constants", text]
        concept = _concept(reading, path, text)
        if isinstance(concept, Problem):
            yield concept
            continue
        yield from _claim(reading, path, text, "a constant", filled)
        if concept.vaulted:
            yield reading.document.problem(
                path, "concept-class", f"'{text}' is of class {concept.privacy}, no constant"
            )
        elif concept.type == "code":
            yield from _code(reading, path, concept.codelist or "", value)
        elif concept.type != "text":
            yield reading.document.problem(
                path, "concept-type", f"'{text}' is {concept.type}: only texts and codes can be constants"
            )


def _code(reading: Reading, path: Steps, scheme: str, value: str) -> Iterator[Problem]:
    codes = reading.codelists[scheme].codes if scheme in reading.codelists else {}
    if value not in codes:
        hint = did_you_mean(value, codes, f"see schemas/codelists/{scheme}.csv")
        yield reading.document.problem(path, "unknown-code", f"'{value}' is no code of '{scheme}'", hint)


def _condition(reading: Reading, entity: str, spec: ConditionSpec) -> Iterator[Problem]:
    path: Steps = [*reading.parts.own, "conditions", entity]
    texts = [text for _, text, _ in _column_bindings(reading)]
    bound = {binding.entity for text in texts if (binding := binding_of(text))}
    if reading.names and entity not in bound:
        hint = did_you_mean(entity, bound, f"bound entities: {', '.join(sorted(bound)) or 'none'}")
        yield reading.document.problem(path, "condition", f"no column is bound to '{entity}'", hint, key=True)
    yield from decisive_column(reading, path, spec)


def decisive_column(reading: Reading, path: Steps, spec: ConditionSpec) -> Iterator[Problem]:
    """Why the column cannot decide what becomes of a row, or which of the values are no codes of it."""
    yield from known_column(reading, [*path, "column"], spec.column)
    column = reading.column(spec.column)
    if column is None:
        return
    if column.type != "code" or column.many or column.vaulted:
        message = f"'{column.name}' cannot decide: a condition needs a single code of class quasi or public"
        yield reading.document.problem([*path, "column"], "condition", message)
        return
    for number, value in enumerate(spec.values):
        yield from _code(reading, [*path, "in", number], column.codelist or "", value)


def _age(reading: Reading, spec: AgeSpec, filled: dict[Binding, str]) -> Iterator[Problem]:
    path: Steps = [*reading.parts.own, "age"]
    for field in DERIVED:
        concept = _concept(reading, [*path, "entity"], f"{spec.entity}.{field}")
        if isinstance(concept, Problem):
            yield concept
            return
        yield from _claim(reading, path, concept.name, "a column, but 'age' derives it", filled)
    wanted: tuple[tuple[str, str | None, set[ColumnType]], ...] = (
        ("birth_date", spec.birth_date, {"date"}),
        ("stated", spec.stated, {"integer"}),
        ("on", spec.on, {"date", "timestamp"}),
    )
    for key, name, types in wanted:
        if name is not None:
            yield from typed_column(reading, [*path, key], name, types)


def known_column(reading: Reading, path: Steps, name: str) -> Iterator[Problem]:
    """A problem at ``path`` when the contract has no column of that name."""
    if reading.names and name not in reading.names:
        hint = did_you_mean(name, reading.names, "see 'properties' below 'schema'")
        yield reading.document.problem(path, "unknown-column", f"there is no column '{name}'", hint)


def typed_column(reading: Reading, path: Steps, name: str, types: set[ColumnType]) -> Iterator[Problem]:
    """A problem at ``path`` when the column is missing or of none of the types."""
    yield from known_column(reading, path, name)
    column = reading.column(name)
    if column and column.type not in types:
        message = f"'{name}' is of type {column.type}, here it must be {' or '.join(sorted(types))}"
        yield reading.document.problem(path, "type", message)


def _nothing_bound(reading: Reading) -> Iterator[Problem]:
    draft = reading.document.data.get("status") == "draft"
    whole = 0 < len(reading.parts.columns) == len(list(reading.whole))
    if whole and not draft and not any(_column_bindings(reading)):
        message = "no column is bound to a concept: nothing of this feed would reach the warehouse"
        yield reading.document.problem(["schema"], "nothing-bound", message, "add 'concept:' to columns", key=True)
