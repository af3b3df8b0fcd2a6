"""The library: documents go in, are read into clauses, listed, shown and removed.

A change is one transaction that also queues the index job, so that the index can never stay behind for good.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import jobs, regions
from core.clock import machine_now
from core.database import Database
from core.errors import BadInput, NotFound
from core.text import clean, squeeze
from knowledge import clauses, wording
from knowledge.models import ClauseRow, Document, LibraryRevision, Topic
from knowledge.reading import Reading

REINDEX_JOB = "knowledge.reindex"
MIN_COVERAGE = 0.98
LEVELS = ("国家级", "省级", "市级", "县级")

_DATE_LINE = re.compile(r"^\s*(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日\s*$", re.M)
_TITLE = re.compile(r"《([^》\n]{4,120})》")
_NUMBER = re.compile(r"^\s*(\S{1,30}[〔【\[（(]\d{4}[〕】\])）]\s*第?\d{1,5}号)\s*$", re.M)


class CoverageTooLow(BadInput):
    """Less than 98% of the document's text could be put into clauses."""

    code = "coverage_too_low"
    default = "文件内容未能完整读取，没有入库。"


@dataclass(frozen=True)
class Metadata:
    """What is known of a document besides its text; None means: take it from the text, or leave it open."""

    title: str | None = None
    number: str | None = None
    issuer: str | None = None
    region: str | None = None
    level: str | None = None
    issued: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    source: str | None = None
    supersedes: str | None = None
    draft: bool = False


@dataclass(frozen=True)
class Ingestion:
    """The report of one ingestion (contract: `qiban knowledge add`)."""

    document_id: str | None
    title: str
    status: str
    coverage: float
    clauses: int
    tables: int = 0
    pages_without_text: tuple[int, ...] = ()
    warnings: tuple[dict[str, str], ...] = ()
    duplicate_of: str | None = None


@dataclass(frozen=True)
class ClauseText:
    """A clause with its words: `text` is the literal own text, `whole` with its sub-clauses."""

    id: int
    document_id: str
    ordinal: int
    parent: int | None
    path: str
    label: str
    depth: int
    start: int
    end: int
    whole_end: int
    text: str
    whole: str
    kind: str = "front"
    page: int | None = None
    context: str = ""


@dataclass(frozen=True)
class StoredDocument:
    """A document with its stored original and its clauses, in order."""

    id: str
    title: str
    number: str | None
    issuer: str | None
    region: str
    level: str | None
    issued: date | None
    valid_from: date | None
    valid_to: date | None
    source: str | None
    draft: bool
    superseded_by: str | None
    superseded_from: date | None
    text: str
    coverage: float
    clauses: tuple[ClauseText, ...] = field(repr=False, default=())

    def in_force(self, as_of: date) -> bool:
        """Whether it applies on a date: issued, begun, not over, not replaced, not a draft."""
        begun = self.valid_from is None or self.valid_from <= as_of
        return begun and not self.draft and not self.expired(as_of) and not self.superseded(as_of)

    def expired(self, as_of: date) -> bool:
        return self.valid_to is not None and self.valid_to < as_of

    def superseded(self, as_of: date) -> bool:
        return self.superseded_by is not None and (self.superseded_from is None or self.superseded_from <= as_of)


@dataclass(frozen=True)
class TopicText:
    """Typical questions of clauses (`stated`), or of a topic the document is silent on. `id` 0: not stored yet.

    `answer` is what the desk said to such a question, empty where nobody did; `origin` and `review`: see `Topic`.
    """

    id: int
    document_id: str
    name: str
    stated: bool
    paths: tuple[str, ...]
    questions: tuple[str, ...]
    origin: str = "built_in"
    review: bool = False
    answer: str = ""


class Snapshot:
    """The whole library at one revision, in memory. Filters by date and region; nothing here changes."""

    def __init__(self, revision: int, documents: Sequence[StoredDocument], topics: Sequence[TopicText]) -> None:
        self.revision = revision
        self.documents = {document.id: document for document in documents}
        self.topics = {topic.id: topic for topic in topics}
        self.clauses = {clause.id: clause for document in documents for clause in document.clauses}
        self.by_path: dict[tuple[str, str], ClauseText] = {}
        self.questions: dict[int, list[str]] = {}
        for clause in self.clauses.values():
            self.by_path.setdefault((clause.document_id, clause.path), clause)
        for topic in topics:
            if topic.stated:
                for path in topic.paths:
                    self.questions.setdefault(self.by_path[topic.document_id, path].id, []).extend(topic.questions)

    @cached_property
    def children(self) -> dict[tuple[str, int], list[ClauseText]]:
        """The direct sub-clauses of (document, ordinal), in order."""
        below: dict[tuple[str, int], list[ClauseText]] = {}
        for clause in self.clauses.values():
            if clause.parent is not None:
                below.setdefault((clause.document_id, clause.parent), []).append(clause)
        return below

    def below(self, clause: ClauseText) -> list[ClauseText]:
        """The direct sub-clauses of a clause, in order."""
        return self.children.get((clause.document_id, clause.ordinal), [])

    def above(self, clause: ClauseText) -> ClauseText | None:
        """The clause that this one is a part of."""
        if clause.parent is None:
            return None
        return self.documents[clause.document_id].clauses[clause.parent]

    def applicable(self, as_of: date, region: str) -> dict[str, StoredDocument]:
        """Documents that may be used for a firm of `region` on a date: no draft, none superseded, not yet begun or of
        another region. One that expired without a successor stays in."""
        return {
            document.id: document
            for document in self.documents.values()
            if not document.draft
            and (document.valid_from is None or document.valid_from <= as_of)
            and not document.superseded(as_of)
            and regions.covers(document.region, region)
        }


