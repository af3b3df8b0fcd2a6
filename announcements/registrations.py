"""Registrations for events: places, the waiting list, places offered to whoever waits.

Every change locks the event's row first, so that places and waiting list never disagree: `taken` of an event is what it
was imported with, and one for each registered or offered registration.
"""

from __future__ import annotations

import asyncio
import builtins
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from announcements import quiet, wording
from announcements.models import RegistrationRow
from announcements.registration import (
    CANCELLED,
    LAPSED,
    OFFERED,
    OPEN,
    REGISTERED,
    SEATED,
    WAITING,
    NoPlaceYet,
    NoSuchRegistration,
    NotEligible,
    PlaceLapsed,
    RegistrationClosed,
    RegistrationEnded,
    State,
    View,
    notice,
)
from announcements.sending import never
from core import log, regions
from core.clock import Clock, machine_now
from core.database import Database
from core.truth import Truth
from firms import audit
from firms.actors import Actor
from firms.catalogue import Catalogue
from firms.catalogue import catalogue as built_in
from firms.criteria import judge, region_in
from firms.facts import Facts
from firms.figures import Situation
from firms.rule_reading import parse
from firms.store import Firm, Firms, NoSuchFirm
from matching.models import OfferRow
from matching.offer import EVENT, Offer
from matching.offers import ACTIVE, NoSuchOffer, OfferClosed, OfferFull, Offers, registration_until
from messaging import outbox, recipients
from messaging.deliveries import Delivery
from messaging.guards import Allow, Hold, Skip, Verdict

__all__ = ["GUARD", "Registrations", "View", "guard"]

GUARD = "registration"
"""The name under which `guard()` is registered with the outbox's worker."""
HELD = timedelta(hours=24)
"""How long an offered place is kept."""
REMINDED = timedelta(days=1)
"""How long before an event its firms are reminded."""
_IDLE_SECONDS = 5.0
_JUST_REGISTERED = timedelta(hours=1)
_REMINDED_AT_ONCE = 100
_REMINDER = ":reminder"


