"""How long the addresses of askers are kept: 90 days after the desk has dealt with a question; the text stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs
from core.clock import machine_now
from core.database import Database
from core.jobs import Handler
from knowledge.desk_models import AnswerVote, OpenQuestion, QuestionGroup

FORGET_JOB = "knowledge.forget_askers"
KEPT = timedelta(days=90)
_LATER = timedelta(hours=1)


async def schedule(session: AsyncSession) -> None:
    """In the caller's transaction, have what was dealt with today forgotten in time; one job a day."""
    due = machine_now() + KEPT + _LATER
    await jobs.enqueue(session, FORGET_JOB, {}, run_at=due, key=f"{FORGET_JOB}:{due:%Y-%m-%d}")


async def forget(session: AsyncSession, now: datetime) -> int:
    """Empty the addresses of questions that were answered or dismissed, and of votes, 90 days and more ago; how many
    there were."""
    settled = select(QuestionGroup.id).where(QuestionGroup.settled_at <= now - KEPT)
    questions = update(OpenQuestion).where(OpenQuestion.group_id.in_(settled), OpenQuestion.address.is_not(None))
    votes = update(AnswerVote).where(AnswerVote.voted_at <= now - KEPT, AnswerVote.address.is_not(None))
    emptied = [
        (await session.scalars(questions.values(channel=None, address=None).returning(OpenQuestion.id))).all(),
        (await session.scalars(votes.values(address=None).returning(AnswerVote.id))).all(),
    ]
    return sum(map(len, emptied))


def handler(database: Database) -> Handler:
    """The job's handler."""

    async def run(_: dict[str, Any]) -> None:
        async with database.transaction() as session:
            await forget(session, machine_now())

    return run
