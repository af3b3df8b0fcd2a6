"""Tables of a reading as spans: caption and header, then rows, each with what it says together with its header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from knowledge.reading import Row, Table

_BLANKS = re.compile(r"\s+")
_UNIT_NAMED = re.compile(r"单\s*位")


@dataclass(frozen=True, slots=True)
class Block:
    """A table in the text: `head` is the span of caption and header (None when nothing visible stands above the first
    row), `rows` the spans of the rows with what each says. All of `[start, end)` that is visible is in one of them."""

    start: int
    end: int
    head: tuple[int, int] | None
    head_context: str
    rows: tuple[tuple[int, int, str], ...]


def blocks(text: str, tables: Sequence[Table]) -> Iterator[Block]:
    """The tables in order; one that stands inside another is part of that one's rows."""
    reached = 0
    for table in sorted(tables, key=lambda item: (item.start, -item.end)):
        start, end = max(0, table.start), min(len(text), table.end)
        if start >= reached and text[start:end].strip():
            yield _block(text, table, start, end)
            reached = end


def _block(text: str, table: Table, start: int, end: int) -> Block:
    rows = [row for row in sorted(table.rows, key=lambda row: row.start) if start <= row.start < row.end <= end]
    begins = [row.start for row in rows]
    spans = [_trimmed(text, begin, until) for begin, until in pairwise([*begins, end])]
    head = _trimmed(text, start, begins[0] if begins else end)
    return Block(
        start,
        end,
        head if head[1] > head[0] else None,
        table_context(table),
        tuple((*span, row_context(table, row)) for span, row in zip(spans, rows, strict=True) if span[1] > span[0]),
    )


def table_context(table: Table) -> str:
    """What a table is about: 奖励标准；单位：万元；行业、类别、金额."""
    header = "、".join(dict.fromkeys(filter(None, map(_one_line, table.header))))
    return "；".join([*_named(table), *([header] if header else [])])


def row_context(table: Table, row: Row) -> str:
    """What a row says together with its table: 奖励标准；单位：万元；行业：制造业；类别：省级首次认定；金额：50."""
    said = []
    for title, value in zip_longest(map(_one_line, table.header), map(_one_line, row.cells), fillvalue=""):
        if value:
            said.append(f"{title}：{value}" if title else value)
    return "；".join([*_named(table), *dict.fromkeys(said)])


def _named(table: Table) -> list[str]:
    """Caption and unit, as far as the table has them."""
    caption, unit = _one_line(table.caption), _BLANKS.sub("", table.unit).strip("（()）")
    if unit and not _UNIT_NAMED.match(unit):
        unit = f"单位：{unit}"
    return [said for said in (caption, unit if unit not in caption else "") if said]


def _one_line(text: str) -> str:
    return " / ".join(_BLANKS.sub(" ", line).strip() for line in text.splitlines() if line.strip())


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    begin = start + len(piece) - len(piece.lstrip())
    return begin, max(begin, end - len(piece) + len(piece.rstrip()))
