"""One holder at a time; a dead one's lease ends by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import update

from core.clock import machine_now
from core.database import Database
from core.leases import Lease, Leases


async def test_only_one_holds_a_lease(database: Database) -> None:
    first, second = Leases(database), Leases(database)
    assert await first.take("poll")
    assert not await second.take("poll")
    assert await first.take("poll")
    assert await second.take("other")


async def test_a_lease_that_ran_out_can_be_taken(database: Database) -> None:
    first, second = Leases(database), Leases(database)
    await first.take("poll")
    async with database.transaction() as session:
        await session.execute(update(Lease).values(ends_at=machine_now() - timedelta(seconds=1)))
    assert await second.take("poll")
    assert not await first.take("poll")


async def test_a_lease_given_back_is_free_at_once(database: Database) -> None:
    first, second = Leases(database), Leases(database)
    async with first.held("poll") as held:
        assert held
        async with second.held("poll", wait=False) as also:
            assert not also
    async with second.held("poll", wait=False) as now:
        assert now


async def test_a_held_lease_outlives_its_length(database: Database) -> None:
    first, second = Leases(database, seconds=0.6), Leases(database, seconds=0.6)
    async with first.held("poll"):
        await asyncio.sleep(1.2)
        assert not await second.take("poll")


async def test_of_many_takers_one_wins(database: Database) -> None:
    takers = [Leases(database) for _ in range(8)]
    assert sum(await asyncio.gather(*(taker.take("poll") for taker in takers))) == 1
