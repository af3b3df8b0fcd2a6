"""Questions made for clauses by what they state: what is asked, and of what."""

from __future__ import annotations

import pytest

from knowledge import typical

RULES = typical.built_in()


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        ("云岭市企业技术改造项目补助办法", "企业技术改造项目补助"),
        ("湖南省首台套装备奖励办法", "首台套装备奖励"),
        ("关于支持境外参展的若干措施（试行）", "境外参展的"),
        ("中小企业数字化转型扶持措施", "中小企业数字化转型"),
        ("通知", ""),
    ],
)
def test_a_title_names_a_subject(title: str, subject: str) -> None:
    assert RULES.subject(title) == subject


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("按设备投资额的10%给予补助，最高不超过500万元。", "补多少"),
        ("申请时提交营业执照复印件和审计报告。", "交哪些材料"),
        ("有下列情形之一的，不予受理。", "不能享受"),
        ("本办法自2025年7月1日起施行，有效期3年。", "管到哪一年"),
    ],
)
def test_what_a_clause_states_is_asked_for(text: str, asked: str) -> None:
    assert any(asked in question for question in RULES.questions("云岭市技术改造补助办法", "", text))


def test_no_amount_is_asked_for_where_none_is_granted() -> None:
    made = RULES.questions("云岭市技术改造补助办法", "", "上年度营业收入2000万元以上的企业。")
    assert not any("多少钱" in question for question in made)


def test_never_more_than_the_file_says_and_none_without_a_subject() -> None:
    everything = "给予补助50万元，材料、条件、适用于、每年3月截止、工作日内、提出申请、不予、追回、施行、负责。"
    assert len(RULES.questions("云岭市技术改造补助办法", "", everything)) == RULES.most
    assert RULES.questions("通知", "", everything) == ()
