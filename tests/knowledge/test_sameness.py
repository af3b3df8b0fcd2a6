"""Which texts are the same document, under whatever wrapper, and which nearly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import sameness

TEXT = "".join(
    f"第{number}条 对第{number * 37 % 1009}类企业给予{number * 13}万元奖励，由主管部门审核。\n"
    for number in range(1, 120)
)


@pytest.mark.parametrize(
    "other",
    [
        "１、奖励１８．５万元，\t其他（条款）不变。",
        "1. 奖励18.5万元,其他(条款)不变。\r\n",
        "1、獎勵18.5萬元，其他（條款）不變。",
        "1．奖励18.5万元，\n其他（条款）不变",
    ],
)
def test_widths_blanks_labels_and_scripts_make_no_other_document(other: str) -> None:
    assert sameness.content(other) == sameness.content("1、奖励18.5万元，其他（条款）不变。")


@pytest.mark.parametrize(
    "other", ["奖励185万元", "奖励18.5亿元", "奖励-18.5万元", "奖励18.5%", "≥18.5万元", "奖励1:8.5万元"]
)
def test_another_figure_sign_or_unit_makes_another_document(other: str) -> None:
    assert sameness.digest(sameness.content(other)) != sameness.digest(sameness.content("奖励18.5万元"))


@given(st.text())
def test_comparing_is_stable_and_never_fails(text: str) -> None:
    compared = sameness.content(text)
    assert sameness.content(compared) == compared
    assert len(sameness.bands(compared)) in (0, sameness.BANDS)
    assert sameness.similarity(compared, compared) in (0.0, 1.0)
    assert len(sameness.digest(compared)) == 64


def test_nearly_the_same_texts_share_a_band_and_most_shingles() -> None:
    one = sameness.content(TEXT)
    other = sameness.content(TEXT.replace("第17类企业", "第18类企业").replace("审核。\n第50条", "复核。\n第50条"))
    assert set(sameness.bands(one)) & set(sameness.bands(other))
    assert sameness.NEARLY <= sameness.similarity(one, other) < 1.0


def test_unlike_texts_share_little() -> None:
    other = sameness.content("".join(f"（{n}）园区第{n}号楼租金减免{n * 7}元。" for n in range(200)))
    assert sameness.similarity(sameness.content(TEXT), other) < 0.1
    assert not set(sameness.bands(sameness.content(TEXT))) & set(sameness.bands(other))
