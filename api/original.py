"""A document's text laid out for its page: clauses as anchors, the quoted span marked, every character kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.library import ClauseText, StoredDocument

_HEADING_CHARACTERS = 40
_CONTENTS_DEPTH = 2
_CONTENTS_CHARACTERS = 30

Span = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """A run of text, inside the quote (`marked`) or not; `first` for the run in which the quote begins."""

    text: str
    marked: bool = False
    first: bool = False


@dataclass(frozen=True)
class Block:
    """The own text of the clause with this ordinal, or (None) what stands between clauses."""

    ordinal: int | None
    heading: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents."""

    ordinal: int
    depth: int
    text: str


def read_span(start: str | None, end: str | None, length: int) -> Span | None:
    """The span that two offsets name in a text of `length` characters; None for anything that names none."""
    if not all(value and value.isascii() and value.isdigit() and len(value) < 10 for value in (start, end)):
        return None
    span = int(start or 0), int(end or 0)
    return span if span[0] < span[1] <= length else None


def blocks(document: StoredDocument, quote: Span | None) -> list[Block]:
    """The whole text, in order: the pieces' texts one after another are the stored text."""
    return list(_blocks(document.text, document.clauses, quote))


def _blocks(text: str, clauses: Sequence[ClauseText], quote: Span | None) -> Iterator[Block]:
    above = {clause.parent for clause in clauses}
    position = 0
    for clause in clauses:
        start, end = max(position, clause.start), max(position, clause.end)
        if start > position:
            yield Block(None, False, _pieces(text, (position, start), quote))
        heading = clause.ordinal in above and clause.depth > 0 and len(clause.text) <= _HEADING_CHARACTERS
        yield Block(clause.ordinal, heading, _pieces(text, (start, end), quote))
        position = end
    if position < len(text):
        yield Block(None, False, _pieces(text, (position, len(text)), quote))


def _pieces(text: str, span: Span, quote: Span | None) -> tuple[Piece, ...]:
    start, end = span
    if quote is None or quote[1] <= start or end <= quote[0]:
        return (Piece(text[start:end]),)
    left, right = max(start, quote[0]), min(end, quote[1])
    cut = (
        Piece(text[start:left]),
        Piece(text[left:right], marked=True, first=left == quote[0]),
        Piece(text[right:end]),
    )
    return tuple(piece for piece in cut if piece.text)


def contents(document: StoredDocument) -> list[Entry]:
    """The two upper levels of the clause tree, each by the beginning of its own text."""
    return [
        Entry(clause.ordinal, clause.depth, _opening(clause.text))
        for clause in document.clauses
        if 0 < clause.depth <= _CONTENTS_DEPTH and clause.text
    ]


def _opening(text: str) -> str:
    line = text.strip().partition("\n")[0]
    cut = line.partition("。")[0]
    return cut if len(cut) <= _CONTENTS_CHARACTERS else f"{cut[:_CONTENTS_CHARACTERS]}…"
