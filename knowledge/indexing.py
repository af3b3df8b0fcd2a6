"""What the search floor is given of the library: several views a clause, and the typical questions.

Index ids: 2 x clause id for a clause, 2 x topic id + 1 for a topic that a document is silent on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.text import fold, squeeze
from knowledge import wording
from knowledge.clauses import parts, sentences
from knowledge.library import ClauseText, Library, Snapshot, TopicText
from search import Item, View

SOURCE_NAME = "knowledge"
_MIN_VIEW = 6  # a shorter piece says nothing on its own


def clause_item(clause_id: int) -> int:
    return 2 * clause_id


def topic_item(topic_id: int) -> int:
    return 2 * topic_id + 1


def clause_of(snapshot: Snapshot, item: int) -> ClauseText | None:
    """The clause an index id stands for, None when it stands for a topic or for nothing any more."""
    return snapshot.clauses.get(item // 2) if item % 2 == 0 else None


def topic_of(snapshot: Snapshot, item: int) -> TopicText | None:
    """The silent topic an index id stands for."""
    return snapshot.topics.get(item // 2) if item % 2 else None


class KnowledgeSource:
    """The library as a `search.Source`."""

    name = SOURCE_NAME

    def __init__(self, library: Library) -> None:
        self._library = library

    async def fingerprints(self) -> dict[int, str]:
        snapshot = await self._library.snapshot()
        return {item.id: item.fingerprint for item in _items(snapshot)}

    async def items(self, ids: Sequence[int]) -> list[Item]:
        snapshot, wanted = await self._library.snapshot(), set(ids)
        return [item for item in _items(snapshot) if item.id in wanted]


@lru_cache(maxsize=64)
def allowed_items(snapshot: Snapshot, as_of: date, region: str) -> NDArray[np.int64]:
    """Index ids of what may be used on a date for a region, ascending: int64, shape (n,). Not to be changed."""
    usable = snapshot.applicable(as_of, region)
    clauses = [clause_item(clause.id) for document in usable.values() for clause in document.clauses]
    silent = [
        topic_item(topic.id) for topic in snapshot.topics.values() if not topic.stated and topic.document_id in usable
    ]
    return np.sort(np.array(clauses + silent, dtype=np.int64))


def _items(snapshot: Snapshot) -> Iterator[Item]:
    for clause in snapshot.clauses.values():
        yield _clause(snapshot, clause)
    for topic in snapshot.topics.values():
        if not topic.stated:
            yield _item(topic_item(topic.id), [View(text, "question") for text in topic.questions], topic.name)


def heading(clause: ClauseText) -> str:
    """The heading a clause begins with (`培育条件`), empty when its first line is a sentence."""
    first = clause.text.splitlines()[0]
    last_label = clause.label.split()[-1] if clause.label else ""
    for start in range(len(last_label)):
        if first.startswith(last_label[start:]):
            first = first[len(last_label) - start :].strip()
            break
    return first if len(first) <= 30 and not first.endswith(("。", "；", "，", "：", ":")) else ""


def headings(snapshot: Snapshot, clause: ClauseText) -> list[str]:
    """The headings above a clause, outermost first, its own last; those without words left out."""
    above = snapshot.above(clause)
    return [*(headings(snapshot, above) if above else []), *filter(None, [heading(clause)])]


def _clause(snapshot: Snapshot, clause: ClauseText) -> Item:
    questions = list(snapshot.questions.get(clause.id, ()))
    own = heading(clause)
    if own and len(snapshot.below(clause)) > 1:
        questions += wording.clause_list_question(own)
    context = " ".join(headings(snapshot, clause))
    views = [View(f"{context} {clause.text}" if context else clause.text, "whole"), *_pieces(clause.text)]
    views += [View(question, "question") for question in questions]
    return _item(clause_item(clause.id), views, f"{context}\n{clause.text}")


def _pieces(text: str) -> Iterator[View]:
    """The sentences, then the parts between commas, that are long enough to say something and not said already."""
    seen = {squeeze(text)}
    for start, end in sentences(text):
        if _new(text[start:end], seen):
            yield View(text[start:end], "sentence")
    for start, end in parts(text):
        if _new(text[start:end], seen):
            yield View(text[start:end], "part")


def _new(piece: str, seen: set[str]) -> bool:
    key = squeeze(piece)
    if len(key) < _MIN_VIEW or key in seen:
        return False
    seen.add(key)
    return True


def _item(item_id: int, views: Sequence[View], own: str) -> Item:
    asked = "\n".join(view.text for view in views if view.kind == "question")
    lexical = fold(f"{own}\n{asked}")
    digest = hashlib.sha256(lexical.encode("utf-8", "surrogatepass"))
    for view in views:
        digest.update(f"\0{view.kind}\0{view.text}".encode("utf-8", "surrogatepass"))
    return Item(item_id, digest.hexdigest(), tuple(views), lexical)
