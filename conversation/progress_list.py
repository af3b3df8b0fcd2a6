"""What is under way for whom somebody speaks: introductions and registrations, with a button for each."""

from __future__ import annotations

from announcements.message import CANCEL, CONFIRM, moment
from announcements.registration import View as Registration
from announcements.registrations import Registrations
from conversation import partner_wording as wording
from conversation.introducing import state_line
from conversation.linking import AS
from conversation.messages import Reply
from conversation.moves import LINK, MATCH, Asker, Identities, Move, Who, button, say, short
from core.clock import Clock
from firms.actors import Actor
from matching.introduction_views import ACCEPT, SHOW, WITHDRAW, View
from matching.introductions import Introductions
from messaging.messages import Card, Choice

SHOWN = 6
_OPEN = ("asked", "accepted", "registered", "waiting", "offered")


class ProgressList:
    """`desk` is whom to ask for a claim code."""

    def __init__(
        self,
        introductions: Introductions,
        registrations: Registrations,
        identities: Identities,
        clock: Clock,
        desk: str,
    ) -> None:
        self._introductions = introductions
        self._registrations = registrations
        self._identities = identities
        self._clock = clock
        self._desk = desk

    async def command(self, asker: Asker) -> Move:
        """The firm that is acted for, and the providers; what is open first, then the newest."""
        if asker.is_group:
            return say(wording.IN_PRIVATE)
        who = await self._identities.who(asker)
        if not who.is_linked:
            return say(wording.LINK_FIRST.format(desk=self._desk), button(LINK, wording.BUTTON_LINK))
        introductions, registrations = await self._found(who)
        entries = [*map(_introduction, introductions), *map(self._registration, registrations)]
        entries.sort(key=lambda entry: not entry[0])
        names = wording.BETWEEN.join([*([who.firm.name] if who.firm else []), *who.providers])
        switch = [button(AS, wording.BUTTON_AS.format(name=short(f.name)), f.id) for f in who.firms if f != who.firm]
        if not entries:
            text = f"{wording.MINE.format(who=names)}{wording.MINE_NOTHING}"
            return say(text, button(MATCH, wording.BUTTON_MATCH), *switch[:2])
        shown = entries[:SHOWN]
        text = wording.MINE.format(who=names)
        if len(entries) > SHOWN:
            text += wording.MINE_MORE.format(count=len(entries) - SHOWN)
        choices = (*(choice for _, _, choice in shown if choice), *switch[:2])
        return Move((Reply(text, cards=tuple(card for _, card, _ in shown), choices=choices),))

    async def _found(self, who: Who) -> tuple[list[View], list[Registration]]:
        actors = [Actor("firm", who.firm.id)] if who.firm else []
        actors += [Actor("provider", name) for name in who.providers]
        introductions = [view for actor in actors for view in await self._introductions.list(actor)]
        return introductions, await self._registrations.mine(who.firm.id) if who.firm else []

    def _registration(self, view: Registration) -> tuple[bool, Card, Choice | None]:
        lines = [wording.REGISTRATION_LINES[view.state]]
        if view.position is not None:
            lines = [wording.POSITION_LINE.format(state=lines[0], position=view.position)]
        if view.starts_at is not None:
            lines.append(wording.TIME_LINE.format(time=moment(view.starts_at, self._clock.timezone)))
        if view.held_until is not None:
            lines.append(wording.HELD_LINE.format(time=moment(view.held_until, self._clock.timezone)))
        card = Card(wording.EVENT_TITLE.format(title=view.event_title), tuple(lines))
        title = short(view.event_title)
        choice: Choice | None = None
        if view.state == "offered":
            choice = button(CONFIRM, wording.BUTTON_TAKE_OF.format(title=title), view.id, view.version)
        elif view.state in _OPEN:
            choice = button(CANCEL, wording.BUTTON_LEAVE_OF.format(title=title), view.id, view.version)
        return view.state in _OPEN, card, choice


def _introduction(view: View) -> tuple[bool, Card, Choice | None]:
    """Whether it is open, its card and its button. A firm is not named to a provider: it may hide later."""
    other = wording.SOME_FIRM if view.viewer == "provider" else wording.WITH.format(provider=view.provider)
    card = Card(wording.INTRODUCTION_TITLE.format(title=view.offer_title), (other, state_line(view)))
    return view.state in _OPEN, card, _button_of(view)


def _button_of(view: View) -> Choice | None:
    title, actions = short(view.offer_title), view.actions
    if view.state == "accepted":
        return button(SHOW, wording.BUTTON_CONTACTS_OF.format(title=title), view.id, view.version)
    if ACCEPT in actions:
        return button(SHOW, wording.BUTTON_ANSWER.format(title=title), view.id, view.version)
    if WITHDRAW in actions:
        return button(WITHDRAW, wording.BUTTON_WITHDRAW_OF.format(title=title), view.id, view.version)
    return None
