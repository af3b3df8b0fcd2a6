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
from itertools import islice

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
_LONG_LIST = 700
_RULE_WORDS_WITHIN = 12


@dataclass(frozen=True)
class Found:
    """What was found for a question: clauses and silent topics in the order of their score, the features of the best,
    and the place that the question is about when the base holds nothing for it."""

    snapshot: Snapshot
    clauses: tuple[tuple[ClauseText, Hit], ...]
    topics: tuple[tuple[TopicText, Hit], ...]
    features: Features
    elsewhere: str | None = None

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
        found = await self.find(question, as_of=as_of, region=region)
        decision = self.decide(found)
        if decision.why is not None:
            return self._decline(found, decision, as_of)
        return self._state(found, decision, as_of)

    def decide(self, found: Found) -> Decision:
        """Whether to answer with the best clause, or why not."""
        if found.elsewhere is not None:
            return Decision("other_region", 0.0)
        decision = self._judge.decide(found.features)
        if decision.why is None and found.best is None:
            return Decision("out_of_scope", 0.0)
        return decision

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
        elsewhere = _elsewhere(snapshot, self._language, question, as_of, region)
        return Found(snapshot, tuple(clauses), tuple(topics), Features.of(clauses, topics), elsewhere)

    def _state(self, found: Found, decision: Decision, as_of: date) -> Answer:
        clause = found.clauses[0][0]
        document = found.snapshot.documents[clause.document_id]
        below = found.snapshot.below(clause)
        return Answer(
            status="answered",
            why=None,
            text=_list_text(found.snapshot, clause) if below else f"{wording.LEAD_ONE}\n{clause.text}",
            notices=_notices(document, as_of),
            citations=(_citation(document, clause, as_of, whole=bool(below)),),
            suggestions=_suggestions(found, skip=clause),
            score=decision.score,
        )

    def _decline(self, found: Found, decision: Decision, as_of: date) -> Answer:
        why: Why = decision.why or "out_of_scope"
        if why == "other_region":
            return self._declined(why, wording.OTHER_REGION.format(region=found.elsewhere))
        if why == "out_of_scope":
            return self._declined(why, wording.OUT_OF_SCOPE, score=decision.score)
        nearest = _nearest(found)
        if nearest is None:
            return self._declined(why, wording.NOT_STATED, score=decision.score)
        document = found.snapshot.documents[nearest.document_id]
        return self._declined(
            why,
            f"{wording.NOT_STATED}{wording.NOT_STATED_NEAREST}",
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


def _elsewhere(snapshot: Snapshot, language: Language, question: str, as_of: date, region: str) -> str | None:
    """The place that the question is about and the base has nothing for; the asker's own when nothing applies there."""
    usable = snapshot.applicable(as_of, region)
    places = regions.mentioned(question)
    codes = [place.region.code for place in places]
    if any(regions.covers(code, region) or regions.covers(region, code) for code in codes):
        places = []
    held = {document.region for document in usable.values()}
    foreign = [place.region.name for place in places if place.region.code not in held and _asks_about(place, language)]
    return foreign[0] if foreign else None if usable else regions.find(region).name


def _asks_about(place: regions.Mention, language: Language) -> bool:
    """Whether a place is named for its rules (那边的条件呢), not as where somebody goes or comes from (去广州参展)."""
    after = place.after[:_RULE_WORDS_WITHIN]
    return not place.before.endswith(language.on_the_way) and any(word in after for word in language.rule_words)


def _nearest(found: Found) -> ClauseText | None:
    """The clause to show beside 'not stated': the silent topic's own, else the best found."""
    if found.topics and found.features.score_lead > 0:
        topic = found.topics[0][0]
        near = [found.snapshot.by_path.get((topic.document_id, path)) for path in topic.paths]
    else:
        near = [clause for clause, _ in found.clauses[:3]]
    # a heading alone tells nothing: of a clause with sub-clauses nothing is shown
    return next((clause for clause in near if clause is not None and not found.snapshot.below(clause)), None)


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
        return f"{wording.LEAD_LIST}\n{clause.whole}"
    items = [_first_sentence(item) for item in _all_below(snapshot, clause)]
    return "\n".join([wording.LEAD_LONG_LIST, clause.text, *items])


def _all_below(snapshot: Snapshot, clause: ClauseText) -> list[ClauseText]:
    return [item for child in snapshot.below(clause) for item in (child, *_all_below(snapshot, child))]


def _first_sentence(clause: ClauseText) -> str:
    if len(clause.text) <= _LONG_ITEM:
        return clause.text
    _, end = next(sentences(clause.text))
    return clause.text[:end]


def _suggestions(found: Found, *, skip: ClauseText | None) -> tuple[str, ...]:
    """One typical question of each of the next best clauses."""
    asked = found.snapshot.questions
    offered = (_plain_question(asked.get(clause.id, ())) for clause, _ in found.clauses if clause is not skip)
    return tuple(islice((question for question in offered if question), _SUGGESTIONS))


def _plain_question(questions: Sequence[str]) -> str | None:
    """The first question without a figure in it: an offered question must not look like a statement of one."""
    return next((question for question in questions if not any(char.isdigit() for char in question)), None)
