"""An invented document before it has a format: clauses with their labels and paths, tables, notes, metadata.

Paths follow the contract of citations: the labels of the original folded to one width, a level above 条 set off by a
blank, tables counted within their annex, or within the document where there is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

NUMERALS = "零一二三四五六七八九"
FRONT = "文首"
_SPACED = {"annex", "part", "chapter", "section"}


def chinese(number: int) -> str:
    """A number below 100 in Chinese numerals (十一, 二十)."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else NUMERALS[tens] + "十"
    return head + (NUMERALS[ones] if ones or not tens else "")


def squeezed(text: str) -> str:
    """Text without white space."""
    return re.sub(r"\s+", "", text)


@dataclass(frozen=True)
class Cell:
    """A cell of a table and what it covers."""

    text: str
    rowspan: int = 1
    colspan: int = 1


@dataclass(frozen=True)
class Table:
    """A table: rows hold the cells that begin in them; the first `header_rows` are its header."""

    caption: str
    unit: str
    rows: tuple[tuple[Cell, ...], ...]
    header_rows: int = 1

    def filled(self) -> list[list[str]]:
        """All rows as full lines of cells, merged ones repeated."""
        return [[cell.text for cell, _ in row] for row in self._laid_out()]

    def shown(self) -> list[str]:
        """The text of each row below the header as it stands there once, without white space."""
        rows = self._laid_out()[self.header_rows :]
        return [squeezed("".join(cell.text for cell, begins in row if begins)) for row in rows]

    def unmerged(self) -> Table:
        """The same table for a format without merged cells."""
        rows = tuple(tuple(Cell(text) for text in row) for row in self.filled())
        return replace(self, rows=rows)

    def _laid_out(self) -> list[list[tuple[Cell, bool]]]:
        width = sum(cell.colspan for cell in self.rows[0])
        grid: list[list[tuple[Cell, bool] | None]] = [[None] * width for _ in self.rows]
        for top, row in enumerate(self.rows):
            for cell in row:
                left = grid[top].index(None)
                for down in range(cell.rowspan):
                    for right in range(cell.colspan):
                        grid[top + down][left + right] = (cell, down == right == 0)
        return [[place for place in row if place is not None] for row in grid]


@dataclass(frozen=True)
class Note:
    """A footnote to a clause."""

    number: int
    text: str


@dataclass
class Node:
    """A clause: its label as printed, what stands between label and text, its text, what stands below it.

    `heading` says that the text is a title, `inline` that the clause goes on in the line of the one above;
    `more` are further paragraphs without a label (款).
    """

    kind: str
    number: int
    label: str
    text: str
    gap: str = ""
    heading: bool = False
    inline: bool = False
    more: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    note: Note | None = None

    @property
    def line(self) -> str:
        return self.label + self.gap + self.text

    def walk(self, above: tuple[Node, ...] = ()) -> Iterator[tuple[Node, tuple[Node, ...]]]:
        """The clause and all below it, each with the clauses above it."""
        yield self, above
        for child in self.children:
            yield from child.walk((*above, self))


@dataclass
class Document:
    """A document. `unlabelled` are paragraphs or pairs of question and answer of one without labels.

    `contents` is a table of contents below the title, `listing` are the lines that name the annexes, `tail` signature
    and date; no clause of their own is asked of these.
    """

    name: str
    genre: str
    title: str
    metadata: dict[str, str]
    front: list[str] = field(default_factory=list)
    body: list[Node] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    listing: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    annexes: list[Node] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def walk(self) -> Iterator[tuple[Node, tuple[Node, ...]]]:
        for node in (*self.body, *self.annexes):
            yield from node.walk()

    def has_tables(self) -> bool:
        return bool(self.tables) or any(node.tables for node, _ in self.walk())


def folded(node: Node) -> str:
    """The label's part of a path."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", node.label))
    match node.kind:
        case "cn" | "num" | "decimal":
            return plain.rstrip("、.．")
        case "cn_paren" | "num_paren":
            return "（" + plain.strip("()") + "）"
        case "circled":
            return node.label
        case "annex":
            return plain.rstrip(":")
        case _:
            return plain


def path(node: Node, above: tuple[Node, ...], hide_annex: bool) -> str:
    """The path of a clause by the contract. The one unnumbered annex of a notice that only forwards it is not named.

    A decimal label names the levels above itself.
    """
    chain = [*above, node]
    if hide_annex and len(chain) > 1 and chain[0].kind == "annex":
        chain = chain[1:]
    decimals = [index for index, one in enumerate(chain) if one.kind == "decimal"]
    if decimals:
        first = next(index for index, one in enumerate(chain) if one.kind in {"num", "decimal"})
        chain = [*chain[:first], *chain[decimals[-1] :]]
    text = ""
    for index, one in enumerate(chain):
        below = chain[index + 1].kind if index + 1 < len(chain) else ""
        text += folded(one) + (" " if one.kind in _SPACED or below == "article" else "")
    return text.strip()
