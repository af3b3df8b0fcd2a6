"""`/faq`: the typical questions of clauses, for staff: listed, added, edited, moved, deleted, looked through."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import StringConstraints
from starlette.responses import Response

from api import auth, learning_contract, wording
from api.open_questions import MOST, reference_of
from api.parts import Given
from api.responses import Json
from knowledge.citing import Reference
from knowledge.faq_desk import FaqEntry

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_FAQ])

PAGE = 50

EntryId = Annotated[int, Path(ge=1, le=MOST)]
_Text = Annotated[str | None, StringConstraints(max_length=200), Query()]
_SHAPE = learning_contract.FaqEntryOut


@router.get("/faq", response_model=learning_contract.FaqOut, summary=wording.API_FAQ)
async def listing(
    parts: Given,
    actor: auth.StaffOnly,
    document: _Text = None,
    clause: _Text = None,
    q: _Text = None,
    cursor: Annotated[int, Query(ge=0, le=MOST)] = 0,
) -> Response:
    """Entries of documents within the caller's region, those under review first."""
    found = await parts.faq.list(
        actor, document_id=document, path=clause, search=q or "", offset=cursor, limit=PAGE + 1
    )
    more = str(cursor + PAGE) if len(found) > PAGE else None
    return Json({"items": list(map(shown, found[:PAGE])), "next_cursor": more})


@router.post("/faq", status_code=201, response_model=_SHAPE, summary=wording.API_FAQ_ADD)
async def add(said: learning_contract.FaqIn, parts: Given, actor: auth.StaffOnly) -> Response:
    """A new entry. 422 `no_such_clause`, and for a question that another entry of the document has."""
    entry_id = await parts.faq.add(Reference(said.cites.document_id, said.cites.clause), said.questions, actor)
    return Json(shown(await parts.faq.get(entry_id, actor)), status_code=201)


@router.get("/faq/{entry_id}", response_model=learning_contract.FaqDetailOut, summary=wording.API_FAQ_ENTRY)
async def one(entry_id: EntryId, parts: Given, actor: auth.StaffOnly) -> Response:
    """An entry, with the successor's most similar clause where its document was replaced."""
    entry = await parts.faq.get(entry_id, actor)
    proposal = await parts.faq.propose(entry_id, actor)
    proposed = None if proposal is None else asdict(proposal)
    if proposed is not None:
        proposed["clause"] = proposed.pop("path")
    return Json({"entry": shown(entry), "proposal": proposed})


@router.put("/faq/{entry_id}", response_model=learning_contract.FaqEdited, summary=wording.API_FAQ_EDIT)
async def edit(entry_id: EntryId, said: learning_contract.FaqEditIn, parts: Given, actor: auth.StaffOnly) -> Response:
    """Change or move an entry. 409 `entry_changed`. The desk's answers need approval again."""
    active = await parts.faq.edit(
        entry_id,
        said.questions,
        actor,
        version=said.version,
        reference=reference_of(said.cites),
        answer=said.answer,
    )
    return Json({"active": active, "entry": shown(await parts.faq.get(entry_id, actor)) if active else None})


@router.post("/faq/{entry_id}/keep", response_model=_SHAPE, summary=wording.API_FAQ_KEEP)
async def keep(
    entry_id: EntryId, said: learning_contract.FingerprintIn, parts: Given, actor: auth.StaffOnly
) -> Response:
    """Say that an entry under review stays as it is. 409 `entry_changed`."""
    await parts.faq.keep(entry_id, actor, version=said.version)
    return Json(shown(await parts.faq.get(entry_id, actor)))


@router.delete("/faq/{entry_id}", status_code=204, summary=wording.API_FAQ_DELETE)
async def delete(
    entry_id: EntryId,
    parts: Given,
    actor: auth.StaffOnly,
    version: Annotated[str, StringConstraints(min_length=1, max_length=64), Query()],
) -> Response:
    """Take an entry out; set-up does not bring it back. 409 `entry_changed`."""
    await parts.faq.delete(entry_id, actor, version=version)
    return Response(status_code=204)


def shown(entry: FaqEntry) -> dict[str, Any]:
    """An entry as JSON."""
    value = asdict(entry)
    value["clauses"] = list(value.pop("paths"))
    return {**value, "questions": list(entry.questions)}
