"""How near texts are: what a firm makes and needs beside what an offer says, by meaning and by keywords, from 0 to 1.

The scale is absolute: 0.7 means the same for every firm and every offer. It was measured with the default model
(multilingual-e5-small) on pairs of short texts: cosines of unrelated ones lie between 0.82 and 0.87, those of related
ones between 0.89 and 0.95; unrelated texts share up to a sixth of their tokens, related ones a fifth and more.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from firms.store import Profile
from matching.offer import Offer
from matching.source import offer_texts, pieces
from search import Hit, IndexUnavailable, Mode, Query, SearchIndex, tokens

FIELDS: Mapping[str, tuple[tuple[str, float], ...]] = {
    "university": (("tech_need", 1.0), ("products", 0.5)),
    "financing": (("finance_use", 1.0),),
    "service": (("topics", 1.0), ("tech_need", 0.9), ("products", 0.5)),
    "event": (("topics", 1.0), ("tech_need", 0.9), ("products", 0.5)),
    "partner": (("products", 1.0), ("supply_wish", 0.9)),
}
"""Which of a firm's texts speak for which kind of offer, and how much beside each other."""

UNRELATED, ALIKE = 0.845, 0.93
"""Cosines that count as 0 and as 1."""
SHARED_NONE, SHARED_ALL = 0.05, 0.6
"""Shares of tokens in common that count as 0 and as 1."""
BY_MEANING = 0.65
"""What meaning counts beside keywords (the rest)."""
CONTAINED = 0.6
"""What it counts beside a share in common that a text stands whole in the one that is asked."""
NEAR = 0.4
"""From here on two texts may be called alike in a reason."""

_MOST_PIECES = 3
_LEAST_TOKENS = 6  # four characters and their pairs are seven
_MOST_TEXT = 600
_KEPT_VECTORS = 4096
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Asked:
    """A text to find something for: where it comes from (`field`), how much it counts, and its vector."""

    field: str
    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Near:
    """How near an item's best text (`found`) is to the best of those asked (`asked`); 0 to 1."""

    value: float
    asked: Asked
    found: str


def asked_of(profile: Profile, kind: str) -> tuple[Asked, ...]:
    """The texts of a profile that speak for a kind of offer, long ones in pieces. Weights: the best one counts 1."""
    given = [(field, weight, text) for field, weight in FIELDS[kind] if (text := profile_text(profile, field))]
    most = max((weight for _, weight, _ in given), default=1.0)
    return tuple(Asked(field, part, weight / most) for field, weight, text in given for part in _parts(text))


def asked_by_offer(offer: Offer) -> tuple[Asked, ...]:
    """The texts by which firms are found for an offer: its title, which counts less, and its searched details."""
    texts = offer_texts(offer)
    first = texts[:1] if len(texts) == 1 else ()
    return tuple(Asked(label, part, 1.0 if label or first else 0.8) for label, text in texts for part in _parts(text))


def profile_text(profile: Profile, field: str) -> str:
    """One of a profile's texts; "" where it is unknown."""
    value = getattr(profile, field)
    return "、".join(value) if isinstance(value, tuple) else (value or "").strip()


def _parts(text: str) -> tuple[str, ...]:
    """A text of several sentences as those sentences (a few of them), any other as it is."""
    found = pieces(text)
    return found[:_MOST_PIECES] if len(found) > 1 else (text[:_MOST_TEXT],)


