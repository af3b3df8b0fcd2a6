"""`/events`: events with their places, and registrations for them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from announcements.calendar import ics
from api import auth, desk_contract, wording
from api.parts import Given
from api.responses import Json

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_EVENTS])

_SHAPE = desk_contract.RegistrationOut


@router.get(
    "/events/{event_id}.ics",
    summary=wording.API_EVENT_CALENDAR,
    response_class=Response,
    responses={200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}},
)
async def calendar(event_id: str, parts: Given) -> Response:
    """The event for a calendar."""
    event = await parts.registrations.event(event_id)
    headers = {"Content-Disposition": 'attachment; filename="event.ics"'}
    return Response(ics(event, parts.public_url), media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/events/{event_id}", response_model=desk_contract.EventOut, summary=wording.API_EVENT)
async def one(event_id: str, parts: Given) -> Response:
    """An event, and how many places are taken. 404 `no_such_offer`."""
    return Json(await parts.registrations.event_json(event_id))


@router.post("/events/{event_id}/registrations", status_code=201, response_model=_SHAPE, summary=wording.API_REGISTER)
async def register(
    event_id: str, parts: Given, actor: auth.Authenticated, asked: desk_contract.ActingIn | None = None
) -> Response:
    """Register a firm, or queue it; the same firm again gets the same registration (200).

    409 `registration-closed`, `offer-full`, `not-eligible`.
    """
    firm = await auth.firm_of(actor, asked.firm if asked else None, parts.firms)
    view = await parts.registrations.register(actor, firm.id, event_id)
    return Json(view.to_json(), status_code=201 if view.created else 200)


@router.get(
    "/events/{event_id}/registrations", response_model=desk_contract.RegistrationsOut, summary=wording.API_REGISTRATIONS
)
async def listing(event_id: str, parts: Given, actor: auth.StaffOnly) -> Response:
    """All registrations of an event, for staff."""
    return Json(await parts.registrations.list_json(actor, event_id))


@router.post(
    "/events/{event_id}/registrations/{registration_id}/cancel", response_model=_SHAPE, summary=wording.API_CANCEL
)
async def cancel(event_id: str, registration_id: str, parts: Given, actor: auth.Authenticated) -> Response:
    """Give a place back; the first who waits is offered it for 24 hours."""
    return Json((await parts.registrations.cancel(actor, registration_id, event_id)).to_json())


@router.post(
    "/events/{event_id}/registrations/{registration_id}/confirm", response_model=_SHAPE, summary=wording.API_CONFIRM
)
async def confirm(event_id: str, registration_id: str, parts: Given, actor: auth.Authenticated) -> Response:
    """Take an offered place."""
    return Json((await parts.registrations.confirm(actor, registration_id, event_id)).to_json())
