"""The agency's side of the demonstration: an agent at the portal, over HTTP as a browser would, and one at SFTP.

What they know is what the pages say and what the marked workbook shows.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import secrets
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import asyncssh
import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from marsad.errors import PlatformFault
from marsad.intake.reports.marks import COLOURS
from marsad.intake.sftp import keys as sftp_keys

FEED, PROVIDER = "police/victims", "DGSN"
ROWS = 5
LANGUAGES = ("fr", "ar")
_UNREADABLE = "32/01/2024"
_PATIENCE = 300.0  # seconds for one answer while the DAGs have the machine
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')
_VERDICT = re.compile(r'<h2 id="verdict">(.*?)</h2>', re.DOTALL)
_FINDING = re.compile(
    r'<td class="column"><bdi>(?P<column>.*?)</bdi>.*?class="run">(?P<row>.*?)</bdi>'
    r'.*?<strong class="block">(?P<wrong>.*?)</strong>(?P<todo>.*?)</td>',
    re.DOTALL,
)


class Agent:
    """Somebody before the pages, whose cookies and form tokens go back as a browser sends them."""

    def __init__(self, invitation: str, email: str) -> None:
        """Chooses a password at the address of the invitation and signs in with it."""
        at, password = urlsplit(invitation), secrets.token_urlsafe(16)
        self._base, self._token = f"{at.scheme}://{at.netloc}", ""
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._get(at.path)
        self._post(at.path, {"password": password, "again": password})
        self._post("/sign-in", {"email": email, "password": password})

    def template(self) -> bytes:
        """The workbook to fill in."""
        return self._get(f"/templates/{FEED}?lang={LANGUAGES[0]}")

    def check(self, name: str, content: bytes) -> str:
        """Drops a file for a dry run; the path of its page once the verdict is there."""
        self._get("/send")
        path = self._send(*_upload({"form_token": self._token, "what": f"{PROVIDER}|{FEED}"}, name, content))
        self._wait(path, "checking")
        return path

    def verdict(self, path: str, language: str) -> dict[str, Any]:
        """What the page of a checked file says: the verdict and, of each finding, where, what and what to do."""
        page = self._post("/language", {"language": language, "back": path}).decode()
        said = _VERDICT.search(page)
        if said is None:
            raise PlatformFault(f"the portal gives no verdict: see {path}")
        findings = [{name: unescape(text) for name, text in one.groupdict().items()} for one in _FINDING.finditer(page)]
        return {"title": unescape(said[1]), "findings": findings}

    def marked(self, path: str) -> bytes:
        """The own workbook with the cells to correct marked."""
        return self._get(f"{path}/workbook")

    def send(self, path: str) -> None:
        """Sends a file that was checked."""
        self._post(f"{path}/send", {})

    def receipt(self, path: str) -> dict[str, Any]:
        """The receipt of a file that was sent, when Airflow is through with it."""
        self._wait(path, "sent")
        with self._opener.open(self._base + path, timeout=_PATIENCE) as page:  # leads on to the delivery
            delivery = page.url.removeprefix(self._base)
        return dict(json.loads(self._get(f"{delivery}/receipt.json")))

    def _wait(self, path: str, state: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while json.loads(self._get(f"{path}/state"))["state"] == state:
            if time.monotonic() > deadline:
                raise PlatformFault(f"the portal does not go on: {path} stays {state}")
            time.sleep(0.5)

    def _get(self, path: str) -> bytes:
        return self._read(urllib.request.Request(self._base + path))  # noqa: S310 - the pages that we started

    def _post(self, path: str, fields: Mapping[str, str]) -> bytes:
        body = urlencode({"form_token": self._token, **fields}).encode()
        return self._read(urllib.request.Request(self._base + path, body))  # noqa: S310

    def _send(self, body: bytes, kind: str) -> str:
        request = urllib.request.Request(f"{self._base}/send", body, {"content-type": kind})  # noqa: S310
        with self._answer(request) as answer:
            return str(answer.url).removeprefix(self._base)

    def _read(self, request: urllib.request.Request) -> bytes:
        with self._answer(request) as answer:
            content = bytes(answer.read())
        found = _TOKEN.search(content.decode("utf-8", "replace"))
        self._token = found[1] if found else self._token
        return content

    def _answer(self, request: urllib.request.Request) -> Any:  # noqa: ANN401 - what urllib opens
        try:
            return self._opener.open(request, timeout=_PATIENCE)
        except OSError as fault:
            raise PlatformFault(f"the portal refuses {request.selector}: {type(fault).__name__}") from None


@dataclass(slots=True)
class Visit:
    """An agent's hour at the portal: ``told`` is what was seen; ``path`` is the page of the file that was sent."""

    agent: Agent
    path: str
    told: dict[str, Any]

    @classmethod
    def begin(cls, invitation: str, email: str) -> Visit:
        """Template, faulty file, verdict in both languages, correction by the marked workbook, sending.

        Raises:
            PlatformFault: the portal refuses, or gives no verdict.
        """
        agent = Agent(invitation, email)
        started = time.monotonic()
        faulty = agent.check("saisie.xlsx", filled(agent.template()))
        seconds = round(time.monotonic() - started, 1)
        verdicts = {language: agent.verdict(faulty, language) for language in LANGUAGES}
        content, cells = corrected(agent.marked(faulty))
        again = agent.check("saisie.xlsx", content)
        told = {
            "provider": PROVIDER, "feed": FEED, "rows": ROWS, "seconds": seconds, "verdicts": verdicts,
            "corrected": cells, "again": agent.verdict(again, LANGUAGES[0]),
        }  # fmt: skip
        agent.send(again)
        return cls(agent, again, told)

    def end(self) -> dict[str, Any]:
        """Waits for the receipt; all that was seen."""
        receipt = self.agent.receipt(self.path)
        kept = ("delivery_id", "status", "rows_read", "rows_accepted")
        return {**self.told, "receipt": {name: receipt[name] for name in kept}}


