"""Whether two questions ask the same thing. Pure; thresholds and words are data (`data/grouping.yaml`).

Meaning alone does not tell 1800万够不够 from 2800万够不够, nor 能报 from 不能报: figures, Latin words, places and
negations have to be the same as well.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from core import regions
from core.datafile import Entry, read_yaml
from core.text import fold

Vector = NDArray[np.float32]

_NOT_WORDS = re.compile(r"[\W_]+")
_EXACT = re.compile(r"\d+(?:\.\d+)?|[a-z]+")
_STORED = np.dtype("<f2")
_PLACES_KEPT = 4


class _File(Entry):
    same: float
    near: float
    lexical: float
    fillers: tuple[str, ...]
    negations: tuple[str, ...]


@dataclass(frozen=True)
class Wording:
    """A question as it is compared. `key` is a hash of its words; `vector` is of length 1, float32, shape (dimension,),
    made by `model`, or None without one."""

    text: str
    key: str
    vector: Vector | None = None
    model: str | None = None

    @property
    def stored(self) -> bytes | None:
        """The vector as the database keeps it: half precision, little-endian."""
        return None if self.vector is None else self.vector.astype(_STORED).tobytes()


@dataclass(frozen=True)
class Known:
    """A wording that a group has already. `vector` as stored."""

    group: int
    text: str
    key: str
    vector: bytes | None = None
    model: str | None = None


@dataclass(frozen=True)
class Likeness:
    """The rules by which questions are the same or near; see `data/grouping.yaml`."""

    same: float
    near: float
    lexical: float
    fillers: tuple[str, ...]
    negations: tuple[str, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and check a file of rules. Raises BadDataFile."""
        file = read_yaml(path, _File)
        fillers = tuple(sorted(map(fold, file.fillers), key=len, reverse=True))
        return cls(file.same, file.near, file.lexical, fillers, tuple(map(fold, file.negations)))

    @cached_property
    def _either_or(self) -> re.Pattern[str]:
        """X不X, X没X: asks whether, denies nothing."""
        return re.compile(rf"(\w)(?:{'|'.join(map(re.escape, self.negations))})\1")

    def words(self, text: str) -> str:
        """What is asked, without punctuation, blanks and fillers; a text of nothing but fillers stays as it is."""
        words = _NOT_WORDS.sub("", self._either_or.sub(r"\1", fold(text)))
        bare = words
        for filler in self.fillers:
            bare = bare.replace(filler, "")
        return bare or words

    def key(self, text: str) -> str:
        """The same for questions of the same words: 64 hexadecimal digits."""
        return hashlib.sha256(self.words(text).encode("utf-8", "surrogatepass")).hexdigest()

    def exact(self, text: str) -> tuple[object, ...]:
        """What has to be equal in two questions that are the same: figures and Latin words, places, negations."""
        words = self.words(text)
        places = frozenset(place.region.code for place in regions.mentioned(text)[:_PLACES_KEPT])
        denied = sum(words.count(negation) for negation in self.negations)
        return tuple(_EXACT.findall(fold(text))), places, denied

    def choose(self, new: Wording, known: Iterable[Known]) -> int | None:
        """The group of the most similar wording that asks the same, None without any. Ties go to the older group."""
        best: tuple[float, int] | None = None
        for likeness, group in self._similar(new, known, self.same, self.lexical):
            if best is None or (likeness, -group) > (best[0], -best[1]):
                best = likeness, group
        return best[1] if best else None

    def nearby(self, new: Wording, known: Iterable[Known], limit: int) -> tuple[int, ...]:
        """Groups with a wording that is near, the nearest first; ties by id. Without vectors: with common words."""
        best: dict[int, float] = {}
        for likeness, group in self._similar(new, known, self.near, self.lexical / 2, exact=False):
            best[group] = max(best.get(group, 0.0), likeness)
        return tuple(sorted(best, key=lambda group: (-best[group], group))[:limit])

    def _similar(
        self, new: Wording, known: Iterable[Known], by_meaning: float, by_words: float, *, exact: bool = True
    ) -> Iterable[tuple[float, int]]:
        for other in known:
            if other.key == new.key:
                yield 2.0, other.group
                continue
            likeness, needed = self._compare(new, other, by_meaning, by_words)
            if likeness >= needed and (not exact or self.exact(new.text) == self.exact(other.text)):
                yield likeness, other.group

    def _compare(self, new: Wording, other: Known, by_meaning: float, by_words: float) -> tuple[float, float]:
        """How alike two wordings are, and how alike they have to be; by meaning where both have vectors of a model."""
        if new.vector is not None and other.vector is not None and new.model == other.model:
            stored = unpack(other.vector)
            if stored.shape == new.vector.shape:
                return float(new.vector @ stored), by_meaning
        return common_share(self.words(new.text), self.words(other.text)), by_words


@overload
def unpack(stored: bytes) -> Vector: ...
@overload
def unpack(stored: None) -> None: ...
def unpack(stored: bytes | None) -> Vector | None:
    """A stored vector as it is compared."""
    return None if stored is None else np.frombuffer(stored, dtype=_STORED).astype(np.float32)


def worth_asking(text: str) -> bool:
    """Whether a text can be a question to the desk: it has at least two letters or characters."""
    return sum(character.isalpha() for character in text) >= 2


def distinct(wordings: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Of (text, key) the texts whose key was not there before, in order."""
    first: dict[str, str] = {}
    for text, key in wordings:
        first.setdefault(key, text)
    return tuple(first.values())


def common_share(one: str, other: str) -> float:
    """How much two texts have in common, by characters and pairs of characters (Dice): 0 to 1."""
    left, right = _grams(one), _grams(other)
    total = sum(left.values()) + sum(right.values())
    return 2 * sum((left & right).values()) / total if total else 0.0


def _grams(words: str) -> Counter[str]:
    return Counter([*words, *(words[index : index + 2] for index in range(len(words) - 1))])
