"""Airflow loads this plugin: a link to Marsad's own pages in its menu. The pages are a process of their own (ADR 7)."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from marsad.runtime.portal import url
from marsad.settings import Settings

ADDRESS = url(Settings.from_env())


class MarsadPlugin(AirflowPlugin):  # type: ignore[misc]
    """The link; none before the pages ever ran."""

    name = "marsad"
    external_views = [{"name": "Marsad", "href": ADDRESS, "destination": "nav"}] if ADDRESS else []  # noqa: RUF012
