"""A page as lines and tables, in the order in which they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from lxml import etree

from core.text import squeeze
from knowledge.readers.tables import Cell

_BLOCKS = frozenset({
    "html", "body", "div", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "hr", "pre",
    "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "section", "article", "main", "header", "footer",
    "nav", "aside", "form", "fieldset", "legend", "center", "blockquote", "address", "figure", "figcaption", "details",
    "summary", "dialog", "title",
})  # fmt: skip
_ATTACHMENT = re.compile(r"\.(?:docx?|wps|pdf|xlsx?|et|csv|zip|rar|7z|ofd|pptx?|rtf|txt|jpe?g|png|tif)$", re.IGNORECASE)
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef“”‘’—…\U00020000-\U0003ffff]")
_BLANKS = re.compile(r"[ \t\n\r\f\v\xa0\u2000-\u200a\u202f\u205f]+")
_LABELLED = re.compile(r"[(（]?[0-9一二三四五六七八九十]{1,3}[)）、．.]|第[0-9一二三四五六七八九十百]{1,5}[条章节]")
_LINE_END = "\x1f"  # cleaned out of every page before it is parsed
_LONG_CELL = 300
_LARGE_SHARE = 0.6


@dataclass(frozen=True)
class Line:
    """A line as it is read, the block that it stands in, and its share of text in links (0.0-1.0)."""

    text: str
    block: etree._Element
    links: tuple[str, ...] = ()
    linked: float = 0.0


@dataclass(frozen=True)
class Grid:
    """A table: the cells that begin in each row, and its own caption."""

    rows: tuple[tuple[Cell, ...], ...]
    block: etree._Element
    links: tuple[str, ...] = ()
    caption: str = ""


@dataclass
class _Pending:
    """The line that is being put together."""

    parts: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    linked: int = 0


def lines_of(root: etree._Element) -> Iterator[Line | Grid]:
    """Lines and tables of an element. Blocks and `<br>` end a line; a table that only lays the page out is none."""
    pending, total = _Pending(), len(squeeze("".join(root.itertext())))
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        name = element.tag if isinstance(element.tag, str) else ""
        if event == "end":
            if name in _BLOCKS:
                yield from _flush(pending, element)
            if element is not root:
                pending.parts.append(_spaced(element.tail, element.getparent()))
            continue
        if name in _BLOCKS or name == "br":
            yield from _flush(pending, element.getparent() if name == "br" or element is not root else element)
        if name == "table" and is_data(element, total):
            yield _grid(element)
            walk.skip_subtree()
            continue
        if name == "li":
            pending.parts.append(_number(element))
        if name == "a":
            _note_link(pending, element)
        pending.parts.append(_spaced(element.text, element))
    yield from _flush(pending, root)


def _spaced(text: str | None, element: etree._Element) -> str:
    """Text as it stands: inside of <pre> a line end is one."""
    if not text:
        return ""
    kept = any(above is not None and above.tag == "pre" for above in (element, element.getparent()))
    return text.replace("\n", _LINE_END) if kept else text


def _flush(pending: _Pending, block: etree._Element) -> Iterator[Line]:
    """The finished lines of what was collected."""
    texts = [text for part in "".join(pending.parts).split(_LINE_END) if (text := folded(part))]
    share = min(1.0, pending.linked / max(1, sum(len(squeeze(text)) for text in texts)))
    for index, text in enumerate(texts):
        yield Line(text, block, tuple(pending.links) if index == 0 else (), share)
    if texts or not "".join(pending.parts).strip():
        pending.links = []
    pending.parts, pending.linked = [], 0


def folded(text: str) -> str:
    """A line as a browser shows it: runs of blanks as one, none where Chinese was only broken over lines."""
    return _BLANKS.sub(_blank, text).strip(" \u3000")


def _blank(run: re.Match[str]) -> str:
    around = run.string[max(0, run.start() - 1) : run.start()] + run.string[run.end() : run.end() + 1]
    return "" if "\n" in run[0] and _WIDE.search(around) else " "


def _note_link(pending: _Pending, element: etree._Element) -> None:
    shown = "".join(element.itertext())
    if (element.get("href") or "#").startswith("#"):
        return
    pending.linked += len(squeeze(shown))
    if name := attachment(element):
        pending.links.append(name)


def attachment(link: etree._Element) -> str | None:
    """The name of the file that a link leads to: what it shows, or the name in its address; None for a page."""
    path = unquote(_path(link.get("href") or ""))
    if not _ATTACHMENT.search(path):
        return None
    shown = folded("".join(link.itertext()))
    return shown if len(shown) > 4 or _ATTACHMENT.search(shown) else PurePosixPath(path).name


def _path(address: str) -> str:
    try:
        split = urlsplit(address.strip())
    except ValueError:
        return ""
    return split.path if _ATTACHMENT.search(unquote(split.path)) else split.query


def _number(item: etree._Element) -> str:
    """The number that a browser puts before an item of an ordered list, unless it has a label of its own."""
    above = item.getparent()
    if above is None or above.tag != "ol" or "none" in (above.get("style") or "").lower():
        return ""
    if _LABELLED.match(folded("".join(item.itertext()))[:10]):
        return ""
    place = _whole(above.get("start"), 1) + sum(1 for _ in item.itersiblings("li", preceding=True))
    return f"{_whole(item.get('value'), place)}."


def _whole(value: str | None, otherwise: int) -> int:
    return int(value) if value and value.strip().isdecimal() and len(value) < 7 else otherwise


def is_data(table: etree._Element, total: int) -> bool:
    """Whether a table shows data rather than lays out the page, whose visible characters are `total`."""
    if table.get("role") == "presentation" or table.find(".//table") is not None:
        return False
    rows = list(table.iter("tr"))
    cells = [cell for row in rows for cell in row if cell.tag in ("td", "th")]
    if max((len(row) for row in rows), default=0) < 2 or len(rows) < 2:
        return False
    longest = max(len(squeeze("".join(cell.itertext()))) for cell in cells)
    return longest <= max(_LONG_CELL, _LARGE_SHARE * total)


def _grid(table: etree._Element) -> Grid:
    caption = next((folded("".join(found.itertext())) for found in table.iter("caption")), "")
    links = tuple(name for link in table.iter("a") if (name := attachment(link)))
    rows = tuple(tuple(_cell(cell) for cell in row if cell.tag in ("td", "th")) for row in table.iter("tr"))
    return Grid(rows, table, links, caption)


def _cell(cell: etree._Element) -> Cell:
    text = "\n".join(line.text for line in lines_of(cell) if isinstance(line, Line))
    head = cell.tag == "th" or any(above.tag == "thead" for above in cell.iterancestors())
    return Cell(text, _span(cell, "rowspan"), _span(cell, "colspan"), header=head and cell.get("scope") != "row")


def _span(cell: etree._Element, name: str) -> int:
    """How far a cell reaches; 0 rows means: to the end."""
    span = _whole(cell.get(name), 1)
    return 65_534 if name == "rowspan" and span == 0 else max(1, span)
