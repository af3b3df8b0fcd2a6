"""A text that grows line by line, and the one way in which all readers write a table into it.

A row is one line, its cells joined by ` | `; empty cells stay empty. A merged cell's text stands once, where it
begins: the cells it covers are empty in the text and filled in in `Row.cells`. Line ends inside a cell are ` / ` in the
text and `\\n` in `Row.cells`. Caption and unit are lines of their own directly above the header; a row of one cell
across all columns at the top of a table is caption or unit too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from core.errors import BadInput
from knowledge.reading import Row, Table

MAX_CELLS = 500_000
"""Cells of one table, the covered ones counted."""
MAX_COLUMNS = 1000
MAX_FILLED = 2_000_000
"""Characters that merged cells of one table repeat in the cells they cover."""

_LINE_ENDS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS = re.compile(r"[ \t\xa0]+")
_UNIT = re.compile(r"单[ \t\u3000]*位[ \t\u3000]*[:：][ \t\u3000]*[^\s（）()，,；;。|]{1,20}")
_UNIT_LINE = re.compile(rf"[（(【]?[ \t\u3000]*{_UNIT.pattern}[ \t\u3000]*[）)】]?")
_VALUE = re.compile(r"[≥≤<>＞＜±+\-]?[0-9０-９][0-9０-９,，.．]*(?![0-9０-９A-Za-z])")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}[ ]*(?:年度?)?")
_BAND = re.compile(r"以上|以下|以内|以外|不超过|不足|[0-9][^0-9]{0,3}[-~～—–至到][0-9]")
_SENTENCE = re.compile(r"[。；！？;!?]")
_LONGEST_TITLE = 40
_CAPTION = re.compile(r"附?表[ \t]*[0-9０-９一二三四五六七八九十]{1,3}(?:[-—.][0-9]{1,2})?(?![0-9])[^。；，]{0,60}")


class TableTooLarge(BadInput):
    """A table of the document has more cells than are read."""

    code = "table_too_large"
    default = f"文件里的表格过大（上限为 {MAX_COLUMNS} 列、{MAX_CELLS // 10000} 万个单元格），请拆分后再上传。"


@dataclass(frozen=True)
class Cell:
    """A cell as the file has it: text (paragraphs apart by line ends), size, whether the file calls it a header."""

    text: str = ""
    rowspan: int = 1
    colspan: int = 1
    header: bool = False


@dataclass(frozen=True)
class _Place:
    """One square of the grid: what it says there, and whether the cell begins here or only covers it."""

    cell: Cell
    begins: bool

    @property
    def shown(self) -> str:
        return " / ".join(_lines(self.cell.text)) if self.begins else ""


_NOTHING = _Place(Cell(), begins=True)
_Grid = list[list[_Place]]


@dataclass
class GrowingText:
    """The text that a reader puts together: `length` is the offset at which the next addition begins."""

    length: int = 0
    tables: list[Table] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _at_line_start: bool = True

    def add(self, text: str) -> int:
        """Append as is; the offset at which it begins."""
        start = self.length
        if text:
            self._parts.append(text)
            self.length += len(text)
            self._at_line_start = text.endswith("\n")
        return start

    def line(self, text: str) -> int:
        """Append as a line of its own, with its line end; the offset at which it begins."""
        if not self._at_line_start:
            self.add("\n")
        return self.add(text + "\n")

    def table(
        self, rows: Sequence[Sequence[Cell]], *, caption: str = "", unit: str = "", header_rows: int | None = None
    ) -> Table | None:
        """Append a table; what it is and where it stands, None for one without any text.

        `rows` holds for each row the cells that begin in it, from the left, as HTML has them: squares that a cell from
        above covers are not listed. `header_rows` is for formats that say how many there are, counted from the first
        row below caption and unit; None: found out. Raises TableTooLarge.
        """
        grid = _grid(rows)
        headings, grid = _headings(grid)
        if not headings and not grid and not caption:
            return None
        start, lines = self.length + (not self._at_line_start), [text for text in (caption, unit) if text] + headings
        for text in lines:
            self.line(text)
        depth = _header_rows(grid) if header_rows is None else min(header_rows, len(grid))
        written = [self._row(row) for row in grid]
        table = Table(
            start=start,
            end=self.length - 1,
            header=_header(grid[:depth]),
            caption=next((text for text in lines if not _UNIT_LINE.fullmatch(text)), ""),
            unit=next((found[0] for text in (unit, *lines) if (found := _UNIT.search(text))), unit),
            rows=tuple(row for row in written[depth:]),
        )
        self.tables.append(table)
        return table

    def _row(self, row: list[_Place]) -> Row:
        line = " | ".join(place.shown for place in row).strip()
        start = self.line(line)
        return Row(start, start + len(line), tuple("\n".join(_lines(place.cell.text)) for place in row))

    def text(self) -> str:
        """All that was added."""
        return "".join(self._parts)


@dataclass(frozen=True)
class Rows:
    """A table among lines, as `GrowingText.table` takes it."""

    cells: Sequence[Sequence[Cell]]
    caption: str = ""
    header_rows: int | None = None


def written(items: Iterable[str | Rows]) -> GrowingText:
    """Lines and tables one after another; caption and unit that stand directly above a table become part of it."""
    text, waiting = GrowingText(), []
    for item in items:
        if isinstance(item, str):
            waiting.append(item)
            continue
        unit = _taken(waiting, is_unit)
        caption = item.caption or _taken(waiting, is_caption)
        _write_lines(waiting, text)
        text.table(item.cells, caption=caption, unit=unit, header_rows=item.header_rows)
    _write_lines(waiting, text)
    return text


def _taken(waiting: list[str], wanted: Callable[[str], bool]) -> str:
    """The last line that says something, taken out, if it is the one wanted; else an empty text."""
    last = next((place for place in range(len(waiting) - 1, -1, -1) if waiting[place].strip()), None)
    if last is None or not wanted(waiting[last]):
        return ""
    line = waiting[last].strip()
    del waiting[last:]
    return line


def _write_lines(waiting: list[str], text: GrowingText) -> None:
    for line in waiting:
        text.line(line)
    waiting.clear()


def is_caption(text: str) -> bool:
    """Whether a line is the caption of the table below it (表1 奖励标准)."""
    return bool(_CAPTION.fullmatch(text.strip()))


def is_unit(text: str) -> bool:
    """Whether a line says nothing but the unit of a table (单位：万元)."""
    return bool(_UNIT_LINE.fullmatch(text.strip()))


def _lines(text: str) -> list[str]:
    """The lines of a cell that say something, each without outer blanks and with single blanks inside."""
    folded = (_BLANKS.sub(" ", line).strip() for line in _LINE_ENDS.split(text))
    return [line for line in folded if line]


def _grid(rows: Sequence[Sequence[Cell]]) -> _Grid:
    """The full grid, as wide as its widest row, without rows in which nothing begins."""
    grid: _Grid = []
    hanging: dict[int, tuple[Cell, int]] = {}
    cells = filled = 0
    for index, row in enumerate(rows):
        line, hanging = _laid_out(row, hanging, below=len(rows) - index - 1)
        cells += len(line)
        filled += sum(len(place.cell.text) for place in line if not place.begins)
        if len(line) > MAX_COLUMNS or cells > MAX_CELLS or filled > MAX_FILLED:
            raise TableTooLarge()
        grid.append(line)
    width = max(map(len, grid), default=0)
    if width * len(grid) > MAX_CELLS:
        raise TableTooLarge()
    return [line + [_NOTHING] * (width - len(line)) for line in grid if any(place.shown for place in line)]


def _laid_out(
    row: Sequence[Cell], hanging: dict[int, tuple[Cell, int]], *, below: int
) -> tuple[list[_Place], dict[int, tuple[Cell, int]]]:
    """One row's squares, and what still hangs into the next rows: (cell, rows left) by column."""
    line: list[_Place] = []
    left = {column: (cell, rows - 1) for column, (cell, rows) in hanging.items() if rows > 1}

    def cover() -> None:
        while len(line) in hanging:
            line.append(_Place(hanging[len(line)][0], begins=False))

    for cell in row:
        cover()
        for offset in range(min(max(1, cell.colspan), MAX_COLUMNS + 1)):
            if cell.rowspan > 1 and below:
                left[len(line)] = (cell, min(cell.rowspan - 1, below))
            line.append(_Place(cell, begins=offset == 0))
    while hanging and len(line) <= max(hanging):
        cover()
        if len(line) < max(hanging):
            line.append(_NOTHING)
    return line, left


