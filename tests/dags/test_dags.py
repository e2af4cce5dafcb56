"""What an operator may rely on in every DAG, read from the files as Airflow reads them."""

from __future__ import annotations

import ast
import subprocess
import sys
from copy import copy
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.sdk.exceptions import ParamValidationError

PROJECT = Path(__file__).parents[2]
DAG_FILES = sorted((PROJECT / "dags").glob("*.py"))
FEEDS = (
    "commission.activities",
    "commission.glotip",
    "commission.published_figures",
    "customs.detections",
    "justice.proceedings",
    "justice.victims",
    "ngo.assistance",
    "ngo.hotline_calls",
    "ngo.shelter_stays",
    "police.suspects",
    "police.victims",
)
FOR_ALL = {  # DAG -> its tasks, one after the other
    "statistics": ["refresh"], "link": ["persons"], "register": ["rebuild", "check"], "due": ["remind"],
    "mail": ["send"], "housekeeping": ["retain"], "review": ["waiting", "notice"],
    "release.victims": ["turn", "build", "review", "decide"], "release.persons": ["turn", "build", "review", "decide"],
}  # fmt: skip
ALLOWED_IMPORTS = ("marsad.orchestration", "marsad.settings", "airflow.sdk")


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(dag_folder=str(PROJECT / "dags"), safe_mode=True, bundle_path=PROJECT / "dags")


@pytest.fixture(scope="module")
def dags(bag: DagBag) -> dict[str, DAG]:
    return dict(bag.dags)


def test_there_is_one_intake_dag_a_contract_and_those_for_all(dags: dict[str, DAG]) -> None:
    assert set(dags) == {f"intake.{feed}" for feed in FEEDS} | set(FOR_ALL)


def test_no_file_fails_to_import(bag: DagBag, dags: dict[str, DAG]) -> None:
    assert dags
    assert bag.import_errors == {}


def test_every_dag_says_who_owns_it_what_it_is_for_and_how_to_find_it(dags: dict[str, DAG]) -> None:
    for dag in dags.values():
        assert dag.owner == "marsad"
        assert dag.tags
        assert len(dag.doc_md or "") > 80
        assert dag.description


def test_the_pages_name_runbooks_that_exist(dags: dict[str, DAG]) -> None:
    named = {word.strip("`.,") for dag in dags.values() for word in (dag.doc_md or "").split() if "docs/" in word}
    assert named
    assert [name for name in named if not (PROJECT / name).is_file()] == []


def test_one_run_at_a_time_and_no_catching_up(dags: dict[str, DAG]) -> None:
    for dag in dags.values():
        assert dag.max_active_runs == 1
        assert dag.catchup is False


def test_structure_of_the_dags(dags: dict[str, DAG]) -> None:
    for name, dag in dags.items():
        tasks = FOR_ALL.get(name, ["receive", "load"])
        shape = {task.task_id: task.downstream_task_ids for task in dag.tasks}
        assert shape == {task: set(tasks[place : place + 1]) for place, task in enumerate(tasks, 1)}


def test_every_task_retries_by_the_table_and_ends_some_day(dags: dict[str, DAG]) -> None:
    from marsad.orchestration.retry import RETRY_POLICY

    for dag in dags.values():
        for task in dag.tasks:
            assert task.retries >= 3
            assert task.retry_delay > timedelta(0)
            assert task.retry_policy is RETRY_POLICY
            assert task.execution_timeout


def test_only_loading_linking_and_retention_have_keys(dags: dict[str, DAG]) -> None:
    queues = {task.task_id: task.queue for dag in dags.values() for task in dag.tasks}
    assert queues == {
        "receive": "default", "load": "identity", "persons": "identity", "refresh": "default", "remind": "default",
        "send": "mail", "rebuild": "default", "check": "default", "retain": "identity",
        "waiting": "default", "notice": "default", "turn": "default", "build": "default", "review": "default",
        "decide": "default",
    }  # fmt: skip


def test_what_is_due_is_looked_at_each_morning_and_mail_goes_out_every_ten_minutes(dags: dict[str, DAG]) -> None:
    assert "10 6 * * *" in str(dags["due"].timetable)
    assert "*/10 * * * *" in str(dags["mail"].timetable)


