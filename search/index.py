"""The index of one source: found by keywords and by meaning, kept equal to the database, whole on disk at any moment.

Reading (`search`) works on an immutable state and needs no lock. Writing (`reconcile`) compares fingerprints with the
source, encodes what is new and puts the next generation in place; one process at a time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core import log
from core.errors import Unavailable
from search.compaction import Incoming, following, known_vectors
from search.embedding import ENCODERS, Embedder
from search.errors import IndexUnavailable
from search.generations import DamagedError, Generations, Pointer, State
from search.ranking import EQUAL, FusionWeights, Hit, Mode, Query
from search.reading import DEPTH, Reader
from search.source import Item, Role, Source

Progress = Callable[[str, int, int], None]
Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]
_T = TypeVar("_T")

_BATCH_ITEMS = 1_000
_ENCODE_AT_ONCE = 64
_log = log.get(__name__)


@dataclass(frozen=True)
class Changes:
    """How many items a reconciliation added, removed and replaced. False when none."""

    added: int = 0
    removed: int = 0
    updated: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.updated)


class SearchIndex:
    """The index of `source` in `directory`. Without an embedder, or when its model fails, keywords alone."""

    def __init__(self, directory: Path, source: Source, embedder: Embedder | None) -> None:
        self._generations = Generations(directory)
        self._source = source
        self._embedder = embedder
        self._model: str | None = None
        self._dimension = 0
        self._degraded: str | None = "not_open"
        self._reader: Reader | None = None
        self._turn = asyncio.Lock()
        self._installing = threading.Lock()
        self._unreadable: Pointer | None = None

    # --- reading -----------------------------------------------------------------------------------------------------

    def search(
        self,
        question: Query,
        allowed: Collection[int] | Ids | None,
        k: int,
        *,
        mode: Mode = "fusion",
        weights: FusionWeights = EQUAL,
        depth: int = DEPTH,
        exact: bool = False,
    ) -> list[Hit]:
        """The best `k` items among the allowed ids (all when None), best first, ties by id. Never encodes anything.

        `allowed` is fastest as a sorted int64 array. "fusion" blends the `depth` best by keywords with the `depth`
        best by vectors, each item by its nearest view. "lexical" finds only what shares a token with the question;
        without `question.vector`, or without a model, the other two are "lexical". A "dense" search ranks items that
        have vectors. `exact` looks at every vector itself, never at its code: slower, and what codes are measured by.
        Raises IndexUnavailable before `open`.
        """
        reader = self._reader
        if reader is None:
            raise IndexUnavailable()
        return reader.search(question, allowed, k, mode=mode, weights=weights, depth=depth, exact=exact)

    def encode_query(self, text: str) -> Vectors | None:
        """The question's vector, shape (dimension,); None without a model. Takes about 15 ms: call it in a thread."""
        if self._embedder is None or self._model is None:
            return None
        try:
            vector: Vectors = self._embedder.encode([text], "query")[0]
        except Unavailable as error:
            self._degrade(error)
            return None
        return vector

    def status(self) -> dict[str, Any]:
        """How the index is: items, views, generation, model, degraded.

        `views` counts views with vectors; `generation` is None before `open`; `model` is None without one. `degraded`
        is None, or why meaning is not, or not fully, searched: "not_open", "no_model", "vectors_missing" (the next
        reconciliation makes them), or the code of the error that the model gave.
        """
        reader = self._reader
        missing = reader is not None and reader.without_vectors > 0
        return {
            "items": reader.items if reader else 0,
            "views": reader.views if reader else 0,
            "generation": reader.state.number if reader else None,
            "model": self._model,
            "degraded": self._degraded or ("vectors_missing" if missing else None),
        }

    def refresh(self) -> bool:
        """Load the newer generation if another process wrote one; whether it did. Cheap when there is none."""
        if self._behind() is None:
            return False
        with self._installing:
            while (current := self._behind()) is not None:
                try:
                    self._reader = Reader(self._load_pointed(current), self._model)
                except DamagedError as error:
                    if self._generations.current() == current:  # not just replaced meanwhile
                        _log.warning("index_refresh_failed", generation=current.number, reason=str(error))
                        self._unreadable = current
                        return False
        return True

    def _load_pointed(self, pointer: Pointer) -> State:
        held = self._reader.state if self._reader else None
        state = self._generations.load(pointer.number, self._source.name, held)
        if state.pointer != pointer:
            raise DamagedError("CURRENT names another manifest")
        return state

    def _behind(self) -> Pointer | None:
        """The generation to read, if it is not the one that is loaded."""
        current = self._generations.current()
        loaded = self._reader.state.pointer if self._reader else None
        return None if current in (None, loaded, self._unreadable) else current

    # --- writing -----------------------------------------------------------------------------------------------------

    async def open(self, progress: Progress | None = None) -> Changes:
        """Load the current generation, set damaged ones aside and build anew, and reconcile with the source."""
        await self._probe()
        await _in_thread(self.refresh)
        return await self.reconcile(progress)

    async def reconcile(self, progress: Progress | None = None) -> Changes:
        """Make the index equal to the source. `progress("encode", done, total)` counts items.

        A text that the index has a vector for is not encoded again. What is long is written in parts, each a whole
        generation, so that a kill loses little. Waits for other writers and starts from what they wrote.
        """
        async with self._turn, self._generations.writing():
            if self._model is None:
                await self._probe()
            state = await _in_thread(self._load_for_writing)
            plan = _Plan.between(state, await self._source.fingerprints(), self._model)
            await self._apply(state, plan, progress or _silent)
            return plan.changes

    async def rebuild(self, progress: Progress | None = None) -> Changes:
        """Make every item anew from the source and encode every text again. Nothing is missing from searches meanwhile:
        items are replaced, each batch in a generation of its own."""
        async with self._turn, self._generations.writing():
            await self._probe()
            state = await _in_thread(self._load_for_writing)
            wanted = await self._source.fingerprints()
            plan = replace(_Plan.between(state, wanted, self._model), fetch=sorted(wanted))
            await self._apply(state, plan, progress or _silent, known=State.empty(self._source.name))
            return plan.changes

    async def _probe(self) -> None:
        """Find out whether the model can be had."""
        if self._embedder is None:
            self._degraded = "no_model"
            return
        try:
            self._model, self._dimension = await _in_thread(_name_and_dimension, self._embedder)
            self._degraded = None
        except Unavailable as error:
            self._degrade(error)

    def _degrade(self, error: Unavailable) -> None:
        _log.warning("index_without_model", code=error.code, **error.details)
        with self._installing:
            self._model, self._degraded = None, error.code
            if self._reader is not None:
                self._reader = Reader(self._reader.state, None)

    def _install(self, state: State) -> None:
        with self._installing:
            self._reader = Reader(state, self._model)

    def _load_for_writing(self) -> State:
        """The newest sound generation. The lock is held: what cannot be read is damaged, not just replaced."""
        held = self._reader.state if self._reader else None
        current = self._generations.current()
        for number in self._generations.numbers():
            if current and number > current.number:
                continue  # a kill between putting it in place and pointing to it
            try:
                state = self._load_one(number, current, held)
            except DamagedError as error:
                self._generations.set_aside(number, str(error))
            else:
                self._generations.point_to(state)
                self._install(state)
                return state
        return State.empty(self._source.name)

    def _load_one(self, number: int, current: Pointer | None, held: State | None) -> State:
        if held is not None and current == held.pointer and number == held.number:
            self._generations.check_present(held)
            state = held
        else:
            state = self._generations.load(number, self._source.name, held)
        for segment in state.segments:
            made = (segment.model, segment.vectors.dimension if segment.vectors is not None else 0)
            if self._model is not None and segment.model is not None and made != (self._model, self._dimension):
                raise DamagedError(f"written with {made}, the model is {(self._model, self._dimension)}")
        return state

    async def _apply(self, state: State, plan: _Plan, progress: Progress, known: State | None = None) -> None:
        """Carry a plan out, taking vectors that are there already from `known` (the state itself when None)."""
        if not plan and state.number:
            if self._reader is None or self._reader.state is not state:
                self._install(state)
            return
        removed, total = plan.removed, len(plan.fetch)
        for start in range(0, max(1, total), _BATCH_ITEMS):
            batch = plan.fetch[start : start + _BATCH_ITEMS]
            items = await self._fetch(batch)
            incoming = await self._encode(
                state if known is None else known, items, _part_of(progress, start, len(batch), total)
            )
            state = await _in_thread(self._advance, state, incoming, removed | set(batch))
            removed = set()

    async def _fetch(self, ids: list[int]) -> list[Item]:
        """The source's items with these ids; what else it gives, or gives twice, is left out."""
        wanted = set(ids)
        given = await self._source.items(ids) if ids else []
        return sorted({item.id: item for item in given if item.id in wanted}.values(), key=lambda item: item.id)

    async def _encode(self, state: State, items: list[Item], progress: Callable[[float], None]) -> Incoming:
        """The items with a vector for every view's text: from the index where it has it, else from the model."""
        if self._model is None or self._embedder is None:
            return Incoming(items, {}, None, 0)
        model = self._model
        wanted = {(view.role, view.text) for item in items for view in item.views}
        encoded = await _in_thread(known_vectors, state, model, wanted)
        missing = sorted(wanted - encoded.keys(), key=lambda key: (key[0], len(key[1]), key[1]))
        try:
            encoded |= await _encode_side_by_side(self._embedder, missing, progress)
        except Unavailable as error:
            self._degrade(error)
            return Incoming(items, {}, None, 0)
        progress(1)
        return Incoming(items, encoded, model, self._dimension)

    def _advance(self, state: State, incoming: Incoming, removed: set[int]) -> State:
        """Write the next generation: `removed` ids gone, the incoming items there."""
        number = self._generations.highest() + 1
        step = following(state, incoming, removed, number)
        written = self._generations.write(step.state, state, step.fill_lexical)
        self._install(written)
        return written


