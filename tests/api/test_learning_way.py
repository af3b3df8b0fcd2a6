"""The whole way of a question that the base could not answer: asked in the web chat and in Telegram, answered by the
desk with a citation, read by both askers, approved, and answered from then on by the bot itself."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.poller import Poller
from core.jobs import JobWorker
from core.settings import Settings
from firms.actors import Actor
from knowledge.citing import Reference
from knowledge.library import Metadata
from knowledge.open_questions import Reply
from qiban import setup
from qiban.bootstrap import Services, open_services
from tests.api.conftest import open_client
from tests.conftest import isolated_settings
from tests.telegram_server import TelegramServer

HOME = "430400"
CHAT = 42
TITLE = "示例产业园入园企业管理办法"
DOCUMENT = (
    f"{TITLE}\n\n第一条　本办法适用于示例产业园的入园企业。\n\n"
    "第二条　入园企业应当在次月十日前向园区管理机构报送月度用工报表。\n\n"
    "第三条　园区管理机构负责公共区域的保洁和绿化。\n"
)
ASKED = "园里蹭饭的食堂卡丢了咋补办"
AGAIN = "园里食堂卡丢了怎么补办"
EDITOR = Actor("staff", "示例编辑", "editor")
APPROVER = Actor("staff", "示例审批", "approver")


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


@pytest.fixture
def telegram_settings(
    tmp_path: Path, database_url: str, server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    return isolated_settings(
        tmp_path,
        monkeypatch,
        QIBAN_DATABASE_URL=database_url,
        QIBAN_TELEGRAM_TOKEN=server.token,
        QIBAN_TELEGRAM_BASE_URL=server.base_url,
    )


@asynccontextmanager
async def running(settings: Settings, prepared: Path) -> AsyncIterator[Services]:
    """The real services with their workers and the poller, after a real set-up."""
    shutil.copytree(prepared / "index", settings.index_dir)
    await setup.run(settings, lambda *_: None, samples=False)
    stop = asyncio.Event()
    async with open_services(settings) as services:
        assert services.telegram is not None
        poller = Poller(services.telegram, services.conversations, services.leases, wait_seconds=1)
        work = [
            asyncio.create_task(part)
            for part in (
                services.conversations.run(stop),
                services.outbox.run(stop),
                JobWorker(services.database, services.jobs, idle_seconds=0.1).run(stop),
                poller.run(stop),
            )
        ]
        try:
            yield services
        finally:
            stop.set()
            await asyncio.gather(*work, return_exceptions=True)


async def say(client: httpx.AsyncClient, session: str, **said: str) -> list[dict[str, Any]]:
    answer = await client.post("/api/v1/chat", json={"session": session, **said})
    replies: list[dict[str, Any]] = answer.json()["replies"]
    return replies


async def reindexed(services: Services) -> None:
    """Until the worker has brought the index in line with the library."""
    for _ in range(600):
        snapshot = await services.library.snapshot()
        fingerprints = len(snapshot.clauses) + sum(not topic.stated for topic in snapshot.topics.values())
        if services.index.status()["items"] == fingerprints and not await _queued(services):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the index does not follow")


async def _queued(services: Services) -> bool:
    from sqlalchemy import select

    from core.jobs import Job
    from knowledge.library import REINDEX_JOB

    async with services.database.reading() as session:
        waiting = select(Job.id).where(Job.name == REINDEX_JOB, Job.state.in_(("queued", "running"))).limit(1)
        return await session.scalar(waiting) is not None


async def test_from_a_declined_question_to_the_bots_own_answer(
    telegram_settings: Settings, prepared: Path, server: TelegramServer
) -> None:
    async with running(telegram_settings, prepared) as services, open_client(services.parts()) as client:
        added = await services.library.add(DOCUMENT, Metadata(title=TITLE, region=HOME))
        assert added.document_id is not None
        await reindexed(services)
        questions = services.learning.open_questions

        # asked in two places, declined in both, and one group in the desk's queue
        (declined,) = await say(client, "web-asker", text=ASKED)
        assert declined["status"] == "declined"
        server.send_text(CHAT, f"请问{ASKED}？")
        assert "答" in (await server.arrived(CHAT, 1, 30))[0]["text"]
        (group,) = await questions.list(which="waiting")
        assert (group.count, group.askers, group.waiting) == (2, 2, 2)

        # the desk answers once, with a clause; both read it where they asked
        reply = Reply("到园区服务台补办，当场可取。", Reference(added.document_id, "第三条"), group.version)
        assert (await questions.answer(group.id, reply, EDITOR)).reached == 2
        told = (await server.arrived(CHAT, 2, 30))[1]["text"]
        assert "到园区服务台补办" in told
        assert "第三条　园区管理机构负责公共区域的保洁和绿化。" in told
        for _ in range(300):
            inbox = (await client.get("/api/v1/inbox?session=web-asker")).json()
            if inbox["unread"]:
                break
            await asyncio.sleep(0.1)
        assert inbox["unread"] == 1
        read = await say(client, "web-asker", text="收件箱")
        assert sum("到园区服务台补办" in shown["text"] for shown in read) == 1

        # not before somebody else has approved it is it a typical question
        (still,) = await say(client, "web-other", text=AGAIN)
        assert still["status"] == "declined"
        seen = await questions.get(group.id)
        await questions.approve(group.id, APPROVER, version=seen.version)
        await reindexed(services)
        (now,) = await say(client, "web-third", text=AGAIN)
        assert now["status"] == "answered"
        assert [(each["document"], each["clause"]) for each in now["citations"]] == [(TITLE, "第三条")]
        assert now["citations"][0]["quote"] == "第三条　园区管理机构负责公共区域的保洁和绿化。"
        assert (await say(client, "web-third", choice=now["choices"][-1]["id"]))[0]["text"]
        assert any(each.why == "down_voted" for each in await questions.list(which="waiting"))
