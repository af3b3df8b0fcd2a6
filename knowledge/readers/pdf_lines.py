"""From characters with places to lines of text in the order in which a page is read.

Characters are put into rows by their baselines, whatever order they were drawn in; rows are cut at wide gaps; two
columns are told from a table without lines by how full their lines are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from knowledge.readers.pdf_glyphs import Glyph

_SAME_ROW = 0.35
_RAISED = 0.75
_WIDE_GAP = 0.9
_BLANK = 0.1
_COLUMN_LINES = 5
_COLUMN_FILL = 0.9
_COLUMN_TEXT = 14
"""Letters in a line of a column of running text: a cell of a table without lines has fewer."""


@dataclass(frozen=True)
class Line:
    """A line of text. `page` counts from 0, `y` is the baseline, `size` the height of its letters, `visible` the number
    of its characters that are no blanks, `column` 0 for the whole width of the page, 1 and 2 for a left and right one.
    """

    text: str
    page: int
    x0: float
    x1: float
    y: float
    size: float
    visible: int
    column: int = 0


@dataclass(frozen=True)
class _Segment:
    """Characters of a row without a wide gap between them, from the left, and how far they reach."""

    glyphs: tuple[Glyph, ...]
    x0: float
    x1: float


def is_wide(char: str) -> bool:
    """Whether a character is a Chinese one or full-width punctuation: no blank stands beside it."""
    return unicodedata.east_asian_width(char) in {"W", "F"} or char in "“”‘’…—·①②③④⑤⑥⑦⑧⑨⑩"


def lines(glyphs: Iterable[Glyph], page: int = 0, gutter: float | None = None) -> list[Line]:
    """The lines of a page's characters in reading order; none for blanks only.

    `gutter` is where other pages of the document are parted in two columns: then this one is wherever it can be.
    """
    rows = [_segments(row) for row in _rows(glyphs)]
    return [_line(row, page, column) for column, block in _blocks(rows, gutter) for row in block]


def gutter_of(pages: Sequence[Sequence[Line]]) -> float | None:
    """Where pages are parted in two columns, None where they are not or not at one place."""
    left = [line.x1 for page in pages for line in page if line.column == 1]
    right = [line.x0 for page in pages for line in page if line.column == 2]
    return (max(left) + min(right)) / 2 if left and right and max(left) < min(right) else None


def _rows(glyphs: Iterable[Glyph]) -> list[list[Glyph]]:
    """Visible characters by baseline, from the top, each row from the left; raised ones in the row they belong to."""
    rows: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda one: (one.y, one.x0)):
        if rows and glyph.y - rows[-1][0].y <= _SAME_ROW * max(glyph.size, rows[-1][0].size):
            rows[-1].append(glyph)
        else:
            rows.append([glyph])
    visible = (_after_blanks(sorted(row, key=lambda one: one.x0)) for row in rows)
    return _with_raised([row for row in visible if row])


def _after_blanks(row: list[Glyph]) -> list[Glyph]:
    """The row without its blanks; what follows one that keeps it apart knows of it."""
    kept: list[Glyph] = []
    blank: Glyph | None = None
    for glyph in row:
        if glyph.is_blank:
            blank = blank or glyph
            continue
        apart = blank is not None and bool(kept) and glyph.x0 - blank.x0 > _BLANK * glyph.size
        kept.append(replace(glyph, after_blank=True) if apart else glyph)
        blank = None
    return kept


def _with_raised(rows: list[list[Glyph]]) -> list[list[Glyph]]:
    """Rows of small characters that touch a row of larger ones just below or above (m², a footnote's mark) join it."""
    joined: list[list[Glyph]] = []
    for row in rows:
        if joined and (_is_raised(joined[-1], row) or _is_raised(row, joined[-1])):
            joined[-1] = sorted(joined[-1] + row, key=lambda one: one.x0)
        else:
            joined.append(row)
    return joined


def _is_raised(small: list[Glyph], large: list[Glyph]) -> bool:
    size = median(glyph.size for glyph in large)
    if max(glyph.size for glyph in small) > _RAISED * size or abs(small[0].y - large[0].y) > 0.6 * size:
        return False
    return all(any(-0.1 * size <= glyph.x0 - base.x1 <= 0.4 * size for base in [*large, *small]) for glyph in small)


def _segments(row: list[Glyph]) -> list[_Segment]:
    parts: list[list[Glyph]] = [[row[0]]]
    for before, glyph in pairwise(row):
        if glyph.x0 - before.x1 > _WIDE_GAP * min(before.size, glyph.size):
            parts.append([])
        parts[-1].append(glyph)
    return [_Segment(tuple(part), part[0].x0, max(glyph.x1 for glyph in part)) for part in parts]


_Rows = list[list[_Segment]]


def _blocks(rows: _Rows, known: float | None) -> Iterator[tuple[int, _Rows]]:
    """The page's rows with the number of their column, in reading order: above the columns, left, right, below."""
    done = 0
    gutter = known or (_gutter(rows) if rows else None)
    if gutter is not None:
        for start, end in _free_runs(rows, gutter):
            if known or _are_columns(rows[start:end], gutter):
                yield 0, rows[done:start]
                yield 1, [side for row in rows[start:end] if (side := [part for part in row if part.x1 <= gutter])]
                yield 2, [side for row in rows[start:end] if (side := [part for part in row if part.x0 >= gutter])]
                done = end
    yield 0, rows[done:]


def _gutter(rows: _Rows) -> float | None:
    """Where the page may be parted in two columns: the place near its middle that fewest segments cross."""
    parts = [part for row in rows for part in row]
    left, right = min(part.x0 for part in parts), max(part.x1 for part in parts)
    places = [left + (right - left) * share / 100 for share in range(35, 66)]
    crossed = [sum(part.x0 < place < part.x1 for part in parts) for place in places]
    fewest = min(crossed)
    free = [place for place, count in zip(places, crossed, strict=True) if count == fewest]
    return free[len(free) // 2] if fewest < len(rows) / 2 else None


def _free_runs(rows: _Rows, gutter: float) -> Iterator[tuple[int, int]]:
    """Runs `[start, end)` of rows in which nothing crosses the gutter."""
    start = 0
    for index, row in enumerate(rows):
        if any(part.x0 < gutter < part.x1 for part in row):
            if index > start:
                yield start, index
            start = index + 1
    if start < len(rows):
        yield start, len(rows)


def _are_columns(rows: _Rows, gutter: float) -> bool:
    """Whether both sides of a run are alike in width and one of them is running text, its lines long and full.

    The right side of a last page may be short: then the left one has to be running text.
    """
    left = [part for row in rows for part in row if part.x1 <= gutter]
    right = [part for row in rows for part in row if part.x0 >= gutter]
    if len(right) < _COLUMN_LINES:
        return bool(right) and len(left) >= 2 * _COLUMN_LINES and _runs(left)
    widths = _width(left), _width(right)
    alike = len(left) >= _COLUMN_LINES and 0.7 * max(widths) <= min(widths)
    return alike and (_runs(left) or _runs(right))


def _width(side: list[_Segment]) -> float:
    """How wide a column is; a line in ten may be wider."""
    widths = sorted(part.x1 - part.x0 for part in side)
    return widths[len(widths) * 9 // 10] if widths else 0.0


def _runs(side: list[_Segment]) -> bool:
    """Whether at least a quarter of the lines are as wide as their column and as long as a line of text."""
    width = _width(side)
    full = [part for part in side if part.x1 - part.x0 >= _COLUMN_FILL * width]
    return len(full) >= 0.25 * len(side) and median(len(part.glyphs) for part in full) >= _COLUMN_TEXT


def _line(row: list[_Segment], page: int, column: int) -> Line:
    glyphs = [glyph for part in row for glyph in part.glyphs]
    return Line(
        text=_spelled(glyphs),
        page=page,
        x0=row[0].x0,
        x1=max(part.x1 for part in row),
        y=median(glyph.y for glyph in glyphs),
        size=median(glyph.size for glyph in glyphs),
        visible=sum(len(glyph.char) for glyph in glyphs),
        column=column,
    )


def _spelled(glyphs: Sequence[Glyph]) -> str:
    """The characters of a line, with a blank where the way between two of them shows one."""
    gaps = [after.x0 - before.x1 for before, after in pairwise(glyphs)]
    if _is_spaced_out(glyphs, gaps):
        return "".join(glyph.char for glyph in glyphs)
    usual = max(0.0, median(gaps)) if len(gaps) >= 6 else 0.0
    spelled = [glyphs[0].char]
    for gap, (before, after) in zip(gaps, pairwise(glyphs), strict=True):
        spelled.append(" " if _parts(before, after, gap - usual) else "")
        spelled.append(after.char)
    return "".join(spelled)


def _is_spaced_out(glyphs: Sequence[Glyph], gaps: list[float]) -> bool:
    """Whether a short line's letters stand apart for looks (通 知): Chinese characters, all gaps wide and alike."""
    if not 2 <= len(glyphs) <= 8 or not all(is_wide(glyph.char) and glyph.char.isalpha() for glyph in glyphs):
        return False
    size = glyphs[0].size
    return min(gaps) > 0.4 * size and max(gaps) - min(gaps) < 0.5 * size and max(gaps) < 4 * size


def _parts(before: Glyph, after: Glyph, gap: float) -> bool:
    size = max(before.size, after.size)
    wide = is_wide(before.char[-1]) or is_wide(after.char[0])
    return after.after_blank or gap > (0.4 if wide else 0.18) * size
