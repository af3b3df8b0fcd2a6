"""What a person said, read from what Telegram sends."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Update, User

from bot.client import TelegramBot
from bot.updates import read_update
from conversation.messages import IncomingMessage
from tests.telegram_server import BOT, Telegram

ME = User(BOT["id"], BOT["first_name"], True, username=BOT["username"])
NAME = BOT["username"]


@pytest.fixture
def telegram() -> Telegram:
    return Telegram()


def last(telegram: Telegram) -> dict[str, Any]:
    return telegram._updates[-1]


def read(telegram: Telegram, me: User | None = ME) -> IncomingMessage | None:
    """The last update, through the library's own reader."""
    return read_update(Update.de_json(last(telegram), None), me)


def heard(telegram: Telegram, me: User | None = ME) -> IncomingMessage:
    message = read(telegram, me)
    assert message is not None
    return message


def test_a_text_carries_chat_and_update_id(telegram: Telegram) -> None:
    update_id = telegram.send_text(42, "研发投入要多少？")
    assert heard(telegram) == IncomingMessage("telegram", "42", str(update_id), "text", text="研发投入要多少？")


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/start", "start", ""),
        ("/start claim-7Q2K", "start", "claim-7Q2K"),
        ("/START", "start", ""),
        (f"/help@{NAME}", "help", ""),
        (f"/ask@{NAME.upper()} 专精特新 有什么条件", "ask", "专精特新 有什么条件"),
        ("/ask\n第一行\n第二行", "ask", "第一行\n第二行"),
        ("/ask研发投入要多少", "ask", "研发投入要多少"),
        ("/unknown", "unknown", ""),
        ("/ask 营业执照\x00", "ask", "营业执照"),
    ],
)
def test_commands_are_read_with_their_argument(telegram: Telegram, text: str, name: str, argument: str) -> None:
    telegram.send_text(42, text)
    message = heard(telegram)
    assert (message.kind, message.text, message.argument) == ("command", name, argument)


@pytest.mark.parametrize("text", ["/", "/ ask", "/2025年的政策", "/帮助", "/home/user", "问 /ask", "/a@", "／ask"])
def test_what_only_looks_like_a_command_is_text(telegram: Telegram, text: str) -> None:
    telegram.send_text(42, text)
    message = heard(telegram)
    assert (message.kind, message.text) == ("text", text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("营收\ud83d两千万", "营收两千万"),
        ("\udc00", ""),
        ("a\x00b", "ab"),
        ("零\u200b宽", "零宽"),
        ("👍🏽 好", "👍🏽 好"),
        ("一\n二\t三", "一\n二\t三"),
    ],
)
def test_texts_that_cannot_be_stored_are_cleaned(telegram: Telegram, text: str, left: str) -> None:
    telegram.send_text(42, text, entities=[])
    assert heard(telegram).text == left


def test_a_lone_surrogate_in_a_group_mention_is_survived(telegram: Telegram) -> None:
    telegram.send_text(-5, f"@{NAME} 好\ud83d", entities=[{"type": "mention", "offset": 0, "length": len(NAME) + 1}])
    assert heard(telegram).text == "好"


def test_a_press_carries_the_buttons_id(telegram: Telegram) -> None:
    update_id = telegram.press(42, "yes:f1:3")
    assert heard(telegram) == IncomingMessage("telegram", "42", str(update_id), "choice", choice="yes:f1:3")


def test_a_press_under_a_message_too_old_to_be_shown_still_counts(telegram: Telegram) -> None:
    telegram.press(42, "yes:f1:3")
    last(telegram)["callback_query"]["message"] = {"chat": {"id": 42, "type": "private"}, "message_id": 3, "date": 0}
    assert heard(telegram).choice == "yes:f1:3"


@pytest.mark.parametrize("missing", ["message", "data"])
def test_a_press_outside_any_chat_or_without_data_is_nothing(telegram: Telegram, missing: str) -> None:
    telegram.press(42, "yes::0")
    del last(telegram)["callback_query"][missing]
    assert read(telegram) is None


@pytest.mark.parametrize(
    "kind",
    [
        "sticker",
        "photo",
        "voice",
        "video",
        "document",
        "location",
        "contact",
        "poll",
        "animation",
        "audio",
        "dice",
    ],
)
def test_media_are_named(telegram: Telegram, kind: str) -> None:
    telegram.send_media(42, kind)
    message = heard(telegram)
    assert (message.kind, message.media, message.text) == ("media", kind, "")


@pytest.mark.parametrize(("kind", "name"), [("video_note", "other"), ("story", "other"), ("venue", "location")])
def test_media_without_a_name_of_ours(telegram: Telegram, kind: str, name: str) -> None:
    telegram.send_media(42, kind)
    assert heard(telegram).media == name


def test_a_caption_is_the_text_of_a_medium(telegram: Telegram) -> None:
    telegram.send_media(42, "photo", "这是我们的\x00营业执照")
    message = heard(telegram)
    assert (message.kind, message.media, message.text) == ("media", "photo", "这是我们的营业执照")


def test_an_edited_text_is_read_like_a_new_one(telegram: Telegram) -> None:
    update_id = telegram.send_text(42, "改成两千万", edited=True)
    assert heard(telegram) == IncomingMessage("telegram", "42", str(update_id), "text", text="改成两千万")


