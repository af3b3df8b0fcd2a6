"""Puts an answer together. `/questions`, `/chat`, `qiban ask` and the evaluation all call this.

What the documents say comes from `knowledge`; where the asker gives figures of his own firm and asks whether they are
enough, `assessment` computes, and the answer shows the computation with the clause it rests on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from assessment import reasons
from assessment.desk import Assessor
from assessment.evaluation import Assessment, ConditionVerdict
from conversation import wording
from conversation.answers import is_question
from conversation.hearing import Heard, hear
from conversation.intents import MAX_QUESTION
from conversation.told import Told, told_key
from core import regions
from core.clock import Clock
from core.errors import BadInput
from core.spans import Span
from core.text import clean, fold
from core.truth import Truth
from firms import criteria
from firms.criteria import Atom, Judgement
from firms.facts import ImpossibleFacts, Key
from firms.figures import Situation
from firms.shown import number, value_text
from knowledge import wording as knowledge_wording
from knowledge.answer import Answer, Citation, Computed
from knowledge.answering import Answerer, Asked
from knowledge.composing import Composer
from knowledge.joining import joined
from knowledge.understanding import MOST_QUESTIONS

_ENOUGH = re.compile(wording.ENOUGH_PATTERN)
_SAID_TOGETHER = "，"


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

    def __init__(
        self,
        answerer: Answerer,
        assessor: Assessor,
        clock: Clock,
        *,
        home_region: str,
        composer: Composer | None = None,
    ) -> None:
        self._composer = composer
        self._answerer = answerer
        self._assessor = assessor
        self._clock = clock
        self._home = home_region

    async def answer(
        self,
        text: str,
        *,
        as_of: date | None = None,
        region: str | None = None,
        history: Sequence[str] = (),
        asker: str | None = None,
    ) -> Answer:
        """The answer to a message: each of its questions in order, in one answer.

        `history` are the asker's earlier messages, newest last: a question that leans on one (那软件企业呢) is
        completed by it. With a composer a language model may word the answer for an `asker` (a key of the person, for
        the budget), held to the clauses. Raises EmptyQuestion, QuestionTooLong.
        """
        question = clean(text).strip()
        if not question:
            raise EmptyQuestion()
        if len(question) > MAX_QUESTION:
            raise QuestionTooLong()
        day, place = as_of or self._clock.today(), region or self._home
        understood = await self._answerer.understand(question, as_of=day, region=place, history=history)
        parts = self._with_figures_together(understood.questions, day)
        answers = [await self._one(asked, day, place, history) for asked in parts]
        answer = joined([asked.text for asked in parts], answers, more=understood.more, most=MOST_QUESTIONS)
        if self._composer is None or asker is None or len(parts) > 1:
            return answer
        return await self._composer.compose(parts[0].text, answer, asker)

    def _with_figures_together(self, questions: Sequence[Asked], day: date) -> list[Asked]:
        """The questions, those whether the asker's figures will do as one: what is said of a firm belongs together."""
        asking = [asked for asked in questions if self._gives_figures(asked, day)]
        if len(asking) < 2:
            return list(questions)
        one = Asked(_SAID_TOGETHER.join(asked.text for asked in asking))
        return [
            one if asked is asking[0] else asked for asked in questions if asked is asking[0] or asked not in asking
        ]

    def _gives_figures(self, asked: Asked, day: date) -> bool:
        heard = hear(asked.text, self._assessor.catalogue, today=day)
        return asks_whether_enough(asked.text) and heard.says_anything

    async def _one(self, asked: Asked, day: date, place: str, history: Sequence[str]) -> Answer:
        answer = await self._answerer.answer(asked, as_of=day, region=place)
        if answer.why == "other_region" or not asks_whether_enough(asked.text):
            return answer
        return await self._computed(answer, self._heard(asked, history, day), day, place)

    def _heard(self, asked: Asked, history: Sequence[str], day: date) -> Heard:
        """What a question says of the asker's firm; its industry may have been said before, as a statement."""
        heard = hear(asked.text, self._assessor.catalogue, today=day)
        if heard.industry is not None or not heard.says_anything:
            return heard
        earlier = (
            hear(said, self._assessor.catalogue, today=day) for said in reversed(history) if not is_question(said)
        )
        return replace(heard, industry=next((said.industry for said in earlier if said.industry), None))

    async def _computed(self, answer: Answer, heard: Heard, day: date, place: str) -> Answer:
        """The answer with what the asker's figures come to; the answer as it is when they bear on nothing."""
        scheme = self._assessor.scheme()
        if not heard.says_anything or not regions.covers(scheme.region, place):
            return answer
        facts = heard.to_facts()
        try:
            assessment = await self._assessor.assess(facts, scheme_id=scheme.id, as_of=day)
        except ImpossibleFacts as error:
            return replace(answer, notices=(*answer.notices, error.message))
        situation = Told(facts, day, self._assessor.catalogue, dict(heard.told))
        lines = [line for verdict in assessment.conditions for line in _lines(verdict, assessment, situation, heard)]
        return _joined(answer, assessment, lines, heard, self._assessor) if lines else answer


def asks_whether_enough(question: str) -> bool:
    """Whether somebody asks if his own figures will do."""
    return _ENOUGH.search(fold(question)) is not None


