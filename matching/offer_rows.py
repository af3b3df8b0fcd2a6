"""One row of a table of offers, read: what it says about the offer, or why it cannot be read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from core import regions
from core.errors import BadInput
from core.text import fold
from firms import cells
from firms.catalogue import Catalogue, folded_name
from firms.cells import BadDate, BadNumber, Cell
from firms.criteria import Group, KindAtom, Rule
from firms.firm_rows import (
    BadChoice,
    BadRegion,
    RowError,
    chat_cell,
    credit_code_cell,
    email_cell,
    phone_cell,
)
from firms.import_wording import BAD_DATE, SURPLUS, TOO_LONG, WHOLE_ROW
from firms.rule_reading import BadRule, parse
from firms.tables import Column, Known, Row
from matching import import_wording as wording
from matching.kinds import ColumnSpec, kind_of, kinds, kinds_file
from matching.offer import EVENT
from matching.offers import ZONE, clean_id

_CONTACT = "contact_"
_SHARE = Decimal("0.2")  # a yearly rate that is not greater was hardly meant in percent
_YEARS = range(1970, 3000)
_RANGE = re.compile(r"(?P<low>[^-~—–至到]+)[-~—–至到]+(?P<high>[^-~—–至到]+)")
_UNIT = re.compile(r"[%‰]")
_MIDNIGHT = re.compile(r"[\sT]*24[:：]00(?:[:：]00)?\s*$")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?")


def known_columns(kind: str | None = None) -> list[Known]:
    """All columns that a table of offers may have; with `kind` those of a table of that kind alone."""
    specs = [*kinds_file().fields]
    for one in kinds().values():
        specs += [column for column in one.columns if kind in (None, one.id)]
    unique = {spec.key: spec for spec in specs}
    return [Known(spec.key, spec.names, spec.units) for spec in unique.values()]


@dataclass(frozen=True)
class OfferEntry:
    """What a row says about an offer.

    `fields` are fields of the offer, `details` of its kind's own columns (None: the cell is empty); what the table has
    no column for is in neither. `taken` and what `contact` does not name: nothing is said.
    """

    row: int
    id: str
    kind: str
    fields: Mapping[str, Any]
    details: Mapping[str, Any]
    contact: Mapping[str, str]
    taken: int | None
    doubts: frozenset[tuple[str, str]] = frozenset()
    """What a person should look at: a kind of notice, and the column."""


class OfferReader:
    """Reads rows under the columns of one table.

    `home` is the region in which short names of places are looked up; `kind`: all rows are of it, whatever they say.
    """

    def __init__(
        self, columns: tuple[Column, ...], catalogue: Catalogue, home: str | None, kind: str | None = None
    ) -> None:
        self.columns = {column.known.key: column for column in columns}
        self.catalogue = catalogue
        self.home = home
        self.kind = kind

    def read(self, row: Row) -> OfferEntry | list[RowError]:
        """What the row says, or everything that is wrong with it."""
        if row.surplus:
            return [RowError(row.number, WHOLE_ROW, "surplus_cells", SURPLUS)]
        return _Reading(self, row).entry()

    def label(self, key: str) -> str:
        """A column's header in this table, else the name it should have."""
        return self.columns[key].header if key in self.columns else kinds_file().columns[key].label


