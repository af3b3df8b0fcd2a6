"""A town for the chat: the real firms, offers, introductions, registrations and inbox, and people who talk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from announcements.registrations import GUARD as REGISTRATION
from announcements.registrations import Registrations
from announcements.registrations import guard as registration_guard
from conversation.dialogue import Dialogue, State, Step
from conversation.engine import Conversations, Handled
from conversation.messages import IncomingMessage, Kind
from conversation.partners import Partners
from core.clock import Clock
from core.database import Database
from firms import claims
from firms.claims import Kind as Claimant
from firms.store import Contact, Firm
from knowledge.answer import Answer
from matching.introductions import GUARD as INTRODUCTION
from matching.introductions import Introductions
from matching.offer import Offer
from matching.offers import OfferContact
from messaging.inbox import Inbox, InboxChannel
from messaging.messages import CHOICE_BYTES, Choice
from messaging.outbox import OutboxWorker
from tests.conversation.parts import self_check
from tests.matching.market import CATALOGUE, TODAY, ZONE, Market, firm, offer, open_market

DESK = "示例局"
COLLEGE = "示例大学材料学院"
FIRM_PHONE, COLLEGE_PHONE = "13800000001", "13900000002"
FIRM_PERSON, COLLEGE_PERSON = "示例赵经理", "示例钱老师"
COATING = offer(
    "G1", "university", "刀具涂层团队", provider=COLLEGE, research="物理气相沉积硬质涂层、碳化钨涂层、膜基结合力"
)
LOAN = offer(
    "R1", "financing", "信用快贷", amount_min="100", amount_max="500", rule="资产负债率 <= 60", uses=["流动资金"]
)
EVENT = offer(
    "E1", "event", "知识产权质押融资对接会", provider="示例服务中心", place="示例会议中心", capacity=1, topics=["融资"],
    starts_at=datetime(2026, 12, 5, 14, 30, tzinfo=ZONE), closes_at=datetime(2026, 12, 4, tzinfo=ZONE),
)  # fmt: skip
CASTINGS = offer("P1", "partner", "阀体铸件采购", products="球墨铸铁阀体", certificates=["ISO9001"])


CHECK = self_check()


class Advice:
    """Answers every question with itself."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, text: str, **_: object) -> Answer:
        self.asked.append(text)
        return Answer("answered", None, f"答:{text}")


