"""The rule language: what a cell may say, what it means in three values, and that nothing unreadable lets all pass."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import truth
from core.spans import Days, Span, root_floor, years_back, years_between
from core.truth import Truth
from firms.catalogue import catalogue
from firms.criteria import judge, subjects
from firms.facts import Facts, Name, Names, read_facts, value_from_json, value_to_json
from firms.figures import Situation
from firms.rule_reading import BadRule, parse, read_rule
from firms.shown import figure, number

CATALOGUE = catalogue()
AS_OF = date(2026, 11, 24)
MET, NOT, UNKNOWN = "met", "not_met", "unknown"


def holds(rule: str, facts: dict[str, Any] | Facts) -> str:
    known = facts if isinstance(facts, Facts) else read_facts(facts, CATALOGUE)
    return judge(parse(rule, CATALOGUE), Situation(known, AS_OF, CATALOGUE)).truth.value


@pytest.mark.parametrize(
    ("rule", "facts", "expected"),
    [
        ("debt_ratio <= 60; revenue_main >= 1000", {"debt_ratio": 48, "revenue_main": 2600}, MET),
        ("资产负债率 <= 60; 主营业务收入 >= 1000", {"debt_ratio": 48, "revenue_main": 999}, NOT),
        ("资产负债率≤60；主营业务收入≥1000", {"debt_ratio": 48}, UNKNOWN),
        ("资产负债率 <= 60", {"total_assets": 100, "total_liabilities": 61}, NOT),
        ("debt_ratio <= 60%", {"debt_ratio": 60}, MET),
        ("主营业务收入 >= 1亿元", {"revenue_main": 10000}, MET),
        ("主营业务收入 >= 10000000元", {"revenue_main": 1000}, MET),
        ("主营业务收入 >= 1,000万元", {"revenue_main": 999.99}, NOT),
        ("revenue_main[-1] >= 100", {"revenue_main": {"2024": 100, "2025": 1}}, MET),
        ("revenue_main >= 100", {"revenue_main": {"2024": 100}}, UNKNOWN),
        ("invention_patents >= 1 or software_copyrights >= 3", {"invention_patents": 0, "software_copyrights": 3}, MET),
        ("发明专利 >= 1 或 软件著作权 >= 3", {"invention_patents": 0}, UNKNOWN),
        ("发明专利>=1或软件著作权>=3", {"invention_patents": 0, "software_copyrights": 2}, NOT),
        ("region in 衡阳市", {"region": "衡南县"}, MET),
        ("所在地 in 衡南县、常宁市", {"region": "衡东县"}, NOT),
        ("所在地 in 衡南县", {"region": "衡阳市"}, UNKNOWN),
        ("region not in 衡南县", {"region": "衡东县"}, MET),
        ("所在地in衡阳市", {"region": "衡南"}, MET),
        ("industry in C34、C35", {"industry": "C3421"}, MET),
        ("industry in C34、C35", {"industry": "C"}, UNKNOWN),
        ("industry in C34、C35", {"industry": "I65"}, NOT),
        ("行业代码 in C", {"industry": "C34"}, MET),
        ("size_class in 小型、微型", {"industry": "C34", "employees": 100, "revenue_total": 2000}, MET),
        ("企业规模 = medium", {"industry": "C34", "employees": 300, "revenue_total": 2000}, MET),
        ("企业规模 <= small", {"industry": "C34", "employees": 299}, MET),
        ("经营年限 >= 3", {"founded_on": "2023-11-24"}, MET),
        ("years_operating >= 3", {"founded_on": "2023-11-25"}, NOT),
        ("成立日期 < 2024-01-01", {"founded_on": "2023"}, MET),
        ("founded_on >= 2024年1月1日", {"founded_on": "2023-12"}, NOT),
        ("研发占比 >= 3", {"rnd_spend": 60, "revenue_main": 2000}, MET),
        ("营收增长率 >= 10", {"revenue_main": {"2025": 110, "2024": 100}}, MET),
        ("revenue_growth > 10", {"revenue_main": {"2025": 110, "2024": 100}}, NOT),
        ("certificates has IATF16949", {"certificates": ["ISO9001", "iatf16949"]}, MET),
        ("证书 has ISO9001、IATF16949", {"certificates": ["ISO9001"]}, NOT),
        ("证书 has ISO9001", {}, UNKNOWN),
        ("称号 has 高新技术企业", {"titles": {"高新技术企业": "2026-11-24"}}, MET),
        ("称号 has 高新技术企业", {"titles": {"高新技术企业": "2026-11-23"}}, NOT),
        ("chain = 有色金属", {"chain": "有色金属"}, MET),
        ("dishonest_listed = 否", {"dishonest_listed": False}, MET),
        ("是否失信 != 是", {"dishonest_listed": False}, MET),
        ("是否失信 = 否", {}, UNKNOWN),
        ("legal_form in 有限责任公司、股份有限公司", {"legal_form": "joint_stock_company"}, MET),
        ("honours >= 市级", {"honours": "provincial"}, MET),
        ("honours > municipal", {"honours": "municipal"}, NOT),
        ("employees != 5", {"employees": {"min": 6, "max": 9}}, MET),
        ("employees = 5", {"employees": {"min": 4, "max": 9}}, UNKNOWN),
        ("从业人数 < 300", {"employees": {"below": 300}}, MET),
        ("last_major_incident_on = none", {"last_major_incident_on": "none"}, MET),
        ("last_major_incident_on < today-3y", {"last_major_incident_on": "2023-11-24"}, NOT),
        ("last_major_incident_on < today - 3y", {"last_major_incident_on": "2023-11-23"}, MET),
    ],
)
def test_a_cells_rule(rule: str, facts: dict[str, Any], expected: str) -> None:
    assert holds(rule, facts) == expected


@pytest.mark.parametrize(
    "rule",
    [
        "",
        " ; ",
        "revenue_main",
        "revenue_main >=",
        ">= 5",
        "revenu_main >= 5",
        "营业额度 >= 5",
        "revenue_main >= 多",
        "revenue_main >= 5人",
        "employees >= 5万元",
        "debt_ratio <= 5万元",
        "revenue_main[1] >= 5",
        "debt_ratio[-1] >= 5",
        "revenue_main in 5",
        "region >= 衡阳市",
        "industry in X99",
        "industry in C34、X1",
        "own_brand >= 是",
        "own_brand = 也许",
        "legal_form = gmbh",
        "legal_form >= branch",
        "founded_on >= 昨天",
        "founded_on >= 2025-02-30",
        "size_class = 巨型",
        "certificates has",
        "titles > 5",
        "revenue_main >= 5 or",
        "或 revenue_main >= 5",
        "revenue_main >= 5 and debt_ratio <= 3",
        "revenue_main => 5",
        "revenue_main >= 5;;x",
        "1 = 1",
        "revenue_main >= 1e3",
        "x" * 2001,
    ],
)
def test_an_unreadable_rule_is_refused_never_open_to_all(rule: str) -> None:
    with pytest.raises(BadRule) as refused:
        parse(rule, CATALOGUE)
    assert refused.value.code == "bad_rule"


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_a_bad_rule(text: str) -> None:
    try:
        rule = parse(text, CATALOGUE)
    except BadRule:
        return
    assert subjects(rule)
    assert judge(rule, Situation(Facts(), AS_OF, CATALOGUE)).truth is Truth.UNKNOWN


@pytest.mark.parametrize(
    ("rule", "facts", "expected"),
    [
        (
            {"at_least": 2, "of": ["own_brand = 是", "certified = 是", "management_sound = 是"]},
            {"own_brand": True, "certified": None, "management_sound": True},
            MET,
        ),
        (
            {"at_least": 2, "of": ["own_brand = 是", "certified = 是", "management_sound = 是"]},
            {"own_brand": True, "certified": False},
            UNKNOWN,
        ),
        (
            {"at_least": 2, "of": ["own_brand = 是", "certified = 是", "management_sound = 是"]},
            {"own_brand": False, "certified": False},
            NOT,
        ),
        ({"not": "own_brand = 是"}, {}, UNKNOWN),
        ({"not": "own_brand = 是"}, {"own_brand": False}, MET),
        ({"readings": {"a": "employees >= 5", "b": "employees >= 9"}}, {"employees": 7}, UNKNOWN),
        ({"readings": {"a": "employees >= 5"}, "also": {"b": "employees >= 9"}}, {"employees": 7}, MET),
        (
            {"cases": [{"when": "industry in C", "then": "employees >= 5"}], "otherwise": {"always": "not_met"}},
            {"industry": "I65", "employees": 7},
            NOT,
        ),
        (
            {"cases": [{"when": "industry in C", "then": "employees >= 5"}], "otherwise": "employees >= 6"},
            {"employees": 7},
            MET,
        ),
        (
            {"cases": [{"when": "industry in C", "then": "employees >= 5"}], "otherwise": "employees >= 9"},
            {"employees": 7},
            UNKNOWN,
        ),
        ({"undetermined": "没写"}, {"employees": 7}, UNKNOWN),
        (["employees >= 5", "own_brand = 是"], {"employees": 7, "own_brand": True}, MET),
    ],
)
def test_a_nested_rule(rule: object, facts: dict[str, Any], expected: str) -> None:
    read = read_rule(rule, CATALOGUE)
    assert judge(read, Situation(read_facts(facts, CATALOGUE), AS_OF, CATALOGUE)).truth.value == expected


def test_what_is_decided_needs_nothing_and_what_is_open_names_its_facts() -> None:
    rule = parse("资产负债率 <= 60; 发明专利 >= 1", CATALOGUE)
    judged = judge(rule, Situation(read_facts({"invention_patents": 2}, CATALOGUE), AS_OF, CATALOGUE))
    assert judged.needs == (("debt_ratio", None), ("total_liabilities", 2025), ("total_assets", 2025))
    decided = judge(rule, Situation(read_facts({"invention_patents": 0}, CATALOGUE), AS_OF, CATALOGUE))
    assert decided.truth is Truth.NOT_MET
    assert decided.needs == ()


TRUTHS = st.lists(st.sampled_from(list(Truth)), max_size=6)


@given(TRUTHS, st.integers(0, 7))
def test_three_values_decide_only_what_every_completion_agrees_on(values: list[Truth], count: int) -> None:
    def completions(rest: list[Truth]) -> list[list[bool]]:
        if not rest:
            return [[]]
        heads = [True, False] if rest[0] is Truth.UNKNOWN else [rest[0] is Truth.MET]
        return [[head, *tail] for head in heads for tail in completions(rest[1:])]

    def same(judged: Truth, decided: list[bool]) -> None:
        expected = Truth.UNKNOWN if len(set(decided)) > 1 else truth.of(decided[0])
        assert judged is expected

    every = completions(values)
    same(truth.all_of(values), [all(one) for one in every])
    same(truth.any_of(values), [any(one) for one in every])
    same(truth.at_least(count, values), [sum(one) >= count for one in every])


FRACTIONS = st.fractions(0, 1000, max_denominator=50)


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, Fraction]:
    """A span and a number in it."""
    inside = draw(FRACTIONS)
    low = draw(st.none() | st.just(inside) | FRACTIONS.map(lambda gap: max(inside - gap, Fraction(0))))
    high = draw(st.none() | st.just(inside) | FRACTIONS.map(lambda gap: inside + gap))
    low_open = draw(st.booleans()) and low is not None and low < inside
    high_open = draw(st.booleans()) and high is not None and high > inside
    return Span(low if low is not None else Fraction(0), high, low_open, high_open), inside


@given(spans(), spans(), FRACTIONS, st.sampled_from([">=", ">", "<=", "<", "=", "!="]))
def test_what_is_decided_for_a_span_is_decided_for_every_number_in_it(
    one: tuple[Span, Fraction], other: tuple[Span, Fraction], threshold: Fraction, operator: Any
) -> None:
    (a, x), (b, y) = one, other
    decided = a.compare(operator, threshold)
    assert decided in (Truth.UNKNOWN, Span.point(x).compare(operator, threshold))
    assert (a + b).holds(x + y)
    quotient = a.divided(b)
    if quotient is not None:
        assert y != 0
        assert quotient.holds(x / y)
    else:
        assert b.holds(0)
    assert value_from_json(value_to_json(a)) == a


@given(FRACTIONS)
def test_the_root_below_is_below_and_near(value: Fraction) -> None:
    root = root_floor(value)
    assert root**2 <= value < (root + Fraction(1, 10**23)) ** 2


@given(st.dates(date(1990, 1, 1), date(2026, 1, 1)), st.integers(0, 20), st.integers(-40, 40))
def test_years_are_full_exactly_from_the_anniversary_on(start: date, years: int, shift: int) -> None:
    anniversary = years_back(start, -years)
    end = date.fromordinal(max(anniversary.toordinal() + shift, start.toordinal()))
    assert (years_between(start, end) >= years) == (end >= anniversary)


@pytest.mark.parametrize(
    ("value", "against", "shown"),
    [
        (Fraction(2000), None, "2000"),
        (Fraction("1999.99"), Fraction(2000), "1999.99"),
        (Fraction(700040, 10000), Fraction(70), "70.004"),
        (Fraction(700001, 10000) / 1000 * 1000, Fraction(70), "70.0001"),
        (Fraction(100, 3), None, "33.33"),
        (Fraction(200, 3), Fraction(60), "66.67"),
        (Fraction(70) + Fraction(1, 3 * 10**6), Fraction(70), "70.0000003"),
        (Fraction(70) - Fraction(1, 3 * 10**6), Fraction(70), "69.9999997"),
    ],
)
def test_a_figure_is_never_rounded_to_the_threshold_or_over_it(
    value: Fraction, against: Fraction | None, shown: str
) -> None:
    assert number(value, against=against) == shown


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (Span(Fraction(1900), Fraction(2000)), "1900万元到2000万元"),
        (Span(Fraction(0), Fraction(2000), high_open=True), "不到2000万元"),
        (Span(Fraction(2000)), "至少2000万元"),
        (Span(Fraction(2000), low_open=True), "超过2000万元"),
        (Span(Fraction(0), Fraction(2000)), "2000万元以内（含）"),
        (Span(Fraction(2000), Fraction(3000), True, True), "2000万元（不含）到3000万元（不含）"),
        (Span(Fraction(0)), "不清楚"),
    ],
)
def test_a_range_is_shown_as_a_range(span: Span, shown: str) -> None:
    assert figure(span, "万元") == shown


def test_facts_survive_storing() -> None:
    facts = read_facts(
        {
            "region": "青溪市",
            "industry": "C34",
            "founded_on": "2019-03",
            "own_brand": False,
            "debt_ratio": "48.10",
            "revenue_main": {"2025": {"above": "0.1", "below": 3}, "2024": 7},
            "last_major_incident_on": "none",
            "prior_title": ["srdi_sme"],
            "titles": {"高新技术企业": "2027-11-01"},
            "certificates": ["ISO9001"],
        },
        CATALOGUE,
    )
    assert Facts.from_json(facts.to_json()) == facts
    assert facts.digits[("debt_ratio", None)] == 2
    assert facts.values[("titles", None)] == Names((Name("高新技术企业", date(2027, 11, 1)),))
    assert facts.values[("founded_on", None)] == Days.month(2019, 3)


def test_a_year_that_was_left_out_is_the_last_full_one() -> None:
    facts = read_facts({"revenue_main": 5, "own_brand": True}, CATALOGUE).pinned(CATALOGUE, 2025)
    assert set(facts.values) == {("revenue_main", 2025), ("own_brand", None)}
