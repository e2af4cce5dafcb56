"""Code lists and rules as tables, so that marts and analysts see labels and messages beside codes and rule ids."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from marsad import __version__
from marsad.contracts.check import read_contracts
from marsad.contracts.codelists import CodeList, codelist_files, codelists_by_name, load_codelist
from marsad.contracts.files import contract_files, feed_of
from marsad.contracts.load import HOME
from marsad.errors import UsageFault
from marsad.quality.findings import Rule
from marsad.quality.messages import load_messages
from marsad.quality.suites import load_suite, suite_path
from marsad.settings import Settings
from marsad.warehouse.model import LANGUAGES, common_model

ANY_FEED = ""  # rules of the message catalogue, which hold for every feed
Report = Callable[[str], object]
Row = Mapping[str, Any]


def publish(connection: sa.Connection, settings: Settings, report: Report) -> None:
    """Brings ``ref.code`` and ``ref.rule`` in step with code lists, message catalogue and suites.

    Nothing is done while the files are those that were published last: reading them takes seconds, at every start.
    One wrong file stops nothing: it is named through ``report``, and what it gave when it was right stays; so does what
    a folder gave that is not there. Wrong contracts are named too, though nothing here is taken from them.
    """
    now = _fingerprint(settings)
    if now == connection.execute(sa.text("SELECT fingerprint FROM ref.published")).scalar():
        return
    connection.execute(sa.text("LOCK TABLE ref.published IN EXCLUSIVE MODE"))  # two at once would write rows twice
    connection.execute(sa.text("DELETE FROM ref.published"))
    told: list[str] = []
    _publish(connection, settings, told.append)
    for text in told:
        report(text)
    if not told:  # what is wrong is named at every start
        connection.execute(sa.text("INSERT INTO ref.published (fingerprint) VALUES (:now)"), {"now": now})


def _fingerprint(settings: Settings) -> str:
    """SHA-256 of all that is published, with the version of what publishes it."""
    suites = (path for folder in settings.expectation_dirs for path in sorted(folder.glob("*/*.json")))
    own = (settings.schemas / "concepts.yaml", settings.schemas / "messages.yaml")
    lists = codelist_files(*settings.codelist_dirs)
    whole = hashlib.sha256(__version__.encode())
    for path in (*own, *lists, *contract_files(settings.contract_dirs), *suites):
        content = _content(path)
        whole.update(f"\0{path}\0{len(content)}\0".encode("utf-8", "surrogateescape") + content)
    return whole.hexdigest()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a link that leads nowhere: named where it is wanted
        return b""


def _publish(connection: sa.Connection, settings: Settings, report: Report) -> None:
    lists = dict(_code_lists(settings, report))
    codes = {scheme: None if found is None else list(_codes(found)) for scheme, found in lists.items()}
    if not all(folder.is_dir() for folder in settings.codelist_dirs):  # what it held is not known, and stays
        published = connection.execute(sa.text("SELECT DISTINCT scheme FROM ref.code")).scalars()
        codes |= dict.fromkeys(published)
    _replace(connection, "code", "scheme", codes)
    _replace(connection, "rule", "feed", dict(_rules(settings, report)))
    _name_wrong_contracts(settings, {name: found for name, found in lists.items() if found}, report)


def _code_lists(settings: Settings, report: Report) -> Iterator[tuple[str, CodeList | None]]:
    files, faults = codelists_by_name(*settings.codelist_dirs)
    for fault in faults:
        report(fault)
    for scheme, paths in files.items():
        try:
            yield scheme, load_codelist(*paths)
        except UsageFault:
            report(f"the code list {scheme} is wrong: `marsad feed check` says how")
            yield scheme, None


def _codes(codes: CodeList) -> Iterator[Row]:
    for code in codes.codes.values():
        kept = {"scheme": codes.scheme, "code": code.code, "version": codes.version, "parent": code.parent or None}
        other = next(iter(code.labels.values()), code.code)  # better a label in another language than none
        yield kept | {f"label_{language}": code.labels.get(language, other) for language in LANGUAGES}


def _rules(settings: Settings, report: Report) -> Iterator[tuple[str, list[Row] | None]]:
    general = load_messages(settings.schemas / "messages.yaml").values()
    yield ANY_FEED, [_rule(ANY_FEED, Rule(one.id, one.severity, one.scope, None, one.text)) for one in general]
    for feed in sorted({feed_of(file) for file in contract_files(settings.contract_dirs)}):
        try:
            suite = load_suite(suite_path(feed, settings.expectation_dirs))
            yield feed, [_rule(feed, rule) for rule in suite.rules.values()]
        except UsageFault:
            report(f"the suite of {feed} is missing or wrong: `marsad feed sync {feed}` mends it or says how")
            yield feed, None


def _rule(feed: str, rule: Rule) -> Row:
    kept = {"feed": feed, "rule": rule.id, "severity": rule.severity, "scope": rule.scope, "column": rule.column}
    return kept | {f"message_{language}": rule.message[language] for language in LANGUAGES}


def _name_wrong_contracts(settings: Settings, codelists: Mapping[str, CodeList], report: Report) -> None:
    model = common_model(settings.schemas / "concepts.yaml")
    _, problems = read_contracts(settings.contract_dirs, codelists, model, HOME)
    for file in dict.fromkeys(problem.file for problem in problems):
        report(f"the contract {file.parent.name}/{file.stem} is wrong: `marsad feed check {file}` says how")


def _replace(connection: sa.Connection, table: str, key: str, parts: Mapping[str, Iterable[Row] | None]) -> None:
    """The rows of a small table anew, those of a part that is None stay; readers see the old ones until the commit."""
    stay = [name for name, rows in parts.items() if rows is None]
    connection.execute(sa.text(f"DELETE FROM ref.{table} WHERE {key} <> ALL(:stay)"), {"stay": stay})  # noqa: S608 - our names
    written = [row for rows in parts.values() for row in rows or ()]
    if written:
        columns = ", ".join(f'"{name}"' for name in written[0])
        values = ", ".join(f":{name}" for name in written[0])
        connection.execute(sa.text(f"INSERT INTO ref.{table} ({columns}) VALUES ({values})"), written)  # noqa: S608
