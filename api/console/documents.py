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
from firms import audit
from knowledge.library import Ingestion, Metadata
from knowledge.readers import plain

router = APIRouter(prefix="/console/documents", include_in_schema=False)


@router.get("")
async def listing(desk: SignedIn) -> Response:
    """All documents and the form."""
    return await _page(desk)


async def _page(desk: Desk, **context: Any) -> Response:
    today = desk.parts.today()
    documents = [
        (document, "draft" if document.draft else state(document, today))
        for document in await desk.parts.library.list()
    ]
    return desk.page("documents.html", documents=documents, **context)


@router.post("")
async def upload(desk: SignedIn) -> Response:
    """Take a document in and show its report."""
    desk.whole_area_only()
    form = await desk.request.form()
    try:
        data, name = await read_file(form)
        report = await desk.parts.library.add(plain.read(data), _metadata(form))
    except QibanError as error:
        return await _page(desk, status=422, error=error.message)
    await _note(desk, report)
    return desk.page("document_report.html", report=report, name=name)


async def read_file(form: Any) -> tuple[bytes, str]:
    """The bytes of the form's file and its name. Raises BadInput without one."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise BadInput(wording.NO_FILE)
    return await file.read(), file.filename[:200]


def _metadata(form: Any) -> Metadata:
    given = {name: text_of(form, name, 300) or None for name in ("title", "number", "issuer", "region", "level")}
    return Metadata(
        **given,
        issued=_day(form, "issued"),
        valid_from=_day(form, "valid_from"),
        valid_to=_day(form, "valid_to"),
        source=text_of(form, "source", 500) or None,
        draft=text_of(form, "draft") == "1",
    )


def _day(form: Any, name: str) -> date | None:
    value = text_of(form, name, 20)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise BadInput(wording.BAD_DATE) from None


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
