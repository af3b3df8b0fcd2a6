"""From the XML of a Word document to its lines and tables, as a reader of the printed document sees them.

Tracked changes count as accepted. Left out are hidden text, tables of contents, comments, headers and footers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.text import clean
from knowledge.readers import office_wording as wording
from knowledge.readers.blocks import Block, Line, flattened
from knowledge.readers.docx_fields import Fields
from knowledge.readers.docx_numbering import BULLET, Label, Numbering, read_lists
from knowledge.readers.docx_package import Package
from knowledge.readers.docx_runs import LeftOut, Paragraph, Runs
from knowledge.readers.docx_styles import Looks, NumberedBy, Styles, read_looks, read_numbered, shading
from knowledge.readers.docx_tables import read_table
from knowledge.readers.docx_xml import Element, children, is_gone, live, local, r, switch, value, visible, w

_PAGE_NUMBER = re.compile(r"(?:[0-9]+|[ivxlcIVXLC]+)$")
_ENDS_LABEL = re.compile(r"[、，。．.:：;；)）\]】〕》」①-⒛㈠-㈩]$")
_DECIMAL = re.compile(r"[0-9０-９][.．][0-9０-９]")
_GLUES = re.compile(r"[0-9A-Za-z０-９]")
_LETTERING = Looks(painted=True)
"""What stands in a shape has a ground that nothing here tells."""


class Body:
    """The lines and tables of a document, read in the order in which they are printed."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._root = package.document()
        self._styles = Styles(package.part("styles"))
        self._numbering = Numbering(read_lists(package.part("numbering"), self._styles.lists_by_style))
        fields = Fields.of(self._root)
        self._notes: dict[tuple[str, str], Element] = {}
        for kind in ("footnote", "endnote"):
            self._add_notes(kind, fields)
        self._notes_said: dict[tuple[str, str], int] = {}
        self.left_out = LeftOut()
        self._runs = Runs(package, self._styles, fields, self.left_out)

    def _add_notes(self, kind: str, fields: Fields) -> None:
        root = self._package.part(f"{kind}s")
        if root is None:
            return
        fields.by_mark.update(Fields.of(root).by_mark)
        for note in root.iter(w(kind)):
            if note.get(w("type"), "normal") == "normal":
                self._notes[kind, note.get(w("id"), "")] = note

    def blocks(self) -> list[Block]:
        """The lines and tables of the main text. To be called once: numbers are counted while reading."""
        body = self._root.find(w("body"))
        page = self._root.find(w("background"))
        return [] if body is None else self._flow(body, Looks() if page is None else _LETTERING)

    @property
    def links(self) -> tuple[str, ...]:
        """Names of files that the text links to."""
        return tuple(self._runs.links)

    def characters(self) -> int:
        """Visible characters of the text and of the notes it refers to, hidden ones too: counted apart from reading."""
        referred = {
            (local(mark).removesuffix("Reference"), mark.get(w("id"), ""))
            for mark in live(self._root, w("footnoteReference"), w("endnoteReference"))
        }
        return visible(self._root) + sum(visible(self._notes[key]) for key in referred if key in self._notes)

    def _flow(self, holder: Element, ground: Looks) -> list[Block]:
        """The blocks in a body, a cell, a text box or a note."""
        blocks: list[Block] = []
        waiting: Paragraph | None = None
        for element in _blocks_below(holder):
            if local(element) == "p":
                waiting = self._paragraph(element, ground, waiting)
                if _joins_next(element):
                    continue
            if waiting is not None:
                blocks += self._closed(waiting)
                waiting = None
            if local(element) == "tbl":
                blocks += self._table(element, ground)
            elif local(element) == "altChunk":
                blocks += self._other_file(element)
        return blocks if waiting is None else blocks + self._closed(waiting)

    def _paragraph(self, element: Element, ground: Looks, begun: Paragraph | None) -> Paragraph:
        """Read a paragraph, after one whose end is deleted: the two are one, numbered as the first that has text."""
        properties = element.find(w("pPr"))
        looks = shading(properties).over(self._styles.paragraph_looks(value(properties, "pStyle"))).over(ground)
        if begun is None:
            begun = Paragraph(element, looks)
        elif not begun.text.strip():
            begun.source = element
        begun.looks = looks
        self._runs.read(element, begun)
        return begun

    def _closed(self, paragraph: Paragraph) -> list[Block]:
        """A paragraph's line, the notes it refers to, and what is drawn in it."""
        blocks: list[Block] = self._lines(paragraph) + [Line(words) for words in paragraph.drawn if words]
        aside = self._runs.suspended()
        for note in paragraph.notes:
            blocks += self._note(note)
        for box in paragraph.boxes:
            blocks += self._flow(box, _LETTERING)
        self._runs.resume(aside)
        return blocks

    def _lines(self, paragraph: Paragraph) -> list[Block]:
        properties = paragraph.source.find(w("pPr"))
        style = value(properties, "pStyle")
        if self._is_unseen(paragraph, properties):
            return []
        text = labelled(self._label(properties), paragraph.text).rstrip()
        if self._styles.is_contents(style) and _PAGE_NUMBER.search(text):
            self.left_out.contents += paragraph.seen
            return []
        if not text:
            return []
        title, caption = self._styles.is_title(style), self._styles.is_caption(style)
        return [Line(text, paragraph.seen, title=title, caption=caption)]

    def _is_unseen(self, paragraph: Paragraph, properties: Element | None) -> bool:
        """Whether nothing of a paragraph is printed, not even its number: it is hidden or deleted as a whole."""
        if paragraph.text.strip():
            return False
        mark = None if properties is None else properties.find(w("rPr"))
        return bool(read_looks(mark).over(paragraph.looks).hidden) or _ends_deleted(mark)

    def _label(self, properties: Element | None) -> Label | None:
        own = read_numbered(properties)
        inherited, chain = self._styles.numbered(value(properties, "pStyle"))
        list_id = own.list_id or inherited.list_id
        if list_id is None or list_id == "0":
            return None
        return self._numbering.label(list_id, self._level(list_id, own, inherited, chain))

    def _level(self, list_id: str, own: NumberedBy, inherited: NumberedBy, chain: tuple[str, ...]) -> int:
        """The level that is said; else, for a list that the style names, the level that is tied to the style."""
        if own.level is not None:
            return own.level
        tied = (self._numbering.level_of(list_id, style) for style in chain if own.list_id is None)
        return next((level for level in tied if level is not None), inherited.level or 0)

    def _note(self, key: tuple[str, str]) -> list[Block]:
        """A note as a line of its own, the first time that it is referred to."""
        if key not in self._notes or key in self._notes_said:
            return []
        self._notes_said[key] = len(self._notes_said) + 1
        inside = self._flow(self._notes[key], Looks())
        text = " ".join(words for line in flattened(inside) if (words := " ".join(line.split())))
        seen = sum(block.seen for block in inside)
        return [Line(wording.NOTE.format(number=self._notes_said[key]) + text, seen, note=True)] if text else []

    def _table(self, table: Element, ground: Looks) -> list[Block]:
        properties = table.find(w("tblPr"))
        if self._styles.paints(value(properties, "tblStyle")):
            ground = _LETTERING
        return read_table(table, shading(properties).over(ground), self._flow, self.left_out)

    def _other_file(self, chunk: Element) -> list[Block]:
        """A file that is shown in its place: plain text is taken over, other kinds are counted."""
        data = self._package.data(chunk.get(r("id")))
        try:
            text = clean(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            text = ""
        if not text.strip() or text.lstrip().startswith(("<", "{", "PK")):
            self.left_out.embedded += 1
            return []
        return [Line(line.rstrip()) for line in text.splitlines() if line.strip()]


def labelled(label: Label | None, text: str) -> str:
    """A paragraph with its automatic number: no blank behind 一、, one where the two would run together."""
    if label is None or not label.text:
        return text
    body = text if label.suffix == "nothing" else text.lstrip()
    glued = bool(_GLUES.match(label.text[-1]) or label.text[-1] in ".．") and bool(_GLUES.match(body))
    if label.suffix == "nothing":
        return label.text + (" " if glued else "") + body
    closed = _ENDS_LABEL.search(label.text) and not _DECIMAL.search(label.text) and label.text != BULLET
    return label.text + ("" if closed and not glued else " ") + body


def _blocks_below(holder: Element) -> Iterator[Element]:
    """Paragraphs, tables and other files in a holder, also those inside content controls and the like."""
    for child in children(holder):
        if local(child) in ("p", "tbl", "altChunk"):
            yield child
        elif not is_gone(child):
            yield from _blocks_below(child)


def _ends_deleted(mark: Element | None) -> bool:
    """Whether a paragraph's end is deleted or moved away by a tracked change."""
    return mark is not None and (mark.find(w("del")) is not None or mark.find(w("moveFrom")) is not None)


def _joins_next(paragraph: Element) -> bool:
    """Whether the next paragraph goes on in the same line: the end is deleted or only separates styles, or it is one
    large initial letter."""
    properties = paragraph.find(w("pPr"))
    if properties is None:
        return False
    mark = properties.find(w("rPr"))
    frame = properties.find(w("framePr"))
    initial = frame is not None and frame.get(w("dropCap"), "none") != "none"
    return _ends_deleted(mark) or bool(switch(mark, "specVanish")) or initial
