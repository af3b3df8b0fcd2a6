"""Searching one immutable state of an index: candidates by keywords and by vectors, blended.

Items are handled by position: segments one after the other, items in each in their order. So are views.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from search.generations import State
from search.lexical import tokens
from search.ranking import FusionWeights, Hit, Mode, Query, fuse, ranks
from search.segments import Segment
from search.source import Item, View

Ids = NDArray[np.int64]
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]
Scores = NDArray[np.float32]
Vectors = NDArray[np.float32]
Weights = dict[str, float]

DEPTH = 100
"""How many candidates each way of searching brings to the blend."""
_NOBODY: Positions = np.zeros(0, dtype=np.int64)
_DECIMALS = 6  # of a cosine or a blend: what is equal up to rounding is a tie, and ties go by id


@dataclass(frozen=True)
class _Part:
    """A segment and where its items begin; `usable`: it has vectors of the reader's model."""

    segment: Segment
    base: int
    alive: Mask
    usable: bool


@dataclass(frozen=True)
class _Candidates:
    """Candidates side by side: `dense` is NaN, and `nearest` (a view's number in its item) 0, without vectors."""

    positions: Positions
    ids: Ids
    lexical: Scores
    dense: Scores
    nearest: Positions


@dataclass(frozen=True)
class _Named:
    """What keywords found; `all_there_is`: nothing else shares a token."""

    positions: Positions
    scores: Scores
    all_there_is: bool


_NOTHING_NAMED = _Named(_NOBODY, np.zeros(0, dtype=np.float32), all_there_is=False)


class Reader:
    """Answers searches from a state. Vectors count only where they are of `model`. Safe in any thread."""

    def __init__(self, state: State, model: str | None) -> None:
        self.state = state
        self.model = model
        self._base = np.cumsum([0] + [len(segment.items) for segment in state.segments])
        masks = state.alive()
        self._parts = [
            _Part(segment, int(base), alive, model is not None and segment.model == model)
            for segment, base, alive in zip(state.segments, self._base, masks, strict=False)
        ]
        self._alive: Mask = np.concatenate([*masks, np.zeros(0, dtype=bool)])
        self._ids: Ids = np.concatenate([*(segment.ids for segment in state.segments), _NOBODY])
        present = np.flatnonzero(self._alive)
        self._order: Positions = present[np.argsort(self._ids[present])]
        self._sorted: Ids = self._ids[self._order]
        self.items = len(self._order)
        """How many items are present."""
        self.views = sum(int(part.alive[part.segment.owner].sum()) for part in self._parts if part.usable)
        """How many views of present items have a vector of the model."""
        self.without_vectors = sum(int(part.alive.sum()) for part in self._parts if not part.usable)
        """How many present items have no vectors of the model."""

    def search(
        self,
        query: Query,
        allowed: Collection[int] | Ids | None,
        k: int,
        *,
        mode: Mode,
        weights: FusionWeights,
        depth: int,
        exact: bool = False,
    ) -> list[Hit]:
        """See `SearchIndex.search`."""
        mask = None if allowed is None else self._mask(allowed)
        vector = query.vector if self.views and mode != "lexical" else None
        asked = set(tokens(query.text))
        wanted = _token_weights(asked, query.expansions, weights.expansion)
        deep = max(k, depth) if vector is not None and mode == "fusion" else k
        near = _NOBODY if vector is None else self._by_vector(vector, deep, mask, exact)
        named = self._by_keywords(wanted, deep, mask) if vector is None or mode == "fusion" else _NOTHING_NAMED
        found = self._score(near, named, wanted, vector)
        return self._hits(found, _order_by(found, mode, vector is not None, weights), k, asked)

    def _score(self, near: Positions, named: _Named, wanted: Weights, vector: Vectors | None) -> _Candidates:
        """The candidates of both ways, each with both scores."""
        positions = np.union1d(near, named.positions)
        lexical = np.zeros(len(positions), dtype=np.float32)
        lexical[np.searchsorted(positions, named.positions)] = named.scores
        if not named.all_there_is:
            others = np.setdiff1d(near, named.positions)
            rest = self._by_keywords(wanted, len(others), others)
            lexical[np.searchsorted(positions, rest.positions)] = rest.scores
        dense, nearest = self._cosines(vector, positions)
        return _Candidates(positions, self._ids[positions], lexical, dense, nearest)

    def _hits(self, found: _Candidates, score: NDArray[np.float64], k: int, asked: set[str]) -> list[Hit]:
        lexical_ranks = ranks(found.lexical, found.ids, found.lexical > 0)
        dense_ranks = ranks(found.dense, found.ids, ~np.isnan(found.dense))
        rarity = self.state.lexical.rarity(sorted(asked)) if self.state.lexical is not None else {}
        hits = []
        for i in np.lexsort((found.ids, -np.round(score, _DECIMALS)))[: max(0, k)].tolist():
            item = self._item(int(found.positions[i]))
            view = item.views[int(found.nearest[i])] if item.views else View(item.lexical, "whole")
            hits.append(
                Hit(
                    id=item.id,
                    score=float(score[i]),
                    lexical=float(found.lexical[i]),
                    dense=None if dense_ranks[i] is None else float(found.dense[i]),
                    view_kind=view.kind,
                    view_text=view.text,
                    lexical_rank=lexical_ranks[i],
                    dense_rank=dense_ranks[i],
                    coverage=_coverage(rarity, item.lexical),
                )
            )
        return hits

    def _item(self, position: int) -> Item:
        part = self._parts[int(np.searchsorted(self._base, position, side="right")) - 1]
        return part.segment.items[position - part.base]

    # --- filter ------------------------------------------------------------------------------------------------------

    def _mask(self, allowed: Collection[int] | Ids) -> Mask:
        """Which positions may be found."""
        if not isinstance(allowed, np.ndarray):
            allowed = np.fromiter(allowed, dtype=np.int64, count=len(allowed))
        return self._alive & np.isin(self._ids, allowed)

    def _positions(self, ids: Ids) -> Positions:
        """The positions of those of the ids that are present."""
        if not len(self._sorted):
            return _NOBODY
        places = np.minimum(np.searchsorted(self._sorted, ids), len(self._sorted) - 1)
        found: Positions = self._order[places[self._sorted[places] == ids]]
        return found

    # --- keywords ----------------------------------------------------------------------------------------------------

    def _by_keywords(self, wanted: Weights, k: int, allowed: Mask | Positions | None) -> _Named:
        """The best `k` of the allowed positions that share a token, with their BM25."""
        if self.state.lexical is None:
            return _NOTHING_NAMED
        ids, scores = self.state.lexical.search(wanted, k, None if allowed is None else self._ids[allowed])
        return _Named(self._positions(ids), scores, all_there_is=len(ids) < k)

    # --- vectors -----------------------------------------------------------------------------------------------------

    def _by_vector(self, vector: Vectors, depth: int, mask: Mask | None, exact: bool) -> Positions:
        """The positions of the `depth` items whose nearest view is nearest, ties by id."""
        found = [_nearest(part, vector, depth, mask, exact) for part in self._parts if part.usable]
        positions = np.concatenate([positions for positions, _ in found])
        scores = np.concatenate([scores for _, scores in found])
        return positions[np.lexsort((self._ids[positions], -np.round(scores, _DECIMALS)))][:depth]

    def _cosines(self, vector: Vectors | None, positions: Positions) -> tuple[Scores, Positions]:
        """For each position (ascending) the cosine of its nearest view, NaN without one, and that view's number."""
        scores = np.full(len(positions), np.nan, dtype=np.float32)
        nearest = np.zeros(len(positions), dtype=np.int64)
        for part in self._parts if vector is not None else ():
            first, last = np.searchsorted(positions, [part.base, part.base + len(part.segment.items)])
            if part.usable and vector is not None and first < last:
                here = slice(int(first), int(last))
                scores[here], nearest[here] = _best_views(part.segment, positions[here] - part.base, vector)
        return scores, nearest


