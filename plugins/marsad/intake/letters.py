"""The mails themselves: ``schemas/mail.yaml`` filled in, French first, then Arabic from right to left."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from html import escape
from pathlib import Path
from typing import Any

from marsad import yaml12
from marsad.intake.due import Slot

_LANGUAGES = ("fr", "ar")
_RUNBOOKS = {"intake": "delivery-stuck.md", "due": "mail.md", "mail": "mail.md"}  # by first part of the DAG's name
_PAGE = "<!doctype html><html><body>{parts}</body></html>"
_PART = '<div lang="{language}" dir="{direction}" style="font-family:sans-serif;margin-bottom:2em">{text}</div>'


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes mails from ``sender``; ``portal`` and ``runbooks`` are the addresses that stand in them."""

    texts: Mapping[str, Any]
    sender: str
    portal: str
    runbooks: str

    @classmethod
    def load(cls, schemas: Path, sender: str, portal: str, runbooks: str) -> Letters:
        """With the texts of an installation."""
        return cls(yaml12.load(schemas / "mail.yaml"), sender, portal, runbooks.rstrip("/"))

    def reminder(self, step: str, slot: Slot, title: Mapping[str, str], email: str) -> EmailMessage:
        """A reminder for one delivery that is expected, in both languages."""
        subjects, bodies = [], {}
        for language in _LANGUAGES:
            words = {
                "feed": title.get(language) or title["fr"], "feed_id": slot.feed, "provider": slot.provider,
                "period": slot.period.label, "due_on": f"{slot.due_on:%d/%m/%Y}", "days": slot.days_late,
                "portal": self.portal,
            }  # fmt: skip
            subjects.append(self.texts["subject"][step][language].format(**words))
            opening = self.texts["opening"][step][language].format(**words)
            bodies[language] = self.texts["body"][language].format(**words, opening=opening)
        key = (step, slot.feed, slot.provider, slot.period.label, email)
        message = self._message(email, " · ".join(subjects), "\n----\n\n".join(bodies.values()), key)
        message.add_alternative(_PAGE.format(parts="".join(_part(*one) for one in bodies.items())), subtype="html")
        return message

    def failure(self, dag: str, day: date, email: str) -> EmailMessage:
        """To an engineer: which DAG failed and where it is written what to do. Nothing of the log."""
        runbook = f"{self.runbooks}/{_RUNBOOKS.get(dag.partition('.')[0], 'README.md')}"
        words = {"dag": dag, "day": day.isoformat(), "runbook": runbook}
        subject, body = (self.texts["failure"][part].format(**words) for part in ("subject", "body"))
        return self._message(email, subject, body, ("failure", dag, "", day.isoformat(), email))

    def _message(self, email: str, subject: str, body: str, key: tuple[str, ...]) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = self.sender, email, subject
        message["Message-ID"] = self._id(key)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note answers
        message.set_content(body)
        return message

    def _id(self, key: tuple[str, ...]) -> str:
        """The same for the same notice, and telling nobody of it."""
        domain = parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"
        return f"<{hashlib.sha256('|'.join(key).encode()).hexdigest()[:32]}@{domain}>"


def _part(language: str, text: str) -> str:
    direction = "rtl" if language == "ar" else "ltr"
    return _PART.format(language=language, direction=direction, text=escape(text).replace("\n", "<br>"))
