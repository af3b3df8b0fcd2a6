"""The worker that sends what is in the outbox. Several may run side by side: a row is leased to one of them."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from sqlalchemy import func, select

from core import log
from core.clock import Clock
from core.database import Database
from messaging.calls import Calls
from messaging.channel import Blocked, Channel, RetryAfter
from messaging.deliveries import Delivery
from messaging.guards import Guard, Hold, Skip
from messaging.inbox import InboxChannel
from messaging.ledger import Landed, Ledger
from messaging.steps import Answer
from messaging.topics import Refusals
from messaging.traffic import Queue, Traffic

LEASE = timedelta(seconds=10)
PATIENCE = timedelta(seconds=59)
"""How long `run_until_idle` waits for what is not due yet: less than a broken guard holds a delivery."""

_LONG_PAUSE = 60.0
_LAST_TRIES = 5

OnBlocked = Callable[[str, str, str], Awaitable[None]]
OnSettled = Callable[[Delivery], Awaitable[None]]
OnTopicFailing = Callable[[str, str], Awaitable[None]]


@dataclass
class _Flight:
    """A delivery that is leased to us and not settled yet. The lease holds until `safe_until` (monotonic) at least."""

    delivery: Delivery
    queue: Queue
    tokens: int
    safe_until: float


class OutboxWorker:
    """Sends what is due: replies first, then notices, then announcements.

    `lanes` deliveries are under way at once at most, `bulk_lanes` of them announcements, of which `send_rate`
    a second go out on each channel. `guards` are asked just before the call. Without `clock` the service's time is the
    machine's.

    Told after the commit, as far as this process lives: `on_blocked(channel, address, reason)`, `on_settled(delivery)`
    and `on_topic_failing(topic, reason)`, once several announcements of a topic were refused and none was sent.
    """

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        *,
        lanes: int = 8,
        bulk_lanes: int = 5,
        send_rate: float = 25.0,
        guards: Mapping[str, Guard] | None = None,
        clock: Clock | None = None,
        on_blocked: OnBlocked | None = None,
        on_settled: OnSettled | None = None,
        on_topic_failing: OnTopicFailing | None = None,
        idle_seconds: float = 0.5,
        lease: timedelta = LEASE,
    ) -> None:
        self._database = database
        self._on_blocked, self._on_settled, self._on_topic_failing = on_blocked, on_settled, on_topic_failing
        unlimited = frozenset(name for name, channel in channels.items() if isinstance(channel, InboxChannel))
        self._traffic = Traffic(channels, lanes=lanes, bulk_lanes=bulk_lanes, rate=send_rate, unlimited=unlimited)
        self._ledger = Ledger(secrets.token_hex(8), lease, clock)
        self._calls = Calls(channels, guards if guards is not None else {}, self._ledger.today)
        self._idle = idle_seconds
        self._lease = lease.total_seconds()
        self._flights: dict[int, _Flight] = {}
        self._landed: list[Landed] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._errands: set[asyncio.Task[None]] = set()
        self._refusals = Refusals()
        self._wake = asyncio.Event()
        self._taken = 0
        self._released = False
        self._log = log.get(__name__)

    def wake(self) -> None:
        """Look now: something was enqueued in this process."""
        self._traffic.stir()
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set, then let the sends in flight finish. An error of the database is tried again."""
        async with self._working():
            while not stop.is_set():
                self._wake.clear()
                try:
                    moved = await self._turn()
                except Exception:
                    self._log.exception("outbox_error")
                    moved = False
                    await asyncio.sleep(self._idle)
                if not moved:
                    await self._rest(stop)

    async def run_until_idle(self) -> int:
        """Send what is due, and what comes due within a minute; returns how many deliveries were taken up.

        What another worker has under way is waited for, until that is settled or the worker's leases end.
        """
        before = self._taken
        self.wake()
        async with self._working():
            while True:
                self._wake.clear()
                if await self._turn():
                    continue
                if not self._flights and not await self._is_awaited():
                    return self._taken - before
                await self._rest()

    # --- turns ---

    async def _turn(self) -> bool:
        """Settle what has landed and take up what may be sent, in one transaction. False: there was nothing to do."""
        if not self._released:
            await self._release_held()
        landed, self._landed = self._landed, []
        try:
            looks = await self._looks(landed)
            if not landed and not looks:
                return False
            await self._settle(landed, looks)
        except BaseException:
            self._landed = landed + self._landed
            raise
        return True

    async def _release_held(self) -> None:
        """Once, in the beginning: holds were reckoned by the clock of a process that may be over."""
        async with self._database.transaction() as session:
            await self._ledger.release_held(session)
        self._released = True

    async def _settle(self, landed: list[Landed], looks: tuple[Queue, ...]) -> None:
        answers = {each.delivery.id: each.answer for each in landed}
        settled = await self._book(landed, looks)
        for lost in answers.keys() - {delivery.id for delivery in settled}:
            self._log.warning("outbox_lease_lost", delivery=lost)
        for delivery in settled:
            self._tell(delivery, answers.get(delivery.id))

    async def _looks(self, landed: list[Landed]) -> tuple[Queue, ...]:
        """The queues to take from. With nothing to settle, only those that have something: no write for nothing."""
        looks = self._traffic.to_look(self._under_way(landed), monotonic())
        if landed or not looks:
            return looks
        found, as_of = [], self._traffic.stirred
        async with self._database.reading() as session:
            for queue in looks:
                if await self._ledger.has_due(session, queue, list(self._flights)):
                    found.append(queue)
        for queue in set(looks) - set(found):
            self._traffic.mark_empty(queue, monotonic() + self._idle, as_of)
        return tuple(found)

    async def _book(self, landed: list[Landed], looks: tuple[Queue, ...]) -> list[Delivery]:
        """The transaction of a turn; nothing in memory changes before its commit. The deliveries that are settled."""
        under_way = self._under_way(landed)
        now, as_of = monotonic(), self._traffic.stirred
        taken: list[tuple[Queue, tuple[Delivery, ...]]] = []
        empty = []
        async with self._database.transaction() as session:
            settled = await self._ledger.settle(session, landed)
            for queue in looks:
                room = self._traffic.room(queue, under_way, now)
                found = await self._ledger.take(session, queue, room, list(self._flights)) if room else None
                if found is not None:
                    under_way[queue.lane] += len(found.to_send)
                    taken.append((queue, found.to_send))
                    settled += found.settled
                    empty += [queue] if len(found) < room else []
        for queue in empty:
            self._traffic.mark_empty(queue, now + self._idle, as_of)
        for each in landed:
            self._close(each)
        for queue, deliveries in taken:
            for delivery in deliveries:
                self._start(delivery, queue, now)
        return settled

    def _under_way(self, landed: list[Landed]) -> Counter[str]:
        """How many deliveries are under way in each lane, without those that are settled now."""
        done = {each.delivery.id for each in landed}
        return Counter(flight.queue.lane for flight in self._flights.values() if flight.delivery.id not in done)

    def _start(self, delivery: Delivery, queue: Queue, leased_at: float) -> None:
        tokens = self._calls.parts(delivery) if queue.lane == "bulk" else 1
        flight = _Flight(delivery, queue, tokens, leased_at + self._lease)
        self._flights[delivery.id] = flight
        self._traffic.spend(queue, flight.tokens, monotonic())
        self._taken += 1
        task = asyncio.create_task(self._fly(flight))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fly(self, flight: _Flight) -> None:
        answer = await self._calls.answer(flight.delivery, lambda: monotonic() < flight.safe_until)
        if isinstance(answer, RetryAfter):
            self._pause(flight.queue, answer)
        self._landed.append(Landed(flight.delivery, flight.queue, answer))
        self._traffic.stir(flight.queue.lane)  # the next one to this address may have its turn
        self._wake.set()

    def _pause(self, queue: Queue, asked: RetryAfter) -> None:
        self._traffic.pause(queue, asked.seconds, monotonic())
        if asked.seconds > _LONG_PAUSE:
            self._log.warning("outbox_long_pause", lane=queue.lane, seconds=asked.seconds, reason=asked.reason)

    def _close(self, landed: Landed) -> None:
        flight = self._flights.pop(landed.delivery.id)
        if isinstance(landed.answer, Skip | Hold):  # it did not go out
            self._traffic.spend(flight.queue, -flight.tokens, monotonic())

    # --- what others are told ---

    def _tell(self, delivery: Delivery, answer: Answer | None) -> None:
        self._log.info("delivery", delivery=delivery.id, channel=delivery.channel, state=delivery.state)
        if isinstance(answer, Blocked) and self._on_blocked is not None:
            self._send_word(self._on_blocked(delivery.channel, delivery.address, answer.reason))
        if delivery.settled_at is not None and self._on_settled is not None:
            self._send_word(self._on_settled(delivery))
        topic = delivery.topic if delivery.lane == "bulk" else None
        if topic is not None and answer is not None and self._refusals.note(topic, answer):
            self._send_word(self._warn(topic, delivery.reason or ""))

    async def _warn(self, topic: str, reason: str) -> None:
        sent = select(func.count()).where(Delivery.topic == topic, Delivery.state == "sent")
        async with self._database.reading() as session:
            if await session.scalar(sent):
                return
        self._log.error("outbox_topic_failing", topic=topic)
        if self._on_topic_failing is not None:
            await self._on_topic_failing(topic, reason)

    def _send_word(self, word: Awaitable[None]) -> None:
        async def errand() -> None:
            try:
                await word
            except Exception:
                self._log.exception("outbox_hook_error")

        task = asyncio.create_task(errand())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    # --- time passing ---

    async def _rest(self, stop: asyncio.Event | None = None) -> None:
        """Wait until something lands, is enqueued in this process, or may have come due."""
        seconds = min(self._traffic.next_look_in(self._under_way([]), monotonic()), self._idle)
        waits = [asyncio.create_task(event.wait()) for event in (self._wake, stop) if event is not None]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _is_awaited(self) -> bool:
        """Whether anything is due soon, or under way with another worker."""
        now = monotonic()
        async with self._database.reading() as session:
            for queue in self._traffic.queues:
                short = self._traffic.paused_for(queue, now) < PATIENCE.total_seconds()
                if short and await self._ledger.is_awaited(session, queue, PATIENCE):
                    return True
        return False

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        """Leases are renewed inside; in the end, what is in flight lands and is settled."""
        renewal = asyncio.create_task(self._renew())
        me = asyncio.current_task()
        try:
            try:
                yield
            finally:
                if me is None or not me.cancelling():
                    await self._land()
        finally:
            for task in (renewal, *self._tasks):
                task.cancel()
            await asyncio.gather(renewal, *self._tasks, *self._errands, return_exceptions=True)

    async def _land(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _ in range(_LAST_TRIES):
            landed, self._landed = self._landed, []
            try:
                if landed:
                    await self._settle(landed, ())
                return
            except Exception:
                self._log.exception("outbox_error")
                self._landed = landed
                await asyncio.sleep(self._idle)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            begun = monotonic()
            try:
                async with self._database.transaction() as session:
                    ours = await self._ledger.renew(session, self._flights)
            except Exception:
                self._log.exception("outbox_renewal_error")
                continue
            for flight in self._flights.values():
                if flight.delivery.id in ours:
                    flight.safe_until = begun + self._lease
