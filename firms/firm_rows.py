"""One row of a table of firms, read: what it says about the firm, or why it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from typing import Any, Literal, TypeVar

from pydantic import model_validator

from core import industries, regions
from core.datafile import Entry as DataEntry
from core.datafile import read_yaml
from core.errors import BadInput
from core.text import fold
from firms import cells, consents, credit_codes
from firms import import_wording as wording
from firms.catalogue import DATA, Catalogue, Fact, folded_name
from firms.cells import BadCell, BadNumber, Cell, Units
from firms.facts import BadFactValue, Value, read_value
from firms.tables import Column, Known, Row

Kind = Literal["text", "code", "money", "months", "list", "yes_no", "date", "categories"]

_UNITS: Mapping[str, Units] = {
    "money": cells.MONEY,
    "percent": cells.PERCENT,
    "count": cells.COUNT,
    "number": cells.YEARS,
    "months": cells.MONTHS,
}
_INDUSTRY = re.compile(r"([A-Za-z][0-9]{0,4})(?![0-9A-Za-z])")
# 高新技术企业:2027-11-01, 高新技术企业（有效期至2027-11-01）
_TITLE = re.compile(r"(.+?)\s*(?:[:：]|[(（])\s*(?:有效期)?至?\s*([0-9]{4}[^)）]*)[)）]?")
_NUMBER_OF_NAME = re.compile(r"[0-9]{4}")  # ISO9001:2015
_PHONE = re.compile(r"[0-9+()（）\-\s/转ext.]{5,60}")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")
_CHAT = re.compile(r"-?[0-9]{1,19}")
_T = TypeVar("_T")


class BadCreditCode(BadCell):
    """The credit code is none."""

    code = "bad_credit_code"
    default = wording.BAD_CREDIT_CODE


class WrongCheckCharacter(BadCell):
    """The credit code's check character does not fit the rest, or it holds a letter that no code has."""

    code = "wrong_check_character"


class IdentityNumber(BadCell):
    """A person's identity number stands where a firm's code should; it is not taken in."""

    code = "identity_number"
    default = wording.IDENTITY_NUMBER


class BadRegion(BadCell):
    """The place is not recognised."""

    code = "bad_region"


class BadIndustry(BadCell):
    """There is no such industry."""

    code = "bad_industry"


class BadChoice(BadCell):
    """The word is none of those that may stand here."""

    code = "bad_choice"


class BadContact(BadCell):
    """A telephone number, address or chat has not its form; the message does not repeat it."""

    code = "bad_contact"


class Contradiction(BadCell):
    """Two columns say different things about the same."""

    code = "contradiction"


class ColumnEntry(DataEntry):
    """A column that is no fact."""

    id: str
    names: tuple[str, ...]
    kind: Kind
    length: int = cells.MAX_TEXT


class FirmColumns(DataEntry):
    """`data/firm_columns.yaml`."""

    columns: tuple[ColumnEntry, ...]
    collateral: tuple[tuple[str, ...], ...]
    categories: Mapping[str, tuple[str, ...]]
    all_categories: tuple[str, ...]
    no_names: tuple[str, ...]
    legal_forms: tuple[str, ...]
    ordinals: str

    @model_validator(mode="after")
    def _categories_fit(self) -> FirmColumns:
        if set(self.categories) != set(consents.CATEGORIES):
            raise ValueError(f"categories are {', '.join(consents.CATEGORIES)}")
        return self

    @cached_property
    def category_words(self) -> Mapping[str, frozenset[str]]:
        """Folded words to the categories that they mean."""
        words = {fold(word): frozenset({key}) for key, words in self.categories.items() for word in words}
        return words | {fold(word): frozenset(self.categories) for word in self.all_categories}

    @cached_property
    def collateral_words(self) -> Mapping[str, str]:
        """Folded words to the one that is kept."""
        return {fold(word): words[0] for words in self.collateral for word in words}

    @cached_property
    def by_id(self) -> Mapping[str, ColumnEntry]:
        return {column.id: column for column in self.columns}


@cache
def firm_columns() -> FirmColumns:
    """The built-in columns."""
    return read_yaml(DATA / "firm_columns.yaml", FirmColumns)


