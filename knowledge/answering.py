"""From a question to an answer: find, decide whether the base says it, quote.

Finding ranks; whether to answer at all is decided apart, by a calibrated probability (see `knowledge.decision`).
Nothing is said that is not in a quoted clause: the words around quotes are fixed copy with titles, labels and dates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date

from core import regions
from core.text import squeeze
from knowledge import wording
from knowledge.answer import Answer, Citation, Why
from knowledge.base import Desk
from knowledge.clauses import sentences
from knowledge.decision import Decision, Features, Judge
from knowledge.indexing import allowed_items, clause_of, topic_of
from knowledge.language import Language
from knowledge.library import ClauseText, Library, Snapshot, StoredDocument, TopicText
from search import Hit, Mode, Query, SearchIndex

_CANDIDATES = 50
_SUGGESTIONS = 3
_LONG_ITEM = 120
_LONG_LIST = 1200


@dataclass(frozen=True)
class Found:
    """What was found for a question: clauses and silent topics in the order of their score, and the features of
    the best."""

    snapshot: Snapshot
    clauses: tuple[tuple[ClauseText, Hit], ...]
    topics: tuple[tuple[TopicText, Hit], ...]
    features: Features

    @property
    def best(self) -> ClauseText | None:
        return self.clauses[0][0] if self.clauses else None


class Answerer:
    """Answers from the library. `executor` runs encoding and searching, which hold the processor."""

    def __init__(
        self, library: Library, index: SearchIndex, language: Language, judge: Judge, desk: Desk, executor: Executor
    ) -> None:
        self._library = library
        self._index = index
        self._language = language
        self._judge = judge
        self._desk = desk
        self._executor = executor

    async def answer(self, question: str, *, as_of: date, region: str) -> Answer:
        """The answer to a question for a firm of `region` (code or unknown name) on a date."""
        snapshot = await self._library.snapshot()
        elsewhere = self._elsewhere(snapshot, question, region)
        if elsewhere is not None:
            return self._declined("other_region", wording.OTHER_REGION.format(region=elsewhere))
        if not snapshot.applicable(as_of, region):
            return self._declined("other_region", wording.NOTHING_HERE)
        found = await self.find(question, as_of=as_of, region=region)
        decision = self._judge.decide(found.features)
        if decision.why is not None or found.best is None:
            return self._decline(found, decision, as_of)
        return self._state(found, decision, as_of)

    async def find(self, question: str, *, as_of: date, region: str, mode: Mode = "fusion") -> Found:
        """The clauses and silent topics nearest to a question, of documents that may be used."""
        snapshot = await self._library.snapshot()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._search, snapshot, question, as_of, region, mode)

    def _search(self, snapshot: Snapshot, question: str, as_of: date, region: str, mode: Mode) -> Found:
        self._index.refresh()
        corrected = self._language.correct(question)
        vector = self._index.encode_query(corrected) if mode != "lexical" else None
        query = Query(corrected, self._language.expand(corrected), vector)
        hits = self._index.search(query, allowed_items(snapshot, as_of, region), _CANDIDATES, mode=mode)
        clauses: list[tuple[ClauseText, Hit]] = []
        topics: list[tuple[TopicText, Hit]] = []
        for hit in hits:  # the index only proposes: what the library does not hold any more is dropped here
            if (clause := clause_of(snapshot, hit.id)) is not None:
                clauses.append((clause, hit))
            elif (topic := topic_of(snapshot, hit.id)) is not None:
                topics.append((topic, hit))
        clauses.sort(key=lambda item: snapshot.documents[item[0].document_id].expired(as_of))
        return Found(snapshot, tuple(clauses), tuple(topics), Features.of(clauses, topics))

    def _elsewhere(self, snapshot: Snapshot, question: str, region: str) -> str | None:
        """The name of a place the question is about, when it lies outside and the base has nothing for it."""
        own = {document.region for document in snapshot.documents.values()}
        for place in regions.mentioned(question):
            if regions.covers(place.code, region) or regions.covers(region, place.code):
                return None
            if place.code not in own:
                return place.name
        return None

    def _state(self, found: Found, decision: Decision, as_of: date) -> Answer:
        clause = found.clauses[0][0]
        document = found.snapshot.documents[clause.document_id]
        below = found.snapshot.below(clause)
        lead = (wording.LEAD_LIST if below else wording.LEAD_ONE).format(document=document.title, label=clause.label)
        body = _list_text(found.snapshot, clause) if below else clause.text
        return Answer(
            status="answered",
            why=None,
            text=f"{lead}\n{body}",
            notices=_notices(document, as_of),
            citations=(_citation(document, clause, as_of, whole=bool(below)),),
            suggestions=_suggestions(found, skip=clause),
            score=decision.score,
        )

    def _decline(self, found: Found, decision: Decision, as_of: date) -> Answer:
        why: Why = decision.why or "out_of_scope"
        if why != "not_stated":
            return self._declined(why, wording.OUT_OF_SCOPE, score=decision.score)
        nearest = _nearest(found)
        if nearest is None:
            return self._declined(why, wording.NOT_STATED, score=decision.score)
        document = found.snapshot.documents[nearest.document_id]
        near = wording.NOT_STATED_NEAREST.format(document=document.title, label=nearest.label)
        return self._declined(
            why,
            f"{wording.NOT_STATED}{near}",
            score=decision.score,
            notices=_notices(document, as_of),
            citations=(_citation(document, nearest, as_of, whole=False),),
            suggestions=_suggestions(found, skip=None),
        )

    def _declined(
        self,
        why: Why,
        text: str,
        *,
        score: float = 0.0,
        notices: tuple[str, ...] = (),
        citations: tuple[Citation, ...] = (),
        suggestions: tuple[str, ...] = (),
    ) -> Answer:
        ask = wording.ASK_DESK_CONTACT if self._desk.contact else wording.ASK_DESK
        whom = ask.format(desk=self._desk.name, contact=self._desk.contact)
        return Answer("declined", why, f"{text}\n{whom}", notices, citations, (), suggestions, score)


def _nearest(found: Found) -> ClauseText | None:
    """The clause to show beside 'not stated': the silent topic's own, else the best found."""
    if found.topics and found.features.topic_lead > 0:
        topic = found.topics[0][0]
        paths = [found.snapshot.by_path.get((topic.document_id, path)) for path in topic.paths]
        return next((clause for clause in paths if clause is not None), None)
    return found.best


