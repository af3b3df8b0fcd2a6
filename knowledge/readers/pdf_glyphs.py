"""What stands on a page of a PDF: its characters with their places, and the ruling lines drawn on it.

Coordinates are points from the top left of the page as it is read, y growing downwards: a page turned by a quarter, or
text drawn turned on an upright page, comes out upright. What a reader of the page cannot see is left out and counted.
"""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

import pypdfium2 as pdfium
from pypdfium2 import raw

from knowledge.readers.pdf_fallback import Characters

MAX_OBJECTS = 20_000
"""Objects of one page that are looked at for ruling lines and backgrounds; a drawing has more."""
_MAX_DEPTH = 8
_INVISIBLE, _CLIPPED = 3, 7
_SMALLEST = 2.0
_SAME_COLOUR = 12
_THIN = 2.5
_SHORTEST = 4.0
_STANDARD_FONTS = (b"Helvetica", b"Times", b"Courier", b"Symbol", b"ZapfDingbats", b"Arial")

# Radicals that stand for whole characters in many fonts' Unicode tables and that NFKC does not know: Unicode's
# EquivalentUnifiedIdeograph, those that are characters of their own in simplified Chinese.
_RADICALS = str.maketrans(
    "⺁⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻱⻲",
    "厂民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟龟",
)
# Bullets of the symbol fonts that office software uses, which have private code points only.
_BULLETS = {"\uf06c": "●", "\uf06e": "■", "\uf075": "◆", "\uf09f": "•", "\uf0a7": "▪", "\uf0b7": "•", "\uf0d8": "➢",
            "\uf0fc": "✓"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character: `y` is its baseline, `size` the height of its font. `char` is a single blank for white space,
    several letters for a ligature; `after_blank` says that a blank was set before it.
    """

    char: str
    x0: float
    x1: float
    y: float
    size: float
    after_blank: bool = False

    @property
    def is_blank(self) -> bool:
        return self.char == " "


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line drawn on the page, upright or level."""

    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def is_level(self) -> bool:
        return self.bottom - self.top <= self.x1 - self.x0


@dataclass(frozen=True)
class Page:
    """A page's visible characters in drawing order, text turned against the rest of it apart, its ruling lines.

    `unreadable` counts characters without a Unicode value, `hidden` those nobody can see, `slanted` is the text that
    runs aslant (a watermark), `drawn` says that there are pictures or drawings.
    """

    width: float
    height: float
    glyphs: tuple[Glyph, ...] = ()
    turned: tuple[tuple[Glyph, ...], ...] = ()
    rules: tuple[Rule, ...] = ()
    unreadable: int = 0
    hidden: int = 0
    slanted: str = ""
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    bottom: float
    right: float
    top: float

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.bottom <= y <= self.top


@dataclass(frozen=True, slots=True)
class _Mark:
    """A character in the page's own coordinates: `quarter` turns counter-clockwise, None when aslant."""

    char: str
    box: _Box
    x: float
    y: float
    size: float
    quarter: int | None


_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1, 0, 0, 1, 0, 0)
_Point = tuple[float, float]
_Colour = tuple[int, int, int, int]


@dataclass
class _Drawing:
    """What is drawn besides text: lines, and surfaces with their colour (None: a picture). `borrowed` is the text in
    fonts that are not in the file, by its style and where it begins, `origins` are where all texts begin.
    """

    rules: list[_Box] = field(default_factory=list)
    surfaces: list[tuple[_Box, _Colour | None]] = field(default_factory=list)
    borrowed: list[tuple[_Style, _Point]] = field(default_factory=list)
    origins: list[_Point] = field(default_factory=list)

    def ground(self, x: float, y: float) -> _Colour | None:
        """The colour under a point, None where it is a picture's."""
        found = [colour for box, colour in self.surfaces if box.holds(x, y)]
        return found[-1] if found else (255, 255, 255, 255)

    def has_picture(self, x: float, y: float) -> bool:
        return any(colour is None and box.holds(x, y) for box, colour in self.surfaces)


