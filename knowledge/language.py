"""How people type: slips, pinyin and everyday words, as data (`data/synonyms.yaml`), mapped to documents' words.

Expansion serves finding only. It never changes what a person said, nor what a document says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

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


class _File(Entry):
    groups: tuple[_Group, ...] = ()
    typos: tuple[_Typo, ...] = ()
    pinyin: tuple[_Pinyin, ...] = ()
    rule_words: tuple[str, ...] = ()
    on_the_way: tuple[str, ...] = ()


@dataclass(frozen=True)
class Language:
    """`typos` and `pinyin` map a slip to the right word; `synonyms` maps a spoken term to documents' terms.

    All keys are folded; longer keys come first. `rule_words` after a place's name ask for that place's rules;
    `on_the_way` before it say that somebody goes there or comes from there.
    """

    typos: tuple[tuple[str, str], ...] = ()
    pinyin: tuple[tuple[str, str], ...] = ()
    synonyms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    rule_words: tuple[str, ...] = ()
    on_the_way: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and check a synonyms file. Raises BadDataFile with the line of the fault."""
        file = read_yaml(path, _File)
        typos = {fold(entry.wrong): entry.right for entry in file.typos}
        pinyin = {fold(entry.pinyin).replace(" ", ""): entry.text for entry in file.pinyin}
        synonyms: dict[str, tuple[str, ...]] = {}
        for group in file.groups:
            terms = (group.canonical,) if isinstance(group.canonical, str) else group.canonical
            for spoken in group.spoken:
                synonyms[fold(spoken)] = tuple(fold(term) for term in terms)
        return cls(
            _longest_first(typos),
            _longest_first(pinyin),
            _longest_first(synonyms),
            tuple(map(fold, file.rule_words)),
            tuple(map(fold, file.on_the_way)),
        )

    def correct(self, question: str) -> str:
        """The question folded, with known slips and pinyin words put right."""
        text = fold(question)
        for wrong, right in self.typos:
            text = text.replace(wrong, right)
        return self._read_pinyin(text)

    def _read_pinyin(self, text: str) -> str:
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


def _holds(text: str, term: str) -> bool:
    if not _LATIN.search(term[0] + term[-1]):
        return term in text
    return re.search(rf"(?<![a-z0-9]){re.escape(term)}(?![a-z0-9])", text) is not None


def _longest_first(mapping: dict[str, _T]) -> tuple[tuple[str, _T], ...]:
    return tuple(sorted(mapping.items(), key=lambda item: (-len(item[0]), item[0])))
