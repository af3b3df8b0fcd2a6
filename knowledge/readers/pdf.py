"""PDF: pages to text that reads as the page does, with the page of every character kept.

The library is not safe for threads: one file at a time in a process (`knowledge.isolation` sees to it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

import pypdfium2 as pdfium
from pypdfium2 import raw

from core.errors import BadInput
from core.text import squeeze
from knowledge.clauses import read_label
from knowledge.readers import pdf_wording as wording
from knowledge.readers.errors import EmptyFile, EncryptedFile, NoText, TruncatedFile, UnreadableFile
from knowledge.readers.pdf_fallback import SecondReader
from knowledge.readers.pdf_glyphs import Page, read_page
from knowledge.readers.pdf_lines import Line, gutter_of, lines
from knowledge.readers.pdf_margins import running_lines
from knowledge.readers.pdf_paragraphs import Shape, paragraphs
from knowledge.readers.pdf_tables import PlacedTable, tables
from knowledge.readers.tables import Cell, GrowingText, is_unit
from knowledge.reading import Reading, Table, Warned

MAX_PAGES = 1000
_HEADER_WITHIN = 1024
_END_WITHIN = 2048
_UNREADABLE_SHARE = 0.02
_UNREADABLE_PAGE = 0.3
_PARTED_SHARE = 0.3
_LONGEST_CAPTION = 40
_CAPTION = re.compile(r"附?表[ ]?[0-9０-９一二三四五六七八九十]")
_SENTENCE_END = ("。", "；", "：", "，", ":", ";")


class TooManyPages(BadInput):
    """The document has more pages than are read."""

    code = "too_many_pages"
    default = wording.TOO_MANY_PAGES.format(limit=MAX_PAGES)


def read(data: bytes) -> Reading:
    """The text of a PDF: lines joined to paragraphs, ruled tables as tables, running headers and page numbers out.

    Annotations and form fields are not read. Raises EmptyFile, EncryptedFile (a password is needed to open it),
    TruncatedFile, UnreadableFile, TooManyPages, and NoText where no page has text.
    """
    pages = _pages(data)
    body = _Body(pages)
    unread = tuple(index + 1 for index, page in enumerate(pages) if body.is_unread(index, page))
    if not any(body.visible):
        raise NoText(wording.SCANNED) if unread else EmptyFile()
    if all(index + 1 in unread for index, count in enumerate(body.visible) if count):
        raise NoText(wording.SCANNED)
    writer = _Writer(len(pages))
    for piece in body.pieces():
        writer.write(piece, body.shape)
    return Reading(
        text=writer.text.text(),
        format="pdf",
        pages=writer.offsets(),
        unread_pages=unread,
        tables=tuple(writer.text.tables),
        body=sum(body.visible) - writer.repeated,
        warnings=tuple(_warnings(data, pages, unread)),
    )


def _pages(data: bytes) -> list[Page | None]:
    """The pages as they stand in the file, None for one that cannot be opened."""
    if not data.strip():
        raise EmptyFile()
    document = _open(data)
    try:
        if len(document) > MAX_PAGES:
            raise TooManyPages()
        if len(document) == 0:
            raise TruncatedFile()
        second = SecondReader(data)
        return [_page(document, index, second) for index in range(len(document))]
    finally:
        document.close()


def _open(data: bytes) -> pdfium.PdfDocument:
    if b"%PDF" not in data[:_HEADER_WITHIN]:
        raise UnreadableFile()
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}:
            raise EncryptedFile() from error
        raise TruncatedFile() from error


def _page(document: pdfium.PdfDocument, index: int, second: SecondReader) -> Page | None:
    try:
        page = document[index]
    except pdfium.PdfiumError:
        return None
    try:
        return read_page(page, lambda: second.characters(index))
    except pdfium.PdfiumError:
        return None
    finally:
        page.close()


@dataclass
class _Piece:
    """A run of lines and the table below it, in parts where it goes on over the end of a page; either may be empty."""

    lines: list[Line] = field(default_factory=list)
    parts: list[PlacedTable] = field(default_factory=list)


class _Body:
    """What of the pages is body text: lines and tables in the order of reading, counted in visible characters."""

    def __init__(self, pages: Sequence[Page | None]) -> None:
        found = _contents(pages)
        heights = [page.height if page else 0.0 for page in pages]
        running = running_lines([(height, content.lines) for height, content in zip(heights, found, strict=True)])
        self._contents = [
            replace(content, lines=[one for one in content.lines if one not in running]) for content in found
        ]
        self.visible = [
            content.seen - sum(line.visible for line in old.lines if line in running)
            for content, old in zip(self._contents, found, strict=True)
        ]
        self.shape = Shape([line for content in self._contents for line in content.lines])

    def is_unread(self, index: int, page: Page | None) -> bool:
        """Whether a page has something on it and no text that can be read."""
        if page is None:
            return True
        readable = self.visible[index]
        return (page.drawn and not readable) or page.unreadable > _UNREADABLE_PAGE * (readable + page.unreadable)

    def pieces(self) -> Iterator[_Piece]:
        """Runs of lines, each with the table that follows it."""
        piece = _Piece()
        for item in (item for content in self._contents for item in content.in_order()):
            ended = bool(piece.parts) and (isinstance(item, Line) or not piece.parts[-1].goes_on_in(item))
            if ended:
                yield piece
                piece = _Piece()
            if isinstance(item, Line):
                piece.lines.append(item)
            else:
                piece.parts.append(item)
        yield piece


@dataclass(frozen=True)
class _Content:
    """A page's lines in reading order and its tables from the top; `seen` counts visible characters of both."""

    lines: list[Line]
    tables: list[PlacedTable]
    seen: int

    def without(self, running: set[Line]) -> _Content:
        return replace(self, lines=[line for line in self.lines if line not in running])

    def in_order(self) -> Iterator[Line | PlacedTable]:
        """Each table before the first line that stands below it."""
        waiting = list(self.tables)
        for line in self.lines:
            while waiting and line.column == 0 and line.y > waiting[0].box[1]:
                yield waiting.pop(0)
            yield line
        yield from waiting


