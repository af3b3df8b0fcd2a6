"""`/console/questions`: what the bot declined or did not help with, in groups; answering, and what becomes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import RedirectResponse, Response

from api.console import wording
from api.console.access import Desk, Missing, NotAllowed, SignedIn, text_of
from api.open_questions import MOST, QuestionId
from core.clock import machine_now
from core.errors import Conflict, QibanError
from knowledge.citing import Reference
from knowledge.desk_wording import CLAUSE_WITHOUT_DOCUMENT
from knowledge.open_questions import FiguresNotCited, NoSuchQuestion, Reply, Which

router = APIRouter(prefix="/console/questions", include_in_schema=False)

_PAGE = 50
_TALLIED = timedelta(days=30)
_WITHOUT_WORDS = "-"

_Before = Annotated[int | None, Query(ge=1, le=MOST)]
_Find = Annotated[str, Query(max_length=300)]


@dataclass(frozen=True)
class _Typed:
    """What was typed into an answer's form: it stays where something is wrong."""

    text: str = ""
    document: str = ""
    clause: str = ""
    version: int | None = None
    confirmed: bool = False

    @property
    def reply(self) -> Reply:
        """Raises BadInput for a clause without a document."""
        if bool(self.document) != bool(self.clause):
            raise NoDocument(CLAUSE_WITHOUT_DOCUMENT)
        reference = Reference(self.document, self.clause) if self.document else None
        return Reply(self.text, reference, self.version, confirmed=self.confirmed)


class NoDocument(QibanError):
    """A clause is named without its document, or the other way round."""

    code = "no_document"


@router.get("")
async def listing(desk: SignedIn, before: _Before = None, which: Which = "all") -> Response:
    """The newest groups, or those before one."""
    done = wording.QUESTION_DONE.get(desk.request.query_params.get("done", ""))
    return await _page(desk, before, which, done=done)


async def _page(desk: Desk, before: int | None = None, which: Which = "all", **context: Any) -> Response:
    found = await desk.parts.open_questions.list(desk.actor, which=which, before=before, limit=_PAGE)
    older = found[-1].id if len(found) == _PAGE else None
    tally = await desk.parts.votes.tally(machine_now() - _TALLIED)
    given: dict[str, Any] = {"questions": found, "before": before, "which": which, "older": older, "tally": tally}
    given |= {"answered": None, "typed": _Typed(), "ask": False}
    return desk.page("questions.html", **(given | context))


@router.get("/{question_id}")
async def one(question_id: QuestionId, desk: SignedIn, find: _Find = "") -> Response:
    """A group with all that can be done about it; `find`: words to look for a clause by (`-`: none)."""
    done = wording.QUESTION_DONE.get(desk.request.query_params.get("done", ""))
    return await _detail(desk, question_id, find, done=done)


async def _detail(desk: Desk, question_id: int, find: str = "", **context: Any) -> Response:
    questions, actor = desk.parts.open_questions, desk.actor
    try:
        question = await questions.get(question_id, actor)
    except NoSuchQuestion:
        raise _not_theirs(desk) from None
    answer = question.answer
    typed = _Typed(answer.text, answer.document_id or "", answer.path or "") if answer else _Typed()
    words = "" if find == _WITHOUT_WORDS else find or question.text
    given: dict[str, Any] = {
        "question": question,
        "near": await questions.near(question_id, actor),
        "documents": [(document.id, document.title) for document in await desk.parts.library.list()],
        "found": await desk.parts.clauses.find(words),
        "find": find,
        "typed": typed,
        "ask": False,
    }
    return desk.page("question.html", **(given | context))


