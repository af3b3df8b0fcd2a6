"""What a line may begin with, and what only looks like a label."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import clauses
from knowledge.clause_labels import Kind, Needs, chinese_number, read_label

_NUMERALS = "零一二三四五六七八九"


@pytest.mark.parametrize(
    "line",
    [
        "3.5%以上的给予补助", "2.0版系统升级", "2025.6.30前报送", "2025年4月27日", "2000.5万元", "１．５倍",
        "２，０００．５万元", "2.5 万元以上", "1 万元", "1998 年成立", "1:30开会", "1、2、3项", "（2025）",
        "（二〇二五年）", "（基本条件）", "（试行）", "一、二级企业", "二、三级医院", "一次性奖励", "一是加强领导",
        "一、二、三产业", "第一，加强领导", "A类企业", "第三条件不满足的", "第三条规定的", "第三条所称企业",
        "第三条、第四条", "第三条至第五条", "第三条第二款", "第三条（二）项", "第三条修改为：", "第三条 修改为：",
        "第三章规定的", "（一）项规定", "（一）、（二）项", "（1）（2）项", "①②项", "（二）款规定的",
        "附件齐全的企业", "附件1中的材料", "附：《方案》", "附件所列", "", "#", "**",
    ],
)  # fmt: skip
def test_what_is_no_label(line: str) -> None:
    assert read_label(line) is None


@pytest.mark.parametrize(
    ("line", "kind", "folded"),
    [
        ("附件：", "annex", "附件"),
        ("附件 3", "annex", "附件3"),
        ("附 件 2:承诺书", "annex", "附件2"),
        ("附件2 申报表", "annex", "附件2"),
        ("附件2申报表", "annex", "附件2"),
        ("附件1-2：", "annex", "附件1-2"),
        ("附表一：", "annex", "附表一"),
        ("附录A", "annex", "附录A"),
        ("第一编 总则", "part", "第一编"),
        ("第二部分 申报条件", "part", "第二部分"),
        ("第二章 总则", "chapter", "第二章"),
        ("第三章中小企业", "chapter", "第三章"),
        ("第 二 节 范围", "section", "第二节"),
        ("第一百二十三条 本办法", "article", "第一百二十三条"),
        ("第一百〇五条　本办法", "article", "第一百〇五条"),
        ("第 四 条 对复核通过的", "article", "第四条"),
        ("第5条 本办法", "article", "第5条"),
        ("第三条之一 补充", "article", "第三条之一"),
        ("第三条（一）甲", "article", "第三条"),
        ("**第一条** 目的", "article", "第一条"),
        ("第一款 范围", "paragraph", "第一款"),
        ("十二、附则", "cn", "十二"),
        ("一、一次性奖励标准", "cn", "一"),
        ("二．支持", "cn", "二"),
        ("## 三、支持", "cn", "三"),
        ("(一）基本条件", "cn_paren", "（一）"),
        ("（二)优先", "cn_paren", "（二）"),
        ("（ 三 ）其他", "cn_paren", "（三）"),
        ("（一）、基本条件", "cn_paren", "（一）"),
        ("（一）项目申报", "cn_paren", "（一）"),
        ("（二）目标任务", "cn_paren", "（二）"),
        ("（三）款项拨付", "cn_paren", "（三）"),
        ("㈣其他", "cn_paren", "（四）"),
        ("1、注册", "num", "1"),
        ("2．营业收入", "num", "2"),
        ("１、全角", "num", "1"),
        ("⒊其他", "num", "3"),
        ("1. 2025年6月前", "num", "1"),
        ("1.1 申报条件", "decimal", "1.1"),
        ("1.2 年度考核", "decimal", "1.2"),
        ("１．２．３ 细则", "decimal", "1.2.3"),
        ("（2） 第二项", "num_paren", "（2）"),
        ("(12)第十二项", "num_paren", "（12）"),
        ("⑴ 列入", "num_paren", "⑴"),
        ("③第三", "circled", "③"),
        ("㉑第二十一", "circled", "㉑"),
        ("Ⅱ、支持", "roman", "II"),
    ],
)
def test_what_is_a_label(line: str, kind: Kind, folded: str) -> None:
    label = read_label(line)
    assert label is not None
    assert (label.kind, label.folded, label.needs) == (kind, folded, "nothing")


@pytest.mark.parametrize(
    ("line", "needs"),
    [
        ("1.1申报条件", "series"),
        ("2.2 3.5%以上", "series"),
        ("1.2023年营业收入", "series"),
        ("3、50人以上", "series"),
        ("1）子项", "series"),
        ("(a) 子项", "series"),
        ("A、子项", "series"),
        ("IV. 子项", "series"),
        ("1 总则", "decimals"),
    ],
)
def test_what_counts_only_among_its_like(line: str, needs: Needs) -> None:
    label = read_label(line)
    assert label is not None
    assert label.needs == needs


def test_a_label_says_how_far_it_reaches() -> None:
    text = "甲\n## 第 四 条  对复核"
    label = read_label(text, 2, len(text))
    assert label is not None
    assert text[2 : 2 + label.width] == "## 第 四 条"
    assert label.glyphs == "第 四 条"


@given(st.integers(1, 999))
def test_chinese_numbers_come_back(number: int) -> None:
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    written = f"{_NUMERALS[hundreds]}百" if hundreds else ""
    written += f"{_NUMERALS[tens]}十" if tens else "零" if hundreds and ones else ""
    written += _NUMERALS[ones] if ones else ""
    assert chinese_number(written) == number
    assert chinese_number(written.replace("一十", "十") if number < 20 else written) == number


@given(st.text("第一二三十条章节附件表（）()0123456789１２.．、：: \u3000①⑴㈠aIV#*项款目年万", max_size=20))
def test_any_line_is_read_and_a_label_stands_in_it(line: str) -> None:
    label = read_label(line)
    if label is not None:
        assert label.glyphs in line[: label.width]
        assert label.number >= 0


def test_labels_in_traditional_characters_are_labels_and_fold_to_simplified_paths() -> None:
    lines = (
        "獎勵辦法",
        "第一章 總則",
        "第一條 對首次認定的企業，依照第二條規定獎勵１５萬元。",
        "第二條 軟體企業另加５萬元。",
        "附錄１：名單",
    )
    found = clauses.parse("\n".join(lines))
    assert [clause.path for clause in found] == ["文首", "第一章", "第一章 第一条", "第一章 第二条", "附录1"]
    assert found[3].label == "第一章 第二條"
