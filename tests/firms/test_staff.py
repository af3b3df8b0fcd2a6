"""Staff: a link that works once sets the password, sessions end, and a wrong thing does not say what was wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import text, update

from core.clock import machine_now
from core.database import Database
from core.errors import BadInput
from firms import audit, staff
from firms.actors import Actor
from firms.keys import KeyOwner
from firms.models import StaffRow, StaffSessionRow
from firms.staff import BadLink, NoSuchStaff, Staff, StaffDisabled, StaffExists, Staffs

NAME = "示例张三"
PASSWORD = "长而好记的示例口令"


@pytest.fixture
def staffs(database: Database) -> Staffs:
    return Staffs(database)


async def add(
    database: Database, staffs: Staffs, name: str = NAME, role: str = "editor", region: str | None = None
) -> str:
    async with database.transaction() as session:
        return await staffs.add(session, name, role, region)


async def ready(database: Database, staffs: Staffs, name: str = NAME, role: str = "editor") -> Staff:
    return await staffs.set_password(await add(database, staffs, name, role), PASSWORD + "1")


async def link(database: Database, staffs: Staffs) -> str:
    async with database.transaction() as session:
        return await staffs.new_link(session, NAME)


async def test_an_account_signs_in_with_the_password_set_through_its_link(database: Database, staffs: Staffs) -> None:
    token = await add(database, staffs, region="衡南")
    assert await staffs.sign_in(NAME, PASSWORD + "1") is None
    waiting = await staffs.of_link(token)
    assert waiting is not None
    assert (waiting.name, waiting.region, waiting.has_password) == (NAME, "430422", False)
    done = await staffs.set_password(token, PASSWORD + "1")
    assert done.has_password
    session = await staffs.sign_in(NAME, PASSWORD + "1")
    assert session
    assert await staffs.of_session(session) == done
    assert staff.actor(done) == Actor("staff", NAME, "editor", "430422")


async def test_a_link_works_once(database: Database, staffs: Staffs) -> None:
    token = await add(database, staffs)
    done = await asyncio.gather(*(staffs.set_password(token, f"{PASSWORD}{n}") for n in (1, 2)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in done) == ["BadLink", "Staff"]
    won = 1 if isinstance(done[0], Staff) else 2
    assert await staffs.sign_in(NAME, f"{PASSWORD}{won}")
    assert not await staffs.sign_in(NAME, f"{PASSWORD}{3 - won}")
    assert await staffs.of_link(token) is None
    for wrong in (token, token[:-1], "", "\ud800", "x" * 5000):
        with pytest.raises(BadLink):
            await staffs.set_password(wrong, PASSWORD + "3")


async def test_a_link_ends_after_48_hours_and_with_the_next_one(database: Database, staffs: Staffs) -> None:
    first = await add(database, staffs)
    second = await link(database, staffs)
    with pytest.raises(BadLink):
        await staffs.set_password(first, PASSWORD + "1")
    async with database.transaction() as session:
        row = (await session.execute(text("SELECT link_hash FROM staff"))).scalar_one()
        assert second not in row
        await session.execute(update(StaffRow).values(link_ends_at=machine_now() - timedelta(seconds=1)))
    with pytest.raises(BadLink):
        await staffs.set_password(second, PASSWORD + "1")


@pytest.mark.parametrize("password", ["", "九个字符的口令啊a"[:9], " " * 12, "a" * 201])
async def test_a_password_of_the_wrong_length_leaves_the_link_as_it_was(
    database: Database, staffs: Staffs, password: str
) -> None:
    token = await add(database, staffs)
    with pytest.raises(BadInput) as caught:
        await staffs.set_password(token, password)
    assert not isinstance(caught.value, BadLink)
    assert (await staffs.set_password(token, "十个字符的口令也行啊")).has_password


async def test_a_new_password_ends_the_old_one_and_its_sessions(database: Database, staffs: Staffs) -> None:
    await ready(database, staffs)
    old = await staffs.sign_in(NAME, PASSWORD + "1")
    token = await link(database, staffs)
    assert old
    assert await staffs.of_session(old)
    assert await staffs.sign_in(NAME, PASSWORD + "1")
    await staffs.set_password(token, PASSWORD + "2")
    assert await staffs.of_session(old) is None
    assert await staffs.sign_in(NAME, PASSWORD + "1") is None
    assert await staffs.sign_in(NAME, PASSWORD + "2")


async def test_a_session_ends_after_12_hours_and_at_sign_out(database: Database, staffs: Staffs) -> None:
    await ready(database, staffs)
    one, two = await staffs.sign_in(NAME, PASSWORD + "1"), await staffs.sign_in(NAME, PASSWORD + "1")
    assert one
    assert two
    async with database.reading() as session:
        rows = (await session.execute(StaffSessionRow.__table__.select())).all()
    assert {row.ends_at - row.created_at for row in rows} == {timedelta(hours=12)}
    assert one not in str(rows)
    await staffs.sign_out(one)
    await staffs.sign_out("nobody's")
    assert await staffs.of_session(one) is None
    assert await staffs.of_session(two)
    async with database.transaction() as session:
        await session.execute(update(StaffSessionRow).values(ends_at=machine_now() - timedelta(seconds=1)))
    assert await staffs.of_session(two) is None
    await staffs.sign_in(NAME, PASSWORD + "1")
    async with database.reading() as session:
        assert len((await session.execute(StaffSessionRow.__table__.select())).all()) == 1
    for wrong in ("", "x", "x" * 5000, "\ud800"):
        assert await staffs.of_session(wrong) is None


async def test_no_wrong_thing_opens_an_account(database: Database, staffs: Staffs) -> None:
    await ready(database, staffs)
    await add(database, staffs, "示例李四")
    for name, password in (
        (NAME, PASSWORD),
        (NAME, ""),
        (NAME, "\ud800"),
        (NAME, PASSWORD + "1" + "x" * 5000),
        ("示例李四", PASSWORD + "1"),
        ("示例李四", ""),
        ("示例王五", PASSWORD + "1"),
        ("", PASSWORD + "1"),
        ("\x00", PASSWORD + "1"),
        ("x" * 5000, PASSWORD + "1"),
    ):
        assert await staffs.sign_in(name, password) is None, (name, password)


async def test_names_and_passwords_are_one_however_they_are_typed(database: Database, staffs: Staffs) -> None:
    token = await add(database, staffs, "示例 Zhang")
    await staffs.set_password(token, "passw0rd-ＡＢＣ")
    assert await staffs.sign_in("示例ｚｈａｎｇ", "passw0rd-ABC")
    with pytest.raises(StaffExists):
        await add(database, staffs, "示例zhang", "admin")
    found = await staffs.by_name(" 示例ZHANG")
    assert found is not None
    assert (found.name, found.role) == ("示例 Zhang", "editor")
    assert await staffs.by_name("示例") is None


async def test_two_at_once_add_one_account(database: Database, staffs: Staffs) -> None:
    done = await asyncio.gather(*(add(database, staffs) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in done].count(StaffExists) == 2
    assert [one.name for one in await staffs.list()] == [NAME]


@pytest.mark.parametrize(
    ("name", "role", "region"),
    [
        ("", "editor", None),
        (" \u200b", "editor", None),
        ("示" * 101, "editor", None),
        (NAME, "root", None),
        (NAME, "", None),
        (NAME, "editor", "云岭市"),
        (NAME, "editor", "430499"),
    ],
)
async def test_a_bad_name_role_or_region_adds_nothing(
    database: Database, staffs: Staffs, name: str, role: str, region: str | None
) -> None:
    with pytest.raises(BadInput):
        await add(database, staffs, name, role, region)
    assert await staffs.list() == ()


@pytest.mark.parametrize(
    ("region", "code"), [("430422", "430422"), ("衡阳市", "430400"), ("蒸湘", "430408"), (" ", None)]
)
async def test_a_region_is_kept_as_its_code(database: Database, staffs: Staffs, region: str, code: str | None) -> None:
    await add(database, staffs, region=region)
    assert [one.region for one in await staffs.list()] == [code]


async def test_a_disabled_account_does_nothing_until_it_is_enabled(database: Database, staffs: Staffs) -> None:
    await ready(database, staffs)
    session_token, pending = await staffs.sign_in(NAME, PASSWORD + "1"), await link(database, staffs)
    async with database.transaction() as session:
        assert not (await staffs.disable(session, NAME)).active
    assert session_token
    assert await staffs.of_session(session_token) is None
    assert await staffs.sign_in(NAME, PASSWORD + "1") is None
    with pytest.raises(BadLink):
        await staffs.set_password(pending, PASSWORD + "2")
    with pytest.raises(StaffDisabled):
        await link(database, staffs)
    async with database.transaction() as session:
        assert (await staffs.enable(session, NAME)).active
    assert await staffs.of_session(session_token) is None
    assert await staffs.sign_in(NAME, PASSWORD + "1")
    for change in (staffs.disable, staffs.enable, staffs.new_link, staffs.new_totp, staffs.drop_totp):
        await refuses_a_stranger(database, change)


async def refuses_a_stranger(database: Database, change: Callable[..., Awaitable[object]]) -> None:
    with pytest.raises(NoSuchStaff):
        async with database.transaction() as session:
            await change(session, "示例王五")


async def test_a_time_based_code_is_asked_for_where_set_and_taken_once(database: Database, staffs: Staffs) -> None:
    await ready(database, staffs)
    async with database.transaction() as session:
        made = await staffs.new_totp(session, NAME)
    assert made.uri.startswith("otpauth://totp/")
    totp, now = pyotp.TOTP(made.secret), machine_now()
    code = totp.at(now)
    for wrong in (None, code[:5], totp.at(now - timedelta(minutes=5)), "\ud800" * 6):
        assert await staffs.sign_in(NAME, PASSWORD + "1", wrong) is None
    assert await staffs.sign_in(NAME, PASSWORD, code) is None
    assert await staffs.sign_in(NAME, PASSWORD + "1", f" {code[:3]} {code[3:]}")
    assert await staffs.sign_in(NAME, PASSWORD + "1", code) is None
    async with database.transaction() as session:
        await staffs.drop_totp(session, NAME)
    assert await staffs.sign_in(NAME, PASSWORD + "1")


async def test_what_a_key_may_is_what_its_owners_account_may(database: Database, staffs: Staffs) -> None:
    await add(database, staffs, role="approver", region="衡南县")

    async def acting(owner: KeyOwner) -> Actor | None:
        async with database.reading() as session:
            return await staff.actor_of_key(owner, session)

    assert await acting(KeyOwner("firm", "f-1", "x")) == Actor("firm", "f-1")
    assert await acting(KeyOwner("provider", "示例银行", "x")) == Actor("provider", "示例银行")
    assert await acting(KeyOwner("staff", " 示例張三", "x")) == Actor("staff", NAME, "approver", "430422")
    nameless = await acting(KeyOwner("staff", "示例王五", "x"))
    assert nameless == Actor("staff", "示例王五", None, None)
    assert not nameless.may_approve
    async with database.transaction() as session:
        await staffs.disable(session, NAME)
    assert await acting(KeyOwner("staff", NAME, "x")) is None


async def test_the_audit_log_says_what_was_done_and_keeps_no_secret(database: Database, staffs: Staffs) -> None:
    token = await add(database, staffs)
    done = await staffs.set_password(token, PASSWORD + "1")
    signed_in = await staffs.sign_in(NAME, PASSWORD + "1")
    await staffs.sign_in(NAME, "错的错的错的错的错的")
    await staffs.sign_in("示例王五", "错的错的错的错的错的")
    again = await link(database, staffs)
    async with database.transaction() as session:
        await staffs.disable(session, NAME, by="staff:示例管理员")
    async with database.reading() as session:
        records = await audit.about(session, "staff", str(done.id))
        everything = str((await session.execute(text("SELECT * FROM audit_log"))).all())
        kept = str((await session.execute(text("SELECT * FROM staff"))).all())
    assert [(record.action, record.actor) for record in records] == [
        ("staff.added", audit.COMMAND_LINE),
        ("staff.password_set", f"staff:{NAME}"),
        ("staff.signed_in", f"staff:{NAME}"),
        ("staff.link", audit.COMMAND_LINE),
        ("staff.disabled", "staff:示例管理员"),
    ]
    assert "王五" not in everything
    for secret in (token, signed_in, again, PASSWORD):
        assert str(secret) not in everything + kept
