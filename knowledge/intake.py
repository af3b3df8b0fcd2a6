"""How a question gets into the desk's queue: into the group that asks the same, or a group of its own.

The model is asked before the transaction (`prepare`), never inside it; `keep` works in the caller's session.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from functools import cache
from typing import Protocol

from sqlalchemy import ColumnElement, delete, func, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from core.text import clean
from knowledge import forgetting
from knowledge.base import DATA
from knowledge.desk_models import OpenQuestion, QuestionGroup
from knowledge.grouping import Known, Likeness, Vector, Wording, unpack, worth_asking

OPEN, ANSWERED, DISMISSED, REOPENED = "open", "answered", "dismissed", "reopened"
"""States of a group: see `QuestionGroup`."""

WAITING = (OPEN, REOPENED)
DOWN_VOTED = "down_voted"
"""Why a question is in the queue that was answered, and the answer did not help. The others: `knowledge.answer.Why`."""

_COMPARED = 500
_WORDINGS_COMPARED = 10
_LOCK = 4304002023  # any number: PostgreSQL's advisory lock of those who put a question into a group


class QueryEncoder(Protocol):
    """Gives a question's vector; `search.SearchIndex` is one."""

    def encode_query(self, text: str) -> Vector | None: ...
    def status(self) -> dict[str, object]: ...


@cache
def likeness() -> Likeness:
    """The rules that come with the product."""
    return Likeness.load(DATA / "grouping.yaml")


class Intake:
    """`encoder` gives meaning, None: words alone. `executor` runs it (None: the loop's own)."""

    def __init__(self, encoder: QueryEncoder | None = None, executor: Executor | None = None) -> None:
        self._encoder = encoder
        self._executor = executor

    async def prepare(self, question: str) -> Wording | None:
        """The question as it will be compared; None for one that the desk need not see (figures or signs alone)."""
        cleaned = clean(question).strip()
        if not worth_asking(cleaned):
            return None
        key = likeness().key(cleaned)
        if self._encoder is None:
            return Wording(cleaned, key)
        loop = asyncio.get_running_loop()
        vector = await loop.run_in_executor(self._executor, self._encoder.encode_query, cleaned)
        if vector is None:
            return Wording(cleaned, key)
        return Wording(cleaned, key, vector, str(self._encoder.status()["model"]))

    async def keep(
        self,
        session: AsyncSession,
        wording: Wording,
        *,
        why: str | None,
        region: str,
        channel: str | None = None,
        address: str | None = None,
    ) -> int:
        """Put a question into the queue; its id. An answered group is reopened by it, a dismissed one stays so, and
        keeps the address no longer than others."""
        await _one_at_a_time(session)
        group = await self._group(session, wording)
        row = OpenQuestion(
            group_id=group.id,
            text=wording.text,
            key=wording.key,
            why=why,
            region=region,
            channel=channel,
            address=address,
            asked_at=machine_now(),
        )
        if not await _has_wording(session, group.id, wording):
            row.vector, row.model = wording.stored, wording.model
        session.add(row)
        await session.flush()
        group.newest_id = row.id
        if group.state == ANSWERED:
            group.state, group.settled_at = REOPENED, None
            group.version += 1
        elif group.state == DISMISSED:
            group.settled_at = machine_now()
            await forgetting.schedule(session)
        return row.id

    async def withdraw(self, session: AsyncSession, question_id: int) -> None:
        """Take a question that nobody has answered yet out of the queue, with its group when that is empty then."""
        await _one_at_a_time(session)
        row = await session.get(OpenQuestion, question_id)
        if row is None:
            return
        group_id = row.group_id
        await session.execute(select(QuestionGroup.id).where(QuestionGroup.id == group_id).with_for_update())
        await session.refresh(row)  # it may have been answered until the group was ours
        if row.answered_at is None:
            await session.delete(row)
            await session.flush()
            await settle_group(session, group_id)

    async def _group(self, session: AsyncSession, wording: Wording) -> QuestionGroup:
        same = select(OpenQuestion.group_id).where(OpenQuestion.key == wording.key).order_by(OpenQuestion.id.desc())
        group_id = await session.scalar(same.limit(1))
        if group_id is None:
            comparable = true() if wording.model is None else OpenQuestion.model == wording.model
            group_id = likeness().choose(wording, await _known(session, comparable))
        if group_id is not None:
            locked = select(QuestionGroup).where(QuestionGroup.id == group_id).with_for_update()
            if (found := await session.scalar(locked)) is not None:
                return found
        return await new_group(session)


async def near(session: AsyncSession, group_id: int, limit: int = 3) -> tuple[int, ...]:
    """Other groups that may ask the same as this one, the nearest first: for staff to look at."""
    own = await _known(session, OpenQuestion.group_id == group_id)
    others = await _known(session, OpenQuestion.group_id != group_id)
    found: dict[int, None] = {}
    for one in own[:_WORDINGS_COMPARED]:
        wording = Wording(one.text, one.key, unpack(one.vector), one.model)
        found.update(dict.fromkeys(likeness().nearby(wording, others, limit)))
    return tuple(found)[:limit]


async def new_group(session: AsyncSession) -> QuestionGroup:
    """A group without questions yet."""
    group = QuestionGroup(state=OPEN, newest_id=0, version=1, answer="", questions=[], quote="")
    session.add(group)
    await session.flush()
    return group


async def settle_group(session: AsyncSession, group_id: int) -> None:
    """Bring a group in line after a question left it: its newest one, or gone when it is empty. One that was reopened
    and has nobody left to answer is answered again."""
    newest = await session.scalar(select(func.max(OpenQuestion.id)).where(OpenQuestion.group_id == group_id))
    if newest is None:
        await session.execute(delete(QuestionGroup).where(QuestionGroup.id == group_id))
        return
    mine = update(QuestionGroup).where(QuestionGroup.id == group_id)
    await session.execute(mine.values(newest_id=newest))
    waiting = select(OpenQuestion.id).where(OpenQuestion.group_id == group_id, OpenQuestion.answered_at.is_(None))
    if await session.scalar(waiting.limit(1)) is None:
        settled = {"state": ANSWERED, "settled_at": machine_now()}
        await session.execute(mine.where(QuestionGroup.state == REOPENED).values(**settled))
        await forgetting.schedule(session)


async def _one_at_a_time(session: AsyncSession) -> None:
    """Two of the same question at once must meet: on PostgreSQL by a lock, SQLite has one writer anyhow."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


async def _has_wording(session: AsyncSession, group_id: int, wording: Wording) -> bool:
    """Whether the group has this wording with as much meaning as it has now."""
    mine = select(OpenQuestion.id).where(OpenQuestion.group_id == group_id, OpenQuestion.key == wording.key)
    return await session.scalar(mine.where(OpenQuestion.model.is_not_distinct_from(wording.model)).limit(1)) is not None


async def _known(session: AsyncSession, condition: ColumnElement[bool]) -> list[Known]:
    """The newest wordings under a condition, each once."""
    chosen = select(
        OpenQuestion.group_id, OpenQuestion.text, OpenQuestion.key, OpenQuestion.vector, OpenQuestion.model
    ).where(condition)
    rows = await session.execute(chosen.order_by(OpenQuestion.id.desc()).limit(_COMPARED))
    first: dict[tuple[int, str], Known] = {}
    for row in rows:
        known = Known(*row)
        held = first.get((known.group, known.key))
        if held is None or held.vector is None:
            first[known.group, known.key] = known
    return list(first.values())
