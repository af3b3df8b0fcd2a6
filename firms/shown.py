"""How values are shown to people: exact figures with their unit, never rounded across a threshold."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from core import industries, regions
from core.spans import Days, Span
from firms import wording
from firms.catalogue import Fact
from firms.facts import Chosen, Key, Names, NoDay, Value
from firms.figures import SIZES, Growth, Sizes, decimals

_PLACES = 2
_MOST_PLACES = 12


def number(value: Fraction, *, against: Fraction | None = None) -> str:
    """A number in decimals: exactly where at most 6 are enough, else rounded half up to 2.

    A rounded figure that would read like zero, or like `against` (the threshold it is compared with), or fall on its
    other side, is given more decimals until it does not: 70.004 is never shown as 70.00 beside 70.
    """
    if value.denominator == 1:
        return str(value.numerator)
    if decimals(value) and decimals(value) <= 6:
        return _plain(value, decimals(value))
    bounds = (Fraction(0),) if against is None else (Fraction(0), against)
    places = _PLACES
    while places < _MOST_PLACES and any(_blurs(value, Fraction(_plain(value, places)), bound) for bound in bounds):
        places += 1
    return _plain(value, places)


def _blurs(value: Fraction, rounded: Fraction, bound: Fraction) -> bool:
    """Whether the rounded value stands otherwise to the bound than the value itself."""
    return rounded == bound or (rounded < bound) != (value < bound)


def _plain(value: Fraction, places: int) -> str:
    with localcontext() as context:
        context.prec = 80
        shown = (Decimal(value.numerator) / Decimal(value.denominator)).quantize(
            Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP
        )
    return f"{shown:f}"


def figure(value: Span | Growth, unit: str, *, against: Fraction | None = None) -> str:
    """A number or a range with its unit."""
    if isinstance(value, Growth):
        return _growth(value, against)
    if value.is_point:
        return number(value.value, against=against) + unit
    low = None if value.low in (None, 0) and not value.low_open else value.low
    if low is not None and value.high is not None:
        return wording.BETWEEN.format(
            low=number(low) + unit + (wording.OPEN_LOW if value.low_open else ""),
            high=number(value.high) + unit + (wording.OPEN_LOW if value.high_open else ""),
        )
    if low is not None:
        return (wording.MORE_THAN if value.low_open else wording.AT_LEAST).format(low=number(low) + unit)
    if value.high is not None:
        return (wording.LESS_THAN if value.high_open else wording.AT_MOST).format(high=number(value.high) + unit)
    return wording.UNKNOWN


def _growth(growth: Growth, against: Fraction | None) -> str:
    low, high = growth.factor.low, growth.factor.high
    if growth.factor.is_point and low is not None:
        return f"{number(rate(low, growth.years), against=against)}%"
    lowest = None if low is None else rate(low, growth.years)
    highest = None if high is None else rate(high, growth.years)
    return figure(Span(lowest, highest, growth.factor.low_open, growth.factor.high_open), "%")


def rate(factor: Fraction, years: int) -> Fraction:
    """The yearly rate in percent to 30 digits; exact where the root is a decimal number."""
    with localcontext() as context:
        context.prec = 60
        root = (Decimal(factor.numerator) / Decimal(factor.denominator)) ** (Decimal(1) / years)
        near = root.quantize(Decimal(1).scaleb(-30))
    short = Fraction(near.quantize(Decimal(1).scaleb(-10)))
    return (short if short**years == factor else Fraction(near)) * 100 - 100


def value_text(value: Value | Growth | Sizes | None, fact: Fact | None, *, against: Fraction | None = None) -> str:
    """A value as a clerk would write it."""
    match value:
        case None:
            return wording.UNKNOWN
        case bool():
            return wording.YES if value else wording.NO
        case Span() | Growth():
            return figure(value, fact.shown_unit if fact else "%", against=against)
        case Days():
            return days(value)
        case NoDay():
            return wording.NONE
        case Sizes():
            return _sizes(value)
        case Names():
            return wording.AND.join(name.text for name in value.items) or wording.NONE
        case Chosen():
            labels = [option.label for option in fact.options if option.value in value.values] if fact else []
            return wording.AND.join(labels) or wording.NONE
    return _word(value, fact)


def _sizes(value: Sizes) -> str:
    if None in value.possible or len(value.possible) == len(SIZES):
        return wording.UNKNOWN
    known = [size for size in SIZES if size in value.possible]
    if len(known) > 1 and known == list(SIZES[: len(known)]):
        return wording.SIZES_UP_TO.format(size=wording.SIZES[known[-1]])
    return wording.OR.join(wording.SIZES[size] for size in known)


def _word(value: str, fact: Fact | None) -> str:
    if fact is None:
        return value
    if fact.kind == "region":
        return regions.find(value).name
    if fact.kind == "industry":
        found = industries.find(value)
        return f"{found.name}（{value}）" if found else value
    option = fact.option(value)
    return option.label if option else value


def days(value: Days) -> str:
    """A day, a month, a year, or between two days."""
    if value.is_day:
        return wording.DAY.format(value.first)
    if value == Days.month(value.first.year, value.first.month):
        return wording.MONTH.format(value.first)
    if value == Days.year(value.first.year):
        return wording.YEAR.format(value.first)
    return wording.DAYS_BETWEEN.format(first=wording.DAY.format(value.first), last=wording.DAY.format(value.last))


def key_label(key: Key, fact: Fact) -> str:
    """2025年主营业务收入, or 资产负债率."""
    return fact.name if key[1] is None else wording.YEARLY.format(year=key[1], label=fact.name)
