"""The text inside a paragraph: runs, fields, symbols, formulas, and what is anchored in it (notes, text boxes)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import basename

from core.text import squeeze
from knowledge.readers.docx_fields import Field, Fields
from knowledge.readers.docx_math import linear
from knowledge.readers.docx_package import Package
from knowledge.readers.docx_styles import Looks, Styles, read_looks
from knowledge.readers.docx_symbols import decoded, is_symbol_font
from knowledge.readers.docx_xml import Element, children, is_gone, local, r, text_of, value, visible, w

_ATTACHED = re.compile(r"\.(?:docx?|wps|xlsx?|et|pptx?|pdf|ofd|zip|rar|7z|rtf|odt|txt|csv)$", re.IGNORECASE)
_RAISED = re.compile(r"[0-9+\-]{1,3}")
_SCRIPTS = {
    "superscript": str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"),
    "subscript": str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋"),
}
_WRITTEN = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_DRAWN = frozenset({"drawing", "pict", "object"})
_PICTURES = frozenset({"blip", "imagedata"})


@dataclass
class LeftOut:
    """What is not taken over, counted: characters of hidden text and of contents, symbols, pictures, other files."""

    hidden: int = 0
    contents: int = 0
    symbols: int = 0
    pictures: int = 0
    embedded: int = 0


@dataclass
class Paragraph:
    """A paragraph that is being read. `source` is the element whose properties count, `looks` what its text inherits.

    `notes` are kinds and ids of the notes referred to, `boxes` the text boxes anchored in it.
    """

    source: Element
    looks: Looks
    pieces: list[str] = field(default_factory=list)
    seen: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What was read so far."""
        return "".join(self.pieces)

    def add(self, text: str, *, seen: bool = True) -> None:
        """Append; `seen`: it stands in a text element of the file."""
        self.pieces.append(text)
        if seen:
            self.seen += len(squeeze(text))


