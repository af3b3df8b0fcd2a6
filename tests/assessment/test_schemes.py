"""Schemes are data: checked on load with the line of a fault, quoted from their document; another city's just work."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from assessment.desk import Assessor
from assessment.evaluation import assess
from assessment.schemes import BUILT_IN, Schemes, UnknownScheme
from core.clock import Clock
from core.database import Database
from core.datafile import BadDataFile
from firms.catalogue import catalogue
from firms.facts import Facts, read_facts
from knowledge import base
from knowledge.library import Library, Metadata
from tests.assessment.cases import AS_OF, firm

LOCAL = "hengyang-little-giant-2021"
FIXTURES = Path(__file__).parent / "fixtures"


async def library_with_plan(database: Database) -> Library:
    library = Library(database, home_region="430400")
    await base.load(library)
    return library


def assessor(library: Library, *directories: Path, facts: Path | None = None, today: date = AS_OF) -> Assessor:
    known = catalogue().extended(facts) if facts else catalogue()
    schemes = Schemes.load(known, *(directories or (BUILT_IN,)))
    return Assessor(library, schemes, Clock(pinned=today), home_region="430400")


async def test_every_quote_stands_in_the_document_word_by_word(database: Database) -> None:
    library = await library_with_plan(database)
    desk = assessor(library)
    assert await desk.faults() == []
    result = await desk.assess(read_facts(firm(), catalogue()))
    text = (await library.get("hengyang-little-giant-plan-2021-2025")).text
    for condition in (*result.conditions, *result.priority):
        assert condition.citation is not None
        assert condition.quote == text[condition.citation.start : condition.citation.end]
        assert condition.citation.clause == condition.clause
    quotes = {c.id: c.quote for c in result.conditions}
    assert quotes["2c"] == "企业资产负债率不高于70%。"
    assert "不低于主营业务收入比例不低于3%" in quotes["4b"]


@pytest.mark.parametrize(
    ("as_of", "in_force"), [(date(2021, 4, 27), True), (date(2025, 12, 31), True), (date(2026, 1, 1), False)]
)
async def test_validity_comes_from_the_document(database: Database, as_of: date, in_force: bool) -> None:
    desk = assessor(await library_with_plan(database))
    result = await desk.assess(Facts(), as_of=as_of)
    assert result.in_force is in_force
    assert ("实施期已于2025年12月31日结束" in result.notices[0]) is not in_force
    assert "以主管部门认定为准" in result.notices[-1]


async def test_a_document_that_was_removed_is_said_and_nothing_is_quoted(database: Database) -> None:
    library = await library_with_plan(database)
    await library.remove("hengyang-little-giant-plan-2021-2025")
    result = await assessor(library).assess(Facts())
    assert not result.in_force
    assert "移除" in result.notices[0]
    assert all(c.quote == "" and c.citation is None for c in result.conditions)
    assert len(await assessor(library).faults()) == 1


async def test_the_answer_has_the_contracts_form(database: Database) -> None:
    desk = assessor(await library_with_plan(database))
    facts = read_facts(firm(revenue_main={"2025": 1200, "2024": 1300, "2023": 1000}, founded_on=None), catalogue())
    value = (await desk.assess(facts)).to_json()
    assert value["scheme"] == LOCAL
    assert value["as_of"] == "2026-11-24"
    assert value["in_force"] is False
    assert value["verdict"] == "not_met"
    assert value["size_class"] == "small"
    assert value["next_question"] == "founded_on"
    growth = next(c for c in value["conditions"] if c["id"] == "2b")
    assert growth["clause"] == "四（一）2"
    assert growth["verdict"] == "unknown"
    binding = [{name: r[name] for name in ("id", "verdict", "value")} for r in growth["readings"]]
    assert binding == [
        {"id": "cagr", "verdict": "not_met", "value": "9.54%"},
        {"id": "mean", "verdict": "met", "value": "11.15%"},
    ]
    revenue = next(c for c in value["conditions"] if c["id"] == "2a")
    assert (revenue["given"], revenue["required"], revenue["gap"]) == ("1200万元", "2000万元", "800万元")
    assert revenue["evidence"]
    assert [c["id"] for c in value["priority"]] == ["P1", "P2", "P3", "P4"]


def test_a_ratio_over_the_threshold_is_never_shown_as_the_threshold() -> None:
    known = catalogue()
    facts = read_facts(firm(total_assets=10000, total_liabilities="7000.4"), known)
    condition = next(c for c in assess(Schemes.load(known).get(LOCAL), facts, AS_OF, known).conditions if c.id == "2c")
    assert condition.given == "70.004%"
    assert "70.00%" not in condition.reason
    assert condition.gap == "0.004个百分点（2025年负债总额降到7000万元以内即可）"


async def test_another_citys_scheme_with_facts_of_its_own_needs_no_code(database: Database) -> None:
    library = Library(database, home_region="云岭市")
    text = (FIXTURES / "yunling.txt").read_text("utf-8")
    await library.add(text, Metadata(region="云岭市"), document_id="yunling-rules")
    desk = assessor(library, FIXTURES / "schemes", facts=FIXTURES / "facts.yaml")
    assert await desk.faults() == []
    known = desk.catalogue
    given = {"region": "云岭市", "greenhouse_area": 120, "organic_certified": True, "revenue_total": {"2025": 500}}
    result = await desk.assess(read_facts({**given, "training_days": 3}, known), scheme_id="yunling-farm-2026")
    assert {c.id: c.verdict.value for c in result.conditions} == {
        "k1": "met", "k2": "met", "k3": "met", "k4": "met",
    }  # fmt: skip
    assert result.verdict.value == "met"
    assert result.conditions[1].quote == "温室面积不少于100亩"
    result = await desk.assess(read_facts({**given, "greenhouse_area": {"below": 100}}, known))
    assert {c.id: c.verdict.value for c in result.conditions}["k2"] == "not_met"
    result = await desk.assess(read_facts({"region": "青溪市"}, known))
    assert {c.id: c.verdict.value for c in result.conditions}["k1"] == "not_met"
    assert result.next_question is not None


def write(directory: Path, text: str, name: str = "a.yaml") -> Path:
    (directory / name).write_text(text, "utf-8")
    return directory


VALID = """id: a
version: 1
name: 示例
short: 示例
region: "430400"
document: d
conditions:
  - id: x
    title: 示例条件
    clause: 一
    quote: 示例
    rule: revenue_main >= 2000
