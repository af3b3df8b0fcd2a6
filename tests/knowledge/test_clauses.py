"""Clause trees keep the original's own labels, and every visible character belongs to one clause."""

from __future__ import annotations

from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import squeeze
from knowledge import clause_tree
from knowledge.base import DATA
from knowledge.clauses import MAX_CLAUSES, PASSAGE, Clause, TooManyClauses, coverage, parse
from knowledge.readers.tables import Cell, GrowingText
from knowledge.reading import Reading

PLAN = (DATA / "documents" / "hengyang-little-giant-plan-2021-2025.txt").read_text(encoding="utf-8")

MIXED = """云岭市制造业小企业扶持办法(试行)
云工信发〔2024〕7号
一、申报条件
(一）基本条件
1、注册地在云岭市且经营满1年。
2．上年度营业收入不低于500万元。
3.资产负债率不高于65%。
（二)优先条件
⑴ 列入市级产业链名单的。
⑵ 近2年获得市级以上奖项的。（基本条件）
㈢ 排除情形
①近3年有重大安全事故的；②被列入严重失信名单的。
二、支持措施
第三条 对新认定企业一次性奖励10万元。
第 四 条 对复核通过的企业奖励5万元。
第5条 本办法有效期2年。
附件1：申报表
附 件 2:承诺书
"""


def paths(text: str) -> list[str]:
    return [clause.path for clause in parse(text)]


def test_the_plans_clauses_and_their_labels() -> None:
    clauses = {clause.path: clause for clause in parse(PLAN)}
    assert list(clauses)[:6] == ["文首", "附件", "一", "二", "三", "四"]
    assert [f"四（一）{n}" in clauses for n in range(1, 7)] == [True] * 6
    assert [f"四（二）{n}" in clauses for n in range(1, 5)] == [True] * 4
    assert [f"五（{n}）" in clauses for n in "一二三四五"] == [True] * 5
    assert [f"六（{n}）" in clauses for n in "一二三"] == [True] * 3
    second = clauses["四（一）2"]
    assert second.label == "四、(一）2、"
    assert PLAN[second.start : second.end].startswith("2、制造业企业上年度主营业务收入2000万元以上")
    assert PLAN[second.start : second.end].endswith("企业资产负债率不高于70%。")
    basic = clauses["四（一）"]
    assert all(PLAN[basic.start : basic.whole_end].count(f"\n{n}、") == 1 for n in range(1, 7))


def test_the_plan_is_covered_whole() -> None:
    assert coverage(PLAN, parse(PLAN)) == 1.0


def test_mixed_numbering_folds_to_one_form_and_keeps_its_glyphs() -> None:
    clauses = parse(MIXED)
    assert [clause.path for clause in clauses] == [
        "文首", "一", "一（一）", "一（一）1", "一（一）2", "一（一）3", "一（二）", "一（二）⑴", "一（二）⑵",
        "一（三）", "一（三）①", "一（三）②", "二", "二 第三条", "二 第四条", "二 第5条", "附件1", "附件2",
    ]  # fmt: skip
    labels = {clause.path: clause.label for clause in clauses}
    assert labels["一（一）2"] == "一、(一）2．"
    assert labels["二 第四条"] == "二、 第 四 条"
    by_path = {clause.path: clause for clause in clauses}
    assert MIXED[by_path["一（二）⑵"].start : by_path["一（二）⑵"].end].endswith("（基本条件）")


def test_chapters_and_articles() -> None:
    text = (
        "某办法\n第一章 总则\n第一条 目的。\n第二条 范围。\n（一）甲；\n（二）乙。\n"
        "第二章 条件\n第三条 条件。\n一、子项\n第四条 其他。\n"
    )
    assert paths(text) == [
        "文首", "第一章", "第一章 第一条", "第一章 第二条", "第一章 第二条（一）", "第一章 第二条（二）",
        "第二章", "第二章 第三条", "第二章 第三条一", "第二章 第四条",
    ]  # fmt: skip


def test_numbers_restart_under_each_parent() -> None:
    text = "一、甲\n（一）子\n1、x\n2、y\n（二）子\n1、z\n二、乙\n（一）子\n"
    assert paths(text) == ["一", "一（一）", "一（一）1", "一（一）2", "一（二）", "一（二）1", "二", "二（一）"]


