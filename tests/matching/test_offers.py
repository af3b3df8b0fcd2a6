"""Offers in the database: what is over is never shown, pages never overlap, the last place is given away once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.database import Database
from firms import audit
from firms.actors import OPERATOR, Actor
from matching.offer import Offer
from matching.offers import (
    ZONE,
    BadCursor,
    NoSuchOffer,
    OfferChanged,
    OfferClosed,
    OfferContact,
    OfferFull,
    Offers,
    Page,
    last_day,
    public_json,
)

NOW = datetime(2026, 11, 24, 10, tzinfo=ZONE)
TODAY = NOW.date()
CITY, COUNTY, OTHER_COUNTY = "430400", "430422", "430482"


def offer(offer_id: str, kind: str = "service", **more: Any) -> Offer:
    plain: dict[str, Any] = {"title": "示例资源", "provider": "示例服务中心", "regions": (CITY,)}
    return Offer(0, offer_id, kind, **{**plain, **more})


async def added(database: Database, *offers: Offer) -> tuple[Offer, ...]:
    async with database.transaction() as session:
        return await Offers(database).add(session, [(one, None) for one in offers])


def ids(page: Page) -> list[str]:
    return [one.id for one in page.items]


async def listed(database: Database, **filters: Any) -> list[str]:
    return ids(await Offers(database).list(**{"open_at": NOW, **filters}))


# --- what is open ---


async def test_only_what_is_open_is_listed_and_matched(database: Database) -> None:
    yesterday = TODAY - timedelta(days=1)
    await added(
        database,
        offer("今天到期", valid_until=TODAY),
        offer("昨天到期", valid_until=yesterday),
        offer("长期"),
        offer("撤下", state="withdrawn"),
        offer("满", capacity=2, taken=2),
        offer("剩一", capacity=2, taken=1),
        offer("零名额", capacity=0),
        offer("刚截止", "event", starts_at=NOW + timedelta(days=3), closes_at=NOW),
        offer("将截止", "event", starts_at=NOW + timedelta(days=3), closes_at=NOW + timedelta(seconds=1)),
        offer("已开始", "event", starts_at=NOW),
    )
    expected = ["今天到期", "长期", "剩一", "将截止"]
    offers = Offers(database)
    assert await listed(database) == expected
    assert [one.id for one in await offers.all_open(NOW)] == expected
    assert [one.id for one in await offers.every() if one.is_open(NOW)] == expected
    assert await listed(database, deadline_from=date(2020, 1, 1)) == expected
    assert await listed(database, kind="event") == ["将截止"]
    assert len((await offers.stored()).items) == 10


async def test_a_deadline_filter_keeps_what_lasts_that_long(database: Database) -> None:
    midnight = datetime(2026, 12, 4, tzinfo=ZONE)
    event = offer("活动", "event", starts_at=midnight + timedelta(days=2), closes_at=midnight)
    await added(database, offer("长期"), offer("到12月3日", valid_until=date(2026, 12, 3)), event)
    assert last_day(event) == date(2026, 12, 3)
    assert await listed(database, deadline_from=date(2026, 12, 3)) == ["长期", "到12月3日", "活动"]
    assert await listed(database, deadline_from=date(2026, 12, 4)) == ["长期"]


# --- filters ---


async def test_a_region_sees_what_serves_it(database: Database) -> None:
    await added(
        database,
        offer("市", regions=(CITY,)),
        offer("省", regions=("430000",)),
        offer("全国", regions=("100000",)),
        offer("邻县", regions=("430424",)),
        offer("两县", regions=("430424", COUNTY)),
    )
    assert await listed(database, region=COUNTY) == ["市", "省", "全国", "两县"]
    assert await listed(database, region="衡南") == ["市", "省", "全国", "两县"]
    assert await listed(database, region=CITY) == ["市", "省", "全国"]
    assert await listed(database, region=[CITY, COUNTY]) == ["市", "省", "全国", "两县"]
    page = await Offers(database).list(region="假县", open_at=NOW)
    assert (ids(page), len(page.notices)) == (["全国"], 1)


@pytest.mark.parametrize(
    ("filters", "word"),
    [
        ({"region": [COUNTY, OTHER_COUNTY]}, "常宁市"),
        ({"region": [CITY, "430100"]}, "互不包含"),
        ({"amount_min": 500, "amount_max": 100}, "500 万元"),
    ],
)
async def test_filters_that_contradict_each_other_give_nothing_and_say_so(
    database: Database, filters: Any, word: str
) -> None:
    await added(database, offer("全国", "financing", regions=("100000",), details={"amount_max": "1000"}))
    page = await Offers(database).list(open_at=NOW, **filters)
    assert page.items == ()
    assert any(word in notice for notice in page.notices)


async def test_an_amount_filter_compares_exactly_and_leaves_out_what_names_none(database: Database) -> None:
    await added(
        database,
        offer("百到五百", "financing", details={"amount_min": "100", "amount_max": "500"}),
        offer("五百起", "financing", details={"amount_min": "500.01"}),
        offer("没写", "financing"),
        offer("高校", "university", details={"start_cost": "20"}),
        offer("服务"),
    )
    assert await listed(database, amount_max=500) == ["百到五百", "高校"]
    assert await listed(database, amount_min=500) == ["百到五百", "五百起"]
    assert await listed(database, amount_min=Decimal("500.001")) == ["五百起"]
    assert await listed(database, amount_min=500.01, amount_max=500.01) == ["五百起"]
    assert await listed(database, amount_max=0.1, kind="university") == []
    assert (await Offers(database).list(open_at=NOW, amount_min=1)).notices


# --- order and pages ---


async def test_forty_equal_offers_come_once_each_and_in_the_same_order_twice(database: Database) -> None:
    await added(database, *(offer(f"示例-{number}", published_on=TODAY) for number in range(40)))

    async def pages() -> list[str]:
        found: list[str] = []
        cursor = None
        for _ in range(4):
            page = await Offers(database).list(open_at=NOW, limit=10, cursor=cursor)
            found, cursor = found + ids(page), page.next_cursor
        assert cursor is None
        return found

    first = await pages()
    assert len(set(first)) == 40
    assert await pages() == first


async def test_the_newest_comes_first_and_what_has_no_day_last(database: Database) -> None:
    await added(
        database,
        offer("无"),
        offer("旧", published_on=date(2026, 1, 1)),
        offer("新", published_on=TODAY),
        offer("新二", published_on=TODAY),
        offer("别处", published_on=TODAY, regions=("430100",)),
    )
    first = await Offers(database).list(region=COUNTY, open_at=NOW, limit=1)
    rest = await Offers(database).list(region=COUNTY, open_at=NOW, cursor=first.next_cursor)
    assert (ids(first), ids(rest)) == (["新"], ["新二", "旧", "无"])
    for cursor in ("x", "é", "W10", "WyIyMDI2LTExLTI0IiwgdHJ1ZV0x" * 50):
        with pytest.raises(BadCursor):
            await Offers(database).list(open_at=NOW, cursor=cursor)


# --- changing ---


async def test_a_change_that_was_overtaken_is_refused_and_shows_what_holds(database: Database) -> None:
    (stored,) = await added(database, offer("示例-1"))
    offers = Offers(database)
    async with database.transaction() as session:
        changed = await offers.update(session, stored.number, version=1, title="新标题", provider="示例 乙 中心")
    assert (changed.version, changed.folded_provider) == (2, "示例乙中心")
    with pytest.raises(OfferChanged) as caught:
        async with database.transaction() as session:
            await offers.update(session, stored.number, version=1, title="别的")
    assert caught.value.current.title == "新标题"
    assert [one.id for one in await offers.of_provider("示例乙中心")] == ["示例-1"]
    with pytest.raises(ValueError, match="taken"):
        async with database.transaction() as session:
            await offers.update(session, stored.number, version=2, taken=5)


async def test_only_its_provider_and_staff_of_all_its_regions_withdraw_an_offer(database: Database) -> None:
    (stored,) = await added(database, offer("示例-1"))
    offers = Offers(database)
    county = Actor("staff", "示例县员", "editor", COUNTY)
    for other in (Actor("provider", "别家"), Actor("firm", "f1"), county):
        with pytest.raises(NoSuchOffer):
            async with database.transaction() as session:
                await offers.withdraw(session, "示例-1", other)
    async with database.transaction() as session:
        withdrawn = await offers.withdraw(session, "示例-1", Actor("provider", "示例 服务中心"))
        again = await offers.withdraw(session, "示例-1", OPERATOR)
        records = await audit.about(session, "offer", str(stored.number))
    assert (withdrawn.state, withdrawn.version, again) == ("withdrawn", 2, withdrawn)
    assert [record.action for record in records] == ["offer.withdrawn"]


# --- places ---


async def test_the_last_place_is_given_away_once(database: Database) -> None:
    (stored,) = await added(database, offer("示例-1", capacity=3, taken=2))

    async def one() -> bool:
        try:
            async with database.transaction() as session:
                await Offers(database).take_seat(session, stored.number, NOW)
        except OfferFull:
            return False
        return True

    assert sorted(await asyncio.gather(*(one() for _ in range(5)))) == [False] * 4 + [True]
    after = await Offers(database).by_number(stored.number)
    assert (after.taken, after.version) == (3, 1)


async def test_a_place_comes_back_and_never_below_none(database: Database) -> None:
    (stored,) = await added(database, offer("示例-1", capacity=1))
    offers = Offers(database)
    async with database.transaction() as session:
        assert (await offers.take_seat(session, stored.number, NOW)).is_full
        with pytest.raises(OfferFull):
            await offers.take_seat(session, stored.number, NOW)
        assert (await offers.give_back_seat(session, stored.number)).taken == 0
        assert (await offers.give_back_seat(session, stored.number)).taken == 0
        with pytest.raises(NoSuchOffer):
            await offers.give_back_seat(session, 999)
        with pytest.raises(NoSuchOffer):
            await offers.take_seat(session, 999, NOW)


@pytest.mark.parametrize(
    ("more", "closed"),
    [
        ({"valid_until": TODAY}, False),
        ({"valid_until": TODAY - timedelta(days=1)}, True),
        ({"state": "withdrawn"}, True),
        ({"starts_at": NOW + timedelta(days=1), "closes_at": NOW}, True),
        ({"starts_at": NOW - timedelta(hours=1), "closes_at": NOW + timedelta(hours=1)}, False),
        ({"capacity": 0, "valid_until": TODAY - timedelta(days=1)}, True),
    ],
)
async def test_a_place_is_taken_only_while_the_offer_is_open(
    database: Database, more: dict[str, Any], closed: bool
) -> None:
    (stored,) = await added(database, offer("示例-1", **more))
    async with database.transaction() as session:
        if closed:
            with pytest.raises(OfferClosed):
                await Offers(database).take_seat(session, stored.number, NOW)
        else:
            assert (await Offers(database).take_seat(session, stored.number, NOW)).taken == 1


async def test_the_day_of_the_service_decides_not_that_of_greenwich(database: Database) -> None:
    (stored,) = await added(database, offer("示例-1", valid_until=TODAY))
    before_midnight = datetime(2026, 11, 24, 23, 59, 59, tzinfo=ZONE)
    async with database.transaction() as session:
        await Offers(database).take_seat(session, stored.number, before_midnight)
        with pytest.raises(OfferClosed):
            await Offers(database).take_seat(session, stored.number, before_midnight + timedelta(seconds=1))


# --- what is shown ---


async def test_nobody_sees_who_answers_for_an_offer(database: Database) -> None:
    contact = OfferContact("示例联系人", "0734-0000001", "a@example.com", "700001")
    start = datetime(2026, 12, 5, 14, 30, tzinfo=ZONE)
    event = offer(
        "示例-E1", "event", starts_at=start, closes_at=datetime(2026, 12, 4, tzinfo=ZONE), capacity=3, taken=5
    )
    offers = Offers(database)
    async with database.transaction() as session:
        (stored,) = await offers.add(session, [(replace(event, details={"topics": ["融资"]}), contact)])
        assert await offers.contact(stored.number, session) == contact
    shown = public_json(await offers.get(" 示例-\x00E1 "))
    assert not any(secret in str(shown) for secret in ("示例联系人", "0734-0000001", "a@example.com", "700001"))
    assert shown["starts_at"] == "2026-12-05T14:30:00+08:00"
    assert shown["registration_until"] == "2026-12-03"  # as the bureau wrote it: all of that day
    assert shown["registration_closes_at"] == "2026-12-04T00:00:00+08:00"
    assert (shown["regions"], shown["places_left"], shown["details"]) == (["衡阳市"], 0, {"topics": ["融资"]})


async def test_the_mark_changes_with_every_change(database: Database) -> None:
    offers = Offers(database)
    marks = [await offers.mark()]
    (stored,) = await added(database, offer("示例-1"))
    marks.append(await offers.mark())
    async with database.transaction() as session:
        await offers.take_seat(session, stored.number, NOW)
    marks.append(await offers.mark())
    async with database.transaction() as session:
        await offers.give_back_seat(session, stored.number)
    marks.append(await offers.mark())
    assert len(set(marks)) == 4
