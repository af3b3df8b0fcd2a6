"""A bureau's tables: bytes of a CSV or XLSX file to rows of cells under known columns.

The content decides what the file is, not its name. CSV is UTF-8 (with or without BOM), UTF-16 with BOM or GB18030;
separated by comma, tab or semicolon. The header is the first row that holds two or more known names.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from core.errors import BadInput
from core.text import clean
from firms import cells, xlsx
from firms import import_wording as wording
from firms.catalogue import folded_name
from firms.cells import EMPTY, Cell
from firms.xlsx import DamagedTable, EncryptedTable, TableTooLarge

MAX_ROWS = 20_000
MAX_COLUMNS = 300
MAX_BYTES = 32 * 2**20
MAX_FIELD = 100_000
_ROWS_ABOVE = 100  # titles and remarks that may stand above the header

_SEPARATORS = (",", "\t", ";")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_YEAR = re.compile(r"((?:19|20)\d\d)年?(?:度|末|底)?")
_BRACKETS = re.compile(r"(.+?)\(([^()]*)\)")
_UNIT_NOTE = re.compile(r"单位[:：]?(?:人民币)?(元|千元|万元|百万元|亿元)")
_SHOWN_CELLS = 10


class BadTable(BadInput):
    """The file holds no table that can be read."""

    code = "bad_table"


class NoHeader(BadTable):
    """No row holds two or more known column names."""

    code = "no_header"


class DuplicateColumn(BadTable):
    """Two columns have the same meaning."""

    code = "duplicate_column"


class UnknownEncoding(BadTable):
    """The text is in none of the encodings that are read."""

    code = "unknown_encoding"
    default = wording.UNKNOWN_ENCODING


@dataclass(frozen=True)
class Known:
    """A column that a table may have.

    `units`: what may stand in brackets behind the name, and in its cells. `yearly`: the name may begin with a year.
    """

    key: str
    names: tuple[str, ...]
    units: Mapping[str, Decimal] = field(default_factory=dict)
    yearly: bool = False


@dataclass(frozen=True)
class Column:
    """A column that the table has. `unit` None: the base unit. `year` None: none is said."""

    place: int
    header: str
    known: Known
    unit: str | None = None
    year: int | None = None


@dataclass(frozen=True)
class Row:
    """A row under the header, which is row 1. `surplus`: a CSV row with more cells than the header has."""

    number: int
    cells: Mapping[int, Cell]
    surplus: bool = False

    def cell(self, column: Column) -> Cell:
        """The cell in a column; empty where the row is short."""
        return self.cells.get(column.place, EMPTY)


@dataclass(frozen=True)
class Table:
    """Known columns and the rows that are not blank; `notices` say in Chinese what was not read."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notices: tuple[str, ...] = ()

    def having(self, key: str) -> list[Column]:
        """The columns of a key (several for yearly ones)."""
        return [column for column in self.columns if column.known.key == key]