def test_a_moving_location_is_read_once(telegram: Telegram) -> None:
    telegram.send_media(42, "location")
    assert heard(telegram).media == "location"
    message = last(telegram)["message"]
    telegram.send_raw({"edited_message": {**message, "edit_date": message["date"] + 5}})
    assert read(telegram) is None


@pytest.mark.parametrize("chat_type", ["group", "supergroup"])
class TestGroups:
    """In groups the bot reads only what is meant for it."""

    def test_talk_among_others_is_not_read(self, telegram: Telegram, chat_type: str) -> None:
        telegram.send_text(-5, "今天开会吗", chat_type=chat_type)
        assert read(telegram) is None
        telegram.send_media(-5, "photo", "看")
        assert read(telegram) is None

    def test_commands_are_read(self, telegram: Telegram, chat_type: str) -> None:
        telegram.send_text(-5, "/ask 资金支持", chat_type=chat_type)
        message = heard(telegram)
        assert (message.address, message.text, message.argument) == ("-5", "ask", "资金支持")

    def test_a_command_for_another_bot_is_not(self, telegram: Telegram, chat_type: str) -> None:
        telegram.send_text(-5, "/start@another_bot", chat_type=chat_type)
        assert read(telegram) is None

    @pytest.mark.parametrize("text", [f"@{NAME} 要什么条件", f"要什么条件@{NAME.upper()}", f"要什么条件 @{NAME}"])
    def test_a_mention_is_read_without_the_name(self, telegram: Telegram, chat_type: str, text: str) -> None:
        telegram.send_text(-5, text, chat_type=chat_type)
        assert heard(telegram).text == "要什么条件"

    def test_a_longer_name_is_somebody_else(self, telegram: Telegram, chat_type: str) -> None:
        telegram.send_text(-5, f"@{NAME}2 你好", chat_type=chat_type)
        assert read(telegram) is None

    def test_a_reply_to_the_bot_is_read(self, telegram: Telegram, chat_type: str) -> None:
        telegram.send_text(-5, "两千万", chat_type=chat_type, reply_to_bot=True)
        assert heard(telegram).text == "两千万"
        assert heard(telegram, me=None).text == "两千万"

    def test_a_reply_to_somebody_else_is_not(self, telegram: Telegram, chat_type: str) -> None:
        telegram.send_text(-5, "两千万", chat_type=chat_type, reply_to_bot=True)
        last(telegram)["message"]["reply_to_message"]["from"] = {"id": 9, "is_bot": True, "first_name": "别的"}
        assert read(telegram) is None

    def test_a_mention_by_account_is_read(self, telegram: Telegram, chat_type: str) -> None:
        entity = {"type": "text_mention", "offset": 0, "length": 2, "user": BOT}
        telegram.send_text(-5, "企伴 你好", chat_type=chat_type, entities=[entity])
        assert heard(telegram).text == "企伴 你好"


def test_media_sent_to_the_bot_in_a_group_are_read(telegram: Telegram) -> None:
    telegram.send_media(-5, "document", reply_to_bot=True)
    assert heard(telegram).media == "document"
    telegram.send_media(-5, "document", f"@{NAME} 帮看看")
    assert heard(telegram).text == "帮看看"


@pytest.mark.parametrize(
    "update",
    [
        {
            "channel_post": {
                "message_id": 1,
                "date": 0,
                "chat": {"id": -7, "type": "channel", "title": "频道"},
                "text": "公告",
            }
        },
        {
            "my_chat_member": {
                "chat": {"id": 42, "type": "private"},
                "from": {"id": 42, "is_bot": False, "first_name": "测试"},
                "date": 0,
                "old_chat_member": {"status": "member", "user": BOT},
                "new_chat_member": {"status": "kicked", "user": BOT, "until_date": 0},
            }
        },
        {"something_from_next_year": {"id": 1}},
        {},
    ],
)
def test_other_updates_are_nothing(telegram: Telegram, update: dict[str, Any]) -> None:
    telegram.send_raw(update)
    assert read(telegram) is None


@pytest.mark.parametrize(
    "content",
    [
        {"new_chat_title": "新群名"},
        {"pinned_message": {"message_id": 1, "date": 0, "chat": {"id": 42, "type": "private"}}},
        {"text": "转发", "is_automatic_forward": True},
        {"text": "我也是机器人", "from": {"id": 77, "is_bot": True, "first_name": "别的"}},
    ],
)
def test_what_no_person_said_is_nothing(telegram: Telegram, content: dict[str, Any]) -> None:
    telegram.send_raw({"message": {**telegram._message(42, None, None), **content}})
    assert read(telegram) is None


def test_an_anonymous_administrator_is_a_person(telegram: Telegram) -> None:
    message = telegram._message(-5, None, None) | {"text": "/ask 条件", "sender_chat": {"id": -5, "type": "supergroup"}}
    message["from"] = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    telegram.send_raw({"message": message})
    assert heard(telegram).argument == "条件"


def test_reading_needs_no_bot_behind_the_update(telegram: Telegram, bot: TelegramBot) -> None:
    telegram.send_text(42, "你好")
    with_bot = read_update(Update.de_json(last(telegram), bot))
    assert with_bot == read(telegram, me=None)
