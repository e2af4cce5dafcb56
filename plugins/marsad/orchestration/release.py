"""Builds the DAG of one release: made when its period is in or the deadline has passed, published if a person signs."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, Param, task

from marsad.intake.calendar import LABEL
from marsad.orchestration.scheduled import by_clock
from marsad.settings import Settings

if TYPE_CHECKING:
    from marsad.intake.office import Office

EACH_MORNING = "50 6 * * *"  # UTC, after what is due was computed
SIGN, REJECT = "Sign", "Reject"
TO_DECIDE = timedelta(days=14)  # then it is rejected
ACTOR = "DAG"  # no account of a person: whoever may sign may sign what it built
NOTE, PERIOD = "note", "period"
log = logging.getLogger(__name__)

DOC = """\
### Release {name}

Each morning: is there a period of `schemas/releases/{name}.yaml` that is over and has no build, and are all its
deliveries in? After the deadline of that file it is built of what is there, and says what is missing.

1. **turn**: asks the ledger; ends the run where nothing is to be done. Who starts a run by hand may name a period,
   which is then built in any case.
2. **build**: counts, protects, attacks, judges (`expectations/releases`), stores; fails where the verdict is `fail`.
3. **review**: waits under *Required Actions* for a person; without an answer in 14 days it is rejected.
4. **decide**: signs, and writes the package to `outbox/releases`, or rejects. Where the verdict is `review` it signs
   only with a note; without one it fails, and the build waits for `marsad release sign --note`.

One run at a time: while one waits for a person, one started by hand stays queued, and none begins in the morning.
`marsad release build` does not wait. Safe to run again at any time. How to look at a build before signing:
`docs/releases.md`.
"""

BODY = """\
Verdict: **{{ ti.xcom_pull(task_ids='build')['verdict'] }}**. Attack: {{ ti.xcom_pull(task_ids='build')['attack'] }}.

A verdict of review is signed with a note: why it is published all the same.

Missing deliveries: {{ ti.xcom_pull(task_ids='build')['missing'] }}.

Look at it first: `marsad release show {{ ti.xcom_pull(task_ids='build')['build_id'] }} --out FOLDER`.
"""


def releases(settings: Settings) -> list[str]:
    """The releases that are defined; whether a file is sound is for the task to find out."""
    return sorted(path.stem for path in (settings.schemas / "releases").glob("[a-z]*.yaml"))


def release_dag(name: str) -> DAG:
    """The DAG ``release.<name>``: ``turn``, ``build``, ``review``, ``decide``."""
    doc = DOC.format(name=name)
    by_hand = Param(
        None, type=["null", "string"], pattern=f"^({LABEL})?$", title="Period", description="2025, 2025-Q1 or 2025-03"
    )
    with by_clock(f"release.{name}", f"The release {name}: built when due, signed by a person", doc, EACH_MORNING,
                  "release", {PERIOD: by_hand}) as dag:  # fmt: skip
        turn(name) >> build(name) >> _review() >> decide()
    return dag


def _review() -> HITLOperator:
    return HITLOperator(
        task_id="review",
        subject="Release {{ ti.xcom_pull(task_ids='build')['name'] }}: publish?",
        body=BODY,
        options=[SIGN, REJECT],
        defaults=REJECT,
        params={
            NOTE: Param(None, type=["null", "string"], title="Why", description="Asked for where the verdict is review")
        },
        response_timeout=TO_DECIDE,
    )


@task.short_circuit
def turn(name: str, params: Any = None) -> str | None:  # noqa: ANN401 - Airflow's parameters of the run
    """The period to build: the one that was asked for, else the one that is due; none ends the run."""
    from marsad.statistics.releases import due

    if params[PERIOD]:
        return str(params[PERIOD])
    found = due.turn(_office(), name)
    return found.period if found else None


@task(multiple_outputs=False)  # type: ignore[untyped-decorator]
def build(name: str, ti: Any = None) -> dict[str, str]:  # noqa: ANN401 - Airflow's task instance
    """Build it; returns what the reviewer is told: ids and counts."""
    from marsad.errors import PolicyRefusal
    from marsad.statistics.releases.build import build_once

    made = build_once(_office(), name, ti.xcom_pull(task_ids="turn"), ACTOR)
    if made.verdict == "fail":
        raise PolicyRefusal("; ".join(str(one["message"]["en"]) for one in made.broken))
    facts = made.facts
    return {
        "build_id": made.build_id,
        "name": f"{made.name} {made.period.label}, build {made.number}",
        "verdict": made.verdict,
        "attack": f"{facts['cells_attacked']} cells that are not shown, {facts['cells_recovered']} recovered",
        "missing": str(facts["deliveries_missing"]),
    }


@task
def decide(ti: Any = None) -> None:  # noqa: ANN401 - Airflow's task instance
    """Sign or reject as was answered; who did not answer rejected it."""
    from marsad.statistics.releases import decide as decisions

    answer, build_id = ti.xcom_pull(task_ids="review"), ti.xcom_pull(task_ids="build")["build_id"]
    who = (answer.get("responded_by_user") or {}).get("name")
    if answer["chosen_options"] == [SIGN] and who:
        folder: Path = decisions.sign(_office(), build_id, f"{who} (Airflow)", _note(answer))
        log.info("written to %s", folder)
    else:
        decisions.reject(_office(), build_id, f"{who} (Airflow)" if who else "nobody answered", _note(answer))


def _note(answer: dict[str, Any]) -> str | None:
    return str(answer["params_input"].get(NOTE) or "").strip() or None


def _office() -> Office:
    from marsad.intake.office import Office

    return Office.open(Settings.from_env())
