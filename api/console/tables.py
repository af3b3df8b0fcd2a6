"""`/console/import`: tables of firms, offers and events: preview first, then take in."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.responses import Response

from api.console import wording
from api.console.access import Desk, SignedIn, text_of
from api.console.documents import read_file
from core.errors import BadInput, QibanError
from firms.firm_rows import firm_columns
from firms.importing import Report
from matching.kinds import ColumnSpec, kinds, kinds_file
from matching.offer import EVENT

router = APIRouter(prefix="/console/import", include_in_schema=False)

_KEPT_SECONDS = 3600
_SHOWN = 500


@router.get("")
async def form_page(desk: SignedIn) -> Response:
    """The form."""
    await asyncio.to_thread(_drop_old, desk.parts.staging)
    return _form(desk, "firms")


def _form(desk: Desk, kind: str, **context: Any) -> Response:
    return desk.page("import.html", kind=kind, columns=_columns(desk), **context)


def _columns(desk: Desk) -> dict[str, list[tuple[str, bool]]]:
    """What the columns of each table are called, and whether every row needs them; those come first."""
    facts = [(next(iter(fact.columns), fact.label), fact.id == "region") for fact in desk.parts.assessor.catalogue]
    firms = [(column.names[0], column.id == "name") for column in firm_columns().columns] + facts
    shared = kinds_file().fields
    own = [column for name, kind in kinds().items() if name != EVENT for column in kind.columns]
    offers = [column for column in shared if not column.kinds and column.key != "organiser"] + own
    events = [column for column in shared if column.key not in ("kind", "provider")] + list(kinds()[EVENT].columns)
    return {"firms": _needed_first(firms), "offers": _of(offers), "events": _of(events, "organiser")}


def _of(columns: Iterable[ColumnSpec], also: str = "") -> list[tuple[str, bool]]:
    return _needed_first((column.label, column.required or column.key == also) for column in columns)


def _needed_first(columns: Iterable[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Each name once, those that are needed first."""
    found: dict[str, bool] = {}
    for name, needed in columns:
        found[name] = needed or found.get(name, False)
    return sorted(found.items(), key=lambda column: not column[1])


@router.post("")
async def preview(desk: SignedIn) -> Response:
    """What would go in. Nothing is written; the file waits for the confirmation."""
    desk.whole_area_only()
    form = await desk.request.form()
    kind = text_of(form, "kind", 20)
    try:
        data, name = await read_file(form)
        report = await _run(desk, kind, data, dry_run=True)
    except QibanError as error:
        return _form(desk, kind, status=422, error=error.message)
    ticket = await asyncio.to_thread(_keep, desk, kind, data) if report.added + report.updated else None
    return _report(desk, kind, report, name=name, ticket=ticket)


def _report(desk: Desk, kind: str, report: Report, **context: Any) -> Response:
    """The report, of a preview unless `done` says otherwise."""
    given = {"name": "", "ticket": None, "done": None, **context}
    return desk.page("import_report.html", kind=kind, report=report, shown=_SHOWN, **given)


@router.post("/confirm")
async def confirm(desk: SignedIn) -> Response:
    """Take in the file that was previewed. Twice is harmless: the second time everything is unchanged."""
    desk.whole_area_only()
    form = await desk.request.form()
    try:
        kind, data = await asyncio.to_thread(_kept, desk, text_of(form, "ticket", 500))
        report = await _run(desk, kind, data, dry_run=False)
    except QibanError as error:
        return _form(desk, "firms", status=422, error=error.message)
    return _report(desk, kind, report, done=wording.IMPORTED)


async def _run(desk: Desk, kind: str, data: bytes, *, dry_run: bool) -> Report:
    if kind not in wording.IMPORT_KINDS:
        raise BadInput()
    return await desk.parts.import_table(kind, data, dry_run=dry_run, actor=desk.actor)


def _signer(desk: Desk) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(desk.parts.secret_key, salt="console-import")


def _keep(desk: Desk, kind: str, data: bytes) -> str:
    """Keep the file for an hour under a name of our own; the ticket that finds it again."""
    folder = desk.parts.staging
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _drop_old(folder)
    name = secrets.token_hex(16)
    (folder / name).write_bytes(data)
    ticket: dict[str, Any] = {"file": name, "kind": kind, "staff": desk.staff.id, "sha": _sha(data)}
    return str(_signer(desk).dumps(ticket))


def _kept(desk: Desk, ticket: str) -> tuple[str, bytes]:
    """The kind and the bytes behind a ticket of this member of staff. Raises BadInput."""
    try:
        said = _signer(desk).loads(ticket, max_age=_KEPT_SECONDS)
        data = (desk.parts.staging / said["file"]).read_bytes()
    except (BadSignature, FileNotFoundError):
        raise BadInput(wording.STALE) from None
    if said["staff"] != desk.staff.id or said["sha"] != _sha(data):
        raise BadInput(wording.STALE)
    return said["kind"], data


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _drop_old(folder: Path) -> None:
    """Tables hold contacts: none is kept longer than its preview counts."""
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):  # another request drops them, too
            if path.stat().st_mtime < time.time() - _KEPT_SECONDS:
                path.unlink()