def known_columns(catalogue: Catalogue, last_year: int) -> list[Known]:
    """All columns that a table of firms may have; facts by label, other headers and id.

    A stated figure that has no year may still be headed by the last full one (2025年资产负债率).
    """
    own = [Known(column.id, column.names, _UNITS.get(column.kind, {})) for column in firm_columns().columns]
    facts = []
    for fact in catalogue:
        names = (fact.label, *fact.columns, fact.id)
        if not fact.yearly and fact.kind in _UNITS:
            names += (f"{last_year}年{fact.label}", f"{last_year}年末{fact.label}")
        facts.append(Known(fact.id, names, _UNITS.get(fact.kind, {}), fact.yearly))
    return own + facts


@dataclass(frozen=True)
class RowError:
    """Why a row, or a cell of it, was not taken in. `row` counts from 1 with the header."""

    row: int
    column: str
    code: str
    message: str

    def to_json(self) -> dict[str, Any]:
        return dict(self.__dict__)


@dataclass(frozen=True)
class FactCell:
    """A fact that a row states. `year` None: the fact has no year."""

    fact: str
    year: int | None
    value: Value
    digits: int | None
    header: str


@dataclass(frozen=True)
class Entry:
    """What a row says about a firm; None, or not in a mapping: nothing."""

    row: int
    name: str
    folded_name: str
    credit_code: str | None
    region: str
    profile: Mapping[str, Any]
    facts: tuple[FactCell, ...]
    contact: Mapping[str, str]
    telegram: str | None
    visible: bool | None
    subscriptions: frozenset[str] | None
    source: str | None
    data_date: date | None
    doubts: frozenset[tuple[str, str]] = frozenset()
    """What a person should look at: a kind of notice, and the column."""

    @property
    def key(self) -> str:
        """What makes two rows one firm: the credit code, else the folded name."""
        return self.credit_code or self.folded_name


class RowReader:
    """Reads rows under the columns of one table. `home` is the region in which short names of places are looked up."""

    def __init__(self, columns: tuple[Column, ...], catalogue: Catalogue, today: date, home: str | None) -> None:
        self._catalogue = catalogue
        self.today = today
        self.home = home
        self.own = {column.known.key: column for column in columns if column.known.key in firm_columns().by_id}
        self.facts = [
            (column, catalogue.fact(column.known.key)) for column in columns if column.known.key not in self.own
        ]

    def read(self, row: Row) -> Entry | list[RowError]:
        """What the row says, or everything that is wrong with it."""
        return _Reading(self, row).entry()

    def label(self, key: str) -> str:
        """A column's header in this table, else the name it should have."""
        if key in self.own:
            return self.own[key].header
        entry = firm_columns().by_id.get(key)
        return entry.names[0] if entry else self._catalogue.fact(key).label


