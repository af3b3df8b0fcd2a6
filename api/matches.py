"""`/matches`: offers for a firm with reasons, or for a need in words; `/offers/{id}/firms`: the other way round."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api import auth, desk_contract, wording
from api.parts import Given
from api.questions import region_code
from api.responses import Json
from core.errors import BadInput
from firms.catalogue import folded_name
from matching.offers import NoSuchOffer

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_MATCHES])


class FirmOrNeed(BadInput):
    """Matches are for a firm or for a need, not for both or neither."""

    code = "firm_or_need"
    default = wording.FIRM_OR_NEED


@router.post("/matches", response_model=desk_contract.Matches, summary=wording.API_MATCHES)
async def match(asked: desk_contract.MatchIn, parts: Given, caller: auth.Caller) -> Response:
    """What fits a firm (its own key, or staff), or a need in words (anybody).

    401 `key_required` without a key, 404 for a firm that is not the caller's.
    """
    if asked.need is not None:
        if asked.firm is not None:
            raise FirmOrNeed()
        region = region_code(asked.region) if asked.region else None
        found = await parts.matchmaker.match_need(asked.need, region=region, kind=asked.kind, limit=asked.limit)
        return Json(found.to_json())
    actor = auth.required(caller)
    if asked.firm is None and actor.kind != "firm":
        raise FirmOrNeed()
    firm = await auth.firm_of(actor, asked.firm, parts.firms)
    return Json((await parts.matchmaker.match(firm, kind=asked.kind, limit=asked.limit)).to_json())


@router.get("/offers/{offer_id}/firms", summary=wording.API_OFFER_FIRMS)
async def firms(offer_id: str, parts: Given, actor: auth.Authenticated, limit: int = 20) -> Response:
    """The consenting firms that fit an offer, best first, without contacts: for its provider and staff.

    404 `no_such_offer` for everybody else.
    """
    offer = await parts.offers.get(offer_id)
    own = actor.kind == "provider" and folded_name(actor.owner) == offer.folded_provider
    if not (own or actor.is_staff):
        raise NoSuchOffer()
    found = await parts.matchmaker.firms_for(offer, limit=max(1, min(limit, 100)))
    return Json(found.to_json())
