"""Code lists and rules as tables, so that marts and analysts see labels and messages beside codes and rule ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from marsad.contracts.catalog import Catalog, load_catalog
from marsad.contracts.codelists import CodeList
from marsad.quality.findings import Rule
from marsad.quality.messages import load_messages
from marsad.quality.suites import load_suite, suite_path
from marsad.settings import Settings

LANGUAGES = ("fr", "ar", "en")
ANY_FEED = ""  # rules of the message catalogue, which hold for every feed


def publish(connection: sa.Connection, settings: Settings) -> None:
    """Brings ``ref.code`` and ``ref.rule`` in step with code lists, message catalogue and suites.

    Raises:
        UsageFault: a contract or suite is wrong.
    """
    catalog = load_catalog(settings)
    _replace(connection, "code", (row for codes in catalog.codelists.values() for row in _codes(codes)))
    _replace(connection, "rule", [*_general(settings), *_of_feeds(catalog, settings)])


def _codes(codes: CodeList) -> Iterator[dict[str, Any]]:
    for code in codes.codes.values():
        kept = {"scheme": codes.scheme, "code": code.code, "version": codes.version, "parent": code.parent or None}
        yield kept | {f"label_{language}": code.labels[language] for language in LANGUAGES}


def _general(settings: Settings) -> Iterator[dict[str, Any]]:
    for message in load_messages(settings.schemas / "messages.yaml").values():
        yield _rule(ANY_FEED, Rule(message.id, message.severity, message.scope, None, message.text))


def _of_feeds(catalog: Catalog, settings: Settings) -> Iterator[dict[str, Any]]:
    for feed in catalog.contracts:
        suite = load_suite(suite_path(feed, settings.expectation_dirs))
        yield from (_rule(feed, rule) for rule in suite.rules.values())


def _rule(feed: str, rule: Rule) -> dict[str, Any]:
    kept = {"feed": feed, "rule": rule.id, "severity": rule.severity, "scope": rule.scope, "column": rule.column}
    return kept | {f"message_{language}": rule.message[language] for language in LANGUAGES}


def _replace(connection: sa.Connection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """All rows of a small table anew; readers see the old ones until the transaction commits."""
    written = list(rows)
    names = list(written[0])
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(f":{name}" for name in names)
    connection.execute(sa.text(f"DELETE FROM ref.{table}"))  # noqa: S608 - our own two names
    connection.execute(sa.text(f"INSERT INTO ref.{table} ({columns}) VALUES ({values})"), written)  # noqa: S608
