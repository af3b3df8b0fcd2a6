"""Thumbs up and down: one vote an answer and conversation, the last one counts. A thumb down goes to the desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from core.database import Database, insert_into
from knowledge import desk_wording as wording
from knowledge import forgetting
from knowledge.desk_models import AnswerVote
from knowledge.intake import DOWN_VOTED, Intake

Vote = Literal["up", "down"]
REASONS: Mapping[str, str] = wording.REASONS
"""Why an answer did not help, and how a person reads it."""

_NONE = ""


@dataclass(frozen=True)
class Given:
    """An answer that was given: its question, the day it was given for, its status, and in `cited` the clauses it stood
    on (`{"document_id", "clause", "start", "end"}`). `ref` names it within the conversation of channel and address."""

    channel: str
    address: str
    ref: str
    question: str
    region: str
    status: str
    as_of: date
    cited: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Tally:
    """Votes since a moment: ups, downs, and the downs by reason."""

    up: int
    down: int
    reasons: dict[str, int]


class Votes:
    """The votes of a database."""

    def __init__(self, database: Database, intake: Intake) -> None:
        self._database = database
        self._intake = intake

    async def vote(self, given: Given, vote: Vote) -> bool:
        """Keep a vote; False when it is the one that counts already.

        The first thumb down puts the question into the desk's queue; a thumb up after it takes it out again, unless
        the desk has answered.
        """
        asked = await self._intake.prepare(given.question) if vote == "down" else None
        async with self._database.transaction() as session:
            row = await _vote(session, given)
            if row.vote == vote:
                return False
            row.vote, row.reason, row.voted_at = vote, None, machine_now()  # a reason is the thumb down's
            if asked is not None:
                row.question_id = await self._intake.keep(
                    session,
                    asked,
                    why=DOWN_VOTED,
                    region=given.region,
                    channel=given.channel,
                    address=given.address,
                )
            elif row.question_id is not None:
                withdrawn, row.question_id = row.question_id, None
                await session.flush()
                await self._intake.withdraw(session, withdrawn)
            await forgetting.schedule(session)
            return True

    async def give_reason(self, channel: str, address: str, ref: str, reason: str) -> bool:
        """Say why an answer did not help; the last reason counts. False where there is no thumb down."""
        if reason not in REASONS:
            return False
        async with self._database.transaction() as session:
            row = await session.scalar(_of(channel, address, ref).with_for_update())
            if row is None or row.vote != "down":
                return False
            row.reason = reason
            return True

    async def tally(self, since: datetime) -> Tally:
        """How the answers were received."""
        counted = select(AnswerVote.vote, AnswerVote.reason, func.count()).where(AnswerVote.voted_at >= since)
        async with self._database.reading() as session:
            rows: Sequence[Any] = (await session.execute(counted.group_by(AnswerVote.vote, AnswerVote.reason))).all()
        sums = {vote: sum(count for its, _, count in rows if its == vote) for vote in ("up", "down")}
        reasons = {reason: count for vote, reason, count in rows if vote == "down" and reason is not None}
        return Tally(sums["up"], sums["down"], reasons)


def _of(channel: str, address: str, ref: str) -> Select[AnswerVote]:
    return select(AnswerVote).where(AnswerVote.channel == channel, AnswerVote.address == address, AnswerVote.ref == ref)


async def _vote(session: AsyncSession, given: Given) -> AnswerVote:
    """The vote on an answer, locked; a first one is there without a thumb yet, so that two presses at once meet."""
    values = {"question": given.question, "region": given.region, "status": given.status, "as_of": given.as_of}
    blank = insert_into(session, AnswerVote).values(
        channel=given.channel,
        address=given.address,
        ref=given.ref,
        vote=_NONE,
        cited=list(given.cited),
        voted_at=machine_now(),
        **values,
    )
    await session.execute(blank.on_conflict_do_nothing(index_elements=["channel", "address", "ref"]))
    return (await session.scalars(_of(given.channel, given.address, given.ref).with_for_update())).one()
