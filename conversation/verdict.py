"""The verdict as replies: what fails and by how much, what is still open, what is met, what to prepare, what next."""

from __future__ import annotations

from collections.abc import Iterable

from assessment.evaluation import Assessment, ConditionVerdict
from assessment.reasons import needs_text
from conversation import wording
from conversation.messages import Reply
from core.truth import Truth
from firms.figures import Situation
from knowledge.answer import Citation

_MAX_CITATIONS = 6
_MAX_EVIDENCE = 12


def replies(assessment: Assessment, situation: Situation, desk: str) -> tuple[Reply, ...]:
    """The verdict, and in a second message what to prepare and what comes next."""
    return (
        Reply(
            "\n\n".join(_blocks(assessment)),
            notices=assessment.notices,
            citations=_citations(assessment),
        ),
        Reply("\n\n".join(_next(assessment, situation, desk))),
    )


def _blocks(assessment: Assessment) -> Iterable[str]:
    conditions = assessment.conditions
    counts = {value: sum(c.verdict is value for c in conditions) for value in Truth}
    yield wording.VERDICT[assessment.verdict.value].format(
        name=assessment.scheme.name,
        total=len(conditions),
        met=counts[Truth.MET],
        not_met=counts[Truth.NOT_MET],
        unknown=counts[Truth.UNKNOWN],
    )
    bare = [c for c in conditions if c.only_missing]
    for value in (Truth.NOT_MET, Truth.UNKNOWN):
        chosen = [c for c in conditions if c.verdict is value and c not in bare]
        if chosen:
            yield "\n".join([wording.SECTIONS[value.value], *(_line(c) for c in chosen)])
    if bare:
        yield wording.NO_DATA.format(titles=wording.JOIN.join(f"{c.title}（{c.clause or c.id}）" for c in bare))
    met = [c for c in conditions if c.verdict is Truth.MET]
    if met:
        titles = wording.JOIN.join(c.title for c in met)
        yield f"{wording.SECTIONS['met']}{titles}"
    priority = [c for c in assessment.priority if c.verdict is Truth.MET]
    if priority:
        yield wording.PRIORITY_MET.format(titles=wording.JOIN.join(c.title for c in priority))


def _line(condition: ConditionVerdict) -> str:
    mark = wording.MARKS[condition.verdict.value]
    text = wording.CONDITION.format(
        mark=mark, title=condition.title, clause=condition.clause or condition.id, reason=condition.reason
    )
    extra = [condition.note] if condition.note and condition.verdict is not Truth.MET else []
    if condition.gap and condition.gap not in condition.reason:
        extra.insert(0, wording.GAP.format(gap=condition.gap))
    return "".join([text, *extra])


def _citations(assessment: Assessment) -> tuple[Citation, ...]:
    """The clauses of what fails, then of what is open; each place once."""
    chosen = [c for c in assessment.conditions if c.verdict is Truth.NOT_MET]
    chosen += [c for c in assessment.conditions if c.verdict is Truth.UNKNOWN and not c.only_missing]
    places = {(c.citation.start, c.citation.end): c.citation for c in chosen if c.citation is not None}
    return tuple(places.values())[:_MAX_CITATIONS]


def _next(assessment: Assessment, situation: Situation, desk: str) -> Iterable[str]:
    missing = [key for c in assessment.conditions if c.verdict is Truth.UNKNOWN for key in c.needs]
    if missing:
        yield wording.STILL_NEEDED.format(needs=needs_text(missing, situation))
    evidence = dict.fromkeys(
        proof for c in assessment.conditions if c.verdict is not Truth.NOT_MET for proof in c.evidence
    )
    if evidence and assessment.verdict is not Truth.NOT_MET:
        yield wording.EVIDENCE.format(items=wording.JOIN.join(list(evidence)[:_MAX_EVIDENCE]))
    steps = wording.NEXT_STEPS[assessment.verdict.value]
    yield steps.format(desk=desk)
