"""`/documents`: the records, clauses and stored texts of the documents that answers come from."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from api import contract, wording
from api.parts import Given, Parts
from api.responses import Json
from core.errors import NotFound
from core.text import clean
from knowledge.answer import plain
from knowledge.library import StoredDocument

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_DOCUMENTS])

_RECORD = (
    "id", "title", "number", "issuer", "region", "level", "issued", "valid_from", "valid_to", "source",
    "superseded_by", "superseded_from", "coverage",
)  # fmt: skip
_CLAUSE = ("path", "label", "depth", "start", "end")
_MAX_ID = 80


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


def state(document: StoredDocument, today: date) -> str:
    """Where a published document stands in time: superseded, expired, not_yet or in_force."""
    if document.superseded(today):
        return "superseded"
    if document.expired(today):
        return "expired"
    return "in_force" if document.in_force(today) else "not_yet"


def record(document: StoredDocument, today: date) -> dict[str, Any]:
    """A document's record, without its text."""
    known = {name: getattr(document, name) for name in _RECORD}
    value: dict[str, Any] = plain(known | {"in_force": document.in_force(today), "state": state(document, today)})
    return value


@router.get("/documents", response_model=list[contract.DocumentSummary], summary=wording.API_DOCUMENTS)
async def listing(parts: Given) -> Response:
    """All documents without their texts, newest first."""
    today = parts.today()
    return Json([record(document, today) for document in await published(parts)])


@router.get("/documents/{document_id}", response_model=contract.Document, summary=wording.API_DOCUMENT)
async def one(document_id: str, parts: Given) -> Response:
    """A document's record and its clauses, in order."""
    document = await find(parts, document_id)
    clauses = [{name: getattr(clause, name) for name in _CLAUSE} for clause in document.clauses]
    return Json(record(document, parts.today()) | {"clauses": clauses})


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