class Town:
    """The real services over a database; texts of policies are answered by a stand-in."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.database, self.firms, self.offers = market.database, market.firms, market.offers
        self.clock = clock = Clock(pinned=TODAY)
        self.introductions = Introductions(self.database, self.firms, self.offers, clock, telegram=True)
        self.registrations = Registrations(self.database, self.firms, self.offers, clock, telegram=True)
        self.inbox = Inbox(self.database)
        self.advice = Advice()
        self.partners = Partners(
            self.database, self.firms, self.offers, market.maker, self.introductions, self.registrations, self.inbox,
            CATALOGUE, clock, desk=DESK,
        )  # fmt: skip
        self.dialogue = Dialogue(self.advice, CHECK, desk=DESK, partners=self.partners)
        pushed = frozenset({"telegram"})
        self.conversations = Conversations(self.database, self.dialogue, desk=DESK, home_region="430400", pushed=pushed)
        self._numbers = 0

    async def add(self, *offers: Offer) -> tuple[Offer, ...]:
        """Offers with somebody who answers for them."""
        contact = OfferContact(COLLEGE_PERSON, COLLEGE_PHONE, "qian@example.com")
        async with self.database.transaction() as session:
            stored = await self.offers.add(session, [(one, contact) for one in offers])
        await self.market.index.reconcile()
        return stored

    async def firm(self, name: str = "示例甲精密刀具有限公司", **given: Any) -> Firm:
        """A firm with a contact."""
        made = firm(name, **{"products": "硬质合金铣刀", "tech_need": "铣刀涂层寿命短，想做物理气相沉积涂层", **given})
        stored = await self.market.add_firm(made, {"debt_ratio": 48})
        async with self.database.transaction() as session:
            contact = Contact(0, stored.id, FIRM_PERSON, FIRM_PHONE, "zhao@example.com", "示例")
            await self.firms.add_contacts(session, [contact])
        return stored

    async def code(self, owner: Firm | str) -> str:
        kind: Claimant = "provider" if isinstance(owner, str) else "firm"
        whom = owner if isinstance(owner, str) else owner.id
        async with self.database.transaction() as session:
            return await claims.make(session, kind, whom, made_by="command-line")

    async def person(self, speaks_for: Firm | str | None = None, *, channel: str = "web", address: str = "s1") -> Chat:
        """Somebody who talks, linked to a firm or a provider."""
        chat = Chat(self, channel, address)
        if speaks_for is not None:
            await chat.say(f"绑定 {await self.code(speaks_for)}")
        return chat

    async def deliver(self) -> None:
        """Put what waits for inboxes into them."""
        guards = {INTRODUCTION: self.introductions.guard, REGISTRATION: registration_guard(self.database, self.clock)}
        await OutboxWorker(self.database, {"web": InboxChannel()}, guards=guards).run_until_idle()

    def next_id(self) -> str:
        self._numbers += 1
        return str(self._numbers)


class Chat:
    """One person's conversation. Every message is answered twice from the same state, as after a kill between what it
    did and what was stored: the words have to be the same."""

    def __init__(self, town: Town, channel: str = "web", address: str = "s1") -> None:
        self.town, self.channel, self.address = town, channel, address
        self.state = State()
        self.step: Step | None = None

    async def take(self, kind: Kind, **given: str) -> Step:
        message = IncomingMessage(self.channel, self.address, "1", kind, **given)
        first = await self.town.dialogue.respond(self.state, message)
        step = await self.town.dialogue.respond(self.state, message)
        assert [reply.text for reply in step.replies] == [reply.text for reply in first.replies]
        if step.afterwards:
            await step.afterwards()
        self.step = step
        self.state = State.from_json(step.state.to_json())
        assert step.replies
        for choice in self.choices:
            assert len(choice.id.encode()) <= CHOICE_BYTES
            assert choice.label.strip()
        return step

    async def say(self, *texts: str) -> str:
        for text in texts:
            await self.take("text", text=text)
        return self.said

    async def command(self, name: str, argument: str = "") -> str:
        await self.take("command", text=name, argument=argument)
        return self.said

    async def press(self, label: str) -> str:
        return await self.send(self.choice(label).id)

    async def send(self, choice: str) -> str:
        await self.take("choice", choice=choice)
        return self.said

    def choice(self, label: str) -> Choice:
        return next(choice for choice in self.choices if choice.label.startswith(label))

    @property
    def choices(self) -> list[Choice]:
        assert self.step is not None
        return [choice for reply in self.step.replies for choice in reply.choices]

    @property
    def labels(self) -> list[str]:
        return [choice.label for choice in self.choices]

    @property
    def said(self) -> str:
        """Everything that is read: texts, notices and cards."""
        assert self.step is not None
        parts: list[str] = []
        for reply in self.step.replies:
            parts += [*reply.notices, reply.text]
            parts += [line for card in reply.cards for line in (card.title, *card.lines)]
        return "\n".join(parts)

    @property
    def kept(self) -> str:
        """The same as it is stored."""
        assert self.step is not None
        return "\n".join(str(reply.kept()) for reply in self.step.replies)


@asynccontextmanager
async def open_town(database: Database, folder: Path) -> AsyncIterator[Town]:
    """A town over an empty database; matching goes by keywords."""
    async with open_market(database, folder, None) as market:
        yield Town(market)


async def handle(town: Town, chat: Chat, **given: str) -> Handled:
    """A message through the engine, as channels send it."""
    kind: Kind = "choice" if "choice" in given else "text"
    message = IncomingMessage(chat.channel, chat.address, town.next_id(), kind)
    return await town.conversations.handle(replace(message, **given))  # type: ignore[arg-type]
