"""Firms in the database: found, listed, changed, stated about, deleted.

Methods that change something take the caller's session: only `Database.transaction()` commits. What comes out are
frozen values, never rows. A change of a firm or of a fact about it makes its `version` grow.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, Self, cast

from sqlalchemy import Row, Table, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from core import regions
from core.clock import machine_now
from core.database import Database
from core.errors import BadInput, Conflict, NotFound
from firms import audit, consents, credit_codes
from firms import import_wording as wording
from firms.catalogue import folded_name
from firms.facts import Facts, Value, value_from_json, value_to_json
from firms.models import ApiKey, ChannelIdentityRow, ContactRow, FirmFact, FirmRow

TELEGRAM = "telegram"
NO_YEAR = 0
_FACTS = cast(Table, FirmFact.__table__)  # written without the mapper: a table of firms brings some 200,000 rows
_MANY = 500  # how many ids go into one query
_WRITERS_LOCK = 4304002022  # any number: PostgreSQL's advisory lock of those who add many firms


class NoSuchFirm(NotFound):
    """There is no such firm, or it is not yours to see."""

    code = "no_such_firm"
    default = wording.NO_FIRM


class AmbiguousName(BadInput):
    """Several firms have exactly this name."""

    code = "ambiguous_name"
    default = wording.SEVERAL_FIRMS


class FirmChanged(Conflict):
    """The firm was changed since it was read. `current` is what it is now, `wanted` what was to be written."""

    code = "firm_changed"
    default = wording.FACT_CHANGED

    def __init__(self, current: Firm, wanted: Mapping[str, Any]) -> None:
        differing = [name for name, value in wanted.items() if getattr(current, name) != value]
        parts = [
            wording.FIELD_CHANGED.format(field=name, current=getattr(current, name), wanted=wanted[name])
            for name in differing
        ]
        super().__init__(wording.FIRM_CHANGED.format(fields="；".join(parts)) if parts else None)
        self.current, self.wanted = current, dict(wanted)


@dataclass(frozen=True)
class Profile:
    """What a firm makes, needs and offers, besides facts. Money in 万元, exactly; None or empty: unknown."""

    products: str | None = None
    tech_need: str | None = None
    tech_budget: Decimal | None = None
    finance_use: str | None = None
    finance_amount: Decimal | None = None
    finance_term_months: int | None = None
    collateral: tuple[str, ...] = ()
    supply_wish: str | None = None
    topics: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For storing: only what is known; money as decimal text."""
        known = ((name, getattr(self, name)) for name in PROFILE_FIELDS)
        return {name: _plain(value) for name, value in known if value is not None and value != ()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """What `to_json` wrote; keys of later versions are left aside."""
        given = {name: stored[name] for name in PROFILE_FIELDS if name in stored}
        for name in ("tech_budget", "finance_amount"):
            if name in given:
                given[name] = Decimal(given[name])
        for name in ("collateral", "topics"):
            if name in given:
                given[name] = tuple(given[name])
        return cls(**given)


PROFILE_FIELDS = tuple(field.name for field in fields(Profile))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Firm:
    """A firm. `region` is a code; `data_date` the day to which the last table's figures belong."""

    id: str
    name: str
    credit_code: str | None
    region: str
    profile: Profile
    source: str
    data_date: date | None
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def folded_name(self) -> str:
        return folded_name(self.name)


@dataclass(frozen=True)
class Listed:
    """A firm by what tells it from others."""

    id: str
    name: str
    folded_name: str
    credit_code: str | None


@dataclass(frozen=True)
class Statement:
    """A fact as somebody stated it. `year` None: the fact has no year. `superseded_at` None: it holds now."""

    firm_id: str
    fact: str
    year: int | None
    value: Value
    digits: int | None
    source: str
    stated_on: date
    recorded_at: datetime | None = None
    superseded_at: datetime | None = None


@dataclass(frozen=True)
class Contact:
    """Somebody who speaks for a firm. `id` 0: not stored yet."""

    id: int
    firm_id: str
    name: str | None
    phone: str | None
    email: str | None
    source: str


@dataclass(frozen=True)
class Identity:
    """An address on a channel; `claimed`: proved by a claim code."""

    channel: str
    address: str
    firm_id: str
    source: str
    claimed: bool


class Eraser(Protocol):
    """Deletes in the caller's transaction what an upper floor keeps about a firm; registered in `bootstrap`."""

    async def __call__(self, session: AsyncSession, firm_id: str) -> None: ...


class Firms:
    """The firms. `erasers` are called before a firm is deleted."""

    def __init__(self, database: Database, erasers: Sequence[Eraser] = ()) -> None:
        self._database = database
        self._erasers = tuple(erasers)

    @asynccontextmanager
    async def _view(self, session: AsyncSession | None) -> AsyncIterator[AsyncSession]:
        """The caller's session, or a reading one of our own."""
        if session is not None:
            yield session
            return
        async with self._database.reading() as own:
            yield own

    # --- reading ---

    async def get(self, firm_id: str, session: AsyncSession | None = None) -> Firm:
        """The firm with this id. Raises NoSuchFirm."""
        async with self._view(session) as view:
            chosen = select(FirmRow).where(FirmRow.id == firm_id)
            row = await view.scalar(chosen, execution_options={"populate_existing": True})
            if row is None:
                raise NoSuchFirm()
            return _firm(row)

    async def by_credit_code(self, code: str, session: AsyncSession | None = None) -> Firm | None:
        """The firm with this credit code, however it is spaced and cased."""
        async with self._view(session) as view:
            row = await view.scalar(select(FirmRow).where(FirmRow.credit_code == credit_codes.normalise(code)))
            return None if row is None else _firm(row)

    async def by_name(self, name: str, session: AsyncSession | None = None) -> tuple[Firm, ...]:
        """All firms of exactly this name (folded), oldest first."""
        async with self._view(session) as view:
            chosen = select(FirmRow).where(FirmRow.folded_name == folded_name(name))
            return tuple(_firm(row) for row in await view.scalars(chosen.order_by(FirmRow.created_at, FirmRow.id)))

    async def find(self, reference: str, session: AsyncSession | None = None) -> Firm:
        """The firm that a person means: credit code, id or exact name. Raises NoSuchFirm, AmbiguousName."""
        async with self._view(session) as view:
            if found := await self.by_credit_code(reference, view):
                return found
            row = await view.get(FirmRow, reference.strip())
            if row is not None:
                return _firm(row)
            named = await self.by_name(reference, view)
        if not named:
            raise NoSuchFirm()
        if len(named) > 1:
            raise AmbiguousName()
        return named[0]

    async def list(self, *, region: str | None = None, session: AsyncSession | None = None) -> tuple[Firm, ...]:
        """All firms by id; with `region` (a code) those inside it."""
        async with self._view(session) as view:
            found = [_firm(row) for row in await view.scalars(select(FirmRow).order_by(FirmRow.id))]
        return tuple(firm for firm in found if region is None or regions.covers(region, firm.region))

    async def candidates(
        self, session: AsyncSession, *, codes: Iterable[str], names: Iterable[str], lock: bool
    ) -> tuple[Firm, ...]:
        """The firms with these credit codes or folded names; with `lock` nobody else changes them until the commit."""
        found: dict[str, Firm] = {}
        for column, wanted in ((FirmRow.credit_code, codes), (FirmRow.folded_name, names)):
            for some in _portions(sorted(set(wanted))):
                chosen = select(FirmRow).where(column.in_(some)).order_by(FirmRow.id)
                chosen = chosen.with_for_update() if lock else chosen
                for row in await session.scalars(chosen, execution_options={"populate_existing": True}):
                    found[row.id] = _firm(row)
        return tuple(found.values())

    async def directory(self, session: AsyncSession | None = None) -> tuple[Listed, ...]:
        """Names and credit codes of all firms, oldest first."""
        chosen = select(FirmRow.id, FirmRow.name, FirmRow.folded_name, FirmRow.credit_code)
        async with self._view(session) as view:
            rows = await view.execute(chosen.order_by(FirmRow.created_at, FirmRow.id))
            return tuple(Listed(*row) for row in rows)

    async def facts(self, firm_id: str, session: AsyncSession | None = None) -> Facts:
        """What is known about a firm now; nothing at all for a firm that does not exist."""
        return (await self.facts_of([firm_id], session)).get(firm_id, Facts())

    async def facts_of(
        self, firm_ids: Iterable[str] | None = None, session: AsyncSession | None = None
    ) -> dict[str, Facts]:
        """What is known about several firms (None: all) now, by id; firms without facts are not in it."""
        async with self._view(session) as view:
            rows = await _current_facts(view, None if firm_ids is None else tuple(firm_ids))
        return {firm_id: _facts(own) for firm_id, own in rows.items()}

    async def history(
        self, firm_id: str, fact: str | None = None, session: AsyncSession | None = None
    ) -> tuple[Statement, ...]:
        """All statements about a firm (of one fact), oldest first, superseded ones too."""
        chosen = select(FirmFact).where(FirmFact.firm_id == firm_id)
        if fact is not None:
            chosen = chosen.where(FirmFact.fact == fact)
        async with self._view(session) as view:
            return tuple(_statement(row) for row in await view.scalars(chosen.order_by(FirmFact.id)))

    async def contacts(self, firm_id: str, session: AsyncSession | None = None) -> tuple[Contact, ...]:
        """Who speaks for a firm, oldest first."""
        return (await self.contacts_of([firm_id], session)).get(firm_id, ())

    async def contacts_of(
        self, firm_ids: Iterable[str], session: AsyncSession | None = None
    ) -> dict[str, tuple[Contact, ...]]:
        """Who speaks for several firms, by id."""
        found: dict[str, tuple[Contact, ...]] = {}
        async with self._view(session) as view:
            for some in _portions(firm_ids):
                chosen = select(ContactRow).where(ContactRow.firm_id.in_(some)).order_by(ContactRow.id)
                for row in await view.scalars(chosen):
                    found[row.firm_id] = (*found.get(row.firm_id, ()), _contact(row))
        return found

    async def identities(self, firm_id: str, session: AsyncSession | None = None) -> tuple[Identity, ...]:
        """A firm's addresses on channels."""
        return (await self.identities_of([firm_id], session)).get(firm_id, ())

    async def identities_of(
        self, firm_ids: Iterable[str], session: AsyncSession | None = None
    ) -> dict[str, tuple[Identity, ...]]:
        """The addresses of several firms, by id."""
        found: dict[str, tuple[Identity, ...]] = {}
        async with self._view(session) as view:
            for some in _portions(firm_ids):
                chosen = select(ChannelIdentityRow).where(ChannelIdentityRow.firm_id.in_(some))
                for row in await view.scalars(chosen.order_by(ChannelIdentityRow.id)):
                    found[row.firm_id] = (*found.get(row.firm_id, ()), _identity(row))
        return found

    async def at_address(
        self, channel: str, address: str, *, claimed: bool = True, session: AsyncSession | None = None
    ) -> tuple[str, ...]:
        """The ids of the firms at an address; only those that it proved to speak for, unless `claimed` is False."""
        chosen = select(ChannelIdentityRow.firm_id).where(
            ChannelIdentityRow.channel == channel, ChannelIdentityRow.address == address
        )
        if claimed:
            chosen = chosen.where(ChannelIdentityRow.claimed)
        async with self._view(session) as view:
            return tuple(await view.scalars(chosen.order_by(ChannelIdentityRow.id)))

    async def consents(self, firm_id: str, session: AsyncSession | None = None) -> Mapping[str, consents.Consent]:
        """What the firm agreed to or refused, as it holds now, by kind."""
        async with self._view(session) as view:
            return await consents.current(view, firm_id)

    # --- changing ---

    async def add(self, session: AsyncSession, firms: Sequence[Firm]) -> None:
        """Add new firms. Raises IntegrityError for a credit code that is taken."""
        if firms:
            await session.execute(insert(FirmRow), [_columns(firm) for firm in firms])

    async def update(self, session: AsyncSession, firm_id: str, *, version: int, **changes: Any) -> Firm:
        """Change fields of a firm that was read at `version`, and return it. Raises NoSuchFirm, FirmChanged.

        Fields: name, credit_code, region, profile, source, data_date. Without any, the version grows.
        """
        values = _column_values(changes)
        values |= {"version": version + 1, "updated_at": machine_now()}
        mine = update(FirmRow).where(FirmRow.id == firm_id, FirmRow.version == version)
        done = await session.scalar(mine.values(**values).returning(FirmRow.id))
        current = await self.get(firm_id, session)
        if done is None:
            raise FirmChanged(current, changes)
        return current

    async def record(
        self,
        session: AsyncSession,
        firm_id: str,
        fact: str,
        year: int | None,
        value: Value,
        *,
        digits: int | None = None,
        source: str,
        stated_on: date,
    ) -> bool:
        """State a fact: the old value is kept as history. False when the same value holds already: nothing changes.

        Raises NoSuchFirm. Writers of one firm wait for each other.
        """
        locked = select(FirmRow).where(FirmRow.id == firm_id).with_for_update()
        row = await session.scalar(locked, execution_options={"populate_existing": True})
        if row is None:
            raise NoSuchFirm()
        statement = Statement(firm_id, fact, year, value, digits, source, stated_on)
        changed = await self.record_all(session, [statement])
        if changed:
            row.version, row.updated_at = row.version + 1, machine_now()
            if fact == "region" and isinstance(value, str):
                row.region = value
            await session.flush()
        return bool(changed)

    async def record_all(self, session: AsyncSession, statements: Sequence[Statement]) -> frozenset[str]:
        """State many facts of firms that the caller has locked or just added; the ids of those that changed.

        Versions are the caller's business.
        """
        current = await _current_facts(session, tuple({statement.firm_id for statement in statements}))
        changed: dict[tuple[str, str, int], Statement] = {}
        replaced: list[int] = []
        for statement in statements:
            year = NO_YEAR if statement.year is None else statement.year
            old = current.get(statement.firm_id, {}).get((statement.fact, year))
            if old is None or old.value != value_to_json(statement.value):
                changed[statement.firm_id, statement.fact, year] = statement
                replaced += [] if old is None else [old.id]
        now = machine_now()
        for some in _portions(replaced):
            await session.execute(update(FirmFact).where(FirmFact.id.in_(some)).values(superseded_at=now))
        if changed:
            rows = [_fact_columns(statement, year, now) for (_, _, year), statement in changed.items()]
            await session.execute(insert(_FACTS), rows)
        return frozenset(firm_id for firm_id, _, _ in changed)

    async def add_contacts(self, session: AsyncSession, contacts: Sequence[Contact]) -> None:
        """Add contacts; their ids are ignored."""
        if contacts:
            await session.execute(insert(ContactRow), [_without_id(contact) for contact in contacts])

    async def change_contact(self, session: AsyncSession, contact: Contact) -> None:
        """Replace a stored contact by this one with its id."""
        mine = update(ContactRow).where(ContactRow.id == contact.id, ContactRow.firm_id == contact.firm_id)
        await session.execute(mine.values(**_without_id(contact)))

    async def add_identities(self, session: AsyncSession, identities: Sequence[Identity]) -> None:
        """Add addresses that are not there yet. Raises IntegrityError for one that is."""
        if identities:
            now = machine_now()
            await session.execute(
                insert(ChannelIdentityRow), [{**asdict(identity), "created_at": now} for identity in identities]
            )

    async def drop_unclaimed(self, session: AsyncSession, channel: str, firm_id: str, *, keep: str) -> None:
        """Forget the addresses of a firm on a channel that nobody proved, but `keep`."""
        await session.execute(
            delete(ChannelIdentityRow).where(
                ChannelIdentityRow.channel == channel,
                ChannelIdentityRow.firm_id == firm_id,
                ChannelIdentityRow.address != keep,
                ChannelIdentityRow.claimed.is_(False),
            )
        )

    async def delete(self, session: AsyncSession, firm_id: str, *, actor: str) -> None:
        """Delete a firm with everything about it; one entry without its name stays in the log. Raises NoSuchFirm."""
        for erase in self._erasers:
            await erase(session, firm_id)
        await session.execute(delete(ApiKey).where(ApiKey.owner_kind == "firm", ApiKey.owner == firm_id))
        gone = await session.scalar(delete(FirmRow).where(FirmRow.id == firm_id).returning(FirmRow.id))
        if gone is None:
            raise NoSuchFirm()
        await audit.record(session, actor=actor, action="firm.deleted", subject_kind="firm", subject=firm_id)

    async def lock_additions(self, session: AsyncSession) -> None:
        """Wait until no other process adds many firms: two imports never add the same name twice."""
        if self._database.dialect == "postgresql":
            await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS_LOCK})


