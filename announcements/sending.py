"""The worker's part: a due announcement's audience is frozen, its deliveries are put into the outbox, its end is noted.

Every step is one transaction that names the state it found, so that a kill anywhere loses and doubles nothing, and two
workers may do this side by side.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from announcements import quiet, rows
from announcements.announcement import DONE, SCHEDULED, SENDING, Announcement, topic
from announcements.audience import Address, Audiences, Chosen, read_audience, standings
from announcements.message import copy_of
from announcements.models import AnnouncementRow, RecipientRow
from core import log
from core.clock import Clock, machine_now
from core.database import Database
from firms import consents
from firms.catalogue import Catalogue
from firms.store import TELEGRAM
from matching.offer import Offer
from matching.offers import Offers
from messaging import addresses, outbox
from messaging.deliveries import Delivery
from messaging.guards import Allow, Hold, Skip, Verdict
from messaging.messages import OutMessage

GUARD = "announcement"
"""The name under which `guard()` is registered with the outbox's worker."""
PORTION = 100
"""How many deliveries one transaction puts into the outbox."""
SAME_PERSON = "same_person"
_IDLE_SECONDS = 1.0
_LONGEST_KEY = 200
_UNSETTLED = ("queued", "sending")
_Recipient = tuple[int, str, str, str]


def never() -> None:
    """Nobody is to be told that something was enqueued."""


def delivery_key(announcement_id: str, address: Address) -> str:
    """What makes a copy unique: one announcement, one person."""
    key = f"ann:{announcement_id}:{address[0]}:{address[1]}"
    if len(key) <= _LONGEST_KEY:
        return key
    return f"ann:{announcement_id}:{address[0]}:{hashlib.sha256(address[1].encode()).hexdigest()}"


