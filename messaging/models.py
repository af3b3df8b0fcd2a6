"""Tables about addresses: those that will not take anything, and those that do not want announcements."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class BlockedAddressRow(Base):
    """An address that the service refused for good (blocked, deactivated, not found), until its owner comes back."""

    __tablename__ = "blocked_addresses"
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    address: Mapped[str] = mapped_column(String(200), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class OptOutRow(Base):
    """An address that does not want announcements of a category (`*`: of any); gone when it wants them again."""

    __tablename__ = "opt_outs"
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    address: Mapped[str] = mapped_column(String(200), primary_key=True)
    category: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime]
