"""What is shown of an introduction: the view of each party, messages about it, and contacts once it is accepted.

No stored message holds contacts, and none in a web inbox holds what a firm may hide: a button reads that live.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from core import regions
from core.text import clean
from firms.models import ContactRow, FirmRow
from firms.store import Profile
from matching import introduction_wording as wording
from matching.models import IntroductionRow, OfferRow
from matching.offers import Offers
from matching.visibility import standing
from messaging.messages import Card, Choice, OutMessage, encode_choice

ACCEPT, DECLINE, WITHDRAW, SHOW = "intro-yes", "intro-no", "intro-off", "intro-show"
ACTIONS = (ACCEPT, DECLINE, WITHDRAW, SHOW)
"""Actions of the buttons; the reference is the introduction's id, the version the introduction's."""

Side = Literal["firm", "provider"]
Viewer = Literal["firm", "provider", "staff"]
Event = Literal["asked", "accepted", "declined", "withdrawn", "expired"]
SIDES: tuple[Side, ...] = ("firm", "provider")
_LABELS = {ACCEPT: wording.ACCEPT, DECLINE: wording.DECLINE, WITHDRAW: wording.WITHDRAW, SHOW: wording.SHOW}
_MANY = 500  # how many ids go into one query
_LONGEST_LINE = 120
_NEEDS = {"financing": "finance_use", "partner": "supply_wish"}  # of other kinds: tech_need
_CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+|(?<!\d)(?:1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}[ -]?\d{7,8})(?!\d)", re.A
)


@dataclass(frozen=True)
class Contact:
    """Whom to call; what is not known is None."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None

    def to_json(self) -> dict[str, str | None]:
        """The contract's JSON."""
        return {"name": self.name, "phone": self.phone, "email": self.email}


@dataclass(frozen=True)
class Contacts:
    """Both parties' contacts."""

    firm: Contact
    provider: Contact

    def to_json(self) -> dict[str, Any]:
        """The contract's JSON."""
        return {"firm": self.firm.to_json(), "provider": self.provider.to_json()}


@dataclass(frozen=True)
class Introduction:
    """An introduction with its firm and its offer as they are stored; for this floor only, not for showing."""

    id: str
    state: str
    asked_by: Side
    asked_at: datetime
    asked_on: date
    expires_on: date
    reason: str | None
    version: int
    firm_id: str
    firm: str
    firm_name: str
    firm_region: str
    profile: Profile = field(repr=False)
    offer_number: int
    offer_id: str
    offer_version: int
    offer_title: str
    offer_kind: str
    offer_ends: date | None
    provider: str
    folded_provider: str

    @property
    def asked_side(self) -> Side:
        """The side that has to answer."""
        return other(self.asked_by)

    def state_on(self, today: date) -> str:
        """The state on a day: one that waits longer than its last day is expired, whoever noted that or not."""
        return "expired" if self.state == "asked" and self.expires_on < today else self.state


@dataclass(frozen=True)
class View:
    """An introduction as one actor sees it. `firm` is its credit code, else its id.

    `contacts` is None unless it is accepted. `created` False: asking found it there already.
    """

    id: str
    state: str
    firm: str
    offer_id: str
    asked_by: Side
    expires_on: date
    contacts: Contacts | None = field(repr=False)
    firm_id: str
    firm_name: str
    offer_title: str
    provider: str
    asked_on: date
    reason: str | None
    version: int
    viewer: Viewer
    created: bool = False

    @property
    def actions(self) -> tuple[str, ...]:
        """What the viewer may do next, of `ACTIONS`."""
        own: Side = "provider" if self.viewer == "provider" else "firm"
        if self.state == "accepted":
            return (WITHDRAW,)
        if self.state == "asked":
            return (WITHDRAW,) if self.asked_by == own else (ACCEPT, DECLINE)
        return ()

    def to_json(self) -> dict[str, Any]:
        """The contract's JSON."""
        return {
            "id": self.id,
            "state": self.state,
            "firm": self.firm,
            "offer_id": self.offer_id,
            "asked_by": self.asked_by,
            "expires_on": self.expires_on.isoformat(),
            "contacts": None if self.contacts is None else self.contacts.to_json(),
            "firm_name": self.firm_name,
            "offer_title": self.offer_title,
            "provider": self.provider,
            "asked_on": self.asked_on.isoformat(),
            "reason": self.reason,
        }


def other(side: Side) -> Side:
    """The other side."""
    return "provider" if side == "firm" else "firm"


# --- reading ---


def joined() -> Select[IntroductionRow, FirmRow, OfferRow]:
    """Introductions with their firm and offer, to be narrowed by the caller and read by `load`."""
    return (
        select(IntroductionRow, FirmRow, OfferRow)
        .join(FirmRow, FirmRow.id == IntroductionRow.firm_id)
        .join(OfferRow, OfferRow.number == IntroductionRow.offer_number)
    )


