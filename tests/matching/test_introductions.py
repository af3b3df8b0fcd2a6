"""Introductions: asked by one side, answered by the other, contacts only after both agreed, hidden at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.clock import Clock
from core.database import Database
from core.errors import QibanError
from firms import audit, claims, consents
from firms.actors import OPERATOR, Actor
from firms.models import AuditRow, ConsentRow
from firms.store import Contact, Firm, Firms, NoSuchFirm, Profile, new_firm
from matching.introductions import (
    ACTIONS,
    GUARD,
    AlreadyAsked,
    FirmHidden,
    IntroductionClosed,
    Introductions,
    NoSuchIntroduction,
    NotYourTurn,
    OwnOffer,
    PairRests,
    ReasonTooLong,
    UseRegistration,
    View,
    contact_lines,
    rests,
    set_visible,
)
from matching.models import IntroductionRow, OfferRow
from matching.offer import Offer
from matching.offers import NoSuchOffer, OfferClosed, OfferContact, OfferFull, Offers
from messaging.channel import Outcome, Sent
from messaging.inbox import WEB, InboxChannel, provider_inbox
from messaging.messages import OutMessage, decode_choice
from messaging.outbox import Delivery, OutboxWorker
from tests.conftest import TODAY
from tests.firms.files import credit_code

COLLEGE = "示例大学材料学院"
PROVIDER = Actor("provider", COLLEGE)
STRANGER = Actor("provider", "示例另一单位")
STAFF = Actor("staff", "示例专员")
COUNTY = Actor("staff", "示例县专员", "editor", "430422")
OTHER_COUNTY = Actor("staff", "示例邻县专员", "editor", "430423")
FIRM_CONTACT = {"name": "示例赵经理", "phone": "13800000001", "email": "zhao@example.com"}
OFFER_CONTACT = {"name": "示例钱老师", "phone": "13900000002", "email": "qian@example.com"}
SECRETS = (*FIRM_CONTACT.values(), *OFFER_CONTACT.values())
CHAT, OTHER_CHAT = "700001", "700002"


def as_firm(firm: Firm) -> Actor:
    return Actor("firm", firm.id)


@dataclass
class Stage:
    """Firms, offers and introductions of one test."""

    database: Database
    telegram: bool = True

    @property
    def firms(self) -> Firms:
        return Firms(self.database)

    @property
    def offers(self) -> Offers:
        return Offers(self.database)

    def on(self, day: date = TODAY) -> Introductions:
        clock = Clock(pinned=day)
        return Introductions(self.database, self.firms, self.offers, clock, telegram=self.telegram)

    @property
    def introductions(self) -> Introductions:
        return self.on()

    async def firm(self, number: int = 1, *, visible: bool | None = True, **given: Any) -> Firm:
        """A firm with a contact; `visible` None: it never said whether it may be seen."""
        profile = given.pop("profile", Profile(products="硬质合金铣刀，业务电话13800000001", tech_need="涂层寿命短"))
        name = given.pop("name", f"示例第{number}精密刀具有限公司")
        code = given.pop("credit_code", credit_code(number))
        firm = new_firm(name, region="430422", source="示例", credit_code=code, profile=profile)
        async with self.database.transaction() as session:
            await self.firms.add(session, [firm])
            await self.firms.add_contacts(session, [Contact(0, firm.id, **FIRM_CONTACT, source="示例")])
        if visible is not None:
            await self.see(firm, visible)
        return firm

    async def offer(self, offer_id: str = "示例-G1", **given: Any) -> Offer:
        contact = OfferContact(**OFFER_CONTACT, telegram=given.pop("telegram", None))
        defaults: dict[str, Any] = {"kind": "university", "title": "刀具涂层团队", "provider": COLLEGE}
        offer = Offer(number=0, id=offer_id, regions=("430000",), **{**defaults, **given})
        async with self.database.transaction() as session:
            (stored,) = await self.offers.add(session, [(offer, contact)])
        return stored

    async def see(self, firm: Firm, visible: bool) -> None:
        async with self.database.transaction() as session:
            await set_visible(session, firm.id, visible, via="firm", source="示例页面")

    async def taken(self, offer: Offer) -> int:
        return (await self.offers.by_number(offer.number)).taken

    async def deliveries(self) -> dict[str, Delivery]:
        async with self.database.reading() as session:
            return {row.key: row for row in await session.scalars(select(Delivery).order_by(Delivery.id))}

    async def said(self, view: View) -> dict[str, OutMessage]:
        """What was enqueued about an introduction, by `event:side`."""
        start = f"intro:{view.id}:"
        rows = (await self.deliveries()).items()
        return {
            key.removeprefix(start): OutMessage.from_json(row.message)
            for key, row in rows
            if key[: len(start)] == start
        }

    async def claim(self, kind: claims.Kind, owner: str, address: str) -> None:
        async with self.database.transaction() as session:
            code = await claims.make(session, kind, owner, made_by="示例专员")
            await claims.redeem(session, code, "telegram", address)

    async def deliver(self) -> Telegram:
        telegram = Telegram()
        channels = {"telegram": telegram, WEB: InboxChannel()}
        await OutboxWorker(self.database, channels, guards={GUARD: self.introductions.guard}).run_until_idle()
        return telegram


class Telegram:
    """A channel that notes what it is given."""

    name = "telegram"

    def __init__(self) -> None:
        self.sent: list[tuple[str, OutMessage]] = []

    async def send(self, address: str, message: OutMessage) -> Outcome:
        self.sent.append((address, message))
        return Sent("1")


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def fails(error: type[QibanError], attempt: Awaitable[Any]) -> QibanError:
    with pytest.raises(error) as raised:
        await attempt
    assert type(raised.value) is error
    return raised.value


async def asked_by_firm(stage: Stage, **given: Any) -> tuple[Firm, Offer, View]:
    firm, offer = await stage.firm(visible=given.pop("visible", True)), await stage.offer(**given)
    return firm, offer, await stage.introductions.ask(as_firm(firm), firm.id, offer.id)


async def asked_by_provider(stage: Stage, **given: Any) -> tuple[Firm, Offer, View]:
    firm, offer = await stage.firm(), await stage.offer(**given)
    return firm, offer, await stage.introductions.ask(PROVIDER, firm.id, offer.id)


# --- asking ---


async def test_a_firm_asks_and_the_answer_is_the_contract(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage)
    assert view.created
    shown = view.to_json()
    assert list(shown)[:7] == ["id", "state", "firm", "offer_id", "asked_by", "expires_on", "contacts"]
    assert {name: shown[name] for name in list(shown)[1:7]} == {
        "state": "asked",
        "firm": firm.credit_code,
        "offer_id": "示例-G1",
        "asked_by": "firm",
        "expires_on": (TODAY + timedelta(days=14)).isoformat(),
        "contacts": None,
    }
    assert (shown["firm_name"], shown["offer_title"], shown["reason"]) == (firm.name, offer.title, None)
    assert shown["asked_on"] == TODAY.isoformat()
    assert json.loads(json.dumps(shown)) == shown
    assert await stage.taken(offer) == 0


async def test_a_firm_without_a_credit_code_is_named_by_its_id(stage: Stage) -> None:
    firm, offer = await stage.firm(credit_code=None), await stage.offer()
    view = await stage.introductions.ask(as_firm(firm), firm.name, offer.id)
    assert view.to_json()["firm"] == firm.id


async def test_a_provider_asks_the_other_way_round(stage: Stage) -> None:
    firm, _, view = await asked_by_provider(stage)
    assert (view.asked_by, view.state, view.contacts, view.created) == ("provider", "asked", None, True)
    assert (await stage.introductions.get(as_firm(firm), view.id)).actions == ("intro-yes", "intro-no")


async def test_a_provider_asks_consenting_firms_only_and_cannot_tell_others_from_none(stage: Stage) -> None:
    offer = await stage.offer()
    hidden = [await stage.firm(1, visible=None), await stage.firm(2, visible=False)]
    asks = stage.introductions.ask
    nobody = await fails(NoSuchFirm, asks(PROVIDER, credit_code(9), offer.id))
    for firm in hidden:
        for reference in (firm.id, firm.credit_code or "", firm.name):
            error = await fails(NoSuchFirm, asks(PROVIDER, reference, offer.id))
            assert (error.code, error.message, error.details) == (nobody.code, nobody.message, nobody.details)
    assert not await stage.deliveries()


async def test_a_hidden_namesake_does_not_show_through_an_ambiguous_name(stage: Stage) -> None:
    offer = await stage.offer()
    seen = await stage.firm(1, name="示例同名有限公司")
    await stage.firm(2, name="示例同名有限公司", visible=False)
    assert (await stage.introductions.ask(PROVIDER, "示例同名有限公司", offer.id)).firm == seen.credit_code


async def test_everybody_asks_for_what_is_theirs(stage: Stage) -> None:
    firm, other, offer = await stage.firm(1), await stage.firm(2), await stage.offer()
    asks = stage.introductions.ask
    await fails(NoSuchFirm, asks(as_firm(firm), other.id, offer.id))
    await fails(NoSuchFirm, asks(OTHER_COUNTY, firm.id, offer.id))
    await fails(NoSuchOffer, asks(STRANGER, firm.id, offer.id))
    await fails(NoSuchOffer, asks(as_firm(firm), firm.id, "示例-G9"))
    await fails(NoSuchOffer, asks(as_firm(firm), firm.id, "\x00"))
    await fails(NoSuchFirm, asks(STAFF, "\x00\ud800", offer.id))
    spaced = Actor("provider", " 示例大学 材料学院")  # names of providers are told apart folded
    assert (await asks(spaced, firm.id, offer.id)).asked_by == "provider"


@pytest.mark.parametrize("actor", [STAFF, COUNTY, OPERATOR])
async def test_staff_ask_for_a_firm_that_telephones_and_the_log_says_who(stage: Stage, actor: Actor) -> None:
    firm, offer = await stage.firm(visible=None), await stage.offer()
    view = await stage.introductions.ask(actor, firm.credit_code or "", offer.id)
    assert (view.asked_by, view.viewer) == ("firm", "staff")
    async with stage.database.reading() as session:
        (record,) = await audit.about(session, "introduction", view.id)
        consent = (await consents.current(session, firm.id))[consents.CONTACTS]
    assert (record.actor, record.action) == (actor.name, "introduction.asked")
    assert (consent.granted, consent.recipient, consent.via) == (True, COLLEGE, "staff")
    assert (await stage.introductions.get(as_firm(firm), view.id)).state == "asked"
    assert (await stage.introductions.get(PROVIDER, view.id)).state == "asked"


async def test_for_an_event_one_registers(stage: Stage) -> None:
    firm, offer = await stage.firm(), await stage.offer("示例-E1", kind="event")
    for actor in (as_firm(firm), PROVIDER, STAFF):
        error = await fails(UseRegistration, stage.introductions.ask(actor, firm.id, offer.id))
        assert error.code == "use-registration"


async def test_only_an_open_offer_can_be_asked_for(stage: Stage) -> None:
    firm = await stage.firm()
    gone, over = await stage.offer("示例-1"), await stage.offer("示例-2", valid_until=TODAY - timedelta(days=1))
    full, last_day = await stage.offer("示例-3", capacity=2, taken=2), await stage.offer("示例-4", valid_until=TODAY)
    async with stage.database.transaction() as session:
        await stage.offers.withdraw(session, gone.id, PROVIDER)
    asks = stage.introductions.ask
    for offer in (gone, over):
        assert (await fails(OfferClosed, asks(as_firm(firm), firm.id, offer.id))).code == "offer-closed"
    assert (await fails(OfferFull, asks(as_firm(firm), firm.id, full.id))).code == "offer-full"
    assert (await asks(as_firm(firm), firm.id, last_day.id)).created


async def test_asking_again_gives_the_same_introduction(stage: Stage) -> None:
    firm, offer, first = await asked_by_firm(stage)
    asks = stage.introductions.ask
    again = await asks(as_firm(firm), firm.name, offer.id)
    assert (again.id, again.created) == (first.id, False)
    assert (await asks(STAFF, firm.id, offer.id)).id == first.id
    await stage.introductions.accept(PROVIDER, first.id)
    for actor in (as_firm(firm), PROVIDER):
        known = await asks(actor, firm.id, offer.id)
        assert (known.id, known.state, known.created) == (first.id, "accepted", False)
    assert await stage.taken(offer) == 1


async def test_who_was_asked_already_is_told_to_accept(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage, visible=None)
    error = await fails(AlreadyAsked, stage.introductions.ask(PROVIDER, firm.id, offer.id))
    assert (error.code, error.details["id"]) == ("already-asked", view.id)
    assert view.id in error.message
    assert "同意" in error.message


@pytest.mark.parametrize("own", [{"provider_credit_code": credit_code(1)}, {"provider": "示例第1精密刀具 有限公司"}])
async def test_nobody_is_introduced_to_itself(stage: Stage, own: dict[str, Any]) -> None:
    firm, offer = await stage.firm(), await stage.offer(**own)
    for actor in (as_firm(firm), Actor("provider", offer.provider)):
        assert (await fails(OwnOffer, stage.introductions.ask(actor, firm.id, offer.id))).code == "own-offer"


# --- declined pairs ---


async def test_a_declined_pair_rests_for_180_days(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage)
    await stage.introductions.decline(PROVIDER, view.id)
    for day in (TODAY, TODAY + timedelta(days=1), TODAY + timedelta(days=180)):
        for actor in (as_firm(firm), PROVIDER, STAFF):
            error = await fails(PairRests, stage.on(day).ask(actor, firm.id, offer.id))
            assert error.code == "pair-rests"
            assert "2027年5月24日" in error.message
    assert (await stage.on(TODAY + timedelta(days=181)).ask(as_firm(firm), firm.id, offer.id)).created


async def test_a_changed_offer_ends_the_rest(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage)
    async with stage.database.transaction() as session:
        offer = await stage.offers.update(session, offer.number, version=offer.version, content="示例新内容")
    await stage.introductions.decline(PROVIDER, view.id)  # who declined knew this version already
    await fails(PairRests, stage.introductions.ask(as_firm(firm), firm.id, offer.id))
    async with stage.database.transaction() as session:
        await stage.offers.take_seat(session, offer.number, Clock(pinned=TODAY).now())
    await fails(PairRests, stage.introductions.ask(as_firm(firm), firm.id, offer.id))
    async with stage.database.reading() as session:
        assert [rest.offer_version for rest in (await rests(session, firm.id, TODAY))[offer.number]] == [2]
    async with stage.database.transaction() as session:
        await stage.offers.update(session, offer.number, version=offer.version, content="示例又一新内容")
    assert (await stage.introductions.ask(as_firm(firm), firm.id, offer.id)).created


async def test_another_pair_does_not_rest(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage)
    other, more = await stage.firm(2), await stage.offer("示例-G2")
    await stage.introductions.decline(PROVIDER, view.id)
    assert (await stage.introductions.ask(as_firm(other), other.id, offer.id)).created
    assert (await stage.introductions.ask(as_firm(firm), firm.id, more.id)).created


async def test_what_one_withdrew_may_be_asked_for_at_once(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage, capacity=2, taken=1)
    assert (await stage.introductions.withdraw(as_firm(firm), view.id)).state == "withdrawn"
    assert await stage.taken(offer) == 1  # it had taken no place
    again = await stage.introductions.ask(as_firm(firm), firm.id, offer.id)
    assert again.created
    assert again.id != view.id


# --- answering ---


async def test_accepting_takes_a_place_and_gives_both_the_contacts(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage, capacity=2)
    accepted = await stage.introductions.accept(PROVIDER, view.id)
    wanted = {"firm": FIRM_CONTACT, "provider": OFFER_CONTACT}
    assert (accepted.state, accepted.to_json()["contacts"]) == ("accepted", wanted)
    for actor in (as_firm(firm), STAFF, COUNTY, OPERATOR):
        assert (await stage.introductions.get(actor, view.id)).to_json()["contacts"] == wanted
        assert [each.to_json()["contacts"] for each in await stage.introductions.list(actor)] == [wanted]
    assert await stage.taken(offer) == 1


async def test_accepting_again_is_the_same_without_a_second_place(stage: Stage) -> None:
    firm, offer, view = await asked_by_provider(stage, capacity=2)
    first = await stage.introductions.accept(as_firm(firm), view.id)
    assert await stage.introductions.accept(as_firm(firm), view.id) == first
    assert await stage.introductions.accept(STAFF, view.id) == replace(first, viewer="staff")
    assert await stage.taken(offer) == 1


async def test_a_firm_that_accepts_agrees_that_this_provider_gets_its_contacts(stage: Stage) -> None:
    firm, offer, view = await asked_by_provider(stage)
    async with stage.database.reading() as session:
        assert consents.CONTACTS not in await consents.current(session, firm.id)
    await stage.introductions.accept(as_firm(firm), view.id)
    async with stage.database.reading() as session:
        consent = (await consents.current(session, firm.id))[consents.CONTACTS]
    assert (consent.granted, consent.recipient, consent.via) == (True, COLLEGE, "firm")
    assert offer.title in (consent.purpose or "")
    assert (await stage.introductions.get(PROVIDER, view.id)).contacts is not None


async def test_without_a_free_place_nothing_is_accepted_and_it_stays_asked(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage, capacity=1)
    async with stage.database.transaction() as session:
        await stage.offers.take_seat(session, offer.number, Clock(pinned=TODAY).now())
    error = await fails(OfferFull, stage.introductions.accept(PROVIDER, view.id))
    assert error.code == "offer-full"
    for actor in (as_firm(firm), PROVIDER):
        assert (await stage.introductions.get(actor, view.id)).state == "asked"
    assert await stage.taken(offer) == 1
    assert set(await stage.said(view)) == {"asked:provider"}


async def test_a_withdrawn_offer_is_not_accepted(stage: Stage) -> None:
    _, offer, view = await asked_by_firm(stage)
    async with stage.database.transaction() as session:
        await stage.offers.withdraw(session, offer.id, PROVIDER)
    await fails(OfferClosed, stage.introductions.accept(PROVIDER, view.id))
    assert (await stage.introductions.get(PROVIDER, view.id)).state == "asked"


async def test_only_the_side_that_was_asked_answers(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage)
    for actor in (as_firm(firm), STAFF, OPERATOR, COUNTY):
        for attempt in (stage.introductions.accept, stage.introductions.decline):
            assert (await fails(NotYourTurn, attempt(actor, view.id))).code == "not-your-turn"
    await stage.introductions.withdraw(STAFF, view.id)
    turned = await stage.introductions.ask(PROVIDER, firm.id, offer.id)
    for attempt in (stage.introductions.accept, stage.introductions.decline):
        await fails(NotYourTurn, attempt(PROVIDER, turned.id))
    assert (await stage.introductions.accept(STAFF, turned.id)).state == "accepted"  # for the firm, which telephoned


async def test_a_reason_is_kept_clean_and_never_logged(stage: Stage) -> None:
    firm, _, view = await asked_by_firm(stage)
    declined = await stage.introductions.decline(PROVIDER, view.id, " 示例团队\x00本年度\u202e已满 ")
    assert (declined.state, declined.reason, declined.contacts) == ("declined", "示例团队本年度已满", None)
    assert (await stage.introductions.get(as_firm(firm), view.id)).reason == "示例团队本年度已满"
    assert await stage.introductions.decline(PROVIDER, view.id, "又一个") == declined
    async with stage.database.reading() as session:
        records = await session.scalars(select(AuditRow).where(AuditRow.subject_kind == "introduction"))
        entries = [(record.actor, record.action, record.details) for record in records]
    assert [entry[:2] for entry in entries] == [
        (f"firm:{firm.id}", "introduction.asked"),
        (f"provider:{COLLEGE}", "introduction.declined"),
    ]
    assert "已满" not in str(entries)
    assert firm.name not in str(entries)


async def test_a_reason_has_a_limit(stage: Stage) -> None:
    _, _, view = await asked_by_firm(stage)
    assert (await fails(ReasonTooLong, stage.introductions.decline(PROVIDER, view.id, "长" * 501))).code
    assert (await stage.introductions.get(PROVIDER, view.id)).state == "asked"
    assert (await stage.introductions.decline(PROVIDER, view.id, "长" * 500)).state == "declined"
    other, _, _ = await stage.firm(2), None, None
    again = await stage.introductions.ask(as_firm(other), other.id, view.offer_id)
    assert (await stage.introductions.decline(PROVIDER, again.id, "  ")).reason is None


@pytest.mark.parametrize("side", ["firm", "provider", "staff"])
async def test_withdrawing_an_accepted_one_gives_the_place_back(stage: Stage, side: str) -> None:
    firm, offer, view = await asked_by_firm(stage, capacity=1)
    actor = {"firm": as_firm(firm), "provider": PROVIDER, "staff": STAFF}[side]
    await stage.introductions.accept(PROVIDER, view.id)
    assert await stage.taken(offer) == 1
    withdrawn = await stage.introductions.withdraw(actor, view.id)
    assert (withdrawn.state, withdrawn.contacts) == ("withdrawn", None)
    assert (await stage.introductions.withdraw(actor, view.id)) == withdrawn
    assert await stage.taken(offer) == 0
    for reader in (as_firm(firm), PROVIDER, STAFF):
        assert (await stage.introductions.get(reader, view.id)).contacts is None


async def test_what_is_over_stays_over(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage)
    await stage.introductions.decline(PROVIDER, view.id)
    error = await fails(IntroductionClosed, stage.introductions.accept(PROVIDER, view.id))
    assert error.code == "introduction-closed"
    await fails(IntroductionClosed, stage.introductions.withdraw(as_firm(firm), view.id))
    second = await stage.on(TODAY + timedelta(days=200)).ask(as_firm(firm), firm.id, offer.id)
    await stage.on(TODAY + timedelta(days=200)).accept(PROVIDER, second.id)
    await fails(IntroductionClosed, stage.on(TODAY + timedelta(days=200)).decline(PROVIDER, second.id))
    await stage.on(TODAY + timedelta(days=200)).withdraw(PROVIDER, second.id)
    for attempt in (stage.introductions.accept, stage.introductions.decline):
        await fails(IntroductionClosed, attempt(PROVIDER, second.id))


# --- expiry ---


async def test_it_can_be_accepted_up_to_the_end_of_its_last_day(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage)
    last = stage.on(view.expires_on)
    assert (await last.get(as_firm(firm), view.id)).state == "asked"
    after = stage.on(view.expires_on + timedelta(days=1))
    for actor in (as_firm(firm), PROVIDER):
        assert [each.state for each in await after.list(actor)] == ["expired"]
        assert (await after.get(actor, view.id)).actions == ()
    for attempt in (after.accept, after.decline, after.withdraw):
        await fails(IntroductionClosed, attempt(PROVIDER, view.id))
    assert await stage.taken(offer) == 0
    assert (await last.accept(PROVIDER, view.id)).state == "accepted"
    assert (await after.get(PROVIDER, view.id)).state == "accepted"  # what is accepted does not expire


async def test_an_expired_one_may_be_asked_for_again(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage)
    after = stage.on(view.expires_on + timedelta(days=1))
    again = await after.ask(as_firm(firm), firm.id, offer.id)
    assert again.created
    assert "expired:firm" not in await stage.said(view)  # whoever asks again knows
    later = stage.on(again.expires_on + timedelta(days=1))
    turned = await later.ask(PROVIDER, firm.id, offer.id)
    assert (turned.created, turned.asked_by) == (True, "provider")
    assert "expired:firm" in await stage.said(again)


async def test_the_sweep_notes_what_expired_and_tells_who_asked_once(stage: Stage) -> None:
    firm, _, view = await asked_by_firm(stage)
    other, offer = await stage.firm(2), await stage.offer("示例-G2")
    turned = await stage.introductions.ask(PROVIDER, other.id, offer.id)
    assert await stage.on(view.expires_on).sweep() == 0
    after = stage.on(view.expires_on + timedelta(days=1))
    assert await after.sweep() == 2
    assert await after.sweep() == 0
    async with stage.database.reading() as session:
        assert set(await session.scalars(select(IntroductionRow.state))) == {"expired"}
    assert set(await stage.said(view)) == {"asked:provider", "expired:firm"}
    assert set(await stage.said(turned)) == {"asked:firm", "expired:provider"}
    assert (await stage.introductions.get(as_firm(firm), view.id)).state == "expired"


# --- who sees what ---


async def test_nobody_else_learns_that_it_exists(stage: Stage) -> None:
    _, _, view = await asked_by_firm(stage)
    other = await stage.firm(2)
    service = stage.introductions
    none = await fails(NoSuchIntroduction, service.get(PROVIDER, "i-000000000000"))
    assert none.code == "no_such_introduction"
    for actor in (as_firm(other), STRANGER, OTHER_COUNTY):
        assert await service.list(actor) == ()
        for attempt in (service.get, service.show, service.accept, service.decline, service.withdraw):
            error = await fails(NoSuchIntroduction, attempt(actor, view.id))
            assert (error.code, error.message) == (none.code, none.message)
    await fails(NoSuchIntroduction, service.get(STAFF, "\x00"))
    for actor in (STAFF, COUNTY, OPERATOR, PROVIDER):
        assert [each.id for each in await service.list(actor)] == [view.id]


async def test_lists_are_newest_first_and_can_be_narrowed(stage: Stage) -> None:
    firm, offer, first = await asked_by_firm(stage)
    other = await stage.firm(2)
    second = await stage.introductions.ask(as_firm(other), other.id, offer.id)
    await stage.introductions.accept(PROVIDER, first.id)
    service = stage.introductions
    assert [each.id for each in await service.list(PROVIDER)] == [second.id, first.id]
    assert [each.id for each in await service.list(PROVIDER, limit=1)] == [second.id]
    assert [each.id for each in await service.list(STAFF, state="accepted")] == [first.id]
    for reference in (firm.id, firm.credit_code, firm.name):
        assert [each.id for each in await service.list(STAFF, reference)] == [first.id]
    assert await service.list(as_firm(other), firm.id) == ()


# --- hiding ---


async def test_a_firm_that_hides_is_gone_for_the_provider_at_once(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage, visible=None)
    other = await stage.firm(2)
    waiting = await stage.introductions.ask(PROVIDER, other.id, offer.id)
    service = stage.introductions
    await service.accept(PROVIDER, view.id)
    assert (await service.get(PROVIDER, view.id)).contacts is not None
    for each in (firm, other):
        await stage.see(each, False)
    assert await service.list(PROVIDER) == ()
    for hidden in (view, waiting):
        for attempt in (service.get, service.show, service.accept, service.decline, service.withdraw):
            await fails(NoSuchIntroduction, attempt(PROVIDER, hidden.id))
    for each in (firm, other):
        await fails(NoSuchFirm, service.ask(PROVIDER, each.id, offer.id))
    assert (await service.get(as_firm(firm), view.id)).state == "accepted"
    assert (await service.get(STAFF, view.id)).contacts is not None
    await stage.see(firm, True)
    assert (await service.get(PROVIDER, view.id)).contacts is not None


async def test_the_withdrawal_stays_on_record(stage: Stage) -> None:
    firm = await stage.firm()
    await stage.see(firm, True)  # twice says nothing new
    await stage.see(firm, False)
    async with stage.database.reading() as session:
        rows = await session.scalars(select(ConsentRow).where(ConsentRow.kind == consents.VISIBLE))
        assert [(row.granted, row.via) for row in rows.all()] == [(True, "firm"), (False, "firm")]
        actions = [record.action for record in await audit.about(session, "firm", firm.id)]
    assert actions == ["firm.shown", "firm.hidden"]
    with pytest.raises(NoSuchFirm):
        async with stage.database.transaction() as session:
            await set_visible(session, "f-000000000000", False, via="firm", source="示例")


async def test_asking_makes_a_hidden_firm_known_to_this_provider_until_it_hides_again(stage: Stage) -> None:
    _, _, view = asked = await asked_by_firm(stage, visible=False)
    firm, offer = asked[0], asked[1]
    other = await stage.offer("示例-G2")
    service = stage.introductions
    assert (await service.get(PROVIDER, view.id)).firm_name == firm.name
    await fails(NoSuchFirm, service.ask(PROVIDER, firm.id, other.id))  # it asked for the one offer
    await stage.see(firm, False)
    await fails(NoSuchIntroduction, service.get(PROVIDER, view.id))
    await service.withdraw(as_firm(firm), view.id)
    again = await service.ask(as_firm(firm), firm.id, offer.id)
    assert [each.id for each in await service.list(PROVIDER)] == [again.id]


async def test_a_hidden_firm_shows_itself_before_it_accepts(stage: Stage) -> None:
    firm, offer, view = await asked_by_provider(stage)
    await stage.see(firm, False)
    assert (await fails(FirmHidden, stage.introductions.accept(as_firm(firm), view.id))).code == "firm-hidden"
    assert await stage.taken(offer) == 0
    await stage.see(firm, True)
    assert (await stage.introductions.accept(as_firm(firm), view.id)).state == "accepted"


async def test_contacts_can_be_taken_back_without_hiding(stage: Stage) -> None:
    firm, _, view = await asked_by_firm(stage)
    await stage.introductions.accept(PROVIDER, view.id)
    async with stage.database.transaction() as session:
        await consents.withdraw(session, firm.id, consents.CONTACTS, source="示例页面")
    seen = await stage.introductions.get(PROVIDER, view.id)
    assert (seen.state, seen.contacts) == ("accepted", None)
    other = await stage.offer("示例-G2", provider="示例另一单位")
    await stage.introductions.ask(as_firm(firm), firm.id, other.id)  # what it releases to another says nothing here
    assert (await stage.introductions.get(PROVIDER, view.id)).contacts is None


async def test_an_offers_new_provider_does_not_inherit_contacts(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage, visible=None)
    await stage.introductions.accept(PROVIDER, view.id)
    async with stage.database.transaction() as session:
        await stage.offers.update(session, offer.number, version=offer.version, provider=STRANGER.owner)
    assert await stage.introductions.list(STRANGER) == ()
    assert await stage.introductions.list(PROVIDER) == ()
    await stage.see(firm, True)
    assert [each.contacts for each in await stage.introductions.list(STRANGER)] == [None]


# --- words ---


async def test_contact_lines_name_the_other_side(stage: Stage) -> None:
    firm, _, view = await asked_by_firm(stage)
    assert contact_lines(view) == ()
    seen_by_provider = await stage.introductions.accept(PROVIDER, view.id)
    seen_by_firm = await stage.introductions.get(as_firm(firm), view.id)
    assert contact_lines(seen_by_provider) == (
        f"{firm.name}的联系方式",
        "联系人：示例赵经理",
        "电话：13800000001",
        "邮箱：zhao@example.com",
    )
    assert "13900000002" in "".join(contact_lines(seen_by_firm))
    assert "13800000001" not in "".join(contact_lines(seen_by_firm))
    assert len(contact_lines(await stage.introductions.get(STAFF, view.id))) == 8
    assert "13800000001" not in repr(seen_by_provider)  # nor in a log


async def test_an_introduction_in_words_says_what_can_be_done(stage: Stage) -> None:
    firm, _, view = await asked_by_firm(stage)
    service = stage.introductions
    to_provider = await service.show(PROVIDER, view.id)
    assert [decode_choice(each.id).action for each in to_provider.choices] == ["intro-yes", "intro-no"]
    assert decode_choice(to_provider.choices[0].id).ref == view.id
    assert "2026年12月8日" in to_provider.text
    (card,) = to_provider.cards
    assert card.title == firm.name
    assert any("铣刀" in line for line in card.lines)
    assert not any(secret in str(to_provider) for secret in SECRETS)  # one stood in the products
    assert [decode_choice(each.id).action for each in (await service.show(as_firm(firm), view.id)).choices] == [
        "intro-off"
    ]
    await service.accept(PROVIDER, view.id)
    assert "13800000001" in (await service.show(PROVIDER, view.id)).text
    assert "13900000002" in (await service.show(as_firm(firm), view.id)).text


# --- notices ---


async def test_the_asked_side_is_told_with_two_buttons(stage: Stage) -> None:
    await stage.claim("provider", COLLEGE, CHAT)
    firm, offer, view = await asked_by_firm(stage)
    (key, row), *more = (await stage.deliveries()).items()
    assert (key, row.channel, row.address, more) == (f"intro:{view.id}:asked:provider", "telegram", CHAT, [])
    assert (row.lane, row.guard) == ("notice", "introduction")
    assert row.guard_args == {"id": view.id, "event": "asked", "side": "provider"}
    message = OutMessage.from_json(row.message)
    assert [decode_choice(each.id).action for each in message.choices] == [ACTIONS[0], ACTIONS[1]]
    assert offer.title in message.text
    assert message.cards[0].title == firm.name


async def test_a_firm_is_told_in_its_claimed_chat_with_the_offer(stage: Stage) -> None:
    firm = await stage.firm()
    await stage.claim("firm", firm.id, CHAT)
    offer = await stage.offer()
    view = await stage.introductions.ask(PROVIDER, firm.id, offer.id)
    row = (await stage.deliveries())[f"intro:{view.id}:asked:firm"]
    assert (row.channel, row.address) == ("telegram", CHAT)
    message = OutMessage.from_json(row.message)
    assert (message.cards[0].title, COLLEGE in message.text) == (offer.title, True)
    assert "联系人姓名、电话和邮箱" in message.notices[0]  # what is agreed to stands beside the button


async def test_without_a_claimed_chat_the_web_inbox_has_it_and_an_unclaimed_chat_gets_a_hint(stage: Stage) -> None:
    firm, _, view = await asked_by_firm(stage, telegram=OTHER_CHAT)
    said = await stage.deliveries()
    inbox, hint = said[f"intro:{view.id}:asked:provider"], said[f"intro:{view.id}:asked:provider:hint"]
    assert (inbox.channel, hint.channel, hint.address) == (WEB, "telegram", OTHER_CHAT)
    for row in (inbox, hint):
        text = json.dumps(row.message, ensure_ascii=False)
        assert firm.name not in text  # it may hide later
        assert firm.credit_code not in text
        assert "铣刀" not in text
    assert "认领码" in OutMessage.from_json(hint.message).text
    assert OutMessage.from_json(hint.message).choices == ()
    await stage.claim("provider", COLLEGE, CHAT)
    other = await stage.firm(2)
    second = await stage.introductions.ask(as_firm(other), other.id, view.offer_id)
    assert set(await stage.said(second)) == {"asked:provider"}


async def test_without_telegram_nothing_goes_there(stage: Stage) -> None:
    stage.telegram = False
    await stage.claim("provider", COLLEGE, CHAT)
    await asked_by_firm(stage, telegram=OTHER_CHAT)
    assert {row.channel for row in (await stage.deliveries()).values()} == {WEB}


async def test_both_hear_of_the_acceptance_and_no_message_holds_contacts(stage: Stage) -> None:
    await stage.claim("provider", COLLEGE, CHAT)
    firm = await stage.firm()
    await stage.claim("firm", firm.id, OTHER_CHAT)
    offer = await stage.offer()
    view = await stage.introductions.ask(as_firm(firm), firm.id, offer.id)
    await stage.introductions.accept(PROVIDER, view.id)
    await stage.introductions.accept(PROVIDER, view.id)
    said = await stage.said(view)
    assert set(said) == {"asked:provider", "accepted:firm", "accepted:provider"}
    for side in ("firm", "provider"):
        assert [decode_choice(each.id).action for each in said[f"accepted:{side}"].choices] == [
            "intro-show",
            "intro-off",
        ]
    await stage.introductions.withdraw(as_firm(firm), view.id)
    assert "withdrawn:provider" in await stage.said(view)
    stored = "".join(json.dumps(row.message, ensure_ascii=False) for row in (await stage.deliveries()).values())
    assert not any(secret in stored for secret in SECRETS)


@pytest.mark.parametrize(("event", "asker"), [("declined", "firm"), ("declined", "provider"), ("withdrawn", "firm")])
async def test_the_other_side_is_told_the_end(stage: Stage, event: str, asker: str) -> None:
    ask = asked_by_firm if asker == "firm" else asked_by_provider
    firm, _, view = await ask(stage)
    sides = {"firm": as_firm(firm), "provider": PROVIDER}
    other = "provider" if asker == "firm" else "firm"
    if event == "declined":
        await stage.introductions.decline(sides[other], view.id, "示例理由")
    else:
        await stage.introductions.withdraw(sides[asker], view.id)
    told = asker if event == "declined" else other
    said = await stage.said(view)
    assert set(said) == {f"asked:{other}", f"{event}:{told}"}
    assert "示例理由" not in said[f"{event}:{told}"].text


async def test_just_before_sending_it_is_checked_whether_it_still_holds(stage: Stage) -> None:
    await stage.claim("provider", COLLEGE, CHAT)
    firm, offer, first = await asked_by_firm(stage)
    await stage.introductions.withdraw(as_firm(firm), first.id)
    other = await stage.firm(2)
    second = await stage.introductions.ask(as_firm(other), other.id, offer.id)
    await stage.see(other, False)
    third_firm = await stage.firm(3)
    third = await stage.introductions.ask(as_firm(third_firm), third_firm.id, offer.id)
    telegram = await stage.deliver()
    rows = await stage.deliveries()
    states = {key: (row.state, row.reason) for key, row in rows.items()}
    assert states == {
        f"intro:{first.id}:asked:provider": ("skipped", "withdrawn"),
        f"intro:{first.id}:withdrawn:provider": ("sent", None),
        f"intro:{second.id}:asked:provider": ("skipped", "withdrawn"),
        f"intro:{third.id}:asked:provider": ("sent", None),
    }
    assert not any(other.name in str(message) for _, message in telegram.sent)


async def test_a_chat_that_no_longer_speaks_for_its_firm_gets_nothing(stage: Stage) -> None:
    firm, offer = await stage.firm(), await stage.offer()
    await stage.claim("firm", firm.id, CHAT)
    view = await stage.introductions.ask(PROVIDER, firm.id, offer.id)
    async with stage.database.transaction() as session:
        await claims.unlink(session, "telegram", CHAT, firm.id)
    assert not (await stage.deliver()).sent
    rows = await stage.deliveries()
    states = {key: (row.channel, row.state, row.reason) for key, row in rows.items()}
    assert states == {
        f"intro:{view.id}:asked:firm": ("telegram", "skipped", "moved"),
        f"intro:{view.id}:asked:firm:moved": (WEB, "sent", None),
    }


async def test_an_offers_new_provider_is_told_and_the_old_one_is_not(stage: Stage) -> None:
    await stage.claim("provider", COLLEGE, CHAT)
    _, offer, view = await asked_by_firm(stage)
    async with stage.database.transaction() as session:
        await stage.offers.update(session, offer.number, version=offer.version, provider=STRANGER.owner)
    assert not (await stage.deliver()).sent
    moved = (await stage.deliveries())[f"intro:{view.id}:asked:provider:moved"]
    assert (moved.channel, moved.address, moved.state) == (WEB, provider_inbox(STRANGER.owner), "sent")


async def test_a_hint_goes_out_beside_the_notice(stage: Stage) -> None:
    await asked_by_firm(stage, telegram=OTHER_CHAT)
    assert [address for address, _ in (await stage.deliver()).sent] == [OTHER_CHAT]
    assert {row.state for row in (await stage.deliveries()).values()} == {"sent"}


async def test_a_hidden_firms_steps_are_not_told_to_the_provider(stage: Stage) -> None:
    firm, _, view = await asked_by_firm(stage)
    await stage.introductions.accept(PROVIDER, view.id)
    await stage.see(firm, False)
    await stage.introductions.withdraw(as_firm(firm), view.id)
    assert "withdrawn:provider" not in await stage.said(view)


async def test_a_notice_of_an_expired_introduction_is_not_sent(stage: Stage) -> None:
    _, _, view = await asked_by_firm(stage)
    rows = await stage.deliveries()
    (row,) = rows.values()
    verdict = await stage.on(view.expires_on).guard(row)
    assert type(verdict).__name__ == "Allow"
    verdict = await stage.on(view.expires_on + timedelta(days=1)).guard(row)
    assert type(verdict).__name__ == "Skip"


async def test_the_worker_is_woken_after_the_commit(stage: Stage) -> None:
    woken: list[int] = []
    clock = Clock(pinned=TODAY)
    service = Introductions(
        stage.database, stage.firms, stage.offers, clock, telegram=True, on_enqueued=lambda: woken.append(1)
    )
    firm, offer = await stage.firm(), await stage.offer()
    await service.ask(as_firm(firm), firm.id, offer.id)
    assert woken == [1]


# --- deleting a firm ---


async def test_a_deleted_firm_gives_its_places_back_and_leaves_no_notice(stage: Stage) -> None:
    await stage.claim("provider", COLLEGE, CHAT)
    firm, offer, view = await asked_by_firm(stage, capacity=1)
    await stage.introductions.accept(PROVIDER, view.id)
    more = await stage.offer("示例-G2", capacity=1)
    await stage.introductions.ask(as_firm(firm), firm.id, more.id)
    await stage.deliver()
    other = await stage.firm(2)
    kept = await stage.introductions.ask(as_firm(other), other.id, more.id)
    async with stage.database.transaction() as session:
        firms = Firms(stage.database, erasers=[stage.introductions.erase])
        await firms.delete(session, firm.id, actor="示例专员")
    assert (await stage.taken(offer), await stage.taken(more)) == (0, 0)
    assert [each.id for each in await stage.introductions.list(PROVIDER)] == [kept.id]
    assert set(await stage.deliveries()) == {f"intro:{kept.id}:asked:provider"}


async def test_a_notice_on_its_way_is_emptied_when_its_firm_is_deleted(stage: Stage) -> None:
    await stage.claim("provider", COLLEGE, CHAT)
    firm, _, _ = await asked_by_firm(stage)
    async with stage.database.transaction() as session:
        await session.execute(update(Delivery).values(state="sending"))
        await Firms(stage.database, erasers=[stage.introductions.erase]).delete(session, firm.id, actor="示例专员")
    (row,) = (await stage.deliveries()).values()
    assert firm.name not in json.dumps(row.message, ensure_ascii=False)
    assert type(await stage.introductions.guard(row)).__name__ == "Skip"


# --- at the same time ---


async def outcomes(attempts: list[Awaitable[View]]) -> list[str]:
    """The state or the error's code of each."""
    done = await asyncio.gather(*attempts, return_exceptions=True)
    return sorted(each.state if isinstance(each, View) else each.code for each in done)  # type: ignore[union-attr]