def new_firm(
    name: str,
    *,
    region: str,
    source: str,
    credit_code: str | None = None,
    profile: Profile | None = None,
    data_date: date | None = None,
) -> Firm:
    """A firm that is not stored yet, with a fresh id and version 1."""
    now = machine_now()
    firm_id = f"f-{secrets.token_hex(6)}"
    return Firm(firm_id, name, credit_code, region, profile or Profile(), source, data_date, 1, now, now)


def _columns(firm: Firm) -> dict[str, Any]:
    given = {field.name: getattr(firm, field.name) for field in fields(firm)}
    return {**given, **_column_values({"name": firm.name, "profile": firm.profile})}


def _column_values(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a firm as columns of its row."""
    values = dict(changes)
    if "name" in values:
        values["folded_name"] = folded_name(values["name"])
    if isinstance(values.get("profile"), Profile):
        values["profile"] = values["profile"].to_json()
    return values


def _fact_columns(statement: Statement, year: int, now: datetime) -> dict[str, Any]:
    return {
        "firm_id": statement.firm_id,
        "fact": statement.fact,
        "year": year,
        "value": value_to_json(statement.value),
        "digits": statement.digits,
        "source": statement.source,
        "stated_on": statement.stated_on,
        "recorded_at": now,
    }


def _without_id(contact: Contact) -> dict[str, Any]:
    return {name: value for name, value in asdict(contact).items() if name != "id"}


def _portions(ids: Iterable[Any]) -> Iterable[tuple[Any, ...]]:
    """The ids in portions that fit into a query."""
    every = tuple(ids)
    return (every[start : start + _MANY] for start in range(0, len(every), _MANY))


async def _current_facts(
    session: AsyncSession, firm_ids: tuple[str, ...] | None
) -> dict[str, dict[tuple[str, int], Row[Any]]]:
    """The statements that hold now, by firm, and by fact and year: id, value as JSON, digits."""
    columns = (FirmFact.firm_id, FirmFact.fact, FirmFact.year, FirmFact.id, FirmFact.value, FirmFact.digits)
    chosen = select(*columns).where(FirmFact.superseded_at.is_(None))
    portions = [chosen] if firm_ids is None else [chosen.where(FirmFact.firm_id.in_(p)) for p in _portions(firm_ids)]
    found: dict[str, dict[tuple[str, int], Row[Any]]] = {}
    for portion in portions:
        for row in await session.execute(portion):
            found.setdefault(row.firm_id, {})[row.fact, row.year] = row
    return found


def _facts(rows: Mapping[tuple[str, int], Row[Any]]) -> Facts:
    keys = {key: (row.fact, row.year if row.year != NO_YEAR else None) for key, row in rows.items()}
    values = {keys[key]: value_from_json(row.value) for key, row in rows.items()}
    digits = {keys[key]: row.digits for key, row in rows.items() if row.digits is not None}
    return Facts(values, digits)


def _statement(row: FirmFact) -> Statement:
    return Statement(
        row.firm_id,
        row.fact,
        row.year if row.year != NO_YEAR else None,
        value_from_json(row.value),
        row.digits,
        row.source,
        row.stated_on,
        row.recorded_at,
        row.superseded_at,
    )


def _firm(row: FirmRow) -> Firm:
    given = {field.name: getattr(row, field.name) for field in fields(Firm)}
    return replace(Firm(**given), profile=Profile.from_json(row.profile))


def _contact(row: ContactRow) -> Contact:
    return Contact(row.id, row.firm_id, row.name, row.phone, row.email, row.source)


def _identity(row: ChannelIdentityRow) -> Identity:
    return Identity(row.channel, row.address, row.firm_id, row.source, row.claimed)
