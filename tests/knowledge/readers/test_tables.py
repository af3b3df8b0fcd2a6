"""A table in a text: offsets that hold, merged cells once in the text and everywhere in the cells, headers found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.readers.tables import Cell, GrowingText, TableTooLarge, is_unit
from knowledge.reading import Table


def _cells(*rows: str) -> list[list[Cell]]:
    return [[Cell(text.strip()) for text in row.split(";")] for row in rows]


def _written(rows: list[list[Cell]], *, caption: str = "", unit: str = "") -> tuple[str, Table]:
    text = GrowingText()
    text.add("上文")
    table = text.table(rows, caption=caption, unit=unit)
    text.line("下文")
    assert table is not None
    assert text.tables == [table]
    return text.text(), table


def test_a_table_stands_in_the_text_a_row_a_line_with_offsets_that_hold() -> None:
    text, table = _written(_cells("类别;标准", "甲类;20万元", "乙类;10万元"), caption="表1 奖励标准", unit="单位：万元")
    assert text == "上文\n表1 奖励标准\n单位：万元\n类别 | 标准\n甲类 | 20万元\n乙类 | 10万元\n下文\n"
    assert text[table.start : table.end] == text[3:-4]
    assert (table.header, table.caption, table.unit) == (("类别", "标准"), "表1 奖励标准", "单位：万元")
    assert [text[row.start : row.end] for row in table.rows] == ["甲类 | 20万元", "乙类 | 10万元"]
    assert [row.cells for row in table.rows] == [("甲类", "20万元"), ("乙类", "10万元")]


def test_a_merged_cell_stands_once_in_the_text_and_counts_for_all_it_covers() -> None:
    rows = [
        [Cell("类别"), Cell("级别"), Cell("标准")],
        [Cell("奖励", rowspan=2), Cell("国家级"), Cell("50万元")],
        [Cell("省级"), Cell("20万元")],
    ]
    text, table = _written(rows)
    assert text.count("奖励") == 1
    assert [row.cells for row in table.rows] == [("奖励", "国家级", "50万元"), ("奖励", "省级", "20万元")]
    assert text[table.rows[1].start : table.rows[1].end] == "| 省级 | 20万元"


def test_two_header_rows_give_joined_titles() -> None:
    rows = [
        [Cell("类别", rowspan=2), Cell("奖励标准", colspan=2)],
        [Cell("首次"), Cell("复核")],
        [Cell("甲"), Cell("20"), Cell("5")],
    ]
    _, table = _written(rows)
    assert table.header == ("类别", "奖励标准/首次", "奖励标准/复核")
    assert [row.cells for row in table.rows] == [("甲", "20", "5")]


def test_a_row_across_all_columns_at_the_top_is_the_caption_and_may_hold_the_unit() -> None:
    rows = [[Cell("表2 补贴（单位：万元）", colspan=2)], *_cells("项目;金额", "设备;3")]
    _, table = _written(rows)
    assert (table.caption, table.unit, table.header) == ("表2 补贴（单位：万元）", "单位：万元", ("项目", "金额"))


def test_a_row_with_nothing_but_the_unit_is_no_header() -> None:
    _, table = _written(_cells(";单位：人", "项目;人数", "研发;3"))
    assert (table.unit, table.caption, table.header) == ("单位：人", "", ("项目", "人数"))


def test_a_cell_of_several_paragraphs_keeps_them_apart() -> None:
    text, table = _written(_cells("级别;标准", "甲\n乙;20万元\r\n\n10万元"))
    assert text[table.rows[0].start : table.rows[0].end] == "甲 / 乙 | 20万元 / 10万元"
    assert table.rows[0].cells == ("甲\n乙", "20万元\n10万元")


@pytest.mark.parametrize(
    ("first", "is_header"),
    [
        ("序号;名称;金额", True),
        ("指标;2023年;2024年", True),
        ("档次;1000万元以下;1000万元以上", True),
        (";国家级;省级", True),
        ("甲类;20万元;一次", False),
        ("1;营业执照;1份", False),
        ("企业名称;;", False),
        ("对首次认定的企业，给予奖励。;是;否", False),
        ("是;是;否", False),
    ],
)
def test_the_first_row_is_a_header_only_if_it_reads_like_titles(first: str, is_header: bool) -> None:
    _, table = _written(_cells(first, "乙类;10万元;二次"))
    assert bool(table.header) is is_header
    assert len(table.rows) == (1 if is_header else 2)


def test_what_the_file_marks_as_header_is_header() -> None:
    rows = [[Cell("20万元", header=True), Cell("10万元", header=True)], [Cell("甲"), Cell("乙")]]
    assert _written(rows)[1].header == ("20万元", "10万元")


def test_an_empty_table_leaves_no_trace() -> None:
    text = GrowingText()
    assert text.table(_cells(";", ";")) is None
    assert text.text() == ""


def test_a_unit_line_is_told_from_a_line_about_units() -> None:
    assert is_unit("单位：万元")
    assert is_unit("（单 位: 人）")
    assert not is_unit("申报单位：云岭市示例公司，地址不限")


@pytest.mark.parametrize("rows", [[[Cell("x", colspan=10**9)]], [[Cell("x", colspan=900)]] * 600])
def test_spans_beyond_the_limit_are_refused(rows: list[list[Cell]]) -> None:
    with pytest.raises(TableTooLarge):
        GrowingText().table(rows)


_CELL = st.builds(Cell, st.text("甲乙12 \n|/", max_size=6), st.integers(0, 4), st.integers(0, 4), st.booleans())


@given(st.lists(st.lists(_CELL, max_size=5), max_size=6))
def test_no_visible_character_is_lost_or_doubled_and_every_offset_holds(rows: list[list[Cell]]) -> None:
    text = GrowingText()
    table = text.table(rows)
    given_in = sorted("".join(cell.text for row in rows for cell in row).replace("|", "").replace("/", ""))
    assert [char for char in given_in if not char.isspace()] == [
        char for char in sorted(text.text()) if not char.isspace() and char not in "|/"
    ]
    if table is None:
        return
    assert table.end == len(text.text()) - 1
    for row in table.rows:
        line = text.text()[row.start : row.end]
        assert "\n" not in line
        assert line == line.strip()
        assert not table.header or len(row.cells) == len(table.header)
