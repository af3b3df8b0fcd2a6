"""`/documents`: the records, clauses and stored texts of the documents that answers come from."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import PlainTextResponse, Response

from api import auth, contract, wording
from api.limits import Refused
from api.parts import Given, Parts
from api.responses import Json
from core.errors import NotFound
from core.text import clean
from knowledge.answer import plain
from knowledge.ingestion import take_in
from knowledge.library import Metadata, Snapshot, StoredDocument

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_DOCUMENTS])

_RECORD = (
    "id", "title", "number", "issuer", "region", "level", "issued", "valid_from", "source", "superseded_by",
    "superseded_from", "coverage", "format", "status", "tables", "unread_pages", "missing",
)  # fmt: skip
_CLAUSE = ("path", "label", "kind", "depth", "start", "end", "page")
_RELATION = ("kind", "target_id", "target_number", "target_title", "effective_from", "until")
_MAX_ID = 80


class WholeAreaOnly(Refused):
    """A document concerns the whole area: staff of a county do not take it in."""

    code = "whole_area_only"
    default = wording.WHOLE_AREA_ONLY


async def published(parts: Parts) -> list[StoredDocument]:
    """The documents anybody may see, newest first: drafts are for staff."""
    return [document for document in await parts.library.list() if not document.draft]


async def find(parts: Parts, document_id: str) -> StoredDocument:
    """A published document with its clauses. Raises NotFound."""
    if len(document_id) <= _MAX_ID and clean(document_id) == document_id:
        try:
            document = await parts.library.get(document_id)
        except NotFound:
            raise NotFound(wording.NO_SUCH_DOCUMENT) from None
        if not document.draft:
            return document
    raise NotFound(wording.NO_SUCH_DOCUMENT)


def record(document: StoredDocument, snapshot: Snapshot, today: date) -> dict[str, Any]:
    """A document's record, without its text; `valid_to` with prolongations."""
    known = {name: getattr(document, name) for name in _RECORD}
    now = {
        "valid_to": snapshot.valid_to(document, today),
        "in_force": snapshot.in_force(document, today),
        "state": snapshot.state(document, today),
    }
    value: dict[str, Any] = plain(known | now)
    return value


@router.get("/documents", response_model=list[contract.DocumentSummary], summary=wording.API_DOCUMENTS)
async def listing(parts: Given) -> Response:
    """All documents without their texts, newest first."""
    today, snapshot = parts.today(), await parts.library.snapshot()
    return Json([record(document, snapshot, today) for document in await published(parts)])


@router.post(
    "/documents",
    status_code=201,
    response_model=contract.IngestionOut,
    summary=wording.API_ADD_DOCUMENT,
    responses={200: {"model": contract.IngestionOut, "description": "The same content is there already"}},
)
async def add(
    said: Annotated[contract.DocumentIn, Form(media_type="multipart/form-data")], parts: Given, actor: auth.StaffOnly
) -> Response:
    """Take a document in. Staff of the whole area only; the report says what was read and what to look at.

    A file that cannot be read is a 422 with the code of the fault, and nothing of it is stored.
    """
    if not actor.covers(parts.home_region):
        raise WholeAreaOnly()
    given = said.model_dump(exclude={"file"})
    metadata = Metadata(**{name: None if value == "" else value for name, value in given.items()})
    data, name = await said.file.read(), said.file.filename or ""
    report = await take_in(parts.library, data, name, metadata, actor=actor.name)
    return Json(plain(asdict(report)), status_code=200 if report.duplicate_of else 201)


@router.get("/documents/{document_id}", response_model=contract.Document, summary=wording.API_DOCUMENT)
async def one(document_id: str, parts: Given) -> Response:
    """A document's record, what it says of others, and its clauses, in order."""
    document = await find(parts, document_id)
    clauses = [{name: getattr(clause, name) for name in _CLAUSE} for clause in document.clauses]
    relations = [{name: getattr(relation, name) for name in _RELATION} for relation in document.relations]
    known = record(document, await parts.library.snapshot(), parts.today())
    return Json(known | plain({"relations": relations}) | {"clauses": clauses})


@router.get(
    "/documents/{document_id}/text",
    response_class=PlainTextResponse,
    summary=wording.API_TEXT,
    responses={304: {"description": "If-None-Match names the text's ETag"}},
)
async def text(document_id: str, request: Request, parts: Given) -> Response:
    """The stored text, untouched. Citations count Unicode code points in it, line ends included."""
    content = (await find(parts, document_id)).text.encode("utf-8", "replace")
    headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "Cache-Control": "no-cache"}
    if headers["ETag"] in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="text/plain; charset=utf-8")


def _tags(if_none_match: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
