"""The trigger on the inboxes: half-written files wake nobody, and an event tells no name."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

from airflow.triggers.base import TriggerEvent

from marsad.intake import inbox
from marsad.orchestration.trigger import InboxTrigger

FEED = "police/victims"


def events(trigger: InboxTrigger, seconds: float) -> list[TriggerEvent]:
    """All events of the next ``seconds``."""

    async def listen() -> list[TriggerEvent]:
        heard: list[TriggerEvent] = []
        stream = trigger.run()
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                heard.append(
                    await asyncio.wait_for(asyncio.shield(pending := asyncio.ensure_future(anext(stream))), left)
                )
            except TimeoutError:
                pending.cancel()
                break
        return heard

    return asyncio.run(listen())


def first(trigger: InboxTrigger) -> TriggerEvent:
    """The next event, however slow the machine is."""

    async def listen() -> TriggerEvent:
        return await asyncio.wait_for(anext(trigger.run()), 60)

    return asyncio.run(listen())


def place(home: Path, name: str) -> Path:
    """A file that was written just now."""
    folder = inbox.folder(home, "DGSN", FEED)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("nom;date\n")
    return path


def test_a_ready_file_wakes_with_a_count_and_no_name(tmp_path: Path) -> None:
    place(tmp_path, "Fatima_Zahra_1998.csv")
    place(tmp_path, "autre.csv")
    event = first(InboxTrigger(str(tmp_path), FEED, poll=0.05, quiet=0))
    assert event.payload == {"feed": FEED, "files": 2}
    assert "Zahra" not in json.dumps(event.payload)


def test_a_half_written_file_is_not_ready(tmp_path: Path) -> None:
    place(tmp_path, "envoi.csv.part")
    place(tmp_path, ".upload-123.csv")
    place(tmp_path, "still-growing.csv")
    assert events(InboxTrigger(str(tmp_path), FEED, poll=0.05, quiet=5), 0.4) == []


def test_a_file_becomes_ready_when_nobody_has_written_to_it_for_a_while(tmp_path: Path) -> None:
    place(tmp_path, "fresh.csv")
    assert first(InboxTrigger(str(tmp_path), FEED, poll=0.05, quiet=0.3)).payload["files"] == 1


def test_a_file_that_keeps_the_time_of_its_original_is_not_ready_before_its_time(tmp_path: Path) -> None:
    """As ``rsync -t`` and ``cp -p`` write: the time of change is years old while bytes still come."""
    os.utime(place(tmp_path, "copied.csv"), (0, 0))
    assert events(InboxTrigger(str(tmp_path), FEED, poll=0.05, quiet=5), 0.3) == []


def test_a_folder_or_link_in_the_inbox_wakes_nobody(tmp_path: Path) -> None:
    folder = place(tmp_path, "gone.csv").parent
    (folder / "gone.csv").unlink()
    (folder / "sub").mkdir()
    (folder / "link.csv").symlink_to("/etc/hostname")
    assert events(InboxTrigger(str(tmp_path), FEED, poll=0.05, quiet=0), 0.3) == []


def test_a_waiting_file_wakes_once_and_a_changed_one_again(tmp_path: Path) -> None:
    async def scenario() -> list[TriggerEvent]:
        stream = InboxTrigger(str(tmp_path), FEED, poll=0.05, quiet=0.1).run()
        heard = [await asyncio.wait_for(anext(stream), 60)]
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        path.write_text("nom;date\nx;y\n")
        return [*heard, await asyncio.wait_for(waiting, 60)]

    path = place(tmp_path, "envoi.csv")
    assert [event.payload["files"] for event in asyncio.run(scenario())] == [1, 1]


def test_another_feeds_file_and_a_missing_inbox_wake_nobody(tmp_path: Path) -> None:
    other = tmp_path / "DGSN" / "police" / "suspects"
    other.mkdir(parents=True)
    (other / "x.csv").write_text("x")
    assert events(InboxTrigger(str(tmp_path), FEED, poll=0.05, quiet=0), 0.3) == []
    assert events(InboxTrigger(str(tmp_path / "none"), FEED, poll=0.05, quiet=0), 0.3) == []


def test_the_triggerer_can_rebuild_it_from_what_it_says_of_itself(tmp_path: Path) -> None:
    from airflow.sdk.module_loading import import_string

    path, kwargs = InboxTrigger(str(tmp_path), FEED, poll=0.5).serialize()
    again = import_string(path)(**kwargs)
    assert isinstance(again, InboxTrigger)
    assert again.serialize() == (path, kwargs)
