"""`/console/questions`: what the bot declined; an answer goes back to who asked, through the outbox."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.console import wording
from api.console.access import Desk, SignedIn, text_of
from core.errors import QibanError

router = APIRouter(prefix="/console/questions", include_in_schema=False)

_PAGE = 50


@router.get("")
async def listing(desk: SignedIn, before: int | None = None) -> Response:
    """The newest questions."""
    return await _page(desk, before)


async def _page(desk: Desk, before: int | None = None, **context: Any) -> Response:
    found = await desk.parts.open_questions.list(before=before, limit=_PAGE)
    older = found[-1].id if len(found) == _PAGE else None
    return desk.page("questions.html", questions=found, older=older, **context)


@router.post("/{question_id}/answer")
async def answer(question_id: int, desk: SignedIn) -> Response:
    """Send an answer to who asked."""
    text = text_of(await desk.request.form(), "text", 3000)
    try:
        await desk.parts.open_questions.answer(question_id, text, desk.actor)
    except QibanError as error:
        return await _page(desk, status=422, error=error.message)
    return await _page(desk, done=wording.ANSWER_SENT)
