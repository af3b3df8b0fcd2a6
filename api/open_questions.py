"""`/open-questions`: what the bot declined, for staff; an answer goes back to who asked."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api import auth, desk_contract, wording
from api.parts import Given
from api.responses import Json

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_OPEN_QUESTIONS])

_PAGE = 50


@router.get("/open-questions", response_model=desk_contract.OpenQuestionsOut, summary=wording.API_OPEN_QUESTIONS)
async def listing(
    parts: Given, actor: auth.StaffOnly, cursor: Annotated[int | None, Query(ge=1, le=2**62)] = None
) -> Response:
    """Declined questions, newest first; who asked is not in it."""
    found = await parts.open_questions.list(before=cursor, limit=_PAGE)
    items = [asdict(one) | {"asked_at": one.asked_at.isoformat()} for one in found]
    return Json({"items": items, "next_cursor": str(found[-1].id) if len(found) == _PAGE else None})
