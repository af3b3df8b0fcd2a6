"""The webhook: only Telegram is heard, an update is on disk before it is acknowledged, and the address stays known."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy import select

from bot import wording
from bot.client import ALLOWED_UPDATES, TelegramBot, build_bot
from bot.errors import TokenRefused
from bot.poller import Backoff
from bot.webhook import PATH, Webhook, webhook_secret
from conversation.dialogue import Dialogue
from conversation.engine import Conversations
from conversation.messages import IncomingMessage
from conversation.models import Inbound
from core.database import Database
from knowledge.answer import Answer
from tests.conversation.parts import self_check
from tests.telegram_server import BOT, TelegramServer

SECRET = "a-secret_of-the-webhook"
URL = "https://qiban.example.org/telegram/webhook"
TEXT = {
    "update_id": 900001,
    "message": {
        "message_id": 5,
        "date": 1795510000,
        "chat": {"id": 7, "type": "private", "first_name": "示例"},
        "from": {"id": 7, "is_bot": False, "first_name": "<b>示例"},
        "text": "负债率有要求吗",
    },
}
PRESS_WITHOUT_DATA = {
    "update_id": 900002,
    "callback_query": {"id": "77", "from": {"id": 7, "is_bot": False, "first_name": "示例"}, "chat_instance": "1"},
}


class MemoryReceiver:
    """Keeps what it is given, once each. `fails` is how many times it breaks before it takes anything."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.kept: dict[str, IncomingMessage] = {}
        self.calls = 0

    async def receive(self, messages: Sequence[IncomingMessage]) -> None:
        self.calls += 1
        if self.fails > 0:
            self.fails -= 1
            raise ConnectionError("the row was 我们营收两千万")
        for message in messages:
            self.kept.setdefault(message.external_id, message)

    @property
    def texts(self) -> list[str]:
        return [message.text or message.choice for message in self.kept.values()]


def webhook_of(bot: TelegramBot, receiver: Any, **options: Any) -> Webhook:
    return Webhook(bot, receiver, SecretStr(SECRET), url=URL, backoff=Backoff(0.02, 0.1), **options)


