"""Texts to vectors, and question-text pairs to scores. The only place that loads sentence_transformers and torch."""

from __future__ import annotations

import hashlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.text import clean
from search import model
from search.errors import ModelBroken, ModelNotPrepared
from search.files import hash_file
from search.source import Role

_SAMPLE = 1 << 20


class Embedder(Protocol):
    """Turns texts into vectors. Two embedders with the same `name` give the same vectors.

    All three may load a model and take seconds the first time; all may be called from any thread and raise
    Unavailable where the model cannot be had.
    """

    @property
    def name(self) -> str:
        """The model and its content."""
        ...

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """The texts' vectors: float32, shape (len(texts), dimension), each of length 1 (L2)."""
        ...


class Reranker(Protocol):
    """Judges how well texts answer a question, reading both together."""

    @property
    def name(self) -> str:
        """The model and its content."""
        ...

    def rerank(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """One score a text: float32, shape (len(texts),), higher is better; comparable within one call only."""
        ...


ENCODERS = max(1, min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))
"""How many batches are encoded side by side, each on a core of its own."""


class _Turns:
    """So many at a time; whoever is `first` before the others: a question need not wait for the indexing of a document
    longer than one batch takes."""

    def __init__(self, places: int = 1) -> None:
        self._free = threading.Condition()
        self._places = places
        self._first_waiting = 0

    @contextmanager
    def turn(self, *, first: bool) -> Iterator[None]:
        """Wait for the turn and have it for the block."""
        with self._free:
            self._first_waiting += first
            self._free.wait_for(lambda: self._places and (first or not self._first_waiting))
            self._first_waiting -= first
            self._places -= 1
        try:
            yield
        finally:
            with self._free:
                self._places += 1
                self._free.notify_all()


class _LocalModel(ABC):
    """A model folder, found offline and loaded once, whichever thread asks first."""

    def __init__(self, path_or_name: str | Path) -> None:
        self._wanted = str(path_or_name)
        self._loading = threading.RLock()
        self._running = _Turns(ENCODERS)
        self._model: Any = None
        self._folder: Path | None = None
        self._name: str | None = None

    @property
    def name(self) -> str:
        """The folder's name and a digest of its content. Raises ModelNotPrepared."""
        with self._loading:
            if self._name is None:
                folder = self._find()
                self._name = f"{Path(self._wanted).name}@{_content_digest(folder)}"
            return self._name

    def _find(self) -> Path:
        if self._folder is None:
            folder = Path(self._wanted)
            self._folder = folder if folder.is_dir() else _hub_copy(self._wanted)
        if (self._folder / model.MANIFEST).exists() and not model.verify(self._folder):
            raise ModelNotPrepared(folder=str(self._folder))
        return self._folder

    def _load(self) -> Any:
        with self._loading:
            if self._model is None:
                folder = self._find()
                _go_offline()
                try:
                    self._model = self._open(str(folder))
                except Exception as error:  # whatever the libraries raise on a damaged folder
                    raise ModelBroken(folder=str(folder), detail=f"{type(error).__name__}: {error}"[:300]) from error
            return self._model

    @abstractmethod
    def _open(self, folder: str) -> Any:
        """The library's model object from a folder."""


class SentenceTransformerEmbedder(_LocalModel):
    """Any sentence-transformers model from a local folder (or the hub's local cache); never from the network.

    `path_or_name` is a folder, such as the one `search.model.prepare` makes, or a name in the hub's cache. Each call
    runs on one core; callers in asyncio use `asyncio.to_thread`. Up to `ENCODERS` batches run at a time.
    """

    def __init__(self, path_or_name: str | Path, *, batch_size: int = 8) -> None:
        super().__init__(path_or_name)
        self._batch_size = batch_size

    @property
    def dimension(self) -> int:
        """The length of a vector; loads the model. Raises ModelNotPrepared or ModelBroken."""
        return int(self._load().get_embedding_dimension())

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        """The texts' vectors: float32, shape (len(texts), dimension), L2-normalised.

        A text beyond the model's window (512 tokens for the default one) is cut. Raises ModelNotPrepared or
        ModelBroken.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        cleaned = [clean(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda i: len(cleaned[i]))
        for start in range(0, len(order), self._batch_size):
            batch = order[start : start + self._batch_size]
            with self._running.turn(first=len(texts) == 1):
                vectors[batch] = self._encode_batch([cleaned[i] for i in batch], role)
        return vectors

    def _encode_batch(self, texts: list[str], role: Role) -> NDArray[np.float32]:
        loaded = self._load()
        _stay_on_one_core()
        encode = loaded.encode_query if role == "query" else loaded.encode_document
        vectors = encode(texts, batch_size=len(texts), normalize_embeddings=True, show_progress_bar=False)
        return _checked(np.asarray(vectors, dtype=np.float32), (len(texts), self.dimension))

    def _open(self, folder: str) -> Any:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(folder, device="cpu", local_files_only=True)


class CrossEncoderReranker(_LocalModel):
    """Any cross-encoder from a local folder (or the hub's local cache)."""

    def rerank(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """One score a text: float32, shape (len(texts),). Raises ModelNotPrepared or ModelBroken."""
        if not texts:
            return np.zeros(0, dtype=np.float32)
        pairs = [(clean(question), clean(text)) for text in texts]
        loaded = self._load()
        with self._running.turn(first=True):
            scores = loaded.predict(pairs, batch_size=8, show_progress_bar=False, convert_to_numpy=True)
        return _checked(np.asarray(scores, dtype=np.float32), (len(texts),))

    def _open(self, folder: str) -> Any:
        from sentence_transformers import CrossEncoder

        return CrossEncoder(folder, device="cpu", local_files_only=True)


def _go_offline() -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers.utils import logging

    _stay_on_one_core()
    disable_progress_bar: Callable[[], None] = logging.disable_progress_bar
    disable_progress_bar()


def _stay_on_one_core() -> None:
    """For the calling thread: with several, a short text waits longer for them than it computes."""
    import torch

    if torch.get_num_threads() != 1:
        torch.set_num_threads(1)


def _hub_copy(name: str) -> Path:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except Exception as error:  # not a valid name, or not in the cache
        raise ModelNotPrepared(model=name) from error


def _checked(values: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    if values.shape != shape or not np.isfinite(values).all():
        raise ModelBroken(detail=f"shape {values.shape}, or not finite")
    return values


def _content_digest(folder: Path) -> str:
    """Twelve hexadecimal digits for the content of a folder.

    For a folder of ours, its manifest, which holds every file's checksum. For another, names, sizes and samples (the
    first, middle and last MiB) of its files: hashing gigabytes at each start would take longer than loading them.
    """
    manifest = folder / model.MANIFEST
    if manifest.is_file():
        return hash_file(manifest)[:12]
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        for sample in _samples(path):
            digest.update(sample)
    return digest.hexdigest()[:12]


def _samples(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    with path.open("rb") as file:
        for start in sorted({0, max(0, size // 2 - _SAMPLE // 2), max(0, size - _SAMPLE)}):
            file.seek(start)
            yield file.read(_SAMPLE)
