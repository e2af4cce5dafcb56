"""Files on their way from a page to the inbox: kept aside, judged beforehand, then sent or forgotten.

A file lies in ``tmp/portal/<upload>/`` (0600), for as long as the policy says, and is gone when the pages start anew.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import sqlalchemy as sa

from marsad import audit, durable
from marsad.errors import MarsadError
from marsad.intake import inbox
from marsad.portal import asking
from marsad.portal.accounts import Account
from marsad.portal.site import Site

_KEPT = "('checking', 'checked', 'slow')"  # states in which the file is there
_BLOCK = 1 << 20
_NAME_BYTES = 180


@dataclass(frozen=True, slots=True)
class Upload:
    """One file; ``verdict`` is the report of its dry run once ``state`` is ``checked``.

    A ``slow`` one took longer than a dry run may; it can be sent without.
    """

    upload_id: str
    account_id: str
    feed: str
    provider: str
    file_name: str
    sha256: str
    size: int
    at: datetime
    state: str
    verdict: Mapping[str, Any] | None
    sent_at: datetime | None


_IDS = ("upload_id", "account_id")
_FIELDS = ", ".join(f"{n}::text" if n in _IDS else n for n in Upload.__dataclass_fields__)


def clear(site: Site) -> None:
    """Forgets all files that were not sent: at the start nobody waits for them any more."""
    with durable.os_faults("clearing files of before"):
        shutil.rmtree(_place(site), ignore_errors=True)
        durable.private_folder(_place(site))
    with site.transaction() as connection:
        connection.execute(sa.text(f"UPDATE portal.upload SET state = 'dropped' WHERE state IN {_KEPT}"))  # noqa: S608


_SWEEP = sa.text(
    f"""
    UPDATE portal.upload SET state = 'dropped'
    WHERE state IN {_KEPT} AND (at < :before OR upload_id IN (
        SELECT upload_id FROM portal.upload
        WHERE account_id = CAST(:account AS uuid) AND state IN {_KEPT}
        ORDER BY upload_id DESC OFFSET :room))
    RETURNING upload_id::text
    """  # noqa: S608 - only our own words
)


def sweep(site: Site, at: datetime, account: Account | None = None) -> None:
    """Forgets files that were kept for as long as the policy says, and makes room for one more of ``account``."""
    room = site.policy.uploads_waiting - 1
    values = {"before": at - site.policy.upload_kept, "account": account and account.account_id, "room": room}
    with site.transaction() as connection:
        old = connection.execute(_SWEEP, values).scalars().all()
    for upload_id in old:
        _remove(site, upload_id)


def safe_name(name: str) -> str:
    """A sender's file name as one that the inbox shows: without folders, dots in front, or what is no text."""
    plain = PurePath(name.replace("\\", "/")).name
    printable = "".join(c if c.isprintable() else "_" for c in inbox.text_name(plain)).strip().lstrip(".")
    stem, dot, suffix = printable.rpartition(".")
    short = (stem or printable).encode()[:_NAME_BYTES].decode("utf-8", "ignore").strip()
    whole = f"{short}{dot}{suffix[:16]}" if stem else short
    return (f"{whole}_" if whole.endswith(inbox.UNFINISHED) else whole) or "file"


def take(site: Site, account: Account, feed: str, provider: str, name: str, source: BinaryIO) -> str:
    """Keeps a file aside for its dry run; returns the id of the upload.

    Raises:
        PassingFault, PlatformFault: the disk.
    """
    at = site.clock()
    query = sa.text(
        "INSERT INTO portal.upload (upload_id, account_id, feed, provider, file_name, sha256, size, at, state) "
        "VALUES (uuidv7(), :account, :feed, :provider, :name, '', 0, :at, 'checking') RETURNING upload_id::text"
    )
    kept = safe_name(name)
    with site.transaction() as connection:
        values = {"account": account.account_id, "feed": feed, "provider": provider, "name": kept, "at": at}
        upload_id = str(connection.execute(query, values).scalar_one())
    sha256, size = _keep(_place(site) / upload_id / kept, source)
    with site.transaction() as connection:
        stored = sa.text("UPDATE portal.upload SET sha256 = :sha256, size = :size WHERE upload_id = :id")
        connection.execute(stored, {"sha256": sha256, "size": size, "id": upload_id})
        detail = {"feed": feed, "provider": provider, "size": size}
        audit.append(connection, account.actor, "file.uploaded", f"upload:{upload_id}", detail, at)
    return upload_id


