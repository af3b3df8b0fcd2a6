"""What people type is read as documents' words: slips, pinyin, English; what is known is never touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import fold
from knowledge import base, english
from knowledge.language import Language
from knowledge.spelling import Vocabulary, pairs, terms

TERMS = ["专精特新", "申报条件", "绿色工厂", "奖励", "负债率", "知识产权"]
VOCABULARY = Vocabulary(["奖励"])
VOCABULARY.learn(TERMS, pairs([*TERMS, "工厂的条件是多少", "转精"]))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("专精特薪的申报条建", "专精特新的申报条件"),
        ("zhuanjingtexin", "专精特新"),
        ("lvse gongchang", "绿色工厂"),
        ("奖厉多少", "奖励多少"),
        ("知识产全", "知识产权"),
        ("tt", "tt"),
        ("iso9001", "iso9001"),
        ("erp系统", "erp系统"),
        ("www.example.com", "www.example.com"),
        ("专精特新", "专精特新"),
        ("工厂的条件", "工厂的条件"),
    ],
)
def test_slips_and_pinyin_are_read_as_known_terms(typed: str, read: str) -> None:
    assert VOCABULARY.correct(typed) == read


@given(st.lists(st.sampled_from(TERMS), max_size=5))
def test_known_terms_are_never_touched(words: list[str]) -> None:
    text = "，".join(words)
    assert VOCABULARY.correct(text) == text


@given(st.text(max_size=80))
def test_correcting_twice_changes_nothing_more(text: str) -> None:
    once = VOCABULARY.correct(fold(text))
    assert VOCABULARY.correct(once) == once


def test_terms_are_runs_of_two_to_ten_characters() -> None:
    assert terms(["一、申报条件（2024）", "字"]) == {"申报条件"}


@pytest.mark.parametrize(
    ("question", "chinese"),
    [
        ("What revenue does a software company need?", "软件企业"),
        ("How many patents are required", "专利"),
        ("what is the debt ratio limit", "资产负债率"),
    ],
)
def test_an_english_question_is_looked_for_in_documents_words(question: str, chinese: str) -> None:
    assert english.is_english(fold(question))
    assert chinese in english.in_chinese(fold(question))


@pytest.mark.parametrize("question", ["zhuanjingtexin tiaojian", "ISO9001要不要", "hello world foo", "负债率"])
def test_what_is_no_english_question(question: str) -> None:
    assert not english.is_english(fold(question))


def test_figures_are_converted_exactly() -> None:
    found = english.figures("收入1000万元以上，增长15%以上，2,000.5万元，500元，1.5亿元，１２００元")
    assert found == (
        "1000万元 = RMB 10 million",
        "15%",
        "2,000.5万元 = RMB 20.005 million",
        "500元 = RMB 500",
        "1.5亿元 = RMB 150 million",
        "1200元 = RMB 1,200",
    )


def test_a_later_file_of_synonyms_adds_to_an_earlier_one(tmp_path: Path) -> None:
    own = tmp_path / "synonyms.yaml"
    own.write_text("groups:\n  - canonical: 示例奖补\n    spoken: [示例红包, 营业额]\n", encoding="utf-8")
    language = Language.load(base.DATA / "synonyms.yaml", own)
    assert language.expand("示例红包有多少") == ("示例奖补",)
    assert language.expand("营业额") == ("示例奖补",)
    assert "资产负债率" in language.expand("负债率")


def test_distinct_terms_are_told_apart_and_a_longer_one_is_not_taken_for_a_shorter() -> None:
    language = Language.load(base.DATA / "synonyms.yaml")
    assert [term.name for _, term in language.named("主营业务收入占营业收入的60%")] == ["主营业务收入", "营业收入"]
    assert [term.name for _, term in language.named("净利润")] == ["利润"]


def test_no_spoken_word_stands_in_two_groups() -> None:
    text = (base.DATA / "synonyms.yaml").read_text(encoding="utf-8")
    spoken = [
        word.strip()
        for line in text.splitlines()
        if line.strip().startswith("spoken:")
        for word in line.split("[", 1)[1].rstrip("] ").split(",")
    ]
    assert sorted({word for word in spoken if spoken.count(word) > 1}) == []
