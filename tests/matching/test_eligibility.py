"""Who may have an offer: each hard rule in three values, at its boundary, and that an unknown never decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.truth import Truth
from firms.facts import Facts, Names
from firms.rule_reading import parse
from firms.store import Profile
from matching.eligibility import (
    Eligibility,
    Rulebook,
    Subject,
    canonical,
    certificate_is,
    filled,
    judge,
    needed_facts,
)
from matching.offer import Offer
from tests.matching.market import (
    CATALOGUE,
    CITY,
    COUNTY,
    NATION,
    NOW,
    OTHER_CITY,
    OTHER_COUNTY,
    PROVINCE,
    ZONE,
    facts,
    firm,
    offer,
)

RULES = Rulebook(CATALOGUE)
MET, NOT, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN


def subject(known: dict[str, Any] | Facts | None = None, *, region: str = COUNTY, **profile: Any) -> Subject:
    held = known if isinstance(known, Facts) else facts(known)
    return Subject.of(firm("示例甲有限公司", region=region, credit_code="91000099MA00000206", **profile), held)


def judged(one: Offer, known: dict[str, Any] | Facts | None = None, **given: Any) -> Eligibility:
    return judge(one, subject(known, **given), NOW, RULES)


def asks(found: Eligibility) -> list[tuple[str, str, str]]:
    return [(check.fact, check.condition, check.ask) for check in found.to_check]


# --- whether it is to be had at all ---


@pytest.mark.parametrize(
    ("given", "open_"),
    [
        ({}, True),
        ({"valid_until": date(2026, 11, 24)}, True),  # the last day counts
        ({"valid_until": date(2026, 11, 23)}, False),
        ({"capacity": 3, "taken": 2}, True),
        ({"capacity": 3, "taken": 3}, False),
        ({"capacity": 0}, False),
        ({"state": "withdrawn"}, False),
        ({"starts_at": NOW + timedelta(hours=1)}, True),
        ({"starts_at": NOW}, False),
        ({"starts_at": NOW + timedelta(days=9), "closes_at": NOW + timedelta(seconds=1)}, True),
        ({"starts_at": NOW + timedelta(days=9), "closes_at": NOW}, False),
        ({"starts_at": NOW + timedelta(days=9), "capacity": 5, "taken": 5, "waitlist": True}, False),
    ],
)
def test_what_is_over_full_or_withdrawn_is_for_nobody(given: dict[str, Any], open_: bool) -> None:
    found = judged(offer("a", "event", **given))
    assert (found.verdict is MET) == open_
    assert not found.is_near_miss


@pytest.mark.parametrize(
    ("given", "own"),
    [
        ({"provider_credit_code": "91000099MA00000206"}, True),
        ({"provider_credit_code": " 91000099ma0000 0206"}, True),
        ({"provider": "示例 甲有限公司"}, True),
        ({"provider": "示例甲有限公司（分部）"}, False),
        ({"provider_credit_code": "91000099MA00000214"}, False),
    ],
)
def test_a_firm_is_never_matched_with_its_own_offer(given: dict[str, Any], own: bool) -> None:
    found = judged(offer("a", "partner", **given))
    assert (found.verdict is NOT) == own
    assert not found.is_near_miss


@pytest.mark.parametrize(
    ("served", "region", "verdict"),
    [
        ((NATION,), COUNTY, MET),
        ((PROVINCE,), COUNTY, MET),
        ((CITY,), COUNTY, MET),
        ((COUNTY,), COUNTY, MET),
        ((OTHER_COUNTY,), COUNTY, NOT),
        ((OTHER_COUNTY, COUNTY), COUNTY, MET),
        ((OTHER_CITY,), COUNTY, NOT),
        ((COUNTY,), CITY, UNKNOWN),  # somewhere in the city: perhaps in the county
        ((CITY,), "云岭市", NOT),
        (("云岭市",), "云岭市", MET),
        (("云岭市",), COUNTY, NOT),
        ((NATION,), "云岭市", MET),
    ],
)
def test_an_offer_is_for_firms_inside_its_regions(served: tuple[str, ...], region: str, verdict: Truth) -> None:
    found = judged(offer("a", "service", regions=served), region=region)
    assert found.verdict is verdict
    assert not found.is_near_miss
    assert [check.fact for check in found.to_check] == (["region"] if verdict is UNKNOWN else [])


# --- entry conditions ---

RULE = "资产负债率 <= 60; 主营业务收入 >= 1000"


@pytest.mark.parametrize(
    ("rule", "known", "verdict", "to_check"),
    [
        (RULE, {"debt_ratio": 60, "revenue_main": 1000}, MET, []),
        (RULE, {"debt_ratio": 60.01, "revenue_main": 1000}, NOT, []),
        (RULE, {"debt_ratio": 60, "revenue_main": 999.99}, NOT, []),
        (RULE, {"debt_ratio": 48}, UNKNOWN, ["revenue_main >= 1000"]),
        (RULE, {}, UNKNOWN, ["debt_ratio <= 60", "revenue_main >= 1000"]),
        (RULE, {"debt_ratio": 70}, NOT, ["revenue_main >= 1000"]),
        (RULE, {"debt_ratio": {"min": 55, "max": 65}, "revenue_main": 2000}, UNKNOWN, ["debt_ratio <= 60"]),
        (RULE, {"debt_ratio": {"min": 55, "max": 60}, "revenue_main": 2000}, MET, []),
        ("发明专利 >= 1 or 软件著作权 >= 3", {"invention_patents": 0, "software_copyrights": 3}, MET, []),
        ("发明专利 >= 1 or 软件著作权 >= 3", {"invention_patents": 0, "software_copyrights": 2}, NOT, []),
        (
            "发明专利 >= 1 or 软件著作权 >= 3",
            {"invention_patents": 0},
            UNKNOWN,
            ["invention_patents >= 1 or software_copyrights >= 3"],
        ),
        ("行业代码 in C34、C35", {"industry": "C3421"}, MET, []),
        ("行业代码 in C34、C35", {"industry": "I65"}, NOT, []),
        ("行业代码 in C34、C35", {}, UNKNOWN, ["industry in C34、C35"]),
        ("所在地 in 衡南县", {}, MET, []),  # the firm's region counts, stated as a fact or not
        ("证书 has ISO9001", {"certificates": []}, NOT, []),
        ("是否失信 = 否", {"dishonest_listed": False}, MET, []),
        ("是否失信 = 否", {}, UNKNOWN, ["dishonest_listed = 否"]),
        ("", {}, MET, []),
    ],
)
def test_entry_conditions_in_three_values(
    rule: str, known: dict[str, Any], verdict: Truth, to_check: list[str]
) -> None:
    found = judged(offer("a", "service", rule=rule or None), known)
    assert found.verdict is verdict
    assert [check.condition for check in found.to_check] == to_check


def test_what_to_check_names_the_fact_the_condition_and_the_question() -> None:
    found = judged(offer("a", "financing", rule=RULE))
    assert asks(found) == [
        ("debt_ratio", "debt_ratio <= 60", "上年末资产负债率是多少？"),
        ("revenue_main", "revenue_main >= 1000", "2025年主营业务收入是多少万元？"),
    ]


def test_a_derived_figure_asks_for_the_facts_that_are_missing_for_it() -> None:
    found = judged(offer("a", "service", rule="研发占比 >= 3"), {"revenue_main": 1000})
    assert asks(found) == [("rnd_spend", "rnd_ratio >= 3", "2025年研发费用是多少万元？")]


def test_a_figure_that_has_no_value_is_to_be_checked_not_passed() -> None:
    found = judged(offer("a", "service", rule="研发占比 >= 3"), {"revenue_main": 0, "rnd_spend": 0})
    assert found.verdict is UNKNOWN
    assert [check.fact for check in found.to_check] == ["rnd_ratio"]


def test_a_rule_that_cannot_be_read_any_more_lets_nobody_pass() -> None:
    found = judged(offer("a", "service", rule="没有这个指标 >= 3"), {"revenue_main": 1})
    assert found.verdict is NOT
    assert not found.is_near_miss


@pytest.mark.parametrize(
    "rule",
    [
        "debt_ratio <= 60", "revenue_main[-1] >= 1000.5", "主营业务收入 > 1亿", "region in 衡阳市、长沙市",
        "所在地 = 云岭市", "industry in C34、I65", "企业规模 in 小型、微型", "certificates has IATF16949、ISO9001",
        "是否失信 = 否", "成立日期 <= 2020-01-31", "成立日期 <= today - 3y",
        "founded_on < year_start - 2y", "研发占比 >= 3",
        "发明专利 >= 1 or 软件著作权 >= 3", "企业类型 = limited_company", "last_major_incident_on = none",
    ],
)  # fmt: skip
def test_a_condition_is_shown_in_words_that_read_back_as_the_same_rule(rule: str) -> None:
    read = parse(rule, CATALOGUE)
    assert _bare(parse(canonical(read, CATALOGUE), CATALOGUE)) == _bare(read)


def _bare(rule: Any) -> Any:
    return replace(rule, text="") if hasattr(rule, "text") else replace(rule, parts=tuple(map(_bare, rule.parts)))


# --- certificates, security, white lists ---


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        ({"certificates": ["ISO9001", "IATF16949"]}, MET),
        ({"certificates": ["iso 9001:2015", "IATF 16949"]}, MET),
        ({"certificates": ["ISO9001"]}, NOT),
        ({"certificates": []}, NOT),
        ({"certificates": {"ISO9001": "2026-11-23", "IATF16949": None}}, NOT),
        ({"certificates": {"ISO9001": "2026-11-24", "IATF16949": None}}, MET),
        ({}, UNKNOWN),
    ],
)
def test_all_certificates_are_needed(known: dict[str, Any], verdict: Truth) -> None:
    found = judged(offer("a", "partner", certificates=["ISO9001", "IATF16949"]), known)
    assert found.verdict is verdict
    if verdict is UNKNOWN:
        assert asks(found) == [("certificates", "certificates has ISO9001、IATF16949", "有哪些体系或产品认证证书？")]


def test_only_lacking_certificates_are_named() -> None:
    found = judged(offer("a", "partner", certificates=["ISO9001", "IATF16949"]), {"certificates": ["ISO9001"]})
    assert [one.text for one in found.violations] == ["缺少证书：IATF16949"]
    assert found.is_near_miss


@pytest.mark.parametrize(
    ("wanted", "held", "value"),
    [
        ("ISO9001", "ISO9001:2015", MET),
        ("ISO9001:2015", "ISO9001:2015", MET),
        ("ISO9001:2015", "ISO9001:2008", NOT),
        ("ISO9001:2015", "ISO9001", UNKNOWN),
        ("ISO9001", "ISO90012", NOT),
        ("ISO14001", "ISO9001", NOT),
    ],
)
def test_the_edition_of_a_standard_counts_where_it_is_asked_for(wanted: str, held: str, value: Truth) -> None:
    assert certificate_is(wanted, held) is value


@pytest.mark.parametrize(
    ("security", "collateral", "verdict"),
    [
        (["信用"], ("信用",), MET),
        (["抵押", "设备"], ("设备",), MET),
        (["抵押"], ("房产抵押",), MET),
        (["抵押"], ("信用",), NOT),
        (["抵押"], (), UNKNOWN),
        ([], ("信用",), MET),
    ],
)
def test_one_of_the_securities_must_be_available(
    security: list[str], collateral: tuple[str, ...], verdict: Truth
) -> None:
    found = judged(offer("a", "financing", security=security), collateral=collateral)
    assert found.verdict is verdict
    if verdict is UNKNOWN:
        assert asks(found) == [("collateral", "collateral in 抵押", "可以提供哪种担保？该产品接受：抵押。")]


def test_a_white_list_is_the_banks_to_check() -> None:
    found = judged(offer("a", "financing", whitelist_only=True))
    assert found.verdict is UNKNOWN
    assert [(check.fact, check.ask) for check in found.to_check] == [
        ("whitelist", "该产品仅限白名单企业，需银行确认是否在白名单内。")
    ]


# --- near misses ---


def test_what_is_missing_says_the_bound_the_figure_and_the_gap() -> None:
    found = judged(
        offer("a", "service", rule="研发占比 >= 3; 资产负债率 <= 60"),
        {"rnd_spend": 21, "revenue_main": 1000, "debt_ratio": 65},
    )
    assert [one.text for one in found.violations] == [
        "要求研发占比3%以上（含），现为2.1%，还差0.9个百分点",
        "要求资产负债率不高于60%，现为65%，高出5个百分点",
    ]
    assert found.is_near_miss


def test_three_missing_conditions_are_no_near_miss() -> None:
    rule = "研发占比 >= 3; 资产负债率 <= 60; 发明专利 >= 1"
    known = {"rnd_spend": 21, "revenue_main": 1000, "debt_ratio": 65, "invention_patents": 0}
    assert not judged(offer("a", "service", rule=rule), known).is_near_miss


def test_outside_the_region_is_no_near_miss() -> None:
    found = judged(offer("a", "service", rule="资产负债率 <= 60", regions=(OTHER_COUNTY,)), {"debt_ratio": 65})
    assert found.verdict is NOT
    assert not found.is_near_miss


def test_of_alternatives_all_are_named() -> None:
    known = {"invention_patents": 0, "software_copyrights": 1}
    found = judged(offer("a", "service", rule="发明专利 >= 1 or 软件著作权 >= 3"), known)
    assert [one.text for one in found.violations] == [
        "以下至少满足一项：要求发明专利1项以上（含），现为0项，还差1项；或要求软件著作权3项以上（含），现为1项，还差2项"
    ]


# --- no unknown decides ---

_FACTS = {
    "debt_ratio": st.integers(0, 100),
    "revenue_main": st.integers(0, 3000),
    "rnd_spend": st.integers(0, 100),
    "invention_patents": st.integers(0, 3),
    "software_copyrights": st.integers(0, 4),
    "certificates": st.lists(st.sampled_from(["ISO9001", "ISO14001", "IATF16949"]), unique=True),
    "dishonest_listed": st.booleans(),
}
_CONDITIONS = ["debt_ratio <= 60", "revenue_main >= 1000", "rnd_ratio >= 3", "dishonest_listed = 否",
               "invention_patents >= 1 or software_copyrights >= 3", "certificates has ISO9001"]  # fmt: skip


@given(
    st.fixed_dictionaries({}, optional=_FACTS),
    st.fixed_dictionaries({}, optional=_FACTS),
    st.lists(st.sampled_from(_CONDITIONS), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(["ISO9001", "ISO14001"]), unique=True),
)
def test_learning_what_is_unknown_never_lets_in_what_is_refused_and_never_refuses_what_is_met(
    known: dict[str, Any], learned: dict[str, Any], conditions: list[str], certificates: list[str]
) -> None:
    one = offer("a", "partner", rule="; ".join(conditions), certificates=certificates)
    before, after = judged(one, known), judged(one, {**learned, **known})
    if before.verdict is not UNKNOWN:
        assert after.verdict is before.verdict
    else:
        assert before.to_check
    assert (before.verdict is NOT) == bool(before.violations)


def test_the_self_check_fills_what_is_unknown_and_changes_nothing_that_is_known() -> None:
    stored = facts({"debt_ratio": 48, "revenue_main": {"2025": 2600}})
    merged = filled(stored, facts({"debt_ratio": 70, "revenue_main": 1, "employees": 30}), CATALOGUE, 2025)
    one = offer("a", "service", rule="资产负债率 <= 60; 主营业务收入 >= 1000; 从业人数 >= 30")
    assert judged(one, merged).verdict is MET
    assert judged(one, stored).verdict is UNKNOWN


def test_the_facts_that_rules_need_are_all_that_decide() -> None:
    rules = ["debt_ratio <= 60", "研发占比 >= 3", "经营年限 >= 3", None]
    known = facts(
        {"total_assets": 100, "total_liabilities": 50, "rnd_spend": 30, "revenue_main": 900, "founded_on": "2020-01-01",
         "employees": 3}
    )  # fmt: skip
    names = needed_facts(rules, RULES)
    kept = Facts({key: value for key, value in known.values.items() if key[0] in names})
    assert "employees" not in names
    for rule in rules:
        one = offer("a", "service", rule=rule)
        assert judged(one, kept) == judged(one, known)


def test_a_need_without_a_firm_is_judged_by_its_region() -> None:
    somebody = Subject(None, facts(), CITY, Profile(tech_need="涂层"))
    assert judge(offer("a", "service", regions=(PROVINCE,)), somebody, NOW, RULES).verdict is MET
    assert judge(offer("a", "service", regions=(OTHER_CITY,)), somebody, NOW, RULES).verdict is NOT
    nowhere = replace(somebody, region=None)
    assert judge(offer("a", "service", regions=(PROVINCE,)), nowhere, NOW, RULES).verdict is UNKNOWN


def test_an_expired_certificate_is_judged_on_the_services_own_day() -> None:
    late = datetime(2026, 11, 25, 0, 30, tzinfo=ZONE)
    held = facts({"certificates": {"ISO9001": "2026-11-24"}})
    assert isinstance(held.at("certificates", None, 2025), Names)
    one = offer("a", "partner", certificates=["ISO9001"])
    assert judge(one, subject(held), NOW, RULES).verdict is MET
    assert judge(one, subject(held), late, RULES).verdict is NOT
