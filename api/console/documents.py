"""`/console/documents`: what there is, taking a document in with its report, correcting its record, taking it out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from api.console import wording
from api.console.access import Desk, Missing, SignedIn, text_of
from core import regions
from core.errors import BadInput, Conflict, NotFound, QibanError
from core.text import clean
from knowledge.ingestion import ingest
from knowledge.library import LEVELS, Ingestion, Metadata, Snapshot, StoredDocument
from knowledge.relations import waiting

router = APIRouter(prefix="/console/documents", include_in_schema=False)

_DAYS = {"issued": wording.ISSUED, "valid_from": wording.VALID_FROM, "valid_to": wording.VALID_TO}
_TEXTS = ("title", "number", "issuer", "region", "level")
_KINDS = ("supersedes", "amends", "prolongs")
_RECORD = (*_TEXTS, *_DAYS, "source")
_FIELDS = (*_RECORD, *_KINDS, "draft")
_LEVELS = [(level, level) for level in LEVELS]


@router.get("")
async def listing(desk: SignedIn) -> Response:
    """All documents and the form."""
    done = wording.DOCUMENT_DONE.get(desk.request.query_params.get("done", ""))
    return await _page(desk, dict.fromkeys(_FIELDS, ""), done=done)


async def _page(desk: Desk, given: dict[str, str], **context: Any) -> Response:
    today, snapshot = desk.parts.today(), await desk.parts.library.snapshot()
    listed = await desk.parts.library.list()
    documents = [(document, snapshot.state(document, today)) for document in listed]
    missing = await desk.parts.library.missing()
    others = [(document.id, _called(document)) for document in listed]
    return desk.page(
        "documents.html", documents=documents, missing=missing, others=others, given=given, levels=_LEVELS, **context
    )


def _called(document: StoredDocument) -> str:
    return f"{document.title} {document.number}" if document.number else document.title


@router.post("")
async def upload(desk: SignedIn) -> Response:
    """Take a document in and show its report; what was typed stays where something is wrong."""
    desk.whole_area_only()
    form = await desk.request.form()
    given = {name: text_of(form, name, 500) for name in _FIELDS}
    try:
        data, name = await read_file(form)
        metadata = _metadata(given)
    except QibanError as error:
        return await _page(desk, given, status=422, error=error.message)
    report = await ingest(desk.parts.library, data, name, metadata, actor=desk.actor.name)
    if report.status == "failed":
        return await _page(desk, given, status=422, error=report.warnings[0]["message"])
    return await _report(desk, report, name)


async def _report(desk: Desk, report: Ingestion, name: str) -> Response:
    stored = await desk.parts.library.get(report.document_id or "")
    return desk.page("document_report.html", report=report, name=name, document=stored, **await _about(desk, stored))


async def read_file(form: Any) -> tuple[bytes, str]:
    """The bytes of the form's file and its name. Raises BadInput without one."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise BadInput(wording.NO_FILE)
    return await file.read(), clean(file.filename)[:200]


def _metadata(given: Mapping[str, str]) -> Metadata:
    """What was typed about a document; an empty field is read from the text. Raises BadInput."""
    texts: dict[str, Any] = {name: given[name] or None for name in (*_TEXTS, *_KINDS)}
    draft = {"1": True, "0": False}.get(given["draft"])
    return Metadata(**texts, **_days(given), source=_source(given), draft=draft)


def _days(given: Mapping[str, str]) -> dict[str, Any]:
    return {name: _day(given[name], label) for name, label in _DAYS.items()}


def _source(given: Mapping[str, str]) -> str | None:
    source = given["source"] or None
    if source is not None and not source.startswith(("https://", "http://")):
        raise BadInput(wording.BAD_SOURCE)
    return source


