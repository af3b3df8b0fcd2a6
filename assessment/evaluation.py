"""The verdict of a scheme about a firm on a day, with reasons. Pure; documents come in as a snapshot of the library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from assessment import reasons, wording
from assessment.schemes import Condition, Scheme
from core import truth
from core.truth import Truth
from firms import criteria
from firms.catalogue import Catalogue, Fact
from firms.criteria import Judgement
from firms.facts import Facts, Key
from firms.figures import Situation, Sizes
from knowledge.answer import Citation, plain
from knowledge.library import Snapshot, StoredDocument
from knowledge.wording import day


@dataclass(frozen=True)
class Reading:
    """One way to read a condition's text, with what it comes to; one that is not `binding` decides nothing."""

    id: str
    name: str
    verdict: Truth
    value: str
    binding: bool


@dataclass(frozen=True)
class ConditionVerdict:
    """A condition judged. `given`, `required` and `gap` are the deciding figure's, as text with unit; `needs` are the
    facts that can still decide it; `only_missing`: it is open for nothing else than that they are not known."""

    id: str
    title: str
    clause: str
    quote: str
    citation: Citation | None
    verdict: Truth
    reason: str
    readings: tuple[Reading, ...]
    given: str
    required: str
    gap: str | None
    note: str
    evidence: tuple[str, ...]
    needs: tuple[Key, ...]
    only_missing: bool

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "clause": self.clause,
            "quote": self.quote,
            "start": self.citation.start if self.citation else None,
            "end": self.citation.end if self.citation else None,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "readings": [
                {
                    "id": reading.id,
                    "name": reading.name,
                    "verdict": reading.verdict.value,
                    "value": reading.value,
                    "binding": reading.binding,
                }
                for reading in self.readings
            ],
            "given": self.given,
            "required": self.required,
            "gap": self.gap,
            "note": self.note,
            "evidence": list(self.evidence),
            "needs": [{"fact": fact, "year": year} for fact, year in self.needs],
        }


@dataclass(frozen=True)
class Assessment:
    """A scheme's verdict. `next_question` is the unknown fact that can still decide most, with its year."""

    scheme: Scheme
    as_of: date
    in_force: bool
    verdict: Truth
    size_class: str
    notices: tuple[str, ...]
    conditions: tuple[ConditionVerdict, ...]
    priority: tuple[ConditionVerdict, ...]
    next_question: Key | None
    document: StoredDocument | None

    def to_json(self) -> dict[str, Any]:
        """The contract's JSON value."""
        fact, year = self.next_question or (None, None)
        value = {
            "scheme": self.scheme.id,
            "version": self.scheme.version,
            "name": self.scheme.name,
            "document_id": self.document.id if self.document else None,
            "document": self.document.title if self.document else self.scheme.source and self.scheme.source.title,
            "verified": self.scheme.verified,
            "as_of": self.as_of,
            "in_force": self.in_force,
            "verdict": self.verdict.value,
            "size_class": self.size_class,
            "notices": self.notices,
            "conditions": [condition.to_json() for condition in self.conditions],
            "priority": [condition.to_json() for condition in self.priority],
            "next_question": fact,
            "next_year": year,
        }
        return plain(value)  # type: ignore[no-any-return]


def assess(
    scheme: Scheme, facts: Facts, as_of: date, catalogue: Catalogue, snapshot: Snapshot | None = None
) -> Assessment:
    """Judge a firm by a scheme. Raises ImpossibleFacts. Without the scheme's document nothing is quoted; it says so."""
    situation = Situation(facts, as_of, catalogue)
    situation.check()
    document = _document(scheme, snapshot)
    judged = [(condition, criteria.judge(condition.rule, situation)) for condition in scheme.conditions]
    basic = tuple(_verdict(c, j, scheme, situation, document, snapshot) for c, j in judged)
    priority = tuple(
        _verdict(c, criteria.judge(c.rule, situation), scheme, situation, document, snapshot) for c in scheme.priority
    )
    return Assessment(
        scheme=scheme,
        as_of=as_of,
        in_force=in_force(scheme, snapshot, as_of),
        verdict=truth.all_of(condition.verdict for condition in basic),
        size_class=_size_class(situation),
        notices=_notices(scheme, snapshot, as_of),
        conditions=basic,
        priority=priority,
        next_question=best_question([j for _, j in judged], catalogue),
        document=document,
    )


def best_question(
    judged: Collection[Judgement], catalogue: Catalogue, *, skip: Collection[Key] = (), after: str | None = None
) -> Key | None:
    """The unknown fact that can still decide most conditions for the least effort, or None when none can.

    A condition already decided asks nothing. `skip`: what the person could not say. `after`: the fact asked last; its
    other years come first, while the accounts are open. Ties go to the catalogue's order, then the later year.
    """
    votes = Counter(key for judgement in judged for key in judgement.needs if key not in skip)
    if not votes:
        return None

    def rank(key: Key) -> tuple[bool, float, int, int]:
        fact = catalogue.fact(key[0])
        following = key[0] == after and fact.yearly
        return (following, votes[key] / fact.effort, -catalogue.place(fact.id), key[1] or 0)

    return max(votes, key=rank)


def open_questions(judged: Collection[Judgement], skip: Collection[Key] = ()) -> set[Key]:
    """All facts that can still decide something."""
    return {key for judgement in judged for key in judgement.needs if key not in skip}