async def load(session: AsyncSession, chosen: Select[IntroductionRow, FirmRow, OfferRow]) -> tuple[Introduction, ...]:
    """The introductions of a query made with `joined`, as they are stored now."""
    rows = await session.execute(chosen, execution_options={"populate_existing": True})
    return tuple(_introduction(*row) for row in rows)


def _introduction(row: IntroductionRow, firm: FirmRow, offer: OfferRow) -> Introduction:
    return Introduction(
        id=row.id,
        state=row.state,
        asked_by="firm" if row.asked_by == "firm" else "provider",
        asked_at=row.asked_at,
        asked_on=row.asked_on,
        expires_on=row.expires_on,
        reason=row.reason,
        version=row.version,
        firm_id=firm.id,
        firm=firm.credit_code or firm.id,
        firm_name=firm.name,
        firm_region=firm.region,
        profile=Profile.from_json(firm.profile),
        offer_number=offer.number,
        offer_id=offer.id,
        offer_version=offer.version,
        offer_title=offer.title,
        offer_kind=offer.kind,
        offer_ends=offer.valid_until,
        provider=offer.provider,
        folded_provider=offer.folded_provider,
    )


async def one(session: AsyncSession, introduction_id: str) -> Introduction | None:
    """The introduction with this id."""
    found = await load(session, joined().where(IntroductionRow.id == clean(introduction_id)))
    return found[0] if found else None


async def shows(session: AsyncSession, found: Introduction) -> bool:
    """Whether the provider may see the firm in this introduction now."""
    now = await standing(session, found.firm_id)
    return now.shows(found.asked_by, found.asked_at, found.folded_provider)


async def contacts_of(
    session: AsyncSession, offers: Offers, introductions: Iterable[Introduction]
) -> dict[str, Contacts]:
    """Both parties' contacts by introduction; who may see them is the caller's business."""
    some = tuple(introductions)
    firms = await _firm_contacts(session, sorted({each.firm_id for each in some}))
    theirs = await offers.contacts({each.offer_number for each in some}, session)
    providers = {number: Contact(each.name, each.phone, each.email) for number, each in theirs.items()}
    return {
        each.id: Contacts(firms.get(each.firm_id, Contact()), providers.get(each.offer_number, Contact()))
        for each in some
    }


async def _firm_contacts(session: AsyncSession, firm_ids: Sequence[str]) -> dict[str, Contact]:
    """The first contact of each firm."""
    found: dict[str, Contact] = {}
    for start in range(0, len(firm_ids), _MANY):
        chosen = select(ContactRow).where(ContactRow.firm_id.in_(firm_ids[start : start + _MANY]))
        for row in await session.scalars(chosen.order_by(ContactRow.id)):
            found.setdefault(row.firm_id, Contact(row.name, row.phone, row.email))
    return found


def view(found: Introduction, viewer: Viewer, today: date, contacts: Contacts | None, *, created: bool = False) -> View:
    """The introduction as somebody sees it; `contacts` are dropped unless it is accepted."""
    state = found.state_on(today)
    return View(
        id=found.id,
        state=state,
        firm=found.firm,
        offer_id=found.offer_id,
        asked_by=found.asked_by,
        expires_on=found.expires_on,
        contacts=contacts if state == "accepted" else None,
        firm_id=found.firm_id,
        firm_name=found.firm_name,
        offer_title=found.offer_title,
        provider=found.provider,
        asked_on=found.asked_on,
        reason=found.reason,
        version=found.version,
        viewer=viewer,
        created=created,
    )


# --- what people read ---


def contact_lines(seen: View) -> tuple[str, ...]:
    """The other side's contacts (for staff: both sides'), line by line; nothing unless it is accepted.

    To be shown at once and not kept: who may see them can change at any time.
    """
    if seen.contacts is None:
        return ()
    lines: tuple[str, ...] = ()
    if seen.viewer != "provider":
        lines += _lines(seen.provider, seen.contacts.provider)
    if seen.viewer != "firm":
        lines += _lines(seen.firm_name, seen.contacts.firm)
    return lines


def _lines(name: str, contact: Contact) -> tuple[str, ...]:
    templates = (
        (wording.NAME_LINE, contact.name),
        (wording.PHONE_LINE, contact.phone),
        (wording.EMAIL_LINE, contact.email),
    )
    known = tuple(template.format(value=value) for template, value in templates if value)
    return (wording.CONTACTS_OF.format(name=name), *(known or (wording.NO_CONTACT,)))


