"""What a cell of a bureau's table says: numbers with their unit, days, yes and no, lists, codes. Never guessed.

A cell that is empty is unknown (None). One that cannot be read raises a `BadCell`, whose code and message go into the
report of its row; the message shows a short piece of the cell only where that cannot be personal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, tzinfo
from decimal import Context, Decimal
from typing import NamedTuple

from core.errors import BadInput
from core.log import mask
from core.text import clean, fold
from firms import import_wording as wording

Units = Mapping[str, Decimal]
"""Units that may stand behind a number, and how much of the base unit one of each is."""

MONEY: Units = {
    "元": Decimal("0.0001"),
    "千元": Decimal("0.1"),
    "万元": Decimal(1),
    "万": Decimal(1),
    "百万元": Decimal(100),
    "百万": Decimal(100),
    "千万元": Decimal(1000),
    "千万": Decimal(1000),
    "亿元": Decimal(10_000),
    "亿": Decimal(10_000),
}
"""Base unit 万元."""
PERCENT: Units = {"%": Decimal(1), "‰": Decimal("0.1")}
MONTHS: Units = {"月": Decimal(1), "个月": Decimal(1), "年": Decimal(12)}
DAYS: Units = {"天": Decimal(1), "日": Decimal(1), "工作日": Decimal(1), "个工作日": Decimal(1)}
YEARS: Units = {"年": Decimal(1)}
COUNT: Units = {
    **dict.fromkeys(("人", "名", "项", "件", "个", "家", "台", "套", "级"), Decimal(1)),
    "万": Decimal(10_000),
    "万人": Decimal(10_000),
}

MAX_TEXT = 5000
"""The longest text in a cell, in characters."""

_SHOWN = 30
_NUMBER = re.compile(r"(?P<number>-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?)(?P<unit>\D*)")
_LONGEST_NUMBER = 40
_EXACT = Context(prec=1000)
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?e\+?[0-9]{1,3}", re.IGNORECASE)
_EXACT_DIGITS = 15  # a spreadsheet's number holds no more
_DAY = re.compile(
    r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})|\.([0-9]{1,2})\.([0-9]{1,2})"
    r"|年([0-9]{1,2})月([0-9]{1,2})日)"
)
_MONTH = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})|/([0-9]{1,2})|\.([0-9]{1,2})|年([0-9]{1,2})月)")
_YEAR = re.compile(r"((?:19|20)[0-9]{2})年?")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_LIST = re.compile(r"[、，,;；|｜\n]")
_TRUE = frozenset({"是", "有", "y", "yes", "true", "√", "对"})
_FALSE = frozenset({"否", "无", "没有", "n", "no", "false", "×", "不是"})
_BLANKS = re.compile(r"\s+(?![0-9])|(?<![0-9])\s+")  # those between two digits stay, and make them unreadable
_MIDNIGHT = re.compile(r"\s+0?0:00(?::00)?")
# A number format that shows another figure than the one that is stored: divided by thousands through a comma behind the
# places, or with a point that is only painted.
_SCALING = re.compile(r',(?=[^#0?]|$)|[\\!]\.|"\."')
_IN_BRACKETS = re.compile(r"\[[^\]]*\]")


class Cell(NamedTuple):
    """A cell: text, a spreadsheet's number or date, or nothing. `broken`: an error value such as #REF!."""

    value: str | Decimal | bool | date | datetime | None = None
    format: str = ""
    broken: bool = False

    @property
    def empty(self) -> bool:
        return self.value is None


EMPTY = Cell()


class BadCell(BadInput):
    """The cell cannot be read."""

    code = "bad_cell"


class BrokenCell(BadCell):
    """The cell holds a spreadsheet's error value."""

    code = "broken_cell"
    default = wording.BROKEN_CELL


class MissingCell(BadCell):
    """A cell that has to be filled in is empty."""

    code = "required"
    default = wording.REQUIRED


class BadNumber(BadCell):
    """The cell is no number, or its unit does not fit the column."""

    code = "bad_number"


class BadDate(BadCell):
    """The cell is no date."""

    code = "bad_date"


class BadYesNo(BadCell):
    """The cell is neither yes nor no."""

    code = "bad_yes_no"


