"""The outbox: nothing lost, nothing twice but what was in flight, order kept for each address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.clock import machine_now
from core.database import Database
from messaging import outbox
from messaging.channel import Blocked, Outcome, Rejected, RetryAfter, Sent, Uncertain
from messaging.messages import OutMessage
from messaging.outbox import Delivery, OutboxWorker


class Recorder:
    """A channel that notes what it is given and answers as told."""

    name = "test"

    def __init__(self, answer: Callable[[str, str], Outcome] = lambda *_: Sent("1"), pause: float = 0.0) -> None:
        self.sent: list[tuple[str, str]] = []
        self._answer = answer
        self._pause = pause
        self.at_once = 0
        self.most_at_once = 0

    async def send(self, address: str, message: OutMessage) -> Outcome:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self._pause)
        self.at_once -= 1
        self.sent.append((address, message.text))
        return self._answer(address, message.text)


async def put(database: Database, *texts: str, address: str = "a") -> None:
    async with database.transaction() as session:
        for text in texts:
            await outbox.enqueue(
                session, key=f"{address}:{text}", channel="test", address=address, message=OutMessage(text)
            )


async def rows(database: Database) -> dict[str, Delivery]:
    async with database.reading() as session:
        return {row.message["text"]: row for row in await session.scalars(select(Delivery).order_by(Delivery.id))}


async def make_due(database: Database) -> None:
    past = machine_now() - timedelta(seconds=1)
    async with database.transaction() as session:
        await session.execute(update(Delivery).where(Delivery.state == "queued").values(due_at=past))
        await session.execute(update(Delivery).where(Delivery.state == "sending").values(lease_ends_at=past))


async def test_what_is_enqueued_is_sent_once(database: Database) -> None:
    channel = Recorder()
    await put(database, "one", "two")
    worker = OutboxWorker(database, {"test": channel})
    assert await worker.run_until_idle() == 2
    assert await worker.run_until_idle() == 0
    assert channel.sent == [("a", "one"), ("a", "two")]
    row = (await rows(database))["one"]
    assert (row.state, row.message_id) == ("sent", "1")
    assert row.settled_at is not None


async def test_the_same_key_is_enqueued_once(database: Database) -> None:
    await put(database, "one")
    await put(database, "one")
    assert len(await rows(database)) == 1


async def test_what_was_rolled_back_is_not_sent(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await outbox.enqueue(session, key="k", channel="test", address="a", message=OutMessage("no"))
            raise RuntimeError
    channel = Recorder()
    assert await OutboxWorker(database, {"test": channel}).run_until_idle() == 0


async def test_messages_to_one_address_keep_their_order_even_when_the_first_must_wait(database: Database) -> None:
    answers = iter([RetryAfter(0.0), Sent("1"), Sent("2")])
    channel = Recorder(lambda *_: next(answers))
    await put(database, "first", "second")
    worker = OutboxWorker(database, {"test": channel})
    await worker.run_until_idle()
    assert [text for _, text in channel.sent] == ["first"]
    await make_due(database)
    await worker.run_until_idle()
    assert [text for _, text in channel.sent] == ["first", "first", "second"]


async def test_a_waiting_address_does_not_hold_up_another(database: Database) -> None:
    channel = Recorder(lambda address, _: RetryAfter(60) if address == "slow" else Sent())
    await put(database, "x", address="slow")
    await put(database, "y", address="quick")
    await OutboxWorker(database, {"test": channel}).run_until_idle()
    assert ("quick", "y") in channel.sent


async def test_a_pause_that_is_asked_for_is_kept(database: Database) -> None:
    channel = Recorder(lambda *_: RetryAfter(1386))
    await put(database, "x")
    before = machine_now()
    await OutboxWorker(database, {"test": channel}).run_until_idle()
    row = (await rows(database))["x"]
    assert row.state == "queued"
    assert row.due_at >= before + timedelta(seconds=1386)


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [(Blocked("bot was blocked"), "failed", "blocked: bot was blocked"), (Rejected("too long"), "failed", "too long")],
)
async def test_a_refusal_for_good_settles_the_delivery(
    database: Database, outcome: Outcome, state: str, reason: str
) -> None:
    channel = Recorder(lambda *_: outcome)
    await put(database, "x", "y")
    await OutboxWorker(database, {"test": channel}).run_until_idle()
    row = (await rows(database))["x"]
    assert (row.state, row.reason) == (state, reason)
    assert len(channel.sent) == 2


async def test_an_uncertain_delivery_is_repeated_once_and_then_left(database: Database) -> None:
    channel = Recorder(lambda *_: Uncertain("read timed out"))
    await put(database, "x")
    await OutboxWorker(database, {"test": channel}).run_until_idle()
    assert len(channel.sent) == 2
    assert (await rows(database))["x"].state == "uncertain"


async def test_a_channel_that_raises_does_not_stop_the_worker(database: Database) -> None:
    def answer(_: str, text: str) -> Outcome:
        if text == "bad":
            raise ValueError("bug")
        return Sent()

    channel = Recorder(answer)
    await put(database, "bad", address="a")
    await put(database, "good", address="b")
    await OutboxWorker(database, {"test": channel}).run_until_idle()
    found = await rows(database)
    assert (found["bad"].state, found["good"].state) == ("uncertain", "sent")


async def test_a_dead_workers_delivery_is_sent_by_the_next_when_the_lease_ends(database: Database) -> None:
    await put(database, "x")
    dead = OutboxWorker(database, {"test": Recorder()})
    assert await dead._claim() is not None
    channel = Recorder()
    alive = OutboxWorker(database, {"test": channel})
    assert await alive.run_until_idle() == 0
    await make_due(database)
    assert await alive.run_until_idle() == 1
    assert channel.sent == [("a", "x")]


async def test_a_worker_that_lost_its_lease_cannot_settle_what_another_took(database: Database) -> None:
    await put(database, "x")
    slow = OutboxWorker(database, {"test": Recorder()})
    taken = await slow._claim()
    assert taken is not None
    await make_due(database)
    other = OutboxWorker(database, {"test": Recorder()})
    assert await other._claim() is not None
    await slow._settle(taken, Rejected("late"))
    assert (await rows(database))["x"].state == "sending"


async def test_two_workers_send_every_delivery_exactly_once(database: Database) -> None:
    for number in range(20):
        await put(database, f"m{number}", address=f"a{number % 5}")
    channel = Recorder(pause=0.001)
    stop = asyncio.Event()
    workers = [OutboxWorker(database, {"test": channel}, idle_seconds=0.05) for _ in range(2)]
    running = [asyncio.create_task(worker.run(stop)) for worker in workers]
    for _ in range(400):
        if len(channel.sent) >= 20:
            break
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.gather(*running)
    assert sorted(channel.sent) == sorted((f"a{n % 5}", f"m{n}") for n in range(20))
    for address in range(5):
        own = [int(text[1:]) for to, text in channel.sent if to == f"a{address}"]
        assert own == sorted(own)


async def test_no_more_sends_are_under_way_than_there_are_lanes(database: Database) -> None:
    for number in range(12):
        await put(database, "m", address=f"a{number}")
    channel = Recorder(pause=0.05)
    stop = asyncio.Event()
    running = asyncio.create_task(OutboxWorker(database, {"test": channel}, lanes=3, idle_seconds=0.05).run(stop))
    for _ in range(400):
        if len(channel.sent) >= 12:
            break
        await asyncio.sleep(0.05)
    stop.set()
    await running
    assert len(channel.sent) == 12
    assert channel.most_at_once <= 3
