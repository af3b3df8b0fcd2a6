"""How often somebody may have an answer worded on one day. Kept in the database: all processes count together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date

from sqlalchemy import Date, String, delete
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Database, insert_into


class ComposerUse(Base):
    """How many answers were worded for one asker on one day. `asker` is a digest: it names nobody."""

    __tablename__ = "composer_uses"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    asker: Mapped[str] = mapped_column(String(64), primary_key=True)
    used: Mapped[int]


class DailyBudget:
    """So many worded answers for each asker a day (`limit`)."""

    def __init__(self, database: Database, limit: int, today: Callable[[], date]) -> None:
        self._database = database
        self._limit = limit
        self._today = today

    async def take(self, asker: str) -> bool:
        """Whether there is one left today; it counts as used."""
        if self._limit <= 0:
            return False
        day = self._today()
        row = {"day": day, "asker": hashlib.sha256(asker.encode()).hexdigest(), "used": 1}
        async with self._database.transaction() as session:
            counted = (
                insert_into(session, ComposerUse)
                .values(row)
                .on_conflict_do_update(index_elements=["day", "asker"], set_={"used": ComposerUse.used + 1})
                .returning(ComposerUse.used)
            )
            used = int((await session.execute(counted)).scalar_one())
            if used == 1:
                await session.execute(delete(ComposerUse).where(ComposerUse.day < day))
        return used <= self._limit
