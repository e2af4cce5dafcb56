"""Whether a file can be sent at all: mistakes that show without a database, so that nothing is started for them."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from marsad.contracts.model import Contract
from marsad.errors import UsageFault
from marsad.intake import inbox


def check_sending(file: Path, contract: Contract, provider: str | None, place: Path) -> None:
    """Raises UsageFault when there is no such file, or ``provider`` (None: not said) may not send that feed.

    ``place`` is the inbox, which a provider's name must not leave.
    """
    if not file.is_file():
        raise UsageFault(f"{file} is not a file")
    if provider is not None:
        inbox.folder(place, provider, contract.feed)
        if contract.providers and provider not in contract.providers:
            known = ", ".join(contract.providers)
            raise UsageFault(f"'{provider}' does not send {contract.feed}; its contract names {known}")


def check_waiting(contract: Contract) -> None:
    """Raises UsageFault when nobody would fetch the feed's files from the inbox: they would lie there in clear."""
    if contract.draft:
        raise UsageFault(
            f"{contract.feed} is a draft, which no DAG takes from the inbox: write 'status: active' in its contract, "
            "or try the file with `marsad check` or `marsad ingest`"
        )


def check_delivery_id(text: str) -> None:
    """Raises UsageFault when ``text`` cannot be a delivery's id."""
    if not is_delivery_id(text):
        raise UsageFault(f"'{text}' is no delivery: `marsad deliveries` lists their ids")


def is_delivery_id(text: str) -> bool:
    """Whether ``text`` has the form of a delivery's id."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
