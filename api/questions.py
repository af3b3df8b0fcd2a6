"""`POST /questions`: one question, one answer, nothing kept."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api import contract, wording
from api.parts import Given
from api.responses import Json
from core import regions
from core.text import clean

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_QUESTIONS])


@router.post("/questions", response_model=contract.Answer, summary=wording.API_QUESTIONS)
async def ask(question: contract.QuestionIn, parts: Given) -> Response:
    """The answer to a question, with the clauses it stands on.

    422 `empty_question`, `question_too_long` (over 1,000 characters) or `invalid_request`.
    """
    answer = await parts.advisor.answer(
        question.text, as_of=question.as_of, region=region_code(question.region) if question.region else None
    )
    return Json(answer.to_json())


def region_code(region: str) -> str | None:
    """The code of a region given by name or code; None for a blank one."""
    return regions.find(clean(region)).code or None