class Library:
    """Keeps the documents. `home_region` is the code a document gets whose region is not said."""

    def __init__(self, database: Database, *, home_region: str) -> None:
        self._database = database
        self._home = home_region
        self._snapshot: Snapshot | None = None

    async def add(
        self, reading: Reading | str, metadata: Metadata, *, document_id: str | None = None, built_in: bool = False
    ) -> Ingestion:
        """Take a document in. Raises BadInput; the same content again changes nothing and is reported as duplicate."""
        reading = Reading.plain(reading) if isinstance(reading, str) else reading
        text = reading.text
        spans = clauses.parse(text, reading.tables)
        coverage = clauses.coverage(text, spans)
        if coverage < MIN_COVERAGE:
            raise CoverageTooLow()
        title = metadata.title or _title(text)
        digest = hashlib.sha256(squeeze(text).encode("utf-8", "surrogatepass")).hexdigest()
        async with self._database.transaction() as session:
            known = await session.scalar(select(Document.id).where(Document.content_hash == digest))
            if known is not None:
                return Ingestion(known, title, "ready", coverage, len(spans), duplicate_of=known)
            row = _document(document_id or f"doc-{secrets.token_hex(6)}", text, title, metadata, self._home, built_in)
            row.content_hash, row.coverage = digest, coverage
            session.add(row)
            await session.flush()
            session.add_all(_clause_rows(row.id, spans))
            if metadata.supersedes:
                await _supersede(session, metadata.supersedes, row)
            await _changed(session)
            return Ingestion(row.id, title, "ready", coverage, len(spans), warnings=_warnings(row))

    async def remove(self, document_id: str) -> None:
        """Take a document out, with its clauses and typical questions. Raises NotFound."""
        async with self._database.transaction() as session:
            gone = await session.scalar(delete(Document).where(Document.id == document_id).returning(Document.id))
            if gone is None:
                raise NotFound(wording.NO_SUCH_DOCUMENT)
            await session.execute(delete(ClauseRow).where(ClauseRow.document_id == document_id))
            await session.execute(delete(Topic).where(Topic.document_id == document_id))
            await _changed(session)

    async def list(self) -> list[StoredDocument]:
        """All documents without their clauses, newest first."""
        async with self._database.reading() as session:
            rows = await session.scalars(select(Document).order_by(Document.issued.desc(), Document.id))
            return [_stored(row, ()) for row in rows]

    async def get(self, document_id: str) -> StoredDocument:
        """A document with its clauses. Raises NotFound."""
        async with self._database.reading() as session:
            row = await session.get(Document, document_id)
            if row is None:
                raise NotFound(wording.NO_SUCH_DOCUMENT)
            found = await session.scalars(
                select(ClauseRow).where(ClauseRow.document_id == document_id).order_by(ClauseRow.ordinal)
            )
            return _stored(row, found.all())

    async def snapshot(self) -> Snapshot:
        """All documents, clauses and typical questions at the newest revision; read again only when that grew."""
        async with self._database.reading() as session:
            revision = await session.scalar(select(LibraryRevision.revision)) or 0
            if self._snapshot is None or self._snapshot.revision != revision:
                self._snapshot = await _read_snapshot(session, revision)
            return self._snapshot

    async def set_topics(self, document_id: str, topics: Sequence[TopicText]) -> None:
        """Replace a document's typical questions. Raises BadInput for a clause path the document does not have."""
        document = await self.get(document_id)
        known = {clause.path for clause in document.clauses}
        if unknown := sorted({path for topic in topics for path in topic.paths} - known):
            raise BadInput(wording.UNKNOWN_PATHS.format(paths="、".join(unknown)))
        async with self._database.transaction() as session:
            found = await session.scalars(select(Topic).where(Topic.document_id == document_id))
            old = {topic.name: topic for topic in found}
            changed = _merge_topics(session, document_id, old, topics)
            for gone in old.values():
                await session.delete(gone)
            if changed or old:
                await _changed(session)


def _merge_topics(session: AsyncSession, document_id: str, old: dict[str, Topic], topics: Sequence[TopicText]) -> bool:
    """Bring the rows in line with `topics`, keeping the ids of those that stay; whether anything changed."""
    changed = False
    for topic in topics:
        row = old.pop(topic.name, None)
        paths, questions = list(topic.paths), list(topic.questions)
        if row is None:
            session.add(
                Topic(document_id=document_id, name=topic.name, stated=topic.stated, paths=paths, questions=questions)
            )
            changed = True
        elif (row.stated, row.paths, row.questions) != (topic.stated, paths, questions):
            row.stated, row.paths, row.questions = topic.stated, paths, questions
            changed = True
    return changed


