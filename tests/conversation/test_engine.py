"""The engine: order, no loss, nothing twice, whatever is killed or repeated."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from conversation.dialogue import Declined, Dialogue, State, Step
from conversation.engine import Conversations
from conversation.messages import IncomingMessage, Reply
from conversation.models import Conversation, Inbound
from core.database import Database
from core.settings import async_url
from knowledge.answer import Answer
from knowledge.desk_models import OpenQuestion
from messaging.outbox import Delivery
from tests.conversation.parts import self_check

CHECK = self_check()


class Echo:
    """Answers every question with itself, after a pause that the question may name ("slow")."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.running = 0
        self.most_running = 0

    async def answer(self, text: str, **_: object) -> Answer:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0.05 if "慢" in text else 0)
        self.running -= 1
        self.asked.append(text)
        if "坏" in text:
            raise ValueError("a fault of ours")
        if "没有" in text:
            return Answer("declined", "not_stated", "没有写")
        return Answer("answered", None, f"答:{text}", suggestions=("甲问题", "乙问题"))


def text(words: str, number: int | str = 1, *, channel: str = "web", address: str = "s1") -> IncomingMessage:
    return IncomingMessage(channel, address, str(number), "text", words)


def engine(database: Database, advice: Echo, **options: Any) -> Conversations:
    return Conversations(
        database, Dialogue(advice, CHECK, desk="示例局"), desk="示例局", home_region="430400", **options
    )


async def test_a_message_gets_its_replies(database: Database) -> None:
    handled = await engine(database, Echo()).handle(text("负债率有要求吗"))
    assert [reply["text"] for reply in handled.replies] == ["答:负债率有要求吗"]


async def test_the_same_message_again_gets_the_same_replies_and_is_answered_once(database: Database) -> None:
    advice = Echo()
    conversations = engine(database, advice)
    first = await conversations.handle(text("问", 7))
    again = await conversations.handle(text("问", 7))
    assert first == again
    assert advice.asked == ["问"]


async def test_one_message_delivered_many_times_at_once_is_answered_once(database: Database) -> None:
    advice = Echo()
    conversations = engine(database, advice)
    results = await asyncio.gather(*(conversations.handle(text("慢问", 7)) for _ in range(6)))
    assert len(set(map(str, results))) == 1
    assert advice.asked == ["慢问"]


async def test_two_processes_answer_a_message_once(database: Database, database_url: str) -> None:
    other_database = Database(async_url(database_url))
    first, second = Echo(), Echo()
    here, there = engine(database, first, pushed=frozenset({"web"})), engine(other_database, second)
    results = await asyncio.gather(here.handle(text("慢问", 7)), there.handle(text("慢问", 7)))
    assert results[0] == results[1]
    async with database.reading() as session:
        assert await session.scalar(select(func.max(Conversation.version))) == 1
        assert (await session.scalar(select(func.count()).select_from(Delivery)) or 0) <= 1
    await other_database.close()


async def test_one_persons_messages_are_answered_in_the_order_in_which_they_came(database: Database) -> None:
    advice = Echo()
    conversations = engine(database, advice)
    await conversations.receive([text("慢一", 1), text("二", 2), text("三", 3)])
    await conversations.handle(text("四", 4))
    assert advice.asked == ["慢一", "二", "三", "四"]


async def test_different_people_are_answered_side_by_side(database: Database) -> None:
    advice = Echo()
    conversations = engine(database, advice)
    await asyncio.gather(*(conversations.handle(text("慢问", 1, address=f"s{n}")) for n in range(8)))
    assert advice.most_running > 1


async def test_what_a_dead_process_left_is_taken_up_by_the_next(database: Database) -> None:
    dead = engine(database, Echo())
    await dead._keep([text("一", 1), text("二", 2)])  # killed after the message was kept, before it was answered
    advice = Echo()
    alive = engine(database, advice)
    stop = asyncio.Event()
    running = asyncio.create_task(alive.run(stop))
    for _ in range(200):
        if len(advice.asked) == 2:
            break
        await asyncio.sleep(0.02)
    stop.set()
    await running
    assert advice.asked == ["一", "二"]
    assert len(await alive.transcript("web", "s1")) == 2


async def test_replies_of_pushed_channels_are_in_the_outbox_with_the_state(database: Database) -> None:
    conversations = engine(database, Echo(), pushed=frozenset({"telegram"}), document_url="https://example.cn")
    await conversations.handle(text("问", 5, channel="telegram", address="42"))
    async with database.reading() as session:
        deliveries = (await session.scalars(select(Delivery))).all()
    assert [(d.channel, d.address, d.message["text"]) for d in deliveries] == [("telegram", "42", "答:问")]


async def test_replies_of_a_page_are_not_pushed(database: Database) -> None:
    conversations = engine(database, Echo(), pushed=frozenset({"telegram"}))
    await conversations.handle(text("问"))
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Delivery)) == 0


async def test_a_fault_of_ours_is_admitted_and_the_next_message_still_answered(database: Database) -> None:
    conversations = engine(database, Echo())
    broken = await conversations.handle(text("坏问题", 1))
    assert "示例局" in broken.replies[0]["text"]
    assert (await conversations.handle(text("好问题", 2))).replies[0]["text"] == "答:好问题"


async def test_a_store_that_fails_leaves_no_half_of_a_step(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    conversations = engine(database, Echo(), pushed=frozenset({"web"}))

    async def fail(*_: Any, **__: Any) -> bool:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("messaging.outbox.enqueue", fail)
    with pytest.raises(RuntimeError):
        await conversations.handle(text("问"))
    async with database.reading() as session:
        assert await session.scalar(select(Conversation.version)) == 0
        assert await session.scalar(select(Inbound.state)) == "pending"
    monkeypatch.undo()
    assert (await conversations.handle(text("问"))).replies[0]["text"] == "答:问"


async def test_a_declined_question_is_kept_for_the_desk(database: Database) -> None:
    await engine(database, Echo()).handle(text("没有写的事"))
    async with database.reading() as session:
        row = await session.scalar(select(OpenQuestion))
    assert row is not None
    assert (row.text, row.why, row.channel, row.address) == ("没有写的事", "not_stated", "web", "s1")


async def test_text_that_no_database_can_hold_is_kept_without_the_bad_characters(database: Database) -> None:
    handled = await engine(database, Echo()).handle(text("a\x00b\ud800c"))
    assert handled.replies[0]["text"] == "答:abc"


async def test_a_pressed_button_is_shown_by_its_words_later(database: Database) -> None:
    conversations = engine(database, Echo())
    handled = await conversations.handle(text("问", 1))
    pressed = handled.replies[0]["choices"][1]["id"]
    await conversations.handle(IncomingMessage("web", "s1", "2", "choice", choice=pressed))
    turns = await conversations.transcript("web", "s1")
    assert [turn.text for turn in turns] == ["问", "乙问题"]


async def test_state_of_an_older_version_is_still_read(database: Database) -> None:
    assert State.from_json({"flow": "asking", "unknown": 1}) == State(flow="asking")
    assert State.from_json({}) == State()
    step = Step(State(), (Reply("x"),), Declined("q", None))
    assert State.from_json(step.state.to_json()) == step.state
