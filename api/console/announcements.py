"""`/console/announcements`: write, preview, approve, send, stop."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from api import auth
from api.console import wording
from api.console.access import Desk, SignedIn, text_of
from core.errors import QibanError

router = APIRouter(prefix="/console/announcements", include_in_schema=False)

_FIELDS = ("title", "text", "category", "audience", "region", "offer_id")
_DONE = {
    "created": wording.CREATED,
    "approved": wording.APPROVED,
    "scheduled": wording.SCHEDULED,
    "stopped": wording.STOPPED,
}


@router.get("")
async def listing(desk: SignedIn) -> Response:
    """All announcements, newest first."""
    return desk.page("announcements.html", announcements=await desk.parts.announcements.list(desk.actor))


@router.get("/new")
async def new(desk: SignedIn) -> Response:
    """An empty draft."""
    return desk.page("announcement_new.html", given=dict.fromkeys(_FIELDS, ""))


@router.post("")
async def create(desk: SignedIn) -> Response:
    """Save a draft; what cannot be read is shown again with what is wrong."""
    form = await desk.request.form()
    given = {name: text_of(form, name) for name in _FIELDS}
    try:
        made = await desk.parts.announcements.create(
            desk.actor,
            title=given["title"],
            text=given["text"],
            category=given["category"],
            audience=given["audience"],
            region=given["region"] or None,
            offer_id=given["offer_id"] or None,
        )
    except QibanError as error:
        return desk.page("announcement_new.html", status=422, given=given, error=error.message)
    return _to(made.id, "created")


def _to(announcement_id: str, done: str) -> Response:
    return RedirectResponse(f"/console/announcements/{announcement_id}?done={done}", status_code=303)


@router.get("/{announcement_id}")
async def one(announcement_id: str, desk: SignedIn) -> Response:
    """An announcement with whom it would reach, or how far it is."""
    done = _DONE.get(desk.request.query_params.get("done", ""))
    return await _page(desk, announcement_id, done=done)


async def _page(desk: Desk, announcement_id: str, **context: Any) -> Response:
    announcements = desk.parts.announcements
    found = await announcements.get(announcement_id, desk.actor)
    before = found.state in ("draft", "approved", "scheduled")
    preview = await announcements.preview(announcement_id, desk.actor) if before else None
    status = None if before else await announcements.status(announcement_id, desk.actor)
    return desk.page("announcement.html", announcement=found, preview=preview, status_of=status, **context)


async def _act(desk: Desk, announcement_id: str, work: Awaitable[Any], done: str) -> Response:
    try:
        await work
    except QibanError as error:
        return await _page(desk, announcement_id, status=409, error=error.message)
    return _to(announcement_id, done)


@router.post("/{announcement_id}/approve")
async def approve(announcement_id: str, desk: SignedIn) -> Response:
    """Approve what somebody else wrote."""
    auth.require_approver(desk.actor)
    work = desk.parts.announcements.approve(announcement_id, desk.actor)
    return await _act(desk, announcement_id, work, "approved")


@router.post("/{announcement_id}/schedule")
async def schedule(announcement_id: str, desk: SignedIn) -> Response:
    """Send it; a second press finds it scheduled and sends nothing."""
    form = await desk.request.form()
    at, urgent = text_of(form, "at", 40) or "now", text_of(form, "urgent") == "1"
    work = desk.parts.announcements.schedule(announcement_id, desk.actor, at=at, urgent=urgent)
    return await _act(desk, announcement_id, work, "scheduled")


@router.post("/{announcement_id}/stop")
async def stop(announcement_id: str, desk: SignedIn) -> Response:
    """Stop it."""
    return await _act(desk, announcement_id, desk.parts.announcements.stop(announcement_id, desk.actor), "stopped")
