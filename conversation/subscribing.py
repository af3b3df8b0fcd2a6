"""What a firm lets others see, and which announcements it takes: shown, switched, and stopped at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from conversation import partner_wording as wording
from conversation.messages import Reply
from conversation.moves import LINK, Asker, Identities, Move, Who, button, say
from core.database import Database
from firms import consents
from firms import import_wording as recorded
from firms.consents import CATEGORIES, VISIBLE, Consent
from firms.store import Firm
from matching.introductions import set_visible
from messaging import addresses
from messaging.addresses import EVERY_CATEGORY
from messaging.inbox import WEB, firm_inbox
from messaging.messages import Choice, ChoiceId

UNSUBSCRIBE, STOP, SWITCH_ON, SWITCH_OFF = "unsub", "stop", "consent-on", "consent-off"
ACTIONS = frozenset((UNSUBSCRIBE, STOP, SWITCH_ON, SWITCH_OFF))
ALL = "all"
_ANNOUNCE = "announce."
_KINDS = {VISIBLE: VISIBLE, **{f"{_ANNOUNCE}{category}": consents.announce(category) for category in CATEGORIES}}
"""The references of the buttons, to the kinds of consent."""


class Subscribing:
    """`desk` is whom to ask for a claim code."""

    def __init__(self, database: Database, identities: Identities, desk: str) -> None:
        self._database = database
        self._identities = identities
        self._desk = desk

    async def stop(self, asker: Asker) -> Move:
        """No announcements any more: to this address, and to the firms that it speaks for."""
        who = await self._identities.who(asker)
        async with self._database.transaction() as session:
            await addresses.opt_out(session, asker.channel, asker.address, EVERY_CATEGORY)
            for firm in who.firms:
                await _refuse(session, firm.id, CATEGORIES)
        return say(wording.STOPPED)

    async def subscribe(self, asker: Asker) -> Move:
        """Announcements are welcome again; a firm then picks the categories."""
        who = await self._identities.who(asker)
        async with self._database.transaction() as session:
            for channel, address in _addresses(asker, who.firms):
                await addresses.opt_in(session, channel, address, EVERY_CATEGORY)
        if who.firm is None:
            return say(wording.SUBSCRIBED)
        return await self._screen(who.firm, f"{wording.SUBSCRIBE_PICK}\n\n")

    async def consent(self, asker: Asker) -> Move:
        """What holds for the firm, with a switch for each."""
        if asker.is_group:
            return say(wording.IN_PRIVATE)
        who = await self._identities.who(asker)
        return await self._screen(who.firm) if who.firm else self._link_first()

    async def press(self, choice: ChoiceId, asker: Asker) -> Move:
        """A button of this side."""
        if choice.action == STOP:
            move = await self.stop(asker)
            return Move(move.replies, said=wording.BUTTON_STOP)
        if choice.action == UNSUBSCRIBE:
            return await self._unsubscribe(choice.ref, asker)
        if asker.is_group:
            return say(wording.IN_PRIVATE)
        who = await self._identities.who(asker)
        if who.firm is None:
            return self._link_first()
        return await self._switch(choice.ref, choice.action == SWITCH_ON, asker, who)

    async def is_stopped(self, asker: Asker) -> bool:
        """Whether this address takes no announcements at all."""
        pair = (asker.channel, asker.address)
        async with self._database.reading() as session:
            return pair in await addresses.opted_out(session, [pair], EVERY_CATEGORY)

    async def came_back(self, asker: Asker) -> None:
        """The person wrote again: what the service once refused may be tried again."""
        async with self._database.transaction() as session:
            await addresses.unblock(session, asker.channel, asker.address)

    # --- steps ---

    def _link_first(self) -> Move:
        return say(wording.LINK_FIRST.format(desk=self._desk), button(LINK, wording.BUTTON_LINK))

    async def _unsubscribe(self, category: str, asker: Asker) -> Move:
        if category not in CATEGORIES:
            return say(wording.UNKNOWN_CATEGORY)
        who = await self._identities.who(asker)
        async with self._database.transaction() as session:
            await addresses.opt_out(session, asker.channel, asker.address, category)
            for firm in who.firms:
                await _refuse(session, firm.id, [category])
        label = wording.CATEGORIES[category]
        return say(wording.UNSUBSCRIBED.format(category=label), said=wording.BUTTON_OFF.format(name=_name(category)))

    async def _switch(self, ref: str, on: bool, asker: Asker, who: Who) -> Move:
        assert who.firm is not None
        if ref != ALL and ref not in _KINDS:
            return say(wording.UNKNOWN_CATEGORY)
        categories = CATEGORIES if ref == ALL else tuple(filter(None, [ref.removeprefix(_ANNOUNCE)]))
        async with self._database.transaction() as session:
            if ref == VISIBLE:
                await _show(session, who.firm.id, on)
            elif on:
                await _allow(session, who.firm.id, categories)
                await _welcome(session, _addresses(asker, [who.firm]), categories)
            else:
                await _refuse(session, who.firm.id, categories)
        state = wording.STATE_ON if on else wording.STATE_OFF
        label = wording.BUTTON_ON if on else wording.BUTTON_OFF
        name = wording.ALL_NAME if ref == ALL else _name(ref)
        move = await self._screen(who.firm, wording.CONSENT_CHANGED.format(state=state, name=name))
        return Move(move.replies, said=label.format(name=name))

    async def _screen(self, firm: Firm, lead: str = "") -> Move:
        async with self._database.reading() as session:
            current = await consents.current(session, firm.id)
        on = [wording.CATEGORIES[category] for category in CATEGORIES if _granted(current, consents.announce(category))]
        text = wording.CONSENT.format(
            firm=firm.name,
            visible=wording.VISIBLE_NAME,
            visible_state=wording.ON if _granted(current, VISIBLE) else wording.OFF,
            recipient=recorded.RECIPIENTS["visible"],
            on=wording.BETWEEN.join(on) or wording.NONE_ON,
        )
        return Move((Reply(lead + text, choices=_switches(current)),))


def _switches(current: Mapping[str, Consent]) -> tuple[Choice, ...]:
    """A switch for each, and one for all."""
    choices = []
    for ref, kind in _KINDS.items():
        on = _granted(current, kind)
        label = (wording.BUTTON_OFF if on else wording.BUTTON_ON).format(name=_name(ref))
        choices.append(button(SWITCH_OFF if on else SWITCH_ON, label, ref))
    everything = all(_granted(current, consents.announce(category)) for category in CATEGORIES)
    last = button(STOP, wording.BUTTON_STOP) if everything else button(SWITCH_ON, wording.BUTTON_ALL_ON, ALL)
    return (*choices, last)


def _name(ref: str) -> str:
    if ref == VISIBLE:
        return wording.VISIBLE_NAME
    return wording.CATEGORY_NAME.format(category=wording.CATEGORIES[ref.removeprefix(_ANNOUNCE)])


def _granted(current: Mapping[str, Consent], kind: str) -> bool:
    return kind in current and current[kind].granted


def _addresses(asker: Asker, firms: Iterable[Firm]) -> list[tuple[str, str]]:
    """Where announcements for him arrive: his own address, and his firms' inboxes."""
    return [(asker.channel, asker.address), *((WEB, firm_inbox(firm.id)) for firm in firms)]


