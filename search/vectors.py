"""Exact nearest vectors by inner product, with a filter: by faiss."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, Self

import faiss
import numpy as np
from numpy.typing import NDArray

faiss.omp_set_num_threads(1)  # one query at a time: more threads wait for each other longer than they compute

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]
Scores = NDArray[np.float32]


class VectorIndex(Protocol):
    """Vectors with ids. Ids are non-negative int64 and unique; vectors are float32 of length 1 (L2)."""

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, shape (len(ids), dimension). Raises ValueError for other shapes, or ids that are there."""
        ...

    def remove(self, ids: Ids) -> int:
        """Remove ids; those that are not there are ignored. Gives how many were removed."""
        ...

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> tuple[Ids, Scores]:
        """The best `k` of the allowed ids (all when None) with their cosines, best first, ties by id.

        `vector` has shape (dimension,). Fewer than `k` come back where there are not as many.
        """
        ...

    def vectors(self, ids: Ids) -> Vectors:
        """The stored vectors of these ids, shape (len(ids), dimension). Raises KeyError for an unknown id."""
        ...

    def __len__(self) -> int: ...

    def save(self, path: Path) -> None:
        """Write everything to one file."""
        ...

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote. Raises ValueError for anything else."""
        ...


class FaissVectorIndex:
    """A VectorIndex that scans everything, at half precision; a filter is looked up in a bitmap while scanning.

    Half precision changes a cosine by less than 0.0005 and halves memory, file and time (100,000 x 384 on one thread:
    8 ms instead of 15). Nothing is left out, filtered or not.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        half = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self._index: Any = faiss.IndexIDMap2(half)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        if vectors.shape != (len(ids), self.dimension):
            raise ValueError(f"{len(ids)} ids do not fit vectors of shape {vectors.shape}")
        if len(np.unique(ids)) != len(ids) or np.isin(ids, self.ids()).any() or (ids < 0).any():
            raise ValueError("an id is negative, occurs twice or is there already")
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), ids.astype(np.int64))

    def remove(self, ids: Ids) -> int:
        return int(self._index.remove_ids(ids.astype(np.int64))) if len(ids) else 0

    def search(self, vector: Vectors, k: int, allowed: Ids | None = None) -> tuple[Ids, Scores]:
        k = min(k, len(self) if allowed is None else len(allowed))
        if k <= 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, self.dimension)
        rows, ids = self._index.search(query, k, params=None if allowed is None else _filter(allowed))
        found = np.flatnonzero(ids[0] >= 0)
        order = found[np.lexsort((ids[0][found], -rows[0][found]))]
        return ids[0][order], rows[0][order]

    def vectors(self, ids: Ids) -> Vectors:
        if not len(ids):
            return np.zeros((0, self.dimension), dtype=np.float32)
        try:
            rows: Vectors = self._index.reconstruct_batch(ids.astype(np.int64))
        except RuntimeError as error:
            raise KeyError(str(error)) from error
        return rows

    def ids(self) -> Ids:
        """The ids in the order of their vectors."""
        ids: Ids = faiss.vector_to_array(self._index.id_map)
        return ids

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def save(self, path: Path) -> None:
        faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path) -> Self:
        try:
            index = faiss.read_index(str(path))
            if not isinstance(index, faiss.IndexIDMap2):
                raise ValueError(f"{path.name}: not an index of this kind")
        except RuntimeError as error:
            raise ValueError(f"{path.name}: {error}") from error
        loaded = cls(index.d)
        loaded._index = index
        return loaded


def _filter(allowed: Ids) -> Any:
    """A bitmap where the ids are dense enough for one, a hash set elsewhere."""
    library: Any = faiss
    top = int(allowed.max())
    if top > 64 * len(allowed) + 1_000_000:
        return library.SearchParameters(sel=library.IDSelectorBatch(allowed.astype(np.int64)))
    bits = np.zeros(top + 1, dtype=bool)
    bits[allowed] = True
    return library.SearchParameters(sel=library.IDSelectorBitmap(np.packbits(bits, bitorder="little")))
