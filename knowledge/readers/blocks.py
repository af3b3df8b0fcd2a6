"""Documents as lines and tables, as found in Word files and spreadsheets, and how they are written out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.readers.tables import Cell, GrowingText, Rows, is_unit
from knowledge.readers.tables import written as lines_and_tables

_ENDS_CAPTION = re.compile(r"[表单录][ \u3000]*(?:[（(][^（）()]*[）)])?$")
_SENTENCE = re.compile(r"[。；！？;!?\n]")
_LONGEST_CAPTION = 60


@dataclass(frozen=True)
class Line:
    """A paragraph as a line (with line ends where it has them, without one at its end).

    `seen` counts the visible characters of it that stand in the file, so not those of its label. `title`, `caption`,
    `note`: the file says that it is the document's title, a table's title, a note that belongs to the line above.
    """

    text: str
    seen: int = 0
    title: bool = False
    caption: bool = False
    note: bool = False


@dataclass(frozen=True)
class Grid:
    """A table: for each row the cells that begin in it, as `GrowingText.table` takes them; `seen` as for a line."""

    rows: tuple[tuple[Cell, ...], ...]
    seen: int = 0
    header_rows: int | None = None


Block = Line | Grid


def flattened(blocks: Sequence[Block]) -> list[str]:
    """The lines of some blocks; a row of a table is a line, its cells apart by a blank."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Line):
            lines += block.text.split("\n")
        else:
            lines += [" ".join(" ".join(cell.text.split()) for cell in row).strip() for row in block.rows]
    return lines


def written(blocks: Sequence[Block]) -> GrowingText:
    """All blocks as text; caption and unit directly above a table become part of it."""
    items: list[str | Rows] = []
    titles: set[int] = set()
    for block in blocks:
        if isinstance(block, Line):
            if _is_title_of_table(block):
                titles.add(len(items))
            items.append(block.text)
            continue
        if not any(cell.text.strip() for row in block.rows for cell in row):
            continue
        above = len(items) - 1
        if above >= 0 and isinstance(unit := items[above], str) and is_unit(unit):
            above -= 1
        caption = items.pop(above) if above in titles and not _has_title(block) else ""
        items.append(Rows(block.rows, caption=str(caption).strip(), header_rows=block.header_rows))
        titles.clear()
    return lines_and_tables(items)


def _has_title(table: Grid) -> bool:
    """Whether a table begins with a row that is its title: one cell over all columns that says more than the unit."""
    first = table.rows[0]
    return len(first) == 1 and first[0].colspan > 1 and not is_unit(first[0].text)


def _is_title_of_table(line: Line) -> bool:
    """Whether a line would be the title of a table below it: the file says so, or it ends like one (奖励标准表)."""
    text = line.text.strip()
    if line.title or line.note or len(text) > _LONGEST_CAPTION or _SENTENCE.search(text):
        return False
    return line.caption or bool(_ENDS_CAPTION.search(text))
