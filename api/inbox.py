"""`/inbox`: notices for who is not on Telegram: of a chat session that is linked, or of a key's owner."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api import auth, desk_contract, sessions, talk, wording
from api.parts import Given, Parts
from api.responses import Json
from firms import claims
from firms.actors import Actor
from messaging.inbox import InboxMessage, firm_inbox, provider_inbox

router = APIRouter(prefix="/api/v1", tags=[wording.TAG_INBOX])

_Session = Annotated[str | None, Query(pattern=f"^{sessions.PATTERN}$")]


@router.get("/inbox", response_model=desk_contract.InboxOut, summary=wording.API_INBOX)
async def inbox(
    parts: Given, caller: auth.Caller, session: _Session = None, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Response:
    """The newest notices of the `session`'s firms and providers, or of the key's owner. 401 without either."""
    return Json(await of(parts, await addresses(parts, caller, session), limit))


@router.post("/inbox/read", response_model=desk_contract.InboxOut, summary=wording.API_INBOX_READ)
async def read(parts: Given, caller: auth.Caller, said: desk_contract.ReadIn) -> Response:
    """Everything up to a notice was read."""
    own = await addresses(parts, caller, said.session)
    await parts.inbox.mark_read(own, said.up_to)
    return Json(await of(parts, own, 20))


async def addresses(parts: Parts, caller: Actor | None, session: str | None) -> tuple[str, ...]:
    """The inboxes that a chat session, else a key, may read. A session proves itself as it does in the chat."""
    if session is not None:
        return await of_session(parts, session)
    actor = auth.required(caller)
    if actor.kind == "firm":
        return (firm_inbox(actor.owner),)
    return (provider_inbox(actor.owner),) if actor.kind == "provider" else ()


async def of_session(parts: Parts, session: str) -> tuple[str, ...]:
    """The inboxes of a chat session: its own, and those of whom it speaks for."""
    async with parts.database.reading() as view:
        person = await claims.person(view, talk.CHANNEL, session)
    firms = [firm_inbox(firm) for firm in person.firms]
    return (session, *firms, *(provider_inbox(provider) for provider in person.providers))


async def of(parts: Parts, own: tuple[str, ...], limit: int) -> dict[str, Any]:
    """What is in these inboxes."""
    messages = await parts.inbox.messages(own, limit=limit) if own else []
    unread = await parts.inbox.unread(own) if own else 0
    return {"unread": unread, "items": [_shown(message) for message in messages]}


def _shown(message: InboxMessage) -> dict[str, Any]:
    said = message.message.to_json()
    kept = {name: said[name] for name in ("text", "notices", "cards", "choices")}
    return {"id": message.id, "at": message.at.isoformat(), "read": message.read, **kept}
