"""From a document's text to its clause tree, by the original's own labels.

Every character that is not white space belongs to exactly one clause's own text, so coverage is counted, not assumed.
Offsets are Unicode code points into the text as given; nothing is rewritten. Labels are read in `clause_labels`, the
lines they count in are found in `clause_lines`, the tree grows in `clause_tree`, long text is cut in `clause_passages`,
tables come from the reader (`clause_tables`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.text import squeeze
from knowledge.clause_labels import Kind, Label, read_label
from knowledge.clause_passages import PASSAGE, parts, sentences
from knowledge.clause_tree import BACK, FRONT, MAX_CLAUSES, TooManyClauses, grow
from knowledge.reading import Table

__all__ = [
    "BACK",
    "FRONT",
    "MAX_CLAUSES",
    "PASSAGE",
    "Clause",
    "Kind",
    "Label",
    "TooManyClauses",
    "coverage",
    "parse",
    "parts",
    "read_label",
    "sentences",
]


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause. `[start, end)` is its own text from the label on; `[start, whole_end)` includes its sub-clauses.

    `parent` is the ordinal of the clause above, None at the top. `label` is the path in the original's glyphs. Kinds
    besides those of labels: "front" is what stands before the first label; "passage" goes on with a clause's own text
    that is long or that a table interrupts (path `第五条 段2`), or is a paragraph of a text without labels, or a
    question with its answer; "table" is caption and header (`附件1 表2`), "row" a row below them (`附件1 表2 行3`).
    `context` is what a row of a table says together with its header, unit and merged cells: it serves finding and
    explaining, a quote is always the text itself.
    """

    ordinal: int
    parent: int | None
    kind: Kind
    path: str
    label: str
    depth: int
    start: int
    end: int
    whole_end: int
    context: str = ""


def parse(text: str, tables: Sequence[Table] = ()) -> list[Clause]:
    """The clauses of a text in their order; empty for a text without any visible character. Raises TooManyClauses."""
    return [
        Clause(
            ordinal=node.ordinal,
            parent=node.parent.ordinal if node.parent else None,
            kind=node.kind,
            path=node.path,
            label=node.shown,
            depth=node.depth,
            start=node.start,
            end=node.end,
            whole_end=node.whole_end,
            context=node.context,
        )
        for node in grow(text, tables)
    ]


def coverage(text: str, clauses: Sequence[Clause]) -> float:
    """Share of the visible characters that stand in some clause's own text, 0.0-1.0; 1.0 for an empty text."""
    total = len(squeeze(text))
    return sum(len(squeeze(text[clause.start : clause.end])) for clause in clauses) / total if total else 1.0
