"""Messages become questions that stand on their own: several in one, follow-ups, and what is left alone."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.regions import Region
from core.text import fold
from knowledge.phrases import built_in
from knowledge.understanding import MOST_QUESTIONS, complete, item, lean, period, split, together

PHRASES = built_in()
PLACES = (Region("青溪市", "青溪市"), Region("云岭市", "云岭市"))


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        ("製造業去年營收要達到多少？資產負債率呢？", ["制造业去年营收要达到多少?", "资产负债率呢?"]),
        ("申报条件有哪些\n奖多少", ["申报条件有哪些", "奖多少"]),
        ("营业收入要多少、奖多少", ["营业收入要多少", "奖多少"]),
        ("公司要开满几年才能报；专利要几个", ["公司要开满几年才能报", "专利要几个"]),
        ("怎么申报，另外要准备什么材料", ["怎么申报", "另外要准备什么材料"]),
        ("专利和商标都要吗", ["专利都要吗", "商标都要吗"]),
        ("我们是做机械的。负债率有要求吗？专利要几个？", ["我们是做机械的。负债率有要求吗?", "专利要几个?"]),
        ("你好，负债率有要求吗", ["你好,负债率有要求吗"]),
        ("《哪些企业可以申报？》这份问答里怎么说", ["《哪些企业可以申报?》这份问答里怎么说"]),
        ("怎么报？？？", ["怎么报???"]),
        ("去年收入1800万，能不能报", ["去年收入1800万,能不能报"]),
        ("一年最多多少", ["一年最多多少"]),
    ],
)
def test_the_questions_of_a_message(message: str, questions: list[str]) -> None:
    assert list(together(message, PHRASES).questions) == questions


def test_more_questions_than_are_answered_are_counted() -> None:
    message = split("条件是什么？奖多少？几号截止？找谁报？电话多少？", PHRASES)
    assert len(message.questions) == MOST_QUESTIONS
    assert message.more


@given(st.text(max_size=300))
def test_no_text_breaks_understanding(text: str) -> None:
    message = together(text, PHRASES)
    assert 1 <= len(message.questions) <= MOST_QUESTIONS
    for question in message.questions:
        lean(question, PHRASES, PLACES)
        complete(question, "制造业收入要多少", PHRASES, PLACES)


@pytest.mark.parametrize(
    ("before", "follow_up", "whole"),
    [
        ("制造业收入要多少", "那软件企业呢？", "软件企业收入要多少"),
        ("制造业收入要求是多少", "负债率呢", "制造业负债率要求是多少"),
        ("收入要多少", "软件公司要多少", "软件公司收入要多少"),
        ("市级小巨人奖多少", "那省级的呢", "省级小巨人奖多少"),
        ("长沙的小巨人条件？", "青溪市呢？", "青溪市的小巨人条件"),
        ("青溪市的小巨人条件", "我们在云岭市", "云岭市的小巨人条件"),
        ("2025年奖多少", "2024年呢", "2024年奖多少"),
        ("个人创业贷款最高多少", "企业呢", "企业创业贷款最高多少"),
        ("研发投入有要求吗", "多少", "研发投入多少"),
        ("研发投入有要求吗", "为什么", "研发投入为什么"),
        ("小巨人称号怎么申请", "它几年", "小巨人称号几年"),
        ("搞机械加工的，去年1800万够不够", "那1900万呢？", "搞机械加工的,去年1900万够不够"),
        ("制造业收入要多少", "那1900万呢", "制造业收入1900万够不够"),
        ("制造业省级首次认定奖多少", "复核的呢", "制造业省级复核奖多少"),
        ("上云补贴怎么申请", "什么时候截止", "上云什么时候截止"),
    ],
)
def test_a_follow_up_is_completed(before: str, follow_up: str, whole: str) -> None:
    assert lean(fold(follow_up), PHRASES, PLACES) != "alone"
    assert complete(fold(follow_up), fold(before), PHRASES, PLACES) == whole


@pytest.mark.parametrize(
    "question",
    ["贷款利率是多少", "专利", "小巨人有什么要求", "软件企业有什么条件", "公司要开满几年才能报", "出过安全事故还能报吗",
     "称号能用几年", "What revenue does a software company need", "四（一）4"],
)  # fmt: skip
def test_what_stands_on_its_own_is_left_alone(question: str) -> None:
    assert lean(fold(question), PHRASES, PLACES) == "alone"


@pytest.mark.parametrize(
    ("question", "number"),
    [("第2条呢", 2), ("第二条", 2), ("那第十项呢", 10), ("3", 3), ("专利那条", None), ("第2条件是什么", None)],
)
def test_an_item_of_a_list_by_its_number(question: str, number: int | None) -> None:
    assert item(fold(question), PHRASES) == number


@pytest.mark.parametrize(
    ("question", "day"),
    [
        ("去年的规定是多少", date(2025, 12, 31)),
        ("2024年的时候营收门槛", date(2024, 12, 31)),
        ("2024年6月当时奖多少", date(2024, 6, 30)),
        ("2024年2月的老办法奖多少", date(2024, 2, 28)),
        ("2027年的政策", None),
        ("去年1800万够不够", None),
        ("2022年评上的什么时候到期", None),
        ("是2021年的文件吗", None),
    ],
)
def test_as_of_when_is_asked(question: str, day: date | None) -> None:
    assert period(question, date(2026, 11, 24), PHRASES) == day
