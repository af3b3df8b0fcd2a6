"""Several questions' answers as one answer to the message. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from core.reading import scan
from knowledge import wording
from knowledge.answer import Answer, Status

_T = TypeVar("_T")


def joined(questions: Sequence[str], answers: Sequence[Answer], *, more: bool = False, most: int) -> Answer:
    """The answers in numbered parts, in the order of their questions; alike ones once. Citations stand together.

    Answered if any part is; what is declined says so in its part. `more`: the message had more than `most` questions.
    """
    pairs = list(_different(zip(questions, answers, strict=True)))
    tail = wording.MORE_QUESTIONS.format(most=wording.chinese_number(most)) if more else ""
    if len(pairs) == 1:
        return _with_tail(pairs[0][1], tail)
    parts = [
        wording.PART.format(number=wording.chinese_number(number), question=_named(question, number), text=answer.text)
        for number, (question, answer) in enumerate(pairs, start=1)
    ]
    found = [answer for _, answer in pairs]
    status = _status(found)
    return Answer(
        status=status,
        why=None if status != "declined" else found[0].why,
        text="\n\n".join(filter(None, [*parts, tail])),
        notices=_once(notice for answer in found for notice in answer.notices),
        citations=_once(citation for answer in _answered_first(found) for citation in answer.citations),
        computed=_once(figure for answer in found for figure in answer.computed),
        suggestions=_once(text for answer in found for text in answer.suggestions)[:3],
        score=max(answer.score for answer in found),
    )


def _named(question: str, number: int) -> str:
    """How a part is headed: by its question, unless that holds a figure. An answer says no figure that is not quoted
    or computed, the asker's own ones not either."""
    figures = any(char.isnumeric() and char.isascii() for char in question) or scan(question, today=date.max)
    return wording.PART_NUMBER.format(number=wording.chinese_number(number)) if figures else question


def _different(pairs: Iterable[tuple[str, Answer]]) -> Iterable[tuple[str, Answer]]:
    seen: set[str] = set()
    for question, answer in pairs:
        if answer.text not in seen:
            seen.add(answer.text)
            yield question, answer


def _status(answers: Sequence[Answer]) -> Status:
    found = {answer.status for answer in answers}
    return next(status for status in ("answered", "clarify", "declined") if status in found)


def _answered_first(answers: Sequence[Answer]) -> list[Answer]:
    """What is only near a declined question is cited after what answers another."""
    return sorted(answers, key=lambda answer: answer.status == "declined")


def _with_tail(answer: Answer, tail: str) -> Answer:
    return replace(answer, text=f"{answer.text}\n\n{tail}") if tail else answer


def _once(items: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(items))
