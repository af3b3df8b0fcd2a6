"""Staff of the bureau: accounts, passwords set through a link that works once, signed-in browsers.

Names are compared folded. Nothing that opens an account is kept: passwords as argon2, links and sessions as hashes.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pyotp
from pwdlib import PasswordHash
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import regions
from core.clock import machine_now
from core.database import Database, insert_into
from core.errors import BadInput, Conflict, NotFound
from core.text import clean
from firms import audit
from firms import identity_wording as wording
from firms.actors import ROLES, Actor, Role
from firms.catalogue import folded_name
from firms.keys import KeyOwner
from firms.models import StaffRow, StaffSessionRow

SESSION_LIFETIME = timedelta(hours=12)
LINK_LIFETIME = timedelta(hours=48)
MIN_PASSWORD, MAX_PASSWORD = 10, 200
"""Characters of a password."""
MAX_NAME = 100

_BYTES = 32
_LONGEST = 200
_HASHED_AT_ONCE = 2  # each takes 64 MB and a core
_TOTP_STEPS = (-1, 0, 1)  # clocks of phones may be half a minute off
_TOTP_DIGITS = 6


class NoSuchStaff(NotFound):
    """No account is called so."""

    code = "no_such_staff"
    default = wording.NO_STAFF


class StaffExists(Conflict):
    """There is an account of this name."""

    code = "staff_exists"
    default = wording.STAFF_EXISTS


class StaffDisabled(Conflict):
    """The account must be enabled first."""

    code = "staff_disabled"
    default = wording.STAFF_OFF


class BadLink(BadInput):
    """No such link, or it is used, or over: which of them is not said."""

    code = "bad_link"
    default = wording.BAD_LINK


@dataclass(frozen=True)
class Staff:
    """A member of staff. `region` is a code, None: no limit. `version` grows with every change of the account."""

    id: int
    name: str
    role: Role
    region: str | None
    active: bool
    has_password: bool
    version: int
    has_totp: bool = False


@dataclass(frozen=True)
class Totp:
    """The secret of time-based codes, to be typed into an authenticator, and the same as an address for a QR code."""

    secret: str
    uri: str


def actor(staff: Staff) -> Actor:
    """Who acts when this member of staff does."""
    return Actor("staff", staff.name, staff.role, staff.region)


async def actor_of_key(owner: KeyOwner, session: AsyncSession) -> Actor | None:
    """Who acts with a key. A staff key has the rights of the account of its name, or an editor's where there is none;
    None: that account is disabled."""
    if owner.kind != "staff":
        return Actor(owner.kind, owner.owner)
    row = await _row(session, owner.owner)
    if row is None:
        return Actor("staff", owner.owner)
    return actor(_staff(row)) if row.active else None


class Staffs:
    """The accounts. Of a time-based code each is taken once in this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hashing = asyncio.Semaphore(_HASHED_AT_ONCE)
        self._last_steps: dict[int, int] = {}

    # --- accounts ---

    async def add(
        self,
        session: AsyncSession,
        name: str,
        role: str,
        region: str | None = None,
        *,
        by: str = audit.COMMAND_LINE,
    ) -> str:
        """Add an account; returns the token of the link that sets its password (48 h, once).

        `by` is the actor's name as in the audit log. Raises StaffExists, and BadInput for a bad name, role or region.
        """
        token, now = _fresh(), machine_now()
        values = {
            **_account(name, role, region),
            "link_hash": _hash(token),
            "link_ends_at": now + LINK_LIFETIME,
            "active": True,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        adding = (
            insert_into(session, StaffRow)
            .values(**values)
            .on_conflict_do_nothing(index_elements=[StaffRow.folded_name])
        )
        added = await session.scalar(adding.returning(StaffRow.id))
        if added is None:
            raise StaffExists()
        await _note(session, by, "staff.added", added, role=values["role"], region=values["region"])
        return token

    async def new_link(self, session: AsyncSession, name: str, *, by: str = audit.COMMAND_LINE) -> str:
        """A new link's token; the older link ends, the password holds until another is set.

        Raises NoSuchStaff, StaffDisabled.
        """
        row, token = await self._locked(session, name), _fresh()
        if not row.active:
            raise StaffDisabled()
        await self._change(session, row, link_hash=_hash(token), link_ends_at=machine_now() + LINK_LIFETIME)
        await _note(session, by, "staff.link", row.id)
        return token

    async def disable(self, session: AsyncSession, name: str, *, by: str = audit.COMMAND_LINE) -> Staff:
        """End an account's sessions, link and keys' rights until it is enabled. Raises NoSuchStaff."""
        row = await self._locked(session, name)
        await self._change(session, row, active=False, link_hash=None, link_ends_at=None)
        await _end_sessions(session, row.id)
        await _note(session, by, "staff.disabled", row.id)
        return _staff(row)

    async def enable(self, session: AsyncSession, name: str, *, by: str = audit.COMMAND_LINE) -> Staff:
        """Let a disabled account sign in again, with its old password. Raises NoSuchStaff."""
        row = await self._locked(session, name)
        await self._change(session, row, active=True)
        await _note(session, by, "staff.enabled", row.id)
        return _staff(row)

    async def new_totp(self, session: AsyncSession, name: str, *, by: str = audit.COMMAND_LINE) -> Totp:
        """Ask this account for a time-based code from now on; what is returned is shown once. Raises NoSuchStaff."""
        row, secret = await self._locked(session, name), pyotp.random_base32()
        await self._change(session, row, totp_secret=secret)
        await _note(session, by, "staff.totp_set", row.id)
        return Totp(secret, pyotp.TOTP(secret, name=row.name, issuer=wording.TOTP_ISSUER).provisioning_uri())

    async def drop_totp(self, session: AsyncSession, name: str, *, by: str = audit.COMMAND_LINE) -> Staff:
        """Ask this account for its password alone. Raises NoSuchStaff."""
        row = await self._locked(session, name)
        await self._change(session, row, totp_secret=None)
        await _note(session, by, "staff.totp_dropped", row.id)
        return _staff(row)

    async def by_name(self, name: str, session: AsyncSession | None = None) -> Staff | None:
        """The account of this name, also a disabled one."""
        async with self._view(session) as view:
            row = await _row(view, name)
            return None if row is None else _staff(row)

    async def list(self, session: AsyncSession | None = None) -> tuple[Staff, ...]:
        """All accounts, oldest first."""
        async with self._view(session) as view:
            return tuple(_staff(row) for row in await view.scalars(select(StaffRow).order_by(StaffRow.id)))

    # --- passwords ---

    async def of_link(self, token: str) -> Staff | None:
        """Whose password a link sets, while it works."""
        async with self._database.reading() as session:
            row = await session.scalar(select(StaffRow).where(*_working_link(token)))
            return None if row is None else _staff(row)

    async def set_password(self, token: str, password: str) -> Staff:
        """Set the password of a link's account; the link is spent and all its sessions end. Not to be called inside a
        transaction. Raises BadLink, and BadInput for a password that is too short or too long."""
        _check_password(password)
        if await self.of_link(token) is None:
            raise BadLink()
        hashed: str = await self._in_thread(_hasher().hash, _bytes(password))
        async with self._database.transaction() as session:
            row = await session.scalar(select(StaffRow).where(*_working_link(token)).with_for_update())
            if row is None:
                raise BadLink()
            await self._change(session, row, password_hash=hashed, link_hash=None, link_ends_at=None)
            await _end_sessions(session, row.id)
            await _note(session, actor(_staff(row)).name, "staff.password_set", row.id)
            return _staff(row)

    async def sign_in(self, name: str, password: str, totp: str | None = None) -> str | None:
        """The token of a new session (12 h); None for any wrong thing, in about the same time whatever it is.

        Not to be called inside a transaction.
        """
        async with self._database.reading() as session:
            row = await _row(session, name)
        kept = row.password_hash if row is not None else None
        right = await self._in_thread(_verify, password, kept)
        if row is None or not right or not self._takes(row, totp):
            return None
        return await self._open_session(row)

    async def _open_session(self, seen: StaffRow) -> str | None:
        """A session, unless the account was changed since it was looked at."""
        token, now = _fresh(), machine_now()
        async with self._database.transaction() as session:
            same = (StaffRow.id == seen.id, StaffRow.version == seen.version, StaffRow.active.is_(True))
            row = await session.scalar(select(StaffRow).where(*same).with_for_update())
            if row is None:
                return None
            await _end_sessions(session, row.id, until=now)
            session.add(
                StaffSessionRow(
                    token_hash=_hash(token), staff_id=row.id, created_at=now, ends_at=now + SESSION_LIFETIME
                )
            )
            await _note(session, actor(_staff(row)).name, "staff.signed_in", row.id)
        return token

    def _takes(self, row: StaffRow, totp: str | None) -> bool:
        """Whether the time-based code is right and was not used; an account without one asks for none."""
        if row.totp_secret is None:
            return True
        step = _step_of(row.totp_secret, totp or "")
        if step is None or step <= self._last_steps.get(row.id, -1):
            return False
        self._last_steps[row.id] = step
        return True

    async def _in_thread(self, work: Any, *arguments: Any) -> Any:
        """Hashing takes a tenth of a second of computing: not in the event loop, and few at once."""
        async with self._hashing:
            return await asyncio.to_thread(work, *arguments)

    # --- sessions ---

    async def of_session(self, token: str) -> Staff | None:
        """Who is signed in with this session's token."""
        if not _is_token(token):
            return None
        chosen = (
            select(StaffRow)
            .join(StaffSessionRow, StaffSessionRow.staff_id == StaffRow.id)
            .where(
                StaffSessionRow.token_hash == _hash(token),
                StaffSessionRow.ends_at > machine_now(),
                StaffRow.active.is_(True),
            )
        )
        async with self._database.reading() as session:
            row = await session.scalar(chosen)
            return None if row is None else _staff(row)

    async def sign_out(self, token: str) -> None:
        """End a session; one that does not exist is no error."""
        async with self._database.transaction() as session:
            await session.execute(delete(StaffSessionRow).where(StaffSessionRow.token_hash == _hash(token)))

    # --- inside ---

    @asynccontextmanager
    async def _view(self, session: AsyncSession | None) -> AsyncIterator[AsyncSession]:
        if session is not None:
            yield session
            return
        async with self._database.reading() as own:
            yield own

    async def _locked(self, session: AsyncSession, name: str) -> StaffRow:
        chosen = select(StaffRow).where(StaffRow.folded_name == folded_name(name)).with_for_update()
        row = await session.scalar(chosen, execution_options={"populate_existing": True})
        if row is None:
            raise NoSuchStaff()
        return row

    async def _change(self, session: AsyncSession, row: StaffRow, **changes: Any) -> None:
        values = {**changes, "version": row.version + 1, "updated_at": machine_now()}
        await session.execute(
            update(StaffRow).where(StaffRow.id == row.id).values(**values),
            execution_options={"synchronize_session": False},
        )
        await session.refresh(row)


def _account(name: str, role: str, region: str | None) -> dict[str, Any]:
    """The columns of an account's name, role and region. Raises BadInput."""
    shown = " ".join(clean(name).split())
    folded = folded_name(shown)
    if not folded or max(len(shown), len(folded)) > MAX_NAME:
        raise BadInput(wording.BAD_STAFF_NAME.format(most=MAX_NAME))
    if role not in ROLES:
        raise BadInput(wording.BAD_ROLE)
    return {"name": shown, "folded_name": folded, "role": role, "region": _region_code(region)}


def _region_code(region: str | None) -> str | None:
    """The code of a region's code, name or short name. Raises BadInput."""
    if region is None or not region.strip():
        return None
    found = regions.recognise(region)
    if found is None:
        raise BadInput(wording.BAD_REGION.format(value=clean(region)[:40]))
    return found.code


def _check_password(password: str) -> None:
    if len(password.strip()) < MIN_PASSWORD:
        raise BadInput(wording.SHORT_PASSWORD.format(least=MIN_PASSWORD))
    if len(password) > MAX_PASSWORD:
        raise BadInput(wording.LONG_PASSWORD.format(most=MAX_PASSWORD))


def _step_of(secret: str, given: str) -> int | None:
    """The half minute whose code this is, of those near now."""
    totp = pyotp.TOTP(secret)
    digits = unicodedata.normalize("NFKC", "".join(given.split()))
    if len(digits) != _TOTP_DIGITS or not digits.isascii():
        return None
    now = int(machine_now().timestamp()) // totp.interval
    steps = [now + offset for offset in _TOTP_STEPS if hmac.compare_digest(totp.generate_otp(now + offset), digits)]
    return steps[-1] if steps else None


async def _row(session: AsyncSession, name: str) -> StaffRow | None:
    if len(name) > _LONGEST:
        return None
    row: StaffRow | None = await session.scalar(select(StaffRow).where(StaffRow.folded_name == folded_name(name)))
    return row


def _staff(row: StaffRow) -> Staff:
    role: Role = row.role  # type: ignore[assignment]
    has_password, has_totp = row.password_hash is not None, row.totp_secret is not None
    return Staff(row.id, row.name, role, row.region, row.active, has_password, row.version, has_totp)


def _working_link(token: str) -> tuple[Any, ...]:
    return (StaffRow.link_hash == _hash(token), StaffRow.link_ends_at > machine_now(), StaffRow.active.is_(True))


async def _end_sessions(session: AsyncSession, staff_id: int, *, until: datetime | None = None) -> None:
    """End an account's sessions; with `until` only those that are over by then."""
    ending = delete(StaffSessionRow).where(StaffSessionRow.staff_id == staff_id)
    await session.execute(ending if until is None else ending.where(StaffSessionRow.ends_at <= until))


async def _note(session: AsyncSession, by: str, action: str, staff_id: int, **details: Any) -> None:
    await audit.record(session, actor=by, action=action, subject_kind="staff", subject=str(staff_id), details=details)


def _fresh() -> str:
    return secrets.token_urlsafe(_BYTES)


def _is_token(text: str) -> bool:
    return 0 < len(text) <= _LONGEST


def _hash(token: str) -> str:
    """Tokens are long and random: a plain SHA-256 cannot be turned back, and no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _bytes(password: str) -> bytes:
    """One password however it was typed: full-width or composed characters are the same."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _verify(password: str, kept: str | None) -> bool:
    """Whether the password is the one of this hash; without a hash it takes as long, and is not."""
    dummy = _dummy_hash()
    return _hasher().verify(_bytes(password[: MAX_PASSWORD + 1]), kept or dummy) and kept is not None


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _dummy_hash() -> str:
    """What a password is compared with where there is no account: takes as long as a real one, matches nothing."""
    return _hasher().hash(secrets.token_bytes(_BYTES))