def read_page(page: pdfium.PdfPage, characters: Callable[[], Characters]) -> Page:
    """The page's characters and lines. Annotations and form fields are no part of it.

    `characters` gives what another library reads on the page; it is asked for text that this one leaves out.
    """
    drawing = _drawing(page)
    text = page.get_textpage()
    try:
        found = list(_marks(text))
    finally:
        text.close()
    if left_out := _left_out(drawing, found):
        found += _from_second(left_out, drawing.origins, characters())
    bounds = _Box(*page.get_bbox())
    marks = [mark for mark, style in found if _is_seen(mark, style, drawing, bounds)]
    turns = Counter(mark.quarter for mark in marks if mark.quarter is not None)
    upright = turns.most_common(1)[0][0] if turns else 0
    frame = _Frame(bounds, upright)
    kept = [mark for mark in marks if _has_unicode(mark.char)]
    return Page(
        width=frame.width,
        height=frame.height,
        glyphs=_once(frame.glyph(mark) for mark in kept if mark.quarter == upright),
        turned=tuple(
            _once(_Frame(frame.page, quarter).glyph(mark) for mark in kept if mark.quarter == quarter)
            for quarter in sorted(turns)
            if quarter != upright
        ),
        rules=tuple(frame.rule(box) for box in drawing.rules),
        unreadable=len(marks) - len(kept),
        hidden=sum(not mark.char.isspace() for mark, _ in found) - sum(not mark.char.isspace() for mark in marks),
        slanted="".join(mark.char for mark in kept if mark.quarter is None).strip(),
        drawn=bool(drawing.rules or drawing.surfaces),
    )


def _has_unicode(char: str) -> bool:
    return unicodedata.category(char) not in {"Co", "Cn", "Cs", "Cc"} and char != "\ufffd"


def _once(glyphs: Iterator[Glyph]) -> tuple[Glyph, ...]:
    """Without the second print of a character that is drawn twice, a little apart, to look bold."""
    seen: dict[tuple[str, int, int], list[Glyph]] = {}
    kept: list[Glyph] = []
    for glyph in glyphs:
        column, row = int(glyph.x0 // 4), int(glyph.y // 4)
        near = (
            one for dx in (-1, 0, 1) for dy in (-1, 0, 1) for one in seen.get((glyph.char, column + dx, row + dy), ())
        )
        if not any(_overprints(glyph, other) for other in near):
            seen.setdefault((glyph.char, column, row), []).append(glyph)
            kept.append(glyph)
    return tuple(kept)


def _overprints(one: Glyph, other: Glyph) -> bool:
    within = min(0.15 * other.size, 0.5 * (other.x1 - other.x0))
    return abs(one.x0 - other.x0) <= within and abs(one.y - other.y) <= 0.15 * other.size


@dataclass(frozen=True)
class _Frame:
    """The page turned so that text of one direction runs to the right."""

    page: _Box
    quarter: int

    @cached_property
    def bounds(self) -> _Box:
        return self._turned(self.page)

    @property
    def width(self) -> float:
        return self.bounds.right - self.bounds.left

    @property
    def height(self) -> float:
        return self.bounds.top - self.bounds.bottom

    def glyph(self, mark: _Mark) -> Glyph:
        bounds, box = self.bounds, self._turned(mark.box)
        _, y = self._point(mark.x, mark.y)
        return Glyph(mark.char, box.left - bounds.left, box.right - bounds.left, bounds.top - y, mark.size)

    def rule(self, line: _Box) -> Rule:
        bounds, box = self.bounds, self._turned(line)
        return Rule(box.left - bounds.left, bounds.top - box.top, box.right - bounds.left, bounds.top - box.bottom)

    def _point(self, x: float, y: float) -> tuple[float, float]:
        return ((x, y), (y, -x), (-x, -y), (-y, x))[self.quarter]

    def _turned(self, box: _Box) -> _Box:
        if self.quarter == 0:
            return box
        (x0, y0), (x1, y1) = self._point(box.left, box.bottom), self._point(box.right, box.top)
        return _Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


@dataclass(frozen=True, slots=True)
class _Style:
    """What all characters of one text object share."""

    size: float
    quarter: int | None
    mode: int
    colour: _Colour


def _marks(text: pdfium.PdfTextPage) -> Iterator[tuple[_Mark, _Style]]:
    """The characters of the text layer, seen or not."""
    styles: dict[int, _Style] = {}
    for index, char in _characters(text):
        style = _style(text, index, styles)
        mark = _mark(text, index, char, style)
        if mark.box.right > mark.box.left or not char.isspace():
            yield mark, style


def _left_out(drawing: _Drawing, found: list[tuple[_Mark, _Style]]) -> list[tuple[_Style, _Point]]:
    """Texts in borrowed fonts of which the first character was not found where it is drawn."""
    places = {(round(mark.x), round(mark.y)) for mark, _ in found} if drawing.borrowed else set()
    near = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    return [
        (style, (x, y))
        for style, (x, y) in drawing.borrowed
        if not any((round(x) + dx, round(y) + dy) in places for dx, dy in near)
    ]


def _from_second(
    texts: list[tuple[_Style, _Point]], origins: list[_Point], characters: Characters
) -> Iterator[tuple[_Mark, _Style]]:
    """The characters of some texts as another library reads them, each as wide as its kind is."""
    begun = characters.beginnings(origins)
    for style, origin in texts:
        for found in characters.from_point(origin, begun):
            for char in "".join(_folded(ord(one)) for one in found.text):
                yield _Mark(char, _square(char, found.origin, style), *found.origin, style.size, style.quarter), style


def _square(char: str, origin: _Point, style: _Style) -> _Box:
    """The box of a character that begins at a point, by the direction in which it is set."""
    (x, y), up = origin, style.size
    along = style.size * (1.0 if unicodedata.east_asian_width(char) in {"W", "F"} else 0.5)
    right, top = ((along, up), (-up, along), (-along, -up), (up, -along))[style.quarter or 0]
    return _around([(x, y), (x + right, y + top)])


def _characters(text: pdfium.PdfTextPage) -> Iterator[tuple[int, str]]:
    """Index and character of what the page itself holds, without the blanks and line ends that the library adds."""
    pending = 0
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, index)
        if raw.FPDFText_IsGenerated(text, index) == 1:
            continue
        if 0xD800 <= code <= 0xDBFF:
            pending = code
            continue
        if 0xDC00 <= code <= 0xDFFF and pending:
            code, pending = 0x10000 + (pending - 0xD800) * 0x400 + code - 0xDC00, 0
        unmapped = raw.FPDFText_HasUnicodeMapError(text, index) == 1
        yield index, "\ufffd" if unmapped and code != 2 else _folded(code)


