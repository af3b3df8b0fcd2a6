"""How well an offer fits: each component, what is unknown, the order, and that reasons hold only what was given."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.truth import Truth
from matching.eligibility import Eligibility, Rulebook, Subject, judge
from matching.fit import DIGITS, NEUTRAL, SPREAD, Fit, Pair, Scored, fit, nearness, ranked, reasons
from matching.offer import Offer
from matching.relevance import Asked, Near, asked_of, by_keywords, closeness
from tests.matching.market import (
    CATALOGUE,
    CITY,
    COUNTY,
    NATION,
    NOW,
    OTHER_CITY,
    OTHER_COUNTY,
    ZONE,
    facts,
    firm,
    offer,
)

RULES = Rulebook(CATALOGUE)
CLOSE = Near(0.8, Asked("tech_need", "铣刀涂层寿命短"), "物理气相沉积硬质涂层")


def pair(one: Offer, near: Near | None = None, known: dict[str, Any] | None = None, **profile: Any) -> Pair:
    region = profile.pop("region", COUNTY)
    plain = profile.pop("plain", False)
    return Pair(one, Subject.of(firm("示例甲有限公司", region=region, **profile), facts(known)), near, NOW, plain)


def why(one: Pair) -> tuple[str, ...]:
    return reasons(one, judge(one.offer, one.subject, NOW, RULES), fit(one))


def value(one: Pair, name: str) -> float | None:
    part = fit(one).parts.get(name)
    return None if part is None else part.value


@pytest.mark.parametrize(
    ("details", "profile", "expected"),
    [
        ({"amount_min": "100", "amount_max": "500"}, {"finance_amount": Decimal(300)}, 1.0),
        ({"amount_min": "100", "amount_max": "500"}, {"finance_amount": Decimal(100)}, 1.0),
        ({"amount_min": "100", "amount_max": "500"}, {"finance_amount": Decimal(500)}, 1.0),
        (
            {"amount_min": "100", "amount_max": "500"},
            {"finance_amount": Decimal("500.01")},
            pytest.approx(0.4, abs=0.01),
        ),
        ({"amount_min": "100", "amount_max": "500"}, {"finance_amount": Decimal(50)}, 0.2),
        ({"amount_max": "500"}, {"finance_amount": Decimal(1)}, 1.0),
        ({"amount_min": "100", "amount_max": "500"}, {}, None),
        ({}, {"finance_amount": Decimal(300)}, None),
    ],
)
def test_the_amount_fits_inside_the_range_and_outside_it_weakly(
    details: dict[str, Any], profile: dict[str, Any], expected: float | None
) -> None:
    assert value(pair(offer("a", "financing", **details), **profile), "amount") == expected


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (300, "额度100-500万元，覆盖所需300万元"),
        (800, "所需800万元，超出最高额度500万元"),
        (50, "所需50万元，低于最低额度100万元"),
    ],
)
def test_an_amount_is_always_spoken_of(amount: int, text: str) -> None:
    one = offer("a", "financing", amount_min="100", amount_max="500", rate={"min": "3.6", "max": "3.6"})
    assert text in why(pair(one, finance_amount=Decimal(amount)))


@pytest.mark.parametrize(
    ("kind", "details", "profile", "name", "expected", "text"),
    [
        ("university", {"start_cost": "20"}, {"tech_budget": Decimal(30)}, "budget", 1.0,
         "起步经费20万元，在技术预算30万元以内"),
        ("university", {"start_cost": "60"}, {"tech_budget": Decimal(30)}, "budget", 0.5,
         "起步经费60万元，超出技术预算30万元"),
        ("university", {"start_cost": "20"}, {}, "budget", None, ""),
        ("university", {"trl": "9"}, {}, "trl", 1.0, "技术成熟度9级"),
        ("financing", {"term_max": "12"}, {"finance_term_months": 12}, "term", 1.0, "最长12个月，够所需的12个月"),
        ("financing", {"term_max": "12"}, {"finance_term_months": 24}, "term", 0.5, "最长12个月，短于所需的24个月"),
        ("financing", {"security": ["抵押", "设备"]}, {"collateral": ("房产抵押",)}, "security", 1.0,
         "接受抵押，企业可提供"),
        ("financing", {"rate": {"min": "3.2", "max": "4.1"}}, {}, "rate", pytest.approx(0.835), "年利率3.2-4.1%"),
        ("financing", {"rate": {"min": "3.65", "max": "3.65"}}, {}, "rate", pytest.approx(0.835), "年利率3.65%"),
        ("service", {"fee": "免费"}, {}, "cost", 1.0, "免费"),
        ("service", {"location": COUNTY}, {}, "distance", 1.0, "同在衡南县"),
        ("service", {"location": OTHER_COUNTY}, {}, "distance", 0.7, "同在衡阳市"),
        ("service", {"location": OTHER_CITY}, {}, "distance", 0.4, "同在湖南省"),
        ("service", {"location": "110000"}, {}, "distance", 0.1, ""),
        ("partner", {"certificates": ["ISO9001"]}, {}, "certificates", None, ""),
    ],
)  # fmt: skip
def test_components(
    kind: str, details: dict[str, Any], profile: dict[str, Any], name: str, expected: Any, text: str
) -> None:
    one = pair(offer("a", kind, **details), **profile)
    assert value(one, name) == expected
    if text:
        assert text in why(one)


def test_a_common_chain_is_named() -> None:
    one = offer("a", "partner", chain=("先进装备", "汽车零部件产业链"))
    shared = pair(one, known={"chain": ["汽车零部件"]})
    assert value(shared, "chain") == 1.0
    assert "同属汽车零部件产业链" in why(shared)
    assert value(pair(one, known={"chain": ["输变电"]}), "chain") == 0.0
    assert value(pair(one), "chain") is None


def test_an_event_is_told_with_its_time_in_the_services_zone() -> None:
    soon = offer("a", "event", starts_at=datetime(2026, 12, 5, 6, 30, tzinfo=ZONE).astimezone(ZONE))
    assert "2026年12月5日06:30开始" in why(pair(soon))
    late = offer("b", "event", starts_at=NOW + timedelta(days=100))
    assert (value(pair(soon), "soon") or 0) > (value(pair(late), "soon") or 0)


def test_the_last_day_of_registration_is_the_day_that_the_bureau_wrote() -> None:
    given = {"starts_at": datetime(2026, 12, 5, 14, 30, tzinfo=ZONE), "regions": (CITY,)}
    whole_day = offer("a", "event", closes_at=datetime(2026, 12, 4, tzinfo=ZONE), rule="发明专利 >= 1", **given)
    noon = offer("b", "event", closes_at=datetime(2026, 12, 3, 12, tzinfo=ZONE), rule="发明专利 >= 1", **given)
    assert "报名截至2026年12月3日" in why(pair(whole_day, region="云岭市"))
    assert "报名截至2026年12月3日12:00" in why(pair(noon, region="云岭市"))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (COUNTY, COUNTY, (1.0, COUNTY)),
        (COUNTY, CITY, (0.7, CITY)),
        (CITY, CITY, (0.7, CITY)),
        (COUNTY, OTHER_COUNTY, (0.7, CITY)),
        (COUNTY, OTHER_CITY, (0.4, "430000")),
        (COUNTY, "430000", (0.4, "430000")),
        (COUNTY, "110000", (0.1, None)),
        (COUNTY, NATION, (0.1, None)),
        (COUNTY, "云岭市", (0.1, None)),
        ("云岭市", "云岭市", (1.0, "云岭市")),
    ],
)
def test_nearness_of_places(one: str, other: str, expected: tuple[float, str | None]) -> None:
    assert nearness(one, other) == expected


def test_what_is_unknown_neither_punishes_nor_rewards() -> None:
    full = offer("a", "university", trl="5", start_cost="20")
    known = fit(pair(full, CLOSE, tech_budget=Decimal(30), region=COUNTY))
    assert known.parts.keys() >= {"text", "trl", "budget"}
    only_text = fit(pair(offer("b", "university", regions=()), CLOSE))
    assert only_text.parts.keys() == {"text"}
    assert only_text.score == 0.8  # the weights of the rest count for it
    assert fit(pair(offer("c", "university", regions=()))).score == NEUTRAL


def test_a_text_reason_quotes_both_sides() -> None:
    one = offer("a", "university", research="物理气相沉积硬质涂层")
    assert "技术需求“铣刀涂层寿命短”与研究方向“物理气相沉积硬质涂层”相近" in why(pair(one, CLOSE))


def test_far_texts_are_not_called_alike() -> None:
    one = offer("a", "university", research="物理气相沉积硬质涂层")
    assert not any("相近" in text for text in why(pair(one, replace(CLOSE, value=0.2))))


def test_long_texts_are_cut_and_stay_on_one_line() -> None:
    long = Near(0.9, Asked("tech_need", "涂层\n" * 200), "涂层")
    text = why(pair(offer("a", "university", research="涂层"), long))[0]
    assert "\n" not in text
    assert len(text) < 100


def test_entry_conditions_that_are_met_are_a_reason_and_open_ones_are_not() -> None:
    one = offer("a", "service", rule="资产负债率 <= 60; 发明专利 >= 1", services="涂层")
    met = why(pair(one, known={"debt_ratio": 48, "invention_patents": 2}))
    assert "符合准入条件：资产负债率不高于60%、发明专利1项以上（含）" in met
    half = why(pair(one, known={"debt_ratio": 48}))
    assert "已符合的条件：资产负债率不高于60%" in half


def test_two_or_three_reasons_always() -> None:
    for kind in ("university", "financing", "service", "event", "partner"):
        bare = offer("a", kind, starts_at=NOW + timedelta(days=3) if kind == "event" else None)
        assert 2 <= len(why(pair(bare))) <= 3


_NUMBERS = re.compile(r"\d+(?:\.\d+)?")
_amounts = st.decimals(1, 5000, places=2)


@given(_amounts, _amounts, _amounts, st.integers(1, 60), st.integers(1, 60), _amounts, _amounts)
def test_every_number_of_a_reason_is_the_offers_or_the_firms(
    low: Decimal, high: Decimal, wanted: Decimal, term: int, months: int, cost: Decimal, budget: Decimal
) -> None:
    low, high = sorted((low, high))
    financing = pair(
        offer("a", "financing", amount_min=str(low), amount_max=str(high), term_max=str(term)),
        finance_amount=wanted,
        finance_term_months=months,
    )
    university = pair(offer("b", "university", start_cost=str(cost)), tech_budget=budget)
    given_numbers = {low, high, wanted, Decimal(term), Decimal(months), cost, budget}
    for text in (*why(financing), *why(university)):
        assert {Decimal(found) for found in _NUMBERS.findall(text)} <= given_numbers


@given(_amounts, st.integers(1, 60), _amounts)
def test_a_provider_reads_none_of_the_firms_figures(wanted: Decimal, months: int, budget: Decimal) -> None:
    one = offer("a", "financing", amount_min="100", amount_max="500", term_max="12", rule="资产负债率 <= 60")
    seen = pair(one, known={"debt_ratio": 47}, finance_amount=wanted, finance_term_months=months, plain=True)
    other = offer("b", "university", start_cost="20")
    for text in (*why(seen), *why(pair(other, tech_budget=budget, plain=True))):
        assert {Decimal(found) for found in _NUMBERS.findall(text)} <= {100, 500, 12, 60, 20}


def test_a_provider_reads_what_a_firm_makes_and_seeks_but_not_what_it_wants_money_for() -> None:
    one = offer("a", "financing", uses=["流动资金"])
    near = Near(0.9, Asked("适用用途", "流动资金"), "流动资金周转，还供应商货款")
    hidden = pair(one, near, finance_use="流动资金周转，还供应商货款", plain=True)
    assert not any("货款" in text for text in why(hidden))
    shown = pair(one, replace(near, found="铣刀"), products="铣刀", plain=True)
    assert "主要产品“铣刀”与适用用途“流动资金”相近" in why(shown)


# --- order ---


def scored(offer_id: str, score: float, provider: str = "", published: date | None = None) -> Scored:
    one = offer(offer_id, "service", provider=provider or f"示例{offer_id}", published_on=published)
    return Scored(pair(one), Eligibility(Truth.MET), Fit(score, {}))


def order(*given_ones: Scored) -> list[str]:
    return [one.offer.id for _, one in ranked(given_ones)]


def test_the_better_comes_first_then_the_newer_then_the_id() -> None:
    day = date(2026, 11, 1)
    given_ones = [scored("c", 0.5), scored("b", 0.5), scored("a", 0.4), scored("d", 0.5, published=day)]
    assert order(*given_ones) == ["d", "b", "c", "a"] == order(*reversed(given_ones))


def test_a_third_offer_of_one_provider_waits_for_near_equal_ones_of_others_only() -> None:
    same = [scored(name, 0.5, "示例大学") for name in ("a", "b", "c", "d")]
    assert order(*same, scored("x", 0.485), scored("y", 0.47)) == ["a", "b", "x", "c", "d", "y"]


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from("甲乙丙")), max_size=14))
def test_ranking_keeps_all_and_changes_places_only_of_near_equal_ones(given_ones: list[tuple[int, str]]) -> None:
    ones = [scored(f"o{n:02}", value / 1000 + 0.4, name) for n, (value, name) in enumerate(given_ones)]
    found = ranked(ones)
    assert {one.offer.id for _, one in found} == {one.offer.id for one in ones}
    assert [score for score, _ in found] == sorted((score for score, _ in found), reverse=True)
    for n, (_, one) in enumerate(found):
        assert all(later.fit.score - one.fit.score <= SPREAD + 1e-9 for _, later in found[n:])
        assert round(one.fit.score, DIGITS) == round(one.fit.score, 9)


# --- texts ---


def test_a_text_of_several_needs_is_asked_in_pieces() -> None:
    profile = firm("示例", tech_need="铣刀涂层寿命短。废水处理成本高；想做机器视觉检测").profile
    assert [one.text for one in asked_of(profile, "university")] == [
        "铣刀涂层寿命短",
        "废水处理成本高",
        "想做机器视觉检测",
    ]


def test_each_kind_asks_with_its_own_texts() -> None:
    profile = firm(
        "示例", products="铣刀", tech_need="涂层", finance_use="买设备", supply_wish="配套", topics=("融资",)
    ).profile
    fields = {kind: {one.field for one in asked_of(profile, kind)} for kind in ("university", "financing", "partner")}
    assert fields == {"university": {"tech_need", "products"}, "financing": {"finance_use"},
                      "partner": {"products", "supply_wish"}}  # fmt: skip


def test_the_best_text_that_there_is_counts_fully() -> None:
    assert [one.weight for one in asked_of(firm("示例", products="铣刀").profile, "university")] == [1.0]
    both = asked_of(firm("示例", products="铣刀", tech_need="涂层").profile, "university")
    assert {one.field: one.weight for one in both} == {"tech_need": 1.0, "products": 0.5}


@given(st.floats(-1, 1), st.floats(0, 1))
def test_closeness_is_absolute_and_between_0_and_1(cosine: float, coverage: float) -> None:
    assert 0 <= closeness(cosine, coverage) <= 1
    assert closeness(cosine, coverage) <= closeness(min(1, cosine + 0.05), coverage)
    assert closeness(None, coverage) <= closeness(None, min(1, coverage + 0.1))


def test_keywords_alone_find_the_line_that_shares_most() -> None:
    value_, line = by_keywords("物理气相沉积涂层", "刀具团队\n物理气相沉积硬质涂层\n委托开发")
    assert value_ > 0.9
    assert line == "物理气相沉积硬质涂层"
    assert by_keywords("，。", "涂层") == (0.0, "")


def test_what_does_not_fit_is_said_after_what_does() -> None:
    one = pair(
        offer("a", "university", research="物理气相沉积硬质涂层", start_cost="60"), CLOSE, tech_budget=Decimal(30)
    )
    assert "相近" in why(one)[0]
    assert why(one)[1] == "起步经费60万元，超出技术预算30万元"
