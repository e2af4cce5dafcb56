"""Airflow loads this plugin: a link to Marsad's own pages in its menu. The pages are a process of their own (ADR 7)."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin
from starlette.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

from marsad.runtime.portal import url
from marsad.settings import Settings

SETTINGS = Settings.from_env()
WAY = "/marsad"


async def lead(scope: Scope, receive: Receive, send: Send) -> None:
    """On to the pages, where they listen at this moment: they may take another port after Airflow began."""
    await RedirectResponse(url(SETTINGS) or "/")(scope, receive, send)


class MarsadPlugin(AirflowPlugin):  # type: ignore[misc]
    """The link; none before the pages ever ran."""

    name = "marsad"
    fastapi_apps = [{"app": lead, "url_prefix": WAY, "name": "Marsad"}]  # noqa: RUF012
    external_views = (  # noqa: RUF012
        [{"name": "Marsad", "href": SETTINGS.portal.url or f"{WAY}/", "destination": "nav"}] if url(SETTINGS) else []
    )
