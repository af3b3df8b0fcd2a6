"""Characters that the first library leaves out, from a second one.

Where a Chinese font is neither in the file nor on the machine, its glyphs have no outline, and pdfium takes no notice
of a single character, of a line turned upright, and of a line that says what one close by says. pdfminer reads the
character codes alone and needs no font. It is loaded when it is needed: that takes as long as a page.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pdfminer.layout import LTItem
    from pdfminer.pdfinterp import PDFResourceManager
    from pdfminer.pdfpage import PDFPage

_NEAR = 1.0
_NO_UNICODE = "(cid:"

logging.getLogger("pdfminer").setLevel(logging.CRITICAL)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Character:
    """A character, where it begins in the page's own coordinates, and how its line is turned and stretched."""

    text: str
    origin: Point
    turn: tuple[float, ...]


class SecondReader:
    """Reads pages of a file when they are asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @cached_property
    def _pages(self) -> list[PDFPage]:
        from pdfminer.pdfdocument import PDFDocument
        from pdfminer.pdfpage import PDFPage
        from pdfminer.pdfparser import PDFParser

        return list(PDFPage.create_pages(PDFDocument(PDFParser(io.BytesIO(self._data)))))

    @cached_property
    def _resources(self) -> PDFResourceManager:
        from pdfminer.pdfinterp import PDFResourceManager

        return PDFResourceManager()

    def characters(self, index: int) -> Characters:
        """The characters of a page (from 0); none of a page that cannot be read."""
        try:
            return Characters(list(self._read(index)))
        except Exception:  # a damaged file brings about anything in a parser; what the first library read stands
            return Characters([])

    def _read(self, index: int) -> Iterator[Character]:
        from pdfminer.converter import PDFPageAggregator
        from pdfminer.pdfinterp import PDFPageInterpreter

        device = PDFPageAggregator(self._resources, laparams=None)
        PDFPageInterpreter(self._resources, device).process_page(self._pages[index])
        yield from _characters(device.get_result())


def _characters(layout: Iterable[LTItem]) -> Iterator[Character]:
    """What stands on a page and in the figures of it, in drawing order."""
    from pdfminer.layout import LTChar, LTFigure

    for item in layout:
        if isinstance(item, LTChar):
            yield Character(item.get_text(), item.matrix[4:], item.matrix[:4])
        elif isinstance(item, LTFigure):
            yield from _characters(item)


class Characters:
    """The characters of a page in drawing order."""

    def __init__(self, found: list[Character]) -> None:
        self._found = found
        self._places: dict[tuple[int, int], int] = {}
        for index, char in enumerate(found):
            self._places.setdefault(_square(char.origin), index)

    def beginnings(self, points: Iterable[Point]) -> set[int]:
        """The indices of the characters that begin at one of some points."""
        return {index for point in points if (index := self._at(point)) is not None}

    def from_point(self, point: Point, begun: set[int]) -> Iterator[Character]:
        """What is drawn from a point on in one go, up to where another text of the page begins."""
        start = self._at(point)
        for index in range(len(self._found) if start is None else start, len(self._found)):
            char = self._found[index]
            if index != start and (index in begun or char.turn != self._found[start or 0].turn):
                return
            if not char.text.startswith(_NO_UNICODE):
                yield char

    def _at(self, point: Point) -> int | None:
        near = (self._places[place] for place in _around(point) if place in self._places)
        return next((index for index in near if _distance(self._found[index].origin, point) <= _NEAR), None)


def _square(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])


def _around(point: Point) -> Iterator[tuple[int, int]]:
    x, y = _square(point)
    yield from ((x + dx, y + dy) for dx in (0, -1, 1) for dy in (0, -1, 1))


def _distance(one: Point, other: Point) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))