def _upload(fields: Mapping[str, str], name: str, content: bytes) -> tuple[bytes, str]:
    """Fields and one file as a form sends them, and the kind of that body."""
    border = secrets.token_hex(16)
    parts = [f'--{border}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    head = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = "".join((*parts, head)).encode() + content + f"\r\n--{border}--\r\n".encode()
    return body, f"multipart/form-data; boundary={border}"


def filled(template: bytes) -> bytes:
    """The template with records like its example, the last with a date that nobody can read."""
    book = openpyxl.load_workbook(io.BytesIO(template))
    sheet, example = book.worksheets[:2]
    record = [cell.value for cell in example[example.max_row]]
    for row in range(2, ROWS + 2):
        for column, value in enumerate([f"D-{row:04}", *record[1:]], 1):
            sheet.cell(row, column).value = value
    sheet.cell(ROWS + 1, _date_column(sheet)).value = _UNREADABLE
    return _saved(book)


def corrected(marked: bytes) -> tuple[bytes, list[str]]:
    """The marked workbook with each cell that must be corrected put right from the line above, and the cells."""
    book = openpyxl.load_workbook(io.BytesIO(marked))
    sheet = book.worksheets[1]  # the first is the summary
    red = COLOURS["critical"]
    cells = [cell for line in sheet.iter_rows() for cell in line if str(cell.fill.fgColor.rgb).endswith(red)]
    for cell in cells:
        cell.value, cell.comment = sheet.cell(cell.row - 1, cell.column).value, None
    return _saved(book), [cell.coordinate for cell in cells]


def _date_column(sheet: Worksheet) -> int:
    return next(int(cell.column) for cell in sheet[2] if hasattr(cell.value, "year"))


def _saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


class Sender:
    """A provider's program at the SFTP server at ``address`` (``host:port``), with a key of its own."""

    def __init__(self, address: str, keys: Path, provider: str, feed: str) -> None:
        """Makes the key; ``keys`` is the server's folder of keys, where it is let in and granted ``feed``."""
        host, _, port = address.rpartition(":")
        key = asyncssh.generate_private_key("ssh-ed25519")
        with tempfile.NamedTemporaryFile(suffix=".pub") as public:
            public.write(key.export_public_key("openssh"))
            public.flush()
            sftp_keys.add(keys, provider, Path(public.name), [feed])
        server = sftp_keys.host_key(keys).export_public_key("openssh").decode()
        self._options: dict[str, Any] = {
            "host": host, "port": int(port), "username": provider, "client_keys": [key], "config": None,
            "known_hosts": asyncssh.import_known_hosts(f"[{host}]:{port} {server}"), "agent_path": None,
        }  # fmt: skip

    def put(self, file: Path, feed: str) -> None:
        """Drops ``file`` in the inbox of ``feed``."""
        asyncio.run(self._with(lambda sftp: sftp.put(str(file), f"/inbox/{feed}/{file.name}")))

    def outbox(self) -> list[str]:
        """Names of what came back."""
        return sorted(str(name) for name in asyncio.run(self._with(lambda sftp: sftp.listdir("/outbox"))))

    async def _with(self, act: Callable[[asyncssh.SFTPClient], Awaitable[Any]]) -> Any:  # noqa: ANN401
        try:
            async with asyncssh.connect(**self._options) as connection, connection.start_sftp_client() as sftp:
                return await act(sftp)
        except (OSError, asyncssh.Error) as fault:
            raise PlatformFault(f"the SFTP server refuses: {type(fault).__name__}") from None
