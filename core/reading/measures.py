"""A number with the words that soften or bound it, and the range that they mean.

- 约, 大概, 左右: the slack of its kind (money 10 %), both ends included; before a range or a bound they change nothing.
- 多, 余: above the number and below the next one of its last digit that is not zero (两千多 < 3000, 1500多 < 1600).
- 出头: above it, by less than 10 %.
- 将近, 接近, 快, 差点: from 90 % of it to just below it. 不到, 不足: from zero to just below it.
- 来, 把 (八百来): 10 % on both sides. 几百: from 200 to below 1000. 上千万: from it on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from core.spans import Span

Slack = Callable[[Fraction], Fraction]

_TENTH = Fraction(1, 10)
_SOFT = frozenset({"almost", "short", "little_over", "more", "over"})


class Settled(NamedTuple):
    """The range a measure means, and whether it is an approximation in the person's own words."""

    span: Span
    about: bool


@dataclass(frozen=True)
class Measure:
    """`stated` is the number or range itself; `bounds` are names of `words.BEFORE` and `words.AFTER`, and `over`."""

    stated: Span
    step: Fraction
    bounds: tuple[str, ...] = ()
    about: bool = False
    about_behind: bool = False
    approximate: bool = False
    negative: bool = False

    def times(self, factor: Fraction) -> Measure:
        return replace(self, stated=self.stated.scaled(factor), step=self.step * factor)

    def settle(self, slack: Slack) -> Settled | None:
        """None when the words contradict each other or leave nothing."""
        bounds = set(self.bounds) - {"negative"}
        if bounds == {"above", "at_least"}:
            bounds = {"at_least"}
        if len(bounds) > 1 or "unclear" in bounds:
            return None
        softened = self.approximate or self.about or self.about_behind or bool(bounds & _SOFT)
        span = self._bounded(next(iter(bounds), ""), slack)
        if span is not None and self.negative:
            span = _mirrored(span)
        return None if span is None else Settled(span, softened)

    def _bounded(self, bound: str, slack: Slack) -> Span | None:
        low, high = self.stated.low or Fraction(0), self.stated.high or Fraction(0)
        if not bound:
            point = self.stated.is_point and (self.about or self.about_behind)
            return _around(low, slack(low)) if point else self.stated
        low_slack, high_slack = (slack(low), slack(high)) if self.about_behind else (Fraction(0), Fraction(0))
        match bound:
            case "at_least" | "over":
                return Span(max(low - low_slack, Fraction(0)))
            case "above":
                return Span(max(low - low_slack, Fraction(0)), low_open=True)
            case "at_most":
                return Span(Fraction(0), high + high_slack)
        return self._next_to(bound, low, high, high_slack)

    def _next_to(self, bound: str, low: Fraction, high: Fraction, high_slack: Fraction) -> Span | None:
        if low <= 0:
            return None
        match bound:
            case "short" | "below":
                return Span(Fraction(0), high + high_slack, high_open=True)
            case "almost":
                return Span(low * (1 - _TENTH), high, high_open=True)
            case "little_over":
                return Span(low, high * (1 + _TENTH), low_open=True, high_open=True)
            case "more":
                return Span(low, high + self.step, low_open=True, high_open=True)
        return None


def _around(value: Fraction, slack: Fraction) -> Span:
    return Span(max(value - slack, Fraction(0)), value + slack)


def _mirrored(span: Span) -> Span:
    return Span(
        None if span.high is None else -span.high,
        None if span.low is None else -span.low,
        span.high_open,
        span.low_open,
    )


def tenth(value: Fraction) -> Fraction:
    """What 约 leaves open for money and plain numbers: 10 %."""
    return value * _TENTH


def tenth_or_one(value: Fraction) -> Fraction:
    """... for counts: 10 %, at least one."""
    return max(value * _TENTH, Fraction(1))


def percent_points(value: Fraction) -> Fraction:
    """... for percent: one point, below ten percent a tenth of the value."""
    return Fraction(1) if value >= 10 else value * _TENTH


def half_a_tenth_part(value: Fraction) -> Fraction:
    """... for 成: five points on both sides, because 成 is ten points wide."""
    return min(Fraction(5), value)
