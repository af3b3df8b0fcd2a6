"""The pages people see: chat, documents, and the API's own documentation."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api import documents, inbox, original, sessions, talk, wording
from api.gate import CSP
from api.origin import same_origin
from api.parts import Given, Parts
from conversation.dialogue import CHECK
from conversation.engine import Handled, Turn
from firms.catalogue import Fact
from knowledge.wording import expired
from messaging.messages import encode_choice

router = APIRouter(include_in_schema=False)

_CHECK = encode_choice(CHECK)
_INBOX = encode_choice("inbox")
_READ = ["GET", "HEAD"]
_OWN_PAGES_ONLY = [Depends(same_origin)]
_MAX_MESSAGE_ID = 100


def _page(request: Request, template: str, **context: Any) -> HTMLResponse:
    return HTMLResponse(request.app.state.pages.render(template, **context))


@router.api_route("/", methods=_READ)
async def chat(request: Request, parts: Given) -> Response:
    """The chat page with the history of the browser's session; a browser without one gets one."""
    session = sessions.of_cookie(request)
    turns = await talk.history(parts, session) if session else []
    return await _chat_page(request, parts, session or sessions.new(), turns)


async def _chat_page(request: Request, parts: Parts, session: str, turns: list[Turn]) -> Response:
    unread = await _unread(parts, session) if turns else 0
    response = _page(
        request,
        "chat.html",
        turns=turns,
        desk=parts.desk,
        check=_CHECK,
        starters=parts.starters,
        message_id=sessions.new(),
        unread=unread,
        choice=_INBOX,
    )
    sessions.keep(response, session, public_url=parts.public_url)
    return response


@router.post("/chat/messages", dependencies=_OWN_PAGES_ONLY)
async def say(request: Request, parts: Given) -> Response:
    """One message of the page's form. htmx gets the turn's HTML; a plain form is sent back to the page, or, where the
    browser keeps no cookie, gets the page at once."""
    form = await request.form()
    said = _said(form)
    known = sessions.of_cookie(request)
    session = known or sessions.new()
    handled = await talk.say(parts, session, said, _external_id(form, said))
    response: Response
    if "hx-request" in request.headers:
        response = _page(request, "_replies.html", replies=handled.replies, newest=True, hint=_hint(parts, handled))
    elif known is None:
        return await _chat_page(request, parts, session, await talk.history(parts, session))
    else:
        response = RedirectResponse("/#newest", status_code=303)
    sessions.keep(response, session, public_url=parts.public_url)
    return response


def _hint(parts: Parts, handled: Handled) -> str:
    """What the input field says while a fact is asked for that can be typed; empty for everything else."""
    asking = handled.outcome["asking"]
    fact = parts.assessor.catalogue.get(asking["fact"]) if asking else None
    return wording.ANSWER_PLACEHOLDERS.get(fact.kind, "") if isinstance(fact, Fact) else ""


def _said(form: FormData) -> talk.Said:
    choice = _text(form, "choice")
    return talk.Said(None, choice) if choice else talk.Said(_text(form, "text"), None)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _external_id(form: FormData, said: talk.Said) -> str | None:
    """The form's message id together with what was said: sent twice it counts once, but a page that is shown again
    from the browser's memory can still ask something else."""
    given = _text(form, "id")[:_MAX_MESSAGE_ID]
    if not given:
        return None
    named = f"{given}\n{said.text}\n{said.choice}"
    return hashlib.sha256(named.encode("utf-8", "replace")).hexdigest()[:40]


async def _unread(parts: Parts, session: str) -> int:
    return await parts.inbox.unread(await inbox.of_session(parts, session))


@router.get("/chat/inbox")
async def unread_notices(request: Request, parts: Given) -> Response:
    """How many notices wait, as a button that shows them in the chat; nothing without any."""
    session = sessions.of_cookie(request)
    unread = await _unread(parts, session) if session else 0
    return _page(request, "_inbox.html", unread=unread, choice=_INBOX)


@router.post("/chat/new", dependencies=_OWN_PAGES_ONLY)
async def begin_again(parts: Given) -> Response:
    """Leave the conversation and begin a new one."""
    response = RedirectResponse("/", status_code=303)
    sessions.keep(response, sessions.new(), public_url=parts.public_url)
    return response


@router.api_route("/documents", methods=_READ)
async def document_list(request: Request, parts: Given) -> Response:
    """All documents with where they stand in time."""
    today = parts.today()
    snapshot = await parts.library.snapshot()
    listed = [(document, snapshot.state(document, today)) for document in await documents.published(parts)]
    return _page(request, "documents.html", documents=listed)


@router.api_route("/documents/{document_id}", methods=_READ)
async def document(
    document_id: str,
    request: Request,
    parts: Given,
    start: Annotated[str | None, Query()] = None,
    end: Annotated[str | None, Query()] = None,
) -> Response:
    """A document's record and its whole text; with good offsets the quoted span is marked, bad ones are ignored."""
    found = await documents.find(parts, document_id)
    today, snapshot = parts.today(), await parts.library.snapshot()
    last_day = snapshot.valid_to(found, today)
    quote = original.read_span(start, end, len(found.text))
    return _page(
        request,
        "document.html",
        document=found,
        state=snapshot.state(found, today),
        expired=expired(found.title, last_day) if last_day and snapshot.expired(found, today) else None,
        quote=quote,
        blocks=original.blocks(found, quote),
        contents=original.contents(found),
    )


@router.api_route("/api/v1/docs", methods=_READ)
async def api_docs(request: Request) -> Response:
    """The API's documentation, from files of our own. Its styles hold images as data: addresses."""
    response = _page(request, "docs.html")
    response.headers["Content-Security-Policy"] = f"{CSP}; img-src 'self' data:"
    return response
