"""The library: documents go in, are read into clauses, listed, shown, corrected and removed.

A change is one transaction that also queues the index job, so that the index can never stay behind for good. What
takes long (clauses, comparison) is worked out before it. `editing` and `relations` hold what follows from a change.
"""

from __future__ import annotations

import asyncio
import builtins
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from core.database import Database
from core.errors import BadInput, NotFound
from firms import audit
from knowledge import editing, faq, relations, sameness, wording
from knowledge.loading import Snapshots, read_document
from knowledge.models import ClauseRow, Document, Sketch
from knowledge.naming import title_key
from knowledge.preparing import MIN_COVERAGE, CoverageTooLow, Prepared, prepare
from knowledge.reading import Reading, Warned
from knowledge.record import LEVELS, Ingestion, Metadata
from knowledge.revision import REINDEX_JOB, mark_changed, one_at_a_time
from knowledge.snapshot import Amendment, Change, ClauseText, DocumentRelation, Snapshot, StoredDocument, TopicText

__all__ = [
    "LEVELS", "MIN_COVERAGE", "REINDEX_JOB", "Amendment", "Change", "ClauseText", "CoverageTooLow",
    "DocumentRelation", "Ingestion", "Library", "Metadata", "Missing", "Snapshot", "StoredDocument", "TopicText",
]  # fmt: skip

_COMPARED = 20  # documents that a new one is compared with as a whole
_SHOWN = ("title", "number", "issuer", "region", "level", "issued", "valid_from", "valid_to", "draft")


@dataclass(frozen=True)
class Missing:
    """An attachment by the name that a document gives it."""

    document: StoredDocument
    name: str


class Library:
    """Keeps the documents. `home_region` is the code a document gets that names no place."""

    def __init__(self, database: Database, *, home_region: str) -> None:
        self._database = database
        self._home = home_region
        self._snapshots = Snapshots(database)

    async def add(
        self,
        reading: Reading | str,
        metadata: Metadata,
        *,
        document_id: str | None = None,
        built_in: bool = False,
        actor: str | None = None,
    ) -> Ingestion:
        """Take a document in; `actor` is who did it, for the audit log.

        Raises BadInput, and NotFound for a related document that is none. The same content again, under whatever name
        or wrapper, changes nothing and is reported as duplicate.
        """
        reading = Reading.plain(reading) if isinstance(reading, str) else reading
        prepared = await asyncio.to_thread(prepare, reading, metadata, self._home)
        near = await self._nearly_same(prepared)
        async with self._database.transaction() as session:
            await one_at_a_time(session)
            known = await session.scalar(select(Document.id).where(Document.content_hash == prepared.digest))
            if known is not None:
                return _report(known, prepared, (), duplicate_of=known)
            row = _row(document_id or f"doc-{secrets.token_hex(6)}", prepared, near, built_in)
            await _store(session, row, prepared)
            settled = await relations.settle(session, numbers=[row.number_key], titles=[row.title_key], of=[row.id])
            cycles = await editing.note_cycles(session, row, settled.cycles)
            await _note(session, actor, "document.added", row.id, {"clauses": len(prepared.clauses)})
            await mark_changed(session, row.id, *settled.documents)
            stored = await read_document(session, row.id)
        said = (*near, *cycles, *relations.waiting(stored.relations if stored else ()))
        return _report(row.id, prepared, said)

    async def _nearly_same(self, prepared: Prepared) -> tuple[Warned, ...]:
        """A warning for each document that shares nearly all its text with this one."""
        shared = (
            select(Sketch.document_id)
            .where(Sketch.value.in_(prepared.bands))
            .group_by(Sketch.document_id)
            .order_by(func.count().desc(), Sketch.document_id)
            .limit(_COMPARED)
        )
        async with self._database.reading() as session:
            ids = (await session.scalars(shared)).all()
            chosen = select(Document.id, Document.title, Document.text).where(Document.id.in_(ids))
            found = (await session.execute(chosen.order_by(Document.id))).all() if ids else ()
        return await asyncio.to_thread(
            lambda: tuple(
                Warned("near_duplicate", wording.NEAR_DUPLICATE.format(title=other.title, document=other.id))
                for other in found
                if sameness.similarity(prepared.compared, sameness.content(other.text)) >= sameness.NEARLY
            )
        )

    async def update(
        self, document_id: str, changes: Mapping[str, Any], *, version: int, actor: str | None = None
    ) -> StoredDocument:
        """Correct a document's record; `changes` are fields of `editing.EDITABLE`, `version` the one that was seen.

        Raises NotFound, Conflict when somebody else changed it meanwhile, BadInput for values that cannot be.
        """
        async with self._database.transaction() as session:
            await one_at_a_time(session)
            touched = await editing.edit(session, document_id, changes, version)
            await _note(session, actor, "document.changed", document_id, {"fields": sorted(changes)})
            await mark_changed(session, document_id, *touched)
        return await self.get(document_id)

    async def remove(self, document_id: str, *, actor: str | None = None) -> None:
        """Take a document out, with its clauses, relations and typical questions. Raises NotFound."""
        async with self._database.transaction() as session:
            await one_at_a_time(session)
            touched = await editing.take_out(session, document_id)
            await _note(session, actor, "document.removed", document_id, {})
            await mark_changed(session, *touched)

    async def list(self) -> builtins.list[StoredDocument]:
        """All documents, newest first, those without a day of issue last."""
        return order((await self._snapshots.newest()).documents.values())

    async def get(self, document_id: str) -> StoredDocument:
        """A document with its clauses. Raises NotFound."""
        async with self._database.reading() as session:
            found = await read_document(session, document_id)
        if found is None:
            raise NotFound(wording.NO_SUCH_DOCUMENT)
        return found

    async def holds(self, document_id: str) -> bool:
        """Whether there is a document of this id."""
        async with self._database.reading() as session:
            return await session.scalar(select(Document.id).where(Document.id == document_id)) is not None

    async def missing(self) -> builtins.list[Missing]:
        """The attachments that documents point to and that no other document of the base is."""
        documents = (await self._snapshots.newest()).documents.values()
        keys = {title_key(document.title): document.id for document in documents if not document.elsewhere}
        return [
            Missing(document, name)
            for document in order(documents)
            for name in document.missing
            if keys.get(title_key(name), document.id) == document.id
        ]

    async def snapshot(self) -> Snapshot:
        """All documents, clauses and typical questions at the newest revision; what did not change is not read again,
        and is the same object as in earlier snapshots."""
        return await self._snapshots.newest()

    async def set_topics(self, document_id: str, topics: Sequence[TopicText]) -> None:
        """Bring in a document's built-in typical questions; those of staff and desk stay. Raises BadInput for a clause
        path the document does not have."""
        document = await self.get(document_id)
        if unknown := sorted({path for topic in topics for path in topic.paths} - set(document.by_path)):
            raise BadInput(wording.UNKNOWN_PATHS.format(paths="、".join(unknown)))
        async with self._database.transaction() as session:
            await one_at_a_time(session)
            if await faq.bring_in(session, document_id, topics):
                await mark_changed(session, document_id)

    async def complete(self) -> None:
        """Work out what documents lack that an older version stored: keys, content hash, bands."""
        async with self._database.reading() as session:
            ids = (await session.scalars(select(Document.id).where(Document.title_key == ""))).all()
        for document_id in ids:
            async with self._database.transaction() as session:
                await one_at_a_time(session)
                touched = await editing.complete(session, document_id)
                await mark_changed(session, document_id, *touched)