def _contents(pages: Sequence[Page | None]) -> list[_Content]:
    """What stands on each page. Where a good part of the pages has two columns, the others are read for them too."""
    found = [_content(index, page) for index, page in enumerate(pages)]
    parted = [content.lines for content in found if any(line.column for line in content.lines)]
    gutter = gutter_of(parted)
    if gutter is None or len(parted) < _PARTED_SHARE * len(pages):
        return found
    return [_content(index, page, gutter) for index, page in enumerate(pages)]


def _content(index: int, page: Page | None, gutter: float | None = None) -> _Content:
    if page is None:
        return _Content([], [], 0)
    ruled, rest = tables(page.rules, page.glyphs, index)
    found = lines(rest, index, gutter) + [line for glyphs in page.turned for line in lines(glyphs, index)]
    seen = sum(len(glyph.char) for glyphs in (page.glyphs, *page.turned) for glyph in glyphs if not glyph.is_blank)
    return _Content(found, ruled, seen)


class _Writer:
    """Writes pieces into the text and keeps at which offset each page begins."""

    def __init__(self, pages: int) -> None:
        self.text = GrowingText()
        self.repeated = 0
        """Visible characters of header rows that a table prints again on its next pages."""
        self._starts: list[int | None] = [None] * pages

    def write(self, piece: _Piece, shape: Shape) -> None:
        heading = _heading(piece.lines, shape) if piece.parts else []
        for paragraph in paragraphs(piece.lines[: len(piece.lines) - len(heading)], shape):
            for page, text in paragraph.parts:
                self._begin(page, self.text.add(text))
            self.text.add("\n")
        if piece.parts:
            self._table(heading, piece.parts)

    def offsets(self) -> tuple[int, ...]:
        """Where each page begins; one without text where the next one does."""
        starts: list[int] = []
        following = self.text.length
        for start in reversed(self._starts):
            following = following if start is None else min(start, following)
            starts.append(following)
        return tuple(reversed(starts))

    def _begin(self, page: int, offset: int) -> None:
        if self._starts[page] is None:
            self._starts[page] = offset

    def _table(self, heading: list[Line], parts: list[PlacedTable]) -> None:
        grids = [part.grid() for part in parts]
        repeats = [0, *(_repeats(grids[0], grid) for grid in grids[1:])]
        kept = [grid[skipped:] for grid, skipped in zip(grids, repeats, strict=True)]
        self.repeated += sum(_visible(grid[:skipped]) for grid, skipped in zip(grids, repeats, strict=True))
        unit = next((line.text for line in heading if is_unit(line.text)), "")
        caption = next((line.text for line in heading if not is_unit(line.text)), "")
        self._begin(parts[0].page, self.text.length)
        table = self.text.table([row for grid in kept for row in grid], caption=caption, unit=unit)
        if table is not None:
            self._begin_pages(table, [(part.page, len(grid)) for part, grid in zip(parts, kept, strict=True)])

    def _begin_pages(self, table: Table, parts: list[tuple[int, int]]) -> None:
        """A page begins at the first row that stands on it; `parts` are pages and how many rows each shows."""
        below = sum(rows for _, rows in parts)
        for page, rows in parts:
            if 0 < below <= len(table.rows):
                self._begin(page, table.rows[-below].start)
            below -= rows


