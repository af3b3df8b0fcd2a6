"""What is decided stays decided: knowing more never turns a verdict, while the facts do not contradict each other."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessment.evaluation import Assessment, assess
from assessment.schemes import Schemes
from firms.catalogue import Fact, catalogue
from firms.criteria import subjects
from firms.facts import read_facts
from tests.assessment.cases import AS_OF, firm

CATALOGUE = catalogue()
SCHEMES = Schemes.load(CATALOGUE)
LOCAL = "hengyang-little-giant-2021"
YEARS = ("2023", "2024", "2025")
INDUSTRIES = ("C", "C34", "I65", "I64", "F51", "G591", "G592", "A01", "E47", "J66", "K701", "K702", "L72", "M73", "Q85")
REGIONS = ("430400", "衡南县", "耒阳市", "长沙市", "湖南省", "云岭市", "假县")


def money(dice: Random) -> Decimal:
    """An amount in 万元: around the thresholds as well as anywhere."""
    if dice.random() < 0.3:
        return Decimal(dice.randint(0, 20_000_000)) / 100
    near = (0, 50, 60, 300, 1000, 1150, 1322, 2000, 2200, 2420, 5000, 7000, 10000, 40000, 80000, 120000)
    return max(Decimal(dice.choice(near)) + Decimal(dice.choice(("-0.01", "0", "0.01", "1", "-1"))), Decimal(0))


def exact(fact: Fact, dice: Random) -> Any:
    """A precise value of a fact."""
    match fact.kind:
        case "money":
            return money(dice)
        case "percent":
            return Decimal(dice.choice((dice.randint(0, 10000), 6999, 7000, 7001, 1000, 999))) / 100
        case "count":
            few = dice.randint(fact.min, min(5, fact.max or 5))
            return dice.choice((few, dice.randint(fact.min, fact.max or 1200)))
        case "number":
            return Decimal(dice.choice((dice.randint(0, 1000), 30, 29, 500, 499, 600))) / 10
        case "boolean":
            return dice.random() < 0.5
        case "date":
            day = date(2015, 1, 1) + timedelta(days=dice.randint(0, (AS_OF - date(2015, 1, 1)).days))
            return "none" if fact.none and dice.random() < 0.3 else day.isoformat()
        case "choice" | "choices":
            return dice.choice([option.value for option in fact.options])
        case "region":
            return dice.choice(REGIONS[:4] + REGIONS[5:6])
        case "industry":
            return dice.choice([code for code in INDUSTRIES if len(code) > 1])
    return dice.sample(["ISO9001", "IATF16949"], dice.randint(0, 2))


@cache
def facts_of(scheme: str) -> list[Fact]:
    names: dict[str, None] = {}
    for condition in (*SCHEMES.get(scheme).conditions, *SCHEMES.get(scheme).priority):
        for name in subjects(condition.rule):
            entry = CATALOGUE.get(name)
            formula = entry.stands_for if isinstance(entry, Fact) else entry.formula if entry else None
            for used in (name, *(formula.facts if formula else ())):
                if isinstance(CATALOGUE.get(used), Fact):
                    names[used] = None
    return [CATALOGUE.fact(name) for name in names]


def firms(scheme: str, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A firm known in full, and the same firm known in part: facts missing, or as ranges that hold the true value."""
    dice = Random(seed)
    full: dict[str, Any] = {}
    rough: dict[str, Any] = {}
    for fact in facts_of(scheme):
        if fact.yearly:
            full[fact.id] = {year: exact(fact, dice) for year in YEARS}
            some = {year: blurred(fact, value, dice) for year, value in full[fact.id].items()}
            rough[fact.id] = {year: value for year, value in some.items() if value is not None}
        else:
            full[fact.id] = exact(fact, dice)
            rough[fact.id] = blurred(fact, full[fact.id], dice)
    for year in YEARS:  # main revenue is part of the total, where both are known
        main, total = full.get("revenue_main"), full.get("revenue_total")
        if main and total and main[year] > total[year]:
            main[year], total[year] = total[year], main[year]
            for name in ("revenue_main", "revenue_total"):
                rough[name].pop(year, None)
                if (value := blurred(CATALOGUE.fact(name), full[name][year], dice)) is not None:
                    rough[name][year] = value
    full["debt_ratio"] = rough["debt_ratio"] = None  # it follows from the balance sheet
    return full, {name: value for name, value in rough.items() if value not in (None, {})}