async def test_of_five_that_accept_the_last_place_one_gets_it(stage: Stage) -> None:
    offer = await stage.offer(capacity=3, taken=2)
    asked = []
    for number in range(1, 6):
        firm = await stage.firm(number)
        asked.append(await stage.introductions.ask(as_firm(firm), firm.id, offer.id))
    done = await outcomes([stage.introductions.accept(PROVIDER, each.id) for each in asked])
    assert done == ["accepted", *["offer-full"] * 4]
    assert await stage.taken(offer) == 3
    states = [each.state for each in await stage.introductions.list(PROVIDER)]
    assert sorted(states) == ["accepted", *["asked"] * 4]


async def test_accepting_five_times_at_once_takes_one_place(stage: Stage) -> None:
    _, offer, view = await asked_by_firm(stage, capacity=5)
    assert await outcomes([stage.introductions.accept(PROVIDER, view.id) for _ in range(5)]) == ["accepted"] * 5
    assert await stage.taken(offer) == 1
    assert set(await stage.said(view)) == {"asked:provider", "accepted:firm", "accepted:provider"}


async def test_asking_at_once_from_both_sides_gives_one_introduction(stage: Stage) -> None:
    firm, offer = await stage.firm(), await stage.offer()
    actors = [as_firm(firm), as_firm(firm), PROVIDER, PROVIDER, STAFF]
    done = await outcomes([stage.introductions.ask(actor, firm.id, offer.id) for actor in actors])
    assert set(done) == {"asked", "already-asked"}
    async with stage.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(IntroductionRow)) == 1
    assert len(await stage.deliveries()) == 1


