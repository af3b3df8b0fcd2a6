"""The unit of work commits whole or not at all, and writers wait for each other instead of failing."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from core.clock import machine_now
from core.database import Database
from core.leases import Lease


def lease(name: str) -> Lease:
    return Lease(name=name, holder="x", ends_at=machine_now())


async def count(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Lease)) or 0


async def test_a_transaction_commits_at_the_end_of_its_block(database: Database) -> None:
    async with database.transaction() as session:
        session.add(lease("a"))
    assert await count(database) == 1


async def test_an_error_rolls_everything_back(database: Database) -> None:
    with pytest.raises(RuntimeError, match="stop"):
        async with database.transaction() as session:
            session.add(lease("a"))
            await session.flush()
            raise RuntimeError("stop")
    assert await count(database) == 0


async def test_what_is_changed_while_reading_is_not_kept(database: Database) -> None:
    async with database.transaction() as session:
        session.add(lease("a"))
    async with database.reading() as session:
        found = await session.get(Lease, "a")
        assert found is not None
        found.holder = "changed"
    async with database.reading() as session:
        again = await session.get(Lease, "a")
        assert again is not None
        assert again.holder == "x"


async def test_a_transaction_inside_a_transaction_is_refused(database: Database) -> None:
    with pytest.raises(RuntimeError, match="inside"):
        async with database.transaction(), database.transaction():
            pass
    async with database.transaction() as session:  # and the refusal leaves no lock behind
        session.add(lease("a"))


async def test_many_writers_that_read_first_all_succeed(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Lease(name="counter", holder="0", ends_at=machine_now()))

    async def grow() -> None:
        async with database.transaction() as session:
            row = await session.scalar(select(Lease).where(Lease.name == "counter").with_for_update())
            assert row is not None
            await asyncio.sleep(0)
            row.holder = str(int(row.holder) + 1)

    await asyncio.gather(*(grow() for _ in range(30)))
    async with database.reading() as session:
        row = await session.get(Lease, "counter")
        assert row is not None
        assert row.holder == "30"


async def test_two_database_objects_write_side_by_side(database: Database, database_url: str) -> None:
    from core.settings import async_url

    other = Database(async_url(database_url))

    async def write(which: Database, prefix: str) -> None:
        for number in range(15):
            async with which.transaction() as session:
                session.add(lease(f"{prefix}{number}"))

    await asyncio.gather(write(database, "a"), write(other, "b"))
    await other.close()
    assert await count(database) == 30


async def test_instants_come_back_equal_and_aware(database: Database) -> None:
    now = machine_now()
    async with database.transaction() as session:
        session.add(Lease(name="a", holder="x", ends_at=now))
    async with database.reading() as session:
        row = await session.get(Lease, "a")
        assert row is not None
        assert row.ends_at == now
        assert row.ends_at.tzinfo is not None


async def test_an_instant_without_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="time zone"):
        async with database.transaction() as session:
            session.add(Lease(name="a", holder="x", ends_at=machine_now().replace(tzinfo=None)))
