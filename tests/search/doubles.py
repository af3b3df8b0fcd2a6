"""In-memory doubles of the ports of `search`, held to the same contract as the real ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.errors import Unavailable
from search import Item, Role, View

DIMENSION = 48


def item_of(key: int, text: str, *, questions: Iterable[str] = ()) -> Item:
    """An item as knowledge makes them: the whole, its sentences when there are several, its typical questions."""
    sentences = [part for part in text.split("。") if part]
    views = [View(text, "whole"), *(View(part, "sentence") for part in sentences if len(sentences) > 1)]
    views += [View(question, "question") for question in questions]
    lexical = "\n".join([text, *questions])
    return Item(key, hashlib.sha256(lexical.encode()).hexdigest()[:16], tuple(views), lexical)


class MemorySource:
    """Holds items; counts what was asked for."""

    def __init__(self, items: Iterable[Item] = (), name: str = "memory") -> None:
        self.name = name
        self.held = {item.id: item for item in items}
        self.fetched: list[int] = []

    def put(self, *items: Item) -> None:
        self.held |= {item.id: item for item in items}

    async def fingerprints(self) -> dict[int, str]:
        return {key: item.fingerprint for key, item in self.held.items()}

    async def items(self, ids: Sequence[int]) -> list[Item]:
        self.fetched += ids
        return [self.held[key] for key in ids if key in self.held]


class HashEmbedder:
    """A vector drawn by a text's hash: the same text and role give the same vector. Counts what it encodes."""

    def __init__(self, name: str = "hash@1", dimension: int = DIMENSION) -> None:
        self.name = name
        self.dimension = dimension
        self.encoded: list[tuple[Role, str]] = []

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        self.encoded += [(role, text) for text in texts]
        rows = [self._vector(text, role) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), self.dimension)

    def _vector(self, text: str, role: Role) -> NDArray[np.float32]:
        seed = hashlib.sha256(f"{role}\0{text}".encode()).digest()
        vector = np.random.default_rng(int.from_bytes(seed[:8], "little")).standard_normal(self.dimension)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


class BrokenEmbedder(HashEmbedder):
    """Loses its model after so many texts."""

    def __init__(self, after: int = 0, name: str = "hash@1") -> None:
        super().__init__(name)
        self.after = after

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        if len(self.encoded) + len(texts) > self.after:
            raise Unavailable()
        return super().encode(texts, role)


class ArrayVectorIndex:
    """The VectorIndex contract by plain arithmetic."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._rows: dict[int, NDArray[np.float32]] = {}

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        if vectors.shape != (len(ids), self.dimension) or len(set(ids.tolist())) != len(ids) or (ids < 0).any():
            raise ValueError("shape or ids")
        if self._rows.keys() & set(ids.tolist()):
            raise ValueError("there already")
        self._rows |= zip(ids.tolist(), vectors, strict=True)

    def remove(self, ids: NDArray[np.int64]) -> int:
        return sum(self._rows.pop(key, None) is not None for key in ids.tolist())

    def search(
        self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        chosen = sorted(self._rows.keys() if allowed is None else self._rows.keys() & set(allowed.tolist()))
        scores = np.array([self._rows[key] @ vector for key in chosen], dtype=np.float32)
        ids = np.array(chosen, dtype=np.int64)
        order = np.lexsort((ids, -scores))[:k]
        return ids[order], scores[order]

    def vectors(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        rows = [self._rows[key] for key in ids.tolist()]
        return np.array(rows, dtype=np.float32).reshape(len(ids), self.dimension)

    def __len__(self) -> int:
        return len(self._rows)

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            ids = np.array(sorted(self._rows), dtype=np.int64)
            np.savez(file, ids=ids, vectors=self.vectors(ids))

    @classmethod
    def load(cls, path: Path) -> Self:
        with np.load(path) as stored:
            index = cls(stored["vectors"].shape[1])
            index.add(stored["ids"], stored["vectors"])
        return index
