"""Whether two texts are the same document: exactly, under another wrapper, or nearly.

Compared are letters and figures: white space, the width and kind of punctuation and labels (1. and 1、) do not matter,
signs inside a figure (1.5, -3, 70%) do. Near sameness is the share of common shingles of five characters; documents to
compare with are found by bands of min-hashes (one permutation, densified by rotation).
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.text import fold

BANDS: Final = 10
NEARLY: Final = 0.95

_ROWS = 12
_SHINGLE = 5
_MARKS = re.compile(r"[^\w%‰<>≤≥=+±×÷℃$¥.\-/:~]|(?<![0-9])[./:~]|[.\-/:~](?![0-9])|_")
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)


def content(text: str) -> str:
    """The text as it is compared."""
    return _MARKS.sub("", fold(text))


def digest(compared: str) -> str:
    """The SHA-256 of a `content`, in hexadecimal."""
    return hashlib.sha256(compared.encode("utf-8", "surrogatepass")).hexdigest()


def bands(compared: str) -> tuple[int, ...]:
    """The bands of a `content`, `BANDS` signed 64-bit numbers; empty for a text shorter than one shingle.

    Two texts that share 95% of their shingles share a band with a probability above .999.
    """
    hashes = _shingles(compared)
    if not len(hashes):
        return ()
    rows = _rotated(_least(hashes)).reshape(BANDS, _ROWS)
    values = np.zeros(BANDS, dtype=np.uint64)
    for column in rows.T:
        values = _mixed(values ^ column)
    return tuple(int(value) for value in values.view(np.int64))


def similarity(one: str, other: str) -> float:
    """The share of common shingles of two `content`s (Jaccard), 0.0-1.0."""
    first, second = _shingles(one), _shingles(other)
    common = len(np.intersect1d(first, second, assume_unique=True))
    together = len(first) + len(second) - common
    return common / together if together else 0.0


def _shingles(compared: str) -> NDArray[np.uint64]:
    """Hashes of the distinct shingles, ascending."""
    codes = np.frombuffer(compared.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    count = len(codes) - _SHINGLE + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    hashes = np.zeros(count, dtype=np.uint64)
    for offset in range(_SHINGLE):
        hashes = _mixed(hashes ^ codes[offset : offset + count])
    return np.unique(hashes)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values + _MIX) * _SPREAD
    mixed: NDArray[np.uint64] = values ^ (values >> np.uint64(29))
    return mixed


def _least(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The least hash of each bin; the greatest number where a bin is empty."""
    least = np.full(BANDS * _ROWS, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(least, (hashes % np.uint64(BANDS * _ROWS)).astype(np.int64), hashes)
    return least


def _rotated(least: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Empty bins take the value of the next full one."""
    full = np.flatnonzero(least != np.iinfo(np.uint64).max)
    following = np.searchsorted(full, np.arange(len(least))) % len(full)
    filled: NDArray[np.uint64] = least[full[following]]
    return filled