def _folded(code: int) -> str:
    """The character of a code: only what is the same character under another code is folded.

    Kangxi radicals and compatibility ideographs are what some fonts' tables give for ordinary characters (⽤ for 用):
    nobody can search for them. Ligatures become their letters. All else stays as printed, full-width digits too.
    """
    if code in {2, 0xFFFE, 0xAD}:  # the library's code for a hyphen at a line's end
        return "-"
    char = chr(code) if 0 < code < 0x110000 else "\ufffd"
    if char.isspace():
        return " "
    if 0x2E80 <= code <= 0x2FD5 or 0xF900 <= code <= 0xFAFF or 0xFB00 <= code <= 0xFB06:
        return unicodedata.normalize("NFKC", char).translate(_RADICALS)
    return _BULLETS.get(char, char)


def _style(text: pdfium.PdfTextPage, index: int, known: dict[int, _Style]) -> _Style:
    source = raw.FPDFText_GetTextObject(text, index)
    key = ctypes.addressof(source.contents) if source else 0
    if key not in known:
        known[key] = _read_style(text, index, source)
    return known[key]


def _read_style(text: pdfium.PdfTextPage, index: int, source: object) -> _Style:
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(text, index, matrix)
    size = raw.FPDFText_GetFontSize(text, index)
    return _style_of(source, size, (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f))


def _style_of(source: object, size: float, matrix: _Matrix) -> _Style:
    a, b, c, d, _, _ = matrix
    mode = raw.FPDFTextObj_GetTextRenderMode(source) if source else 0
    return _Style(size * math.hypot(c, d), _quarter(a, b), mode, _fill(source) if source else (0, 0, 0, 255))


def _quarter(a: float, b: float) -> int | None:
    turns = math.atan2(b, a) / (math.pi / 2)
    return round(turns) % 4 if abs(turns - round(turns)) < 0.06 else None


def _fill(source: object) -> _Colour:
    parts = [ctypes.c_uint() for _ in range(4)]
    if not raw.FPDFPageObj_GetFillColor(source, *parts):
        return 0, 0, 0, 255
    red, green, blue, alpha = (part.value for part in parts)
    return red, green, blue, alpha


def _mark(text: pdfium.PdfTextPage, index: int, char: str, style: _Style) -> _Mark:
    rect, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetLooseCharBox(text, index, rect)
    raw.FPDFText_GetCharOrigin(text, index, x, y)
    box = _Box(rect.left, min(rect.bottom, rect.top), rect.right, max(rect.bottom, rect.top))
    height = box.top - box.bottom if style.quarter in {0, 2} else box.right - box.left
    return _Mark(char, box, x.value, y.value, max(style.size, 0.7 * height), style.quarter)


def _is_seen(mark: _Mark, style: _Style, drawing: _Drawing, bounds: _Box) -> bool:
    x, y = (mark.box.left + mark.box.right) / 2, (mark.box.bottom + mark.box.top) / 2
    if not bounds.holds(x, y) or mark.size < _SMALLEST:
        return False
    if style.mode in {_INVISIBLE, _CLIPPED}:  # the text layer of a scan lies over its picture
        return drawing.has_picture(x, y)
    if style.colour[3] <= _SAME_COLOUR:
        return False
    if min(style.colour[:3]) < 200 and not drawing.surfaces:
        return True
    ground = drawing.ground(x, y)
    return ground is None or any(abs(a - b) > _SAME_COLOUR for a, b in zip(style.colour[:3], ground[:3], strict=True))