def _heading(run: Sequence[Line], shape: Shape) -> list[Line]:
    """The lines directly above a table that are its caption and its unit."""
    found: list[Line] = []
    for line in reversed(run[-2:]):
        if is_unit(line.text):
            if any(is_unit(one.text) for one in found):
                break
        elif not _is_caption(line, shape) or any(not is_unit(one.text) for one in found):
            break
        found.insert(0, line)
    return found


def _is_caption(line: Line, shape: Shape) -> bool:
    if len(line.text) > _LONGEST_CAPTION or line.text.endswith(_SENTENCE_END):
        return False
    return bool(_CAPTION.match(line.text)) or (shape.is_centred(line) and read_label(line.text) is None)


def _repeats(first: list[list[Cell]], grid: list[list[Cell]]) -> int:
    """How many rows at the top of a table's next page say what its own top rows say."""
    pairs = zip(first, grid[:-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: _said(pair[0]) == _said(pair[1]) and any(_said(pair[0])), pairs))


def _said(row: list[Cell]) -> list[str]:
    return [squeeze(cell.text) for cell in row]


def _visible(rows: list[list[Cell]]) -> int:
    return sum(len(text) for row in rows for text in _said(row))


def _warnings(data: bytes, pages: Sequence[Page | None], unread: tuple[int, ...]) -> Iterator[Warned]:
    opened = [page for page in pages if page is not None]
    seen = sum(len(page.glyphs) for page in opened)
    unreadable, hidden = sum(page.unreadable for page in opened), sum(page.hidden for page in opened)
    if unread:
        yield Warned("pages_without_text", wording.PAGES_WITHOUT_TEXT.format(pages=wording.page_numbers(unread)))
    if unreadable > _UNREADABLE_SHARE * (seen + unreadable):
        yield Warned("glyphs_unreadable", wording.GLYPHS_UNREADABLE.format(count=unreadable))
    if hidden:
        yield Warned("hidden_text", wording.HIDDEN_TEXT.format(count=hidden))
    if slanted := next((page.slanted for page in opened if page.slanted), ""):
        yield Warned("watermark", wording.WATERMARK.format(text=slanted[:_LONGEST_CAPTION]))
    if b"%%EOF" not in data[-_END_WITHIN:]:
        yield Warned("truncated", wording.TRUNCATED)
