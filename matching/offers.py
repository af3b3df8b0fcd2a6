"""Offers in the database: found, listed for the public, changed, their places given away and given back.

Methods that change something take the caller's session: only `Database.transaction()` commits. What comes out are
frozen values, never rows. `version` grows with every change of what an offer says; a place given away is none.
"""

from __future__ import annotations

import base64
import builtins
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import regions
from core.clock import machine_now
from core.database import Database
from core.errors import BadInput, Conflict, NotFound
from core.text import clean
from firms import audit
from firms.actors import Actor
from firms.catalogue import folded_name
from matching import import_wording as wording
from matching.kinds import public_details
from matching.models import OfferContactRow, OfferRow
from matching.offer import Offer

ZONE = ZoneInfo("Asia/Shanghai")
"""The zone in which offers' times are written."""
ACTIVE, WITHDRAWN = "active", "withdrawn"
MAX_LIMIT = 200
"""The longest page of a list."""
_PORTION = 500
_FIRST_DAY = date(1, 1, 1)  # where an offer without a day of publication stands in the order
_AMOUNTS = {"financing": ("amount_min", "amount_max"), "university": ("start_cost", "start_cost")}


class NoSuchOffer(NotFound):
    """There is no such offer, or it is not yours to change."""

    code = "no_such_offer"
    default = wording.NO_OFFER


class OfferFull(Conflict):
    """No place is left."""

    code = "offer-full"
    default = wording.OFFER_FULL


class OfferClosed(Conflict):
    """The offer is over or withdrawn."""

    code = "offer-closed"
    default = wording.OFFER_CLOSED


class OfferChanged(Conflict):
    """The offer was changed since it was read. `current` is what it is now, `wanted` what was to be written."""

    code = "offer_changed"
    default = wording.OFFER_CHANGED

    def __init__(self, current: Offer, wanted: Mapping[str, Any]) -> None:
        super().__init__()
        self.current, self.wanted = current, dict(wanted)


class BadCursor(BadInput):
    """The mark of a page is none that was given out."""

    code = "bad_cursor"
    default = wording.BAD_CURSOR


