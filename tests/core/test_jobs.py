"""A job runs after the commit that asked for it, and again if its worker died or failed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core import jobs
from core.clock import machine_now
from core.database import Database
from core.jobs import Job, JobWorker


async def states(database: Database) -> list[str]:
    async with database.reading() as session:
        return list(await session.scalars(select(Job.state).order_by(Job.id)))


async def put(database: Database, name: str = "work", **options: Any) -> None:
    async with database.transaction() as session:
        await jobs.enqueue(session, name, {"n": 1}, **options)


async def test_a_job_runs_once(database: Database) -> None:
    ran: list[dict[str, Any]] = []

    async def work(args: dict[str, Any]) -> None:
        ran.append(args)

    await put(database)
    worker = JobWorker(database, {"work": work})
    assert await worker.run_once()
    assert not await worker.run_once()
    assert ran == [{"n": 1}]
    assert await states(database) == ["done"]


async def test_a_job_of_a_rolled_back_change_does_not_exist(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            await jobs.enqueue(session, "work", {})
            raise RuntimeError
    assert await states(database) == []


async def test_a_keyed_job_waits_only_once(database: Database) -> None:
    await put(database, key="index")
    await put(database, key="index")
    await put(database, key="other")
    assert len(await states(database)) == 2


async def test_a_failing_job_is_tried_again_later_and_given_up_in_the_end(database: Database) -> None:
    async def work(_: dict[str, Any]) -> None:
        raise ValueError("13812345678 called")

    await put(database)
    worker = JobWorker(database, {"work": work})
    for attempt in range(jobs.MAX_ATTEMPTS):
        assert await worker.run_once(), attempt
        assert not await worker.run_once()  # it pauses first
        async with database.transaction() as session:
            await session.execute(update(Job).values(run_at=machine_now() - timedelta(seconds=1)))
    assert await states(database) == ["failed"]
    async with database.reading() as session:
        error = await session.scalar(select(Job.error))
    assert error is not None
    assert "ValueError" in error
    assert "13812345678" not in error


async def test_a_dead_workers_job_is_taken_over_when_its_lease_ends(database: Database) -> None:
    ran = []

    async def work(_: dict[str, Any]) -> None:
        ran.append(1)

    await put(database)
    dead = JobWorker(database, {"work": work})
    assert await dead._claim() is not None
    alive = JobWorker(database, {"work": work})
    assert not await alive.run_once()
    async with database.transaction() as session:
        await session.execute(update(Job).values(lease_ends_at=machine_now() - timedelta(seconds=1)))
    assert await alive.run_once()
    assert ran == [1]


async def test_two_workers_never_run_the_same_job(database: Database) -> None:
    ran: list[int] = []

    async def work(args: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        ran.append(args["n"])

    async with database.transaction() as session:
        for number in range(20):
            await jobs.enqueue(session, "work", {"n": number})

    async def drain() -> None:
        worker = JobWorker(database, {"work": work})
        while await worker.run_once():
            pass

    await asyncio.gather(drain(), drain(), drain())
    assert sorted(ran) == list(range(20))


async def test_a_job_nobody_here_can_run_is_left_for_others(database: Database) -> None:
    await put(database, name="elsewhere")
    assert not await JobWorker(database, {}).run_once()
    assert await states(database) == ["queued"]
