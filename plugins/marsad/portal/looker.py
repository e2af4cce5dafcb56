"""``python -m marsad.portal.looker``: two records side by side for reviewers, and their answers; who a person is.

It opens the vault. The pages hold no key, and what they say about who asks proves nothing here: they hand on the cookie
of the session, and we find out ourselves whose it is, whether that account gives one-time codes, and whether the two
records are asked of it, or the person is one it may see. Every look is in the audit trail, with its reason, before
anything is handed out; the trail also tells who looked too often lately.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from marsad import audit
from marsad.errors import MarsadError, PolicyRefusal, UsageFault, own_faults_only
from marsad.identity.keys import KeyRing
from marsad.identity.names import Hearing, load_rules
from marsad.linkage import review, shown, tokens
from marsad.linkage.identities import person_id
from marsad.linkage.policy import load_policy as load_linkage
from marsad.linkage.review import Question
from marsad.policies import Limit
from marsad.portal import bearer, often
from marsad.portal.accounts import CASE_OFFICER, COMMISSION, REVIEWER
from marsad.portal.answering import Answering
from marsad.portal.persons import PAGE
from marsad.portal.policy import Policy, load_policy
from marsad.portal.site import LOOKER, Shelf, address_of, utc_now
from marsad.register import opened
from marsad.register.policy import load_survivorship
from marsad.settings import Settings
from marsad.warehouse import own_persons
from marsad.warehouse.engine import clean_errors

_LOG = logging.getLogger(__name__)
_ASKER = sa.text(
    f"SELECT s.account_id::text AS account, r.role FROM {bearer.SIGNED_IN} "  # noqa: S608 - our own words
    f"WHERE {bearer.LIVES} AND r.role = ANY(:roles) ORDER BY array_position(:roles, r.role::text) LIMIT 1"
)
_PATIENCE = "SET LOCAL lock_timeout = '20s'"  # a batch of linkage may hold one of the records


@dataclass(frozen=True)
class Looker:
    """Answers for one installation, as the role ``looker``."""

    settings: Settings
    policy: Policy
    shelf: Shelf
    clock: Callable[[], datetime] = utc_now

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """To ``reason``: what the two records say and what the machine made of them, in ``language``.

        To ``person`` with ``reason``: what the records that the asker may open say of her (``said``). To ``name`` and
        ``born`` with ``reason``: the ``persons`` of whom the asker may open such a record. To ``said``: what became of
        it, ``{"became": "noted" or "decided"}``. A fault is ``{"fault": its class}``; who
        may not look gets ``UsageFault``, like one who asks for a pair or a person that is not theirs; who looked too
        often lately ``PolicyRefusal``.
        """
        engine = sa.create_engine(address_of(self.settings, "looker"), hide_parameters=True, poolclass=NullPool)
        try:
            with own_faults_only():
                answers = {"person": self._told, "name": self._found, "said": self._voted}
                return next((one for what, one in answers.items() if what in asked), self._looked)(engine, asked)
        except often.Reached as refusal:
            self._sign(refusal.note(engine, self.clock()), KeyRing.open(self.settings.place("keys")))
            return {"fault": PolicyRefusal.__name__}
        except MarsadError as fault:
            _LOG.error("%s: %s", type(fault).__name__, fault)
            return {"fault": type(fault).__name__}

    def _check_often(
        self, connection: sa.Connection, actor: str, kind: str, limit: Limit, about: str, reason: str
    ) -> None:
        often.check(connection, actor, kind, limit, about, self.clock(), reason=reason)

    def _looked(self, engine: sa.Engine, asked: Mapping[str, Any]) -> dict[str, Any]:
        policy = review.load_policy(self.settings.schemas)
        if asked["reason"] not in policy.reasons:
            raise UsageFault("somebody gave no reason for looking")
        keyring, linkage = KeyRing.open(self.settings.place("keys")), load_linkage(self.settings.schemas)
        with clean_errors(), engine.begin() as connection:
            actor, question = self._asker(connection, asked)
            self._check_often(connection, actor, "compared", policy.compared, _pair(question), asked["reason"])
            told = shown.shown(connection, keyring, self.shelf.catalog, linkage, question, asked["language"])
            head = self._note(connection, actor, "identity.seen", question, reason=asked["reason"], records=2)
        self._sign(head, keyring)
        return asdict(told)

    def _told(self, engine: sa.Engine, asked: Mapping[str, Any]) -> dict[str, Any]:
        limits, keyring = self._limits_for(asked)
        person, policy = person_id(asked["person"]), load_survivorship(self.settings.schemas)
        with clean_errors(), engine.begin() as connection:
            asker = self._account(connection, asked, COMMISSION, CASE_OFFICER)
            actor = f"account:{asker.account}"
            with own_persons.seeing(connection, asker.role, asked["session"]):
                found = opened.sources(connection, person)
            if not found:
                raise UsageFault("somebody asked who a person is whose identity is not theirs to know")
            self._check_often(connection, actor, "opened", limits.opened, person, asked["reason"])
            said = opened.opened(connection, keyring, self.shelf.catalog, policy, found, asked["language"])
            detail = {"reason": asked["reason"], "records": len({source.content for source in found})}
            head = audit.append(connection, actor, "identity.seen", person, detail, self.clock())
        self._sign(head, keyring)
        return {"said": [asdict(one) for one in said]}

    def _found(self, engine: sa.Engine, asked: Mapping[str, Any]) -> dict[str, Any]:
        limits, keyring = self._limits_for(asked)
        hearing = Hearing(load_rules(self.settings.schemas / "names"))
        with clean_errors(), engine.begin() as connection:
            asker = self._account(connection, asked, COMMISSION, CASE_OFFICER)
            actor = f"account:{asker.account}"
            self._check_often(connection, actor, "searched", limits.searched, "register", asked["reason"])
            today = self.clock().date()
            alike = tokens.alike(connection, keyring, hearing, asked["name"], asked["born"], today)
            with own_persons.seeing(connection, asker.role, asked["session"]):
                found = opened.findable(connection, alike, PAGE)
            detail = {"reason": asked["reason"], "found": len(found)}
            head = audit.append(connection, actor, "person.searched", "register", detail, self.clock())
        self._sign(head, keyring)
        return {"persons": found}

    def _limits_for(self, asked: Mapping[str, Any]) -> tuple[opened.Limits, KeyRing]:
        policy = opened.load_looks(self.settings.schemas)
        if asked["reason"] not in policy.reasons:
            raise UsageFault("somebody gave no reason for looking")
        return policy.limits, KeyRing.open(self.settings.place("keys"))

    def _voted(self, engine: sa.Engine, asked: Mapping[str, Any]) -> dict[str, Any]:
        with clean_errors(), engine.begin() as connection:
            connection.execute(sa.text(_PATIENCE))
            actor, question = self._asker(connection, asked)
            policy = review.load_policy(self.settings.schemas)
            became = review.answer(connection, question, asked["said"], actor, policy, self.clock())
            head = self._note(connection, actor, f"review.{became}", question, said=asked["said"])
        self._sign(head, KeyRing.open(self.settings.place("keys")))
        return {"became": became}

    def _asker(self, connection: sa.Connection, asked: Mapping[str, Any]) -> tuple[str, Question]:
        actor = f"account:{self._account(connection, asked, REVIEWER).account}"
        question = review.question(connection, actor, *map(int, asked["pair"]))
        if question is None:
            raise UsageFault("somebody asked for two records that are not asked of them")
        return actor, question

    def _account(self, connection: sa.Connection, asked: Mapping[str, Any], *roles: str) -> sa.Row[Any]:
        """Whose session it is, with the first of ``roles`` that the account has."""
        values = bearer.values(asked["session"], self.policy, self.clock()) | {"roles": list(roles)}
        found = connection.execute(_ASKER, values).one_or_none()
        if found is None:
            raise UsageFault("somebody asked who may not look")
        return found

    def _note(self, connection: sa.Connection, actor: str, action: str, about: Question, **detail: Any) -> audit.Head:  # noqa: ANN401
        return audit.append(connection, actor, action, _pair(about), detail, self.clock())

    def _sign(self, head: audit.Head, keyring: KeyRing) -> None:
        audit.write_head_file(self.settings.place("audit"), head, self.clock(), keyring.signer)


def _pair(about: Question) -> str:
    return f"pair:{about.place.left}-{about.place.right}"


class _Server(Answering):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.place("run") / LOOKER)
        self._looker = Looker(settings, load_policy(settings.schemas), Shelf(settings))

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ANN401 - as in socketserver
        """Before the fork of each question: contracts are read once, not in every fork."""
        try:
            with own_faults_only():
                self._looker.shelf.catalog  # noqa: B018
        except MarsadError as fault:  # raised from here, it would end the server
            _LOG.error("%s", fault)
        return True

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        return self._looker.answer(question)


if __name__ == "__main__":
    with _Server(Settings.from_env()) as server:
        server.serve_forever()