@dataclass
class _Reading:
    """The reading of one row: collects the errors of all its cells."""

    reader: RowReader
    row: Row
    errors: list[RowError] = field(default_factory=list)
    doubts: set[tuple[str, str]] = field(default_factory=set)

    def entry(self) -> Entry | list[RowError]:
        if self.row.surplus:
            return [RowError(self.row.number, wording.WHOLE_ROW, "surplus_cells", wording.SURPLUS)]
        name = self._required("name", lambda cell: cells.text(cell, 200))
        code = self._own("credit_code", credit_code_cell)
        data_date = self._own("data_date", cells.day)
        facts = self._all_facts(data_date)
        region = next((fact.value for fact in facts if fact.fact == "region"), None)
        entry = Entry(
            row=self.row.number,
            name=name or "",
            folded_name=folded_name(name or ""),
            credit_code=code,
            region=str(region),
            profile=self._profile(),
            facts=facts,
            contact=self._contact(),
            telegram=self._own("telegram", chat_cell),
            visible=self._own("visible", cells.yes_no),
            subscriptions=self._own("subscriptions", _categories),
            source=self._own("source", lambda cell: cells.text(cell, 200)),
            data_date=data_date,
            doubts=frozenset(self.doubts),
        )
        if entry.name and not entry.folded_name:
            self._fail("name", cells.MissingCell())
        return self.errors or entry

    def _fail(self, key: str, error: BadInput, header: str | None = None) -> None:
        header = self.reader.label(key) if header is None else header
        self.errors.append(RowError(self.row.number, header, error.code, error.message))

    def _own(self, key: str, read: Callable[[Cell], _T | None]) -> _T | None:
        """What a column that is no fact says."""
        column = self.reader.own.get(key)
        if column is None:
            return None
        try:
            return read(self.row.cell(column))
        except BadInput as error:
            self._fail(key, error)
            return None

    def _required(self, key: str, read: Callable[[Cell], _T | None]) -> _T | None:
        before = len(self.errors)
        found = self._own(key, read)
        if found is None and len(self.errors) == before:
            self._fail(key, cells.MissingCell())
        return found

    # --- facts ---

    def _all_facts(self, data_date: date | None) -> tuple[FactCell, ...]:
        """All facts that the row states, each year once; a yearly one without a year is the last full year's."""
        last_year = (data_date or self.reader.today).year - 1
        found: dict[tuple[str, int | None], FactCell] = {}
        for column, fact in self.reader.facts:
            year = (column.year or last_year) if fact.yearly else None
            stated = self._stated(column, fact, year)
            if stated is None:
                continue
            other = found.setdefault((fact.id, year), stated)
            if other.value != stated.value:
                message = wording.TWO_YEARS.format(one=other.header, other=stated.header)
                self._fail(fact.id, Contradiction(message), column.header)
        self._require_region()
        return tuple(found.values())

    def _require_region(self) -> None:
        column = next((column for column, fact in self.reader.facts if fact.id == "region"), None)
        if column is None or self.row.cell(column).empty:
            self._fail("region", cells.MissingCell(), column.header if column else None)

    def _stated(self, column: Column, fact: Fact, year: int | None) -> FactCell | None:
        cell = self.row.cell(column)
        try:
            given = self._given(column, fact, cell)
            if given is None:
                return None
            value = read_value(fact, given)
        except BadInput as error:
            self._fail(fact.id, _without_value(error, fact), column.header)
            return None
        return FactCell(fact.id, year, value, _digits(fact, given), column.header)

    def _given(self, column: Column, fact: Fact, cell: Cell) -> object:
        """The cell in the form in which `read_value` takes the kind of fact; None when it is empty."""
        match fact.kind:
            case "money" | "percent" | "count" | "number":
                if fact.kind == "percent" and cells.looks_like_share(cell):
                    self.doubts.add(("share", column.header))
                return cells.number(cell, column.known.units, column.unit)
            case "boolean":
                return cells.yes_no(cell)
            case "date":
                return _date_given(fact, cell)
            case "choice":
                return _option(fact, cells.text(cell))
            case "choices":
                return _options(fact, cell)
            case "region":
                return _region(cell, self.reader.home)
            case "industry":
                return _industry(cell)
        return _names(cell)

    # --- profile and contact ---

    def _profile(self) -> dict[str, Any]:
        readings: dict[str, Callable[[Cell], Any]] = {
            **dict.fromkeys(("products", "tech_need", "finance_use", "supply_wish"), cells.text),
            **{key: self._amount(key) for key in ("tech_budget", "finance_amount")},
            "finance_term_months": self._months,
            "collateral": self._collateral,
            "topics": cells.several,
        }
        found = {key: self._own(key, read) for key, read in readings.items()}
        return {key: value for key, value in found.items() if value is not None}

    def _amount(self, key: str) -> Callable[[Cell], Decimal | None]:
        def read(cell: Cell) -> Decimal | None:
            column = self.reader.own[key]
            amount = cells.number(cell, column.known.units, column.unit)
            if amount is not None and amount < 0:
                raise BadNumber(wording.NEGATIVE)
            return amount

        return read

    def _months(self, cell: Cell) -> int | None:
        months = self._amount("finance_term_months")(cell)
        if months is None:
            return None
        if months != months.to_integral_value():
            raise BadNumber(wording.NOT_WHOLE_MONTHS)
        return int(months)

    def _collateral(self, cell: Cell) -> tuple[str, ...] | None:
        given = cells.several(cell)
        if given is None:
            return None
        words = firm_columns().collateral_words
        if any(fold(word) not in words for word in given):
            self.doubts.add(("collateral", self.reader.label("collateral")))
        return tuple(dict.fromkeys(words.get(fold(word), word) for word in given))

    def _contact(self) -> dict[str, str]:
        found = {
            "name": self._own("contact_name", lambda cell: cells.text(cell, 100)),
            "phone": self._own("phone", phone_cell),
            "email": self._own("email", email_cell),
        }
        return {key: value for key, value in found.items() if value is not None}


def credit_code_cell(cell: Cell) -> str | None:
    """A credit code, normalised. Raises DamagedCode, IdentityNumber, BadCreditCode, WrongCheckCharacter."""
    given = cells.code(cell)
    if given is None:
        return None
    code = credit_codes.normalise(given)
    if credit_codes.is_identity_number(code):
        raise IdentityNumber()
    if not credit_codes.has_shape(code):
        raise BadCreditCode()
    if not credit_codes.is_valid(code):
        raise WrongCheckCharacter(wording.WRONG_CHECK.format(code=code))
    return code


