"""Automatic numbering comes out as Word prints it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.clauses import parse
from knowledge.readers.docx import read
from knowledge.readers.docx_numerals import printed
from tests.knowledge.readers.docx_writing import abstract, docx, level, num, override, p, row, style, table

THREE_LEVELS = abstract(
    0, level(0, "%1、", "chineseCounting"), level(1, "（%2）", "chineseCountingThousand"), level(2, "%3.")
)


def labels(places: Sequence[tuple[str, int]], numbering: str) -> list[str]:
    """The labels of numbered paragraphs that all say 文."""
    body = "".join(p("文", num=place) for place in places)
    return [line.removesuffix("文").rstrip() for line in read(docx(body, numbering=numbering)).text.splitlines()]


def on(list_id: str, *places: int) -> list[tuple[str, int]]:
    return [(list_id, place) for place in places]


def test_three_levels_are_labelled_and_restart_below_a_new_upper_level() -> None:
    assert labels(on("1", 0, 1, 2, 2, 1, 2, 0, 1), THREE_LEVELS + num(1, 0)) == [
        "一、", "（一）", "1.", "2.", "（二）", "1.", "二、", "（一）",
    ]  # fmt: skip


def test_labels_make_the_clause_tree() -> None:
    body = "".join(
        p(text, num=("1", place)) for text, place in (("条件", 0), ("基本", 1), ("注册在云岭市。", 2), ("收入", 2))
    )
    text = read(docx(body, numbering=THREE_LEVELS + num(1, 0))).text
    assert [clause.path for clause in parse(text)] == ["一", "一（一）", "一（一）1", "一（一）2"]


def test_numbering_goes_on_after_text_and_tables() -> None:
    body = p("甲", num=("1", 0)) + p("插话") + table(row("项目", "金额"), row("奖励", "10")) + p("乙", num=("1", 0))
    text = read(docx(body, numbering=THREE_LEVELS + num(1, 0))).text
    assert text.startswith("一、甲\n插话\n")
    assert text.endswith("\n二、乙\n")


def test_lists_on_one_definition_count_together() -> None:
    numbering = THREE_LEVELS + num(1, 0) + num(2, 0)
    assert labels([("1", 0), ("2", 0), ("1", 0), ("2", 1)], numbering) == ["一、", "二、", "三、", "（一）"]


def test_lists_on_two_definitions_count_apart() -> None:
    numbering = THREE_LEVELS + abstract(1, level(0, "第%1条", "chineseCounting")) + num(1, 0) + num(2, 1)
    assert labels([("1", 0), ("2", 0), ("1", 0), ("2", 0)], numbering) == ["一、", "第一条", "二、", "第二条"]


def test_a_start_override_restarts_once_and_the_others_count_on_from_there() -> None:
    numbering = THREE_LEVELS + num(1, 0) + num(2, 0, override(0, 5))
    assert labels([("1", 0), ("1", 0), ("2", 0), ("2", 0), ("1", 0)], numbering) == [
        "一、",
        "二、",
        "五、",
        "六、",
        "七、",
    ]


def test_an_overridden_level_restarts_at_the_override() -> None:
    numbering = THREE_LEVELS + num(1, 0, override(1, 3))
    assert labels(on("1", 0, 1, 1, 0, 1), numbering) == ["一、", "（三）", "（四）", "二、", "（三）"]


def test_an_override_may_replace_a_level() -> None:
    changed = f'<w:lvlOverride w:ilvl="0">{level(0, "第%1章", "chineseCounting")}</w:lvlOverride>'
    assert labels(on("1", 0, 0), THREE_LEVELS + num(1, 0, changed)) == ["第一章", "第二章"]


@pytest.mark.parametrize(
    ("restart", "last"),
    [("", "1)"), ('<w:lvlRestart w:val="0"/>', "4)"), ('<w:lvlRestart w:val="1"/>', "1)")],
)
def test_restart_after_an_upper_level_is_as_the_level_says(restart: str, last: str) -> None:
    numbering = abstract(0, level(0, "%1."), level(1, "%1.%2."), level(2, "%3)", more=restart)) + num(1, 0)
    found = labels(on("1", 0, 1, 2, 2, 1, 2, 0, 2), numbering)
    assert found[5] == ("1)" if not restart else "3)")
    assert found[-1] == last


def test_skipped_upper_levels_stand_at_their_start() -> None:
    numbering = abstract(0, level(0, "%1."), level(1, "%1.%2."), level(2, "%1.%2.%3.")) + num(1, 0)
    assert labels(on("1", 0, 2, 1, 0), numbering) == ["1.", "1.1.1.", "1.2.", "2."]


def test_a_label_may_quote_upper_levels_and_legal_ones_in_decimals() -> None:
    levels = (level(0, "第%1章", "chineseCounting"), level(1, "%1.%2"), level(2, "%1.%2.%3", more="<w:isLgl/>"))
    assert labels(on("1", 0, 1, 2), abstract(0, *levels) + num(1, 0)) == ["第一章", "一.1", "1.1.1"]


def test_a_bullet_above_has_no_number_to_quote() -> None:
    levels = (level(0, "\uf0b7", "bullet"), level(1, "%1%2."))
    assert labels(on("1", 0, 1), abstract(0, *levels) + num(1, 0)) == ["•", "1."]


def test_the_start_of_a_level_counts_and_none_is_zero() -> None:
    assert labels(on("1", 0, 0), abstract(0, level(0, "%1.", start=7)) + num(1, 0)) == ["7.", "8."]
    assert labels(on("1", 0, 0), abstract(0, level(0, "%1.", start=None)) + num(1, 0)) == ["0.", "1."]


def test_custom_formats_keep_their_width() -> None:
    custom = (
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="8"/><mc:AlternateContent>'
        '<mc:Choice Requires="w14">'
        '<w:numFmt w:val="custom" w:format="001, 002, 003, ..."/></mc:Choice><mc:Fallback><w:numFmt w:val="decimal"/>'
        '</mc:Fallback></mc:AlternateContent><w:lvlText w:val="%1."/></w:lvl></w:abstractNum>'
    )
    assert labels(on("1", 0, 0, 0), custom + num(1, 0)) == ["008.", "009.", "010."]


# --- which list a paragraph is in ------------------------------------------------------------------------------------


def test_a_style_numbers_its_paragraphs_and_those_based_on_it() -> None:
    styles = (
        style("Heading1", ppr='<w:numPr><w:numId w:val="1"/></w:numPr>')
        + style("Heading2", ppr='<w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr>')
        + style("Own", based_on="Heading2")
    )
    body = p("甲", style="Heading1") + p("乙", style="Heading2") + p("丙", style="Own") + p("丁", style="Heading1")
    assert (
        read(docx(body, numbering=THREE_LEVELS + num(1, 0), styles=styles)).text
        == "一、甲\n（一）乙\n（二）丙\n二、丁\n"
    )


def test_the_level_tied_to_a_style_counts_before_the_level_that_the_style_says() -> None:
    tied = abstract(
        0,
        level(0, "第%1章", "chineseCounting", more='<w:pStyle w:val="A"/>'),
        level(1, "第%2条", "chineseCounting", more='<w:pStyle w:val="B"/>'),
    )
    styles = "".join(style(name, ppr='<w:numPr><w:numId w:val="1"/></w:numPr>') for name in "AB")
    body = p("总则", style="A") + p("为了", style="B") + p("适用", style="B")
    assert read(docx(body, numbering=tied + num(1, 0), styles=styles)).text == "第一章 总则\n第一条 为了\n第二条 适用\n"


def test_a_style_may_say_the_level_and_inherit_the_list() -> None:
    styles = style("A", ppr='<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>') + style(
        "B", based_on="A", ppr='<w:numPr><w:ilvl w:val="1"/></w:numPr>'
    )
    body = p("甲", style="A") + p("乙", style="B")
    assert read(docx(body, numbering=THREE_LEVELS + num(1, 0), styles=styles)).text == "一、甲\n（一）乙\n"


def test_list_zero_switches_numbering_off() -> None:
    styles = style("A", ppr='<w:numPr><w:numId w:val="1"/></w:numPr>') + style(
        "B", based_on="A", ppr='<w:numPr><w:numId w:val="0"/></w:numPr>'
    )
    body = p("甲", style="A") + p("乙", style="A", num=("0", 0)) + p("丙", style="B") + p("丁", style="A")
    assert read(docx(body, numbering=THREE_LEVELS + num(1, 0), styles=styles)).text == "一、甲\n乙\n丙\n二、丁\n"


def test_a_numbering_style_leads_to_the_definition_that_holds_the_levels() -> None:
    numbering = (
        abstract(0, more='<w:numStyleLink w:val="Outline"/>')
        + abstract(1, level(0, "%1、", "chineseCounting"), more='<w:styleLink w:val="Outline"/>')
        + num(1, 0)
        + num(2, 1)
    )
    styles = style("Outline", kind="numbering", ppr='<w:numPr><w:numId w:val="2"/></w:numPr>')
    body = p("甲", num=("1", 0)) + p("乙", num=("2", 0))
    assert read(docx(body, numbering=numbering, styles=styles)).text == "一、甲\n二、乙\n"


def test_style_links_that_run_in_a_circle_end() -> None:
    numbering = abstract(0, more='<w:numStyleLink w:val="A"/>') + num(1, 0)
    styles = style("A", kind="numbering", ppr='<w:numPr><w:numId w:val="1"/></w:numPr>')
    assert read(docx(p("甲", num=("1", 0)), numbering=numbering, styles=styles)).text == "甲\n"


def test_a_list_that_is_not_defined_labels_nothing() -> None:
    assert (
        read(docx(p("甲", num=("9", 0)) + p("乙", num=("1", 8)), numbering=THREE_LEVELS + num(1, 0))).text == "甲\n乙\n"
    )


def test_automatic_numbers_fill_a_column_of_a_table() -> None:
    numbering = abstract(0, level(0, "%1", suffix="nothing")) + num(1, 0)
    numbered = p("", num=("1", 0))
    body = table(row("序号", "项目"), row(f"<w:tc>{numbered}</w:tc>", "奖励"), row(f"<w:tc>{numbered}</w:tc>", "补贴"))
    found = read(docx(body, numbering=numbering)).tables[0]
    assert [line.cells for line in found.rows] == [("1", "奖励"), ("2", "补贴")]


# --- what stands between label and text ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "suffix", "text", "line"),
    [
        ("%1、", "", "条件", "1、条件"),
        ("（%1）", "space", "条件", "（1）条件"),
        ("%1.", "", "条件", "1.条件"),
        ("%1.", "", "5%以上的企业", "1. 5%以上的企业"),
        ("%1.", "nothing", "5%以上的企业", "1. 5%以上的企业"),
        ("%1.%1", "", "条件", "1.1 条件"),
        ("第%1条", "", "为了", "第1条 为了"),
        ("第%1条", "nothing", "　为了", "第1条　为了"),
        ("%1", "nothing", "号窗口", "1号窗口"),
    ],
)
def test_no_blank_behind_chinese_labels_and_one_where_figures_would_run_together(
    label: str, suffix: str, text: str, line: str
) -> None:
    numbering = abstract(0, level(0, label, suffix=suffix)) + num(1, 0)
    assert read(docx(p(text, num=("1", 0)), numbering=numbering)).text == line + "\n"


# --- formats ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number_format", "expected"),
    [
        ("decimal", {0: "0", 1: "1", 120: "120"}),
        ("decimalZero", {1: "01", 10: "10"}),
        ("decimalFullWidth", {12: "１２"}),
        ("decimalEnclosedCircle", {1: "①", 20: "⑳", 21: "21"}),
        ("decimalEnclosedCircleChinese", {3: "③"}),
        ("decimalEnclosedFullstop", {1: "⒈", 20: "⒛", 21: "21"}),
        ("decimalEnclosedParen", {1: "⑴", 20: "⒇", 21: "21"}),
        ("ideographEnclosedCircle", {1: "㈠", 10: "㈩", 11: "11"}),
        ("ideographTraditional", {1: "甲", 10: "癸", 11: "甲"}),
        ("ideographZodiac", {1: "子", 12: "亥"}),
        ("ideographZodiacTraditional", {1: "甲子", 2: "乙丑", 60: "癸亥"}),
        ("ideographDigital", {10: "一〇", 105: "一〇五"}),
        (
            "chineseCounting",
            {1: "一", 10: "十", 11: "十一", 20: "二十", 21: "二十一", 101: "一百零一", 111: "一百一十一"},
        ),
        ("chineseCountingThousand", {110: "一百一十", 1001: "一千零一", 10010: "一万零一十"}),
        ("japaneseCounting", {2: "二", 12: "十二"}),
        ("taiwaneseCountingThousand", {10000: "一萬"}),
        ("chineseLegalSimplified", {3: "叁", 23: "贰拾叁"}),
        ("ideographLegalTraditional", {2: "貳"}),
        ("upperRoman", {4: "IV", 1999: "MCMXCIX", 4000: "4000"}),
        ("lowerRoman", {9: "ix"}),
        ("upperLetter", {1: "A", 26: "Z", 27: "AA", 53: "AAA"}),
        ("lowerLetter", {28: "bb"}),
        ("ordinal", {1: "1st", 2: "2nd", 3: "3rd", 11: "11th", 112: "112th"}),
        ("hex", {31: "1F"}),
        ("numberInDash", {2: "- 2 -"}),
        ("none", {1: ""}),
        ("bullet", {1: ""}),
        ("hebrew1", {5: "5"}),
    ],
)
def test_numbers_are_printed_in_the_formats_of_the_standard(number_format: str, expected: dict[int, str]) -> None:
    assert {number: printed(number, number_format) for number in expected} == expected


@given(
    st.integers(-(2**31), 2**31), st.sampled_from(["upperLetter", "upperRoman", "chineseCounting", "ideographZodiac"])
)
def test_no_start_makes_a_label_long(number: int, number_format: str) -> None:
    assert len(printed(number, number_format)) <= 64


@given(st.integers(1, 9999))
def test_chinese_numbers_read_back_as_what_they_were(number: int) -> None:
    values = {char: value for value, char in enumerate("零一二三四五六七八九")}
    total = digit = 0
    for char in printed(number, "chineseCountingThousand"):
        if char in values:
            digit = values[char]
        else:
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[char]
            digit = 0
    assert total + digit == number


# --- any tree --------------------------------------------------------------------------------------------------------

Tree = list["Tree"]
TREES: st.SearchStrategy[Tree] = st.recursive(st.just([]), lambda below: st.lists(below, max_size=4), max_leaves=25)  # type: ignore[assignment]


def walk(tree: Tree, above: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """The paths of a tree's nodes in their order, counted by their places among their siblings."""
    found = []
    for place, below in enumerate(tree, start=1):
        path = (*above, place)
        found += [path, *walk(below, path)] if len(path) < 9 else [path]
    return found


@given(TREES)
def test_any_tree_of_paragraphs_is_counted_as_it_stands(tree: Tree) -> None:
    paths = walk(tree)
    levels = [level(place, ".".join(f"%{above + 1}" for above in range(place + 1)) + ")") for place in range(9)]
    body = "".join(p("文", num=("1", len(path) - 1)) for path in paths) + p("末")
    lines = read(docx(body, numbering=abstract(0, *levels) + num(1, 0))).text.splitlines()
    assert [line.partition(")")[0] for line in lines[:-1]] == [".".join(map(str, path)) for path in paths]
