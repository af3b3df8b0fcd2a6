"""Where a notice goes: one address by preference, and to nobody who did not agree."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event, insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from core.database import Database
from firms import consents
from firms.catalogue import folded_name
from firms.models import ChannelIdentityRow, FirmRow, ProviderIdentityRow
from messaging import addresses, recipients
from messaging.inbox import firm_inbox, provider_inbox


async def add_firm(
    session: AsyncSession, firm_id: str, *identities: tuple[str, str, bool], consent: bool | None = True
) -> None:
    now = machine_now()
    session.add(
        FirmRow(
            id=firm_id,
            name=f"示例{firm_id}有限公司",
            folded_name=f"示例{firm_id}有限公司",
            region="430422",
            profile={},
            source="示例",
            data_date=date(2026, 11, 1),
            version=1,
            created_at=now,
            updated_at=now,
        )
    )
    await session.flush()
    for channel, address, claimed in identities:
        row = {"channel": channel, "address": address, "firm_id": firm_id, "source": "示例", "claimed": claimed}
        await session.execute(insert(ChannelIdentityRow).values(**row, created_at=now))
    if consent is True:
        await consents.grant(session, firm_id, consents.TELEGRAM, source="示例")
    elif consent is False:
        await consents.grant(session, firm_id, consents.TELEGRAM, source="示例")
        await consents.withdraw(session, firm_id, consents.TELEGRAM, source="示例")


TABLE, CLAIMED, NEWER = ("telegram", "1", False), ("telegram", "2", True), ("telegram", "3", True)
WEB = ("web", "session", True)
UNPROVED_WEB = ("web", "session", False)
INBOX = ("web", firm_inbox("f"))


@pytest.mark.parametrize(
    ("identities", "consent", "claimed_only", "telegram", "expected"),
    [
        ([TABLE], True, False, True, ("telegram", "1")),
        ([TABLE, CLAIMED, WEB], True, False, True, ("telegram", "2")),
        ([CLAIMED, NEWER], True, True, True, ("telegram", "3")),
        ([TABLE], True, True, True, INBOX),  # a table proves nothing about who reads
        ([TABLE, WEB], None, False, True, INBOX),
        ([TABLE], None, False, True, None),
        ([CLAIMED], False, False, True, None),
        ([CLAIMED], False, True, True, INBOX),
        ([CLAIMED], True, False, False, None),  # no bot
        ([CLAIMED], True, True, False, INBOX),
        ([UNPROVED_WEB], True, False, True, None),
        ([], True, False, True, None),
        ([], None, True, True, INBOX),
    ],
)
async def test_one_address_by_preference(
    database: Database,
    identities: list[tuple[str, str, bool]],
    consent: bool | None,
    claimed_only: bool,
    telegram: bool,
    expected: tuple[str, str] | None,
) -> None:
    async with database.transaction() as session:
        await add_firm(session, "f", *identities, consent=consent)
        found = await recipients.of_firm(session, "f", claimed_only=claimed_only, telegram=telegram)
        assert found == expected


async def test_a_blocked_chat_is_passed_over(database: Database) -> None:
    async with database.transaction() as session:
        await add_firm(session, "f", TABLE, CLAIMED, WEB)
        await addresses.block(session, "telegram", "2", "blocked")
        assert await recipients.of_firm(session, "f", claimed_only=False, telegram=True) == ("telegram", "1")
        await addresses.block(session, "telegram", "1", "blocked")
        assert await recipients.of_firm(session, "f", claimed_only=False, telegram=True) == INBOX


async def test_many_firms_cost_few_queries(database: Database) -> None:
    queries: list[str] = []
    async with database.transaction() as session:
        for number in range(30):
            await add_firm(session, f"f{number}", ("telegram", str(number), False), consent=number % 3 != 0)
        event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *given: queries.append(given[2]))
        ids = [f"f{number}" for number in range(400)]
        found = await recipients.of_firms(session, ids, claimed_only=False, telegram=True)
    assert found == {f"f{n}": ("telegram", str(n)) for n in range(30) if n % 3}
    assert len(queries) <= 6


async def test_a_provider_is_told_in_its_chat_else_in_its_inbox(database: Database) -> None:
    inbox = ("web", provider_inbox("示例银行"))
    async with database.transaction() as session:
        assert await recipients.of_provider(session, "示例银行", telegram=True) == inbox
        for address in ("1", "2"):
            row = {"channel": "telegram", "address": address, "provider": "示例银行", "created_at": machine_now()}
            await session.execute(insert(ProviderIdentityRow).values(**row, folded_provider=folded_name("示例银行")))
        assert await recipients.of_provider(session, "示例 银行", telegram=True) == ("telegram", "2")
        assert await recipients.of_provider(session, "示例银行", telegram=False) == inbox
        await addresses.block(session, "telegram", "2", "blocked")
        assert await recipients.of_provider(session, "示例银行", telegram=True) == ("telegram", "1")