def blurred(fact: Fact, value: Any, dice: Random) -> Any:
    """The value, less of it, or nothing."""
    how = dice.random()
    if how < 0.4:
        return value
    if how < 0.6:
        return None
    if fact.kind in ("money", "percent", "count", "number"):
        low = max(fact.min, value - dice.choice((0, 1, dice.randint(0, 50), dice.randint(0, 100000))))
        high = value + dice.choice((0, 1, dice.randint(0, 50), dice.randint(0, 100000)))
        high = high if fact.max is None else min(fact.max, high)
        ranges = ({"min": low, "max": high}, {"min": low}, {"max": high}, {"above": low - 1, "below": high + 1})
        return dice.choice(ranges[: 3 if low < 1 or fact.max is not None or low - 1 < fact.min else 4])
    if fact.kind == "date" and value != "none":
        return dice.choice((value[:7], value[:4]))
    if fact.kind == "industry":
        return value[0]
    return "湖南省" if value in ("430400", "衡南县", "耒阳市", "长沙市") else value


def judged(facts: dict[str, Any], scheme: str) -> Assessment:
    return assess(SCHEMES.get(scheme), read_facts(facts, CATALOGUE), AS_OF, CATALOGUE)


@pytest.mark.parametrize("scheme", [scheme.id for scheme in SCHEMES])
@settings(max_examples=400)
@given(seed=st.integers(0, 2**32))
def test_knowing_more_never_turns_a_verdict(scheme: str, seed: int) -> None:
    full, rough = firms(scheme, seed)
    exactly = judged(full, scheme)
    roughly = judged(rough, scheme)
    truth = {c.id: c.verdict.value for c in (*exactly.conditions, *exactly.priority)}
    for condition in (*roughly.conditions, *roughly.priority):
        if condition.verdict.value != "unknown":
            assert truth[condition.id] == condition.verdict.value, (condition.id, rough)
    if roughly.verdict.value != "unknown":
        assert exactly.verdict is roughly.verdict
    if roughly.size_class != "unknown":
        assert exactly.size_class == roughly.size_class


@settings(max_examples=200)
@given(st.integers(1, 100000), st.integers(1, 100000), st.integers(0, 4))
def test_a_stated_ratio_that_the_balance_sheet_rounds_to_decides_alike(part: int, whole: int, digits: int) -> None:
    ratio = Decimal(part * 100) / Decimal(whole)
    stated = ratio.quantize(Decimal(1).scaleb(-digits), rounding="ROUND_HALF_UP")
    sheet = {"total_assets": whole, "total_liabilities": part}
    alone = debts(total_assets=None, total_liabilities=None, debt_ratio=stated)
    only = debts(**sheet)
    assert debts(**sheet, debt_ratio=stated) == only
    if (stated <= 70) == (ratio <= 70):  # unless rounding carried it over the threshold: then the sheet decides
        assert alone == only


def debts(**changes: Any) -> str:
    return next(c.verdict.value for c in judged(firm(**changes), LOCAL).conditions if c.id == "2c")


@settings(max_examples=200)
@given(seed=st.integers(0, 2**32))
def test_a_question_is_asked_exactly_while_something_can_still_be_decided(seed: int) -> None:
    result = judged(firms(LOCAL, seed)[1], LOCAL)
    needs = {key for c in result.conditions if c.verdict.value == "unknown" for key in c.needs}
    assert (result.next_question is None) == (not needs)
    assert result.next_question is None or result.next_question in needs
    for condition in result.conditions:
        assert not (condition.needs and condition.verdict.value != "unknown")


def test_answering_what_is_asked_comes_to_an_end_with_a_verdict() -> None:
    known: dict[str, Any] = {}
    asked = 0
    full = firm(debt_ratio=50)
    while (question := judged(known, LOCAL).next_question) is not None:
        fact, year = question
        value = full.get(fact)
        if isinstance(value, dict):
            known.setdefault(fact, {})[str(year)] = value[str(year)]
        elif year is not None:
            known.setdefault(fact, {})[str(year)] = value
        else:
            known[fact] = value
        asked += 1
        assert asked < 60
    assert judged(known, LOCAL).verdict.value == "met"
    assert asked < len(full)
