"""Whether somebody's own figures will do: many ways to say them, what is computed, and that nothing else is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from qiban.bootstrap import Services
from tests.conversation.test_hearing import ask

BOTH = "制造业2000万元、软件和信息技术服务业1000万元"
Row = tuple[str, str, str, str, str | None]

# What is said, the condition it bears on, what it comes to, what is required, and what is missing.
SAID: list[Row] = [
    ("搞机械加工的，去年1800万够不够", "2a", "not_met", "2000万元", "200万元"),
    ("我们做软件的，去年营收950万，能报吗", "2a", "not_met", "1000万元", "50万元"),
    ("去年1800万够不够", "2a", "unknown", BOTH, "制造业200万元"),
    ("去年900万能报吗", "2a", "unknown", BOTH, "制造业1100万元、软件和信息技术服务业100万元"),
    ("制造业，去年正好2000万，够吗", "2a", "met", "2000万元", None),
    ("制造业去年2000万元整，符合吗", "2a", "met", "2000万元", None),
    ("软件公司去年一千万够不够", "2a", "met", "1000万元", None),
    ("机械厂去年两千万够格吗", "2a", "met", "2000万元", None),
    ("工厂去年做了一千八百万，能评吗", "2a", "not_met", "2000万元", "200万元"),
    ("制造业 主营业务收入1999.9万 可以吗", "2a", "not_met", "2000万元", "0.1万元"),
    ("制造业主营收入2亿够不够", "2a", "met", "2000万元", None),
    ("制造业去年营收0.18亿够不够", "2a", "not_met", "2000万元", "200万元"),
    ("做软件的去年999万还差多少", "2a", "not_met", "1000万元", "1万元"),
    ("软件企业收入1200万能报吗", "2a", "met", "1000万元", None),
    ("做机械加工的，那1900万呢，够不够", "2a", "not_met", "2000万元", "100万元"),
    ("去年卖了1,800万够不够，我们是做五金的", "2a", "not_met", "2000万元", "200万元"),
    ("做机械的，去年1,999万元，差多少", "2a", "not_met", "2000万元", "1万元"),
    ("我们是生产阀门的，2025年主营业务收入1850万元，够不够", "2a", "not_met", "2000万元", "150万元"),
    ("软件开发公司，2025年营收980万元，还差多少", "2a", "not_met", "1000万元", "20万元"),
    ("产值2200万的制造企业可以吗", "2a", "met", "2000万元", None),
    ("工厂一年流水2500万能报吗", "2a", "unknown", BOTH, None),
    ("開軟體公司的，去年900萬夠不夠", "2a", "not_met", "1000万元", "100万元"),
    ("搞機械加工的，去年１８００萬夠不夠", "2a", "not_met", "2000万元", "200万元"),
    ("1800到2200万，制造业，够不够", "2a", "unknown", "2000万元", None),
    ("2100到2200万，制造业，够不够", "2a", "met", "2000万元", None),
    ("去年大概2000万左右，机械加工，够吗", "2a", "unknown", "2000万元", None),
    ("不到2000万行吗，做机械的", "2a", "not_met", "2000万元", None),
    ("超过2000万，制造业，行吗", "2a", "met", "2000万元", None),
    ("做机械的，去年2300万，前年2000万，大前年1800万，增长够吗", "2b", "met", "10%", None),
    ("制造业增长9.5%达标吗", "2b", "not_met", "10%", "0.5个百分点"),
    ("制造业年均增长10%可以吗", "2b", "met", "10%", None),
    ("软件企业年均增长12%行不行", "2b", "not_met", "15%", "3个百分点"),
    ("做软件的，近两年增速百分之十五，达标吗", "2b", "met", "15%", None),
    ("近两年年均增长8%够吗", "2b", "unknown", "制造业10%、软件和信息技术服务业15%",
     "制造业2个百分点、软件和信息技术服务业7个百分点"),
    ("负债率72%行吗", "2c", "not_met", "70%", "2个百分点"),
    ("负债率70%可以吗", "2c", "met", "70%", None),
    ("资产负债率是65%，达标吗", "2c", "met", "70%", None),
    ("资产负债率70.5%能报吗", "2c", "not_met", "70%", "0.5个百分点"),
    ("资产负债率69.99%可以吗", "2c", "met", "70%", None),
    ("负债率七成五能报吗", "2c", "not_met", "70%", "5个百分点"),
    ("负债率百分之七十一行不行", "2c", "not_met", "70%", "1个百分点"),
    ("负债3000万，资产4000万，行吗", "2c", "not_met", "70%", "5个百分点"),
    ("总负债7000万总资产1亿，负债率达标吗", "2c", "met", "70%", None),
    ("制造业，去年收入1500万，负债率80%，能报吗", "2c", "not_met", "70%", "10个百分点"),
    ("营业收入3000万，主营业务收入1500万，制造业行吗？", "3c", "not_met", "60%", "10个百分点"),
    ("营业收入2000万，主营1200万，占比够吗", "3c", "met", "60%", None),
    ("主营占比55%行吗", "3c", "not_met", "60%", "5个百分点"),
    ("主营业务收入占比60%够吗", "3c", "met", "60%", None),
    ("两个实用新型一个软著够不够", "4a", "met", "3项", None),
    ("两个实用新型够不够", "4a", "unknown", "3项", "1项"),
    ("实用新型1个够吗", "4a", "unknown", "3项", "2项"),
    ("5个实用新型能报吗", "4a", "met", "3项", None),
    ("一个发明专利够不够", "4a", "met", "1项", None),
    ("发明专利2项可以吗", "4a", "met", "1项", None),
    ("没有发明专利，有4个软著，行吗", "4a", "met", "3项", None),
    ("发明专利0项，实用新型3项，能报吗", "4a", "met", "3项", None),
    ("外观专利3个够吗", "4a", "met", "3项", None),
    ("软著两个、外观一个，够不够", "4a", "met", "3项", None),
    ("1个布图设计行吗", "4a", "met", "1项", None),
    ("研发占比2.8%够吗", "4b", "not_met", "3%", "0.2个百分点"),
    ("研发占比3%达标吗", "4b", "met", "3%", None),
    ("研发费用占营收4%行不行", "4b", "met", "3%", None),
    ("研发投入100万，主营收入4000万，够吗", "4b", "unknown", "3%", "0.5个百分点"),
    ("成立8个月能报吗", "1c", "not_met", "1年", None),
    ("刚成立半年能报吗", "1c", "not_met", "1年", None),
    ("我们公司开了10个月，行不行", "1c", "not_met", "1年", None),
    ("公司成立一年半了，可以申报吗", "1c", "met", "1年", None),
    ("公司成立3年了，够不够", "1c", "met", "1年", None),
    ("公司成立于2026年5月，能申报吗", "1c", "not_met", "1年", None),
    ("去年3月成立的可以报吗", "1c", "met", "1年", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "condition", "verdict", "required", "gap"), SAID)
async def test_what_figures_come_to(text: str, condition: str, verdict: str, required: str, gap: str | None) -> None:
    answer = await ask(text, status="declined", why="not_stated")
    found = {computed.condition: computed for computed in answer.computed}
    assert (found[condition].verdict, found[condition].required, found[condition].gap) == (verdict, required, gap)
    assert answer.status == "answered"


@pytest.mark.parametrize("row", SAID, ids=[row[0] for row in SAID])
async def test_every_figure_is_said_by_the_asker_computed_or_quoted(row: Row) -> None:
    answer = await ask(row[0], status="declined", why="not_stated")
    known = " ".join(f"{c.given} {c.required} {c.gap}" for c in answer.computed)
    known += " ".join(citation.quote for citation in answer.citations)
    readings = "".join(re.findall(r"·[^\n]*按[^\n]*", answer.text))  # readings show each figure they compute
    for figure in re.findall(r"\d+(?:\.\d+)?", answer.text.replace(readings, "")):
        assert figure in known or re.fullmatch(r"20\d\d", figure), figure


@pytest.mark.parametrize(
    "text",
    ["收入要多少", "负债率有要求吗", "专利要几个", "要开几年才能报", "研发占比要求是多少", "增长率要百分之几"],
)
async def test_asking_for_a_threshold_computes_nothing(text: str) -> None:
    assert (await ask(text)).computed == ()


@pytest.mark.parametrize("text", ["去年下降5%，增长达标吗", "业绩下滑8%，增速够吗"])
async def test_a_fall_is_not_taken_for_growth(text: str) -> None:
    assert all(computed.given not in ("5%", "8%") for computed in (await ask(text)).computed)


async def test_figures_that_go_together_are_computed_together() -> None:
    answer = await ask("做机械的，去年1500万够不够，负债率80%行吗，发明专利1项可以吗")
    assert {computed.condition: computed.verdict for computed in answer.computed} == {
        "2a": "not_met",
        "2c": "not_met",
        "4a": "met",
    }


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Answers do not depend on the kind of database: SQLite only."""
    shutil.copy(sqlite_template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


async def test_an_industry_that_was_stated_before_counts(services: Services) -> None:
    answer = await services.advisor.answer("去年主营业务收入1500万，够不够", history=("我是制造业",))
    assert [(figure.condition, figure.verdict, figure.gap) for figure in answer.computed] == [
        ("2a", "not_met", "500万元")
    ]
    open_still = await services.advisor.answer("去年主营业务收入1500万，够不够", history=("软件企业有什么支持吗",))
    assert [(figure.condition, figure.verdict) for figure in open_still.computed] == [("2a", "unknown")]