@dataclass
class _Reading:
    """The reading of one row: collects the errors of all its cells."""

    reader: OfferReader
    row: Row
    errors: list[RowError] = field(default_factory=list)
    doubts: set[tuple[str, str]] = field(default_factory=set)

    def entry(self) -> OfferEntry | list[RowError]:
        kind = self._kind()
        if kind is None:
            return self.errors
        offer_id = self._required("id")
        fields = self._fields(kind) | self._times(kind)
        details = self._details(kind)
        entry = OfferEntry(
            row=self.row.number,
            id=offer_id or "",
            kind=kind,
            fields=fields,
            details=details,
            contact=self._contact(),
            taken=self._own("taken"),
            doubts=frozenset(self.doubts),
        )
        return self.errors or entry

    def fail(self, key: str, error: BadInput) -> None:
        self.errors.append(RowError(self.row.number, self.reader.label(key), error.code, error.message))

    def _has(self, key: str) -> bool:
        return key in self.reader.columns

    def _own(self, key: str) -> Any:
        """What a column says; None for an empty cell, a column that is not there, and one that cannot be read."""
        column = self.reader.columns.get(key)
        if column is None:
            return None
        spec = kinds_file().columns[key]
        try:
            return _CellReader(self.reader, spec, column, self.doubts).read(self.row.cell(column))
        except BadInput as error:
            self.fail(key, error)
            return None

    def _required(self, key: str) -> Any:
        before = len(self.errors)
        found = self._own(key)
        if found is None and len(self.errors) == before:
            self.fail(key, cells.MissingCell())
        return found

    def _kind(self) -> str | None:
        """The row's kind; None when it says none, which ends the reading: nothing else has a meaning without."""
        if self.reader.kind is None:
            return _text(self._required("kind"))
        said = self._own("kind")
        if said is not None and said != self.reader.kind:
            self.fail("kind", BadChoice(wording.NOT_AN_EVENT))
        return self.reader.kind

    def _fields(self, kind: str) -> dict[str, Any]:
        """What every offer has, without its times and places taken."""
        found = {key: self._required(key) for key in ("title", "regions")}
        found["provider"] = self._provider()
        for key in ("provider_credit_code", "rule", "content", "published_on", "valid_until", "capacity", "source"):
            if self._has(key):
                found[key] = self._own(key)
        if self._has("chain"):
            found["chain"] = tuple(self._own("chain") or ())
        if (state := self._own("state")) is not None:
            found["state"] = state
        if kind == EVENT and self._has("waitlist"):
            found["waitlist"] = self._own("waitlist") is not False
        return found | {"kind": kind}

    def _provider(self) -> str | None:
        """The provider, under either of its headers."""
        found = self._own("organiser")
        if found is None:
            headed = "organiser" if self._has("organiser") and not self._has("provider") else "provider"
            found = self._required(headed)
        folded = "" if found is None else folded_name(found)
        if found is not None and not folded:
            self.fail("provider", cells.MissingCell())
        if len(folded) > kinds_file().columns["provider"].length:  # some characters fold to several
            self.fail("provider", cells.TooLong(TOO_LONG.format(limit=kinds_file().columns["provider"].length)))
        return _text(found)

    def _times(self, kind: str) -> dict[str, Any]:
        """An event's times as instants: a day without a time of day lasts to its end, where it is the last."""
        if kind != EVENT:
            return {}
        begins = self._required("starts_at")
        if begins is not None and not isinstance(begins, datetime):
            self.doubts.add(("no_time", self.reader.label("starts_at")))
        found = {"starts_at": _instant(begins)}
        if self._has("ends_at"):
            found["ends_at"] = self._until("ends_at", begins)
        if self._has("closes_at"):
            found["closes_at"] = self._until("closes_at", begins) or found["starts_at"]
        return found

    def _until(self, key: str, begins: date | datetime | None) -> datetime | None:
        """The first instant after a last day, or the one that is given; a time alone is of the day it begins on."""
        found = self._own(key)
        if isinstance(found, time):
            on = begins.astimezone(ZONE).date() if isinstance(begins, datetime) else begins
            return None if on is None else datetime.combine(on, found, ZONE)
        return found if found is None or isinstance(found, datetime) else _instant(found + timedelta(days=1))

    def _details(self, kind: str) -> dict[str, Any]:
        own = kinds()[kind].by_key
        self._mind_foreign(kind)
        return {key: self._own(key) for key in own if self._has(key)}

    def _mind_foreign(self, kind: str) -> None:
        """Note cells that belong to another kind: they are not read."""
        file, own = kinds_file(), kinds()[kind].by_key
        general = {spec.key for spec in file.fields if not spec.kinds or kind in spec.kinds}
        for key, column in self.reader.columns.items():
            if key not in own and key not in general and not self.row.cell(column).empty:
                self.doubts.add(("foreign", column.header))

    def _contact(self) -> dict[str, str]:
        keys = [key for key in self.reader.columns if key.startswith(_CONTACT)]
        found = {key.removeprefix(_CONTACT): self._own(key) for key in keys}
        return {key: value for key, value in found.items() if value is not None}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _instant(when: date | datetime | None) -> datetime | None:
    """The instant at which a day begins, or the one that is given."""
    if when is None or isinstance(when, datetime):
        return when
    return datetime.combine(when, time.min, ZONE)


