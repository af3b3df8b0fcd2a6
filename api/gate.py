"""The gate that every request passes: an id, a small body, security headers, one log line, and no error left over."""

from __future__ import annotations

import asyncio
import secrets
import time
import traceback
from types import TracebackType

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.sessions import CONSOLE_COOKIE
from core import log

MAX_BODY = 256 * 1024
"""Bytes of a request's body. 20,000 Chinese characters are 120 kB as JSON escapes, and 180 kB in a form."""

MAX_UPLOAD = 33 * 2**20
"""Bytes of a file with its form, where a signed-in member of staff uploads one."""

UPLOADS = frozenset({"/console/documents", "/console/import", "/api/v1/documents"})

_DRAINED = 16 * MAX_BODY
_DRAIN_SECONDS = 5.0

CSP = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
"""Sent with every response that does not say otherwise itself."""


class BodyTooLarge(Exception):
    """More came in than `MAX_BODY`."""


class Gate:
    """ASGI middleware, outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = log.get(__name__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send)
        with structlog.contextvars.bound_contextvars(request_id=exchange.id):
            try:
                await self._pass(scope, receive, exchange)
            finally:
                self._log.info("request", **exchange.summary())

    async def _pass(self, scope: Scope, receive: Receive, exchange: _Exchange) -> None:
        try:
            body = b"" if scope["method"] in ("GET", "HEAD") else await _read(scope, receive)
            await self._app(scope, _replay(body, receive), exchange.send)
        except BodyTooLarge:
            await exchange.fail(413, receive)
        except ClientDisconnect:
            return
        except Exception as error:
            # The message of an exception may hold what was sent (a database's shows its parameters): places only.
            self._log.error("request_error", error=type(error).__name__, places=_places(error.__traceback__))
            await exchange.fail(500, receive)


class _Exchange:
    """One request and what is sent in answer to it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.id = secrets.token_hex(8)
        self.status: int | None = None
        self._scope = scope
        self._send = send
        self._began = time.perf_counter()
        scope["qiban.request_id"] = self.id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-ID"] = self.id
        await self._send(message)

    async def fail(self, status: int, receive: Receive) -> None:
        """Answer with a problem, unless an answer has begun."""
        if self.status is None:
            request = Request(self._scope, receive)
            await problems.respond(request, problems.of_status(status))(self._scope, receive, self.send)

    def summary(self) -> dict[str, str | int | float | None]:
        """What the access log holds: the route's template, never the path; no address, no text."""
        return {
            "route": template_of(self._scope),
            "method": self._scope["method"],
            "status": self.status,
            "ms": round((time.perf_counter() - self._began) * 1000, 1),
        }


def template_of(scope: Scope) -> str:
    """The template of the route that took the request; `unmatched` for none."""
    return str(scope.get("qiban.route") or getattr(scope.get("route"), "path", "unmatched"))


def _places(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-12:]]


def _limit(scope: Scope, headers: Headers) -> int:
    """How long the body may be: who has neither console session nor key cannot make us hold a large file."""
    signed_in = f"{CONSOLE_COOKIE}=" in headers.get("cookie", "") or "authorization" in headers
    return MAX_UPLOAD if scope["path"] in UPLOADS and signed_in else MAX_BODY


async def _read(scope: Scope, receive: Receive) -> bytes:
    """The whole body. Raises ClientDisconnect where it breaks off, and BodyTooLarge; a moderate excess is let run out
    before, or the client would see a broken connection instead of the answer."""
    headers = Headers(scope=scope)
    declared, limit = headers.get("content-length", ""), _limit(scope, headers)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit or (declared.isdecimal() and int(declared) > limit):
            await _drain(message, receive)
            raise BodyTooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _drain(message: Message, receive: Receive) -> None:
    drained = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while message.get("more_body", False) and drained < _DRAINED:
                message = await receive()
                drained += len(message.get("body", b""))
    except TimeoutError:
        return


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, and afterwards what else comes (the disconnect)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
