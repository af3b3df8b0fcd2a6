"""A document as what follows one another on paper: paragraphs with their roles, and tables."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tests.corpus.tree import Document, Node, Note, Table

Role = Literal["title", "front", "contents", "annex", "annex_title", "heading", "clause", "more", "listing", "tail"]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph: `node` is the clause that it begins, `within` the clause that it belongs to; `inline` is what of its
    text are clauses that go on in its line.
    """

    text: str
    role: Role
    node: Node | None = None
    within: Node | None = None
    depth: int = 0
    note: Note | None = None
    inline: str = ""


Block = Paragraph | Table


def blocks(document: Document) -> Iterator[Block]:
    """All of a document in its order."""
    for index, text in enumerate(document.front):
        yield Paragraph(text, "front" if index else "title")
    for text in document.contents:
        yield Paragraph(text, "contents")
    yield from document.tables
    for pair in document.unlabelled:
        for text in pair.split("\n"):
            yield Paragraph(text, "more")
    for node in document.body:
        yield from _clause(node, 0)
    for text in document.listing:
        yield Paragraph(text, "listing")
    for text in document.tail:
        yield Paragraph(text, "tail")
    for node in document.annexes:
        yield from _clause(node, 0)


def _clause(node: Node, depth: int) -> Iterator[Block]:
    role: Role = "annex" if node.kind == "annex" else "heading" if node.heading else "clause"
    inline = "".join(child.line for child in node.children if child.inline)
    yield Paragraph(node.line + inline, role, node, node, depth, node.note, inline)
    for text in node.more:
        yield Paragraph(text, "annex_title" if node.kind == "annex" else "more", None, node, depth)
    yield from node.tables
    for child in (child for child in node.children if not child.inline):
        yield from _clause(child, depth + 1)


def without_tables(document: Document) -> Document:
    """For formats that have no tables."""
    plain = copy.deepcopy(document)
    plain.tables = []
    for node, _ in plain.walk():
        node.tables = []
    return plain


def without_merged_cells(document: Document) -> Document:
    """For formats whose tables have one header row and no merged cells: of two header rows the titles are joined."""
    plain = copy.deepcopy(document)
    plain.tables = [_flat(table) for table in plain.tables]
    for node, _ in plain.walk():
        node.tables = [_flat(table) for table in node.tables]
    return plain


def without_notes(document: Document) -> Document:
    """For formats that have no footnotes."""
    plain = copy.deepcopy(document)
    for node, _ in plain.walk():
        node.note = None
    return plain


def with_even_labels(document: Document) -> Document:
    """For automatic numbering: all labels of a kind have the brackets of the first one."""
    even = copy.deepcopy(document)
    first: dict[str, str] = {}
    for node, _ in even.walk():
        if node.kind in {"cn_paren", "num_paren"}:
            label = first.setdefault(node.kind, node.label)
            node.label = label[0] + node.label[1:-1] + label[-1]
    return even


def _flat(table: Table) -> Table:
    flat = table.unmerged()
    titles = zip(*flat.rows[: table.header_rows], strict=True)
    header = tuple(replace(cells[0], text="/".join(dict.fromkeys(cell.text for cell in cells))) for cells in titles)
    return replace(flat, rows=(header, *flat.rows[table.header_rows :]), header_rows=1)
