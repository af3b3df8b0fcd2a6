"""`/chat`: the dialogue as JSON and as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Header, Query
from pydantic import StringConstraints
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from api import contract, problems, sessions, talk, wording
from api.parts import Given, Parts
from api.responses import Json, encode
from core import log
from core.errors import QibanError

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_CHAT])

_DONE = ".done"
_log = log.get(__name__)


@router.post("/chat", response_model=contract.Chat, summary=wording.API_CHAT)
async def chat(said: contract.ChatIn, parts: Given) -> Response:
    """Send a text or a choice, get the replies. Any text gets a reply, also an empty or an endless one.

    422 `text_or_choice` or `invalid_request`.
    """
    session = said.session or sessions.new()
    handled = await talk.say(parts, session, talk.Said(said.text, said.choice), said.id)
    return Json({"session": session, "replies": list(handled.replies), **handled.outcome})


@router.get(
    "/chat/stream",
    summary=wording.API_STREAM,
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}, 204: {}},
)
async def stream(
    parts: Given,
    session: contract.Session | None = None,
    text: str | None = None,
    choice: str | None = None,
    message_id: Annotated[contract.MessageId | None, Query(alias="id")] = None,
    last_event_id: Annotated[str | None, Header(), StringConstraints(max_length=100)] = None,
) -> Response:
    """The same as server-sent events: `reply` for each reply, then `done` with the rest (session, asking, read,
    assessment), or `problem`.

    An EventSource connects again when the stream ends: after `done` it gets 204 and rests, before it the message it
    already sent is not counted twice.
    """
    said = talk.Said(text, choice)
    if last_event_id and last_event_id.endswith(_DONE):
        return Response(status_code=204)
    external_id = message_id or last_event_id or uuid4().hex
    return EventSourceResponse(_events(parts, session or sessions.new(), said, external_id))


async def _events(parts: Parts, session: str, said: talk.Said, external_id: str) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(comment="", id=external_id)
    try:
        handled = await talk.say(parts, session, said, external_id)
    except QibanError as error:
        yield _event("problem", problems.of_error(error).to_json(None), external_id + _DONE)
        return
    except Exception as error:
        _log.error("stream_error", error=type(error).__name__)
        yield _event("problem", problems.of_status(500).to_json(None), external_id + _DONE)
        return
    for reply in handled.replies:
        yield _event("reply", reply, external_id)
    yield _event("done", {"session": session, **handled.outcome}, external_id + _DONE)


def _event(name: str, value: dict[str, Any], event_id: str) -> ServerSentEvent:
    return ServerSentEvent(encode(value).decode(), event=name, id=event_id)


@router.get("/chat/history", response_model=contract.History, summary=wording.API_HISTORY)
async def history(parts: Given, session: contract.Session) -> Response:
    """The last 30 messages of a session with their replies; empty for a session that has none."""
    turns = await talk.history(parts, session)
    return Json({"session": session, "turns": [{"text": turn.text, "replies": list(turn.replies)} for turn in turns]})
