"""From a contract to SQL: one INSERT from the staging table for each entity and item that the contract feeds."""

from __future__ import annotations

from collections.abc import Iterable

from marsad.contracts.model import Binding, Column, Condition, Contract
from marsad.intake.stage import quoted
from marsad.warehouse.model import Concept, Entity

_PAIRS = 50  # PostgreSQL passes no more than 100 arguments to a function

# The rows of one block that were not refused, each with what the warehouse knows of it already.
BLOCK = """
    FROM {table} s LEFT JOIN seen n ON n.row = s.row AND n.row BETWEEN :first AND :last
    WHERE NOT s.refused AND s.row BETWEEN :first AND :last
"""


def fed_entities(contract: Contract) -> list[str]:
    """Names of the entities that the contract feeds."""
    return sorted({quoted(binding.entity) for binding in _bindings(contract)})


def entity_statements(contract: Contract, model: dict[str, Entity]) -> list[str]:
    """One INSERT for each entity and item that the contract feeds."""
    items = sorted({(b.entity, b.item) for b in _bindings(contract)})
    first = next((b.entity for b in _bindings(contract)), None)
    return [_entity_statement(contract, model[entity], item, extra=item == 1 and _takes_extra(contract, entity, first))
            for entity, item in items]  # fmt: skip


def _takes_extra(contract: Contract, entity: str, first: str | None) -> bool:
    return entity == first or entity in contract.conditions


def _bindings(contract: Contract) -> list[Binding]:
    derived = [Binding(contract.age.entity, "age")] if contract.age else []
    return [b for c in contract.columns for b in c.bindings] + list(contract.constants) + derived


def _entity_statement(contract: Contract, entity: Entity, item: int, *, extra: bool) -> str:
    chosen = dict(_fields(contract, entity, item))
    if extra and (own := _extra(contract)):
        chosen["extra"] = own
    spread = _spread(contract, entity)
    number = f"generate_subscripts({_each(spread)}, 1)" if spread else str(item)
    names = "".join(f", {quoted(name)}" for name in chosen)
    values = "".join(f", {value}" for value in chosen.values())
    table = f"core.{quoted(entity.name)}"
    conditions = [f"AND {condition}" for condition in _conditions(contract, entity, item)]
    return (
        f"INSERT INTO {table} (content_id, item, feed, provider, record_id, delivery_id, recorded_at{names}) "  # noqa: S608
        f"SELECT s.content_id, {number}, :feed, :provider, s.record_id, :delivery_id, :at{values} "
        f"{BLOCK} AND n.content_id IS NULL {' '.join(conditions)}"
    )


def _fields(contract: Contract, entity: Entity, item: int) -> Iterable[tuple[str, str]]:
    for column in contract.columns:
        for binding in column.bindings:
            concept = entity.fields.get(binding.field) if binding.entity == entity.name else None
            if concept and binding.item == item and not concept.vaulted and not column.vaulted:
                yield binding.field, _cast(column, concept)
    for binding, value in contract.constants.items():
        if (binding.entity, binding.item) == (entity.name, item):
            yield binding.field, _constant(entity.fields[binding.field], value)
    if contract.age and contract.age.entity == entity.name and item == 1:
        born = "CASE WHEN s.age_years >= 0 THEN s.age_years END"  # less is what judges see of who was not yet born
        yield from (("age", born), ("age_band", "s.age_band"), ("minor", "s.minor"))


def _spread(contract: Contract, entity: Entity) -> Column | None:
    """The column whose cells hold several values of a field that takes one: each value makes a record of its own."""
    for column in contract.columns:
        fields = [entity.fields[b.field] for b in column.bindings if b.entity == entity.name]
        if column.many and not all(field.many for field in fields):
            return column
    return None


def _each(column: Column) -> str:
    """Its values; a blank cell still makes the one record that the rest of the row speaks of."""
    return f"coalesce(s.{quoted(column.name)}, ARRAY[NULL]::text[])"


def _cast(column: Column, concept: Concept) -> str:
    name = f"s.{quoted(column.name)}"
    if column.many and not concept.many:
        return f"unnest({_each(column)})"
    if concept.many and not column.many:
        return f"CASE WHEN {name} IS NOT NULL THEN ARRAY[{name}::text] END"
    return name


def _constant(concept: Concept, value: str) -> str:
    escaped = value.replace("'", "''").replace(":", "\\:").replace("{", "{{").replace("}", "}}")
    literal = f"'{escaped}'"
    types = {"date": "date", "integer": "bigint", "number": "double precision", "boolean": "boolean"}
    cast = types.get(concept.type, "text")
    return f"ARRAY[{literal}]" if concept.many else f"CAST({literal} AS {cast})"


def _extra(contract: Contract) -> str | None:
    kept = {contract.revision.value} if contract.revision.kind == "column" else set()  # by the sighting
    kept |= {contract.withdrawal.column} if contract.withdrawal else set()
    kept |= {contract.justification} if contract.justification else set()
    unbound = [c for c in contract.columns if not c.vaulted and not c.bindings and c.name not in kept]
    if not unbound:
        return None
    pairs = [f"'{c.name}', s.{quoted(c.name)}" for c in unbound]
    groups = [", ".join(pairs[start : start + _PAIRS]) for start in range(0, len(pairs), _PAIRS)]
    whole = " || ".join(f"jsonb_build_object({group})" for group in groups)
    return f"nullif(jsonb_strip_nulls({whole}), '{{{{}}}}'::jsonb)"


def _conditions(contract: Contract, entity: Entity, item: int) -> Iterable[str]:
    condition = contract.conditions.get(entity.name)
    if condition:
        yield _holds(condition)
    if item > 1 or _repeats(contract, entity):
        filled = [
            f"s.{quoted(c.name)} IS NOT NULL"
            for c in contract.columns
            if not c.vaulted and any((b.entity, b.item) == (entity.name, item) for b in c.bindings)
        ]
        yield f"({' OR '.join(filled) or 'false'})"


def _repeats(contract: Contract, entity: Entity) -> bool:
    """Whether the entity is a repeated group beside the row's own entity: then its first item too may be missing."""
    bindings = _bindings(contract)
    several = any(b.entity == entity.name and b.item > 1 for b in bindings) or _spread(contract, entity) is not None
    return entity.name != bindings[0].entity and several


def _holds(condition: Condition) -> str:
    values = ", ".join("'" + v.replace("'", "''") + "'" for v in sorted(condition.values))
    return f"s.{quoted(condition.column)} IN ({values})"
