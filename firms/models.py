"""Tables of the firms floor: firms, statements about them, who speaks for them, consents, staff, keys, audit log."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class FirmRow(Base):
    """A firm. `version` grows with every change of the firm or of a fact about it.

    `region` is a code.
    """

    __tablename__ = "firms"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    folded_name: Mapped[str] = mapped_column(String(200), index=True)
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    region: Mapped[str] = mapped_column(String(100))
    profile: Mapped[dict[str, Any]]
    source: Mapped[str] = mapped_column(String(200))
    data_date: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class FirmFact(Base):
    """One statement of a fact. `year` 0: the fact has no year. `superseded_at` empty: this is what holds now."""

    __tablename__ = "firm_facts"
    __table_args__ = (
        Index("ix_firm_facts_firm_id_fact", "firm_id", "fact"),
        Index(
            "uq_firm_facts_current",
            "firm_id",
            "fact",
            "year",
            unique=True,
            sqlite_where=text("superseded_at IS NULL"),
            postgresql_where=text("superseded_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id", ondelete="CASCADE"))
    fact: Mapped[str] = mapped_column(String(60))
    year: Mapped[int]
    value: Mapped[dict[str, Any]]
    digits: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(200))
    stated_on: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class ContactRow(Base):
    """Somebody who speaks for a firm; shown to nobody but the firm itself, staff, and whom it released them to."""

    __tablename__ = "contacts"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id", ondelete="CASCADE"), index=True)
    name: Mapped[str | None] = mapped_column(String(100))
    phone: Mapped[str | None] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(200))


class ChannelIdentityRow(Base):
    """An address on a channel. Only a `claimed` one (proved by a claim code) may see or change the firm."""

    __tablename__ = "channel_identities"
    __table_args__ = (UniqueConstraint("channel", "address", "firm_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(200))
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(String(200))
    claimed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class ConsentRow(Base):
    """A consent given or withdrawn; rows are only added, and the newest of a kind holds.

    `via` is who recorded it: firm, table or staff.
    """

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_firm_id_kind_id", "firm_id", "kind", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    firm_id: Mapped[str] = mapped_column(ForeignKey("firms.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    granted: Mapped[bool]
    purpose: Mapped[str | None] = mapped_column(Text)
    recipient: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(200))
    via: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]


class ApiKey(Base):
    """A key of the HTTP interface: only its hash is kept. `owner` is a firm's id, or a name."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_owner_kind_owner", "owner_kind", "owner"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    prefix: Mapped[str] = mapped_column(String(12), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    owner_kind: Mapped[str] = mapped_column(String(10))  # firm, provider, staff
    owner: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class AuditRow(Base):
    """Who did what to what. `details` holds ids, field names and counts, never personal data; rows are only added."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_subject_kind_subject", "subject_kind", "subject"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]


class ClaimCode(Base):
    """A code by which a chat proves once that it speaks for a firm or a provider; only its hash is kept."""

    __tablename__ = "claim_codes"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    owner_kind: Mapped[str] = mapped_column(String(10))  # firm, provider
    owner: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_channel: Mapped[str | None] = mapped_column(String(20))
    used_address: Mapped[str | None] = mapped_column(String(200))


class ProviderIdentityRow(Base):
    """An address that proved to speak for a provider. `folded_provider` tells providers apart."""

    __tablename__ = "provider_identities"
    __table_args__ = (UniqueConstraint("channel", "address", "folded_provider"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(200))
    provider: Mapped[str] = mapped_column(String(200))
    folded_provider: Mapped[str] = mapped_column(String(200), index=True)
    created_at: Mapped[datetime]


class StaffRow(Base):
    """A member of staff. `region` empty: no limit. The password is set through a link that works once."""

    __tablename__ = "staff"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(100))
    folded_name: Mapped[str] = mapped_column(String(100), unique=True)
    role: Mapped[str] = mapped_column(String(10))  # editor, approver, admin
    region: Mapped[str | None] = mapped_column(String(100))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    link_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    link_ends_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class StaffSessionRow(Base):
    """A signed-in browser of a member of staff; only the token's hash is kept."""

    __tablename__ = "staff_sessions"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
