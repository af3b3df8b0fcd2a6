"""Consents: each kind on its own, rows are only added, and the newest of a kind holds.

Kinds: `keep_facts`, `visible` (providers may see the firm), `contacts`, `telegram` (messages cross the border), and
`announce:CATEGORY` for each category of announcements. Withdrawing one never touches another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from core.errors import BadInput
from firms import import_wording as wording
from firms.models import ConsentRow

KEEP_FACTS, VISIBLE, CONTACTS, TELEGRAM = "keep_facts", "visible", "contacts", "telegram"
CATEGORIES = ("policy", "university", "financing", "service", "event", "partner")
"""Categories of announcements, as keys; their names are data."""

Via = Literal["firm", "table", "staff"]


def announce(category: str) -> str:
    """The kind of consent to announcements of a category. Raises BadInput for one that does not exist."""
    if category not in CATEGORIES:
        raise BadInput(wording.UNKNOWN_CONSENT.format(kind=category))
    return f"announce:{category}"


KINDS = frozenset({KEEP_FACTS, VISIBLE, CONTACTS, TELEGRAM, *(announce(category) for category in CATEGORIES)})


@dataclass(frozen=True)
class Consent:
    """What a firm said about a kind, last. `granted` False: withdrawn or refused."""

    firm_id: str
    kind: str
    granted: bool
    purpose: str | None
    recipient: str | None
    source: str
    via: Via
    at: datetime


async def grant(
    session: AsyncSession,
    firm_id: str,
    kind: str,
    *,
    source: str,
    via: Via = "firm",
    purpose: str | None = None,
    recipient: str | None = None,
) -> None:
    """Record a consent in the caller's transaction. Raises BadInput for an unknown kind."""
    await add_all(session, [_consent(firm_id, kind, True, purpose, recipient, source, via)])


async def withdraw(session: AsyncSession, firm_id: str, kind: str, *, source: str, via: Via = "firm") -> None:
    """Record that a consent is withdrawn or refused; it holds from the caller's commit on. Raises BadInput."""
    await add_all(session, [_consent(firm_id, kind, False, None, None, source, via)])


def _consent(
    firm_id: str, kind: str, granted: bool, purpose: str | None, recipient: str | None, source: str, via: Via
) -> Consent:
    return Consent(firm_id, kind, granted, purpose, recipient, source, via, machine_now())


async def add_all(session: AsyncSession, consents: Iterable[Consent]) -> None:
    """Add many, in order. Raises BadInput for an unknown kind."""
    rows: list[dict[str, Any]] = []
    for consent in consents:
        if consent.kind not in KINDS:
            raise BadInput(wording.UNKNOWN_CONSENT.format(kind=consent.kind))
        rows.append(dict(consent.__dict__))
    if rows:
        await session.execute(insert(ConsentRow), rows)


async def current(session: AsyncSession, firm_id: str) -> Mapping[str, Consent]:
    """What holds now, by kind; a kind on which the firm said nothing is not in it."""
    return (await current_of(session, [firm_id])).get(firm_id, {})


async def current_of(session: AsyncSession, firm_ids: Iterable[str]) -> Mapping[str, Mapping[str, Consent]]:
    """What holds now for several firms (at most some thousand), by firm and kind."""
    newest = (
        select(func.max(ConsentRow.id))
        .where(ConsentRow.firm_id.in_(tuple(firm_ids)))
        .group_by(ConsentRow.firm_id, ConsentRow.kind)
    )
    found: dict[str, dict[str, Consent]] = {}
    for row in await session.scalars(select(ConsentRow).where(ConsentRow.id.in_(newest))):
        found.setdefault(row.firm_id, {})[row.kind] = _stored(row)
    return found


async def granting(session: AsyncSession, kind: str) -> frozenset[str]:
    """The ids of all firms whose consent to a kind holds now."""
    newest = select(func.max(ConsentRow.id)).where(ConsentRow.kind == kind).group_by(ConsentRow.firm_id)
    chosen = select(ConsentRow.firm_id).where(ConsentRow.id.in_(newest), ConsentRow.granted)
    return frozenset(await session.scalars(chosen))


async def granted(session: AsyncSession, firm_id: str, kind: str) -> bool:
    """Whether the firm's consent to a kind holds now."""
    newest = select(ConsentRow.granted).where(ConsentRow.firm_id == firm_id, ConsentRow.kind == kind)
    return bool(await session.scalar(newest.order_by(ConsentRow.id.desc()).limit(1)))


def _stored(row: ConsentRow) -> Consent:
    via: Via = row.via  # type: ignore[assignment]
    return Consent(row.firm_id, row.kind, row.granted, row.purpose, row.recipient, row.source, via, row.at)
