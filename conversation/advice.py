"""Puts an answer together. `/questions`, `/chat`, `qiban ask` and the evaluation all call this.

What the documents say comes from `knowledge`; where the asker gives figures of his own firm and asks whether they are
enough, `assessment` computes, and the answer shows the computation with the clause it rests on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from assessment import reasons
from assessment.desk import Assessor
from assessment.evaluation import Assessment, ConditionVerdict
from conversation import wording
from conversation.hearing import Heard, hear
from conversation.intents import MAX_QUESTION
from core import regions
from core.clock import Clock
from core.errors import BadInput
from core.text import clean, fold
from core.truth import Truth
from firms import criteria
from firms.criteria import Judgement
from firms.facts import ImpossibleFacts, Key
from firms.figures import Situation
from firms.shown import value_text
from knowledge import wording as knowledge_wording
from knowledge.answer import Answer, Citation, Computed
from knowledge.answering import Answerer

_ENOUGH = re.compile(wording.ENOUGH_PATTERN)


class EmptyQuestion(BadInput):
    """The question holds no text."""

    code = "empty_question"
    default = knowledge_wording.EMPTY_QUESTION


class QuestionTooLong(BadInput):
    """The question is longer than `MAX_QUESTION` characters."""

    code = "question_too_long"
    default = knowledge_wording.TOO_LONG.format(limit=MAX_QUESTION)


@dataclass(frozen=True)
class _Line:
    """A condition that the asker's figures bear on: what is said, what is computed, what is quoted."""

    text: str
    computed: Computed
    citation: Citation | None


class Advisor:
    """Answers a question as of a date for a region; both default to the service's own."""

    def __init__(self, answerer: Answerer, assessor: Assessor, clock: Clock, *, home_region: str) -> None:
        self._answerer = answerer
        self._assessor = assessor
        self._clock = clock
        self._home = home_region

    async def answer(self, text: str, *, as_of: date | None = None, region: str | None = None) -> Answer:
        """The answer to one question. Raises EmptyQuestion, QuestionTooLong."""
        question = clean(text).strip()
        if not question:
            raise EmptyQuestion()
        if len(question) > MAX_QUESTION:
            raise QuestionTooLong()
        day, place = as_of or self._clock.today(), region or self._home
        answer = await self._answerer.answer(question, as_of=day, region=place)
        if answer.why == "other_region" or not asks_whether_enough(question):
            return answer
        return await self._computed(answer, hear(question, self._assessor.catalogue, today=day), day, place)

    async def _computed(self, answer: Answer, heard: Heard, day: date, place: str) -> Answer:
        """The answer with what the asker's figures come to; the answer as it is when they bear on nothing."""
        scheme = self._assessor.scheme()
        if not heard.facts or not regions.covers(scheme.region, place):
            return answer
        facts = heard.to_facts()
        try:
            assessment = await self._assessor.assess(facts, scheme_id=scheme.id, as_of=day)
        except ImpossibleFacts as error:
            return replace(answer, notices=(*answer.notices, error.message))
        situation = Situation(facts, day, self._assessor.catalogue)
        lines = [line for verdict in assessment.conditions for line in _lines(verdict, assessment, situation, heard)]
        return _joined(answer, assessment, lines, heard, self._assessor) if lines else answer


def asks_whether_enough(question: str) -> bool:
    """Whether somebody asks if his own figures will do."""
    return _ENOUGH.search(fold(question)) is not None


def _lines(verdict: ConditionVerdict, assessment: Assessment, situation: Situation, heard: Heard) -> list[_Line]:
    """What the figures come to for one condition; nothing where they do not bear on it, or not alone."""
    judgement = criteria.judge(assessment.scheme.condition(verdict.id).rule, situation)
    atoms = [atom for atom in judgement.atoms() if atom.measured and _bears(atom, heard, situation)]
    numbers = {fact.key for fact in heard.facts}
    if not atoms and (said := _beside(judgement, heard, situation)) and judgement.all_notes():
        text = wording.COMPUTED_READINGS.format(title=verdict.title, reason="".join(judgement.all_notes()))
        return [_Line(text, _figure(verdict, assessment, said, ""), verdict.citation)]
    if not atoms or not set(verdict.needs) <= {("industry", None), *numbers}:
        return []
    if ("industry", None) in verdict.needs:
        return [_open_line(verdict, assessment, judgement)]
    main = reasons.main_atom(judgement) or atoms[0]
    if verdict.verdict is Truth.UNKNOWN and verdict.readings:
        text = wording.COMPUTED_READINGS.format(title=verdict.title, reason=verdict.reason)
        return [_Line(text, _figure(verdict, assessment, main.given, main.threshold), verdict.citation)]
    text = wording.COMPUTED[verdict.verdict.value].format(
        title=verdict.title, given=main.given, bound=main.bound, gap=_gap_text(verdict, main)
    )
    return [_Line(text, _figure(verdict, assessment, main.given, main.threshold), verdict.citation)]


