"""`/console/announcements`: write, change, preview, approve, send, stop."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from announcements.announcement import (
    OPEN_TO_EDITS,
    SCHEDULED,
    SENDING,
    Announcement,
    AnnouncementChanged,
    NoSuchAnnouncement,
)
from announcements.message import copy_of
from api.console import wording
from api.console.access import Desk, Missing, SignedIn, text_of
from api.console.audience import in_words
from core.errors import QibanError
from firms.rule_reading import BadRule
from matching.kinds import kinds
from matching.offer import EVENT, Offer
from matching.offers import NoSuchOffer

router = APIRouter(prefix="/console/announcements", include_in_schema=False)

_Id = Annotated[str, Path(pattern="^[A-Za-z0-9-]{1,40}$")]
_FIELDS = ("title", "text", "category", "audience", "region", "offer_id")
_UNDERWAY = (SCHEDULED, SENDING)
_LISTED_OFFERS = 200
_DONE = {
    "created": wording.CREATED,
    "edited": wording.EDITED,
    "approved": wording.APPROVED,
    "scheduled": wording.SCHEDULED,
    "stopped": wording.STOPPED,
}


@router.get("")
async def listing(desk: SignedIn) -> Response:
    """All announcements, newest first."""
    return desk.page("announcements.html", announcements=await desk.parts.announcements.list(desk.actor))


# --- writing ---


@router.get("/new")
async def new(desk: SignedIn) -> Response:
    """An empty draft."""
    return await _form(desk, dict.fromkeys(_FIELDS, ""))


async def _form(
    desk: Desk, given: Mapping[str, str], *, status: int = 200, error: QibanError | None = None, **context: Any
) -> Response:
    """The form with what was typed; what is wrong stands at its field, too, where it is about one."""
    wrong = _field_of(error)
    return desk.page(
        "announcement_form.html",
        status=status,
        given=given,
        wrong={} if wrong is None or error is None else {wrong: error.message},
        error=None if error is None else error.message,
        offers=await _open_offers(desk),
        **({"id": None, "version": None} | context),
    )


def _field_of(error: QibanError | None) -> str | None:
    match error:
        case BadRule():
            return "audience"
        case NoSuchOffer():
            return "offer_id"
    return None


async def _open_offers(desk: Desk) -> list[Offer]:
    """What an announcement may be about: the next events first."""
    found = await desk.parts.offers.all_open(desk.parts.now())
    events = [offer for offer in found if offer.kind == EVENT and offer.starts_at is not None]
    events.sort(key=lambda offer: (offer.starts_at, offer.number))
    return [*events, *(offer for offer in found if offer.kind != EVENT)][:_LISTED_OFFERS]


async def _given(desk: Desk) -> dict[str, str]:
    form = await desk.request.form()
    return {name: text_of(form, name) for name in _FIELDS}


def _values(given: Mapping[str, str]) -> dict[str, Any]:
    return {**given, "region": given["region"] or None, "offer_id": given["offer_id"] or None}


@router.post("")
async def create(desk: SignedIn) -> Response:
    """Save a draft; what cannot be read is shown again with what is wrong."""
    given = await _given(desk)
    try:
        made = await desk.parts.announcements.create(desk.actor, **_values(given))
    except QibanError as error:
        return await _form(desk, given, status=422, error=error)
    return _to(made.id, "created")


def _to(announcement_id: str, done: str) -> Response:
    return RedirectResponse(f"/console/announcements/{announcement_id}?done={done}", status_code=303)


@router.get("/{announcement_id}/edit")
async def edit_form(announcement_id: _Id, desk: SignedIn) -> Response:
    """A draft, as long as nothing was sent."""
    found = await _get(desk, announcement_id)
    if found.state not in OPEN_TO_EDITS:
        return _to(announcement_id, "")
    given = {name: str(getattr(found, name) or "") for name in _FIELDS}
    return await _form(desk, given, id=found.id, version=found.version)


@router.post("/{announcement_id}/edit")
async def edit(announcement_id: _Id, desk: SignedIn) -> Response:
    """Save a change; one that somebody else changed meanwhile is shown with what differs, and nothing is lost."""
    found = await _get(desk, announcement_id)
    given = await _given(desk)
    version = _number(text_of(await desk.request.form(), "version"))
    try:
        await desk.parts.announcements.edit(announcement_id, desk.actor, version=version, **_values(given))
    except AnnouncementChanged as error:
        return await _form(desk, given, status=409, error=error, id=found.id, version=error.current.version)
    except QibanError as error:
        return await _form(desk, given, status=422, error=error, id=found.id, version=version)
    return _to(announcement_id, "edited")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


# --- one announcement ---


@router.get("/{announcement_id}")
async def one(announcement_id: _Id, desk: SignedIn) -> Response:
    """An announcement with whom it would reach, or how far it is."""
    done = _DONE.get(desk.request.query_params.get("done", ""))
    return await _page(desk, announcement_id, done=done)


async def _get(desk: Desk, announcement_id: str) -> Announcement:
    """Raises Missing, also for one that is not theirs to see."""
    try:
        return await desk.parts.announcements.get(announcement_id, desk.actor)
    except NoSuchAnnouncement:
        raise Missing() from None


async def _page(desk: Desk, announcement_id: str, **context: Any) -> Response:
    parts = desk.parts
    found = await _get(desk, announcement_id)
    offer = None if found.offer_number is None else await parts.offers.by_number(found.offer_number)
    before = found.state in OPEN_TO_EDITS
    return desk.page(
        "announcement.html",
        announcement=found,
        offer=offer,
        offer_kind=None if offer is None else kinds()[offer.kind].label,
        conditions=in_words(found.audience, parts.assessor.catalogue, parts.today()),
        message=copy_of(found, offer, cast(ZoneInfo, parts.timezone)),
        preview=await parts.announcements.preview(announcement_id, desk.actor) if before else None,
        progress=await _progress(desk, found),
        editable=before,
        **context,
    )


async def _progress(desk: Desk, found: Announcement) -> dict[str, Any] | None:
    """How far sending is; None before it is scheduled."""
    if found.state in ("draft", "approved"):
        return None
    status = await desk.parts.announcements.status(found.id, desk.actor)
    counts = status["counts"]
    total = sum(counts.values())
    return {**status, "total": total, "done": total - counts["queued"] - counts["sending"]}


@router.get("/{announcement_id}/progress")
async def progress(announcement_id: _Id, desk: SignedIn) -> Response:
    """The part of the page that changes while sending; once that is over the whole page is loaded again."""
    found = await _get(desk, announcement_id)
    shown = desk.page("_progress.html", announcement=found, progress=await _progress(desk, found))
    if found.state not in _UNDERWAY or desk.request.query_params.get("state") != found.state:
        shown.headers["HX-Redirect"] = f"/console/announcements/{announcement_id}"
    return shown


async def _act(desk: Desk, announcement_id: str, work: Awaitable[Any], done: str) -> Response:
    try:
        await work
    except NoSuchAnnouncement:
        raise Missing() from None
    except QibanError as error:
        return await _page(desk, announcement_id, status=409, error=error.message)
    return _to(announcement_id, done)


@router.post("/{announcement_id}/approve")
async def approve(announcement_id: _Id, desk: SignedIn) -> Response:
    """Approve what somebody else wrote, as it was on the page."""
    if not desk.actor.may_approve:
        why = wording.APPROVE_NOT_YOURS.format(role=wording.ROLES[desk.staff.role])
        return await _page(desk, announcement_id, status=403, error=why)
    version = _number(text_of(await desk.request.form(), "version")) or None
    work = desk.parts.announcements.approve(announcement_id, desk.actor, version=version)
    return await _act(desk, announcement_id, work, "approved")


@router.post("/{announcement_id}/schedule")
async def schedule(announcement_id: _Id, desk: SignedIn) -> Response:
    """Send it; a second press finds it scheduled and sends nothing."""
    form = await desk.request.form()
    at, urgent = text_of(form, "at", 40) or "now", text_of(form, "urgent") == "1"
    work = desk.parts.announcements.schedule(announcement_id, desk.actor, at=at, urgent=urgent)
    return await _act(desk, announcement_id, work, "scheduled")


@router.post("/{announcement_id}/stop")
async def stop(announcement_id: _Id, desk: SignedIn) -> Response:
    """Stop it."""
    return await _act(desk, announcement_id, desk.parts.announcements.stop(announcement_id, desk.actor), "stopped")
