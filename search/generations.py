"""Generations on disk: whole states of an index, each in a folder of its own, written aside and put in place at once.

    CURRENT                 the name of the generation to read
    .lock                   held by the process that writes
    gen-00000007/           manifest.json, segments, lexical/ (tantivy)
    gen-00000006/           the one before; files that did not change are the same files (hard links)
    gen-00000005.damaged-1  set aside because something in it was wrong

A file is never changed once it is there, so a reader keeps what it has opened whatever a writer does.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import log
from core.clock import machine_now
from search.files import fsync, hash_file, read_json, replace_file, size_of, write_json
from search.lexical import LexicalIndex
from search.segments import Segment
from search.source import Item

FORMAT = 1
MANIFEST, CURRENT, LEXICAL = "manifest.json", "CURRENT", "lexical"
KEPT_DAMAGED = 2
_BUILDING = ".new"
_NAME = re.compile(r"gen-(\d{8})")
_POINTER = re.compile(r"gen-(\d{8}) ([0-9a-f]{16})\n")
_LOCK_POLL_S = 0.05
_log = log.get(__name__)


class DamagedError(Exception):
    """A generation that cannot be used: torn, of another format, source or model, or counting wrong."""


@dataclass(frozen=True)
class Pointer:
    """What CURRENT says: a generation's number, and the first digits of its manifest's checksum."""

    number: int
    digest: str


@dataclass(frozen=True)
class State:
    """Everything of one generation, loaded and immutable.

    `dead[i]` are the positions in segment i of items that are gone. `lexical_changes` counts the texts that came and
    went since the keyword index was filled. `digest` is CURRENT's, once written.
    """

    number: int
    source: str
    segments: tuple[Segment, ...]
    dead: tuple[NDArray[np.int64], ...]
    lexical: LexicalIndex | None
    lexical_changes: int = 0
    digest: str = ""

    @property
    def pointer(self) -> Pointer:
        """What CURRENT says when this is the generation to read."""
        return Pointer(self.number, self.digest)

    @classmethod
    def empty(cls, source: str) -> State:
        """Before the first generation."""
        return cls(0, source, (), (), None)

    def items(self) -> Iterator[Item]:
        """The items that are not gone."""
        for segment, alive in zip(self.segments, self.alive(), strict=True):
            for position in np.flatnonzero(alive).tolist():
                yield segment.items[position]

    def without_vectors(self, model: str) -> set[int]:
        """The ids of the items that have no vectors of this model."""
        pairs = zip(self.segments, self.alive(), strict=True)
        return {int(i) for segment, alive in pairs if segment.model != model for i in segment.ids[alive]}

    def alive(self) -> list[NDArray[np.bool_]]:
        """For each segment, which of its items are not gone."""
        masks = []
        for segment, dead in zip(self.segments, self.dead, strict=True):
            mask = np.ones(len(segment.items), dtype=bool)
            mask[dead] = False
            masks.append(mask)
        return masks


class Generations:
    """The generations of one index in one folder."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Be the only writer of all processes for the block. A dead process's lock is free at once."""
        self.directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            while not _try_lock(descriptor):  # noqa: ASYNC110 - another process has it: no event will come
                await asyncio.sleep(_LOCK_POLL_S)
            yield
        finally:
            os.close(descriptor)

    def current(self) -> Pointer | None:
        """The generation to read; None where there is none yet, or CURRENT is torn."""
        try:
            match = _POINTER.fullmatch((self.directory / CURRENT).read_text("ascii", errors="replace"))
        except OSError:
            return None
        return Pointer(int(match[1]), match[2]) if match else None

    def point_to(self, state: State) -> None:
        """Make the state's generation the one to read; the lock must be held."""
        if self.current() != state.pointer:
            name = self.path(state.number).name
            replace_file(self.directory / CURRENT, f"{name} {state.digest}\n".encode())

    def numbers(self) -> list[int]:
        """The generations that are there, newest first."""
        found = (_NAME.fullmatch(path.name) for path in self.directory.glob("gen-*"))
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def load(self, number: int, source: str, loaded: State | None = None) -> State:
        """Read and check a whole generation. Segments that `loaded` already holds are taken from there.

        Raises DamagedError where anything is wrong with it.
        """
        folder = self.path(number)
        try:
            manifest = _checked_manifest(folder, source, number)
            held = {segment.name: segment for segment in loaded.segments} if loaded else {}
            records = manifest["segments"]
            _check_files(folder, manifest["files"], skip={file for s in held.values() for file in s.files()})
            segments = tuple(held.get(record["name"]) or Segment.load(folder, record) for record in records)
            dead = tuple(np.array(record["dead"], dtype=np.int64) for record in records)
            lexical = LexicalIndex(folder / LEXICAL) if (folder / LEXICAL).is_dir() else None
            state = State(number, source, segments, dead, lexical, manifest["lexical_changes"], _digest(manifest)[:16])
            _check_counts(state, manifest)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise DamagedError(f"{type(error).__name__}: {error}"[:300]) from error
        return state

    def write(self, state: State, before: State, fill_lexical: Callable[[Path], None]) -> State:
        """Put the state in place as the next generation and make it the current one; the lock must be held.

        What `before` already wrote is linked, not written again. `fill_lexical` makes the keyword index in a folder
        that holds the links of the one before. Gives the state as loaded again.
        """
        building = self.directory / _BUILDING
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        known = self._link(building, state, before)
        for segment in state.segments:
            if segment.files()[0] not in known:
                segment.save(building)
        fill_lexical(building / LEXICAL)
        _write_manifest(building, state, known)
        building.rename(self.path(state.number))
        fsync(self.directory)
        written = self.load(state.number, state.source, loaded=state)
        self.point_to(written)
        self._drop_old(state.number, before.number)
        return written

    def check_present(self, state: State) -> None:
        """Raise DamagedError where a file of a loaded generation is gone or has another size than it had."""
        folder = self.path(state.number)
        listed = read_json(folder / MANIFEST).get("content", {})
        if _digest(listed)[:16] != state.digest or any(
            size_of(folder / name) != entry["size"] for name, entry in listed["files"].items()
        ):
            raise DamagedError("files changed since they were loaded")

    def set_aside(self, number: int, reason: str) -> None:
        """Put a damaged generation out of the way; the newest few are kept for a look."""
        _log.warning("index_generation_set_aside", directory=self.directory.name, generation=number, reason=reason)
        folder = self.path(number)
        taken = [int(path.name.rpartition("-")[2]) for path in self._damaged()]
        if folder.exists():
            folder.rename(folder.with_name(f"{folder.name}.damaged-{max(taken, default=0) + 1}"))
        for path in self._damaged()[KEPT_DAMAGED:]:
            shutil.rmtree(path, ignore_errors=True)

    def path(self, number: int) -> Path:
        """The folder of a generation."""
        return self.directory / f"gen-{number:08d}"

    def highest(self) -> int:
        """The highest number that was ever used, damaged generations too."""
        used = [int(match[1]) for path in self.directory.glob("gen-*") if (match := _NAME.match(path.name))]
        current = self.current()
        return max([*used, current.number if current else 0])

    def _damaged(self) -> list[Path]:
        found = [path for path in self.directory.glob("gen-*.damaged-*") if path.name.rpartition("-")[2].isdigit()]
        return sorted(found, key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)

    def _link(self, building: Path, state: State, before: State) -> dict[str, dict[str, Any]]:
        """Link what stays from the generation before; gives what its manifest says of these files."""
        folder = self.path(before.number)
        listed = read_json(folder / MANIFEST).get("content", {}).get("files", {})
        wanted = {file for segment in state.segments for file in segment.files()}
        known = {}
        for name, entry in listed.items():
            if name in wanted or name.startswith(f"{LEXICAL}/"):
                (building / name).parent.mkdir(exist_ok=True)
                _link(folder / name, building / name)
                known[name] = entry
        return known

    def _drop_old(self, current: int, previous: int) -> None:
        for number in self.numbers():
            if number not in (current, previous):
                shutil.rmtree(self.path(number), ignore_errors=True)


