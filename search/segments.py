"""A segment: some items and the vectors of their views, written once and never changed.

Files: `NAME.items.json`, where the model was at hand `NAME.vectors`, and where those are many `NAME.codes`. A vector's
id is its view's number in the segment, counted over the items in order: that is the only tie between a vector and an
item, and it is checked on load.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.files import fsync, write_file
from search.source import Item, View
from search.vectors import FaissVectorIndex


@dataclass(frozen=True)
class Segment:
    """Immutable. Item number i has the views from `starts[i]` up to `starts[i + 1]`; `owner[v]` is view v's item."""

    name: str
    items: tuple[Item, ...]
    model: str | None
    vectors: FaissVectorIndex | None
    ids: NDArray[np.int64]
    views: tuple[View, ...]
    starts: NDArray[np.int64]
    owner: NDArray[np.int64]

    @classmethod
    def make(cls, items: Sequence[Item], model: str | None, vectors: NDArray[np.float32] | None) -> Segment:
        """A new segment; `vectors` has shape (number of all views, dimension), in the order of items and views."""
        index = None
        if model is not None and vectors is not None:
            index = FaissVectorIndex(vectors.shape[1])
            index.add(np.arange(len(vectors), dtype=np.int64), vectors)
            index.quicken()
        return cls._checked(secrets.token_hex(6), items, model if index is not None else None, index)

    @classmethod
    def load(cls, folder: Path, record: dict[str, Any]) -> Segment:
        """Read the segment that a manifest records. Raises ValueError or OSError where anything does not fit."""
        name, model = record["name"], record["model"]
        rows = json.loads((folder / f"{name}.items.json").read_bytes())
        items = [
            Item(key, mark, tuple(View(text, kind) for kind, text in views), lexical)
            for key, mark, lexical, views in rows
        ]
        index = FaissVectorIndex.load(folder / f"{name}.vectors") if model is not None else None
        if index is not None and record.get("quick"):
            index.load_codes(folder / f"{name}.codes")
        segment = cls._checked(name, items, model, index)
        if segment.record() != {key: record.get(key, False) for key in segment.record()}:
            raise ValueError(f"segment {name} does not fit its record")
        return segment

    @classmethod
    def _checked(cls, name: str, items: Sequence[Item], model: str | None, index: FaissVectorIndex | None) -> Segment:
        views = tuple(view for item in items for view in item.views)
        counts = np.array([len(item.views) for item in items], dtype=np.int64)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
        owner = np.repeat(np.arange(len(items), dtype=np.int64), counts)
        if index is not None and not np.array_equal(index.ids(), np.arange(len(views))):
            raise ValueError(f"segment {name}: vectors and views do not fit")
        ids = np.array([item.id for item in items], dtype=np.int64)
        if len(np.unique(ids)) != len(ids):
            raise ValueError(f"segment {name}: an item occurs twice")
        return cls(name, tuple(items), model, index, ids, views, starts, owner)

    def record(self) -> dict[str, Any]:
        """What the manifest says about it."""
        dimension = self.vectors.dimension if self.vectors is not None else None
        return {
            "name": self.name,
            "model": self.model,
            "dimension": dimension,
            "items": len(self.items),
            "views": len(self.views),
            "quick": self._quick,
        }

    def files(self) -> list[str]:
        """The names of its files."""
        names = {"items.json": True, "vectors": self.vectors is not None, "codes": self._quick}
        return [f"{self.name}.{kind}" for kind, there in names.items() if there]

    @property
    def _quick(self) -> bool:
        return self.vectors is not None and self.vectors.quick

    def save(self, folder: Path) -> None:
        """Write its files and flush them to the disk."""
        rows = [[i.id, i.fingerprint, i.lexical, [[view.kind, view.text] for view in i.views]] for i in self.items]
        write_file(
            folder / f"{self.name}.items.json", json.dumps(rows, ensure_ascii=False).encode(errors="surrogatepass")
        )
        if self.vectors is not None:
            self.vectors.save(folder / f"{self.name}.vectors")
            fsync(folder / f"{self.name}.vectors")
        if self.vectors is not None and self._quick:
            self.vectors.save_codes(folder / f"{self.name}.codes")
            fsync(folder / f"{self.name}.codes")
