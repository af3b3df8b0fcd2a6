"""A text in one width and one script, character by character, so that every place keeps its offset in the original."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from core.text import clean, simplify


@lru_cache(maxsize=1 << 15)
def _folded(char: str) -> str:
    """One character or none. What would become several (㎡), and numbers that are no digits (², ①), stay."""
    if char.isspace():
        return " "
    if not clean(char):
        return ""
    normal = unicodedata.normalize("NFKC", char)
    if len(normal) != 1 or unicodedata.category(char) == "No":
        return char
    for change in (simplify, str.lower):
        changed = change(normal)
        normal = changed if len(changed) == 1 else normal
    return normal


@dataclass(frozen=True)
class Normal:
    """Folded `text`; its character i stood at `places[i]` of the original."""

    text: str
    places: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The offsets in the original of text[start:end], which is not empty."""
        return self.places[start], self.places[end - 1] + 1


def normalise(text: str) -> Normal:
    """Full width to half, traditional to simplified, lower case, every white space a blank."""
    kept = [(folded, place) for place, char in enumerate(text) if (folded := _folded(char))]
    return Normal("".join(char for char, _ in kept), tuple(place for _, place in kept))
