"""Typical questions as staff keep them: listed by document and clause, added, edited, moved, deleted, looked through.

A change names the entry's fingerprint as it was seen; whoever comes second is told what stands there now. Every change
marks the library as changed, so that search follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from core.errors import BadInput, Conflict, NotFound
from core.text import fold, squeeze
from firms import audit
from firms.actors import OPERATOR, Actor
from knowledge import desk_entries, faq
from knowledge import desk_wording as wording
from knowledge.citing import Reference, look_up
from knowledge.desk_models import QuestionGroup
from knowledge.grouping import common_share
from knowledge.models import ClauseRow, Document, Topic
from knowledge.open_questions import checked_questions
from knowledge.revision import mark_changed

_COMPARED_CLAUSES = 3000
_COMPARED_CHARACTERS = 2000


class NoSuchEntry(NotFound):
    """There is no such entry, or it is beyond the actor's region."""

    default = wording.NO_SUCH_ENTRY


class EntryChanged(Conflict):
    """Somebody else changed the entry since it was read."""

    code = "entry_changed"


@dataclass(frozen=True)
class Proposal:
    """Where an entry of a replaced document may belong: the successor's clause that is most like the old one, and how
    alike they are (0 to 1: share of common characters and pairs)."""

    document_id: str
    document: str
    path: str
    label: str
    likeness: float


@dataclass(frozen=True)
class FaqEntry:
    """An entry. `stated` False: a topic on which the document is silent, `paths` the clauses nearest to it. `origin` is
    built_in, staff or desk; `answer` the desk's words. `review`: its document was replaced, somebody has to look where
    it belongs. `version` is its fingerprint."""

    id: int
    document_id: str
    document: str
    name: str
    stated: bool
    paths: tuple[str, ...]
    questions: tuple[str, ...]
    answer: str
    origin: str
    review: bool
    version: str
    superseded_by: str | None


