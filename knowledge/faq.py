"""Typical questions as rows: how those of the built-in base come in without touching what staff and the desk wrote.

All functions work in the caller's session. Whoever calls them marks the library as changed
(`knowledge.revision.mark_changed`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from knowledge.desk_models import FaqOverride
from knowledge.models import Topic
from knowledge.snapshot import TopicText

BUILT_IN, STAFF, DESK = "built_in", "staff", "desk"
"""Who wrote an entry: see `Topic.origin`."""


async def bring_in(session: AsyncSession, document_id: str, topics: Sequence[TopicText]) -> bool:
    """Make a document's built-in entries equal to `topics`; whether anything changed.

    Entries that staff or the desk wrote stay, and so does a built-in one that staff edited, moved or deleted: it is
    not brought back. An entry keeps its id as long as its name stays. The paths are the caller's to check.
    """
    hands_off = set(await session.scalars(select(FaqOverride.name).where(FaqOverride.document_id == document_id)))
    rows = (await session.scalars(select(Topic).where(Topic.document_id == document_id))).all()
    taken = {row.name for row in rows if row.origin != BUILT_IN}
    old = {row.name: row for row in rows if row.origin == BUILT_IN}
    wanted = [topic for topic in topics if topic.name not in hands_off | taken]
    changes = [_bring_in_one(session, document_id, topic, old.pop(topic.name, None)) for topic in wanted]
    for gone in old.values():
        await session.delete(gone)
    await session.flush()
    return any(changes) or bool(old)


def _bring_in_one(session: AsyncSession, document_id: str, topic: TopicText, row: Topic | None) -> bool:
    paths, questions = list(topic.paths), list(topic.questions)
    if row is None:
        session.add(
            Topic(document_id=document_id, name=topic.name, stated=topic.stated, paths=paths, questions=questions)
        )
        return True
    if (row.stated, row.paths, row.questions) == (topic.stated, paths, questions):
        return False
    row.stated, row.paths, row.questions = topic.stated, paths, questions
    return True


async def leave_alone(session: AsyncSession, row: Topic, actor: str) -> None:
    """Have set-up never again change or bring back this built-in entry; nothing for the others."""
    if row.origin != BUILT_IN:
        return
    if await session.get(FaqOverride, (row.document_id, row.name)) is None:
        session.add(FaqOverride(document_id=row.document_id, name=row.name, actor=actor, at=machine_now()))


async def free_name(session: AsyncSession, document_id: str, wished: str) -> str:
    """A name that no entry of the document has and no built-in one had: `wished`, else with a number behind it."""
    taken = set(await session.scalars(select(Topic.name).where(Topic.document_id == document_id)))
    taken |= set(await session.scalars(select(FaqOverride.name).where(FaqOverride.document_id == document_id)))
    wished, number = wished[:180], 1
    name = wished
    while name in taken:
        number += 1
        name = f"{wished} {number}"
    return name


def fingerprint(row: Topic) -> str:
    """What an entry says, as a short hash: who saves a change names the one he saw."""
    said = [row.document_id, row.stated, row.paths, row.questions, row.answer, row.review]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:16]