class TooLong(BadCell):
    """The text in the cell is too long."""

    code = "too_long"


class DamagedCode(BadCell):
    """A code that a spreadsheet turned into a number in scientific notation: digits are lost."""

    code = "scientific_notation"
    default = wording.DAMAGED_CODE


def shown(value: object) -> str:
    """A short piece of a cell for an error message, with numbers of telephones and identity cards blotted out."""
    text = mask(" ".join(clean(str(value)).split()))
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def plain(cell: Cell) -> str | None:
    """The cell as text: a number in full, a date as 2026-11-24, outer white space gone. Raises BrokenCell."""
    if cell.broken:
        raise BrokenCell()
    match cell.value:
        case None:
            return None
        case bool():
            return wording.YES if cell.value else wording.NO
        case Decimal():
            return _in_full(cell.value)
        case datetime():
            stored = cell.value
            return stored.date().isoformat() if stored.time() == time.min else stored.isoformat(" ", "minutes")
        case date():
            return cell.value.isoformat()
    return clean(cell.value).strip() or None


def _in_full(number: Decimal) -> str:
    """The number in decimals, without zeros at the end of its fraction."""
    written = f"{number:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def text(cell: Cell, limit: int = MAX_TEXT) -> str | None:
    """Free text of at most `limit` characters. Raises BrokenCell, TooLong."""
    found = plain(cell)
    if found is not None and len(found) > limit:
        raise TooLong(wording.TOO_LONG.format(limit=limit))
    return found


def _narrow(cell: Cell) -> str | None:
    """The cell's text in one width and without blanks, for reading."""
    found = plain(cell)
    if found is None:
        return None
    return _BLANKS.sub("", unicodedata.normalize("NFKC", found).replace("−", "-")) or None


def number(cell: Cell, units: Units, unit: str | None = None) -> Decimal | None:
    """A number in the base unit of `units`, exactly; `unit` is the column's (None: the base unit).

    A unit in the cell comes before the column's. A spreadsheet's percent format counts: 0.48 shown as 48% is 48.
    Raises BadNumber for anything that is not surely a number of this kind.
    """
    if isinstance(cell.value, Decimal) and not cell.broken:
        return _stored_number(cell, cell.value, units, unit)
    found = _narrow(cell)
    if found is None:
        return None
    match = _NUMBER.fullmatch(found)
    own = match["unit"] if match else ""
    if (
        match is None
        or not any(digit.isdigit() for digit in match["number"])
        or len(found) > _LONGEST_NUMBER
        or (own and own not in units)
        or isinstance(cell.value, bool | date)
    ):
        raise BadNumber(wording.BAD_NUMBER.format(value=shown(found)))
    return _in_base_unit(Decimal(match["number"].replace(",", "")), units, own or unit)


def _in_base_unit(number: Decimal, units: Units, unit: str | None) -> Decimal:
    return number if unit is None else _EXACT.multiply(number, units[unit])


def _stored_number(cell: Cell, value: Decimal, units: Units, unit: str | None) -> Decimal:
    if "%" in cell.format:
        if units is not PERCENT:
            raise BadNumber(wording.PERCENT_FORMAT.format(value=shown(value)))
        return value.scaleb(2, _EXACT)
    if _shows_another_figure(cell.format, units, unit):
        raise BadNumber(wording.SCALED_FORMAT.format(value=shown(value)))
    return _in_base_unit(value, units, unit)


def _shows_another_figure(number_format: str, units: Units, unit: str | None) -> bool:
    """Whether a spreadsheet's format scales the number, or paints a larger unit behind it than the column has."""
    if _SCALING.search(_IN_BRACKETS.sub("", number_format)):
        return True
    painted = next((word for word in wording.LARGE_UNITS if word in number_format), None)
    return painted is not None and (units is not MONEY or not (unit or wording.MONEY_UNIT).startswith(painted))


def looks_like_share(cell: Cell) -> bool:
    """Whether a percent cell may be a share of one instead (0.48 for 48%): at most 1, and written without a %."""
    if "%" in cell.format or cell.broken:
        return False
    found = _narrow(cell)
    match = _NUMBER.fullmatch(found) if found else None
    if match is None or match["unit"] or not any(digit.isdigit() for digit in match["number"]):
        return False
    return 0 < Decimal(match["number"].replace(",", "")) <= 1


