"""Leases: who may do a thing that only one may do at a time (poll Telegram, rebuild an index).

A lease ends by itself when its holder dies. Times are the machine's.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlalchemy import String, delete, or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from core import log
from core.clock import machine_now
from core.database import Base, Database

SECONDS = 10.0


class Lease(Base):
    """One row a name; `holder` is a random word of the process that has it until `ends_at`."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    ends_at: Mapped[datetime]


class Leases:
    """Takes, renews and gives back leases for one process."""

    def __init__(self, database: Database, *, seconds: float = SECONDS) -> None:
        self._database = database
        self._for = timedelta(seconds=seconds)
        self.holder = secrets.token_hex(8)

    async def take(self, name: str) -> bool:
        """Take or renew the lease; False while another process has it."""
        now = machine_now()
        free = or_(Lease.holder == self.holder, Lease.ends_at < now)
        claim = update(Lease).where(Lease.name == name, free).values(holder=self.holder, ends_at=now + self._for)
        try:
            async with self._database.transaction() as session:
                taken = await session.scalar(claim.returning(Lease.name))
                if taken is None:
                    held = await session.get(Lease, name)
                    if held is None:
                        session.add(Lease(name=name, holder=self.holder, ends_at=now + self._for))
                        taken = name
        except IntegrityError:  # another process inserted it between our look and our insert
            return False
        return taken is not None

    async def give_back(self, name: str) -> None:
        """End our lease now, so that the next one need not wait."""
        async with self._database.transaction() as session:
            await session.execute(delete(Lease).where(Lease.name == name, Lease.holder == self.holder))

    @asynccontextmanager
    async def held(self, name: str, *, wait: bool = True) -> AsyncIterator[bool]:
        """Hold the lease for the block, renewing it in the background. Yields False only with `wait=False`."""
        got = await self.take(name)
        while not got and wait:
            await asyncio.sleep(self._for.total_seconds() / 5)
            got = await self.take(name)
        renewal = asyncio.create_task(self._renew(name)) if got else None
        try:
            yield got
        finally:
            if renewal is not None:
                renewal.cancel()
                await asyncio.gather(renewal, return_exceptions=True)
                await self.give_back(name)

    async def _renew(self, name: str) -> None:
        while True:
            await asyncio.sleep(self._for.total_seconds() / 3)
            try:
                await self.take(name)
            except Exception:  # a database that hiccups: the next renewal may still come in time
                log.get(__name__).exception("lease_renewal_error", lease=name)
