"""What the HTTP floor is given by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Request
from starlette.types import ASGIApp

from assessment.desk import Assessor
from conversation.advice import Advisor
from conversation.engine import Conversations
from knowledge.library import Library


@dataclass(frozen=True)
class Readiness:
    """Whether the service can do its work. `checks` names each part and says how it is (`ok`, or what is amiss).

    degraded: it answers, with something missing (no model: by keywords). unavailable: it cannot answer.
    """

    status: Literal["ready", "degraded", "unavailable"]
    checks: dict[str, str]


@dataclass(frozen=True)
class Parts:
    """Everything the routes use.

    `desk` is the name of who answers when the bot cannot. `public_url` is the address users see (https: the cookie is
    Secure). `asgi_mounts` maps a path to an ASGI callable that answers exactly this path (the Telegram webhook).
    `trusted_proxies` are the hosts or networks whose X-Forwarded-For and -Proto count. `today` is the service's date.
    `starters` are the questions offered on an empty chat page.
    """

    conversations: Conversations
    advisor: Advisor
    assessor: Assessor
    library: Library
    readiness: Callable[[], Awaitable[Readiness]]
    desk: str
    public_url: str | None
    secret_key: str = field(repr=False)
    today: Callable[[], date]
    asgi_mounts: Mapping[str, ASGIApp] = field(default_factory=dict)
    trusted_proxies: tuple[str, ...] = ()
    starters: tuple[str, ...] = ()


async def parts_of(request: Request) -> Parts:
    """The parts of the app that a request came to."""
    parts: Parts = request.app.state.parts
    return parts


Given = Annotated[Parts, Depends(parts_of)]
"""The parts, as a route's parameter."""
