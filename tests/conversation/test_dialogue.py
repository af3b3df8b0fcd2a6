"""What is said to whatever comes in: always something helpful, and no button outlives its offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation import wording
from conversation.dialogue import Dialogue, State, Step
from conversation.intents import MAX_QUESTION, recognise
from conversation.messages import IncomingMessage, to_message
from knowledge.answer import Answer, Citation
from messaging.messages import CHOICE_BYTES
from tests.conversation.parts import self_check

CHECK = self_check()
CITATION = Citation("d", "某办法", "一", "一、", "一、奖励5万元。", 10, 18, None, True, None, None)


class Advice:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, text: str, **_: object) -> Answer:
        self.asked.append(text)
        return Answer("answered", None, f"答:{text}", ("提示",), (CITATION,), (), ("甲", "乙" * 60))


@pytest.fixture
def advice() -> Advice:
    return Advice()


async def take(advice: Advice, state: State, **message: str) -> Step:
    incoming = IncomingMessage("web", "s", "1", **message)  # type: ignore[arg-type]
    return await Dialogue(advice, CHECK, desk="示例局").respond(state, incoming)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("", "empty"),
        (" \u3000\n", "empty"),
        ("\u200b\x00", "empty"),
        ("👍👍", "no_words"),
        ("？？？", "no_words"),
        ("……", "no_words"),
        ("1", "no_words"),
        ("条" * (MAX_QUESTION + 1), "too_long"),
        ("条" * MAX_QUESTION, "question"),
        ("你们就是骗子", "complaint"),
        ("你好！", "greeting"),
        ("谢谢。", "thanks"),
        ("好的", "acknowledgement"),
        ("菜单", "command"),
        ("取 消", "command"),
        ("/help", "command"),
        ("帮助企业的政策有哪些", "question"),
        ("你好，负债率有要求吗", "question"),
        ("专利", "question"),
        ("被骗子公司坑了，还能不能申报小巨人", "question"),
    ],
)
def test_what_a_text_is(text: str, intent: str) -> None:
    assert recognise(text).name == intent


@given(st.text(max_size=200))
async def test_every_text_gets_a_reply(text: str) -> None:
    step = await take(Advice(), State(), kind="text", text=text)
    assert step.replies
    assert all(reply.text.strip() for reply in step.replies)
    assert all(len(choice.id.encode()) <= CHOICE_BYTES for reply in step.replies for choice in reply.choices)


@given(st.text(max_size=80))
async def test_every_button_gets_a_reply(choice: str) -> None:
    step = await take(Advice(), State(offered=("甲",), round=3), kind="choice", choice=choice)
    assert step.replies


@pytest.mark.parametrize("media", [*wording.MEDIA_NAMES, "something new"])
async def test_what_is_no_text_is_said_so_without_losing_the_step(advice: Advice, media: str) -> None:
    step = await take(advice, State(flow="asking"), kind="media", media=media)
    assert "目前只能看文字" in step.replies[0].text
    assert step.state.flow == "asking"
    assert advice.asked == []


async def test_a_caption_is_read(advice: Advice) -> None:
    await take(advice, State(), kind="media", media="photo", text="负债率有要求吗")
    assert advice.asked == ["负债率有要求吗"]


async def test_asking_and_cancelling(advice: Advice) -> None:
    asking = await take(advice, State(), kind="command", text="ask")
    assert asking.state.flow == "asking"
    cancelled = await take(advice, asking.state, kind="text", text="取消")
    assert (cancelled.state.flow, cancelled.replies[0].text) == ("idle", wording.CANCELLED)
    again = await take(advice, cancelled.state, kind="text", text="取消")
    assert again.replies[0].text == wording.NOTHING_TO_CANCEL
    answered = await take(advice, asking.state, kind="text", text="负债率")
    assert answered.state.flow == "idle"


async def test_a_command_with_a_question_answers_it(advice: Advice) -> None:
    await take(advice, State(), kind="command", text="ask", argument="负债率")
    assert advice.asked == ["负债率"]


async def test_an_unknown_command_names_those_there_are(advice: Advice) -> None:
    step = await take(advice, State(), kind="command", text="x" * 300)
    assert "/help" in step.replies[0].text
    assert len(step.replies[0].text) < 200


async def test_an_offered_question_is_answered_whole_although_its_label_is_short(advice: Advice) -> None:
    step = await take(advice, State(), kind="text", text="问")
    choices = step.replies[0].choices
    assert [len(choice.label) for choice in choices] == [1, 40]
    pressed = await take(advice, step.state, kind="choice", choice=choices[1].id)
    assert advice.asked[-1] == "乙" * 60
    assert pressed.said == "乙" * 60


async def test_a_button_pressed_twice_is_answered_once(advice: Advice) -> None:
    step = await take(advice, State(), kind="text", text="问")
    choice = step.replies[0].choices[0].id
    once = await take(advice, step.state, kind="choice", choice=choice)
    twice = await take(advice, once.state, kind="choice", choice=choice)
    assert twice.replies[0].text == wording.ALREADY_ANSWERED
    assert twice.state == once.state
    assert advice.asked == ["问", "甲"]


async def test_an_older_messages_button_is_refused_and_changes_nothing(advice: Advice) -> None:
    first = await take(advice, State(), kind="text", text="问一")
    second = await take(advice, first.state, kind="text", text="问二")
    stale = await take(advice, second.state, kind="choice", choice=first.replies[0].choices[0].id)
    assert stale.replies[0].text == wording.BUTTON_EXPIRED
    assert advice.asked == ["问一", "问二"]


@pytest.mark.parametrize("choice", ["ask::0", "help::0", "menu::0"])
async def test_menu_buttons_never_go_stale(advice: Advice, choice: str) -> None:
    step = await take(advice, State(round=99), kind="choice", choice=choice)
    assert step.replies[0].text != wording.BUTTON_EXPIRED
    assert step.said


async def test_a_declined_question_goes_to_the_desk() -> None:
    class Declining:
        async def answer(self, text: str, **_: object) -> Answer:
            return Answer("declined", "not_stated", "没有写")

    dialogue = Dialogue(Declining(), CHECK, desk="示例局")
    step = await dialogue.respond(State(), IncomingMessage("web", "s", "1", "text", "奖金多少"))
    assert step.declined is not None
    assert (step.declined.text, step.declined.why) == ("奖金多少", "not_stated")
    for noise in ("👍", "", "你们就是骗子", "？？"):
        quiet = await dialogue.respond(State(), IncomingMessage("web", "s", "1", "text", noise))
        assert quiet.declined is None


async def test_a_reply_becomes_a_message_with_its_quote_and_link(advice: Advice) -> None:
    step = await take(advice, State(), kind="text", text="问")
    message = to_message(step.replies[0].to_json(), "https://example.cn")
    (quote,) = message.quotes
    assert (quote.source, quote.text) == ("《某办法》一、", "一、奖励5万元。")
    assert quote.url == "https://example.cn/documents/d?start=10&end=18#quote"
    assert message.notices == ("提示",)
    assert to_message(step.replies[0].to_json(), None).quotes[0].url is None
    assert replace(step.state, offered=()) != step.state


async def test_earlier_questions_go_with_the_next_one_and_only_the_newest() -> None:
    class Remembering:
        def __init__(self) -> None:
            self.histories: list[tuple[str, ...]] = []

        async def answer(self, text: str, *, history: Sequence[str] = (), **_: object) -> Answer:
            self.histories.append(tuple(history))
            return Answer("answered", None, text)

    advice = Remembering()
    dialogue, state = Dialogue(advice, CHECK, desk="示例局"), State()
    for number, text in enumerate(["问一", "问二", "问三", "问四", "问五"]):
        step = await dialogue.respond(state, IncomingMessage("web", "s", str(number), "text", text))
        state = State.from_json(step.state.to_json())
    assert advice.histories == [(), ("问一",), ("问一", "问二"), ("问一", "问二", "问三"), ("问二", "问三", "问四")]
    started = await dialogue.respond(state, IncomingMessage("web", "s", "9", "command", "start"))
    assert started.state.history == ()