async def call(webhook: Webhook, body: bytes | Any, *, method: str = "POST", **headers: str) -> httpx.Response:
    """One request as Telegram makes it; `secret="..."` is another secret."""
    secret = headers.get("secret", SECRET)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(webhook, raise_app_exceptions=True),  # type: ignore[arg-type]
        base_url="http://qiban.test",
    ) as client:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await client.request(
            method, PATH, content=sent, headers={"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        )


@asynccontextmanager
async def registered(webhook: Webhook) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    task = asyncio.create_task(webhook.run(stop))
    yield task
    stop.set()
    await asyncio.wait_for(task, 5)


@pytest.fixture
def receiver() -> MemoryReceiver:
    return MemoryReceiver()


@pytest.mark.parametrize("secret", ["", "wrong", SECRET + "x", SECRET[:-1], SECRET.upper()])
async def test_f24_a_call_without_the_secret_is_refused_and_nothing_is_read(
    bot: TelegramBot, receiver: MemoryReceiver, secret: str
) -> None:
    response = await call(webhook_of(bot, receiver), TEXT, secret=secret)
    assert (response.status_code, response.content) == (401, b"")
    assert receiver.calls == 0


async def test_f24_an_empty_secret_opens_nothing(bot: TelegramBot, receiver: MemoryReceiver) -> None:
    webhook = Webhook(bot, receiver, SecretStr(""), url=URL)
    transport = httpx.ASGITransport(webhook)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        response = await client.post(PATH, json=TEXT, headers={"X-Telegram-Bot-Api-Secret-Token": ""})
    assert response.status_code == 401
    assert receiver.calls == 0


async def test_only_post_is_answered(bot: TelegramBot, receiver: MemoryReceiver) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        response = await call(webhook_of(bot, receiver), b"", method=method)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert receiver.calls == 0


async def test_what_somebody_says_is_received(bot: TelegramBot, receiver: MemoryReceiver) -> None:
    response = await call(webhook_of(bot, receiver), TEXT)
    assert (response.status_code, response.content) == (200, b"")
    assert list(receiver.kept.values()) == [IncomingMessage("telegram", "7", "900001", "text", "负债率有要求吗")]


async def test_an_update_is_on_disk_before_it_is_acknowledged_and_counts_once(
    bot: TelegramBot, database: Database
) -> None:
    class Advice:
        async def answer(self, text: str, **_: object) -> Answer:
            return Answer("answered", None, text)

    dialogue = Dialogue(Advice(), self_check(), desk="示例局")
    webhook = webhook_of(bot, Conversations(database, dialogue, desk="示例局", home_region="430400"))
    responses = await asyncio.gather(*(call(webhook, TEXT) for _ in range(4)))
    assert [response.status_code for response in responses] == [200] * 4
    async with database.reading() as session:
        rows = (await session.scalars(select(Inbound))).all()
    assert [(row.channel, row.address, row.external_id) for row in rows] == [("telegram", "7", "900001")]


async def test_what_cannot_be_stored_is_sent_again_and_then_taken(bot: TelegramBot) -> None:
    receiver = MemoryReceiver(fails=2)
    webhook = webhook_of(bot, receiver)
    with structlog.testing.capture_logs() as logs:
        assert [(await call(webhook, TEXT)).status_code for _ in range(3)] == [503, 503, 200]
    assert receiver.texts == ["负债率有要求吗"]
    assert "两千万" not in str(logs)
    assert [entry["event"] for entry in logs] == ["update_not_stored"] * 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "text",
        17,
        {"update_id": None},
        {"update_id": "900001", "message": TEXT["message"]},
        {"update_id": True, "message": TEXT["message"]},
        {"message": TEXT["message"]},
        {"update_id": 1},
        {"update_id": 1, "message": 17},
        {"update_id": 1, "message": {}},
        {"update_id": 1, "message": {"message_id": 1, "chat": {}}},
        {"update_id": 1, "callback_query": {}},
        {"update_id": 1, "something_new": {"id": 1}},
    ],
    ids=lambda body: json.dumps(body, ensure_ascii=False)[:40],
)
async def test_f24_an_update_with_something_missing_is_acknowledged_and_dropped(
    bot: TelegramBot, receiver: MemoryReceiver, body: Any
) -> None:
    with structlog.testing.capture_logs() as logs:
        assert (await call(webhook_of(bot, receiver), body)).status_code == 200
    assert receiver.calls == 0
    assert "负债率" not in str(logs)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe{}", b"update_id=1", b"[" * 100_000, b'{"update_id": ' + b"9" * 5000 + b"}"],
    ids=["nothing", "torn", "not UTF-8", "a form", "deep", "a number of 5000 digits"],
)
async def test_what_is_no_json_is_refused(bot: TelegramBot, receiver: MemoryReceiver, body: bytes) -> None:
    assert (await call(webhook_of(bot, receiver), body)).status_code == 400
    assert receiver.calls == 0


async def test_a_lone_surrogate_is_taken(bot: TelegramBot, receiver: MemoryReceiver) -> None:
    update = {**TEXT, "message": {**TEXT["message"], "text": "问\ud83d题"}}  # type: ignore[dict-item]
    assert (await call(webhook_of(bot, receiver), update)).status_code == 200
    assert len(receiver.kept) == 1
    receiver.texts[0].encode()


async def test_a_pressed_button_is_stored_and_then_stops_spinning(bot: TelegramBot, server: TelegramServer) -> None:
    receiver = MemoryReceiver(fails=1)
    server.send_text(7, "/start")
    await bot.send_message(7, "请选择")
    server.press(7, "q:1")
    press = (await bot.fetch_updates(None, 0))[-1]
    webhook = webhook_of(bot, receiver)
    assert (await call(webhook, press)).status_code == 503
    await asyncio.sleep(0.05)
    assert server.answered() == []
    assert (await call(webhook, press)).status_code == 200
    assert receiver.texts == ["q:1"]
    await server.until(lambda: server.answered() == [press["callback_query"]["id"]])


async def test_a_press_that_says_nothing_still_stops_spinning(
    bot: TelegramBot, server: TelegramServer, receiver: MemoryReceiver
) -> None:
    assert (await call(webhook_of(bot, receiver), PRESS_WITHOUT_DATA)).status_code == 200
    await server.until(lambda: bool(server.calls("answerCallbackQuery")))
    assert receiver.calls == 0


