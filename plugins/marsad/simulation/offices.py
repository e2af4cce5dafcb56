"""The sending offices and their forms: who writes what in which language, order and kind of file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from marsad.contracts.model import Contract
from marsad.simulation import commission, customs, hotline, justice, ngo, police
from marsad.simulation.forms import Form, Language
from marsad.simulation.names import Script
from marsad.simulation.paths import Path
from marsad.simulation.writers import FileKind

Teller = Callable[[Sequence[Path], str, Script, Random], Iterator[police.Told] | Iterator[hotline.Told]]

TELLERS: Mapping[str, Teller] = {
    "police/victims": police.victims,
    "police/suspects": police.suspects,
    "customs/detections": customs.detections,
    "justice/proceedings": justice.proceedings,
    "justice/victims": justice.victims,
    "ngo/assistance": ngo.assistance,
    "ngo/shelter_stays": ngo.shelter_stays,
    "ngo/hotline_calls": hotline.calls,
    "commission/activities": commission.activities,
}
"""Feed -> what its offices tell. The feeds of the simulation, in the order in which offices send."""

PROVIDERS: Mapping[str, tuple[str, str]] = {
    "police": ("DGSN", "GR"),
    "customs": ("ADII", "ADII"),
    "justice": ("CA-RABAT", "CA-TANGER"),
    "ngo": ("ONG-AMANE", "ONG-KARAMA"),
}
"""Agency -> the offices that send, used where the contract leaves the choice open."""

_ONE = frozenset({"ngo/hotline_calls"})
"""Feeds that the first office of the agency alone sends."""

_ARABIC_BANNER = ("المملكة المغربية", "لائحة الضحايا المفترضين")
_FRENCH_BANNER = ("Royaume du Maroc", "Relevé périodique des victimes présumées")
_SIGNED = ("Document établi par le service statistique",)


def forms(feed: str, providers: tuple[str, str]) -> tuple[Form, ...]:
    """The forms of a feed, one an office; the second office's is left out where there is one office only."""
    both = _FORMS[feed]
    pairs = zip(providers, both, strict=True)
    return tuple(make(feed, provider) for provider, make in dict(pairs).items())


def providers(contract: Contract) -> tuple[str, str]:
    """The two offices that send a feed (the same twice where there is one)."""
    if not contract.providers:
        first, second = PROVIDERS[contract.agency]
        return first, first if contract.feed in _ONE else second
    return contract.providers[0], contract.providers[min(1, len(contract.providers) - 1)]


def _form(kind: FileKind, language: Language, **more: Any) -> Callable[[str, str], Form]:  # noqa: ANN401 - fields of Form
    def make(feed: str, provider: str) -> Form:
        return Form(feed=feed, provider=provider, kind=kind, language=language, hidden=_UNASKED[language], **more)

    return make


_UNASKED: Mapping[Language, tuple[str, ...]] = {
    "fr": ("family_name_ar", "given_name_ar", "narrative", "vehicle_plate", "mother_name"),
    "ar": ("family_name", "given_name", "narrative", "hotline_reference", "address"),
}
"""Columns that an office does not ask for, among them the names in the script it does not write."""

_XLSX = FileKind("xlsx")
_ODS = FileKind("ods")
_UTF8 = FileKind("csv")
_FORMS: Mapping[str, tuple[Callable[[str, str], Form], Callable[[str, str], Form]]] = {
    "police/victims": (
        _form(_XLSX, "fr", banner=_FRENCH_BANNER, shuffled=True),
        _form(FileKind("csv", "cp1256", ";"), "ar", gaps=0.12),
    ),
    "police/suspects": (
        _form(_XLSX, "ar", eastern=True, banner=_ARABIC_BANNER),
        _form(FileKind("csv", "utf-8-sig", ";"), "fr", dates="dd-MM-yyyy"),
    ),
    "customs/detections": (
        _form(FileKind("csv", "utf-16", "\t"), "fr", dates="yyyy-MM-dd", shuffled=True),
        _form(_UTF8, "fr"),
    ),
    "justice/proceedings": (
        _form(_ODS, "fr", dates="yyyy-MM-dd"),
        _form(_XLSX, "ar", banner=_ARABIC_BANNER[:1], footer=_SIGNED),
    ),
    "justice/victims": (
        _form(FileKind("csv", "utf-8", ","), "ar", eastern=True),
        _form(_XLSX, "fr", footer=_SIGNED),
    ),
    "ngo/assistance": (
        _form(FileKind("jsonl"), "fr", dates="yyyy-MM-dd", gaps=0.2),
        _form(FileKind("csv", "cp1252", ";"), "fr", footer=_SIGNED, shuffled=True),
    ),
    "ngo/shelter_stays": (
        _form(_XLSX, "fr", banner=_FRENCH_BANNER[:1]),
        _form(FileKind("json"), "ar", dates="yyyy-MM-dd"),
    ),
    "ngo/hotline_calls": (_form(_XLSX, "fr"), _form(FileKind("csv", "utf-8-sig", ";"), "ar")),
    "commission/activities": (_form(_UTF8, "ar"), _form(_XLSX, "fr")),
}
