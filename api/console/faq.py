"""`/console/faq`: typical questions by document and clause; those whose document was replaced come first."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from api.console import wording
from api.console.access import Desk, Missing, SignedIn, text_of
from api.faq import EntryId
from api.open_questions import MOST
from core.errors import Conflict, QibanError
from knowledge.citing import Reference
from knowledge.faq_desk import NoSuchEntry

router = APIRouter(prefix="/console/faq", include_in_schema=False)

_PAGE = 40

_Text = Annotated[str, Query(max_length=200)]
_Offset = Annotated[int, Query(ge=0, le=MOST)]


@router.get("")
async def listing(desk: SignedIn, document: _Text = "", q: _Text = "", start: _Offset = 0) -> Response:
    """Entries, and the form for a new one."""
    done = wording.FAQ_DONE.get(desk.request.query_params.get("done", ""))
    return await _page(desk, document, q, start, done=done)


async def _page(desk: Desk, document: str = "", q: str = "", start: int = 0, **context: Any) -> Response:
    found = await desk.parts.faq.list(desk.actor, document_id=document or None, search=q, offset=start, limit=_PAGE + 1)
    given: dict[str, Any] = {
        "entries": found[:_PAGE],
        "next": start + _PAGE if len(found) > _PAGE else None,
        "start": start,
        "document": document,
        "q": q,
        "documents": await _documents(desk),
        "typed": {"clause": "", "questions": "", "for": document},
    }
    return desk.page("faq.html", **(given | context))


async def _documents(desk: Desk) -> list[tuple[str, str]]:
    """The documents that the account may write about: id and title."""
    return [(one.id, one.title) for one in await desk.parts.library.list() if desk.actor.covers(one.region)]


@router.post("")
async def add(desk: SignedIn) -> Response:
    """A new entry; what was typed stays where something is wrong."""
    form = await desk.request.form()
    typed = {"for": text_of(form, "for", 80), "clause": text_of(form, "clause", 200)}
    typed["questions"] = text_of(form, "questions")
    try:
        reference = Reference(typed["for"], typed["clause"])
        await desk.parts.faq.add(reference, typed["questions"].split("\n"), desk.actor)
    except QibanError as error:
        return await _page(desk, typed["for"], status=422, error=error.message, typed=typed)
    return RedirectResponse("/console/faq?done=added", status_code=303)


@router.get("/{entry_id}")
async def one(entry_id: EntryId, desk: SignedIn) -> Response:
    """An entry, to be edited, moved, deleted, or looked through."""
    return await _detail(desk, entry_id)


async def _detail(desk: Desk, entry_id: int, **context: Any) -> Response:
    try:
        entry = await desk.parts.faq.get(entry_id, desk.actor)
        proposal = await desk.parts.faq.propose(entry_id, desk.actor)
    except NoSuchEntry:
        raise Missing(wording.NO_SUCH_ENTRY) from None
    return desk.page("faq_entry.html", entry=entry, proposal=proposal, documents=await _documents(desk), **context)


@router.post("/{entry_id}")
async def edit(entry_id: EntryId, desk: SignedIn) -> Response:
    """Save questions, and the clause they belong to."""
    form = await desk.request.form()
    document, clause = text_of(form, "for", 80), text_of(form, "clause", 200)
    try:
        active = await desk.parts.faq.edit(
            entry_id,
            text_of(form, "questions").split("\n"),
            desk.actor,
            version=text_of(form, "version", 64),
            reference=Reference(document, clause) if clause else None,
            answer=text_of(form, "answer") or None,
        )
    except QibanError as error:
        return await _wrong(desk, entry_id, error)
    return RedirectResponse(f"/console/faq?done={'saved' if active else 'sent_back'}", status_code=303)


@router.post("/{entry_id}/move")
async def move(entry_id: EntryId, desk: SignedIn) -> Response:
    """Put an entry beside the proposed clause of the document that replaced its own."""
    form = await desk.request.form()
    reference = Reference(text_of(form, "for", 80), text_of(form, "clause", 200))
    try:
        active = await desk.parts.faq.move(entry_id, reference, desk.actor, version=text_of(form, "version", 64))
    except QibanError as error:
        return await _wrong(desk, entry_id, error)
    return RedirectResponse(f"/console/faq?done={'saved' if active else 'sent_back'}", status_code=303)


@router.post("/{entry_id}/keep")
async def keep(entry_id: EntryId, desk: SignedIn) -> Response:
    """Leave an entry under review as it is."""
    version = text_of(await desk.request.form(), "version", 64)
    try:
        await desk.parts.faq.keep(entry_id, desk.actor, version=version)
    except QibanError as error:
        return await _wrong(desk, entry_id, error)
    return RedirectResponse("/console/faq?done=kept", status_code=303)


@router.post("/{entry_id}/delete")
async def delete(entry_id: EntryId, desk: SignedIn) -> Response:
    """Take an entry out."""
    version = text_of(await desk.request.form(), "version", 64)
    try:
        await desk.parts.faq.delete(entry_id, desk.actor, version=version)
    except QibanError as error:
        return await _wrong(desk, entry_id, error)
    return RedirectResponse("/console/faq?done=deleted", status_code=303)


async def _wrong(desk: Desk, entry_id: int, error: QibanError) -> Response:
    """The entry as it stands now, and what went wrong."""
    status = 409 if isinstance(error, Conflict) else 422
    return await _detail(desk, entry_id, status=status, error=error.message)