class Faq:
    """The typical questions of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- reading ---

    async def list(
        self,
        actor: Actor = OPERATOR,
        *,
        document_id: str | None = None,
        path: str | None = None,
        search: str = "",
        offset: int = 0,
        limit: int = 50,
    ) -> tuple[FaqEntry, ...]:
        """Entries within the actor's reach, those under review first, then by document and age."""
        chosen = select(Topic, Document.title, Document.region, Document.superseded_by).join(
            Document, Document.id == Topic.document_id
        )
        if document_id is not None:
            chosen = chosen.where(Topic.document_id == document_id)
        async with self._database.reading() as session:
            rows = await session.execute(chosen.order_by(Topic.review.desc(), Topic.document_id, Topic.id))
            found = [_entry(row, title, by) for row, title, region, by in rows if actor.covers(region)]
        wanted = squeeze(fold(search))
        matching = [entry for entry in found if _matches(entry, path, wanted)]
        return tuple(matching[offset : offset + limit])

    async def get(self, entry_id: int, actor: Actor = OPERATOR) -> FaqEntry:
        """One entry. Raises NoSuchEntry."""
        async with self._database.reading() as session:
            row, document = await _visible(session, entry_id, actor, lock=False)
            return _entry(row, document.title, document.superseded_by)

    async def propose(self, entry_id: int, actor: Actor = OPERATOR) -> Proposal | None:
        """Where an entry of a replaced document belongs in its successor, None without one. Raises NoSuchEntry."""
        async with self._database.reading() as session:
            row, document = await _visible(session, entry_id, actor, lock=False)
            if not document.superseded_by or not row.paths:
                return None
            successor = await session.get(Document, document.superseded_by)
            return None if successor is None else await _most_alike(session, document, row.paths[0], successor)

    # --- changing ---

    async def add(self, reference: Reference, questions: Sequence[str], actor: Actor) -> int:
        """Add an entry to a clause; its id. Raises NoSuchClause, BadInput."""
        chosen = checked_questions(questions)
        async with self._database.transaction() as session:
            cited = await look_up(session, reference)
            await _require_reach(session, cited.document_id, actor)
            await _require_free(session, cited.document_id, chosen)
            row = Topic(
                document_id=cited.document_id,
                name=await faq.free_name(session, cited.document_id, cited.path),
                stated=True,
                paths=[cited.path],
                questions=list(chosen),
                origin=faq.STAFF,
            )
            session.add(row)
            await session.flush()
            await _changed(session, actor, "added", row.id, cited.document_id)
            return row.id

    async def edit(
        self,
        entry_id: int,
        questions: Sequence[str],
        actor: Actor,
        *,
        version: str,
        reference: Reference | None = None,
        answer: str | None = None,
    ) -> bool:
        """Change an entry's questions, and where `reference` names another clause, move it there.

        False: it was the desk's answer, and waits for approval again. Raises NoSuchEntry, EntryChanged, NoSuchClause,
        BadInput.
        """
        chosen = checked_questions(questions)
        async with self._database.transaction() as session:
            row, _ = await _visible(session, entry_id, actor)
            _check_version(row, version)
            await _require_free(session, reference.document_id if reference else row.document_id, chosen, row.id)
            group_id = desk_entries.group_id_of(row)
            if group_id is not None:
                await _back_to_desk(session, group_id, row, chosen, reference, answer, actor)
                return False
            await faq.leave_alone(session, row, actor.name)
            before = row.document_id
            row.questions, row.review = list(chosen), False
            row.origin = faq.STAFF
            if reference is not None:
                await _move(session, row, reference, actor)
            await session.flush()
            await _changed(session, actor, "edited", row.id, before, row.document_id)
            return True

    async def move(self, entry_id: int, reference: Reference, actor: Actor, *, version: str) -> bool:
        """Put an entry beside another clause, of any document; it needs no review any more. As `edit`."""
        kept = await self.get(entry_id, actor)
        return await self.edit(entry_id, kept.questions, actor, version=version, reference=reference)

    async def keep(self, entry_id: int, actor: Actor, *, version: str) -> None:
        """Say that an entry under review may stay as it is. Raises NoSuchEntry, EntryChanged."""
        async with self._database.transaction() as session:
            row, _ = await _visible(session, entry_id, actor)
            _check_version(row, version)
            row.review = False
            await _changed(session, actor, "kept", row.id, row.document_id)

    async def delete(self, entry_id: int, actor: Actor, *, version: str) -> None:
        """Take an entry out; a built-in one is not brought back by set-up. Raises NoSuchEntry, EntryChanged."""
        async with self._database.transaction() as session:
            row, _ = await _visible(session, entry_id, actor)
            _check_version(row, version)
            group_id = desk_entries.group_id_of(row)
            if group_id is not None and (group := await session.get(QuestionGroup, group_id)) is not None:
                await desk_entries.withdraw(session, group)
            else:
                await faq.leave_alone(session, row, actor.name)
                await session.delete(row)
                await session.flush()
            await _changed(session, actor, "deleted", entry_id, row.document_id)


def _entry(row: Topic, title: str, superseded_by: str | None) -> FaqEntry:
    return FaqEntry(
        id=row.id,
        document_id=row.document_id,
        document=title,
        name=row.name,
        stated=row.stated,
        paths=tuple(row.paths),
        questions=tuple(row.questions),
        answer=row.answer,
        origin=row.origin,
        review=row.review,
        version=faq.fingerprint(row),
        superseded_by=superseded_by,
    )


def _matches(entry: FaqEntry, path: str | None, wanted: str) -> bool:
    if path is not None and path not in entry.paths:
        return False
    said = (*entry.questions, *entry.paths, entry.name, entry.answer)
    return not wanted or any(wanted in squeeze(fold(text)) for text in said)


async def _visible(session: AsyncSession, entry_id: int, actor: Actor, *, lock: bool = True) -> tuple[Topic, Document]:
    chosen = select(Topic).where(Topic.id == entry_id)
    row = await session.scalar(chosen.with_for_update() if lock else chosen)
    document = await session.get(Document, row.document_id, with_for_update=lock) if row is not None else None
    if row is None or document is None or not actor.covers(document.region):
        raise NoSuchEntry()
    return row, document


