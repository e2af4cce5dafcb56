"""Assets: the hints by which one DAG wakes another. They carry counts, never names of files."""

from __future__ import annotations

from pathlib import Path

from airflow.sdk import Asset, AssetAlias, AssetWatcher

from marsad.orchestration.trigger import InboxTrigger

CORE = Asset(name="warehouse/core", uri="marsad://warehouse/core")
PERSONS = Asset(name="warehouse/persons", uri="marsad://warehouse/persons")
# Loading tasks write to the alias and resolve it to CORE only when rows changed.
CORE_CHANGES = AssetAlias("warehouse/core-changes")


def inbox(folder: Path, feed: str) -> Asset:
    """The asset of a feed's inboxes; ready files in them make its events."""
    watcher = AssetWatcher(name=f"inbox/{feed}", trigger=InboxTrigger(str(folder), feed))
    return Asset(name=f"inbox/{feed}", uri=f"marsad://inbox/{feed}", watchers=[watcher])