def _day(value: str, label: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise BadInput(wording.BAD_DATE.format(label=label)) from None


@router.get("/{document_id}")
async def one(document_id: str, desk: SignedIn) -> Response:
    """A document's record for staff: what was read, what is amiss, what it says of others; the form to correct it."""
    stored = await _stored(desk, document_id)
    done = wording.DOCUMENT_DONE.get(desk.request.query_params.get("done", ""))
    return await _detail(desk, stored, _given(stored), done=done)


async def _detail(desk: Desk, stored: StoredDocument, given: Mapping[str, str], **context: Any) -> Response:
    about = await _about(desk, stored)
    return desk.page("document.html", document=stored, given=given, levels=_LEVELS, **about, **context)


async def _about(desk: Desk, stored: StoredDocument) -> dict[str, Any]:
    """Where a document stands in time, and what it and others say of each other."""
    snapshot, today = await desk.parts.library.snapshot(), desk.parts.today()
    successor = snapshot.documents.get(stored.superseded_by or "")
    return {
        "state": snapshot.state(stored, today),
        "last_day": snapshot.valid_to(stored, today),
        "successor": successor,
        "says": [(relation, snapshot.documents.get(relation.target_id or "")) for relation in stored.relations],
        "said": _said_by_others(snapshot, stored),
        "warnings": [*stored.warnings, *({"code": w.code, "message": w.message} for w in waiting(stored.relations))],
    }


def _said_by_others(snapshot: Snapshot, stored: StoredDocument) -> list[tuple[str, StoredDocument]]:
    return [
        (relation.kind, document)
        for document in snapshot.documents.values()
        for relation in document.relations
        if relation.target_id == stored.id
    ]


async def _stored(desk: Desk, document_id: str) -> StoredDocument:
    try:
        return await desk.parts.library.get(clean(document_id))
    except NotFound:
        raise Missing(wording.NO_DOCUMENT) from None


def _given(stored: StoredDocument) -> dict[str, str]:
    """The record as the form shows it."""
    values = {name: str(getattr(stored, name) or "") for name in _RECORD}
    return values | {
        "region": regions.find(stored.region).name,
        "draft": "1" if stored.draft else "0",
        "version": str(stored.version),
    }


@router.post("/{document_id}")
async def correct(document_id: str, desk: SignedIn) -> Response:
    """Correct a record; 409 where somebody else did meanwhile, with what was typed still in the form."""
    desk.whole_area_only()
    stored = await _stored(desk, document_id)
    form = await desk.request.form()
    given = {name: text_of(form, name, 500) for name in (*_RECORD, "draft", "version")}
    try:
        changes = _changes(given, stored)
        await desk.parts.library.update(stored.id, changes, version=_version(given), actor=desk.actor.name)
    except QibanError as error:
        status = 409 if isinstance(error, Conflict) else 422
        newest = await _stored(desk, document_id)
        shown = given | {"version": str(newest.version)}
        return await _detail(desk, newest, shown, status=status, error=error.message)
    return RedirectResponse(f"/console/documents/{stored.id}?done=saved", status_code=303)


def _changes(given: Mapping[str, str], stored: StoredDocument) -> dict[str, Any]:
    """The fields that differ from what the form showed. Raises BadInput."""
    wanted: dict[str, Any] = {name: given[name] or None for name in _TEXTS}
    wanted |= {**_days(given), "source": _source(given), "draft": given["draft"] == "1"}
    shown: dict[str, Any] = {name: getattr(stored, name) for name in wanted}
    shown["region"] = regions.find(stored.region).name
    return {name: value for name, value in wanted.items() if value != shown[name]}


def _version(given: Mapping[str, str]) -> int:
    number = given["version"]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0


@router.post("/{document_id}/remove")
async def remove(document_id: str, desk: SignedIn) -> Response:
    """Take a document out, once it is confirmed."""
    desk.whole_area_only()
    stored = await _stored(desk, document_id)
    if text_of(await desk.request.form(), "sure", 1) != "1":
        return await _detail(desk, stored, _given(stored), status=422, error=wording.REMOVE_NOT_SURE)
    await desk.parts.library.remove(stored.id, actor=desk.actor.name)
    return RedirectResponse("/console/documents?done=removed", status_code=303)