def test_an_annex_beside_clauses_of_the_notice_keeps_its_name() -> None:
    text = "通知\n一、请执行。\n附件：\n方案\n一、目标\n"
    assert paths(text) == ["文首", "一", "附件", "附件 一"]


def test_empty_text_has_no_clauses() -> None:
    assert parse("") == []
    assert parse(" \n\u3000\n") == []


# --- what is no clause of its own ------------------------------------------------------------------------------------


def test_a_table_of_contents_belongs_to_the_front() -> None:
    dotted = "目 录\n一、总则........1\n（一）目的……………2\n二、附则……3\n\n一、总则\n（一）目的\n二、附则\n"
    assert paths(dotted) == ["文首", "一", "一（一）", "二"]
    plain = "某办法\n目　录\n第一章 总则\n第二章 附则\n第一章 总则\n第一条 甲。\n第二章 附则\n第二条 乙。\n"
    assert paths(plain) == ["文首", "第一章", "第一章 第一条", "第二章", "第二章 第二条"]
    tabbed = "目次\n一、总则\t1\n二、附则\t12\n正文\n一、总则\n二、附则\n"
    assert paths(tabbed) == ["文首", "一", "二"]


def test_a_heading_that_says_contents_without_any_hides_nothing() -> None:
    assert paths("目录\n一、第一批产品，按下列标准。\n二、第二批产品。\n") == ["文首", "一", "二"]


def test_the_list_of_annexes_signature_and_date_stand_below_the_last_clause() -> None:
    text = (
        "通知\n一、请执行。\n二、请报送。\n附件：1.申报书\n2.汇总表\n\n云岭市某局\n青溪市某局\n2025年6月10日\n"
        "附件1\n申报书\n一、填写\n附件2\n汇总表\n"
    )
    clauses = {clause.path: text[clause.start : clause.end] for clause in parse(text)}
    assert list(clauses) == ["文首", "一", "二", "文末", "附件1", "附件1 一", "附件2"]
    assert clauses["二"] == "二、请报送。"
    assert clauses["文末"].startswith("附件：1.申报书")
    assert clauses["文末"].endswith("2025年6月10日")


def test_an_annex_named_before_its_text_is_a_clause_once() -> None:
    text = "通知\n一、请执行。\n附件：云岭市办法\n云岭市某局\n2025年6月10日\n附件\n云岭市办法\n第一条 甲。\n"
    assert paths(text) == ["文首", "一", "文末", "附件", "附件 第一条"]


def test_a_date_inside_a_clause_is_no_signature() -> None:
    text = "一、时间\n2025年6月10日\n前报送的有效。\n二、地点\n"
    assert paths(text) == ["一", "二"]


def test_a_note_belongs_to_the_clause_before_it() -> None:
    text = (
        "第一条 营业收入500万元以上。〔注1〕\n〔注1〕口径：（一）审计报告为准；（二）不含营业外收入。\n第二条 其他。\n"
    )
    assert paths(text) == ["第一条", "第二条"]
    assert "审计报告" in text[slice(*_span(text, "第一条"))]


def test_a_reference_at_the_beginning_of_a_broken_line_is_no_clause() -> None:
    text = (
        "第一条 企业符合\n（一）甲；\n（二）乙。\n第二条 违反\n第九条 规定的，依照\n第五条规定处理。\n第三条 其他。\n"
    )
    assert paths(text) == ["第一条", "第一条（二）", "第二条", "第三条"]


