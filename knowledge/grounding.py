"""Whether a worded answer says only what the quoted clauses say. Pure; the words it goes by are `data/composing.yaml`.

A language model may put an answer into smoother words. Its text is let through only if every quotation is literal and
unbroken within one clause; every figure stands in a clause with the same unit, on the same side of its bound and beside
the same words; every title, name and Latin word occurs there; nothing is granted, forbidden or promised that the
clauses do not; and no sentence is mostly made of words of its own. Whatever is in doubt is refused: the literal answer
is always at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from core.datafile import Entry, read_yaml
from core.reading.numerals import DIGITS
from core.text import fold, squeeze
from knowledge.clauses import sentences

Side = Literal["at_least", "above", "at_most", "below"]
Fault = Literal[
    "empty", "quote", "number", "bound", "misplaced", "title", "name", "latin", "claim", "promise", "unsupported",
    "label", "mark",
]  # fmt: skip

_QUOTED = re.compile(r"“([^”]*)”|「([^」]*)」|『([^』]*)』|\"([^\"\n]*)\"")
_TITLE = re.compile(r"《([^》]*)》")
_MARK = re.compile(r"[\[【〔［]\s*(\d{1,2}(?:\s*[,，、]\s*\d{1,2})*)\s*[\]】〕］]")
_LABEL = re.compile(r"第[〇零一二三四五六七八九十百\d]+(?:条|章|节|款|项|部分)")
_LATIN = re.compile(r"[a-z][a-z0-9.+&/@:_-]*")
_HAN_RUN = re.compile(r"[㐀-鿿]+")
_DAY = re.compile(r"(\d{4})\s*(?:年|[-/.])\s*(\d{1,2})\s*(?:月|[-/.])\s*(\d{1,2})\s*日?")
_CHINESE = "〇零一二两三四五六七八九十百千"
_NUMBER = re.compile(rf"\d[\d,]*(?:\.\d+)?|百分之[{_CHINESE}]+|[{_CHINESE}]+")
_BOUND_WINDOW = 8
_CUTS = re.compile(r"[\d，,、。；;：:\n]")
_SENTENCE_ENDS = "。；;!?\n"
_PART_ENDS = _SENTENCE_ENDS + "，,、：:"
_POWERS = {"十": 10, "百": 100, "千": 1000}


class _Bound(Entry):
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class _File(Entry):
    units: tuple[str, ...]
    bounds: dict[Side, _Bound]
    suffixes: tuple[str, ...]
    claims: tuple[str, ...]
    promises: tuple[str, ...]
    connectives: tuple[str, ...]
    novelty: float
    instructions: str
    question: str
    clause: str


@dataclass(frozen=True)
class Figure:
    """A number as it stands in a text: its digits, its unit (empty: none) and the side of it on which the rule lies."""

    digits: str
    unit: str
    side: Side | None


@dataclass(frozen=True)
class Placed:
    """A figure at text[start:end] of a folded text; `end` is behind its unit."""

    figure: Figure
    start: int
    end: int


@dataclass(frozen=True)
class Rules:
    """The words that a worded answer is held to; see `data/composing.yaml`."""

    units: tuple[str, ...]
    bounds: dict[Side, tuple[tuple[str, ...], tuple[str, ...]]]
    suffixes: tuple[str, ...]
    claims: tuple[str, ...]
    promises: tuple[str, ...]
    connectives: tuple[str, ...]
    novelty: float
    instructions: str
    question: str
    clause: str

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and check a file of rules. Raises BadDataFile."""
        file = read_yaml(path, _File)
        return cls(
            units=tuple(sorted(map(fold, file.units), key=len, reverse=True)),
            bounds={side: (_folded(bound.before), _folded(bound.after)) for side, bound in file.bounds.items()},
            suffixes=_folded(file.suffixes),
            claims=_folded(file.claims),
            promises=_folded(file.promises),
            connectives=_folded(file.connectives),
            novelty=file.novelty,
            instructions=file.instructions,
            question=file.question,
            clause=file.clause,
        )


@dataclass(frozen=True)
class Source:
    """A quoted clause: its literal text, the title of its document, its path and label."""

    text: str
    title: str
    path: str
    label: str


@dataclass(frozen=True)
class Checked:
    """What came of a check: the text without its marks and the numbers (from 0) of the sources it names, or a fault."""

    text: str = ""
    used: tuple[int, ...] = ()
    fault: Fault | None = None


