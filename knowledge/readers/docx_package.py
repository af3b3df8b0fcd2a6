"""The parts of a Word file: the main document and what it refers to, found by relationships rather than by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from posixpath import dirname, join, normpath

from core.archive import Archive
from knowledge.readers.archive import read_xml
from knowledge.readers.docx_xml import Element, transitional
from knowledge.readers.errors import UnreadableFile

_USUAL = "word/document.xml"


@dataclass(frozen=True)
class Relation:
    """What a part refers to: the kind (last word of its type), the part's name or the address outside, by id."""

    kind: str
    target: str
    outside: bool


class Package:
    """The parts of a Word file. Raises UnreadableFile where there is no document in it."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._names = {name.replace("\\", "/").lstrip("/").lower(): name for name in archive.names}
        self._main = self._found(self._main_name())
        if self._main is None:
            raise UnreadableFile()

    def _main_name(self) -> str:
        named = (found.target for found in self._related("").values() if found.kind == "officeDocument")
        return next((name for name in named if self._found(name)), _USUAL)

    def _found(self, name: str) -> str | None:
        return self._names.get(name.lower())

    def _related(self, part: str) -> dict[str, Relation]:
        folder, _, name = part.rpartition("/")
        rels = self._found(join(folder, "_rels", f"{name}.rels"))
        if rels is None:
            return {}
        relations: dict[str, Relation] = {}
        for found in read_xml(self._archive, rels).iter("{*}Relationship"):
            target, outside = found.get("Target", ""), found.get("TargetMode") == "External"
            place = target if outside else normpath(join("/" + dirname(part), target)).lstrip("/")
            relations[found.get("Id", "")] = Relation(found.get("Type", "").rpartition("/")[2], place, outside)
        return relations

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """What the main document refers to."""
        return self._related((self._main or "").replace("\\", "/").lstrip("/"))

    def document(self) -> Element:
        """The root of the main document."""
        return transitional(read_xml(self._archive, self._main or ""))

    def part(self, kind: str) -> Element | None:
        """The root of the part of a kind (`numbering`, `styles`, `footnotes` ...), None without one."""
        named = (found.target for found in self.relations.values() if found.kind == kind and not found.outside)
        return self._root(next((name for target in named if (name := self._found(target))), None))

    def linked(self, identity: str | None) -> Element | None:
        """The root of the XML part behind a relationship, None where there is none."""
        return self._root(self._inside(identity))

    def data(self, identity: str | None) -> bytes:
        """The bytes of the part behind a relationship; empty where there is none."""
        name = self._inside(identity)
        return b"" if name is None else self._archive.read(name)

    def address(self, identity: str | None) -> str | None:
        """The address outside the file behind a relationship."""
        found = self.relations.get(identity or "")
        return found.target if found is not None and found.outside else None

    def _inside(self, identity: str | None) -> str | None:
        found = self.relations.get(identity or "")
        return None if found is None or found.outside else self._found(found.target)

    def _root(self, name: str | None) -> Element | None:
        return None if name is None else transitional(read_xml(self._archive, name))
