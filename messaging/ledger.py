"""The worker's book: which deliveries it takes up, keeps and settles. All in the caller's session.

Rows are locked in the order of their ids, so that workers and cancellations never wait for each other in a ring.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from core.clock import Clock, machine_now
from messaging import addresses, steps
from messaging.channel import Blocked, Sent
from messaging.deliveries import HELD, OPEN, Delivery
from messaging.inbox import WEB
from messaging.steps import Answer
from messaging.traffic import Queue


@dataclass(frozen=True)
class Landed:
    """A delivery whose call (or guard) is over, and with what."""

    delivery: Delivery
    queue: Queue
    answer: Answer


@dataclass(frozen=True)
class Taken:
    """What a look into a queue brought: deliveries to send, and those settled without a call."""

    to_send: tuple[Delivery, ...] = ()
    settled: tuple[Delivery, ...] = ()

    def __len__(self) -> int:
        return len(self.to_send) + len(self.settled)


class Ledger:
    """The rows of one worker, `holder`. A lease that is not renewed ends after `lease`; then anybody may take over."""

    def __init__(self, holder: str, lease: timedelta, clock: Clock | None) -> None:
        self._holder = holder
        self._lease = lease
        self._clock = clock

    def today(self) -> datetime:
        """The service's time."""
        return machine_now() if self._clock is None else self._clock.now()

    async def has_due(self, session: AsyncSession, queue: Queue, busy: Collection[int]) -> bool:
        """Whether `take` would find anything."""
        now = machine_now()
        for chosen in (_orphans(queue, busy, now), _due(queue, busy, now)):
            if await session.scalar(chosen.with_only_columns(Delivery.id).limit(1)) is not None:
                return True
        return False

    async def take(self, session: AsyncSession, queue: Queue, room: int, busy: Collection[int]) -> Taken:
        """Lease up to `room` due deliveries, and settle those that are not to be sent any more.

        `busy` are this worker's own: never taken twice, even if their lease ran out.
        """
        now = machine_now()
        rows: list[Delivery] = []
        for chosen in (_orphans(queue, busy, now), _due(queue, busy, now)):
            if (left := room - len(rows)) > 0:
                rows += await session.scalars(chosen.limit(left).with_for_update(skip_locked=True))
        blocked = await _blocked(session, rows)
        settled = []
        for row in rows:
            if row.channel == WEB:  # whatever happened, nothing has left this database
                row.state = "queued"
            change = steps.before_call(row, today=self.today(), blocked=(row.channel, row.address) in blocked)
            if change is None:
                steps.take(row, self._holder, now, self._lease)
            else:
                change.apply(row, now)
                settled.append(row)
        await session.flush()
        return Taken(tuple(row for row in rows if row not in settled), tuple(settled))

    async def release_held(self, session: AsyncSession) -> None:
        """Make due what a guard holds: it is asked again, since this process's time may be another one."""
        now = machine_now()
        held = select(Delivery.id).where(Delivery.state == "queued", Delivery.due_at > now, Delivery.reason == HELD)
        mine = Delivery.id.in_(held.order_by(Delivery.id).with_for_update(skip_locked=True))
        await session.execute(
            update(Delivery).where(mine).values(due_at=now), execution_options={"synchronize_session": False}
        )

    async def settle(self, session: AsyncSession, landed: Iterable[Landed]) -> list[Delivery]:
        """Write down what became of deliveries; those that are not ours any more are left to who has them."""
        answers = {each.delivery.id: each.answer for each in landed}
        rows = await self._ours(session, answers)
        now = machine_now()
        for row in rows:
            answer = answers[row.id]
            steps.after_call(row, answer, now).apply(row, now)
            if isinstance(answer, Blocked):
                await addresses.block(session, row.channel, row.address, answer.reason)
            elif isinstance(answer, Sent) and row.lane == "reply":
                await addresses.unblock(session, row.channel, row.address)
        await session.flush()
        return rows

    async def renew(self, session: AsyncSession, ids: Iterable[int]) -> frozenset[int]:
        """Prolong leases; the ids of those that are still ours."""
        ours = [row.id for row in await self._ours(session, ids)]
        prolonged = update(Delivery).where(Delivery.id.in_(ours)).values(lease_ends_at=machine_now() + self._lease)
        if ours:
            await session.execute(prolonged, execution_options={"synchronize_session": False})
        return frozenset(ours)

    async def is_awaited(self, session: AsyncSession, queue: Queue, patience: timedelta) -> bool:
        """Whether anything of the queue is under way, with any worker, or comes due within `patience`."""
        sending = select(Delivery.id).where(*_of(queue), Delivery.state == "sending")
        soon = _due(queue, (), machine_now() + patience).with_only_columns(Delivery.id)
        for chosen in (sending, soon):
            if await session.scalar(chosen.limit(1)) is not None:
                return True
        return False

    async def _ours(self, session: AsyncSession, ids: Iterable[int]) -> list[Delivery]:
        ours = select(Delivery).where(
            Delivery.id.in_(sorted(ids)), Delivery.holder == self._holder, Delivery.state == "sending"
        )
        return list(await session.scalars(ours.order_by(Delivery.id).with_for_update()))


def _of(queue: Queue) -> tuple[ColumnElement[bool], ...]:
    return (Delivery.lane == queue.lane, Delivery.channel.in_(queue.channels))


def _orphans(queue: Queue, busy: Collection[int], now: datetime) -> Select[Delivery]:
    """Deliveries whose worker died."""
    ended = select(Delivery).where(
        *_of(queue), Delivery.state == "sending", Delivery.lease_ends_at < now, Delivery.id.not_in(busy)
    )
    return ended.order_by(Delivery.id)


def _due(queue: Queue, busy: Collection[int], now: datetime) -> Select[Delivery]:
    """Queued deliveries whose time has come and whose turn it is at their address."""
    due = select(Delivery).where(
        *_of(queue), Delivery.state == "queued", Delivery.due_at <= now, Delivery.id.not_in(busy), _in_turn(now)
    )
    return due.order_by(Delivery.due_at)  # as the index has it: nothing is sorted


def _in_turn(now: datetime) -> ColumnElement[bool]:
    """No earlier one of the same lane goes to the same address first. One that waits for a later hour does not count,
    unless it has been tried: then it was its turn already.

    A subquery, not an anti-join: PostgreSQL makes a join of all with all out of that while it has no statistics.
    """
    earlier = aliased(Delivery)
    first = select(earlier.id).where(
        earlier.channel == Delivery.channel,
        earlier.address == Delivery.address,
        earlier.lane == Delivery.lane,
        earlier.id < Delivery.id,
        earlier.state.in_(OPEN),
        or_(earlier.state == "sending", earlier.due_at <= now, earlier.attempts > 0),
    )
    return first.limit(1).correlate(Delivery).scalar_subquery().is_(None)


async def _blocked(session: AsyncSession, rows: Iterable[Delivery]) -> frozenset[tuple[str, str]]:
    pairs = [(row.channel, row.address) for row in rows if row.lane != "reply"]
    return await addresses.blocked(session, pairs) if pairs else frozenset()
