"""`/console/questions`: what the bot declined; an answer goes back to who asked, through the outbox."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import RedirectResponse, Response

from api.console import wording
from api.console.access import Desk, SignedIn, text_of
from core.errors import QibanError

router = APIRouter(prefix="/console/questions", include_in_schema=False)

_PAGE = 50
_MOST = 2**31 - 1

_Before = Annotated[int | None, Query(ge=1, le=_MOST)]


@router.get("")
async def listing(desk: SignedIn, before: _Before = None) -> Response:
    """The newest questions, or those before one."""
    done = wording.ANSWER_SENT if desk.request.query_params.get("done") == "sent" else None
    return await _page(desk, before, done=done)


async def _page(desk: Desk, before: int | None = None, **context: Any) -> Response:
    found = await desk.parts.open_questions.list(before=before, limit=_PAGE)
    older = found[-1].id if len(found) == _PAGE else None
    typed = {"answered": None, "text": ""}
    return desk.page("questions.html", questions=found, before=before, older=older, **(typed | context))


@router.post("/{question_id}/answer")
async def answer(question_id: Annotated[int, Path(ge=1, le=_MOST)], desk: SignedIn, before: _Before = None) -> Response:
    """Send an answer to who asked; one that could not be sent stays in its field."""
    desk.whole_area_only()
    text = text_of(await desk.request.form(), "text")
    try:
        await desk.parts.open_questions.answer(question_id, text, desk.actor)
    except QibanError as error:
        return await _page(desk, before, status=422, error=error.message, answered=question_id, text=text)
    place = f"&before={before}" if before else ""
    return RedirectResponse(f"/console/questions?done=sent{place}", status_code=303)
