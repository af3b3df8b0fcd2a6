"""Dates as documents write them: 2025年6月10日, ２０２５年６月１０日, 二〇二五年六月十日, 2025-06-10."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from core.reading.days import number_of

_CN = "〇○零一二三四五六七八九十"
_BLANK = r"[ \t\u00a0\u3000]*"
DAY = (
    rf"(?:(?:[0-9]{{4}}|[{_CN}]{{4}}){_BLANK}年{_BLANK}(?:[0-9]{{1,2}}|[{_CN}]{{1,3}}){_BLANK}月{_BLANK}"
    rf"(?:[0-9]{{1,2}}|[{_CN}廿]{{1,3}}){_BLANK}日|[0-9]{{4}}[-./][0-9]{{1,2}}[-./][0-9]{{1,2}})"
)
"""A written day, in a text of one width (`narrow`)."""

_PARTS = re.compile(rf"[0-9]+|[{_CN}廿]+")
_DAY = re.compile(rf"(?<![0-9]){DAY}(?![0-9])")
_WIDE_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")


@dataclass(frozen=True)
class Written:
    """A day written at `[start, end)` of a text; `day` None: there is no such day."""

    start: int
    end: int
    text: str
    day: date | None


def narrow(text: str) -> str:
    """The text with plain digits; every character keeps its place."""
    return text.translate(_WIDE_DIGITS)


def written_days(text: str) -> Iterator[Written]:
    """All days written in a text of one width, in order."""
    for match in _DAY.finditer(text):
        yield Written(match.start(), match.end(), match[0], read_day(match[0]))


def read_day(written: str) -> date | None:
    """The day that is written, None where the calendar has none."""
    try:
        year, month, day = (number_of(part) for part in _PARTS.findall(written))
        return date(year, month, day)
    except (ValueError, KeyError):
        return None
