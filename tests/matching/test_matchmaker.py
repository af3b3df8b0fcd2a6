"""Matching on a real database and real indexes: who is matched with what, in which order, and who never is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.database import Database
from core.jobs import JobWorker
from core.settings import CHECKOUT
from core.truth import Truth
from firms import consents
from firms.consents import VISIBLE
from firms.store import Firm, NoSuchFirm
from matching.matchmaker import NEAR_MISSES, BadLimit, EmptyNeed, UnknownKind
from matching.models import IntroductionRow
from matching.offer import KINDS, Offer
from matching.source import OFFERS_REINDEX_JOB, firm_number, request_reindex
from search import SentenceTransformerEmbedder, prepare
from tests.matching.market import (
    COUNTY,
    NOW,
    OFFERS,
    OTHER_CITY,
    OTHER_COUNTY,
    TODAY,
    Market,
    facts,
    firm,
    offer,
    open_market,
)

BLADES = firm(
    "示例甲精密刀具有限公司",
    credit_code="91000099MA00000206",
    products="硬质合金铣刀",
    tech_need="铣刀涂层寿命短，想找团队做物理气相沉积涂层",
    tech_budget=Decimal(30),
    finance_use="流动资金",
    finance_amount=Decimal(300),
    finance_term_months=12,
    collateral=("信用",),
    topics=("融资",),
)
KNOWN = {"debt_ratio": 48, "revenue_main": 2600, "certificates": ["ISO9001"]}


@pytest.fixture
async def market(database: Database, tmp_path: Path) -> AsyncIterator[Market]:
    """An empty market that finds by keywords."""
    async with open_market(database, tmp_path / "index", None) as opened:
        yield opened


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(prepare(CHECKOUT / ".cache" / "model"))


# --- what is matched ---


async def test_the_answer_has_the_contracts_form(market: Market) -> None:
    await market.add_offers(*OFFERS)
    stored = await market.add_firm(BLADES, {"debt_ratio": 48, "certificates": ["ISO9001"]})
    result = await market.maker.match(stored, kind="financing")
    answer = json.loads(json.dumps(result.to_json()))
    assert list(answer) == ["firm", "firm_name", "matches", "near_misses", "next_question", "notices"]
    assert (answer["firm"], answer["firm_name"]) == ("91000099MA00000206", "示例甲精密刀具有限公司")
    best = answer["matches"][0]
    assert list(best) == ["offer_id", "kind", "title", "provider", "score", "reasons", "to_check", "violations"]
    assert best["offer_id"] == "R1"
    assert best["to_check"] == [
        {"fact": "revenue_main", "condition": "revenue_main >= 1000", "ask": "2025年主营业务收入是多少万元？"}
    ]
    assert answer["next_question"] == "revenue_main"
    assert 2 <= len(best["reasons"]) <= 3
    assert "额度100-500万元，覆盖所需300万元" in best["reasons"]


async def test_kinds_stay_apart_and_each_has_its_limit(market: Market) -> None:
    await market.add_offers(*OFFERS)
    stored = await market.add_firm(BLADES, KNOWN)
    every = await market.maker.match(stored, limit=2)
    found = [match.offer.kind for match in every.matches]
    assert found == sorted(found, key=KINDS.index)
    assert all(found.count(kind) <= 2 for kind in KINDS)
    alone = await market.maker.match(stored, kind="service", limit=100)
    assert {match.offer.id for match in alone.matches} == {"S1", "S2", "S3"}
    assert {miss.offer.kind for miss in alone.near_misses} <= {"service"}
    assert all(match.violations == () for match in every.matches)


@pytest.mark.parametrize("limit", [0, -1, 101])
async def test_a_limit_is_from_1_to_100(market: Market, limit: int) -> None:
    stored = await market.add_firm(BLADES)
    with pytest.raises(BadLimit):
        await market.maker.match(stored, limit=limit)


async def test_an_unknown_kind_is_refused(market: Market) -> None:
    stored = await market.add_firm(BLADES)
    with pytest.raises(UnknownKind):
        await market.maker.match(stored, kind="banana")


async def test_expired_full_withdrawn_own_and_foreign_offers_are_neither_matches_nor_near_misses(
    market: Market,
) -> None:
    rule = {"rule": "发明专利 >= 5"}
    await market.add_offers(
        offer("open", "service", valid_until=TODAY),
        offer("over", "service", valid_until=TODAY - timedelta(days=1), **rule),
        offer("full", "service", capacity=1, taken=1, **rule),
        offer("gone", "service", state="withdrawn", **rule),
        offer("own", "service", provider="示例 甲精密刀具有限公司", **rule),
        offer("own2", "service", provider_credit_code="91000099MA00000206", **rule),
        offer("elsewhere", "service", regions=(OTHER_COUNTY,), **rule),
        offer("closed", "event", starts_at=NOW + timedelta(days=5), closes_at=NOW - timedelta(days=1), **rule),
    )
    stored = await market.add_firm(BLADES, {"invention_patents": 4})
    result = await market.maker.match(stored)
    assert [match.offer.id for match in result.matches] == ["open"]
    assert result.near_misses == ()


async def test_what_changes_in_the_database_counts_at_once_whatever_the_index_holds(market: Market) -> None:
    first, second = await market.add_offers(
        offer("a", "service", services="涂层"), offer("b", "service", services="涂层", capacity=1)
    )
    stored = await market.add_firm(BLADES)
    assert await market.found(stored) == ["a", "b"]
    async with market.database.transaction() as session:
        await market.offers.take_seat(session, second.number, NOW)
    assert await market.found(stored) == ["a"]
    async with market.database.transaction() as session:
        await market.offers.give_back_seat(session, second.number)
        await market.offers.update(session, first.number, version=first.version, state="withdrawn")
    assert await market.found(stored) == ["b"]


async def test_an_offer_that_is_not_indexed_yet_is_found_by_keywords(market: Market) -> None:
    await market.add_offers(offer("old", "university", research="动物营养"))
    await market.add_offers(offer("new", "university", research="铣刀物理气相沉积涂层"), reindex=False)
    stored = await market.add_firm(BLADES)
    result = await market.maker.match(stored, kind="university")
    assert [match.offer.id for match in result.matches] == ["new", "old"]
    assert any("研究方向“铣刀物理气相沉积涂层”" in reason for reason in result.matches[0].reasons)


async def test_near_misses_say_what_is_missing_best_fit_first_and_at_most_five(market: Market) -> None:
    rule = "研发占比 >= 3"
    others = [offer(f"z{n}", "university", research="动物营养", rule=rule) for n in range(6)]
    best = offer("near", "university", research="铣刀物理气相沉积涂层", rule=rule)
    twice = offer("twice", "university", research="铣刀", rule=f"{rule}; 发明专利 >= 9; 资产负债率 <= 10")
    await market.add_offers(*others, best, twice)
    known = {"rnd_spend": 21, "revenue_main": 1000, "debt_ratio": 48, "invention_patents": 0}
    stored = await market.add_firm(BLADES, known)
    result = await market.maker.match(stored, kind="university")
    assert result.matches == ()
    assert len(result.near_misses) == NEAR_MISSES
    assert result.near_misses[0].to_json() == {
        "offer_id": "near",
        "missing": ["要求研发占比3%以上（含），现为2.1%，还差0.9个百分点"],
    }
    assert "twice" not in [miss.offer.id for miss in result.near_misses]
    assert any("差一两项" in notice for notice in result.notices)


async def test_what_a_self_check_knows_fills_what_is_not_stored(market: Market) -> None:
    await market.add_offers(offer("a", "service", rule="资产负债率 <= 60; 发明专利 >= 1"))
    stored = await market.add_firm(BLADES, {"debt_ratio": 48})
    extra = facts({"debt_ratio": 90, "invention_patents": 1})
    result = await market.maker.match(stored, extra=extra)
    assert [(match.offer.id, match.to_check) for match in result.matches] == [("a", ())]
    assert (await market.maker.match(stored)).next_question == "invention_patents"


async def test_the_next_question_is_what_most_matches_wait_for(market: Market) -> None:
    await market.add_offers(
        offer("a", "service", rule="发明专利 >= 1; 从业人数 >= 10"),
        offer("b", "service", rule="从业人数 >= 20"),
        offer("c", "financing", security=["抵押"]),
        offer("d", "financing", security=["抵押"], whitelist_only=True),
        offer("e", "financing", security=["抵押"]),
    )
    stored = await market.add_firm(firm("示例乙有限公司", products="阀体"))
    assert (await market.maker.match(stored)).next_question == "employees"
    assert (await market.maker.match(stored, kind="financing")).next_question is None


async def test_a_firm_without_texts_is_told_what_to_add(market: Market) -> None:
    await market.add_offers(offer("a", "university", research="涂层"))
    silent = await market.add_firm(firm("示例乙有限公司"))
    notices = (await market.maker.match(silent, kind="university")).notices
    assert any("尚未登记技术需求" in notice for notice in notices)
    stored = await market.add_firm(BLADES)
    assert not any("尚未登记" in n for n in (await market.maker.match(stored, kind="university")).notices)


async def test_without_a_model_it_says_that_keywords_alone_were_used(market: Market) -> None:
    stored = await market.add_firm(BLADES)
    notices = (await market.maker.match(stored)).notices
    assert any("关键词" in notice for notice in notices)
    assert any("没有符合条件" in notice for notice in notices)


# --- order ---


async def test_equal_offers_come_in_the_same_order_every_time(market: Market) -> None:
    await market.add_offers(*(offer(f"o{n:02}", "service", services="涂层") for n in reversed(range(40))))
    stored = await market.add_firm(BLADES)
    first = await market.found(stored, limit=40)
    assert first == [f"o{n:02}" for n in range(40)] == await market.found(stored, limit=40)
    assert await market.found(stored, limit=10) == first[:10]


_AGAIN = """
import asyncio, json, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from core.database import Database
from tests.matching.market import open_market