def _lines(verdict: ConditionVerdict, assessment: Assessment, situation: Situation, heard: Heard) -> list[_Line]:
    """What the figures come to for one condition; nothing where they do not bear on it."""
    judgement = criteria.judge(assessment.scheme.condition(verdict.id).rule, situation)
    atoms = [atom for atom in judgement.atoms() if atom.measured and _bears(atom, heard)]
    if not atoms and (said := _beside(judgement, heard, situation)) and judgement.all_notes():
        text = wording.COMPUTED_READINGS.format(title=verdict.title, reason="".join(judgement.all_notes()))
        return [_Line(text, _figure(verdict, assessment, judgement.truth, said, ""), verdict.citation)]
    if not atoms:
        return []
    if ("industry", None) in judgement.needs:
        return [_open_line(verdict, assessment, judgement)]
    numbers = {fact.key for fact in heard.facts}
    if not set(judgement.needs) <= numbers:
        telling = sorted(filter(_tells, atoms), key=lambda atom: not _is_exact(atom))
        return [_part_line(verdict, assessment, judgement, telling[0], situation)] if telling else []
    return [_decided_line(verdict, assessment, judgement, atoms, situation)]


def _decided_line(
    verdict: ConditionVerdict,
    assessment: Assessment,
    judgement: Judgement,
    atoms: Sequence[Judgement],
    situation: Situation,
) -> _Line:
    """What is decided by what was said, or open only because it was said roughly or can be read in several ways."""
    main = reasons.main_atom(judgement) or atoms[0]
    figure = _figure(verdict, assessment, judgement.truth, main.given, main.threshold, _gap(judgement, situation))
    if judgement.truth is Truth.UNKNOWN and verdict.readings and len({atom.given for atom in atoms}) > 1:
        reason = reasons.reason(judgement, assessment.scheme.reading_names, situation)
        return _Line(wording.COMPUTED_READINGS.format(title=verdict.title, reason=reason), figure, verdict.citation)
    text = wording.COMPUTED[judgement.truth.value].format(
        title=verdict.title, given=main.given, bound=main.bound, gap=_gap_text(judgement.truth, main)
    )
    return _Line(text, figure, verdict.citation)


def _part_line(
    verdict: ConditionVerdict,
    assessment: Assessment,
    judgement: Judgement,
    atom: Judgement,
    situation: Situation,
) -> _Line:
    """What was said bears on a condition and does not decide it: how far it goes, and what is still to be known."""
    needs = reasons.needs_text(judgement.needs, situation)
    short = _missing(atom) if atom.truth is not Truth.MET else None
    text = wording.COMPUTED_PART.format(
        title=verdict.title,
        given=atom.given,
        bound=atom.bound,
        short=wording.COMPUTED_SHORT.format(gap=short) if short else "",
        needs=needs,
    )
    return _Line(
        text, _figure(verdict, assessment, judgement.truth, atom.given, atom.threshold, short), verdict.citation
    )


def _tells(atom: Judgement) -> bool:
    """Whether what was said narrows a figure down: not when it may still be next to nothing or without end."""
    value = atom.measured.value if atom.measured else None
    if not isinstance(value, Span):
        return value is not None
    return value.high is not None or (value.low is not None and value.low > 0)


def _is_exact(atom: Judgement) -> bool:
    value = atom.measured.value if atom.measured else None
    return isinstance(value, Span) and value.is_point


def _missing(atom: Judgement) -> str | None:
    """What is missing to a threshold from the least that was said (至少2项 of 3项), as text with its unit."""
    value = atom.measured.value if atom.measured else None
    rule = atom.rule
    if atom.gap is not None or not isinstance(rule, Atom) or not isinstance(rule.operand, Fraction):
        return atom.gap
    if rule.operator != ">=" or not isinstance(value, Span) or value.low is None or value.low >= rule.operand:
        return None
    unit = atom.threshold.removeprefix(number(rule.operand))
    return number(rule.operand - value.low) + unit


def _bears(atom: Judgement, heard: Heard) -> bool:
    """Whether a figure that was said is among what the atom was worked out from, and gives it a value."""
    said: set[Key] = {fact.key for fact in heard.facts} | {told_key(name) for name, _ in heard.told}
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
    figure = _figure(verdict, assessment, judgement.truth, given, required, wording.JOIN.join(gaps) or None)
    return _Line(text, figure, verdict.citation)


def _gap_text(truth: Truth, atom: Judgement) -> str:
    return wording.COMPUTED_GAP.format(gap=atom.gap) if truth is Truth.NOT_MET and atom.gap else ""


def _gap(judgement: Judgement, situation: Situation) -> str | None:
    """What is missing, without what would make it up."""
    gap = reasons.gap(judgement, situation)
    return gap.split("（")[0] if gap else None


def _figure(
    verdict: ConditionVerdict, assessment: Assessment, truth: Truth, given: str, required: str, gap: str | None = None
) -> Computed:
    return Computed(assessment.scheme.id, verdict.id, truth.value, given, required, gap)


def _joined(answer: Answer, assessment: Assessment, lines: Sequence[_Line], heard: Heard, assessor: Assessor) -> Answer:
    """The computation first, then the clauses it rests on, word by word; then what else was found."""
    citations = {(c.start, c.end): c for c in (line.citation for line in lines) if c is not None}
    parts = [wording.COMPUTED_LEAD, *(line.text for line in lines)]
    unnamed = [fact for fact in heard.facts if not fact.named]
    if unnamed:
        labels = dict.fromkeys(assessor.catalogue.fact(fact.key[0]).name for fact in unnamed)
        parts.append(wording.COMPUTED_ASSUMED.format(labels=wording.JOIN.join(labels)))
    if heard.told:
        parts.append(wording.COMPUTED_TOLD)
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