def shown(seen: View, card: Card) -> OutMessage:
    """The introduction as it stands now, with what the viewer may do: the answer to `SHOW`, not to be kept."""
    state = wording.STATES[seen.state]
    text = wording.SHOWN.format(title=seen.offer_title, firm=seen.firm_name, provider=seen.provider, state=state)
    more = (_waiting(seen), _reason(seen), *contact_lines(seen))
    choices = tuple(choice(action, seen.id, seen.version) for action in seen.actions)
    return OutMessage("\n".join([text, *filter(None, more)]), cards=(card,), choices=choices)


def _waiting(seen: View) -> str:
    if seen.state != "asked":
        return ""
    template = wording.SHOWN_UNTIL if ACCEPT in seen.actions else wording.SHOWN_WAITING
    return template.format(until=wording.DAY.format(seen.expires_on))


def _reason(seen: View) -> str:
    if seen.reason is None:
        return ""
    own: Side = "provider" if seen.viewer == "provider" else "firm"
    template = wording.SHOWN_REASON if seen.asked_by == own else wording.OWN_REASON
    return template.format(reason=seen.reason)


def choice(action: str, introduction_id: str, version: int, label: str | None = None) -> Choice:
    """A button."""
    return Choice(encode_choice(action, introduction_id, version), label or _LABELS[action])


def card_for(found: Introduction, viewer: Viewer) -> Card:
    """The other side: the offer for a firm, the firm (never its contacts) for a provider."""
    return firm_card(found) if viewer == "provider" else offer_card(found)


def offer_card(found: Introduction) -> Card:
    """What the firm is asked about, or asked for."""
    lines = [wording.PROVIDER_LINE.format(provider=found.provider)]
    if found.offer_ends is not None:
        lines.append(wording.VALID_LINE.format(day=wording.DAY.format(found.offer_ends)))
    return Card(found.offer_title, tuple(lines))


def firm_card(found: Introduction) -> Card:
    """The firm for the provider: name, county, products and its need, without any contact in them."""
    lines = [wording.PLACE_LINE.format(place=regions.find(found.firm_region).name)]
    if found.profile.products:
        lines.append(wording.PRODUCTS_LINE.format(products=_without_contacts(found.profile.products)))
    if need := getattr(found.profile, _NEEDS.get(found.offer_kind, "tech_need")):
        lines.append(wording.NEED_LINE.format(need=_without_contacts(need)))
    return Card(found.firm_name, tuple(lines))


def _without_contacts(text: str) -> str:
    """A free text in short, without telephone numbers and mail addresses that somebody wrote into it."""
    masked = _CONTACT.sub(wording.MASKED, clean(text))
    return masked if len(masked) <= _LONGEST_LINE else masked[:_LONGEST_LINE] + wording.SHORTENED


_NOTICES: dict[tuple[str, Side], str] = {
    ("asked", "firm"): wording.ASKED_FIRM,
    ("asked", "provider"): wording.ASKED_PROVIDER,
    ("accepted", "firm"): wording.ACCEPTED_FIRM,
    ("accepted", "provider"): wording.ACCEPTED_PROVIDER,
    ("declined", "firm"): wording.DECLINED_FIRM,
    ("declined", "provider"): wording.DECLINED_PROVIDER,
    ("withdrawn", "firm"): wording.WITHDRAWN_FIRM,
    ("withdrawn", "provider"): wording.WITHDRAWN_PROVIDER,
    ("expired", "firm"): wording.EXPIRED_FIRM,
    ("expired", "provider"): wording.EXPIRED_PROVIDER,
}


def notice(found: Introduction, event: Event, side: Side, *, kept: bool) -> OutMessage:
    """What a side is told when something happened; never any contacts.

    `kept`: it stays where the reader may open it later (a web inbox), so it does not name a firm that may hide.
    """
    until = wording.DAY.format(found.expires_on)
    text = _NOTICES[event, side].format(provider=found.provider, title=found.offer_title, until=until)
    if event != "asked":
        return OutMessage(text, choices=_choices(found, event))
    note = (wording.ASKED_FIRM_NOTE if side == "firm" else wording.ASKED_PROVIDER_NOTE).format(provider=found.provider)
    hidden = side == "provider" and kept
    actions = (SHOW, ACCEPT, DECLINE) if hidden else (ACCEPT, DECLINE)
    return OutMessage(
        text,
        notices=(note,),
        choices=tuple(choice(action, found.id, found.version) for action in actions),
        cards=() if hidden else (card_for(found, side),),
    )


def _choices(found: Introduction, event: Event) -> tuple[Choice, ...]:
    if event == "accepted":
        contacts = choice(SHOW, found.id, found.version, wording.SHOW_CONTACTS)
        return (contacts, choice(WITHDRAW, found.id, found.version))
    if event == "declined" and found.reason is not None:
        return (choice(SHOW, found.id, found.version),)
    return ()


def hint(found: Introduction) -> OutMessage:
    """What an address hears that stands in the offer's contacts but never proved to be the provider's."""
    return OutMessage(wording.HINT_PROVIDER.format(title=found.offer_title))
