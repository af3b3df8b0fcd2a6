"""The outbox: nothing lost, nothing twice but what was in flight, order kept, replies never behind announcements."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select, update

from core.clock import Clock, machine_now
from core.database import Database
from messaging import addresses, outbox
from messaging.channel import Blocked, Outcome, Rejected, RetryAfter, Sent, Uncertain
from messaging.deliveries import MARK
from messaging.messages import OutMessage
from messaging.outbox import Allow, Delivery, Hold, OutboxWorker, Skip, Verdict
from messaging.steps import MAX_ATTEMPTS

_keys = count()
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


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
        try:
            await asyncio.sleep(self._pause)
        finally:
            self.at_once -= 1
        self.sent.append((address, message.text))
        return self._answer(address, message.text)


async def put(database: Database, *texts: str, address: str = "a", **options: Any) -> None:
    async with database.transaction() as session:
        for text in texts:
            await outbox.enqueue(
                session,
                key=str(next(_keys)),
                channel="test",
                address=address,
                message=OutMessage(text),
                **options,
            )


def worker_of(database: Database, channel: Recorder, **options: Any) -> OutboxWorker:
    return OutboxWorker(database, {"test": channel}, **{"idle_seconds": 0.05, "send_rate": 1000.0, **options})


@asynccontextmanager
async def running(*workers: OutboxWorker) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(worker.run(stop)) for worker in workers]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.01)


async def rows(database: Database) -> dict[str, Delivery]:
    async with database.reading() as session:
        return {row.message["text"]: row for row in await session.scalars(select(Delivery).order_by(Delivery.id))}


async def states(database: Database) -> dict[str, tuple[str, str | None]]:
    return {text: (row.state, row.reason) for text, row in (await rows(database)).items()}


async def make_due(database: Database) -> None:
    past = machine_now() - timedelta(seconds=1)
    async with database.transaction() as session:
        await session.execute(update(Delivery).where(Delivery.state == "queued").values(due_at=past))


async def left_by_a_dead_worker(database: Database, *, lease_left: float = -1.0, reason: str | None = None) -> None:
    """All open deliveries look as after a kill in the middle of the call."""
    ends = machine_now() + timedelta(seconds=lease_left)
    async with database.transaction() as session:
        await session.execute(
            update(Delivery).values(state="sending", holder="dead", lease_ends_at=ends, attempts=1, reason=reason)
        )


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
    async def add() -> bool:
        async with database.transaction() as session:
            return await outbox.enqueue(session, key="k", channel="test", address="a", message=OutMessage("one"))

    assert sorted(await asyncio.gather(add(), add(), add())) == [False, False, True]
    assert len(await rows(database)) == 1


async def test_a_lane_that_does_not_exist_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="lane"):
        await put(database, "x", lane="express")


async def test_what_was_rolled_back_is_not_sent(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await outbox.enqueue(session, key="k", channel="test", address="a", message=OutMessage("no"))
            raise RuntimeError
    channel = Recorder()
    assert await OutboxWorker(database, {"test": channel}).run_until_idle() == 0


class TestOrder:
    """Deliveries of one lane to one address go out one after another."""

    async def test_a_later_message_waits_even_when_the_first_must_be_tried_again(self, database: Database) -> None:
        answers = iter([RetryAfter(0.0), Sent("1"), Sent("2")])
        channel = Recorder(lambda *_: next(answers))
        await put(database, "first", "second")
        await worker_of(database, channel).run_until_idle()
        assert [text for _, text in channel.sent] == ["first", "first", "second"]

    async def test_a_waiting_address_does_not_hold_up_another(self, database: Database) -> None:
        channel = Recorder(lambda address, _: RetryAfter(600) if address == "slow" else Sent())
        await put(database, "x", "z", address="slow")
        await put(database, "y", address="quick")
        await worker_of(database, channel).run_until_idle()
        assert sorted(channel.sent) == [("quick", "y"), ("slow", "x")]

    async def test_a_reply_does_not_wait_for_what_is_held_and_urgent_news_neither(self, database: Database) -> None:
        tonight = machine_now() + timedelta(hours=8)
        channel = Recorder()
        await put(database, "held", lane="bulk", not_before=tonight)
        await put(database, "reminder", lane="notice", not_before=tonight)
        await put(database, "notice", lane="notice")
        await put(database, "urgent", lane="bulk", urgent=True)
        await put(database, "reply")
        await worker_of(database, channel).run_until_idle()
        assert sorted(text for _, text in channel.sent) == ["notice", "reply", "urgent"]

    async def test_two_workers_send_every_delivery_exactly_once_and_in_order(self, database: Database) -> None:
        for number in range(24):
            await put(database, f"m{number}", address=f"a{number % 5}", lane=("reply", "bulk")[number % 2])
        channel = Recorder(pause=0.001)
        async with running(*(worker_of(database, channel) for _ in range(2))):
            await until(lambda: len(channel.sent) >= 24)
        assert sorted(channel.sent) == sorted((f"a{n % 5}", f"m{n}") for n in range(24))
        for address in range(5):
            for lane in range(2):
                own = [int(text[1:]) for to, text in channel.sent if to == f"a{address}"]
                own = [number for number in own if number % 2 == lane]
                assert own == sorted(own)


class TestLanes:
    """Replies first, announcements at their own pace."""

    async def test_a_reply_behind_two_hundred_announcements_goes_out_at_once(self, database: Database) -> None:
        for number in range(200):
            await put(database, f"n{number}", address=f"b{number}", lane="bulk", topic="t")
        channel = Recorder(pause=0.02)
        worker = worker_of(database, channel, send_rate=50.0)
        async with running(worker):
            await until(lambda: len(channel.sent) >= 5)
            begun, before = time.monotonic(), len(channel.sent)
            await put(database, "reply", address="b199")
            worker.wake()
            await until(lambda: ("b199", "reply") in channel.sent)
            passed = time.monotonic() - begun
            assert channel.sent.index(("b199", "reply")) - before < 40
            assert passed < 2
        assert len(channel.sent) < 200

    async def test_what_is_due_together_goes_reply_notice_bulk(self, database: Database) -> None:
        for lane in ("bulk", "notice", "reply"):
            await put(database, *(f"{lane}{n}" for n in range(3)), lane=lane)
        channel = Recorder()
        await worker_of(database, channel, lanes=1).run_until_idle()
        assert [text[:-1] for _, text in channel.sent] == ["reply"] * 3 + ["notice"] * 3 + ["bulk"] * 3

    async def test_no_more_sends_are_under_way_than_there_are_lanes(self, database: Database) -> None:
        for number in range(12):
            await put(database, "m", address=f"a{number}")
        for number in range(12):
            await put(database, "n", address=f"b{number}", lane="bulk")
        bulk_at_once = []
        channel = Recorder(pause=0.03)
        answer = channel.send

        async def watched(address: str, message: OutMessage) -> Outcome:
            under_way.update(address[:1])
            bulk_at_once.append(under_way["b"])
            outcome = await answer(address, message)
            under_way.subtract(address[:1])
            return outcome

        under_way: Counter[str] = Counter()
        channel.send = watched  # type: ignore[method-assign]
        await worker_of(database, channel, lanes=6, bulk_lanes=2).run_until_idle()
        assert len(channel.sent) == 24
        assert channel.most_at_once <= 6
        assert max(bulk_at_once) == 2

    async def test_announcements_keep_their_rate_and_replies_do_not(self, database: Database) -> None:
        for number in range(12):
            await put(database, "n", address=f"b{number}", lane="bulk")
            await put(database, "m", address=f"a{number}")
        times: dict[str, float] = {}

        def note(address: str, _: str) -> Outcome:
            times[address] = time.monotonic()
            return Sent()

        channel = Recorder(note)
        begun = time.monotonic()
        await worker_of(database, channel, send_rate=10.0).run_until_idle()
        bulk = [at for address, at in times.items() if address[0] == "b"]
        assert max(bulk) - begun >= 0.9  # two at once, then ten a second
        replies = [at for address, at in times.items() if address[0] == "a"]
        assert max(replies) < max(bulk)

    async def test_a_message_of_several_parts_counts_for_each(self, database: Database) -> None:
        class Long(Recorder):
            def parts(self, message: OutMessage) -> int:
                return 4

        await put(database, "x", address="a", lane="bulk")
        await put(database, "y", address="b", lane="bulk")
        begun = time.monotonic()
        await worker_of(database, Long(), send_rate=5.0).run_until_idle()
        assert time.monotonic() - begun >= 0.7

    async def test_flood_control_of_an_announcement_pauses_announcements_only(self, database: Database) -> None:
        channel = Recorder(lambda address, _: RetryAfter(1386) if address.startswith("b") else Sent())
        for number in range(30):
            await put(database, "n", address=f"b{number}", lane="bulk")
        worker = worker_of(database, channel, send_rate=10.0)
        await worker.run_until_idle()
        tried = len(channel.sent)
        assert 1 <= tried <= 5  # those under way when the service said so
        await put(database, "reply", address="a")
        await put(database, "notice", address="a", lane="notice")
        assert await worker.run_until_idle() == 2
        assert len(channel.sent) == tried + 2
        assert {state for state, _ in (await states(database)).values()} == {"queued", "sent"}

    async def test_flood_control_of_a_reply_delays_that_reply_only(self, database: Database) -> None:
        channel = Recorder(lambda _, text: RetryAfter(1386) if text == "bad" else Sent())
        await put(database, "bad", address="a")
        await put(database, "good", address="b")
        await put(database, "news", address="c", lane="bulk")
        before = machine_now()
        await worker_of(database, channel).run_until_idle()
        found = await rows(database)
        assert (found["good"].state, found["news"].state, found["bad"].state) == ("sent", "sent", "queued")
        assert found["bad"].due_at >= before + timedelta(seconds=1386)


class TestGuards:
    """Asked just before the call."""

    async def verdict_on(self, database: Database, *verdicts: Verdict, **options: Any) -> Recorder:
        told = iter(verdicts)
        seen: list[dict[str, Any] | None] = []

        async def guard(delivery: Delivery) -> Verdict:
            async with database.transaction():  # none is open
                seen.append(delivery.guard_args)
            return next(told)

        channel = Recorder()
        await put(database, "x", lane="notice", guard="g", guard_args={"id": 7})
        await worker_of(database, channel, guards={"g": guard}, **options).run_until_idle()
        assert seen == [{"id": 7}] * len(verdicts)
        return channel

    async def test_what_is_allowed_is_sent(self, database: Database) -> None:
        assert (await self.verdict_on(database, Allow())).sent == [("a", "x")]

    async def test_what_is_not_wanted_any_more_is_skipped_with_the_reason(self, database: Database) -> None:
        assert (await self.verdict_on(database, Skip("opted_out"))).sent == []
        assert (await states(database))["x"] == ("skipped", "opted_out")
        assert (await rows(database))["x"].settled_at is not None

    async def test_what_is_held_is_asked_about_again_later(self, database: Database) -> None:
        soon = machine_now() + timedelta(seconds=0.6)
        begun = time.monotonic()
        channel = await self.verdict_on(database, Hold(soon), Allow())
        assert channel.sent == [("a", "x")]
        assert time.monotonic() - begun >= 0.5

    async def test_a_long_hold_keeps_its_hour_and_does_not_count_as_a_try(self, database: Database) -> None:
        until = machine_now() + timedelta(hours=9)
        assert (await self.verdict_on(database, Hold(until))).sent == []
        row = (await rows(database))["x"]
        assert (row.state, row.attempts) == ("queued", 0)
        assert abs(row.due_at - until) < timedelta(seconds=5)

    async def test_guards_speak_in_the_services_time(self, database: Database) -> None:
        clock = Clock("Asia/Shanghai", datetime(2031, 1, 1, 23, 0, tzinfo=UTC))
        assert (await self.verdict_on(database, Hold(clock.now() + timedelta(hours=9)), clock=clock)).sent == []
        assert (await rows(database))["x"].due_at < machine_now() + timedelta(hours=10)

    async def test_a_worker_that_starts_asks_again_about_what_is_held(self, database: Database) -> None:
        """The hour was reckoned by another process, whose clock may have been set for a rehearsal."""
        nine_hours = timedelta(hours=9)
        assert (await self.verdict_on(database, Hold(machine_now() + nine_hours))).sent == []
        await put(database, "later", address="b", lane="notice", guard="g", not_before=machine_now() + nine_hours)

        async def morning(_: Delivery) -> Verdict:
            return Allow()

        channel = Recorder()
        await worker_of(database, channel, guards={"g": morning}).run_until_idle()
        assert channel.sent == [("a", "x")]

    async def test_a_worker_asks_once_about_what_stays_held(self, database: Database) -> None:
        asked = 0

        async def night(_: Delivery) -> Verdict:
            nonlocal asked
            asked += 1
            return Hold(machine_now() + timedelta(hours=9))

        await put(database, "x", lane="bulk", guard="g")
        worker = worker_of(database, Recorder(), guards={"g": night})
        assert (await worker.run_until_idle(), await worker.run_until_idle()) == (1, 0)
        assert asked == 1

    @pytest.mark.parametrize("guards", [{}, {"g": None}])
    async def test_without_a_working_guard_nothing_is_sent(self, database: Database, guards: dict[str, Any]) -> None:
        async def broken(_: Delivery) -> Verdict:
            raise RuntimeError

        channel = Recorder()
        await put(database, "x", guard="g")
        await worker_of(database, channel, guards=dict.fromkeys(guards, broken)).run_until_idle()
        assert channel.sent == []
        row = (await rows(database))["x"]
        assert row.state == "queued"
        assert timedelta(seconds=50) < row.due_at - machine_now() <= timedelta(seconds=60)

    async def test_what_is_too_late_is_skipped(self, database: Database) -> None:
        clock = Clock("Asia/Shanghai", datetime(2026, 12, 4, 0, 0, tzinfo=UTC))
        channel = Recorder()
        await put(database, "late", address="a", not_after=datetime(2026, 12, 3, 16, 0, tzinfo=UTC))
        await put(database, "in time", address="b", not_after=datetime(2026, 12, 4, 16, 0, tzinfo=UTC))
        await worker_of(database, channel, clock=clock).run_until_idle()
        assert await states(database) == {"late": ("skipped", "expired"), "in time": ("sent", None)}


class TestBlocked:
    """An address that the service refuses for good."""

    async def test_it_fails_and_what_waits_for_it_is_skipped(self, database: Database) -> None:
        told: list[tuple[str, str, str]] = []

        async def on_blocked(channel: str, address: str, reason: str) -> None:
            told.append((channel, address, reason))

        channel = Recorder(lambda address, _: Blocked("bot was blocked") if address == "a" else Sent())
        await put(database, "one", "two", lane="bulk")
        await put(database, "notice", lane="notice", not_before=machine_now() + timedelta(seconds=1))
        await put(database, "other", address="b", lane="bulk")
        await worker_of(database, channel, on_blocked=on_blocked).run_until_idle()
        assert await states(database) == {
            "one": ("failed", "blocked: bot was blocked"),
            "two": ("skipped", "blocked"),
            "notice": ("skipped", "blocked"),
            "other": ("sent", None),
        }
        assert sorted(channel.sent) == [("a", "one"), ("b", "other")]
        assert told == [("test", "a", "bot was blocked")]

    async def test_a_reply_is_always_tried_and_unblocks_when_it_arrives(self, database: Database) -> None:
        async with database.transaction() as session:
            await addresses.block(session, "test", "a", "chat not found")
        await put(database, "reply")
        await worker_of(database, Recorder()).run_until_idle()
        await put(database, "news", lane="bulk")
        await worker_of(database, Recorder()).run_until_idle()
        assert await states(database) == {"reply": ("sent", None), "news": ("sent", None)}

    async def test_a_message_the_service_refuses_fails_for_good(self, database: Database) -> None:
        channel = Recorder(lambda *_: Rejected("too long"))
        await put(database, "x")
        await worker_of(database, channel).run_until_idle()
        assert await states(database) == {"x": ("failed", "too long")}
        assert len(channel.sent) == 1


class TestTopics:
    """An announcement as a whole."""

    async def test_counts_name_every_state(self, database: Database) -> None:
        await put(database, "x", "y", lane="bulk", topic="announcement:1")
        await put(database, "z", lane="bulk", topic="announcement:2")
        await put(database, "w")
        async with database.reading() as session:
            assert await outbox.topic_counts(session, "announcement:1") == {
                **dict.fromkeys(outbox.STATES, 0),
                "queued": 2,
            }
            assert await outbox.counts(session) == {"queued": 4}

    async def test_a_cancelled_topic_goes_no_further(self, database: Database) -> None:
        for number in range(60):
            await put(database, f"n{number}", address=f"b{number}", lane="bulk", topic="t")
        await put(
            database, "other", address="c", lane="bulk", topic="u", not_before=machine_now() + timedelta(seconds=1)
        )
        channel = Recorder(pause=0.02)
        async with running(worker_of(database, channel, send_rate=60.0)):
            await until(lambda: len(channel.sent) >= 5)
            async with database.transaction() as session:
                stopped = await outbox.cancel_topic(session, "t", "stopped")
            out = len(channel.sent) + channel.at_once
            await until(lambda: ("c", "other") in channel.sent)
        assert len(channel.sent) <= out + 6
        async with database.reading() as session:
            counted = await outbox.topic_counts(session, "t")
        assert counted["skipped"] == stopped > 0
        assert counted["sent"] == len(channel.sent) - 1
        assert {reason for state, reason in (await states(database)).values() if state == "skipped"} == {"stopped"}

    async def test_what_was_under_way_when_it_was_cancelled_is_not_tried_again(self, database: Database) -> None:
        cancelled = asyncio.Event()

        class Slow(Recorder):
            async def send(self, address: str, message: OutMessage) -> Outcome:
                await cancelled.wait()
                self.sent.append((address, message.text))
                return Uncertain("timed out") if message.text == "lost" else RetryAfter(0.0)

        channel = Slow()
        await put(database, "late", address="a", lane="bulk", topic="t")
        await put(database, "lost", address="b", lane="bulk", topic="t")
        worker = worker_of(database, channel)
        async with running(worker):
            await until(lambda: len(worker._flights) == 2)
            async with database.transaction() as session:
                assert await outbox.cancel_topic(session, "t", "stopped") == 0
            cancelled.set()
            await until(lambda: not worker._flights)
        await worker.run_until_idle()
        assert len(channel.sent) == 2
        assert await states(database) == {"late": ("skipped", "stopped"), "lost": ("uncertain", MARK + "stopped")}

    async def test_a_topic_that_is_refused_everywhere_is_reported_once(self, database: Database) -> None:
        told: list[tuple[str, str]] = []

        async def on_topic_failing(topic: str, reason: str) -> None:
            told.append((topic, reason))

        channel = Recorder(lambda _, text: Rejected("bad markup") if text != "good" else Sent())
        await put(database, "good", lane="bulk", topic="well")
        await worker_of(database, channel).run_until_idle()
        for number in range(8):
            await put(database, f"n{number}", address=f"b{number}", lane="bulk", topic="ill")
            await put(database, f"m{number}", address=f"c{number}", lane="bulk", topic="well")
            await put(database, f"o{number}", address=f"d{number}", lane="bulk")
        await worker_of(database, channel, on_topic_failing=on_topic_failing).run_until_idle()
        assert told == [("ill", "bad markup")]


class TestCrashes:
    """A delivery whose worker died, or whose answer did not come, may have gone out."""

    async def test_it_is_sent_once_more(self, database: Database) -> None:
        await put(database, "x", "y", lane="bulk")
        await left_by_a_dead_worker(database)
        channel = Recorder()
        assert await worker_of(database, channel).run_until_idle() == 2
        assert sorted(channel.sent) == [("a", "x"), ("a", "y")]
        assert await states(database) == {"x": ("sent", None), "y": ("sent", None)}

    async def test_while_the_lease_runs_it_is_left_alone_and_waited_for(self, database: Database) -> None:
        await put(database, "x")
        await left_by_a_dead_worker(database, lease_left=1.0)
        begun = time.monotonic()
        channel = Recorder()
        assert await worker_of(database, channel).run_until_idle() == 1
        assert 0.9 <= time.monotonic() - begun < 10

    @pytest.mark.parametrize("lane", ["reply", "notice", "bulk"])
    async def test_after_a_second_death_an_announcement_is_uncertain_and_an_answer_is_sent(
        self, database: Database, lane: str
    ) -> None:
        await put(database, "x", lane=lane)
        await left_by_a_dead_worker(database)
        blind = worker_of(database, Recorder(pause=3600), lease=timedelta(seconds=0.3))
        working = asyncio.create_task(blind.run_until_idle())
        await until(lambda: bool(blind._flights))
        working.cancel()  # as good as killed in the call: nothing is settled
        await asyncio.gather(working, return_exceptions=True)
        row = (await rows(database))["x"]
        assert (row.state, row.attempts) == ("sending", 2)
        assert (row.reason or "").startswith(MARK)
        channel = Recorder()
        taken = await worker_of(database, channel).run_until_idle()
        told = [] if lane == "bulk" else [("a", "x")]
        assert (taken, channel.sent) == (len(told), told)
        assert (await states(database))["x"][0] == ("sent" if told else "uncertain")

    async def test_a_reply_that_kills_its_worker_every_time_is_given_up(self, database: Database) -> None:
        await put(database, "x", lane="reply")
        await left_by_a_dead_worker(database)
        async with database.transaction() as session:
            await session.execute(update(Delivery).values(attempts=MAX_ATTEMPTS["reply"], reason=MARK + "x"))
        channel = Recorder()
        assert await worker_of(database, channel).run_until_idle() == 0
        assert channel.sent == []
        assert (await states(database))["x"][0] == "uncertain"

    async def test_no_answer_twice_is_uncertain(self, database: Database) -> None:
        channel = Recorder(lambda *_: Uncertain("read timed out"))
        await put(database, "x")
        await worker_of(database, channel).run_until_idle()
        assert len(channel.sent) == 2
        assert await states(database) == {"x": ("uncertain", MARK + "read timed out")}

    async def test_a_pause_in_between_does_not_make_it_certain(self, database: Database) -> None:
        answers = iter([Uncertain("read timed out"), RetryAfter(0.0), Uncertain("read timed out"), Sent()])
        channel = Recorder(lambda *_: next(answers))
        await put(database, "x")
        await worker_of(database, channel).run_until_idle()
        assert len(channel.sent) == 3
        assert (await states(database))["x"][0] == "uncertain"

    @pytest.mark.parametrize(("reason", "deadline"), [("opted_out", None), ("expired", LONG_AGO)])
    async def test_what_may_have_gone_out_is_never_called_skipped(
        self, database: Database, reason: str, deadline: datetime | None
    ) -> None:
        async def guard(_: Delivery) -> Verdict:
            return Skip("opted_out")

        await put(database, "x", lane="bulk", guard="g", not_after=deadline)
        await left_by_a_dead_worker(database)
        await worker_of(database, Recorder(), guards={"g": guard}).run_until_idle()
        assert await states(database) == {"x": ("uncertain", MARK + reason)}

    async def test_a_channel_that_raises_does_not_stop_the_worker(self, database: Database) -> None:
        def answer(_: str, text: str) -> Outcome:
            if text == "bad":
                raise ValueError("bug")
            return Sent()

        await put(database, "bad", address="a")
        await put(database, "good", address="b")
        await worker_of(database, Recorder(answer)).run_until_idle()
        assert await states(database) == {"bad": ("uncertain", MARK + "ValueError"), "good": ("sent", None)}

    async def test_a_lease_is_kept_as_long_as_the_call_lasts(self, database: Database) -> None:
        channel = Recorder(pause=3.0)
        await put(database, "x")
        workers = [worker_of(database, channel, lease=timedelta(seconds=2)) for _ in range(2)]
        async with running(*workers):
            await until(lambda: bool(channel.sent))
            await asyncio.sleep(0.3)
        assert channel.sent == [("a", "x")]
        assert await states(database) == {"x": ("sent", None)}

    async def test_who_lost_the_lease_cannot_settle_what_another_took(self, database: Database) -> None:
        let_go = asyncio.Event()

        class Slow(Recorder):
            async def send(self, address: str, message: OutMessage) -> Outcome:
                await let_go.wait()
                return Rejected("late")

        await put(database, "x")
        slow = worker_of(database, Slow())
        async with running(slow):
            await until(lambda: bool(slow._flights))
            async with database.transaction() as session:
                await session.execute(update(Delivery).values(holder="another"))
            let_go.set()
            await until(lambda: not slow._flights)
        assert (await states(database))["x"][0] == "sending"

    async def test_who_slept_past_the_lease_does_not_call(self, database: Database) -> None:
        async def guard(_: Delivery) -> Verdict:
            if not asked:
                asked.append(True)
                time.sleep(1.4)  # the whole process stands still
            return Allow()

        asked: list[bool] = []
        channel = Recorder()
        await put(database, "x", guard="g")
        worker = worker_of(database, channel, guards={"g": guard}, lease=timedelta(seconds=1))
        assert await worker.run_until_idle() >= 2
        assert channel.sent == [("a", "x")]

    async def test_giving_up_is_for_replies_only(self, database: Database) -> None:
        await put(database, "reply", address="a")
        await put(database, "notice", address="b", lane="notice")
        async with database.transaction() as session:
            await session.execute(update(Delivery).values(attempts=11))
        await worker_of(database, Recorder(lambda *_: RetryAfter(1.0, "unreachable"))).run_until_idle()
        assert await states(database) == {
            "reply": ("failed", "gave up: unreachable"),
            "notice": ("queued", "unreachable"),
        }


async def test_what_is_settled_is_told(database: Database) -> None:
    told: list[tuple[str, str]] = []

    async def on_settled(delivery: Delivery) -> None:
        told.append((delivery.message["text"], delivery.state))
        raise RuntimeError("a hook that fails stops nothing")

    answers = iter([RetryAfter(0.0), Sent()])
    await put(database, "x")
    await put(database, "y", not_after=LONG_AGO)
    await worker_of(database, Recorder(lambda *_: next(answers)), on_settled=on_settled).run_until_idle()
    assert sorted(told) == [("x", "sent"), ("y", "skipped")]


async def test_sends_in_flight_are_settled_when_the_worker_stops(database: Database) -> None:
    await put(database, "x", "y")
    channel = Recorder(pause=0.3)
    worker = worker_of(database, channel)
    async with running(worker):
        await until(lambda: bool(worker._flights))
    assert await states(database) == {"x": ("sent", None), "y": ("queued", None)}
