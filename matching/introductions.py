"""Introductions: one side asks, the other one answers, and only then both get each other's contacts.

Every change is one transaction with its notices, its consent and its entry in the audit log. Changes of one pair wait
for each other: they lock the firm first, then the introduction, then the offer, always in this order.
"""

from __future__ import annotations

import builtins
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock, machine_now
from core.database import Database
from core.errors import BadInput, Conflict, NotFound
from core.text import clean
from firms import audit, consents, credit_codes
from firms.actors import Actor
from firms.catalogue import folded_name
from firms.consents import CONTACTS
from firms.models import FirmRow
from firms.store import AmbiguousName, Firm, Firms, NoSuchFirm
from matching import introduction_wording as wording
from matching.introduction_notices import GUARD, Notices, forget
from matching.introduction_views import (
    ACTIONS,
    Contacts,
    Introduction,
    Side,
    View,
    Viewer,
    card_for,
    contact_lines,
    contacts_of,
    joined,
    load,
    one,
    other,
    shown,
    shows,
    view,
)
from matching.models import IntroductionRow, OfferRow
from matching.offer import EVENT, Offer
from matching.offers import NoSuchOffer, OfferClosed, OfferFull, Offers
from matching.visibility import set_visible, standing, standings
from messaging.messages import OutMessage
from messaging.outbox import Allow, Delivery, Skip

__all__ = ["ACTIONS", "GUARD", "Introductions", "Rest", "View", "contact_lines", "rests", "set_visible"]

ANSWER_DAYS = 14
"""An introduction can be accepted up to this many days after it was asked for, that day included."""
REST_DAYS = 180
"""A declined pair rests for this many days, unless the offer changes."""
LONGEST_REASON = 500
_OPEN = ("asked", "accepted")
_SYSTEM = "system"
_PORTION = 200


class NoSuchIntroduction(NotFound):
    """There is no such introduction, or it is not yours to see."""

    code = "no_such_introduction"
    default = wording.NO_INTRODUCTION


class UseRegistration(Conflict):
    """For an event one registers."""

    code = "use-registration"
    default = wording.USE_REGISTRATION


class OwnOffer(Conflict):
    """The firm is the offer's provider."""

    code = "own-offer"
    default = wording.OWN_OFFER


class AlreadyAsked(Conflict):
    """The other side asked first: its introduction (`id` in the details) is to be accepted."""

    code = "already-asked"


class PairRests(Conflict):
    """It was declined not long ago."""

    code = "pair-rests"


class IntroductionClosed(Conflict):
    """It is answered, withdrawn or expired."""

    code = "introduction-closed"


class NotYourTurn(Conflict):
    """The other side has to answer."""

    code = "not-your-turn"
    default = wording.NOT_YOUR_TURN


class FirmHidden(Conflict):
    """The firm does not want to be seen by providers, so it cannot accept one."""

    code = "firm-hidden"
    default = wording.FIRM_HIDDEN


class ReasonTooLong(BadInput):
    """A reason is longer than `LONGEST_REASON` characters."""

    code = "reason_too_long"
    default = wording.REASON_TOO_LONG.format(limit=LONGEST_REASON)


@dataclass(frozen=True)
class Rest:
    """A declined pair rests before the day `until`, while the offer is still at `offer_version`."""

    offer_version: int
    until: date


async def rests(session: AsyncSession, firm_id: str, today: date) -> Mapping[int, tuple[Rest, ...]]:
    """Which offers (by number) were declined by or for a firm and still rest today, if they have not changed since."""
    chosen = select(IntroductionRow.offer_number, IntroductionRow.offer_version, IntroductionRow.decided_on).where(
        IntroductionRow.firm_id == firm_id,
        IntroductionRow.state == "declined",
        IntroductionRow.decided_on > today - timedelta(days=REST_DAYS + 1),
    )
    found: dict[int, tuple[Rest, ...]] = {}
    for number, version, decided_on in await session.execute(chosen):
        if decided_on is not None:
            rest = Rest(version, decided_on + timedelta(days=REST_DAYS + 1))
            found[number] = (*found.get(number, ()), rest)
    return found