def _notices(document: StoredDocument, as_of: date) -> tuple[str, ...]:
    if document.valid_to is not None and document.expired(as_of):
        return (wording.expired(document.title, document.valid_to),)
    return ()


def _citation(document: StoredDocument, clause: ClauseText, as_of: date, *, whole: bool) -> Citation:
    end = clause.whole_end if whole else clause.end
    return Citation(
        document_id=document.id,
        document=document.title,
        clause=clause.path,
        label=clause.label,
        quote=document.text[clause.start : end],
        start=clause.start,
        end=end,
        page=None,
        in_force=document.in_force(as_of),
        valid_from=document.valid_from,
        valid_to=document.valid_to,
    )


def _list_text(snapshot: Snapshot, clause: ClauseText) -> str:
    """The whole list, literally; where that is too long for a phone, each long item by its first sentence."""
    if len(squeeze(clause.whole)) <= _LONG_LIST:
        return clause.whole
    return "\n".join([clause.text, *(_first_sentences(item) for item in _all_below(snapshot, clause))])


def _all_below(snapshot: Snapshot, clause: ClauseText) -> list[ClauseText]:
    return [item for child in snapshot.below(clause) for item in (child, *_all_below(snapshot, child))]


def _first_sentences(clause: ClauseText) -> str:
    if len(clause.text) <= _LONG_ITEM:
        return clause.text
    _, end = next(sentences(clause.text))
    return clause.text[:end]


def _suggestions(found: Found, *, skip: ClauseText | None) -> tuple[str, ...]:
    """One typical question of each of the next best clauses."""
    offered: Sequence[str] = [
        asked[0]
        for clause, _ in found.clauses
        if clause is not skip and (asked := found.snapshot.questions.get(clause.id))
    ]
    return tuple(offered[:_SUGGESTIONS])