class Runs:
    """Reads the runs of one document in their order; a field may begin in one paragraph and end in another."""

    def __init__(self, package: Package, styles: Styles, fields: Fields, left_out: LeftOut) -> None:
        self._package = package
        self._styles = styles
        self._fields = fields
        self._left_out = left_out
        self._open: list[Field] = []
        self.links: dict[str, None] = {}

    def read(self, element: Element, paragraph: Paragraph) -> None:
        """Add all that stands in an element to a paragraph."""
        for child in children(element):
            match local(child):
                case "r":
                    self._run(child, paragraph)
                case "oMath" | "oMathPara":
                    self._formula(child, paragraph)
                case "hyperlink":
                    self._link(child, paragraph)
                case "fldSimple":
                    self._simple_field(child, paragraph)
                case "sdt" if _is_placeholder(child):
                    self._left_out.contents += visible(child)
                case _ if not is_gone(child):
                    self.read(child, paragraph)

    def suspended(self) -> list[Field]:
        """Put the open fields aside, for reading a story of its own; `resume` takes them back."""
        aside, self._open = self._open, []
        return aside

    def resume(self, aside: list[Field]) -> None:
        """Take back what `suspended` gave."""
        self._open = aside

    def _is_shown(self) -> bool:
        return all(found.shown for found in self._open)

    def _link(self, link: Element, paragraph: Paragraph) -> None:
        before = len(paragraph.pieces)
        self.read(link, paragraph)
        self._linked(self._package.address(link.get(r("id"))), "".join(paragraph.pieces[before:]))

    def _linked(self, target: str | None, words: str) -> None:
        """Note a link to a file by the words that it stands on, or by the file's own name."""
        path = (target or "").partition("?")[0].partition("#")[0]
        if _ATTACHED.search(path):
            self.links.setdefault(" ".join(words.split()) or basename(path.replace("\\", "/")))

    def _simple_field(self, found: Element, paragraph: Paragraph) -> None:
        if Field(found.get(w("instr"), "")).lists_contents:
            self._left_out.contents += visible(found)
        else:
            self.read(found, paragraph)

    def _formula(self, formula: Element, paragraph: Paragraph) -> None:
        if self._is_shown():
            paragraph.pieces.append(linear(formula))
            paragraph.seen += visible(formula)
        else:
            self._left_out.contents += visible(formula)

    def _run(self, run: Element, paragraph: Paragraph) -> None:
        properties = run.find(w("rPr"))
        looks = read_looks(properties).over(self._styles.run_looks(value(properties, "rStyle"), paragraph.looks))
        for child in children(run):
            name = local(child)
            if name == "fldChar":
                self._field_mark(child, paragraph)
            elif name in _DRAWN:
                self._drawing(child, paragraph, looks)
            elif name == "ruby":
                self.read(child, paragraph)
            elif not self._is_shown():
                self._left_out.contents += visible(child)
            elif looks.unseen:
                self._left_out.hidden += visible(child) or name == "sym"
            else:
                self._content(child, name, looks, paragraph)

    def _content(self, child: Element, name: str, looks: Looks, paragraph: Paragraph) -> None:
        match name:
            case "t":
                paragraph.add(self._characters(text_of(child), looks))
            case "sym":
                self._symbol(child, paragraph)
            case "footnoteReference" | "endnoteReference":
                paragraph.notes.append((name.removesuffix("Reference"), child.get(w("id"), "")))
            case _:
                paragraph.add(_WRITTEN.get(name, ""), seen=False)

    def _characters(self, text: str, looks: Looks) -> str:
        """A run's text; codes of symbol fonts as what they show, raised digits as raised ones (10⁴ is not 104)."""
        if looks.raised in _SCRIPTS and _RAISED.fullmatch(text.strip()):
            return text.translate(_SCRIPTS[looks.raised])
        if is_symbol_font(looks.font):
            return "".join((decoded(ord(char), looks.font) if ord(char) < 0x100 else None) or char for char in text)
        return text

    def _symbol(self, symbol: Element, paragraph: Paragraph) -> None:
        try:
            code = int(symbol.get(w("char"), ""), 16)
        except ValueError:
            return
        shown = decoded(code, symbol.get(w("font")))
        if shown is None:
            self._left_out.symbols += 1
        else:
            paragraph.add(shown, seen=False)

    def _field_mark(self, mark: Element, paragraph: Paragraph) -> None:
        found = self._fields.by_mark.get(mark)
        if found is None:
            return
        match mark.get(w("fldCharType")):
            case "begin":
                self._open.append(found)
                found.begins_at = len(paragraph.pieces)
            case "separate" if not found.lists_contents:
                found.shown = True
            case "end" if found in self._open:
                self._open.remove(found)
                self._field_ended(found, paragraph)

    def _field_ended(self, found: Field, paragraph: Paragraph) -> None:
        if found.target is not None:
            self._linked(found.target, "".join(paragraph.pieces[found.begins_at :]))
        if not found.has_result and self._is_shown():
            paragraph.add(found.without_result, seen=False)

    def _drawing(self, drawing: Element, paragraph: Paragraph, looks: Looks) -> None:
        """Note what a drawing holds: text boxes, lettering, pictures, other files."""
        for found in _drawn(drawing):
            match local(found):
                case "txbxContent" if looks.hidden:
                    self._left_out.hidden += visible(found)
                case "txbxContent":
                    paragraph.boxes.append(found)
                case "textpath":
                    paragraph.drawn.append(" ".join(found.get("string", "").split()))
                case "relIds":
                    paragraph.drawn += _diagram_lines(self._package.linked(found.get(r("dm"))))
                case "blip" | "imagedata":
                    self._left_out.pictures += 1
                case _:
                    self._left_out.embedded += 1


def _is_placeholder(control: Element) -> bool:
    """Whether a content control shows only its prompt (单击此处输入文字)."""
    return control.find(f"{w('sdtPr')}/{w('showingPlcHdr')}") is not None


def _diagram_lines(data: Element | None) -> list[str]:
    """What the shapes of a diagram (SmartArt) say, a line a shape."""
    points = [] if data is None else data.iter("{*}pt")
    return ["".join(found.text or "" for found in point.iter("{*}t")) for point in points]


def _drawn(drawing: Element) -> Iterator[Element]:
    """What counts in a drawing, in its order; the inside of a text box is read later, as text."""
    for child in children(drawing):
        name = local(child)
        if name in ("txbxContent", "textpath", "OLEObject", "relIds", "chart") or name in _PICTURES:
            yield child
        if name != "txbxContent":
            yield from _drawn(child)
