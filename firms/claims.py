"""Claim codes: how a chat proves, once, that it speaks for a firm or a provider.

A code is made by staff (or by the firm's own key), handed over outside the chat, works once within 7 days, and is kept
as a hash only. What is in a table alone proves nothing: only a redeemed code makes an address `claimed`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import machine_now
from core.database import insert_into
from core.errors import BadInput
from core.text import clean, fold
from firms import audit, consents, import_wording
from firms import identity_wording as wording
from firms.actors import Actor
from firms.catalogue import folded_name
from firms.models import ChannelIdentityRow, ClaimCode, FirmRow, ProviderIdentityRow
from firms.store import TELEGRAM, NoSuchFirm

Kind = Literal["firm", "provider"]
ALPHABET = "23456789ACDEFGHJKMNPQRTVWXY"
"""No two of these look alike, written by hand or in a bad typeface."""
LENGTH = 10
LIFETIME = timedelta(days=7)
SOURCE = "claim code"
"""The `source` of what a redeemed code brought about."""
MAX_PROVIDER = 180
"""Characters of a provider's name."""

_LOOKALIKES = str.maketrans("BSZU", "852V")
_BETWEEN = re.compile(r"[\W_]+")
_LONGEST = 100


class BadClaimCode(BadInput):
    """No such code, or it is used, or over: which of them is not said."""

    code = "bad_claim_code"
    default = wording.BAD_CODE


@dataclass(frozen=True)
class Issued:
    """A fresh code, as it is shown this once, and when it ends."""

    code: str
    expires_at: datetime


@dataclass(frozen=True)
class Claimed:
    """What an address speaks for from now on. `owner` is a firm's id or a provider's name; `name` is for showing."""

    kind: Kind
    owner: str
    name: str


@dataclass(frozen=True)
class Person:
    """For whom an address proved to speak: ids of firms, names of providers; in the order they were claimed."""

    channel: str
    address: str
    firms: tuple[str, ...]
    providers: tuple[str, ...]


# --- making ---


async def make(session: AsyncSession, kind: Kind, owner: str, *, made_by: str) -> str:
    """A fresh code, as `issue` makes it."""
    return (await issue(session, kind, owner, made_by=made_by)).code


