"""Reader of one date: a day, or the month or year it lies in."""

from __future__ import annotations

import re
from datetime import date, timedelta

from core.reading import answers, words
from core.reading.amounts import Token
from core.reading.days import dated, full_year, months_back, tenure_at
from core.reading.outcome import Doubt, Known, Outcome
from core.reading.sentence import Sentence, parse
from core.spans import Days

_CN = "零〇○一二三四五六七八九"
_FIRST_YEAR = 1900
_OTHERS = ("money", "percent", "count")
_YEAR_ONLY = re.compile(rf"^([0-9]{{4}}|[{_CN}]{{4}})$")
_YEAR_MONTH = re.compile(r"^([0-9]{4})(?:[ ,])?([0-9]{1,2})(?: ([0-9]{1,2}))?$")
_SHORT = re.compile(r"^(?:[0-9]{1,2}|[0-9]{2}[./-][0-9]{1,2}(?:[./-][0-9]{1,2})?)$")
_SIX = re.compile(r"^([0-9]{2})([0-9]{2})([0-9]{2})$")
_TWO_DIGITS = re.compile(r"^([0-9]{2})年$")
_DAY_FIRST = re.compile(r"^[0-9]{1,2}([./-])[0-9]{1,2}\1[0-9]{4}$")
_POLITE = re.compile(
    r"^(?:是|在|于|我们|公司|大概|大约|约|应该是|成立于|注册于|成立|注册|,| )*|(?:的|吧|了|成立的?|注册的?|左右|"
    r"。|\.| )*$"
)
_OPEN = re.compile(r"^ ?(?:之前|以前|之后|以后|以来|前(?!后)|后|起)")
_LUNAR = re.compile(r"农历|阴历|腊月|正月|除夕|春节|中秋|过年|清明|端午|国庆|元旦")
_VAGUE = re.compile(r"^ ?(?:左右|前后|上下)")


def read_date(text: str, *, today: date, future: bool = False) -> Outcome:
    """A date. Unless `future`, it lies in the past, and a later one is `future_date`. A year stays a whole year."""
    sentence = parse(text, today=today, asked="date")
    early = answers.settled_early(sentence)
    if early is not None:
        return early
    if found := _TWO_DIGITS.match(sentence.text.strip(" ,.。!")):
        return _year_or_age(found.group(1), today)
    bare = _bare(_POLITE.sub("", sentence.text.strip()))
    if bare is not None:
        return _checked(bare, today, future) if isinstance(bare, Token) else bare
    tokens = [_as_date(token, today) for token in sentence.tokens]
    if not tokens:
        return _nothing(sentence)
    return _one(sentence, tokens, today, future)


def _bare(text: str) -> Token | Doubt | None:
    """2019, 二〇一九, 201903, 2019 3; what may be read in two ways is ambiguous."""
    if found := _YEAR_ONLY.match(text):
        year = full_year(found.group(1))
        return dated(0, 4, Days.year(year) if _FIRST_YEAR <= year <= 9999 else None)
    if found := _SIX.match(text):
        return _year_month_or_day(*found.groups())
    if _SHORT.match(text) or _DAY_FIRST.match(text):
        return Doubt("ambiguous")
    found = _YEAR_MONTH.match(text)
    if not found or (len(found.group(2)) == 1 and " " not in text and "," not in text):
        return None
    day = int(found.group(3)) if found.group(3) else None
    return dated(0, len(text), _valid(int(found.group(1)), int(found.group(2)), day))


def _year_month_or_day(first: str, second: str, third: str) -> Token | Doubt:
    """201903 is a month; 190301 and 200105 may also be a day of 2019 or 2020."""
    month = _valid(int(first + second), int(third), None)
    day = _valid(full_year(first), int(second), int(third))
    if day is not None:
        return Doubt("ambiguous", tuple(days for days in (month, day) if days is not None))
    return dated(0, len(first + second + third), month)


