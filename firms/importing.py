"""Import of a table of firms: good rows go in beside bad ones, in portions that are each a transaction.

A kill in the middle leaves whole portions; importing the file again finds them unchanged and adds the rest. Nothing is
merged by itself: a name that is nearly the same goes in and is named in the report.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from core import log, regions
from core.database import Database
from core.text import fold
from firms import audit, consents, tables
from firms import import_wording as wording
from firms.catalogue import Catalogue
from firms.facts import Facts
from firms.firm_rows import Entry, RowError, RowReader, firm_columns, known_columns
from firms.import_plan import Plan, State, plan
from firms.near_names import NearNames
from firms.store import TELEGRAM, AmbiguousName, Firm, Firms

PORTION = 200
"""How many rows one transaction takes in."""
_ATTEMPTS = 3
_SHOWN_ROWS = 20
_T = TypeVar("_T")


@dataclass(frozen=True)
class Duplicate:
    """A row about a firm that another row or a stored firm may be, too. `why`: credit_code or near_name."""

    row: int
    same_as: str
    why: str

    def to_json(self) -> dict[str, Any]:
        return dict(self.__dict__)


@dataclass(frozen=True)
class Report:
    """The answer of an import. `rows` counts rows that are not blank; added, updated and unchanged count firms."""

    rows: int
    added: int
    updated: int
    unchanged: int
    errors: tuple[RowError, ...]
    duplicates: tuple[Duplicate, ...]
    notices: tuple[str, ...]

    @property
    def nothing_went_in(self) -> bool:
        """Whether there are errors and not one row is in the database."""
        return bool(self.errors) and not (self.added or self.updated or self.unchanged)

    @property
    def bad_rows(self) -> int:
        """How many rows have errors."""
        return len({error.row for error in self.errors})

    def to_json(self) -> dict[str, Any]:
        """As the contract writes it."""
        return {
            "rows": self.rows,
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "errors": [error.to_json() for error in self.errors],
            "duplicates": [duplicate.to_json() for duplicate in self.duplicates],
            "notices": list(self.notices),
        }


@dataclass
class _Sheet:
    """The rows of a file, read."""

    rows: int
    entries: list[Entry]
    errors: list[RowError]
    notices: list[str]


@dataclass
class _Tally:
    """What became of the rows so far."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)
    renamed: list[int] = field(default_factory=list)
    kept_choice: list[int] = field(default_factory=list)

    def count(self, planned: Plan) -> None:
        self.added += planned.new
        self.updated += planned.changes_anything and not planned.new
        self.unchanged += not planned.changes_anything
        if "name" in planned.changes:
            self.renamed.append(planned.entry.row)
        if planned.kept_choice:
            self.kept_choice.append(planned.entry.row)