async def test_in_a_group_only_what_is_meant_for_the_bot_is_read_and_nothing_is_dropped_before_it_knows_its_name(
    bot: TelegramBot, server: TelegramServer, receiver: MemoryReceiver
) -> None:
    server.send_text(-100, f"@{BOT['username']} 负债率")
    server.send_text(-100, "大家好")
    server.send_text(-100, "/help")
    mention, chat, command = await bot.fetch_updates(None, 0)
    webhook = webhook_of(bot, receiver)
    server.fail_next("getMe", status=502, times=2)
    assert [(await call(webhook, update)).status_code for update in (mention, chat, command)] == [503, 503, 200]
    responses = await asyncio.gather(*(call(webhook, update) for update in (mention, chat, mention)))
    assert [response.status_code for response in responses] == [200] * 3
    assert receiver.texts == ["help", "负债率"]
    assert len(server.calls("getMe")) == 3


async def test_the_start_names_address_secret_and_kinds_and_sets_the_menu(
    bot: TelegramBot, server: TelegramServer, receiver: MemoryReceiver
) -> None:
    async with registered(webhook_of(bot, receiver)):
        await server.until(lambda: bool(server.commands()))
        assert server.webhook() == {"url": URL, "secret_token": SECRET}
        [params] = [made["params"] for made in server.calls("setWebhook")]
        allowed = params["allowed_updates"]
        assert tuple(json.loads(allowed) if isinstance(allowed, str) else allowed) == ALLOWED_UPDATES
        assert not params.get("drop_pending_updates")
        assert [command["command"] for command in server.commands()] == [name for name, _ in wording.COMMANDS]


async def test_a_start_without_telegram_goes_on_trying_and_an_unset_address_is_set_again(
    bot: TelegramBot, server: TelegramServer, receiver: MemoryReceiver
) -> None:
    server.drop_next("getMe")
    server.fail_next("getMe", status=502)
    server.fail_next("setWebhook", status=400)
    server.fail_next("setMyCommands", status=500)
    with structlog.testing.capture_logs() as logs:
        async with registered(webhook_of(bot, receiver, renew_seconds=0.05)):
            await server.until(lambda: server.webhook()["url"] == URL)
            server.delete_webhook({})  # a poller somewhere
            await server.until(lambda: server.webhook()["url"] == URL)
    assert [entry["event"] for entry in logs].count("webhook_not_set") == 3
    assert SECRET not in str(logs)


async def test_telegrams_own_pause_is_kept(bot: TelegramBot, server: TelegramServer, receiver: MemoryReceiver) -> None:
    server.fail_next("setWebhook", status=429)
    begun = time.monotonic()
    async with registered(webhook_of(bot, receiver)):
        await server.until(lambda: server.webhook()["url"] == URL)
    assert time.monotonic() - begun >= 1


async def test_it_stops_at_once_while_telegram_does_not_answer(
    bot: TelegramBot, server: TelegramServer, receiver: MemoryReceiver
) -> None:
    server.delay("getMe", 5)
    begun = time.monotonic()
    async with registered(webhook_of(bot, receiver)):
        while not server.calls("getMe"):
            await asyncio.sleep(0.01)
    assert time.monotonic() - begun < 2


async def test_a_refused_token_is_reported(server: TelegramServer, receiver: MemoryReceiver) -> None:
    stranger = build_bot(SecretStr("987654321:not-the-token-of-this-bot-at-all"), server.base_url)
    with pytest.raises(TokenRefused):
        await asyncio.wait_for(webhook_of(stranger, receiver).run(asyncio.Event()), 5)
    await stranger.shutdown()


async def test_a_token_that_has_worked_is_not_given_up_for_one_refusal(
    bot: TelegramBot, server: TelegramServer, receiver: MemoryReceiver
) -> None:
    async with registered(webhook_of(bot, receiver, renew_seconds=0.02)) as task:
        await server.until(lambda: bool(server.commands()))
        server.fail_next("getMe", status=401, body={"ok": False, "error_code": 401, "description": "Unauthorized"})
        made = len(server.calls("setWebhook"))
        await server.until(lambda: len(server.calls("setWebhook")) > made + 1)
        assert not task.done()


def test_a_derived_secret_is_the_same_in_every_process_differs_by_key_and_suits_telegram() -> None:
    one, other = webhook_secret("key"), webhook_secret("钥匙")
    assert one == webhook_secret("key")
    assert one != other
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert all(set(made.get_secret_value()) <= allowed and len(made.get_secret_value()) == 43 for made in (one, other))
    assert "key" not in repr(one)
