"""Events in the chat: register, give a place back, take one that came free."""

from __future__ import annotations

from announcements.message import CANCEL, CONFIRM, REGISTER
from announcements.registration import View, notice
from announcements.registrations import Registrations
from conversation import partner_wording as wording
from conversation.messages import Reply
from conversation.moves import LINK, MINE, Asker, Identities, Move, Who, button, say
from core.clock import Clock
from core.errors import NotFound
from firms.actors import Actor
from matching.offers import NoSuchOffer, Offers
from messaging.messages import ChoiceId

ACTIONS = frozenset((REGISTER, CANCEL, CONFIRM))


class Joining:
    """`desk` is whom to ask for a claim code."""

    def __init__(
        self, registrations: Registrations, offers: Offers, identities: Identities, clock: Clock, desk: str
    ) -> None:
        self._registrations = registrations
        self._offers = offers
        self._identities = identities
        self._clock = clock
        self._desk = desk

    async def press(self, choice: ChoiceId, asker: Asker) -> Move:
        """A button of this side; pressed again it says the same. Raises the errors of registrations."""
        if asker.is_group:
            return say(wording.IN_PRIVATE)
        who = await self._identities.who(asker)
        if who.firm is None:
            return say(wording.LINK_FIRST.format(desk=self._desk), button(LINK, wording.BUTTON_LINK))
        if choice.action == REGISTER:
            return await self._told(await self._register(who, choice.ref), who, wording.SAID_JOIN)
        return await self._change(who, choice)

    async def _register(self, who: Who, number: str) -> View:
        assert who.firm is not None
        if not (number.isascii() and number.isdigit()) or len(number) > 15:
            raise NoSuchOffer()
        return await self._registrations.register(Actor("firm", who.firm.id), who.firm.id, int(number), told=True)

    async def _change(self, who: Who, choice: ChoiceId) -> Move:
        """Cancel or confirm the registration of one of the asker's firms. Raises NotFound for another's."""
        act = self._registrations.cancel if choice.action == CANCEL else self._confirm
        said = wording.BUTTON_LEAVE if choice.action == CANCEL else wording.SAID_TAKE
        for actor in who.actors:
            try:
                await self._registrations.get(actor, choice.ref)
            except NotFound:
                continue
            return await self._told(await act(actor, choice.ref), who, said)
        raise NotFound(wording.NO_REGISTRATION)

    async def _confirm(self, actor: Actor, registration_id: str) -> View:
        return await self._registrations.confirm(actor, registration_id, told=True)

    async def _told(self, view: View, who: Who, said: str) -> Move:
        """How the registration stands, with the event's time and place and what can be done now."""
        offer = await self._offers.by_number(view.event_number)
        firm = who.owns(view.firm_id)
        message = notice(view, offer, firm.name if firm else view.firm, self._clock.timezone)
        choices = (*message.choices, button(MINE, wording.BUTTON_MINE))
        return Move((Reply(message.text, cards=message.cards, choices=choices),), said=said)
