"""Clause trees keep the original's own labels, and every visible character belongs to one clause."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.text import squeeze
from knowledge.base import DATA
from knowledge.clauses import coverage, parse, parts, read_label, sentences

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
⑵ 近2年获得市级以上奖项的。
（基本条件）
㈢ 排除情形
①近3年有重大安全事故的。
②被列入严重失信名单的。
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


@pytest.mark.parametrize(
    "line",
    [
        "3.5%以上的给予补助",
        "2.0版系统升级",
        "2025.6.30前报送",
        "2025年4月27日",
        "（基本条件）",
        "一是加强领导",
        "第三条件不满足的",
        "附件齐全的企业",
        "附：《方案》",
        "1998 年成立",
    ],
)
def test_what_is_no_label(line: str) -> None:
    assert read_label(line) is None


@pytest.mark.parametrize(
    ("line", "folded"),
    [
        ("1.1 申报条件", "1.1"),
        ("十二、附则", "十二"),
        ("第一百二十三条 本办法", "第一百二十三条"),
        ("（2） 第二项", "（2）"),
        ("(12)第十二项", "（12）"),
        ("１、全角", "1"),
        ("③第三", "③"),
        ("第二章 总则", "第二章"),
        ("附件：", "附件"),
        ("附件 3", "附件3"),
    ],
)
def test_what_is_a_label(line: str, folded: str) -> None:
    label = read_label(line)
    assert label is not None
    assert label.folded == folded


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


_labels = st.sampled_from(
    ["一、", "二、", "（一）", "(二）", "1、", "2．", "第三条", "①", "附件1：", "第一章 ", "⑴", "1.1 ", ""]
)
_words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_lines = st.lists(st.tuples(_labels, _words).map("".join), max_size=12).map("\n".join)


@given(_lines)
@settings(max_examples=300)
def test_every_visible_character_belongs_to_exactly_one_clause(text: str) -> None:
    clauses = parse(text)
    assert coverage(text, clauses) == 1.0
    for earlier, later in pairwise(clauses):
        assert earlier.end <= later.start
    assert "".join(squeeze(text[c.start : c.end]) for c in clauses) == squeeze(text)


@given(_lines)
@settings(max_examples=300)
def test_the_tree_nests(text: str) -> None:
    clauses = parse(text)
    for clause in clauses:
        assert clause.start < clause.end <= clause.whole_end
        if clause.parent is not None:
            parent = clauses[clause.parent]
            assert parent.ordinal < clause.ordinal
            assert clause.whole_end <= parent.whole_end


@given(st.text())
def test_sentences_and_parts_are_literal_and_lose_nothing(text: str) -> None:
    for split in (sentences, parts):
        pieces = list(split(text))
        assert squeeze("".join(text[a:b] for a, b in pieces)) == squeeze(text)


def test_a_two_megabyte_line_is_read() -> None:
    line = "企业应当按时报送材料，" * 200_000
    assert coverage(line, parse(line)) == 1.0