"""


def test_a_valid_file_loads(tmp_path: Path) -> None:
    [scheme] = Schemes.load(catalogue(), write(tmp_path, VALID))
    assert scheme.id == "a"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("revenue_main >= 2000", "revenu_main >= 2000", 12, "revenu_main"),
        ("revenue_main >= 2000", "revenue_main 2000", 12, "比较符"),
        ("revenue_main >= 2000", "revenue_main >= 两千", 12, "两千"),
        ("revenue_main >= 2000", "revenue_main >= 50%", 12, "50%"),
        ("revenue_main >= 2000", "industry >= C", 12, "行业代码"),
        ("revenue_main >= 2000", "invention_patents[-1] >= 1", 12, "不按年度"),
        ("revenue_main >= 2000", "{all: []}", 12, ""),
        ("revenue_main >= 2000", "{at_least: 3, of: [own_brand = 是]}", 12, ""),
        ("revenue_main >= 2000", "{any: [own_brand = 是], all: [own_brand = 是]}", 12, ""),
        ("revenue_main >= 2000", "{cases: [{when: own_brand = 是}], otherwise: {always: met}}", 12, ""),
        ("revenue_main >= 2000", "{always: maybe}", 12, ""),
        ("revenue_main >= 2000", "''", 12, "空"),
        ("    clause: 一\n", "", 1, "no clause"),
        ("version: 1", "version: 0", 2, "version"),
        ("short: 示例", "shrot: 示例", 1, "short"),
        ("id: a", "id: A B", 1, "id"),
        ("document: d", "documents: d", 6, ""),
    ],
)
def test_a_fault_is_said_with_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert old in VALID
    with pytest.raises(BadDataFile) as refused:
        Schemes.load(catalogue(), write(tmp_path, VALID.replace(old, new)))
    assert f"第 {line} 行" in refused.value.message
    assert said in refused.value.message


def test_a_condition_given_twice_is_refused(tmp_path: Path) -> None:
    doubled = VALID + VALID.split("conditions:\n")[1]
    with pytest.raises(BadDataFile, match="x"):
        Schemes.load(catalogue(), write(tmp_path, doubled))


def test_two_files_with_one_id_are_refused_but_a_later_directory_replaces(tmp_path: Path) -> None:
    write(tmp_path, VALID)
    write(tmp_path, VALID, "b.yaml")
    with pytest.raises(BadDataFile, match=r"a\.yaml"):
        Schemes.load(catalogue(), tmp_path)
    own = tmp_path / "own"
    own.mkdir()
    write(own, VALID.replace("id: a", f"id: {LOCAL}"))
    schemes = Schemes.load(catalogue(), BUILT_IN, own)
    assert schemes.get(LOCAL).name == "示例"
    assert len(schemes) == 3


def test_the_default_is_the_places_own_scheme() -> None:
    schemes = Schemes.load(catalogue())
    assert schemes.default("430400").id == LOCAL
    assert schemes.default("430100").region == "100000"
    with pytest.raises(UnknownScheme):
        schemes.get("nothing")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("facts:\n  - {id: x, label: 示例, kind: choice, question: 问}", "options"),
        ("facts:\n  - {id: x, label: 示例, kind: weight, question: 问}", "kind"),
        ("derived:\n  - {id: x, label: 示例, formula: {ratio: [revenue_main, nothing]}}", "nothing"),
        (
            "derived:\n  - {id: x, label: 示例, formula: {ratio: [revenue_main, revenue_total], total: rnd_spend}}",
            "form",
        ),
        ("derived:\n  - {id: x, label: 示例, formula: {mean_growth: revenue_main, years: 3}}", "mean_growth"),
        ("facts:\n  - {id: X-Y, label: 示例, kind: boolean, question: 问}", "id"),
        ("facts:\n  - {id: x, label: 示例, kind: boolean, question: 问, none: none}", "none"),
    ],
)
def test_a_fault_in_the_catalogue_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadDataFile, match=said):
        catalogue().extended(write(tmp_path, text, "facts.yaml") / "facts.yaml")
