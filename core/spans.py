"""Exact numbers and ranges of numbers, exact days and ranges of days. Nothing here is ever rounded.

A `Span` says where a number may lie: a point when it is known, an interval when only a range is known, everything when
nothing is known. Arithmetic gives the tightest interval that holds every possible result, so what is decided for a span
is decided for each number in it.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import isqrt
from typing import Literal, Self

from core import truth
from core.truth import Truth

Operator = Literal[">=", ">", "<=", "<", "=", "!="]
_ROOT_SCALE = 10**24


@dataclass(frozen=True)
class Span:
    """An interval of rational numbers, never empty. None is no bound on that side; an open end is not part of it."""

    low: Fraction | None = None
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False

    def __post_init__(self) -> None:
        if self.low is None or self.high is None:
            return
        if self.low > self.high or (self.low == self.high and (self.low_open or self.high_open)):
            raise ValueError("an empty range")

    @classmethod
    def point(cls, value: Fraction | int) -> Self:
        """Exactly this number."""
        exact = Fraction(value)
        return cls(exact, exact)

    @property
    def is_point(self) -> bool:
        return self.low is not None and self.low == self.high

    @property
    def value(self) -> Fraction:
        """The number of a point. Raises ValueError for a range."""
        if self.low is None or self.low != self.high:
            raise ValueError("a range has no single value")
        return self.low

    def holds(self, value: Fraction | int) -> bool:
        """Whether the number may be `value`."""
        above = self.low is None or self.low < value or (self.low == value and not self.low_open)
        below = self.high is None or self.high > value or (self.high == value and not self.high_open)
        return above and below

    def within(self, other: Span) -> bool:
        """Whether every number of this span is one of `other`."""
        return self.meet(other) == self

    def meet(self, other: Span) -> Span | None:
        """What both hold, None when that is nothing."""
        low, low_open = _tighter((self.low, self.low_open), (other.low, other.low_open), upper=False)
        high, high_open = _tighter((self.high, self.high_open), (other.high, other.high_open), upper=True)
        try:
            return Span(low, high, low_open, high_open)
        except ValueError:
            return None

    def compare(self, operator: Operator, threshold: Fraction | int) -> Truth:
        """Decided only when every number of the span decides alike."""
        match operator:
            case ">=":
                return truth.negated(self.compare("<", threshold))
            case ">":
                return truth.negated(self.compare("<=", threshold))
            case "!=":
                return truth.negated(self.compare("=", threshold))
            case "=" if self.is_point:
                return truth.of(self.low == threshold)
            case "=":
                return Truth.UNKNOWN if self.holds(threshold) else Truth.NOT_MET
        strict = operator == "<"
        if self.high is not None and (
            self.high < threshold or (self.high == threshold and (self.high_open or not strict))
        ):
            return Truth.MET
        if self.low is not None and (self.low > threshold or (self.low == threshold and (self.low_open or strict))):
            return Truth.NOT_MET
        return Truth.UNKNOWN

    def __add__(self, other: Span) -> Span:
        return Span(
            None if self.low is None or other.low is None else self.low + other.low,
            None if self.high is None or other.high is None else self.high + other.high,
            self.low_open or other.low_open,
            self.high_open or other.high_open,
        )

    def shifted(self, by: Fraction | int) -> Span:
        """Every number plus `by`."""
        return self + Span.point(by)

    def scaled(self, by: Fraction | int) -> Span:
        """Every number times `by`, which is positive."""
        factor = Fraction(by)
        if factor <= 0:
            raise ValueError("the factor is positive")
        return Span(
            None if self.low is None else self.low * factor,
            None if self.high is None else self.high * factor,
            self.low_open,
            self.high_open,
        )

    def divided(self, by: Span) -> Span | None:
        """The quotient of two spans of numbers that are not negative. None when the divisor may be zero."""
        if by.holds(0) or by.low is None or self.low is None:
            return None
        if self.low == 0 and not self.low_open:
            low, low_open = Fraction(0), False
        elif by.high is None:
            low, low_open = Fraction(0), True
        else:
            low, low_open = self.low / by.high, self.low_open or by.high_open
        if self.high == 0:
            return Span.point(0)
        if self.high is None or by.low == 0:
            return Span(low, None, low_open, False)
        return Span(low, self.high / by.low, low_open, self.high_open or by.low_open)


NOT_NEGATIVE = Span(Fraction(0))
"""Every number from zero on."""


def _tighter(
    one: tuple[Fraction | None, bool], other: tuple[Fraction | None, bool], *, upper: bool
) -> tuple[Fraction | None, bool]:
    """The tighter of two bounds, each with whether it is open."""
    if one[0] is None:
        return other
    if other[0] is None:
        return one
    if one[0] == other[0]:
        return one[0], one[1] or other[1]
    return min(one, other) if upper else max(one, other)


def root_floor(value: Fraction) -> Fraction:
    """A rational number at most 1e-24 below the square root of `value` (not negative), and never above it."""
    return Fraction(isqrt(value.numerator * _ROOT_SCALE**2 // value.denominator), _ROOT_SCALE)


@dataclass(frozen=True)
class Days:
    """A day that lies between `first` and `last`, both included: 2019-03 is 2019-03-01 to 2019-03-31."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("an empty range of days")

    @classmethod
    def day(cls, value: date) -> Self:
        return cls(value, value)

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        return cls(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))

    @classmethod
    def year(cls, year: int) -> Self:
        return cls(date(year, 1, 1), date(year, 12, 31))

    @property
    def is_day(self) -> bool:
        return self.first == self.last

    def iso(self) -> str:
        """2019-03-01, 2019-03 or 2019, by what is known; any other range as `first..last`."""
        if self.is_day:
            return self.first.isoformat()
        if self == Days.month(self.first.year, self.first.month):
            return f"{self.first:%Y-%m}"
        if self == Days.year(self.first.year):
            return f"{self.first:%Y}"
        return f"{self.first.isoformat()}..{self.last.isoformat()}"

    def compare(self, operator: Operator, day: date) -> Truth:
        """Decided only when every day of the range decides alike."""
        origin = date.min
        span = Span(Fraction((self.first - origin).days), Fraction((self.last - origin).days))
        return span.compare(operator, (day - origin).days)


def years_back(day: date, years: int) -> date:
    """The same day `years` earlier (later when negative); 29 February becomes 28 (民法典 202: the month's last day)."""
    year = day.year - years
    return date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1]))


def years_between(start: date, end: date) -> Fraction:
    """Full years from `start` to `end`, plus the part of the year that has begun, in days of that year.

    At least n exactly from the n-th anniversary on; strictly falling as `start` moves later.
    """
    full = end.year - start.year
    if years_back(start, -full) > end:
        full -= 1
    last = years_back(start, -full)
    following = years_back(start, -full - 1)
    return full + Fraction((end - last).days, max((following - last).days, 1))


def next_day(day: date) -> date:
    """The day after."""
    return day + timedelta(days=1)
