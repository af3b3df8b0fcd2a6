"""The sheets of an XLSX file, read as a stream: in bounded memory, stored values and formulas in one pass.

openpyxl's readers keep either the formula or the stored value, hold every cell's style, and build the tree of a whole
row; the parts of the file are therefore read here, with openpyxl's tables of number formats and its date arithmetic.
Namespaces are not compared, so files in the strict variant are read too. Document type declarations are refused.
"""

from __future__ import annotations

import re
import zipfile
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from posixpath import dirname, join, normpath
from typing import Any
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format  # type: ignore[import-untyped]
from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries  # type: ignore[import-untyped]
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel  # type: ignore[import-untyped]

from core import archive as archive_guards
from core.archive import EncryptedFile, Limits, TooManyMembers, ZipBomb
from core.errors import BadInput
from firms import import_wording as wording
from firms.cells import EMPTY, Cell

LIMITS = Limits(unpacked=160 * 2**20)
MAX_CELLS = 2_000_000
_CHUNK = 2**16
_MAX_COLUMN = 16_384
_MAX_ROW = 1_048_576
_MAX_MERGED = 200_000
_MAX_FILLED = 4_000_000
# Formats that Excel knows by number only; these are dates where the file is Chinese, the second ones without a day.
_CHINESE_DATES = frozenset({*range(27, 32), 36, *range(50, 59)})
_CHINESE_MONTHS = frozenset({27, 36, 50, 52, 57})
_ON = ("1", "true")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class DamagedTable(BadInput):
    """The file is damaged, or made to do damage."""

    code = "damaged_table"
    default = wording.DAMAGED_TABLE


class EncryptedTable(BadInput):
    """The file asks for a password."""

    code = "encrypted_table"
    default = wording.ENCRYPTED_TABLE


class TableTooLarge(BadInput):
    """The table has more rows, columns or bytes than are read."""

    code = "table_too_large"


@dataclass
class Sheet:
    """Cells by row (from 1) and place (from 0), without empty ones; `unsaved`: formulas without a stored value.

    `merged` are ranges such as A1:C2; `hidden_rows` and `hidden_columns` are counted as the cells are.
    """

    rows: dict[int, dict[int, Cell]] = field(default_factory=dict)
    unsaved: list[str] = field(default_factory=list)
    name: str = ""
    hidden: bool = False
    merged: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)


def read(data: bytes, *, max_rows: int, max_columns: int) -> Sheet:
    """The first sheet; a merged cell counts in all its rows. Raises DamagedTable, EncryptedTable, TableTooLarge."""
    with _opened(data) as book:
        sheet = next(book.sheets(max_rows, max_columns))
        _fill_merged(sheet, sheet.merged)
        return sheet


def read_all(data: bytes, *, max_rows: int, max_columns: int) -> list[Sheet]:
    """All sheets in their order, hidden ones too, each within these limits; a merged cell stands where it begins.

    Raises DamagedTable, EncryptedTable, TableTooLarge.
    """
    with _opened(data) as book:
        return list(book.sheets(max_rows, max_columns))


@contextmanager
def _opened(data: bytes) -> Iterator[_Book]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            check(archive)
            yield _Book(archive)
    except BadInput:
        raise
    except Exception as error:  # there is no end to what a damaged or hostile file brings about
        raise DamagedTable() from error


def check(archive: zipfile.ZipFile) -> None:
    """Refuse what would unpack to too much, before anything is unpacked. Raises DamagedTable, EncryptedTable.

    zipfile never unpacks more of a member than it declares, so what is declared is the bound.
    """
    try:
        archive_guards.check(archive, LIMITS)
    except EncryptedFile as error:
        raise EncryptedTable() from error
    except (ZipBomb, TooManyMembers) as error:
        raise DamagedTable(wording.ZIP_BOMB) from error