async def _require_reach(session: AsyncSession, document_id: str, actor: Actor) -> None:
    """Raises BadInput beyond the actor's region. The document is locked: two who add to it see each other's entries."""
    document = await session.get_one(Document, document_id, with_for_update=True)
    if not actor.covers(document.region):
        raise BadInput(wording.REGION_NOT_YOURS)


async def _require_free(session: AsyncSession, document_id: str, questions: Iterable[str], own: int = 0) -> None:
    """Raises BadInput where a question belongs to another entry of the document already."""
    rows = await session.scalars(select(Topic).where(Topic.document_id == document_id, Topic.id != own))
    taken = {squeeze(fold(question)): row for row in rows for question in row.questions}
    for question in questions:
        if (row := taken.get(squeeze(fold(question)))) is not None:
            label = "、".join(row.paths) or row.name
            raise BadInput(wording.QUESTION_TAKEN.format(question=question, label=label))


def _check_version(row: Topic, version: str) -> None:
    if faq.fingerprint(row) != version:
        raise EntryChanged(wording.ENTRY_CHANGED.format(questions="；".join(row.questions[:5])))


async def _move(session: AsyncSession, row: Topic, reference: Reference, actor: Actor) -> None:
    if not row.stated:
        raise BadInput(wording.SILENT_TOPIC)
    cited = await look_up(session, reference)
    await _require_reach(session, cited.document_id, actor)
    if cited.document_id != row.document_id:
        row.name = await faq.free_name(session, cited.document_id, cited.path)
    row.document_id, row.paths = cited.document_id, [cited.path]


async def _back_to_desk(
    session: AsyncSession,
    group_id: int,
    row: Topic,
    questions: Sequence[str],
    reference: Reference | None,
    answer: str | None,
    actor: Actor,
) -> None:
    """The entry becomes an answer of the desk again that waits for approval, as it was edited."""
    group = await session.scalar(select(QuestionGroup).where(QuestionGroup.id == group_id).with_for_update())
    if group is None:
        raise NoSuchEntry()
    cited = await look_up(session, reference or Reference(row.document_id, row.paths[0]))
    await _require_reach(session, cited.document_id, actor)
    await desk_entries.withdraw(session, group)
    group.questions, group.author = list(questions), actor.name
    group.document_id, group.path, group.quote = cited.document_id, cited.path, cited.quote
    group.answer = answer or group.answer
    group.version += 1
    await _changed(session, actor, "sent_back", row.id, row.document_id)


async def _changed(session: AsyncSession, actor: Actor, action: str, entry_id: int, *document_ids: str) -> None:
    await mark_changed(session, *dict.fromkeys(document_ids))
    await audit.record(
        session,
        actor=actor.name,
        action=f"faq.{action}",
        subject_kind="faq",
        subject=str(entry_id),
        details={"document": document_ids[-1]},
    )


async def _most_alike(session: AsyncSession, old: Document, path: str, successor: Document) -> Proposal | None:
    clause = await session.scalar(
        select(ClauseRow).where(ClauseRow.document_id == old.id, ClauseRow.path == path).limit(1)
    )
    if clause is None:
        return None
    wanted = _words(old.text[clause.start : clause.end])
    candidates = await session.scalars(
        select(ClauseRow)
        .where(ClauseRow.document_id == successor.id)
        .order_by(ClauseRow.ordinal)
        .limit(_COMPARED_CLAUSES)
    )
    scored = [(common_share(wanted, _words(successor.text[row.start : row.end])), row) for row in candidates]
    likeness, best = max(scored, key=lambda item: (item[0], -item[1].ordinal), default=(0.0, None))
    if best is None or likeness == 0:
        return None
    return Proposal(successor.id, successor.title, best.path, best.label, round(likeness, 3))


def _words(text: str) -> str:
    return squeeze(fold(text[:_COMPARED_CHARACTERS]))
