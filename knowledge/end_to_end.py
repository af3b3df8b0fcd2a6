"""Judges whole answers against labels: what was declined, cited, computed, and which numbers stand on nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from knowledge.answer import Answer, Citation
from knowledge.evaluation import Ranking, share
from knowledge.labels import Place, Question

_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_LIST_MARK = re.compile(r"^\s*(?:\d{1,2}[.、．)）]|[(（]\d{1,2}[)）])", re.M)
_SCALES = {"thousand": 3, "million": 6, "billion": 9}
_ENGLISH = re.compile(rf"({_NUMBER.pattern})\s*({'|'.join(_SCALES)})\b", re.I)
_UNITS = {"万亿": 12, "亿": 8, "万": 4, "元": 0}
_CHINESE = re.compile(rf"({_NUMBER.pattern})\s*(万亿|亿|万|元)")


@dataclass(frozen=True)
class Judged:
    """One question with its answer. `ranked` is what is cited, or would have been first had nothing been declined."""

    question: Question
    answer: Answer
    ranked: tuple[Place, ...]

    @property
    def declined(self) -> bool:
        return self.answer.status == "declined"

    @property
    def answered(self) -> bool:
        return self.answer.status == "answered"

    @property
    def clarified(self) -> bool:
        return self.answer.status == "clarify"

    @property
    def rank(self) -> int | None:
        """The rank of the right clause, the decision to decline left aside."""
        return self.question.rank(self.ranked)

    @property
    def right(self) -> bool:
        """Answered, and the right clause is cited first; or asked back where that is right too."""
        if self.clarified:
            return self.question.may_clarify
        return self.answered and self.question.rank(cited(self.answer)) == 1

    @property
    def computed_right(self) -> bool:
        """Whether all that has to be computed is there; asking back will do where that is right too."""
        if self.clarified and self.question.may_clarify:
            return True
        return all(any(want.met_by(given) for given in self.answer.computed) for want in self.question.computed)

    @property
    def wrong(self) -> bool:
        """Whether anything about it is not as the labels want it."""
        missed = not self.right if self.question.in_scope else self.answered
        return missed or bool(self.invented) or not self.computed_right

    @property
    def invented(self) -> list[str]:
        return invented_numbers(self.answer)


@dataclass(frozen=True)
class AnswerFigures:
    """What the whole system reached on a set of questions. Shares are 0-1.

    `r_at_1`, `r_at_3`, `mrr`: nothing declined. `right`: share of the questions in scope that are answered with the
    right clause first. `in_scope_declined`, `in_scope_asked_back`: of the questions in scope; `out_of_scope_answered`,
    `out_of_scope_asked_back`: of those out of scope; `wrong_clause`: of the answered ones in scope.
    `asked_back_unwanted` counts clarifying questions where the labels do not allow one. `invented` counts answers with
    a number that stands in no quote and is not computed. `computed_right` of `computed`.
    """

    name: str
    split: str
    in_scope: int
    out_of_scope: int
    r_at_1: float
    r_at_3: float
    mrr: float
    right: float
    in_scope_declined: float
    in_scope_asked_back: float
    out_of_scope_answered: float
    out_of_scope_asked_back: float
    wrong_clause: float
    asked_back_unwanted: int
    invented: int
    computed_right: int
    computed: int

    @classmethod
    def of(cls, name: str, split: str, judged: Sequence[Judged]) -> AnswerFigures:
        inside = [item for item in judged if item.question.in_scope]
        outside = [item for item in judged if not item.question.in_scope]
        figured = [item for item in judged if item.question.computed]
        return cls(
            name=name,
            split=split,
            in_scope=len(inside),
            out_of_scope=len(outside),
            **asdict(Ranking.of([item.rank for item in inside])),
            right=share([item.right for item in inside]),
            in_scope_declined=share([item.declined for item in inside]),
            in_scope_asked_back=share([item.clarified for item in inside]),
            out_of_scope_answered=share([item.answered for item in outside]),
            out_of_scope_asked_back=share([item.clarified for item in outside]),
            wrong_clause=share([not item.right for item in inside if item.answered]),
            asked_back_unwanted=sum(item.clarified and not item.question.may_clarify for item in judged),
            invented=sum(bool(item.invented) for item in judged),
            computed_right=sum(item.computed_right for item in figured),
            computed=len(figured),
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def subsets(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    """All questions, and those whose kinds are looked at apart."""
    named = {
        "all": judged,
        "multi-turn": [item for item in judged if item.question.history],
        "computed": [item for item in judged if item.question.computed],
        "as of another day": [item for item in judged if "asof" in item.question.kinds],
        "near-duplicates": [item for item in judged if "trap" in item.question.kinds],
        "look-ups and lists": [item for item in judged if item.question.kinds & {"lookup", "list"}],
        "amended, prolonged": [item for item in judged if item.question.kinds & {"amend", "prolong"}],
    }
    return {name: list(items) for name, items in named.items() if items}


def cited(answer: Answer) -> tuple[Place, ...]:
    """Where the quoted clauses stand, in the order of the answer."""
    return tuple(dict.fromkeys(Place(citation.clause, citation.document_id) for citation in answer.citations))


def invented_numbers(answer: Answer) -> list[str]:
    """The numbers of an answer's text that stand in no quote, are not computed and belong to no citation.

    Allowed besides: marks of a list at the beginning of a line, how many clauses are cited, and an amount in English
    words that equals one of a quote exactly (10 million for 1000万元).
    """
    text = _plain(answer.text)
    sources = [_plain(part) for citation in answer.citations for part in _said_by(citation)]
    sources += [_plain(part) for item in answer.computed for part in (item.given, item.required, item.gap or "")]
    known = {_value(number) for source in sources for number in _NUMBER.findall(source)}
    known.add(Decimal(len(answer.citations)))
    amounts = {_value(number).scaleb(_UNITS[unit]) for source in sources for number, unit in _CHINESE.findall(source)}
    text = _ENGLISH.sub(lambda match: "" if _amount(match) in amounts else match[0], text)
    return [number for number in _NUMBER.findall(_LIST_MARK.sub("", text)) if _value(number) not in known]


def _said_by(citation: Citation) -> tuple[str, ...]:
    days = [
        f"{day.year} {day.month} {day.day} {day.isoformat()}" for day in (citation.valid_from, citation.valid_to) if day
    ]
    return (citation.quote, citation.document, citation.label, citation.clause, *days)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _value(number: str) -> Decimal:
    return Decimal(number.replace(",", "")).normalize()


def _amount(match: re.Match[str]) -> Decimal:
    return _value(match[1]).scaleb(_SCALES[match[2].lower()])
