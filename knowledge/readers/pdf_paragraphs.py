"""From the lines of pages to paragraphs: where a line goes on from the one above, over a page's end too.

A paragraph is known by its indent, by the line above it that ends short of the edge, by a larger gap or other letters,
or by the label of a clause. A file whose lines end anywhere (wrapped by hand) has no edge to go by: there a paragraph
ends with a sentence, before a label, and after a heading.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from knowledge.clauses import read_label
from knowledge.readers.pdf_lines import Line, is_wide

_INDENT = 0.8
_DEEPEST_INDENT = 2.8
_LONGEST_HEADING = 25
_LINES_OF_A_PAGE = 8

_STOP = re.compile(r"[。；;！!？?：:][”’」』）)》]*$")
_HANGING = re.compile(r"[，。、；：！？）)》”」』〕]$")
"""Marks that may stand beyond the edge at the end of a line."""
_NUMBER = re.compile(r"[^，。；：]{1,12}[〔\[【（(][0-9]{4}[〕\]】）)]第?[0-9]{1,4}号")
_LEADER = re.compile(r"[.．…·]{4,}[\s0-9０-９]*$")
_HEADING_KINDS = {"part", "chapter", "section", "cn", "cn_paren", "annex"}
_NO_HEADING_END = re.compile(r"[0-9A-Za-z，、,（(《“]$")
_TITLE_END = re.compile(
    r"(?:通知|办法|细则|意见|方案|公告|决定|规定|措施|目录|指南|文件|通告|条例|规划|计划)[）)]?$|[〕】\])）号]$"
)
_BODY_OF_STATE = re.compile(r"(?:局|委员会|委|政府|厅|部|院|行|中心|办公室|会)$")
_TOKEN = re.compile(r"[（(《“「〔]*(?:[0-9A-Za-z.,%/+\-]+|.)[，。、；：？！）)》”」〕%％]*")
_NEXT_ARTICLE = re.compile(r"(?<=[。；])(?=第[一二三四五六七八九十百零]{1,6}条[ \u3000])")
_NOTE_MARK = re.compile(r"[①-⑳*＊※]|\[[0-9]+\]|〔[注0-9]+〕|\([0-9]+\)|注[:：0-9]|[0-9]{1,2}\D")
_NOTE_SIZE = 0.9


@dataclass(frozen=True)
class Paragraph:
    """Text of a paragraph by the pages (from 0) that its parts stand on."""

    parts: tuple[tuple[int, str], ...]

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.parts)


@dataclass(frozen=True)
class _Edges:
    """The left edge of a page's text and its width."""

    left: float
    width: float

    @property
    def right(self) -> float:
        return self.left + self.width


_Place = tuple[int, int]


