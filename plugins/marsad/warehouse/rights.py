"""Who may do what in the database: the one table that grants are made of and that tests hold the catalogue against.

``schema.*`` stands for every table and view of a schema; what is named by itself has exactly what is said there, which
may be less, or certain columns only. The privilege says what a target is: CREATE a schema, USAGE a sequence, EXECUTE a
function, TEMPORARY the database.
"""

from __future__ import annotations

from collections.abc import Mapping

_READ, _WRITE, _CHANGE = "SELECT", "SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE, DELETE"
_NOTHING = ""
_ADDS_EVENTS = {"audit.event": "INSERT", "audit.head": "SELECT, UPDATE"}
_READS_AND_ADDS_EVENTS = {"audit.event": "SELECT, INSERT", "audit.head": "SELECT, UPDATE"}
# Releases that nobody has signed, and counts before disclosure control, are for who makes them.
_READS_RELEASES = {"release.releases": _READ, "release.tables": _READ, "release.cells": _READ}
RIGHTS: Mapping[str, Mapping[str, str]] = {
    "owner": {"database": "TEMPORARY"},
    "loader": {
        "database": "TEMPORARY",
        "ops.*": _WRITE,
        "quarantine.*": _WRITE,
        "core.*": _CHANGE,
        "core.content_id": "USAGE",
        "ref.*": _CHANGE,
        "mart.*": _READ,
        "stage": "CREATE",
        "vault.record": _CHANGE,
        "vault.erased": _READ,
        "vault.erased_row": _READ,
        **_READS_AND_ADDS_EVENTS,
    },
    # Nobody else reads tokens; linkage opens candidates, and changes nothing outside its own tables.
    "linker": {
        "core.*": _READ,
        "core.changed": "SELECT, DELETE",
        "ops.*": _READ,
        "link.*": f"{_CHANGE}, MAINTAIN",
        "link.decision": "SELECT, INSERT",
        "link.vote": _READ,
        "vault.record": _READ,
        "vault.erased": _READ,
        "vault.token": "SELECT, INSERT, DELETE, MAINTAIN",
        "vault.token_key": _WRITE,
        **_READS_AND_ADDS_EVENTS,
    },
    # Who keeps the register opens nobody: of the vault it reads nothing, of linkage only who is whom.
    "registrar": {
        "core.*": _READ,
        "core.restated": "SELECT, DELETE",
        "ops.*": _READ,
        "ops.breach": _WRITE,
        "link.*": _READ,
        "link.touched": "SELECT, DELETE",
        "register.*": f"{_CHANGE}, MAINTAIN",
        "register.officer": _NOTHING,
    },
    "portal": {
        "ops.*": _READ,
        "ops.quiet": "SELECT, INSERT",
        "ops.admission": "SELECT, INSERT",
        "ops.justification": "SELECT, INSERT",
        "link.review": _READ,
        "link.vote": _READ,
        "link.decision": _READ,
        "quarantine.finding (delivery_id, rule, row, column, content_id)": _READ,
        "ref.*": _READ,
        "register.refer()": "EXECUTE",
        "register.answer()": "EXECUTE",
        "register.end_referral()": "EXECUTE",
        "portal.*": _CHANGE,
        **_ADDS_EVENTS,
    },
    # A dry run writes into staging tables of its own and temporary ones, and nowhere else.
    "trial": {
        "ops.*": _READ,
        "core.*": _READ,
        "core.content_id": "USAGE",
        "ref.*": _READ,
        "stage": "CREATE",
        "database": "TEMPORARY",
    },
    # Who opens what was delivered reads the ledger and who is signed in for whom.
    "opener": {
        "ops.delivery": _READ,
        "portal.session": _READ,
        "portal.account_right": _READ,
        "portal.account (account_id, code_seed, disabled)": _READ,
        "audit.looks()": "EXECUTE",
        **_ADDS_EVENTS,
    },
    # Who opens single records reads what is asked of reviewers and who is signed in, and takes their answers.
    "looker": {
        "link.review": "SELECT, UPDATE, DELETE",
        "link.vote": "SELECT, INSERT",
        "link.decision": "INSERT",
        "link.due": "INSERT",
        "link.pair": _READ,
        "vault.record": _READ,
        "vault.holders()": "EXECUTE",
        "audit.looks()": "EXECUTE",
        "core.victim": _READ,
        "core.contact": _READ,
        "portal.session": _READ,
        "portal.account_right": _READ,
        "portal.account (account_id, code_seed, disabled)": _READ,
        **_ADDS_EVENTS,
    },
    "sftp": _ADDS_EVENTS,
    "steward": {"ops.*": _READ, "quarantine.*": _READ, "core.*": _READ, "mart.*": _READ, "ref.*": _READ},
    # Rows: only of persons whom one of the officer's own providers has seen (warehouse.own_persons).
    "case_officer": {
        "register.person": _READ,
        "register.seen_by": _READ,
        "register.record (person_id, feed, provider, record_id, content_id)": _READ,
        # What other bodies call her is not theirs to know.
        "register.status (person_id, feed, provider, status, decided_on, deciding_body, replaced, current)": _READ,
        "register.step (person_id, feed, provider, kind, item, began_on, ended_on, detail, consent)": _READ,
        "register.path": _READ,
        "register.source": _READ,
        "register.referral (referral_id, person_id, provider, to_provider, kind, sent_at, answer, answered_at, "
        "ended_at)": _READ,
        "register.own_providers()": "EXECUTE",
        "register.referred()": "EXECUTE",
        "register.at_court()": "EXECUTE",
        "register.is_erased()": "EXECUTE",
        "ref.*": _READ,
    },
    "commission": {
        "mart.*": _READ,
        **_READS_RELEASES,
        "ref.*": _READ,
        "register.*": _READ,
        "register.officer": _NOTHING,
        # Reads core, so the rule of the rows does not reach it: at_court asks for each person.
        "register.proceeding": _NOTHING,
        # What marts count answers as its owner: to who may see nobody, too.
        "register.counted": _NOTHING,
        "register.person_row": _NOTHING,
        "register.delivered_persons": _NOTHING,
        "register.unheeded": _NOTHING,  # numbers of records, for engineers
        "register.sees_everybody()": "EXECUTE",
        "register.at_court()": "EXECUTE",
        "register.is_erased()": "EXECUTE",
    },
    "publisher": {
        "mart.*": _READ,
        "release.*": _WRITE,
        **_READS_RELEASES,
        "core.delivered_victims": _READ,
        "register.delivered_persons": _READ,
        "ref.*": _READ,
        "ops.delivery (delivery_id, sha256, status)": _READ,
        **_ADDS_EVENTS,
    },
    "analyst": {"mart.*": _READ, **_READS_RELEASES, "ref.*": _READ},
    "auditor": {"audit.*": _READ, "ops.*": _READ},
}
TAKES: Mapping[str, tuple[str, ...]] = {
    "portal": ("case_officer", "commission", "analyst"),
    "looker": ("case_officer", "commission"),
}
"""Roles that another takes on for a transaction, and has nothing of before.

Whom it sees as the first two, its session proves; an analyst sees nobody.
"""
