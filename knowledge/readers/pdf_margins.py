"""Running headers, footers and page numbers: what stands in the margins of page after page and is no text.

A line is taken out only if it stands at the edge of its page, nothing but such lines between it and the edge, and
either recurs at the same height on other pages, alike but for a number that counts with the pages, or is a page number
by its form (— 1 —, 第3页 共12页). A line that occurs once stays, however much it looks like a header.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.readers.pdf_lines import Line

_MARGIN = 0.14
"""Share of the page's height at its top and bottom in which a header or footer stands."""
_DEEPEST = 4
_HEIGHT = 3.0
_ENOUGH_PAGES = 3

_NUMBER = re.compile(r"[0-9０-９]{1,9}")
_BLANKS = re.compile(r"\s+")
_CHINESE_PAGE = re.compile(r"第([一二三四五六七八九十百]+)页")
_CLAUSE = re.compile(
    r"附件|附表|附录|表#|图#|[（(]?#[)）、．.]|第#[编章节条]|[（(]?[一二三四五六七八九十]+[)）、]|第[一二三四五六七八九十百]+[编章节条]"
)
_DASHED = re.compile(r"[—–\-－―•·~～]{1,3}[0-9０-９]{1,4}[—–\-－―•·~～]{1,3}")
_PAGE_OF = re.compile(
    r"第[0-9０-９一二三四五六七八九十百]{1,4}页(?:[/，,]?共[0-9０-９一二三四五六七八九十百]{1,4}页)?"
    r"|[0-9０-９]{1,4}/[0-9０-９]{1,4}|page[0-9]{1,4}(?:of[0-9]{1,4})?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Edge:
    """A line near the top or bottom of a page: its text without blanks and figures, its figures, its height."""

    line: Line
    at_top: bool
    height: float
    key: str
    figures: tuple[int, ...]

    @property
    def from_page(self) -> tuple[int, ...]:
        """Its figures counted from the page's own number: the same on all pages for a page number."""
        return tuple(figure - self.line.page for figure in self.figures)


def running_lines(pages: Sequence[tuple[float, Sequence[Line]]]) -> set[Line]:
    """The lines of the pages that are headers, footers and page numbers; a page is its height and its lines."""
    edges = [_edges(height, lines) for height, lines in pages]
    enough = min(_ENOUGH_PAGES, max(2, round(0.3 * len(pages))))
    running = _recurring((edge for page in edges for side in page for edge in side), enough)
    return {edge.line for page in edges for side in page for edge in _outermost(side, running)}


def _outermost(side: list[_Edge], running: set[Line]) -> Iterable[_Edge]:
    for edge in side:
        if edge.line not in running and not _is_page_number(edge):
            return
        yield edge


def _edges(height: float, lines: Sequence[Line]) -> tuple[list[_Edge], list[_Edge]]:
    """A page's lines in its upper and its lower margin, from the edge inwards."""
    ordered = sorted(lines, key=lambda line: line.y)
    top = [line for line in ordered[:_DEEPEST] if line.y <= _MARGIN * height]
    bottom = [line for line in ordered[: -_DEEPEST - 1 : -1] if line.y >= (1 - _MARGIN) * height]
    return [_edge(line, True, line.y) for line in top], [_edge(line, False, height - line.y) for line in bottom]


def _edge(line: Line, at_top: bool, height: float) -> _Edge:
    text = _CHINESE_PAGE.sub("第1页", _BLANKS.sub("", line.text))
    return _Edge(line, at_top, height, _NUMBER.sub("#", text), tuple(int(one) for one in _NUMBER.findall(text)))


def _is_page_number(edge: _Edge) -> bool:
    """By its form, or a bare figure at the foot that is the number of its page in the file."""
    text = _BLANKS.sub("", edge.line.text)
    if not edge.at_top and text == str(edge.line.page + 1):
        return True
    return bool(_DASHED.fullmatch(text) or _PAGE_OF.fullmatch(text))


def _recurring(edges: Iterable[_Edge], enough: int) -> set[Line]:
    alike: defaultdict[tuple[bool, str], list[_Edge]] = defaultdict(list)
    for edge in edges:
        alike[edge.at_top, edge.key].append(edge)
    return {line for group in alike.values() for level in _levels(group) for line in _counted(level, enough)}


def _levels(group: list[_Edge]) -> list[list[_Edge]]:
    """Lines that say the same, parted by how far from the edge they stand."""
    levels: list[list[_Edge]] = []
    for edge in sorted(group, key=lambda one: one.height):
        if levels and edge.height - levels[-1][0].height <= _HEIGHT:
            levels[-1].append(edge)
        else:
            levels.append([edge])
    return levels


def _counted(level: list[_Edge], enough: int) -> set[Line]:
    """Those whose figures are the same on enough pages, or grow with them.

    What begins like a clause has to be the same on more pages: 附件1, 附件2 may open one page after another.
    """
    same = Counter(edge.figures for edge in level)
    growing = Counter(edge.from_page for edge in level)
    if _CLAUSE.match(level[0].key):
        return {edge.line for edge in level if same[edge.figures] >= _ENOUGH_PAGES}
    return {edge.line for edge in level if max(same[edge.figures], growing[edge.from_page]) >= enough}