class Shape:
    """How a document is set, measured on all its lines: edges, size of its letters, whether paragraphs are indented."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.size = _body_size(lines)
        self._edges = _all_edges(lines, self.size)
        indents = [line.x0 - self.edges(line).left for line in lines]
        deep = sum(1.2 * self.size < indent < _DEEPEST_INDENT * self.size for indent in indents)
        self.indented = deep >= max(2, 0.05 * len(lines))
        gaps = [b.y - a.y for a, b in pairwise(lines) if _same_place(a, b) and 0 < b.y - a.y < 4 * self.size]
        self.gap = median(gaps) if gaps else 1.5 * self.size
        self.ragged = self._is_ragged(lines)

    def _is_ragged(self, lines: Sequence[Line]) -> bool:
        """Whether most lines that cannot be the last of their paragraph end short of the edge."""
        open_ended = [
            (above, line)
            for above, line in pairwise(lines)
            if _same_letters(above, line) and self.indent(line) <= _INDENT and not _is_closed(above.text, line.text)
            and not self.is_centred(above) and not self.is_at_the_right(above)
        ]  # fmt: skip
        short = sum(self.has_room(above, _token(line.text)) for above, line in open_ended)
        return short > 0.4 * len(open_ended)

    def edges(self, line: Line) -> _Edges:
        """The edges of the column in which a line stands."""
        return self._edges[line.page, line.column]

    def indent(self, line: Line) -> float:
        """How far from the left edge a line begins, in its own letters."""
        return (line.x0 - self.edges(line).left) / line.size

    def is_centred(self, line: Line) -> bool:
        edges = self.edges(line)
        off = abs((line.x0 + line.x1) / 2 - (edges.left + edges.right) / 2)
        return off < 0.8 * line.size and line.x0 - edges.left > _DEEPEST_INDENT * line.size

    def is_at_the_right(self, line: Line) -> bool:
        """A signature, a date: it ends at the right edge and begins in the right half."""
        edges = self.edges(line)
        return line.x0 > edges.left + 0.45 * edges.width

    def has_room(self, line: Line, token: str) -> bool:
        """Whether the line had room for what the next one begins with: then it ended there on purpose."""
        width = sum(1.0 if is_wide(char) else 0.55 for char in token) * line.size
        return self.edges(line).right - line.x1 > width + 0.4 * line.size


def _body_size(lines: Sequence[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += line.visible
    return sizes.most_common(1)[0][0] if sizes else 12.0


def _all_edges(lines: Sequence[Line], size: float) -> dict[_Place, _Edges]:
    places: defaultdict[_Place, list[Line]] = defaultdict(list)
    columns: defaultdict[int, list[Line]] = defaultdict(list)
    for line in lines:
        places[line.page, line.column].append(line)
        columns[line.column].append(line)
    shared = {column: _left(group) for column, group in columns.items()}
    lefts = {
        place: _left(group) if len(group) >= _LINES_OF_A_PAGE else min(shared[place[1]], *(one.x0 for one in group))
        for place, group in places.items()
    }
    found: dict[_Place, _Edges] = {}
    for column, group in columns.items():
        inside = [line for line in group if not _HANGING.search(line.text)]
        ends = [line.x1 - lefts[line.page, column] for line in (inside if len(inside) > 2 else group)]
        width = _width(ends, size)
        found |= {place: _Edges(left, width) for place, left in lefts.items() if place[1] == column}
    return found


def _left(lines: Sequence[Line]) -> float:
    """The leftmost edge that enough lines share."""
    edges = sorted(line.x0 for line in lines)
    enough = max(1, min(3, len(edges) // 10))
    return next(
        (x for index, x in enumerate(edges) if edges[min(index + enough - 1, len(edges) - 1)] - x <= 3), edges[0]
    )


def _width(ends: list[float], size: float) -> float:
    """The width of the text: as far as a good part of the longer lines go and next to none goes beyond.

    Of lines that end a little apart it is what three in four reach: marks and Latin letters stand out at times.
    """
    ends = sorted(ends, reverse=True)
    longest = [end for end in ends if end > 0.6 * ends[0]]
    for beyond, end in enumerate(ends):
        if beyond > 0.05 * len(ends):
            break
        full = [other for other in longest if end - 1.6 * size <= other <= end + 0.3 * size]
        if len(full) >= max(2, 0.3 * len(longest)):
            return full[len(full) // 4]
    return ends[0]


def _same_place(above: Line, line: Line) -> bool:
    return (above.page, above.column) == (line.page, line.column)


def paragraphs(lines: Sequence[Line], shape: Shape) -> Iterator[Paragraph]:
    """The paragraphs of lines in reading order. A footnote follows the paragraph that goes on over its page's end."""
    notes = _notes(lines, shape)
    running = _Running()
    waiting: list[Line] = []
    for line in lines:
        if line in notes:
            waiting.append(line)
            continue
        if running.lines and _begins(running.lines[-1], line, shape):
            yield from _split(running.taken())
            yield from _own(waiting, shape)
            waiting = []
        running.add(line)
    yield from _split(running.taken())
    yield from _own(waiting, shape)


def _own(notes: list[Line], shape: Shape) -> Iterator[Paragraph]:
    """Each footnote a paragraph: it begins with its mark."""
    running = _Running()
    for line in notes:
        if running.lines and _NOTE_MARK.match(line.text):
            yield running.taken()
        running.add(line)
    if running.lines:
        yield running.taken()


def _notes(lines: Sequence[Line], shape: Shape) -> set[Line]:
    """Footnotes: lines in small letters at the foot of a page, from a mark on."""
    pages: defaultdict[int, list[Line]] = defaultdict(list)
    for line in lines:
        pages[line.page].append(line)
    return {line for page in pages.values() for line in _foot(page, shape.size)}


def _foot(page: list[Line], size: float) -> list[Line]:
    foot: list[Line] = []
    for line in reversed(page):
        if line.size > _NOTE_SIZE * size:
            break
        foot.insert(0, line)
    while foot and not _NOTE_MARK.match(foot[0].text):
        foot.pop(0)
    return foot if len(foot) < len(page) else []


