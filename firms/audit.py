"""The audit log: who did what to what, when. Ids, field names and counts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from firms.models import AuditRow

COMMAND_LINE = "command-line"
"""The actor of what is done with the `qiban` command."""

SERVICE = "service"
"""The actor of what follows by itself."""


@dataclass(frozen=True)
class Record:
    """One entry."""

    at: datetime
    actor: str
    action: str
    subject_kind: str
    subject: str
    details: Mapping[str, Any]


async def record(
    session: AsyncSession,
    *,
    actor: str,
    action: str,
    subject_kind: str,
    subject: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry to the caller's transaction. `details` never hold personal data."""
    session.add(
        AuditRow(
            at=machine_now(),
            actor=actor,
            action=action,
            subject_kind=subject_kind,
            subject=subject,
            details=dict(details or {}),
        )
    )
    await session.flush()


async def about(session: AsyncSession, subject_kind: str, subject: str) -> tuple[Record, ...]:
    """All entries about a subject, oldest first."""
    chosen = select(AuditRow).where(AuditRow.subject_kind == subject_kind, AuditRow.subject == subject)
    return tuple(
        Record(row.at, row.actor, row.action, row.subject_kind, row.subject, row.details)
        for row in await session.scalars(chosen.order_by(AuditRow.id))
    )
