"""Synonyms of a bureau's own: groups in `synonyms.yaml` of the data directory, beside those that come with the product.

The file is the truth: it may be edited by hand or in the console, and every process notices a change by itself.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from core import log
from core.datafile import BadDataFile
from core.errors import BadInput, Conflict
from core.text import clean, fold
from knowledge import desk_wording as wording
from knowledge.language import Language

LONGEST_TERM = 40
_NOTHING = "-"
_log = log.get(__name__)


class SynonymsChanged(Conflict):
    """Somebody else changed the file since it was read."""

    code = "synonyms_changed"
    default = wording.SYNONYMS_CHANGED


@dataclass(frozen=True)
class SynonymGroup:
    """Documents' terms, and what people say instead."""

    canonical: tuple[str, ...]
    spoken: tuple[str, ...]


class LanguageFiles:
    """The language of several files; a file that changed is read again, one that is missing is left out.

    A file that cannot be read leaves the language as it was: a slip in it must not stop the answers.
    """

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._marks: tuple[str, ...] = ()
        self._language: Language | None = None
        self._turn = threading.Lock()

    def current(self) -> Language:
        """The newest sound language. Raises BadDataFile only where there was none before."""
        marks = tuple(map(_mark, self._paths))
        if self._language is None or marks != self._marks:
            with self._turn:
                self._read(marks)
        assert self._language is not None
        return self._language

    def _read(self, marks: tuple[str, ...]) -> None:
        there = [path for path, mark in zip(self._paths, marks, strict=True) if mark != _NOTHING]
        try:
            self._language = Language.load(*there)
        except BadDataFile as error:
            if self._language is None:
                raise
            _log.warning("language_not_read", reason=error.message)
        self._marks = marks


class OwnSynonyms:
    """The groups of the file `own`; those of `built_in` can only be read."""

    def __init__(self, own: Path, built_in: Path) -> None:
        self._own = own
        self._built_in = built_in

    def groups(self) -> tuple[str, tuple[SynonymGroup, ...]]:
        """The version of the own file, and its groups in order. Raises BadDataFile."""
        version, content = self._content()
        return version, tuple(_groups(content))

    def built_in(self) -> tuple[SynonymGroup, ...]:
        """The groups that come with the product."""
        return tuple(_groups(_load(self._built_in.read_bytes(), self._built_in.name)))

    def add(self, group: SynonymGroup, *, version: str) -> None:
        """Append a group. Raises BadInput, SynonymsChanged, BadDataFile."""
        self._save(version, (*self.groups()[1], group))

    def replace(self, place: int, group: SynonymGroup, *, version: str) -> None:
        """Put a group in the place of another, counted from 0. Raises as `add` does."""
        groups = list(self.groups()[1])
        _require_place(groups, place)
        groups[place] = group
        self._save(version, groups)

    def remove(self, place: int, *, version: str) -> None:
        """Take a group out. Raises as `add` does."""
        groups = list(self.groups()[1])
        _require_place(groups, place)
        del groups[place]
        self._save(version, groups)

    def _content(self) -> tuple[str, dict[str, Any]]:
        data = self._own.read_bytes() if self._own.is_file() else b""
        return hashlib.sha256(data).hexdigest()[:16], _load(data, self._own.name)

    def _save(self, version: str, groups: Sequence[SynonymGroup]) -> None:
        """Check the groups as a whole and write the file; what else is in it stays."""
        current, content = self._content()
        if version != current:
            raise SynonymsChanged()
        checked = [_checked(group) for group in groups]
        _require_one_group_each(checked)
        own = [{"canonical": list(group.canonical), "spoken": list(group.spoken)} for group in checked]
        text = yaml.safe_dump({**content, "groups": own}, allow_unicode=True, sort_keys=False)
        self._own.parent.mkdir(parents=True, exist_ok=True)
        draft = self._own.with_name(f".{self._own.name}.{secrets.token_hex(4)}")
        try:
            draft.write_text(text, "utf-8")
            Language.load(draft)
            os.replace(draft, self._own)
        finally:
            draft.unlink(missing_ok=True)


def read_terms(text: str) -> tuple[str, ...]:
    """The terms of a typed list, apart by commas, 、, semicolons or line ends; each once."""
    for mark in ("，", "、", "；", ";", "\n"):
        text = text.replace(mark, ",")
    cleaned = (" ".join(clean(term).split()) for term in text.split(","))
    return tuple(dict.fromkeys(term for term in cleaned if term))


def _mark(path: Path) -> str:
    """What changes with every change of a file."""
    try:
        found = path.stat()
    except OSError:
        return _NOTHING
    return f"{found.st_mtime_ns}:{found.st_size}:{found.st_ino}"


def _load(data: bytes, name: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(data.decode("utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadDataFile(f"{name}：{error}") from error
    if not isinstance(content, dict | None):
        raise BadDataFile(f"{name}：{type(content).__name__}")
    return content or {}


def _groups(content: Mapping[str, Any]) -> Iterator[SynonymGroup]:
    for group in content.get("groups") or ():
        canonical = group["canonical"]
        terms = (canonical,) if isinstance(canonical, str) else tuple(canonical)
        yield SynonymGroup(terms, tuple(group["spoken"]))


def _require_place(groups: Sequence[SynonymGroup], place: int) -> None:
    if not 0 <= place < len(groups):
        raise BadInput(wording.NO_SUCH_GROUP)


def _checked(group: SynonymGroup) -> SynonymGroup:
    if not group.canonical:
        raise BadInput(wording.NO_CANONICAL)
    if not group.spoken:
        raise BadInput(wording.NO_SPOKEN)
    for term in (*group.canonical, *group.spoken):
        if len(term) > LONGEST_TERM:
            raise BadInput(wording.LONG_TERM.format(limit=LONGEST_TERM, term=term[:LONGEST_TERM]))
    if short := [term for term in group.spoken if len(fold(term)) < 2]:
        raise BadInput(wording.SHORT_SPOKEN.format(term=short[0]))
    if same := {fold(term) for term in group.canonical} & {fold(term) for term in group.spoken}:
        raise BadInput(wording.SPOKEN_IS_CANONICAL.format(term=min(same)))
    return group


def _require_one_group_each(groups: Sequence[SynonymGroup]) -> None:
    """Raises BadInput where a spoken term is in two of the own groups; one of a built-in group is overruled."""
    owner: dict[str, SynonymGroup] = {}
    for group in groups:
        for term in group.spoken:
            other = owner.setdefault(fold(term), group)
            if other is not group:
                raise BadInput(wording.SPOKEN_TAKEN.format(term=term, canonical="、".join(other.canonical)))
