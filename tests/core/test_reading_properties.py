"""Readers hold for every number and every text: round trips of spellings, sound ranges, no crash, no endless search."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.reading import (
    Doubt,
    Known,
    Outcome,
    read_count,
    read_date,
    read_industry,
    read_money,
    read_number,
    read_percent,
    read_region,
    read_yes_no,
    scan,
    spoken_industry,
)
from core.spans import Days, Span
from core.truth import Truth

TODAY = date(2026, 11, 24)
DIGITS, FORMAL = "零一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"
READERS: list[Callable[[str], object]] = [
    lambda text: read_money(text, today=TODAY),
    read_percent,
    read_count,
    read_number,
    lambda text: read_date(text, today=TODAY),
    lambda text: read_date(text, today=TODAY, future=True),
    read_yes_no,
    read_region,
    lambda text: read_region(text, "430400"),
    read_industry,
    lambda text: scan(text, today=TODAY),
    spoken_industry,
]
LIKELY = st.text(
    "0123456789０１,，.。、%％‰-~至到万亿千百十元块w年月日号个人项成点分之半多来几余把负约大概"
    "不没有是超过去前今明上下两三四五六七八九零〇一二 吗？第(（)）/:¥$kA成立了快公司做机械软件衡阳市县高新区",
    max_size=24,
)


def below_ten_thousand(number: int, digits: str, powers: str) -> str:
    """1050 as 一千零五十."""
    text, gap = "", False
    for power, name in zip((1000, 100, 10, 1), [*powers, ""], strict=True):
        digit = number // power % 10
        if digit:
            text += ("零" if gap and text else "") + digits[digit] + name
        gap = digit == 0
    return text


def spelled(number: int, *, formal: bool = False) -> str:
    """A whole number in Chinese."""
    digits, powers = (FORMAL, "仟佰拾") if formal else (DIGITS, "千百十")
    if number == 0:
        return "零"
    text = ""
    for scale, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        part = number // scale % 10**4
        if part:
            gap = bool(text) and (
                part < 1000 or (number // scale % 10**5 == part and number // (scale * 10**4) % 10 == 0)
            )
            text += ("零" if gap else "") + below_ten_thousand(part, digits, powers) + name
    return text


def wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def known(outcome: Outcome) -> Fraction:
    assert isinstance(outcome, Known)
    assert isinstance(outcome.value, Span)
    assert not outcome.about
    return outcome.value.value


QUICK = settings(max_examples=60, deadline=None)
WAN = st.integers(1, 99_999_999)
SMALL = st.integers(1, 99_999)


def amounts(wan: int) -> list[str]:
    digits = [f"{wan}万", f"{wan}万元", f"{wan} 万元", f"{wan}w", f"{wan}W元", f"{wan}.00万", f"{wan * 10**4}元"]
    grouped = [f"{wan:,}万元", f"{wan:,}万".replace(",", "，"), f"¥{wan * 10**4:,}", wide(f"{wan}万")]
    words = [spelled(wan * 10**4) + "元", spelled(wan * 10**4, formal=True) + "元整"]
    sentences = [f"是{wan}万吧", f"我们去年做了{wan}万", f"人民币{wan}万元整", f"2025年{wan}万，没错"]
    return digits + grouped + words + sentences


@QUICK
@given(WAN)
def test_an_amount_is_the_same_in_every_spelling(wan: int) -> None:
    for text in amounts(wan):
        assert known(read_money(text, today=TODAY)) == wan, text


@QUICK
@given(SMALL, st.integers(1, 9999))
def test_decimals_are_exact(whole: int, decimals: int) -> None:
    value = whole + Fraction(decimals, 10**4)
    assert known(read_money(f"{whole}.{decimals:04}万", today=TODAY)) == value
    assert known(read_percent(f"{whole}.{decimals:04}%")) == value
    assert known(read_number(f"{whole}.{decimals:04}")) == value
    digits = "".join(DIGITS[int(digit)] for digit in f"{decimals:04}")
    assert known(read_percent(f"百分之{spelled(whole)}点{digits}")) == value


@QUICK
@given(st.integers(2, 9), st.integers(1, 9), st.sampled_from([("千", 1000), ("百", 100)]))
def test_the_last_digit_stands_for_the_next_place(head: int, tail: int, power: tuple[str, int]) -> None:
    outcome = read_money(f"{DIGITS[head]}{power[0]}{DIGITS[tail]}", today=TODAY)
    assert isinstance(outcome, Doubt)
    assert (outcome.code, outcome.candidates[0]) == (
        "unit_missing", Span.point(head * power[1] + tail * power[1] // 10)
    )  # fmt: skip
    assert known(read_money(f"{head}万{tail}", today=TODAY)) == head + Fraction(tail, 10)
    assert known(read_money(f"{DIGITS[head]}亿{DIGITS[tail]}", today=TODAY)) == head * 10**4 + tail * 1000


@QUICK
@given(st.integers(0, 999_999))
def test_a_count_is_the_same_in_every_spelling(count: int) -> None:
    for text in (
        f"{count}人",
        f"{count}",
        f"{count:,}人",
        wide(f"{count}人"),
        spelled(count) + "人",
        f"我们有{count}个人",
    ):
        assert known(read_count(text)) == count, text


@QUICK
@given(st.integers(2, 300))
def test_a_share_is_the_same_in_every_spelling(percent: int) -> None:
    for text in (
        f"{percent}%",
        f"{percent}",
        wide(f"{percent}%"),
        f"百分之{percent}",
        f"百分之{spelled(percent)}",
        f"{percent}个点",
    ):
        assert known(read_percent(text)) == percent, text


def days(day: date) -> list[str]:
    year = "".join(DIGITS[int(digit)] for digit in str(day.year))
    month, number = (
        spelled(part).removeprefix("一") if 10 <= part < 20 else spelled(part) for part in (day.month, day.day)
    )
    figures = [day.strftime(form) for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d号")]
    return [*figures, f"{day.year}年{day.month}月{day.day}日", wide(figures[0]), f"{year}年{month}月{number}日"]


@QUICK
@given(st.dates(date(1950, 1, 1), TODAY))
def test_a_day_is_the_same_in_every_spelling(day: date) -> None:
    for text in days(day):
        assert read_date(text, today=TODAY) == Known(Days.day(day)), text
    for text in (f"{day:%Y-%m}", f"{day.year}年{day.month}月", f"{day:%Y.%m}"):
        assert read_date(text, today=TODAY) == Known(Days.month(day.year, day.month)), text


@QUICK
@given(st.integers(1, 13), st.integers(0, 32), st.integers(1900, 2025))
def test_no_day_is_made_up(month: int, number: int, year: int) -> None:
    try:
        expected: Outcome = Known(Days.day(date(year, month, number)))
    except ValueError:
        expected = Doubt("impossible_date")
    assert read_date(f"{year}年{month}月{number}日", today=TODAY) == expected


@QUICK
@given(WAN, WAN, st.sampled_from(["，", "或者", " ", "、", "还是", "，不对，", "，其中"]))
def test_two_amounts_are_never_one(first: int, second: int, between: str) -> None:
    outcome = read_money(f"{first}万{between}{second}万", today=TODAY)
    assert not isinstance(outcome, Known) or first == second


@QUICK
@given(WAN)
def test_bounds_decide_as_they_were_said(wan: int) -> None:
    def span(text: str) -> Span:
        outcome = read_money(text, today=TODAY)
        assert isinstance(outcome, Known)
        assert isinstance(outcome.value, Span)
        return outcome.value

    for text in ("不到{}万", "将近{}万", "小于{}万", "{}万不到"):
        assert span(text.format(wan)).compare("<", wan) is Truth.MET
    for text in ("超过{}万", "{}万多", "{}万出头", "{}多万", "不止{}万"):
        assert span(text.format(wan)).compare(">", wan) is Truth.MET
    for text in ("至少{}万", "{}万以上", "不低于{}万", "起码{}万"):
        assert span(text.format(wan)).compare(">=", wan) is Truth.MET
        assert span(text.format(wan)).holds(wan)
    for text in ("最多{}万", "不超过{}万", "{}万以内"):
        assert span(text.format(wan)).compare("<=", wan) is Truth.MET
    for text in ("大概{}万", "{}万左右", "约{}万", "{}来万"):
        assert span(text.format(wan)).holds(wan)
        assert span(text.format(wan)).compare(">=", wan) is Truth.UNKNOWN


@QUICK
@given(st.one_of(st.text(max_size=40), LIKELY))
def test_no_text_breaks_a_reader(text: str) -> None:
    for read in READERS:
        assert read(text) == read(text)


@QUICK
@given(st.one_of(st.text(max_size=40), LIKELY))
def test_what_is_found_lies_in_order_in_the_original(text: str) -> None:
    end = 0
    for found in scan(text, today=TODAY):
        assert end <= found.start < found.end <= len(text)
        end = found.end


HOSTILE = [
    *("大概", "一", "1", "不到", "1,000,", "2000万", "-", "百分之", "年", "a1"),
    *("两千一", " ", "没有", "机械加工", "衡阳", "1、", "亿", "嗯啊", "(一)"),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    text = (piece * 4000)[:4000]
    started = time.process_time()
    for read in (READERS[0], READERS[4], *READERS[6:9], *READERS[9:]):
        read(text)
    assert time.process_time() - started < 15
