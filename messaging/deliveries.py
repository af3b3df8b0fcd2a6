"""The outbox's table: one row is one message to one address, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base

STATES = ("queued", "sending", "sent", "failed", "uncertain", "skipped")
OPEN = ("queued", "sending")
MARK = "uncertain: "
"""How the reason of a delivery begins that may have gone out already (see `messaging.steps`)."""

HELD = "held"
"""The reason of a delivery that waits because its guard said so."""


class Delivery(Base):
    """One message to one address. `key` makes it unique: the same thing is said once."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_deliveries_state_due_at", "state", "due_at"),
        Index("ix_deliveries_channel_address_id", "channel", "address", "id"),
        Index("ix_deliveries_topic_state", "topic", "state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(200))
    message: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), default="queued")
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str | None] = mapped_column(String(64))
    lease_ends_at: Mapped[datetime | None]
    message_id: Mapped[str | None] = mapped_column(String(100))
    reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    lane: Mapped[str] = mapped_column(String(8), default="reply")  # reply, notice, bulk
    topic: Mapped[str | None] = mapped_column(String(100))
    guard: Mapped[str | None] = mapped_column(String(40))
    guard_args: Mapped[dict[str, Any] | None]
    not_after: Mapped[datetime | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[datetime | None]


def may_be_out(delivery: Delivery) -> bool:
    """Whether an earlier attempt may have reached the address."""
    return (delivery.reason or "").startswith(MARK)
