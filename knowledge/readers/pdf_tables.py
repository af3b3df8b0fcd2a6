"""Tables with ruling lines: their cells from the lines, their text from the characters inside.

The geometry (lines snapped, crossings, smallest cells, cells that touch) is pdfplumber's; characters are ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from knowledge.readers.pdf_glyphs import Glyph, Rule
from knowledge.readers.pdf_lines import Line, is_wide, lines
from knowledge.readers.pdf_paragraphs import joined
from knowledge.readers.tables import Cell

MAX_RULES = 4000
"""Ruling lines of one page: a drawing or a map has more, and its lines are no table."""
_MAX_CROSSINGS = 6000
_SNAP = 3.0
_SAME_COLUMN = 4.0

_FIGURE = re.compile(r"[0-9０-９.,．，%％/年月日-]+")

_Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class PlacedCell:
    """A cell: left, top, right, bottom on its page, and its text, paragraphs apart by line ends."""

    box: _Box
    text: str


@dataclass(frozen=True)
class PlacedTable:
    """A table on a page (from 0): its outline, the edges of its columns and rows, its cells, its visible characters."""

    page: int
    box: _Box
    columns: tuple[float, ...]
    rows: tuple[float, ...]
    cells: tuple[PlacedCell, ...]
    visible: int

    def grid(self) -> list[list[Cell]]:
        """For each row the cells that begin in it, from the left, with the rows and columns they cover."""
        grid: list[list[Cell]] = [[] for _ in self.rows[:-1]]
        for cell in sorted(self.cells, key=lambda one: one.box[:1]):
            left, top, right, bottom = (
                self.columns.index(cell.box[0]),
                self.rows.index(cell.box[1]),
                self.columns.index(cell.box[2]),
                self.rows.index(cell.box[3]),
            )
            grid[top].append(Cell(cell.text, rowspan=bottom - top, colspan=right - left))
        return grid

    def _offsets(self) -> list[float]:
        return [column - self.columns[0] for column in self.columns]

    def goes_on_in(self, other: PlacedTable) -> bool:
        """Whether a table at the top of the next page has the same columns, its margin apart."""
        return (
            other.page == self.page + 1
            and len(self.columns) == len(other.columns)
            and all(abs(a - b) <= _SAME_COLUMN for a, b in zip(self._offsets(), other._offsets(), strict=True))
        )


def tables(rules: Sequence[Rule], glyphs: Sequence[Glyph], page: int) -> tuple[list[PlacedTable], list[Glyph]]:
    """The tables of a page from the top, and the characters that stand in none.

    A frame of one column is no table, nor are cells that do not cover their outline or hold no text.
    """
    if not 4 <= len(rules) <= MAX_RULES:
        return [], list(glyphs)
    found: list[PlacedTable] = []
    left = list(glyphs)
    for cells in _cell_groups(rules):
        table, rest = _filled(cells, left, page)
        if table is not None:
            found.append(table)
            left = rest
    return sorted(found, key=lambda one: one.box[1]), left


def _cell_groups(rules: Sequence[Rule]) -> list[list[_Box]]:
    from pdfplumber.table import cells_to_tables, edges_to_intersections, intersections_to_cells, merge_edges

    edges = merge_edges([_edge(rule) for rule in rules], _SNAP, _SNAP, _SNAP, _SNAP)
    if len({edge["orientation"] for edge in edges}) < 2:
        return []
    crossings = edges_to_intersections(edges, _SNAP, _SNAP)
    if len(crossings) > _MAX_CROSSINGS:
        return []
    groups: list[list[_Box]] = cells_to_tables(intersections_to_cells(crossings))
    return groups


def _edge(rule: Rule) -> dict[str, float | str]:
    """A line as pdfplumber describes it."""
    x, y = (rule.x0 + rule.x1) / 2, (rule.top + rule.bottom) / 2
    if rule.is_level:
        return {"object_type": "line", "orientation": "h", "x0": rule.x0, "x1": rule.x1, "top": y, "bottom": y,
                "width": rule.x1 - rule.x0, "height": 0.0}  # fmt: skip
    return {"object_type": "line", "orientation": "v", "x0": x, "x1": x, "top": rule.top, "bottom": rule.bottom,
            "width": 0.0, "height": rule.bottom - rule.top}  # fmt: skip


def _filled(cells: list[_Box], glyphs: list[Glyph], page: int) -> tuple[PlacedTable | None, list[Glyph]]:
    """The table of some cells with their text, and the characters that are left over."""
    columns = tuple(sorted({x for box in cells for x in (box[0], box[2])}))
    rows = tuple(sorted({y for box in cells for y in (box[1], box[3])}))
    if len(columns) < 3 or len(rows) < 3 or not _covers(cells, columns, rows):
        return None, glyphs
    inside: dict[_Box, list[Glyph]] = {box: [] for box in cells}
    rest: list[Glyph] = []
    for glyph in glyphs:
        box = next((box for box in cells if _holds(box, glyph)), None)
        (inside[box] if box else rest).append(glyph)
    placed = tuple(PlacedCell(box, _text(inside[box], box)) for box in cells)
    if not any(cell.text for cell in placed):
        return None, glyphs
    visible = sum(len(glyph.char) for found in inside.values() for glyph in found if not glyph.is_blank)
    outline = (columns[0], rows[0], columns[-1], rows[-1])
    return PlacedTable(page, outline, columns, rows, placed, visible), rest


def _covers(cells: list[_Box], columns: tuple[float, ...], rows: tuple[float, ...]) -> bool:
    area = sum((right - left) * (bottom - top) for left, top, right, bottom in cells)
    return area >= 0.98 * (columns[-1] - columns[0]) * (rows[-1] - rows[0])


def _holds(box: _Box, glyph: Glyph) -> bool:
    left, top, right, bottom = box
    return left <= (glyph.x0 + glyph.x1) / 2 <= right and top <= glyph.y - 0.35 * glyph.size <= bottom


def _text(glyphs: list[Glyph], box: _Box) -> str:
    """A cell's text: a line that ends short of the cell's edge, or of the longest one, ends a paragraph."""
    found = [replace(line, column=0) for line in lines(glyphs)]
    runs: list[list[Line]] = []
    for line in found:
        if runs and _fills(runs[-1][-1], line, found, box):
            runs[-1].append(line)
        else:
            runs.append([line])
    return "\n".join(joined(run).text for run in runs)


def _fills(above: Line, line: Line, cell: list[Line], box: _Box) -> bool:
    """Whether a line is so full that the next one goes on: what that begins with would not have fitted.

    Whole figures one below another are values of their own: next to nobody breaks a number in a cell.
    """
    if _FIGURE.fullmatch(above.text) and _FIGURE.fullmatch(line.text):
        return False
    size = median(one.size for one in cell)
    width = max(one.x1 - one.x0 for one in cell)
    token = 1.0 if is_wide(line.text[0]) else 0.6 * len(line.text.split()[0])
    room = min(box[2] - box[0] - 0.8 * size, width) - (above.x1 - above.x0)
    return room < token * size + 0.2 * size
