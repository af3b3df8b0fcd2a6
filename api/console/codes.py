"""`/console/codes`: codes by which a chat proves that it speaks for a firm or a provider."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api import auth
from api.console import wording
from api.console.access import Desk, SignedIn, text_of
from core.errors import BadInput, QibanError
from firms import claims
from firms.claims import Kind

router = APIRouter(prefix="/console/codes", include_in_schema=False)


@router.get("")
async def form_page(desk: SignedIn) -> Response:
    """The form."""
    return _page(desk)


def _page(desk: Desk, **context: Any) -> Response:
    empty = {"issued": None, "owner": "", "firm": "", "provider": ""}
    return desk.page("codes.html", **(empty | context))


@router.post("")
async def make(desk: SignedIn) -> Response:
    """Make a code; it is shown once."""
    form = await desk.request.form()
    firm, provider = text_of(form, "firm", 200), text_of(form, "provider", 200)
    if provider:
        desk.whole_area_only()  # a provider deals with firms of the whole area
    try:
        kind, owner, name = await _owner(desk, firm, provider)
    except QibanError as error:
        return _page(desk, status=422, firm=firm, provider=provider, error=error.message)
    async with desk.parts.database.transaction() as session:
        issued = await claims.issue(session, kind, owner, made_by=desk.actor.name)
    return _page(desk, issued=issued, owner=name)


async def _owner(desk: Desk, firm: str, provider: str) -> tuple[Kind, str, str]:
    """Whom the code is for: kind, owner and name. Raises BadInput, and NoSuchFirm beyond the staff's region."""
    if bool(firm) == bool(provider):
        raise BadInput(wording.ONE_OWNER if desk.county is None else wording.ONE_FIRM)
    if firm:
        found = await auth.firm_of(desk.actor, firm, desk.parts.firms)
        return "firm", found.id, found.name
    offers = await desk.parts.offers.of_provider(provider)
    if not offers:
        raise BadInput(wording.NO_PROVIDER)
    return "provider", offers[0].provider, offers[0].provider
