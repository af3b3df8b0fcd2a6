"""Tables of the conversation floor: conversations with their state, and what came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class Conversation(Base):
    """One person's dialogue on one channel.

    `version` grows with every handled message; a writer must name the one it read.
    """

    __tablename__ = "conversations"
    __table_args__ = (UniqueConstraint("channel", "address"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(200))
    state: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Inbound(Base):
    """A message as it came in, kept before anything is done about it; unique by the channel's own id.

    `replies` are the replies' JSON values once `state` is done, `outcome` what the message brought about: the same
    message again gets the same ones.
    """

    __tablename__ = "inbound"
    __table_args__ = (
        UniqueConstraint("channel", "address", "external_id"),
        Index("ix_inbound_state_id", "state", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(200))
    external_id: Mapped[str] = mapped_column(String(100))
    message: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default="pending")  # pending, done
    replies: Mapped[list[Any]]
    outcome: Mapped[dict[str, Any] | None]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
