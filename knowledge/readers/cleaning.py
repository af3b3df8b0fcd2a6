"""What every reading goes through before it is given out: no control characters, offsets kept right."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from core.text import clean
from knowledge.readers import wording
from knowledge.reading import Reading, Row, Table, Warned


def cleaned(reading: Reading) -> Reading:
    """The reading without characters that cannot be stored or sent (`core.text.clean`), its offsets moved with them."""
    text = clean(reading.text)
    if text == reading.text:
        return reading
    gone = [place for place, char in enumerate(reading.text) if char in _unwanted()]

    def moved(offset: int) -> int:
        return offset - bisect_left(gone, offset)

    return replace(
        reading,
        text=text,
        pages=tuple(map(moved, reading.pages)),
        tables=tuple(_moved_table(table, moved) for table in reading.tables),
    )


def warned(reading: Reading, code: str, **details: str) -> Reading:
    """The reading with one more warning, unless it has one of this code."""
    if any(warning.code == code for warning in reading.warnings):
        return reading
    warning = Warned(code, wording.WARNINGS[code].format(**details))
    return replace(reading, warnings=(*reading.warnings, warning))


def _moved_table(table: Table, moved: Callable[[int], int]) -> Table:
    rows = tuple(Row(moved(row.start), moved(row.end), tuple(clean(cell) for cell in row.cells)) for row in table.rows)
    return replace(table, start=moved(table.start), end=moved(table.end), rows=rows)


@cache
def _unwanted() -> frozenset[str]:
    return frozenset(char for code in range(0x10000) if not clean(char := chr(code)))