class Checker:
    """Holds texts to the clauses of one answer. `question` is what was asked: its words may be taken up, its figures
    may not."""

    def __init__(self, rules: Rules, sources: Sequence[Source], question: str) -> None:
        self._rules = rules
        self._sources = tuple(sources)
        self._question = fold(question)

    def check(self, text: str) -> Checked:
        """A whole text. At least one source has to be named by a mark ([1]) or a label (第二条)."""
        used = self._used(text)
        bare = _MARK.sub("", text).strip()
        if not squeeze(bare):
            return Checked(fault="empty")
        if fault := self._fault(text, bare):
            return Checked(fault=fault)
        return Checked(bare, used) if used else Checked(fault="mark")

    def check_part(self, text: str) -> Fault | None:
        """The first whole sentences of a text that is still coming in."""
        return self._fault(text, _MARK.sub("", text).strip()) if squeeze(text) else None

    def _fault(self, text: str, bare: str) -> Fault | None:
        folded = fold(bare)
        checks: tuple[tuple[Fault, bool], ...] = (
            ("mark", self._wrong_mark(text)),
            ("quote", self._broken_quote(bare)),
            ("promise", any(word in folded for word in self._rules.promises)),
            ("title", not all(self._known_title(title) for title in _TITLE.findall(bare))),
            ("label", not all(self._known_label(label) for label in _LABEL.findall(folded))),
            ("latin", not all(word in self._words for word in _LATIN.findall(folded))),
            ("claim", any(word in folded and word not in self._words for word in self._rules.claims)),
            ("name", any(self._strange_names(folded))),
        )
        found = next((name for name, wrong in checks if wrong), None)
        return found or self._figure_fault(_LABEL.sub("", folded)) or self._unsupported(bare)

    def _used(self, text: str) -> tuple[int, ...]:
        marked = [int(n) - 1 for marks in _MARK.findall(text) for n in re.findall(r"\d+", marks)]
        labelled = [
            index
            for label in _LABEL.findall(fold(text))
            for index, source in enumerate(self._sources)
            if label in fold(source.path + source.label)
        ]
        return tuple(sorted({index for index in [*marked, *labelled] if 0 <= index < len(self._sources)}))

    def _wrong_mark(self, text: str) -> bool:
        numbers = [int(n) for marks in _MARK.findall(text) for n in re.findall(r"\d+", marks)]
        return any(not 1 <= number <= len(self._sources) for number in numbers)

    def _broken_quote(self, text: str) -> bool:
        quotes = [squeeze(next(filter(None, groups), "")) for groups in _QUOTED.findall(text)]
        texts = [squeeze(source.text) for source in self._sources]
        return any(quote and not any(quote in source for source in texts) for quote in quotes)

    def _known_title(self, title: str) -> bool:
        folded = fold(title)
        return any(folded in fold(source.title) or folded in fold(source.text) for source in self._sources)

    def _known_label(self, label: str) -> bool:
        return any(label in fold(source.path + source.label + source.text) for source in self._sources)

    @cached_property
    def _words(self) -> str:
        return "\n".join(fold(f"{source.title}\n{source.text}") for source in self._sources)

    def _strange_names(self, folded: str) -> Iterator[bool]:
        """For each ending of a name: whether it stands behind other characters than in the clauses."""
        known = self._words + "\n" + self._question
        for suffix in self._rules.suffixes:
            for match in re.finditer(re.escape(suffix), folded):
                before = folded[max(0, match.start() - 2) : match.start()]
                run = _HAN_RUN.search(before[::-1])
                near = before[len(before) - (run.end() if run and run.start() == 0 else 0) :]
                yield bool(near) and near[-1:] + suffix not in known

    def _figure_fault(self, folded: str) -> Fault | None:
        known = {placed.figure for figures_of in self._figures for placed in figures_of}
        known |= {placed.figure for source in self._sources for placed in figures(fold(source.title), self._rules)}
        plain = {(figure.digits, figure.unit) for figure in known}
        said = figures(folded, self._rules)
        if any((placed.figure.digits, placed.figure.unit) not in plain for placed in said):
            return "number"
        if any(placed.figure not in known for placed in said):
            return "bound"
        return None if all(self._in_place(folded, said, index) for index in range(len(said))) else "misplaced"

    def _in_place(self, folded: str, said: Sequence[Placed], index: int) -> bool:
        """Whether a figure is said of what a clause says it of: one clause has it near each of the words beside it."""
        figure, words = said[index].figure, self._beside(folded, said, index)
        return any(
            placed.figure == figure and words <= _near(text, own, at)
            for text, own in zip(self._texts, self._figures, strict=True)
            for at, placed in enumerate(own)
        ) or not any(placed.figure == figure for own in self._figures for placed in own)

    def _beside(self, folded: str, said: Sequence[Placed], index: int) -> set[str]:
        """The pairs of characters that a figure is said with, as far as they are the clauses' own."""
        connecting = set(_pairs("\n".join(self._rules.connectives)))
        return (_near(folded, said, index, ends=_PART_ENDS) & self._clause_pairs) - connecting

    @cached_property
    def _texts(self) -> list[str]:
        return [fold(source.text) for source in self._sources]

    @cached_property
    def _figures(self) -> list[list[Placed]]:
        return [figures(text, self._rules) for text in self._texts]

    @cached_property
    def _clause_pairs(self) -> set[str]:
        return {pair for text in self._texts for pair in _pairs(text)}

    def _unsupported(self, text: str) -> Fault | None:
        known = "\n".join((self._words, self._question, *self._rules.connectives))
        pairs = set(_pairs(known))
        for start, end in sentences(text):
            own = list(_pairs(_NUMBER.sub("\n", fold(text[start:end]))))
            if own and sum(pair not in pairs for pair in own) > self._rules.novelty * len(own):
                return "unsupported"
        return None


