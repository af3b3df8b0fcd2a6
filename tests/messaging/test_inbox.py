"""The inbox on the web: what was delivered there, newest first, never twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from core.clock import machine_now
from core.database import Database
from messaging import inbox, outbox
from messaging.deliveries import MARK
from messaging.inbox import Inbox, InboxChannel, firm_inbox, provider_inbox
from messaging.messages import Card, Choice, OutMessage
from messaging.outbox import Delivery, OutboxWorker

FIRM, OTHER = firm_inbox("f1"), firm_inbox("f2")


async def put(database: Database, address: str, *texts: str, not_after: datetime | None = None) -> None:
    async with database.transaction() as session:
        for text in texts:
            message = OutMessage(text, choices=(Choice("intro-yes:i:1", "同意"),), cards=(Card("标题", ("行",)),))
            await outbox.enqueue(
                session,
                key=f"{address} {text}",
                channel=inbox.WEB,
                address=address,
                message=message,
                lane="notice",
                not_after=not_after,
            )


async def deliver(database: Database) -> None:
    await OutboxWorker(database, {inbox.WEB: InboxChannel()}, idle_seconds=0.05).run_until_idle()


async def test_what_is_delivered_is_in_the_inbox_of_its_address_newest_first(database: Database) -> None:
    await put(database, FIRM, "甲", "乙", "丙")
    await put(database, OTHER, "别家的")
    box = Inbox(database)
    assert await box.messages([FIRM]) == []
    await deliver(database)
    found = await box.messages([FIRM])
    assert [message.message.text for message in found] == ["丙", "乙", "甲"]
    assert found[0].message.choices == (Choice("intro-yes:i:1", "同意"),)
    assert found[0].message.cards == (Card("标题", ("行",)),)
    assert abs((found[0].at - machine_now()).total_seconds()) < 60
    older = await box.messages([FIRM], limit=1, before=found[0].id)
    assert [message.message.text for message in older] == ["乙"]
    assert len(await box.messages([FIRM, OTHER])) == 4
    assert await box.messages([]) == []


@pytest.mark.parametrize("reason", [None, MARK + "the worker ended during the call"])
async def test_any_number_of_crashes_shows_a_notice_once(database: Database, reason: str | None) -> None:
    await put(database, FIRM, "甲")
    async with database.transaction() as session:
        ended = {"state": "sending", "holder": "dead", "lease_ends_at": datetime(2020, 1, 1, tzinfo=UTC)}
        await session.execute(update(Delivery).values(**ended, reason=reason))
    await deliver(database)
    assert len(await Inbox(database).messages([FIRM])) == 1


async def test_what_was_skipped_is_not_in_it(database: Database) -> None:
    await put(database, FIRM, "迟了", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    await deliver(database)
    assert await Inbox(database).messages([FIRM]) == []


async def test_notices_are_unread_until_they_are_marked(database: Database) -> None:
    await put(database, FIRM, "甲", "乙", "丙")
    await put(database, OTHER, "别家的")
    await deliver(database)
    box = Inbox(database)
    assert await box.unread([FIRM]) == 3
    newest, middle, _ = await box.messages([FIRM])
    await box.mark_read([FIRM], middle.id)
    assert await box.unread([FIRM]) == 1
    assert [message.read for message in await box.messages([FIRM])] == [False, True, True]
    await box.mark_read([FIRM], newest.id)
    assert (await box.unread([FIRM]), await box.unread([OTHER])) == (0, 1)


async def test_many_web_notices_have_no_rate(database: Database) -> None:
    async with database.transaction() as session:
        for number in range(60):
            address = firm_inbox(str(number))
            message = OutMessage("通知")
            await outbox.enqueue(
                session, key=address, channel=inbox.WEB, address=address, message=message, lane="bulk", topic="t"
            )
    worker = OutboxWorker(database, {inbox.WEB: InboxChannel()}, send_rate=0.1)
    assert await worker.run_until_idle() == 60


async def test_an_erased_firm_leaves_nothing_in_it(database: Database) -> None:
    await put(database, FIRM, "甲")
    await put(database, OTHER, "乙")
    await deliver(database)
    async with database.transaction() as session:
        await inbox.erase(session, "f1")
    assert await Inbox(database).messages([FIRM]) == []
    assert len(await Inbox(database).messages([OTHER])) == 1


def test_a_providers_names_that_are_the_same_folded_share_an_inbox() -> None:
    assert provider_inbox("示例银行 ") == provider_inbox("示例 银行") != provider_inbox("示例银行二")
    assert len(provider_inbox("长" * 200)) <= 200
    assert provider_inbox("长" * 199) != provider_inbox("长" * 198)