async def _show(session: AsyncSession, firm_id: str, visible: bool) -> None:
    if visible or await consents.granted(session, firm_id, VISIBLE):
        await set_visible(session, firm_id, visible, via="firm", source=wording.CONSENT_SOURCE)


async def _allow(session: AsyncSession, firm_id: str, categories: Iterable[str]) -> None:
    """Consent to categories; nothing is recorded where it holds already."""
    current = await consents.current(session, firm_id)
    for category in categories:
        kind = consents.announce(category)
        if not _granted(current, kind):
            await consents.grant(
                session,
                firm_id,
                kind,
                source=wording.CONSENT_SOURCE,
                purpose=recorded.PURPOSES["announce"],
                recipient=recorded.RECIPIENTS["announce"],
            )


async def _refuse(session: AsyncSession, firm_id: str, categories: Iterable[str]) -> None:
    """The firm's own refusal of categories, so that no table brings them back; recorded once."""
    current = await consents.current(session, firm_id)
    for category in categories:
        kind = consents.announce(category)
        said = current.get(kind)
        if said is None or said.granted or said.via != "firm":
            await consents.withdraw(session, firm_id, kind, source=wording.CONSENT_SOURCE)


async def _welcome(session: AsyncSession, pairs: Iterable[tuple[str, str]], categories: Iterable[str]) -> None:
    """These categories are welcome at these addresses; one that opted out of everything stays out of the others."""
    wanted = frozenset(categories)
    for channel, address in pairs:
        pair = (channel, address)
        stopped = pair in await addresses.opted_out(session, [pair], EVERY_CATEGORY)
        if stopped:
            await addresses.opt_in(session, channel, address, EVERY_CATEGORY)
        for category in CATEGORIES:
            if category in wanted:
                await addresses.opt_in(session, channel, address, category)
            elif stopped:
                await addresses.opt_out(session, channel, address, category)
