"""Thumbs under an answer, pressed on whatever channel: about their own answer for good, and each counts once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from conversation.dialogue import Dialogue
from conversation.engine import Conversations
from conversation.feedback import Feedback, reference
from conversation.messages import IncomingMessage
from core.database import Database
from knowledge.answer import Answer, Citation
from knowledge.desk_models import AnswerVote
from knowledge.feedback import Votes
from knowledge.intake import Intake
from knowledge.open_questions import OpenQuestions
from messaging.messages import CHOICE_BYTES
from tests.conversation.parts import self_check

HOME = "430400"
TODAY = date(2026, 11, 24)
CITATION = Citation("doc-1", "示例办法", "第二条", "第二条", "补助7万元。", 10, 16, None, True, None, None)


class Advice:
    """Answers everything from one clause, but what holds 没有."""

    async def answer(self, text: str, **_: Any) -> Answer:
        if "没有" in text:
            return Answer("declined", "not_stated", "没有写")
        return Answer("answered", None, "补助7万元。", citations=(CITATION,), suggestions=("换个问题",))


class Chat:
    """One person on a channel."""

    def __init__(self, database: Database, channel: str = "web", address: str = "s1") -> None:
        feedback = Feedback(database, Votes(database, Intake()), lambda: TODAY, region=HOME)
        dialogue = Dialogue(Advice(), self_check(), desk="示例局", feedback=feedback)
        self._conversations = Conversations(database, dialogue, desk="示例局", home_region=HOME)
        self._who = (channel, address)
        self._number = 0

    async def _send(self, **given: Any) -> list[dict[str, Any]]:
        self._number += 1
        message = IncomingMessage(*self._who, external_id=f"m{self._number}", **given)
        return list((await self._conversations.handle(message)).replies)

    async def say(self, text: str) -> list[dict[str, Any]]:
        return await self._send(kind="text", text=text)

    async def press(self, choice: str) -> list[dict[str, Any]]:
        return await self._send(kind="choice", choice=choice)

    async def turns(self) -> list[str]:
        return [turn.text for turn in await self._conversations.transcript(*self._who)]


def button(replies: list[dict[str, Any]], label: str) -> str:
    """The id of the button with this label."""
    return str(next(choice["id"] for reply in replies for choice in reply["choices"] if choice["label"] == label))


def labels(replies: list[dict[str, Any]]) -> list[str]:
    return [choice["label"] for reply in replies for choice in reply["choices"]]


async def votes(database: Database) -> list[tuple[str, str, str | None]]:
    async with database.reading() as session:
        rows = await session.scalars(select(AnswerVote).order_by(AnswerVote.id))
        return [(row.question, row.vote, row.reason) for row in rows]


@pytest.mark.parametrize(("channel", "address"), [("web", "s1"), ("telegram", "42"), ("terminal", "t1")])
async def test_an_answer_can_be_voted_on_wherever_it_was_given(database: Database, channel: str, address: str) -> None:
    chat = Chat(database, channel, address)
    answered = await chat.say("补助多少钱")
    assert labels(answered) == ["换个问题", "👍 有用", "👎 没用"]
    assert "已记下" in (await chat.press(button(answered, "👍 有用")))[0]["text"]
    assert await votes(database) == [("补助多少钱", "up", None)]
    async with database.reading() as session:
        row = await session.scalar(select(AnswerVote))
    assert row is not None
    assert (row.as_of, row.cited) == (TODAY, [{"document_id": "doc-1", "clause": "第二条", "start": 10, "end": 16}])


async def test_what_was_declined_or_said_besides_has_no_thumbs(database: Database) -> None:
    chat = Chat(database)
    for text in ("没有写的事", "你好", "/start"):
        assert "👍 有用" not in labels(await chat.say(text))


async def test_thumbs_are_about_their_own_answer_whatever_was_said_since(database: Database) -> None:
    chat = Chat(database)
    first = await chat.say("补助多少钱")
    second = await chat.say("谁能享受")
    await chat.say("/check")
    await chat.press(button(first, "👎 没用"))
    await chat.press(button(second, "👍 有用"))
    assert await votes(database) == [("补助多少钱", "down", None), ("谁能享受", "up", None)]


async def test_a_thumb_leaves_what_stood_open_as_it_was(database: Database) -> None:
    chat = Chat(database)
    answered = await chat.say("补助多少钱")
    await chat.press(button(answered, "👍 有用"))
    again = await chat.press(button(answered, "换个问题"))
    assert again[0]["status"] == "answered"
    asked = await chat.say("/check")
    handled = await chat.press(button(again, "👍 有用"))
    assert "已记下" in handled[0]["text"]
    assert (await chat.press(asked[-1]["choices"][0]["id"]))[0]["text"] != ""


async def test_a_double_press_counts_once_and_a_changed_mind_replaces(database: Database) -> None:
    chat = Chat(database)
    answered = await chat.say("补助多少钱")
    up, down = button(answered, "👍 有用"), button(answered, "👎 没用")
    await chat.press(up)
    assert "已经记下" in (await chat.press(up))[0]["text"]
    await chat.press(down)
    assert await votes(database) == [("补助多少钱", "down", None)]


async def test_a_thumb_down_asks_for_a_reason_by_buttons_and_goes_to_the_desk(database: Database) -> None:
    chat = Chat(database, "telegram", "42")
    answered = await chat.say("补助多少钱")
    asked = await chat.press(button(answered, "👎 没用"))
    assert labels(asked) == ["不是我问的", "内容过时", "看不懂", "其他"]
    assert all(len(choice["id"].encode()) <= CHOICE_BYTES for choice in asked[0]["choices"])
    assert "谢谢" in (await chat.press(button(asked, "内容过时")))[0]["text"]
    assert await votes(database) == [("补助多少钱", "down", "outdated")]
    (group,) = await OpenQuestions(database, "示例局", ("telegram",)).list()
    assert (group.text, group.why, group.waiting) == ("补助多少钱", "down_voted", 1)


async def test_a_question_on_a_button_is_voted_on_in_its_words(database: Database) -> None:
    chat = Chat(database)
    answered = await chat.say("补助多少钱")
    second = await chat.press(button(answered, "换个问题"))
    await chat.press(button(second, "👎 没用"))
    assert await votes(database) == [("换个问题", "down", None)]
    assert await chat.turns() == ["补助多少钱", "换个问题", "👎 没用"]


async def test_a_command_with_a_question_behind_it_is_voted_on_in_its_words(database: Database) -> None:
    chat = Chat(database)
    answered = await chat.say("/ask 补助多少钱")
    await chat.press(button(answered, "👍 有用"))
    assert [question.removeprefix("/ask ") for question, _, _ in await votes(database)] == ["补助多少钱"]


@pytest.mark.parametrize(
    "forged",
    [
        "up::0",
        "up:ffffffffffffffff:20261124",
        "down:{ref}:0",
        "down:{ref}:99999999",
        "down-why:{ref}.nonsense:20261124",
    ],
)
async def test_a_forged_button_counts_nothing(database: Database, forged: str) -> None:
    chat = Chat(database)
    await chat.say("补助多少钱")
    replies = await chat.press(forged.format(ref=reference("m1")))
    assert "没有找到" in replies[0]["text"]
    assert await votes(database) == []


async def test_a_button_of_somebody_elses_conversation_counts_nothing(database: Database) -> None:
    answered = await Chat(database, address="s1").say("补助多少钱")
    replies = await Chat(database, address="s2").press(button(answered, "👎 没用"))
    assert "没有找到" in replies[0]["text"]
    assert await votes(database) == []


@pytest.mark.parametrize("text", ["", "　 ", "👍👍", "你们就是骗子", "？？？", "666", "答" * 20_000])
async def test_noise_and_abuse_are_no_open_questions(database: Database, text: str) -> None:
    assert (await Chat(database).say(text))[0]["text"]
    assert await OpenQuestions(database, "示例局", ("web",)).list() == ()
