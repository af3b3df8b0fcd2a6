"""What the tests of this floor share: invented firms (示例), events, a channel that notes calls, a clock to move."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from announcements import registrations, sending
from announcements.registrations import Registrations
from announcements.service import Announcement, Announcements
from core.clock import Clock
from core.database import Database
from core.spans import Span
from firms import consents
from firms.actors import Actor
from firms.catalogue import catalogue
from firms.store import Contact, Firm, Firms, Identity, new_firm
from matching.offer import EVENT, Offer
from matching.offers import Offers
from messaging.channel import Channel, Outcome, Sent
from messaging.inbox import WEB, InboxChannel
from messaging.messages import OutMessage
from messaging.outbox import OutboxWorker

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=ZONE)
DAY = date(2026, 11, 24)
COUNTY, OTHER_COUNTY, CITY = "430422", "430424", "430400"
AUTHOR, APPROVER = Actor("staff", "示例甲员", "editor"), Actor("staff", "示例乙员", "approver")
RULE = "debt_ratio <= 60"


@dataclass
class Time:
    """A clock that stands still until it is moved."""

    at: datetime = NOW

    def clock(self) -> Clock:
        return Clock(machine=lambda: self.at)

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class NotingChannel:
    """A channel that takes everything and notes to whom it went."""

    name: str = "telegram"
    sent: list[tuple[str, OutMessage]] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    pause: float = 0.0

    async def send(self, address: str, message: OutMessage) -> Outcome:
        await asyncio.sleep(self.pause)
        if address in self.outcomes:
            return self.outcomes[address]
        self.sent.append((address, message))
        return Sent("1")

    @property
    def addresses(self) -> list[str]:
        return sorted(address for address, _ in self.sent)


class Bureau:
    """A bureau with its firms, announcements and registrations on one database."""

    def __init__(self, database: Database, *, telegram: bool = True) -> None:
        self.database = database
        self.time = Time()
        self.clock = self.time.clock()
        self.firms = Firms(database)
        self.offers = Offers(database)
        self.channel = NotingChannel()
        self.announcements = Announcements(database, self.firms, catalogue(), self.clock, telegram=telegram)
        self.registrations = Registrations(database, self.firms, self.offers, self.clock, telegram=telegram)

    def worker(self, **given: Any) -> OutboxWorker:
        channels: dict[str, Channel] = {"telegram": self.channel, WEB: InboxChannel()}
        guards: dict[str, Any] = {
            sending.GUARD: sending.guard(self.database, self.clock),
            registrations.GUARD: registrations.guard(self.database, self.clock),
        }
        wanted = {"send_rate": 10_000.0, "idle_seconds": 0.02, "guards": guards, "clock": self.clock}
        return OutboxWorker(self.database, channels, **wanted | given)

    async def firm(
        self,
        number: int,
        *,
        debt: int | None = 50,
        region: str = COUNTY,
        subscribed: Iterable[str] = ("financing",),
        chat: str | None = "own",
        email: str | None = None,
        signed_in: bool = False,
        claimed: bool = False,
    ) -> Firm:
        """A firm; without further words one that an announcement about financing reaches in Telegram."""
        made = replace(new_firm(f"示例{number:04d}号机械厂", region=region, source="示例"), id=f"f-{number:04d}")
        address = str(10_000 + number) if chat == "own" else chat
        identities = [] if address is None else [Identity("telegram", address, made.id, "示例", claimed)]
        identities += [Identity(WEB, f"s-{number}", made.id, "示例", True)] if signed_in else []
        async with self.database.transaction() as session:
            await self.firms.add(session, [made])
            if debt is not None:
                given: dict[str, Any] = {"source": "示例", "stated_on": DAY}
                await self.firms.record(session, made.id, "debt_ratio", None, Span.point(debt), **given)
            await self.firms.add_identities(session, identities)
            if email is not None:
                await self.firms.add_contacts(session, [Contact(0, made.id, "示例联系人", None, email, "示例")])
            for category in subscribed:
                await self.say(session, made.id, consents.announce(category), True, "table")
            if address is not None:
                await self.say(session, made.id, consents.TELEGRAM, True, "table")
        return made

    async def many(self, count: int) -> None:
        """Firms that an announcement reaches, numbers 0 to `count` - 1, in one transaction."""
        made = [
            replace(new_firm(f"示例{n:04d}号机械厂", region=COUNTY, source="示例"), id=f"f-{n:04d}")
            for n in range(count)
        ]
        async with self.database.transaction() as session:
            await self.firms.add(session, made)
            await self.firms.add_identities(
                session, [Identity("telegram", str(10_000 + n), firm.id, "示例", False) for n, firm in enumerate(made)]
            )
            for firm in made:
                given: dict[str, Any] = {"source": "示例", "stated_on": DAY}
                await self.firms.record(session, firm.id, "debt_ratio", None, Span.point(50), **given)
                for kind in (consents.announce("financing"), consents.TELEGRAM):
                    await self.say(session, firm.id, kind, True, "table")

    async def say(self, session: Any, firm_id: str, kind: str, yes: bool, via: Any = "firm") -> None:
        word = consents.grant if yes else consents.withdraw
        await word(session, firm_id, kind, source="示例", via=via)

    async def withdraw(self, firm: Firm, category: str = "financing", via: Any = "firm") -> None:
        async with self.database.transaction() as session:
            await self.say(session, firm.id, consents.announce(category), False, via)

    async def draft(self, audience: str = RULE, **given: Any) -> Announcement:
        wanted = {"title": "示例融资通知", "text": "示例正文。", "category": "融资"}
        return await self.announcements.create(AUTHOR, audience=audience, **wanted | given)

    async def scheduled(self, audience: str = RULE, *, urgent: bool = False, at: str = "now", **given: Any) -> str:
        """The id of an announcement that is written, approved and scheduled."""
        made = await self.draft(audience, **given)
        await self.announcements.approve(made.id, APPROVER)
        await self.announcements.schedule(made.id, AUTHOR, at=at, urgent=urgent)
        return made.id

    async def deliver(self) -> None:
        """What `qiban deliver --until-idle` does."""
        worker = self.worker()
        while await self.announcements.advance() or await worker.run_until_idle():
            pass

    async def event(self, event_id: str = "示例-E1", **given: Any) -> Offer:
        wanted: dict[str, Any] = {
            "number": 0,
            "id": event_id,
            "kind": EVENT,
            "title": "示例融资对接会",
            "provider": "示例服务中心",
            "regions": (CITY,),
            "details": {"place": "示例会议中心"},
            "starts_at": NOW + timedelta(days=11),
            "closes_at": datetime(2026, 12, 4, tzinfo=ZONE),
            "capacity": 1,
        }
        async with self.database.transaction() as session:
            return (await self.offers.add(session, [(Offer(**wanted | given), None)]))[0]

    def register(self, firm: Firm, event: Offer) -> Any:
        return self.registrations.register(own(firm), firm.id, event.id)


def own(firm: Firm) -> Actor:
    """A firm acting for itself."""
    return Actor("firm", firm.id)