def test_engineers_are_told_when_any_task_has_failed_for_good(
    dags: dict[str, DAG], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("marsad.intake.reminders.tell_of_failure", lambda _settings, dag: told.append(dag))
    for dag in dags.values():
        for task in dag.tasks:
            for callback in task.on_failure_callback:
                callback({"dag": dag, "exception": ValueError("Nom Inventé")})
    assert sorted(told) == sorted(task.dag_id for dag in dags.values() for task in dag.tasks)


def test_an_inbox_or_ten_minutes_wake_the_intake_and_what_they_follow_or_the_hour_all_others(
    dags: dict[str, DAG],
) -> None:
    for feed in FEEDS:
        schedule = dags[f"intake.{feed}"].timetable
        assert [asset.name for asset in _assets(dags[f"intake.{feed}"])] == [f"inbox/{feed.replace('.', '/')}"]
        assert "*/10 * * * *" in str(schedule.timetable)
    others = (("statistics", "core", "7"), ("link", "core", "27"), ("register", "persons", "37"))
    for name, followed, minute in others:
        assert [asset.name for asset in _assets(dags[name])] == [f"warehouse/{followed}"]
        assert f"{minute} * * * *" in str(dags[name].timetable.timetable)


def _assets(dag: DAG) -> list[object]:
    return list(dag.timetable.asset_condition.objects)


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.name)
def test_a_dag_file_reads_like_a_table_of_contents(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    tree = ast.parse(text)
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert modules
    assert [name for name in modules if not name.startswith(ALLOWED_IMPORTS)] == []
    assert not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.walk(tree))


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.name)
def test_airflow_in_its_safe_mode_does_not_overlook_a_dag_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lower()
    assert "airflow" in text
    assert "dag" in text


def test_reading_the_dags_reaches_nothing(no_way_out: None) -> None:
    bag = DagBag(dag_folder=str(PROJECT / "dags"), safe_mode=True, bundle_path=PROJECT / "dags")
    assert bag.import_errors == {}
    assert len(bag.dags) == len(FEEDS) + len(FOR_ALL)


def test_reading_the_dags_imports_nothing_heavy() -> None:
    heavy = ("pandas", "great_expectations", "pyarrow", "ruamel", "jsonschema", "duckdb", "splink")
    code = (
        "import sys, airflow.sdk; before = set(sys.modules)\n"
        "from marsad.orchestration.intake import feeds, intake_dag\n"
        "from marsad.orchestration.due import due_dag, mail_dag\n"
        "from marsad.orchestration.link import link_dag\n"
        "from marsad.orchestration.register import register_dag\n"
        "from marsad.orchestration.release import release_dag, releases\n"
        "from marsad.orchestration.statistics import statistics_dag\n"
        "from marsad.settings import Settings\n"
        "s = Settings.from_env(); [intake_dag(f, s) for f in feeds(s)]\n"
        "[release_dag(n) for n in releases(s)]; statistics_dag(); link_dag(); register_dag(); due_dag(); mail_dag()\n"
        f"print([m for m in {heavy!r} if m in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_a_contract_in_a_further_folder_gets_a_dag_without_any_python(tmp_path: Path) -> None:
    from marsad.orchestration.intake import feeds, intake_dag
    from marsad.settings import Settings

    (tmp_path / "ngo").mkdir()
    (tmp_path / "ngo" / "street_work.yaml").write_text("not even sound: that is for the task\n")
    settings = Settings.from_env({"MARSAD_CONTRACTS": str(tmp_path), "MARSAD_HOME": str(tmp_path / "home")})
    assert "ngo/street_work" in feeds(settings)
    assert len(feeds(settings)) == len(FEEDS) + 1
    assert intake_dag("ngo/street_work", settings).dag_id == "intake.ngo.street_work"


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("status: draft\n", False),
        ("id: a\nstatus:   'draft'  # REVIEW\nname: a\n", False),
        ("status: active\n", True),
        ("# was status: draft\nstatus: active\ndescription: {purpose: 'status: draft'}\n", True),
        ("id: a\n", True),
    ],
)
def test_a_draft_gets_no_dag_until_somebody_says_that_it_is_active(tmp_path: Path, text: str, live: bool) -> None:
    from marsad.orchestration.intake import feeds
    from marsad.settings import Settings

    (tmp_path / "ngo").mkdir()
    (tmp_path / "ngo" / "street_work.yaml").write_text(text)
    assert ("ngo/street_work" in feeds(Settings.from_env({"MARSAD_CONTRACTS": str(tmp_path)}))) is live


