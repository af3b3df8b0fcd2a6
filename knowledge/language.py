"""How people type: slips, pinyin and everyday words, as data (`data/synonyms.yaml`), mapped to documents' words.

Expansion serves finding only. It never changes what a person said, nor what a document says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, TypeVar

from pydantic import field_validator

from core.datafile import Entry, read_yaml
from core.text import fold

_T = TypeVar("_T")
_LATIN = re.compile(r"[a-z0-9]")


class _Typo(Entry):
    wrong: str
    right: str


class _Pinyin(Entry):
    pinyin: str
    text: str


class _Group(Entry):
    canonical: str | list[str]
    spoken: list[str]

    @field_validator("spoken")
    @classmethod
    def _no_single_characters(cls, value: list[str]) -> list[str]:
        if short := [term for term in value if len(fold(term)) < 2]:
            raise ValueError(f"one character is too short: {short[0]}")
        return value


class _Distinct(Entry):
    term: str
    said: tuple[str, ...] = ()


class _File(Entry):
    groups: tuple[_Group, ...] = ()
    typos: tuple[_Typo, ...] = ()
    pinyin: tuple[_Pinyin, ...] = ()
    distinct: tuple[list[_Distinct], ...] = ()
    rule_words: tuple[str, ...] = ()
    on_the_way: tuple[str, ...] = ()


@dataclass(frozen=True)
class Term:
    """One of several terms that are near each other and not the same; `said` are ways to say it, longest first."""

    name: str
    said: tuple[str, ...]

    def said_in(self, text: str) -> str:
        """How a folded text says it; the name where it does not."""
        return next((way for way in self.said if way in text), self.name)


@dataclass(frozen=True)
class Language:
    """`typos` and `pinyin` map a slip to the right word; `synonyms` maps a spoken term to documents' terms.

    All keys are folded; longer keys come first. `distinct` holds groups of terms that differ though they sound alike.
    `rule_words` after a place's name ask for that place's rules; `on_the_way` before it say that somebody goes there
    or comes from there.
    """

    typos: tuple[tuple[str, str], ...] = ()
    pinyin: tuple[tuple[str, str], ...] = ()
    synonyms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    distinct: tuple[tuple[Term, ...], ...] = ()
    rule_words: tuple[str, ...] = ()
    on_the_way: tuple[str, ...] = ()

    @classmethod
    def load(cls, *paths: Path) -> Self:
        """Read and check files of synonyms; what a later one says of a word counts. Raises BadDataFile with the line
        of the fault."""
        files = [read_yaml(path, _File) for path in paths]
        typos = {fold(entry.wrong): entry.right for file in files for entry in file.typos}
        pinyin = {fold(entry.pinyin).replace(" ", ""): entry.text for file in files for entry in file.pinyin}
        synonyms: dict[str, tuple[str, ...]] = {}
        for group in (group for file in files for group in file.groups):
            terms = (group.canonical,) if isinstance(group.canonical, str) else group.canonical
            for spoken in group.spoken:
                synonyms[fold(spoken)] = tuple(fold(term) for term in terms)
        return cls(
            _longest_first(typos),
            _longest_first(pinyin),
            _longest_first(synonyms),
            tuple(tuple(map(_term, group)) for file in files for group in file.distinct),
            tuple(fold(word) for file in files for word in file.rule_words),
            tuple(fold(word) for file in files for word in file.on_the_way),
        )

    def current(self) -> Language:
        """This language: see `Languages`."""
        return self

    def correct(self, question: str) -> str:
        """The question folded, with known slips and pinyin words put right."""
        text = fold(question)
        for wrong, right in self.typos:
            text = text.replace(wrong, right)
        return self._read_pinyin(text)

    def _read_pinyin(self, text: str) -> str:
        if not _LATIN.search(text):
            return text
        for spelled, right in self.pinyin:
            pattern = r"(?<![a-z])" + r"\s?".join(map(re.escape, spelled)) + r"(?![a-z])"
            text = re.sub(pattern, right, text)
        return text

    def expand(self, corrected: str) -> tuple[str, ...]:
        """Documents' terms for the everyday words in a corrected question; where two overlap, the longer one counts."""
        rest, terms = corrected, dict[str, None]()
        for spoken, canonical in self.synonyms:
            if _holds(rest, spoken):
                rest = rest.replace(spoken, "\n")
                terms.update(dict.fromkeys(canonical))
        return tuple(term for term in terms if term not in corrected)

    def named(self, text: str) -> list[tuple[int, Term]]:
        """The terms of `distinct` groups in a folded text, with the number of their group, in the order of the text.

        A longer way to say something is not taken for a shorter one in it.
        """
        ways = [
            (way, number, term) for number, group in enumerate(self.distinct) for term in group for way in term.said
        ]
        found: list[tuple[int, int, Term]] = []
        for way, number, term in sorted(ways, key=lambda item: -len(item[0])):
            start = text.find(way)
            while start >= 0:
                found.append((start, number, term))
                text = text[:start] + "\n" * len(way) + text[start + len(way) :]
                start = text.find(way)
        return [(number, term) for _, number, term in sorted(found, key=lambda item: item[0])]


class Languages(Protocol):
    """Where the language of the moment comes from: files that a bureau may change while the service runs."""

    def current(self) -> Language: ...


def _term(entry: _Distinct) -> Term:
    said: Iterable[str] = map(fold, (entry.term, *entry.said))
    return Term(entry.term, tuple(sorted(dict.fromkeys(said), key=lambda way: -len(way))))


def _holds(text: str, term: str) -> bool:
    if not _LATIN.search(term[0] + term[-1]):
        return term in text
    return re.search(rf"(?<![a-z0-9]){re.escape(term)}(?![a-z0-9])", text) is not None


def _longest_first(mapping: dict[str, _T]) -> tuple[tuple[str, _T], ...]:
    return tuple(sorted(mapping.items(), key=lambda item: (-len(item[0]), item[0])))