@dataclass
class _Walk:
    """Goes through the objects of a page and of the forms in it, up to a limit."""

    drawing: _Drawing
    left: int = MAX_OBJECTS

    def page(self, page: pdfium.PdfPage) -> None:
        for index in range(raw.FPDFPage_CountObjects(page)):
            self._take(raw.FPDFPage_GetObject(page, index), _IDENTITY, 0)

    def _take(self, item: object, above: _Matrix, depth: int) -> None:
        self.left -= 1
        if self.left < 0 or depth > _MAX_DEPTH:
            return
        kind = raw.FPDFPageObj_GetType(item)
        if kind == raw.FPDF_PAGEOBJ_FORM:
            matrix = _times(_matrix(item), above)
            for index in range(raw.FPDFFormObj_CountObjects(item)):
                self._take(raw.FPDFFormObj_GetObject(item, index), matrix, depth + 1)
        elif kind == raw.FPDF_PAGEOBJ_PATH:
            self._path(item, above)
        elif kind == raw.FPDF_PAGEOBJ_TEXT:
            self._text(item, above)
        elif kind in {raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING}:
            self.drawing.surfaces.append((_bounds(item, above), None))

    def _text(self, item: object, above: _Matrix) -> None:
        matrix = _times(_matrix(item), above)
        self.drawing.origins.append(matrix[4:])
        if _is_borrowed(raw.FPDFTextObj_GetFont(item)):
            size = ctypes.c_float()
            raw.FPDFTextObj_GetFontSize(item, size)
            self.drawing.borrowed.append((_style_of(item, size.value, matrix), matrix[4:]))

    def _path(self, item: object, above: _Matrix) -> None:
        filled, stroked = ctypes.c_int(), ctypes.c_int()
        raw.FPDFPath_GetDrawMode(item, filled, stroked)
        matrix = _times(_matrix(item), above)
        for outline in self._outlines(item, matrix):
            box = _around(outline)
            if stroked.value or (filled.value and min(box.right - box.left, box.top - box.bottom) <= _THIN):
                self.drawing.rules.extend(_straight(outline))
            elif filled.value:
                self.drawing.surfaces.append((box, _fill(item)))

    def _outlines(self, item: object, matrix: _Matrix) -> Iterator[list[_Point]]:
        """The corners of each part of a path; curves count as straight, their ends are what matters here."""
        outline: list[_Point] = []
        for index in range(raw.FPDFPath_CountSegments(item)):
            self.left -= 1
            if self.left < 0:
                return
            segment, x, y = raw.FPDFPath_GetPathSegment(item, index), ctypes.c_float(), ctypes.c_float()
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_MOVETO and outline:
                yield outline
                outline = []
            outline.append(_moved(x.value, y.value, matrix))
            if raw.FPDFPathSegment_GetClose(segment):
                outline.append(outline[0])
        if outline:
            yield outline


def _drawing(page: pdfium.PdfPage) -> _Drawing:
    walk = _Walk(_Drawing())
    walk.page(page)
    return walk.drawing if walk.left >= 0 else replace(walk.drawing, rules=[])


def _is_borrowed(font: object) -> bool:
    """Whether a font is neither in the file nor one that every reader has."""
    if not font or raw.FPDFFont_GetIsEmbedded(font) == 1:
        return False
    name = ctypes.create_string_buffer(128)
    raw.FPDFFont_GetBaseFontName(font, name, 128)
    return not name.value.startswith(_STANDARD_FONTS)


def _straight(outline: list[_Point]) -> Iterator[_Box]:
    for (x0, y0), (x1, y1) in pairwise(outline):
        if (abs(x1 - x0) <= 1 or abs(y1 - y0) <= 1) and max(abs(x1 - x0), abs(y1 - y0)) >= _SHORTEST:
            yield _around([(x0, y0), (x1, y1)])


def _around(points: list[_Point]) -> _Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return _Box(min(xs), min(ys), max(xs), max(ys))


def _matrix(item: object) -> _Matrix:
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(item, matrix)
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(one: _Matrix, then: _Matrix) -> _Matrix:
    a, b, c, d, e, f = one
    (aa, ba), (ca, da) = _turned(a, b, then), _turned(c, d, then)
    return aa, ba, ca, da, *_moved(e, f, then)


def _turned(x: float, y: float, by: _Matrix) -> _Point:
    return x * by[0] + y * by[2], x * by[1] + y * by[3]


def _moved(x: float, y: float, by: _Matrix) -> _Point:
    right, up = _turned(x, y, by)
    return right + by[4], up + by[5]


def _bounds(item: object, above: _Matrix) -> _Box:
    parts = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(item, *parts)
    left, bottom, right, top = (part.value for part in parts)
    return _around([_moved(x, y, above) for x in (left, right) for y in (bottom, top)])