@router.post("/{question_id}/answer")
async def answer(question_id: QuestionId, desk: SignedIn, before: _Before = None) -> Response:
    """Answer a group; what could not be sent stays in its field. Figures without a source have to be confirmed."""
    form = await desk.request.form()
    typed = _Typed(
        text=text_of(form, "text"),
        document=text_of(form, "document", 80),
        clause=text_of(form, "clause", 200),
        version=_version(text_of(form, "version", 10)),
        confirmed=text_of(form, "confirm", 1) == "1",
    )
    from_detail = text_of(form, "page", 10) == "detail"
    try:
        await desk.parts.open_questions.answer(question_id, typed.reply, desk.actor)
    except NoSuchQuestion:
        raise _not_theirs(desk) from None
    except QibanError as error:
        ask = isinstance(error, FiguresNotCited)
        wrong: dict[str, Any] = {"status": _status(error), "error": error.message, "typed": typed, "ask": ask}
        if from_detail:
            return await _detail(desk, question_id, text_of(form, "find", 300), **wrong)
        return await _page(desk, before, answered=question_id, **wrong)
    place = f"&before={before}" if before else ""
    return RedirectResponse(f"/console/questions?done=sent{place}", status_code=303)


@router.post("/{question_id}/dismiss")
async def dismiss(question_id: QuestionId, desk: SignedIn) -> Response:
    """Leave a group without an answer, and say why."""
    form = await desk.request.form()
    reason, version = text_of(form, "reason", 20), _version(text_of(form, "version", 10))
    return await _do(
        desk,
        question_id,
        lambda: desk.parts.open_questions.dismiss(question_id, reason, desk.actor, version=version),
        "dismissed",
    )


@router.post("/{question_id}/reopen")
async def reopen(question_id: QuestionId, desk: SignedIn) -> Response:
    """Take a group up again."""
    version = _version(text_of(await desk.request.form(), "version", 10))
    return await _do(
        desk,
        question_id,
        lambda: desk.parts.open_questions.reopen(question_id, desk.actor, version=version),
        "reopened",
    )


@router.post("/{question_id}/merge/{into}")
async def merge(question_id: QuestionId, into: Annotated[int, Path(ge=1, le=MOST)], desk: SignedIn) -> Response:
    """Put a group into another one."""
    version = _version(text_of(await desk.request.form(), "version", 10))
    return await _do(
        desk,
        question_id,
        lambda: desk.parts.open_questions.merge(question_id, into, desk.actor, version=version),
        "merged",
    )


@router.post("/{question_id}/split")
async def split(question_id: QuestionId, desk: SignedIn) -> Response:
    """Give a wording a group of its own."""
    return await _do(desk, question_id, lambda: desk.parts.open_questions.split(question_id, desk.actor), "split")


@router.post("/{question_id}/approve")
async def approve(question_id: QuestionId, desk: SignedIn) -> Response:
    """Make the answer a typical question."""
    version = _version(text_of(await desk.request.form(), "version", 10))
    return await _do(
        desk,
        question_id,
        lambda: desk.parts.open_questions.approve(question_id, desk.actor, version=version),
        "approved",
    )


@router.post("/{question_id}/reword")
async def reword(question_id: QuestionId, desk: SignedIn) -> Response:
    """Choose the wordings that become typical questions."""
    form = await desk.request.form()
    chosen, version = text_of(form, "questions").split("\n"), _version(text_of(form, "version", 10))
    return await _do(
        desk,
        question_id,
        lambda: desk.parts.open_questions.reword(question_id, chosen, desk.actor, version=version),
        "reworded",
    )


async def _do(desk: Desk, question_id: int, act: Callable[[], Awaitable[None]], done: str) -> Response:
    """Act and lead back to the group; what went wrong is said there."""
    try:
        await act()
    except NoSuchQuestion:
        raise _not_theirs(desk) from None
    except QibanError as error:
        return await _detail(desk, question_id, status=_status(error), error=error.message)
    return RedirectResponse(f"/console/questions/{question_id}?done={done}", status_code=303)


def _not_theirs(desk: Desk) -> QibanError:
    """Why a group is not to be had: staff of a county are told that theirs is the county."""
    return Missing(wording.NO_SUCH_QUESTION) if desk.only_whole_area is None else NotAllowed(desk.only_whole_area)


def _status(error: QibanError) -> int:
    return 409 if isinstance(error, Conflict) else 422


def _version(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdecimal() and int(given) <= MOST else None
