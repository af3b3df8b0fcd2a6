"""Markdown: the words stay, the marks go, tables are tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.clauses import coverage, parse
from knowledge.readers import markdown, read

PAGE = """\
# 云岭市奖励办法（示例）

<!-- 内部意见：
奖励99万元 -->
## 一、申报条件 ##
1. **注册地**在云岭市；
2. 营业收入不低于*500*万元。
- [x] 营业执照
> 引用一段

表1 奖励标准
单位：万元

| 类别 | 金额 |
|:-----|-----:|
| 甲类 | 20 |
| 乙类\\|丙类 | 10<br>5 |

附件：[申报书.docx](/u/a.docx "下载") 和 [网站](https://example.org/)

```text
第九条 # 原样 **保留**
```
"""


def test_words_stay_and_marks_go() -> None:
    reading = read(PAGE.encode(), "办法.md")
    assert reading.text.splitlines() == [
        "云岭市奖励办法（示例）", "", "一、申报条件", "1. 注册地在云岭市；", "2. 营业收入不低于500万元。", "营业执照",
        "引用一段", "", "表1 奖励标准", "单位：万元", "类别 | 金额", "甲类 | 20", "乙类|丙类 | 10 / 5", "",
        "附件：申报书.docx 和 网站", "", "第九条 # 原样 **保留**",
    ]  # fmt: skip
    assert (reading.format, reading.title, reading.links) == ("markdown", "云岭市奖励办法（示例）", ("申报书.docx",))
    assert reading.warnings == ()


def test_a_table_has_its_caption_unit_header_and_rows() -> None:
    reading = markdown.read(PAGE.encode())
    (table,) = reading.tables
    assert (table.caption, table.unit, table.header) == ("表1 奖励标准", "单位：万元", ("类别", "金额"))
    assert [row.cells for row in table.rows] == [("甲类", "20"), ("乙类|丙类", "10\n5")]
    assert reading.text[table.start : table.end].startswith("表1 奖励标准\n单位：万元\n类别 | 金额\n甲类 | 20")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("面积为5*3*2立方米", "面积为5*3*2立方米"),
        ("a_b_c 和 file_name.txt", "a_b_c 和 file_name.txt"),
        ("1\\. 不是列表 \\*星号\\*", "1. 不是列表 *星号*"),
        ("标题\n===", "标题"),
        ("上文\n\n---\n\n下文", "上文\n\n\n下文"),
        ("`第一条` 奖励", "第一条 奖励"),
    ],
)
def test_what_is_no_mark_is_kept(line: str, words: str) -> None:
    assert markdown.read(line.encode()).text == words + "\n"


def test_a_cell_beyond_the_header_is_kept() -> None:
    reading = markdown.read("类别 | 标准\n--- | ---\n甲 | 20万元 | 一次性\n".encode())
    assert reading.tables[0].rows[0].cells == ("甲", "20万元", "一次性")


def test_what_is_struck_out_is_left_out_and_said() -> None:
    reading = markdown.read("# 通知\n奖励~~20万元~~30万元\n".encode())
    assert reading.text == "通知\n奖励30万元\n"
    assert [warning.code for warning in reading.warnings] == ["struck_text"]


_LINE = st.text(st.sampled_from("第一条企业，。#*_`|[]()>-~!<0123 "), max_size=20)


@given(st.lists(_LINE, max_size=8))
def test_any_lines_are_read_and_covered_by_clauses(lines: list[str]) -> None:
    reading = markdown.read("\n".join(lines).encode())
    assert coverage(reading.text, parse(reading.text, reading.tables)) == 1.0
    for table in reading.tables:
        assert all("\n" not in reading.text[row.start : row.end] for row in table.rows)