def _valid(year: int, month: int, day: int | None) -> Days | None:
    try:
        days = Days.month(year, month) if day is None else Days.day(date(year, month, day))
    except ValueError:
        return None
    return days if year >= _FIRST_YEAR else None


def _year_or_age(digits: str, today: date) -> Outcome:
    """12年 is the year 2012, or twelve years; 98年 is a year."""
    age = tenure_at(f"{digits}年", 0, today, asked=True)
    year, lengths = full_year(digits), (age.days,) if age is not None and age.days is not None else ()
    if year < 2000 or digits[0] == "0":
        return Known(Days.year(year))
    return Doubt("ambiguous", (*((Days.year(year),) if year <= today.year else ()), *lengths))


def _as_date(token: Token, today: date) -> Token:
    """A year as its days; a bare number that can only be a year, too."""
    if token.kind == "year" and token.year is not None and not token.fault:
        return dated(token.start, token.end, Days.year(token.year))
    if (
        token.kind == "number"
        and token.measure is not None
        and token.measure.stated.is_point
        and not token.measure.bounds
    ):
        value = token.measure.stated.value
        if not token.unit and value.denominator == 1 and _FIRST_YEAR <= value <= today.year:
            return dated(token.start, token.end, Days.year(int(value)))
    return token


def _nothing(sentence: Sentence) -> Outcome:
    if _LUNAR.search(sentence.text):
        return Doubt("ambiguous")
    if answers.says_none(sentence.text):
        return Doubt("zero_or_none")
    return answers.nothing_read(sentence)


def _one(sentence: Sentence, tokens: list[Token], today: date, future: bool) -> Outcome:
    if any(token.fault == "impossible" for token in tokens):
        return Doubt("impossible_date")
    dates = [token for token in tokens if token.kind in ("date", "year")]
    if not dates:
        monthly = any(token.kind == "month" for token in tokens)
        return Doubt("ambiguous" if monthly else "other_unit" if tokens[0].kind in _OTHERS else "unreadable")
    different = tuple(dict.fromkeys(token.days for token in dates if token.days is not None))
    if len(different) != 1 or len(dates) < len(tokens) or answers.holds_digits(sentence.rest):
        return Doubt("several" if len(different) > 1 or len(dates) < len(tokens) else "unreadable", different[:5])
    if len(dates) > 1 and different:
        dates = dates[:1]
    return _in_context(sentence, dates[0], today, future)


def _in_context(sentence: Sentence, token: Token, today: date, future: bool) -> Outcome:
    """The date with what stands beside it: 2019年左右, 2019年以前, 农历."""
    behind = sentence.text[sentence.tokens[-1].end :]
    if _LUNAR.search(sentence.rest) or (_OPEN.match(behind) and not token.about):
        return Doubt("ambiguous", (token.days,) if token.days else ())
    outcome = _checked(token, today, future)
    if not isinstance(outcome, Known):
        return outcome
    if token.fault or answers.changes_meaning(sentence.rest):
        return Doubt("ambiguous", (outcome.value,))
    if _VAGUE.match(behind) and isinstance(outcome.value, Days):
        return Known(_widened(outcome.value, today), about=True)
    around = any(word in sentence.rest for word in words.BEFORE["about"].split())
    return Known(outcome.value, outcome.about or around)


def _widened(days: Days, today: date) -> Days:
    """A year or month by its neighbours, a day by a week, and not beyond today."""
    first, last = days.first, days.last
    if days == Days.year(first.year):
        wide = Days(Days.year(first.year - 1).first, Days.year(first.year + 1).last)
    elif days == Days.month(first.year, first.month):
        after = months_back(first, -1)
        wide = Days(months_back(first, 1), Days.month(after.year, after.month).last)
    else:
        wide = Days(first - timedelta(days=7), last + timedelta(days=7))
    return Days(wide.first, max(min(wide.last, today), last))


def _checked(token: Token, today: date, future: bool) -> Outcome:
    if token.days is None:
        return Doubt("impossible_date")
    if token.days.first > today and not future:
        return Doubt("future_date")
    return Known(token.days, token.about)
