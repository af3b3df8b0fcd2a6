"""Cells are read exactly, or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firms import cells
from firms.cells import BadCell, BadDate, BadNumber, BadYesNo, Cell, DamagedCode, TooLong

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("2600", None, "2600"),
        ("2,000.5", None, "2000.5"),
        ("2，000.5", None, "2000.5"),
        ("２６００", None, "2600"),
        (" 2600 ", None, "2600"),
        ("1.2亿", None, "12000"),
        ("1.2亿元", "元", "12000"),
        ("2300万", None, "2300"),
        ("2300万元", "元", "2300"),
        ("2300 万元", None, "2300"),
        ("26000000", "元", "2600"),
        ("26000000元", None, "2600"),
        ("0.26", "亿元", "2600"),
        ("0", None, "0"),
        ("-5", None, "-5"),
        ("−5", None, "-5"),
        (".5", None, "0.5"),
        ("12345678901234567890.12", None, "12345678901234567890.12"),
    ],
)
def test_money_is_read_exactly(text: str, unit: str | None, value: str) -> None:
    assert cells.number(Cell(text), cells.MONEY, unit) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "两千万", "约2000", "2000以上", "2,0005", "1,2", "12.5.3", "5-10", "+5", "=1+1", "@1", "-", "--5", "(500)",
        "1.2E+05", "2600吨", "48%", "￥2600", "12 34", "nan", "Infinity", "1" * 41, "", "２,６００万吨", "是",
    ],
)  # fmt: skip
def test_what_is_no_amount_of_money_is_never_misread(text: str) -> None:
    if text == "":
        assert cells.number(Cell(None), cells.MONEY) is None
        return
    with pytest.raises(BadNumber):
        cells.number(Cell(text), cells.MONEY)


@given(st.decimals(min_value=0, max_value=10**12, places=4))
def test_a_written_amount_comes_back_exactly_in_every_unit(value: Decimal) -> None:
    for unit, factor in cells.MONEY.items():
        assert cells.number(Cell(f"{value:f}{unit}"), cells.MONEY) == value * factor
        assert cells.number(Cell(f"{value:,f}"), cells.MONEY, unit) == value * factor


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (Cell("48%"), "48"),
        (Cell("48％"), "48"),
        (Cell("48.5"), "48.5"),
        (Cell("3‰"), "0.3"),
        (Cell(Decimal("0.48"), "0%"), "48"),
        (Cell(Decimal("0.485"), "0.0%"), "48.5"),
        (Cell(Decimal("48"), "0.00"), "48"),
        (Cell(Decimal("0.48"), "0.00"), "0.48"),
    ],
)
def test_percents_count_as_they_are_shown(cell: Cell, value: str) -> None:
    assert cells.number(cell, cells.PERCENT) == Decimal(value)


def test_a_share_is_doubted_but_not_a_percent() -> None:
    assert cells.looks_like_share(Cell("0.48"))
    assert cells.looks_like_share(Cell(Decimal("1")))
    doubtless = (Cell("0.48%"), Cell(Decimal("0.48"), "0%"), Cell("0"), Cell("48"), Cell(None), Cell("无"))
    assert not any(cells.looks_like_share(cell) for cell in doubtless)


@pytest.mark.parametrize(
    ("number_format", "unit"),
    [("0%", None), ("#,##0,", None), ('0!.0,"万"', None), (r'0\.0000"万"', None), ('0.0"亿"', None), ('0"万元"', "元")],
)
def test_a_format_that_shows_another_figure_is_refused(number_format: str, unit: str | None) -> None:
    with pytest.raises(BadNumber):
        cells.number(Cell(Decimal(2600), number_format), cells.MONEY, unit)


@pytest.mark.parametrize("number_format", ["General", "#,##0.00", '0"万元"', "[Red]0.00", '_ * #,##0.00_ ;_ * "-"??_ '])
def test_ordinary_formats_change_nothing(number_format: str) -> None:
    assert cells.number(Cell(Decimal(2600), number_format), cells.MONEY) == 2600


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-30", date(2026, 11, 30)),
        ("2026/11/30", date(2026, 11, 30)),
        ("2026/1/3", date(2026, 1, 3)),
        ("2026年11月30日", date(2026, 11, 30)),
        ("２０２６年 11 月 30 日", date(2026, 11, 30)),
        ("2026.11.30", date(2026, 11, 30)),
        ("2019/3/1 0:00", date(2019, 3, 1)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_dates_in_every_spelling(text: str, value: date) -> None:
    assert cells.day(Cell(text)) == value


@pytest.mark.parametrize(
    "text", ["2026-13-01", "2023-02-29", "2026-11", "2026", "43525", "明年", "11/30/2026", "2026-11/30", "长期"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadDate):
        cells.day(Cell(text))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (Cell("2019年3月"), "2019-03"),
        (Cell("2019-3"), "2019-03"),
        (Cell("2019/12"), "2019-12"),
        (Cell("2019"), "2019"),
        (Cell("2019年"), "2019"),
        (Cell(Decimal(2019)), "2019"),
        (Cell(datetime(2019, 3, 1)), date(2019, 3, 1)),
    ],
)
def test_a_day_may_be_known_roughly_where_that_is_allowed(cell: Cell, value: object) -> None:
    assert cells.rough_day(cell) == value


def test_moments_are_in_the_zone_and_a_date_stays_a_date() -> None:
    at = datetime(2026, 12, 5, 14, 30, tzinfo=ZONE)
    for text in (
        "2026-12-05 14:30",
        "2026/12/5 14:30:00",
        "2026年12月5日 14:30",
        "2026年12月5日14:30",
        "2026-12-05T14:30",
    ):
        assert cells.moment(Cell(text), ZONE) == at
    assert cells.moment(Cell(datetime(2026, 12, 5, 14, 30)), ZONE) == at
    assert cells.moment(Cell("2026-12-03"), ZONE) == date(2026, 12, 3)
    assert cells.moment(Cell(datetime(2026, 12, 3)), ZONE) == date(2026, 12, 3)
    assert cells.moment(Cell(None), ZONE) is None
    for text in ("2026-12-05 25:00", "2026-13-05 14:30", "14:30", "下午"):
        with pytest.raises(BadDate):
            cells.moment(Cell(text), ZONE)


def test_yes_and_no() -> None:
    assert [cells.yes_no(Cell(text)) for text in ("是", "有", "Y", "yes", "否", "无", "N", "没有")] == [True] * 4 + [
        False
    ] * 4
    assert cells.yes_no(Cell(True)) is True
    assert cells.yes_no(Cell(None)) is None
    for text in ("可能", "1", "0", "是的吧"):
        with pytest.raises(BadYesNo):
            cells.yes_no(Cell(text))


def test_lists_are_split_at_every_mark_and_hold_each_value_once() -> None:
    assert cells.several(Cell("高校、融资，服务,活动;配套|政策；高校")) == (
        "高校",
        "融资",
        "服务",
        "活动",
        "配套",
        "政策",
    )
    assert cells.several(Cell(" 、 ")) is None
    assert cells.several(Cell(None)) is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (Cell("010000990000000012"), "010000990000000012"),
        (Cell("9143040012345E6789"), "9143040012345E6789"),
        (Cell(Decimal("13800000000")), "13800000000"),
        (Cell(Decimal("-1001234567890")), "-1001234567890"),
        (Cell("=1+1"), "=1+1"),
        (Cell("  A-1 "), "A-1"),
    ],
)
def test_codes_keep_their_characters_and_leading_zeros(cell: Cell, value: str) -> None:
    assert cells.code(cell) == value


@pytest.mark.parametrize(
    "cell",
    [Cell("9.1E+17"), Cell("9.1e17"), Cell("1.38E+10"), Cell(Decimal("910000990000000012")), Cell(Decimal("9.5"))],
)
def test_a_code_that_a_spreadsheet_rounded_is_refused(cell: Cell) -> None:
    with pytest.raises(DamagedCode, match="科学计数"):
        cells.code(cell)


def test_text_is_text_whatever_it_begins_with() -> None:
    for text in ("=HYPERLINK(1)", "+1+1", "@SUM(A1)", "-2公司", "<img src=x>"):
        assert cells.text(Cell(text)) == text
    assert cells.text(Cell("\t=1+1")) == "=1+1"
    assert cells.text(Cell("a\0b\u200b")) == "ab"
    with pytest.raises(TooLong):
        cells.text(Cell("字" * 11), limit=10)


def test_what_is_shown_of_a_cell_is_short_and_hides_personal_numbers() -> None:
    assert cells.shown("长" * 100) == "长" * 30 + "…"
    assert "13800000000" not in cells.shown("13800000000")
    assert "430405199003070016" not in cells.shown("430405199003070016")


@given(st.one_of(st.text(max_size=40), st.decimals(), st.booleans(), st.datetimes()))
def test_any_cell_is_read_or_refused(value: object) -> None:
    cell = Cell(value)  # type: ignore[arg-type]
    if isinstance(value, Decimal) and not value.is_finite():
        return
    readings: list[Callable[[Cell], object]] = [
        cells.plain,
        cells.day,
        cells.rough_day,
        cells.yes_no,
        cells.several,
        cells.code,
        cells.looks_like_share,
        lambda one: cells.moment(one, ZONE),
        lambda one: cells.number(one, cells.MONEY),
        lambda one: cells.number(one, cells.PERCENT),
    ]
    for reading in readings:
        with contextlib.suppress(BadCell):
            reading(cell)
