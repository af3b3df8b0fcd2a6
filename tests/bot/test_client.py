"""The client: where it connects, and what it never says."""

from __future__ import annotations

import logging

import pytest
from pydantic import SecretStr
from telegram.error import InvalidToken, NetworkError, TelegramError, TimedOut

from bot.client import TelegramBot, build_bot
from bot.errors import ProxyUnusable, TokenRefused
from core.errors import Unavailable
from tests.telegram_server import BOT, TelegramServer

OTHER = "987654321:AAAA-another-token-that-nobody-gave-out"


async def test_it_talks_to_the_given_address(bot: TelegramBot, server: TelegramServer) -> None:
    assert (await bot.get_me()).username == BOT["username"]
    assert [call["method"] for call in server.calls()] == ["getMe"]


async def test_updates_come_unparsed(bot: TelegramBot, server: TelegramServer) -> None:
    update_id = server.send_raw({"message": {"nonsense": 1}})
    assert await bot.fetch_updates(None, 0) == [{"update_id": update_id, "message": {"nonsense": 1}}]
    assert await bot.fetch_updates(update_id + 1, 0) == []


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch, server: TelegramServer) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    bot = build_bot(SecretStr(server.token), server.base_url)
    await bot.get_me()
    await bot.shutdown()


async def test_the_given_proxy_is_used(server: TelegramServer) -> None:
    bot = build_bot(SecretStr(server.token), server.base_url, SecretStr("http://u:secret-word@127.0.0.1:9"))
    with pytest.raises(NetworkError) as caught:
        await bot.get_me()
    assert "secret-word" not in str(caught.value)
    await bot.shutdown()
    assert server.calls() == []


@pytest.mark.parametrize("proxy", ["ftp://u:secret-word@h:1", "http://u:secret-word@h:nan", "u:secret-word@h"])
def test_a_proxy_that_cannot_be_used_is_named_but_not_shown(proxy: str) -> None:
    with pytest.raises(ProxyUnusable) as caught:
        build_bot(SecretStr("1:x"), "http://127.0.0.1:9/bot", SecretStr(proxy))
    assert isinstance(caught.value, Unavailable)
    assert "QIBAN_TELEGRAM_PROXY" in caught.value.message
    assert "secret-word" not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize("token", ["", "  ", "1:a b", "1:a/b", "令牌", "1:a\nb", "1:{token}"])
def test_what_is_no_token_is_refused_at_once(token: str) -> None:
    with pytest.raises(TokenRefused) as caught:
        build_bot(SecretStr(token), "http://127.0.0.1:9/bot")
    assert "QIBAN_TELEGRAM_TOKEN" in caught.value.message


async def test_white_space_around_a_token_is_forgiven(server: TelegramServer) -> None:
    bot = build_bot(SecretStr(f" {server.token}\n"), server.base_url)
    await bot.get_me()
    await bot.shutdown()


async def test_the_token_is_in_no_log_and_no_error(caplog: pytest.LogCaptureFixture, server: TelegramServer) -> None:
    for name in (None, "httpx", "telegram", "telegram.Bot", "httpcore"):
        caplog.set_level(logging.DEBUG, name)
    bot = build_bot(SecretStr(OTHER), server.base_url)
    errors: list[TelegramError] = []
    for call in (bot.get_me, bot.initialize):
        with pytest.raises(InvalidToken) as caught:
            await call()
        errors.append(caught.value)
    await bot.shutdown()
    away = build_bot(SecretStr(OTHER), "http://127.0.0.1:9/bot")
    with pytest.raises(NetworkError) as unreachable:
        await away.get_me()
    await away.shutdown()
    said = " ".join([caplog.text, repr(bot), str(bot), *map(repr, errors), repr(unreachable.value)])
    assert "httpx" in caplog.text
    assert OTHER.partition(":")[2] not in said


async def test_an_answer_that_is_no_json_is_not_logged(
    caplog: pytest.LogCaptureFixture, bot: TelegramBot, server: TelegramServer
) -> None:
    server.fail_next("getUpdates", status=200, body='{"result": [{"text": "我们的营收是')
    with pytest.raises(TelegramError):
        await bot.fetch_updates(None, 0)
    assert "营收" not in caplog.text


async def test_after_shutdown_no_connection_is_open(server: TelegramServer) -> None:
    bot = build_bot(SecretStr(server.token), server.base_url)
    await bot.get_me()
    await bot.shutdown()
    with pytest.raises(NetworkError):
        await bot.get_me()


async def test_polling_waits_longer_than_the_long_poll(bot: TelegramBot, server: TelegramServer) -> None:
    server.delay("getUpdates", 0.2)
    assert await bot.fetch_updates(None, 0) == []
    server.delay("sendMessage", 0.5)
    with pytest.raises(TimedOut):
        await bot.send_message(7, "x", read_timeout=0.1)
