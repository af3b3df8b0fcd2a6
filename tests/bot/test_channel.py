"""What becomes of a message: every outcome of the Channel protocol, over real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from pydantic import SecretStr
from telegram.error import BadRequest, ChatMigrated, NetworkError, TelegramError, TimedOut
from telegram.error import RetryAfter as FloodControl

from bot.channel import TelegramChannel
from bot.client import TelegramBot, build_bot
from bot.failures import read_failure, retry_seconds
from bot.pacing import Pace
from bot.progress import Progress, Unfinished
from messaging.channel import Blocked, Channel, Outcome, Rejected, RetryAfter, Sent, Uncertain
from messaging.messages import Choice, OutMessage, Quote
from tests.telegram_server import Refusal, TelegramServer

HELLO = OutMessage("您好")
LONG = OutMessage("甲" * 9000, choices=(Choice("yes::0", "是"),))


@pytest.fixture
def channel(bot: TelegramBot) -> TelegramChannel:
    return TelegramChannel(bot)


@pytest.fixture
async def hasty(server: TelegramServer) -> AsyncIterator[TelegramChannel]:
    """A channel that does not wait long for an answer."""
    bot = build_bot(SecretStr(server.token), server.base_url)
    send = bot.send_message

    async def send_hastily(*args: object, **kwargs: object) -> object:
        return await send(*args, **kwargs, read_timeout=0.15)  # type: ignore[arg-type]

    object.__setattr__(bot, "send_message", send_hastily)
    yield TelegramChannel(bot)
    await bot.shutdown()


def texts(server: TelegramServer, chat_id: int) -> list[str]:
    return [message["text"] for message in server.sent(chat_id)]


async def test_it_is_a_channel(channel: TelegramChannel, server: TelegramServer) -> None:
    port: Channel = channel
    message = OutMessage(
        "要 <两千万元> & 更多",
        notices=("已到期",),
        quotes=(Quote("《规划》", "原文 <b>", "https://q.example/?a=1&b=2"),),
        choices=(Choice("yes:f:1", "是"), Choice("no:f:1", "否")),
    )
    outcome = await port.send("7", message)
    (sent,) = server.sent(7)
    assert outcome == Sent(str(sent["message_id"]))
    assert port.name == "telegram"
    assert sent["text"] == "⚠️ 已到期\n\n要 <两千万元> & 更多\n\n《规划》\n原文 <b>\n查看原文"
    rows = sent["reply_markup"]["inline_keyboard"]
    assert [[button["callback_data"] for button in row] for row in rows] == [["yes:f:1", "no:f:1"]]


def _refuse(method_status: int, description: str) -> Callable[[TelegramServer], None]:
    def prepare(server: TelegramServer) -> None:
        body = Refusal(method_status, description).to_json()
        server.fail_next("sendMessage", status=method_status, body=body)

    return prepare


def _page(status: int, body: object) -> Callable[[TelegramServer], None]:
    return lambda server: server.fail_next("sendMessage", status=status, body=body)


@pytest.mark.parametrize(
    ("prepare", "kind"),
    [
        (lambda server: server.block(7), Blocked),
        (lambda server: server.delete_chat(7), Blocked),
        (_refuse(403, "Forbidden: user is deactivated"), Blocked),
        (_refuse(403, "Forbidden: bot was kicked from the supergroup chat"), Blocked),
        (_refuse(403, "Forbidden: bot can't initiate conversation with a user"), Blocked),
        (_refuse(400, "Bad Request: user is deactivated"), Blocked),
        (_refuse(400, "Bad Request: PEER_ID_INVALID"), Blocked),
        (_refuse(400, "Bad Request: have no rights to send a message"), Blocked),
        (_refuse(400, "Bad Request: chat not found"), Blocked),
        (_refuse(400, "Bad Request: BUTTON_DATA_INVALID"), Rejected),
        (_refuse(400, "Bad Request: message is too long"), Rejected),
        (_refuse(413, "Request Entity Too Large"), Rejected),
        (_refuse(400, "Bad Request: message is not modified: ..."), Sent),
        (_refuse(500, "Internal Server Error"), RetryAfter),
        (_refuse(429, "Too Many Requests"), RetryAfter),
        (_page(502, "<html>Bad Gateway</html>"), RetryAfter),
        (_page(504, ""), RetryAfter),
        (_refuse(401, "Unauthorized"), RetryAfter),
        (_page(404, "<html>nginx</html>"), RetryAfter),
        (_page(200, "<html>hotel wifi</html>"), Uncertain),
        (_page(200, {"ok": True}), Uncertain),
        (_page(200, {"ok": True, "result": {"unknown": "shape"}}), Uncertain),
    ],
)
async def test_what_telegram_says_is_the_outcome(
    channel: TelegramChannel, server: TelegramServer, prepare: Callable[[TelegramServer], None], kind: type[Outcome]
) -> None:
    prepare(server)
    outcome = await channel.send("7", HELLO)
    assert isinstance(outcome, kind)
    assert len(server.calls("sendMessage")) == 1


async def test_flood_control_names_the_pause(channel: TelegramChannel, server: TelegramServer) -> None:
    body = Refusal(429, "Too Many Requests: retry after 17", {"retry_after": 17}).to_json()
    server.fail_next("sendMessage", status=429, body=body)
    assert await channel.send("7", HELLO) == RetryAfter(17.0, "flood control")
    assert isinstance(await channel.send("7", HELLO), Sent)


def test_the_pause_is_read_in_both_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    assert retry_seconds(FloodControl(17)) == 17.0
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    error = FloodControl(timedelta(seconds=2.5))
    assert isinstance(error.retry_after, timedelta)
    assert retry_seconds(error) == 2.5


async def test_an_answer_that_does_not_come_is_uncertain(hasty: TelegramChannel, server: TelegramServer) -> None:
    server.delay("sendMessage", 0.5)
    assert isinstance(await hasty.send("7", HELLO), Uncertain)
    assert texts(server, 7) == ["您好"]


@pytest.mark.parametrize("fault", ["hang_up_next", "drop_next"])
async def test_a_connection_that_breaks_is_uncertain(
    channel: TelegramChannel, server: TelegramServer, fault: str
) -> None:
    getattr(server, fault)("sendMessage")
    assert isinstance(await channel.send("7", HELLO), Uncertain)


@pytest.mark.parametrize("proxy", [None, SecretStr("http://127.0.0.1:9")])
async def test_where_nobody_listens_it_is_tried_again_soon(proxy: SecretStr | None) -> None:
    bot = build_bot(SecretStr("1:x"), "http://127.0.0.1:9/bot", proxy)
    outcome = await TelegramChannel(bot).send("7", HELLO)
    assert isinstance(outcome, RetryAfter)
    assert 1 <= outcome.seconds <= 10
    await bot.shutdown()


def test_timeouts_before_anything_was_sent_are_not_uncertain() -> None:
    import httpx

    def caused(error: TelegramError, cause: Exception) -> Outcome:
        error.__cause__ = cause
        return read_failure(error)

    assert isinstance(caused(TimedOut(), httpx.ConnectTimeout("")), RetryAfter)
    assert isinstance(caused(TimedOut(), httpx.PoolTimeout("")), RetryAfter)
    assert isinstance(caused(TimedOut(), httpx.ReadTimeout("")), Uncertain)
    assert isinstance(caused(TimedOut(), httpx.WriteTimeout("")), Uncertain)
    assert isinstance(caused(NetworkError("x"), httpx.ReadError("")), Uncertain)
    assert isinstance(caused(NetworkError("x"), httpx.ConnectError("")), RetryAfter)
    assert isinstance(caused(NetworkError("x"), UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "")), Rejected)
    assert isinstance(caused(NetworkError("x"), OSError()), Uncertain)
    assert isinstance(read_failure(ChatMigrated(-1)), Rejected)
    assert isinstance(read_failure(BadRequest("Bad Request: something new")), Rejected)


def test_a_reason_holds_no_token() -> None:
    outcome = read_failure(BadRequest("Bad Request: see https://x/bot123456789:AAAA-aaaaaaaaaaaaaaaaaaaaaaaaa/send"))
    assert isinstance(outcome, Rejected)
    assert "aaaa-aaaa" not in outcome.reason.lower()


async def test_markup_that_telegram_cannot_read_goes_out_plain(
    channel: TelegramChannel, server: TelegramServer
) -> None:
    server.fail_next("sendMessage", status=400, body=Refusal(400, "Bad Request: can't parse entities: x").to_json())
    outcome = await channel.send("7", OutMessage("a < b", choices=(Choice("yes::0", "是"),)))
    (sent,) = server.sent(7)
    assert outcome == Sent(str(sent["message_id"]))
    assert (sent["raw"], sent["parse_mode"]) == ("a < b", None)
    assert sent["reply_markup"] is not None


async def test_plain_is_tried_once(channel: TelegramChannel, server: TelegramServer) -> None:
    body = Refusal(400, "Bad Request: can't parse entities: x").to_json()
    server.fail_next("sendMessage", status=400, body=body, times=9)
    assert isinstance(await channel.send("7", HELLO), Rejected)
    assert len(server.calls("sendMessage")) == 2


async def test_a_group_that_moved_is_written_to_at_its_new_id(channel: TelegramChannel, server: TelegramServer) -> None:
    server.migrate(-7, -1007)
    assert isinstance(await channel.send("-7", LONG), Sent)
    assert len(server.sent(-1007)) == 3


@pytest.mark.parametrize("address", ["", "某人", "@channel", "7 8", "７", "1" * 30, "-"])
async def test_what_is_no_chat_id_is_not_tried(channel: TelegramChannel, server: TelegramServer, address: str) -> None:
    assert isinstance(await channel.send(address, HELLO), Blocked)
    assert server.calls() == []


async def test_nothing_to_show_is_rejected(channel: TelegramChannel, server: TelegramServer) -> None:
    assert isinstance(await channel.send("7", OutMessage(" \u200b")), Rejected)
    assert server.calls() == []


@pytest.mark.parametrize("text", ["a\x00b", "营收\ud83d", "👨‍👩‍👧‍👦" * 900, "&<>" * 3000, "\u0301" * 6000])
async def test_any_text_is_taken(channel: TelegramChannel, server: TelegramServer, text: str) -> None:
    message = OutMessage(text, notices=(text[:50],), quotes=(Quote(text[:50], text),), choices=(Choice("a::0", text),))
    assert isinstance(await channel.send("7", message), Sent)


class TestLongMessages:
    """Parts that went out are not repeated."""

    async def test_the_id_is_the_first_parts(self, channel: TelegramChannel, server: TelegramServer) -> None:
        outcome = await channel.send("7", LONG)
        sent = server.sent(7)
        assert [message["text"][:5] for message in sent] == ["(1/3)", "(2/3)", "(3/3)"]
        assert outcome == Sent(str(sent[0]["message_id"]))
        assert [bool(message["reply_markup"]) for message in sent] == [False, False, True]

    @pytest.mark.parametrize("status", [429, 500])
    async def test_only_the_rest_is_tried_again(
        self, channel: TelegramChannel, server: TelegramServer, status: int
    ) -> None:
        server.fail_next("sendMessage", status=status, skip=1)
        assert isinstance(await channel.send("7", LONG), RetryAfter)
        assert len(server.sent(7)) == 1
        outcome = await channel.send("7", LONG)
        sent = server.sent(7)
        assert [message["text"][:5] for message in sent] == ["(1/3)", "(2/3)", "(3/3)"]
        assert outcome == Sent(str(sent[0]["message_id"]))

    async def test_an_uncertain_part_alone_is_sent_once_more(
        self, channel: TelegramChannel, server: TelegramServer
    ) -> None:
        server.hang_up_next("sendMessage", skip=1)
        assert isinstance(await channel.send("7", LONG), Uncertain)
        assert isinstance(await channel.send("7", LONG), Sent)
        assert [text[:5] for text in texts(server, 7)] == ["(1/3)", "(2/3)", "(2/3)", "(3/3)"]

    async def test_the_parts_are_spaced(self, bot: TelegramBot, server: TelegramServer) -> None:
        await TelegramChannel(bot, spacing=0.1).send("7", LONG)
        first, *_, last = [call["at"] for call in server.calls("sendMessage")]
        assert last - first >= 0.18

    async def test_the_same_words_later_are_a_new_message(
        self, channel: TelegramChannel, server: TelegramServer
    ) -> None:
        await channel.send("7", LONG)
        await channel.send("7", LONG)
        assert len(server.sent(7)) == 6

    async def test_other_chats_have_their_own_progress(self, channel: TelegramChannel, server: TelegramServer) -> None:
        server.fail_next("sendMessage", chat_id=7, status=429, skip=1)
        await channel.send("7", LONG)
        await channel.send("8", LONG)
        assert len(server.sent(8)) == 3

    async def test_a_block_halfway_ends_it(self, channel: TelegramChannel, server: TelegramServer) -> None:
        server.fail_next("sendMessage", status=403, skip=1)
        assert isinstance(await channel.send("7", LONG), Blocked)
        assert len(channel._unfinished) == 0

    def test_what_is_unfinished_is_bounded_in_number_and_age(self) -> None:
        unfinished = Unfinished(kept=2, seconds=0.05)
        for chat in "123":
            unfinished.record(chat, LONG, Progress(parts=1))
        assert len(unfinished) == 2
        assert [unfinished.of(chat, LONG).parts for chat in "123"] == [0, 1, 1]
        time.sleep(0.06)
        assert unfinished.of("3", LONG).parts == 0


async def test_messages_of_one_chat_are_spaced_and_chats_do_not_wait_for_each_other() -> None:
    pace = Pace(0.1)
    begun = time.monotonic()
    await asyncio.gather(*(pace.turn(chat) for chat in ["7", "8", "9"]))
    assert time.monotonic() - begun < 0.09
    await asyncio.gather(pace.turn("7"), pace.turn("7"))
    assert 0.19 <= time.monotonic() - begun < 0.5


async def test_the_parts_of_a_message_are_counted_as_they_are_sent(
    channel: TelegramChannel, server: TelegramServer
) -> None:
    for message in (HELLO, LONG):
        server.reset()
        await channel.send("7", message)
        assert channel.parts(message) == len(server.sent(7))
