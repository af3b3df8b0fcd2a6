"""The cells of a sheet as lines and tables: what stands alone, what is a title, where one table ends."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product

from core.text import fold
from knowledge.readers import office_wording as wording
from knowledge.readers.blocks import Block, Grid, Line
from knowledge.readers.tables import Cell, TableTooLarge

MAX_ROWS = 50_000
MAX_COLUMNS = 300

_MAX_COVERED = 4_000_000
_UNNAMED = re.compile(r"(?:sheet|工作表|表|table)[ _-]*[0-9一二三四五六七八九十]*", re.IGNORECASE)
_REMARK = re.compile(r"[（(【]?(?:注|备注|说明|附注|填表说明|填报说明|数据来源|来源)[0-9]*[）)】]?[:：]")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]{1,3}")
_MARKS = re.compile(r"[\s*＊:：()（）【】\[\].、]|[0-9]+$")
_QUESTIONS, _ANSWERS = frozenset(wording.QUESTION_NAMES), frozenset(wording.ANSWER_NAMES)

Texts = dict[int, dict[int, str]]
"""The texts of a sheet by row (from 1) and column (from 0), without empty ones."""


@dataclass(frozen=True)
class Area:
    """A merged cell: the rows and columns that it covers, first and last."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass
class Noticed:
    """What a person should know of the cells: names of the ones in question."""

    hidden: list[str] = field(default_factory=list)
    unsaved: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    scientific: list[str] = field(default_factory=list)


def sheet_blocks(texts: Texts, areas: Sequence[Area] = (), name: str = "") -> list[Block]:
    """The lines and tables of a sheet below its name, where that says something that its first line does not say.

    Raises TableTooLarge.
    """
    blocks: list[Block] = [*_parted(texts, areas)]
    if blocks and not _UNNAMED.fullmatch(name.strip() or "1") and name.strip() not in _first_line(blocks[0]):
        blocks.insert(0, Line(name.strip(), caption=True))
    pairs = pairwise([*blocks, Line("")])
    return [_titled(block, following) if isinstance(block, Line) else block for block, following in pairs]


def names_questions(titles: Sequence[str]) -> bool:
    """Whether the titles of a table's columns are those of questions and answers."""
    found = {_MARKS.sub("", fold(title)) for title in titles}
    return bool(found & _QUESTIONS) and bool(found & _ANSWERS)


def is_scientific(text: str) -> bool:
    """Whether a text is a number that a spreadsheet rounded (9.1E+17)."""
    return bool(_SCIENTIFIC.fullmatch(text))


def _titled(line: Line, following: Block) -> Line:
    """A line alone above a table is its caption, unless the table begins with a title of its own."""
    is_caption = line.caption and isinstance(following, Grid) and len(following.rows[0]) > 1
    return replace(line, caption=is_caption)


def _first_line(block: Block) -> str:
    return block.text if isinstance(block, Line) else "".join(cell.text for cell in block.rows[0])


def _parted(texts: Texts, areas: Sequence[Area]) -> Iterator[Block]:
    """Lines and tables in a sheet: blank rows part them, unless a merged cell reaches over."""
    begins = {(area.top, area.left): area for area in areas}
    part: Texts = {}
    reach = 0
    for row, line in texts.items():
        if part and row > reach + 1:
            yield from _block(part, begins)
            part = {}
        part[row] = line
        merged = (begins[row, column].bottom for column in line if (row, column) in begins)
        reach = max(row, reach, *merged, 0)
    yield from _block(part, begins)


def _block(part: Texts, begins: Mapping[tuple[int, int], Area]) -> Iterator[Block]:
    columns = sorted({column for line in part.values() for column in line})
    if len(columns) < 2:
        yield from (Line(text, caption=len(part) == 1) for line in part.values() for text in line.values())
        return
    rows = list(part)
    below = []
    while len(rows) > 1 and len(part[rows[-1]]) == 1 and _REMARK.match(next(iter(part[rows[-1]].values()))):
        below.append(rows.pop())
    sizes = _merged_sizes(rows, columns, begins)
    grid = [_row(row, part[row], columns, sizes) for row in rows]
    titles = next((line for row in rows if len(line := part[row]) > 1), {})
    header_rows = 1 if names_questions([*titles.values()]) else None
    yield Grid(tuple(_headings_spread(grid, len(columns))), header_rows=header_rows)
    yield from (Line(text) for row in reversed(below) for text in part[row].values())


_Sizes = dict[tuple[int, int], tuple[int, int] | None]
"""Rows and columns of a merged cell by the square in which it begins; None for the squares that it covers."""


def _merged_sizes(rows: Sequence[int], columns: Sequence[int], begins: Mapping[tuple[int, int], Area]) -> _Sizes:
    """The merged cells among these rows and columns. Raises TableTooLarge."""
    sizes: _Sizes = {}
    count = 0
    for (top, left), area in begins.items():
        high = rows[bisect_left(rows, top) : bisect_right(rows, area.bottom)]
        wide = columns[bisect_left(columns, left) : bisect_right(columns, area.right)]
        count += len(high) * len(wide)
        if count > _MAX_COVERED:
            raise TableTooLarge()
        sizes.update(dict.fromkeys(product(high, wide)))
        if high and wide:
            sizes[high[0], wide[0]] = len(high), len(wide)
    return sizes


def _row(row: int, line: Mapping[int, str], columns: Sequence[int], sizes: _Sizes) -> tuple[Cell, ...]:
    """The cells that begin in a row; squares that a merged cell covers are not listed."""
    begun = ((column, sizes.get((row, column), (1, 1))) for column in columns)
    return tuple(Cell(line.get(column, ""), *size) for column, size in begun if size is not None)


def _headings_spread(grid: Sequence[tuple[Cell, ...]], width: int) -> Iterator[tuple[Cell, ...]]:
    """The rows, with those of one text above the first real row spread over all columns: titles that nobody merged."""
    above = True
    for row in grid:
        texts = [cell.text for cell in row if cell.text]
        above = above and len(texts) == 1
        yield (Cell(texts[0], colspan=width),) if above else row
