"""Facts said in a running sentence, and what is computed from them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.advice import Advisor, asks_whether_enough
from conversation.answers import read_json
from conversation.hearing import hear
from core.clock import Clock
from firms.catalogue import catalogue
from knowledge.answer import Answer, Citation
from knowledge.answering import Asked, Understood
from tests.conversation.parts import HOME, PLAN, TODAY, assessor

CATALOGUE = catalogue()


def said(text: str) -> dict[str, Any]:
    heard = hear(text, CATALOGUE, today=TODAY)
    found: dict[str, Any] = {}
    for fact in heard.facts:
        value = read_json(fact.key, CATALOGUE.fact(fact.key[0]), fact.value)
        name = fact.key[0] if fact.key[1] is None else f"{fact.key[0]}@{fact.key[1]}"
        found[name] = value.get("value", {k: value[k] for k in ("min", "max", "above", "below") if k in value})
    return found | ({"industry": heard.industry} if heard.industry else {})


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("我们搞机械加工的，去年1800万够不够", {"industry": "C", "revenue_main@2025": 1800}),
        ("搞机械加工的，去年2300万，研发100万，两个实用新型一个软著",
         {"industry": "C", "revenue_main@2025": 2300, "rnd_spend@2025": 100, "utility_models": 2,
          "software_copyrights": 1}),
        ("营业收入3000万，主营业务收入1500万，制造业行吗？",
         {"industry": "C", "revenue_total@2025": 3000, "revenue_main@2025": 1500}),
        ("去年2100万，前年1900万，大前年1600万",
         {"revenue_main@2025": 2100, "revenue_main@2024": 1900, "revenue_main@2023": 1600}),
        ("资产负债率48%，发明专利1项", {"debt_ratio": 48, "invention_patents": 1}),
        ("负债率七成五能报吗", {"debt_ratio": 75}),
        ("我们贷款500万可以吗", {}),
        ("能补贴50万吗", {}),
        ("公司130人，能算中小企业吗", {"employees@2025": 130}),
        ("2024年主营业务收入1200万元，够吗", {"revenue_main@2024": 1200}),
        ("做软件的，去年950到1050万，行不行", {"industry": "I65", "revenue_main@2025": {"min": 950, "max": 1050}}),
        ("不到2000万行吗", {"revenue_main@2025": {"below": 2000}}),
        ("増长15%够吗", {}),
        ("负债总额3000万，资产总额5000万，能报吗", {"total_liabilities@2025": 3000, "total_assets@2025": 5000}),
        ("3项发明够吗", {"invention_patents": 3}),
    ],
)  # fmt: skip
def test_facts_in_a_sentence(text: str, facts: dict[str, Any]) -> None:
    assert said(text) == facts


@given(st.text(max_size=200))
def test_no_text_breaks_the_hearing(text: str) -> None:
    hear(text, CATALOGUE, today=TODAY).to_facts()


def test_two_values_for_one_year_are_a_contradiction_and_neither_counts() -> None:
    heard = hear("去年1800万，去年2300万，够吗", CATALOGUE, today=TODAY)
    assert ("revenue_main", 2025) not in heard.to_facts().values


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("去年1800万够不够", True),
        ("我们负债率75%能报吗", True),
        ("收入要多少", False),
        ("资产负债率不高于70%是什么意思", False),
    ],
)
def test_whether_somebody_asks_if_his_figures_do(text: str, asks: bool) -> None:
    assert asks_whether_enough(text) is asks


class Answerer:
    """Finds the second clause for everything, or declines."""

    def __init__(self, status: Any = "answered", why: Any = None) -> None:
        self.status, self.why = status, why

    async def understand(self, text: str, **_: Any) -> Understood:
        return Understood((Asked(text),))

    async def answer(self, question: Asked, *, as_of: date, region: str) -> Answer:
        citation = Citation(PLAN, "示例方案", "四（一）2", "", "原文", 0, 2, None, False, None, None)
        return Answer(self.status, self.why, "找到的", (), (citation,) if self.status == "answered" else ())


async def ask(text: str, *, region: str | None = None, as_of: date | None = None, **found: Any) -> Answer:
    advisor = Advisor(Answerer(**found), assessor(), Clock(pinned=TODAY), home_region=HOME)  # type: ignore[arg-type]
    return await advisor.answer(text, region=region, as_of=as_of)


async def test_a_manufacturers_revenue_below_the_threshold_is_not_met() -> None:
    answer = await ask("我们搞机械加工的，去年1800万够不够")
    assert answer.status == "answered"
    [computed] = answer.computed
    assert (computed.scheme, computed.condition, computed.verdict) == ("hengyang-little-giant-2021", "2a", "not_met")
    assert (computed.given, computed.required, computed.gap) == ("1800万元", "2000万元", "200万元")
    assert [c.clause for c in answer.citations] == ["四（一）2"]
    assert "2000万元以上" in answer.citations[0].quote
    assert any("实施期已于" in notice for notice in answer.notices)


async def test_what_the_base_declined_is_answered_when_it_can_be_computed() -> None:
    answer = await ask("我们搞机械加工的，去年1800万够不够", status="declined", why="not_stated")
    assert (answer.status, answer.why) == ("answered", None)
    assert answer.computed


async def test_without_an_industry_both_thresholds_are_told_and_nothing_is_decided() -> None:
    answer = await ask("去年1800万够不够")
    [computed] = answer.computed
    assert computed.verdict == "unknown"
    assert "2000万元" in computed.required
    assert "1000万元" in computed.required
    assert "您是做什么行业的" in answer.text


async def test_an_industry_without_a_figure_in_the_plan_is_said_and_unknown() -> None:
    answer = await ask("开超市的，去年3000万能评吗")
    assert [c.verdict for c in answer.computed] == ["unknown"]
    assert "没有写其他行业" in answer.text


async def test_both_faults_of_one_firm_are_found() -> None:
    answer = await ask("营业收入3000万，主营业务收入1500万，制造业行吗？")
    found = {c.condition: (c.verdict, c.gap) for c in answer.computed}
    assert found["2a"] == ("not_met", "500万元")
    assert found["3c"] == ("not_met", "10个百分点")


async def test_readings_that_differ_are_both_shown() -> None:
    answer = await ask("做机械的，去年1200万，前年1300万，大前年1000万，增长够不够")
    growth = next(c for c in answer.computed if c.condition == "2b")
    assert growth.verdict == "unknown"
    assert "9.54%" in answer.text
    assert "11.15%" in answer.text


async def test_impossible_figures_are_pointed_out_and_not_computed() -> None:
    answer = await ask("主营业务收入3000万，营业收入2000万，行吗")
    assert answer.computed == ()
    assert any("不能大于" in notice for notice in answer.notices)


async def test_another_places_firm_gets_no_verdict_by_our_scheme() -> None:
    assert (await ask("做机械的，去年1800万够不够", region="430100")).computed == ()
    assert (await ask("做机械的，去年1800万够不够", status="declined", why="other_region")).computed == ()


async def test_a_question_without_figures_is_left_as_it_was() -> None:
    answer = await ask("制造业的收入要求够不够高")
    assert (answer.text, answer.computed) == ("找到的", ())


async def test_every_number_of_the_computation_is_computed_or_quoted() -> None:
    for text in (
        "我们搞机械加工的，去年1800万够不够",
        "去年1800万够不够",
        "营业收入3000万，主营业务收入1500万，制造业行吗？",
    ):
        answer = await ask(text, status="declined", why="not_stated")
        shown = " ".join(f"{c.given} {c.required} {c.gap}" for c in answer.computed)
        quoted = " ".join(c.quote for c in answer.citations)
        for figure in re.findall(r"\d[\d.]*", answer.text):
            assert figure in shown or figure in quoted, (text, figure)