def _begins(above: Line, line: Line, shape: Shape) -> bool:
    """Whether a line begins a paragraph of its own below the one above."""
    if _LEADER.search(above.text) or _LEADER.search(line.text):
        return True
    if not _same_letters(above, line):
        return True
    if _same_place(above, line) and not 0 < line.y - above.y <= 1.6 * max(shape.gap, above.size):
        return True
    if shape.is_centred(above) or shape.is_centred(line):
        return not _is_one_title(above, line, shape)
    return not _goes_on(above, line, shape)


def _is_one_title(above: Line, line: Line, shape: Shape) -> bool:
    if not (shape.is_centred(above) and shape.is_centred(line)) or above.size < 1.1 * shape.size:
        return False
    if _STOP.search(above.text) or _TITLE_END.search(above.text) or read_label(line.text):
        return False
    return not _BODY_OF_STATE.search(above.text) or line.text.startswith("关于")


def _goes_on(above: Line, line: Line, shape: Shape) -> bool:
    """Whether a line of the same letters is the next line of the same paragraph."""
    labelled, stopped = read_label(line.text) is not None, bool(_STOP.search(above.text))
    deeper = shape.indent(line) - shape.indent(above)
    if shape.ragged:
        return deeper <= _INDENT and not _is_closed(above.text, line.text)
    if shape.is_at_the_right(above) or shape.has_room(above, _token(line.text)):
        return False
    if deeper > _INDENT:
        return _hangs(above, deeper) and not labelled and not stopped
    if labelled and (stopped or not shape.indented):
        return False
    return shape.indent(line) <= _INDENT or not (stopped or labelled)


def _is_closed(above: str, text: str) -> bool:
    """Whether the words alone say that a paragraph ends: with a sentence, with a heading, before a label."""
    stopped = _STOP.search(above) and above[-1] not in "；;"
    return bool(stopped or _NUMBER.fullmatch(above)) or read_label(text) is not None or _is_heading(above)


def _same_letters(above: Line, line: Line) -> bool:
    return max(above.size, line.size) <= 1.12 * min(above.size, line.size)


def _token(text: str) -> str:
    """What of a line's beginning cannot be parted: a word, a figure, a character with the marks around it."""
    match = _TOKEN.match(text)
    return match[0] if match else text


def _hangs(above: Line, deeper: float) -> bool:
    """Whether a line is set in below its label's text."""
    label = read_label(above.text)
    if label is None:
        return False
    width = sum(1.0 if is_wide(char) else 0.55 for char in label.glyphs)
    return width - 0.5 <= deeper <= width + 1.5


def _is_heading(text: str) -> bool:
    label = read_label(text)
    if label is None or label.kind not in _HEADING_KINDS or len(text) > _LONGEST_HEADING:
        return False
    return not _NO_HEADING_END.search(text) and "，" not in text


@dataclass
class _Running:
    """The lines of the paragraph that is being put together."""

    lines: list[Line] = field(default_factory=list)

    def add(self, line: Line) -> None:
        self.lines.append(line)

    def taken(self) -> Paragraph:
        lines, self.lines = self.lines, []
        return joined(lines)


def joined(lines: Iterable[Line]) -> Paragraph:
    """Lines as one text: no blank beside Chinese or inside a number, one between words, a hyphen at an end closed."""
    parts: list[tuple[int, str]] = []
    for line in lines:
        if parts:
            page, before = parts[-1]
            parts[-1] = page, _ended(before, line.text)
        parts.append((line.page, line.text))
    return Paragraph(tuple(parts))


def _ended(text: str, after: str) -> str:
    """The end of a line before the next one's text."""
    if re.search(r"[A-Za-z]-$", text) and re.match(r"[a-z]", after):
        return text[:-1]
    one, other = text[-1], after[0]
    if is_wide(one) or is_wide(other):
        return text
    broken_number = re.search(r"[0-9][.,\-/]?$", text) and re.match(r"[.,]?[0-9%‰]", after)
    return text if broken_number or one in "(（/" or other in ")）%‰/" else text + " "


def _split(paragraph: Paragraph) -> Iterator[Paragraph]:
    """Apart where an article begins behind the end of a sentence in the same line."""
    run: list[tuple[int, str]] = []
    for page, text in paragraph.parts:
        first, *rest = _NEXT_ARTICLE.split(text)
        run.append((page, first))
        for piece in rest:
            yield Paragraph(tuple(run))
            run = [(page, piece)]
    if run:
        yield Paragraph(tuple(run))
