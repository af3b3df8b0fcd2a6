"""Finding partners in the chat: matches for the firm that is acted for, or for a need said in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from announcements.message import REGISTER, deadline, when
from conversation import partner_wording as wording
from conversation import wording_seeking as words
from conversation.introducing import WANT
from conversation.messages import Reply
from conversation.moves import LINK, MATCH, Asker, Identities, Move, Who, button, say, short
from conversation.seeking import Seeking, kind_in, kind_of
from core.clock import Clock
from core.text import clean
from firms.catalogue import Catalogue, Fact
from firms.store import Firm
from matching import kinds
from matching.matchmaker import Matchmaker
from matching.offer import EVENT, KINDS, Offer
from matching.offers import Offers
from matching.results import Match, MatchResult, NearMiss
from messaging.messages import Card, Choice, ChoiceId

SHOWN = 5
LONGEST_NEED = 500
"""Characters of a need."""
_SHORTEST_NEED = 2
_LINES, _LINE = 6, 120
_MAKERS = ("university", "service", "partner")
_PAGE = 50


class Finding:
    """`desk` is who helps where nothing was found."""

    def __init__(
        self,
        matchmaker: Matchmaker,
        offers: Offers,
        identities: Identities,
        catalogue: Catalogue,
        clock: Clock,
        desk: str,
    ) -> None:
        self._matchmaker = matchmaker
        self._offers = offers
        self._identities = identities
        self._catalogue = catalogue
        self._clock = clock
        self._desk = desk

    async def command(self, argument: str, asker: Asker) -> Move:
        """`/match`: which kind, matches of a kind, or matches for a need."""
        said = clean(argument).strip()
        if not said:
            return Move(_which().replies, needing="")
        kind = kind_of(said) or kinds.kind_of(said)
        return await self.find(kind, asker) if kind else await self.need(said, kind_in(said), asker)

    async def press(self, choice: ChoiceId, asker: Asker) -> Move:
        """The button of a kind, or of none."""
        if choice.ref not in KINDS:
            return Move(_which().replies, said=wording.BUTTON_MATCH, needing="")
        move = await self.find(choice.ref, asker)
        return Move(move.replies, said=words.KIND_LABELS[choice.ref], needing=move.needing)

    async def seek(self, seeking: Seeking, text: str, asker: Asker) -> Move:
        """What a typed text looks for; it may have been a question about a policy, which is offered, too."""
        if seeking.need or seeking.kind is None:
            move = await self.need(seeking.need or text, seeking.kind, asker)
        else:
            move = await self.find(seeking.kind, asker)
        return Move(move.replies, needing=move.needing, question=text)

    async def find(self, kind: str, asker: Asker) -> Move:
        """Matches of one kind for the firm; who speaks for none is asked what he needs, or shown what is on."""
        who = await self._identities.who(asker)
        if who.firm is not None:
            result = await self._matchmaker.match(who.firm, kind=kind, limit=SHOWN, extra=asker.facts)
            lead = wording.FOUND_FOR.format(firm=who.firm.name, kind=words.KIND_LABELS[kind])
            return self._told(result, kind, who, lead)
        if kind == EVENT:
            return self._events(await self._coming())
        label, example = words.KIND_LABELS[kind], wording.NEED_EXAMPLES[kind]
        return Move((Reply(wording.WHICH_NEED.format(kind=label, example=example)),), needing=kind)

    async def need(self, text: str, kind: str | None, asker: Asker) -> Move:
        """Matches for a need in the asker's own words."""
        said = " ".join(clean(text).split())
        if len(said) > LONGEST_NEED:
            return say(wording.NEED_TOO_LONG.format(limit=LONGEST_NEED))
        if len(said) < _SHORTEST_NEED or not any(c.isalpha() for c in said):
            return Move((Reply(wording.NEED_TOO_SHORT),), needing=kind or "")
        who = await self._identities.who(asker)
        label = words.KIND_LABELS[kind] if kind else wording.FOUND_WHAT
        if who.firm is None:
            result = await self._matchmaker.match_need(said, kind=kind, limit=SHOWN, facts=asker.facts)
            return self._told(result, kind, who, wording.FOUND.format(kind=label))
        firm = _needing(who.firm, said)
        result = await self._matchmaker.match(firm, kind=kind, limit=SHOWN, extra=asker.facts)
        lead = wording.FOUND_FOR_NEED.format(firm=who.firm.name, kind=label)
        return self._told(result, kind, who, lead)

    async def _coming(self) -> Sequence[Offer]:
        """The next events, soonest first."""
        page = await self._offers.list(kind=EVENT, open_at=self._clock.now(), limit=_PAGE)
        timed = [offer for offer in page.items if offer.starts_at is not None]
        return sorted(timed, key=lambda offer: (offer.starts_at, offer.number))[:SHOWN]

    # --- how it is told ---

    def _events(self, offers: Sequence[Offer]) -> Move:
        if not offers:
            return say(self._nothing(EVENT, linked=False))
        cards = tuple(Card(offer.title, self._about(offer)) for offer in offers)
        text = wording.FOUND_EVENTS.format(count=len(offers))
        return Move((Reply(text, cards=cards, choices=tuple(_wish(offer) for offer in offers)),))

    def _told(self, result: MatchResult, kind: str | None, who: Who, lead: str) -> Move:
        """Matches as cards, each with its button; without a kind the best of all kinds."""
        shown = list(result.matches) if kind else _of_makers(result.matches)
        cards = tuple(self._card(match) for match in shown[:SHOWN])
        near = [miss for miss in result.near_misses if kind or miss.offer.kind in _MAKERS]
        cards += (_near(near),) if near else ()
        choices = (*(_wish(match.offer) for match in shown[:SHOWN]), button(MATCH, wording.BUTTON_OTHER_KIND))
        if not shown:
            link = () if who.firm else (button(LINK, wording.BUTTON_LINK),)
            text = self._nothing(kind, result.notices, linked=who.firm is not None)
            return Move((Reply(text, cards=cards, choices=(*choices, *link)),))
        hints = (self._hint(result), None if who.firm else wording.LINK_HINT)
        count = wording.COUNTED.format(lead=lead, count=min(len(shown), SHOWN))
        body = "\n".join([count, *(hint for hint in hints if hint)])
        return Move((Reply(body, notices=result.notices, cards=cards, choices=choices),))

    def _nothing(self, kind: str | None, notices: Sequence[str] = (), *, linked: bool) -> str:
        """That nothing was found, and what can be done."""
        label = words.KIND_LABELS[kind] if kind else wording.ANY_KIND
        said = notices or (wording.FOUND_NONE.format(kind=label),)
        steps = wording.NONE_STEPS.format(desk=self._desk)
        return "\n".join([*said, steps if linked else steps + wording.NONE_STEPS_LINK])

    def _hint(self, result: MatchResult) -> str | None:
        """The fact that would help most, as a question."""
        if result.next_question is None:
            return None
        asks = (check.ask for match in result.matches for check in match.to_check if check.fact == result.next_question)
        fact = self._catalogue.get(result.next_question)
        question = next(asks, None) or (fact.question if isinstance(fact, Fact) else None)
        return wording.QUESTION_HINT.format(question=question, desk=self._desk) if question else None

    def _card(self, match: Match) -> Card:
        asks = dict.fromkeys(wording.CHECK_LINE.format(ask=check.ask) for check in match.to_check)
        lines = (*self._about(match.offer), *match.reasons, *asks)
        return Card(match.offer.title, tuple(_clipped(line) for line in lines[:_LINES]))

    def _about(self, offer: Offer) -> tuple[str, ...]:
        """Who offers it; for an event when and where, too."""
        lines = [wording.PROVIDER_LINE.format(provider=offer.provider)]
        if offer.kind == EVENT:
            zone, place = self._clock.timezone, offer.details.get("place")
            time = when(offer, zone)
            lines += [wording.TIME_LINE.format(time=time)] if time else []
            lines += [wording.PLACE_LINE.format(place=place)] if place else []
            lines += [wording.CLOSES_LINE.format(time=deadline(offer.closes_at, zone))] if offer.closes_at else []
        return tuple(_clipped(line) for line in lines)


