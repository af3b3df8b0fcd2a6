"""Every boundary of section four, as a table: facts, condition, verdict. And the ladder's figures."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assessment.evaluation import Assessment, assess
from assessment.schemes import Schemes
from core.errors import BadInput
from firms.catalogue import catalogue
from firms.facts import read_facts
from tests.assessment.cases import AS_OF, firm

CATALOGUE = catalogue()
SCHEMES = Schemes.load(CATALOGUE)
LOCAL, SME, GIANT = "hengyang-little-giant-2021", "national-srdi-sme-2026", "national-little-giant-2026"
MET, NOT, UNKNOWN = "met", "not_met", "unknown"


def evaluate(facts: dict[str, Any], as_of: date = AS_OF, scheme: str = LOCAL) -> Assessment:
    return assess(SCHEMES.get(scheme), read_facts(facts, CATALOGUE), as_of, CATALOGUE)


def verdict(condition: str, as_of: date = AS_OF, scheme: str = LOCAL, **changes: Any) -> str:
    result = evaluate(firm(**changes), as_of, scheme)
    found = {c.id: c for c in (*result.conditions, *result.priority)}
    return found[condition].verdict.value


TWO = {"min": 2, "max": 2}
BOUNDARIES: list[tuple[str, dict[str, Any], str]] = [
    # 1a: registered in the city
    ("1a", {"region": "耒阳市"}, MET),
    ("1a", {"region": "430481"}, MET),
    ("1a", {"region": "衡阳市"}, MET),
    ("1a", {"region": "430400"}, MET),
    ("1a", {"region": "珠晖区"}, MET),
    ("1a", {"region": "雁峰区"}, MET),
    ("1a", {"region": "石鼓区"}, MET),
    ("1a", {"region": "蒸湘区"}, MET),
    ("1a", {"region": "南岳区"}, MET),
    ("1a", {"region": "衡阳县"}, MET),
    ("1a", {"region": "衡南县"}, MET),
    ("1a", {"region": "衡山县"}, MET),
    ("1a", {"region": "衡东县"}, MET),
    ("1a", {"region": "祁东县"}, MET),
    ("1a", {"region": "常宁市"}, MET),
    ("1a", {"region": "松木经开区"}, MET),
    ("1a", {"region": "衡阳高新区"}, MET),
    ("1a", {"region": "衡阳综合保税区"}, MET),
    ("1a", {"region": "长沙市"}, NOT),
    ("1a", {"region": "430100"}, NOT),
    ("1a", {"region": "广东省"}, NOT),
    ("1a", {"region": "青溪市"}, NOT),
    ("1a", {"region": "湖南省"}, UNKNOWN),
    ("1a", {"region": "全国"}, UNKNOWN),
    ("1a", {"region": "假县"}, UNKNOWN),
    ("1a", {"region": None}, UNKNOWN),
    # 1b: an independent legal person
    ("1b", {"legal_form": "limited_company"}, MET),
    ("1b", {"legal_form": "joint_stock_company"}, MET),
    ("1b", {"legal_form": "cooperative"}, MET),
    ("1b", {"legal_form": "branch"}, NOT),
    ("1b", {"legal_form": "individual_business"}, NOT),
    ("1b", {"legal_form": "partnership"}, NOT),
    ("1b", {"legal_form": "sole_proprietorship"}, NOT),
    ("1b", {"legal_form": "other"}, UNKNOWN),
    ("1b", {"legal_form": None}, UNKNOWN),
    # 1c: a year in operation
    ("1c", {"founded_on": "2025-11-24"}, MET),
    ("1c", {"founded_on": "2025-11-25"}, NOT),
    ("1c", {"founded_on": "2025-11"}, UNKNOWN),
    ("1c", {"founded_on": "2025-10"}, MET),
    ("1c", {"founded_on": "2025-12"}, NOT),
    ("1c", {"founded_on": "2025"}, UNKNOWN),
    ("1c", {"founded_on": "2024"}, MET),
    ("1c", {"founded_on": 2024}, MET),
    ("1c", {"founded_on": "2026"}, NOT),
    ("1c", {"founded_on": None}, UNKNOWN),
    # 1d: small or medium
    ("1d", {"employees": 1000, "revenue_total": 40000}, NOT),
    ("1d", {"employees": 999, "revenue_total": 40000}, MET),
    ("1d", {"employees": 1000, "revenue_total": 39999.99}, MET),
    ("1d", {"employees": 999, "revenue_total": None}, MET),
    ("1d", {"employees": None, "revenue_total": 39999}, MET),
    ("1d", {"employees": 1000, "revenue_total": None}, UNKNOWN),
    ("1d", {"employees": None, "revenue_total": 40000}, UNKNOWN),
    ("1d", {"employees": None, "revenue_total": None}, UNKNOWN),
    ("1d", {"industry": None}, UNKNOWN),
    ("1d", {"industry": "J66"}, UNKNOWN),
    ("1d", {"industry": "P83"}, UNKNOWN),
    ("1d", {"industry": "Q84"}, UNKNOWN),
    ("1d", {"industry": "S91"}, UNKNOWN),
    ("1d", {"industry": "T97"}, UNKNOWN),
    ("1d", {"industry": "K704"}, UNKNOWN),
    ("1d", {"industry": "G53"}, UNKNOWN),
    # 2a: main revenue
    ("2a", {"revenue_main": {"2025": 2000}}, MET),
    ("2a", {"revenue_main": {"2025": 1999.99}}, NOT),
    ("2a", {"revenue_main": 2000}, MET),
    ("2a", {"revenue_main": {"2024": 9999}}, UNKNOWN),
    ("2a", {"revenue_main": {"2025": {"min": 1900, "max": 2000}}}, UNKNOWN),
    ("2a", {"revenue_main": {"2025": {"min": 2000, "max": 2100}}}, MET),
    ("2a", {"revenue_main": {"2025": {"min": 2000}}, "revenue_total": None}, MET),
    ("2a", {"revenue_main": {"2025": {"above": 1999}}, "revenue_total": None}, UNKNOWN),
    ("2a", {"revenue_main": {"2025": {"below": 2000}}}, NOT),
    ("2a", {"revenue_main": {"2025": {"max": 2000}}}, UNKNOWN),
    ("2a", {"industry": "C", "revenue_main": 2000}, MET),
    ("2a", {"industry": "C3421", "revenue_main": 1999}, NOT),
    ("2a", {"industry": "I65", "revenue_main": 1000}, MET),
    ("2a", {"industry": "I65", "revenue_main": 999.99}, NOT),
    ("2a", {"industry": "I651", "revenue_main": 1000}, MET),
    ("2a", {"industry": "I64", "revenue_main": 99999, "revenue_total": 99999}, UNKNOWN),
    ("2a", {"industry": "I", "revenue_main": 99999, "revenue_total": 99999}, UNKNOWN),
    ("2a", {"industry": "F51", "revenue_main": 2200}, UNKNOWN),
    ("2a", {"industry": None, "revenue_main": 2400}, UNKNOWN),
    ("2a", {"industry": None, "revenue_main": 10}, UNKNOWN),
    # 2b: growth over two years
    ("2b", {"revenue_main": {"2025": 2420, "2024": 2200, "2023": 2000}}, MET),
    ("2b", {"revenue_main": {"2025": 2419.99, "2024": 2200, "2023": 2000}}, NOT),
    ("2b", {"industry": "I65", "revenue_main": {"2025": 1322.5, "2024": 1150, "2023": 1000}}, MET),
    ("2b", {"industry": "I65", "revenue_main": {"2025": 1322.49, "2024": 1150, "2023": 1000}}, NOT),
    ("2b", {"revenue_main": {"2025": 1200, "2024": 1300, "2023": 1000}}, UNKNOWN),
    ("2b", {"revenue_main": {"2025": 2000, "2024": 1800, "2023": 0}}, UNKNOWN),
    ("2b", {"revenue_main": {"2025": 2000, "2024": 1800}}, UNKNOWN),
    ("2b", {"revenue_main": {"2025": 2400, "2023": 1000}}, UNKNOWN),
    ("2b", {"industry": "F52"}, UNKNOWN),
    # 2c: debts
    ("2c", {"total_assets": 10000, "total_liabilities": 7000}, MET),
    ("2c", {"total_assets": 10000, "total_liabilities": 7000.4}, NOT),
    ("2c", {"total_assets": 0, "total_liabilities": 10}, UNKNOWN),
    ("2c", {"total_assets": None}, UNKNOWN),
    ("2c", {"total_assets": None, "total_liabilities": None, "debt_ratio": 70}, MET),
    ("2c", {"total_assets": None, "total_liabilities": None, "debt_ratio": 69.99999}, MET),
    ("2c", {"total_assets": None, "total_liabilities": None, "debt_ratio": 70.01}, NOT),
    ("2c", {"total_assets": None, "total_liabilities": None, "debt_ratio": 120}, NOT),
    ("2c", {"total_assets": None, "total_liabilities": None, "debt_ratio": {"min": 69, "max": 71}}, UNKNOWN),
    ("2c", {"total_assets": 10000, "total_liabilities": 4812, "debt_ratio": 48}, MET),
    ("2c", {"total_assets": 10000, "total_liabilities": 4850, "debt_ratio": 48}, UNKNOWN),
    ("2c", {"total_assets": 10000, "total_liabilities": 4849, "debt_ratio": 48}, MET),
    ("2c", {"total_assets": 10000, "total_liabilities": 4812, "debt_ratio": 48.1}, MET),
    ("2c", {"total_assets": 10000, "total_liabilities": 4812, "debt_ratio": 48.2}, UNKNOWN),
    ("2c", {"total_assets": 10000, "total_liabilities": 6000, "debt_ratio": 48}, UNKNOWN),
    ("2c", {"total_assets": 10000, "total_liabilities": 7000.4, "debt_ratio": 70}, NOT),
    # 3: the niche, its market, the main business
    ("3a", {"niche_focus": False}, NOT),
    ("3a", {"niche_focus": None}, UNKNOWN),
    ("3b", {"leading_share": True}, MET),
    ("3b", {"leading_share": False, "supplies_known_firm": True, "main_supplier": True}, MET),
    ("3b", {"leading_share": False, "supplies_known_firm": True, "main_supplier": None}, UNKNOWN),
    ("3b", {"leading_share": False, "supplies_known_firm": True, "main_supplier": False}, NOT),
    ("3b", {"leading_share": False, "supplies_known_firm": False, "main_supplier": None}, NOT),
    ("3b", {"leading_share": None, "supplies_known_firm": False, "main_supplier": None}, UNKNOWN),
    ("3c", {"revenue_main": 1500, "revenue_total": 2500}, MET),
    ("3c", {"revenue_main": 1499.99, "revenue_total": 2500}, NOT),
    ("3c", {"revenue_main": 2500, "revenue_total": 2500}, MET),
    ("3c", {"revenue_main": 0, "revenue_total": 0}, UNKNOWN),
    ("3c", {"revenue_total": None}, UNKNOWN),
    # 4: rights and research
    ("4a", {"invention_patents": 1}, MET),
    ("4a", {"invention_patents": 0, "ic_layouts": 1}, MET),
    ("4a", {"invention_patents": 0, "utility_models": 1, "design_patents": 1, "software_copyrights": 1}, MET),
    ("4a", {"invention_patents": 0, "utility_models": 2, "design_patents": 0, "software_copyrights": 0}, NOT),
    ("4a", {"invention_patents": 0, "utility_models": 2, "design_patents": 0, "software_copyrights": None}, UNKNOWN),
    ("4a", {"invention_patents": 0, "utility_models": 3, "design_patents": None, "software_copyrights": None}, MET),
    ("4a", {"invention_patents": None, "utility_models": 0}, UNKNOWN),
    ("4a", {"invention_patents": None, "ic_layouts": None, "utility_models": 3}, MET),
    ("4a", {"invention_patents": {"min": 1, "max": 3}}, MET),
    ("4b", {"rnd_spend": {"2025": 72.6, "2024": 66}}, MET),
    ("4b", {"rnd_spend": {"2025": 72.59, "2024": 65.99}}, NOT),
    ("4b", {"rnd_spend": {"2025": 200, "2024": 0}}, UNKNOWN),
    ("4b", {"rnd_spend": {"2025": 200}}, UNKNOWN),
    ("4b", {"rnd_spend": {"2025": 0, "2024": 0}}, NOT),
    ("4b", {"rnd_spend": {"2025": 10, "2024": 10}, "revenue_main": {"2025": 0, "2024": 0}}, UNKNOWN),
    # 5: brand and the rest
    ("5a", {"own_brand": False}, NOT),
    ("5b", {"quality_recognised": None}, UNKNOWN),
    ("5c", {"certified": False}, NOT),
    ("5d", {"management_sound": False}, NOT),
    ("5e", {"digital_upgrading": None}, UNKNOWN),
    # 6: accidents and violations
    ("6a", {"last_major_incident_on": "none"}, MET),
    ("6a", {"last_major_incident_on": "2022-12-31", "incident_grade": "major"}, MET),
    ("6a", {"last_major_incident_on": "2023-01-01", "incident_grade": "major"}, UNKNOWN),
    ("6a", {"last_major_incident_on": "2023-11-23", "incident_grade": "major"}, UNKNOWN),
    ("6a", {"last_major_incident_on": "2023-11-24", "incident_grade": "major"}, NOT),
    ("6a", {"last_major_incident_on": "2026-11-24", "incident_grade": "major"}, NOT),
    ("6a", {"last_major_incident_on": "2024-05", "incident_grade": "major"}, NOT),
    ("6a", {"last_major_incident_on": "2025-01-01", "incident_grade": "larger"}, UNKNOWN),
    ("6a", {"last_major_incident_on": "2025-01-01", "incident_grade": "ordinary"}, UNKNOWN),
    ("6a", {"last_major_incident_on": "2025-01-01", "incident_grade": None}, UNKNOWN),
    ("6a", {"last_major_incident_on": "2022-12-31", "incident_grade": "ordinary"}, MET),
    ("6a", {"last_major_incident_on": "2022-12", "incident_grade": None}, MET),
    ("6a", {"last_major_incident_on": "2022", "incident_grade": "major"}, MET),
    ("6a", {"last_major_incident_on": "2023", "incident_grade": "major"}, UNKNOWN),
    ("6a", {"last_major_incident_on": None, "incident_grade": "major"}, UNKNOWN),
    ("6b", {"serious_violation": True}, NOT),
    ("6b", {"dishonest_listed": True}, NOT),
    ("6b", {"dishonest_listed": None}, UNKNOWN),
    ("6b", {"dishonest_listed": True, "serious_violation": None}, NOT),
    # priority
    ("P1", {"chain_backbone": True}, MET),
    ("P1", {"chain_backbone": None}, UNKNOWN),
    ("P2", {"cloud_core_businesses": 2, "cloud_results_good": True}, MET),
    ("P2", {"cloud_core_businesses": 1, "cloud_results_good": True}, NOT),
    ("P2", {"cloud_core_businesses": 4, "cloud_results_good": None}, UNKNOWN),
    ("P2", {"cloud_core_businesses": 4, "cloud_results_good": False}, NOT),
    ("P3", {"listing_reserve": "municipal"}, MET),
    ("P3", {"listing_reserve": "national"}, MET),
    ("P3", {"listing_reserve": "county"}, NOT),
    ("P3", {"listing_reserve": "none"}, NOT),
    ("P4", {"honours": "municipal"}, MET),
    ("P4", {"honours": "county"}, NOT),
    ("P4", {"honours": None}, UNKNOWN),
]


@pytest.mark.parametrize(("condition", "changes", "expected"), BOUNDARIES)
def test_boundary(condition: str, changes: dict[str, Any], expected: str) -> None:
    assert verdict(condition, **changes) == expected


def test_the_good_firm_meets_everything() -> None:
    result = evaluate(firm())
    assert result.verdict.value == MET
    assert result.next_question is None
    assert result.size_class == "small"
    assert [c.verdict.value for c in result.priority] == [NOT, MET, NOT, MET]


@pytest.mark.parametrize(
    ("founded", "as_of", "expected"),
    [
        ("2024-02-29", date(2025, 2, 27), NOT),
        ("2024-02-29", date(2025, 2, 28), MET),
        ("2025-02-28", date(2026, 2, 28), MET),
        ("2025-11", date(2026, 11, 30), MET),
        ("2025-11", date(2026, 11, 29), UNKNOWN),
    ],
)
def test_a_year_is_counted_by_the_calendar(founded: str, as_of: date, expected: str) -> None:
    assert verdict("1c", as_of, founded_on=founded) == expected


@pytest.mark.parametrize(
    ("industry", "facts", "size"),
    [
        ("A01", {"revenue_total": 20000}, "large"), ("A01", {"revenue_total": 19999}, "medium"),
        ("A01", {"revenue_total": 500}, "medium"), ("A01", {"revenue_total": 499}, "small"),
        ("A01", {"revenue_total": 50}, "small"), ("A01", {"revenue_total": 49.99}, "micro"),
        ("C34", {"employees": 1000, "revenue_total": 40000}, "large"),
        ("B06", {"employees": 1000, "revenue_total": 39999}, "medium"),
        ("D44", {"employees": 300, "revenue_total": 2000}, "medium"),
        ("C34", {"employees": 299, "revenue_total": 99999}, "small"),
        ("C34", {"employees": 20, "revenue_total": 300}, "small"),
        ("C34", {"employees": 19, "revenue_total": 99999}, "micro"),
        ("E47", {"revenue_total": 80000, "total_assets": 80000}, "large"),
        ("E47", {"revenue_total": 80000, "total_assets": 79999}, "medium"),
        ("E47", {"revenue_total": 6000, "total_assets": 5000}, "medium"),
        ("E47", {"revenue_total": 300, "total_assets": 299}, "micro"),
        ("F51", {"employees": 200, "revenue_total": 40000}, "large"),
        ("F51", {"employees": 20, "revenue_total": 5000}, "medium"),
        ("F51", {"employees": 5, "revenue_total": 1000}, "small"),
        ("F51", {"employees": 4, "revenue_total": 1000}, "micro"),
        ("F52", {"employees": 300, "revenue_total": 20000}, "large"),
        ("F52", {"employees": 50, "revenue_total": 500}, "medium"),
        ("F52", {"employees": 10, "revenue_total": 100}, "small"),
        ("G54", {"employees": 1000, "revenue_total": 30000}, "large"),
        ("G591", {"employees": 300, "revenue_total": 3000}, "medium"),
        ("G58", {"employees": 20, "revenue_total": 200}, "small"),
        ("G592", {"employees": 200, "revenue_total": 30000}, "large"),
        ("G592", {"employees": 100, "revenue_total": 1000}, "medium"),
        ("G592", {"employees": 20, "revenue_total": 100}, "small"),
        ("G60", {"employees": 1000, "revenue_total": 30000}, "large"),
        ("G60", {"employees": 300, "revenue_total": 2000}, "medium"),
        ("H61", {"employees": 300, "revenue_total": 10000}, "large"),
        ("H62", {"employees": 100, "revenue_total": 2000}, "medium"),
        ("H62", {"employees": 10, "revenue_total": 100}, "small"),
        ("I63", {"employees": 2000, "revenue_total": 100000}, "large"),
        ("I64", {"employees": 100, "revenue_total": 1000}, "medium"),
        ("I64", {"employees": 10, "revenue_total": 100}, "small"),
        ("I65", {"employees": 300, "revenue_total": 10000}, "large"),
        ("I65", {"employees": 100, "revenue_total": 1000}, "medium"),
        ("I65", {"employees": 10, "revenue_total": 50}, "small"),
        ("I65", {"employees": 10, "revenue_total": 49}, "micro"),
        ("K701", {"revenue_total": 200000, "total_assets": 10000}, "large"),
        ("K701", {"revenue_total": 1000, "total_assets": 5000}, "medium"),
        ("K701", {"revenue_total": 100, "total_assets": 2000}, "small"),
        ("K702", {"employees": 1000, "revenue_total": 5000}, "large"),
        ("K702", {"employees": 300, "revenue_total": 1000}, "medium"),
        ("K702", {"employees": 100, "revenue_total": 500}, "small"),
        ("L71", {"employees": 300, "total_assets": 120000}, "large"),
        ("L72", {"employees": 100, "total_assets": 8000}, "medium"),
        ("L72", {"employees": 10, "total_assets": 100}, "small"),
        ("L72", {"employees": 9, "total_assets": 120000}, "micro"),
        ("M73", {"employees": 300}, "large"), ("N77", {"employees": 299}, "medium"),
        ("O80", {"employees": 100}, "medium"), ("R86", {"employees": 10}, "small"),
        ("Q85", {"employees": 9}, "micro"), ("K703", {"employees": 10}, "small"),
        ("K709", {"employees": 9}, "micro"),
        ("J66", {"employees": 9}, "unknown"), ("P83", {"employees": 9}, "unknown"),
        ("Q84", {"employees": 9}, "unknown"), ("S91", {"employees": 9}, "unknown"),
        ("T97", {"employees": 9}, "unknown"), ("K704", {"employees": 9}, "unknown"),
        ("G53", {"employees": 9, "revenue_total": 9}, "unknown"),
        ("C", {"employees": 120, "revenue_total": 2500}, "small"),
        ("C34", {"employees": 120}, "unknown"), ("C34", {"employees": 19}, "micro"),
        ("C34", {"revenue_total": 299}, "micro"),
        ("G59", {"employees": 20, "revenue_total": 200}, "small"),
        ("G59", {"employees": 20, "revenue_total": 150}, "unknown"),
        ("Q", {"employees": 9}, "unknown"), (None, {"employees": 1, "revenue_total": 1, "total_assets": 1}, "unknown"),
    ],
)  # fmt: skip
def test_size_class(industry: str | None, facts: dict[str, Any], size: str) -> None:
    assert evaluate({"industry": industry, **facts}).size_class == size


LADDER: list[tuple[str, str, dict[str, Any], str]] = [
    (SME, "n1", {"prior_title": "tech_innovative_sme"}, MET),
    (SME, "n1", {"prior_title": ["tech_innovative_sme", "municipal_little_giant"]}, MET),
    (SME, "n1", {"prior_title": "municipal_little_giant"}, NOT),
    (SME, "n1", {"prior_title": "none"}, NOT),
    (SME, "n1", {}, UNKNOWN),
    (GIANT, "n1", {"prior_title": "srdi_sme"}, MET),
    (GIANT, "n1", {"prior_title": ["tech_innovative_sme"]}, NOT),
    (SME, "n2", {"years_in_segment": 3}, MET),
    (SME, "n2", {"years_in_segment": 2.9}, NOT),
    (GIANT, "n2", {"years_in_segment": 3}, MET),
    (SME, "n3", {"revenue_total": 1500}, MET),
    (SME, "n3", {"revenue_total": 1499.99, "equity_investment_2y": 1999.99}, NOT),
    (SME, "n3", {"revenue_total": 1499.99, "equity_investment_2y": 2000}, MET),
    (SME, "n3", {"revenue_total": 1499.99}, UNKNOWN),
    (GIANT, "n3", {"revenue_total": 5000}, MET),
    (GIANT, "n3", {"revenue_total": 4999.99}, NOT),
    (SME, "n4", {"revenue_main": 800, "revenue_total": 1000}, MET),
    (SME, "n4", {"revenue_main": 799.99, "revenue_total": 1000}, NOT),
    (GIANT, "n4", {"revenue_main": 900, "revenue_total": 1000}, MET),
    (GIANT, "n4", {"revenue_main": 899.99, "revenue_total": 1000}, NOT),
    (GIANT, "n5", {"revenue_main": {"2025": 1102.5, "2023": 1000}}, MET),
    (GIANT, "n5", {"revenue_main": {"2025": 1102.49, "2023": 1000}}, NOT),
    (GIANT, "n5", {"revenue_main": {"2025": 1102.5}}, UNKNOWN),
    (SME, "n6", {"debt_ratio": 80}, MET),
    (SME, "n6", {"debt_ratio": 80.1}, NOT),
    (GIANT, "n6", {"total_assets": 100, "total_liabilities": 75}, MET),
    (GIANT, "n6", {"debt_ratio": 75.01}, NOT),
    (SME, "n7", {"rnd_spend": {"2025": 100, "2024": 100}, "revenue_total": {"2025": 3333, "2024": 3333}}, MET),
    (SME, "n7", {"rnd_spend": {"2025": 100, "2024": 100}, "revenue_total": {"2025": 3334, "2024": 3333}}, NOT),
    (SME, "n7", {"rnd_spend": {"2025": 100, "2024": 99.99}, "revenue_total": {"2025": 1000, "2024": 1000}}, NOT),
    (SME, "n7", {"rnd_spend": {"2025": 100}, "revenue_total": {"2025": 1000, "2024": 1000}}, UNKNOWN),
    (GIANT, "n7", {"rnd_spend": {"2025": 600, "2024": 600}, "revenue_total": {"2025": 20000, "2024": 20000}}, MET),
    (GIANT, "n7", {"rnd_spend": {"2025": 600, "2024": 599.9}, "revenue_total": {"2025": 6000, "2024": 6000}}, NOT),
    (GIANT, "n7", {"rnd_spend": {"2025": 600, "2024": 600}, "revenue_total": {"2025": 20001, "2024": 20000}}, NOT),
    (SME, "n8", {"class1_ip": 1}, MET),
    (SME, "n8", {"class1_ip": 0, "provincial_award_top3": False, "provincial_rnd_body": False}, NOT),
    (SME, "n8", {"class1_ip": 0, "provincial_award_top3": True}, MET),
    (SME, "n8", {"class1_ip": 0, "provincial_rnd_body": True}, MET),
    (SME, "n8", {"class1_ip": 0}, UNKNOWN),
    (GIANT, "n8", {"class1_ip": 4}, MET),
    (GIANT, "n8", {"class1_ip": 3, "national_award_top3": False}, NOT),
    (GIANT, "n8", {"class1_ip": 3, "national_award_top3": True}, MET),
    (GIANT, "n8", {"class1_ip": 3, "national_award_top3": False, "provincial_award_top3": True}, NOT),
    (SME, "n9", {"leading_share": True}, MET),
    (GIANT, "n9", {"market_share": 10}, MET),
    (GIANT, "n9", {"market_share": 9.99, "domestic_rank": 4}, NOT),
    (GIANT, "n9", {"market_share": 9.99, "domestic_rank": 3}, MET),
    (GIANT, "n9", {"market_share": 9.99}, UNKNOWN),
    (SME, "n10", {"platform_score": 50}, MET),
    (SME, "n10", {"platform_score": 49.9}, NOT),
    (GIANT, "n10", {"platform_score": 60}, MET),
    (GIANT, "n10", {"platform_score": 59.9}, NOT),
    (GIANT, "n11", {"product_field": True}, MET),
    (GIANT, "n11", {"product_field": False}, NOT),
]


@pytest.mark.parametrize(("scheme", "condition", "facts", "expected"), LADDER)
def test_the_ladder(scheme: str, condition: str, facts: dict[str, Any], expected: str) -> None:
    result = evaluate(facts, scheme=scheme)
    assert {c.id: c.verdict.value for c in result.conditions}[condition] == expected


@pytest.mark.parametrize("scheme", [SME, GIANT])
def test_the_ladder_says_that_its_figures_are_not_verified(scheme: str) -> None:
    result = evaluate({}, scheme=scheme)
    assert any("以官方原文为准" in notice for notice in result.notices)
    assert result.in_force
    assert not result.to_json()["verified"]
    assert all(c.quote == "" and c.citation is None for c in result.conditions)


@pytest.mark.parametrize(("as_of", "in_force"), [(date(2026, 3, 31), False), (date(2026, 4, 1), True)])
def test_the_ladder_is_in_force_from_its_day(as_of: date, in_force: bool) -> None:
    assert evaluate({}, as_of, SME).in_force is in_force


def test_where_main_and_total_revenue_decide_differently_it_is_said() -> None:
    facts = {"revenue_main": {"2025": 1200, "2023": 1000}, "revenue_total": {"2025": 1300, "2023": 1280}}
    n5 = next(c for c in evaluate(facts, scheme=GIANT).conditions if c.id == "n5")
    assert n5.verdict.value == MET
    assert "按营业收入" in n5.reason
    assert [r.binding for r in n5.readings] == [True, False]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"revenue_main": 2001, "revenue_total": 2000}, "impossible_facts"),
        ({"revenue_main": {"2024": 2001}, "revenue_total": {"2024": 2000}}, "impossible_facts"),
        ({"revenue_main": {"2025": {"above": 2000}}, "revenue_total": {"2025": 2000}}, "impossible_facts"),
        ({"employees": -1}, "impossible_facts"),
        ({"invention_patents": -1}, "impossible_facts"),
        ({"revenue_total": -0.01}, "impossible_facts"),
        ({"invention_patents": 1.5}, "impossible_facts"),
        ({"cloud_core_businesses": 5}, "impossible_facts"),
        ({"debt_ratio": -5}, "impossible_facts"),
        ({"revenue_main": {"min": 5, "max": 4}}, "impossible_facts"),
        ({"founded_on": "2026-11-25"}, "impossible_facts"),
        ({"last_major_incident_on": "2027-01"}, "impossible_facts"),
        ({"market_share": 100.1}, "impossible_facts"),
        ({"no_such_fact": 1}, "unknown_fact"),
        ({"revenue_main": "很多"}, "bad_fact_value"),
        ({"revenue_main": float("nan")}, "bad_fact_value"),
        ({"revenue_main": float("inf")}, "bad_fact_value"),
        ({"revenue_main": True}, "bad_fact_value"),
        ({"revenue_main": [1]}, "bad_fact_value"),
        ({"revenue_main": {"25": 1}}, "bad_fact_value"),
        ({"invention_patents": {"2025": 1}}, "bad_fact_value"),
        ({"own_brand": 1}, "bad_fact_value"),
        ({"own_brand": "也许"}, "bad_fact_value"),
        ({"legal_form": "gmbh"}, "bad_fact_value"),
        ({"industry": "X99"}, "bad_fact_value"),
        ({"founded_on": "2025-02-30"}, "bad_fact_value"),
        ({"founded_on": "昨天"}, "bad_fact_value"),
        ({"region": ""}, "bad_fact_value"),
        ({"prior_title": ["none", "srdi_sme"]}, "bad_fact_value"),
    ],
)
def test_impossible_facts_are_refused_not_judged(facts: dict[str, Any], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        evaluate(facts)
    assert refused.value.code == code


def test_main_revenue_that_may_exceed_the_total_is_not_refused() -> None:
    assert verdict("3c", revenue_main={"min": 1900, "max": 2600}, revenue_total=2500) == MET
