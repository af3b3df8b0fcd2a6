"""The documents that an evaluation adds to the base: a folder with `library.yaml` and the texts it names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from core.datafile import BadDataFile, Entry, read_yaml
from knowledge.library import Library, Metadata
from knowledge.readers import plain

INDEX = "library.yaml"
_RELATIONS = ("supersedes", "amends", "prolongs")
_RECORD = ("title", "number", "issuer", "region", "level", "issued", "valid_from", "valid_to", "draft", *_RELATIONS)


class Listed(Entry):
    """One document of the list: its id, its text (from the folder above the list's), its record."""

    id: str
    file: str
    title: str
    number: str | None = None
    issuer: str | None = None
    region: str
    level: str | None = None
    issued: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    supersedes: str | None = None
    amends: str | None = None
    prolongs: str | None = None
    draft: bool = False

    @property
    def targets(self) -> list[str]:
        return [target for name in _RELATIONS if (target := getattr(self, name))]

    def metadata(self) -> Metadata:
        return Metadata(**{name: getattr(self, name) for name in _RECORD})


class _Listing(Entry):
    documents: tuple[Listed, ...]


def read(folder: Path) -> list[Listed]:
    """The documents of a folder, each after those it refers to. Raises BadDataFile."""
    listed = read_yaml(folder / INDEX, _Listing).documents
    return list(_ordered({entry.id: entry for entry in listed}, listed, set()))


def _ordered(known: Mapping[str, Listed], wanted: Sequence[Listed], done: set[str]) -> Iterator[Listed]:
    for entry in wanted:
        if entry.id in done:
            continue
        done.add(entry.id)
        yield from _ordered(known, [known[target] for target in entry.targets if target in known], done)
        yield entry


async def load(library: Library, folder: Path, progress: Callable[[int, int], None] = lambda *_: None) -> int:
    """Take the documents of a folder into a library; how many. Raises BadDataFile, BadInput."""
    listed = read(folder)
    for done, entry in enumerate(listed, start=1):
        path = folder.parent / entry.file
        if not path.is_file():
            raise BadDataFile(f"{INDEX}：{entry.file}")
        await library.add(plain.read(path.read_bytes()), entry.metadata(), document_id=entry.id)
        progress(done, len(listed))
    return len(listed)


def digest(folder: Path) -> str:
    """A sha256 over the names and contents of a folder's files."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()