class Sending:
    """Takes announcements from `scheduled` over `sending` to `done`."""

    def __init__(
        self,
        database: Database,
        audiences: Audiences,
        catalogue: Catalogue,
        clock: Clock,
        offers: Offers,
        on_enqueued: Callable[[], None],
    ) -> None:
        self._database = database
        self._audiences = audiences
        self._catalogue = catalogue
        self._clock = clock
        self._offers = offers
        self._on_enqueued = on_enqueued
        self._log = log.get(__name__)

    async def run(self, stop: asyncio.Event) -> None:
        """Advance until `stop` is set. An error of the database is logged, and tried again."""
        while not stop.is_set():
            try:
                busy = await self.advance()
            except Exception:
                self._log.exception("announcements_error")
                busy = False
            if not busy:
                await asyncio.gather(asyncio.wait_for(stop.wait(), _IDLE_SECONDS), return_exceptions=True)

    async def advance(self) -> bool:
        """Freeze what is due, enqueue what is frozen, close what is settled; whether there was anything to do.

        An announcement that fails is logged and does not hold up the others.
        """
        async with self._database.reading() as session:
            due = (AnnouncementRow.state == SCHEDULED) & (AnnouncementRow.send_at <= self._clock.now())
            found = await rows.read_all(session, self._clock.timezone, or_(due, AnnouncementRow.state == SENDING))
        worked = False
        for announcement in reversed(found):
            try:
                worked |= await self._advance(announcement)
            except Exception:
                self._log.exception("announcement_error", announcement=announcement.id)
        return worked

    async def _advance(self, announcement: Announcement) -> bool:
        if announcement.state == SCHEDULED:
            return await self._freeze(announcement)
        enqueued = await self._enqueue(announcement)
        return await self._finish(announcement.id) or enqueued

    async def _freeze(self, announcement: Announcement) -> bool:
        """Write down who is in the audience and what they get. The firms are read first: no writer waits for that."""
        audience = read_audience(announcement.audience, announcement.region, announcement.category, self._catalogue)
        today = self._clock.today()
        selection = await self._audiences.select(audience, today)
        mine = update(AnnouncementRow).where(
            AnnouncementRow.id == announcement.id,
            AnnouncementRow.state == SCHEDULED,
            AnnouncementRow.version == announcement.version,
        )
        frozen = {
            "state": SENDING,
            "frozen_on": today,
            "sent_text": announcement.text,
            "started_at": self._clock.now(),
            "updated_at": machine_now(),
        }
        async with self._database.transaction() as session:
            if await session.scalar(mine.values(**frozen).returning(AnnouncementRow.id)) is None:
                return True  # another worker was first, or it was stopped: look again
            if recipients := _recipients(announcement.id, selection.chosen):
                await session.execute(insert(RecipientRow), recipients)
        self._log.info("announcement_frozen", announcement=announcement.id, firms=len(selection.chosen))
        return True

    async def _enqueue(self, announcement: Announcement) -> bool:
        if not await self._is_unfinished(announcement.id):
            return False
        message = copy_of(announcement, await self._offer(announcement), self._clock.timezone)
        worked = False
        while await self._enqueue_portion(announcement, message):
            worked = True
            self._on_enqueued()
        return worked

    async def _is_unfinished(self, announcement_id: str) -> bool:
        async with self._database.reading() as session:
            return await session.scalar(_waiting(announcement_id).limit(1)) is not None

    async def _offer(self, announcement: Announcement) -> Offer | None:
        number = announcement.offer_number
        return None if number is None else await self._offers.by_number(number)

    async def _enqueue_portion(self, announcement: Announcement, message: OutMessage) -> int:
        """Put some deliveries into the outbox; how many recipients that were. A stop meanwhile waits, or wins."""
        async with self._database.transaction() as session:
            held = select(AnnouncementRow.id).where(
                AnnouncementRow.id == announcement.id, AnnouncementRow.state == SENDING
            )
            if await session.scalar(held.with_for_update()) is None:
                return 0
            waiting = (await session.execute(_waiting(announcement.id).limit(PORTION))).all()
            together = await _together(session, announcement.id, waiting)
            done = []
            for row_id, firm_id, channel, address in waiting:
                firms = (firm_id, *together.get((channel, address), ()))
                key = await _put(session, announcement, message, (channel, address), firms)
                done.append({"id": row_id, "delivery_key": key})
            if done:
                await session.execute(update(RecipientRow), done)
            return len(done)

    async def _finish(self, announcement_id: str) -> bool:
        """Note the end once nothing waits and nothing is under way."""
        async with self._database.reading() as session:
            counts = await outbox.topic_counts(session, topic(announcement_id))
            waiting = await session.scalar(_waiting(announcement_id).limit(1))
        if waiting is not None or any(counts.get(state) for state in _UNSETTLED):
            return False
        now = machine_now()
        mine = update(AnnouncementRow).where(AnnouncementRow.id == announcement_id, AnnouncementRow.state == SENDING)
        async with self._database.transaction() as session:
            await session.execute(mine.values(state=DONE, finished_at=now, updated_at=now))
        return True


async def _put(
    session: AsyncSession, announcement: Announcement, message: OutMessage, to: Address, firms: tuple[str, ...]
) -> str:
    """Enqueue a person's copy, once; its key."""
    key = delivery_key(announcement.id, to)
    await outbox.enqueue(
        session,
        key=key,
        channel=to[0],
        address=to[1],
        message=message,
        lane="bulk",
        topic=topic(announcement.id),
        guard=GUARD,
        guard_args={"announcement": announcement.id, "firms": [*firms]},
        urgent=announcement.urgent,
    )
    return key


def _waiting(announcement_id: str) -> Any:
    """Recipients that have no delivery yet: row, firm, channel, address."""
    columns = (RecipientRow.id, RecipientRow.firm_id, RecipientRow.channel, RecipientRow.address)
    return (
        select(*columns)
        .where(
            RecipientRow.announcement_id == announcement_id,
            RecipientRow.state == "queued",
            RecipientRow.delivery_key.is_(None),
        )
        .order_by(RecipientRow.id)
    )


