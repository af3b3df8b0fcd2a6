"""From a document's text to its clause tree, by the original's own labels.

Every character that is not white space belongs to exactly one clause's own text, so coverage is counted, not assumed.
Offsets are Unicode code points into the text as given; nothing is rewritten.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from core.text import squeeze
from knowledge.reading import Table

Kind = Literal[
    "front",
    "annex",
    "part",
    "chapter",
    "section",
    "article",
    "cn",
    "cn_paren",
    "num",
    "decimal",
    "num_paren",
    "circled",
    "passage",
    "table",
    "row",
]

# How deep a kind of label usually stands. Used only where the numbers themselves do not tell.
_RANK: dict[Kind, int] = {
    "front": 0, "annex": 0, "part": 1, "chapter": 2, "section": 3, "cn": 4, "article": 5,
    "cn_paren": 6, "num": 7, "decimal": 8, "num_paren": 9, "circled": 10, "passage": 11, "table": 12, "row": 13,
}  # fmt: skip
_SPACED: frozenset[Kind] = frozenset({"annex", "part", "chapter", "section"})
_NEVER_INSIDE: frozenset[Kind] = frozenset({"annex", "part", "chapter", "section", "article"})

FRONT = "文首"
"""Path of what stands before the first label: title, addressees, preamble."""

_CN = "〇零一二三四五六七八九十百"
_BLANK = r"[ \t\u00a0\u3000]*"
_LABELS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("annex", re.compile(rf"附{_BLANK}件{_BLANK}(?P<n>[0-9０-９{_CN}]{{0,3}}){_BLANK}(?:[:：]|$)")),
    ("part", re.compile(rf"第{_BLANK}(?P<n>[{_CN}]+|[0-9０-９]+){_BLANK}编")),
    ("chapter", re.compile(rf"第{_BLANK}(?P<n>[{_CN}]+|[0-9０-９]+){_BLANK}章")),
    ("section", re.compile(rf"第{_BLANK}(?P<n>[{_CN}]+|[0-9０-９]+){_BLANK}节")),
    ("article", re.compile(rf"第{_BLANK}(?P<n>[{_CN}]+|[0-9０-９]+){_BLANK}条(?!件)")),
    ("cn_paren", re.compile(rf"[(（]{_BLANK}(?P<n>[{_CN}]+){_BLANK}[)）]")),
    ("cn_paren", re.compile(r"(?P<n>[㈠-㈩])")),
    ("cn", re.compile(rf"(?P<n>[{_CN}]+){_BLANK}[、．.](?![{_CN}]+、)")),
    ("num_paren", re.compile(rf"[(（]{_BLANK}(?P<n>[0-9０-９]{{1,3}}){_BLANK}[)）]")),
    ("num_paren", re.compile(r"(?P<n>[⑴-⒇])")),
    ("circled", re.compile(r"(?P<n>[①-⑳])")),
    ("decimal", re.compile(r"(?P<n>[0-9０-９]{1,2}(?:[.．][0-9０-９]{1,2}){1,4})(?=[ \t\u00a0\u3000]+[^\s0-9０-９])")),
    ("num", re.compile(r"(?P<n>[0-9０-９]{1,3})[、．.](?![0-9０-９])")),
)
_ENDS_SENTENCE = re.compile(r"[。；！？!?;\n]+")
_ENDS_PART = re.compile(r"[，,、。；！？!?;：:\n]+")
_VALUES = {"〇": 0, "零": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


@dataclass(frozen=True)
class Label:
    """A label at the start of a line: its kind, its number, its glyphs as printed, its folded form in a path."""

    kind: Kind
    number: int
    glyphs: str
    folded: str


@dataclass(frozen=True)
class Clause:
    """One clause. `[start, end)` is its own text from the label on; `[start, whole_end)` includes its sub-clauses.

    `parent` is the ordinal of the clause above, None at the top. `label` is the path in the original's glyphs.
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
    """The clauses of a text in their order; empty for a text without any visible character."""
    return _Tree(text).clauses()


def coverage(text: str, clauses: list[Clause]) -> float:
    """Share of the visible characters that stand in some clause's own text, 0.0-1.0; 1.0 for an empty text."""
    total = len(squeeze(text))
    return sum(len(squeeze(text[clause.start : clause.end])) for clause in clauses) / total if total else 1.0


def read_label(line: str) -> Label | None:
    """The label a line begins with, or None. `line` has no leading white space."""
    for kind, pattern in _LABELS:
        if match := pattern.match(line):
            number = _number(match["n"])
            if kind == "cn" and number == 0:
                continue
            return Label(kind, number, match[0].rstrip(), _folded(kind, match["n"]))
    return None


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of the sentences of a text, with their closing marks, without surrounding white space."""
    yield from _pieces(text, _ENDS_SENTENCE)


def parts(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of the pieces between commas and stops, with their closing marks."""
    yield from _pieces(text, _ENDS_PART)


