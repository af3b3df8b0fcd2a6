"""Keys: shown once, kept as a hash, ended for good."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy import text

from core.database import Database
from core.errors import BadInput
from firms import keys
from firms.keys import KeyOwner, Keys, NoSuchKey


async def create(database: Database, owner: str = "示例银行") -> str:
    async with database.transaction() as session:
        return await keys.create(session, "provider", owner)


async def test_a_key_names_its_owner_until_it_is_revoked(database: Database) -> None:
    plain, other = await create(database), await create(database, "示例大学")
    assert len(base64.urlsafe_b64decode(plain + "=")) == 32
    verify = Keys(database).verify
    assert await verify(plain) == KeyOwner("provider", "示例银行", plain[: keys.PREFIX])
    async with database.transaction() as session:
        await keys.revoke(session, plain)
    assert await verify(plain) is None
    assert await verify(other) is not None
    with pytest.raises(NoSuchKey):
        async with database.transaction() as session:
            await keys.revoke(session, plain)


async def test_what_is_not_exactly_the_key_is_nobodys(database: Database) -> None:
    plain = await create(database)
    for wrong in ("", plain[:-1], plain + "x", plain.swapcase(), plain[: keys.PREFIX], "密钥", "x" * 10_000, "\ud800"):
        assert await Keys(database).verify(wrong) is None


async def test_the_key_itself_is_not_kept(database: Database) -> None:
    plain = await create(database)
    async with database.reading() as session:
        assert plain not in str((await session.execute(text("SELECT * FROM api_keys"))).all())


async def test_use_is_noted(database: Database) -> None:
    plain = await create(database)
    await Keys(database).verify(plain)
    async with database.reading() as session:
        first = await session.scalar(text("SELECT last_used_at FROM api_keys"))
    assert first is not None
    await Keys(database).verify(plain)
    async with database.reading() as session:
        assert await session.scalar(text("SELECT last_used_at FROM api_keys")) == first


async def test_a_key_is_revoked_by_its_beginning_when_that_is_clear(database: Database) -> None:
    plain, other = await create(database), await create(database)
    async with database.transaction() as session:
        assert (await keys.revoke(session, plain[: keys.PREFIX])).prefix == plain[: keys.PREFIX]
    async with database.transaction() as session:
        await session.execute(text("UPDATE api_keys SET prefix = 'samesame', revoked_at = NULL"))
    with pytest.raises(BadInput):
        async with database.transaction() as session:
            await keys.revoke(session, "samesame")
    assert await Keys(database).verify(other) is not None
