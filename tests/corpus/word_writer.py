"""Word documents: with labels typed, or made by automatic numbering as Word keeps it."""

from __future__ import annotations

import io
import re
from random import Random

import docx
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.text.paragraph import Paragraph as WordParagraph

from tests.corpus.blocks import blocks
from tests.corpus.tree import Document, Node, Note, Table

_ORDER = ("part", "chapter", "section", "article", "cn", "cn_paren", "num", "num_paren", "circled")
_CHINESE = {"part", "chapter", "section", "article", "cn", "cn_paren"}
_FOOTNOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"


def word(document: Document, random: Random, *, automatic: bool) -> bytes:
    """The file. With `automatic` no label but 附件 stands in its text."""
    file = docx.Document()
    _running_lines(file, document, random)
    numbering = _Numbering(file, random.random() < 0.5) if automatic else None
    notes: list[Note] = []
    scope: list[Node] = document.body
    for block in blocks(document):
        if isinstance(block, Table):
            _table(file, block)
            continue
        if block.role == "annex" and block.node is not None:
            scope = block.node.children
        paragraph = file.add_paragraph()
        numbered = numbering is not None and block.node is not None and block.role != "annex"
        if numbered and numbering is not None and block.node is not None:
            numbering.apply(paragraph, block.node, scope)
            paragraph.add_run(block.node.text + block.inline)
        else:
            paragraph.add_run(block.text)
        if block.note is not None:
            notes.append(block.note)
            paragraph.add_run()._r.append(
                parse_xml(f'<w:footnoteReference {nsdecls("w")} w:id="{block.note.number}"/>')
            )
    if notes:
        _add_notes(file, notes)
    data = io.BytesIO()
    file.save(data)
    return data.getvalue()


def _running_lines(file: WordDocument, document: Document, random: Random) -> None:
    if random.random() < 0.4:
        file.sections[0].header.paragraphs[0].text = f"{document.metadata['region']}人民政府公报"
        file.sections[0].footer.paragraphs[0].text = "— 1 —"


def _table(file: WordDocument, table: Table) -> None:
    for text in (table.caption, table.unit):
        if text:
            file.add_paragraph(text)
    width = len(table.filled()[0])
    grid = file.add_table(rows=len(table.rows), cols=width)
    taken: set[tuple[int, int]] = set()
    for top, row in enumerate(table.rows):
        left = 0
        for cell in row:
            while (top, left) in taken:
                left += 1
            bottom, right = top + cell.rowspan - 1, left + cell.colspan - 1
            taken |= {(r, c) for r in range(top, bottom + 1) for c in range(left, right + 1)}
            place = grid.cell(top, left)
            (place.merge(grid.cell(bottom, right)) if (bottom, right) != (top, left) else place).text = cell.text


class _Numbering:
    """Lists of levels as Word defines them; each part of the document (body, annex) has one of its own."""

    def __init__(self, file: WordDocument, by_style: bool) -> None:
        self._file = file
        self._by_style = by_style
        self._root = file.part.numbering_part.element
        for child in list(self._root):
            self._root.remove(child)
        self._known: dict[int, tuple[int, list[str]]] = {}

    def apply(self, paragraph: WordParagraph, node: Node, scope: list[Node]) -> None:
        """Make a paragraph the item of a list that a clause is."""
        number, levels = self._known.get(id(scope)) or self._define(scope)
        level = node.label.count(".") if node.kind == "decimal" else levels.index(node.kind)
        if self._by_style:
            paragraph.style = self._file.styles[f"Level {number}.{level}"]
        else:
            paragraph._p.get_or_add_pPr().append(_num_pr(number, level))

    def _define(self, scope: list[Node]) -> tuple[int, list[str]]:
        nodes = [node for top in scope for node, _ in top.walk() if not node.inline]
        number = len(self._known) + 1
        levels = [kind for kind in _ORDER if any(node.kind == kind for node in nodes)]
        depths = [1, 2, 3] if any(node.kind == "decimal" for node in nodes) else []
        xml = [_decimal(depth) for depth in depths] if depths else [
            _level(index, next(node for node in nodes if node.kind == kind), _runs_through(kind, nodes))
            for index, kind in enumerate(levels)
        ]  # fmt: skip
        abstract = f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{number}">{"".join(xml)}</w:abstractNum>'
        self._root.insert(number - 1, parse_xml(abstract))
        self._root.append(parse_xml(
            f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>'
        ))  # fmt: skip
        if self._by_style:
            self._add_styles(number, len(xml))
        self._known[id(scope)] = number, levels
        return number, levels

    def _add_styles(self, number: int, count: int) -> None:
        for level in range(count):
            style = self._file.styles.add_style(f"Level {number}.{level}", WD_STYLE_TYPE.PARAGRAPH)
            style.element.get_or_add_pPr().append(_num_pr(number, level))


def counts_through(document: Document) -> bool:
    """Whether labels of a kind are counted through the document, whatever stands above them."""
    scopes = (document.body, *(annex.children for annex in document.annexes))
    return any(
        _runs_through(kind, [node for top in scope for node, _ in top.walk()])
        for scope in scopes
        for kind in ("article", "cn_paren")
    )


def _runs_through(kind: str, nodes: list[Node]) -> bool:
    """Whether numbers of a kind go on where a new clause begins above them."""
    numbers = [node.number for node in nodes if node.kind == kind]
    return len(numbers) > 1 and numbers == list(range(1, len(numbers) + 1)) and kind in {"article", "cn_paren"}


def _level(index: int, node: Node, through: bool) -> str:
    """A level as its first clause is written: format of the number, what stands around it, what comes behind."""
    figure = "decimalFullWidth" if node.label.strip("(（)）、.．") in "１２３４５６７８９" else "decimal"
    form = "chineseCounting" if node.kind in _CHINESE else "decimalEnclosedCircle" if node.kind == "circled" else figure
    text = f"%{index + 1}" if node.kind == "circled" else _with_place(node.label, index + 1)
    restart = '<w:lvlRestart w:val="0"/>' if through else ""
    return (
        f'<w:lvl w:ilvl="{index}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{restart}'
        f'<w:suff w:val="{"space" if node.gap else "nothing"}"/><w:lvlText w:val="{text}"/></w:lvl>'
    )


def _with_place(label: str, level: int) -> str:
    """The label with its number replaced by the sign for it."""
    return re.sub("[一1１]", f"%{level}", label, count=1)


def _decimal(depth: int) -> str:
    text = ".".join(f"%{level}" for level in range(1, depth + 1))
    return (
        f'<w:lvl w:ilvl="{depth - 1}"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:suff w:val="space"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def _num_pr(number: int, level: int) -> object:
    return parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def _add_notes(file: WordDocument, notes: list[Note]) -> None:
    bodies = "".join(
        f'<w:footnote w:id="{note.number}"><w:p><w:r><w:footnoteRef/></w:r>'
        f"<w:r><w:t>{note.text}</w:t></w:r></w:p></w:footnote>"
        for note in notes
    )
    blob = f'<?xml version="1.0" encoding="UTF-8"?><w:footnotes {nsdecls("w")}>{bodies}</w:footnotes>'.encode()
    part = Part(PackURI("/word/footnotes.xml"), _FOOTNOTES, blob, file.part.package)
    file.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