def chat_cell(cell: Cell) -> str | None:
    """The number of a Telegram chat. Raises BadContact."""
    given = cells.code(cell)
    if given is not None and not _CHAT.fullmatch(given):
        raise BadContact(wording.BAD_CHAT)
    return given


def phone_cell(cell: Cell) -> str | None:
    """A telephone number as it stands. Raises BadContact, DamagedCode."""
    given = cells.code(cell)
    if given is not None and not (_PHONE.fullmatch(given) and sum(map(str.isdigit, given)) >= 5):
        raise BadContact(wording.BAD_PHONE)
    return given


def email_cell(cell: Cell) -> str | None:
    """An address for e-mail. Raises BadContact."""
    given = cells.text(cell, 200)
    if given is not None and not _EMAIL.fullmatch(given):
        raise BadContact(wording.BAD_EMAIL)
    return given


def _categories(cell: Cell) -> frozenset[str] | None:
    given = cells.several(cell)
    if given is None:
        return None
    words = firm_columns().category_words
    wrong = next((word for word in given if fold(word) not in words), None)
    if wrong is not None:
        options = [names[0] for names in firm_columns().categories.values()] + [firm_columns().all_categories[0]]
        raise BadChoice(wording.BAD_SUBSCRIPTION.format(value=cells.shown(wrong), options="、".join(options)))
    return frozenset[str]().union(*(words[fold(word)] for word in given))


def _date_given(fact: Fact, cell: Cell) -> date | str | None:
    if fact.none and isinstance(cell.value, str) and fold(cell.value) in firm_columns().no_names:
        return fact.none
    return cells.rough_day(cell)


@cache
def _folded(word: str) -> str:
    """Words of data files, folded once."""
    return folded_name(word)


def _option(fact: Fact, given: str | None) -> str | None:
    """The value of the option that a word stands for."""
    if given is None:
        return None
    folded = folded_name(given)
    for option in fact.options:
        if any(folded == _folded(word) for word in (option.value, option.label, *option.words)):
            return option.value
    options = "、".join(option.label for option in fact.options)
    raise BadChoice(wording.BAD_CHOICE.format(value=cells.shown(given), options=options))


def _options(fact: Fact, cell: Cell) -> list[str] | None:
    given = cells.several(cell)
    return None if given is None else [value for word in given if (value := _option(fact, word))]


def _region(cell: Cell, home: str | None) -> str | None:
    given = cells.text(cell, 100)
    if given is None:
        return None
    code = _recognised(given, home)
    if code is None:
        raise BadRegion(wording.BAD_REGION.format(value=cells.shown(given)))
    return code


@lru_cache(maxsize=4096)
def _recognised(text: str, home: str | None) -> str | None:
    found = regions.recognise(text, home=home)
    return found.code if found is not None and found.known else None


def _industry(cell: Cell) -> str | None:
    given = cells.text(cell, 100)
    if given is None:
        return None
    head = _INDUSTRY.match(given.strip())
    for candidate in (given, head[1] if head else None):
        if candidate and (found := industries.find(candidate)) is not None:
            code: str = found.code
            return code
    raise BadIndustry(wording.BAD_INDUSTRY.format(value=cells.shown(given)))


def _names(cell: Cell) -> dict[str, date | None] | None:
    """Names, each with its last day where one is given: 高新技术企业:2027-11-01."""
    given = cells.several(cell)
    if given is None:
        return None
    if len(given) == 1 and fold(given[0]) in firm_columns().no_names:
        return {}
    return dict(_name(part) for part in given)


def _name(part: str) -> tuple[str, date | None]:
    dated = _TITLE.fullmatch(part)
    if dated is None or _NUMBER_OF_NAME.fullmatch(dated[2]):
        return part, None
    try:
        return dated[1], cells.day(Cell(dated[2]))
    except BadCell as error:
        raise cells.BadDate(wording.BAD_TITLE.format(value=cells.shown(dated[1]))) from error


def _digits(fact: Fact, given: object) -> int | None:
    """How many decimals a stated percent was written with."""
    if fact.kind != "percent" or not isinstance(given, Decimal):
        return None
    exponent = given.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else None


def _without_value(error: BadInput, fact: Fact) -> BadInput:
    """The error as it may be shown: what `read_value` says about a form of JSON is no help with a cell."""
    if not isinstance(error, BadFactValue):
        return error
    return BadNumber(wording.BAD_NUMBER.format(value="")) if fact.kind in _UNITS else error
