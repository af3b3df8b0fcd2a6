"""Tables of the matching floor: offers, their contacts, introductions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class OfferRow(Base):
    """An offer of any kind; an event is one, too. `version` grows with every change of what it says.

    `number` is the search index's id. `regions` are codes, or names of regions in no table. `capacity` empty:
    unlimited; `taken` counts places given away. `valid_until` is inclusive, empty: for good. `starts_at`, `ends_at` and
    `closes_at` (the first instant at which registration is over) are an event's; `details` holds the kind's own columns
    by key, money in 万元 as decimal text.
    """

    __tablename__ = "offers"
    __table_args__ = (UniqueConstraint("id"), Index("ix_offers_kind_state", "kind", "state"))
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    provider: Mapped[str] = mapped_column(String(200))
    folded_provider: Mapped[str] = mapped_column(String(200), index=True)
    provider_credit_code: Mapped[str | None] = mapped_column(String(18))
    regions: Mapped[list[Any]]
    rule: Mapped[str | None] = mapped_column(Text)
    content: Mapped[str | None] = mapped_column(Text)
    chain: Mapped[list[Any]]
    details: Mapped[dict[str, Any]]
    published_on: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    capacity: Mapped[int | None]
    taken: Mapped[int] = mapped_column(default=0)
    waitlist: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(12), default="active")  # active, withdrawn
    source: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OfferContactRow(Base):
    """Who answers for an offer: apart from the offer, so that nothing public can hold it."""

    __tablename__ = "offer_contacts"
    offer_number: Mapped[int] = mapped_column(ForeignKey("offers.number", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100))
    phone: Mapped[str | None] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(200))
    telegram: Mapped[str | None] = mapped_column(String(40))


class IntroductionRow(Base):
    """An introduction of a firm and an offer's provider. At most one of a pair is open (asked or accepted).

    `offer_version` is the offer's when it was asked: a declined pair rests until then changes. `expires_on` is the last
    day on which it can be accepted.
    """

    __tablename__ = "introductions"
    __table_args__ = (
        Index("ix_introductions_firm_id_offer_number", "firm_id", "offer_number"),
        Index("ix_introductions_offer_number", "offer_number"),
        Index(
            "uq_introductions_open",
            "firm_id",
            "offer_number",
            unique=True,
            sqlite_where=text("state IN ('asked', 'accepted')"),
            postgresql_where=text("state IN ('asked', 'accepted')"),
        ),
    )
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id", ondelete="CASCADE"))
    offer_number: Mapped[int] = mapped_column(ForeignKey("offers.number", ondelete="CASCADE"))
    offer_version: Mapped[int]
    asked_by: Mapped[str] = mapped_column(String(10))  # firm, provider
    state: Mapped[str] = mapped_column(String(12))  # asked, accepted, declined, withdrawn, expired
    reason: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime]
    asked_on: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date] = mapped_column(Date)
    decided_at: Mapped[datetime | None]
    decided_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int]