def _nearest(part: _Part, vector: Vectors, depth: int, mask: Mask | None, exact: bool) -> tuple[Positions, Scores]:
    """The positions and cosines of at least the `depth` nearest items of a segment, with all ties of the last."""
    segment = part.segment
    if segment.vectors is None:
        return _NOBODY, np.zeros(0, dtype=np.float32)
    chosen = part.alive if mask is None else mask[part.base : part.base + len(segment.items)]
    allowed = None if chosen.all() else np.flatnonzero(chosen[segment.owner])
    rows = 4 * depth
    while True:  # several views of one item may fill the first rows: look further until enough items are seen
        views, scores = segment.vectors.search(vector, rows, allowed, exact=exact)
        owners, first = np.unique(segment.owner[views], return_index=True)
        best = scores[first]
        if len(views) < rows or (len(best) > depth and np.sort(best)[-depth] - scores[-1] > 10**-_DECIMALS):
            return owners + part.base, best
        rows *= 4


def _best_views(segment: Segment, items: Positions, vector: Vectors) -> tuple[Scores, Positions]:
    """For items of a segment (ascending) the best cosine over the item's views, and the view's number in the item."""
    scores = np.full(len(items), np.nan, dtype=np.float32)
    nearest = np.zeros(len(items), dtype=np.int64)
    first = segment.starts[items]
    counts = segment.starts[items + 1] - first
    if segment.vectors is None or not counts.sum():
        return scores, nearest
    has = counts > 0
    starts = (np.cumsum(counts) - counts)[has]
    within = np.arange(counts.sum()) - np.repeat(starts, counts[has])
    cosines = np.round(segment.vectors.vectors(np.repeat(first, counts) + within) @ vector, _DECIMALS)
    scores[has] = np.maximum.reduceat(cosines, starts)
    is_best = cosines == np.repeat(scores[has], counts[has])
    nearest[has] = np.minimum.reduceat(np.where(is_best, within, len(within)), starts)
    return scores, nearest


def _order_by(found: _Candidates, mode: Mode, has_vector: bool, weights: FusionWeights) -> NDArray[np.float64]:
    if not has_vector:
        return found.lexical.astype(np.float64)
    return found.dense.astype(np.float64) if mode == "dense" else fuse(found.lexical, found.dense, weights)


def _token_weights(asked: set[str], expansions: tuple[str, ...], expansion: float) -> Weights:
    weights = {token: expansion for text in expansions for token in tokens(text)}
    return weights | dict.fromkeys(sorted(asked), 1.0)


def _coverage(rarity: Weights, text: str) -> float:
    total = sum(rarity.values())
    present = _token_set(text)
    return sum(weight for token, weight in rarity.items() if token in present) / total if total else 0.0


@lru_cache(maxsize=16384)
def _token_set(text: str) -> frozenset[str]:
    return frozenset(tokens(text))
