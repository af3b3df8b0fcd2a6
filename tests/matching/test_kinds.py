"""The kinds of offers are data: a fault of the file is named with its line, every header of the contract is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.datafile import BadDataFile
from matching.kinds import DATA, kind_of, kinds, load, public_details, search_text, shown_details
from matching.offer import KINDS
from matching.offer_rows import known_columns

HEADERS = """
编号 类别 标题 提供方 提供方信用代码 服务地区 准入条件 内容 产业链
发布日期 有效期至 名额 已用名额 状态 联系人 联系电话 电子邮箱 Telegram编号
来源 研究方向 已有成果 技术成熟度 合作方式 起步经费 所在地 最低额度 最高额度
最长期限 年利率 担保方式 适用用途 放款时间 仅限白名单 服务内容 服务方式 收费
所需产品工艺 证书要求 年需求量 交货期 保密要求 主题 面向对象 地点 开始时间
结束时间 报名截止 候补 组织方
"""


def test_every_column_of_the_contract_is_known() -> None:
    named = {column.names[0] for column in known_columns()}
    assert set(HEADERS.split()) == named


def test_both_words_for_a_kind_are_known() -> None:
    words = {"高校": "university", "融资": "financing", "服务": "service", "活动": "event", "配套": "partner"}
    assert {word: kind_of(word) for word in words} == words
    assert [kind_of(kind) for kind in KINDS] == list(KINDS)
    assert kind_of("其他") is None


def test_weights_sum_to_one() -> None:
    assert all(abs(sum(kind.weights.values()) - 1) < 1e-9 for kind in kinds().values())


@pytest.mark.parametrize(
    ("old", "new", "line_of"),
    [
        ("kind: percent_range, most: 100", "kind: percentage", "年利率"),
        ("{text: 0.7, distance: 0.15, soon: 0.15}", "{text: 0.7, distance: 0.15, soon: 0.25}", "{text: 0.7"),
        ("soon: 0.15}", "luck: 0.15}", "soon: 0.15"),
        ("id: partner", "id: buyer", "id: partner"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_its_line(tmp_path: Path, old: str, new: str, line_of: str) -> None:
    text = (DATA / "kinds.yaml").read_text("utf-8")
    line = next(number for number, row in enumerate(text.splitlines(), 1) if line_of in row)
    path = tmp_path / "kinds.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(BadDataFile, match=rf"第 {line} 行"):
        load(path)


def test_details_are_written_for_a_person() -> None:
    details = {
        "amount_max": "500",
        "rate": {"min": "3.2", "max": "4.1"},
        "security": ["信用", "抵押"],
        "payout_days": "5",
        "whitelist_only": False,
    }
    assert shown_details("financing", details) == (
        ("最高额度", "500 万元"),
        ("年利率", "3.2～4.1%"),
        ("担保方式", "信用、抵押"),
        ("放款时间", "5 个工作日"),
        ("仅限白名单", "否"),
    )
    assert public_details("service", {"location": "430422", "hidden": "x"}) == {"location": "衡南县"}
    assert search_text("financing", details) == "信用、抵押"
