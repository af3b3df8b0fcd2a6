"""How the desk's approved answer becomes an entry of the typical questions, and ceases to be one.

An entry of the desk is there exactly as long as its answer is approved. All functions work in the caller's session.
"""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge import faq
from knowledge.desk_models import OpenQuestion, QuestionGroup
from knowledge.grouping import distinct
from knowledge.models import Topic
from knowledge.revision import mark_changed

MOST_QUESTIONS = 50
LONGEST_QUESTION = 200
_PREFIX = "desk-"
_LOOKED_AT = 1000


def group_id_of(topic: Topic) -> int | None:
    """The group whose answer an entry is; None for an entry of another origin."""
    number = topic.name.removeprefix(_PREFIX)
    return int(number) if topic.origin == faq.DESK and number.isdecimal() else None


async def wordings(session: AsyncSession, group_id: int, limit: int = MOST_QUESTIONS) -> tuple[str, ...]:
    """How a group's question was put, the newest first, each wording once."""
    rows = await session.execute(
        select(OpenQuestion.text, OpenQuestion.key)
        .where(OpenQuestion.group_id == group_id)
        .order_by(OpenQuestion.id.desc())
        .limit(_LOOKED_AT)
    )
    return distinct([(text, key) for text, key in rows])[:limit]


async def publish(session: AsyncSession, group: QuestionGroup) -> None:
    """Put a group's answer among the typical questions of the document it cites. The group has a citation."""
    assert group.document_id is not None
    asked = group.questions or await wordings(session, group.id)
    session.add(
        Topic(
            document_id=group.document_id,
            name=f"{_PREFIX}{group.id}",
            stated=True,
            paths=[group.path],
            questions=[question[:LONGEST_QUESTION] for question in asked],
            origin=faq.DESK,
            answer=group.answer,
        )
    )
    await session.flush()
    await mark_changed(session, group.document_id)


async def withdraw(session: AsyncSession, group: QuestionGroup) -> None:
    """Take a group's answer out of the typical questions: it needs approval again. Nothing for one that is not in."""
    group.approved_by = None
    mine = delete(Topic).where(Topic.origin == faq.DESK, Topic.name == f"{_PREFIX}{group.id}")
    gone = list(await session.scalars(mine.returning(Topic.document_id)))
    if gone:
        await mark_changed(session, *gone)