def _bears(atom: Judgement, heard: Heard, situation: Situation) -> bool:
    """Whether a figure that was said is among what the atom was worked out from, and gives it a value."""
    said: set[Key] = {fact.key for fact in heard.facts}
    return atom.measured is not None and atom.measured.value is not None and bool(said & set(atom.measured.sources))


def _beside(judgement: Judgement, heard: Heard, situation: Situation) -> str:
    """The figure that was said of a fact for which the text sets no bound in the firm's case."""
    named = set(criteria.subjects(judgement.rule))
    return next(
        (value_text(fact.value, situation.catalogue.fact(fact.key[0])) for fact in heard.facts if fact.key[0] in named),
        "",
    )


def _open_line(verdict: ConditionVerdict, assessment: Assessment, judgement: Judgement) -> _Line:
    """Without an industry: what it comes to in each."""
    cases = [(part, part.when) for part in judgement.parts if part.when is not None and part.atoms()]
    said = []
    for part, when in cases:
        atom = part.atoms()[0]
        gap = wording.COMPUTED_GAP.format(gap=atom.gap) if atom.gap else ""
        case = wording.COMPUTED_CASE[part.truth.value]
        said.append(case.format(industry=when.threshold if when else "", bound=atom.bound, gap=gap))
    given = next((part.atoms()[0].given for part, _ in cases), "")
    required = wording.JOIN.join(f"{when.threshold}{part.atoms()[0].threshold}" for part, when in cases if when)
    text = wording.COMPUTED_OPEN.format(title=verdict.title, given=given, cases=wording.CASES_APART.join(said))
    gaps = [f"{when.threshold}{part.atoms()[0].gap}" for part, when in cases if when and part.atoms()[0].gap]
    figure = replace(_figure(verdict, assessment, given, required), gap=wording.JOIN.join(gaps) or None)
    return _Line(text, figure, verdict.citation)


def _gap_text(verdict: ConditionVerdict, atom: Judgement) -> str:
    return wording.COMPUTED_GAP.format(gap=atom.gap) if verdict.verdict is Truth.NOT_MET and atom.gap else ""


def _figure(verdict: ConditionVerdict, assessment: Assessment, given: str, required: str) -> Computed:
    main_gap = verdict.gap.split("（")[0] if verdict.gap else None
    return Computed(assessment.scheme.id, verdict.id, verdict.verdict.value, given, required, main_gap)


def _joined(answer: Answer, assessment: Assessment, lines: Sequence[_Line], heard: Heard, assessor: Assessor) -> Answer:
    """The computation first, then the clauses it rests on, word by word; then what else was found."""
    citations = {(c.start, c.end): c for c in (line.citation for line in lines) if c is not None}
    parts = [wording.COMPUTED_LEAD, *(line.text for line in lines)]
    unnamed = [fact for fact in heard.facts if not fact.named]
    if unnamed:
        labels = dict.fromkeys(assessor.catalogue.fact(fact.key[0]).name for fact in unnamed)
        parts.append(wording.COMPUTED_ASSUMED.format(labels=wording.JOIN.join(labels)))
    if any(line.computed.verdict == "unknown" and heard.industry is None for line in lines):
        parts.append(wording.COMPUTED_ASK_INDUSTRY)
    parts += [knowledge_wording.LEAD_ONE, *(citation.quote for citation in citations.values())]
    notices = assessment.notices
    others = [c for c in answer.citations if c.clause not in {known.clause for known in citations.values()}]
    if answer.status == "answered" and others:
        parts += ["", answer.text]
        notices = tuple(dict.fromkeys((*notices, *(() if assessment.document else answer.notices))))
    return replace(
        answer,
        status="answered",
        why=None,
        text="\n".join(parts),
        notices=notices,
        citations=(*citations.values(), *(others if answer.status == "answered" else ())),
        computed=tuple(line.computed for line in lines),
    )
