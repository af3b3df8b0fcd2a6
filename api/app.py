"""The web application, put together from its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import (
    announcements,
    assessments,
    assets,
    chat,
    documents,
    events,
    faq,
    firms,
    health,
    inbox,
    introductions,
    limits,
    matches,
    offers,
    open_questions,
    openapi,
    pages,
    problems,
    questions,
    schemes,
)
from api.console import access, codes, entry, synonyms, tables
from api.console import announcements as console_announcements
from api.console import documents as console_documents
from api.console import faq as console_faq
from api.console import questions as console_questions
from api.gate import Gate
from api.parts import Parts
from api.templating import Pages

_QUIET = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
"""FastAPI's own telemetry would carry addresses, and with them sessions: off."""


_API = (
    questions,
    chat,
    schemes,
    assessments,
    documents,
    offers,
    matches,
    firms,
    introductions,
    events,
    announcements,
    inbox,
    open_questions,
    faq,
)
_CONSOLE = (entry, console_documents, tables, console_announcements, console_questions, console_faq, synonyms, codes)


def create_app(parts: Parts) -> FastAPI:
    """The app: API, pages and the mounted callables, behind the gate."""
    app = FastAPI(
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=cast(Any, _QUIET),
    )
    app.state.parts = parts
    app.state.pages = Pages(parts.timezone)
    for module in _API:
        app.include_router(module.router, dependencies=[Depends(limits.check)])
    for module in (health, pages, *_CONSOLE):
        app.include_router(module.router)
    app.router.routes.extend(_mounts(parts))
    problems.register(app)
    access.register(app)
    openapi.register(app)
    _add_middleware(app, parts)
    return app


def _mounts(parts: Parts) -> Iterable[Route | Mount]:
    for path, callable_ in parts.asgi_mounts.items():
        yield Route(path, _Callable(path, callable_), include_in_schema=False)
    yield Mount(assets.MOUNT, assets.Assets())


class _Callable:
    """An ASGI callable as an object: Starlette takes a function for a request handler."""

    def __init__(self, path: str, app: ASGIApp) -> None:
        self._path = path
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["qiban.route"] = self._path
        await self._app(scope, receive, send)


def _add_middleware(app: FastAPI, parts: Parts) -> None:
    """Innermost first: compression, the gate, and around it what proxies we trust say of the client."""
    app.add_middleware(GZipMiddleware, minimum_size=500, compresslevel=6)
    app.add_middleware(Gate)
    if parts.trusted_proxies:
        app.add_middleware(cast(Any, ProxyHeadersMiddleware), trusted_hosts=list(parts.trusted_proxies))
