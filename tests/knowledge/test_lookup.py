"""Clauses by their place and documents by number: read exactly, whatever the glyphs, and never guessed."""

from __future__ import annotations

from datetime import date

import pytest

from core.text import fold
from knowledge import clauses
from knowledge.library import ClauseText, StoredDocument
from knowledge.lookup import Register, Registered, at_place, read_number, read_place, top_level

PLAN = (
    "云岭市示例方案\n云工信发〔2024〕7号\n按照《示例意见》（青工信【2021】027号）制定。\n"
    "一、目标\n到明年。\n二、条件\n（一）基本条件\n1、注册满1年。\n2、有专利1项。\n（二）优先条件\n1、得过奖。\n2、做专利转化。\n"
)
RULES = (
    "示例办法\n第一章 总则\n第一条 为了示例。\n第二章 奖励\n第二条 奖励5万元。\n第三条 奖励如下：\n（一）一等3万元。\n"
)
ANNEXED = "示例通知\n请遵照执行。\n附件1：名单\n一、甲\n附件2：表格\n一、乙\n二、丙\n"


def document(text: str, number: str | None = None) -> StoredDocument:
    own = tuple(
        ClauseText(
            id=place, document_id="d", ordinal=span.ordinal, parent=span.parent, path=span.path, label=span.label,
            depth=span.depth, start=span.start, end=span.end, whole_end=span.whole_end, source=text, kind=span.kind,
        )
        for place, span in enumerate(clauses.parse(text), start=1)
    )  # fmt: skip
    title = text.splitlines()[0]
    return StoredDocument(
        "d", title, number, None, "云岭市", None, None, date(2024, 1, 1), None, None, False, None, None, text, 1.0, own
    )


@pytest.mark.parametrize(
    ("text", "question", "path"),
    [
        (PLAN, "二（一）2", "二（一）2"),
        (PLAN, "二(一)2是什么", "二（一）2"),
        (PLAN, "二、（一）第2项", "二（一）2"),
        (PLAN, "第二部分第一项第2点", "二（一）2"),
        (PLAN, "二（二）讲了什么", "二（二）"),
        (PLAN, "第二部分", "二"),
        (RULES, "第三条", "第二章 第三条"),
        (RULES, "第二章第三条", "第二章 第三条"),
        (RULES, "第3条第一项", "第二章 第三条（一）"),
        (ANNEXED, "附件2", "附件2"),
        (ANNEXED, "附件2第二部分", "附件2 二"),
    ],
)
def test_a_place_is_found_in_any_glyphs(text: str, question: str, path: str) -> None:
    place = read_place(fold(question))
    assert place is not None
    found = [clause.path.replace(" ", "") for clause in at_place(document(text), place).likely]
    assert path.replace(" ", "") in found


@pytest.mark.parametrize("question", ["二（三）1", "第七部分", "第九章", "附件9"])
def test_a_place_that_is_not_there_is_not_found(question: str) -> None:
    place = read_place(fold(question))
    assert place is not None
    assert at_place(document(PLAN), place).all == ()


@pytest.mark.parametrize(
    "question",
    [
        "去年2000万够不够",
        "3条专利够吗",
        "第一批名单",
        "有没有附件",
        "近两年年均增长10%",
        "第4条件",
        "一年一次",
        "前三名",
    ],
)
def test_numbers_that_are_no_place_are_left_alone(question: str) -> None:
    assert read_place(fold(question)) is None


def test_a_number_alone_may_stand_anywhere_in_a_document_without_articles() -> None:
    place = read_place("第2条专利那条")
    assert place is not None
    held = at_place(document(PLAN), place)
    assert [clause.path for clause in held.all] == ["二", "二（一）2", "二（二）", "二（二）2"]


def test_the_parts_of_a_document() -> None:
    assert [clause.path for clause in top_level(document(PLAN))] == ["一", "二"]


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("云工信发【2024】7号怎么说", "云工信发【2024】7号"),
        ("按云工信发[2024]第7号", "云工信发[2024]第7号"),
        ("27号文讲什么", "27号"),
        ("今年27号截止吗", None),
    ],
)
def test_a_documents_number_in_a_question(question: str, number: str | None) -> None:
    assert read_number(fold(question)) == number


def test_numbers_are_matched_whatever_their_brackets_and_only_whole() -> None:
    register = Register([Registered.of(document(PLAN, "云工信发〔2024〕7号"))])
    for said in ("云工信发【2024】7号", "云工信发[2024]7号", "7号文"):
        named = register.named(fold(said))
        assert named is not None
        assert named.ids == ("d",), said
    other = register.named("云工信发〔2024〕17号")
    assert other is not None
    assert other.ids == ()


def test_where_another_documents_number_is_mentioned() -> None:
    register = Register([Registered.of(document(PLAN))])
    assert [id for id, _ in register.mentions("青工信〔2021〕27号")] == ["d"]
    assert register.mentions("青工信〔2021〕28号") == []


@pytest.mark.parametrize("question", ["《云岭市示例方案》里的条件", "云岭市示例方案的条件", "示例方案第二部分"])
def test_a_document_by_its_title(question: str) -> None:
    named = Register([Registered.of(document(PLAN))]).named(fold(question))
    assert named is not None
    assert named.ids == ("d",)