def test_a_contract_that_cannot_be_read_takes_no_other_dag_away(tmp_path: Path) -> None:
    from marsad.orchestration.intake import feeds
    from marsad.settings import Settings

    (tmp_path / "ngo" / "street_work.yaml").mkdir(parents=True)
    assert len(feeds(Settings.from_env({"MARSAD_CONTRACTS": str(tmp_path)}))) == len(FEEDS) + 1


@pytest.mark.parametrize("name", ["victims copy.yaml", "Victims.yaml", ".#victims.yaml", f"{'v' * 240}.yaml"])
def test_a_file_that_no_feed_is_called_takes_no_dag_away(tmp_path: Path, name: str) -> None:
    from marsad.orchestration.intake import feeds, intake_dag
    from marsad.settings import Settings

    (tmp_path / "police").mkdir()
    (tmp_path / "police" / name).symlink_to("me@host.1:2")
    settings = Settings.from_env({"MARSAD_CONTRACTS": str(tmp_path)})
    assert {intake_dag(feed, settings).dag_id for feed in feeds(settings)} == {f"intake.{feed}" for feed in FEEDS}


@pytest.mark.parametrize(
    ("answer", "done"),
    [
        (("Sign", {"name": "nadia"}, "few came"), ("sign", "nadia (Airflow)", "few came")),
        (("Sign", {"name": "nadia"}, " "), ("sign", "nadia (Airflow)", None)),
        (("Reject", {"id": "1", "name": "nadia"}, ""), ("reject", "nadia (Airflow)", None)),
        (("Reject", None, None), ("reject", "nobody answered", None)),
        (("Sign", None, ""), ("reject", "nobody answered", None)),
    ],
)
def test_a_release_is_signed_by_a_person_and_rejected_without_an_answer(
    dags: dict[str, DAG],
    monkeypatch: pytest.MonkeyPatch,
    answer: tuple[str, dict[str, str] | None, str | None],
    done: tuple[str, str, str | None],
) -> None:
    review = dags["release.victims"].get_task("review")
    assert review.defaults == ["Reject"]
    assert timedelta(days=7) <= review.response_timeout <= timedelta(days=30)
    came: list[tuple[str, str, str | None]] = []
    monkeypatch.setattr("marsad.orchestration.release._office", lambda: None)
    for name in ("sign", "reject"):
        monkeypatch.setattr(
            f"marsad.statistics.releases.decide.{name}",
            lambda _office, build_id, who, note, name=name: (
                came.append((name, who, note)) if build_id == "b1" else None
            ),
        )
    chosen, who, note = answer
    given = {} if note is None else {name: note for name in review.params}
    said = {"review": {"chosen_options": [chosen], "responded_by_user": who, "params_input": given},
            "build": {"build_id": "b1"}}  # fmt: skip
    asked = SimpleNamespace(xcom_pull=lambda task_ids: said[task_ids])
    dags["release.victims"].get_task("decide").python_callable(ti=asked)
    assert came == [done]


def test_a_period_that_somebody_names_is_built_whether_due_or_not(
    dags: dict[str, DAG], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marsad.orchestration.release._office", lambda: None)
    monkeypatch.setattr("marsad.statistics.releases.due.turn", lambda _office, _name: None)
    dag = dags["release.victims"]
    turn = dag.get_task("turn").python_callable
    assert dag.params.dump() == {"period": None}
    assert turn("victims", params={"period": "2024-Q1"}) == "2024-Q1"
    assert turn("victims", params={"period": None}) is None


@pytest.mark.parametrize("period", [None, "", "2025", "2025-Q1", "2025-03", "2025-W05", "2025-03-01"])
def test_a_run_may_be_asked_for_a_period(dags: dict[str, DAG], period: str | None) -> None:
    assert copy(dags["release.victims"].params.get_param("period")).resolve(period) == period


@pytest.mark.parametrize("period", ["2025-Q5", "2025-13", "2025-1", "of 2025", "2025-Q1 "])
def test_what_is_mistyped_starts_no_run(dags: dict[str, DAG], period: str) -> None:
    with pytest.raises(ParamValidationError):
        copy(dags["release.victims"].params.get_param("period")).resolve(period)