# --- several labels in a line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "第一条 下列企业：（一）甲的；（二）乙的；（三）丙的。",
            ["第一条", "第一条（一）", "第一条（二）", "第一条（三）"],
        ),
        ("一、条件 ①甲；②乙。", ["一", "一①", "一②"]),
        ("一、包括：1.甲；2.乙；3.丙。", ["一", "一1", "一2", "一3"]),
        ("（1）甲：①a；②b；（2）乙：①c；②d。", ["（1）", "（1）①", "（1）②", "（2）", "（2）①", "（2）②"]),
        ("第一条（一）甲；（二）乙。", ["第一条", "第一条（一）", "第一条（二）"]),
        ("第一章 总则 第一条 目的。 第二条 按照第五条规定执行。", ["第一章", "第一章 第一条", "第一章 第二条"]),
        ("一、（一）1.甲", ["一", "一（一）", "一（一）1"]),
        ("一、符合（一）规定的，按前款第（二）项执行；（三）项除外。", ["一"]),
        ("一、依据①和②所列；①②两项均可。", ["一"]),
        ("一、比例为：1.5；2.5。", ["一"]),
        ("一、只有一项：（一）甲。", ["一"]),
    ],
)
def test_labels_inside_a_line_count_where_they_count_on(line: str, expected: list[str]) -> None:
    assert paths(line) == expected


def test_a_list_that_begins_inside_a_line_goes_on_in_the_next() -> None:
    assert paths("一、条件：（一）甲；\n（二）乙。\n") == ["一", "一（一）", "一（二）"]


# --- how kinds nest --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("（一）甲\n一、子\n二、子\n（二）乙\n一、子\n", ["（一）", "（一）一", "（一）二", "（二）", "（二）一"]),
        ("1.甲\n（1）子\n①孙\n②孙\n（2）子\n2.乙\n", ["1", "1（1）", "1（1）①", "1（1）②", "1（2）", "2"]),
        ("（1）甲\n1.子\n2.子\n（2）乙\n1.子\n", ["（1）", "（1）1", "（1）2", "（2）", "（2）1"]),
        (
            "1、甲\n（一）子\n1、孙\n2、孙\n（二）子\n1、孙\n",
            ["1", "1（一）", "1（一）1", "1（一）2", "1（二）", "1（二）1"],
        ),
        ("一、甲\n（一）子\n二、乙\n（二）子\n（三）子\n", ["一", "一（一）", "二", "二（二）", "二（三）"]),
        ("第一编 总\n第一章 甲\n第一节 子\n第一条 一。\n第二编 分\n第一章 乙\n第二条 二。\n", [
            "第一编", "第一编 第一章", "第一编 第一章 第一节", "第一编 第一章 第一节 第一条",
            "第二编", "第二编 第一章", "第二编 第一章 第二条",
        ]),
        ("第三条 甲。\n第三条之一 补。\n第四条 乙。\n", ["第三条", "第三条之一", "第四条"]),
        ("一、甲\n1.子\n1）孙\n2）孙\n2.子\n", ["一", "一1", "一1 1）", "一1 2）", "一2"]),
        ("附件2\n表\n附表1\n甲\n附表2\n乙\n附件3\n丙\n", ["附件2", "附件2 附表1", "附件2 附表2", "附件3"]),
        ("## 一、甲\n### （一）子\n**二、乙**\n", ["一", "一（一）", "二"]),
    ],
)  # fmt: skip
def test_the_document_tells_how_its_kinds_nest(text: str, expected: list[str]) -> None:
    assert paths(text) == expected


def test_a_list_of_a_clause_shown_to_stand_lower_does_not_take_in_a_higher_one() -> None:
    text = "一、甲\n1.子\n①孙\n②孙\n二、乙\n①子\n②子\n1.子\n"
    assert paths(text)[-1] == "二1"


def test_decimals_name_the_levels_above_themselves() -> None:
    text = "1 总则\n1.1 目的\n1.1.1 细则\n1.2范围\n2 条件\n2.1 甲\n2.2 3.5%以上的\n3.5%以上的给予补助\n2.0版系统升级\n"
    assert paths(text) == ["1", "1.1", "1.1.1", "1.2", "2", "2.1", "2.2"]
    assert paths("第一章 总则\n1.1 目的\n1.2 范围\n") == ["第一章", "第一章 1.1", "第一章 1.2"]


@pytest.mark.parametrize(
    "line", ["3.5%以上的给予补助", "2.0版系统升级", "2025.6.30前报送", "2.5 万元以上", "5.3 项目申报"]
)
def test_a_figure_at_the_beginning_of_a_line_is_text(line: str) -> None:
    assert paths(f"1.1 申报条件\n{line}\n1.2 申报程序\n") == ["1.1", "1.2"]


