"""Nearly equal names are found, and names that differ in a number are two firms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firms.firm_rows import firm_columns
from firms.importing import _is_place
from firms.near_names import NearNames


def near(known: str, name: str) -> bool:
    columns = firm_columns()
    names = NearNames(columns.legal_forms, frozenset(columns.ordinals), _is_place)
    names.add("known", known)
    return names.find(name) == "known"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("云岭丰股份有限公司", "云岭丰有限公司"),
        ("云岭丰有限责任公司", "云岭丰有限公司"),
        ("衡阳市云岭丰有限公司", "云岭丰有限公司"),
        ("湖南省衡阳市云岭丰机械厂", "衡南云岭丰机械厂"),
        ("示例精密刀具有限公司", "示例精蜜刀具有限公司"),
        ("示例精密刀具有限公司", "示例精密刀剪具有限公司"),
        ("示例精密刀具有限公司", "示例精密具有限公司"),
        ("示例精密刀具有限公司", "示例精密刀具有限公司"),
    ],
)
def test_these_are_near(one: str, other: str) -> None:
    assert near(one, other)
    assert near(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("云岭第一机械", "云岭第二机械"),
        ("示例机械一厂有限公司", "示例机械厂有限公司"),
        ("示例甲材料有限公司", "示例乙材料有限公司"),
        ("示例1号店有限公司", "示例2号店有限公司"),
        ("示例精密刀具有限公司", "示例粗密刀剪有限公司"),
        ("示例厂", "示列厂"),
        ("衡阳有限公司", "衡南有限公司"),
    ],
)
def test_these_are_two_firms(one: str, other: str) -> None:
    assert not near(one, other)
    assert not near(other, one)


def test_one_of_many_alike_is_found() -> None:
    names = NearNames((), frozenset("一二三"), lambda _: False)
    for sign in "一二三甲":
        names.add(sign, f"示例机械{sign}厂子")
    assert names.find("示例机械乙厂子") == "甲"


@given(st.text("示例精密刀具材料机电", min_size=6, max_size=12), st.integers(0, 11), st.sampled_from("芯片园"))
def test_one_character_apart_is_always_found(name: str, place: int, sign: str) -> None:
    place %= len(name)
    longer, replaced = name[:place] + sign + name[place:], name[:place] + sign + name[place + 1 :]
    assert near(name, longer)
    assert near(longer, name)
    assert near(name, replaced)
