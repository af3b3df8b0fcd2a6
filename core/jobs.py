"""Durable jobs: work that must happen after a commit, whatever dies in between.

A job is a row, written in the transaction of the change that needs it. A worker leases it, runs the handler that
is registered under its name, and retries with a growing pause. Handlers must bear being run twice.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, Text, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from core import log
from core.clock import machine_now
from core.database import Base, Database

Handler = Callable[[dict[str, Any]], Awaitable[None]]

LEASE = timedelta(seconds=10)
MAX_ATTEMPTS = 8
_MAX_PAUSE = timedelta(minutes=10)


class Job(Base):
    """`key` is the name of a job that need not wait twice: a second one is not queued while the first waits."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state_run_at", "state", "run_at"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(100))
    args: Mapped[dict[str, Any]]
    key: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10), default="queued")  # queued, running, done, failed
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str | None] = mapped_column(String(64))
    lease_ends_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


async def enqueue(
    session: AsyncSession, name: str, args: dict[str, Any], *, run_at: datetime | None = None, key: str | None = None
) -> None:
    """Add a job to the caller's transaction; with a `key`, not beside one of that key that still waits."""
    now = machine_now()
    if key is not None:
        waiting = select(Job.id).where(Job.key == key, Job.state == "queued").limit(1)
        if await session.scalar(waiting) is not None:
            return
    session.add(Job(name=name, args=args, key=key, state="queued", run_at=run_at or now, attempts=0, created_at=now))


class JobWorker:
    """Runs due jobs, one after another. Several workers may run side by side."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler], *, idle_seconds: float = 1.0) -> None:
        self._database = database
        self._handlers = handlers
        self._idle = idle_seconds
        self._holder = secrets.token_hex(8)
        self._log = log.get(__name__)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. An error of the database itself is logged, and tried again."""
        while not stop.is_set():
            try:
                busy = await self.run_once()
            except Exception:
                self._log.exception("job_worker_error")
                busy = False
            if not busy:
                with_timeout = asyncio.wait_for(stop.wait(), self._idle)
                await asyncio.gather(with_timeout, return_exceptions=True)

    async def run_once(self) -> bool:
        """Run the next due job, if there is one."""
        job = await self._claim()
        if job is None:
            return False
        renewal = asyncio.create_task(self._renew(job.id))
        try:
            await self._handlers[job.name](job.args)
        except Exception as error:
            self._log.exception("job_failed", job=job.id, name=job.name, attempt=job.attempts)
            await self._retry(job, error)
        else:
            await self._finish(job.id, state="done")
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)
        return True

    async def _claim(self) -> Job | None:
        now = machine_now()
        due = or_(
            (Job.state == "queued") & (Job.run_at <= now),
            (Job.state == "running") & (Job.lease_ends_at < now),
        )
        first = (
            select(Job.id)
            .where(due, Job.name.in_(self._handlers))
            .order_by(Job.run_at, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        claim = (
            update(Job)
            .where(Job.id == first.scalar_subquery())
            .values(state="running", holder=self._holder, lease_ends_at=now + LEASE, attempts=Job.attempts + 1)
            .returning(Job)
        )
        async with self._database.reading() as session:
            if await session.scalar(select(Job.id).where(due, Job.name.in_(self._handlers)).limit(1)) is None:
                return None
        async with self._database.transaction() as session:
            return await session.scalar(claim, execution_options={"populate_existing": True})

    async def _renew(self, job_id: int) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            try:
                async with self._database.transaction() as session:
                    await session.execute(self._ours(job_id).values(lease_ends_at=machine_now() + LEASE))
            except Exception:
                self._log.exception("job_renewal_error", job=job_id)

    async def _retry(self, job: Job, error: Exception) -> None:
        message = log.mask(f"{type(error).__name__}: {error}")[:500]
        if job.attempts >= MAX_ATTEMPTS:
            await self._finish(job.id, state="failed", error=message)
            return
        pause = min(timedelta(seconds=2**job.attempts), _MAX_PAUSE)
        async with self._database.transaction() as session:
            again = self._ours(job.id).values(state="queued", run_at=machine_now() + pause, error=message)
            await session.execute(again)

    async def _finish(self, job_id: int, *, state: str, error: str | None = None) -> None:
        async with self._database.transaction() as session:
            await session.execute(self._ours(job_id).values(state=state, error=error, finished_at=machine_now()))

    def _ours(self, job_id: int) -> Any:
        return update(Job).where(Job.id == job_id, Job.holder == self._holder, Job.state == "running")
