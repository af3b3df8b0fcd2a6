"""The inbox on the web: notices for who has no messaging account. The outbox's row is the message itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from core.database import Database
from firms.catalogue import folded_name
from messaging.channel import Sent
from messaging.deliveries import Delivery
from messaging.messages import OutMessage

WEB = "web"
_ADDRESS_LENGTH = 200


def firm_inbox(firm_id: str) -> str:
    """The address of a firm's inbox: whoever speaks for the firm reads it, with a key or a linked chat."""
    return f"firm:{firm_id}"


def provider_inbox(provider: str) -> str:
    """The address of a provider's inbox; names that are the same when folded share it."""
    address = f"provider:{folded_name(provider)}"
    if len(address) <= _ADDRESS_LENGTH:
        return address
    return f"provider:{hashlib.sha256(address.encode()).hexdigest()}"


class InboxChannel:
    """Delivers at once: the row that is settled as sent is what the inbox shows, so that it is never there twice."""

    name = WEB

    async def send(self, address: str, message: OutMessage) -> Sent:
        return Sent()


@dataclass(frozen=True)
class InboxMessage:
    """A notice in an inbox. Ids grow; `at` is UTC."""

    id: int
    at: datetime
    message: OutMessage
    read: bool


class Inbox:
    """What was delivered to web addresses. Whether the reader may read them is the caller's business."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unread(self, addresses: Iterable[str]) -> int:
        """How many notices nobody has read."""
        count = select(func.count()).select_from(Delivery).where(*_arrived(addresses), Delivery.read_at.is_(None))
        async with self._database.reading() as session:
            return await session.scalar(count) or 0

    async def messages(
        self, addresses: Iterable[str], *, limit: int = 50, before: int | None = None
    ) -> list[InboxMessage]:
        """The newest notices first; `before` an id: those older than it."""
        chosen = select(Delivery).where(*_arrived(addresses))
        if before is not None:
            chosen = chosen.where(Delivery.id < before)
        async with self._database.reading() as session:
            rows = (await session.scalars(chosen.order_by(Delivery.id.desc()).limit(limit))).all()
        return [_shown(row) for row in rows]

    async def mark_read(self, addresses: Iterable[str], up_to_id: int) -> None:
        """The notices up to this id were read."""
        unread = update(Delivery).where(*_arrived(addresses), Delivery.id <= up_to_id, Delivery.read_at.is_(None))
        async with self._database.transaction() as session:
            await session.execute(unread.values(read_at=machine_now()))


async def erase(session: AsyncSession, firm_id: str) -> None:
    """Delete everything in a firm's inbox (a `firms.store.Eraser`)."""
    await session.execute(delete(Delivery).where(Delivery.channel == WEB, Delivery.address == firm_inbox(firm_id)))


def _arrived(addresses: Iterable[str]) -> tuple[Any, ...]:
    return (Delivery.channel == WEB, Delivery.address.in_(tuple(addresses)), Delivery.state == "sent")


def _shown(row: Delivery) -> InboxMessage:
    at = row.settled_at or row.created_at
    return InboxMessage(row.id, at, OutMessage.from_json(row.message), row.read_at is not None)