class Introductions:
    """The introductions. `telegram`: the service can send there; `on_enqueued` is called after a commit with notices.

    Every method tells an actor about nothing but its own introductions: whatever else there is does not exist.
    """

    def __init__(
        self,
        database: Database,
        firms: Firms,
        offers: Offers,
        clock: Clock,
        *,
        telegram: bool,
        on_enqueued: Callable[[], None] | None = None,
    ) -> None:
        self._database = database
        self._firms = firms
        self._offers = offers
        self._clock = clock
        self._on_enqueued = on_enqueued
        self._notices = Notices(database, offers, clock, telegram=telegram, on_enqueued=on_enqueued)

    # --- reading ---

    async def get(self, actor: Actor, introduction_id: str) -> View:
        """An introduction as the actor sees it now. Raises NoSuchIntroduction."""
        async with self._database.reading() as session:
            return await self._view(session, actor, await self._found(session, actor, introduction_id))

    async def show(self, actor: Actor, introduction_id: str) -> OutMessage:
        """The same in words, with the other side's card and, once accepted, contacts: for showing, not for keeping.

        Raises NoSuchIntroduction.
        """
        async with self._database.reading() as session:
            found = await self._found(session, actor, introduction_id)
            seen = await self._view(session, actor, found)
        return shown(seen, card_for(found, seen.viewer))

    async def list(
        self, actor: Actor, firm_id: str | None = None, *, state: str | None = None, limit: int | None = None
    ) -> tuple[View, ...]:
        """All introductions that the actor may see, newest first; those of one firm (credit code, id or name)."""
        chosen = joined().order_by(IntroductionRow.asked_at.desc(), IntroductionRow.id)
        if actor.kind == "firm":
            chosen = chosen.where(FirmRow.id == actor.owner)
        if actor.kind == "provider":
            chosen = chosen.where(OfferRow.folded_provider == folded_name(actor.owner))
        if firm_id is not None:
            wanted = clean(firm_id).strip()
            code, name = credit_codes.normalise(wanted), folded_name(wanted)
            chosen = chosen.where(or_(FirmRow.id == wanted, FirmRow.credit_code == code, FirmRow.folded_name == name))
        async with self._database.reading() as session:
            seen = await self._views(session, actor, await load(session, chosen))
        return tuple(each for each in seen if state in (None, each.state))[:limit]

    # --- changing ---

    async def ask(self, actor: Actor, firm_id: str, offer_id: str) -> View:
        """Ask for an introduction of a firm (credit code, id or exact name) and an offer; `created` False: the same
        side asked before, and it is still open.

        A firm asks for itself, staff for a firm in their reach, a provider with an offer of its own for a firm that
        agreed to be seen. Raises NoSuchFirm, NoSuchOffer, AmbiguousName, UseRegistration, OwnOffer, AlreadyAsked,
        PairRests, OfferClosed, OfferFull.
        """
        async with self._changing() as session:
            offer = await self._offer(session, actor, offer_id)
            firm = await self._firm(session, actor, firm_id, offer)
            if offer.kind == EVENT:
                raise UseRegistration()
            if _is_own(firm, offer):
                raise OwnOffer()
            if (there := await self._pending(session, actor, firm.id, offer.number)) is not None:
                return await self._view(session, actor, there)
            await self._check_rest(session, firm.id, offer)
            self._check_open(offer)
            asked = await self._add(session, actor, firm, offer)
            return await self._view(session, actor, asked, created=True)

    async def accept(self, actor: Actor, introduction_id: str) -> View:
        """Accept for the side that was asked: a place of the offer is taken, and both get each other's contacts.

        Again: the same, without a second place. Raises NoSuchIntroduction, NotYourTurn, IntroductionClosed,
        FirmHidden, OfferFull, OfferClosed; then nothing is changed.
        """
        async with self._changing() as session:
            found = await self._locked(session, actor, introduction_id)
            self._check_turn(actor, found)
            if found.state != "accepted":
                self._check_state(found, "asked")
                found = await self._accept(session, actor, found)
            return await self._view(session, actor, found)

    async def decline(self, actor: Actor, introduction_id: str, reason: str | None = None) -> View:
        """Decline for the side that was asked; again: the same. The pair rests from now on.

        Raises NoSuchIntroduction, NotYourTurn, IntroductionClosed, ReasonTooLong.
        """
        said = _reason(reason)
        async with self._changing() as session:
            found = await self._locked(session, actor, introduction_id)
            self._check_turn(actor, found)
            if found.state != "declined":
                self._check_state(found, "asked")
                found = await self._move(session, found, "declined", actor.name, reason=said)
                await self._notices.tell(session, found, "declined", found.asked_by)
            return await self._view(session, actor, found)

    async def withdraw(self, actor: Actor, introduction_id: str) -> View:
        """End it, by either side; the place of an accepted one is given back. Again: the same.

        Raises NoSuchIntroduction, IntroductionClosed.
        """
        async with self._changing() as session:
            found = await self._locked(session, actor, introduction_id)
            if found.state != "withdrawn":
                self._check_state(found, *_OPEN)
                if found.state == "accepted":
                    await self._offers.give_back_seat(session, found.offer_number)
                found = await self._move(session, found, "withdrawn", actor.name)
                await self._notices.tell(session, found, "withdrawn", other(_side(actor)))
            return await self._view(session, actor, found)

    async def sweep(self) -> int:
        """Note those that nobody answered in time, and tell who asked; how many there were. To be called daily."""
        total = 0
        while await self._any_lapsed():
            async with self._changing() as session:
                lapsed = await load(
                    session,
                    joined()
                    .where(*self._lapsed())
                    .order_by(IntroductionRow.id)
                    .limit(_PORTION)
                    .with_for_update(of=IntroductionRow, skip_locked=True),
                )
                for each in lapsed:
                    await self._expire(session, each, tell=True)
            total += len(lapsed)
            if len(lapsed) < _PORTION:
                break
        return total

    async def erase(self, session: AsyncSession, firm_id: str) -> None:
        """Before a firm is deleted: its places are given back, and what was said about it is taken away.

        An `Eraser` of `Firms`; the introductions themselves go with the firm.
        """
        await session.execute(select(FirmRow.id).where(FirmRow.id == firm_id).with_for_update())
        own = select(IntroductionRow.id, IntroductionRow.offer_number, IntroductionRow.state).where(
            IntroductionRow.firm_id == firm_id
        )
        rows = (await session.execute(own.order_by(IntroductionRow.id).with_for_update())).all()
        for number in sorted(row.offer_number for row in rows if row.state == "accepted"):
            await self._offers.give_back_seat(session, number)
        await forget(session, [row.id for row in rows])

    async def guard(self, delivery: Delivery) -> Allow | Skip:
        """The outbox's guard under the name `GUARD`: see `Notices.verdict`."""
        return await self._notices.verdict(delivery)

    # --- who and what ---

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[AsyncSession]:
        """A transaction, and a call of the outbox's worker after it."""
        async with self._database.transaction() as session:
            yield session
        if self._on_enqueued is not None:
            self._on_enqueued()

    async def _offer(self, session: AsyncSession, actor: Actor, offer_id: str) -> Offer:
        offer = await self._offers.get(clean(offer_id), session)
        if actor.kind == "provider" and folded_name(actor.owner) != offer.folded_provider:
            raise NoSuchOffer()
        return offer

    async def _firm(self, session: AsyncSession, actor: Actor, reference: str, offer: Offer) -> Firm:
        """The firm that is meant among those that the actor may know of, locked."""
        meant = [
            firm for firm in await self._called(session, reference) if await self._knows(session, actor, firm, offer)
        ]
        if not meant:
            raise NoSuchFirm()
        if len(meant) > 1:
            raise AmbiguousName()
        await _lock(session, meant[0].id)
        return await self._firms.get(meant[0].id, session)

    async def _called(self, session: AsyncSession, reference: str) -> Sequence[Firm]:
        wanted = clean(reference).strip()
        if (coded := await self._firms.by_credit_code(wanted, session)) is not None:
            return (coded,)
        try:
            return (await self._firms.get(wanted, session),)
        except NoSuchFirm:
            return await self._firms.by_name(wanted, session)

    async def _knows(self, session: AsyncSession, actor: Actor, firm: Firm, offer: Offer) -> bool:
        if actor.kind != "provider":
            return actor.covers(firm.region) if actor.is_staff else actor.owner == firm.id
        if (await standing(session, firm.id)).visible:
            return True
        pair = await load(session, _pair(firm.id, offer.number))
        return any([await shows(session, found) for found in pair])

    async def _found(self, session: AsyncSession, actor: Actor, introduction_id: str) -> Introduction:
        """The introduction if the actor may see it. Raises NoSuchIntroduction."""
        found = await one(session, introduction_id)
        if found is None or not _is_party(actor, found):
            raise NoSuchIntroduction()
        if actor.kind == "provider" and not await shows(session, found):
            raise NoSuchIntroduction()
        return found

    async def _locked(self, session: AsyncSession, actor: Actor, introduction_id: str) -> Introduction:
        """The same; nobody else changes it until the commit."""
        found = await self._found(session, actor, introduction_id)
        await _lock(session, found.firm_id)
        mine = select(IntroductionRow.id).where(IntroductionRow.id == found.id)
        await session.execute(mine.with_for_update())
        return await self._found(session, actor, introduction_id)

    # --- checks ---

    def _check_turn(self, actor: Actor, found: Introduction) -> None:
        if _side(actor) != found.asked_side:
            raise NotYourTurn()

    def _check_state(self, found: Introduction, *wanted: str) -> None:
        if (state := found.state_on(self._clock.today())) not in wanted:
            raise IntroductionClosed(wording.CLOSED.format(state=wording.STATES[state]))

    def _check_open(self, offer: Offer) -> None:
        if offer.state != "active" or offer.expired(self._clock.now()):
            raise OfferClosed(wording.OFFER_CLOSED)
        if offer.is_full:
            raise OfferFull(wording.OFFER_FULL)

    async def _check_rest(self, session: AsyncSession, firm_id: str, offer: Offer) -> None:
        own = (await rests(session, firm_id, self._clock.today())).get(offer.number, ())
        days = [rest.until for rest in own if rest.offer_version == offer.version]
        if days:
            raise PairRests(wording.PAIR_RESTS.format(day=wording.DAY.format(max(days))))

    async def _pending(
        self, session: AsyncSession, actor: Actor, firm_id: str, offer_number: int
    ) -> Introduction | None:
        """The pair's open introduction; None when a new one may be asked for. Raises AlreadyAsked."""
        for found in await load(session, _pair(firm_id, offer_number).with_for_update(of=IntroductionRow)):
            if found.state_on(self._clock.today()) == "expired":
                await self._expire(session, found, tell=found.asked_by != _side(actor))
                continue
            if found.state == "asked" and found.asked_by != _side(actor):
                raise AlreadyAsked(wording.ALREADY_ASKED.format(id=found.id), id=found.id)
            return found
        return None

    # --- steps ---

    async def _add(self, session: AsyncSession, actor: Actor, firm: Firm, offer: Offer) -> Introduction:
        today = self._clock.today()
        row = IntroductionRow(
            id=f"i-{secrets.token_hex(6)}",
            firm_id=firm.id,
            offer_number=offer.number,
            offer_version=offer.version,
            asked_by=_side(actor),
            state="asked",
            asked_at=machine_now(),
            asked_on=today,
            expires_on=today + timedelta(days=ANSWER_DAYS),
            version=1,
        )
        session.add(row)
        await session.flush()
        (asked,) = await load(session, joined().where(IntroductionRow.id == row.id))
        await self._release(session, actor, asked)
        await _note(session, actor.name, asked)
        await self._notices.tell(session, asked, "asked", asked.asked_side)
        return asked

    async def _accept(self, session: AsyncSession, actor: Actor, found: Introduction) -> Introduction:
        if not await shows(session, found):
            raise FirmHidden()
        await self._offers.take_seat(session, found.offer_number, self._clock.now())
        accepted = await self._move(session, found, "accepted", actor.name)
        await self._release(session, actor, accepted)
        for side in ("firm", "provider"):
            await self._notices.tell(session, accepted, "accepted", side)
        return accepted

    async def _release(self, session: AsyncSession, actor: Actor, found: Introduction) -> None:
        """A firm that asks or accepts agrees by that act that this provider gets its contacts once both agreed."""
        if _side(actor) == "provider":
            return
        await consents.grant(
            session,
            found.firm_id,
            CONTACTS,
            source=wording.CONSENT_SOURCE.format(id=found.id),
            via="firm" if actor.kind == "firm" else "staff",
            purpose=wording.CONTACTS_PURPOSE.format(title=found.offer_title, offer=found.offer_id),
            recipient=found.provider,
        )

    async def _expire(self, session: AsyncSession, found: Introduction, *, tell: bool) -> None:
        expired = await self._move(session, found, "expired", _SYSTEM)
        if tell:
            await self._notices.tell(session, expired, "expired", expired.asked_by)

    async def _move(
        self, session: AsyncSession, found: Introduction, state: str, actor: str, *, reason: str | None = None
    ) -> Introduction:
        """Put a locked introduction into another state. A declined one rests while the offer is as it is now."""
        values: dict[str, Any] = {
            "state": state,
            "version": found.version + 1,
            "decided_at": machine_now(),
            "decided_on": self._clock.today(),
        }
        if state == "declined":
            values |= {"reason": reason, "offer_version": found.offer_version}
        await session.execute(update(IntroductionRow).where(IntroductionRow.id == found.id).values(**values))
        moved = replace(found, state=state, version=found.version + 1, reason=values.get("reason", found.reason))
        await _note(session, actor, moved)
        return moved

    # --- views ---

    async def _view(self, session: AsyncSession, actor: Actor, found: Introduction, *, created: bool = False) -> View:
        """As the actor sees it. Raises NoSuchIntroduction."""
        seen = await self._views(session, actor, [found])
        if not seen:
            raise NoSuchIntroduction()
        return replace(seen[0], created=created)

    async def _views(self, session: AsyncSession, actor: Actor, found: Iterable[Introduction]) -> builtins.list[View]:
        """What of these the actor may see, as it sees it."""
        mine = [each for each in found if _is_party(actor, each)]
        open_ones = {each.id for each in mine}
        if actor.kind == "provider":
            mine, open_ones = await _shown_to_provider(session, mine)
        accepted = [each for each in mine if each.state == "accepted" and each.id in open_ones]
        contacts: Mapping[str, Contacts] = await contacts_of(session, self._offers, accepted)
        today = self._clock.today()
        return [view(each, _viewer(actor), today, contacts.get(each.id)) for each in mine]

    def _lapsed(self) -> tuple[Any, ...]:
        return (IntroductionRow.state == "asked", IntroductionRow.expires_on < self._clock.today())

    async def _any_lapsed(self) -> bool:
        async with self._database.reading() as session:
            return await session.scalar(select(IntroductionRow.id).where(*self._lapsed()).limit(1)) is not None


