"""`/assessments`: what a firm's facts come to under a scheme. Nothing is kept."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api import contract, wording
from api.exact import ExactRoute
from api.parts import Given
from api.responses import Json
from firms.facts import read_facts

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_SCHEMES], route_class=ExactRoute)


@router.post("/assessments/evaluate", response_model=contract.Assessment, summary=wording.API_EVALUATE)
async def evaluate(asked: contract.AssessmentIn, parts: Given) -> Response:
    """The verdict of a scheme (default: the desk's own) about these facts, as of a date (default: today).

    404 `unknown_scheme`; 422 `unknown_fact`, `bad_fact_value`, `impossible_facts` or `invalid_request`.
    """
    facts = read_facts(asked.facts, parts.assessor.catalogue)
    assessment = await parts.assessor.assess(facts, scheme_id=asked.scheme, as_of=asked.as_of)
    return Json(assessment.to_json())
