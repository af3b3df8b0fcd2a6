"""Slips of input methods put right against the words that documents and their questions use.

A word typed with other characters of the same sound (专精特薪) or in Latin letters (zhuanjingtexin) is read as the
known term of that sound. What is typed and known is never touched, and nothing here changes what is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from core.text import fold

_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LATIN_RUN = re.compile(r"(?<![a-z0-9.@/&-])[a-z]+(?:[ ']+[a-z]+)*(?![a-z0-9@/&-]|\.[a-z])")
_SHORTEST, _LONGEST = 3, 10
_SHORTEST_SPELLED = 2
_LEAST_LETTERS = 5
_MOST_LETTERS = 80

Sound = tuple[str, ...]


@lru_cache(maxsize=1 << 15)
def sound(text: str) -> Sound:
    """The syllables of Chinese characters, without tones."""
    return tuple(lazy_pinyin(text, style=Style.NORMAL))


def terms(texts: Iterable[str]) -> frozenset[str]:
    """The runs of Chinese characters in texts that can be terms: of two to ten characters."""
    runs = (run for text in texts for run in _HAN.findall(fold(text)))
    return frozenset(run for run in runs if _SHORTEST_SPELLED <= len(run) <= _LONGEST)


def pairs(texts: Iterable[str]) -> frozenset[str]:
    """The pairs of neighbouring characters in texts."""
    return frozenset(run[i : i + 2] for text in texts for run in _HAN.findall(fold(text)) for i in range(len(run) - 1))


class Vocabulary:
    """Known terms by their sound. It grows with the documents: what a removed one brought stays, and does no harm.

    Terms of two characters are put right only where they are `usual`. Safe in any thread while one of them teaches.
    """

    def __init__(self, usual: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._by_sound: dict[Sound, str] = {}
        self._spelled: dict[str, str] = {}
        self._longest = 0
        usual = list(usual)
        self.learn(usual, pairs(usual), short=True)

    def learn(self, more: Iterable[str], known: frozenset[str], *, short: bool = False) -> None:
        """Take in terms, and the pairs of characters in use: a word whose pairs all are is no slip. Of two terms of one
        sound the one learnt first counts."""
        for term in more:
            syllables = sound(term)
            if short or len(term) >= _SHORTEST:
                self._by_sound.setdefault(syllables, term)
            if (letters := "".join(syllables)).isascii():
                self._spelled.setdefault(letters, term)
                self._longest = max(self._longest, len(letters))
        self._known |= known

    def correct(self, text: str) -> str:
        """The folded text with homophones and pinyin of known terms put right."""
        spelled = _LATIN_RUN.sub(lambda match: self._read(match[0].split()), text)
        return _HAN.sub(lambda match: self._homophones(match[0]), spelled)

    def _homophones(self, run: str) -> str:
        at, fixed = 0, ""
        while at < len(run):
            term = self._slip_at(run, at)
            fixed += term or run[at]
            at += len(term) if term else 1
        return fixed

    def _slip_at(self, run: str, at: int) -> str | None:
        """The known term that the characters here sound like; the longest, and only where they are no known words."""
        for length in range(min(_LONGEST, len(run) - at), 1, -1):
            typed = run[at : at + length]
            if all(typed[i : i + 2] in self._known for i in range(length - 1)):
                continue
            term = self._by_sound.get(sound(typed))
            if term is not None and term != typed:
                return term
        return None

    def _read(self, words: Sequence[str]) -> str:
        """Latin words as known terms: the longest rows of words that can be read so; the others as they are."""
        for length in range(len(words), 0, -1):
            joined = "".join(words[:length]).replace("'", "")
            read = self._segmented(joined) if _LEAST_LETTERS <= len(joined) <= _MOST_LETTERS else None
            if read:
                return f"{''.join(read)} {self._read(words[length:])}".strip()
        return f"{words[0]} {self._read(words[1:])}".strip() if words else ""

    def _segmented(self, letters: str) -> list[str] | None:
        """The fewest known terms whose spelling is `letters`, None where there are none."""
        best: list[list[str] | None] = [[]] + [None] * len(letters)
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - self._longest), end):
                before, term = best[start], self._spelled.get(letters[start:end])
                if (
                    before is not None
                    and term is not None
                    and (best[end] is None or len(before) + 1 < len(best[end] or ()))
                ):
                    best[end] = [*before, term]
        return best[-1]