class Registrations:
    """The registrations of firms for events."""

    def __init__(
        self,
        database: Database,
        firms: Firms,
        offers: Offers,
        clock: Clock,
        *,
        telegram: bool,
        on_enqueued: Callable[[], None] = never,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._database = database
        self._firms = firms
        self._offers = offers
        self._clock = clock
        self._telegram = telegram
        self._on_enqueued = on_enqueued
        self._catalogue = catalogue or built_in()
        self._log = log.get(__name__)

    # --- events ---

    async def event(self, event_id: str | int, session: AsyncSession | None = None) -> Offer:
        """The event with this 编号 (an int: this number). Raises NoSuchOffer, also for an offer that is none."""
        found = await self._offers.get(event_id, session)
        if found.kind != EVENT:
            raise NoSuchOffer(wording.NO_EVENT)
        return found

    async def event_json(self, event: str | Offer) -> dict[str, Any]:
        """An event as anybody may see it. `taken` counts places that are offered; times are local."""
        async with self._database.reading() as session:
            offer = await self.event(event if isinstance(event, str) else event.number, session)
            waiting = await session.scalar(
                select(func.count()).where(
                    RegistrationRow.offer_number == offer.number, RegistrationRow.state == WAITING
                )
            )
        return {
            "id": offer.id,
            "title": offer.title,
            "starts_at": self._iso(offer.starts_at),
            "capacity": offer.capacity,
            "taken": offer.taken,
            "waiting": waiting or 0,
            "ends_at": self._iso(offer.ends_at),
            "registration_until": registration_until(offer),
            "registration_closes_at": self._iso(offer.closes_at),
            "provider": offer.provider,
            "place": offer.details.get("place"),
            "content": offer.content,
            "open": offer.state == ACTIVE and not offer.expired(self._clock.now()),
        }

    # --- reading ---

    async def get(self, actor: Actor, registration_id: str) -> View:
        """A registration, for its firm and staff. Raises NoSuchRegistration."""
        async with self._database.reading() as session:
            row, firm = await self._visible(session, actor, registration_id, None)
            return await self._view(session, row, firm, await self._offers.by_number(row.offer_number, session))

    async def list(self, actor: Actor, event_id: str) -> builtins.list[View]:
        """All registrations of an event in the order in which they came, for staff (of the firms within their reach).

        Raises NoSuchOffer, also for anybody else.
        """
        if not actor.is_staff:
            raise NoSuchOffer(wording.NO_EVENT)
        async with self._database.reading() as session:
            offer = await self.event(event_id, session)
            rows = await _rows(session, RegistrationRow.offer_number == offer.number)
            firms = await self._firms_of(session, rows)
            places = _places(rows)
        return [
            self._shown(row, firms[row.firm_id], offer, places.get(row.id))
            for row in rows
            if row.firm_id in firms and actor.covers(firms[row.firm_id].region)
        ]

    async def list_json(self, actor: Actor, event_id: str) -> dict[str, Any]:
        """`list` as the contract writes it."""
        return {"items": [view.to_json() for view in await self.list(actor, event_id)]}

    async def mine(self, firm_id: str) -> builtins.list[View]:
        """A firm's registrations, newest first."""
        async with self._database.reading() as session:
            firm = await self._firms.get(firm_id, session)
            rows = await _rows(session, RegistrationRow.firm_id == firm_id)
            offers = await self._offers.by_numbers((row.offer_number for row in rows), session)
            return [await self._view(session, row, firm, offers[row.offer_number]) for row in reversed(rows)]

    # --- changing ---

    async def register(self, actor: Actor, firm_id: str, event_id: str | int, *, told: bool = False) -> View:
        """Register a firm: it gets a place, or a position in the waiting list. The same firm again: the same one.

        `told`: the caller answers the firm itself, no notice is needed.
        Raises NoSuchFirm (another one's), NoSuchOffer, OfferClosed (withdrawn), RegistrationClosed, NotEligible,
        OfferFull (no place and no waiting list).
        """
        async with self._database.transaction() as session:
            firm = await self._own_firm(session, actor, firm_id)
            offer = await self._locked(session, event_id)
            known = await _rows(
                session,
                RegistrationRow.offer_number == offer.number,
                RegistrationRow.firm_id == firm.id,
                RegistrationRow.state.in_(OPEN),
            )
            if known:
                return await self._view(session, known[0], firm, offer)
            await self._admit(session, firm, offer)
            await self._promote(session, offer)
            row = await self._add(session, firm, offer)
            await self._note(session, actor, "added", row)
            view = await (self._view if told else self._told)(session, row, firm, offer)
        self._on_enqueued()
        return replace(view, created=True)

    async def cancel(self, actor: Actor, registration_id: str, event_id: str | None = None) -> View:
        """Give a place back, or leave the waiting list; the first who waits is offered the place for 24 hours.

        Cancelling again changes nothing. A firm whose registration staff cancels is told. Raises NoSuchRegistration.
        """
        async with self._database.transaction() as session:
            row, firm, offer = await self._held(session, actor, registration_id, event_id)
            if row.state in OPEN:
                await self._leave(session, row, offer, CANCELLED)
                await self._note(session, actor, "cancelled", row)
                if actor.is_staff:
                    await self._told(session, row, firm, offer)
            view = await self._view(session, row, firm, offer)
        self._on_enqueued()
        return view

    async def confirm(
        self, actor: Actor, registration_id: str, event_id: str | None = None, *, told: bool = False
    ) -> View:
        """Take an offered place. Confirming again changes nothing. `told` as in `register`.

        Raises NoSuchRegistration, PlaceLapsed, NoPlaceYet (still waiting), RegistrationEnded (cancelled).
        """
        async with self._database.transaction() as session:
            row, firm, offer = await self._held(session, actor, registration_id, event_id)
            if row.state == OFFERED and self._is_over(row):
                await self._lapse(session, row, offer)
            elif row.state == OFFERED:
                _change(row, REGISTERED)
                await self._note(session, actor, "confirmed", row)
                if not told:
                    await self._told(session, row, firm, offer)
            view = await self._view(session, row, firm, offer)
        self._on_enqueued()
        if view.state != REGISTERED:
            raise {WAITING: NoPlaceYet, LAPSED: PlaceLapsed}.get(view.state, RegistrationEnded)()
        return view

    async def sweep(self) -> int:
        """End offered places whose time is over, and offer what came free to those who wait; how many that were."""
        moved = 0
        for number in await self._to_sweep():
            async with self._database.transaction() as session:
                offer = await self._locked(session, number)
                due = await _rows(session, RegistrationRow.offer_number == number, RegistrationRow.state == OFFERED)
                for row in due:
                    if self._is_over(row):
                        offer = await self._lapse(session, row, offer)
                        moved += 1
                moved += await self._promote(session, offer)
        if moved:
            self._on_enqueued()
        return moved

    async def remind(self) -> int:
        """Remind the firms that registered a while ago of events that begin within a day, once; how many that were."""
        now = self._clock.now()
        begins = OfferRow.starts_at.between(now, now + REMINDED)
        settled = RegistrationRow.created_at <= machine_now() - _JUST_REGISTERED
        known = select(Delivery.key).where(Delivery.key == literal("reg:") + RegistrationRow.id + _REMINDER)
        chosen = (
            select(RegistrationRow)
            .join(OfferRow, OfferRow.number == RegistrationRow.offer_number)
            .where(RegistrationRow.state == REGISTERED, OfferRow.state == ACTIVE, begins, settled, ~known.exists())
        )
        async with self._database.reading() as session:
            rows = (await session.scalars(chosen.limit(_REMINDED_AT_ONCE))).all()
        if rows:
            async with self._database.transaction() as session:
                for row in rows:
                    await self._remind(session, row)
            self._on_enqueued()
        return len(rows)

    async def _remind(self, session: AsyncSession, row: RegistrationRow) -> None:
        firm, offer = await self._firms.get(row.firm_id, session), await self.event(row.offer_number, session)
        to = await recipients.of_firm(session, firm.id, claimed_only=True, telegram=self._telegram)
        if to is None:
            return
        view = await self._view(session, row, firm, offer)
        said = notice(view, offer, firm.name, self._clock.timezone)
        text = wording.REMINDER.format(title=offer.title)
        await outbox.enqueue(
            session,
            key=f"reg:{row.id}{_REMINDER}",
            channel=to[0],
            address=to[1],
            message=replace(said, text=f"{text}\n{wording.FIRM_LINE.format(firm=firm.name)}"),
            lane="notice",
            topic=f"registration:{row.id}",
            guard=GUARD,
            guard_args={"registration": row.id, "version": row.version, "reminder": True},
            not_after=offer.starts_at,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep and remind until `stop` is set."""
        while not stop.is_set():
            try:
                await self.sweep()
                await self.remind()
            except Exception:
                self._log.exception("registrations_error")
            await asyncio.gather(asyncio.wait_for(stop.wait(), _IDLE_SECONDS), return_exceptions=True)

    async def erase(self, session: AsyncSession, firm_id: str) -> None:
        """An eraser of `Firms.delete`: the firm's places go to those who wait, its registrations are gone."""
        mine = RegistrationRow.firm_id == firm_id
        numbers = await session.scalars(select(RegistrationRow.offer_number).where(mine).distinct())
        for number in sorted(numbers):
            offer = await self._locked(session, number)
            for row in await _rows(session, mine, RegistrationRow.offer_number == number):
                if row.state in OPEN:
                    offer = await self._leave(session, row, offer, CANCELLED)
        await session.flush()
        await session.execute(delete(RegistrationRow).where(mine))

    # --- who may ---

    async def _own_firm(self, session: AsyncSession, actor: Actor, firm_id: str) -> Firm:
        firm = await self._firms.get(firm_id, session)
        if not _may_act(actor, firm):
            raise NoSuchFirm()
        return firm

    async def _visible(
        self, session: AsyncSession, actor: Actor, registration_id: str, event_id: str | None
    ) -> tuple[RegistrationRow, Firm]:
        rows = await _rows(session, RegistrationRow.id == registration_id)
        if not rows:
            raise NoSuchRegistration()
        firm = await self._firms.get(rows[0].firm_id, session)
        if not _may_act(actor, firm):
            raise NoSuchRegistration()
        if event_id is not None and (await self.event(event_id, session)).number != rows[0].offer_number:
            raise NoSuchRegistration()
        return rows[0], firm

    async def _admit(self, session: AsyncSession, firm: Firm, offer: Offer) -> None:
        """Raise what stands against a new registration. What is not known about the firm does not."""
        if offer.state != ACTIVE:
            raise OfferClosed(wording.EVENT_WITHDRAWN)
        if offer.expired(self._clock.now()):
            raise RegistrationClosed()
        if missing := self._missing(offer, firm, await self._firms.facts(firm.id, session)):
            raise NotEligible(missing)

    def _missing(self, offer: Offer, firm: Firm, facts: Facts) -> tuple[str, ...]:
        """The entry conditions that the firm does not meet for sure."""
        missing: list[str] = []
        if all(region_in(firm.region, outer) is Truth.NOT_MET for outer in offer.regions):
            names = "、".join(regions.find(code).name for code in offer.regions)
            missing.append(wording.OUTSIDE_REGION.format(regions=names))
        if offer.rule:
            known = facts if ("region", None) in facts.values else facts.put("region", None, firm.region)
            judgement = judge(
                parse(offer.rule, self._catalogue), Situation(known, self._clock.today(), self._catalogue)
            )
            if judgement.truth is Truth.NOT_MET:
                missing += [atom.required for atom in judgement.atoms() if atom.truth is Truth.NOT_MET]
        return tuple(dict.fromkeys(missing))

    # --- places; the event's row is locked ---

    async def _locked(self, session: AsyncSession, event_id: str | int) -> Offer:
        """The event as it is now; nobody else changes its places until the commit. Raises NoSuchOffer."""
        number = (await self.event(event_id, session)).number
        await session.execute(select(OfferRow.number).where(OfferRow.number == number).with_for_update())
        return await self.event(number, session)

    async def _held(
        self, session: AsyncSession, actor: Actor, registration_id: str, event_id: str | None
    ) -> tuple[RegistrationRow, Firm, Offer]:
        """A registration, read again once its event is locked."""
        row, firm = await self._visible(session, actor, registration_id, event_id)
        offer = await self._locked(session, row.offer_number)
        row, firm = await self._visible(session, actor, registration_id, event_id)
        return row, firm, offer

    async def _add(self, session: AsyncSession, firm: Firm, offer: Offer) -> RegistrationRow:
        state = WAITING
        try:
            await self._offers.take_seat(session, offer.number, self._clock.now())
            state = REGISTERED
        except OfferFull:
            if not offer.waitlist:
                raise OfferFull(wording.EVENT_FULL) from None
        now = machine_now()
        row = RegistrationRow(
            id=f"r-{secrets.token_hex(5)}",
            offer_number=offer.number,
            firm_id=firm.id,
            state=state,
            queued_at=await _next_turn(session, offer.number, now),
            version=1,
            created_at=now,
            updated_at=now,
        )
        session.add(row)
        await session.flush()
        return row

    async def _leave(self, session: AsyncSession, row: RegistrationRow, offer: Offer, state: State) -> Offer:
        """End a registration; a place that it held goes to the first who waits, or back."""
        held = row.state in SEATED
        _change(row, state)
        await session.flush()
        if not held or await self._offer_place(session, offer):
            return offer
        return await self._offers.give_back_seat(session, offer.number)

    async def _lapse(self, session: AsyncSession, row: RegistrationRow, offer: Offer) -> Offer:
        offer = await self._leave(session, row, offer, LAPSED)
        await self._told(session, row, await self._firms.get(row.firm_id, session), offer)
        return offer

    async def _offer_place(self, session: AsyncSession, offer: Offer) -> bool:
        """Offer a place that is taken already to the first who waits; False when nobody does, or it is too late."""
        now = self._clock.now()
        if offer.state != ACTIVE or (offer.starts_at is not None and offer.starts_at <= now):
            return False
        if offer.capacity is not None and offer.taken > offer.capacity:  # places were taken away: one fewer to give
            return False
        waiting = await _rows(session, RegistrationRow.offer_number == offer.number, RegistrationRow.state == WAITING)
        if not waiting:
            return False
        first, until = waiting[0], now + HELD
        first.held_until = until if offer.starts_at is None else min(until, offer.starts_at)
        _change(first, OFFERED)
        await session.flush()
        await self._told(session, first, await self._firms.get(first.firm_id, session), offer)
        return True

    async def _promote(self, session: AsyncSession, offer: Offer) -> int:
        """Offer free places (there are more than before) to those who wait; how many."""
        offered = 0
        while await _count_waiting(session, offer.number):
            try:
                offer = await self._offers.take_seat(session, offer.number, self._clock.now())
            except (OfferFull, OfferClosed):
                break
            if not await self._offer_place(session, offer):
                await self._offers.give_back_seat(session, offer.number)
                break
            offered += 1
        return offered

    def _is_over(self, row: RegistrationRow) -> bool:
        return row.held_until is not None and row.held_until <= self._clock.now()

    async def _to_sweep(self) -> Sequence[int]:
        """Events with something to do, by number."""
        over = (RegistrationRow.state == OFFERED) & (RegistrationRow.held_until <= self._clock.now())
        room = or_(OfferRow.capacity.is_(None), OfferRow.taken < OfferRow.capacity)
        free = (RegistrationRow.state == WAITING) & room & (OfferRow.state == ACTIVE)
        chosen = select(RegistrationRow.offer_number).join(OfferRow, OfferRow.number == RegistrationRow.offer_number)
        async with self._database.reading() as session:
            return sorted(await session.scalars(chosen.where(or_(over, free)).distinct()))

    # --- what is said ---

    async def _told(self, session: AsyncSession, row: RegistrationRow, firm: Firm, offer: Offer) -> View:
        """Tell the firm what its registration is now, in the transaction of the change."""
        view = await self._view(session, row, firm, offer)
        to = await recipients.of_firm(session, firm.id, claimed_only=True, telegram=self._telegram)
        if to is not None:
            await outbox.enqueue(
                session,
                key=f"reg:{row.id}:{row.state}:{row.version}",
                channel=to[0],
                address=to[1],
                message=notice(view, offer, firm.name, self._clock.timezone),
                lane="notice",
                topic=f"registration:{row.id}",
                guard=GUARD,
                guard_args={"registration": row.id, "version": row.version},
            )
        return view

    async def _view(self, session: AsyncSession, row: RegistrationRow, firm: Firm, offer: Offer) -> View:
        position = None
        if row.state == WAITING:
            ahead = RegistrationRow.queued_at <= row.queued_at
            position = await _count_waiting(session, row.offer_number, ahead)
        return self._shown(row, firm, offer, position)

    def _shown(self, row: RegistrationRow, firm: Firm, offer: Offer, position: int | None) -> View:
        state: State = row.state  # type: ignore[assignment]
        return View(
            id=row.id,
            state=state,
            position=position,
            firm=firm.credit_code or firm.id,
            firm_id=firm.id,
            event_id=offer.id,
            event_number=offer.number,
            event_title=offer.title,
            starts_at=self._local(offer.starts_at),
            held_until=self._local(row.held_until) if state == OFFERED else None,
            version=row.version,
        )

    async def _firms_of(self, session: AsyncSession, rows: Iterable[RegistrationRow]) -> dict[str, Firm]:
        wanted = {row.firm_id for row in rows}
        return {firm.id: firm for firm in await self._firms.list(session=session) if firm.id in wanted}

    def _local(self, at: datetime | None) -> datetime | None:
        return None if at is None else at.astimezone(self._clock.timezone)

    def _iso(self, at: datetime | None) -> str | None:
        return None if at is None else at.astimezone(self._clock.timezone).isoformat()

    async def _note(self, session: AsyncSession, actor: Actor, action: str, row: RegistrationRow) -> None:
        """What staff does for a firm is in the audit log."""
        if actor.is_staff:
            await audit.record(
                session,
                actor=actor.name,
                action=f"registration.{action}",
                subject_kind="registration",
                subject=row.id,
                details={"firm": row.firm_id, "event": row.offer_number},
            )


def _may_act(actor: Actor, firm: Firm) -> bool:
    return actor.covers(firm.region) if actor.is_staff else actor.kind == "firm" and actor.owner == firm.id


def _change(row: RegistrationRow, state: State) -> None:
    row.state = state
    row.version += 1
    row.updated_at = machine_now()


async def _rows(session: AsyncSession, *conditions: Any) -> builtins.list[RegistrationRow]:
    """Registrations in the order in which they came, as they are in the database now."""
    chosen = select(RegistrationRow).where(*conditions).order_by(RegistrationRow.queued_at, RegistrationRow.id)
    return [*await session.scalars(chosen, execution_options={"populate_existing": True})]


async def _count_waiting(session: AsyncSession, number: int, *conditions: Any) -> int:
    waiting = (RegistrationRow.offer_number == number, RegistrationRow.state == WAITING)
    return await session.scalar(select(func.count()).where(*waiting, *conditions)) or 0


async def _next_turn(session: AsyncSession, number: int, now: datetime) -> datetime:
    """An instant after that of everybody who came before, whatever the machine's clock does."""
    last = await session.scalar(
        select(func.max(RegistrationRow.queued_at)).where(RegistrationRow.offer_number == number)
    )
    return now if last is None or last < now else last + timedelta(microseconds=1)


def _places(rows: Iterable[RegistrationRow]) -> dict[str, int]:
    """Positions in the waiting list."""
    waiting = [row.id for row in rows if row.state == WAITING]
    return {row_id: place for place, row_id in enumerate(waiting, start=1)}


class RegistrationGuard:
    """A notice is sent while the registration is still what the notice says; a reminder not at night."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def __call__(self, delivery: Delivery) -> Verdict:
        args = delivery.guard_args or {}
        async with self._database.reading() as session:
            row = await session.get(RegistrationRow, str(args.get("registration")))
        if row is None or row.version != args.get("version"):
            return Skip("outdated")
        now = self._clock.now()
        pause = quiet.pause(now) if args.get("reminder") else None
        return Allow() if pause is None else Hold(now + pause)


def guard(database: Database, clock: Clock) -> RegistrationGuard:
    """The outbox's guard of registrations, to be registered under `GUARD`."""
    return RegistrationGuard(database, clock)