@dataclass(frozen=True)
class _CellReader:
    """Reads the cells of one column. What comes out is what an offer holds: money as decimal text, lists as lists."""

    reader: OfferReader
    spec: ColumnSpec
    column: Column
    doubts: set[tuple[str, str]]

    def read(self, cell: Cell) -> Any:
        """What the cell says, None when it is empty. Raises BadCell, BadRule."""
        if self.spec.empty_words and isinstance(cell.value, str) and fold(cell.value) in self._empty_words:
            return None
        special: Mapping[str, Callable[[Cell], Any]] = {
            "id": self._id,
            "kind": self._kind,
            "provider_credit_code": credit_code_cell,
            "contact_phone": phone_cell,
            "contact_email": email_cell,
            "contact_telegram": chat_cell,
        }
        return special.get(self.spec.key, self._by_kind)(cell)

    @cached_property
    def _empty_words(self) -> frozenset[str]:
        return frozenset(map(fold, self.spec.empty_words))

    def _by_kind(self, cell: Cell) -> Any:
        match self.spec.kind:
            case "text" | "code":
                return cells.text(cell, self.spec.length)
            case "list":
                return self._list(cell)
            case "money" | "months" | "days" | "number":
                return self._decimal_text(cell)
            case "count":
                return self._count(cell)
            case "percent_range":
                return self._rate(cell)
            case "yes_no":
                return cells.yes_no(cell)
            case "choice":
                return self._choice(cell)
            case "region":
                return self._region(cells.text(cell, 200))
            case "regions":
                return self._regions(cell)
            case "rule":
                return self._rule(cell)
            case "date":
                return cells.day(cell)
        return self._time(cell)

    def _id(self, cell: Cell) -> str | None:
        given = cells.code(cell)
        if given is not None and len(given) > self.spec.length:
            raise cells.TooLong(TOO_LONG.format(limit=self.spec.length))
        return clean_id(given) or None if given else None

    def _kind(self, cell: Cell) -> str | None:
        given = cells.text(cell)
        if given is None:
            return None
        kind = kind_of(given)
        if kind is None:
            options = "、".join(one.label for one in kinds().values())
            raise BadChoice(wording.BAD_KIND.format(value=cells.shown(given), options=options))
        return kind

    def _list(self, cell: Cell) -> list[str] | None:
        given = cells.several(cell)
        if given is None:
            return None
        if len(given) == 1 and fold(given[0]) in kinds_file().no_names:
            return []
        if self.spec.words is None:
            return list(given)
        words = self.spec.option_words
        if any(fold(word) not in words for word in given):
            self.doubts.add((self.spec.words, self.column.header))
        return list(dict.fromkeys(words.get(fold(word), word) for word in given))

    def _number(self, cell: Cell) -> Decimal | None:
        if self.spec.prefixes and isinstance(cell.value, str):
            prefix = "|".join(map(re.escape, self.spec.prefixes))
            cell = Cell(re.sub(rf"^\s*(?:{prefix})[\s\-_:：]*", "", cell.value, flags=re.IGNORECASE))
        value = cells.number(cell, self.column.known.units, self.column.unit)
        return None if value is None else self._in_bounds(value)

    def _in_bounds(self, value: Decimal) -> Decimal:
        if value < self.spec.least:
            raise BadNumber(wording.TOO_SMALL.format(least=self.spec.least))
        if self.spec.most is not None and value > self.spec.most:
            raise BadNumber(wording.TOO_LARGE.format(most=self.spec.most))
        whole = self.spec.whole or self.spec.kind in ("count", "months", "days")
        if whole and value != value.to_integral_value():
            raise BadNumber(wording.NOT_WHOLE)
        return value

    def _decimal_text(self, cell: Cell) -> str | None:
        value = self._number(cell)
        return None if value is None else decimal_text(value)

    def _count(self, cell: Cell) -> int | None:
        value = self._number(cell)
        if value is not None and value >= 2**31:
            raise BadNumber(wording.TOO_LARGE.format(most=2**31 - 1))
        return None if value is None else int(value)

    def _rate(self, cell: Cell) -> dict[str, str] | None:
        """3.65, or from 3.2 to 4.1; the unit behind the second figure is the first one's, too."""
        text = None if isinstance(cell.value, Decimal) else cells.plain(cell)
        parts = _RANGE.fullmatch(re.sub(r"\s", "", unicodedata.normalize("NFKC", text))) if text else None
        if parts is None or text is None:
            low = high = self._number(cell)
        else:
            unit = _UNIT.search(parts["high"])
            first = parts["low"] + (unit[0] if unit and not _UNIT.search(parts["low"]) else "")
            low, high = self._bound(first, text), self._bound(parts["high"], text)
            if low is not None and high is not None and low > high:
                raise BadNumber(wording.MIN_ABOVE_MAX.format(low=decimal_text(low), high=decimal_text(high)))
        if low is None or high is None:
            return None
        if 0 < high <= _SHARE and "%" not in f"{cell.format}{text}":
            self.doubts.add(("share", self.column.header))
        return {"min": decimal_text(low), "max": decimal_text(high)}

    def _bound(self, part: str, whole: str) -> Decimal | None:
        try:
            return self._number(Cell(part))
        except BadNumber as error:
            raise BadNumber(wording.BAD_RATE.format(value=cells.shown(whole))) from error

    def _choice(self, cell: Cell) -> str | None:
        given = cells.text(cell)
        if given is None:
            return None
        found = self.spec.option_words.get(fold(given))
        if found is None:
            options = "、".join(self.spec.option_labels)
            raise BadChoice(wording.BAD_CHOICE.format(value=cells.shown(given), options=options))
        return found

    def _region(self, given: str | None) -> str | None:
        if given is None:
            return None
        if any(word in given for word in kinds_file().exclusions):
            raise BadRegion(wording.EXCLUDED_REGION.format(value=cells.shown(given)))
        code = _code_of(given, self.reader.home)
        if code is None:
            raise BadRegion(wording.BAD_REGION.format(value=cells.shown(given)))
        return code

    def _regions(self, cell: Cell) -> tuple[str, ...] | None:
        given = cells.several(cell)
        if given is None:
            return None
        return tuple(dict.fromkeys(code for part in given if (code := self._region(part))))

    def _rule(self, cell: Cell) -> str | None:
        """The rule as it is written, once it is sure that it can be read. Raises BadRule."""
        given = cells.text(cell)
        if given is None:
            return None
        for place in _places_of(parse(given, self.reader.catalogue)):
            if not place.isdigit() and place != self.reader.home:
                raise BadRule(wording.RULE_REGION.format(value=cells.shown(place)))
        return given

    def _time(self, cell: Cell) -> datetime | date | time | None:
        text = cell.value if isinstance(cell.value, str) else ""
        if (whole := _MIDNIGHT.search(text)) and text[: whole.start()].strip():
            on = cells.day(Cell(text[: whole.start()]))
            return None if on is None else _instant(_in_reach(on) + timedelta(days=1))
        clock = _CLOCK.fullmatch(unicodedata.normalize("NFKC", text).strip())
        if clock is not None and self.spec.key == "ends_at" and int(clock[1]) < 24 and int(clock[2]) < 60:
            return time(int(clock[1]), int(clock[2]))
        found = cells.moment(cell, ZONE)
        return None if found is None else _in_reach(found)


def decimal_text(value: Decimal) -> str:
    """The number in full, without zeros at the end of its fraction."""
    written = f"{value:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _in_reach(when: Any) -> Any:
    """The day or time, where a calendar has it. Raises BadDate."""
    if when.year not in _YEARS:
        raise BadDate(BAD_DATE.format(value=cells.shown(when.isoformat())))
    return when


@lru_cache(maxsize=4096)
def _code_of(text: str, home: str | None) -> str | None:
    """The code of the one place that a text names; the desk's own region may be one of no table."""
    found = regions.find(text)
    if found.known or found.code == home:
        return found.code
    named = regions.recognise(text, home=home)
    return named.code if named is not None and named.known else None


def _places_of(rule: Rule) -> Iterator[str]:
    """The regions that a rule from text names."""
    if isinstance(rule, KindAtom) and rule.text_kind == "region":
        yield from rule.operand if isinstance(rule.operand, tuple) else (str(rule.operand),)
    elif isinstance(rule, Group):
        for part in rule.parts:
            yield from _places_of(part)
