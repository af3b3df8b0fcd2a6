"""Import of a table of offers or events: good rows go in beside bad ones, in portions that are each a transaction.

A row says all of what its table has columns for: an empty cell under 准入条件, 名额 or 有效期至 means none, while what
the table has no column for stays as it is. Empty contacts and an empty 状态 leave what is there. Places that were given
away are never lost: 已用名额 is written for a new offer, and later only where it is more than what is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.database import Database
from firms import tables
from firms.actors import OPERATOR, Actor
from firms.catalogue import Catalogue
from firms.firm_rows import Contradiction, RowError
from firms.importing import PORTION, Duplicate, Report, again_on_conflict, note_import
from matching import import_wording as wording
from matching.kinds import kinds, kinds_file
from matching.offer import EVENT, Offer
from matching.offer_rows import OfferEntry, OfferReader, known_columns
from matching.offers import ACTIVE, ZONE, OfferContact, Offers

_SHOWN_ROWS = 20


class Changed(Protocol):
    """Called in the transaction of a portion that changed offers, with their numbers: an index has to follow."""

    async def __call__(self, session: AsyncSession, numbers: Sequence[int], /) -> None: ...


@dataclass(frozen=True)
class State:
    """What is stored about an offer."""

    offer: Offer
    contact: OfferContact


@dataclass(frozen=True)
class Plan:
    """What a row changes. `stored` None: `offer` is added; else `changes` are the fields that change.

    `contact` None: it stays. `raise_taken`: so many places are given away, more than what is recorded.
    """

    entry: OfferEntry
    offer: Offer
    stored: Offer | None
    changes: Mapping[str, Any]
    contact: OfferContact | None
    raise_taken: int | None
    notes: frozenset[tuple[str, str]] = frozenset()

    @property
    def changes_anything(self) -> bool:
        changed = bool(self.changes) or self.contact is not None or self.raise_taken is not None
        return self.stored is None or changed


def plan(entry: OfferEntry, state: State | None, now: datetime) -> Plan | list[RowError]:
    """What the row changes, or why it cannot be true, by itself or together with what is stored."""
    stored = None if state is None else state.offer
    if stored is not None and stored.kind != entry.kind:
        message = wording.OTHER_KIND.format(id=entry.id, kind=kinds()[stored.kind].label)
        return [RowError(entry.row, kinds_file().columns["id"].label, "other_kind", message)]
    offer = _after(entry, stored)
    if errors := list(_contradictions(entry, offer)):
        return errors
    changes = {} if stored is None else {name: getattr(offer, name) for name in _differing(stored, offer)}
    more_taken = stored is not None and offer.taken > stored.taken
    return Plan(
        entry=entry,
        offer=offer,
        stored=stored,
        changes=changes,
        contact=_contact(entry, OfferContact() if state is None else state.contact),
        raise_taken=offer.taken if more_taken else None,
        notes=frozenset(_notes(entry, offer, stored, now)),
    )


def _after(entry: OfferEntry, stored: Offer | None) -> Offer:
    """The offer as it is after the row."""
    given = dict(entry.fields)
    before = stored or Offer(0, entry.id, entry.kind, given["title"], given["provider"], given["regions"])
    details = {key: value for key, value in {**before.details, **entry.details}.items() if value is not None}
    after = replace(before, **given, details=details, taken=max(before.taken, entry.taken or 0))
    if entry.kind == EVENT and "closes_at" not in given and before.closes_at in (None, before.starts_at):
        after = replace(after, closes_at=after.starts_at)
    return after


_COMPARED = frozenset(one.name for one in fields(Offer)) - {"number", "id", "taken", "version"}


def _differing(stored: Offer, offer: Offer) -> Iterator[str]:
    for name in sorted(_COMPARED):
        if getattr(stored, name) != getattr(offer, name):
            yield name


def _contact(entry: OfferEntry, stored: OfferContact) -> OfferContact | None:
    """The contact after the row; None when nothing changes."""
    after = replace(stored, **entry.contact)
    return None if after == stored else after


def _contradictions(entry: OfferEntry, offer: Offer) -> Iterator[RowError]:
    if offer.capacity is not None and entry.taken is not None and entry.taken > offer.capacity:
        message = wording.TAKEN_ABOVE_CAPACITY.format(taken=entry.taken, capacity=offer.capacity)
        yield _contradiction(entry, "taken", message)
    low, high = offer.details.get("amount_min"), offer.details.get("amount_max")
    if low is not None and high is not None and Decimal(low) > Decimal(high):
        yield _contradiction(entry, "amount_min", wording.MIN_ABOVE_MAX.format(low=low, high=high))
    if offer.starts_at and offer.ends_at and offer.ends_at < offer.starts_at:
        yield _contradiction(entry, "ends_at", wording.ENDS_BEFORE_START)


def _contradiction(entry: OfferEntry, key: str, message: str) -> RowError:
    return RowError(entry.row, kinds_file().columns[key].label, Contradiction.code, message)


def _notes(entry: OfferEntry, offer: Offer, stored: Offer | None, now: datetime) -> Iterator[tuple[str, str]]:
    """What a person should look at: a kind of notice, and the column."""
    yield from entry.doubts
    if offer.starts_at and offer.closes_at and _day(offer.closes_at) > _day(offer.starts_at, ends=True):
        yield "late_deadline", kinds_file().columns["closes_at"].label
    if offer.state == ACTIVE and offer.expired(now):
        yield "over", ""
    if stored is None:
        return
    if entry.taken is not None and entry.taken < stored.taken:
        yield "taken_kept", ""
    if offer.capacity is not None and offer.capacity < stored.taken:
        yield "too_few", ""
    if offer.state == ACTIVE and stored.state != ACTIVE:
        yield "active_again", ""


def _day(when: datetime, *, ends: bool = False) -> datetime:
    """The instant; with `ends` the one at which its day ends."""
    local = when.astimezone(ZONE)
    return local.replace(hour=23, minute=59, second=59, microsecond=999_999) if ends else local


_NOTICES: Mapping[str, str] = {
    "share": wording.SHARE_OR_PERCENT,
    "collateral": wording.UNKNOWN_COLLATERAL,
    "foreign": wording.NOT_OF_THIS_KIND,
    "no_time": wording.NO_TIME_OF_DAY,
    "late_deadline": wording.CLOSES_AFTER_START,
    "over": wording.OVER_ALREADY,
    "taken_kept": wording.TAKEN_KEPT,
    "too_few": wording.CAPACITY_BELOW_TAKEN,
    "active_again": wording.ACTIVE_AGAIN,
}


@dataclass
class _Sheet:
    """The rows of a file, read."""

    rows: int
    entries: list[OfferEntry]
    errors: list[RowError]
    duplicates: list[Duplicate]
    notices: list[str]


@dataclass
class _Tally:
    """What became of the rows so far."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)
    notes: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def count(self, planned: Plan | list[RowError]) -> None:
        if isinstance(planned, list):
            self.errors += planned
            return
        self.added += planned.stored is None
        self.updated += planned.changes_anything and planned.stored is not None
        self.unchanged += not planned.changes_anything
        for note in sorted(planned.notes):
            self.notes.setdefault(note, []).append(planned.entry.row)


