"""Tables of the knowledge floor: documents, their clauses, what they say of each other, typical questions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class Document(Base):
    """A policy document. `text` is the stored original: citations count their offsets in it, so it never changes.

    `region` is a six-digit code, or a name outside the table. Dates are inclusive; no `valid_to` means until revoked.
    `pages` are the offsets at which its pages begin, `unread_pages` the pages without text, `missing` names
    of attachments that its text points to and that are not in the base, `warnings` what the ingestion had to say.
    `number_key` and `title_key` are number and title as they are compared (`knowledge.naming`). `revision` is the
    library's revision at which the document, its typical questions or its relations last changed; `version` counts the
    changes of its record.
    """

    __tablename__ = "documents"
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    number: Mapped[str | None] = mapped_column(String(100))
    issuer: Mapped[str | None] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(100))
    level: Mapped[str | None] = mapped_column(String(10))  # 国家级, 省级, 市级, 县级
    issued: Mapped[date | None] = mapped_column(Date)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str | None] = mapped_column(String(1000))
    draft: Mapped[bool] = mapped_column(default=False)
    format: Mapped[str] = mapped_column(String(12), default="text")
    file_name: Mapped[str | None] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(10), default="ready")  # ready, partial
    pages: Mapped[list[Any]]
    unread_pages: Mapped[list[Any]]
    tables: Mapped[int] = mapped_column(default=0)
    missing: Mapped[list[Any]]
    warnings: Mapped[list[Any]]
    superseded_by: Mapped[str | None] = mapped_column(ForeignKey("documents.id", ondelete="SET NULL"))
    superseded_from: Mapped[date | None] = mapped_column(Date)
    number_key: Mapped[str] = mapped_column(String(100), default="", index=True)
    title_key: Mapped[str] = mapped_column(String(300), default="", index=True)
    revision: Mapped[int] = mapped_column(default=0, index=True)
    version: Mapped[int] = mapped_column(default=1)
    text: Mapped[str] = mapped_column(Text)
    content_hash: Mapped[str] = mapped_column(String(64), index=True)
    coverage: Mapped[float] = mapped_column(Float)
    built_in: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime]


class Relation(Base):
    """What a document says about another one: that it replaces it, changes single clauses of it, or prolongs it.

    The other one is named by id, number or title and looked for with every document that comes in; `target_id` is empty
    until it is there. `given`: named by staff, not read in the text. `until` is the new last day of a prolonged one,
    `years` how many it goes on beyond its own last day. `changes` are the changed places of an amendment: see
    `knowledge.snapshot.Change`.
    """

    __tablename__ = "document_relations"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(12))  # supersedes, amends, prolongs
    target_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id", ondelete="SET NULL"), index=True)
    target_number: Mapped[str | None] = mapped_column(String(100))
    target_title: Mapped[str | None] = mapped_column(String(300))
    number_key: Mapped[str] = mapped_column(String(100), default="", index=True)
    title_key: Mapped[str] = mapped_column(String(300), default="", index=True)
    given: Mapped[bool] = mapped_column(default=False)
    effective_from: Mapped[date | None] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    years: Mapped[int | None]
    changes: Mapped[list[Any]]


class Sketch(Base):
    """One band of a document's min-hashes (`knowledge.sameness`): documents that share one may be nearly the same."""

    __tablename__ = "document_sketches"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    band: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(BigInteger, index=True)


class ClauseRow(Base):
    """A clause of a document; see `knowledge.clauses.Clause`. Ids are never used again after a removal."""

    __tablename__ = "clauses"
    __table_args__ = (
        UniqueConstraint("document_id", "ordinal"),
        Index("ix_clauses_document_id_path", "document_id", "path"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    parent: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(12))
    path: Mapped[str] = mapped_column(String(200))
    label: Mapped[str] = mapped_column(String(200))
    depth: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    whole_end: Mapped[int]
    page: Mapped[int | None]
    context: Mapped[str] = mapped_column(Text, default="")


class Topic(Base):
    """Typical questions: of a clause that answers them, or of a topic on which the document is silent.

    `stated` False: the document does not say it, and `paths` are the clauses nearest to it. `origin` says who wrote it:
    the built-in base, staff, or the desk's approved answer to an open question, whose words are in `answer`.
    `review` is set when another document replaces the one it cites: somebody has to look where it belongs now. Until
    the day of the replacement it stays in use, and for questions as of an earlier day after it.
    """

    __tablename__ = "topics"
    __table_args__ = (UniqueConstraint("document_id", "name"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    stated: Mapped[bool] = mapped_column(default=True)
    paths: Mapped[list[Any]]
    questions: Mapped[list[Any]]
    origin: Mapped[str] = mapped_column(String(10), default="built_in")  # built_in, staff, desk
    review: Mapped[bool] = mapped_column(default=False)
    answer: Mapped[str] = mapped_column(Text, default="")


class LibraryRevision(Base):
    """One row: a number that grows with every change of documents or typical questions."""

    __tablename__ = "library_revision"
    id: Mapped[int] = mapped_column(primary_key=True)
    revision: Mapped[int]
