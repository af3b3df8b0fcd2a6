"""The outbox table and its worker.

A delivery is a row, written in the transaction of the change that causes it: a kill after that commit loses nothing.
The worker marks the row before it calls the channel and again after; when it dies in between, the lease ends and the
next worker sees a delivery that may already have gone out. A reply is then sent once more (better twice than never).

Deliveries to one address keep their order: a later one waits until the earlier ones are settled.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from core import log
from core.clock import machine_now
from core.database import Base, Database
from messaging.channel import Blocked, Channel, Outcome, Rejected, RetryAfter, Sent, Uncertain
from messaging.messages import OutMessage

LEASE = timedelta(seconds=10)
MAX_ATTEMPTS = 12
_MAX_PAUSE = timedelta(minutes=15)
_OPEN = ("queued", "sending")


class Delivery(Base):
    """One message to one address. `key` makes it unique: the same thing is said once."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_deliveries_state_due_at", "state", "due_at"),
        Index("ix_deliveries_channel_address_id", "channel", "address", "id"),
        Index("ix_deliveries_topic_state", "topic", "state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(200))
    message: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), default="queued")
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str | None] = mapped_column(String(64))
    lease_ends_at: Mapped[datetime | None]
    message_id: Mapped[str | None] = mapped_column(String(100))
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    lane: Mapped[str] = mapped_column(String(8), default="reply")  # reply, notice, bulk
    topic: Mapped[str | None] = mapped_column(String(100))
    guard: Mapped[str | None] = mapped_column(String(40))
    guard_args: Mapped[dict[str, Any] | None]
    not_after: Mapped[datetime | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[datetime | None]


async def enqueue(session: AsyncSession, *, key: str, channel: str, address: str, message: OutMessage) -> bool:
    """Add a delivery to the caller's transaction; False when this `key` was already enqueued."""
    if await session.scalar(select(Delivery.id).where(Delivery.key == key)) is not None:
        return False
    now = machine_now()
    session.add(
        Delivery(
            key=key,
            channel=channel,
            address=address,
            message=message.to_json(),
            state="queued",
            due_at=now,
            attempts=0,
            created_at=now,
        )
    )
    return True


async def counts(session: AsyncSession) -> dict[str, int]:
    """How many deliveries there are in each state."""
    rows = await session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
    return dict(rows.tuples().all())


class OutboxWorker:
    """Sends what is due. Several workers may run side by side: a row is leased to one of them.

    `lanes` deliveries are under way at once at most, so a slow address does not hold up the others.
    """

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        *,
        lanes: int = 8,
        idle_seconds: float = 0.5,
        lease: timedelta = LEASE,
    ) -> None:
        self._database = database
        self._channels = channels
        self._lanes = lanes
        self._idle = idle_seconds
        self._lease = lease
        self._holder = secrets.token_hex(8)
        self._wake = asyncio.Event()
        self._log = log.get(__name__)

    def wake(self) -> None:
        """Look now: something was enqueued in this process."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set, then let the sends in flight finish."""
        running: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            self._wake.clear()
            delivery = None
            if len(running) < self._lanes:
                try:
                    delivery = await self._claim()
                except Exception:
                    self._log.exception("outbox_claim_error")
            if delivery is not None:
                task = asyncio.create_task(self._deliver(delivery))
                running.add(task)
                task.add_done_callback(running.discard)
                task.add_done_callback(lambda _: self.wake())
                continue
            waits = [asyncio.create_task(self._wake.wait()), asyncio.create_task(stop.wait())]
            await asyncio.wait(waits, timeout=self._idle, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def run_until_idle(self) -> int:
        """Send all that is due now, one after another; returns how many were taken up."""
        taken = 0
        while (delivery := await self._claim()) is not None:
            await self._deliver(delivery)
            taken += 1
        return taken

    async def _claim(self) -> Delivery | None:
        now = machine_now()
        due = or_(
            and_(Delivery.state == "queued", Delivery.due_at <= now),
            and_(Delivery.state == "sending", Delivery.lease_ends_at < now),
        )
        earlier = aliased(Delivery)
        in_turn = ~exists().where(
            earlier.channel == Delivery.channel,
            earlier.address == Delivery.address,
            earlier.id < Delivery.id,
            earlier.state.in_(_OPEN),
        )
        first = (
            select(Delivery.id)
            .where(due, in_turn, Delivery.channel.in_(self._channels))
            .order_by(Delivery.due_at, Delivery.id)
            .limit(1)
        )
        claim = (
            update(Delivery)
            .where(Delivery.id == first.with_for_update(skip_locked=True).scalar_subquery())
            .values(
                state="sending",
                holder=self._holder,
                lease_ends_at=now + self._lease,
                attempts=Delivery.attempts + 1,
            )
            .returning(Delivery)
        )
        async with self._database.reading() as session:
            if await session.scalar(first) is None:
                return None
        async with self._database.transaction() as session:
            return await session.scalar(claim, execution_options={"populate_existing": True})

    async def _deliver(self, delivery: Delivery) -> None:
        renewal = asyncio.create_task(self._renew(delivery.id))
        try:
            channel = self._channels[delivery.channel]
            try:
                outcome: Outcome = await channel.send(delivery.address, OutMessage.from_json(delivery.message))
            except Exception as error:  # a fault of our own must not stop the worker, nor be retried without end
                self._log.exception("channel_error", delivery=delivery.id, channel=delivery.channel)
                outcome = Uncertain(f"{type(error).__name__}")
            await self._settle(delivery, outcome)
        except Exception:
            self._log.exception("outbox_settle_error", delivery=delivery.id)
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)

    async def _renew(self, delivery_id: int) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                async with self._database.transaction() as session:
                    await session.execute(self._ours(delivery_id).values(lease_ends_at=machine_now() + self._lease))
            except Exception:
                self._log.exception("outbox_renewal_error", delivery=delivery_id)

    async def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        now = machine_now()
        values: dict[str, Any]
        match outcome:
            case Sent(message_id):
                values = {"state": "sent", "message_id": message_id, "reason": None, "settled_at": now}
            case Blocked(reason):
                values = {"state": "failed", "reason": f"blocked: {reason}", "settled_at": now}
            case Rejected(reason):
                values = {"state": "failed", "reason": reason, "settled_at": now}
            case RetryAfter(seconds, reason) if delivery.attempts < MAX_ATTEMPTS:
                pause = max(timedelta(seconds=seconds), min(timedelta(seconds=2**delivery.attempts / 2), _MAX_PAUSE))
                values = {"state": "queued", "due_at": now + pause, "reason": reason}
            case RetryAfter(_, reason):
                values = {"state": "failed", "reason": f"gave up: {reason}", "settled_at": now}
            case Uncertain(reason) if not (delivery.reason or "").startswith("uncertain"):
                values = {"state": "queued", "due_at": now, "reason": f"uncertain: {reason}"}  # once more
            case Uncertain(reason):
                values = {"state": "uncertain", "reason": reason, "settled_at": now}
        async with self._database.transaction() as session:
            await session.execute(self._ours(delivery.id).values(**values))
        self._log.info("delivery", delivery=delivery.id, channel=delivery.channel, state=values["state"])

    def _ours(self, delivery_id: int) -> Any:
        return update(Delivery).where(
            Delivery.id == delivery_id, Delivery.holder == self._holder, Delivery.state == "sending"
        )
