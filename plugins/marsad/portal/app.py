"""The application: every page, behind the same guards, with error pages in the visitor's language."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from marsad.errors import MarsadError
from marsad.portal import pages, uploads
from marsad.portal.guard import Guard
from marsad.portal.render import go, page
from marsad.portal.site import Site
from marsad.portal.visitor import UPLOAD_PATH, CodeMissing, NotSignedIn, posted, visitor

_LOG = logging.getLogger(__name__)
_SWEEP_EVERY = 60.0  # seconds
_TOLD = (400, 403, 404, 405, 409, 413, 429)
Handler = Callable[[Request, Exception], Awaitable[Response]]


def create_app(site: Site) -> FastAPI:
    """The pages of ``site``. Whatever the route, a POST without our own form's token is refused."""
    app = FastAPI(
        openapi_url=None, docs_url=None, redoc_url=None, lifespan=_lifespan, dependencies=[Depends(posted)]
    )  # fmt: skip
    app.state.site = site
    app.state.menu = pages.MENU
    for router in pages.ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.add_middleware(Guard, limits={UPLOAD_PATH: site.policy.upload_bytes}, secure=site.secure)
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    site: Site = app.state.site
    await run_in_threadpool(uploads.clear, site)
    sweeping = asyncio.create_task(_sweep(site))
    yield
    sweeping.cancel()
    with suppress(asyncio.CancelledError):
        await sweeping
    site.engine.dispose()


async def _sweep(site: Site) -> None:
    """Files are forgotten in time even when nobody uploads another."""
    while True:
        await asyncio.sleep(_SWEEP_EVERY)
        try:
            await run_in_threadpool(uploads.sweep, site, site.clock())
        except MarsadError as fault:  # the database is away: the next round forgets them
            _LOG.warning("files were not swept: %s", type(fault).__name__)


async def _to_sign_in(_request: Request, _error: Exception) -> Response:
    return go("/sign-in")


async def _to_code(_request: Request, _error: Exception) -> Response:
    return go("/sign-in/code")


async def _not_found(request: Request, _error: Exception) -> Response:
    return await _error_page(request, 404)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
    return await _error_page(request, error.status_code)


async def _ours(request: Request, error: Exception) -> Response:
    """Our own faults: what they say is for engineers, and stands in the log by the class alone."""
    return await _error_page(request, 500)


async def _error_page(request: Request, status: int) -> Response:
    if not hasattr(request.state, "visitor"):
        try:
            await run_in_threadpool(visitor, request, request.app.state.site)
        except MarsadError:  # the database is away: no page can be composed
            return Response("Service unavailable", 503, media_type="text/plain")
    return page(request, "error", status, code=status if status in _TOLD else 500)


_HANDLERS: dict[type[Exception], Handler] = {
    NotSignedIn: _to_sign_in,
    CodeMissing: _to_code,
    RequestValidationError: _not_found,
    HTTPException: _http,
    MarsadError: _ours,
}
