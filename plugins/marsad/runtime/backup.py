"""Backups: the database and its files in one folder, the keys in another; and bringing them back.

    <folder>/<moment>/warehouse.dump    what pg_dump made; holds no identity that opens without the keys
    <folder>/files/                     landing, reports, audit: each file once, whatever moment wants it
    <keys>/                             one copy of the keys for all moments (``identity.mirror``)

What was erased stays erased: its keys are destroyed in the copy too, and the list beside the keys is applied again to
whatever database is brought back, as legal holds are. Tokens made by a key that was changed since are made anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from marsad import audit, durable
from marsad.errors import PlatformFault, UsageFault
from marsad.identity import mirror
from marsad.identity.keys import KeyRing, PublicKeys
from marsad.intake.office import Office
from marsad.linkage import retoken
from marsad.register import erasure, holds
from marsad.runtime.postgres import programs
from marsad.settings import Settings
from marsad.warehouse import migrate
from marsad.warehouse.engine import clean_errors, database_url
from marsad.warehouse.tables import SCHEMAS

DUMP = "warehouse.dump"
FILES = ("landing", "reports", "audit")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Backup:
    """What one run made: the folder of this moment, where the keys are, and copies of keys that were not reached."""

    folder: Path
    keys: Path
    unreached: Sequence[str]


def backup(office: Office, folder: Path, keys: Path) -> Backup:
    """Makes a backup while work goes on; a killed run leaves a draft, which the next one removes.

    The keys are copied after the database, so that they open all that it holds.

    Raises:
        UsageFault: the two folders are one.
        PassingFault, PlatformFault: database, disk, the login may not read everything, or a copy of other keys lies
            there: this home is new, and what should be restored would go.
    """
    if keys.resolve() == folder.resolve() or folder.resolve() in keys.resolve().parents:
        raise UsageFault("keys do not belong beside what they open: choose a folder for them outside of the backup's")
    mirror.check(office.keyring, keys)
    with durable.os_faults("making a backup"):
        durable.private_folder(folder)
        for left in folder.glob(".draft-*"):
            shutil.rmtree(left)
        moment = f"{office.clock():%Y%m%dT%H%M%SZ}"
        draft = durable.private_folder(folder / f".draft-{moment}")
        _dump(database_url(office.settings), draft / DUMP)
        for name in FILES:
            _keep_files(office.settings.place(name), folder / "files" / name, office.keyring.public)
        mirror.add(office.keyring, keys)
        draft.rename(folder / moment)
        durable.sync_folder(folder)
    return Backup(folder / moment, keys, mirror.renew(office.keyring))


def bring_back_keys(settings: Settings, keys: Path) -> bool:
    """Fills a home that has no keys from a copy, before anything else is started; tells whether it did.

    Raises:
        PlatformFault: there is no copy, it cannot be read, or the home has other keys, which would open nothing.
    """
    folder = settings.place("keys")
    if (folder / "private").exists():
        mirror.check(KeyRing.open(folder), keys)
        return False
    durable.private_folder(settings.home)
    mirror.bring_back(keys, folder)
    return True


def restore(office: Office, folder: Path, actor: str) -> Path:
    """Replaces the whole database by a backup's in one transaction; what was erased since stays erased.

    ``folder`` is that of one moment or of all, of which the newest is taken. Returns it. Killed anywhere, it is run
    again: the database is the old one or the restored one, and keys that were destroyed are nowhere.

    Raises:
        UsageFault: there is no backup.
        PassingFault, PlatformFault: database or disk.
    """
    moment = newest(folder)
    url = database_url(office.settings)
    office.engine.dispose()
    _load(url, moment / DUMP)
    migrate.upgrade(url)
    erasures, held = erasure.finish(office, actor), holds.bring_back(office)
    retoken.renew_lost(office, actor)
    for name in FILES:
        _bring_back_files(moment.parent / "files" / name, office.settings.place(name), office.keyring.public)
    with clean_errors(), office.engine.connect() as connection:
        known = connection.execute(sa.text("SELECT seq FROM audit.head")).scalar_one()
    _set_aside_heads(office.settings.place("audit"), known, office.clock())
    detail = {"events": known, "erasures": erasures, "holds": held}
    with clean_errors(), office.engine.begin() as connection:
        head = audit.append(connection, actor, "warehouse.restored", moment.name, detail, office.clock())
    office.write_head(head)
    return moment


def newest(folder: Path) -> Path:
    """The folder of one moment: ``folder`` itself, or the newest in it. Raises UsageFault if there is none."""
    found = [folder, *sorted(path.parent for path in folder.glob(f"[0-9]*/{DUMP}"))]
    if not (found[-1] / DUMP).exists():
        raise UsageFault(f"there is no backup in {folder}")
    return found[-1]


# -- database ----------------------------------------------------------------------------------------------------------


def _dump(url: str, path: Path) -> None:
    # Row-level security hides nothing from the owner (warehouse.roles); a test holds the copy against the tables.
    command = [str(programs() / "pg_dump"), "--format=custom", "--no-owner", "--no-privileges", "--enable-row-security",
               "--exclude-table=stage.*", f"--file={path}"]  # fmt: skip
    done = subprocess.run(command, env=_connection(url), capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise PlatformFault("pg_dump failed: the database does not answer, or its login may not read everything")
    path.chmod(0o600)
    with path.open("rb") as file:
        os.fsync(file.fileno())


# The script ends with a word of ours. Without it, whoever was killed in the middle has changed nothing.
_WHOLE = b"SET marsad.whole = 'yes';\n"
_CHECK = """DO $$ BEGIN
    IF current_setting('marsad.whole', true) IS DISTINCT FROM 'yes' THEN RAISE EXCEPTION 'cut short'; END IF;