def _keep(path: Path, source: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with durable.os_faults("keeping a file"):
        durable.private_folder(path.parent)
        with durable.open_new(path) as file:
            while block := source.read(_BLOCK):
                digest.update(block)
                size += len(block)
                durable.write_all(file, block)
    return digest.hexdigest(), size


def find(connection: sa.Connection, account: Account, upload_id: str) -> Upload | None:
    """The account's own upload of that id; None for anybody else's."""
    query = sa.text(f"SELECT {_FIELDS} FROM portal.upload WHERE upload_id = :id AND account_id = :account")  # noqa: S608
    row = connection.execute(query, {"id": upload_id, "account": account.account_id}).one_or_none()
    return Upload(**row._mapping) if row else None


def check(site: Site, upload: Upload) -> None:
    """Asks the process of dry runs and keeps its verdict; ``failed`` when it gives none, or none that can be kept."""
    try:
        verdict = asking.verdict(site.ask, path_of(site, upload), upload.feed, upload.provider)
        state = "checked" if verdict else "failed"
    except asking.TooLong:
        verdict, state = None, "slow"
    try:
        _judged(site, upload, state, verdict)
    except MarsadError:  # nobody waits for this call: without a state the page would turn for ever
        state = "failed"
        _judged(site, upload, state, None)
    if state == "failed":
        _remove(site, upload.upload_id)


def _judged(site: Site, upload: Upload, state: str, verdict: Mapping[str, Any] | None) -> None:
    query = sa.text(
        "UPDATE portal.upload SET state = :state, verdict = CAST(:verdict AS jsonb) "
        "WHERE upload_id = :id AND state = 'checking'"
    )
    with site.transaction() as connection:
        connection.execute(query, {"state": state, "verdict": json.dumps(verdict), "id": upload.upload_id})


def marked(site: Site, upload: Upload, language: str) -> bytes | None:
    """The checked file as a workbook with marked cells; None when the file is gone or nobody can make it."""
    path = path_of(site, upload)
    if upload.verdict is None or not path.exists():
        return None
    return asking.marked(site.ask, path, upload.verdict, language)


def send(site: Site, account: Account, upload: Upload) -> bool:
    """Puts a checked or slow file in the inbox, whole; False when it is not there any more, or was kept too long."""
    at = site.clock()
    query = sa.text(
        "UPDATE portal.upload SET state = 'sent', sent_at = :at "
        "WHERE upload_id = :id AND state IN ('checked', 'slow') AND at >= :before"
    )
    values = {"at": at, "id": upload.upload_id, "before": at - site.policy.upload_kept}
    with site.transaction() as connection:
        if not connection.execute(query, values).rowcount:
            return False
        inbox.drop(path_of(site, upload), site.settings.place("inbox"), upload.provider, upload.feed)
        detail = {"feed": upload.feed, "provider": upload.provider, "sha256": upload.sha256}
        audit.append(connection, account.actor, "file.sent", f"upload:{upload.upload_id}", detail, at)
    _remove(site, upload.upload_id)
    return True


def drop(site: Site, upload: Upload) -> None:
    """Forgets a file that its sender does not want to send."""
    query = sa.text("UPDATE portal.upload SET state = 'dropped' WHERE upload_id = :id AND state <> 'sent'")
    with site.transaction() as connection:
        connection.execute(query, {"id": upload.upload_id})
    _remove(site, upload.upload_id)


def path_of(site: Site, upload: Upload) -> Path:
    """Where its file lies."""
    return _place(site) / upload.upload_id / upload.file_name


def _place(site: Site) -> Path:
    return site.settings.place("tmp") / "portal"


def _remove(site: Site, upload_id: str) -> None:
    shutil.rmtree(_place(site) / upload_id, ignore_errors=True)
