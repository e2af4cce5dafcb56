"""The error tree: one class a kind of fault, so that retry, exit code and addressee follow from the class alone.

No message of any of these holds a value of a person: they name rules, columns, files and places.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class MarsadError(Exception):
    """Base of all errors raised on purpose; ``exit_code`` is what the command line returns for it."""

    exit_code = 70


class ProviderFault(MarsadError):
    """The sender's file cannot be taken: reported in the sender's language, never retried.

    ``rule`` is an id of ``schemas/messages.yaml``; ``params`` fill its text and are never cell values.
    """

    exit_code = 2

    def __init__(self, rule: str, **params: str | int) -> None:
        super().__init__(rule)
        self.rule = rule
        self.params: Mapping[str, str | int] = params


class PassingFault(MarsadError):
    """Something that heals by itself (database restarting, lock taken): retried."""


class PolicyRefusal(MarsadError):
    """Asked for something that a policy forbids; nobody retries, somebody decides."""

    exit_code = 64


class UsageFault(MarsadError):
    """Wrong use of the command line or of a configuration file (a contract, a suite): says what to change."""

    exit_code = 64


class PlatformFault(MarsadError):
    """Ours: disk full, a bug, an exception inside a library. Never shown as the agency's mistake."""


@contextmanager
def own_faults_only(*also: type[Exception]) -> Iterator[None]:
    """Turns an exception, none of ours and none of ``also``, into a PlatformFault that names class and places, no text.

    The text of a library's exception may quote what it choked on, and whoever catches it next (Airflow's log, a
    terminal) writes it down. To be put around work on clear rows.
    """
    passed: tuple[type[Exception], ...] = (MarsadError, *also)
    try:
        yield
    except passed:
        raise
    except Exception as bug:  # noqa: BLE001 - every class: which of them quote a value cannot be known
        raise PlatformFault(f"{type(bug).__name__} at {_places(bug)}") from None


def _places(bug: BaseException) -> str:
    """Where it passed last through our code, and where it arose: ``intake/rows.py:120, pyarrow/array.pxi:9``."""
    frames = traceback.extract_tb(bug.__traceback__)
    ours = [frame for frame in frames if "marsad" in Path(frame.filename).parts]
    shown = dict.fromkeys("/".join(Path(f.filename).parts[-2:]) + f":{f.lineno}" for f in (*ours[-1:], *frames[-1:]))
    return ", ".join(shown)
