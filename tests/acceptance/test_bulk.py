"""Announcements to many people over the loopback Bot API, by real worker processes that are killed: nobody is left
out, and nobody gets more than one copy too many."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.channel import TelegramChannel
from bot.client import build_bot
from core.database import Database
from core.settings import async_url
from messaging import outbox
from messaging.messages import Card, OutMessage
from messaging.outbox import Delivery, OutboxWorker
from tests.acceptance.process import environment
from tests.telegram_server import Refusal, TelegramServer

IN_FLIGHT = 8
"""What the worker has under way at most, and so what one kill can make twice."""

WORKER = """
import asyncio, sys
from pydantic import SecretStr
from bot.channel import TelegramChannel
from bot.client import build_bot
from core import log
from core.database import Database
from messaging.outbox import OutboxWorker

async def main(url, base, token):
    log.configure("WARNING")
    database, bot = Database(url), build_bot(SecretStr(token), base)
    try:
        await OutboxWorker(database, {"telegram": TelegramChannel(bot)}, send_rate=400.0).run_until_idle()
    finally:
        await bot.shutdown()
        await database.close()

asyncio.run(main(*sys.argv[1:]))
"""

NEWS = OutMessage("示例公告：申报本月底截止。", cards=(Card("示例对接会", ("12月5日 14:30",)),))


def start(url: str, server: TelegramServer, log: Path) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-c", WORKER, async_url(url), server.base_url, server.token]
    with log.open("ab") as output:
        return subprocess.Popen(arguments, env=environment({}), stdout=output, stderr=output)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


async def enqueue(url: str, chats: range, *, lane: str = "bulk") -> None:
    database = Database(async_url(url))
    async with database.transaction() as session:
        for chat in chats:
            await outbox.enqueue(
                session,
                key=f"announcement:示例:{chat}",
                channel="telegram",
                address=str(chat),
                message=NEWS,
                lane=lane,
                topic="announcement:示例" if lane == "bulk" else None,
            )
    await database.close()


async def counts(url: str) -> dict[str, int]:
    database = Database(async_url(url))
    async with database.reading() as session:
        found = await outbox.counts(session)
    await database.close()
    return found


def arrivals(server: TelegramServer) -> Counter[int]:
    return Counter(message["chat_id"] for message in server.sent())


@pytest.mark.parametrize("lane", ["bulk", "notice"])
def test_two_hundred_people_and_one_kill(
    database_url: str, telegram: TelegramServer, tmp_path: Path, lane: str
) -> None:
    people = range(1001, 1201)
    asyncio.run(enqueue(database_url, people, lane=lane))
    telegram.delay("sendMessage", 0.03, times=10_000)  # delivered, but not settled yet: what a kill can make twice
    first = start(database_url, telegram, tmp_path / "log")
    telegram.wait_for(None, 73, timeout=60)
    kill(first)
    assert len(telegram.sent()) < len(people)
    second = start(database_url, telegram, tmp_path / "log")
    assert second.wait(timeout=120) == 0, (tmp_path / "log").read_text("utf-8")
    got = arrivals(telegram)
    assert set(got) == set(people)
    assert sum(got.values()) - len(people) <= IN_FLIGHT
    assert max(got.values()) <= 2
    assert asyncio.run(counts(database_url)) == {"sent": len(people)}


@pytest.mark.long
def test_many_kills_and_two_workers_at_a_time(database_url: str, telegram: TelegramServer, tmp_path: Path) -> None:
    """Never a third copy, however often it is killed; what was cut off twice is called uncertain."""
    chance = random.Random(20261124)
    people = range(1001, 1601)
    asyncio.run(enqueue(database_url, people))
    telegram.delay("sendMessage", 0.03, times=10_000)
    kills = 0
    for goal in (60, 150, 260, 330, 410, 500):
        workers = [start(database_url, telegram, tmp_path / "log") for _ in range(2)]
        telegram.wait_for(None, goal, timeout=120)
        time.sleep(chance.random() * 0.2)
        for worker in workers:
            kill(worker)
            kills += 1
    last = start(database_url, telegram, tmp_path / "log")
    assert last.wait(timeout=180) == 0, (tmp_path / "log").read_text("utf-8")
    got = arrivals(telegram)
    found = asyncio.run(counts(database_url))
    assert sum(found.values()) == len(people)
    assert set(found) <= {"sent", "uncertain"}
    assert len(set(people) - set(got)) <= found.get("uncertain", 0)
    assert sum(got.values()) - len(people) <= kills * IN_FLIGHT
    assert max(got.values()) <= 2


async def test_three_of_a_hundred_cannot_be_reached_and_the_others_do_not_notice(
    database_url: str, telegram: TelegramServer
) -> None:
    await enqueue(database_url, range(1, 101))
    telegram.block(3)
    telegram.delete_chat(7)
    deactivated = Refusal(403, "Forbidden: user is deactivated").to_json()
    telegram.fail_next("sendMessage", chat_id=9, status=403, body=deactivated)
    telegram.fail_next("sendMessage", chat_id=50, status=429)  # and flood control in the middle: one second
    database, bot = Database(async_url(database_url)), build_bot(SecretStr(telegram.token), telegram.base_url)
    worker = OutboxWorker(database, {"telegram": TelegramChannel(bot)}, send_rate=400.0)
    await worker.run_until_idle()
    async with database.reading() as session:
        failed = {
            row.address: row.reason for row in await session.scalars(select(Delivery).where(Delivery.state == "failed"))
        }
        topic = await outbox.topic_counts(session, "announcement:示例")
    assert set(failed) == {"3", "7", "9"}
    assert all((reason or "").startswith("blocked: ") for reason in failed.values())
    assert (topic["sent"], topic["failed"]) == (97, 3)
    assert arrivals(telegram) == Counter(set(range(1, 101)) - {3, 7, 9})

    async with database.transaction() as session:
        for chat in (3, 7, 9, 11):
            key = f"announcement:another:{chat}"
            await outbox.enqueue(
                session, key=key, channel="telegram", address=str(chat), message=NEWS, lane="bulk", topic="another"
            )
    calls = len(telegram.calls("sendMessage"))
    await worker.run_until_idle()
    async with database.reading() as session:
        topic = await outbox.topic_counts(session, "another")
    assert (topic["sent"], topic["skipped"]) == (1, 3)
    assert len(telegram.calls("sendMessage")) == calls + 1
    await bot.shutdown()
    await database.close()


async def test_a_reply_among_two_hundred_announcements_is_there_at_once(
    database_url: str, telegram: TelegramServer
) -> None:
    await enqueue(database_url, range(1001, 1201))
    database, bot = Database(async_url(database_url)), build_bot(SecretStr(telegram.token), telegram.base_url)
    worker = OutboxWorker(database, {"telegram": TelegramChannel(bot)})  # 25 a second: eight seconds of them
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await telegram.arrived(None, 10, timeout=30)
    before = len(telegram.sent())
    async with database.transaction() as session:
        await outbox.enqueue(session, key="reply", channel="telegram", address="5", message=OutMessage("在的"))
    worker.wake()
    await telegram.arrived(5, 1, timeout=10)
    order = [message["chat_id"] for message in telegram.sent()]
    assert order.index(5) - before <= 50
    assert len(order) < 150
    stop.set()
    await running
    await bot.shutdown()
    await database.close()