def day(cell: Cell) -> date | None:
    """A date: 2026-11-30, 2026/11/30, 2026.11.30, 2026年11月30日, or a spreadsheet's date. Raises BadDate."""
    if isinstance(cell.value, datetime):
        return cell.value.date()
    if isinstance(cell.value, date):
        return cell.value
    found = _narrow(cell)
    if found is None:
        return None
    return _date_of(_DAY.fullmatch(_MIDNIGHT.sub("", found)), found)


def _date_of(match: re.Match[str] | None, found: str) -> date:
    if match is None:
        raise BadDate(wording.BAD_DATE.format(value=shown(found)))
    year, month, of_month = (int(part) for part in match.groups() if part is not None)
    try:
        return date(year, month, of_month)
    except ValueError as error:
        raise BadDate(wording.BAD_DATE.format(value=shown(found))) from error


def rough_day(cell: Cell) -> date | str | None:
    """As `day`, or 2019-03, 2019年3月, 2019 where only that is known: then `2019-03` or `2019`. Raises BadDate."""
    found = None if isinstance(cell.value, date) else _narrow(cell)
    if found is not None and (year := _YEAR.fullmatch(found)):
        return year[1]
    if found is not None and (month := _MONTH.fullmatch(found)):
        first, number = (int(part) for part in month.groups() if part is not None)
        if not 1 <= number <= 12:
            raise BadDate(wording.BAD_DATE.format(value=shown(found)))
        return f"{first:04d}-{number:02d}"
    return day(cell)


def moment(cell: Cell, zone: tzinfo) -> datetime | date | None:
    """2026-12-05 14:30 in `zone`, as an aware date-time; a date where no time is given. Raises BadDate."""
    if isinstance(cell.value, datetime):
        stored = cell.value
        return stored.date() if stored.time() == time.min else stored.replace(tzinfo=zone)
    found = plain(cell)
    if found is None or isinstance(cell.value, date):
        return day(cell)
    narrow = unicodedata.normalize("NFKC", found).replace("T", " ")
    when, _, clock = narrow.rpartition("日") if "日" in narrow else narrow.rpartition(" ")
    match = _TIME.fullmatch(clock.strip())
    if match is None:
        return day(cell)
    on = day(Cell(when + "日" if "日" in narrow else when))
    try:
        at = time(int(match[1]), int(match[2]), int(match[3] or 0))
    except ValueError as error:
        raise BadDate(wording.BAD_DATE.format(value=shown(found))) from error
    if on is None:
        raise BadDate(wording.BAD_DATE.format(value=shown(found)))
    return datetime.combine(on, at, zone)


def yes_no(cell: Cell) -> bool | None:
    """是/否, 有/无, Y/N, or a spreadsheet's truth value. Raises BadYesNo."""
    found = None if isinstance(cell.value, bool) else plain(cell)
    if found is None:
        return cell.value if isinstance(cell.value, bool) else None
    folded = fold(found)
    if folded in _TRUE or folded in _FALSE:
        return folded in _TRUE
    raise BadYesNo(wording.BAD_YES_NO.format(value=shown(found)))


def several(cell: Cell, limit: int = MAX_TEXT) -> tuple[str, ...] | None:
    """Several values, split at 、，,;；| and line ends, each once. Raises BrokenCell, TooLong."""
    found = text(cell, limit)
    if found is None:
        return None
    parts = (part.strip() for part in _LIST.split(found))
    return tuple(dict.fromkeys(part for part in parts if part)) or None


def code(cell: Cell) -> str | None:
    """A code or number that is a name (credit code, id, telephone, chat): its characters as they stand.

    Raises DamagedCode where a spreadsheet rounded it.
    """
    value = cell.value
    if isinstance(value, Decimal) and not cell.broken:
        if value != value.to_integral_value() or value.adjusted() >= _EXACT_DIGITS:
            raise DamagedCode()
        return f"{value:f}".partition(".")[0]
    found = plain(cell)
    if found is not None and len(found) < 18 and _SCIENTIFIC.fullmatch(unicodedata.normalize("NFKC", found)):
        raise DamagedCode()
    return found
