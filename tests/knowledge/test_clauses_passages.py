"""Passages are short, whole and literal; sentences and parts lose nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import squeeze
from knowledge.clause_passages import PASSAGE, paragraphs, parts, passages, sentences

_text = st.lists(
    st.builds(
        lambda piece, times: piece * times,
        st.sampled_from(["企业", "。", "，", "\n", "２，０００．５万元", "《甲办法》", "《", "9", " ", "1.5%", "；"]),
        st.integers(1, 300),
    ),
    max_size=12,
).map("".join)


@given(st.text())
def test_sentences_and_parts_are_literal_and_lose_nothing(text: str) -> None:
    for split in (sentences, parts):
        pieces = list(split(text))
        assert squeeze("".join(text[a:b] for a, b in pieces)) == squeeze(text)


@given(_text)
def test_passages_are_short_and_lose_nothing(text: str) -> None:
    for split in (passages, paragraphs):
        pieces = [text[a:b] for a, b in split(text, 0, len(text))]
        assert squeeze("".join(pieces)) == squeeze(text)
        assert all(piece == piece.strip() and 0 < len(piece) <= PASSAGE for piece in pieces)


def test_a_comma_among_digits_ends_no_part() -> None:
    text = "营业收入２，０００．５万元以上，或者1,200万元以上，9:30前报送：逾期不候"
    assert [text[a:b] for a, b in parts(text)] == [
        "营业收入２，０００．５万元以上，",
        "或者1,200万元以上，",
        "9:30前报送：",
        "逾期不候",
    ]


@pytest.mark.parametrize("offset", range(12))
def test_no_passage_is_cut_inside_a_number_or_a_title(offset: int) -> None:
    for whole in ("２，０００．５万元", "3.5%", "《某某管理办法》", "2025年"):
        text = "甲" * (PASSAGE - 6 + offset) + whole + "乙" * 50
        assert any(whole in text[a:b] for a, b in passages(text, 0, len(text)))


def test_a_passage_ends_with_a_line_before_a_sentence_and_with_a_sentence_before_a_comma() -> None:
    lined = "甲，乙。" * 150 + "\n" + "丙，丁。" * 100
    first, _ = passages(lined, 0, len(lined))
    assert lined[first[1]] == "\n"
    spoken = "甲，乙丙丁戊。" * 200
    assert all(spoken[b - 1] == "。" for _, b in passages(spoken, 0, len(spoken)))


def test_hard_wrapped_lines_are_not_parted_inside_a_sentence() -> None:
    text = "\n".join(["企业应当在规定的期限内向主管部门报送", "全部申报材料并对其真实性负责。"] * 30)
    assert all(text[b - 1] == "。" for _, b in paragraphs(text, 0, len(text)))