def _pieces(text: str, ends: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for match in ends.finditer(text):
        yield from _visible(text, start, match.end())
        start = match.end()
    yield from _visible(text, start, len(text))


def _visible(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _number(digits: str) -> int:
    plain = unicodedata.normalize("NFKC", digits).strip("()")
    if plain == "":
        return 0
    if plain[0].isdigit():
        return int(plain.split(".")[-1])
    return _chinese_number(plain)


def _chinese_number(digits: str) -> int:
    total, current = 0, 0
    for char in digits:
        if char == "百":
            total, current = total + (current or 1) * 100, 0
        elif char == "十":
            total, current = total + (current or 1) * 10, 0
        else:
            current = _VALUES[char]
    return total + current


def _folded(kind: Kind, digits: str) -> str:
    plain = unicodedata.normalize("NFKC", digits).strip("()")
    match kind:
        case "annex":
            return f"附件{plain}"
        case "part" | "chapter" | "section" | "article":
            return f"第{plain}{ {'part': '编', 'chapter': '章', 'section': '节', 'article': '条'}[kind] }"
        case "cn_paren":
            return f"（{plain}）"
        case "num_paren":
            return digits if "⑴" <= digits <= "⒇" else f"（{plain}）"
        case "circled":
            return digits
        case _:
            return plain


@dataclass
class _Node:
    label: Label | None
    parent: _Node | None
    start: int
    end: int
    ordinal: int = 0
    whole_end: int = 0

    @property
    def kind(self) -> Kind:
        return self.label.kind if self.label else "front"

    def chain(self) -> list[_Node]:
        return [*(self.parent.chain() if self.parent else []), self]


class _Tree:
    def __init__(self, text: str) -> None:
        self._text = text
        self._nodes: list[_Node] = []
        for start, end in _lines(text):
            self._take(start, end)

    def _take(self, start: int, end: int) -> None:
        label = read_label(self._text[start:end])
        if label is None:
            if self._nodes:
                self._nodes[-1].end = end
            else:
                self._nodes.append(_Node(None, None, start, end))
            return
        self._nodes.append(_Node(label, self._parent(label), start, end))

    def _parent(self, label: Label) -> _Node | None:
        """Where a label belongs: beside the open label of its kind, else inside the open clause if it starts at one."""
        last = self._nodes[-1] if self._nodes else None
        open_nodes = [node for node in last.chain() if node.label] if last else []
        for node in reversed(open_nodes):
            if node.kind == label.kind:
                return node.parent
        if label.number > 1 or label.kind in _NEVER_INSIDE:
            while open_nodes and _RANK[open_nodes[-1].kind] > _RANK[label.kind]:
                open_nodes.pop()
        return open_nodes[-1] if open_nodes else None

    def clauses(self) -> list[Clause]:
        for ordinal, node in enumerate(self._nodes):
            node.ordinal, node.whole_end = ordinal, node.end
        for node in reversed(self._nodes):
            if node.parent is not None:
                node.parent.whole_end = max(node.parent.whole_end, node.whole_end)
        hide_annex = self._annex_is_the_document()
        return [self._clause(node, hide_annex) for node in self._nodes]

    def _annex_is_the_document(self) -> bool:
        """A notice that only forwards one annex: the annex's clauses are cited without the word 附件."""
        annexes = [node for node in self._nodes if node.kind == "annex"]
        if len(annexes) != 1 or annexes[0].label is None or annexes[0].label.number:
            return False
        return not any(node.label for node in self._nodes[: annexes[0].ordinal])

    def _clause(self, node: _Node, hide_annex: bool) -> Clause:
        labels = [above.label for above in node.chain() if above.label]
        shown = labels[1:] if hide_annex and len(labels) > 1 and labels[0].kind == "annex" else labels
        return Clause(
            ordinal=node.ordinal,
            parent=node.parent.ordinal if node.parent else None,
            kind=node.kind,
            path=_joined(shown, [item.folded for item in shown]) or FRONT,
            label=_joined(shown, [item.glyphs for item in shown]) or FRONT,
            depth=len(shown),
            start=node.start,
            end=node.end,
            whole_end=node.whole_end,
        )


def _joined(labels: list[Label], texts: list[str]) -> str:
    """Labels one after another; a level above 条 is set off by a blank."""
    joined = ""
    for index, (label, text) in enumerate(zip(labels, texts, strict=True)):
        below = labels[index + 1].kind if index + 1 < len(labels) else None
        joined += text + (" " if label.kind in _SPACED or below == "article" else "")
    return joined.strip()


def _lines(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            yield position + len(line) - len(line.lstrip()), position + len(line.rstrip())
        position += len(line)
