"""Somebody before Airflow's pages who starts a DAG and answers what it asks, over the API that these pages use."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from marsad.errors import PlatformFault
from marsad.runtime.airflow import USER, Airflow
from marsad.runtime.files import read_json

_LOOK_SECONDS = 0.5
_PATIENCE = 600.0  # seconds for a run on a busy machine


class Reviewer:
    """Signed in as the administrator of an embedded Airflow that is up; ``name`` is what stands beside her answer."""

    name = USER

    def __init__(self, airflow: Airflow) -> None:
        self._base = f"http://127.0.0.1:{airflow.port}"
        self._token = ""
        password = (read_json(airflow.password_file) or {}).get(USER)
        told = self._asked("POST", "/auth/token", {"username": USER, "password": password})
        self._token = str(told["access_token"])

    def start(self, dag: str, conf: Mapping[str, str]) -> str:
        """Starts a run by hand; its path."""
        runs = f"/api/v2/dags/{dag}/dagRuns"
        return f"{runs}/{self._asked('POST', runs, {'logical_date': None, 'conf': dict(conf)})['dag_run_id']}"

    def answer(self, run: str, task: str, option: str, params: Mapping[str, str]) -> dict[str, Any]:
        """Waits until a task of the run asks, and chooses ``option``; what was asked.

        Raises:
            PlatformFault: the run ended without asking, or Airflow refuses.
        """
        page = f"{run}/taskInstances/{task}/-1/hitlDetails"
        deadline = time.monotonic() + _PATIENCE
        while not (asked := self._asked("GET", page, missing={})):
            if (state := self._state(run)) in ("success", "failed") or time.monotonic() > deadline:
                raise PlatformFault(f"the run asked nobody and is {state}: see {run}")
            time.sleep(_LOOK_SECONDS)
        self._asked("PATCH", page, {"chosen_options": [option], "params_input": dict(params)})
        return asked

    def finish(self, run: str) -> None:
        """Waits for the end of the run. Raises PlatformFault unless it is a good one."""
        deadline = time.monotonic() + _PATIENCE
        while (state := self._state(run)) != "success":
            if state == "failed" or time.monotonic() > deadline:
                raise PlatformFault(f"the run is {state}: see {run}")
            time.sleep(_LOOK_SECONDS)

    def _state(self, run: str) -> str:
        return str(self._asked("GET", run)["state"])

    def _asked(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, missing: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer; ``missing``, if given, where there is nothing yet."""
        headers = {"content-type": "application/json", "authorization": f"Bearer {self._token}"}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, content, headers, method=method)  # noqa: S310 - our Airflow
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return dict(json.load(answer))
        except urllib.error.HTTPError as fault:
            if missing is not None and fault.code == HTTPStatus.NOT_FOUND:
                return missing
            raise PlatformFault(f"Airflow refuses {method} {path}: {fault.code}") from None
        except OSError as fault:
            raise PlatformFault(f"Airflow does not answer {method} {path}: {type(fault).__name__}") from None