END $$"""
# Rights are in no backup: until they are granted anew it is not what ``runtime.standing`` noted of it.
_UNKNOWN = "COMMENT ON SCHEMA ops IS NULL"


def _load(url: str, path: Path) -> None:
    empty = f"DROP SCHEMA IF EXISTS {', '.join(SCHEMAS)} CASCADE"
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--command={empty}",
               "--file=-", f"--command={_CHECK}", f"--command={_UNKNOWN}"]  # fmt: skip
    script = ["--no-owner", "--no-privileges", "--file=-", str(path)]
    with (
        _client("psql", options, url, stdin=subprocess.PIPE) as psql,
        _client("pg_restore", script, url, stdout=subprocess.PIPE) as restore,
    ):
        told = _passed_on(restore, psql)
    if restore.returncode or psql.returncode or not told:
        raise PlatformFault("the backup could not be read or written into the database, which is as it was")


def _client(
    program: str, options: Sequence[str], url: str, *, stdin: int | None = None, stdout: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """A program of PostgreSQL at work; what it says of errors may quote rows, so nobody hears it."""
    command = [str(programs() / program), *options]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL, env=_connection(url))  # noqa: S603


def _passed_on(restore: subprocess.Popen[bytes], psql: subprocess.Popen[bytes]) -> bool:
    assert restore.stdout  # noqa: S101 - for the type checker
    assert psql.stdin  # noqa: S101
    try:
        shutil.copyfileobj(restore.stdout, psql.stdin, _CHUNK)
        if restore.wait() == 0:
            psql.stdin.write(_WHOLE)
        psql.stdin.close()
    except BrokenPipeError:  # psql met an error and is gone
        restore.kill()
        return False
    return psql.wait() == 0


def _connection(url: str) -> Mapping[str, str]:
    """The address as libpq's variables: a command line can be read by others."""
    place = sa.make_url(url)
    host, port = place.query.get("host") or place.host or "localhost", place.port or 5432
    told = {"PGHOST": str(host), "PGPORT": str(port), "PGUSER": place.username, "PGPASSWORD": place.password,
            "PGDATABASE": place.database, "PATH": os.defpath, "LC_ALL": "C"}  # fmt: skip
    return {name: str(value) for name, value in told.items() if value is not None}


# -- files -------------------------------------------------------------------------------------------------------------


def _keep_files(source: Path, target: Path, keys: PublicKeys) -> None:
    for name, path in _plain_files(source):
        with suppress(FileNotFoundError):  # destroyed meanwhile
            _copy_new(path, target / name)
    for _, path in _plain_files(target):
        if _opens_no_more(path, source.name, keys):
            path.unlink()


def _bring_back_files(source: Path, target: Path, keys: PublicKeys) -> None:
    """What is missing."""
    for name, path in _plain_files(source):
        if not (target / name).exists() and not _opens_no_more(path, source.name, keys):
            _copy_new(path, target / name)


def _opens_no_more(path: Path, folder: str, keys: PublicKeys) -> bool:
    """Whether it is a landed file whose key was destroyed."""
    return folder == "landing" and not (keys.landing_folder / path.name).exists()


def _copy_new(path: Path, copy: Path) -> None:
    now = path.stat()
    if copy.exists() and (copy.stat().st_size, copy.stat().st_mtime_ns) == (now.st_size, now.st_mtime_ns):
        return
    durable.private_folder(copy.parent)
    draft = copy.with_name(f".{copy.name}.tmp")
    shutil.copy2(path, draft)
    draft.replace(copy)


def _plain_files(folder: Path) -> Iterator[tuple[Path, Path]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield name, path


def _set_aside_heads(folder: Path, known: int, at: datetime) -> None:
    """Signed heads of events that the restored chain does not have would look like a cut tail; they are kept apart."""
    for path, document in zip(sorted(folder.glob("*.head")), audit.read_head_files(folder), strict=True):
        if _events(document) > known:
            aside = durable.private_folder(folder / f"before-{at:%Y%m%dT%H%M%SZ}")
            path.replace(aside / path.name)


def _events(document: Mapping[str, object]) -> int:
    try:
        return audit.Head.parse(str(document.get(audit.AUDIT_HEAD))).seq
    except ValueError:  # for ``audit verify`` to tell
        return 0