async def issue(session: AsyncSession, kind: Kind, owner: str, *, made_by: str) -> Issued:
    """Make a code for a firm (its id) or a provider (its name). It is not kept and cannot be shown again.

    `made_by` is the actor's name as in the audit log. Raises NoSuchFirm, and BadInput for a name that is none.
    """
    owner = await _existing(session, owner) if kind == "firm" else _provider_name(owner)
    plain, now = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH)), machine_now()
    row = ClaimCode(
        code_hash=_hash(plain),
        owner_kind=kind,
        owner=owner,
        made_by=made_by,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(row)
    await session.flush()
    await _note(session, made_by, "claim.made", kind, owner, code=row.id)
    return Issued(f"{plain[: LENGTH // 2]}-{plain[LENGTH // 2 :]}", row.expires_at)


async def _existing(session: AsyncSession, firm_id: str) -> str:
    if await _firm_name(session, firm_id) is None:
        raise NoSuchFirm()
    return firm_id


def _provider_name(name: str) -> str:
    cleaned = " ".join(clean(name).split())
    if not folded_name(cleaned) or max(len(cleaned), len(folded_name(cleaned))) > MAX_PROVIDER:
        raise BadInput(wording.NO_PROVIDER_NAME.format(most=MAX_PROVIDER))
    return cleaned


async def _firm_name(session: AsyncSession, firm_id: str) -> str | None:
    """The firm's name; nobody deletes it before our commit."""
    chosen = select(FirmRow.name).where(FirmRow.id == firm_id).with_for_update(read=True, key_share=True)
    name: str | None = await session.scalar(chosen)
    return name


# --- redeeming ---


def read(text: str) -> str | None:
    """The code that a text is, whatever its case, width, spaces and hyphens; None when it cannot be one."""
    if len(text) > _LONGEST:
        return None
    plain = _BETWEEN.sub("", fold(text)).upper().translate(_LOOKALIKES)
    return plain if len(plain) == LENGTH and set(plain) <= set(ALPHABET) else None


async def redeem(session: AsyncSession, code: str, channel: str, address: str) -> Claimed:
    """Let an address speak for whom the code was made for. The same address with the same code: the same result, as
    long as it was not unlinked since. Of two addresses at the same moment one succeeds. Raises BadClaimCode.
    """
    plain = read(code)
    if plain is None:
        raise BadClaimCode()
    row = await _use(session, plain, channel, address)
    if row is None:
        return await _used_before(session, plain, channel, address)
    claimed = await _claimed(session, row)
    await _link(session, claimed, channel, address)
    actor = Actor(claimed.kind, claimed.owner).name
    await _note(session, actor, "claim.redeemed", claimed.kind, claimed.owner, code=row.id, channel=channel)
    return claimed


async def _use(session: AsyncSession, plain: str, channel: str, address: str) -> ClaimCode | None:
    """Take the code, if it is still to be had. In one statement: whoever comes second finds it used."""
    now = machine_now()
    fresh = (ClaimCode.code_hash == _hash(plain), ClaimCode.used_at.is_(None), ClaimCode.expires_at > now)
    used = {"used_at": now, "used_channel": channel, "used_address": address}
    row: ClaimCode | None = await session.scalar(
        update(ClaimCode).where(*fresh).values(**used).returning(ClaimCode),
        execution_options={"synchronize_session": False, "populate_existing": True},
    )
    return row


async def _used_before(session: AsyncSession, plain: str, channel: str, address: str) -> Claimed:
    """What this address got for the code. It is spent for good once the address was unlinked."""
    mine = (ClaimCode.used_channel == channel, ClaimCode.used_address == address)
    row = await session.scalar(select(ClaimCode).where(ClaimCode.code_hash == _hash(plain), *mine))
    if row is None:
        raise BadClaimCode()
    claimed = await _claimed(session, row)
    person_now = await person(session, channel, address)
    if claimed.kind == "firm":
        holds = claimed.owner in person_now.firms
    else:
        holds = folded_name(claimed.owner) in map(folded_name, person_now.providers)
    if not holds:
        raise BadClaimCode()
    return claimed


async def _claimed(session: AsyncSession, row: ClaimCode) -> Claimed:
    if row.owner_kind == "provider":
        return Claimed("provider", row.owner, row.owner)
    name = await _firm_name(session, row.owner)
    if name is None:  # deleted since the code was made
        raise BadClaimCode()
    return Claimed("firm", row.owner, name)


async def _link(session: AsyncSession, claimed: Claimed, channel: str, address: str) -> None:
    if claimed.kind == "provider":
        await _link_provider(session, claimed.owner, channel, address)
        return
    await _link_firm(session, claimed.owner, channel, address)
    if channel == TELEGRAM and consents.TELEGRAM not in await consents.current(session, claimed.owner):
        await consents.grant(
            session,
            claimed.owner,
            consents.TELEGRAM,
            source=SOURCE,
            purpose=import_wording.PURPOSES["telegram"],
            recipient=import_wording.RECIPIENTS["telegram"],
        )


async def _link_firm(session: AsyncSession, firm_id: str, channel: str, address: str) -> None:
    """Add the address as claimed; one that a table brought becomes claimed."""
    key = (ChannelIdentityRow.channel, ChannelIdentityRow.address, ChannelIdentityRow.firm_id)
    values = {"channel": channel, "address": address, "firm_id": firm_id, "created_at": machine_now()}
    proof = {"claimed": True, "source": SOURCE}
    add = insert_into(session, ChannelIdentityRow).values(**values, **proof)
    await session.execute(add.on_conflict_do_update(index_elements=key, set_=proof))


async def _link_provider(session: AsyncSession, provider: str, channel: str, address: str) -> None:
    row = ProviderIdentityRow
    values = {"channel": channel, "address": address, "provider": provider, "created_at": machine_now()}
    add = insert_into(session, row).values(**values, folded_provider=folded_name(provider))
    await session.execute(
        add.on_conflict_do_nothing(index_elements=(row.channel, row.address, row.folded_provider)),
    )


# --- who an address speaks for ---


async def person(session: AsyncSession, channel: str, address: str) -> Person:
    """For whom an address proved to speak; nobody for one that is not known."""
    firm, provider = ChannelIdentityRow, ProviderIdentityRow
    firms = await session.scalars(
        select(firm.firm_id)
        .where(firm.channel == channel, firm.address == address, firm.claimed.is_(True))
        .order_by(firm.id)
    )
    providers = await session.scalars(
        select(provider.provider).where(provider.channel == channel, provider.address == address).order_by(provider.id)
    )
    return Person(channel, address, tuple(firms), tuple(providers))


async def provider_addresses(session: AsyncSession, provider: str) -> tuple[tuple[str, str], ...]:
    """The addresses (channel, address) that speak for a provider, however its name is spaced; oldest first."""
    row = ProviderIdentityRow
    chosen = select(row.channel, row.address).where(row.folded_provider == folded_name(provider))
    return tuple((channel, address) for channel, address in await session.execute(chosen.order_by(row.id)))


async def unlink(session: AsyncSession, channel: str, address: str, firm_id: str) -> bool:
    """End that an address speaks for a firm; whether it did. Codes used before do not bring it back."""
    row = ChannelIdentityRow
    mine = (row.channel == channel, row.address == address, row.firm_id == firm_id, row.claimed.is_(True))
    return await _end(session, row, mine, "firm", firm_id, channel)


async def unlink_provider(session: AsyncSession, channel: str, address: str, provider: str) -> bool:
    """End that an address speaks for a provider; whether it did."""
    row = ProviderIdentityRow
    mine = (row.channel == channel, row.address == address, row.folded_provider == folded_name(provider))
    return await _end(session, row, mine, "provider", provider, channel)


async def _end(
    session: AsyncSession, row: type[Any], mine: tuple[ColumnElement[bool], ...], kind: Kind, owner: str, channel: str
) -> bool:
    gone = (await session.scalars(delete(row).where(*mine).returning(row.id))).all()
    if gone:
        await _note(session, Actor(kind, owner).name, "claim.unlinked", kind, owner, channel=channel)
    return bool(gone)


async def erase(session: AsyncSession, firm_id: str) -> None:
    """Forget the codes made for a firm, and with them the addresses that used them: an `Eraser` of `Firms`."""
    await session.execute(delete(ClaimCode).where(ClaimCode.owner_kind == "firm", ClaimCode.owner == firm_id))


async def _note(session: AsyncSession, actor: str, action: str, kind: Kind, owner: str, **details: Any) -> None:
    await audit.record(session, actor=actor, action=action, subject_kind=kind, subject=owner, details=details)


def _hash(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