async def _together(
    session: AsyncSession, announcement_id: str, waiting: Sequence[_Recipient]
) -> dict[Address, list[str]]:
    """The other firms of the persons who get a copy, by address."""
    found: dict[Address, list[str]] = {}
    same = select(RecipientRow.channel, RecipientRow.address, RecipientRow.firm_id).where(
        RecipientRow.announcement_id == announcement_id,
        RecipientRow.reason == SAME_PERSON,
        RecipientRow.address.in_({address for *_, address in waiting}),
    )
    for channel, address, firm_id in await session.execute(same):
        found.setdefault((str(channel), str(address)), []).append(firm_id)
    return found


def _recipients(announcement_id: str, chosen: Iterable[Chosen]) -> list[dict[str, Any]]:
    """A row a firm; of several firms at one address the first one gets the copy."""
    served: set[Address] = set()
    found: list[dict[str, Any]] = []
    for firm in chosen:
        reason = "no_channel" if firm.address is None else SAME_PERSON if firm.address in served else None
        if firm.address is not None:
            served.add(firm.address)
        channel, address = firm.address or (None, None)
        found.append(
            {
                "announcement_id": announcement_id,
                "firm_id": firm.firm_id,
                "channel": channel,
                "address": address,
                "delivery_key": None,
                "state": "queued" if reason is None else "skipped",
                "reason": reason,
            }
        )
    return found


@dataclass(frozen=True)
class AnnouncementGuard:
    """Decides just before the call whether a copy is still wanted, and whether it may be sent at this hour.

    The worker's clock must be the same: a copy is held until a time of the service.
    """

    database: Database
    clock: Clock
    offers: Offers

    async def __call__(self, delivery: Delivery) -> Verdict:
        args = delivery.guard_args or {}
        async with self.database.reading() as session:
            row = await session.get(AnnouncementRow, str(args.get("announcement")))
            if row is None or row.state != SENDING:
                return Skip("stopped")
            if await self._is_over(session, row.offer_number):
                return Skip("expired")
            reason = await _refusal(session, delivery, row.category, _firms(args))
        if reason is not None:
            return Skip(reason)
        now = self.clock.now()
        pause = None if row.urgent else quiet.pause(now)
        return Allow() if pause is None else Hold(now + pause)

    async def _is_over(self, session: AsyncSession, number: int | None) -> bool:
        if number is None:
            return False
        offer = await self.offers.by_number(number, session)
        return offer.state != "active" or offer.expired(self.clock.now())


def guard(database: Database, clock: Clock, offers: Offers | None = None) -> AnnouncementGuard:
    """The outbox's guard of announcements, to be registered under `GUARD`."""
    return AnnouncementGuard(database, clock, offers or Offers(database))


def _firms(args: Mapping[str, Any]) -> tuple[str, ...]:
    """The firms that a copy is for."""
    return tuple(str(firm) for firm in args.get("firms") or ())


async def _refusal(session: AsyncSession, delivery: Delivery, category: str, firm_ids: tuple[str, ...]) -> str | None:
    """Why the person does not want it any more, or cannot get it. One firm of several that wants it is enough."""
    pair = (delivery.channel, delivery.address)
    if await addresses.opted_out(session, [pair], category):
        return "opted_out"
    said = await standings(session, category, firm_ids)
    wanting = [firm_id for firm_id in firm_ids if said.get(firm_id) == "granted"]
    if not wanting:
        return "opted_out" if "opted_out" in said.values() else "no_consent"
    if delivery.channel == TELEGRAM:
        may = [await consents.granted(session, firm_id, consents.TELEGRAM) for firm_id in wanting]
        if not any(may):
            return "no_consent"
    return "blocked" if await addresses.blocked(session, [pair]) else None
