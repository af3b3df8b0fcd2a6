"""Introductions in the chat: an interest is confirmed before it is sent, notices are answered, contacts are shown live.

What may be seen can change at any time, so every view of an introduction is a private reply: delivered, not kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from conversation import partner_wording as wording
from conversation.messages import Reply
from conversation.moves import LINK, MATCH, MINE, Asker, Identities, Move, Who, button, say
from core.clock import Clock
from core.errors import NotFound
from firms.actors import Actor
from firms.store import Firm
from matching.introduction_views import ACCEPT, DECLINE, SHOW, WITHDRAW, View
from matching.introduction_views import ACTIONS as ANSWERS
from matching.introductions import AlreadyAsked, Introductions
from matching.offer import EVENT, Offer
from matching.offers import NoSuchOffer, Offers
from messaging.messages import ChoiceId, OutMessage

WANT, AGREE, DISAGREE = "want", "want-yes", "want-no"
ACTIONS = frozenset((WANT, AGREE, DISAGREE, *ANSWERS))
_APART = "."


class Introducing:
    """`desk` is whom to ask for a claim code."""

    def __init__(
        self, introductions: Introductions, offers: Offers, identities: Identities, clock: Clock, desk: str
    ) -> None:
        self._introductions = introductions
        self._offers = offers
        self._identities = identities
        self._clock = clock
        self._desk = desk

    async def press(self, choice: ChoiceId, asker: Asker) -> Move:
        """A button of this side. Raises the errors of introductions and offers."""
        if asker.is_group:
            return say(wording.IN_PRIVATE)
        match choice.action:
            case "want":
                return await self._want(choice, asker)
            case "want-yes":
                return await self._ask(choice, asker)
            case "want-no":
                return say(wording.WANT_NOT_SENT, said=wording.BUTTON_DISAGREE)
        return await self._answer(choice, asker)

    # --- showing interest ---

    async def _want(self, choice: ChoiceId, asker: Asker) -> Move:
        """First press: who would get what, and for what."""
        offer = await self._offer(choice.ref)
        who = await self._identities.who(asker)
        said = wording.BUTTON_WANT.format(title=offer.title)
        if who.firm is None:
            link = button(LINK, wording.BUTTON_LINK)
            return say(wording.LINK_FIRST.format(desk=self._desk), link, said=said)
        return self._confirm(offer, who.firm, said)

    def _confirm(self, offer: Offer, firm: Firm, said: str | None, lead: str = "") -> Move:
        if offer.kind != EVENT and not offer.is_open(self._clock.now()):
            return say(wording.OFFER_GONE, button(MATCH, wording.BUTTON_MATCH), said=said)
        text = wording.CONFIRM_WANT.format(provider=offer.provider, firm=firm.name, title=offer.title)
        ref = f"{offer.number}{_APART}{firm.id}"
        agree = button(AGREE, wording.BUTTON_AGREE, ref, offer.version)
        return say(lead + text, agree, button(DISAGREE, wording.BUTTON_DISAGREE), said=said)

    async def _ask(self, choice: ChoiceId, asker: Asker) -> Move:
        """Second press: sent, in the name of the firm that was named. Pressed again it says the same."""
        number, _, firm_id = choice.ref.partition(_APART)
        offer = await self._offer(number)
        firm = (await self._identities.who(asker)).owns(firm_id)
        if firm is None:
            return say(wording.NOT_YOURS, button(LINK, wording.BUTTON_LINK))
        if offer.version != choice.version:
            return self._confirm(offer, firm, wording.BUTTON_AGREE, wording.WANT_CHANGED)
        try:
            asked = await self._introductions.ask(Actor("firm", firm.id), firm.id, offer.id)
        except AlreadyAsked as error:
            show = button(SHOW, wording.BUTTON_ANSWER.format(title=offer.title), str(error.details["id"]))
            return say(error.message, show, said=wording.BUTTON_AGREE)
        return _asked(asked)

    async def _offer(self, number: str) -> Offer:
        if not (number.isascii() and number.isdigit()) or len(number) > 15:
            raise NoSuchOffer()
        return await self._offers.by_number(int(number))

    # --- answering, ending, looking ---

    async def _answer(self, choice: ChoiceId, asker: Asker) -> Move:
        who = await self._identities.who(asker)
        match choice.action:
            case "intro-yes":
                return await self._decide(who, choice, self._introductions.accept, wording.DONE["accepted"])
            case "intro-no":
                return await self._decide(who, choice, self._introductions.decline, wording.DONE["declined"])
            case "intro-off":
                return await self._decide(who, choice, self._introductions.withdraw, wording.DONE["withdrawn"])
        actor, _ = await self._party(who, choice.ref)
        return Move((await self._shown(actor, choice.ref),), said=wording.BUTTON_DETAILS)

    async def _decide(
        self, who: Who, choice: ChoiceId, act: Callable[[Actor, str], Awaitable[View]], done: str
    ) -> Move:
        """Do it, and say how it stands; contacts in a reply of their own."""
        actor, seen = await self._party(who, choice.ref, answering=choice.action in (ACCEPT, DECLINE))
        seen = await act(actor, seen.id)
        more = (button(MINE, wording.BUTTON_MINE),)
        reply = Reply(done.format(title=seen.offer_title), choices=() if seen.contacts else more)
        shown = (await self._shown(actor, seen.id),) if seen.contacts else ()
        return Move((reply, *shown), said=_LABELS[choice.action])

    async def _shown(self, actor: Actor, introduction_id: str) -> Reply:
        message = await self._introductions.show(actor, introduction_id)
        seen = await self._introductions.get(actor, introduction_id)
        return _private(message, seen)

    async def _party(self, who: Who, introduction_id: str, *, answering: bool = False) -> tuple[Actor, View]:
        """As whom the asker takes part in an introduction; where he is both, the side that has to answer.

        Raises NotFound when he does not.
        """
        parts: list[tuple[Actor, View]] = []
        for actor in who.actors:
            try:
                parts.append((actor, await self._introductions.get(actor, introduction_id)))
            except NotFound:
                continue
        if not parts:
            raise NotFound(wording.NO_INTRODUCTION)
        asked = [part for part in parts if part[1].asked_by != part[0].kind]
        return (asked or parts)[0] if answering else parts[0]


_LABELS = {
    ACCEPT: wording.BUTTON_ACCEPTED,
    DECLINE: wording.BUTTON_DECLINED,
    WITHDRAW: wording.BUTTON_WITHDRAW,
}


def _asked(seen: View) -> Move:
    text = wording.ASKED.format(
        provider=seen.provider, title=seen.offer_title, until=wording.DAY.format(seen.expires_on)
    )
    if seen.state != "asked":  # pressed again after the answer
        text = wording.STATE_NOW.format(title=seen.offer_title, state=state_line(seen))
    choices = [button(MINE, wording.BUTTON_MINE)]
    if WITHDRAW in seen.actions:
        choices.insert(0, button(WITHDRAW, wording.BUTTON_WITHDRAW, seen.id, seen.version))
    return say(text, *choices, said=wording.BUTTON_AGREE)


def state_line(seen: View) -> str:
    """How an introduction stands, in a line, without anything that may have to be taken back."""
    if seen.state != "asked":
        return wording.STATE_LINES[seen.state]
    key = "asked_of_me" if ACCEPT in seen.actions else "asked_by_me"
    return wording.STATE_LINES[key].format(until=wording.DAY.format(seen.expires_on))


def _private(message: OutMessage, seen: View) -> Reply:
    label = wording.BUTTON_CONTACTS if seen.contacts else wording.BUTTON_DETAILS
    again = button(SHOW, label, seen.id, seen.version)
    return Reply(
        message.text,
        notices=message.notices,
        cards=message.cards,
        choices=(*message.choices, again),
        private=True,
    )
