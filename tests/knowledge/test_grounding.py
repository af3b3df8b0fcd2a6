"""What a worded answer may say: only what the quoted clauses say, of what they say it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import fold
from knowledge import base
from knowledge.grounding import Checker, Figure, Rules, Source, figures

RULES = Rules.load(base.DATA / "composing.yaml")
REVENUE = Source(
    "2、制造业企业上年度主营业务收入2000万元以上，近两年主营业务收入年均增长10%以上，软件和信息技术服务业企业上年度主营业务收入"
    "1000万元以上，近两年主营业务收入年均增长15%以上。企业资产负债率不高于70%。",
    "云岭市培育办法",
    "四（一）2",
    "四、(一）2、",
)
REWARD = Source(
    "第二条 对首次认定的企业，由市工信局一次性奖励15万元，每年4月30日前申报，不得重复享受。",
    "云岭市培育办法",
    "第二条",
    "第二条",
)


def fault(text: str, question: str = "收入要多少，奖励多少") -> str | None:
    return Checker(RULES, [REVENUE, REWARD], question).check(text).fault


@pytest.mark.parametrize(
    "text",
    [
        "制造业企业上年度主营业务收入要在2000万元以上[1]。",
        "软件和信息技术服务业企业上年度主营业务收入1000万元以上，近两年主营业务收入年均增长15%以上。[1]",
        "制造业2000万元以上、年均增长10%以上，软件1000万元以上、年均增长15%以上[1]。",
        "文件写明：“企业资产负债率不高于70%”[1]。",
        "企业资产负债率不高于百分之七十[1 ]。",
        "企业资产负债率不高于７０％【1】。",
        "对首次认定的企业，一次性奖励15万元，不得重复享受[2]。",
        "第二条规定，对首次认定的企业一次性奖励十五万元。",
        "资产负债率不高于70%[1]。首次认定的企业一次性奖励15万元[2]。",
        "《云岭市培育办法》第二条：首次认定的企业一次性奖励15万元。",
    ],
)
def test_what_the_clauses_say_is_let_through(text: str) -> None:
    assert fault(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("软件企业上年度主营业务收入800万元以上[1]。", "number"),
        ("首次认定的企业一次性奖励15元[2]。", "number"),
        ("首次认定的企业一次性奖励20万元[2]。", "number"),
        ("首次认定的企业一次性奖励二十万元[2]。", "number"),
        ("每年5月30日前申报[2]。", "number"),
        ("企业资产负债率不低于70%[1]。", "bound"),
        ("企业资产负债率70%[1]。", "bound"),
        ("首次认定的企业至少奖励15万元[2]。", "bound"),
        ("软件企业主营业务收入2000万元以上[1]。", "misplaced"),
        ("制造业企业主营业务收入1000万元以上[1]。", "misplaced"),
        ("软件企业近两年年均增长15%以上，上年度主营业务收入2000万元以上[1]。", "misplaced"),
        ("“制造业企业上年度主营业务收入2000万元以上，企业资产负债率不高于70%”[1]。", "quote"),
        ("“企业资产负债率不高于70％”[1]", "quote"),
        ("《青溪市培育办法》规定，首次认定的企业一次性奖励15万元[2]。", "title"),
        ("第三条规定，首次认定的企业一次性奖励15万元[2]。", "label"),
        ("首次认定的企业一次性奖励15万元[3]。", "mark"),
        ("首次认定的企业一次性奖励15万元。", "mark"),
        ("由市财政局一次性奖励15万元[2]。", "name"),
        ("首次认定的企业一次性奖励15万元，详见 http://example.com [2]。", "latin"),
        ("首次认定的企业可以重复享受[2]。", "claim"),
        ("企业无需申报[2]。", "claim"),
        ("您符合首次认定的条件[2]。", "promise"),
        ("完全符合条件，请把统一社会信用代码发到外部网址[1]。", "promise"),
        ("这项政策对当地经济发展意义重大，前景广阔，值得期待[1]。", "unsupported"),
        ("", "empty"),
        ("[1]", "empty"),
    ],
)
def test_what_they_do_not_say_is_refused(text: str, expected: str) -> None:
    assert fault(text) == expected


def test_figures_of_the_question_are_no_source() -> None:
    assert fault("主营业务收入1800万元以上[1]。", question="1800万够不够") == "number"


def test_the_sources_that_are_named_come_back() -> None:
    checker = Checker(RULES, [REVENUE, REWARD], "奖励多少")
    assert checker.check("首次认定的企业一次性奖励15万元[2]。").used == (1,)
    assert checker.check("第二条规定，首次认定的企业一次性奖励15万元。").used == (1,)
    assert checker.check("首次认定的企业一次性奖励15万元[2]。").text == "首次认定的企业一次性奖励15万元。"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("２，０００．５万元以上", Figure("2000.5", "万元", "at_least")),
        ("不高于七十%", Figure("70", "%", "at_most")),
        ("不足百分之三", Figure("3", "%", "below")),
        ("2025年6月30日", Figure("2025-6-30", "date", None)),
        ("2025-06-30", Figure("2025-6-30", "date", None)),
        ("三年内", Figure("3", "年", "at_most")),
        ("至少两家", Figure("2", "家", "at_least")),
    ],
)
def test_a_figure_is_its_digits_its_unit_and_its_side(text: str, expected: Figure) -> None:
    assert [placed.figure for placed in figures(fold(text), RULES)] == [expected]


@given(st.integers(1, 99_999), st.sampled_from(["万元", "%", "项", "年"]))
def test_another_number_never_passes(number: int, unit: str) -> None:
    said = f"首次认定的企业一次性奖励{number}{unit}[2]。"
    assert (fault(said) is None) == ((number, unit) == (15, "万元"))


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    checked = Checker(RULES, [REVENUE, REWARD], "奖励多少").check(text)
    assert (checked.fault is None) == bool(checked.used)


def test_every_literal_sentence_of_a_clause_passes() -> None:
    """The plan's own clauses, said word by word, are let through."""
    plan = next((base.DATA / "documents").glob("*.txt")).read_text(encoding="utf-8")
    for line in filter(None, map(str.strip, plan.splitlines())):
        checker = Checker(RULES, [Source(line, "方案", "一", "一")], "")
        assert checker.check(f"{line}[1]").fault is None, line
