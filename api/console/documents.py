"""`/console/documents`: what there is, and taking a document in with its report."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from api.console import wording
from api.console.access import Desk, SignedIn, text_of
from api.documents import state
from core.errors import BadInput, QibanError
from core.text import clean
from firms import audit
from knowledge.library import LEVELS, Ingestion, Metadata
from knowledge.readers import plain

router = APIRouter(prefix="/console/documents", include_in_schema=False)

_DAYS = {"issued": wording.ISSUED, "valid_from": wording.VALID_FROM, "valid_to": wording.VALID_TO}
_TEXTS = ("title", "number", "issuer", "region", "level")
_FIELDS = (*_TEXTS, *_DAYS, "source", "draft")


@router.get("")
async def listing(desk: SignedIn) -> Response:
    """All documents and the form."""
    return await _page(desk, dict.fromkeys(_FIELDS, ""))


async def _page(desk: Desk, given: dict[str, str], **context: Any) -> Response:
    today = desk.parts.today()
    documents = [
        (document, "draft" if document.draft else state(document, today))
        for document in await desk.parts.library.list()
    ]
    levels = [(level, level) for level in LEVELS]
    return desk.page("documents.html", documents=documents, given=given, levels=levels, **context)


@router.post("")
async def upload(desk: SignedIn) -> Response:
    """Take a document in and show its report; what was typed stays where something is wrong."""
    desk.whole_area_only()
    form = await desk.request.form()
    given = {name: text_of(form, name, 500) for name in _FIELDS}
    try:
        data, name = await read_file(form)
        report = await desk.parts.library.add(plain.read(data), _metadata(given))
    except QibanError as error:
        return await _page(desk, given, status=422, error=error.message)
    await _note(desk, report)
    title = await _known_title(desk, report.duplicate_of)
    return desk.page("document_report.html", report=report, name=name, known=title, draft=given["draft"] == "1")


async def read_file(form: Any) -> tuple[bytes, str]:
    """The bytes of the form's file and its name. Raises BadInput without one."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise BadInput(wording.NO_FILE)
    return await file.read(), clean(file.filename)[:200]


def _metadata(given: dict[str, str]) -> Metadata:
    """What was typed about a document. Raises BadInput."""
    source = given["source"] or None
    if source is not None and not source.startswith(("https://", "http://")):
        raise BadInput(wording.BAD_SOURCE)
    texts: dict[str, Any] = {name: given[name] or None for name in _TEXTS}
    days: dict[str, Any] = {name: _day(given[name], label) for name, label in _DAYS.items()}
    return Metadata(**texts, **days, source=source, draft=given["draft"] == "1")


def _day(value: str, label: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise BadInput(wording.BAD_DATE.format(label=label)) from None


async def _known_title(desk: Desk, document_id: str | None) -> str | None:
    """What a document that is there already is called."""
    return None if document_id is None else (await desk.parts.library.get(document_id)).title


async def _note(desk: Desk, report: Ingestion) -> None:
    async with desk.parts.database.transaction() as session:
        await audit.record(
            session,
            actor=desk.actor.name,
            action="document.added",
            subject_kind="document",
            subject=report.document_id or "-",
            details={"status": report.status, "clauses": report.clauses},
        )
