"""Keys of the HTTP interface: made once, shown once, kept as a hash; a key may do what its owner may."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from core.database import Database
from core.errors import BadInput, NotFound
from firms import import_wording as wording
from firms.models import ApiKey

OwnerKind = Literal["firm", "provider", "staff"]
PREFIX = 8
"""How many characters of a key are kept readable, to tell keys apart."""
_BYTES = 32
_LONGEST = 200
_USE_IS_NOTED_EVERY = timedelta(minutes=5)


class NoSuchKey(NotFound):
    """No key that still holds is called so."""

    code = "no_such_key"
    default = wording.NO_KEY


@dataclass(frozen=True)
class KeyOwner:
    """Whose key it is: a firm's id, or a provider's or staff member's name. `prefix` tells the key in logs."""

    kind: OwnerKind
    owner: str
    prefix: str


async def create(session: AsyncSession, owner_kind: OwnerKind, owner: str) -> str:
    """Make a key in the caller's transaction. What is returned is not kept and cannot be shown again."""
    plain = _fresh()
    session.add(
        ApiKey(
            prefix=plain[:PREFIX],
            key_hash=_hash(plain),
            owner_kind=owner_kind,
            owner=owner,
            created_at=machine_now(),
        )
    )
    await session.flush()
    return plain


async def verify(session: AsyncSession, plain: str) -> KeyOwner | None:
    """Whose key this is; None for one that does not exist or is revoked.

    It is looked up by its hash, so the time that takes says nothing about keys that are nearly right.
    """
    row = await _row(session, plain)
    return None if row is None else _owner(row)


async def revoke(session: AsyncSession, key_or_prefix: str) -> KeyOwner:
    """End a key for good. Raises NoSuchKey, and BadInput when several keys begin like this."""
    holding = ApiKey.revoked_at.is_(None)
    by_hash = (await session.scalars(select(ApiKey).where(ApiKey.key_hash == _hash(key_or_prefix), holding))).all()
    found = by_hash or (await session.scalars(select(ApiKey).where(ApiKey.prefix == key_or_prefix, holding))).all()
    if not found:
        raise NoSuchKey()
    if len(found) > 1:
        raise BadInput(wording.SEVERAL_KEYS)
    found[0].revoked_at = machine_now()
    await session.flush()
    return _owner(found[0])


class Keys:
    """Verifies the keys of requests, and notes now and then that they are used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def verify(self, plain: str) -> KeyOwner | None:
        """Whose key this is, or None. Not to be called inside a transaction."""
        async with self._database.reading() as session:
            row = await _row(session, plain)
        if row is None:
            return None
        now = machine_now()
        if row.last_used_at is None or now - row.last_used_at > _USE_IS_NOTED_EVERY:
            await self._note_use(row.id, now)
        return _owner(row)

    async def _note_use(self, key_id: int, now: datetime) -> None:
        async with self._database.transaction() as session:
            await session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now))


async def _row(session: AsyncSession, plain: str) -> ApiKey | None:
    if not plain or len(plain) > _LONGEST:
        return None
    chosen = select(ApiKey).where(ApiKey.key_hash == _hash(plain), ApiKey.revoked_at.is_(None))
    row: ApiKey | None = await session.scalar(chosen)
    return row


def _fresh() -> str:
    """A random key that no command line takes for an option."""
    while (plain := secrets.token_urlsafe(_BYTES)).startswith("-"):
        pass
    return plain


def _owner(row: ApiKey) -> KeyOwner:
    kind: OwnerKind = row.owner_kind  # type: ignore[assignment]
    return KeyOwner(kind, row.owner, row.prefix)


def _hash(plain: str) -> str:
    """Keys are long and random: a plain SHA-256 cannot be turned back, and no salt is needed."""
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()