def _which() -> Move:
    return say(wording.WHICH_KIND, *(button(MATCH, words.KIND_LABELS[kind], kind) for kind in KINDS))


def _needing(firm: Firm, need: str) -> Firm:
    """The firm as if its record said what it needs now; the amounts on record belong to another need."""
    said = replace(
        firm.profile, tech_need=need, finance_use=need, supply_wish=need, tech_budget=None, finance_amount=None
    )
    return replace(firm, profile=said)


def _wish(offer: Offer) -> Choice:
    """Interest in an offer, or a registration for an event."""
    title = short(offer.title)
    if offer.kind == EVENT:
        return button(REGISTER, wording.BUTTON_JOIN.format(title=title), str(offer.number))
    return button(WANT, wording.BUTTON_WANT.format(title=title), str(offer.number), offer.version)


def _of_makers(matches: Sequence[Match]) -> list[Match]:
    """The best for a need that names no kind: somebody is sought who does something, no money and no event."""
    return sorted((match for match in matches if match.offer.kind in _MAKERS), key=lambda match: -match.score)


def _near(near: Sequence[NearMiss]) -> Card:
    lines = (
        wording.NEAR_LINE.format(title=short(miss.offer.title), missing=wording.APART.join(miss.missing))
        for miss in near
    )
    return Card(wording.NEAR_TITLE, tuple(_clipped(line) for line in lines))


def _clipped(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= _LINE else line[:_LINE] + wording.SHORTENED