def _link(old: Path, new: Path) -> None:
    """Give a file a second name; copy it where the file system has no links."""
    try:
        new.hardlink_to(old)
    except OSError:
        shutil.copyfile(old, new)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _write_manifest(folder: Path, state: State, known: dict[str, dict[str, Any]]) -> None:
    """List every file with size and checksum, then flush; the manifest carries a checksum of its own content."""
    segments = [
        segment.record() | {"dead": dead.tolist()} for segment, dead in zip(state.segments, state.dead, strict=True)
    ]
    models = {segment.model for segment in state.segments if segment.model}
    content = {
        "format": FORMAT,
        "source": state.source,
        "number": state.number,
        "model": min(models, default=None),
        "dimension": next((record["dimension"] for record in segments if record["dimension"]), None),
        "items": sum(record["items"] - len(record["dead"]) for record in segments),
        "views": sum(record["views"] for record in segments),
        "segments": segments,
        "lexical_changes": state.lexical_changes,
        "created": machine_now().isoformat(timespec="seconds"),
        "files": {name: _entry(folder / name, known.get(name)) for name in _files(folder)},
    }
    write_json(folder / MANIFEST, {"content": content, "sha256": _digest(content)})
    for inner in (folder / LEXICAL, folder):
        if inner.is_dir():
            fsync(inner)


def _files(folder: Path) -> Iterable[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith(".lock"):
            yield path.relative_to(folder).as_posix()


def _entry(path: Path, known: dict[str, Any] | None) -> dict[str, Any]:
    """Size and checksum. A linked file's are known; a copied one, or another file of its name, has one link."""
    if known is not None and path.stat().st_nlink > 1:
        return known
    fsync(path)
    return {"size": path.stat().st_size, "sha256": hash_file(path)}


def _checked_manifest(folder: Path, source: str, number: int) -> dict[str, Any]:
    manifest = read_json(folder / MANIFEST)
    content: dict[str, Any] = manifest.get("content", {})
    if manifest.get("sha256") != _digest(content):
        raise ValueError("manifest is torn")
    stated = (content["format"], content["source"], content["number"])
    if stated != (FORMAT, source, number):
        raise ValueError(f"format, source and number are {stated}")
    return content


def _check_files(folder: Path, files: dict[str, dict[str, Any]], skip: set[str]) -> None:
    for name, entry in files.items():
        if name in skip:
            continue
        if size_of(folder / name) != entry["size"] or hash_file(folder / name) != entry["sha256"]:
            raise ValueError(f"{name} is torn")


def _check_counts(state: State, manifest: dict[str, Any]) -> None:
    """No item twice, as many items as the manifest says, and as many in the keyword index."""
    pairs = zip(state.segments, state.alive(), strict=True)
    ids = np.concatenate([segment.ids[alive] for segment, alive in pairs] or [np.zeros(0, dtype=np.int64)])
    keywords = len(state.lexical) if state.lexical else 0
    if len(np.unique(ids)) != len(ids) or not len(ids) == manifest["items"] == keywords:
        raise ValueError(f"{len(ids)} items, {manifest['items']} recorded, {keywords} in the keyword index")
