"""The built-in base: what `data/base.yaml` and the files it names bring into the library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from core.datafile import BadDataFile, Entry, read_yaml
from knowledge.library import Library, Metadata, TopicText
from knowledge.readers import plain

DATA = Path(__file__).parent / "data"


class _Document(Entry):
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
    faq: str | None = None


class _Desk(Entry):
    name: str
    contact: str | None = None


class _Base(Entry):
    desk: _Desk
    starters: tuple[str, ...] = ()
    documents: tuple[_Document, ...] = ()


class _Typical(Entry):
    clause: str
    questions: list[str]


class _Silent(Entry):
    topic: str
    nearest: list[str]
    questions: list[str]


class _Faq(Entry):
    document: str
    entries: tuple[_Typical, ...] = ()
    not_stated: tuple[_Silent, ...] = ()


@dataclass(frozen=True)
class Desk:
    """Who answers when the bot cannot."""

    name: str
    contact: str | None = None


def desk(root: Path = DATA) -> Desk:
    """The desk of the base's data file."""
    given = read_yaml(root / "base.yaml", _Base).desk
    return Desk(given.name, given.contact)


def starters(root: Path = DATA) -> tuple[str, ...]:
    """Questions to begin with, offered where nothing has been asked yet."""
    return read_yaml(root / "base.yaml", _Base).starters


async def load(library: Library, root: Path = DATA) -> list[str]:
    """Bring the library in line with the base's files; the ids of the documents. Idempotent.

    A document that is already there keeps its text and whatever the bureau changed in its record.
    """
    await library.complete()
    base = read_yaml(root / "base.yaml", _Base)
    for entry in base.documents:
        if not await library.holds(entry.id):
            text = plain.read((root / entry.file).read_bytes())
            await library.add(text, _metadata(entry), document_id=entry.id, built_in=True)
        if entry.faq:
            await library.set_topics(entry.id, read_faq(root / entry.faq, entry.id))
    return [entry.id for entry in base.documents]


def read_faq(path: Path, document_id: str) -> list[TopicText]:
    """The typical questions in a file. Raises BadDataFile with the place of the fault."""
    faq = read_yaml(path, _Faq)
    if faq.document != document_id:
        raise BadDataFile(f"{path.name}: document: {faq.document} != {document_id}")
    stated = [
        TopicText(0, document_id, entry.clause, True, (entry.clause,), tuple(entry.questions)) for entry in faq.entries
    ]
    silent = [
        TopicText(0, document_id, entry.topic, False, tuple(entry.nearest), tuple(entry.questions))
        for entry in faq.not_stated
    ]
    return stated + silent


def _metadata(entry: _Document) -> Metadata:
    fields = ("title", "number", "issuer", "region", "level", "issued", "valid_from", "valid_to")
    return Metadata(**{name: getattr(entry, name) for name in fields})