class FirmImport:
    """Takes tables of firms in. `home` is the region in which short names of places are looked up."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        *,
        today: date,
        home: str | None = None,
        actor: str = audit.COMMAND_LINE,
    ) -> None:
        self._database = database
        self._firms = Firms(database)
        self._catalogue = catalogue
        self._today = today
        self._home = home
        self._actor = actor

    async def run(self, data: bytes, *, dry_run: bool = False) -> Report:
        """Take a file in; with `dry_run` nothing is written and the report is what it would be.

        Raises BadTable, DamagedTable, EncryptedTable, TableTooLarge.
        """
        sheet = await asyncio.to_thread(self._read, data)
        entries, duplicates, errors = await self._sort_out(sheet.entries)
        tally = _Tally(errors=[*sheet.errors, *errors])
        for start in range(0, len(entries), PORTION):
            await self._take_in(entries[start : start + PORTION], tally, dry_run=dry_run)
        report = Report(
            sheet.rows,
            tally.added,
            tally.updated,
            tally.unchanged,
            tuple(sorted(tally.errors, key=lambda error: error.row)),
            tuple(sorted(duplicates, key=lambda duplicate: duplicate.row)),
            (*sheet.notices, *_notices(sheet.entries, tally)),
        )
        if not dry_run:
            await note_import(self._database, self._actor, "firms.imported", "firms", report)
        return report

    def _read(self, data: bytes) -> _Sheet:
        table = tables.read(data, known_columns(self._catalogue, self._today.year - 1))
        reader = RowReader(table.columns, self._catalogue, self._today, self._home)
        sheet = _Sheet(len(table.rows), [], [], list(table.notices))
        for row in table.rows:
            read = reader.read(row)
            if isinstance(read, Entry):
                sheet.entries.append(read)
            else:
                sheet.errors += read
        return sheet

    async def _sort_out(self, entries: Sequence[Entry]) -> tuple[list[Entry], list[Duplicate], list[RowError]]:
        """The entries that are each a firm of their own; rows that repeat one or have nearly its name; errors."""
        directory = await self._firms.directory()
        matcher = _Matcher(directory)
        own: list[Entry] = []
        duplicates: list[Duplicate] = []
        errors: list[RowError] = []
        for entry in entries:
            try:
                again = matcher.take(entry)
            except AmbiguousName as error:
                errors.append(_ambiguous(entry, error))
                continue
            if again is None:
                own.append(entry)
            else:
                duplicates.append(again)
        matched = matcher.matched
        duplicates += _near_names(own, (firm for firm in directory if firm.id not in matched))
        return own, duplicates, errors

    async def _take_in(self, entries: Sequence[Entry], tally: _Tally, *, dry_run: bool) -> None:
        if dry_run:
            async with self._database.reading() as session:
                plans = await self._plan(session, entries, lock=False)
        else:
            plans = await self._write(entries)
        for planned in plans:
            if isinstance(planned, RowError):
                tally.errors.append(planned)
            else:
                tally.count(planned)

    async def _write(self, entries: Sequence[Entry]) -> list[Plan | RowError]:
        """Plan and write a portion in one transaction; again when somebody else added one of its firms meanwhile."""

        async def written() -> list[Plan | RowError]:
            async with self._database.transaction() as session:
                await self._firms.lock_additions(session)
                plans = await self._plan(session, entries, lock=True)
                await self._carry_out(session, [one for one in plans if isinstance(one, Plan)])
                return plans

        return await again_on_conflict(written)

    async def _plan(self, session: AsyncSession, entries: Sequence[Entry], *, lock: bool) -> list[Plan | RowError]:
        codes = [entry.credit_code for entry in entries if entry.credit_code]
        names = [entry.folded_name for entry in entries]
        found = await self._firms.candidates(session, codes=codes, names=names, lock=lock)
        matcher = _Matcher(found)
        matched = [(entry, _matched(matcher, entry)) for entry in entries]
        states = await self._states(session, [firm for _, firm in matched if isinstance(firm, Firm)])
        return [self._plan_one(entry, firm, states) for entry, firm in matched]

    def _plan_one(self, entry: Entry, firm: Firm | RowError | None, states: Mapping[str, State]) -> Plan | RowError:
        if isinstance(firm, RowError):
            return firm
        return plan(entry, None if firm is None else states[firm.id], self._catalogue, self._today)

    async def _states(self, session: AsyncSession, firms: Sequence[Firm]) -> Mapping[str, State]:
        ids = [firm.id for firm in firms]
        facts = await self._firms.facts_of(ids, session)
        contacts = await self._firms.contacts_of(ids, session)
        identities = await self._firms.identities_of(ids, session)
        agreed = await consents.current_of(session, ids)
        return {
            firm.id: State(
                firm,
                facts.get(firm.id, Facts()),
                contacts.get(firm.id, ()),
                identities.get(firm.id, ()),
                agreed.get(firm.id, {}),
            )
            for firm in firms
        }

    async def _carry_out(self, session: AsyncSession, plans: Sequence[Plan]) -> None:
        await self._firms.add(session, [one.firm for one in plans if one.new])
        for one in plans:
            if one.changes_anything and not one.new:
                await self._firms.update(session, one.firm.id, version=one.firm.version, **one.changes)
            if one.identity is not None and not one.new:
                await self._firms.drop_unclaimed(session, TELEGRAM, one.firm.id, keep=one.identity.address)
            if one.contact is not None and one.contact.id:
                await self._firms.change_contact(session, one.contact)
        await self._firms.record_all(session, [statement for one in plans for statement in one.statements])
        new_contacts = [one.contact for one in plans if one.contact is not None and not one.contact.id]
        await self._firms.add_contacts(session, new_contacts)
        await self._firms.add_identities(session, [one.identity for one in plans if one.identity is not None])
        await consents.add_all(session, [consent for one in plans for consent in one.consents])


async def again_on_conflict(work: Callable[[], Awaitable[_T]]) -> _T:
    """What `work` (a transaction) comes to; it is done again when somebody else added one of its rows meanwhile."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await work()
        except IntegrityError:
            log.get(__name__).warning("import_portion_again", attempt=attempt)
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


