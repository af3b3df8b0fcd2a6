"""Every value in a running sentence, with its place: 去年2300万，研发100万，两个实用新型一个软著."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from core.reading.amounts import Token
from core.reading.measures import half_a_tenth_part, percent_points, tenth, tenth_or_one
from core.reading.sentence import Sentence, parse
from core.spans import Days, Span

FoundKind = Literal["money", "percent", "count", "date", "year", "number"]

_SLACK = {"money": tenth, "percent": percent_points, "count": tenth_or_one, "number": tenth}
_KINDS: dict[str, FoundKind] = {kind: kind for kind in ("money", "percent", "count", "number")}
_NO_COUNTS = ("一家", "一位", "一名", "一种", "一批", "一年")
_DURATION_BEFORE = ("近", "前", "这", "去", "最", "续", "每", "后", "未", "头")


@dataclass(frozen=True)
class Found:
    """A value at text[start:end] of the original (code points).

    Money is a Span in 万元 (below zero for a loss), percent and count a Span, a date Days, a year an int. `unit` is
    万元, %, the classifier of a count (人, 项, 年 for a length of time), 分 for points, or empty.
    """

    kind: FoundKind
    value: Span | Days | int
    about: bool
    start: int
    end: int
    unit: str = ""


def scan(text: str, *, today: date) -> tuple[Found, ...]:
    """The values in order, not overlapping. Left out is what must not be taken for a fact.

    That is: amounts in a foreign currency, hoped-for ones (预计), ones for a month or a head, differences (增长了
    500万), malformed numbers, ranks, labels and names with numbers in them.
    """
    sentence = parse(text, today=today, asked="anything")
    found = (_found(sentence, token, today) for token in sentence.tokens)
    return tuple(item for item in found if item is not None)


def _found(sentence: Sentence, token: Token, today: date) -> Found | None:
    if token.fault:
        return None
    start, end = sentence.normal.original(token.start, token.end)
    if token.kind == "year" and token.year is not None and 1900 <= token.year <= today.year + 20:
        return Found("year", token.year, False, start, end)
    if token.kind == "date" and token.days is not None:
        return Found("date", token.days, token.about, start, end)
    measured = _measured(sentence, token)
    if measured is None:
        return None
    kind, span, about, unit = measured
    return Found(kind, span, about, start, end, unit)


def _measured(sentence: Sentence, token: Token) -> tuple[FoundKind, Span, bool, str] | None:
    kind = "count" if _is_tenure(sentence, token) else token.kind
    if (
        token.measure is None
        or kind not in _KINDS
        or _is_company(sentence, token)
        or _joined_by_wide_comma(sentence, token)
    ):
        return None
    slack = half_a_tenth_part if token.unit == "成" else _SLACK[kind]
    settled = token.measure.settle(slack)
    if settled is None:
        return None
    unit = {"money": "万元", "percent": "%"}.get(kind, token.unit)
    return _KINDS[kind], settled.span, settled.about, unit


def _is_tenure(sentence: Sentence, token: Token) -> bool:
    before = sentence.text[max(token.start - 1, 0) : token.start]
    recent = before in _DURATION_BEFORE or sentence.text[token.start] in _DURATION_BEFORE
    return token.kind == "duration" and token.unit == "年" and not recent


def _is_company(sentence: Sentence, token: Token) -> bool:
    """我们是一家公司 and 一年做两千万 count nothing."""
    return token.kind in ("count", "duration") and sentence.text[token.start : token.end] in _NO_COUNTS


def _joined_by_wide_comma(sentence: Sentence, token: Token) -> bool:
    """员工120，500万: with 120 before the comma of a sentence, 120,500 is not one number for certain."""
    places = sentence.normal.places
    commas = [i for i in range(token.start, token.end) if sentence.text[i] == ","]
    return any(sentence.wide(places[i]) and sentence.text[i + 1 : i + 4] != "000" for i in commas)