def test_a_number_before_a_figure_counts_in_a_series_only() -> None:
    text = "一、条件\n1.2023年营业收入100万元；\n2.2024年盈利；\n3、50人以上。\n10、20万元两档。\n"
    assert paths(text) == ["一", "一1", "一2", "一3"]


def test_letters_and_roman_numbers_count_in_a_series_only() -> None:
    assert paths("（a）甲\n（b）乙\n（x）丙\n") == ["（a）", "（b）"]
    assert paths("I. 甲\nII. 乙\nV. 丙\n") == ["I", "II"]


def test_a_path_that_is_taken_is_told_apart() -> None:
    text = "一、甲\n四、乙\n（一）子\n四、丙\n（一）子\n七、丁\n1、x\n1、y\n"
    assert paths(text) == ["一", "四", "四（一）", "四#2", "四#2（一）", "七", "七1", "七1#2"]


# --- questions and answers -------------------------------------------------------------------------------------------


def test_a_question_and_its_answer_stay_together() -> None:
    text = "政策问答\n问：什么时候申报？\n答：每年6月。\n1.线上；\n2.线下。\n问：奖励多少？\n答：10万元。\n"
    assert [text[clause.start : clause.end] for clause in parse(text)][1:] == [
        "问：什么时候申报？\n答：每年6月。\n1.线上；\n2.线下。",
        "问：奖励多少？\n答：10万元。",
    ]
    assert paths(text) == ["文首", "文首 段2", "文首 段3"]
    assert paths("Q1：甲？\nA：乙。\nQ2：丙？\nA：丁。\n") == ["文首", "文首 段2"]


def test_numbered_questions_keep_their_numbers_and_groups() -> None:
    text = "一、申报\n1、问：甲？\n答：乙。\n（1）丙\n2、问：丁？\n答：戊。\n二、奖励\n1、问：己？\n答：庚。\n"
    assert paths(text) == ["一", "一1", "一2", "二", "二1"]


# --- passages --------------------------------------------------------------------------------------------------------


def test_the_text_of_a_long_clause_goes_on_in_passages_below_it() -> None:
    text = f"第一条 {'企业应当按时报送材料。' * 200}\n（一）子项。\n第二条 短。\n"
    clauses = parse(text)
    assert [clause.path for clause in clauses] == ["第一条", "第一条 段2", "第一条 段3", "第一条（一）", "第二条"]
    assert [clause.parent for clause in clauses] == [None, 0, 0, 0, None]
    assert clauses[1].label == "第一条 段2"
    assert text[clauses[0].start : clauses[0].whole_end].endswith("（一）子项。")
    assert all(text[clause.end - 1] == "。" for clause in clauses)


def test_paragraphs_without_labels_become_passages() -> None:
    text = "某某公告\n" + "\n".join(
        f"第{number}段说明有关事项，{'请各企业知悉并遵照执行。' * 20}" for number in "甲乙丙"
    )
    clauses = parse(text)
    assert [clause.path for clause in clauses] == ["文首", "文首 段2", "文首 段3"]
    assert [clause.parent for clause in clauses] == [None, None, None]
    assert text[clauses[0].start : clauses[0].end].startswith("某某公告\n第甲段")
    assert paths("一句话。\n又一句话。\n") == ["文首"]


def test_a_heading_without_a_label_begins_its_passage() -> None:
    text = "某某指南\n说明有关事项。\n支持对象\n在本市注册的企业。\n支持标准\n一次性奖励10万元。\n"
    assert [text[clause.start : clause.end].partition("\n")[0] for clause in parse(text)] == [
        "某某指南",
        "支持对象",
        "支持标准",
    ]


def test_a_two_megabyte_line_falls_into_passages() -> None:
    line = "企业应当按时报送材料，" * 180_000
    clauses = parse(line)
    assert coverage(line, clauses) == 1.0
    assert max(clause.end - clause.start for clause in clauses) <= PASSAGE


def test_too_many_clauses_are_refused_with_the_limit_named() -> None:
    with pytest.raises(TooManyClauses, match=str(MAX_CLAUSES)):
        parse("\n".join(f"{number % 900 + 1}、企业应当按时报送材料。" for number in range(MAX_CLAUSES + 1)))


