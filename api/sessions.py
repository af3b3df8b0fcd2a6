"""Web chat sessions: random names of conversations, and the cookie that carries one.

A session is a bearer of its own history and nothing else; who does not know it cannot guess it.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "qiban_chat"
CONSOLE_COOKIE = "qiban_console"
"""Staff's; see `api.auth`."""
LIFETIME = timedelta(days=180)
PATTERN = r"[A-Za-z0-9_-]{1,64}"

_SESSION = re.compile(PATTERN)


def new() -> str:
    """A session nobody has had."""
    return secrets.token_urlsafe(16)


def of_cookie(request: Request) -> str | None:
    """The session in the request's cookie; None without one, or with one that we did not make."""
    value = request.cookies.get(COOKIE, "")
    return value if _SESSION.fullmatch(value) else None


def keep(response: Response, session: str, *, public_url: str | None) -> None:
    """Have the browser send the session from now on; its 180 days begin anew."""
    response.set_cookie(
        COOKIE,
        session,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=bool(public_url and public_url.startswith("https://")),
    )
