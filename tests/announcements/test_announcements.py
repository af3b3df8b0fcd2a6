"""Announcements: approved by somebody else, scheduled once, sent to exactly the firms they fit, stopped at once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from announcements import sending
from announcements.announcement import (
    AlreadyScheduled,
    AnnouncementChanged,
    AnnouncementClosed,
    LinkedOfferOver,
    MayNotApprove,
    NoSuchAnnouncement,
    NotApproved,
    OwnAnnouncement,
)
from announcements.audience import REASONS, Candidate, Refusals, destination, excluded, read_audience
from announcements.models import AnnouncementRow, RecipientRow
from announcements.service import read_category
from core.database import Database
from core.errors import BadInput
from core.spans import Span
from firms import audit
from firms.actors import Actor
from firms.catalogue import catalogue
from firms.facts import Facts
from firms.rule_reading import BadRule
from messaging import addresses
from messaging.channel import Blocked, Rejected
from messaging.inbox import WEB, firm_inbox
from messaging.outbox import Delivery
from tests.announcements.people import (
    APPROVER,
    AUTHOR,
    CITY,
    COUNTY,
    DAY,
    NOW,
    OTHER_COUNTY,
    RULE,
    ZONE,
    Bureau,
    NotingChannel,
)


async def rows(bureau: Bureau, table: Any) -> int:
    async with bureau.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


# --- whom it reaches ---


async def test_every_firm_is_counted_or_left_out_for_the_first_reason_that_holds(bureau: Bureau) -> None:
    await bureau.firm(1)
    await bureau.firm(2, chat=None, email="a@example.com")
    await bureau.firm(3, chat=None, signed_in=True)
    await bureau.firm(4, debt=61, region=OTHER_COUNTY, subscribed=())  # rule comes before all others
    await bureau.firm(5, debt=None, region=OTHER_COUNTY)
    await bureau.firm(6, region=OTHER_COUNTY, subscribed=())
    await bureau.firm(7, subscribed=("policy",), chat=None)
    await bureau.withdraw(await bureau.firm(8, chat=None))
    await bureau.withdraw(await bureau.firm(9), via="table")  # the bureau's table says no: never subscribed by itself
    for number in (10, 11, 12):
        await bureau.firm(number)
    await bureau.firm(13, chat=None)
    async with bureau.database.transaction() as session:
        await addresses.opt_out(session, "telegram", "10010")
        await addresses.opt_out(session, "telegram", "10011", "financing")
        await addresses.opt_out(session, "telegram", "10001", "policy")  # another category
        await addresses.block(session, "telegram", "10012", "示例")
    made = await bureau.draft(region="衡南县")
    assert await bureau.announcements.preview(made.id) == {
        "id": made.id,
        "state": "draft",
        "count": 3,
        "sample": [{"firm": f"f-000{n}", "name": f"示例000{n}号机械厂"} for n in (1, 2, 3)],
        "excluded": {
            "rule": 1, "unknown_fact": 1, "region": 1, "no_consent": 2, "opted_out": 3, "blocked": 1, "no_channel": 1,
        },
        "parts": 1,
        "unreachable_now": 1,  # only e-mail, which is no channel yet
    }  # fmt: skip


FIRMS = st.lists(
    st.builds(
        Candidate,
        id=st.sampled_from(("f-1", "f-2")),
        name=st.just("示例"),
        credit_code=st.none(),
        region=st.sampled_from((COUNTY, OTHER_COUNTY)),
        facts=st.sampled_from((50, 70, None)).map(
            lambda debt: Facts() if debt is None else Facts({("debt_ratio", None): Span.point(debt)})
        ),
        standing=st.sampled_from(("granted", "opted_out", "none")),
        chats=st.sampled_from(((), (("telegram", "1"),), (("telegram", "1"), ("telegram", "2")))),
        signed_in=st.booleans(),
        has_email=st.booleans(),
    )
)
ADDRESSES = st.frozensets(st.sampled_from((("telegram", "1"), ("telegram", "2"), (WEB, firm_inbox("f-1")))))


@given(FIRMS, st.builds(Refusals, ADDRESSES, ADDRESSES))
def test_the_reason_is_the_first_in_the_order_and_who_has_none_is_reached(
    firms: list[Candidate], refusals: Refusals
) -> None:
    audience = read_audience(RULE, COUNTY, "financing", catalogue())
    for firm in firms:
        debt = firm.facts.values.get(("debt_ratio", None))
        known = firm.addresses
        left = [address for address in known if address not in refusals.opted_out]
        holds = {
            "rule": debt == Span.point(70),
            "unknown_fact": debt is None,
            "region": firm.region != COUNTY,
            "no_consent": firm.standing == "none",
            "opted_out": firm.standing == "opted_out" or (bool(known) and not left),
            "blocked": bool(left) and not set(left) - refusals.blocked,
            "no_channel": not known and not firm.has_email,
        }
        expected = next((reason for reason in REASONS if holds[reason]), None)
        assert excluded(firm, audience, refusals, DAY, catalogue()) == expected
        to = destination(firm, refusals, telegram=True)
        assert expected is not None or to is not None or (not known and firm.has_email)
        assert to is None or (to in known and refusals.takes(to))


@pytest.mark.parametrize("audience", ["", "  "])
async def test_an_empty_audience_selects_nobody(bureau: Bureau, audience: str) -> None:
    await bureau.firm(1)
    made = await bureau.scheduled(audience)
    preview = await bureau.announcements.preview(made)
    assert (preview["count"], preview["excluded"]["rule"]) == (0, 1)
    await bureau.deliver()
    assert bureau.channel.sent == []
    assert (await bureau.announcements.status(made))["state"] == "done"


async def test_another_address_that_takes_it_is_used(bureau: Bureau) -> None:
    firm = await bureau.firm(1, signed_in=True)
    await bureau.firm(2, chat="10001", subscribed=())
    async with bureau.database.transaction() as session:
        await addresses.block(session, "telegram", "10001", "示例")
    await bureau.scheduled()
    await bureau.deliver()
    async with bureau.database.reading() as session:
        assert await session.scalar(select(Delivery.address)) == firm_inbox(firm.id)


async def test_a_text_that_fills_two_messages_counts_two_parts(bureau: Bureau) -> None:
    made = await bureau.draft(text="示" * 5000)
    assert (await bureau.announcements.preview(made.id))["parts"] == 2


# --- writing and approving ---


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"title": " \u200b"}, BadInput),
        ({"title": "示" * 201}, BadInput),
        ({"text": ""}, BadInput),
        ({"text": "示" * 20_001}, BadInput),
        ({"category": "天气"}, BadInput),
        ({"category": "全部"}, BadInput),
        ({"audience": "debt_ratio <= 60; 天气 = 晴"}, BadRule),
        ({"audience": ";"}, BadRule),
    ],
)
async def test_a_draft_that_cannot_be_sent_is_refused(
    bureau: Bureau, given: dict[str, str], error: type[BadInput]
) -> None:
    with pytest.raises(error) as caught:
        await bureau.draft(**given)
    if error is BadRule and "天气" in given["audience"]:
        assert "天气" in caught.value.message
    assert await rows(bureau, AnnouncementRow) == 0


def test_categories_are_known_by_word_and_key() -> None:
    words = ("政策", "高校", "融资", "服务", "活动", "配套", "financing")
    keys = ["policy", "university", "financing", "service", "event", "partner", "financing"]
    assert [read_category(word) for word in words] == keys


async def test_who_wrote_or_changed_it_does_not_approve_it(bureau: Bureau) -> None:
    made = await bureau.draft()
    with pytest.raises(MayNotApprove):
        await bureau.announcements.approve(made.id, AUTHOR)
    same_name = Actor("staff", " 示例甲员 ", "admin")
    with pytest.raises(OwnAnnouncement):
        await bureau.announcements.approve(made.id, same_name)
    await bureau.announcements.edit(made.id, APPROVER, version=1, title="改过的标题")
    with pytest.raises(OwnAnnouncement):
        await bureau.announcements.approve(made.id, APPROVER)
    third = await bureau.announcements.approve(made.id, Actor("staff", "示例丙员", "admin"))
    assert (third.state, third.approved_by) == ("approved", "示例丙员")
    async with bureau.database.reading() as session:
        log = await audit.about(session, "announcement", made.id)
    assert [(entry.action, entry.actor) for entry in log] == [
        ("announcement.created", "staff:示例甲员"),
        ("announcement.edited", "staff:示例乙员"),
        ("announcement.approved", "staff:示例丙员"),
    ]


async def test_any_edit_voids_the_approval_and_the_date(bureau: Bureau) -> None:
    made = await bureau.scheduled(at="2026-11-25 09:00")
    edited = await bureau.announcements.edit(made, AUTHOR, version=1, text="新的正文")
    assert (edited.state, edited.approved_by, edited.send_at, edited.version) == ("draft", None, None, 2)
    bureau.time.move(days=2)
    await bureau.deliver()
    assert bureau.channel.sent == []
    with pytest.raises(NotApproved):
        await bureau.announcements.schedule(made)


async def test_the_second_of_two_who_save_is_told_what_differs(bureau: Bureau) -> None:
    made = await bureau.draft()
    await bureau.announcements.edit(made.id, AUTHOR, version=1, title="甲改的标题")
    with pytest.raises(AnnouncementChanged) as caught:
        await bureau.announcements.edit(made.id, APPROVER, version=1, title="乙改的标题", category="融资")
    assert caught.value.code == "announcement_changed"
    assert "甲改的标题" in caught.value.message
    assert "乙改的标题" in caught.value.message
    assert "类别" not in caught.value.message
    assert (await bureau.announcements.get(made.id)).title == "甲改的标题"
    with pytest.raises(AnnouncementChanged):
        await bureau.announcements.approve(made.id, Actor("staff", "示例丙员", "admin"), version=1)


async def test_county_staff_see_and_address_their_county_only(bureau: Bureau) -> None:
    county = Actor("staff", "示例县员", "approver", COUNTY)
    everywhere = await bureau.draft()
    with pytest.raises(NoSuchAnnouncement):
        await bureau.announcements.get(everywhere.id, county)
    with pytest.raises(BadInput):
        await bureau.announcements.create(county, title="示例", text="示例", category="政策", region=CITY)
    own = await bureau.announcements.create(county, title="示例", text="示例", category="政策")
    assert own.region == COUNTY
    assert [one.id for one in await bureau.announcements.list(county)] == [own.id]
    assert len(await bureau.announcements.list(AUTHOR)) == 2
    assert await bureau.announcements.list(Actor("firm", "f-0001")) == []


# --- scheduling ---


async def test_it_is_scheduled_once_even_by_two_at_the_same_time(bureau: Bureau) -> None:
    await bureau.many(5)
    made = await bureau.draft()
    with pytest.raises(NotApproved):
        await bureau.announcements.schedule(made.id)
    await bureau.announcements.approve(made.id, APPROVER)
    tries = [bureau.announcements.schedule(made.id, AUTHOR) for _ in range(4)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, AlreadyScheduled) for one in done) == 3
    await bureau.deliver()
    with pytest.raises(AlreadyScheduled) as caught:
        await bureau.announcements.schedule(made.id)
    assert caught.value.code == "already-scheduled"
    await bureau.deliver()
    assert len(bureau.channel.sent) == 5


async def test_a_time_that_passed_or_cannot_be_read_is_refused(bureau: Bureau) -> None:
    made = await bureau.draft()
    await bureau.announcements.approve(made.id, APPROVER)
    for at in ("2025-11-25 09:00", "2026-11-24", "明天", "2026-13-01 09:00"):
        with pytest.raises(BadInput):
            await bureau.announcements.schedule(made.id, at=at)
    done = await bureau.announcements.schedule(made.id, at="2026-11-25T09:00")
    assert done.send_at == datetime(2026, 11, 25, 9, tzinfo=ZONE)
    assert not await bureau.announcements.advance()
    bureau.time.move(hours=23)
    assert await bureau.announcements.advance()


async def test_what_begins_late_after_a_break_is_sent_once_and_says_so(bureau: Bureau) -> None:
    await bureau.firm(1)
    await bureau.scheduled(at="2026-11-25 09:00")
    bureau.time.move(hours=23, minutes=20)
    await bureau.deliver()
    await bureau.deliver()
    assert len(bureau.channel.sent) == 1
    assert "原定 11月25日 09:00" in bureau.channel.sent[0][1].notices[0]


# --- sending ---


async def test_one_delivery_for_a_person_and_one_count_for_a_firm(bureau: Bureau) -> None:
    await bureau.firm(1, chat="777")
    await bureau.firm(2, chat="777")
    await bureau.firm(3)
    await bureau.firm(4, chat=None, email="a@example.com")
    made = await bureau.scheduled()
    await bureau.deliver()
    assert bureau.channel.addresses == ["10003", "777"]
    status = await bureau.announcements.status(made)
    assert status["state"] == "done"
    assert status["counts"] == {"queued": 0, "sending": 0, "sent": 2, "failed": 0, "uncertain": 0, "skipped": 2}
    assert status["reasons"] == {"no_channel": 1, "same_person": 1}


async def test_one_of_a_persons_firms_that_still_wants_it_is_enough(bureau: Bureau) -> None:
    first, second = await bureau.firm(1, chat="777"), await bureau.firm(2, chat="777")
    await bureau.scheduled()
    await bureau.announcements.advance()
    await bureau.announcements.advance()
    await bureau.withdraw(first)
    await bureau.deliver()
    assert bureau.channel.addresses == ["777"]
    await bureau.scheduled()
    await bureau.announcements.advance()
    await bureau.announcements.advance()
    await bureau.withdraw(second)
    await bureau.deliver()
    assert bureau.channel.addresses == ["777"]


async def test_the_message_says_why_it_comes_and_how_to_stop_it(bureau: Bureau) -> None:
    await bureau.firm(1, subscribed=("event",))
    event = await bureau.event()
    await bureau.scheduled(category="活动", offer_id=event.id)
    await bureau.deliver()
    message = bureau.channel.sent[0][1]
    why = "您收到本消息是因为订阅了“活动”类通知；回复“退订”可随时停止。"
    assert (message.text, message.notices) == (f"示例融资通知\n\n示例正文。\n\n{why}", ())
    assert [choice.id for choice in message.choices] == [f"event-join:{event.number}:0", "unsub:event:0"]
    assert message.cards[0].lines == (
        "时间：2026年12月5日 10:00",
        "地点：示例会议中心",
        "组织方：示例服务中心",
        "报名截止：2026年12月3日（含当天）",
        "名额：1",
    )


async def test_refusals_of_the_service_are_counted_and_do_not_hold_up_the_others(bureau: Bureau) -> None:
    await bureau.many(10)
    bureau.channel.outcomes = dict.fromkeys(("10003", "10007"), Blocked("bot was blocked by the user"))
    made = await bureau.scheduled()
    await bureau.deliver()
    status = await bureau.announcements.status(made)
    assert (status["counts"]["sent"], status["counts"]["failed"]) == (8, 2)
    assert status["reasons"] == {"blocked": 2}
    preview = await bureau.announcements.preview((await bureau.draft()).id)
    assert (preview["count"], preview["excluded"]["blocked"]) == (8, 2)


async def test_what_was_queued_is_asked_again_before_it_is_sent(bureau: Bureau) -> None:
    said = [await bureau.firm(number) for number in range(6)]
    made = await bureau.scheduled()
    await bureau.announcements.advance()
    await bureau.announcements.advance()
    await bureau.withdraw(said[0])
    await bureau.withdraw(said[1], via="table")
    async with bureau.database.transaction() as session:
        await addresses.opt_out(session, "telegram", "10002")
        await addresses.block(session, "telegram", "10003", "示例")
        await bureau.firms.delete(session, said[4].id, actor="示例")
    await bureau.deliver()
    assert bureau.channel.addresses == ["10005"]
    status = await bureau.announcements.status(made)
    assert status["reasons"] == {"blocked": 1, "no_consent": 2, "opted_out": 2}
    assert sum(status["counts"].values()) == 6


async def test_an_announcement_of_an_event_that_is_over_by_then_is_not_sent(bureau: Bureau) -> None:
    await bureau.firm(1)
    event = await bureau.event()
    made = await bureau.scheduled(offer_id=event.id, at="2026-12-03 23:00")
    other = await bureau.draft(offer_id=event.id)
    await bureau.announcements.approve(other.id, APPROVER)
    bureau.time.move(days=11)
    with pytest.raises(LinkedOfferOver):
        await bureau.announcements.schedule(other.id)
    await bureau.deliver()
    assert bureau.channel.sent == []
    assert (await bureau.announcements.status(made))["reasons"] == {"expired": 1}


async def test_quiet_hours_hold_it_until_the_morning_unless_it_is_urgent(bureau: Bureau) -> None:
    await bureau.firm(1)
    bureau.time.move(hours=12)  # 22:00
    held = await bureau.scheduled()
    await bureau.deliver()
    assert bureau.channel.sent == []
    assert (await bureau.announcements.status(held))["counts"]["queued"] == 1
    async with bureau.database.reading() as session:
        due_at = await session.scalar(select(Delivery.due_at))
    wait = due_at - datetime.now(ZONE)
    assert timedelta(hours=9, minutes=59) < wait <= timedelta(hours=10)
    await bureau.scheduled(urgent=True)
    await bureau.deliver()
    assert len(bureau.channel.sent) == 1


async def test_stopping_leaves_out_all_that_is_not_on_its_way(bureau: Bureau) -> None:
    await bureau.many(120)
    made = await bureau.scheduled()
    await bureau.announcements.advance()
    bureau.channel.pause = 0.05
    worker, stop = bureau.worker(), asyncio.Event()
    tasks = [asyncio.create_task(worker.run(stop)), asyncio.create_task(bureau.announcements.run(stop))]
    while len(bureau.channel.sent) < 3:
        await asyncio.sleep(0.01)
    stopped = await bureau.announcements.stop(made)
    sent = len(bureau.channel.sent)
    await asyncio.sleep(0.5)
    stop.set()
    await asyncio.gather(*tasks)
    assert stopped.state == "stopped"
    assert len(bureau.channel.sent) - sent <= 5
    status = await bureau.announcements.status(made)
    assert status["counts"]["sent"] + status["counts"]["skipped"] == 120
    assert status["reasons"] == {"stopped": status["counts"]["skipped"]}
    assert (await bureau.announcements.stop(made)).state == "stopped"
    with pytest.raises(AnnouncementClosed):
        await bureau.announcements.schedule(made)


async def test_what_is_done_is_neither_stopped_nor_edited(bureau: Bureau) -> None:
    made = await bureau.scheduled()
    await bureau.deliver()
    with pytest.raises(AnnouncementClosed):
        await bureau.announcements.stop(made)
    with pytest.raises(AnnouncementClosed):
        await bureau.announcements.edit(made, AUTHOR, version=1, title="示例")


class Killed(BaseException):
    """The process died."""


async def test_workers_that_die_anywhere_lose_nothing_and_send_nothing_twice(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PORTION", 10)
    await bureau.many(65)
    made = await bureau.scheduled()
    whole, count = Database.transaction, itertools.count()

    @asynccontextmanager
    async def deadly(database: Database) -> AsyncIterator[AsyncSession]:
        number = next(count)
        async with whole(database) as session:
            yield session
            if number % 3 == 0:
                raise Killed  # before the commit
        if number % 3 == 1:
            raise Killed  # right after it

    with monkeypatch.context() as patched:
        patched.setattr(Database, "transaction", deadly)
        deaths = 0
        for _ in range(30):
            try:
                await bureau.announcements.advance()
            except Killed:
                deaths += 1
    assert deaths >= 5
    await bureau.deliver()
    status = await bureau.announcements.status(made)
    assert (status["state"], status["counts"]["sent"]) == ("done", 65)
    assert len(set(bureau.channel.addresses)) == len(bureau.channel.addresses) == 65
    assert await rows(bureau, RecipientRow) == await rows(bureau, Delivery) == 65


async def test_several_workers_side_by_side_send_nothing_twice(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PORTION", 10)
    await bureau.many(40)
    made = await bureau.scheduled()
    for _ in range(3):
        await asyncio.gather(*(bureau.announcements.advance() for _ in range(3)))
    workers = [bureau.worker() for _ in range(2)]
    await asyncio.gather(*(worker.run_until_idle() for worker in workers))
    await bureau.deliver()
    assert len(set(bureau.channel.addresses)) == len(bureau.channel.addresses) == 40
    assert (await bureau.announcements.status(made))["counts"]["sent"] == 40


async def test_only_what_is_in_the_frozen_audience_gets_it(bureau: Bureau) -> None:
    await bureau.firm(1)
    made = await bureau.scheduled()
    await bureau.announcements.advance()
    await bureau.firm(2)
    async with bureau.database.transaction() as session:
        await session.execute(update(AnnouncementRow).values(text="后来的正文"))
    await bureau.deliver()
    assert bureau.channel.addresses == ["10001"]
    assert "示例正文。" in bureau.channel.sent[0][1].text
    assert sum((await bureau.announcements.status(made))["counts"].values()) == 1


async def test_without_telegram_it_goes_to_the_inbox(bureau: Bureau) -> None:
    quiet = Bureau(bureau.database, telegram=False)
    firm = await quiet.firm(1, signed_in=True)
    await quiet.firm(2)
    made = await quiet.scheduled()
    await quiet.deliver()
    async with quiet.database.reading() as session:
        sent = (await session.execute(select(Delivery.channel, Delivery.address))).all()
    assert sent == [(WEB, firm_inbox(firm.id))]
    assert (await quiet.announcements.status(made))["reasons"] == {"no_channel": 1}


def test_the_helpers_of_these_tests_are_as_they_say() -> None:
    assert (NOW.hour, RULE, NotingChannel().addresses) == (10, "debt_ratio <= 60", [])


async def test_one_that_the_service_refuses_time_and_again_is_stopped_and_that_is_on_record(bureau: Bureau) -> None:
    await bureau.many(40)
    made = await bureau.scheduled()
    while await bureau.announcements.advance():
        pass
    bureau.channel.outcomes = {str(10_000 + number): Rejected("message is too strange") for number in range(40)}
    await bureau.worker(on_topic_failing=bureau.announcements.topic_failing).run_until_idle()
    status = await bureau.announcements.status(made)
    assert status["state"] == "stopped"
    assert sum(status["counts"].values()) == 40
    assert status["counts"]["sent"] == 0
    assert status["counts"]["skipped"] > 0  # those that were not tried any more
    async with bureau.database.reading() as session:
        actions = [entry.action for entry in await audit.about(session, "announcement", made)]
    assert {"announcement.refused", "announcement.stopped"} <= set(actions)
    await bureau.announcements.topic_failing("registration:r-1", "another's topic")
    await bureau.announcements.topic_failing(f"announcement:{made}", "again")
    assert (await bureau.announcements.status(made))["state"] == "stopped"