def figures(folded: str, rules: Rules) -> list[Placed]:
    """The figures of a folded text in order; a whole date is one figure of the unit `date`. Numerals without a unit
    that are words (一次性, 唯一) are left out."""
    days = [
        Placed(Figure("-".join(part.lstrip("0") or "0" for part in match.groups()), "date", None), *match.span())
        for match in _DAY.finditer(folded)
    ]
    rest = _DAY.sub(lambda match: "\n" * len(match[0]), folded)
    numbers = [placed for match in _NUMBER.finditer(rest) if (placed := _placed(rest, match, rules))]
    return sorted([*days, *numbers], key=lambda placed: placed.start)


def _placed(text: str, match: re.Match[str], rules: Rules) -> Placed | None:
    unit, end = _unit(text, match.end(), rules)
    percent = match[0].startswith("百分之")
    digits = _digits(match[0].removeprefix("百分之"))
    if not match[0][0].isdigit() and not percent and (not unit or digits is None):
        return None
    side = _side(text, match.start(), end, rules)
    return Placed(Figure(digits or match[0], "%" if percent else unit, side), match.start(), end)


def _near(text: str, own: Sequence[Placed], at: int, ends: str = _SENTENCE_ENDS) -> set[str]:
    """The pairs of characters that belong to a figure: those before it, back to the last figure of its unit or the end
    of the last sentence, and those behind it, up to the next figure or one of `ends`."""
    this = own[at]
    since = max((placed.end for placed in own[:at] if placed.figure.unit == this.figure.unit), default=0)
    since = max(since, max(text.rfind(mark, 0, this.start) for mark in _SENTENCE_ENDS) + 1)
    until = own[at + 1].start if at + 1 < len(own) else len(text)
    until = min([until, *(end for mark in ends if (end := text.find(mark, this.end)) >= 0)])
    words = text[since : this.start] + "\n" + text[this.end : until]
    return set(_pairs(_NUMBER.sub("\n", words)))


def _unit(text: str, at: int, rules: Rules) -> tuple[str, int]:
    start = at + (len(text[at:]) - len(text[at:].lstrip(" ")))
    unit = next((unit for unit in rules.units if text.startswith(unit, start)), "")
    return unit, start + len(unit) if unit else at


def _digits(numeral: str) -> str | None:
    """The plain digits of a numeral: 2,000.50 -> 2000.5, 三十 -> 30; None for what is no well-formed numeral."""
    if numeral[0].isdigit():
        plain = numeral.replace(",", "")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain.lstrip("0") or "0"
    if not set(numeral) & set(_POWERS):
        return "".join(str(DIGITS[char]) for char in numeral)
    total, current = 0, None
    for char in numeral:
        if char in _POWERS:
            total, current = total + (1 if current is None else current) * _POWERS[char], None
        else:
            current = DIGITS[char]
    return str(total + (current or 0))


def _side(text: str, start: int, end: int, rules: Rules) -> Side | None:
    """On which side of a number the rule lies: by the longest word in front of it in its part of the sentence, or right
    behind it. A word of one character has to stand right in front (满 is in 满足, too)."""
    before = _CUTS.split(text[max(0, start - _BOUND_WINDOW) : start])[-1].rstrip(" 的为在到约")
    after = text[end : end + _BOUND_WINDOW].lstrip(" (的")
    hits: list[tuple[int, Side]] = [
        (len(word), side)
        for side, (leading, trailing) in rules.bounds.items()
        for word in (
            *(word for word in leading if before.endswith(word) or (len(word) > 1 and word in before)),
            *(word for word in trailing if after.startswith(word)),
        )
    ]
    return max(hits)[1] if hits else None


def _pairs(folded: str) -> Iterator[str]:
    for run in _HAN_RUN.findall(folded):
        yield from (run[i : i + 2] for i in range(len(run) - 1))


def _folded(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(fold(word) for word in words)
