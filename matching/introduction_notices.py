"""What the parties of an introduction are told: enqueued in the transaction of the change, checked before sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.database import Database
from firms import claims
from firms.store import TELEGRAM
from matching.introduction_views import Event, Introduction, Side, hint, notice, one, shows
from matching.offers import Offers
from messaging import addresses, outbox, recipients
from messaging.inbox import WEB
from messaging.messages import OutMessage
from messaging.outbox import Allow, Delivery, Skip

GUARD = "introduction"
"""The name under which `Introductions.guard` is registered with the outbox's worker."""
GONE, MOVED = "withdrawn", "moved"
"""Why a notice was skipped: what it says no longer holds, or it went to another address instead."""
_HINT, _ELSEWHERE = ":hint", ":moved"
_PORTION = 200


class Notices:
    """Tells the parties. Each event is told once to a side, by its key; a provider hears nothing of a hidden firm."""

    def __init__(
        self,
        database: Database,
        offers: Offers,
        clock: Clock,
        *,
        telegram: bool,
        on_enqueued: Callable[[], None] | None,
    ) -> None:
        self._database = database
        self._offers = offers
        self._clock = clock
        self._telegram = telegram
        self._on_enqueued = on_enqueued

    async def tell(self, session: AsyncSession, found: Introduction, event: Event, side: Side) -> None:
        """Tell a side what happened, in the caller's transaction."""
        if side == "provider" and not await shows(session, found):
            return
        await self._notice(session, found, event, side)
        if event == "asked" and side == "provider" and (address := await self._unclaimed(session, found)) is not None:
            await _enqueue(session, found, event, side, (TELEGRAM, address), hint(found), _HINT)

    async def verdict(self, delivery: Delivery) -> Allow | Skip:
        """Just before a notice is sent: whether what it says still holds, and the reader may still see it.

        When the address no longer speaks for the reader, the notice goes to where the reader is now instead.
        """
        args = delivery.guard_args or {}
        event, side = args.get("event", ""), _side(args)
        async with self._database.reading() as session:
            found = await one(session, str(args.get("id", "")))
            if found is None or found.state_on(self._clock.today()) != event:
                return Skip(GONE)
            if side == "provider" and not await shows(session, found):
                return Skip(GONE)
            to = await self._recipient(session, found, side)
        if args.get("hint") or to == (delivery.channel, delivery.address):
            return Allow()
        await self._tell_elsewhere(found, event, side)
        return Skip(MOVED)

    async def _tell_elsewhere(self, found: Introduction, event: Event, side: Side) -> None:
        async with self._database.transaction() as session:
            await self._notice(session, found, event, side, _ELSEWHERE)
        if self._on_enqueued is not None:
            self._on_enqueued()

    async def _notice(
        self, session: AsyncSession, found: Introduction, event: Event, side: Side, suffix: str = ""
    ) -> None:
        to = await self._recipient(session, found, side)
        if to is not None:
            await _enqueue(session, found, event, side, to, notice(found, event, side, kept=to[0] == WEB), suffix)

    async def _recipient(self, session: AsyncSession, found: Introduction, side: Side) -> tuple[str, str] | None:
        if side == "firm":
            return await recipients.of_firm(session, found.firm_id, claimed_only=True, telegram=self._telegram)
        return await recipients.of_provider(session, found.provider, telegram=self._telegram)

    async def _unclaimed(self, session: AsyncSession, found: Introduction) -> str | None:
        """The chat that stands in the offer's contacts, when nobody claimed to speak for the provider."""
        if not self._telegram or await claims.provider_addresses(session, found.provider):
            return None
        address = (await self._offers.contact(found.offer_number, session)).telegram
        if address is None or await addresses.blocked(session, [(TELEGRAM, address)]):
            return None
        return address


async def _enqueue(
    session: AsyncSession,
    found: Introduction,
    event: Event,
    side: Side,
    to: tuple[str, str],
    message: OutMessage,
    suffix: str,
) -> None:
    args: dict[str, Any] = {"id": found.id, "event": event, "side": side}
    await outbox.enqueue(
        session,
        key=f"intro:{found.id}:{event}:{side}{suffix}",
        channel=to[0],
        address=to[1],
        message=message,
        lane="notice",
        topic=_topic(found.id),
        guard=GUARD,
        guard_args=args | ({"hint": True} if suffix == _HINT else {}),
    )


async def forget(session: AsyncSession, introduction_ids: Sequence[str]) -> None:
    """Take away what was said; one that is being sent now is emptied, and its guard lets it not be sent again."""
    for start in range(0, len(introduction_ids), _PORTION):
        mine = Delivery.topic.in_([_topic(each) for each in introduction_ids[start : start + _PORTION]])
        await session.execute(select(Delivery.id).where(mine).order_by(Delivery.id).with_for_update())
        await session.execute(delete(Delivery).where(mine, Delivery.state != "sending"))
        await session.execute(update(Delivery).where(mine).values(message=OutMessage("").to_json()))


def _topic(introduction_id: str) -> str:
    return f"introduction:{introduction_id}"


def _side(guard_args: Mapping[str, Any]) -> Side:
    return "provider" if guard_args.get("side") == "provider" else "firm"
