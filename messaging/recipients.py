"""Where a notice goes: one address, by preference Telegram, else the inbox on the web."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from firms import consents
from firms.catalogue import folded_name
from firms.models import ChannelIdentityRow, ProviderIdentityRow
from messaging import addresses
from messaging.addresses import Pair
from messaging.inbox import WEB, firm_inbox, provider_inbox

TELEGRAM = "telegram"
_PORTION = 500


async def of_firm(session: AsyncSession, firm_id: str, *, claimed_only: bool, telegram: bool) -> Pair | None:
    """The channel and address for a notice to a firm; see `of_firms`. None: it cannot be reached."""
    return (await of_firms(session, [firm_id], claimed_only=claimed_only, telegram=telegram)).get(firm_id)


async def of_firms(
    session: AsyncSession, firm_ids: Iterable[str], *, claimed_only: bool, telegram: bool
) -> dict[str, Pair]:
    """The channel and address for each firm; firms that cannot be reached are not in it.

    Telegram, if there is a bot (`telegram`), the firm's consent to it holds and the address is not blocked: an
    address that proved to speak for the firm before one from a table, the newest first. Else the firm's inbox, if
    somebody in the web chat speaks for the firm.

    `claimed_only` is for what concerns the firm alone: addresses from a table are left out, and the inbox, which the
    firm's key opens too, is always there.
    """
    found: dict[str, Pair] = {}
    for some in _portions(firm_ids):
        identities = await _identities(session, some)
        chats = await _chats(session, some, identities, claimed_only) if telegram else {}
        for firm_id in some:
            if (chat := chats.get(firm_id)) is not None:
                found[firm_id] = chat
            elif claimed_only or any(each.channel == WEB and each.claimed for each in identities.get(firm_id, ())):
                found[firm_id] = (WEB, firm_inbox(firm_id))
    return found


async def of_provider(session: AsyncSession, provider: str, *, telegram: bool) -> Pair:
    """The channel and address for a notice to a provider: its newest linked chat in Telegram, else its inbox."""
    row = ProviderIdentityRow
    linked = select(row.address).where(row.channel == TELEGRAM, row.folded_provider == folded_name(provider))
    chats = [(TELEGRAM, address) for address in await session.scalars(linked.order_by(row.id.desc()))]
    if telegram and chats:
        shut = await addresses.blocked(session, chats)
        for chat in chats:
            if chat not in shut:
                return chat
    return (WEB, provider_inbox(provider))


async def _identities(session: AsyncSession, firm_ids: list[str]) -> Mapping[str, list[ChannelIdentityRow]]:
    """The addresses of firms, the best first."""
    row = ChannelIdentityRow
    chosen = select(row).where(row.firm_id.in_(firm_ids), row.channel.in_((TELEGRAM, WEB)))
    found: dict[str, list[ChannelIdentityRow]] = {}
    for each in await session.scalars(chosen.order_by(row.claimed.desc(), row.id.desc())):
        found.setdefault(each.firm_id, []).append(each)
    return found


async def _chats(
    session: AsyncSession,
    firm_ids: list[str],
    identities: Mapping[str, list[ChannelIdentityRow]],
    claimed_only: bool,
) -> dict[str, Pair]:
    """The chat in Telegram of each firm that has one and may be written to there."""
    agreed = await consents.current_of(session, firm_ids)
    chats = {
        firm_id: [
            (each.channel, each.address) for each in own if each.channel == TELEGRAM and each.claimed >= claimed_only
        ]
        for firm_id, own in identities.items()
        if (given := agreed.get(firm_id, {}).get(consents.TELEGRAM)) is not None and given.granted
    }
    shut = await addresses.blocked(session, [chat for own in chats.values() for chat in own])
    open_chats = {firm_id: [chat for chat in own if chat not in shut] for firm_id, own in chats.items()}
    return {firm_id: own[0] for firm_id, own in open_chats.items() if own}


def _portions(firm_ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(dict.fromkeys(firm_ids))
    while some := list(islice(left, _PORTION)):
        yield some
