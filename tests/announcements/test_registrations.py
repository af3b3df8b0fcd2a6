"""Registrations: places and waiting list never disagree, an offered place is kept for a day, nobody sees another's."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import func, select, update

from announcements.calendar import ics
from announcements.models import RegistrationRow
from announcements.registration import (
    NoPlaceYet,
    NoSuchRegistration,
    NotEligible,
    PlaceLapsed,
    RegistrationClosed,
    RegistrationEnded,
    View,
)
from announcements.registrations import guard
from core.database import Database
from core.errors import NotFound
from firms import audit
from firms.actors import OPERATOR, Actor
from firms.store import Firm, NoSuchFirm
from matching.models import OfferRow
from matching.offer import Offer
from matching.offers import NoSuchOffer, OfferClosed, OfferFull
from messaging.inbox import WEB, firm_inbox
from messaging.outbox import Allow, Delivery, Hold, Skip
from tests.announcements.people import CITY, COUNTY, NOW, OTHER_COUNTY, ZONE, Bureau, own

STAFF = Actor("staff", "示例甲员", "editor")


async def seats(bureau: Bureau, event: Offer) -> tuple[int, int]:
    """Places taken, and registrations that hold one."""
    async with bureau.database.reading() as session:
        taken = await session.scalar(select(OfferRow.taken).where(OfferRow.number == event.number))
        held = select(func.count()).where(
            RegistrationRow.offer_number == event.number, RegistrationRow.state.in_(("registered", "offered"))
        )
        return taken, await session.scalar(held)


async def said(bureau: Bureau) -> list[tuple[str, str]]:
    """Address and first line of the notices, in order."""
    async with bureau.database.reading() as session:
        rows = await session.execute(select(Delivery.address, Delivery.message).order_by(Delivery.id))
        return [(address, message["text"].partition("\n")[0]) for address, message in rows]


async def change_event(bureau: Bureau, event: Offer, **values: Any) -> None:
    async with bureau.database.transaction() as session:
        await session.execute(update(OfferRow).where(OfferRow.number == event.number).values(**values))


async def firms(bureau: Bureau, count: int) -> list[Firm]:
    return [await bureau.firm(number, chat=None, subscribed=()) for number in range(count)]


async def test_the_last_place_goes_to_one_and_the_others_wait_in_order(bureau: Bureau) -> None:
    event, many = await bureau.event(), await firms(bureau, 5)
    views: list[View] = await asyncio.gather(*(bureau.register(firm, event) for firm in many))
    assert sorted((view.state, view.position) for view in views if view.state == "waiting") == [
        ("waiting", place) for place in (1, 2, 3, 4)
    ]
    assert [view.state for view in views].count("registered") == 1
    assert all(view.created for view in views)
    assert await seats(bureau, event) == (1, 1)
    listed = await bureau.registrations.list_json(STAFF, event.id)
    assert [item["position"] for item in listed["items"]] == [None, 1, 2, 3, 4]
    shown = await bureau.registrations.event_json(event.id)
    assert list(shown)[:6] == ["id", "title", "starts_at", "capacity", "taken", "waiting"]
    assert (shown["starts_at"], shown["taken"], shown["waiting"]) == ("2026-12-05T10:00:00+08:00", 1, 4)


async def test_the_same_firm_again_has_the_same_registration(bureau: Bureau) -> None:
    event, (first, second) = await bureau.event(), await firms(bureau, 2)
    tries = [await bureau.register(first, event), *await asyncio.gather(*(bureau.register(first, event) for _ in "ab"))]
    assert len({view.id for view in tries}) == 1
    assert [view.created for view in tries] == [True, False, False]
    waiting = await bureau.register(second, event)
    bureau.time.move(days=20)  # over by now: it still has what it has
    assert (await bureau.register(second, event)).id == waiting.id
    assert await seats(bureau, event) == (1, 1)
    assert len(await said(bureau)) == 2


async def test_a_date_as_deadline_lasts_until_its_end(bureau: Bureau) -> None:
    event, (first, second) = await bureau.event(capacity=None), await firms(bureau, 2)
    bureau.time.at = datetime(2026, 12, 3, 23, 59, 59, tzinfo=ZONE)
    assert (await bureau.register(first, event)).state == "registered"
    bureau.time.at = datetime(2026, 12, 4, tzinfo=ZONE)
    with pytest.raises(RegistrationClosed) as caught:
        await bureau.register(second, event)
    assert caught.value.code == "registration-closed"


async def test_what_stands_against_a_registration_is_said(bureau: Bureau) -> None:
    event = await bureau.event(rule="debt_ratio <= 60; revenue_main >= 1000")
    inside, outside = await bureau.firm(1, debt=61), await bureau.firm(2, region="430100")
    with pytest.raises(NotEligible) as caught:
        await bureau.register(inside, event)
    assert (caught.value.code, len(caught.value.missing)) == ("not-eligible", 1)
    assert "资产负债率" in caught.value.message
    with pytest.raises(NotEligible):
        await bureau.register(outside, event)
    assert (await bureau.register(await bureau.firm(3, debt=None), event)).state == "registered"  # unknown is no no
    narrow = await bureau.event("示例-E2", waitlist=False)
    await bureau.register(await bureau.firm(4), narrow)
    with pytest.raises(OfferFull):
        await bureau.register(await bureau.firm(5), narrow)
    await change_event(bureau, narrow, state="withdrawn")
    with pytest.raises(OfferClosed):
        await bureau.register(await bureau.firm(6), narrow)
    await bureau.event("示例-G1", kind="university")
    with pytest.raises(NoSuchOffer):
        await bureau.registrations.register(OPERATOR, inside.id, "示例-G1")


async def test_a_place_that_comes_free_is_offered_and_taken(bureau: Bureau) -> None:
    event, (first, second, third) = await bureau.event(), await firms(bureau, 3)
    views = [await bureau.register(firm, event) for firm in (first, second, third)]
    with pytest.raises(NoPlaceYet):
        await bureau.registrations.confirm(own(second), views[1].id)
    assert (await bureau.registrations.cancel(own(first), views[0].id, event.id)).state == "cancelled"
    assert (await bureau.registrations.cancel(own(first), views[0].id)).state == "cancelled"
    offered = await bureau.registrations.get(own(second), views[1].id)
    assert (offered.state, offered.position, offered.held_until) == ("offered", None, NOW + timedelta(hours=24))
    assert (await bureau.registrations.get(own(third), views[2].id)).position == 1
    assert await seats(bureau, event) == (1, 1)
    bureau.time.move(hours=23)
    for _ in "ab":
        assert (await bureau.registrations.confirm(own(second), views[1].id)).state == "registered"
    with pytest.raises(RegistrationEnded):
        await bureau.registrations.confirm(own(first), views[0].id)
    again = await bureau.register(first, event)
    assert (again.id != views[0].id, again.position) == (True, 2)
    assert [text for _, text in await said(bureau)] == [
        "报名成功：示例融资对接会",
        "“示例融资对接会”名额已满，已为贵企业登记候补，目前排在第 1 位。有名额空出时会通知您。",
        "“示例融资对接会”名额已满，已为贵企业登记候补，目前排在第 2 位。有名额空出时会通知您。",
        "“示例融资对接会”空出一个名额，为贵企业保留到 2026年11月25日 10:00。请在此之前确认，逾期名额将让给后面的企业。",
        "报名成功：示例融资对接会",
        "“示例融资对接会”名额已满，已为贵企业登记候补，目前排在第 2 位。有名额空出时会通知您。",
    ]


async def test_an_offered_place_lapses_and_goes_to_the_next(bureau: Bureau) -> None:
    event, (first, second, third) = await bureau.event(), await firms(bureau, 3)
    views = [await bureau.register(firm, event) for firm in (first, second, third)]
    await bureau.registrations.cancel(own(first), views[0].id)
    bureau.time.move(hours=24)
    with pytest.raises(PlaceLapsed):  # too late, even before the sweep
        await bureau.registrations.confirm(own(second), views[1].id)
    assert (await bureau.registrations.get(own(third), views[2].id)).state == "offered"
    assert await bureau.registrations.sweep() == 0
    bureau.time.move(hours=24)
    assert await bureau.registrations.sweep() == 1
    assert (await bureau.registrations.get(own(third), views[2].id)).state == "lapsed"
    assert await seats(bureau, event) == (0, 0)
    assert (await bureau.register(second, event)).state == "registered"


async def test_nothing_is_offered_once_the_event_has_begun(bureau: Bureau) -> None:
    event, (first, second) = await bureau.event(), await firms(bureau, 2)
    views = [await bureau.register(firm, event) for firm in (first, second)]
    bureau.time.at = NOW + timedelta(days=10, hours=20)  # after the deadline, four hours before it begins
    await bureau.registrations.cancel(own(first), views[0].id)
    offered = await bureau.registrations.get(own(second), views[1].id)
    assert offered.held_until == event.starts_at
    bureau.time.move(hours=4)
    await bureau.registrations.sweep()
    assert await seats(bureau, event) == (0, 0)


async def test_more_places_are_offered_to_whoever_waits(bureau: Bureau) -> None:
    event, many = await bureau.event(), await firms(bureau, 4)
    views = [await bureau.register(firm, event) for firm in many[:3]]
    await change_event(bureau, event, capacity=2)
    assert (await bureau.register(many[3], event)).position == 2  # nobody jumps the queue
    assert (await bureau.registrations.get(own(many[1]), views[1].id)).state == "offered"
    await change_event(bureau, event, capacity=4)
    assert await bureau.registrations.sweep() == 2
    assert await seats(bureau, event) == (4, 4)


async def test_nobody_sees_or_changes_anothers_registration(bureau: Bureau) -> None:
    event, (first, second) = await bureau.event(), await firms(bureau, 2)
    view = await bureau.register(first, event)
    with pytest.raises(NoSuchFirm):
        await bureau.registrations.register(own(second), first.id, event.id)
    county = Actor("staff", "示例县员", "editor", OTHER_COUNTY)
    for actor in (own(second), Actor("provider", event.provider), county):
        for work in (bureau.registrations.cancel, bureau.registrations.confirm, bureau.registrations.get):
            with pytest.raises(NoSuchRegistration):
                await work(actor, view.id)
    with pytest.raises(NotFound):
        await bureau.registrations.list(own(first), event.id)
    assert await bureau.registrations.list(county, event.id) == []
    other = await bureau.event("示例-E2")
    with pytest.raises(NoSuchRegistration):
        await bureau.registrations.cancel(own(first), view.id, other.id)
    acting = Actor("staff", "示例县员", "editor", COUNTY)
    done = await bureau.registrations.register(acting, second.id, event.id)
    async with bureau.database.reading() as session:
        (entry,) = await audit.about(session, "registration", done.id)
    assert (entry.actor, entry.action, entry.details["firm"]) == ("staff:示例县员", "registration.added", second.id)
    assert [mine.id for mine in await bureau.registrations.mine(second.id)] == [done.id]


async def test_a_notice_is_sent_while_it_is_true(bureau: Bureau) -> None:
    event = await bureau.event()
    first = await bureau.firm(1, claimed=True)
    second = await bureau.firm(2, claimed=False, signed_in=True)  # a number from a table proves nothing
    views = [await bureau.register(firm, event) for firm in (first, second)]
    await bureau.registrations.cancel(own(first), views[0].id)
    await bureau.worker().run_until_idle()
    assert bureau.channel.sent == []
    async with bureau.database.reading() as session:
        rows = await session.execute(select(Delivery.channel, Delivery.address, Delivery.state).order_by(Delivery.id))
        inbox = firm_inbox(second.id)
        assert [*rows] == [
            ("telegram", "10001", "skipped"), (WEB, inbox, "skipped"), (WEB, inbox, "sent"),
        ]  # fmt: skip
        message = await session.scalar(select(Delivery.message).where(Delivery.state == "sent"))
    assert [choice["id"] for choice in message["choices"]] == [
        f"event-take:{views[1].id}:2",
        f"event-leave:{views[1].id}:2",
    ]


async def test_a_firm_is_told_once_and_of_what_staff_does(bureau: Bureau) -> None:
    event, (first, second) = await bureau.event(), await firms(bureau, 2)
    view = await bureau.registrations.register(own(first), first.id, event.id, told=True)
    waiting = await bureau.registrations.register(own(second), second.id, event.id, told=True)
    assert await said(bureau) == []
    await bureau.registrations.cancel(STAFF, view.id)
    await bureau.registrations.confirm(own(second), waiting.id, told=True)
    assert [(address, text.partition("示例")[0]) for address, text in await said(bureau)] == [
        (firm_inbox(second.id), "“"),
        (firm_inbox(first.id), "已取消报名："),
    ]


async def test_a_deleted_firms_place_goes_to_who_waits(bureau: Bureau) -> None:
    event, (first, second) = await bureau.event(), await firms(bureau, 2)
    await bureau.register(first, event)
    waiting = await bureau.register(second, event)
    async with bureau.database.transaction() as session:
        await bureau.registrations.erase(session, first.id)
        await bureau.firms.delete(session, first.id, actor="示例")
    assert (await bureau.registrations.get(OPERATOR, waiting.id)).state == "offered"
    assert await seats(bureau, event) == (1, 1)
    assert len(await bureau.registrations.list(OPERATOR, event.id)) == 1


STEPS = st.lists(
    st.tuples(st.sampled_from(("register", "cancel", "confirm", "later", "sweep", "places")), st.integers(0, 4)),
    max_size=14,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_places_and_waiting_list_agree_whatever_happens(sqlite_url: str, data: st.DataObject) -> None:
    asyncio.run(_play(sqlite_url, data.draw(STEPS), data.draw(st.integers(0, 2))))


_COUNTER = iter(range(10_000))


async def _play(url: str, steps: list[tuple[str, int]], before: int) -> None:
    """Play a course of events; after each step the numbers agree. `before`: places that were taken elsewhere."""
    database = Database(url)
    try:
        bureau, course = Bureau(database), next(_COUNTER)
        event = await bureau.event(f"示例-{course}", capacity=before + 2, taken=before)
        many = [await bureau.firm(course * 5 + place, chat=None, subscribed=()) for place in range(5)]
        for step, who in steps:
            await _step(bureau, event, many[who], step, who)
            taken, held = await seats(bureau, event)
            assert taken == before + held
            views = await bureau.registrations.list(OPERATOR, event.id)
            waiting = [view.position for view in views if view.state == "waiting"]
            assert waiting == [*range(1, len(waiting) + 1)]
            current = await bureau.offers.get(event.id)
            if waiting and step != "places":
                assert current.is_full
            open_ones = [view.firm for view in views if view.state in ("registered", "waiting", "offered")]
            assert len(set(open_ones)) == len(open_ones)
    finally:
        await database.close()


async def _step(bureau: Bureau, event: Offer, firm: Firm, step: str, number: int) -> None:
    match step:
        case "register":
            await bureau.register(firm, event)
        case "cancel" | "confirm":
            work = bureau.registrations.cancel if step == "cancel" else bureau.registrations.confirm
            for view in await bureau.registrations.mine(firm.id):
                try:
                    await work(own(firm), view.id)
                except (NoPlaceYet, PlaceLapsed, RegistrationEnded):
                    continue
        case "later":
            bureau.time.move(hours=8 * number)
        case "places":
            taken, _ = await seats(bureau, event)
            await change_event(bureau, event, capacity=taken + number)
            await bureau.registrations.sweep()
    await bureau.registrations.sweep()


# --- the calendar ---


async def test_the_calendar_says_when_and_where_and_nobodys_contacts(bureau: Bureau) -> None:
    event = await bureau.event(
        title="示例会\r\nATTENDEE:mailto:a@example.com", ends_at=NOW + timedelta(days=11, hours=2), regions=(CITY,)
    )
    raw = ics(event, "https://qiban.example")
    assert b"\r\nATTENDEE" not in raw
    (entry,) = Calendar.from_ical(raw).walk("VEVENT")
    assert (str(entry["uid"]), str(entry["location"])) == ("示例-E1@qiban", "示例会议中心")
    assert raw.count(b"DTSTART:20261205T020000Z") == 1
    assert raw.count(b"DTEND:20261205T040000Z") == 1
    assert "报名截止：2026年12月3日（含当天）" in str(entry["description"])
    assert ics(event, None) == ics(event, None)
    assert Calendar.from_ical(ics(event, None)).walk("VEVENT")[0]["uid"] == entry["uid"]


async def test_a_firm_is_reminded_once_of_an_event_that_begins_within_a_day(bureau: Bureau) -> None:
    event, (first, second) = await bureau.event(), await firms(bureau, 2)
    view = await bureau.register(first, event)
    await bureau.register(second, event)  # waits: nothing to be reminded of
    bureau.time.at = datetime(2026, 12, 4, 9, 59, tzinfo=ZONE)
    async with bureau.database.transaction() as session:
        await session.execute(update(RegistrationRow).values(created_at=datetime(2026, 11, 1, tzinfo=ZONE)))
    assert await bureau.registrations.remind() == 0
    bureau.time.at = datetime(2026, 12, 4, 21, 0, tzinfo=ZONE)
    assert await bureau.registrations.remind() == 1
    assert await bureau.registrations.remind() == 0
    before = await said(bureau)
    assert [words for _, words in before if "活动提醒" in words] == [
        "活动提醒：您报名的“示例融资对接会”将在一天内开始，请留意时间和地点。来不了请及时取消，把名额让给候补的企业。"
    ]
    async with bureau.database.reading() as session:
        row = await session.scalar(select(Delivery).where(Delivery.key == f"reg:{view.id}:reminder"))
    held = await registrations_guard(bureau)(row)
    assert held == Hold(datetime(2026, 12, 5, 8, 0, tzinfo=ZONE))  # not at night
    bureau.time.at = datetime(2026, 12, 5, 8, 0, tzinfo=ZONE)
    assert await registrations_guard(bureau)(row) == Allow()
    await bureau.registrations.cancel(own(first), view.id)
    assert await registrations_guard(bureau)(row) == Skip("outdated")


def registrations_guard(bureau: Bureau) -> Any:
    return guard(bureau.database, bureau.clock)