async def test_accepting_and_withdrawing_at_once_never_loses_a_place(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage, capacity=1)
    service = stage.introductions
    attempts: list[Callable[[], Awaitable[View]]] = [
        lambda: service.accept(PROVIDER, view.id),
        lambda: service.withdraw(as_firm(firm), view.id),
        lambda: service.accept(PROVIDER, view.id),
        lambda: service.withdraw(PROVIDER, view.id),
    ]
    await outcomes([attempt() for attempt in attempts])
    state = (await service.get(STAFF, view.id)).state
    assert await stage.taken(offer) == (1 if state == "accepted" else 0)


async def test_deleting_a_firm_while_it_is_accepted_leaves_the_right_number_of_places(stage: Stage) -> None:
    firm, offer, view = await asked_by_firm(stage, capacity=1)

    async def delete() -> None:
        async with stage.database.transaction() as session:
            firms = Firms(stage.database, erasers=[stage.introductions.erase])
            await firms.delete(session, firm.id, actor="示例专员")

    accepting = stage.introductions.accept(PROVIDER, view.id)
    done = await asyncio.gather(accepting, delete(), return_exceptions=True)
    assert done[1] is None
    assert not isinstance(done[0], BaseException) or isinstance(done[0], NoSuchFirm | NoSuchIntroduction)
    assert await stage.taken(offer) == 0
    async with stage.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(OfferRow)) == 1
        assert await session.scalar(select(func.count()).select_from(IntroductionRow)) == 0
