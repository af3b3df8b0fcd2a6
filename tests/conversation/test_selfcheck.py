"""The self-check as a conversation: what counts, what is asked, and that nothing is taken for what it is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessment.evaluation import assess
from conversation import wording
from conversation.dialogue import Dialogue, State, Step
from conversation.messages import IncomingMessage
from conversation.selfcheck import Check
from firms.facts import read_facts
from knowledge.answer import Answer
from messaging.messages import CHOICE_BYTES
from tests.assessment.cases import GOOD
from tests.conversation.parts import TODAY, assessor, self_check

CHECK = self_check()
ASSESSOR = assessor()
LOCAL = "hengyang-little-giant-2021"


class Advice:
    """Knows one thing, and declines everything else."""

    async def answer(self, text: str, **_: object) -> Answer:
        if "负债率" in text:
            return Answer("answered", None, f"答:{text}")
        return Answer("declined", "out_of_scope", "答不了")


class Person:
    """Talks to the dialogue; the state goes through JSON after each message, as it does in the database."""

    def __init__(self) -> None:
        self.dialogue = Dialogue(Advice(), CHECK, desk="示例局")
        self.state = State()
        self.step: Step | None = None
        self.pressed = ""

    async def take(self, **message: str) -> Step:
        self.step = await self.dialogue.respond(self.state, IncomingMessage("web", "s", "1", **message))  # type: ignore[arg-type]
        self.state = State.from_json(self.step.state.to_json())
        assert self.step.replies
        for reply in self.step.replies:
            assert reply.text.strip()
            assert all(len(choice.id.encode()) <= CHOICE_BYTES for choice in reply.choices)
        return self.step

    async def say(self, *texts: str) -> Step:
        for text in texts:
            step = await self.take(kind="text", text=text)
        return step

    async def press(self, label: str) -> Step:
        assert self.step is not None
        choice = next(c for reply in self.step.replies for c in reply.choices if c.label == label)
        self.pressed = choice.id
        return await self.take(kind="choice", choice=choice.id)

    @property
    def asking(self) -> tuple[str, int | None] | None:
        assert self.step is not None
        asked = self.step.outcome.asking
        return (asked["fact"], asked["year"]) if asked else None

    @property
    def read(self) -> list[dict[str, Any]]:
        assert self.step is not None
        return [{k: v for k, v in item.items() if k not in ("text", "about")} for item in self.step.outcome.read]


TYPED = {
    "region": "衡南",
    "legal_form": "有限公司",
    "founded_on": "2015年6月1日",
    "industry": "C34",
    "employees": "120人",
    "revenue_main": {2025: "两千四百二十万", 2024: "2200万", 2023: "2000w"},
    "revenue_total": {2025: "2,500万元"},
    "debt_ratio": "50%",
    "rnd_spend": {2025: "100万", 2024: "90万"},
    "invention_patents": "1项",
    "last_major_incident_on": "没有",
    "serious_violation": "没有",
    "dishonest_listed": "没有",
}


def answer_to(asking: tuple[str, int | None], answers: dict[str, Any]) -> str:
    fact, year = asking
    given = answers.get(fact, "是")
    return str(given[year] if isinstance(given, dict) else given)


async def go_through(person: Person, answers: dict[str, Any], limit: int = 60) -> dict[str, Any]:
    await person.say("自评")
    for _ in range(limit):
        assert person.step is not None
        if person.step.outcome.assessment is not None:
            return person.step.outcome.assessment
        assert person.asking is not None
        await person.say(answer_to(person.asking, answers))
    raise AssertionError("no verdict")


async def test_a_whole_self_check_comes_to_the_verdict_of_its_facts() -> None:
    person = Person()
    result = await go_through(person, TYPED)
    assert result["verdict"] == "met"
    assert result["size_class"] == "small"
    known = read_facts({**GOOD, "debt_ratio": 50}, ASSESSOR.catalogue)
    direct = assess(ASSESSOR.scheme(LOCAL), known, TODAY, ASSESSOR.catalogue).to_json()
    assert [c["verdict"] for c in result["conditions"]] == [c["verdict"] for c in direct["conditions"]]
    assert person.step is not None
    assert "全部符合" in person.step.replies[0].text
    assert any("实施期已于" in notice for notice in person.step.replies[0].notices)
    assert "申报通知" in person.step.replies[-1].text


async def test_only_what_can_still_decide_something_is_asked() -> None:
    person = Person()
    await go_through(person, TYPED)
    assert person.state.check is not None
    asked = [fact for fact, _ in person.state.check.trail]
    assert "utility_models" not in asked  # an invention patent was enough
    assert "total_assets" not in asked  # the ratio was known
    assert "incident_grade" not in asked  # there was no incident
    assert len(person.state.check.trail) <= 24


async def test_all_that_fails_is_told_with_clause_value_and_gap() -> None:
    person = Person()
    poor = {**TYPED, "revenue_main": {2025: "1800万", 2024: "1700万", 2023: "1000万"}, "debt_ratio": "75%"}
    result = await go_through(person, {**poor, "certified": "否"})
    assert result["verdict"] == "not_met"
    failed = {c["id"] for c in result["conditions"] if c["verdict"] == "not_met"}
    assert failed == {"2a", "2c", "5c"}
    assert person.step is not None
    text = person.step.replies[0].text
    assert "2025年主营业务收入：1800万元，要求是2025年主营业务收入2000万元以上（含），还差200万元" in text
    assert "资产负债率：75%，要求是资产负债率不高于70%，超出5个百分点" in text
    assert {c.clause for c in person.step.replies[0].citations} >= {"四（一）2", "四（一）5"}


async def test_dont_know_is_unknown_and_never_no() -> None:
    person = Person()
    result = await go_through(
        person,
        {
            **TYPED,
            "certified": "不知道",
            "own_brand": "说不清",
            "debt_ratio": "不清楚",
            "total_assets": "不知道",
            "total_liabilities": "不知道",
        },
    )
    verdicts = {c["id"]: c["verdict"] for c in result["conditions"]}
    assert verdicts["5c"] == verdicts["5a"] == verdicts["2c"] == "unknown"
    assert result["verdict"] == "unknown"
    assert person.step is not None
    assert "资产负债率" in person.step.replies[-1].text


async def test_a_policy_question_in_the_middle_is_answered_and_the_form_goes_on() -> None:
    person = Person()
    await person.say("自评", "机械加工")
    asked = person.asking
    step = await person.say("资产负债率怎么算？")
    assert step.replies[0].status == "answered"
    assert step.replies[0].text == "答:资产负债率怎么算？"
    assert person.asking == asked
    assert person.read == []
    assert step.declined is None
    await person.say("2300万")
    assert person.read == [{"fact": "revenue_main", "year": 2025, "value": 2300}]


async def test_a_question_the_bot_declines_goes_to_the_desk_and_the_form_goes_on() -> None:
    person = Person()
    await person.say("自评", "机械加工")
    step = await person.say("评上了奖多少钱？")
    assert step.declined is not None
    assert step.declined.text == "评上了奖多少钱？"
    assert person.asking == ("revenue_main", 2025)


@pytest.mark.parametrize("noise", ["哈哈哈哈", "今天天气不错", "👍", "？？？", "", "你好", "谢谢", "x" * 1001])
async def test_what_is_no_answer_changes_nothing_and_is_asked_again(noise: str) -> None:
    person = Person()
    await person.say("自评", "机械加工")
    before = person.state.check
    step = await person.say(noise)
    assert person.asking == ("revenue_main", 2025)
    assert person.read == []
    assert step.declined is None
    assert person.state.check is not None
    assert before is not None
    assert person.state.check.facts == before.facts
    assert "2025年主营业务收入是多少万元？" in step.replies[-1].text


async def test_a_sticker_in_the_middle_loses_no_step() -> None:
    person = Person()
    await person.say("自评", "机械加工")
    step = await person.take(kind="media", media="sticker")
    assert "表情贴纸" in step.replies[0].text
    assert person.asking == ("revenue_main", 2025)


async def test_back_shows_what_was_answered_and_a_new_answer_replaces_it() -> None:
    person = Person()
    await person.say("自评", "机械加工", "2300万")
    step = await person.press("上一题")
    assert person.asking == ("revenue_main", 2025)
    assert "2300万元" in step.replies[0].text
    await person.say("1900万")
    assert person.read == [{"fact": "revenue_main", "year": 2025, "value": 1900}]
    await person.say("上一步", "返回", "返回")
    assert person.asking == ("industry", None)
    assert "第一题" in (await person.say("返回")).replies[0].text


async def test_changing_the_industry_judges_by_the_other_thresholds() -> None:
    person = Person()
    result = await go_through(person, {**TYPED, "revenue_main": {2025: "1500万", 2024: "1200万", 2023: "1000万"}})
    assert {c["id"]: c["verdict"] for c in result["conditions"]}["2a"] == "not_met"
    assert person.state.check is not None
    for _ in range(len(person.state.check.trail)):
        await person.say("上一题")
    assert person.asking == ("industry", None)
    await person.say("软件开发")
    while person.step is not None and person.step.outcome.assessment is None:
        assert person.asking is not None
        await person.say(answer_to(person.asking, TYPED))
    assert person.step is not None
    assert person.step.outcome.assessment is not None
    after = {c["id"]: c for c in person.step.outcome.assessment["conditions"]}
    assert after["2a"]["verdict"] == "met"
    assert after["2a"]["required"] == "1000万元"
    assert "制造业（C" not in person.step.replies[0].text


async def test_a_rough_figure_that_straddles_is_asked_once_more_and_then_left_open() -> None:
    person = Person()
    rough = {**TYPED, "debt_ratio": "70%左右"}
    await person.say("自评")
    asked: list[tuple[str, int | None]] = []
    while person.step is not None and person.step.outcome.assessment is None:
        assert person.asking is not None
        asked.append(person.asking)
        await person.say(answer_to(person.asking, rough))
        assert len(asked) < 60
    assert asked.count(("debt_ratio", None)) == 2
    assert person.step is not None
    assert person.step.outcome.assessment is not None
    debts = next(c for c in person.step.outcome.assessment["conditions"] if c["id"] == "2c")
    assert debts["verdict"] == "unknown"
    assert "请给准确数" in debts["reason"]


async def test_a_bare_number_is_asked_for_its_unit_and_a_button_settles_it() -> None:
    person = Person()
    await person.say("自评", "机械加工")
    step = await person.say("2000")
    assert "单位" in step.replies[0].text
    assert person.read == []
    await person.press("2000万元")
    assert person.read == [{"fact": "revenue_main", "year": 2025, "value": 2000}]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("-500万", "不能是负的"),
        ("100万美元", "人民币"),
        ("50%", "金额"),
        ("无", "0"),
    ],
)
async def test_what_cannot_be_is_asked_back_with_its_reason(typed: str, said: str) -> None:
    person = Person()
    await person.say("自评", "机械加工")
    step = await person.say(typed)
    assert said in step.replies[0].text
    assert person.asking == ("revenue_main", 2025)
    assert person.read == []


async def test_main_revenue_above_the_total_is_pointed_out_at_once_and_not_kept() -> None:
    person = Person()
    await person.say("自评", "机械加工", "2300万", "2000万", "1800万")
    while person.asking != ("revenue_total", 2025):
        assert person.asking is not None
        await person.say(answer_to(person.asking, TYPED))
    step = await person.say("1000万")
    assert "不能大于" in step.replies[0].text
    assert person.asking == ("revenue_total", 2025)
    assert person.read == []


async def test_several_years_in_one_message_all_count() -> None:
    person = Person()
    await person.say("自评", "机械加工", "去年2100万，前年1900万，大前年1600万")
    assert person.read == [
        {"fact": "revenue_main", "year": 2025, "value": 2100},
        {"fact": "revenue_main", "year": 2024, "value": 1900},
        {"fact": "revenue_main", "year": 2023, "value": 1600},
    ]
    assert person.asking is not None
    assert person.asking[0] != "revenue_main"


async def test_another_years_figure_is_not_taken_for_the_year_that_is_asked() -> None:
    person = Person()
    await person.say("自评", "机械加工")
    await person.say("前年2000万")
    assert person.read == [{"fact": "revenue_main", "year": 2024, "value": 2000}]
    assert person.asking == ("revenue_main", 2025)
    await person.say("去年2300万")
    assert person.read == [{"fact": "revenue_main", "year": 2025, "value": 2300}]


async def test_another_figures_amount_is_confirmed_before_it_counts() -> None:
    person = Person()
    await person.say("自评", "机械加工")
    step = await person.say("净利润200万")
    assert person.read == []
    assert "您刚才说的是这个数吗" in step.replies[0].text
    await person.say("营业收入2600万")
    assert person.read == [{"fact": "revenue_total", "year": 2025, "value": 2600}]
    assert person.asking == ("revenue_main", 2025)


async def test_two_values_for_one_year_are_asked_back() -> None:
    person = Person()
    await person.say("自评", "机械加工", "去年2000万或者3000万")
    assert person.read == []
    assert person.asking == ("revenue_main", 2025)


async def test_a_double_press_counts_once_and_an_old_button_changes_nothing() -> None:
    person = Person()
    await person.say("自评")
    while person.asking != ("legal_form", None):
        assert person.asking is not None
        await person.say(answer_to(person.asking, TYPED))
    await person.press("有限责任公司")
    after = person.asking
    again = await person.take(kind="choice", choice=person.pressed)
    assert again.replies[0].text == wording.ALREADY_RECORDED
    assert person.asking == after
    old = person.pressed
    await person.say("2015年6月1日")
    facts = person.state.check.facts if person.state.check else None
    stale = await person.take(kind="choice", choice=old.replace("limited_company", "branch"))
    assert wording.BUTTON_EXPIRED in stale.replies[0].text
    assert person.state.check is not None
    assert person.state.check.facts == facts
    assert person.asking is not None


@pytest.mark.parametrize("asking", [("equity_investment_2y", None), ("niche_focus", None)])
async def test_an_amount_for_something_else_never_lands_in_the_revenue(asking: tuple[str, None]) -> None:
    facts = read_facts({"revenue_main": {"2025": 2420}}, ASSESSOR.catalogue)
    turn = await CHECK.answer(Check("national-srdi-sme-2026", facts, asking), "是的，去年500万", 1)
    kept = turn.check.facts if turn and turn.check else facts
    assert kept.values["revenue_main", 2025] == facts.values["revenue_main", 2025]


async def test_an_old_button_after_the_verdict_leaves_the_verdicts_buttons_at_hand() -> None:
    person = Person()
    await person.say("自评", "机械加工")
    old = next(c.id for r in person.step.replies for c in r.choices if c.label == "不知道")  # type: ignore[union-attr]
    await person.say("2420万", "2200万", "2000万")
    while person.step is not None and person.step.outcome.assessment is None:
        assert person.asking is not None
        await person.say(answer_to(person.asking, TYPED))
    facts = person.state.check.facts if person.state.check else None
    step = await person.take(kind="choice", choice=old)
    assert wording.BUTTON_EXPIRED in step.replies[0].text
    assert person.state.check is not None
    assert person.state.check.facts == facts
    await person.press("再看优先条件")
    assert person.asking is not None


async def test_leaving_keeps_what_was_filled_in_and_old_buttons_are_dead() -> None:
    person = Person()
    await person.say("自评", "机械加工", "2300万")
    button = next(c.id for r in person.step.replies for c in r.choices if c.label == "不知道")  # type: ignore[union-attr]
    step = await person.say("取消")
    assert "先留着" in step.replies[0].text
    assert wording.BUTTON_EXPIRED in (await person.take(kind="choice", choice=button)).replies[0].text
    assert (await person.say("资产负债率有要求吗")).replies[0].status == "answered"
    await person.say("继续自评")
    assert person.asking == ("revenue_main", 2024)
    assert person.state.check is not None
    assert len(person.state.check.facts.values) == 2


async def test_start_in_the_middle_loses_nothing_and_starting_over_asks_first() -> None:
    person = Person()
    await person.say("自评", "机械加工", "2300万")
    step = await person.take(kind="command", text="start")
    assert wording.CHECK_PAUSED in step.replies[0].text
    await person.press("继续自评")
    assert person.asking == ("revenue_main", 2024)
    await person.say("重来")
    assert person.state.check is not None
    assert person.state.check.facts.values
    await person.press("清空重来")
    assert person.asking == ("industry", None)
    assert person.state.check is not None
    assert not person.state.check.facts.values


async def test_a_finished_check_is_shown_again_not_wiped() -> None:
    person = Person()
    first = await go_through(person, TYPED)
    await person.say("自评")
    assert person.step is not None
    assert person.step.outcome.assessment == first


async def test_the_reason_for_a_question_comes_with_its_clause() -> None:
    person = Person()
    await person.say("自评", "机械加工")
    step = await person.say("为什么要问")
    assert [c.clause for c in step.replies[0].citations] == ["四（一）2"]
    assert person.asking == ("revenue_main", 2025)


async def test_another_scheme_goes_on_with_the_facts_that_are_known() -> None:
    person = Person()
    await go_through(person, TYPED)
    await person.press("看看专精特新中小企业")
    assert person.state.check is not None
    assert person.state.check.scheme == "national-srdi-sme-2026"
    assert person.asking is not None
    assert person.asking[0] not in ("region", "industry", "debt_ratio")


async def test_priority_conditions_are_asked_for_only_on_request() -> None:
    person = Person()
    await go_through(person, TYPED)
    await person.press("再看优先条件")
    assert person.asking is not None
    assert person.asking[0] in ("chain_backbone", "cloud_core_businesses", "listing_reserve", "honours")


async def test_progress_only_ever_names_real_counts() -> None:
    person = Person()
    await person.say("自评")
    left: list[int] = []
    while person.step is not None and person.step.outcome.assessment is None:
        progress = person.step.replies[-1].progress
        assert progress is not None
        assert person.state.check is not None
        assert progress.done == len(person.state.check.trail)
        left.append(progress.left)
        assert person.asking is not None
        await person.say(answer_to(person.asking, TYPED))
    assert left[-1] == 1
    assert min(left) >= 1


@settings(max_examples=60)
@given(
    st.lists(
        st.text(max_size=30) | st.sampled_from(["自评", "上一题", "不知道", "2000万", "是", "没有", "看结果", "取消"]),
        max_size=12,
    )
)
async def test_no_text_breaks_a_self_check(texts: list[str]) -> None:
    person = Person()
    await person.say("自评", *texts)


@settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from(
            [
                "pick:y",
                "pick:n",
                "pick:0",
                "pick:none",
                "pick:limited_company",
                "take:0",
                "take:99",
                "back:",
                "skip:",
                "why:",
                "result:",
                "more:",
                "again:",
                "afresh:",
                "scheme:0",
                "scheme:9",
                "resume:",
                "quit:",
                "pick:x",
                "say:0",
            ]
        ),
        max_size=15,
    )
)
async def test_no_button_breaks_a_self_check(buttons: list[str]) -> None:
    person = Person()
    await person.say("自评")
    for button in buttons:
        await person.take(kind="choice", choice=f"{button}:{person.state.round}")
