"""`/open-questions`: what the bot declined or did not help with, for staff; an answer goes back to who asked."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api import auth, learning_contract, wording
from api.parts import Given, Parts
from api.responses import Json
from firms.actors import Actor
from knowledge.citing import Reference
from knowledge.desk_views import Asked
from knowledge.open_questions import Reply, Which

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_OPEN_QUESTIONS])

PAGE = 50
MOST = 2**31 - 1
"""The largest id."""

QuestionId = Annotated[int, Path(ge=1, le=MOST)]
_SHAPE = learning_contract.OpenQuestionOut


@router.get("/open-questions", response_model=learning_contract.OpenQuestionsOut, summary=wording.API_OPEN_QUESTIONS)
async def listing(
    parts: Given,
    actor: auth.StaffOnly,
    cursor: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    state: Annotated[Which, Query()] = "all",
) -> Response:
    """Groups of questions within the caller's region, the newest first; who asked is not in it."""
    before = None if cursor is None else min(cursor, MOST)
    found = await parts.open_questions.list(actor, which=state, before=before, limit=PAGE)
    return Json({"items": list(map(shown, found)), "next_cursor": str(found[-1].id) if len(found) == PAGE else None})


@router.get("/open-questions/{question_id}", response_model=_SHAPE, summary=wording.API_OPEN_QUESTION)
async def one(question_id: QuestionId, parts: Given, actor: auth.StaffOnly) -> Response:
    """The group of a question."""
    return await _shown(parts, question_id, actor)


@router.post(
    "/open-questions/{question_id}/answer",
    response_model=learning_contract.DeliveredOut,
    summary=wording.API_OPEN_QUESTION_ANSWER,
)
async def answer(
    question_id: QuestionId, said: learning_contract.AnswerIn, parts: Given, actor: auth.StaffOnly
) -> Response:
    """Answer a group: each asker gets it once. 409 `question_changed` when somebody else dealt with it; 422
    `figures_not_cited` for figures without a source that are not confirmed, `no_such_clause`."""
    reply = Reply(said.text, reference_of(said.cites), said.version, confirmed=said.confirm)
    delivered = await parts.open_questions.answer(question_id, reply, actor)
    question = await parts.open_questions.get(question_id, actor)
    return Json({**asdict(delivered), "question": shown(question)})


@router.post("/open-questions/{question_id}/dismiss", response_model=_SHAPE, summary=wording.API_OPEN_QUESTION_DISMISS)
async def dismiss(
    question_id: QuestionId, said: learning_contract.DismissIn, parts: Given, actor: auth.StaffOnly
) -> Response:
    """Leave a group without an answer. 409 `question_changed`."""
    await parts.open_questions.dismiss(question_id, said.reason, actor, version=said.version)
    return await _shown(parts, question_id, actor)


@router.post("/open-questions/{question_id}/reopen", response_model=_SHAPE, summary=wording.API_OPEN_QUESTION_REOPEN)
async def reopen(
    question_id: QuestionId, said: learning_contract.VersionIn, parts: Given, actor: auth.StaffOnly
) -> Response:
    """Take a group up again. 409 `question_changed`."""
    await parts.open_questions.reopen(question_id, actor, version=said.version)
    return await _shown(parts, question_id, actor)


@router.post("/open-questions/{question_id}/merge", response_model=_SHAPE, summary=wording.API_OPEN_QUESTION_MERGE)
async def merge(
    question_id: QuestionId, said: learning_contract.MergeIn, parts: Given, actor: auth.StaffOnly
) -> Response:
    """Put a group into another one. 409 `question_changed`."""
    await parts.open_questions.merge(question_id, said.into, actor, version=said.version)
    return await _shown(parts, question_id, actor)


@router.post("/open-questions/{question_id}/split", response_model=_SHAPE, summary=wording.API_OPEN_QUESTION_SPLIT)
async def split(question_id: QuestionId, parts: Given, actor: auth.StaffOnly) -> Response:
    """Give this question's wording a group of its own."""
    await parts.open_questions.split(question_id, actor)
    return await _shown(parts, question_id, actor)


@router.post("/open-questions/{question_id}/approve", response_model=_SHAPE, summary=wording.API_OPEN_QUESTION_APPROVE)
async def approve(
    question_id: QuestionId, said: learning_contract.VersionIn, parts: Given, actor: auth.StaffOnly
) -> Response:
    """Make the answer a typical question; by an approver who did not write it. 403 `approver_required`; 409
    `approver_needed` for one's own."""
    auth.require_approver(actor)
    await parts.open_questions.approve(question_id, actor, version=said.version)
    return await _shown(parts, question_id, actor)


async def _shown(parts: Parts, question_id: int, actor: Actor) -> Response:
    return Json(shown(await parts.open_questions.get(question_id, actor)))


def reference_of(given: learning_contract.ClauseRef | None) -> Reference | None:
    """The cited clause of a request."""
    return None if given is None else Reference(given.document_id, given.clause)


def shown(asked: Asked) -> dict[str, Any]:
    """A group as JSON."""
    value = asdict(asked)
    answer = value["answer"]
    if answer is not None:
        answer["clause"] = answer.pop("path")
    del value["questions"]
    return {
        **value,
        "asked_at": asked.asked_at.isoformat(),
        "answered": asked.answered,
        "regions": list(asked.regions),
        "wordings": [text for _, text in asked.wordings],
    }