@dataclass(frozen=True)
class OfferContact:
    """Who answers for an offer: for its provider, staff, and firms to which it was released."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    telegram: str | None = None

    def __bool__(self) -> bool:
        return any((self.name, self.phone, self.email, self.telegram))


@dataclass(frozen=True)
class Page:
    """A page of a list. `next_cursor` None: it was the last. `notices` say in Chinese why something is left out."""

    items: tuple[Offer, ...]
    next_cursor: str | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Filters:
    """What a list leaves out. `regions` are codes, all of which an offer must serve; amounts in 万元."""

    regions: tuple[str, ...] = ()
    amount_min: Decimal | None = None
    amount_max: Decimal | None = None
    deadline_from: date | None = None

    @property
    def by_amount(self) -> bool:
        return self.amount_min is not None or self.amount_max is not None

    def keep(self, offer: Offer) -> bool:
        """Whether the offer belongs into the list."""
        served = all(serves(offer, region) for region in self.regions)
        return served and self._of_amount(offer) and self._lasts(offer)

    def _of_amount(self, offer: Offer) -> bool:
        if not self.by_amount:
            return True
        low, high = amounts(offer)
        if low is None and high is None:
            return False
        above = self.amount_min is not None and high is not None and high < self.amount_min
        below = self.amount_max is not None and low is not None and low > self.amount_max
        return not (above or below)

    def _lasts(self, offer: Offer) -> bool:
        last = last_day(offer)
        return self.deadline_from is None or last is None or last >= self.deadline_from


class Offers:
    """The offers of all kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def _view(self, session: AsyncSession | None) -> AsyncIterator[AsyncSession]:
        """The caller's session, or a reading one of our own."""
        if session is not None:
            yield session
            return
        async with self._database.reading() as own:
            yield own

    # --- reading ---

    async def get(self, id_or_number: str | int, session: AsyncSession | None = None) -> Offer:
        """The offer with this id (编号), or this number when an int is given. Raises NoSuchOffer."""
        if isinstance(id_or_number, int):
            return await self.by_number(id_or_number, session)
        return await self._one(OfferRow.id == clean_id(id_or_number), session)

    async def by_number(self, number: int, session: AsyncSession | None = None) -> Offer:
        """The offer with this number. Raises NoSuchOffer."""
        return await self._one(OfferRow.number == number, session)

    async def _one(self, condition: ColumnElement[bool], session: AsyncSession | None) -> Offer:
        async with self._view(session) as view:
            row = await view.scalar(select(OfferRow).where(condition), execution_options={"populate_existing": True})
            if row is None:
                raise NoSuchOffer()
            return offer_of(row)

    async def by_numbers(self, numbers: Iterable[int], session: AsyncSession | None = None) -> dict[int, Offer]:
        """Several offers by number; those that do not exist are not in it."""
        return {offer.number: offer for offer in await self._several(OfferRow.number, numbers, session)}

    async def by_ids(
        self, ids: Iterable[str], session: AsyncSession | None = None, *, lock: bool = False
    ) -> dict[str, Offer]:
        """Several offers by id; with `lock` nobody else changes them until the commit."""
        return {offer.id: offer for offer in await self._several(OfferRow.id, ids, session, lock=lock)}

    async def _several(
        self, column: Any, wanted: Iterable[Any], session: AsyncSession | None, *, lock: bool = False
    ) -> builtins.list[Offer]:
        keys = sorted(set(wanted))
        found: builtins.list[Offer] = []
        async with self._view(session) as view:
            for start in range(0, len(keys), _PORTION):
                chosen = select(OfferRow).where(column.in_(keys[start : start + _PORTION])).order_by(OfferRow.number)
                chosen = chosen.with_for_update() if lock else chosen
                rows = await view.scalars(chosen, execution_options={"populate_existing": True})
                found += [offer_of(row) for row in rows]
        return found

    async def list(
        self,
        *,
        kind: str | None = None,
        region: str | Sequence[str] | None = None,
        cursor: str | None = None,
        limit: int = 50,
        open_at: datetime | None = None,
        amount_min: Decimal | float | None = None,
        amount_max: Decimal | float | None = None,
        deadline_from: date | None = None,
    ) -> Page:
        """The offers that anybody may see, newest published first; ties by number, so that pages never overlap.

        Withdrawn, expired and full ones are never in it, whatever is asked. `open_at` is the service's time (None:
        the machine's). `region` (codes or names; several: an offer serves all) keeps offers that serve it. Amounts
        in 万元 keep those whose range meets [amount_min, amount_max]; an offer that names no amount is left out, a
        bound that it does not name is open. `deadline_from` keeps those that last until that day or longer.
        Filters that contradict each other give an empty page with a notice. Raises BadCursor.
        """
        found, notices = _region_filter(region)
        low, high = _exact(amount_min), _exact(amount_max)
        if low is not None and high is not None and low > high:
            notices = [wording.AMOUNTS_CONTRADICT.format(low=_plain(low), high=_plain(high))]
            found = None
        if found is None:
            return Page((), None, tuple(notices))
        filters = _Filters(found, low, high, deadline_from)
        notices += [wording.WITHOUT_AMOUNT] if filters.by_amount else []
        chosen = select(OfferRow).where(*_open(open_at or machine_now().astimezone(ZONE)))
        items, following = await self._page(_of_kind(chosen, kind), filters, cursor, limit)
        return Page(items, following, tuple(notices))

    async def stored(
        self,
        *,
        kind: str | None = None,
        provider: str | None = None,
        state: str | None = None,
        text: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page:
        """All offers for staff, over and withdrawn ones too, in the order of `list`. `text`: in the title, the
        provider's name or the id."""
        chosen = _of_kind(select(OfferRow), kind)
        if provider is not None:
            chosen = chosen.where(OfferRow.folded_provider == folded_name(provider))
        if state is not None:
            chosen = chosen.where(OfferRow.state == state)
        if text and (wanted := clean_id(text)):
            columns = (OfferRow.title, OfferRow.provider, OfferRow.id)
            chosen = chosen.where(or_(*(column.contains(wanted, autoescape=True) for column in columns)))
        items, following = await self._page(chosen, _Filters(), cursor, limit)
        return Page(items, following)

    async def _page(
        self, chosen: Select[OfferRow], filters: _Filters, cursor: str | None, limit: int
    ) -> tuple[tuple[Offer, ...], str | None]:
        """One page and the cursor of the next: rows are read in portions until the page is full."""
        limit = max(1, min(limit, MAX_LIMIT))
        after = _read_cursor(cursor)
        found: builtins.list[Offer] = []
        async with self._database.reading() as session:
            while len(found) <= limit:
                rows = (await session.scalars(_after(chosen, after).limit(_PORTION))).all()
                found += [offer for offer in map(offer_of, rows) if filters.keep(offer)]
                if len(rows) < _PORTION:
                    break
                after = _place(offer_of(rows[-1]))
        page = tuple(found[:limit])
        return page, _cursor(page[-1]) if len(found) > limit else None

    async def all_open(
        self, now: datetime, kind: str | None = None, session: AsyncSession | None = None
    ) -> tuple[Offer, ...]:
        """All offers that may be matched at `now` (the service's time), by number."""
        chosen = _of_kind(select(OfferRow).where(*_open(now)), kind).order_by(OfferRow.number)
        async with self._view(session) as view:
            return tuple(offer_of(row) for row in await view.scalars(chosen))

    async def of_provider(self, provider: str, session: AsyncSession | None = None) -> tuple[Offer, ...]:
        """All offers of a provider (by folded name), over and withdrawn ones too, by number."""
        chosen = select(OfferRow).where(OfferRow.folded_provider == folded_name(provider)).order_by(OfferRow.number)
        async with self._view(session) as view:
            return tuple(offer_of(row) for row in await view.scalars(chosen))

    async def every(self, session: AsyncSession | None = None) -> tuple[Offer, ...]:
        """All offers in whatever state, by number: for the search index."""
        async with self._view(session) as view:
            return tuple(offer_of(row) for row in await view.scalars(select(OfferRow).order_by(OfferRow.number)))

    async def mark(self, session: AsyncSession | None = None) -> tuple[Any, ...]:
        """Changes whenever an offer does, places given away too: for what is kept in memory."""
        sums = (func.count(), func.sum(OfferRow.version), func.sum(OfferRow.taken), func.max(OfferRow.updated_at))
        async with self._view(session) as view:
            return tuple((await view.execute(select(*sums))).one())

    async def contact(self, number: int, session: AsyncSession | None = None) -> OfferContact:
        """Who answers for an offer; an empty one where nobody is named. Never public."""
        return (await self.contacts([number], session)).get(number, OfferContact())

    async def contacts(self, numbers: Iterable[int], session: AsyncSession | None = None) -> dict[int, OfferContact]:
        """Who answers for several offers, by number."""
        keys = sorted(set(numbers))
        found: dict[int, OfferContact] = {}
        async with self._view(session) as view:
            for start in range(0, len(keys), _PORTION):
                of_these = OfferContactRow.offer_number.in_(keys[start : start + _PORTION])
                rows = await view.scalars(
                    select(OfferContactRow).where(of_these), execution_options={"populate_existing": True}
                )
                found |= {r.offer_number: OfferContact(r.name, r.phone, r.email, r.telegram) for r in rows}
        return found

    # --- changing ---

    async def add(
        self, session: AsyncSession, offers: Sequence[tuple[Offer, OfferContact | None]]
    ) -> tuple[Offer, ...]:
        """Add new offers with their contacts; they come back with their numbers. Raises IntegrityError for an id
        that is taken."""
        now = machine_now()
        rows = [OfferRow(**_columns(replace(offer, version=1, created_at=now, updated_at=now))) for offer, _ in offers]
        session.add_all(rows)
        await session.flush()
        pairs = zip(rows, (contact for _, contact in offers), strict=True)
        session.add_all([_contact_row(row.number, contact) for row, contact in pairs if contact])
        await session.flush()
        return tuple(offer_of(row) for row in rows)

    async def update(self, session: AsyncSession, number: int, *, version: int, **changes: Any) -> Offer:
        """Change fields of an offer that was read at `version`, and return it; the version grows.

        Fields: those of `Offer` besides number, id, taken, version and the times of the record. Raises NoSuchOffer,
        OfferChanged.
        """
        values = _values(changes) | {"version": version + 1, "updated_at": machine_now()}
        mine = update(OfferRow).where(OfferRow.number == number, OfferRow.version == version)
        done = await session.scalar(mine.values(**values).returning(OfferRow.number))
        current = await self.by_number(number, session)
        if done is None:
            raise OfferChanged(current, changes)
        return current

    async def set_contact(self, session: AsyncSession, number: int, contact: OfferContact) -> None:
        """Replace who answers for an offer."""
        await session.merge(_contact_row(number, contact))
        await session.flush()

    async def withdraw(self, session: AsyncSession, id_or_number: str | int, actor: Actor) -> Offer:
        """Take an offer out of every list; twice changes nothing. Raises NoSuchOffer, also where it is not the
        actor's to change."""
        offer = await self.get(id_or_number, session)
        if not may_change(actor, offer):
            raise NoSuchOffer()
        if offer.state == WITHDRAWN:
            return offer
        withdrawn = await self.update(session, offer.number, version=offer.version, state=WITHDRAWN)
        await audit.record(
            session, actor=actor.name, action="offer.withdrawn", subject_kind="offer", subject=str(offer.number)
        )
        return withdrawn

    # --- places ---

    async def take_seat(self, session: AsyncSession, number: int, now: datetime) -> Offer:
        """Give a place away, in the caller's transaction; `now` is the service's time, aware, in its zone.

        One statement decides, so that two never get the last place. Raises NoSuchOffer, OfferClosed, OfferFull.
        """
        open_one = update(OfferRow).where(OfferRow.number == number, *_open(now))
        taken = await self._seat(session, open_one.values(taken=OfferRow.taken + 1, updated_at=machine_now()))
        if taken is not None:
            return taken
        offer = await self.by_number(number, session)
        raise OfferClosed() if offer.state != ACTIVE or offer.expired(now) else OfferFull()

    async def give_back_seat(self, session: AsyncSession, number: int) -> Offer:
        """Take a place back; there are never fewer than none given away. Raises NoSuchOffer."""
        fewer = case((OfferRow.taken > 0, OfferRow.taken - 1), else_=0)
        mine = update(OfferRow).where(OfferRow.number == number)
        offer = await self._seat(session, mine.values(taken=fewer, updated_at=machine_now()))
        if offer is None:
            raise NoSuchOffer()
        return offer

    async def raise_taken(self, session: AsyncSession, number: int, taken: int) -> None:
        """State that so many places are given away, where fewer are recorded: never fewer than before."""
        mine = update(OfferRow).where(OfferRow.number == number, OfferRow.taken < taken)
        await session.execute(mine.values(taken=taken, updated_at=machine_now()))

    async def _seat(self, session: AsyncSession, change: Any) -> Offer | None:
        returning = change.returning(OfferRow).execution_options(synchronize_session=False, populate_existing=True)
        row = await session.scalar(returning)
        return None if row is None else offer_of(row)


# --- decisions ---


def serves(offer: Offer, region: str) -> bool:
    """Whether an offer serves firms in a region (a code): one of its regions holds it or is the same."""
    return any(regions.covers(own, region) for own in offer.regions)


def last_day(offer: Offer) -> date | None:
    """The last day on which it can be had; None: for good."""
    days = [] if offer.valid_until is None else [offer.valid_until]
    if (closes := offer.closes_at or offer.starts_at) is not None:
        local = closes.astimezone(ZONE)
        at_midnight = local.time().replace(tzinfo=None) == datetime.min.time()
        days.append(date.fromordinal(local.date().toordinal() - 1) if at_midnight else local.date())
    return min(days, default=None)


def amounts(offer: Offer) -> tuple[Decimal | None, Decimal | None]:
    """The least and the greatest amount that it is about, in 万元; None: not said."""
    keys = _AMOUNTS.get(offer.kind, ())
    found = [None if (value := offer.details.get(key)) is None else Decimal(value) for key in keys]
    return (found[0], found[1]) if found else (None, None)


def may_change(actor: Actor, offer: Offer) -> bool:
    """Whether an actor may change an offer: its provider, and staff within whose reach all of its regions are."""
    if actor.kind == "provider":
        return folded_name(actor.owner) == offer.folded_provider
    return actor.is_staff and all(actor.covers(region) for region in offer.regions)


def public_json(offer: Offer) -> dict[str, Any]:
    """As the contract writes `GET /offers/{id}`: never who answers for it. Money as decimal text in 万元."""
    return {
        "id": offer.id,
        "kind": offer.kind,
        "title": offer.title,
        "provider": offer.provider,
        "regions": [regions.find(region).name for region in offer.regions],
        "content": offer.content,
        "chain": [*offer.chain],
        "details": public_details(offer.kind, offer.details),
        "rule": offer.rule,
        "published_on": _iso(offer.published_on),
        "valid_until": _iso(offer.valid_until),
        "capacity": offer.capacity,
        "taken": offer.taken,
        "places_left": None if offer.capacity is None else max(0, offer.capacity - offer.taken),
        "starts_at": _iso(offer.starts_at),
        "ends_at": _iso(offer.ends_at),
        "registration_until": registration_until(offer),
        "registration_closes_at": _iso(offer.closes_at),
        "state": offer.state,
    }


def registration_until(offer: Offer) -> str | None:
    """Until when an event can be registered for, as the bureau wrote it: a day (all of it counts) or an instant."""
    if offer.closes_at is None:
        return None
    local = offer.closes_at.astimezone(ZONE)
    if local.time().replace(tzinfo=None) != datetime.min.time():
        return local.isoformat()
    return date.fromordinal(local.date().toordinal() - 1).isoformat()


def clean_id(text: str) -> str:
    """An id as it is stored: control characters and white space at its ends gone, inside it one blank."""
    return " ".join(clean(text).split())


def _iso(when: date | datetime | None) -> str | None:
    if when is None:
        return None
    return when.astimezone(ZONE).isoformat() if isinstance(when, datetime) else when.isoformat()


def _region_filter(region: str | Sequence[str] | None) -> tuple[tuple[str, ...] | None, builtins.list[str]]:
    """The codes that a list is for, the outermost left out; None where two of them exclude each other."""
    given = [region] if isinstance(region, str) else [*(region or ())]
    places = {place.code: place for place in map(_place_named, (one for one in given if one.strip()))}
    notices = [wording.UNKNOWN_REGION.format(region=p.name) for p in places.values() if not p.known]
    inner: regions.Region | None = None
    for place in places.values():
        if inner is None or regions.covers(inner.code, place.code):
            inner = place
        elif not regions.covers(place.code, inner.code):
            return None, [*notices, wording.REGIONS_CONTRADICT.format(one=inner.name, other=place.name)]
    return (() if inner is None else (inner.code,)), notices


def _place_named(text: str) -> regions.Region:
    found = regions.find(text)
    return found if found.known else regions.recognise(text) or found


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """`Offer.is_open` as conditions of a statement."""
    return (
        OfferRow.state == ACTIVE,
        or_(OfferRow.valid_until.is_(None), OfferRow.valid_until >= now.date()),
        or_(OfferRow.closes_at.is_(None), OfferRow.closes_at > now),
        or_(OfferRow.closes_at.is_not(None), OfferRow.starts_at.is_(None), OfferRow.starts_at > now),
        or_(OfferRow.capacity.is_(None), OfferRow.taken < OfferRow.capacity),
    )


def _of_kind(chosen: Select[OfferRow], kind: str | None) -> Select[OfferRow]:
    return chosen if kind is None else chosen.where(OfferRow.kind == kind)


# --- pages ---


def _place(offer: Offer) -> tuple[date, int]:
    """Where an offer stands in the order of a list."""
    return offer.published_on or _FIRST_DAY, offer.number


def _after(chosen: Select[OfferRow], place: tuple[date, int] | None) -> Select[OfferRow]:
    published = func.coalesce(OfferRow.published_on, _FIRST_DAY)
    ordered = chosen.order_by(published.desc(), OfferRow.number)
    if place is None:
        return ordered
    return ordered.where(or_(published < place[0], and_(published == place[0], OfferRow.number > place[1])))


def _cursor(offer: Offer) -> str:
    published, number = _place(offer)
    return base64.urlsafe_b64encode(json.dumps([published.isoformat(), number]).encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None) -> tuple[date, int] | None:
    if cursor is None:
        return None
    try:
        published, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not (isinstance(number, int) and 0 <= number < 2**31):
            raise ValueError(number)
        return date.fromisoformat(published), number
    except (ValueError, TypeError, RecursionError) as error:
        raise BadCursor() from error


# --- rows ---

_PLAIN = (
    "id", "kind", "title", "provider", "provider_credit_code", "rule", "content", "published_on", "valid_until",
    "starts_at", "ends_at", "closes_at", "capacity", "waitlist", "state", "source",
)  # fmt: skip
_CHANGEABLE = frozenset(_PLAIN) - {"id"} | {"regions", "chain", "details"}


def offer_of(row: OfferRow) -> Offer:
    """The value of a row."""
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Offer(
        **plain,
        number=row.number,
        regions=tuple(row.regions),
        chain=tuple(row.chain),
        details=dict(row.details),
        taken=row.taken,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _columns(offer: Offer) -> dict[str, Any]:
    plain = {name: getattr(offer, name) for name in _PLAIN}
    kept = {name: getattr(offer, name) for name in ("taken", "version", "created_at", "updated_at")}
    return plain | kept | _values({"provider": offer.provider} | _collections(offer))


def _contact_row(number: int, contact: OfferContact) -> OfferContactRow:
    return OfferContactRow(offer_number=number, **asdict(contact))


def _collections(offer: Offer) -> dict[str, Any]:
    return {"regions": offer.regions, "chain": offer.chain, "details": offer.details}


def _values(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of an offer as columns of its row."""
    if unknown := set(changes) - _CHANGEABLE:
        raise ValueError(f"not to be changed like this: {', '.join(sorted(unknown))}")
    values = {name: cast(Any, _stored(value)) for name, value in changes.items()}
    if "provider" in changes:
        values["folded_provider"] = folded_name(changes["provider"])
    return values


def _stored(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _exact(amount: Decimal | float | None) -> Decimal | None:
    """The amount as it is written: 0.1 is a tenth, whatever a float makes of it."""
    return None if amount is None else Decimal(str(amount))


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
