"""Answers from the real plan with the real model: literal quotes, honest refusals, notices in time and place."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.settings import Settings
from knowledge.answer import Answer
from knowledge.library import Metadata
from qiban import setup
from qiban.bootstrap import Services, open_services

TODAY = date(2026, 11, 24)
PLAN = "hengyang-little-giant-plan-2021-2025"
_FIGURE = re.compile(r"\d+(?:\.\d+)?\s*(?:万元|万|元|%|％|年|项|家|名|天|个月)")


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """Answers do not depend on the kind of database: SQLite only."""
    shutil.copy(sqlite_template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


async def ask(services: Services, text: str, as_of: date = TODAY, region: str | None = None) -> Answer:
    return await services.advisor.answer(text, as_of=as_of, region=region)


async def assert_grounded(services: Services, answer: Answer) -> None:
    """Quotes are literal, and every figure in the text stands in a quote."""
    quoted = "".join(citation.quote for citation in answer.citations)
    for citation in answer.citations:
        document = await services.library.get(citation.document_id)
        assert document.text[citation.start : citation.end] == citation.quote
        assert citation.document == document.title
    for figure in _FIGURE.findall(answer.text):
        assert figure in quoted


@pytest.mark.parametrize(
    ("question", "clause", "holds"),
    [
        ("软件公司收入要求是多少", "四（一）2", "1000万元"),
        ("負債率不能超過多少？", "四（一）2", "70%"),
        ("zhuanjingtexin zhuanli yaoqiu 专利要几个", "四（一）4", "1项"),
        ("出过安全事故还能报吗", "四（一）6", "重大事故"),
        ("称号能用几年", "五（一）", "有效期3年"),
        ("有没有帮忙贷款的", "五（三）", "白名单"),
        ("县里要培育几家国家级的", "六（一）", "2家以上国家级"),
    ],
)
async def test_a_question_gets_its_clause(services: Services, question: str, clause: str, holds: str) -> None:
    answer = await ask(services, question)
    assert answer.status == "answered"
    assert answer.citations[0].clause == clause
    assert holds in answer.citations[0].quote
    assert holds in answer.text
    await assert_grounded(services, answer)


async def test_a_list_question_gets_the_whole_list(services: Services) -> None:
    for question in ("申报条件有哪些", "要满足哪些条件"):
        answer = await ask(services, question)
        assert answer.citations[0].clause == "四（一）"
        for number in range(1, 7):
            assert f"\n{number}、" in answer.text
        await assert_grounded(services, answer)


async def test_a_long_list_is_given_by_first_sentences_and_cited_whole(services: Services) -> None:
    answer = await ask(services, "政府有哪些培育措施")
    assert answer.citations[0].clause == "五"
    assert all(f"（{n}）" in answer.text for n in "一二三四五")
    assert len(answer.text) < len(answer.citations[0].quote)
    await assert_grounded(services, answer)


@pytest.mark.parametrize(
    "question",
    ["小巨人能补贴多少钱奖金", "评市级小巨人奖多少万？", "评上有没有奖金", "贷款利率是多少", "申报要交哪些材料"],
)
async def test_what_the_plan_does_not_state_is_declined_without_a_figure(services: Services, question: str) -> None:
    answer = await ask(services, question)
    assert (answer.status, answer.why) == ("declined", "not_stated")
    assert services.desk.name in answer.text
    assert not re.search(r"\d", answer.text)
    assert not any(re.search(r"\d", suggestion) for suggestion in answer.suggestions)
    await assert_grounded(services, answer)


@pytest.mark.parametrize("question", ["今天衡阳天气怎么样", "讲个笑话", "红烧肉怎么做"])
async def test_what_is_off_the_subject_is_declined(services: Services, question: str) -> None:
    answer = await ask(services, question)
    assert (answer.status, answer.why) == ("declined", "out_of_scope")
    assert answer.citations == ()
    assert services.desk.name in answer.text


async def test_another_citys_rules_are_not_given(services: Services) -> None:
    answer = await ask(services, "长沙的小巨人条件？")
    assert (answer.status, answer.why) == ("declined", "other_region")
    assert "长沙" in answer.text
    assert (await ask(services, "申报条件有哪些", region="云岭市")).why == "other_region"
    assert (await ask(services, "申报条件有哪些", region="430422")).status == "answered"  # a county of the city


async def test_the_notice_says_when_the_plans_period_ended(services: Services) -> None:
    late = await ask(services, "负债率有要求吗")
    assert "2025年12月31日" in late.notices[0]
    assert not late.citations[0].in_force
    last_day = await ask(services, "负债率有要求吗", as_of=date(2025, 12, 31))
    assert last_day.notices == ()
    assert last_day.citations[0].in_force
    before = await ask(services, "负债率有要求吗", as_of=date(2021, 4, 26))
    assert before.status == "declined"


async def test_a_new_document_is_found_and_a_removed_one_never_cited(services: Services) -> None:
    text = (
        "云岭市软件企业奖励办法\n一、奖励\n对云岭市软件企业一次性奖励88万元。\n"
        "二、条件\n上年度营业收入不低于300万元。\n"
    )
    report = await services.library.add(text, Metadata(region="云岭市", issued=date(2024, 1, 1)))
    await services.index.reconcile()
    answer = await ask(services, "软件企业一次性奖励多少", region="云岭市")
    assert answer.status == "answered"
    assert "88万元" in answer.citations[0].quote
    assert (await ask(services, "软件企业一次性奖励多少")).status == "declined"  # not ours
    assert report.document_id is not None
    await services.library.remove(report.document_id)
    gone = await ask(services, "软件企业一次性奖励多少", region="云岭市")  # the index still holds it
    assert gone.citations == ()


async def test_an_expired_document_ranks_after_one_in_force(services: Services) -> None:
    text = "衡阳市新办法\n一、条件\n制造业企业上年度主营业务收入3000万元以上。\n"
    await services.library.add(text, Metadata(issued=date(2026, 1, 1)))
    await services.index.reconcile()
    now = await ask(services, "制造业企业上年度主营业务收入要多少")
    assert now.citations[0].quote.endswith("3000万元以上。")
    then = await ask(services, "制造业企业上年度主营业务收入要多少", as_of=date(2025, 6, 1))
    assert then.citations[0].document_id == PLAN


async def test_without_a_model_it_answers_by_keywords_and_says_so(
    settings: Settings, prepared: Path, tmp_path: Path
) -> None:
    shutil.copytree(prepared / "index", settings.index_dir)
    await setup.run(settings, lambda *_: None)
    bare = settings.model_copy(update={"model_dir": tmp_path / "nothing"})
    async with open_services(bare) as services:
        answer = await ask(services, "软件公司收入要求是多少")
        assert answer.citations[0].clause == "四（一）2"
        readiness = await services.readiness()
        assert readiness.status == "degraded"
        assert readiness.checks["model"] != "ok"


_words = [
    "补贴",
    "奖金",
    "多少",
    "小巨人",
    "贷款",
    "负债率",
    "长沙",
    "专利",
    "2000万",
    "天气",
    "能不能",
    "申报",
    "？",
    "我们公司",
    "去年",
]


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(_words), min_size=1, max_size=6).map("".join))
async def test_whatever_is_asked_every_figure_is_grounded(services: Services, question: str) -> None:
    answer = await ask(services, question)
    assert answer.text
    await assert_grounded(services, answer)
