"""Tables of the announcements floor: announcements, their frozen audiences, registrations for events."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class AnnouncementRow(Base):
    """An announcement. Any edit makes `version` grow and voids the approval.

    `audience` is a rule of the rule language; an empty one selects nobody. `offer_number` links an event or another
    offer. `sent_text` is the text as it was frozen when sending began.
    """

    __tablename__ = "announcements"
    __table_args__ = (Index("ix_announcements_state", "state"),)
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(20))
    audience: Mapped[str | None] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(String(100))
    offer_number: Mapped[int | None] = mapped_column(ForeignKey("offers.number", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(String(12))  # draft, approved, scheduled, sending, done, stopped
    author: Mapped[str] = mapped_column(String(200))
    approved_by: Mapped[str | None] = mapped_column(String(200))
    approved_at: Mapped[datetime | None]
    send_at: Mapped[datetime | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    frozen_on: Mapped[date | None] = mapped_column(Date)
    sent_text: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RecipientRow(Base):
    """A firm of a frozen audience: one row a firm, one delivery a person.

    `delivery_key` names the outbox's delivery; it is empty when this firm was skipped from the start (`reason`).
    """

    __tablename__ = "announcement_recipients"
    __table_args__ = (
        UniqueConstraint("announcement_id", "firm_id"),
        Index("ix_announcement_recipients_delivery_key", "delivery_key"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    announcement_id: Mapped[str] = mapped_column(ForeignKey("announcements.id", ondelete="CASCADE"))
    firm_id: Mapped[str] = mapped_column(String(20), index=True)
    channel: Mapped[str | None] = mapped_column(String(20))
    address: Mapped[str | None] = mapped_column(String(200))
    delivery_key: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12))  # queued (see the delivery), skipped
    reason: Mapped[str | None] = mapped_column(String(60))


class RegistrationRow(Base):
    """A firm's registration for an event. At most one of a firm and event is open.

    `held_until`: the end of an offered place, which counts as taken. The waiting list is in the order of `queued_at`.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        Index("ix_registrations_offer_number_state", "offer_number", "state"),
        Index(
            "uq_registrations_open",
            "offer_number",
            "firm_id",
            unique=True,
            sqlite_where=text("state IN ('registered', 'waiting', 'offered')"),
            postgresql_where=text("state IN ('registered', 'waiting', 'offered')"),
        ),
    )
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    offer_number: Mapped[int] = mapped_column(ForeignKey("offers.number", ondelete="CASCADE"))
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(12))  # registered, waiting, offered, cancelled, lapsed
    queued_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