def read(data: bytes, known: Sequence[Known]) -> Table:
    """The table in a file. Raises BadTable, DamagedTable, EncryptedTable, TableTooLarge."""
    if len(data) > MAX_BYTES:
        raise TableTooLarge(wording.FILE_TOO_LARGE.format(limit=MAX_BYTES // 2**20))
    names = _Names(known)
    if data.startswith(b"PK"):
        return _read_xlsx(data, names)
    if data.startswith(_OLE):
        encrypted = "EncryptedPackage".encode("utf-16-le") in data
        raise EncryptedTable() if encrypted else BadTable(wording.OLD_EXCEL)
    return _read_csv(data, names)


class _Names:
    """Finds the column that a header means."""

    def __init__(self, known: Sequence[Known]) -> None:
        self._known = known

    @cached_property
    def _by_name(self) -> dict[str, Known]:
        named: dict[str, Known] = {}
        for entry in self._known:
            for name in entry.names:
                named.setdefault(folded_name(name), entry)
        return named

    def find(self, header: str, place: int = 0) -> tuple[Column | None, bool]:
        """The column, and whether its name is known though its unit or year is not."""
        folded = folded_name(header).strip("*")
        if folded in self._by_name:
            return Column(place, header, self._by_name[folded]), True
        base, note = folded, ""
        if brackets := _BRACKETS.fullmatch(folded):
            base, note = brackets[1].strip("*"), brackets[2]
        year = None
        if base not in self._by_name and (found := _YEAR.match(base)):
            year, base = int(found[1]), base[found.end() :]
        entry = self._by_name.get(base)
        if entry is None:
            return None, False
        return _column(place, header, entry, year, note)

    def count(self, row: Mapping[int, Cell]) -> int:
        """How many known names a row holds."""
        texts = [cell.value for cell in row.values() if isinstance(cell.value, str) and len(cell.value) <= 60]
        return sum(self.find(text)[1] for text in texts)


def _column(place: int, header: str, entry: Known, year: int | None, note: str) -> tuple[Column | None, bool]:
    unit = note.removeprefix("单位").lstrip(":") or None
    if unit and year is None and (in_brackets := _YEAR.fullmatch(unit)):
        year, unit = int(in_brackets[1]), None
    if year is not None and not entry.yearly:
        return None, True
    if unit is not None and unit not in entry.units:
        if entry.units:
            return None, True
        unit = None  # a remark behind the name of a column that has no unit
    return Column(place, header, entry, unit, year), True


def _read_xlsx(data: bytes, names: _Names) -> Table:
    sheet = xlsx.read(data, max_rows=MAX_ROWS + _ROWS_ABOVE, max_columns=MAX_COLUMNS)
    found = _table(sorted(sheet.rows.items()), names)
    if found is None:
        raise NoHeader(wording.NO_HEADER.format(format="XLSX"))
    notices = [*found.notices]
    if sheet.unsaved:
        shown = "、".join(sheet.unsaved[:_SHOWN_CELLS])
        notices.append(wording.FORMULA_UNSAVED.format(count=len(sheet.unsaved), cells=shown))
    return Table(found.columns, found.rows, tuple(notices))


def _read_csv(data: bytes, names: _Names) -> Table:
    text, encoding = decode(data)
    best: tuple[int, str] = (0, ",")
    for separator in _SEPARATORS:
        count = max((names.count(row) for _, row in _head(text, separator)), default=0)
        if count > best[0]:
            best = (count, separator)
    if best[0] < 2:
        raise NoHeader(wording.NO_HEADER.format(format=encoding))
    found = _table(_records(text, best[1]), names, counts_surplus=True)
    assert found is not None
    return found


def decode(data: bytes) -> tuple[str, str]:
    """The text of a CSV file and its encoding. Raises UnknownEncoding."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text, encoding.upper().removesuffix("-SIG")
    raise UnknownEncoding()


def _head(text: str, separator: str) -> Iterator[tuple[int, dict[int, Cell]]]:
    """The rows in which a header is looked for; none where the text cannot be split like this."""
    try:
        for number, row in _records(text, separator):
            if number > _ROWS_ABOVE:
                return
            yield number, row
    except BadInput:
        return


def _records(text: str, separator: str) -> Iterator[tuple[int, dict[int, Cell]]]:
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DamagedTable(wording.BAD_CSV.format(row=number)) from error
        yield number, {place: Cell(value) for place, value in enumerate(record) if clean(value).strip()}


def _table(
    records: Iterable[tuple[int, Mapping[int, Cell]]], names: _Names, *, counts_surplus: bool = False
) -> Table | None:
    """The table from the header on; None without one."""
    columns: tuple[Column, ...] = ()
    notices: list[str] = []
    rows: list[Row] = []
    header_row = width = 0
    above: list[str] = []
    for number, record in records:
        if max(record, default=0) >= MAX_COLUMNS:
            raise TableTooLarge(wording.TOO_MANY_COLUMNS.format(limit=MAX_COLUMNS))
        if not columns and names.count(record) < 2:
            above += [cell.value for cell in record.values() if isinstance(cell.value, str)]
            if number > _ROWS_ABOVE:
                return None
        elif not columns:
            columns, notices = _columns(record, names, _unit_note(above))
            header_row, width = number, max(record) + 1
            if number > 1:
                notices.append(wording.ROWS_ABOVE.format(count=number - 1))
        elif record and not _is_header_again(record, columns):
            surplus = counts_surplus and max(record) >= width
            rows.append(Row(number - header_row + 1, record, surplus))
            if len(rows) > MAX_ROWS:
                raise TableTooLarge(wording.TOO_MANY_ROWS.format(limit=MAX_ROWS))
    return Table(columns, tuple(rows), tuple(notices)) if columns else None


def _unit_note(above: list[str]) -> str | None:
    """The unit that a remark above the header gives for all amounts of money (单位：元)."""
    found = [match[1] for text in above if (match := _UNIT_NOTE.search(folded_name(text)))]
    return found[-1] if found else None


def _columns(record: Mapping[int, Cell], names: _Names, money_unit: str | None) -> tuple[tuple[Column, ...], list[str]]:
    """The columns under a header row, and notices of those that are not known. Raises DuplicateColumn."""
    columns: dict[tuple[str, int | None], Column] = {}
    unknown: list[str] = []
    for place, cell in sorted(record.items()):
        header = "" if cell.broken else " ".join((cells.plain(cell) or "").split())
        column, _ = names.find(header, place)
        if column is None:
            unknown.append(cells.shown(header))
            continue
        key = (column.known.key, column.year)
        if key in columns:
            raise DuplicateColumn(wording.DUPLICATE_COLUMN.format(one=columns[key].header, other=header))
        if column.unit is None and column.known.units is cells.MONEY and money_unit is not None:
            column = Column(place, header, column.known, money_unit, column.year)
        columns[key] = column
    notices = [wording.UNKNOWN_COLUMNS.format(columns="、".join(unknown))] if unknown else []
    return tuple(columns.values()), notices


def _is_header_again(record: Mapping[int, Cell], columns: tuple[Column, ...]) -> bool:
    """Whether a row repeats the header, as printed tables do on every page."""
    return sum(record.get(column.place, EMPTY).value == column.header for column in columns) >= 2
