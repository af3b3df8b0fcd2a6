"""Tables become clauses: the head and each row, cited by number, found by what they say together with their header."""

from __future__ import annotations

from knowledge.clauses import Clause, coverage, parse
from knowledge.readers.tables import Cell, GrowingText
from knowledge.reading import Row, Table

_REWARDS = [
    [Cell("行业"), Cell("类别"), Cell("金额（万元）")],
    [Cell("制造业", rowspan=2), Cell("省级首次认定"), Cell("50")],
    [Cell("复核通过"), Cell("20")],
    [Cell("软件业"), Cell(""), Cell("2660\n2430")],
]


def _rewards(growing: GrowingText) -> None:
    growing.table(_REWARDS, caption="奖励标准", unit="单位：万元")


def _parsed(growing: GrowingText) -> tuple[str, dict[str, Clause]]:
    text = growing.text()
    clauses = parse(text, growing.tables)
    assert coverage(text, clauses) == 1.0
    return text, {clause.path: clause for clause in clauses}


def test_a_row_says_its_header_unit_and_merged_cells() -> None:
    growing = GrowingText()
    growing.line("一、奖励")
    _rewards(growing)
    text, clauses = _parsed(growing)
    assert list(clauses) == ["一", "表1", "表1 行1", "表1 行2", "表1 行3"]
    assert clauses["表1"].context == "奖励标准；单位：万元；行业、类别、金额（万元）"
    assert clauses["表1 行2"].context == "奖励标准；单位：万元；行业：制造业；类别：复核通过；金额（万元）：20"
    assert clauses["表1 行3"].context.endswith("行业：软件业；金额（万元）：2660 / 2430")
    row = clauses["表1 行1"]
    assert text[row.start : row.end] == "制造业 | 省级首次认定 | 50"
    assert (row.kind, row.label) == ("row", "表1 行1")


def test_tables_are_counted_per_annex_and_hang_below_the_clause_around_them() -> None:
    growing = GrowingText()
    growing.line("通知\n一、奖励")
    _rewards(growing)
    growing.line("附件1：\n一、标准\n（一）甲")
    _rewards(growing)
    _rewards(growing)
    growing.line("附件2：")
    _rewards(growing)
    _, clauses = _parsed(growing)
    assert [path for path in clauses if path.endswith(" 行3")] == [
        "表1 行3",
        "附件1 表1 行3",
        "附件1 表2 行3",
        "附件2 表1 行3",
    ]
    assert clauses["附件1 表2"].parent == clauses["附件1 一（一）"].ordinal
    assert clauses["附件1 表2"].label == "附件1： 表2"
    assert clauses["附件1 表2 行3"].parent == clauses["附件1 表2"].ordinal


def test_tables_of_a_forwarded_annex_are_cited_without_it() -> None:
    growing = GrowingText()
    growing.line("通知\n附件：\n办法\n第一条 标准见下表。")
    _rewards(growing)
    _, clauses = _parsed(growing)
    assert "表1 行1" in clauses


def test_lines_of_a_table_are_no_clauses_and_text_below_it_goes_on_with_its_clause() -> None:
    growing = GrowingText()
    growing.line("第一条 标准如下：")
    growing.table([[Cell("一、类别"), Cell("1、金额")], [Cell("（一）甲"), Cell("①5")]], header_rows=1)
    growing.line("以上金额含税。")
    growing.line("第二条 其他。")
    text, clauses = _parsed(growing)
    assert list(clauses) == ["第一条", "表1", "表1 行1", "第一条 段2", "第二条"]
    below = clauses["第一条 段2"]
    assert text[below.start : below.end] == "以上金额含税。"
    assert text[: clauses["第一条"].whole_end].endswith("以上金额含税。")


def test_a_table_without_anything_above_its_rows_gives_rows_only() -> None:
    growing = GrowingText()
    growing.line("一、名单")
    growing.table([[Cell("甲厂"), Cell("5人")], [Cell("乙厂"), Cell("6人")]], header_rows=0)
    _, clauses = _parsed(growing)
    assert list(clauses) == ["一", "表1 行1", "表1 行2"]
    assert clauses["表1 行1"].parent == 0
    assert clauses["表1 行1"].context == "甲厂；5人"


def test_a_table_at_the_beginning_and_text_below_it() -> None:
    growing = GrowingText()
    _rewards(growing)
    growing.line("说明文字。")
    _, clauses = _parsed(growing)
    assert list(clauses) == ["表1", "表1 行1", "表1 行2", "表1 行3", "文首"]


def test_a_table_inside_another_is_part_of_its_rows() -> None:
    text = "标题\n甲 | 乙\n丙 | 丁\n"
    outer = Table(3, 17, rows=(Row(3, 8, ("甲", "乙")), Row(9, 14, ("丙", "丁"))))
    inner = Table(9, 14, rows=(Row(9, 14, ("丙", "丁")),))
    assert [clause.path for clause in parse(text, (outer, inner))] == ["文首", "表1 行1", "表1 行2"]


def test_text_between_rows_is_kept_with_the_row_before() -> None:
    text = "表1 甲\n甲 | 乙\n续表\n丙 | 丁\n"
    table = Table(0, len(text) - 1, ("左", "右"), "表1 甲", rows=(Row(5, 10, ("甲", "乙")), Row(14, 19, ("丙", "丁"))))
    clauses = parse(text, (table,))
    assert coverage(text, clauses) == 1.0
    assert [text[clause.start : clause.end] for clause in clauses] == ["表1 甲", "甲 | 乙\n续表", "丙 | 丁"]
