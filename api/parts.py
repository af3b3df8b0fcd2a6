"""What the HTTP floor is given by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Literal, Protocol

from fastapi import Depends, Request
from starlette.types import ASGIApp

from announcements.registrations import Registrations
from announcements.service import Announcements
from api.limits import Limits
from assessment.desk import Assessor
from conversation.advice import Advisor
from conversation.engine import Conversations
from core.database import Database
from firms.actors import Actor
from firms.importing import Report
from firms.keys import Keys
from firms.staff import Staffs
from firms.store import Firms
from knowledge.clause_search import ClauseSearch
from knowledge.faq_desk import Faq
from knowledge.feedback import Votes
from knowledge.library import Library
from knowledge.open_questions import OpenQuestions
from knowledge.synonyms import OwnSynonyms
from matching.introductions import Introductions
from matching.matchmaker import Matchmaker
from matching.offers import Offers
from messaging.inbox import Inbox


@dataclass(frozen=True)
class Readiness:
    """Whether the service can do its work. `checks` names each part and says how it is (`ok`, or what is amiss).

    degraded: it answers, with something missing (no model: by keywords). unavailable: it cannot answer.
    """

    status: Literal["ready", "degraded", "unavailable"]
    checks: dict[str, str]


class ImportTable(Protocol):
    """Takes in a table: `kind` is firms, offers or events."""

    async def __call__(self, kind: str, data: bytes, *, dry_run: bool, actor: Actor) -> Report: ...


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything the routes use.

    `desk` is the name of who answers when the bot cannot. `public_url` is the address users see (https: the cookie is
    Secure). `asgi_mounts` maps a path to an ASGI callable that answers exactly this path (the Telegram webhook).
    `trusted_proxies` are the hosts or networks whose X-Forwarded-For and -Proto count. `today` is the service's date.
    `starters` are the questions offered on an empty chat page. `now` is the service's time in its zone, `home_region`
    the code of the desk's region. `import_table` takes in a table of firms, offers or events; `staging` is a folder for
    files that wait to be confirmed.
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
    database: Database
    now: Callable[[], datetime]
    timezone: tzinfo
    home_region: str
    firms: Firms
    offers: Offers
    matchmaker: Matchmaker
    introductions: Introductions
    registrations: Registrations
    announcements: Announcements
    inbox: Inbox
    open_questions: OpenQuestions
    faq: Faq
    votes: Votes
    synonyms: OwnSynonyms
    clauses: ClauseSearch
    keys: Keys
    staffs: Staffs
    limits: Limits
    import_table: ImportTable
    staging: Path


async def parts_of(request: Request) -> Parts:
    """The parts of the app that a request came to."""
    parts: Parts = request.app.state.parts
    return parts


Given = Annotated[Parts, Depends(parts_of)]
"""The parts, as a route's parameter."""
