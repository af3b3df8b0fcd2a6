"""PDF pages set line by line: lines end anywhere in a sentence, paragraphs run over the ends of pages.

Set in a Chinese font that every reader brings along (no font file), with headers, footers, page numbers, indents, two
columns or none of these; where each paragraph begins is kept.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from random import Random

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph as Flowing
from reportlab.platypus import Table as RuledTable

from tests.corpus.blocks import Paragraph, blocks
from tests.corpus.tree import Document, Note, Table

_FONT = "STSong-Light"
_WIDTH, _HEIGHT = A4
_NOT_FIRST = "，。、；：？！）)》”」』〕%％"
_NOT_LAST = "（(《“「『〔"
_WORD = re.compile(r"[A-Za-z0-9.,%:]+|.")

pdfmetrics.registerFont(UnicodeCIDFont(_FONT))


@dataclass(frozen=True)
class Layout:
    """How pages look; lengths in points, `indent` in letters."""

    size: float
    margin: float
    leading: float
    indent: float
    columns: int
    header: str
    number: str
    odd_and_even: bool
    breaks_figures: bool
    ragged: bool
    bold_twice: bool

    @classmethod
    def of(cls, random: Random, document: Document) -> Layout:
        region = document.metadata["region"]
        plain = not document.has_tables() and not any(node.note for node, _ in document.walk())
        columns = 2 if plain and random.random() < 0.2 else 1
        return cls(
            size=9.0 if columns == 2 else random.choice((10.5, 12.0, 14.0, 16.0)),
            margin=random.choice((60.0, 72.0, 85.0)),
            leading=random.choice((1.4, 1.6, 1.8)),
            indent=random.choice((2.0, 2.0, 2.0, 0.0)),
            columns=columns,
            header=random.choice(("", f"{region}人民政府公报 2024年第3期", f"{document.title[:18]}")),
            number=random.choice(
                ("", "— {page} —", "- {page} -", "第 {page} 页 共 {pages} 页", "{page}", "{page}/{pages}")
            ),
            odd_and_even=random.random() < 0.2,
            breaks_figures=random.random() < 0.3,
            ragged=columns == 1 and random.random() < 0.1,
            bold_twice=random.random() < 0.2,
        )


@dataclass
class Written:
    """The file, and the page (from 1) on which each clause begins, by the identity of its node."""

    data: bytes
    pages: dict[int, int] = field(default_factory=dict)


def pdf(document: Document, random: Random) -> Written:
    """The document as PDF. It is set twice: page numbers name the number of pages."""
    layout = Layout.of(random, document)
    pages = _Setter(layout, 0).set(document)[1]
    setter = _Setter(layout, pages)
    data, _ = setter.set(document)
    return Written(data, setter.begun)


def wrapped(
    text: str, width: float, size: float, first: float, breaks_figures: bool, ragged: bool = False
) -> list[str]:
    """The lines of a paragraph: marks do not begin a line, words and figures are not parted unless asked.

    `ragged`: each line ends where it likes, somewhere in its right half.
    """
    tokens = list(text) if breaks_figures else _WORD.findall(text)
    shares = Random(text)
    lines, line, room = [], "", width - first
    for token in tokens:
        length = pdfmetrics.stringWidth(line + token, _FONT, size)
        if line and length > room and token not in _NOT_FIRST:
            kept = line.rstrip(_NOT_LAST)
            lines.append(kept)
            line, room = line[len(kept) :], width * (shares.uniform(0.5, 1.0) if ragged else 1.0)
        line += token
    return [*lines, line]


class _Setter:
    """Sets paragraphs and tables on pages, from the top."""

    def __init__(self, layout: Layout, pages: int) -> None:
        self._layout = layout
        self._pages = pages
        self._out = io.BytesIO()
        self._canvas = Canvas(self._out, pagesize=A4, invariant=True)
        self._page = 1
        self._column = 0
        self._notes: list[Note] = []
        self._y = self._top
        self.begun: dict[int, int] = {}

    @property
    def _top(self) -> float:
        return _HEIGHT - 90.0

    @property
    def _floor(self) -> float:
        return 80.0 + 14.0 * len(self._notes)

    @property
    def _column_width(self) -> float:
        whole = _WIDTH - 2 * self._layout.margin
        return whole if self._layout.columns == 1 else (whole - 30) / 2

    @property
    def _left(self) -> float:
        shift = 12.0 if self._layout.odd_and_even and self._page % 2 == 0 else 0.0
        return self._layout.margin - shift + self._column * (self._column_width + 30)

    def set(self, document: Document) -> tuple[bytes, int]:
        for block in blocks(document):
            if isinstance(block, Table):
                self._table(block)
            else:
                self._paragraph(block)
        self._end_page()
        self._canvas.save()
        return self._out.getvalue(), self._page

    def _paragraph(self, paragraph: Paragraph) -> None:
        if paragraph.role == "annex" and self._y < self._top:
            self._end_page()
            self._new_page()
        if paragraph.role == "title" or paragraph.role == "annex_title":
            self._centred(paragraph)
        elif paragraph.role == "tail":
            self._at_the_right(paragraph.text)
        else:
            self._running(paragraph)

    def _centred(self, paragraph: Paragraph) -> None:
        size = self._layout.size * 1.4
        for line in wrapped(paragraph.text, self._column_width - 4 * size, size, 0, False):
            self._room(size * self._layout.leading)
            width = pdfmetrics.stringWidth(line, _FONT, size)
            self._draw(line, self._left + (self._column_width - width) / 2, size)
        self._y -= 0.5 * size

    def _at_the_right(self, text: str) -> None:
        size = self._layout.size
        self._room(size * self._layout.leading)
        self._draw(text, self._left + self._column_width - pdfmetrics.stringWidth(text, _FONT, size) - 2 * size, size)

    def _running(self, paragraph: Paragraph) -> None:
        layout = self._layout
        indent = layout.indent * layout.size if paragraph.role not in {"annex"} else 0.0
        if paragraph.text.endswith("：") and paragraph.role == "front":
            indent = 0.0
        text = paragraph.text + (f"[{paragraph.note.number}]" if paragraph.note else "")
        lines = wrapped(text, self._column_width, layout.size, indent, layout.breaks_figures, layout.ragged)
        for index, line in enumerate(lines):
            self._room(layout.size * layout.leading)
            if index == 0 and paragraph.node is not None:
                self.begun[id(paragraph.node)] = self._page
            x = self._left + (indent if index == 0 else 0.0)
            self._draw(line, x, layout.size)
            if layout.bold_twice and paragraph.role == "heading":
                self._canvas.drawString(x + 0.3, self._y, line)
        if layout.indent == 0.0:
            self._y -= 0.4 * layout.size * layout.leading
        if paragraph.note is not None:
            self._notes.append(paragraph.note)

    def _room(self, height: float) -> None:
        """Go on in the next column or on the next page where a line has no room."""
        if self._y - height >= self._floor:
            return
        if self._column + 1 < self._layout.columns:
            self._column += 1
            self._y = self._top
        else:
            self._end_page()
            self._new_page()

    def _draw(self, text: str, x: float, size: float) -> None:
        self._y -= size * self._layout.leading
        self._canvas.setFont(_FONT, size)
        self._canvas.drawString(x, self._y, text)

    def _end_page(self) -> None:
        layout, canvas = self._layout, self._canvas
        for index, note in enumerate(self._notes):
            canvas.setFont(_FONT, min(9.0, 0.8 * layout.size))
            canvas.drawString(
                layout.margin, 66.0 + 13.0 * (len(self._notes) - 1 - index), f"[{note.number}]{note.text}"
            )
        canvas.setFont(_FONT, 9.0)
        if layout.header and self._pages > 1:
            canvas.drawString(layout.margin, _HEIGHT - 50.0, layout.header)
        if layout.number:
            text = layout.number.format(page=self._page, pages=self._pages)
            canvas.drawCentredString(_WIDTH / 2, 36.0, text)
        canvas.showPage()

    def _new_page(self) -> None:
        self._page += 1
        self._column = 0
        self._notes = []
        self._y = self._top

    def _table(self, table: Table) -> None:
        layout = self._layout
        if self._y - 6 * layout.size * layout.leading < self._floor:
            self._end_page()
            self._new_page()
        for text in (table.caption, table.unit):
            if text:
                width = pdfmetrics.stringWidth(text, _FONT, layout.size)
                spare = self._column_width - width
                self._draw(text, self._left + (spare / 2 if text == table.caption else spare), layout.size)
        self._y -= 6
        parts = [self._ruled(table)]
        while parts:
            part = parts.pop(0)
            _, height = part.wrap(self._column_width, self._y - self._floor)
            if height > self._y - self._floor:
                halves = part.split(self._column_width, self._y - self._floor)
                if len(halves) == 2:
                    self._place(halves[0])
                parts = [halves[-1] if halves else part, *parts]
                self._end_page()
                self._new_page()
            else:
                self._place(part)
        self._y -= 0.5 * layout.size

    def _place(self, part: RuledTable) -> None:
        _, height = part.wrap(self._column_width, self._y - self._floor)
        part.drawOn(self._canvas, self._left, self._y - height)
        self._y -= height

    def _ruled(self, table: Table) -> RuledTable:
        style = ParagraphStyle("cell", fontName=_FONT, fontSize=9, leading=12, wordWrap="CJK")
        width = len(table.filled()[0])
        cells: list[list[object]] = [[""] * width for _ in table.rows]
        spans: list[tuple[object, ...]] = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)]
        taken: set[tuple[int, int]] = set()
        for top, row in enumerate(table.rows):
            left = 0
            for cell in row:
                while (top, left) in taken:
                    left += 1
                bottom, right = top + cell.rowspan - 1, left + cell.colspan - 1
                taken |= {(r, c) for r in range(top, bottom + 1) for c in range(left, right + 1)}
                cells[top][left] = Flowing(cell.text, style)
                if (bottom, right) != (top, left):
                    spans.append(("SPAN", (left, top), (right, bottom)))
                left = right + 1
        return RuledTable(cells, [self._column_width / width] * width, style=spans, repeatRows=table.header_rows)
