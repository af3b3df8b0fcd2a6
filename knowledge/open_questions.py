"""Questions that were declined: the desk reads them, newest first, and answers who asked, through the outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, func, literal, select

from core.database import Database
from core.errors import BadInput, NotFound
from core.text import clean
from firms import audit
from firms.actors import Actor
from knowledge import wording
from knowledge.models import OpenQuestion
from messaging import outbox
from messaging.messages import OutMessage
from messaging.outbox import Delivery

_LONGEST_ANSWER = 3000
_SHOWN_QUESTION = 200
_TOPIC = "question:"


class NoReturnAddress(BadInput):
    """Who asked left no address that an answer could go to."""

    code = "no_return_address"
    default = wording.NO_RETURN_ADDRESS


@dataclass(frozen=True)
class Asked:
    """A declined question. `why`: see `knowledge.answer`; `answered`: the desk sent an answer."""

    id: int
    text: str
    why: str | None
    asked_at: datetime
    answered: bool = False


class OpenQuestions:
    """The declined questions of a database. `desk` is the name under which they are answered, `reachable` the channels
    on which somebody can be."""

    def __init__(self, database: Database, desk: str, reachable: Collection[str]) -> None:
        self._database = database
        self._desk = desk
        self._reachable = reachable

    async def list(self, *, before: int | None = None, limit: int = 50) -> tuple[Asked, ...]:
        """The newest ones, older than the question `before`."""
        chosen = select(OpenQuestion).order_by(OpenQuestion.id.desc()).limit(limit)
        if before is not None:
            chosen = chosen.where(OpenQuestion.id < before)
        async with self._database.reading() as session:
            rows = (await session.scalars(chosen)).all()
            topics = [_topic(row.id) for row in rows]
            answered = set(await session.scalars(select(Delivery.topic).where(Delivery.topic.in_(topics))))
        return tuple(Asked(row.id, row.text, row.why, row.asked_at, _topic(row.id) in answered) for row in rows)

    async def answer(self, question_id: int, text: str, actor: Actor) -> None:
        """Send an answer to who asked; the same answer again is not sent again.

        Raises NotFound (also for a question of a region beyond the actor's), NoReturnAddress, BadInput.
        """
        said = clean(text).strip()
        if not said or len(said) > _LONGEST_ANSWER:
            raise BadInput(wording.ANSWER_LENGTH.format(limit=_LONGEST_ANSWER))
        async with self._database.transaction() as session:
            row = await session.get(OpenQuestion, question_id)
            if row is None or not actor.covers(row.region):
                raise NotFound()
            if not row.channel or not row.address or row.channel not in self._reachable:
                raise NoReturnAddress()
            asked = row.text[:_SHOWN_QUESTION]
            await outbox.enqueue(
                session,
                key=f"answer:{row.id}:{hashlib.sha256(said.encode()).hexdigest()[:16]}",
                channel=row.channel,
                address=row.address,
                message=OutMessage(wording.OFFICER_ANSWER.format(question=asked, desk=self._desk, answer=said)),
                lane="notice",
                topic=_topic(row.id),
            )
            await audit.record(
                session,
                actor=actor.name,
                action="question.answered",
                subject_kind="question",
                subject=str(row.id),
            )

    async def count(self) -> int:
        """How many wait for an answer."""
        topic = literal(_TOPIC) + cast(OpenQuestion.id, String)
        answered = select(Delivery.id).where(Delivery.topic == topic).exists()
        async with self._database.reading() as session:
            return int(await session.scalar(select(func.count()).select_from(OpenQuestion).where(~answered)) or 0)


def _topic(question_id: int) -> str:
    return f"{_TOPIC}{question_id}"
