"""Questions, hits, and the blend of keyword and vector scores: pure functions of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from search.source import Kind

Mode = Literal["lexical", "dense", "fusion"]
Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Query:
    """What is asked. `expansions` are other words for it (synonyms); `vector` is its vector, shape (dimension,)."""

    text: str
    expansions: tuple[str, ...] = ()
    vector: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class FusionWeights:
    """How much each signal counts. Keyword and vector scores are z-scaled over the candidates before they are added.

    `expansion` is what a token of an expansion weighs beside a token of the question itself (1).
    """

    lexical: float = 1.0
    dense: float = 1.0
    expansion: float = 0.5


EQUAL = FusionWeights()


@dataclass(frozen=True, slots=True)
class Hit:
    """One item found.

    `score` orders the hits of one search and means nothing beside another's. `lexical` is BM25 (>= 0; 0: no token in
    common). `dense` is the cosine of the item's nearest view, -1 to 1; None without vectors; `view_kind` and
    `view_text` are that view's (the first one's without vectors). Ranks count from 1 among the candidates of the
    search; None where the item has no such score. `coverage` is the share of the question's tokens, weighted by
    rarity, that the item's lexical text has: 0 to 1.
    """

    id: int
    score: float
    lexical: float
    dense: float | None
    view_kind: Kind
    view_text: str
    lexical_rank: int | None
    dense_rank: int | None
    coverage: float


def fuse(lexical: Scores, dense: Scores, weights: FusionWeights) -> NDArray[np.float64]:
    """The z-scaled blend over the candidates. A missing dense score (NaN) counts as the lowest one there is."""
    return weights.lexical * _z(lexical) + weights.dense * _z(dense)


def ranks(scores: Scores, ids: NDArray[np.int64], has: NDArray[np.bool_]) -> list[int | None]:
    """Each candidate's place by score, from 1, ties by id; None where it has no score."""
    order = np.lexsort((ids, -np.where(has, scores, -np.inf)))
    places: list[int | None] = [None] * len(scores)
    for place, position in enumerate(order.tolist(), start=1):
        if has[position]:
            places[position] = place
    return places


def _z(scores: Scores) -> NDArray[np.float64]:
    values = scores.astype(np.float64)
    known = ~np.isnan(values)
    if not known.any():
        return np.zeros(len(values))
    values = np.where(known, values, np.nanmin(values))
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros(len(values))
