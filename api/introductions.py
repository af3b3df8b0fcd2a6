"""`/introductions`: interest, both consents, and only then contacts."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api import auth, desk_contract, wording
from api.parts import Given, Parts
from api.responses import Json
from core.errors import BadInput
from firms.actors import Actor

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_INTRODUCTIONS])

_SHAPE = desk_contract.IntroductionOut


@router.post("/introductions", status_code=201, response_model=_SHAPE, summary=wording.API_INTRODUCTION_ASK)
async def ask(asked: desk_contract.IntroductionIn, parts: Given, actor: auth.Authenticated) -> Response:
    """A firm's interest in an offer, or a provider's in a consenting firm; the same side again gets the same one (200).

    409 `use-registration`, `pair-rests`, `offer-full`, `offer-closed`, `already-asked`, `own-offer`.
    """
    view = await parts.introductions.ask(actor, await _firm(parts, actor, asked.firm), asked.offer_id)
    return Json(view.to_json(), status_code=201 if view.created else 200)


async def _firm(parts: Parts, actor: Actor, firm: str | None) -> str:
    """The firm that is meant. A provider learns nothing of firms that it may not see."""
    if actor.kind != "provider":
        return (await auth.firm_of(actor, firm, parts.firms)).id
    if firm is None:
        raise BadInput(wording.FIRM_NEEDED)
    return firm


@router.get("/introductions", response_model=desk_contract.IntroductionsOut, summary=wording.API_INTRODUCTIONS)
async def listing(parts: Given, actor: auth.Authenticated, firm: str | None = None) -> Response:
    """The caller's introductions, newest first; staff may ask for one firm's."""
    firm_id = (await auth.firm_of(actor, firm, parts.firms)).id if firm and actor.kind != "provider" else None
    views = await parts.introductions.list(actor, firm_id=firm_id)
    return Json({"items": [view.to_json() for view in views]})


@router.get("/introductions/{introduction_id}", response_model=_SHAPE, summary=wording.API_INTRODUCTION)
async def one(introduction_id: str, parts: Given, actor: auth.Authenticated) -> Response:
    """An introduction, for its two parties and staff; 404 `no_such_introduction` for everybody else."""
    return Json((await parts.introductions.get(actor, introduction_id)).to_json())


@router.post("/introductions/{introduction_id}/accept", response_model=_SHAPE, summary=wording.API_INTRODUCTION_ACCEPT)
async def accept(introduction_id: str, parts: Given, actor: auth.Authenticated) -> Response:
    """The asked side agrees: a place is taken and contacts are released to both. Again: the same, no second place.

    409 `offer-full` (it stays asked), `introduction-closed`, `not-your-turn`.
    """
    return Json((await parts.introductions.accept(actor, introduction_id)).to_json())


@router.post(
    "/introductions/{introduction_id}/decline", response_model=_SHAPE, summary=wording.API_INTRODUCTION_DECLINE
)
async def decline(
    introduction_id: str, parts: Given, actor: auth.Authenticated, said: desk_contract.ReasonIn | None = None
) -> Response:
    """The asked side declines; the pair rests for 180 days."""
    reason = said.reason if said else None
    return Json((await parts.introductions.decline(actor, introduction_id, reason)).to_json())


@router.post(
    "/introductions/{introduction_id}/withdraw", response_model=_SHAPE, summary=wording.API_INTRODUCTION_WITHDRAW
)
async def withdraw(introduction_id: str, parts: Given, actor: auth.Authenticated) -> Response:
    """Either side takes it back; an accepted one gives its place back."""
    return Json((await parts.introductions.withdraw(actor, introduction_id)).to_json())