def _headings(grid: _Grid) -> tuple[list[str], _Grid]:
    """The lines at the top that are caption or unit rather than header, and the grid below them.

    That is a row whose one text covers all columns, or that says nothing but the unit; a table of one column has none.
    """
    headings: list[str] = []
    for index, row in enumerate(grid):
        texts = [place.shown for place in row if place.shown]
        spans = len(row) > 1 and (row[0].cell.colspan >= len(row) or is_unit(texts[0]))
        if len(texts) != 1 or not spans:
            return headings, grid[index:]
        headings.append(texts[0])
    return headings, []


def _header_rows(grid: _Grid) -> int:
    """How many rows at the top are header: what the file marks as such, else what reads like titles."""
    marked = next((index for index, row in enumerate(grid) if not all(_marked(place) for place in row)), len(grid))
    if 0 < marked < len(grid):
        return marked
    if len(grid) < 2 or len(grid[0]) < 2 or not _titles(grid[0]):
        return 0
    depth = max(place.cell.rowspan for place in grid[0])
    if depth == 1 and any(place.cell.colspan > 1 for place in grid[0]):
        depth = 2 if _titles(grid[1]) else 1
    if depth >= len(grid):
        return 1
    return depth if all(_titles(grid[place], above=grid[:place]) for place in range(depth)) else 1


def _marked(place: _Place) -> bool:
    return place.cell.header or not place.cell.text.strip()


def _titles(row: list[_Place], above: Sequence[list[_Place]] = ()) -> bool:
    """Whether a row reads like titles of columns: short, no values, no sentence, at most one empty, all different.

    Below other titles the same one may stand again: 省级 under 首次认定 and under 复核 are two columns.
    """
    texts = [place.cell.text.strip() for place in row]
    begun = [
        (*(upper[column].cell.text for upper in above), place.shown) for column, place in enumerate(row) if place.shown
    ]
    said = [text for text in texts if text]
    return (
        len(said) >= max(2, len(texts) - 1)
        and len(set(begun)) == len(begun)
        and all(len(text) <= _LONGEST_TITLE and not _is_value(text) and not _SENTENCE.search(text) for text in said)
    )


def _is_value(text: str) -> bool:
    return bool(_VALUE.match(text)) and not _YEAR.fullmatch(text) and not _BAND.search(text)


def _header(rows: _Grid) -> tuple[str, ...]:
    """One title a column: what stands above it in the header rows, joined by `/`, each said once."""
    columns = zip(*rows, strict=True)
    return tuple(
        "/".join(dict.fromkeys(text for place in column if (text := "".join(_lines(place.cell.text)))))
        for column in columns
    )
