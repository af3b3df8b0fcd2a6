"""The library's revision: one number that grows with every change, and the job that brings the index in line."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs
from knowledge.models import Document, LibraryRevision

REINDEX_JOB = "knowledge.reindex"


async def current(session: AsyncSession) -> int:
    """The newest revision; 0 before the first change."""
    return await session.scalar(select(LibraryRevision.revision)) or 0


async def one_at_a_time(session: AsyncSession) -> None:
    """Wait until no other transaction, of any process, is changing the library; others wait for this one."""
    await session.execute(select(LibraryRevision.revision).with_for_update())


async def mark_changed(session: AsyncSession, *document_ids: str) -> int:
    """Mark the library as changed in this transaction, and queue the index job; the new revision.

    `document_ids` are all documents whose record, typical questions or relations changed: only those are read again by
    snapshots. One that is gone need not be named.
    """
    grown = update(LibraryRevision).values(revision=LibraryRevision.revision + 1).returning(LibraryRevision.revision)
    revision = (await session.execute(grown)).scalar_one()
    if document_ids:
        marked = update(Document).where(Document.id.in_(document_ids)).values(revision=revision)
        await session.execute(marked, execution_options={"synchronize_session": False})
    await jobs.enqueue(session, REINDEX_JOB, {}, key=REINDEX_JOB)
    return revision