def _verdict(
    condition: Condition,
    judgement: Judgement,
    scheme: Scheme,
    situation: Situation,
    document: StoredDocument | None,
    snapshot: Snapshot | None,
) -> ConditionVerdict:
    main = reasons.main_atom(judgement)
    citation = cite(condition, document, snapshot, situation.as_of)
    return ConditionVerdict(
        id=condition.id,
        title=condition.title,
        clause=condition.clause,
        quote=citation.quote if citation else "",
        citation=citation,
        verdict=judgement.truth,
        reason=reasons.reason(judgement, scheme.reading_names, situation),
        readings=_readings(judgement, scheme.reading_names, situation),
        given=main.given if main else "",
        required=main.threshold if main else "",
        gap=reasons.gap(judgement, situation),
        note=condition.note,
        evidence=condition.evidence or _evidence(condition, situation.catalogue),
        needs=judgement.needs,
        only_missing=reasons.only_missing(judgement, scheme.reading_names, situation),
    )


def _readings(judgement: Judgement, names: Mapping[str, str], situation: Situation) -> tuple[Reading, ...]:
    found = reasons.readings_of(judgement)
    return tuple(
        Reading(
            part.reading or "",
            names.get(part.reading or "", part.reading or ""),
            part.truth,
            reasons.reading_value(part, situation),
            part.binding,
        )
        for part in found
    )


def _evidence(condition: Condition, catalogue: Catalogue) -> tuple[str, ...]:
    """What proves the facts that the condition uses."""
    facts: list[str] = []
    for name in criteria.subjects(condition.rule):
        entry = catalogue.get(name)
        facts += [name] if isinstance(entry, Fact) else entry.formula.facts if entry else []
    return tuple(dict.fromkeys(proof for name in facts for proof in catalogue.fact(name).evidence))


def cite(
    condition: Condition, document: StoredDocument | None, snapshot: Snapshot | None, as_of: date
) -> Citation | None:
    """The condition's quote where it stands in the document; the whole clause where the quote is not found in it."""
    if document is None or snapshot is None:
        return None
    clause = snapshot.by_path.get((document.id, condition.clause))
    if clause is None:
        return None
    place = clause.text.find(condition.quote)
    start, end = (clause.start, clause.end) if place < 0 else (clause.start + place,) * 2
    end = end if place < 0 else start + len(condition.quote)
    return Citation(
        document_id=document.id,
        document=document.title,
        clause=clause.path,
        label=clause.label,
        quote=document.text[start:end],
        start=start,
        end=end,
        page=clause.page,
        in_force=snapshot.in_force(document, as_of),
        valid_from=document.valid_from,
        valid_to=snapshot.valid_to(document, as_of),
    )


def faults(scheme: Scheme, snapshot: Snapshot) -> list[str]:
    """Where a scheme does not fit its document: clauses that do not exist, quotes that do not stand in them."""
    if scheme.document is None:
        return []
    if scheme.document not in snapshot.documents:
        return [wording.DOCUMENT_NOT_FOUND.format(scheme=scheme.id, document=scheme.document)]
    found = []
    for condition in (*scheme.conditions, *scheme.priority):
        clause = snapshot.by_path.get((scheme.document, condition.clause))
        if clause is None or condition.quote not in clause.text:
            found.append(
                wording.QUOTE_NOT_FOUND.format(
                    scheme=scheme.id, condition=condition.id, document=scheme.document, clause=condition.clause
                )
            )
    return found


def _document(scheme: Scheme, snapshot: Snapshot | None) -> StoredDocument | None:
    return snapshot.documents.get(scheme.document) if snapshot and scheme.document else None


def in_force(scheme: Scheme, snapshot: Snapshot | None, as_of: date) -> bool:
    """Whether what the scheme was read from applies on a day, prolongations counted."""
    if scheme.source is not None:
        begun = scheme.source.valid_from is None or scheme.source.valid_from <= as_of
        return begun and (scheme.source.valid_to is None or as_of <= scheme.source.valid_to)
    document = _document(scheme, snapshot)
    return snapshot is not None and document is not None and snapshot.in_force(document, as_of)


def _notices(scheme: Scheme, snapshot: Snapshot | None, as_of: date) -> tuple[str, ...]:
    notices: list[str] = []
    document = _document(scheme, snapshot)
    last = snapshot.valid_to(document, as_of) if snapshot and document else None
    if document is None and scheme.document is not None:
        notices.append(wording.DOCUMENT_GONE)
    elif snapshot and document and document.superseded(as_of):
        new = snapshot.documents.get(document.superseded_by or "")
        notices.append(wording.SUPERSEDED.format(title=document.title, new=new.title if new else ""))
    elif document is not None and last is not None and last < as_of:
        notices.append(wording.EXPIRED.format(title=document.title, day=day(last)))
    elif not in_force(scheme, snapshot, as_of):
        title = document.title if document else scheme.source.title if scheme.source else scheme.name
        notices.append(wording.NOT_IN_FORCE.format(title=title))
    if not scheme.verified and scheme.source is not None:
        notices.append(wording.UNVERIFIED.format(title=scheme.source.title, number=scheme.source.number or ""))
    return (*notices, wording.SELF_DECLARED)


def _size_class(situation: Situation) -> str:
    measured = situation.measure("size_class") if situation.catalogue.get("size_class") else None
    if measured is None or not isinstance(measured.value, Sizes):
        return "unknown"
    return measured.value.only or "unknown"
