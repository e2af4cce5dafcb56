"""``marsad link``: who is whom in the warehouse, kept up to date with what came and what changed.

One transaction takes records out of the queue, compares them with those that share a token with them, and settles the
persons they touch. Killed, it leaves the queue and the persons as they were. What comes out is a function of the
records that count now and of what people decided, not of the order in which either came: a pair's weight is a function
of its two records, the prior one of how many there are, and clusters are settled whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache, partial

import sqlalchemy as sa

from marsad.contracts.catalog import sound_catalog
from marsad.errors import PassingFault, UsageFault, own_faults_only
from marsad.identity.names import Hearing, load_rules
from marsad.intake.office import Office
from marsad.linkage import history, queue
from marsad.linkage.access import transaction
from marsad.linkage.batch import Batch, Counts, Tools
from marsad.linkage.policy import deciding, load_policy
from marsad.linkage.stock import Stock, victim_feeds
from marsad.linkage.tokens import hashed
from marsad.warehouse.engine import clean_errors
from marsad.warehouse.planning import look_at_grown

AT_ONCE = 20_000  # records a transaction: a kill loses no more than a minute or two


def tools(office: Office, new_id: Callable[[], str] = lambda: str(uuid.uuid4())) -> Tools:
    """What linkage works with. Raises UsageFault if a contract or the policy is wrong."""
    schemas, contracts = office.settings.schemas, office.catalog.contracts
    rules = load_rules(schemas / "names")
    hearing = Hearing(rules)
    stock = Stock(office.keyring, contracts, hearing, office.clock().date())
    made_with = cache(partial(hashed, office.keyring))
    return Tools(load_policy(schemas), rules, hearing, stock, made_with, office.clock, new_id)


def link(
    office: Office, *, at_once: int = AT_ONCE, progress: Callable[[str], None] = lambda _text: None
) -> dict[str, int]:
    """Links all that came or changed, and says what was done; safe to be killed and run again.

    Raises:
        UsageFault: a contract is wrong, or the policy changed under the same version.
        PassingFault, PlatformFault: database or key store, or somebody took up another policy meanwhile; what was not
            linked stays in the queue.
    """
    work, done = tools(office), Counts()
    feeds = victim_feeds(office.catalog.contracts)
    with own_faults_only():
        with transaction(office.engine) as connection:
            _adopt(connection, work)
            others = [feed for feed in office.catalog.contracts if feed not in feeds]
            queue.notice(connection, feeds, others, work.clock())
        while True:
            look_at_grown(office.engine)
            with transaction(office.engine) as connection:
                _check_model(connection, work)
                taken = queue.take(connection, at_once)
                if not taken:
                    return asdict(done)
                batch = Batch(work, connection, taken)
                done.add(batch.settle())
                head = batch.note()
            office.write_head(head)
            progress(f"linkage: {done.entered} records compared, {done.departed} left")


def link_sound(office: Office, progress: Callable[[str], None] = lambda _text: None) -> dict[str, int]:
    """As ``link``, without wrong contracts: what came or changed of their feeds waits.

    Of a feed without victims that holds up nothing. One with victims holds up the records that meet one of its own, and
    those that are linked in one transaction with them: what it says could be misread.

    Raises:
        UsageFault: records wait for a contract that is wrong, after the others were linked, or before, where they meet;
            or as ``link``.
    """
    catalog, problems = sound_catalog(office.settings)
    done = link(replace(office, known=catalog) if problems else office, progress=progress)
    with clean_errors(), office.engine.connect() as connection:
        feeds = queue.left_out(connection, catalog.contracts) if problems else []
    if feeds:
        raise UsageFault(f"records of {', '.join(feeds)} wait to be linked; first mend {problems[0]}")
    return done


def _adopt(connection: sa.Connection, work: Tools) -> None:
    """Notes the model in use; another than before means that everything is compared again."""
    policy = work.policy
    used = history.model(connection, policy.version)
    if used and deciding(used) != deciding(policy.model_dump(mode="json")):
        raise UsageFault(f"linkage.yaml is not the version {policy.version} that was used: give it another version")
    if history.adopted(connection) != policy.version:
        history.adopt(connection, policy, work.clock())
        queue.everything_again(connection)


def _check_model(connection: sa.Connection, work: Tools) -> None:
    """Pairs of two models must not meet: whoever runs next compares by the one that was taken up."""
    if (now := history.adopted(connection)) != work.policy.version:
        raise PassingFault(f"linkage.yaml is version {now} now, which another run took up: run 'link' again")