async def main():
    database = Database({url!r})
    async with open_market(database, Path({folder!r}), None) as market:
        stored = await market.firms.find({name!r})
        print(json.dumps([m.to_json() for m in (await market.maker.match(stored, limit=100)).matches]))
    await database.close()

asyncio.run(main())
"""


async def test_another_process_gives_the_same_answer(market: Market, database: Database, tmp_path: Path) -> None:
    await market.add_offers(*OFFERS)
    stored = await market.add_firm(BLADES, KNOWN)
    here = [match.to_json() for match in (await market.maker.match(stored, limit=100)).matches]
    url = database.engine.url.render_as_string(hide_password=False)
    code = _AGAIN.format(root=str(CHECKOUT), url=url, folder=str(tmp_path / "index"), name=stored.name)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=CHECKOUT)
    assert json.loads(done.stdout) == here


# --- declined pairs ---


async def _decline(market: Market, firm_id: str, one: Offer, on: date) -> None:
    async with market.database.transaction() as session:
        session.add(
            IntroductionRow(
                id=f"i-{on:%m%d}-{one.number}", firm_id=firm_id, offer_number=one.number, offer_version=one.version,
                asked_by="firm", state="declined", asked_at=NOW, asked_on=on, expires_on=on, decided_at=NOW,
                decided_on=on, version=2,
            )
        )  # fmt: skip


@pytest.mark.parametrize(("days", "rests"), [(1, True), (180, True), (181, False)])
async def test_a_declined_pair_rests_for_180_days(market: Market, days: int, rests: bool) -> None:
    (one,) = await market.add_offers(offer("a", "service", services="铣刀涂层"))
    stored = await market.add_firm(BLADES, visible=True)
    other = await market.add_firm(firm("示例乙有限公司", products="阀体"), visible=True)
    await _decline(market, stored.id, one, TODAY - timedelta(days=days))
    assert await market.found(stored) == ([] if rests else ["a"])
    assert await market.found(other) == ["a"]
    offered = [found.firm.id for found in (await market.maker.firms_for(one)).firms]
    assert (stored.id in offered) is not rests
    assert other.id in offered


async def test_a_declined_pair_comes_back_when_the_offer_changed_and_says_so(market: Market) -> None:
    (one,) = await market.add_offers(offer("a", "service", services="铣刀涂层", capacity=5))
    stored = await market.add_firm(BLADES)
    await _decline(market, stored.id, one, TODAY)
    async with market.database.transaction() as session:
        await market.offers.take_seat(session, one.number, NOW)  # a place given away is no change
    assert await market.found(stored) == []
    async with market.database.transaction() as session:
        await market.offers.update(session, one.number, version=one.version, title="示例新标题")
    result = await market.maker.match(stored)
    assert [match.offer.id for match in result.matches] == ["a"]
    assert "上次谢绝后内容有更新" in result.matches[0].reasons


# --- needs without a firm ---


async def test_a_need_is_matched_without_a_firm(market: Market) -> None:
    rule = "资产负债率 <= 60; 主营业务收入 >= 1000; 发明专利 >= 1; 从业人数 >= 3"
    await market.add_offers(
        offer("here", "university", research="刀具涂层", regions=(COUNTY,), rule=rule),
        offer("there", "university", research="刀具涂层", regions=(OTHER_CITY,)),
    )
    result = await market.maker.match_need("想找团队做刀具涂层", region="衡南县")
    assert result.to_json()["firm"] is None
    assert [match.offer.id for match in result.matches] == ["here"]
    assert len(result.matches[0].to_check) == 3
    assert "需求“想找团队做刀具涂层”与研究方向“刀具涂层”相近" in result.matches[0].reasons
    at_home = await market.maker.match_need("想找团队做刀具涂层")
    assert "region" in {check.fact for check in at_home.matches[0].to_check}
    assert (await market.maker.match_need("刀具涂层", region="长沙")).matches[0].offer.id == "there"
    assert (await market.maker.match_need("刀具涂层", region="云岭市")).matches == ()


@pytest.mark.parametrize("text", ["", "  \n", "\x00\u200b"])
async def test_an_empty_need_is_refused(market: Market, text: str) -> None:
    with pytest.raises(EmptyNeed):
        await market.maker.match_need(text)


async def test_a_hostile_need_harms_nothing(market: Market) -> None:
    await market.add_offers(*OFFERS)
    result = await market.maker.match_need("涂层'); DROP TABLE offers; --{title}%s\ud800" + "长" * 50_000)
    assert len(result.matches) > 0
    json.dumps(result.to_json(), ensure_ascii=False).encode()


# --- firms for an offer ---


async def test_only_firms_that_agreed_to_be_seen_are_offered_and_withdrawal_counts_at_once(market: Market) -> None:
    (one,) = await market.add_offers(offer("a", "university", research="刀具涂层"))
    seen = await market.add_firm(BLADES, visible=True, reindex=True)
    await market.add_firm(firm("示例乙有限公司", tech_need="刀具涂层"), reindex=True)
    assert [found.firm.id for found in (await market.maker.firms_for(one)).firms] == [seen.id]
    async with market.database.transaction() as session:
        await consents.withdraw(session, seen.id, VISIBLE, source="示例")
    hidden = await market.maker.firms_for(one)
    assert hidden.firms == ()
    assert any("同意被查看" in notice for notice in hidden.notices)


async def test_the_firms_answer_has_the_contracts_form_and_no_contacts_or_figures(market: Market) -> None:
    (one,) = await market.add_offers(
        offer("a", "financing", amount_min="100", amount_max="500", uses=["流动资金"], rule="主营业务收入 >= 1000")
    )
    stored = await market.add_firm(BLADES, {"revenue_main": 2637}, visible=True, reindex=True)
    answer = (await market.maker.firms_for(one)).to_json()
    assert answer["offer_id"] == "a"
    (found,) = answer["firms"]
    assert list(found) == ["firm", "name", "score", "reasons", "to_check"]
    assert (found["firm"], found["name"]) == (stored.credit_code, stored.name)
    assert "2637" not in json.dumps(answer, ensure_ascii=False)
    assert "300" not in json.dumps(found["reasons"], ensure_ascii=False)


async def test_the_best_firms_come_first_and_unfit_ones_and_the_provider_never(market: Market) -> None:
    (one,) = await market.add_offers(
        offer("a", "partner", products="球墨铸铁阀体", certificates=["ISO9001"], provider="示例丙重工有限公司")
    )
    near = await market.add_firm(firm("示例甲铸造有限公司", products="球墨铸铁阀体、阀盖"), visible=True)
    far = await market.add_firm(firm("示例乙饲料有限公司", products="猪饲料"), visible=True)
    await market.add_firm(firm("示例丙重工有限公司", products="球墨铸铁阀体"), visible=True)
    lacking = firm("示例丁铸造有限公司", products="球墨铸铁阀体")
    await market.add_firm(lacking, {"certificates": []}, visible=True)
    await market.firm_index.reconcile()
    await market.add_firm(firm("示例戊铸造有限公司", products="球墨铸铁阀体"), visible=True)  # not indexed yet
    found = (await market.maker.firms_for(one)).firms
    assert {one.firm.name for one in found[:2]} == {"示例甲铸造有限公司", "示例戊铸造有限公司"}
    assert [one.firm.name for one in found[2:]] == ["示例乙饲料有限公司"]
    assert near.id != far.id
    assert [one.firm.id for one in (await market.maker.firms_for(one, limit=1)).firms] == [found[0].firm.id]


async def test_nobody_is_offered_what_is_over(market: Market) -> None:
    await market.add_firm(BLADES, visible=True)
    (one,) = await market.add_offers(offer("a", "service", valid_until=TODAY - timedelta(days=1)))
    assert (await market.maker.firms_for(one)).firms == ()


async def test_whether_an_offer_is_meant_for_a_firm(market: Market) -> None:
    stored = await market.add_firm(BLADES, {"debt_ratio": 48})
    met, missed, unknown, full = await market.add_offers(
        offer("a", "event", rule="资产负债率 <= 60"),
        offer("b", "event", rule="资产负债率 <= 40"),
        offer("c", "event", rule="发明专利 >= 1"),
        offer("d", "event", rule="资产负债率 <= 60", capacity=1, taken=1),
    )
    found = [await market.maker.fits(stored.id, one) for one in (met, missed, unknown, full)]
    assert found == [Truth.MET, Truth.NOT_MET, Truth.UNKNOWN, Truth.MET]
    with pytest.raises(NoSuchFirm):
        await market.maker.fits("f-000000000000", met)


# --- all firms, and the index's job ---


async def test_matching_all_says_of_each_firm_what_matching_it_alone_says(market: Market) -> None:
    await market.add_offers(*OFFERS)
    stored = await market.add_firm(BLADES, {**KNOWN, "industry": "C34"})
    other = await market.add_firm(
        firm("示例乙有限公司", products="球墨铸铁阀体"), {"debt_ratio": {"min": 50, "max": 70}}
    )
    every = {result.firm.id: result for result in await market.maker.match_all(limit=3) if result.firm}
    assert every.keys() == {stored.id, other.id}
    for one in (stored, other):
        assert every[one.id].to_json() == (await market.maker.match(one, limit=3)).to_json()


async def test_the_reindex_job_waits_once_and_brings_both_indexes_in_line(market: Market) -> None:
    await market.add_offers(offer("a", "service"), reindex=False)
    await market.add_firm(BLADES)
    async with market.database.transaction() as session:
        await request_reindex(session)
        await request_reindex(session)

    async def run(_: dict[str, Any]) -> None:
        await market.reindex()

    worker = JobWorker(market.database, {OFFERS_REINDEX_JOB: run})
    assert [await worker.run_once(), await worker.run_once()] == [True, False]
    assert (market.index.status()["items"], market.firm_index.status()["items"]) == (1, 1)


async def test_a_withdrawn_offer_and_a_deleted_firm_leave_the_indexes(market: Market) -> None:
    (one,) = await market.add_offers(offer("a", "service"))
    stored = await market.add_firm(BLADES, reindex=True)
    async with market.database.transaction() as session:
        await market.offers.update(session, one.number, version=one.version, state="withdrawn")
        await market.firms.delete(session, stored.id, actor="示例")
    await market.reindex()
    assert (market.index.status()["items"], market.firm_index.status()["items"]) == (0, 0)


def test_a_firms_number_is_its_48_bits() -> None:
    assert firm_number("f-0000000000ff") == 255
    assert firm_number("f-ffffffffffff") < 2**63


# --- meaning: the real model ---

NEEDS: tuple[tuple[str, str, Firm, str], ...] = (
    ("university", "G1", firm("示例1", tech_need="铣刀涂层寿命短，想找团队做物理气相沉积涂层"), "铣刀"),
    ("university", "G1", firm("示例2", tech_need="刀片用不久就磨损，表面要更硬"), ""),
    ("university", "G2", firm("示例3", products="磷酸铁锂电池", tech_need="电池循环寿命衰减快"), ""),
    ("university", "G3", firm("示例4", tech_need="猪吃得多长得慢，想改配方"), ""),
    ("university", "G4", firm("示例5", tech_need="车间污水排放不达标"), ""),
    ("university", "G5", firm("示例6", tech_need="人工看外观瑕疵太慢，想用相机自动检"), ""),
    ("partner", "P1", firm("示例7", products="铸铁阀门壳体、阀盖"), ""),
    ("partner", "P2", firm("示例8", products="电线束、接插件"), ""),
    ("partner", "P3", firm("示例9", products="机柜外壳钣金加工"), ""),
    ("service", "S2", firm("示例10", topics=("智能化改造", "上云")), ""),
    ("event", "E1", firm("示例11", topics=("专利质押贷款",)), ""),
    ("financing", "R2", firm("示例12", finance_use="买加工中心，更新老机床"), ""),
    ("financing", "R1", firm("示例13", finance_use="备货周转，付供应商货款"), ""),
)


@pytest.mark.model
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_needs_in_other_words_find_their_offers(
    database: Database, tmp_path: Path, embedder: SentenceTransformerEmbedder
) -> None:
    """Of these pairs, worded apart, all but two come first, and all but one among the first two."""
    async with open_market(database, tmp_path / "index", embedder) as market:
        await market.add_offers(*OFFERS)
        places: dict[str, int] = {}
        for kind, wanted, one, _ in NEEDS:
            stored = await market.add_firm(one, visible=True)
            found = await market.found(stored, kind=kind, limit=100)
            places[f"{one.name} {wanted}"] = found.index(wanted) + 1
        assert places["示例1 G1"] == 1
        assert sum(place > 1 for place in places.values()) <= 2, places
        assert sum(place > 2 for place in places.values()) <= 1, places
        await market.firm_index.reconcile()
        coating = await market.offers.get("G1")
        offered = await market.maker.firms_for(coating)
        assert offered.firms[0].firm.name == "示例1"
        assert any("相近" in reason for reason in offered.firms[0].reasons)
