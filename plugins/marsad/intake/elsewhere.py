"""Where a file belongs that came to the wrong feed: its titles say so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from marsad.contracts.catalog import load_catalog
from marsad.contracts.model import Contract
from marsad.errors import MarsadError, ProviderFault, UsageFault
from marsad.intake.reading import Hints
from marsad.intake.reading.sandbox import open_file
from marsad.settings import Settings
from marsad.warehouse.model import LANGUAGES

ALL_LANGUAGES = " / "
"""Between the titles of a feed in French, Arabic and English; a report takes the one of its language."""

STRANGE = frozenset({"file.wrong_feed", "file.no_header", "file.columns_missing", "file.columns_unread"})
"""Verdicts of the reader after which a file may be another feed's."""


def belonging(fault: ProviderFault, path: Path, name: str, contract: Contract, settings: Settings) -> ProviderFault:
    """``fault``, or ``file.other_feed`` when the file has all that another feed needs and more titles of it.

    Its ``feed`` names that feed, ``other`` is its title in all languages, ``expected`` are titles of the feed to which
    it was sent.
    """
    if fault.rule not in STRANGE:
        return fault
    own = Hints.of(contract)
    others = {feed: other for feed, other in _contracts(settings).items() if feed != contract.feed}
    fitting = {feed: header for feed, other in others.items() if (header := _header(path, name, other))}
    if not fitting:
        return fault
    known = {feed: len(Hints.of(others[feed]).matches(header)) for feed, header in fitting.items()}
    best = max(known, key=lambda feed: known[feed])
    if known[best] <= len(own.matches(fitting[best])):
        return fault
    expected = ", ".join(own.label(index) for index in sorted(own.required))
    title = ALL_LANGUAGES.join(others[best].title[language] for language in LANGUAGES)
    return ProviderFault("file.other_feed", feed=best, other=title, expected=expected)


def _contracts(settings: Settings) -> Mapping[str, Contract]:
    try:
        return load_catalog(settings).contracts
    except UsageFault:  # another feed's contract is wrong: that is no reason to judge this one otherwise
        return {}


def _header(path: Path, name: str, contract: Contract) -> list[str] | None:
    try:
        return open_file(path, hints=Hints.of(contract), name=name).tables[0].header
    except MarsadError:  # whatever befalls a second look, the first verdict stands
        return None
