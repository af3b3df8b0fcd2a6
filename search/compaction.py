"""How one state follows from another: what leaves, what comes, which segments are written again.

Pure functions of states; writing is `search.generations`' business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.generations import State
from search.lexical import LexicalIndex
from search.segments import Segment
from search.source import Item, Role

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]
Vectors = NDArray[np.float32]
Encoded = Mapping[tuple[Role, str], Vectors]
"""The vector of each text in each role, shape (dimension,)."""

SMALL = 2_000
"""Up to so many items every change writes all of them again: keyword statistics then never depend on history."""
_WASTE = 0.25


@dataclass(frozen=True)
class Incoming:
    """New items with the vectors of their views' texts; `model` is None where there is no model to encode them."""

    items: Sequence[Item]
    encoded: Encoded
    model: str | None
    dimension: int


@dataclass(frozen=True)
class Step:
    """The next state, and what turns a folder with the links of the last keyword index into the next one."""

    state: State
    fill_lexical: Callable[[Path], None]


def following(state: State, incoming: Incoming, removed: Collection[int], number: int) -> Step:
    """The state after `removed` ids left and the incoming items came.

    They get a segment of their own, which takes in older ones that are not much bigger: there are never more than a
    few segments, and an item is written again a few times at most. While the index is small, it takes in all of
    them. Segments with many gone items are written again too. The keyword index is changed in place until a
    quarter of it changed, then filled anew: one piece is read faster than many, and gone texts stop counting.
    """
    gone = np.fromiter(removed, dtype=np.int64, count=len(removed))
    before = state.alive()
    alive = [mask & ~np.isin(segment.ids, gone) for segment, mask in zip(state.segments, before, strict=True)]
    total = sum(int(mask.sum()) for mask in alive) + len(incoming.items)
    small = total <= SMALL
    kept, taken = _choose(state.segments, alive, len(incoming.items), everything=small)
    merged = _merge([(state.segments[i], alive[i]) for i in taken], incoming)
    lists = zip(state.segments, before, alive, strict=True)
    leaving = [int(i) for segment, old, new in lists for i in segment.ids[old & ~new]]
    lexical_changes = state.lexical_changes + len(leaving) + len(incoming.items)
    next_state = State(
        number=number,
        source=state.source,
        segments=(*(state.segments[i] for i in kept), *merged),
        dead=(*(np.flatnonzero(~alive[i]) for i in kept), *(np.zeros(0, dtype=np.int64) for _ in merged)),
        lexical=None,
        lexical_changes=lexical_changes,
    )
    if small or state.lexical is None or lexical_changes > _WASTE * total:
        next_state = replace(next_state, lexical_changes=0)
        return Step(next_state, lambda folder: LexicalIndex.fill(folder, _texts(next_state)))
    added = {item.id: item.lexical for item in incoming.items}
    return Step(next_state, lambda folder: LexicalIndex.change(folder, added, leaving))


def known_vectors(state: State, model: str, wanted: Collection[tuple[Role, str]]) -> dict[tuple[Role, str], Vectors]:
    """The vectors that the state has for the wanted texts, those of gone items too."""
    texts = {text for _, text in wanted}
    known: dict[tuple[Role, str], Vectors] = {}
    for segment in state.segments:
        if segment.model == model and segment.vectors is not None:
            rows = [i for i, view in enumerate(segment.views) if view.text in texts]
            keys = [(segment.views[i].role, segment.views[i].text) for i in rows]
            known |= zip(keys, segment.vectors.vectors(np.array(rows, dtype=np.int64)), strict=True)
    return {key: known[key] for key in wanted if key in known}


def _texts(state: State) -> dict[int, str]:
    return {item.id: item.lexical for item in state.items()}


def _choose(
    segments: Sequence[Segment], alive: Sequence[Mask], new: int, *, everything: bool
) -> tuple[list[int], list[int]]:
    """Which segments stay and which go into the new one: (kept, taken), by number."""
    sizes = [int(mask.sum()) for mask in alive]
    kept, taken, size = list(range(len(segments))), [], new
    while kept and (everything or sizes[kept[-1]] <= 2 * size):
        taken.append(kept.pop())
        size += sizes[taken[-1]]
    wasteful = [i for i in kept if sizes[i] < (1 - _WASTE) * len(segments[i].items)]
    return [i for i in kept if i not in wasteful], sorted(taken + wasteful)


@dataclass
class _Pile:
    """Items of one model and the vectors of their views, item by item."""

    items: list[Item] = field(default_factory=list)
    vectors: list[Vectors] = field(default_factory=list)


def _merge(parts: Sequence[tuple[Segment, Mask]], incoming: Incoming) -> tuple[Segment, ...]:
    """The present items of some segments and the new ones, as one segment for each model, and one for none."""
    piles: dict[tuple[str, int] | None, _Pile] = {}
    for segment, alive in parts:
        key = None if segment.model is None or segment.vectors is None else (segment.model, segment.vectors.dimension)
        _add_part(piles.setdefault(key, _Pile()), segment, alive)
    key = None if incoming.model is None else (incoming.model, incoming.dimension)
    _add_new(piles.setdefault(key, _Pile()), incoming)
    return tuple(_segment(key, pile) for key, pile in piles.items() if pile.items)


def _add_part(pile: _Pile, segment: Segment, alive: Mask) -> None:
    rows = segment.vectors.vectors(np.flatnonzero(alive[segment.owner])) if segment.vectors is not None else None
    start = 0
    for item, present in zip(segment.items, alive.tolist(), strict=True):
        if present:
            pile.items.append(item)
            pile.vectors.extend(rows[start : start + len(item.views)] if rows is not None else ())
            start += len(item.views)


def _add_new(pile: _Pile, incoming: Incoming) -> None:
    pile.items.extend(incoming.items)
    if incoming.model is not None:
        keys = [(view.role, view.text) for item in incoming.items for view in item.views]
        pile.vectors.extend(incoming.encoded[key] for key in keys)


def _segment(key: tuple[str, int] | None, pile: _Pile) -> Segment:
    """The pile as a segment, in the order of the ids."""
    order = sorted(range(len(pile.items)), key=lambda i: pile.items[i].id)
    items = [pile.items[i] for i in order]
    if key is None:
        return Segment.make(items, None, None)
    model, dimension = key
    starts = np.cumsum([0] + [len(item.views) for item in pile.items])
    rows = [row for i in order for row in range(starts[i], starts[i + 1])]
    vectors = np.zeros((len(rows), dimension), dtype=np.float32)
    for row, vector in enumerate(rows):
        vectors[row] = pile.vectors[vector]
    return Segment.make(items, model, vectors)