@pytest.mark.parametrize(
    "piece",
    [
        "1、企业。\n", "一、甲\n", "：①甲；②乙", "；（一", "目录\n一、甲\n", "附件：1.申报书\n", "问：甲？\n答：乙。\n",
        "第 一 ", "《", "9", "." * 50 + "\n", "a" + " " * 50, "。第一条 ", "# ", "1.1.1.1", "（1）（2）", "《一", "，①",
    ],
)  # fmt: skip
def test_time_grows_with_the_length_of_the_text(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight times as much text takes about eight times as long: far from sixty-four."""
    monkeypatch.setattr(clause_tree, "MAX_CLAUSES", 10**9)
    short, long = piece * (24_000 // len(piece)), piece * (8 * 24_000 // len(piece))
    parse(short)
    assert _seconds(long) < 25 * max(_seconds(short), 0.01)


def _seconds(text: str) -> float:
    """The quicker of two times, so that what else the machine does counts less."""
    taken = []
    for _ in range(2):
        started = process_time()
        parse(text)
        taken.append(process_time() - started)
    return min(taken)


# --- properties ------------------------------------------------------------------------------------------------------

_labels = st.sampled_from(
    [
        "一、", "二、", "十、", "（一）", "(二）", "㈢", "1、", "2．", "3.", "第三条", "第 四 条 ", "第5条", "①", "②",
        "附件1：", "附件：1.", "附件", "第一章 ", "第二节 ", "⑴", "1.1 ", "1.2", "2 ", "(a)", "II.", "问：", "答：",
        "目录", "〔注1〕", "## ", "2025年6月10日", "第三条规定", "", "", "",
    ]
)  # fmt: skip
_words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_long = st.builds(
    lambda piece, times: piece * times,
    st.sampled_from(["企业。", "２，０００万元，", "《甲", "乙》", "一"]),
    st.integers(100, 700),
)
_inline = st.sampled_from(["", "；①", "：（一）", "；（二）", "。第二条 ", "，②", "……3"])
_lines = st.builds(lambda *parts: "".join(parts), _labels, _words, _inline, st.one_of(_words, _words, _words, _long))
_cells = st.lists(st.lists(st.builds(Cell, st.text("甲1一、（）.\n ", max_size=6)), min_size=1, max_size=3), max_size=4)


@st.composite
def _readings(draw: st.DrawFn) -> Reading:
    """Lines with and without labels, with tables between them."""
    growing = GrowingText()
    for item in draw(st.lists(st.one_of(_lines, _lines, _lines, _cells), max_size=12)):
        if isinstance(item, str):
            growing.line(item)
        else:
            growing.table(item, caption=draw(st.sampled_from(["", "表1 标准", "一、表"])))
    return Reading(growing.text(), tables=tuple(growing.tables))


def _span(text: str, path: str) -> tuple[int, int]:
    return next((clause.start, clause.end) for clause in parse(text) if clause.path == path)


@given(_readings())
@settings(max_examples=400, deadline=None)
def test_every_visible_character_belongs_to_exactly_one_clause(reading: Reading) -> None:
    clauses = parse(reading.text, reading.tables)
    assert coverage(reading.text, clauses) == 1.0
    for earlier, later in pairwise(clauses):
        assert earlier.end <= later.start
    assert "".join(squeeze(reading.text[c.start : c.end]) for c in clauses) == squeeze(reading.text)


@given(_readings())
@settings(max_examples=400, deadline=None)
def test_the_tree_nests_and_every_path_is_its_own(reading: Reading) -> None:
    clauses = parse(reading.text, reading.tables)
    assert len({clause.path for clause in clauses}) == len(clauses)
    for ordinal, clause in enumerate(clauses):
        assert clause.ordinal == ordinal
        assert clause.start < clause.end <= clause.whole_end
        assert clause.kind in ("table", "row") or clause.end - clause.start <= PASSAGE
        if clause.parent is not None:
            _lies_inside(clause, clauses[clause.parent])


def _lies_inside(clause: Clause, parent: Clause) -> None:
    assert parent.ordinal < clause.ordinal
    assert parent.end <= clause.start
    assert clause.whole_end <= parent.whole_end
    assert clause.depth > parent.depth or parent.path == "附件"
