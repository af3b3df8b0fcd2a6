"""Consents: the newest of a kind holds, each on its own."""

from __future__ import annotations

import pytest

from core.database import Database
from core.errors import BadInput
from firms import consents
from firms.store import Firms, new_firm


async def firm_id(database: Database, name: str = "示例甲有限公司") -> str:
    firm = new_firm(name, region="430422", source="示例来源")
    async with database.transaction() as session:
        await Firms(database).add(session, [firm])
    return firm.id


async def test_nothing_is_agreed_to_before_it_is_said(database: Database) -> None:
    firm = await firm_id(database)
    async with database.reading() as session:
        assert await consents.current(session, firm) == {}
        assert not any([await consents.granted(session, firm, kind) for kind in consents.KINDS])


async def test_withdrawing_one_kind_touches_no_other(database: Database) -> None:
    firm = await firm_id(database)
    async with database.transaction() as session:
        for kind in sorted(consents.KINDS):
            await consents.grant(session, firm, kind, source="chat", purpose="用途", recipient="接收方")
        await consents.withdraw(session, firm, consents.announce("policy"), source="chat")
    current = await Firms(database).consents(firm)
    assert {kind for kind, consent in current.items() if not consent.granted} == {"announce:policy"}
    assert set(current) == consents.KINDS
    assert (current["visible"].purpose, current["visible"].recipient, current["visible"].via) == (
        "用途",
        "接收方",
        "firm",
    )


async def test_the_newest_holds_and_the_older_ones_stay(database: Database) -> None:
    firm, other = await firm_id(database), await firm_id(database, "示例乙有限公司")
    async with database.transaction() as session:
        await consents.grant(session, other, consents.VISIBLE, source="chat")
        for _ in range(3):
            await consents.grant(session, firm, consents.VISIBLE, source="chat")
            await consents.withdraw(session, firm, consents.VISIBLE, source="chat", via="staff")
        assert not await consents.granted(session, firm, consents.VISIBLE)
        assert await consents.granting(session, consents.VISIBLE) == {other}
        await consents.grant(session, firm, consents.VISIBLE, source="chat")
        assert await consents.granting(session, consents.VISIBLE) == {firm, other}


async def test_an_unknown_kind_is_refused(database: Database) -> None:
    firm = await firm_id(database)
    for kind in ("announce:weather", "everything", ""):
        with pytest.raises(BadInput):
            async with database.transaction() as session:
                await consents.grant(session, firm, kind, source="chat")
    with pytest.raises(BadInput):
        consents.announce("政策")
