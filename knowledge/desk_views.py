"""Groups of open questions as staff see them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from knowledge.desk_models import OpenQuestion, QuestionGroup
from knowledge.grouping import distinct
from knowledge.intake import ANSWERED, DOWN_VOTED
from knowledge.models import Document

_WORDINGS = 10
_LOOKED_AT = 2000


@dataclass(frozen=True)
class DeskAnswer:
    """The desk's words, who wrote them, the clause they cite, and who approved them as a typical question."""

    text: str
    author: str
    document_id: str | None
    document: str | None
    path: str | None
    quote: str
    approved_by: str | None


@dataclass(frozen=True)
class Asked:
    """A group of questions that ask the same. `id`, `text`, `why` and `asked_at` are the newest question's.

    `count` is how often it was asked, `askers` from how many addresses, `waiting` how many of those have no answer yet
    and can be reached, `down_votes` how often an answer did not help. `wordings` maps the id of one question to each
    wording, the newest first. `questions` are those chosen to become typical ones.
    """

    id: int
    group: int
    text: str
    why: str | None
    asked_at: datetime
    state: str
    dismissed_as: str | None
    version: int
    count: int
    askers: int
    waiting: int
    down_votes: int
    regions: tuple[str, ...]
    wordings: tuple[tuple[int, str], ...]
    questions: tuple[str, ...] = ()
    answer: DeskAnswer | None = None

    @property
    def answered(self) -> bool:
        """Whether everybody who asked has an answer."""
        return self.state == ANSWERED


async def read_groups(
    session: AsyncSession, groups: Sequence[QuestionGroup], reachable: Collection[str]
) -> tuple[Asked, ...]:
    """The groups with what was asked in them, in the order given."""
    ids = [group.id for group in groups]
    rows = await session.scalars(
        select(OpenQuestion)
        .where(OpenQuestion.group_id.in_(ids))
        .order_by(OpenQuestion.id.desc())
        .limit(max(_LOOKED_AT, 2 * len(ids)))
    )
    asked: dict[int, list[OpenQuestion]] = {group_id: [] for group_id in ids}
    for row in rows:
        asked[row.group_id].append(row)
    for group in groups:  # one whose questions are all older than those looked at
        if not asked[group.id]:
            asked[group.id] = [await session.get_one(OpenQuestion, group.newest_id)]
    tallies = await _tallies(session, ids, reachable)
    titles = await _titles(session, groups)
    return tuple(_asked(group, asked[group.id], tallies[group.id], titles) for group in groups)


@dataclass(frozen=True)
class _Tally:
    count: int
    askers: int
    waiting: int
    down_votes: int
    regions: tuple[str, ...]


async def _tallies(session: AsyncSession, ids: Sequence[int], reachable: Collection[str]) -> dict[int, _Tally]:
    question = OpenQuestion
    who = question.channel + ":" + question.address
    waits = question.answered_at.is_(None) & question.channel.in_(tuple(reachable))
    counted = (
        select(
            question.group_id,
            func.count(),
            func.count(who.distinct()),
            func.count(case((waits, who)).distinct()),
            func.count(case((question.why == DOWN_VOTED, 1))),
        )
        .where(question.group_id.in_(ids))
        .group_by(question.group_id)
    )
    places = select(question.group_id, question.region).where(question.group_id.in_(ids)).distinct()
    regions: dict[int, list[str]] = {}
    for group_id, region in await session.execute(places.order_by(question.region)):
        regions.setdefault(group_id, []).append(region)
    return {row[0]: _Tally(*row[1:], tuple(regions[row[0]])) for row in await session.execute(counted)}


async def _titles(session: AsyncSession, groups: Sequence[QuestionGroup]) -> dict[str, str]:
    cited = {group.document_id for group in groups if group.document_id}
    found = await session.execute(select(Document.id, Document.title).where(Document.id.in_(cited)))
    return dict(found.all())


def _asked(group: QuestionGroup, rows: Sequence[OpenQuestion], tally: _Tally, titles: dict[str, str]) -> Asked:
    newest = rows[0]
    first = {row.text: row.id for row in reversed(rows)}
    wordings = distinct([(row.text, row.key) for row in rows])[:_WORDINGS]
    return Asked(
        id=newest.id,
        group=group.id,
        text=newest.text,
        why=newest.why,
        asked_at=newest.asked_at,
        state=group.state,
        dismissed_as=group.dismissed_as,
        version=group.version,
        count=tally.count,
        askers=tally.askers,
        waiting=tally.waiting,
        down_votes=tally.down_votes,
        regions=tally.regions,
        wordings=tuple((first[text], text) for text in wordings),
        questions=tuple(group.questions),
        answer=_desk_answer(group, titles),
    )


def _desk_answer(group: QuestionGroup, titles: dict[str, str]) -> DeskAnswer | None:
    if not group.answer:
        return None
    return DeskAnswer(
        text=group.answer,
        author=(group.author or "").removeprefix("staff:"),
        document_id=group.document_id,
        document=titles.get(group.document_id or ""),
        path=group.path,
        quote=group.quote,
        approved_by=group.approved_by.removeprefix("staff:") if group.approved_by and group.document_id else None,
    )