def order(documents: Iterable[StoredDocument]) -> builtins.list[StoredDocument]:
    """Documents as they are listed: newest first, those without a day of issue last."""
    return sorted(documents, key=lambda item: (-(item.issued or date.min).toordinal(), item.id))


async def _note(
    session: AsyncSession, actor: str | None, action: str, document_id: str, details: Mapping[str, Any]
) -> None:
    if actor is not None:
        await audit.record(
            session, actor=actor, action=action, subject_kind="document", subject=document_id, details=details
        )


def _row(document_id: str, prepared: Prepared, near: Sequence[Warned], built_in: bool) -> Document:
    record, reading = prepared.description, prepared.reading
    return Document(
        id=document_id,
        **{name: getattr(record, name) for name in _SHOWN},
        source=prepared.given.source,
        file_name=prepared.given.file_name and prepared.given.file_name[:300],
        number_key=prepared.number_key,
        title_key=prepared.title_key,
        format=reading.format,
        status=prepared.status,
        pages=builtins.list(reading.pages),
        unread_pages=builtins.list(reading.unread_pages),
        tables=len(reading.tables),
        missing=builtins.list(record.missing),
        warnings=[asdict(warned) for warned in (*prepared.warnings, *near)],
        text=reading.text,
        content_hash=prepared.digest,
        coverage=prepared.coverage,
        built_in=built_in,
        added_at=machine_now(),
    )


async def _store(session: AsyncSession, row: Document, prepared: Prepared) -> None:
    """Write a document with its clauses, bands and relations."""
    session.add(row)
    await session.flush()
    reading = prepared.reading
    session.add_all(
        ClauseRow(
            document_id=row.id,
            ordinal=span.ordinal,
            parent=span.parent,
            kind=span.kind,
            path=span.path[:200],
            label=span.label[:200],
            depth=span.depth,
            start=span.start,
            end=span.end,
            whole_end=span.whole_end,
            page=reading.page_at(span.start),
            context=span.context,
        )
        for span in prepared.clauses
    )
    session.add_all(Sketch(document_id=row.id, band=band, value=value) for band, value in enumerate(prepared.bands))
    await relations.write(session, row, prepared.description.relations, prepared.given)


def _report(
    document_id: str, prepared: Prepared, said: Sequence[Warned], *, duplicate_of: str | None = None
) -> Ingestion:
    record = prepared.description
    warned = () if duplicate_of else (*prepared.warnings, *said)
    return Ingestion(
        document_id=document_id,
        title=record.title,
        status=prepared.status,
        coverage=prepared.coverage,
        clauses=len(prepared.clauses),
        tables=len(prepared.reading.tables),
        pages_without_text=prepared.reading.unread_pages,
        warnings=tuple(asdict(item) for item in warned),
        duplicate_of=duplicate_of,
        missing=record.missing,
        read={name: getattr(record, name) for name in _SHOWN},
    )
