"""What the chat's dealings with firms and partners take and give: who asks, for whom he speaks, and the next move."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from conversation import partner_wording as wording
from conversation.messages import Reply
from core.database import Database
from firms import claims
from firms.actors import Actor
from firms.claims import Person
from firms.facts import Facts
from firms.store import TELEGRAM, Firm, Firms, NoSuchFirm
from messaging.messages import Choice, encode_choice

MATCH, MINE, INBOX, LINK, CONSENT = "match", "mine", "inbox", "link", "consent"
_TITLE = 14


@dataclass(frozen=True)
class Asker:
    """Who talks: his address, the firm he chose to act for (empty: the newest), and the facts of his self-check."""

    channel: str
    address: str
    acting: str = ""
    facts: Facts | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        """The same for all messages of one conversation."""
        return f"{self.channel}:{self.address}"

    @property
    def is_group(self) -> bool:
        """Whether several people read along: groups of Telegram have addresses that begin with a dash."""
        return self.channel == TELEGRAM and self.address.startswith("-")


@dataclass(frozen=True)
class Who:
    """For whom an asker proved to speak, in the order in which he did; `firm` is the one he acts for now."""

    firms: tuple[Firm, ...] = ()
    providers: tuple[str, ...] = ()
    firm: Firm | None = None

    @property
    def is_linked(self) -> bool:
        return bool(self.firms or self.providers)

    @property
    def names(self) -> tuple[str, ...]:
        return (*(firm.name for firm in self.firms), *self.providers)

    @property
    def actors(self) -> tuple[Actor, ...]:
        """As whom he may act, the firm he acts for first."""
        ordered = sorted(self.firms, key=lambda firm: firm != self.firm)
        return (*(Actor("firm", firm.id) for firm in ordered), *(Actor("provider", name) for name in self.providers))

    def owns(self, firm_id: str) -> Firm | None:
        """The firm of this id, if he speaks for it."""
        return next((firm for firm in self.firms if firm.id == firm_id), None)


NOBODY = Who()


@dataclass(frozen=True)
class Move:
    """What a message to the partners' side brought about.

    `said`: words that stand for the message when the conversation is shown again. `needing`: a need is asked for, of
    this kind (empty: any). `acting`: the firm that is acted for from now on. `question`: the text may also have been a
    question about a policy, and is offered as one. `afterwards`: done once the replies are stored.
    """

    replies: tuple[Reply, ...]
    said: str | None = None
    needing: str | None = None
    acting: str | None = None
    question: str | None = None
    afterwards: Callable[[], Awaitable[None]] | None = field(default=None, compare=False)


def say(text: str, *choices: Choice, said: str | None = None) -> Move:
    """A move of one reply."""
    return Move((Reply(text, choices=choices),), said=said)


def button(action: str, label: str, ref: str = "", version: int = 0) -> Choice:
    """A button of this side; its version is that of the thing it is about, 0 where it has none."""
    return Choice(encode_choice(action, ref, version), label)


def short(text: str) -> str:
    """A title as it fits on a button."""
    text = " ".join(text.split())
    return text if len(text) <= _TITLE else text[:_TITLE] + wording.SHORTENED


class Identities:
    """Looks up for whom an asker speaks."""

    def __init__(self, database: Database, firms: Firms) -> None:
        self._database = database
        self._firms = firms

    async def who(self, asker: Asker) -> Who:
        """For whom he proved to speak; nobody in a group."""
        if asker.is_group:
            return NOBODY
        async with self._database.reading() as session:
            person: Person = await claims.person(session, asker.channel, asker.address)
            found: list[Firm] = []
            for firm_id in person.firms:
                try:
                    found.append(await self._firms.get(firm_id, session))
                except NoSuchFirm:
                    continue
        chosen = next((firm for firm in found if firm.id == asker.acting), found[-1] if found else None)
        return Who(tuple(found), person.providers, chosen)