class OfferImport:
    """Takes tables of offers in; with `kind` "event" tables of events, which have no 类别.

    `home` is the region in which short names of places are looked up. `on_changed`: see `Changed`.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        *,
        clock: Clock,
        home: str | None = None,
        actor: Actor = OPERATOR,
        kind: str | None = None,
        on_changed: Changed | None = None,
    ) -> None:
        self._database = database
        self._offers = Offers(database)
        self._catalogue = catalogue
        self._clock = clock
        self._home = home
        self._actor = actor
        self._kind = kind
        self._on_changed = on_changed

    async def run(self, data: bytes, *, dry_run: bool = False) -> Report:
        """Take a file in; with `dry_run` nothing is written and the report is what it would be.

        Raises BadTable, DamagedTable, EncryptedTable, TableTooLarge.
        """
        sheet = await asyncio.to_thread(self._read, data)
        tally = _Tally(errors=sheet.errors)
        for start in range(0, len(sheet.entries), PORTION):
            entries = sheet.entries[start : start + PORTION]
            for planned in await (self._planned(entries) if dry_run else self._written(entries)):
                tally.count(planned)
        report = Report(
            sheet.rows,
            tally.added,
            tally.updated,
            tally.unchanged,
            tuple(sorted(tally.errors, key=lambda error: error.row)),
            tuple(sheet.duplicates),
            (*sheet.notices, *_notices(tally)),
        )
        if not dry_run:
            table = "offers" if self._kind is None else f"{self._kind}s"
            await note_import(self._database, self._actor.name, "offers.imported", table, report)
        return report

    def _read(self, data: bytes) -> _Sheet:
        table = tables.read(data, known_columns(self._kind))
        reader = OfferReader(table.columns, self._catalogue, self._home, self._kind)
        sheet = _Sheet(len(table.rows), [], [], [], list(table.notices))
        first: set[str] = set()
        for row in table.rows:
            read = reader.read(row)
            if isinstance(read, list):
                sheet.errors += read
            elif read.id in first:
                sheet.duplicates.append(Duplicate(read.row, read.id, "id"))
            else:
                first.add(read.id)
                sheet.entries.append(read)
        return sheet

    async def _planned(self, entries: Sequence[OfferEntry]) -> list[Plan | list[RowError]]:
        async with self._database.reading() as session:
            return await self._plan(session, entries, lock=False)

    async def _written(self, entries: Sequence[OfferEntry]) -> list[Plan | list[RowError]]:
        """Plan and write a portion in one transaction; again when somebody else added one of its offers meanwhile."""

        async def written() -> list[Plan | list[RowError]]:
            async with self._database.transaction() as session:
                plans = await self._plan(session, entries, lock=True)
                await self._carry_out(session, [one for one in plans if isinstance(one, Plan)])
                return plans

        return await again_on_conflict(written)

    async def _plan(
        self, session: AsyncSession, entries: Sequence[OfferEntry], *, lock: bool
    ) -> list[Plan | list[RowError]]:
        offers = await self._offers.by_ids((entry.id for entry in entries), session, lock=lock)
        contacts = await self._offers.contacts((offer.number for offer in offers.values()), session)
        states = {
            offer.id: State(offer, contacts.get(offer.number, OfferContact())) for offer in offers.values()
        }  # fmt: skip
        now = self._clock.now()
        return [plan(entry, states.get(entry.id), now) for entry in entries]

    async def _carry_out(self, session: AsyncSession, plans: Sequence[Plan]) -> None:
        new = [one for one in plans if one.stored is None]
        added = await self._offers.add(session, [(one.offer, one.contact) for one in new])
        numbers = [offer.number for offer in added]
        for one in plans:
            if one.stored is not None and one.changes_anything:
                await self._change(session, one, one.stored)
                numbers.append(one.stored.number)
        if numbers and self._on_changed is not None:
            await self._on_changed(session, numbers)

    async def _change(self, session: AsyncSession, planned: Plan, stored: Offer) -> None:
        if planned.changes:
            await self._offers.update(session, stored.number, version=stored.version, **planned.changes)
        if planned.contact is not None:
            await self._offers.set_contact(session, stored.number, planned.contact)
        if planned.raise_taken is not None:
            await self._offers.raise_taken(session, stored.number, planned.raise_taken)


def _notices(tally: _Tally) -> list[str]:
    """What a person should look at, one line for each kind and column."""
    return [
        _NOTICES[kind].format(column=column, rows=_rows(rows)) for (kind, column), rows in sorted(tally.notes.items())
    ]


def _rows(rows: Sequence[int]) -> str:
    shown = "、".join(str(row) for row in rows[:_SHOWN_ROWS])
    return shown if len(rows) <= _SHOWN_ROWS else wording.MORE_ROWS.format(rows=shown, count=len(rows))
