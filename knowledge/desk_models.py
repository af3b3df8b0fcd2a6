"""Tables of what the desk and the askers teach the base: open questions and their groups, votes, changed entries."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class QuestionGroup(Base):
    """Questions that ask the same thing, answered together. `state` is open, answered, dismissed or reopened (somebody
    asked again after the answer, or staff took it up again).

    `newest_id` is the newest question in it. `answer` are the desk's words, `author` who wrote them last, `quote` the
    cited clause as it stood then. `questions` are the wordings that become typical ones; empty: those of the group.
    With `approved_by` the answer is an entry of the typical questions. `version` grows with every change by staff.
    """

    __tablename__ = "question_groups"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    state: Mapped[str] = mapped_column(String(12), default="open")
    dismissed_as: Mapped[str | None] = mapped_column(String(20))
    newest_id: Mapped[int] = mapped_column(default=0, index=True)
    version: Mapped[int] = mapped_column(default=1)
    answer: Mapped[str] = mapped_column(Text, default="")
    questions: Mapped[list[Any]]
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id", ondelete="SET NULL"))
    path: Mapped[str | None] = mapped_column(String(200))
    quote: Mapped[str] = mapped_column(Text, default="")
    author: Mapped[str | None] = mapped_column(String(200))
    approved_by: Mapped[str | None] = mapped_column(String(200))
    settled_at: Mapped[datetime | None] = mapped_column(index=True)


class OpenQuestion(Base):
    """A question that was declined or got a thumb down, kept for the desk. `address` is where the asker can be
    answered, `answered_at` when an answer for him was given to the outbox.

    `key` is a hash of the question's words (`knowledge.grouping`), `vector` its meaning by the model named beside it:
    half-precision floats, little-endian; None without a model, and where the group has this wording already.
    """

    __tablename__ = "open_questions"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("question_groups.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(64), index=True)
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)
    model: Mapped[str | None] = mapped_column(String(120))
    why: Mapped[str | None] = mapped_column(String(30))
    region: Mapped[str] = mapped_column(String(100))
    channel: Mapped[str | None] = mapped_column(String(20))
    address: Mapped[str | None] = mapped_column(String(200))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class AnswerVote(Base):
    """What somebody thinks of an answer: up or down. `ref` names the answered message within its conversation.

    `cited` are the clauses the answer stood on: `{"document_id", "clause", "start", "end"}`; `as_of` the day it was
    given for, `status` what it was. `question_id` is the open question that a thumb down made. The address is emptied
    with that of the open questions.
    """

    __tablename__ = "answer_votes"
    __table_args__ = (
        UniqueConstraint("channel", "address", "ref"),
        Index("ix_answer_votes_vote_voted_at", "vote", "voted_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str | None] = mapped_column(String(200))
    ref: Mapped[str] = mapped_column(String(32))
    vote: Mapped[str] = mapped_column(String(4))
    reason: Mapped[str | None] = mapped_column(String(20))
    question: Mapped[str] = mapped_column(Text)
    region: Mapped[str] = mapped_column(String(100))
    status: Mapped[str] = mapped_column(String(10))
    as_of: Mapped[date] = mapped_column(Date)
    cited: Mapped[list[Any]]
    question_id: Mapped[int | None] = mapped_column(ForeignKey("open_questions.id", ondelete="SET NULL"))
    voted_at: Mapped[datetime]


class FaqOverride(Base):
    """A built-in entry of the typical questions that staff edited, moved or deleted: set-up leaves it as it is."""

    __tablename__ = "faq_overrides"
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    actor: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
