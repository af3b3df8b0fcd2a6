"""Finding the clauses nearest to a question among the documents that may be used, and the features to decide on.

Ranking and deciding are apart: what is found here is not yet an answer (see `knowledge.answering`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core import regions
from core.text import fold
from knowledge import english
from knowledge.decision import Features
from knowledge.indexing import allowed_items, clause_item, clause_of, topic_item, topic_of
from knowledge.known import Known
from knowledge.library import ClauseText, Snapshot, StoredDocument, TopicText
from search import Hit, Mode, Query, SearchIndex

CANDIDATES = 50
_SHARED = 2

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Scope:
    """Which documents may be used: those that apply on `as_of` to a firm of `region`, and of them `only` these ids."""

    as_of: date
    region: str
    only: frozenset[str] | None = None

    def documents(self, snapshot: Snapshot) -> Mapping[str, StoredDocument]:
        """The documents by their ids."""
        usable = snapshot.applicable(self.as_of, self.region)
        if self.only is None:
            return usable
        return {id: document for id, document in usable.items() if id in self.only}


@dataclass(frozen=True)
class Found:
    """What was found for a question: clauses and silent topics in the order of their score, the features of the best,
    the place that the question is about when the base holds nothing for it, and the question as it was read."""

    snapshot: Snapshot
    clauses: tuple[tuple[ClauseText, Hit], ...]
    topics: tuple[tuple[TopicText, Hit], ...]
    features: Features
    elsewhere: str | None = None
    question: str = ""
    synonyms: tuple[str, ...] = ()
    vector: NDArray[np.float32] | None = None
    ranks: Mapping[int, float] = field(default_factory=dict)
    """The scores of `knowledge.ranking` by clause id, of those that were ranked."""

    @property
    def best(self) -> ClauseText | None:
        return self.clauses[0][0] if self.clauses else None


@dataclass(frozen=True)
class Reading:
    """A question as it is looked for: slips put right, an English one in documents' words."""

    text: str
    is_english: bool
    expansions: tuple[str, ...]


def read(question: str, known: Known) -> Reading:
    """How a question is read. Nothing that is quoted changes by it."""
    text = known.language.correct(question)
    is_english = english.is_english(text)
    text = english.in_chinese(text) if is_english else known.vocabulary.correct(text)
    return Reading(text, is_english, known.language.expand(text))


class Finder:
    """Searches the index for readings. Called in a thread: encoding a question holds the processor."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index

    def find(self, reading: Reading, known: Known, scope: Scope, *, mode: Mode = "fusion") -> Found:
        """The nearest clauses and silent topics of the scope, at most `CANDIDATES`."""
        self._index.refresh()
        vector = self._index.encode_query(reading.text) if mode != "lexical" else None
        query = Query(reading.text, reading.expansions, vector)
        hits = self._index.search(query, _allowed(known.snapshot, scope), CANDIDATES, mode=mode)
        clauses, topics = _looked_up(hits, known.snapshot)
        ordered = _current(clauses, known.snapshot, scope)
        features = Features.of(ordered, topics)
        return Found(known.snapshot, ordered, topics, features, None, reading.text, reading.expansions, vector)

    def within(self, found: Found, document: StoredDocument, most: int) -> list[tuple[ClauseText, Hit]]:
        """The clauses of one document nearest to what a question says besides the document's own title.

        In a document on housing every clause is about housing: what tells them apart is the rest of the question.
        """
        title = fold(document.title)
        rest = without_title(found.question, title)
        if not rest.strip():
            return []
        more = tuple(term for term in found.synonyms if term not in title)
        hits = self._index.search(Query(rest, more, found.vector), items_of([document], ()), most)
        return _looked_up(hits, found.snapshot)[0]


def without_title(question: str, title: str) -> str:
    """A folded question without the runs of at least two characters that it shares with a folded title."""
    kept, at = "", 0
    while at < len(question):
        end = at + _SHARED
        if question[at:end].strip() and len(question[at:end]) == _SHARED and question[at:end] in title:
            while end < len(question) and question[at : end + 1] in title:
                end += 1
            kept, at = f"{kept} ", end
        else:
            kept, at = kept + question[at], at + 1
    return kept


def _allowed(snapshot: Snapshot, scope: Scope) -> Ids:
    if scope.only is None:
        return allowed_items(snapshot, scope.as_of, scope.region)
    documents = scope.documents(snapshot)
    return items_of(documents.values(), snapshot.topics.values())


def items_of(documents: Iterable[StoredDocument], topics: Iterable[TopicText]) -> Ids:
    """Index ids of some documents' clauses and of the topics they are silent on, ascending."""
    documents = list(documents)
    named = {document.id for document in documents}
    clauses = [clause_item(clause.id) for document in documents for clause in document.clauses]
    silent = [topic_item(topic.id) for topic in topics if not topic.stated and topic.document_id in named]
    return np.sort(np.array([*clauses, *silent], dtype=np.int64))


def _looked_up(
    hits: Sequence[Hit], snapshot: Snapshot
) -> tuple[list[tuple[ClauseText, Hit]], tuple[tuple[TopicText, Hit], ...]]:
    """The index only proposes: what the library does not hold any more is dropped here."""
    clauses, topics = [], []
    for hit in hits:
        if (clause := clause_of(snapshot, hit.id)) is not None:
            clauses.append((clause, hit))
        elif (topic := topic_of(snapshot, hit.id)) is not None:
            topics.append((topic, hit))
    return clauses, tuple(topics)


def _current(
    clauses: Sequence[tuple[ClauseText, Hit]], snapshot: Snapshot, scope: Scope
) -> tuple[tuple[ClauseText, Hit], ...]:
    """In place of an amendment's clause the one that it changes; each clause once, at its best place."""
    first: dict[int, tuple[ClauseText, Hit]] = {}
    for clause, hit in clauses:
        current = _amended(clause, snapshot, scope) or clause
        first.setdefault(current.id, (current, hit))
    return tuple(first.values())


def level(document: StoredDocument) -> int:
    """How near a document's region is: 0 the nation, 1 a province, 2 a city or a place in no table, 3 a county."""
    if document.region == regions.NATION:
        return 0
    if not document.region.isdigit():
        return 2
    return 1 if document.region.endswith("0000") else 2 if document.region.endswith("00") else 3


def _amended(clause: ClauseText, snapshot: Snapshot, scope: Scope) -> ClauseText | None:
    """The clause of a usable document that this one of an amendment changes, None for any other clause."""
    document = snapshot.documents[clause.document_id]
    usable = scope.documents(snapshot)
    for relation in document.relations:
        if relation.kind != "amends" or relation.target_id is None or relation.target_id not in usable:
            continue
        changed = next(
            (
                target
                for target in usable[relation.target_id].clauses
                if any(change.clause is clause for change in snapshot.amendments(target, scope.as_of))
            ),
            None,
        )
        if changed is not None:
            return changed
    return None


def among(found: Found, ids: Collection[int]) -> list[ClauseText]:
    """The clauses found that have one of these ids, nearest first."""
    return [clause for clause, _ in found.clauses if clause.id in ids]