async def note_import(database: Database, actor: str, action: str, table: str, report: Report) -> None:
    """What was imported, in the audit log: counts only."""
    counts = {
        "rows": report.rows,
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "bad_rows": report.bad_rows,
    }
    async with database.transaction() as session:
        await audit.record(session, actor=actor, action=action, subject_kind="table", subject=table, details=counts)


class _Named(Protocol):
    """A firm, or as much of one as tells it from others."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def folded_name(self) -> str: ...
    @property
    def credit_code(self) -> str | None: ...


_N = TypeVar("_N", bound=_Named)


class _Matcher(Generic[_N]):
    """Finds the stored firm that a row is about: by credit code, else by exact folded name."""

    def __init__(self, firms: Iterable[_N]) -> None:
        self._by_code: dict[str, _N] = {}
        self._by_name: dict[str, list[_N]] = {}
        for firm in firms:
            if firm.credit_code:
                self._by_code[firm.credit_code] = firm
            self._by_name.setdefault(firm.folded_name, []).append(firm)
        self._taken: dict[str, Entry] = {}
        self.matched: dict[str, Entry] = {}

    def match(self, entry: Entry) -> _N | None:
        """The firm, None for a new one. Raises AmbiguousName for a name that several have and no code to tell them."""
        if entry.credit_code:
            return self._by_code.get(entry.credit_code)
        named = self._by_name.get(entry.folded_name, [])
        named = [firm for firm in named if not firm.credit_code] or named
        if len(named) > 1:
            raise AmbiguousName()
        return named[0] if named else None

    def take(self, entry: Entry) -> Duplicate | None:
        """Take a row in; what it repeats, when an earlier row is about the same firm. Raises AmbiguousName."""
        earlier = self._taken.get(entry.key) if entry.credit_code else None
        if earlier is not None:
            return Duplicate(entry.row, entry.key, "credit_code")
        firm = self.match(entry)
        earlier = self._taken.get(entry.folded_name) if not entry.credit_code else None
        if earlier is None and firm is not None:
            earlier = self.matched.get(firm.id)
        if earlier is not None:
            return Duplicate(entry.row, earlier.name, "near_name")
        for key in (entry.key, entry.folded_name):
            self._taken.setdefault(key, entry)
        if firm is not None:
            self.matched[firm.id] = entry
        return None


def _matched(matcher: _Matcher[Firm], entry: Entry) -> Firm | RowError | None:
    try:
        return matcher.match(entry)
    except AmbiguousName as error:
        return _ambiguous(entry, error)


def _ambiguous(entry: Entry, error: AmbiguousName) -> RowError:
    return RowError(entry.row, firm_columns().by_id["name"].names[0], error.code, wording.AMBIGUOUS_NAME)


def _near_names(entries: Sequence[Entry], others: Iterable[_Named]) -> list[Duplicate]:
    """Rows whose name is nearly that of an earlier row, or of a stored firm that the file says nothing about."""
    columns = firm_columns()
    names = NearNames(columns.legal_forms, frozenset(columns.ordinals), _is_place)
    for firm in others:
        names.add(firm.name, firm.folded_name)
    found = []
    for entry in entries:
        if (near := names.find(entry.folded_name)) is not None:
            found.append(Duplicate(entry.row, near, "near_name"))
        names.add(entry.name, entry.folded_name)
    return found


@lru_cache(maxsize=100_000)
def _is_place(text: str) -> bool:
    """Whether a folded text is a place's name or the beginning of it (衡南 of 衡南县), and nothing else."""
    found = regions.recognise(text)
    return found is not None and found.known and fold(found.name).startswith(text)


def _notices(entries: Sequence[Entry], tally: _Tally) -> list[str]:
    """What a person should look at, one line for each kind and column."""
    notices = []
    doubts: dict[tuple[str, str], list[int]] = {}
    for entry in entries:
        for doubt in sorted(entry.doubts):
            doubts.setdefault(doubt, []).append(entry.row)
    for (kind, column), rows in doubts.items():
        notices.append(wording.DOUBTS[kind].format(column=column, rows=_rows(rows)))
    for text, rows in ((wording.RENAMED, tally.renamed), (wording.CHOICE_KEPT, tally.kept_choice)):
        if rows:
            notices.append(text.format(rows=_rows(rows)))
    return notices


def _rows(rows: Sequence[int]) -> str:
    shown = "、".join(str(row) for row in rows[:_SHOWN_ROWS])
    return shown if len(rows) <= _SHOWN_ROWS else wording.MORE_ROWS.format(rows=shown, count=len(rows))