async def _changed(session: AsyncSession) -> None:
    """Mark the library as changed in this transaction, and queue the index job."""
    grown = update(LibraryRevision).values(revision=LibraryRevision.revision + 1).returning(LibraryRevision.revision)
    if await session.scalar(grown) is None:
        session.add(LibraryRevision(id=1, revision=1))
    await jobs.enqueue(session, REINDEX_JOB, {}, key=REINDEX_JOB)


async def _read_snapshot(session: AsyncSession, revision: int) -> Snapshot:
    documents = (await session.scalars(select(Document))).all()
    own: dict[str, list[ClauseRow]] = {row.id: [] for row in documents}
    for clause in await session.scalars(select(ClauseRow).order_by(ClauseRow.document_id, ClauseRow.ordinal)):
        own[clause.document_id].append(clause)
    topics = [
        TopicText(
            row.id,
            row.document_id,
            row.name,
            row.stated,
            tuple(row.paths),
            tuple(row.questions),
            row.origin,
            row.review,
            row.answer,
        )
        for row in await session.scalars(select(Topic).order_by(Topic.id))
    ]
    return Snapshot(revision, tuple(_stored(row, own[row.id]) for row in documents), tuple(topics))


def _document(document_id: str, text: str, title: str, metadata: Metadata, home: str, built_in: bool) -> Document:
    if metadata.level is not None and metadata.level not in LEVELS:
        raise BadInput(wording.UNKNOWN_LEVEL.format(levels="、".join(LEVELS)))
    if metadata.valid_from and metadata.valid_to and metadata.valid_from > metadata.valid_to:
        raise BadInput(wording.DATES_CROSSED)
    issued = metadata.issued or _issued(text)
    number = _NUMBER.search(text)
    return Document(
        id=document_id,
        title=clean(title),
        number=metadata.number or (number[1] if number else None),
        issuer=metadata.issuer,
        region=regions.find(metadata.region).code if metadata.region else home,
        level=metadata.level,
        issued=issued,
        valid_from=metadata.valid_from or issued,
        valid_to=metadata.valid_to,
        source=metadata.source,
        draft=metadata.draft,
        text=text,
        pages=[],
        unread_pages=[],
        missing=[],
        warnings=[],
        built_in=built_in,
        added_at=machine_now(),
    )


def _title(text: str) -> str:
    """The title a text gives itself: the first 《…》 of a forwarding notice, else its first line."""
    head = text[:600]
    first = next((line.strip() for line in head.splitlines() if line.strip()), "")
    if len(first) <= 60 and not first.endswith(("：", ":", "。")):
        return first
    quoted = _TITLE.search(head)
    return quoted[1] if quoted else first[:60]


def _issued(text: str) -> date | None:
    """The date that stands alone on a line, the first such (the signature of the notice)."""
    for match in _DATE_LINE.finditer(text):
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            continue
    return None


def _warnings(row: Document) -> tuple[dict[str, str], ...]:
    missing = [code for code, value in (("issuer", row.issuer), ("issued", row.issued)) if value is None]
    return tuple({"code": f"{code}_unknown", "message": wording.METADATA_UNKNOWN[code]} for code in missing)


async def _supersede(session: AsyncSession, old_id: str, new: Document) -> None:
    old = await session.get(Document, old_id)
    if old is None:
        raise NotFound(wording.NO_SUCH_DOCUMENT)
    old.superseded_by, old.superseded_from = new.id, new.valid_from


def _clause_rows(document_id: str, spans: Sequence[clauses.Clause]) -> list[ClauseRow]:
    return [
        ClauseRow(
            document_id=document_id,
            ordinal=span.ordinal,
            parent=span.parent,
            kind=span.kind,
            path=span.path[:200],
            label=span.label[:200],
            depth=span.depth,
            start=span.start,
            end=span.end,
            whole_end=span.whole_end,
            context=span.context,
        )
        for span in spans
    ]


def _stored(row: Document, own: Sequence[ClauseRow]) -> StoredDocument:
    same: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            "id", "title", "number", "issuer", "region", "level", "issued", "valid_from", "valid_to", "source",
            "draft", "superseded_by", "superseded_from", "text", "coverage",
        )
    }  # fmt: skip
    return StoredDocument(**same, clauses=tuple(clause_text(clause, row.text) for clause in own))


def clause_text(row: ClauseRow, text: str) -> ClauseText:
    """A clause's row with its words cut out of the document's text."""
    return ClauseText(
        id=row.id,
        document_id=row.document_id,
        ordinal=row.ordinal,
        parent=row.parent,
        path=row.path,
        label=row.label,
        depth=row.depth,
        start=row.start,
        end=row.end,
        whole_end=row.whole_end,
        text=text[row.start : row.end],
        whole=text[row.start : row.whole_end],
        kind=row.kind,
        page=row.page,
        context=row.context,
    )
