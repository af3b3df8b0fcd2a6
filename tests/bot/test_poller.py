"""Polling loses nothing, whatever breaks, and stops at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy import select

from bot import wording
from bot.callbacks import CallbackAnswers
from bot.client import TelegramBot, build_bot
from bot.errors import TokenRefused
from bot.poller import LEASE, WAIT_SECONDS, Backoff, Poller
from conversation.messages import IncomingMessage
from core.database import Base, Database
from core.errors import Unavailable
from core.leases import Lease, Leases
from tests.telegram_server import BOT, Refusal, TelegramServer

QUICK = 0.02


@dataclass
class MemoryReceiver:
    """Keeps what it is given, once each. `fails` is how many times it breaks before it takes anything."""

    fails: int = 0
    seconds: float = 0.0
    kept: dict[str, IncomingMessage] = field(default_factory=dict)
    calls: int = 0

    async def receive(self, messages: Sequence[IncomingMessage]) -> None:
        self.calls += 1
        await asyncio.sleep(self.seconds)
        if self.fails > 0:
            self.fails -= 1
            raise ConnectionError("the row was 我们营收两千万")
        for message in messages:
            self.kept.setdefault(message.external_id, message)

    @property
    def texts(self) -> list[str]:
        return [message.text or message.choice for message in self.kept.values()]

    async def has(self, *texts: str, timeout: float = 5.0) -> None:
        deadline = time.monotonic() + timeout
        while self.texts != list(texts):
            assert time.monotonic() < deadline, f"{self.texts} instead of {texts}"
            await asyncio.sleep(0.005)


@dataclass
class MemoryLeases:
    """One lease for all pollers of a test."""

    holders: int = 0
    taken_elsewhere: bool = False
    names: set[str] = field(default_factory=set)
    broken: int = 0

    @asynccontextmanager
    async def held(self, name: str, *, wait: bool = True) -> AsyncIterator[bool]:
        assert not wait
        if self.broken > 0:
            self.broken -= 1
            raise ConnectionError("no database")
        self.names.add(name)
        ours = not self.taken_elsewhere and self.holders == 0
        self.holders += ours
        try:
            yield ours
        finally:
            self.holders -= ours


@dataclass
class Run:
    """A running poller and what it stands on."""

    receiver: MemoryReceiver
    leases: MemoryLeases
    stop: asyncio.Event
    task: asyncio.Task[None]
    poller: Poller

    async def end(self) -> float:
        """Stop it; returns how long that took."""
        begun = time.monotonic()
        self.stop.set()
        await asyncio.wait_for(self.task, 5)
        return time.monotonic() - begun


def begin(
    bot: TelegramBot,
    receiver: MemoryReceiver | None = None,
    leases: MemoryLeases | None = None,
    wait_seconds: int = WAIT_SECONDS,
) -> Run:
    receiver, leases, stop = receiver or MemoryReceiver(), leases or MemoryLeases(), asyncio.Event()
    backoff = Backoff(QUICK, 0.1)
    poller = Poller(bot, receiver, leases, wait_seconds=wait_seconds, lease_pause=QUICK, backoff=backoff)
    return Run(receiver, leases, stop, asyncio.create_task(poller.run(stop)), poller)


@pytest.fixture
async def run(bot: TelegramBot) -> AsyncIterator[Run]:
    running = begin(bot)
    yield running
    await running.end()


async def test_what_people_say_is_received_in_order_and_confirmed(run: Run, server: TelegramServer) -> None:
    for text in ("一", "二", "三"):
        server.send_text(7, text)
    await run.receiver.has("一", "二", "三")
    await server.until(lambda: not server.pending())
    server.send_text(8, "四")
    await run.receiver.has("一", "二", "三", "四")


async def test_what_came_before_the_start_is_received_too(bot: TelegramBot, server: TelegramServer) -> None:
    server.send_text(7, "早到的")
    run = begin(bot)
    await run.receiver.has("早到的")
    await run.end()


async def test_the_start_removes_a_webhook_and_sets_the_menu(bot: TelegramBot, server: TelegramServer) -> None:
    server.set_webhook({"url": "https://x.example/hook"})
    server.send_text(7, "等着的")
    run = begin(bot)
    await run.receiver.has("等着的")
    assert server.webhook() == {"url": ""}
    assert [(entry["command"], entry["description"]) for entry in server.commands()] == list(wording.COMMANDS)
    (poll, *_) = server.calls("getUpdates")
    assert poll["params"]["timeout"] == "25"
    assert poll["params"]["allowed_updates"] == '["message", "edited_message", "callback_query"]'
    await run.end()
    assert run.leases.names == {LEASE}


async def test_a_menu_that_cannot_be_set_is_only_logged(bot: TelegramBot, server: TelegramServer) -> None:
    server.fail_next("setMyCommands", status=400, body=Refusal(400, "Bad Request: BOT_COMMAND_INVALID").to_json())
    with structlog.testing.capture_logs() as logs:
        run = begin(bot)
        server.send_text(7, "一")
        await run.receiver.has("一")
        await run.end()
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["command_menu_failed"]


async def test_stopping_does_not_wait_for_the_long_poll(run: Run, server: TelegramServer) -> None:
    await server.until(server.polling)
    assert await run.end() < 0.5
    await server.until(lambda: not server.polling(), 2)


async def test_stopping_lets_a_batch_be_stored(bot: TelegramBot, server: TelegramServer) -> None:
    run = begin(bot, MemoryReceiver(seconds=0.2))
    server.send_text(7, "一")
    while not run.receiver.calls:
        await asyncio.sleep(0.005)
    await run.end()
    assert run.receiver.texts == ["一"]


async def test_stopping_during_a_pause_is_prompt(bot: TelegramBot, server: TelegramServer) -> None:
    server.fail_next("getMe", status=429, body=Refusal(429, "x", {"retry_after": 30}).to_json())
    run = begin(bot)
    await server.until(lambda: server.calls("getMe"))
    assert await run.end() < 0.5


async def test_nothing_is_confirmed_before_it_is_stored(bot: TelegramBot, server: TelegramServer) -> None:
    run = begin(bot, MemoryReceiver(fails=3))
    update_id = server.send_text(7, "一")
    with structlog.testing.capture_logs() as logs:
        await run.receiver.has("一")
    offsets = [int(call["params"].get("offset", 0)) for call in server.calls("getUpdates")]
    assert max(offsets[:-1], default=0) <= update_id
    assert run.receiver.calls == 4
    failures = [entry for entry in logs if entry["event"] == "poll_failed"]
    assert failures
    assert "营收" not in str(logs)
    assert "test_poller.py:" in failures[0]["where"]
    await server.until(lambda: not server.pending())
    await run.end()


async def test_a_killed_poller_leaves_its_batch_to_the_next(bot: TelegramBot, server: TelegramServer) -> None:
    receiver = MemoryReceiver()
    run = begin(bot, receiver)
    server.delay("getUpdates", 60, skip=1)
    server.send_text(7, "一")
    await receiver.has("一")
    run.task.cancel()
    await asyncio.gather(run.task, return_exceptions=True)
    server.heal()
    server.send_text(7, "二")
    again = begin(bot, receiver)
    await receiver.has("一", "二")
    await again.end()


@pytest.mark.parametrize(
    "poison",
    [
        {"message": {"nonsense": True}},
        {"message": "text"},
        {"callback_query": {"id": 5}},
        {"message": {"message_id": 1, "date": "gestern", "chat": {"id": 7, "type": "private"}, "text": "x"}},
    ],
)
async def test_an_update_nobody_can_read_is_logged_by_id_and_skipped(
    bot: TelegramBot, server: TelegramServer, poison: dict[str, object]
) -> None:
    server.send_text(7, "前")
    update_id = server.send_raw(poison)
    server.send_text(7, "后")
    with structlog.testing.capture_logs() as logs:
        run = begin(bot)
        await run.receiver.has("前", "后")
        await server.until(lambda: not server.pending())
        await run.end()
    (entry,) = [entry for entry in logs if entry["event"] == "update_unreadable"]
    assert entry["update"] == update_id
    assert set(entry) == {"event", "update", "error", "log_level"}


async def test_only_unreadable_updates_are_confirmed_too(run: Run, server: TelegramServer) -> None:
    server.send_raw({"message": {"nonsense": True}})
    server.send_raw({"my_chat_member": {}})
    await server.until(lambda: not server.pending())


@pytest.mark.parametrize("status", [500, 502, 503, 403, 400])
async def test_errors_of_the_far_side_are_sat_out(run: Run, server: TelegramServer, status: int) -> None:
    await server.until(server.polling)
    server.fail_next("getUpdates", status=status, times=3)
    server.send_text(7, "一")
    server.send_text(7, "二")
    await run.receiver.has("一", "二")


@pytest.mark.parametrize("fault", ["hang_up_next", "drop_next"])
async def test_broken_connections_are_sat_out(run: Run, server: TelegramServer, fault: str) -> None:
    await server.until(server.polling)
    getattr(server, fault)("getUpdates", times=2)
    server.send_text(7, "一")
    server.send_text(7, "二")
    await run.receiver.has("一", "二")


@pytest.mark.parametrize("method", ["getMe", "deleteWebhook"])
async def test_a_start_without_network_is_tried_again(bot: TelegramBot, server: TelegramServer, method: str) -> None:
    server.fail_next(method, status=502, times=3)
    server.send_text(7, "一")
    run = begin(bot)
    await run.receiver.has("一")
    await run.end()


async def test_a_pause_that_telegram_asks_for_is_kept(bot: TelegramBot, server: TelegramServer) -> None:
    server.fail_next("getUpdates", status=429)
    server.send_text(7, "一")
    run = begin(bot)
    await run.receiver.has("一")
    first, second, *_ = [call["at"] for call in server.calls("getUpdates")]
    assert second - first >= 1.0
    await run.end()


async def test_a_conflict_is_logged_once_and_outlived(bot: TelegramBot, server: TelegramServer) -> None:
    server.fail_next("getUpdates", status=409, times=4)
    server.send_text(7, "一")
    with structlog.testing.capture_logs() as logs:
        run = begin(bot)
        await run.receiver.has("一")
        await run.end()
    assert [entry["event"] for entry in logs].count("poll_conflict") == 1


async def test_after_a_conflict_a_poller_that_lost_its_lease_stands_aside(
    run: Run, bot: TelegramBot, server: TelegramServer
) -> None:
    await server.until(server.polling)
    run.leases.taken_elsewhere = True
    other = begin(bot)
    await server.until(lambda: any(call["status"] == 409 for call in server.calls("getUpdates")))
    server.send_text(7, "一")
    await other.receiver.has("一")
    await asyncio.sleep(0.2)
    assert run.leases.holders == 0
    conflicts = [call for call in server.calls("getUpdates") if call["status"] == 409]
    assert len(conflicts) == 1
    await other.end()


async def test_of_two_pollers_one_polls_and_the_other_takes_over(server: TelegramServer) -> None:
    leases, receiver = MemoryLeases(), MemoryReceiver()
    bots = [build_bot(SecretStr(server.token), server.base_url) for _ in range(2)]
    first, second = (begin(bot, receiver, leases) for bot in bots)
    server.send_text(7, "一")
    await receiver.has("一")
    await first.end()
    server.send_text(7, "二")
    await receiver.has("一", "二")
    await second.end()
    assert not [call for call in server.calls("getUpdates") if call["status"] == 409]
    for bot in bots:
        await bot.shutdown()


async def test_a_lease_that_cannot_be_taken_for_want_of_a_database_is_tried_again(
    bot: TelegramBot, server: TelegramServer
) -> None:
    server.send_text(7, "一")
    run = begin(bot, leases=MemoryLeases(broken=3))
    await run.receiver.has("一")
    await run.end()


@pytest.mark.parametrize("token", ["987654321:AAAA-another-token-that-nobody-gave-out", "nonsense"])
async def test_a_refused_token_ends_it_with_a_clear_message(server: TelegramServer, token: str) -> None:
    bot = build_bot(SecretStr(token), server.base_url)
    run = begin(bot)
    with structlog.testing.capture_logs() as logs, pytest.raises(TokenRefused) as caught:
        await asyncio.wait_for(run.task, 5)
    assert isinstance(caught.value, Unavailable)
    assert "QIBAN_TELEGRAM_TOKEN" in caught.value.message
    assert token not in f"{caught.value!r} {logs}"
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["telegram_token_refused"]
    assert run.leases.holders == 0
    await bot.shutdown()


async def test_one_stray_404_does_not_end_it_but_a_revoked_token_does(run: Run, server: TelegramServer) -> None:
    await server.until(server.polling)
    texts: list[str] = []
    for number in range(4):
        server.fail_next("getUpdates", status=404, body="<html>nginx</html>")
        for text in (f"前{number}", f"后{number}"):
            server.send_text(7, text)
            texts.append(text)
            await run.receiver.has(*texts)
    server.fail_next("getUpdates", status=401, times=9)
    server.send_text(7, "末")
    with pytest.raises(TokenRefused):
        await asyncio.wait_for(run.task, 5)
    run.task = asyncio.create_task(asyncio.sleep(0))


async def test_mentions_in_groups_are_known_by_the_bots_own_name(run: Run, server: TelegramServer) -> None:
    server.send_text(-5, "大家好")
    server.send_text(-5, f"@{BOT['username']} 要什么条件")
    await run.receiver.has("要什么条件")
    await server.until(lambda: not server.pending())


async def test_after_a_quiet_week_smaller_ids_are_read(bot: TelegramBot, server: TelegramServer) -> None:
    run = begin(bot, wait_seconds=1)
    server.send_text(7, "一")
    await run.receiver.has("一")
    await server.until(lambda: len(server.calls("getUpdates")) == 3 and server.polling())
    assert ["offset" in call["params"] for call in server.calls("getUpdates")] == [False, True, False]
    server.skip_updates(-1_000_000)
    server.send_text(7, "二")
    await run.receiver.has("一", "二")
    await run.end()


class TestCallbackQueries:
    """A pressed button stops spinning, and nothing waits for that."""

    async def test_it_is_answered_after_it_is_stored(self, run: Run, server: TelegramServer) -> None:
        server.press(7, "yes:f:1")
        await run.receiver.has("yes:f:1")
        await server.until(server.answered)

    async def test_it_is_answered_even_when_it_means_nothing(self, run: Run, server: TelegramServer) -> None:
        update_id = server.press(7, "")
        await server.until(server.answered)
        assert server.answered() == [f"{update_id}000"]

    async def test_not_before_it_is_stored(self, bot: TelegramBot, server: TelegramServer) -> None:
        run = begin(bot, MemoryReceiver(fails=10**6))
        server.press(7, "yes:f:1")
        while run.receiver.calls < 3:
            await asyncio.sleep(0.005)
        assert server.calls("answerCallbackQuery") == []
        await run.end()

    @pytest.mark.parametrize("status", [400, 429, 500])
    async def test_an_answer_that_fails_is_forgotten(self, run: Run, server: TelegramServer, status: int) -> None:
        server.fail_next("answerCallbackQuery", status=status)
        server.press(7, "yes:f:1")
        await server.until(lambda: server.calls("answerCallbackQuery"))
        server.send_text(7, "一")
        await run.receiver.has("yes:f:1", "一")

    async def test_a_slow_answer_delays_neither_polling_nor_stopping(self, run: Run, server: TelegramServer) -> None:
        server.delay("answerCallbackQuery", 8, times=3)
        for number in range(3):
            server.press(7, f"yes:f:{number}")
        begun = time.monotonic()
        await server.until(lambda: len(server.calls("answerCallbackQuery")) == 3)
        server.send_text(7, "一")
        await run.receiver.has("yes:f:0", "yes:f:1", "yes:f:2", "一")
        assert time.monotonic() - begun < 2
        assert await run.end() < 2
        server.heal()

    async def test_what_waits_is_bounded(self, bot: TelegramBot, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bot.callbacks.WAITING", 3)
        answers = CallbackAnswers(bot)
        for number in range(10):
            answers.answer(str(number))
        assert len(answers._tasks) == 3
        await answers.close()
        assert not answers._tasks


def test_pauses_double_up_to_a_limit_and_vary() -> None:
    backoff = Backoff(1.0, 8.0)
    pauses = [backoff.next() for _ in range(2000)]
    for pause, full in zip(pauses, [1, 2, 4, 8, 8, 8], strict=False):
        assert full / 2 <= pause <= full
    assert len(set(pauses)) > 1900
    assert max(pauses) <= 8.0
    backoff.reset()
    assert backoff.next() <= 1.0


async def test_with_the_real_leases_one_process_polls_at_a_time(
    bot: TelegramBot, server: TelegramServer, tmp_path: Path
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/leases.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all, tables=[Base.metadata.tables[Lease.__tablename__]])
    receiver, stop = MemoryReceiver(), asyncio.Event()
    processes = [Poller(bot, receiver, Leases(database), lease_pause=QUICK) for _ in range(2)]
    tasks = [asyncio.create_task(poller.run(stop)) for poller in processes]
    server.send_text(7, "一")
    await receiver.has("一")
    await asyncio.sleep(0.2)
    assert not [call for call in server.calls("getUpdates") if call["status"] == 409]
    assert len(server.calls("getMe")) == 1
    stop.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 5)
    async with database.reading() as session:
        assert (await session.scalars(select(Lease.name))).all() == []
    await database.close()
