"""What a reader has to find in a document: paths and texts of its clauses, its tables, notes, pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from tests.corpus.tree import Document, Node, Table, path, squeezed


@dataclass
class Gold:
    """Texts are without white space. `clauses` are path and own text; `passages` the texts of a document without
    labels, each to be found whole in one clause; `floating` is what may stand with any clause, `notes` footnotes with
    the path of their clause, `pages` the page (from 1) on which a path begins.
    """

    file: str
    format: str
    genre: str
    metadata: dict[str, str]
    front: list[str] = field(default_factory=list)
    clauses: list[tuple[str, str]] = field(default_factory=list)
    passages: list[str] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    floating: list[str] = field(default_factory=list)
    pages: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Gold:
        pairs = {name: [(place, text) for place, text in stored[name]] for name in ("clauses", "notes")}
        return cls(**{**stored, **pairs})


def paths(document: Document) -> list[tuple[Node, str]]:
    """The clauses of a document with their paths, in order."""
    hide = _forwards(document)
    return [(node, path(node, above, hide)) for node, above in document.walk()]


def gold(document: Document, file: str, format: str) -> Gold:
    """What has to be found in a document as it was written in a format."""
    return Gold(
        file=file,
        format=format,
        genre=document.genre,
        metadata=document.metadata,
        front=[squeezed(text) for text in (*document.front, *document.contents)],
        clauses=[(place, squeezed("".join([node.line, *node.more]))) for node, place in paths(document)],
        passages=[squeezed(text) for text in document.unlabelled],
        tables=[_table(table, place) for table, place in _tables(document)],
        notes=[(place, squeezed(node.note.text)) for node, place in paths(document) if node.note],
        floating=[squeezed(text) for text in (*document.listing, *document.tail)],
    )


def _forwards(document: Document) -> bool:
    return len(document.annexes) == 1 and not document.body and document.annexes[0].number == 0


def _tables(document: Document) -> list[tuple[Table, str]]:
    """Tables with their paths, counted within their annex or in the document."""
    found: list[tuple[Table, str]] = []
    counts: dict[str, int] = {}
    for table, place in [(table, "") for table in document.tables] + [
        (table, f"附件{above[0].number} " if above else "")
        for node, chain in document.walk()
        for above in [[one for one in (*chain, node) if one.kind == "annex" and one.number]]
        for table in node.tables
    ]:
        counts[place] = counts.get(place, 0) + 1
        found.append((table, f"{place}表{counts[place]}"))
    return found


def _table(table: Table, place: str) -> dict[str, Any]:
    filled = table.filled()
    header = ["/".join(dict.fromkeys(column)) for column in zip(*filled[: table.header_rows], strict=True)]
    return {
        "path": place,
        "caption": table.caption,
        "unit": table.unit,
        "header": header,
        "rows": filled[table.header_rows :],
        "shown": table.shown(),
    }
