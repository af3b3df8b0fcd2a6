"""Questions made for a clause by what it states, where nobody wrote typical questions for it. Pure.

People ask in words that texts do not use: 补多少 where it says 给予补助. What a clause states (an amount, a date, the
materials to hand in) tells what it can be asked for; the document's subject tells of what. The rules are data
(`data/typical.yaml`); the questions serve finding only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Self

from core import regions
from core.datafile import Entry, read_yaml
from core.text import fold

DATA = Path(__file__).parent / "data" / "typical.yaml"
_BRACKETED = re.compile(r"\([^)]*\)")
_SHORTEST_SUBJECT = 2


class _Rule(Entry):
    states: str
    ask: tuple[str, ...]
    beside: str = ""


class _File(Entry):
    most: int
    endings: tuple[str, ...]
    openings: tuple[str, ...]
    rules: tuple[_Rule, ...]


@dataclass(frozen=True)
class Rule:
    """`ask` is asked of a clause in which `states` stands, and `beside` too where there is one."""

    states: re.Pattern[str]
    beside: re.Pattern[str]
    ask: tuple[str, ...]

    def holds(self, folded: str) -> bool:
        """Whether a folded text states it."""
        return bool(self.states.search(folded) and self.beside.search(folded))


@dataclass(frozen=True)
class Typical:
    """The rules of a file. `most` questions are made for a clause."""

    most: int
    endings: tuple[str, ...]
    openings: tuple[str, ...]
    rules: tuple[Rule, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and check a file of rules. Raises BadDataFile."""
        file = read_yaml(path, _File)
        rules = (Rule(re.compile(rule.states), re.compile(rule.beside), rule.ask) for rule in file.rules)
        return cls(file.most, file.endings, file.openings, tuple(rules))

    def questions(self, title: str, heading: str, text: str) -> tuple[str, ...]:
        """The questions for a clause of the document `title`; none where the title names no subject."""
        about = self.subject(title)
        if len(about) < _SHORTEST_SUBJECT:
            return ()
        return tuple(islice(self._asked(about, fold(f"{heading}\n{text}")), self.most))

    def _asked(self, about: str, folded: str) -> Iterator[str]:
        for rule in self.rules:
            if rule.holds(folded):
                yield from (question.format(about=about) for question in rule.ask)

    def subject(self, title: str) -> str:
        """What a document is about, by its title: without place, brackets and the kind of document."""
        words = _BRACKETED.sub("", fold(title)).strip("《》 ")
        for mention in regions.mentioned(words):
            words = words.replace(mention.region.name, "")
        words = re.sub(r"^[\u4e00-\u9fff]{2,3}[省市县区](?=[\u4e00-\u9fff]{3})", "", words)
        for opening in self.openings:
            words = words.removeprefix(opening)
        return next((words.removesuffix(end) for end in self.endings if words.endswith(end)), words).strip()


@cache
def built_in() -> Typical:
    """The rules that come with the product, read once."""
    return Typical.load(DATA)


@lru_cache(maxsize=1 << 16)
def questions(title: str, heading: str, text: str) -> tuple[str, ...]:
    """`Typical.questions` by the built-in rules."""
    return built_in().questions(title, heading, text)
