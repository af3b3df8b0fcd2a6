"""Whatever happens in whatever order: places add up, and contacts show only where both agreed and the firm is seen."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from core.database import Database
from core.errors import QibanError
from core.settings import async_url
from firms.actors import Actor
from firms.store import Firm, Firms
from matching.introductions import Introductions, View
from matching.models import IntroductionRow, OfferRow
from matching.offer import Offer
from matching.visibility import Standing, standings
from messaging.outbox import Delivery
from tests.conftest import TODAY
from tests.matching.test_introductions import CHAT, COLLEGE, PROVIDER, SECRETS, STAFF, Stage, as_firm

FIRMS, OFFERS = 3, 2
REFUSALS = {
    "no_such_firm",
    "no_such_introduction",
    "already-asked",
    "pair-rests",
    "offer-full",
    "introduction-closed",
    "not-your-turn",
    "firm-hidden",
}
EVENTS = {"asked", "accepted", "declined", "withdrawn", "expired"}
which_firm = st.integers(0, FIRMS - 1)
which_offer = st.integers(0, OFFERS - 1)
which = st.integers(0, 50)
who = st.sampled_from(["firm", "provider", "staff"])


@dataclass(frozen=True)
class Snapshot:
    """What is stored, and what is shown of it by kind of actor."""

    rows: Mapping[str, IntroductionRow]
    deliveries: Sequence[Delivery]
    offers: Mapping[int, OfferRow]
    said: Mapping[str, Standing]
    views: Mapping[str, Sequence[View]]


class Machine(RuleBasedStateMachine):
    """Three firms, two offers of one provider with few places, and days that pass."""

    def __init__(self, template: Path, folder: Path) -> None:
        super().__init__()
        self.file = folder / "machine.db"
        for old in folder.glob("machine.db*"):
            old.unlink()
        shutil.copy(template, self.file)
        self.runner = asyncio.Runner()
        self.database = Database(async_url(f"sqlite:///{self.file}"))
        self.stage = Stage(self.database)
        self.day: date = TODAY
        self.gone: set[str] = set()
        self.firms: list[Firm] = []
        self.offers: list[Offer] = []
        self.run(self.prepare())

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(step)

    async def prepare(self) -> None:
        self.firms = [await self.stage.firm(number, visible=number == 1 or None) for number in range(1, FIRMS + 1)]
        self.offers = [await self.stage.offer(f"示例-{n}", capacity=n + 1, taken=1) for n in range(1, OFFERS + 1)]
        await self.stage.claim("provider", COLLEGE, CHAT)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.runner.close()

    @property
    def service(self) -> Introductions:
        return self.stage.on(self.day)

    def actor(self, kind: str, firm: Firm) -> Actor:
        return {"firm": as_firm(firm), "provider": PROVIDER, "staff": STAFF}[kind]

    async def rows(self) -> list[IntroductionRow]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(IntroductionRow).order_by(IntroductionRow.id)))

    async def attempt(self, step: Coroutine[Any, Any, Any]) -> None:
        """Do it, or be refused for a reason that a person can be told."""
        try:
            await step
        except QibanError as error:
            if error.code not in REFUSALS:
                raise

    # --- what happens ---

    @rule(kind=who, firm=which_firm, offer=which_offer)
    def ask(self, kind: str, firm: int, offer: int) -> None:
        asked, wanted = self.firms[firm], self.offers[offer]
        self.run(self.attempt(self.service.ask(self.actor(kind, asked), asked.id, wanted.id)))

    @rule(kind=who, number=which, step=st.sampled_from(["accept", "accept", "accept", "decline", "withdraw"]))
    def answer(self, kind: str, number: int, step: str) -> None:
        rows = self.run(self.rows())
        if rows:
            row = rows[number % len(rows)]
            firm = next(each for each in self.firms if each.id == row.firm_id)
            self.run(self.attempt(getattr(self.service, step)(self.actor(kind, firm), row.id)))

    @rule(firm=which_firm, visible=st.booleans())
    def show_or_hide(self, firm: int, visible: bool) -> None:
        if self.firms[firm].id not in self.gone:
            self.run(self.stage.see(self.firms[firm], visible))

    @rule(days=st.sampled_from([1, 10, 15, 181]))
    def days_pass(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule()
    def sweep(self) -> None:
        self.run(self.service.sweep())

    @rule(offer=which_offer)
    def offer_changes(self, offer: int) -> None:
        async def change() -> None:
            async with self.database.transaction() as session:
                stored = await self.stage.offers.by_number(self.offers[offer].number, session)
                await self.stage.offers.update(session, stored.number, version=stored.version, content="示例")

        self.run(change())

    @precondition(lambda self: not self.gone)
    @rule(firm=which_firm)
    def delete_a_firm(self, firm: int) -> None:
        async def delete() -> None:
            async with self.database.transaction() as session:
                store = Firms(self.database, erasers=[self.service.erase])
                await store.delete(session, self.firms[firm].id, actor="示例专员")

        self.run(delete())
        self.gone.add(self.firms[firm].id)

    # --- what always holds ---

    @invariant()
    def all_is_in_order(self) -> None:
        now = self.run(self.snapshot())
        self.places_add_up(now)
        self.a_pair_has_at_most_one_open_introduction(now)
        self.contacts_show_only_where_both_agreed(now)
        self.a_provider_sees_no_firm_that_hid_itself(now)
        self.nothing_is_said_twice_and_no_message_holds_contacts(now)

    async def snapshot(self) -> Snapshot:
        async with self.database.reading() as session:
            rows = tuple(await session.scalars(select(IntroductionRow)))
            deliveries = tuple(await session.scalars(select(Delivery)))
            offers = {row.number: row for row in await session.scalars(select(OfferRow))}
            said = await standings(session, [firm.id for firm in self.firms])
        actors = (STAFF, PROVIDER, as_firm(self.firms[0]))
        views = {actor.kind: await self.service.list(actor) for actor in actors}
        return Snapshot({row.id: row for row in rows}, deliveries, offers, said, views)

    def places_add_up(self, now: Snapshot) -> None:
        accepted = Counter(row.offer_number for row in now.rows.values() if row.state == "accepted")
        for offer in self.offers:
            assert now.offers[offer.number].taken == offer.taken + accepted[offer.number]
            assert now.offers[offer.number].taken <= (offer.capacity or 0)

    def a_pair_has_at_most_one_open_introduction(self, now: Snapshot) -> None:
        open_ones = [row for row in now.rows.values() if row.state in ("asked", "accepted")]
        assert len({(row.firm_id, row.offer_number) for row in open_ones}) == len(open_ones)

    def contacts_show_only_where_both_agreed(self, now: Snapshot) -> None:
        for view in (view for views in now.views.values() for view in views):
            accepted = now.rows[view.id].state == "accepted"
            assert (view.contacts is not None, view.state == "accepted") == (accepted, accepted)
        assert len(now.views["staff"]) == len(now.rows)

    def a_provider_sees_no_firm_that_hid_itself(self, now: Snapshot) -> None:
        for view in now.views["provider"]:
            said, row = now.said[view.firm_id], now.rows[view.id]
            refused_later = said.refused_at is not None and said.refused_at > row.asked_at
            assert said.visible or (row.asked_by == "firm" and not refused_later)
        assert not {view.firm_id for view in now.views["provider"]} & self.gone

    def nothing_is_said_twice_and_no_message_holds_contacts(self, now: Snapshot) -> None:
        said = Counter(tuple((row.guard_args or {}).values()) for row in now.deliveries)
        assert set(said.values()) <= {1}
        assert {event for _, event, _ in said} <= EVENTS
        text = "".join(json.dumps(row.message, ensure_ascii=False) for row in now.deliveries)
        assert not any(secret in text for secret in SECRETS)


def test_whatever_happens_places_add_up_and_contacts_stay_closed(sqlite_template: Path, tmp_path: Path) -> None:
    run_state_machine_as_test(
        lambda: Machine(sqlite_template, tmp_path),
        settings=settings(
            max_examples=10,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
