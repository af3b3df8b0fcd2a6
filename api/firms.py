"""`/firms`: a firm's consents, and the codes by which a chat proves that it speaks for the firm."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api import auth, desk_contract, wording
from api.parts import Given, Parts
from api.responses import Json
from core.errors import BadInput
from core.text import fold
from firms import audit, claims, consents
from firms.actors import Actor
from firms.firm_rows import firm_columns
from firms.store import Firm
from matching.introductions import set_visible

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_FIRMS])

_SHAPE = desk_contract.ConsentsOut


def reference(firm: Firm) -> str:
    """How answers name a firm: its credit code, else its id."""
    return firm.credit_code or firm.id


@router.get("/firms/{firm}/consents", response_model=_SHAPE, summary=wording.API_CONSENTS)
async def shown(firm: str, parts: Given, actor: auth.Authenticated) -> Response:
    """What a firm agreed to."""
    found = await auth.firm_of(actor, firm, parts.firms)
    return Json(await _state(parts, found))


@router.put("/firms/{firm}/consents", response_model=_SHAPE, summary=wording.API_CONSENTS_CHANGE)
async def change(firm: str, said: desk_contract.ConsentsIn, parts: Given, actor: auth.Authenticated) -> Response:
    """Give or withdraw consents, each on its own; it holds at once.

    `visible` false hides the firm from every provider's list, detail and introduction, contacts of accepted ones too.
    """
    found = await auth.firm_of(actor, firm, parts.firms)
    changes = dict(_changes(said))
    async with parts.database.transaction() as session:
        await _record(session, found.id, changes, actor)
    return Json(await _state(parts, found))


def _changes(said: desk_contract.ConsentsIn) -> Iterator[tuple[str, bool]]:
    """Kinds of consent and whether they are given."""
    for kind, granted in ((consents.VISIBLE, said.visible), (consents.TELEGRAM, said.telegram)):
        if granted is not None:
            yield kind, granted
    for word, granted in (said.subscriptions or {}).items():
        for category in sorted(_categories(word)):
            yield consents.announce(category), granted


def _categories(word: str) -> frozenset[str]:
    if word in consents.CATEGORIES:
        return frozenset({word})
    found = firm_columns().category_words.get(fold(word))
    if found is None:
        raise BadInput(wording.UNKNOWN_CATEGORY)
    return found


async def _record(session: AsyncSession, firm_id: str, changes: dict[str, bool], actor: Actor) -> None:
    via: consents.Via = "staff" if actor.is_staff else "firm"
    for kind, granted in changes.items():
        if kind == consents.VISIBLE:
            await set_visible(session, firm_id, granted, via=via, source=wording.CONSENT_SOURCE, actor=actor.name)
        elif granted:
            await consents.grant(session, firm_id, kind, source=wording.CONSENT_SOURCE, via=via)
        else:
            await consents.withdraw(session, firm_id, kind, source=wording.CONSENT_SOURCE, via=via)
    await audit.record(
        session,
        actor=actor.name,
        action="consents.changed",
        subject_kind="firm",
        subject=firm_id,
        details={**changes},
    )


async def _state(parts: Parts, firm: Firm) -> dict[str, object]:
    held = await parts.firms.consents(firm.id)
    granted = {kind for kind, consent in held.items() if consent.granted}
    return {
        "firm": reference(firm),
        "visible": consents.VISIBLE in granted,
        "telegram": consents.TELEGRAM in granted,
        "subscriptions": {category: consents.announce(category) in granted for category in consents.CATEGORIES},
    }


@router.post(
    "/firms/{firm}/claim-codes", status_code=201, response_model=desk_contract.ClaimCodeOut, summary=wording.API_CLAIM
)
async def claim_code(firm: str, parts: Given, actor: auth.Authenticated) -> Response:
    """A code for a chat: for the firm itself, or for staff who hand it over. It works once and is shown once."""
    found = await auth.firm_of(actor, firm, parts.firms)
    async with parts.database.transaction() as session:
        code = await claims.make(session, "firm", found.id, made_by=actor.name)
    return Json({"code": code}, status_code=201)
