"""What the search floor is given of the library: several views a clause, and the typical questions.

Index ids: 2 x clause id for a clause, 2 x topic id + 1 for a topic that a document is silent on.

What is worked out of a document is kept beside it as long as the library holds it unchanged, so that after a change
only the documents that changed are looked at again.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import islice
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray

from core.text import fold, squeeze
from knowledge import typical, wording
from knowledge.clauses import parts, read_label, sentences
from knowledge.library import ClauseText, Library, Snapshot, StoredDocument, TopicText
from search import Item, View

SOURCE_NAME = "knowledge"
MOST_VIEWS = 40
"""The most views of a clause's own words; typical questions come on top."""

MADE = "3"
"""How items are made; part of every fingerprint: to be raised whenever views or keywords come out another way."""

_MIN_VIEW = 6  # a shorter piece says nothing on its own
_LONGEST_HEADING = 30
_KEPT_FILTERS = 256
_ITEMS_AT_ONCE = 200  # made before others get their turn
_ASKED = re.compile(
    r"\s*(?:问题?|[Qq]|Question)[\s\d一二三四五六七八九十]{0,4}[:：、.．]\s*(?P<question>[^\n]{2,200}?)\s*(?:答[:：]|\n|$)"
)
_ASKED_IN_ROW = re.compile(
    r"(?:^|；)(?:常见)?(?:问题|提问|问|[Qq]|[Qq]uestion)[^；：]{0,6}：(?P<question>[^；]{2,200})；"
    r"(?:答案?|解答|答复|回复|[Aa]|[Aa]nswer)[^；：]{0,6}："
)
_UNHEADED = frozenset({"passage", "table", "row", "back"})
_UNASKED = frozenset({"front", "table", "row", "back"})

_T = TypeVar("_T")


class _BesideDocuments(Generic[_T]):
    """A value for each document object, made once for what it depends on besides, and dropped with the object."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[ref[StoredDocument], bool, _T]] = {}

    def get(self, document: StoredDocument, given: bool, make: Callable[[], _T]) -> _T:
        """The document's value under `given`, made now if it is not there. Documents that are equal are still two."""
        key = id(document)
        kept = self._kept.get(key)
        if kept is None or kept[0]() is not document or kept[1] != given:
            kept = ref(document, lambda _: self._drop(key)), given, make()
            self._kept[key] = kept
        return kept[2]

    def _drop(self, key: int) -> None:
        kept = self._kept.get(key)
        if kept is not None and kept[0]() is None:
            del self._kept[key]


_Ids = NDArray[np.int64]
_fingerprints: _BesideDocuments[dict[int, str]] = _BesideDocuments()
_ids: _BesideDocuments[_Ids] = _BesideDocuments()
_allowed: WeakKeyDictionary[Snapshot, dict[tuple[date, str], _Ids]] = WeakKeyDictionary()
_silent: WeakKeyDictionary[Snapshot, dict[str, list[TopicText]]] = WeakKeyDictionary()


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
    """The library as a `search.Source`. Typical questions under review stay: the filter by date retires them."""

    name = SOURCE_NAME

    def __init__(self, library: Library) -> None:
        self._library = library

    async def fingerprints(self) -> dict[int, str]:
        snapshot = await self._library.snapshot()
        found: dict[int, str] = {}
        for document in snapshot.documents.values():
            found |= _fingerprints.get(document, _titled(snapshot), partial(_fingerprints_of, snapshot, document))
            await asyncio.sleep(0)
        return found

    async def items(self, ids: Sequence[int]) -> list[Item]:
        snapshot = await self._library.snapshot()
        found: list[Item] = []
        for made, item in enumerate(ids):
            if (clause := clause_of(snapshot, item)) is not None:
                found.append(_clause(snapshot, clause))
            elif (topic := topic_of(snapshot, item)) is not None and not topic.stated:
                found.append(_topic(topic))
            if made % _ITEMS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return found


def allowed_items(snapshot: Snapshot, as_of: date, region: str) -> NDArray[np.int64]:
    """Index ids of what may be used on a date for a region, ascending: int64, shape (n,). Read-only."""
    kept = _allowed.setdefault(snapshot, {})
    if (as_of, region) not in kept:
        if len(kept) >= _KEPT_FILTERS:
            kept.clear()
        kept[as_of, region] = _ascending(
            _ids.get(document, True, partial(_ids_of, snapshot, document))
            for document in snapshot.applicable(as_of, region).values()
        )
    return kept[as_of, region]


def _ascending(found: Iterable[_Ids]) -> _Ids:
    """All ids in one array. Runs in order are merged, so mostly sorted input costs little."""
    ids = np.concatenate([np.zeros(0, dtype=np.int64), *found])
    ids.sort(kind="stable")
    ids.flags.writeable = False
    return ids


def _ids_of(snapshot: Snapshot, document: StoredDocument) -> _Ids:
    clauses = [clause_item(clause.id) for clause in document.clauses]
    silent = [topic_item(topic.id) for topic in _silent_topics(snapshot, document)]
    return np.sort(np.array(clauses + silent, dtype=np.int64))


