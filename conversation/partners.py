"""What the chat can do for firms and partners, put together: commands, buttons and texts are given to their side."""

from __future__ import annotations

from dataclasses import replace

from announcements.registrations import Registrations
from conversation import introducing, joining, linking, subscribing
from conversation import partner_wording as wording
from conversation import wording_seeking as words
from conversation.finding import Finding
from conversation.inbox_reading import InboxReading
from conversation.introducing import Introducing
from conversation.joining import Joining
from conversation.linking import Linking
from conversation.moves import CONSENT, INBOX, LINK, MATCH, MINE, Asker, Identities, Move, button, say
from conversation.progress_list import ProgressList
from conversation.seeking import Seeking
from conversation.subscribing import Subscribing
from core.clock import Clock
from core.database import Database
from core.errors import QibanError
from firms.catalogue import Catalogue
from firms.store import Firms
from matching.introductions import Introductions
from matching.matchmaker import Matchmaker
from matching.offers import Offers
from messaging.inbox import WEB, Inbox
from messaging.messages import Choice, ChoiceId

FIXED = {
    MATCH: wording.BUTTON_MATCH,
    MINE: wording.BUTTON_MINE,
    INBOX: wording.BUTTON_INBOX,
    LINK: wording.BUTTON_LINK,
    CONSENT: wording.BUTTON_CONSENT,
}
"""Buttons that stand for a command, and what they say."""
COMMANDS = frozenset((*FIXED, "unlink", "stop", "subscribe"))
ACTIONS = frozenset(FIXED) | linking.ACTIONS | introducing.ACTIONS | joining.ACTIONS | subscribing.ACTIONS
PULLED = frozenset((WEB, "terminal"))
"""Channels on which notices wait in the inbox."""


class Partners:
    """All of it. `desk` is the name shown where a person has to help, and who hands out claim codes."""

    def __init__(
        self,
        database: Database,
        firms: Firms,
        offers: Offers,
        matchmaker: Matchmaker,
        introductions: Introductions,
        registrations: Registrations,
        inbox: Inbox,
        catalogue: Catalogue,
        clock: Clock,
        *,
        desk: str,
    ) -> None:
        self._identities = who = Identities(database, firms)
        self._linking = Linking(database, who, desk)
        self._finding = Finding(matchmaker, offers, who, catalogue, clock, desk)
        self._introducing = Introducing(introductions, offers, who, clock, desk)
        self._joining = Joining(registrations, offers, who, clock, desk)
        self._subscribing = Subscribing(database, who, desk)
        self._reading = InboxReading(inbox, who, clock.timezone, desk)
        self._progress = ProgressList(introductions, registrations, who, clock, desk)

    async def command(self, name: str, argument: str, asker: Asker) -> Move:
        """One of `COMMANDS`. What the domain refuses is said in its own words."""
        try:
            return await self._command(name, argument, asker)
        except QibanError as error:
            return say(error.message)

    async def _command(self, name: str, argument: str, asker: Asker) -> Move:
        match name:
            case "match":
                return await self._finding.command(argument, asker)
            case "mine":
                return await self._progress.command(asker)
            case "inbox":
                return await self._reading.command(asker)
            case "link":
                return await self._linking.command(argument, asker)
            case "unlink":
                return await self._linking.unlink(asker)
            case "consent":
                return await self._subscribing.consent(asker)
            case "subscribe":
                return await self._subscribing.subscribe(asker)
        return await self._subscribing.stop(asker)

    async def press(self, choice: ChoiceId, asker: Asker) -> Move:
        """A button, one of `ACTIONS`. What the domain refuses is said in its own words."""
        try:
            return await self._press(choice, asker)
        except QibanError as error:
            return say(error.message)

    async def _press(self, choice: ChoiceId, asker: Asker) -> Move:
        action = choice.action
        if action == MATCH:
            return await self._finding.press(choice, asker)
        if action in FIXED:
            move = await self._command(action, "", asker)
            return replace(move, said=FIXED[action])
        if action in linking.ACTIONS:
            return await self._linking.press(choice, asker)
        if action in introducing.ACTIONS:
            return await self._introducing.press(choice, asker)
        if action in joining.ACTIONS:
            return await self._joining.press(choice, asker)
        return await self._subscribing.press(choice, asker)

    async def redeem(self, code: str, asker: Asker) -> Move:
        """A claim code that was sent as a message."""
        return await self._linking.redeem(code, asker)

    async def seek(self, seeking: Seeking, text: str, asker: Asker) -> Move:
        """A text that looks for a partner."""
        try:
            return await self._finding.seek(seeking, text, asker)
        except QibanError as error:
            return say(error.message)

    async def need(self, text: str, kind: str | None, asker: Asker) -> Move:
        """A need that was asked for."""
        try:
            return await self._finding.need(text, kind, asker)
        except QibanError as error:
            return say(error.message)

    async def started(self, asker: Asker) -> str:
        """The person came (back): what the service once refused may be tried again. Returns what is to be said about
        announcements; empty where there is nothing."""
        await self._subscribing.came_back(asker)
        return wording.OPTED_OUT if await self._subscribing.is_stopped(asker) else ""

    async def menu(self, asker: Asker) -> tuple[Choice, ...]:
        """The buttons of this side for a menu."""
        if asker.is_group:
            return (button(MATCH, wording.BUTTON_MATCH),)
        who = await self._identities.who(asker)
        choices = [button(MATCH, wording.BUTTON_MATCH)]
        choices.append(button(MINE, wording.BUTTON_MINE) if who.is_linked else button(LINK, wording.BUTTON_LINK))
        count = await self._reading.unread(who, asker) if asker.channel in PULLED else 0
        if count:
            choices.append(button(INBOX, wording.BUTTON_INBOX_UNREAD.format(count=count)))
        return tuple(choices)


def beside(kind: str) -> Choice:
    """The button beside a policy's answer that looks for a kind of partner."""
    return button(MATCH, wording.BUTTON_SEEK.format(kind=words.KIND_LABELS[kind]), kind)
