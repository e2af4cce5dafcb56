"""A contract drafted from a sample file: careful with privacy, sound to the check, made to be reviewed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import pyarrow as pa

from marsad.contracts.binding_rules import DERIVED
from marsad.contracts.codelists import CodeList
from marsad.contracts.files import FEED_NAME
from marsad.contracts.naming import column_name, is_reference, names_a_person, tells_a_story
from marsad.contracts.sample import Guess, guess
from marsad.contracts.text import fold
from marsad.errors import UsageFault
from marsad.warehouse.model import Concept, Entity

Rows: TypeAlias = "Sequence[Mapping[str, str]] | pa.Table"
_LOGICAL = {"text": "string", "identifier": "string", "code": "string"}
_ARABIC = re.compile(r"[\u0600-\u06ff]")
# Dates of an event from which an age can be reckoned, best first.
_EVENT_DAYS = ("met_on", "contact_on", "received_on", "started_on", "decided_on")
_PEOPLE = ("victim", "suspect")
# What a column must say before rows are taken for people: a province and a telephone are anybody's.
_OF_A_PERSON = frozenset(
    {"family_name", "given_name", "full_name", "family_name_ar", "given_name_ar", "birth_date", "sex", "stated_age"}
)


@dataclass(frozen=True, slots=True)
class _Proposal:
    """One column of the draft."""

    header: str
    name: str
    guess: Guess
    privacy: str
    concept: Concept | None
    labels: Mapping[str, str]
    key: bool
    notes: tuple[str, ...]


def draft_contract(
    feed: str,
    header: Sequence[str],
    sample_rows: Rows,
    codelists: Mapping[str, CodeList],
    model: Mapping[str, Entity],
    language: str = "fr",
    rows: Sequence[int] | None = None,
) -> str:
    """YAML of a contract that passes the check, with comments on what to review.

    ``sample_rows`` are mappings by header, or a table with one string column a header cell, in that order.
    ``language`` is that of headers in Latin letters, ``rows`` the numbers that the rows have in the sample. No cell of
    the sample is written into the draft: of values only the names of code lists, date patterns and usual spellings of
    nothing appear. Columns that cannot be told to be harmless are of class ``identity``, so that nothing leaves the
    vault before somebody has looked.

    Raises UsageFault when ``feed`` is not ``agency/name`` or the header is empty.
    """
    if not FEED_NAME.fullmatch(feed):
        raise UsageFault(f"'{feed}' is no feed name — write agency/name in lower case, e.g. police/victims")
    if not header:
        raise UsageFault("the sample has no header row")
    headers = _distinct(header)
    concepts = _concepts(headers, model)
    columns = _cells(header, sample_rows)
    likely = _likeliest_first(codelists, model)
    guesses = [
        guess(cells, likely, concept.codelist if concept else None, rows)
        for cells, concept in zip(columns, concepts, strict=True)
    ]
    proposals = _proposals(headers, guesses, concepts, language)
    return "\n".join([*_head(feed, proposals, len(columns[0]), language), *_schema(feed, proposals)]) + "\n"


def _likeliest_first(codelists: Mapping[str, CodeList], model: Mapping[str, Entity]) -> Mapping[str, CodeList]:
    """Lists that many fields of the common model use first, of these the shortest, which says most about its cells."""
    uses = Counter(field.codelist for entity in model.values() for field in entity.fields.values())
    order = sorted(codelists, key=lambda scheme: (-uses[scheme], len(codelists[scheme].codes), scheme))
    return {scheme: codelists[scheme] for scheme in order}


def _cells(header: Sequence[str], rows: Rows) -> list[list[str]]:
    if isinstance(rows, pa.Table):
        return [[cell or "" for cell in rows.column(place).to_pylist()] for place in range(len(header))]
    return [[str(row.get(name) or "") for row in rows] for name in header]


def _distinct(header: Sequence[str]) -> list[str]:
    """Headers that read differently: blank ones get a name, repeated ones a number."""
    taken: set[str] = set()
    headers: list[str] = []
    for place, text in enumerate(header, 1):
        stem = " ".join(text.split()) or f"column {place}"
        candidates = [stem, *(f"{stem} {number}" for number in range(2, len(header) + 2))]
        chosen = next(candidate for candidate in candidates if fold(candidate) not in taken)
        taken.add(fold(chosen))
        headers.append(chosen)
    return headers


def _concepts(headers: Sequence[str], model: Mapping[str, Entity]) -> list[Concept | None]:
    """For each header the field that it names, all of the one entity that most headers speak of."""
    found = [fields for entity in model.values() if _of_people(entity, fields := _named(headers, entity))]
    return max(found, key=lambda fields: sum(field is not None for field in fields), default=[None] * len(headers))


def _of_people(entity: Entity, fields: Sequence[Concept | None]) -> bool:
    """Whether rows may be of an entity: of people only if a column tells who they are, or numbers them."""
    telling = _OF_A_PERSON | {f"{entity.name}_reference"}
    return entity.name not in _PEOPLE or any(field and field.field in telling for field in fields)


def _named(headers: Sequence[str], entity: Entity) -> list[Concept | None]:
    names: dict[str, Concept] = {}
    for field in entity.fields.values():
        # what agencies write as "age" is stated; age, band and minority are derived from it
        target = entity.fields.get("stated_age") if field.field == "age" else field
        if target and target.field not in DERIVED:
            for text in (field.field, *field.label.values()):
                names.setdefault(fold(text), target)
    used: set[str] = set()
    fields: list[Concept | None] = []
    for header in headers:
        concept = names.get(fold(header))
        fields.append(concept if concept and concept.field not in used else None)
        used |= {concept.field} if concept else set()
    return fields


def _proposals(
    headers: Sequence[str], guesses: Sequence[Guess], concepts: Sequence[Concept | None], language: str
) -> list[_Proposal]:
    key = _key(headers, guesses)
    owners = {fold(header): place for place, header in enumerate(headers)}
    beside = _beside(guesses, concepts)
    proposals: list[_Proposal] = []
    for place, (header, found, concept) in enumerate(zip(headers, guesses, concepts, strict=True)):
        taken = [text for text, owner in owners.items() if owner != place]
        name = column_name(concept.field if concept else header, place + 1, taken)
        owners[fold(name)] = place
        labels = _labels(header, concept, language, taken)
        owners.update({fold(text): place for text in labels.values()})
        proposals.append(_proposal(header, name, found, concept, labels, key=place == key, beside=place in beside))
    return proposals


def _beside(guesses: Sequence[Guess], concepts: Sequence[Concept | None]) -> frozenset[int]:
    """Places of columns that would make a record of each value, as an earlier one does already: the check takes one."""
    spread = [
        place
        for place, (found, concept) in enumerate(zip(guesses, concepts, strict=True))
        if concept and concept.repeats and not concept.many and (fitted := _fitted(found, concept)) and fitted.many
    ]
    return frozenset(spread[1:])


def _proposal(
    header: str, name: str, found: Guess, concept: Concept | None, labels: Mapping[str, str], *, key: bool, beside: bool
) -> _Proposal:
    fitted = None if beside else _fitted(found, concept)
    notes = list(found.notes)
    if concept and fitted is None:
        but = "one column before makes a record of each value" if beside else f"the cells do not read as {concept.type}"
        notes.append(f"REVIEW: the header names {concept.name}, but {but}")
    bound = concept if fitted else None
    final = fitted or found
    if (final.type == "text" and is_reference(header) and not bound) or (key and final.type in {"text", "integer"}):
        final = replace(final, type="identifier")
    privacy, why = _privacy(header, final, bound, key=key)
    if key and privacy == "free_text":
        privacy = "identity"
    return _Proposal(header, name, final, privacy, bound, labels, key, (*notes, *why))


def _fitted(found: Guess, concept: Concept | None) -> Guess | None:
    """The guess as the concept needs it, None when the cells do not fit the concept."""
    if concept is None:
        return None
    if concept.type == "text":
        return replace(found, type="text", codelist=None, formats=(), many=None)
    if concept.type == "number" and found.type == "integer":
        return found
    if found.type != concept.type or (found.many and not (concept.many or concept.repeats)):
        return None
    return found if found.codelist == concept.codelist else None


def _privacy(header: str, found: Guess, concept: Concept | None, *, key: bool) -> tuple[str, tuple[str, ...]]:
    if concept:
        return concept.privacy, ()
    if names_a_person(header):
        return "identity", ("who somebody is",)
    if tells_a_story(header) or found.long:
        return "free_text", ("free text",)
    if found.type in {"code", "boolean"} or (found.few and found.type != "identifier" and not key):
        return "quasi", ("REVIEW: few values: identity if they can name a person",)
    return "identity", ("REVIEW: not known to be harmless",)


def _labels(header: str, concept: Concept | None, language: str, taken: Iterable[str]) -> dict[str, str]:
    known = set(taken)
    labels = dict(concept.label) if concept else {}
    own = next((tongue for tongue, text in labels.items() if fold(text) == fold(header)), None)
    labels[own or ("ar" if _ARABIC.search(header) else language)] = header
    return {tongue: text for tongue, text in labels.items() if text and (text == header or fold(text) not in known)}


def _key(headers: Sequence[str], guesses: Sequence[Guess]) -> int | None:
    """Place of the likeliest key: always filled, never repeated, best with a header that says so."""
    able = [
        place
        for place, found in enumerate(guesses)
        if found.filled and found.unique and found.type in {"text", "integer"} and not found.long
    ]
    named = [place for place in able if is_reference(headers[place])]
    return next(iter(named or able), None)


def _head(feed: str, proposals: Sequence[_Proposal], rows: int, language: str) -> Iterator[str]:
    agency, _, name = feed.partition("/")
    yield f"# Draft from a sample of {rows} rows. Review every line marked REVIEW, then write status: active."
    yield "# classification: identity and free_text stay in the vault; quasi and public can be counted."
    yield "# required: a blank cell refuses its row. Set here only where a record can hardly do without the value"
    yield "# (numbers, days of events) and the sample never does; add it where a row without the value is of no use."
    if entity := next((proposal.concept.entity for proposal in proposals if proposal.concept), None):
        yield f"# REVIEW: by 'concept', each row makes a record of {entity} in the warehouse, and is counted as one."
        yield "# Where that is wrong, bind the columns to another entity of schemas/concepts.yaml."
    yield "apiVersion: v3.2.0"
    yield "kind: DataContract"
    yield f"id: {feed.replace('/', '-').replace('_', '-')}"
    yield f"name: {feed}"
    yield "version: 0.1.0"
    yield "status: draft"
    yield f"domain: {_flow(agency)}"
    yield 'description: {purpose: "REVIEW: what this feed is for"}'
    if any(not _ARABIC.search(proposal.header) for proposal in proposals):
        yield f"# REVIEW: headers in Latin letters are marked {language}; write en: or es: where that is their language"
    yield "customProperties:"
    yield "  - property: marsad"
    yield "    value:"
    yield f"      title: {_flow({'fr': name.replace('_', ' ')})}  # REVIEW: what agencies read, in fr, ar, en"
    yield "      providers: []  # REVIEW: codes of the bodies that send this feed; empty lets anybody send it"
    yield "      mode: increment  # REVIEW: or snapshot, when a file replaces all rows of its period"
    yield "      period: {received: true}  # REVIEW: or {column: …, grain: month}, or {file_name: '(…)', grain: month}"
    yield "      version: {received: true}  # REVIEW: or {column: …}: the day or number by which the newest row wins;"
    yield "                                # as it is, what came last wins, also an old file that is sent again"
    yield "      refuse_above: 0.5"
    yield "      cadence: irregular  # REVIEW: daily weekly monthly quarterly yearly irregular"
    yield from _age(proposals)


def _age(proposals: Sequence[_Proposal]) -> Iterator[str]:
    bound = {proposal.concept.field: proposal for proposal in proposals if proposal.concept}
    if "age_band" in bound:
        return
    stated, birth = bound.get("stated_age"), bound.get("birth_date")
    day = next((bound[field] for field in _EVENT_DAYS if field in bound), None)
    parts = {"birth_date": birth, "stated": stated, "on": day if birth else None}
    given = {key: proposal.name for key, proposal in parts.items() if proposal}
    source = stated or (birth if day else None)
    if source and source.concept:
        yield f"      age: {_flow({'entity': source.concept.entity, **given})}"
    elif birth:
        yield (
            "      # REVIEW: age: {entity: …, birth_date: "
            + birth.name
            + ", on: …} keeps age and minority out of the vault"
        )


def _schema(feed: str, proposals: Sequence[_Proposal]) -> Iterator[str]:
    yield "schema:"
    yield f"  - name: {_flow(feed.partition('/')[2])}"
    if not any(proposal.key for proposal in proposals):
        yield "    # REVIEW: no column of the sample is a key; without primaryKey, rows are told apart by their content"
    yield "    properties:"
    for proposal in proposals:
        yield from _property(proposal)


def _property(proposal: _Proposal) -> Iterator[str]:
    found = proposal.guess
    for note in proposal.notes:
        yield f"      # {note}"
    yield f"      - name: {_flow(proposal.name)}"
    yield f"        logicalType: {_LOGICAL.get(found.type, found.type)}"
    if found.filled and _structural(proposal):
        yield "        required: true"
    if proposal.key:
        yield "        primaryKey: true  # REVIEW: never repeated in the sample"
    yield f"        classification: {proposal.privacy}"
    yield "        customProperties:"
    yield "          - property: marsad"
    yield "            value:"
    yield f"              header: {_flow(proposal.labels)}"
    if found.type == "identifier":
        yield "              identifier: true"
    yield from (f"              {key}: {_flow(value)}" for key, value in _own(proposal).items() if value)


def _structural(proposal: _Proposal) -> bool:
    """Whether a record can hardly do without the value: what tells it from others, and the day it is counted by."""
    day = proposal.concept is not None and proposal.concept.field in _EVENT_DAYS
    return proposal.key or day or is_reference(proposal.header)


def _own(proposal: _Proposal) -> dict[str, object]:
    found = proposal.guess
    return {
        "codelist": found.codelist,
        "formats": list(found.formats),
        "many": found.many,
        "blanks": list(found.blanks),
        "concept": proposal.concept.name if proposal.concept else None,
    }


def _flow(value: object) -> str:
    """The value as YAML on one line; JSON is YAML, and quotes what YAML would read otherwise."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    plain = isinstance(value, str) and re.fullmatch(r"[a-z][a-z_]*(\.[a-z_]+)?", value)
    if plain and value not in {"true", "false", "null"}:
        return str(value)
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)