def _fingerprints_of(snapshot: Snapshot, document: StoredDocument) -> dict[int, str]:
    found = {clause_item(clause.id): _clause_fingerprint(snapshot, clause) for clause in document.clauses}
    return found | {topic_item(topic.id): _topic_fingerprint(topic) for topic in _silent_topics(snapshot, document)}


def _silent_topics(snapshot: Snapshot, document: StoredDocument) -> list[TopicText]:
    if snapshot not in _silent:
        topics: defaultdict[str, list[TopicText]] = defaultdict(list)
        for topic in snapshot.topics.values():
            if not topic.stated:
                topics[topic.document_id].append(topic)
        _silent[snapshot] = topics
    return _silent[snapshot].get(document.id, [])


# --- headings --------------------------------------------------------------------------------------------------------


def heading(clause: ClauseText) -> str:
    """The heading a clause begins with (`培育条件`), empty when its first line is a sentence."""
    first = clause.text.partition("\n")[0].strip()
    if clause.kind in _UNHEADED or len(first) > 3 * _LONGEST_HEADING:
        return ""
    label = read_label(first)
    if label is not None:
        first = first[label.width :].strip("*_ \t\u3000")
    return first if len(first) <= _LONGEST_HEADING and not first.endswith(("。", "；", "，", "：", ":")) else ""


def headings(snapshot: Snapshot, clause: ClauseText) -> list[str]:
    """The headings above a clause, outermost first, its own last; those without words left out."""
    found: list[str] = []
    above: ClauseText | None = clause
    while above is not None:
        found.append(heading(above))
        above = snapshot.above(above)
    return [words for words in reversed(found) if words]


# --- items -----------------------------------------------------------------------------------------------------------


def _clause_fingerprint(snapshot: Snapshot, clause: ClauseText) -> str:
    """Changes with everything that the item is made of; far quicker than to make it."""
    said = (clause.kind, _title(snapshot, clause), *headings(snapshot, clause), clause.text, clause.context)
    return _digest((*said, *_questions(snapshot, clause)))


def _topic_fingerprint(topic: TopicText) -> str:
    return _digest(("topic", topic.name, *topic.questions))


def _digest(said: Iterable[str]) -> str:
    return hashlib.sha256("\0".join((MADE, *said)).encode("utf-8", "surrogatepass")).hexdigest()


def _titled(snapshot: Snapshot) -> bool:
    """Whether titles tell clauses apart: several documents have the same clause, one document is only itself."""
    return len(snapshot.documents) > 1


def _title(snapshot: Snapshot, clause: ClauseText) -> str:
    return snapshot.documents[clause.document_id].title if _titled(snapshot) else ""


def _questions(snapshot: Snapshot, clause: ClauseText) -> list[str]:
    """What is asked and this clause answers: typical questions, its own question, the question for its list."""
    found = [*snapshot.questions.get(clause.id, ())]
    if not found and clause.kind not in _UNASKED:
        found += typical.questions(_title(snapshot, clause), heading(clause), clause.text)
    if asked := _own_question(clause):
        found.append(asked)
    own = heading(clause)
    if own and sum(below.kind not in _UNHEADED for below in snapshot.below(clause)) > 1:
        found += wording.clause_list_question(own)
    return found


def _own_question(clause: ClauseText) -> str | None:
    """The question of a clause that is a question with its answer, in text or in a table."""
    if clause.kind == "row":
        match = _ASKED_IN_ROW.search(clause.context)
    else:
        label = read_label(clause.text[:300])
        match = _ASKED.match(clause.text, label.width if label else 0, 300)
    return match["question"] if match else None


def _clause(snapshot: Snapshot, clause: ClauseText) -> Item:
    above = " ".join(headings(snapshot, clause))
    said = clause.context if clause.kind in ("table", "row") and clause.context else clause.text
    views = [View(f"{above} {said}" if above else said, "whole"), *_pieces(clause, said)]
    views += [View(question, "question") for question in _questions(snapshot, clause)]
    own = [_title(snapshot, clause), above, said, *([clause.text] if said != clause.text else [])]
    return _item(clause_item(clause.id), _clause_fingerprint(snapshot, clause), views, "\n".join(own))


def _topic(topic: TopicText) -> Item:
    views = [View(text, "question") for text in topic.questions]
    return _item(topic_item(topic.id), _topic_fingerprint(topic), views, topic.name)


def _pieces(clause: ClauseText, said: str) -> Iterator[View]:
    """What a clause says piece by piece, as far as it was not said before; a row's cells do not stand alone."""
    if clause.kind in ("table", "row"):
        yield from [View(said, "sentence")]
    else:
        yield from islice(_sentences_and_parts(said), MOST_VIEWS - 1)


def _sentences_and_parts(text: str) -> Iterator[View]:
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


def _item(item_id: int, fingerprint: str, views: Sequence[View], own: str) -> Item:
    asked = "\n".join(view.text for view in views if view.kind == "question")
    return Item(item_id, fingerprint, tuple(views), fold(f"{own}\n{asked}"))
