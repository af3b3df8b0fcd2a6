"""`/console/import`: tables of firms, offers and events: preview first, then take in."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.responses import Response

from api.console import wording
from api.console.access import Desk, SignedIn, text_of
from api.console.documents import read_file
from core.errors import BadInput, QibanError
from firms.importing import Report

router = APIRouter(prefix="/console/import", include_in_schema=False)

_KEPT_SECONDS = 3600


@router.get("")
async def form_page(desk: SignedIn) -> Response:
    """The form."""
    return desk.page("import.html", kind="firms")


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
        return desk.page("import.html", status=422, kind=kind, error=error.message)
    ticket = await asyncio.to_thread(_keep, desk, kind, data)
    return desk.page("import_report.html", kind=kind, name=name, report=report, ticket=ticket, done=wording.PREVIEWED)


@router.post("/confirm")
async def confirm(desk: SignedIn) -> Response:
    """Take in the file that was previewed. Twice is harmless: the second time everything is unchanged."""
    desk.whole_area_only()
    form = await desk.request.form()
    try:
        kind, data = await asyncio.to_thread(_kept, desk, text_of(form, "ticket", 500))
        report = await _run(desk, kind, data, dry_run=False)
    except QibanError as error:
        return desk.page("import.html", status=422, kind="firms", error=error.message)
    return desk.page("import_report.html", kind=kind, name="", report=report, ticket=None, done=wording.IMPORTED)


async def _run(desk: Desk, kind: str, data: bytes, *, dry_run: bool) -> Report:
    if kind not in wording.IMPORT_KINDS:
        raise BadInput()
    return await desk.parts.import_table(kind, data, dry_run=dry_run, actor=desk.actor)


def _signer(desk: Desk) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(desk.parts.secret_key, salt="console-import")


def _keep(desk: Desk, kind: str, data: bytes) -> str:
    """Keep the file for an hour under a name of our own; the ticket that finds it again."""
    folder = desk.parts.staging
    folder.mkdir(parents=True, exist_ok=True)
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
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - _KEPT_SECONDS:
            path.unlink(missing_ok=True)
