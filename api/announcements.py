"""`/announcements`: drafts, approval by somebody else, sending, and how far it is. For staff."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api import auth, desk_contract, wording
from api.parts import Given
from api.responses import Json

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_ANNOUNCEMENTS])

_SHAPE = desk_contract.AnnouncementOut


@router.get("/announcements", response_model=desk_contract.AnnouncementsOut, summary=wording.API_ANNOUNCEMENTS)
async def listing(parts: Given, actor: auth.StaffOnly) -> Response:
    """All announcements, newest first."""
    return Json({"items": [one.to_json() for one in await parts.announcements.list(actor)]})


@router.post("/announcements", status_code=201, response_model=_SHAPE, summary=wording.API_ANNOUNCEMENT_CREATE)
async def create(said: desk_contract.AnnouncementIn, parts: Given, actor: auth.StaffOnly) -> Response:
    """A draft. 422 for a category or a rule that cannot be read, with the place."""
    made = await parts.announcements.create(
        actor,
        title=said.title,
        text=said.text,
        category=said.category,
        audience=said.audience,
        region=said.region,
        offer_id=said.offer_id,
    )
    return Json(made.to_json(), status_code=201)


@router.get("/announcements/{announcement_id}", response_model=_SHAPE, summary=wording.API_ANNOUNCEMENT)
async def one(announcement_id: str, parts: Given, actor: auth.StaffOnly) -> Response:
    """An announcement."""
    return Json((await parts.announcements.get(announcement_id, actor)).to_json())


@router.get(
    "/announcements/{announcement_id}/preview",
    response_model=desk_contract.PreviewOut,
    summary=wording.API_ANNOUNCEMENT_PREVIEW,
)
async def preview(announcement_id: str, parts: Given, actor: auth.StaffOnly) -> Response:
    """Whom it would reach now, and who is left out and why."""
    return Json(await parts.announcements.preview(announcement_id, actor))


@router.get(
    "/announcements/{announcement_id}/status",
    response_model=desk_contract.DeliveryStatusOut,
    summary=wording.API_ANNOUNCEMENT_STATUS,
)
async def status(announcement_id: str, parts: Given, actor: auth.StaffOnly) -> Response:
    """How far it is."""
    return Json(await parts.announcements.status(announcement_id, actor))


@router.post(
    "/announcements/{announcement_id}/approve", response_model=_SHAPE, summary=wording.API_ANNOUNCEMENT_APPROVE
)
async def approve(announcement_id: str, parts: Given, actor: auth.StaffOnly) -> Response:
    """Approve what somebody else wrote. 403 `approver_needed`; 409 `own-announcement`."""
    auth.require_approver(actor)
    return Json((await parts.announcements.approve(announcement_id, actor)).to_json())


@router.post(
    "/announcements/{announcement_id}/schedule", response_model=_SHAPE, summary=wording.API_ANNOUNCEMENT_SCHEDULE
)
async def schedule(
    announcement_id: str, said: desk_contract.ScheduleIn, parts: Given, actor: auth.StaffOnly
) -> Response:
    """Send it, now or later. 409 `already-scheduled` the second time: nothing is sent twice."""
    return Json((await parts.announcements.schedule(announcement_id, actor, at=said.at, urgent=said.urgent)).to_json())


@router.post("/announcements/{announcement_id}/stop", response_model=_SHAPE, summary=wording.API_ANNOUNCEMENT_STOP)
async def stop(announcement_id: str, parts: Given, actor: auth.StaffOnly) -> Response:
    """Stop it within a second; what was sent stays sent."""
    return Json((await parts.announcements.stop(announcement_id, actor)).to_json())
