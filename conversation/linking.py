"""Linking a chat to a firm or a provider with a claim code, and ending that."""

from __future__ import annotations

from hashlib import sha256

from conversation import partner_wording as wording
from conversation.claiming import claim_code
from conversation.moves import CONSENT, MATCH, MINE, Asker, Identities, Move, button, say
from core.database import Database
from firms import claims
from firms.catalogue import folded_name
from firms.claims import BadClaimCode, Claimed
from messaging.messages import ChoiceId

UNLINK, UNLINK_PROVIDER, KEEP, AS = "unlink", "unlink-as", "unlink-no", "as"
ACTIONS = frozenset((UNLINK, UNLINK_PROVIDER, KEEP, AS))
_MOST = 6


class Linking:
    """`desk` is whom to ask for a code."""

    def __init__(self, database: Database, identities: Identities, desk: str) -> None:
        self._database = database
        self._identities = identities
        self._desk = desk

    async def command(self, argument: str, asker: Asker) -> Move:
        """`/link CODE`, or how to get a code."""
        if argument.strip():
            return await self.redeem(claim_code(argument) or argument, asker)
        if asker.is_group:
            return say(wording.IN_PRIVATE)
        how = wording.LINK_HOW.format(desk=self._desk)
        who = await self._identities.who(asker)
        if not who.is_linked:
            return say(how)
        return say(f"{wording.LINK_ALREADY.format(names=wording.BETWEEN.join(who.names))}\n{how}")

    async def redeem(self, code: str, asker: Asker) -> Move:
        """Hand in a code. However it ends, the code is not kept in the conversation."""
        if asker.is_group:
            return say(wording.CODE_IN_GROUP.format(desk=self._desk), said=wording.CODE_HIDDEN)
        try:
            async with self._database.transaction() as session:
                claimed = await claims.redeem(session, code, asker.channel, asker.address)
        except BadClaimCode as error:
            return say(error.message, said=wording.CODE_HIDDEN)
        return _linked(claimed)

    async def unlink(self, asker: Asker) -> Move:
        """`/unlink`: asks which."""
        if asker.is_group:
            return say(wording.IN_PRIVATE)
        who = await self._identities.who(asker)
        if not who.is_linked:
            return say(wording.UNLINK_NONE)
        firms = [button(UNLINK, wording.BUTTON_UNLINK.format(name=firm.name), firm.id) for firm in reversed(who.firms)]
        providers = [
            button(UNLINK_PROVIDER, wording.BUTTON_UNLINK.format(name=name), _fingerprint(name))
            for name in who.providers
        ]
        choices = (*firms, *providers)[:_MOST]
        return say(wording.UNLINK_WHICH, *choices, button(KEEP, wording.BUTTON_KEEP))

    async def press(self, choice: ChoiceId, asker: Asker) -> Move:
        """A button of this side. Unlinking what is not linked (any more) gets the same words."""
        if choice.action == KEEP:
            return say(wording.UNLINK_KEPT, said=wording.BUTTON_KEEP)
        if choice.action == AS:
            return await self._act_as(choice.ref, asker)
        if choice.action == UNLINK:
            async with self._database.transaction() as session:
                await claims.unlink(session, asker.channel, asker.address, choice.ref)
            return say(wording.UNLINKED)
        return await self._unlink_provider(choice.ref, asker)

    async def _unlink_provider(self, ref: str, asker: Asker) -> Move:
        """A provider by its fingerprint: its place in a list would be another's after the first press."""
        async with self._database.transaction() as session:
            person = await claims.person(session, asker.channel, asker.address)
            for name in person.providers:
                if _fingerprint(name) == ref:
                    await claims.unlink_provider(session, asker.channel, asker.address, name)
        return say(wording.UNLINKED)

    async def _act_as(self, firm_id: str, asker: Asker) -> Move:
        who = await self._identities.who(asker)
        firm = who.owns(firm_id)
        if firm is None:
            return say(wording.NOT_YOURS)
        move = say(
            wording.ACTING.format(firm=firm.name),
            button(MATCH, wording.BUTTON_MATCH),
            button(MINE, wording.BUTTON_MINE),
        )
        return Move(move.replies, said=wording.BUTTON_AS.format(name=firm.name), acting=firm.id)


def _linked(claimed: Claimed) -> Move:
    if claimed.kind == "provider":
        text = wording.LINKED_PROVIDER.format(name=claimed.name)
        return say(text, button(MINE, wording.BUTTON_MINE), said=wording.CODE_HIDDEN)
    choices = (
        button(MATCH, wording.BUTTON_MATCH),
        button(MINE, wording.BUTTON_MINE),
        button(CONSENT, wording.BUTTON_CONSENT),
    )
    move = say(wording.LINKED_FIRM.format(name=claimed.name), *choices)
    return Move(move.replies, said=wording.CODE_HIDDEN, acting=claimed.owner)


def _fingerprint(name: str) -> str:
    return sha256(folded_name(name).encode()).hexdigest()[:16]