class _Parser:
    """Feeds a part of the file to expat; the subclass gets local names."""

    def __init__(self) -> None:
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartDoctypeDeclHandler = self._refuse
        self._expat.StartElementHandler = lambda name, given: self.start(name.rpartition(":")[2], _local(given))
        self._expat.EndElementHandler = lambda name: self.end(name.rpartition(":")[2])
        self._expat.CharacterDataHandler = self.characters

    def parse(self, archive: zipfile.ZipFile, part: str) -> None:
        with archive.open(part) as source:
            while chunk := source.read(_CHUNK):
                self._expat.Parse(chunk, False)
            self._expat.Parse(b"", True)

    def _refuse(self, *_: object) -> None:
        raise DamagedTable()

    def start(self, name: str, given: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def characters(self, data: str) -> None:
        """Text inside an element."""


def _local(given: dict[str, str]) -> dict[str, str]:
    """Attributes by local name; one with a prefix (r:id) comes after the plain one of that name."""
    if not any(":" in name for name in given):
        return given
    return {**{name.rpartition(":")[2]: value for name, value in given.items()}, **given}


class _Elements(_Parser):
    """Collects the attributes of some elements."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        self._names = names
        self.found: list[tuple[str, dict[str, str]]] = []

    def start(self, name: str, given: dict[str, str]) -> None:
        if name in self._names:
            self.found.append((name, given))


class _Strings(_Parser):
    """The table of shared strings; the reading aids of Japanese files (rPh) are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[str] = []
        self._parts: list[str] = []
        self._in_text = self._in_aid = False

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "si":
            self._parts = []
        elif name == "rPh":
            self._in_aid = True
        elif name == "t":
            self._in_text = not self._in_aid

    def end(self, name: str) -> None:
        if name == "si":
            self.strings.append(_unescaped("".join(self._parts)))
        elif name == "rPh":
            self._in_aid = False
        elif name == "t":
            self._in_text = False

    def characters(self, data: str) -> None:
        if self._in_text:
            self._parts.append(data)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class _Styles(_Parser):
    """The number format of each cell style: as text, and whether it is a date."""

    def __init__(self) -> None:
        super().__init__()
        self._own: dict[int, str] = {}
        self._ids: list[int] = []
        self._in_cells = False

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "numFmt":
            self._own[int(given["numFmtId"])] = given.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            self._ids.append(int(given.get("numFmtId", 0)))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cells = False

    def formats(self) -> list[tuple[str, bool]]:
        return [self._format(number) for number in self._ids] or [("General", False)]

    def _format(self, number: int) -> tuple[str, bool]:
        if number not in self._own and number in _CHINESE_DATES:
            return "yyyy-mm" if number in _CHINESE_MONTHS else "yyyy-mm-dd", True
        code = self._own.get(number) or BUILTIN_FORMATS.get(number) or "General"
        return code, bool(is_date_format(code))


class _Cells(_Parser):
    """The cells of a sheet, given one by one to `take(row, place, type, style, text, formula, stored)`."""

    def __init__(self, take: Callable[[int, int, str, int, str, bool, bool], None]) -> None:
        super().__init__()
        self._take = take
        self.merged: list[str] = []
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self._row = self._column = 0
        self._type, self._style = "n", 0
        self._text: list[str] = []
        self._formula = self._stored = self._reading = self._in_aid = False

    def start(self, name: str, given: dict[str, str]) -> None:
        match name:
            case "row":
                self._row, self._column = int(given.get("r", self._row + 1)), 0
                if given.get("hidden") in _ON and self._row <= _MAX_ROW:
                    self.hidden_rows.add(self._row)
            case "col" if given.get("hidden") in _ON:
                last = min(int(given["max"]), _MAX_COLUMN)
                self.hidden_columns.update(range(int(given["min"]) - 1, last))
            case "c":
                self._begin(given)
            case "f":
                self._formula = True
            case "v":
                self._reading = self._stored = True
            case "t":
                self._reading = self._stored = not self._in_aid
            case "rPh":
                self._in_aid = True
            case "mergeCell":
                self.merged.append(given["ref"])
                if len(self.merged) > _MAX_MERGED:
                    raise DamagedTable()

    def _begin(self, given: dict[str, str]) -> None:
        if "r" in given:
            self._row, self._column = coordinate_to_tuple(given["r"])
        else:
            self._column += 1
        if not (self._row >= 1 and 1 <= self._column <= _MAX_COLUMN):
            raise DamagedTable()
        self._type, self._style = given.get("t", "n"), int(given.get("s", 0))
        self._text.clear()
        self._formula = self._stored = False

    def end(self, name: str) -> None:
        match name:
            case "v" | "t":
                self._reading = False
            case "rPh":
                self._in_aid = False
            case "c":
                text = "".join(self._text)
                if text or self._formula:
                    self._take(self._row, self._column - 1, self._type, self._style, text, self._formula, self._stored)

    def characters(self, data: str) -> None:
        if self._reading:
            self._text.append(data)


class _Book:
    """The parts of a workbook that are needed."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        package = self._relations("")
        book = next((target for kind, target in package.values() if kind.endswith("/officeDocument")), "")
        if not book:
            raise DamagedTable()
        self._parts = self._relations(book)
        elements = self._elements(book, "sheet", "workbookPr")
        named = [given for name, given in elements if name == "sheet"]
        self._sheets = [given for given in named if self._target(given).endswith("/worksheet")]
        if not self._sheets:
            raise DamagedTable(wording.NO_SHEET)
        properties = next((given for name, given in elements if name == "workbookPr"), {})
        self._epoch = MAC_EPOCH if properties.get("date1904") in _ON else WINDOWS_EPOCH
        self._strings: list[str] = []
        self._formats: list[tuple[str, bool]] = [("General", False)]

    def _elements(self, part: str, *names: str) -> list[tuple[str, dict[str, str]]]:
        parser = _Elements(frozenset(names))
        parser.parse(self._archive, part)
        return parser.found

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: type and path by id."""
        folder, name = dirname(part), part.rpartition("/")[2]
        elements = self._elements(join(folder, "_rels", f"{name}.rels"), "Relationship")
        return {
            given["Id"]: (given["Type"], normpath(join("/" + folder, given["Target"])).lstrip("/"))
            for _, given in elements
            if given.get("TargetMode") != "External"
        }

    def _part(self, kind: str) -> str | None:
        target = next((target for found, target in self._parts.values() if found.endswith(kind)), None)
        return target if target in self._archive.namelist() else None

    def _target(self, given: dict[str, str]) -> str:
        return self._parts.get(given["id"], ("", ""))[0]

    def sheets(self, max_rows: int, max_columns: int) -> Iterator[Sheet]:
        """The sheets one after another, none read before it is asked for."""
        if part := self._part("/sharedStrings"):
            strings = _Strings()
            strings.parse(self._archive, part)
            self._strings = strings.strings
        if part := self._part("/styles"):
            styles = _Styles()
            styles.parse(self._archive, part)
            self._formats = styles.formats()
        for given in self._sheets:
            yield self._sheet(given, max_rows, max_columns)

    def _sheet(self, given: dict[str, str], max_rows: int, max_columns: int) -> Sheet:
        sheet = Sheet(name=given.get("name", ""), hidden=given.get("state", "visible") != "visible")
        cells = 0

        def take(row: int, place: int, kind: str, style: int, text: str, formula: bool, stored: bool) -> None:
            nonlocal cells
            cell = self._cell(kind, style, text)
            if formula and (not stored or (not text and kind == "n")):
                sheet.unsaved.append(f"{_letters(place)}{row}")
                return
            if cell.empty:
                return
            cells += 1
            if place >= max_columns:
                raise TableTooLarge(wording.TOO_MANY_COLUMNS.format(limit=max_columns))
            sheet.rows.setdefault(row, {})[place] = cell
            if len(sheet.rows) > max_rows or cells > MAX_CELLS:
                raise TableTooLarge(wording.TOO_MANY_ROWS.format(limit=max_rows))

        parser = _Cells(take)
        parser.parse(self._archive, self._parts[given["id"]][1])
        sheet.merged = parser.merged
        sheet.hidden_rows, sheet.hidden_columns = parser.hidden_rows, parser.hidden_columns
        return sheet

    def _cell(self, kind: str, style: int, text: str) -> Cell:
        match kind:
            case "s":
                text = self._strings[int(text)] if text else ""
            case "b":
                return Cell(text == "1") if text else EMPTY
            case "e":
                return Cell(text, broken=True)
            case "d":
                return Cell(datetime.fromisoformat(text.removesuffix("Z")))
            case "n":
                return self._number(style, text) if text else EMPTY
            case "inlineStr" | "str":
                text = _unescaped(text)
        return Cell(text) if text.strip() else EMPTY

    def _number(self, style: int, text: str) -> Cell:
        """A number counts as the shortest decimal that stands for it: 1.1000000000000001 in the file is 1.1."""
        code, is_date = self._formats[style] if style < len(self._formats) else ("General", False)
        written = text.strip()
        number = Decimal(written) if written.lstrip("-").isdigit() else Decimal(repr(float(written)))
        if not number.is_finite():
            return Cell(text, broken=True)
        if is_date:
            return _date_cell(number, self._epoch, code)
        return Cell(number, code)


def _date_cell(serial: Decimal, epoch: Any, code: str) -> Cell:
    try:
        moment = from_excel(float(serial), epoch)
    except (OverflowError, ValueError):
        return Cell(str(serial), broken=True)
    return Cell(moment, code) if isinstance(moment, date) else Cell(str(moment))


def _letters(place: int) -> str:
    """The letters of a column: 0 is A, 26 is AA."""
    letters, number = "", place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _fill_merged(sheet: Sheet, merged: list[str]) -> None:
    """A merged cell's value counts for every row it covers, in the column it stands in."""
    numbers = sorted(sheet.rows)
    filled = 0
    for reference in merged:
        column, top, _, bottom = range_boundaries(reference)
        cell = sheet.rows.get(top, {}).get(column - 1)
        if cell is None:
            continue
        covered = numbers[bisect_right(numbers, top) : bisect_right(numbers, bottom)]
        filled += len(covered)
        if filled > _MAX_FILLED:
            raise DamagedTable()
        for row in covered:
            sheet.rows[row].setdefault(column - 1, cell)
