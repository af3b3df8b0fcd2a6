"""From the database to snapshots: only documents that changed are read again, a few in each short transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from sys import intern
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Database
from knowledge import revision
from knowledge.models import ClauseRow, Document, Relation, Topic
from knowledge.snapshot import Change, ClauseText, DocumentRelation, Snapshot, StoredDocument, TopicText

_BATCH = 500  # documents a transaction

_COPIED = (
    "id", "title", "number", "issuer", "region", "level", "issued", "valid_from", "valid_to", "source", "draft",
    "superseded_by", "superseded_from", "text", "coverage", "format", "file_name", "status", "tables", "revision",
    "version",
)  # fmt: skip
_LISTS = ("pages", "unread_pages", "missing", "warnings")
_CLAUSE = (
    ClauseRow.document_id, ClauseRow.id, ClauseRow.ordinal, ClauseRow.parent, ClauseRow.path, ClauseRow.label,
    ClauseRow.depth, ClauseRow.start, ClauseRow.end, ClauseRow.whole_end, ClauseRow.kind, ClauseRow.page,
    ClauseRow.context,
)  # fmt: skip


@dataclass(frozen=True)
class _Held:
    document: StoredDocument
    topics: tuple[TopicText, ...]


class Snapshots:
    """The newest snapshot of a database's library. Several processes may change the library side by side."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: dict[str, _Held] = {}
        self._newest: Snapshot | None = None
        self._seen = -1  # all that changed up to this revision is held
        self._turn = asyncio.Lock()

    async def newest(self) -> Snapshot:
        """The snapshot of the newest revision; the same object as long as nothing changes."""
        if (known := await self._known()) is not None:
            return known
        async with self._turn:
            while (snapshot := await self._known() or await self._read_on()) is None:
                continue
            self._newest = snapshot
            return snapshot

    async def _known(self) -> Snapshot | None:
        async with self._database.reading() as session:
            newest = await revision.current(session)
        return self._newest if self._newest is not None and self._newest.revision == newest else None

    async def _read_on(self) -> Snapshot | None:
        """Read some of the documents that changed; the snapshot once nothing is left to read.

        What a transaction reads counts only if the revision is the same at its end as at its beginning.
        """
        async with self._database.reading() as session:
            number = await revision.current(session)
            stale = await self._stale(session)
            read = await _read(session, stale[:_BATCH])
            present = await self._present(session, read)
            settled = await revision.current(session) == number
        self._held |= read
        if len(stale) > _BATCH or not settled:
            return None
        self._held = {key: held for key, held in self._held.items() if key in present}
        self._seen = number
        topics = [topic for held in self._held.values() for topic in held.topics]
        return Snapshot(number, [held.document for held in self._held.values()], topics)

    async def _stale(self, session: AsyncSession) -> list[str]:
        """The ids of documents that changed since they were read, in the order in which they came in."""
        changed = select(Document.id, Document.revision).where(Document.revision > self._seen)
        found = await session.execute(changed.order_by(Document.added_at, Document.id))
        return [row.id for row in found if self._revision(row.id) != row.revision]

    async def _present(self, session: AsyncSession, read: Collection[str]) -> Collection[str]:
        """The ids of the documents that there are; asked one by one only when some of those held are gone."""
        known = self._held.keys() | set(read)
        count = await session.scalar(select(func.count(Document.revision)))
        return known if count == len(known) else set(await session.scalars(select(Document.id)))

    def _revision(self, document_id: str) -> int | None:
        held = self._held.get(document_id)
        return held.document.revision if held else None


async def read_document(session: AsyncSession, document_id: str) -> StoredDocument | None:
    """A document with its clauses and relations; None when there is none of this id."""
    held = (await _read(session, [document_id])).get(document_id)
    return held.document if held else None


async def _read(session: AsyncSession, ids: Sequence[str]) -> dict[str, _Held]:
    if not ids:
        return {}
    relations = await _grouped(session, Relation, ids)
    topics = await _grouped(session, Topic, ids)
    clauses = await _clause_rows(session, ids)
    found = {}
    for row in await session.execute(select(*Document.__table__.columns).where(Document.id.in_(ids))):
        document = _stored(row, clauses.get(row.id, ()), relations.get(row.id, ()))
        found[row.id] = _Held(document, tuple(map(_topic, topics.get(row.id, ()))))
    return {document_id: found[document_id] for document_id in ids if document_id in found}


async def _clause_rows(session: AsyncSession, ids: Collection[str]) -> dict[str, list[Any]]:
    """The clauses of these documents, by document, in order: tuples of the columns of `_CLAUSE`."""
    chosen = select(*_CLAUSE).where(ClauseRow.document_id.in_(ids)).order_by(ClauseRow.document_id, ClauseRow.ordinal)
    rows = (await session.execute(chosen)).all()
    return {document_id: list(own) for document_id, own in groupby(rows, key=itemgetter(0))}


async def _grouped(
    session: AsyncSession, table: type[Relation | Topic], ids: Collection[str]
) -> dict[str, list[Row[Any]]]:
    """The rows of these documents, by document, in the order of their ids."""
    grouped: dict[str, list[Row[Any]]] = {}
    chosen = select(*table.__table__.columns).where(table.document_id.in_(ids)).order_by(table.id)
    for row in await session.execute(chosen):
        grouped.setdefault(row.document_id, []).append(row)
    return grouped


def _stored(row: Row[Any], clauses: Sequence[Any], relations: Sequence[Row[Any]]) -> StoredDocument:
    copied: dict[str, Any] = {name: getattr(row, name) for name in _COPIED}
    lists: dict[str, Any] = {name: tuple(getattr(row, name)) for name in _LISTS}
    return StoredDocument(
        **copied,
        **lists,
        clauses=tuple(_clause(clause, row.id, row.text) for clause in clauses),
        relations=tuple(_relation(relation) for relation in relations),
    )


def _clause(row: Any, document_id: str, source: str) -> ClauseText:
    """A clause of its row. Labels are the same words in many documents: they are kept once."""
    _, number, ordinal, parent, path, label, depth, start, end, whole_end, kind, page, context = row
    return ClauseText(
        number,
        document_id,
        ordinal,
        parent,
        intern(path),
        intern(label),
        depth,
        start,
        end,
        whole_end,
        source,
        intern(kind),
        page,
        context,
    )


def _relation(row: Row[Any]) -> DocumentRelation:
    return DocumentRelation(
        id=row.id,
        kind=row.kind,
        target_id=row.target_id,
        target_number=row.target_number,
        target_title=row.target_title,
        effective_from=row.effective_from,
        until=row.until,
        years=row.years,
        changes=tuple(Change(**change) for change in row.changes),
        given=row.given,
    )


def _topic(row: Row[Any]) -> TopicText:
    return TopicText(
        id=row.id,
        document_id=row.document_id,
        name=row.name,
        stated=row.stated,
        paths=tuple(row.paths),
        questions=tuple(row.questions),
        origin=row.origin,
        review=row.review,
        answer=row.answer,
    )
