"""Announcements in the database, read as values."""

from __future__ import annotations

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from announcements.announcement import COUNTED, Announcement, NoSuchAnnouncement
from announcements.models import AnnouncementRow, RecipientRow
from matching.models import OfferRow
from messaging.deliveries import Delivery

BLOCKED = "blocked"


async def read(session: AsyncSession, announcement_id: str, zone: ZoneInfo) -> Announcement:
    """An announcement. Raises NoSuchAnnouncement."""
    found = await read_all(session, zone, AnnouncementRow.id == announcement_id)
    if not found:
        raise NoSuchAnnouncement()
    return found[0]


async def read_all(session: AsyncSession, zone: ZoneInfo, *conditions: Any) -> tuple[Announcement, ...]:
    """Announcements, newest first."""
    chosen = select(AnnouncementRow, OfferRow.id).outerjoin(OfferRow, OfferRow.number == AnnouncementRow.offer_number)
    ordered = chosen.where(*conditions).order_by(AnnouncementRow.created_at.desc(), AnnouncementRow.id)
    rows = await session.execute(ordered, execution_options={"populate_existing": True})
    return tuple(announcement_of(row, offer_id, zone) for row, offer_id in rows)


def announcement_of(row: AnnouncementRow, offer_id: str | None, zone: ZoneInfo) -> Announcement:
    """The value of a row; its times are in `zone`."""

    def local(name: str) -> Any:
        value = getattr(row, name)
        return None if value is None else value.astimezone(zone)

    return Announcement(
        id=row.id,
        title=row.title,
        text=row.text if row.sent_text is None else row.sent_text,
        category=row.category,
        audience=row.audience or "",
        region=row.region,
        offer_id=offer_id,
        offer_number=row.offer_number,
        state=row.state,
        author=row.author,
        approved_by=row.approved_by,
        approved_at=local("approved_at"),
        send_at=local("send_at"),
        urgent=row.urgent,
        frozen_on=row.frozen_on,
        started_at=local("started_at"),
        finished_at=local("finished_at"),
        version=row.version,
        created_at=local("created_at"),
        updated_at=local("updated_at"),
    )


async def tally(session: AsyncSession, announcement_id: str) -> tuple[dict[str, int], dict[str, int]]:
    """Recipients by state of their delivery (all states; the sum is the frozen audience), and why some got nothing."""
    state = func.coalesce(Delivery.state, RecipientRow.state)
    reason = func.coalesce(Delivery.reason, RecipientRow.reason)
    rows = await session.execute(
        select(state, reason, func.count())
        .select_from(RecipientRow)
        .outerjoin(Delivery, Delivery.key == RecipientRow.delivery_key)
        .where(RecipientRow.announcement_id == announcement_id)
        .group_by(state, reason)
    )
    counts, reasons = Counter[str](), Counter[str]()
    for name, why, count in rows:
        counts[name] += count
        if (word := reason_word(name, why)) is not None:
            reasons[word] += count
    return {name: counts[name] for name in COUNTED}, dict(sorted(reasons.items()))


def reason_word(state: str, reason: str | None) -> str | None:
    """One word for why nothing (or nothing certain) arrived; None in all other states."""
    match state:
        case "skipped":
            return (reason or "skipped").partition(":")[0].strip()
        case "uncertain":
            return "uncertain"
        case "failed":
            said = reason or ""
            return BLOCKED if said.startswith(BLOCKED) else "gave_up" if said.startswith("gave up") else "rejected"
    return None
