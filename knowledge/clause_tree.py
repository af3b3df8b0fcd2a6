"""Labels, tables and passages as a tree: what belongs below what, and the path by which each is cited.

How the kinds of labels nest is taken from the document: a label goes beside the open one of its kind whose number it
continues; a first one begins a list inside the clause before it, unless the document has shown before that this kind
stands higher. Only where neither tells, the usual order of the kinds decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.errors import BadInput
from knowledge.clause_labels import NEVER_INSIDE, RANK, SPACED, Kind, Label
from knowledge.clause_lines import Mark, lines, marks
from knowledge.clause_passages import PASSAGE, Span, paragraphs, passages
from knowledge.clause_tables import Block, blocks
from knowledge.reading import Table

FRONT = "文首"
"""Path of what stands before the first label: title, addressees, preamble."""
BACK = "文末"
"""Path of what stands below the last clause: names of annexes, signature, date."""
MAX_CLAUSES = 20_000
"""The most clauses of one document, passages and rows of tables counted."""

_PASSAGE, _TABLE, _ROW = "段", "表", "行"
_UNFINISHED = (
    "第",
    "（",
    "(",
    "《",
    "“",
    "按照",
    "依照",
    "根据",
    "依据",
    "符合",
    "违反",
    "前款",
    "本条",
    "适用",
    "参照",
)
_NUMBERED_BY: frozenset[Kind] = frozenset({"part", "chapter", "section", "article", "cn", "num"})


class TooManyClauses(BadInput):
    """A document falls into more clauses than one may have."""

    code = "too_many_clauses"
    default = f"这份文件的条款、段落和表格行超过 {MAX_CLAUSES} 条的上限，请拆成几份再上传。"


@dataclass(slots=True, eq=False)
class Node:
    """A clause while the tree grows. `parent` is the clause above; `owner` of a passage is the clause whose text it
    goes on with, which for a passage of the front is no clause above it. `pair`: one question with its answer."""

    kind: Kind
    start: int
    end: int
    label: Label | None = None
    parent: Node | None = None
    owner: Node | None = None
    pair: bool = False
    context: str = ""
    ordinal: int = 0
    whole_end: int = 0
    path: str = ""
    shown: str = ""
    depth: int = 0

    @property
    def number(self) -> int:
        return self.label.number if self.label else 0

    @property
    def folded(self) -> str:
        return self.label.folded if self.label else ""


def grow(text: str, tables: Sequence[Table]) -> list[Node]:
    """All clauses of a text in their order, with paths. Raises TooManyClauses."""
    nodes = _Growth(text, tables).nodes
    nodes = _in_passages(text, nodes)
    for ordinal, node in enumerate(nodes):
        node.ordinal, node.whole_end = ordinal, node.end
    for node in reversed(nodes):
        if node.parent is not None:
            node.parent.whole_end = max(node.parent.whole_end, node.whole_end)
    _Naming(nodes).name()
    return nodes


class _Growth:
    """Takes lines and tables one after another; `nodes` are the clauses so far."""

    def __init__(self, text: str, tables: Sequence[Table]) -> None:
        self._text = text
        self.nodes: list[Node] = []
        self._clause: Node | None = None
        self._front: Node | None = None
        self._back: Node | None = None
        self._nested: set[tuple[Kind, Kind]] = set()
        found = list(blocks(text, tables))
        items: list[Mark | Block] = [*marks(text, _between(text, found)), *found]
        for item in sorted(items, key=lambda item: item.start):
            if isinstance(item, Block):
                self._take_table(item)
            else:
                self._take(item)

    @property
    def _around(self) -> Node | None:
        """The clause that unlabelled text and tables are a part of; none at the top and at the end of a text."""
        return None if self._back else self._clause

    def _add(self, node: Node) -> Node:
        if len(self.nodes) >= MAX_CLAUSES:
            raise TooManyClauses()
        self.nodes.append(node)
        return node

    def _take(self, mark: Mark) -> None:
        label = mark.label
        if label is not None and self._counts(label, mark.start):
            parent, self._back = self._parent(label), None
            self._clause = self._add(Node(label.kind, mark.start, mark.end, label, parent, pair=mark.pair))
            self._nested.update((above.kind, label.kind) for above in _chain(parent))
        elif mark.back and self._clause is not None:
            self._back = self._add(Node("back", mark.start, mark.end))
        elif self.nodes and not mark.pair and self.nodes[-1].kind not in ("table", "row"):
            self.nodes[-1].end = mark.end
        else:
            self._take_passage(mark)

    def _take_passage(self, mark: Mark) -> None:
        """Text that goes on after a table, or a question with its answer; the first text of all is the front."""
        owner = self._back or self._clause or self._front
        if owner is None:
            self._front = self._add(Node("front", mark.start, mark.end, pair=mark.pair))
        else:
            self._add(Node("passage", mark.start, mark.end, parent=self._around, owner=owner, pair=mark.pair))

    def _take_table(self, block: Block) -> None:
        table = Node("table", block.start, block.start, parent=self._around, context=block.head_context)
        if block.head is not None:
            table.start, table.end = block.head
            self._add(table)
        for start, end, context in block.rows:
            parent = table if block.head else self._around
            self._add(Node("row", start, end, parent=parent, owner=table, context=context))

    def _counts(self, label: Label, start: int) -> bool:
        """Whether a label counts where it stands: in a series where it needs one, not in the middle of a sentence."""
        chain = _chain(self._clause)
        if label.kind == "decimal":
            return _decimal_fits(label, chain)
        goes_on = any(node.kind == label.kind and node.number + 1 == label.number for node in chain)
        if label.needs != "nothing" and not goes_on and label.number != 1:
            return False
        return goes_on or not self._text[max(0, start - 20) : start].rstrip().endswith(_UNFINISHED)

    def _parent(self, label: Label) -> Node | None:
        """Where a label belongs."""
        chain = _chain(self._clause)
        if label.kind == "annex":
            return chain[-1] if chain and _is_inner_annex(label, chain[-1]) else None
        if label.kind == "decimal" and (upper := _decimal_parent(label, chain)):
            return upper
        same = [node for node in chain if node.kind == label.kind]
        if same:
            return self._beside(label, chain, same)
        if label.number > 1 or label.kind in NEVER_INSIDE:
            return next((node for node in chain if RANK[node.kind] <= RANK[label.kind]), None)
        return next((node for node in chain if not self._stands_above(label.kind, node.kind)), None)

    def _beside(self, label: Label, chain: list[Node], same: list[Node]) -> Node | None:
        """The parent of a label whose kind is open already."""
        for node in same:
            if node.number + 1 == label.number:
                return node.parent
        nearest = chain[0]
        if label.number == 1 and label.kind not in NEVER_INSIDE and RANK[nearest.kind] < RANK[label.kind]:
            return nearest
        return same[0].parent

    def _stands_above(self, kind: Kind, other: Kind) -> bool:
        """Whether the document has shown `other` below `kind`, and never the other way round."""
        return (kind, other) in self._nested and (other, kind) not in self._nested


def _between(text: str, found: Sequence[Block]) -> list[Span]:
    """The lines of the text outside its tables."""
    starts = [0, *(block.end for block in found)]
    ends = [*(block.start for block in found), len(text)]
    return [span for start, end in zip(starts, ends, strict=True) for span in lines(text, start, end)]


def _chain(node: Node | None) -> list[Node]:
    """A clause and those above it, innermost first. Never longer than a few times the number of kinds."""
    chain = []
    while node is not None:
        chain.append(node)
        node = node.parent
    return chain


def _is_inner_annex(label: Label, outer: Node) -> bool:
    """附表1 and 附录 inside 附件2 are parts of it."""
    return outer.folded.startswith("附件") and not label.folded.startswith("附件")


def _decimal_fits(label: Label, chain: Sequence[Node]) -> bool:
    """Whether 1.2 goes on from 1.1, or 2.1 begins below 2 or after 1.x; a figure of the text does neither."""
    prefix = label.folded.rsplit(".", 1)[0]
    for node in chain:
        if node.kind == "decimal" and node.folded.rsplit(".", 1)[0] == prefix:
            return label.number == node.number + 1 or (label.needs == "nothing" and label.number > node.number)
    if _decimal_above(prefix, chain) is not None:
        return label.number == 1 or label.needs == "nothing"
    if label.number != 1:
        return False
    first = int(prefix.split(".")[0])
    return label.needs == "nothing" or first == 1 or any(node.folded.startswith(f"{first - 1}.") for node in chain)


def _decimal_above(prefix: str, chain: Sequence[Node]) -> Node | None:
    """The open clause that 1.2 is the second of: 1.1 of 1.1.2, 1 of 1.2, 第一章 of 1.2."""
    for node in chain:
        if node.kind in ("num", "decimal") and node.folded == prefix:
            return node
        if node.kind in _NUMBERED_BY and prefix == str(node.number):
            return node
    return None


def _decimal_parent(label: Label, chain: Sequence[Node]) -> Node | None:
    prefix = label.folded.rsplit(".", 1)[0]
    for node in chain:
        if node.kind == "decimal" and node.folded.rsplit(".", 1)[0] == prefix:
            return node.parent
    if (upper := _decimal_above(prefix, chain)) is not None:
        return upper
    parts = label.folded.count(".")
    same = next((node for node in chain if node.kind == "decimal" and node.folded.count(".") == parts), None)
    return same.parent if same else None


# --- passages --------------------------------------------------------------------------------------------------------


def _in_passages(text: str, nodes: Sequence[Node]) -> list[Node]:
    """The clauses with long own text in passages; without any label, all text in passages by its paragraphs."""
    labelled = any(node.label for node in nodes)
    cut: list[Node] = []
    for node in nodes:
        cut.append(node)
        spans = list(_spans(text, node, labelled))
        for start, end in spans[1:]:
            parent, owner = (node.parent, node.owner) if node.kind == "passage" else (node, node)
            parent = None if owner and owner.kind in ("front", "back") else parent
            cut.append(Node("passage", start, end, parent=parent, owner=owner))
        if len(spans) > 1:
            node.end = spans[0][1]
        if len(cut) > MAX_CLAUSES:
            raise TooManyClauses()
    return cut


def _spans(text: str, node: Node, labelled: bool) -> Iterator[Span]:
    if node.kind in ("table", "row"):
        return iter(())
    if not labelled and not node.pair:
        return paragraphs(text, node.start, node.end)
    return passages(text, node.start, node.end) if node.end - node.start > PASSAGE else iter(())


# --- paths -----------------------------------------------------------------------------------------------------------


class _Naming:
    """Gives every clause its path (folded labels) and label (the original's glyphs), in order.

    Passages are counted per clause, its own beginning being the first; tables per annex, or in the document where they
    stand in none: the clause around a table is its parent, but not a part of its path. A path that is taken already
    (a document with two 四、) gets `#2`, the next one `#3`.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self._hidden = _forwarded(nodes)
        self._taken: Counter[str] = Counter()
        self._counted: Counter[tuple[int, str]] = Counter()

    def name(self) -> None:
        """Set `path`, `shown` and `depth` of every node."""
        for node in self._nodes:
            if node.kind in ("front", "back"):
                node.path = node.shown = FRONT if node.kind == "front" else BACK + self._more(BACK)
            elif node.label is not None:
                self._name_clause(node, node.label)
            elif node.kind == "passage":
                self._name_part(node, node.owner, f"{_PASSAGE}{self._count(node.owner, _PASSAGE) + 1}")
            elif node.kind == "table":
                self._name_table(node)
            else:
                self._name_row(node)

    def _count(self, of: Node | None, what: str) -> int:
        self._counted[id(of), what] += 1
        return self._counted[id(of), what]

    def _more(self, path: str) -> str:
        self._taken[path] += 1
        return f"#{self._taken[path]}" if self._taken[path] > 1 else ""

    def _name_clause(self, node: Node, label: Label) -> None:
        above = self._above(node)
        path = _joined(above, above.path if above else "", node.kind, label.folded)
        node.path = path + self._more(path)
        node.shown = _joined(above, above.shown if above else "", node.kind, label.glyphs)
        node.depth = 1 + self._depth(node.parent)

    def _name_part(self, node: Node, of: Node | None, part: str) -> None:
        node.path = f"{of.path if of else ''} {part}".lstrip()
        node.shown = f"{of.shown if of else ''} {part}".lstrip()
        node.depth = 1 + self._depth(node.parent)

    def _name_table(self, node: Node) -> None:
        annex = next((above for above in _chain(node.parent) if above.kind == "annex"), None)
        annex = None if annex is self._hidden else annex
        self._name_part(node, annex, f"{_TABLE}{self._count(annex, _TABLE)}")

    def _name_row(self, node: Node) -> None:
        table = node.owner
        if table is not None and not table.path:
            self._name_table(table)
        self._name_part(node, table, f"{_ROW}{self._count(table, _ROW)}")

    def _above(self, node: Node) -> Node | None:
        """The clause whose path a clause's own goes on from: 1.2.1 says itself what it is below."""
        above = None if node.parent is self._hidden else node.parent
        while above and node.kind == "decimal" and above.kind in ("num", "decimal") and _is_prefix(above, node):
            above = None if above.parent is self._hidden else above.parent
        return above

    def _depth(self, parent: Node | None) -> int:
        return 0 if parent is None or parent is self._hidden else parent.depth


def _is_prefix(above: Node, node: Node) -> bool:
    return node.folded.startswith(f"{above.folded}.")


def _forwarded(nodes: Sequence[Node]) -> Node | None:
    """The annex of a notice that only forwards it: its clauses are cited without the word 附件."""
    annexes = [node for node in nodes if node.kind == "annex"]
    if len(annexes) != 1 or annexes[0].number or annexes[0].folded != "附件":
        return None
    first = next(node for node in nodes if node.label is not None)
    return annexes[0] if first is annexes[0] else None


def _joined(above: Node | None, path: str, kind: Kind, own: str) -> str:
    """A label after the path above it: a level above 条 is set off by a blank, and so are two numbers."""
    if above is None:
        return own
    apart = above.kind in SPACED or kind in SPACED or kind == "article" or "#" in own
    digits = path[-1:].isdecimal() and own[:1].isdecimal()
    return f"{path} {own}" if apart or digits else f"{path}{own}"