@dataclass(frozen=True)
class _Plan:
    """What to do: ids to take out, ids to fetch from the source, and the changes that this means."""

    removed: set[int]
    fetch: list[int]
    changes: Changes

    def __bool__(self) -> bool:
        return bool(self.removed or self.fetch)

    @classmethod
    def between(cls, state: State, wanted: dict[int, str], model: str | None) -> _Plan:
        """What makes the state equal to the wanted fingerprints, with vectors of the model for everything."""
        present = {item.id: item.fingerprint for item in state.items()}
        removed = present.keys() - wanted.keys()
        added = wanted.keys() - present.keys()
        updated = {key for key in wanted.keys() & present.keys() if wanted[key] != present[key]}
        incomplete = state.without_vectors(model) if model is not None else set()
        fetch = added | updated | (incomplete & wanted.keys())
        return cls(set(removed), sorted(fetch), Changes(len(added), len(removed), len(updated)))


async def _encode_side_by_side(
    embedder: Embedder, keys: Sequence[tuple[Role, str]], progress: Callable[[float], None]
) -> dict[tuple[Role, str], Vectors]:
    """The vectors of the texts, on as many cores as the embedder uses. Raises Unavailable."""
    encoded: dict[tuple[Role, str], Vectors] = {}
    at_once = _ENCODE_AT_ONCE * ENCODERS
    for start in range(0, len(keys), at_once):
        progress(start / len(keys))
        portion = keys[start : start + at_once]
        lanes = [lane for first in range(ENCODERS) if (lane := portion[first::ENCODERS])]
        work = (_in_thread(_encode_texts, embedder, lane) for lane in lanes)
        for done in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(done, BaseException):
                raise done
            encoded |= done
    return encoded


def _encode_texts(embedder: Embedder, keys: Sequence[tuple[Role, str]]) -> dict[tuple[Role, str], Vectors]:
    vectors: dict[tuple[Role, str], Vectors] = {}
    roles: tuple[Role, ...] = ("query", "passage")
    for role in roles:
        its = [key for key in keys if key[0] == role]
        if its:
            vectors |= zip(its, embedder.encode([text for _, text in its], role), strict=True)
    return vectors


def _name_and_dimension(embedder: Embedder) -> tuple[str, int]:
    return embedder.name, embedder.dimension


async def _in_thread(function: Callable[..., _T], *arguments: Any) -> _T:
    """Run in a worker thread; when cancelled, wait for the thread before letting go (it may be writing)."""
    task = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _part_of(progress: Progress, start: int, size: int, total: int) -> Callable[[float], None]:
    """Progress within a batch of items, told as items done of all."""
    return lambda share: progress("encode", start + int(size * share), total)


def _silent(stage: str, done: int, total: int) -> None:
    """Nobody watches."""
