"""The web application, put together from its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import assessments, assets, chat, documents, health, openapi, pages, problems, questions, schemes
from api.gate import Gate
from api.parts import Parts
from api.templating import Pages

_QUIET = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
"""FastAPI's own telemetry would carry addresses, and with them sessions: off."""


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
    app.state.pages = Pages()
    for module in (questions, chat, schemes, assessments, documents, health, pages):
        app.include_router(module.router)
    app.router.routes.extend(_mounts(parts))
    problems.register(app)
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