class Relevance:
    """Nearness of texts to what one index holds. Everything here blocks: call it in a thread."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._vectors: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def degraded(self) -> bool:
        """Whether meaning is not, or not fully, searched."""
        return self._index.status()["degraded"] is not None

    def refresh(self) -> None:
        """Read what another process wrote."""
        self._index.refresh()

    def score(self, asked: Iterable[Asked], texts: Mapping[int, str], most: int | None = None) -> dict[int, Near]:
        """For each id the nearest of the asked texts. `texts`: the ids that are allowed, with their text for keywords.

        An id that the index does not hold yet is judged by keywords alone. With `most`, only so many of the best of
        each asked text are looked at closely; the others count as far as the last of those, or by keywords. Empty
        where nothing is asked.
        """
        best: dict[int, Near] = {}
        allowed = np.array(sorted(texts), dtype=np.int64)
        for one in asked:
            for key, value, found in self._one(one, allowed, texts, most):
                near = Near(round(value * one.weight, 6), one, found)
                if key not in best or near.value > best[key].value:
                    best[key] = near
        return best

    def _one(
        self, asked: Asked, allowed: NDArray[np.int64], texts: Mapping[int, str], most: int | None
    ) -> list[tuple[int, float, str]]:
        depth = len(allowed) if most is None else min(most, len(allowed))
        hits = self._hits(asked.text, allowed, depth) if depth else []
        found = [(hit.id, *_closeness_of(hit, asked.text, texts[hit.id])) for hit in hits]
        seen = {hit.id for hit in hits}
        if len(hits) == depth < len(allowed):  # there are more, further off
            last = min((value for _, value, _ in found), default=0.0)
            return [*found, *((key, last, "") for key in allowed.tolist() if key not in seen)]
        return [*found, *((k, *by_keywords(asked.text, texts[k])) for k in allowed.tolist() if k not in seen)]

    def _hits(self, text: str, allowed: NDArray[np.int64], depth: int) -> list[Hit]:
        vector = self.vector(text)
        mode: Mode = "dense" if vector is not None else "lexical"
        try:
            return self._index.search(Query(text, vector=vector), allowed, depth, mode=mode)
        except IndexUnavailable:  # it could not be opened: keywords alone
            return []

    def vector(self, text: str) -> Vectors | None:
        """The text's vector, from the last ones that were asked for, or made now (15 ms); None without a model."""
        with self._lock:
            if (known := self._vectors.get(text)) is not None:
                self._vectors.move_to_end(text)
                return known
        vector = self._index.encode_query(text)
        if vector is not None:
            with self._lock:
                self._vectors[text] = vector
                while len(self._vectors) > _KEPT_VECTORS:
                    self._vectors.popitem(last=False)
        return vector


def closeness(cosine: float | None, coverage: float) -> float:
    """Cosine and share of tokens as one number from 0 to 1; by keywords alone where there is no cosine."""
    shared = _scaled(coverage, SHARED_NONE, SHARED_ALL)
    if cosine is None:
        return shared
    return BY_MEANING * _scaled(cosine, UNRELATED, ALIKE) + (1 - BY_MEANING) * shared


def _scaled(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _closeness_of(hit: Hit, asked: str, text: str) -> tuple[float, str]:
    """How near a hit is, and its nearest text."""
    found = hit.view_text if hit.dense is not None else _nearest_line(asked, text)
    return closeness(hit.dense, max(hit.coverage, _contained(found, asked))), found


def by_keywords(asked: str, text: str) -> tuple[float, str]:
    """How near a text is by the tokens that it shares, and its line that shares most."""
    wanted = _token_set(asked)
    if not wanted:
        return 0.0, ""
    shared, line = len(wanted & _token_set(text)) / len(wanted), _nearest_line(asked, text)
    return closeness(None, max(shared, _contained(line, asked))), line


def _contained(found: str, asked: str) -> float:
    """How much of a text stands in the one that is asked, as a share in common: a short one may be all there."""
    own = _token_set(found)
    return CONTAINED * len(own & _token_set(asked)) / len(own) if len(own) >= _LEAST_TOKENS else 0.0


def _nearest_line(asked: str, text: str) -> str:
    wanted = _token_set(asked)
    return max(text.splitlines(), key=lambda line: len(_token_set(line) & wanted), default="")


@lru_cache(maxsize=8192)
def _token_set(text: str) -> frozenset[str]:
    return frozenset(tokens(text))
