"""Addresses that take nothing any more, and addresses that do not want announcements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from core.database import Base, insert_into
from messaging.models import BlockedAddressRow, OptOutRow

Pair = tuple[str, str]
"""A channel and an address on it."""

EVERY_CATEGORY = "*"
_PORTION = 500


async def block(session: AsyncSession, channel: str, address: str, reason: str) -> None:
    """The service refuses this address for good; until `unblock` nothing but replies is sent there."""
    values = {"channel": channel, "address": address, "reason": reason, "at": machine_now()}
    await _put(session, BlockedAddressRow, values, update=("reason",))


async def unblock(session: AsyncSession, channel: str, address: str) -> None:
    """Its owner came back."""
    await session.execute(
        delete(BlockedAddressRow).where(BlockedAddressRow.channel == channel, BlockedAddressRow.address == address)
    )


async def blocked(session: AsyncSession, pairs: Iterable[Pair]) -> frozenset[Pair]:
    """Those of the addresses that are blocked."""
    row = BlockedAddressRow
    found: set[Pair] = set()
    for some in _portions(pairs):
        chosen = select(row.channel, row.address).where(tuple_(row.channel, row.address).in_(some))
        found.update((channel, address) for channel, address in await session.execute(chosen))
    return frozenset(found)


async def opt_out(session: AsyncSession, channel: str, address: str, category: str = EVERY_CATEGORY) -> None:
    """No announcements of a category (`*`: of any) to this address, from the caller's commit on."""
    values = {"channel": channel, "address": address, "category": category, "at": machine_now()}
    await _put(session, OptOutRow, values)


async def opt_in(session: AsyncSession, channel: str, address: str, category: str = EVERY_CATEGORY) -> None:
    """Announcements of a category are welcome again; `*` takes back every opting out."""
    gone = delete(OptOutRow).where(OptOutRow.channel == channel, OptOutRow.address == address)
    await session.execute(gone if category == EVERY_CATEGORY else gone.where(OptOutRow.category == category))


async def opted_out(session: AsyncSession, pairs: Iterable[Pair], category: str) -> frozenset[Pair]:
    """Those of the addresses that do not want this category, or none at all."""
    row = OptOutRow
    found: set[Pair] = set()
    for some in _portions(pairs):
        chosen = select(row.channel, row.address).where(
            tuple_(row.channel, row.address).in_(some), row.category.in_((category, EVERY_CATEGORY))
        )
        found.update((channel, address) for channel, address in await session.execute(chosen))
    return frozenset(found)


def _portions(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    left = iter(dict.fromkeys(pairs))
    while some := list(islice(left, _PORTION)):
        yield some


async def _put(session: AsyncSession, row: type[Base], values: dict[str, Any], update: tuple[str, ...] = ()) -> None:
    """Insert a row; one with the same key stays, with `update` taken over."""
    key = [column.name for column in row.__table__.primary_key]
    given = insert_into(session, row).values(**values)
    if update:
        given = given.on_conflict_do_update(index_elements=key, set_={name: values[name] for name in update})
    else:
        given = given.on_conflict_do_nothing(index_elements=key)
    await session.execute(given)