# --- decisions ---


def _side(actor: Actor) -> Side:
    """For whom somebody acts: staff for the firm."""
    return "provider" if actor.kind == "provider" else "firm"


def _viewer(actor: Actor) -> Viewer:
    return "staff" if actor.is_staff else _side(actor)


def _is_party(actor: Actor, found: Introduction) -> bool:
    if actor.kind == "provider":
        return folded_name(actor.owner) == found.folded_provider
    return actor.covers(found.firm_region) if actor.is_staff else actor.owner == found.firm_id


def _is_own(firm: Firm, offer: Offer) -> bool:
    code = offer.provider_credit_code
    same_code = firm.credit_code is not None and code is not None and credit_codes.normalise(code) == firm.credit_code
    return same_code or firm.folded_name == offer.folded_provider


def _reason(text: str | None) -> str | None:
    """A reason as it is kept; None for an empty one. Raises ReasonTooLong."""
    said = clean(text or "").strip()
    if len(said) > LONGEST_REASON:
        raise ReasonTooLong()
    return said or None


# --- rows ---


def _pair(firm_id: str, offer_number: int) -> Any:
    """A pair's open introduction."""
    return joined().where(
        IntroductionRow.firm_id == firm_id,
        IntroductionRow.offer_number == offer_number,
        IntroductionRow.state.in_(_OPEN),
    )


async def _lock(session: AsyncSession, firm_id: str) -> None:
    """Nobody else changes this firm's introductions until the commit. Raises NoSuchFirm."""
    mine = select(FirmRow.id).where(FirmRow.id == firm_id)
    if await session.scalar(mine.with_for_update(key_share=True)) is None:
        raise NoSuchFirm()


async def _shown_to_provider(
    session: AsyncSession, found: Sequence[Introduction]
) -> tuple[list[Introduction], set[str]]:
    """Those of the provider's introductions in which the firm shows, and the ids of those with released contacts."""
    now = await standings(session, (each.firm_id for each in found))
    seen = [e for e in found if now[e.firm_id].shows(e.asked_by, e.asked_at, e.folded_provider)]
    return seen, {each.id for each in seen if each.folded_provider in now[each.firm_id].released}


async def _note(session: AsyncSession, actor: str, found: Introduction) -> None:
    await audit.record(
        session,
        actor=actor,
        action=f"introduction.{found.state}",
        subject_kind="introduction",
        subject=found.id,
        details={"firm": found.firm_id, "offer": found.offer_number, "asked_by": found.asked_by},
    )
