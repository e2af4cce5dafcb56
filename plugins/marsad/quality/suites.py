"""Suites on disk: one GX suite a feed, its structural half written by ``sync_suite``, the rest by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from marsad.contracts.model import Contract, Severity
from marsad.errors import UsageFault
from marsad.quality.allowed import TYPES, check_expectation
from marsad.quality.findings import Rule, Scope
from marsad.quality.messages import LANGUAGES
from marsad.quality.structural import Expectation, RuleBook, structural

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

__all__ = ["Suite", "in_step", "load_suite", "structural", "suite_path", "suite_to_write", "sync_suite"]

ORIGINS = ("contract", "field")
ENTRY_KEYS = ("type", "kwargs", "meta", "severity")
META_KEYS = ("rule", "scope", "column", "origin", "justify", "message")


@dataclass(frozen=True, slots=True)
class Suite:
    """One feed's rules. ``fingerprint`` is the SHA-256 (hex) of what the file says, whatever its layout."""

    name: str
    path: Path
    entries: tuple[Expectation, ...]
    rules: Mapping[str, Rule]
    fingerprint: str

    def of(self, scope: Scope) -> list[Expectation]:
        """The entries of one scope, in the order of the file."""
        return [entry for entry in self.entries if entry["meta"]["scope"] == scope]

    def expectations(self) -> ExpectationSuite:
        """The suite as Great Expectations holds it."""
        # Here, because GX takes seconds to import and reading rules and messages does not need it.
        from great_expectations import ExpectationSuite

        return ExpectationSuite(name=self.name, expectations=[dict(entry) for entry in self.entries])


def suite_path(feed: str, folders: tuple[Path, ...]) -> Path:
    """Where the suite of ``feed`` lies: the first folder that holds ``<agency>/<name>.json``.

    Raises UsageFault if none does.
    """
    for folder in folders:
        if (path := folder / f"{feed}.json").is_file():
            return path
    raise UsageFault(f"{feed} has no suite: run `marsad feed sync`, then add the rules of the field to it")


def suite_to_write(contract: Contract, contracts: Sequence[Path], folders: tuple[Path, ...]) -> Path:
    """The suite of a contract, or where a first one belongs: the folder of suites beside the contract's own folder.

    ``contracts`` and ``folders`` are the folders of contracts and of suites, in one order. Raises UsageFault if there
    is no folder of suites for that of the contract.
    """
    if any((folder / f"{contract.feed}.json").is_file() for folder in folders):
        return suite_path(contract.feed, folders)
    for place, folder in zip(contracts, folders, strict=False):
        if contract.path.is_relative_to(place):
            return folder / f"{contract.feed}.json"
    raise UsageFault(f"{contract.feed}: name a folder for its suite in MARSAD_EXPECTATIONS, as for its contract")


def load_suite(path: Path) -> Suite:
    """The suite of one file, checked. Raises UsageFault naming file and rule of what is wrong."""
    document = _read(path)
    try:
        entries = tuple(_checked(entry) for entry in document["expectations"])
        rules = _rules(entries)
    except UsageFault as fault:
        raise UsageFault(f"{path.parent.name}/{path.name}: {fault}") from None
    return Suite(document["name"], path, entries, rules, _fingerprint(entries))


def sync_suite(contract: Contract, path: Path, book: RuleBook) -> bool:
    """Brings the structural half of the suite at ``path`` in step with ``contract``; True if the file changed.

    Rules written by hand (``meta.origin`` is ``field``) keep their order and content. Raises UsageFault when the
    result is no valid suite (a rule id used twice, an expectation type that is not allowed).
    """
    before, after = _before(path), _in_step(contract, path, book)
    if after == before:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(after, "utf-8")
    return True


def in_step(contract: Contract, path: Path, book: RuleBook) -> bool:
    """Whether ``sync_suite`` would leave the file as it is. Raises as it does."""
    return _in_step(contract, path, book) == _before(path)


def _before(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _in_step(contract: Contract, path: Path, book: RuleBook) -> str:
    """What the file has to say."""
    before = _before(path)
    by_hand = [e for e in (_read(path)["expectations"] if before else ()) if _origin(e) != "contract"]
    entries = [_ordered(_checked(entry)) for entry in (*structural(contract, book), *by_hand)]
    _rules(tuple(entries))
    document = {"name": contract.feed.replace("/", "."), "expectations": entries, "meta": {"feed": contract.feed}}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _read(path: Path) -> dict[str, Any]:
    place = f"{path.parent.name}/{path.name}"
    try:
        document = json.loads(path.read_text("utf-8"))
    except json.JSONDecodeError as fault:
        raise UsageFault(f"{place}:{fault.lineno}: no JSON: {fault.msg}") from None
    except UnicodeDecodeError:
        raise UsageFault(f"{place}: not written in UTF-8") from None
    if not _is_suite(document):
        raise UsageFault(
            f"{place}: a suite has 'name' and a list of 'expectations', each with 'type', 'kwargs', 'meta'"
        )
    suite: dict[str, Any] = document
    return suite


def _is_suite(document: object) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("name"), str):
        return False
    entries = document.get("expectations")
    return isinstance(entries, list) and all(map(_is_entry, entries))


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        return False
    meta = entry.get("meta", {})
    return (
        isinstance(entry.get("kwargs"), dict) and isinstance(meta, dict) and isinstance(meta.get("message", {}), dict)
    )


def _origin(entry: Expectation) -> object:
    return entry.get("meta", {}).get("origin")


def _ordered(entry: Expectation) -> Expectation:
    """The entry without GX's random ids and with its keys in one order, so that a diff shows what changed."""
    meta = entry["meta"]
    tidy = {key: meta[key] for key in META_KEYS if key in meta} | {k: v for k, v in meta.items() if k not in META_KEYS}
    known = {key: tidy if key == "meta" else entry[key] for key in ENTRY_KEYS if key in entry}
    return known | {key: value for key, value in entry.items() if key not in {*ENTRY_KEYS, "id"}}


def _checked(entry: Expectation) -> Expectation:
    meta = entry.get("meta") or {}
    rule = meta.get("rule")
    if not rule:
        raise UsageFault(f"an expectation of type '{entry.get('type')}' has no meta.rule (its id)")
    if meta.get("scope") not in TYPES or meta.get("origin") not in ORIGINS:
        raise UsageFault(f"rule '{rule}': meta.scope is row, delivery or warehouse, meta.origin is contract or field")
    if entry.get("severity") not in get_args(Severity):
        raise UsageFault(f"rule '{rule}': severity is one of {', '.join(get_args(Severity))}")
    if not all((meta.get("message") or {}).get(language) for language in LANGUAGES):
        raise UsageFault(f"rule '{rule}': meta.message needs a text in each of {', '.join(LANGUAGES)}")
    if "justify" in meta and (meta["justify"], entry["severity"], meta["scope"]) != (True, "warning", "row"):
        raise UsageFault(f"rule '{rule}': meta.justify is true or left out, and only for a warning of scope row")
    check_expectation(entry)
    return entry


def _rules(entries: tuple[Expectation, ...]) -> Mapping[str, Rule]:
    rules: dict[str, Rule] = {}
    for entry in entries:
        meta = entry["meta"]
        if meta["rule"] in rules:
            raise UsageFault(f"rule id '{meta['rule']}' is used twice")
        rules[meta["rule"]] = Rule(
            meta["rule"], entry["severity"], meta["scope"], meta.get("column"), dict(meta["message"]), "justify" in meta
        )
    return rules


def _fingerprint(entries: tuple[Expectation, ...]) -> str:
    return hashlib.sha256(json.dumps(entries, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
