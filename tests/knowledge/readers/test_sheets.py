"""Spreadsheets and separated tables come out as tables of a document, with what their cells show."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from core.errors import QibanError
from firms.cells import Cell
from knowledge.readers.errors import EmptyFile, EncryptedFile, TruncatedFile
from knowledge.readers.number_formats import shown
from knowledge.readers.sheets import read
from knowledge.readers.tables import TableTooLarge
from knowledge.reading import Reading
from tests.firms.files import csv_bytes, handmade, with_stored_value, xlsx_bytes


def codes(reading: Reading) -> list[str]:
    return [warned.code for warned in reading.warnings]


def book(*sheets: tuple[str, list[list[Any]]], change: Callable[[Workbook], None] = lambda _: None) -> bytes:
    """A workbook with these sheets."""
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    change(made)
    stored = io.BytesIO()
    made.save(stored)
    return stored.getvalue()


AWARDS: list[list[Any]] = [["类别", "层级", "金额"], ["制造业", "国家级", 100], [None, "省级", 50]]


def test_title_unit_header_and_rows_are_told_apart() -> None:
    rows = [["奖励标准（示例）"], [None, None, "单位：万元"], *AWARDS, ["注：就高不就低。"]]
    reading = read(xlsx_bytes(rows, lambda sheet: sheet.merge_cells("A4:A5")))
    found = reading.tables[0]
    assert (found.caption, found.unit, found.header) == ("奖励标准（示例）", "单位：万元", ("类别", "层级", "金额"))
    assert [row.cells for row in found.rows] == [("制造业", "国家级", "100"), ("制造业", "省级", "50")]
    assert reading.text.count("制造业") == 1
    assert reading.text.endswith("\n注：就高不就低。\n")
    assert reading.format == "table"


def test_offsets_point_at_the_rows() -> None:
    reading = read(xlsx_bytes(AWARDS))
    assert [reading.text[row.start : row.end] for row in reading.tables[0].rows] == [
        "制造业 | 国家级 | 100",
        "| 省级 | 50",
    ]


def test_blank_rows_part_tables_and_a_title_above_one_is_its_caption() -> None:
    rows = [["申报指南"], [], ["表1 奖励"], *AWARDS, [], ["联系人", "电话"], ["示例", "无"]]
    reading = read(xlsx_bytes(rows))
    assert reading.text.startswith("申报指南\n表1 奖励\n类别")
    assert [found.header for found in reading.tables] == [("类别", "层级", "金额"), ("联系人", "电话")]
    assert reading.tables[0].caption == "表1 奖励"


def test_a_merged_cell_over_a_blank_row_parts_nothing() -> None:
    rows = [["类别", "金额"], ["甲", 1], [], ["乙", 2]]
    assert len(read(xlsx_bytes(rows)).tables) == 2
    assert len(read(xlsx_bytes(rows, lambda sheet: sheet.merge_cells("A2:A3"))).tables) == 1


def test_every_sheet_is_read_and_named_where_its_name_says_something() -> None:
    reading = read(book(("奖励标准", AWARDS), ("Sheet2", [["甲", "乙"], ["1", "2"]]), ("空", [])))
    assert reading.text == "奖励标准\n类别 | 层级 | 金额\n制造业 | 国家级 | 100\n| 省级 | 50\n甲 | 乙\n1 | 2\n"
    assert [found.caption for found in reading.tables] == ["奖励标准", ""]


def test_a_sheet_of_one_column_is_lines() -> None:
    reading = read(xlsx_bytes([["填报说明"], ["一、如实填写。"], ["二、按时报送。"]]))
    assert (reading.text, reading.tables) == ("填报说明\n一、如实填写。\n二、按时报送。\n", ())


def test_what_is_hidden_is_left_out_and_named() -> None:
    def hide(made: Workbook) -> None:
        made["名单"].row_dimensions[3].hidden = True
        made["名单"].column_dimensions["C"].hidden = True
        made["底稿"].sheet_state = "hidden"

    reading = read(book(("名单", AWARDS), ("底稿", [["密", "密"]]), change=hide))
    assert reading.text == "名单\n类别 | 层级\n制造业 | 国家级\n"
    assert codes(reading) == ["hidden_cells"]
    assert all(name in reading.warnings[0].message for name in ("名单!第 3 行", "名单!C", "底稿"))


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (Decimal(2000), "General", "2000"),
        (Decimal("100000"), "0.00E+00", "100000"),
        (Decimal("0.05"), "0%", "5%"),
        (Decimal("0.0525"), "0.0%", "5.3%"),
        (Decimal("1234567.5"), "#,##0.00", "1,234,567.50"),
        (Decimal("1234567.5"), "#,##0", "1,234,568"),
        (Decimal("3.10"), "0.0#", "3.1"),
        (Decimal("12"), "0000", "0012"),
        (Decimal("20"), '0"万元"', "20万元"),
        (Decimal("12345"), '0.0,"千"', "12.3千"),
        (Decimal("1234"), "[$¥-804]#,##0.00;[Red]-[$¥-804]#,##0.00", "¥1,234.00"),
        (Decimal("-5"), "0.0;[Red]-0.0", "-5.0"),
        (Decimal("-5"), "0.0", "-5.0"),
        (Decimal("-5"), "0.0_);(0.0)", "(5.0)"),
        (Decimal("0"), '0;-0;"无"', "无"),
        (Decimal("0.5"), "# ?/?", "0.5"),
        (Decimal("7"), "[<=100]0;General", "7"),
        (date(2025, 3, 1), "yyyy-mm-dd", "2025-03-01"),
        (datetime(2025, 3, 1), 'yyyy"年"m"月"', "2025-03"),
        (datetime(2025, 1, 1), "yyyy", "2025"),
        (datetime(2025, 3, 1), 'm"月"d"日"', "2025-03-01"),
        (datetime(2025, 3, 1, 9, 30), "yyyy/m/d h:mm", "2025-03-01 09:30"),
        (True, "", "是"),
        (" 甲 ", "", "甲"),
        (None, "", ""),
    ],
)
def test_cells_say_what_they_show(value: Any, number_format: str, expected: str) -> None:
    assert shown(Cell(value, number_format)) == expected


@given(
    st.decimals(-(10**14), 10**14, allow_nan=False, places=3), st.sampled_from(["", "0.000", "#,##0.000", '0.000"元"'])
)
def test_a_number_shown_in_full_is_the_number(value: Decimal, number_format: str) -> None:
    assert Decimal(shown(Cell(value, number_format)).replace(",", "").removesuffix("元")) == value


def test_numbers_and_dates_of_a_workbook_are_as_shown() -> None:
    def style(sheet: Any) -> None:
        sheet["B2"].number_format = "0.0%"
        sheet["C2"].number_format = 'yyyy"年"m"月"'

    reading = read(xlsx_bytes([["收入", "占比", "时间"], [100000.0, 0.05, datetime(2025, 3, 1)]], style))
    assert reading.tables[0].rows[0].cells == ("100000", "5.0%", "2025-03")


def test_months_of_chinese_built_in_formats_have_no_day() -> None:
    cells = '<row r="1"><c r="A1" s="0"><v>45717</v></c><c r="B1" s="1"><v>45717</v></c></row>'
    made = handmade(cells, styles='<cellXfs><xf numFmtId="57"/><xf numFmtId="31"/></cellXfs>')
    assert read(made).text == "名单\n2025-03 | 2025-03-01\n"


def test_formulas_count_by_their_stored_value_and_one_without_is_reported() -> None:
    made = xlsx_bytes([["项目", "金额"], ["甲", "=1+1"], ["乙", "=2+2"]])
    reading = read(with_stored_value(made, "B2", "2"))
    assert [row.cells for row in reading.tables[0].rows] == [("甲", "2"), ("乙", "")]
    assert codes(reading) == ["formula_unsaved"]
    assert "B3" in reading.warnings[0].message


def test_error_values_and_rounded_codes_are_reported() -> None:
    cells = (
        '<row r="1"><c r="A1" t="e"><v>#REF!</v></c><c r="B1"><v>910000990000000000</v></c><c r="C1"><v>3</v></c></row>'
    )
    reading = read(handmade(cells))
    assert reading.text == "名单\n910000990000000000 | 3\n"
    assert codes(reading) == ["broken_cells", "scientific_notation"]
    assert codes(read(csv_bytes([["名称", "代码"], ["示例", "9.1E+17"]]))) == ["scientific_notation"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_separated_values_are_read_in_any_encoding_and_with_any_separator(encoding: str, separator: str) -> None:
    rows = [["类别", "说明"], ["甲", f"一{separator}二，三"], ["乙", "第一行\n第二行"]]
    reading = read(csv_bytes(rows, encoding, separator))
    said = " " if separator == "\t" else separator
    assert [row.cells for row in reading.tables[0].rows] == [("甲", f"一{said}二，三"), ("乙", "第一行\n第二行")]
    assert "第一行 / 第二行" in reading.text


def test_values_of_a_separated_file_stay_as_they_are_written() -> None:
    assert read(b"a,b\n2000.0,010\n").tables[0].rows[0].cells == ("2000.0", "010")


@pytest.mark.parametrize(
    "header", [("问题", "答案"), ("序号", "常见问题", "解答"), ("Q", "A"), ("问：", "答："), ("问题1", "*答复", "依据")]
)
def test_questions_and_answers_make_an_faq(header: tuple[str, ...]) -> None:
    reading = read(csv_bytes([header, ["何时申报？"] * len(header), ["找谁？"] * len(header)]))
    assert reading.format == "faq"
    assert reading.tables[0].header == header
    assert len(reading.tables[0].rows) == 2


def test_one_table_that_is_no_faq_makes_the_file_a_table() -> None:
    rows = [["问题", "答案"], ["何时？", "三月"], [], ["类别", "金额"], ["甲", 1]]
    assert read(xlsx_bytes(rows)).format == "table"


def test_bad_files_are_refused_with_a_clear_code() -> None:
    with pytest.raises(TruncatedFile):
        read(xlsx_bytes(AWARDS)[:-200])
    with pytest.raises(TruncatedFile):
        read(b'a,b\n"c,d\n')
    with pytest.raises(EmptyFile):
        read(xlsx_bytes([]))
    with pytest.raises(TableTooLarge):
        read(xlsx_bytes([["甲"] * 301]))
    encrypted = bytearray(xlsx_bytes(AWARDS))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        place = encrypted.find(mark)
        encrypted[place + (6 if mark[2] == 3 else 8)] |= 1
    with pytest.raises(EncryptedFile):
        read(bytes(encrypted))


@given(st.binary(max_size=40), st.integers(0, 10_000))
def test_damage_anywhere_is_a_clear_error_or_a_text(noise: bytes, place: int) -> None:
    whole = DAMAGED
    place %= len(whole)
    for damaged in (whole[:place], whole[:place] + noise + whole[place + len(noise) :]):
        try:
            assert read(damaged).text.strip()
        except QibanError:
            continue


DAMAGED = xlsx_bytes(AWARDS)

TEXTS = st.text("甲乙丙，、|（）0123.%", min_size=1, max_size=8).filter(lambda text: text.strip() == text)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=8))
def test_cells_in_are_cells_out(rows: list[tuple[str, str, str]]) -> None:
    header = ("类别", "项目", "说明")
    for data in (xlsx_bytes([header, *rows]), csv_bytes([header, *rows])):
        found = read(data).tables[0]
        assert found.header == header
        assert [row.cells for row in found.rows] == rows
