"""`/offers`: the public directory of open offers. Contacts are never in it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api import desk_contract, wording
from api.contract import IsoDate
from api.parts import Given
from api.responses import Json
from matching.offers import public_json

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_OFFERS])

_Text = Annotated[str | None, Query(max_length=200)]
_Amount = Annotated[Decimal | None, Query(ge=0, le=10**9)]


@router.get("/offers", response_model=desk_contract.OffersOut, summary=wording.API_OFFERS)
async def listing(
    parts: Given,
    kind: Annotated[desk_contract.KindOf | None, Query()] = None,
    region: Annotated[list[str] | None, Query(max_length=20)] = None,
    amount_min: _Amount = None,
    amount_max: _Amount = None,
    deadline_from: Annotated[IsoDate, Query()] = None,
    cursor: _Text = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """Open offers, newest first. Conditions that contradict each other give an empty list that says so.

    422 for a date or region that is none.
    """
    page = await parts.offers.list(
        kind=kind,
        region=region,
        amount_min=amount_min,
        amount_max=amount_max,
        deadline_from=deadline_from,
        cursor=cursor,
        limit=limit,
        open_at=parts.now(),
    )
    items = [public_json(offer) for offer in page.items]
    return Json({"items": items, "next_cursor": page.next_cursor, "notices": list(page.notices)})


@router.get("/offers/{offer_id}", response_model=desk_contract.OfferOut, summary=wording.API_OFFER)
async def one(offer_id: str, parts: Given) -> Response:
    """An offer, also one that is over (its `state` and dates say so). 404 `no_such_offer`."""
    return Json(public_json(await parts.offers.get(offer_id)))
