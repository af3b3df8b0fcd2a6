"""Blocked addresses, and addresses that do not want announcements."""

from __future__ import annotations

import asyncio

from core.database import Database
from messaging import addresses

PAIRS = [("telegram", "1"), ("telegram", "2"), ("web", "1")]


async def test_a_block_holds_for_that_address_on_that_channel_until_it_is_lifted(database: Database) -> None:
    async with database.transaction() as session:
        await addresses.block(session, "telegram", "1", "chat not found")
        await addresses.block(session, "telegram", "1", "bot was blocked")
        assert await addresses.blocked(session, PAIRS) == {("telegram", "1")}
        await addresses.unblock(session, "telegram", "1")
        await addresses.unblock(session, "telegram", "1")
        assert await addresses.blocked(session, PAIRS) == frozenset()
        assert await addresses.blocked(session, []) == frozenset()


async def test_the_same_block_at_the_same_time_is_one_block(database: Database) -> None:
    async def block() -> None:
        async with database.transaction() as session:
            await addresses.block(session, "telegram", "1", "gone")
            await addresses.opt_out(session, "telegram", "1")

    await asyncio.gather(*(block() for _ in range(4)))
    async with database.reading() as session:
        assert await addresses.blocked(session, PAIRS) == {("telegram", "1")}


async def test_opting_out_is_for_a_category_or_for_all(database: Database) -> None:
    async with database.transaction() as session:
        await addresses.opt_out(session, "telegram", "1", "policy")
        await addresses.opt_out(session, "web", "1")
        await addresses.opt_out(session, "web", "1")
        assert await addresses.opted_out(session, PAIRS, "policy") == {("telegram", "1"), ("web", "1")}
        assert await addresses.opted_out(session, PAIRS, "event") == {("web", "1")}


async def test_opting_in_takes_back_one_category_or_everything(database: Database) -> None:
    async with database.transaction() as session:
        for category in ("policy", "event", "*"):
            await addresses.opt_out(session, "telegram", "1", category)
        await addresses.opt_in(session, "telegram", "1", "policy")
        assert await addresses.opted_out(session, PAIRS, "policy") == {("telegram", "1")}  # of all, still
        await addresses.opt_in(session, "telegram", "1")
        assert await addresses.opted_out(session, PAIRS, "event") == frozenset()


async def test_thousands_of_addresses_are_looked_up_at_once(database: Database) -> None:
    many = [("telegram", str(number)) for number in range(4000)]
    async with database.transaction() as session:
        for channel, address in many[::1000]:
            await addresses.block(session, channel, address, "gone")
            await addresses.opt_out(session, channel, address)
        assert await addresses.blocked(session, many) == set(many[::1000])
        assert await addresses.opted_out(session, many, "policy") == set(many[::1000])
