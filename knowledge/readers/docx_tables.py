"""Tables of Word documents: merged cells, squares left free, tables in tables, frames that are only layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from knowledge.readers.blocks import Block, Grid, Line, flattened
from knowledge.readers.docx_runs import LeftOut
from knowledge.readers.docx_styles import Looks, shading
from knowledge.readers.docx_xml import Element, children, is_gone, local, number, switch, visible, w
from knowledge.readers.tables import MAX_COLUMNS, Cell, TableTooLarge

Flow = Callable[[Element, Looks], list[Block]]


@dataclass(frozen=True)
class _Square:
    """A cell at its column. `covered`: it continues the cell above it. `blocks` is what it holds."""

    column: int
    span: int = 1
    blocks: tuple[Block, ...] = ()
    covered: bool = False
    header: bool = False


def read_table(table: Element, ground: Looks, flow: Flow, left_out: LeftOut) -> list[Block]:
    """A table as a block, followed by the notes that its cells refer to; the lines of a frame of one column.

    `flow` reads what a cell holds. Raises TableTooLarge.
    """
    rows = _Rows(flow, left_out)
    for row in _below(table, "tr"):
        rows.add(row, ground)
    squares = rows.rows
    if all(len(row) <= 1 and (not row or row[0].column == 0) for row in squares):
        return [block for row in squares for square in row for block in square.blocks]
    blocks = [block for row in squares for square in row for block in square.blocks]
    notes = [block for block in blocks if isinstance(block, Line) and block.note]
    seen = sum(block.seen for block in blocks) - sum(note.seen for note in notes)
    return [Grid(tuple(tuple(_cells(squares, place)) for place in range(len(squares))), seen), *notes]


def _below(element: Element, name: str) -> Iterator[Element]:
    """The rows of a table or the cells of a row, also those inside content controls and the like."""
    for child in children(element):
        if local(child) == name:
            if not is_gone(child):
                yield child
        elif local(child) not in ("tr", "tc", "p", "tbl") and not is_gone(child):
            yield from _below(child, name)


class _Rows:
    """Reads row after row; knows which columns a merged cell from above still covers."""

    def __init__(self, flow: Flow, left_out: LeftOut) -> None:
        self._flow = flow
        self._left_out = left_out
        self._merged: set[int] = set()
        self.rows: list[list[_Square]] = []

    def add(self, row: Element, ground: Looks) -> None:
        settings = row.find(w("trPr"))
        if switch(settings, "hidden"):
            self._left_out.hidden += visible(row)
            return
        header = switch(settings, "tblHeader") or False
        column = max(0, number(settings, "gridBefore") or 0)
        squares: list[_Square] = []
        for cell in _below(row, "tc"):
            square = self._square(cell, column, ground, header)
            if _continues(cell, "hMerge") and squares:
                squares[-1] = _widened(squares[-1], square)
            else:
                squares.append(square)
            column += square.span
            if column > MAX_COLUMNS:
                raise TableTooLarge()
        self.rows.append(squares)

    def _square(self, cell: Element, column: int, ground: Looks, header: bool) -> _Square:
        settings = cell.find(w("tcPr"))
        span = max(1, number(settings, "gridSpan") or 1)
        merge = None if settings is None else settings.find(w("vMerge"))
        if merge is not None and _continues(cell, "vMerge") and column in self._merged:
            self._left_out.hidden += visible(cell)
            return _Square(column, span, covered=True)
        self._merged.discard(column)
        if merge is not None:
            self._merged.add(column)
        blocks = self._flow(cell, shading(settings).over(ground))
        return _Square(column, span, tuple(blocks), header=header)


def _continues(cell: Element, kind: str) -> bool:
    found = cell.find(f"{w('tcPr')}/{w(kind)}")
    return found is not None and found.get(w("val"), "continue") == "continue"


def _widened(square: _Square, more: _Square) -> _Square:
    return replace(square, span=square.span + more.span, blocks=square.blocks + more.blocks)


def _cells(rows: list[list[_Square]], place: int) -> Iterator[Cell]:
    """The cells that begin in a row, with empty ones for the squares that it leaves free."""
    column = 0
    for square in rows[place]:
        if square.column > column:
            yield Cell(colspan=square.column - column)
        column = square.column + square.span
        if not square.covered:
            text = "\n".join(
                flattened([block for block in square.blocks if not (isinstance(block, Line) and block.note)])
            )
            yield Cell(text, _rows_covered(rows, place, square.column), square.span, square.header)


def _rows_covered(rows: list[list[_Square]], place: int, column: int) -> int:
    """How many rows a cell covers: its own and those below in which a cell continues it."""
    count = 1
    for row in rows[place + 1 :]:
        if not any(square.covered and square.column == column for square in row):
            break
        count += 1
    return count
