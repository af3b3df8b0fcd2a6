"""Numbers and dates of spreadsheets as they are shown: by the cell's number format, never in scientific notation.

Read are the parts of a format that change what a figure says (ECMA-376 part 1, 18.8.31): places, thousands, percent,
scaling, words and currency beside it. A format with anything else (fractions, conditions) shows the plain number.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from firms import cells
from firms.cells import Cell

_PART = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|(?P<aside>\[[^\]]*\]|_.|\*.)'
    r"|(?P<digits>[0#?][0#?,]*(?:\.[0#?]*)?|\.[0#?]+)(?P<scale>,*)|(?P<percent>%)"
    r"|(?P<plain>[-+()（）:：¥￥$€ 元万亿人个家])"
)
_WORDS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


def shown(cell: Cell) -> str:
    """What a cell shows: a number or date by its format, text as it is; empty for an empty cell. Raises BrokenCell."""
    if isinstance(cell.value, Decimal) and not cell.broken:
        return _number(cell.value, cell.format) or cells.plain(cell) or ""
    if isinstance(cell.value, date) and not cell.broken:
        return _day(cell.value, cell.format) or cells.plain(cell) or ""
    return cells.plain(cell) or ""


def _day(value: date, code: str) -> str | None:
    """A year or a month where the format shows no more; None where it shows a day or a time."""
    letters = _WORDS.sub("", code).lower()
    if not letters or "d" in letters or "h" in letters or "y" not in letters:
        return None
    if isinstance(value, datetime) and (value.hour or value.minute):
        return None
    return f"{value.year:04d}-{value.month:02d}" if "m" in letters else f"{value.year:04d}"


def _number(value: Decimal, code: str) -> str | None:
    """A number by its format, None where the format is not understood."""
    if code in ("", "General", "@"):
        return None
    sections = code.split(";")
    place = 1 if value < 0 and len(sections) > 1 else 2 if value == 0 and len(sections) > 2 else 0
    own_sign = place == 1
    return _section(abs(value), sections[place], "" if own_sign or value >= 0 else "-")


def _section(value: Decimal, section: str, sign: str) -> str | None:
    parts: list[re.Match[str]] = []
    position = 0
    while position < len(section):
        found = _PART.match(section, position)
        if found is None:
            return None
        parts.append(found)
        position = found.end()
    figures = [found for found in parts if found["digits"]]
    if len(figures) > 1:
        return None
    percent = any(found["percent"] for found in parts)
    written = "".join(_written(found, value.scaleb(2) if percent else value) for found in parts)
    return (sign if figures else "") + written.strip()


def _written(found: re.Match[str], value: Decimal) -> str:
    if found["digits"]:
        return _figure(value.scaleb(-3 * len(found["scale"] or "")), found["digits"])
    if found["aside"]:
        return ""
    return next(
        found[name] for name in ("quoted", "escaped", "currency", "percent", "plain") if found[name] is not None
    )


def _figure(value: Decimal, places: str) -> str:
    """A number with the digits that a pattern such as #,##0.0# asks for."""
    whole, _, fraction = places.partition(".")
    rounded = value.quantize(Decimal(1).scaleb(-len(fraction)), ROUND_HALF_UP)
    text = f"{rounded:{',' if ',' in whole else ''}f}"
    before, _, after = text.partition(".")
    least = sum(char == "0" for char in fraction)
    while len(after) > least and after.endswith("0"):
        after = after[:-1]
    return before.zfill(sum(char == "0" for char in whole)) + (f".{after}" if after else "")
