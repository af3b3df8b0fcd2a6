"""Facts about one firm: values, ranges or nothing, by fact and year; and how they are written in JSON and YAML.

Money is in 万元, percent in percent (70 = 70%). A fact that is absent or null is unknown. Numbers are exact: a JSON
number counts as the decimal that was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Self

from core import industries, regions
from core.errors import BadInput
from core.spans import Days, Span
from core.text import clean, fold
from firms import wording
from firms.catalogue import NUMERIC, Catalogue, Fact

_YEAR = re.compile(r"(?:19|20)\d\d")
_MONTH = re.compile(r"((?:19|20)\d\d)-(\d\d?)")
_RANGE_KEYS = frozenset({"min", "max", "above", "below"})
_TRUE = frozenset({"是", "有", "yes", "true", "对"})
_FALSE = frozenset({"否", "无", "没有", "no", "false", "不是"})
_MAX_DIGITS = 40
_MAX_NAME = 200


class UnknownFact(BadInput):
    """There is no such fact in the catalogue."""

    code = "unknown_fact"


class BadFactValue(BadInput):
    """The value of a fact has not the form of its kind."""

    code = "bad_fact_value"


class ImpossibleFacts(BadInput):
    """The value of a fact, or several together, cannot be true."""

    code = "impossible_facts"


@dataclass(frozen=True)
class NoDay:
    """For a date: it never happened."""


@dataclass(frozen=True)
class Name:
    """A title, certificate or chain; `until` is its last day (None: no end is known)."""

    text: str
    until: date | None = None


@dataclass(frozen=True)
class Names:
    """All that the firm has of a kind; none of them: an empty tuple."""

    items: tuple[Name, ...] = ()

    def on(self, day: date) -> frozenset[str]:
        """The folded names that hold on a day."""
        return frozenset(fold(name.text) for name in self.items if name.until is None or name.until >= day)


@dataclass(frozen=True)
class Chosen:
    """The values chosen among several; nothing chosen means none of them."""

    values: frozenset[str]


Value = Span | Days | NoDay | Names | Chosen | bool | str
Key = tuple[str, int | None]
"""A fact's id and its year; None for a fact that has no year, or a yearly one given for the last full year."""


@dataclass(frozen=True)
class Facts:
    """What is known about a firm. Immutable."""

    values: Mapping[Key, Value] = field(default_factory=dict)
    digits: Mapping[Key, int] = field(default_factory=dict)
    """How many decimals a stated percent was written with."""

    def at(self, fact: str, year: int | None, last_year: int) -> Value | None:
        """The value for a year; a yearly fact that was given without a year is the last full year's."""
        found = self.values.get((fact, year))
        if found is None and year == last_year:
            return self.values.get((fact, None))
        return found

    def put(self, fact: str, year: int | None, value: Value | None, digits: int | None = None) -> Facts:
        """The same facts with one of them changed, or (None) unknown."""
        key = (fact, year)
        values = {known: kept for known, kept in self.values.items() if known != key}
        places = {known: kept for known, kept in self.digits.items() if known != key}
        if value is not None:
            values[key] = value
            if digits is not None:
                places[key] = digits
        return replace(self, values=values, digits=places)

    def pinned(self, catalogue: Catalogue, last_year: int) -> Facts:
        """The same facts with the year written down for yearly ones that were given without."""
        yearly = {fact.id for fact in catalogue if fact.yearly}

        def key(known: Key) -> Key:
            return (known[0], last_year) if known[1] is None and known[0] in yearly else known

        moved = {key(known): value for known, value in self.values.items() if key(known) not in self.values}
        return replace(self, values={**moved, **{k: v for k, v in self.values.items() if key(k) == k}})

    def __iter__(self) -> Iterator[tuple[str, int | None, Value]]:
        for (fact, year), value in self.values.items():
            yield fact, year, value

    def to_json(self) -> list[list[Any]]:
        """For storing: a list of [fact, year, value, digits]."""
        return [
            [fact, year, value_to_json(value), self.digits.get((fact, year))]
            for (fact, year), value in self.values.items()
        ]

    @classmethod
    def from_json(cls, stored: list[list[Any]]) -> Self:
        """What `to_json` wrote."""
        values = {(fact, year): value_from_json(value) for fact, year, value, _ in stored}
        digits = {(fact, year): places for fact, year, _, places in stored if places is not None}
        return cls(values, digits)


def value_to_json(value: Value) -> dict[str, Any]:
    """A value for storing, exactly."""
    match value:
        case bool():
            return {"is": "yes" if value else "no"}
        case str():
            return {"is": "word", "word": value}
        case Span():
            bounds = [None if bound is None else str(bound) for bound in (value.low, value.high)]
            return {"is": "number", "bounds": bounds, "open": [value.low_open, value.high_open]}
        case Days():
            return {"is": "days", "days": [value.first.isoformat(), value.last.isoformat()]}
        case NoDay():
            return {"is": "never"}
        case Chosen():
            return {"is": "chosen", "chosen": sorted(value.values)}
        case Names():
            return {
                "is": "names",
                "names": [[name.text, name.until.isoformat() if name.until else None] for name in value.items],
            }


def value_from_json(stored: Mapping[str, Any]) -> Value:
    """What `value_to_json` wrote."""
    match stored["is"]:
        case "yes":
            return True
        case "no":
            return False
        case "word":
            return str(stored["word"])
        case "days":
            first, last = (date.fromisoformat(day) for day in stored["days"])
            return Days(first, last)
        case "never":
            return NoDay()
        case "chosen":
            return Chosen(frozenset(stored["chosen"]))
        case "names":
            return Names(
                tuple(Name(text, date.fromisoformat(until) if until else None) for text, until in stored["names"])
            )
    low, high = (None if bound is None else Fraction(bound) for bound in stored["bounds"])
    return Span(low, high, *stored["open"])


def read_facts(data: object, catalogue: Catalogue) -> Facts:
    """Facts as the contract writes them. Raises UnknownFact, BadFactValue, ImpossibleFacts."""
    if not isinstance(data, Mapping):
        raise BadFactValue(wording.NOT_AN_OBJECT)
    facts = Facts()
    for name, given in data.items():
        fact = catalogue.get(name) if isinstance(name, str) else None
        if not isinstance(fact, Fact):
            raise UnknownFact(wording.UNKNOWN_FACT.format(name=_shown(name)), fact=_shown(name))
        for year, value in _by_year(fact, given):
            if value is not None:
                facts = facts.put(fact.id, year, read_value(fact, value), _digits(fact, value))
    return facts


def _by_year(fact: Fact, given: object) -> list[tuple[int | None, object]]:
    """The values of a fact by year; [(None, value)] when no year is given."""
    if not isinstance(given, Mapping) or (given and set(given) <= _RANGE_KEYS) or fact.kind == "names":
        return [(None, given)]
    if not fact.yearly:
        raise BadFactValue(wording.NOT_YEARLY.format(label=fact.label), fact=fact.id)
    years: list[tuple[int | None, object]] = []
    for year, value in given.items():
        if not _YEAR.fullmatch(str(year)):
            raise BadFactValue(wording.BAD_YEAR.format(label=fact.label, year=_shown(year)), fact=fact.id)
        years.append((int(str(year)), value))
    return years


def read_value(fact: Fact, given: object) -> Value:
    """One value of a fact as the contract writes it. Raises BadFactValue, ImpossibleFacts."""
    value = _read(fact, given)
    if value is None:
        options = "、".join(option.value for option in fact.options)
        expected = wording.EXPECTED[fact.kind].format(options=options)
        message = wording.BAD_VALUE.format(label=fact.label, value=_shown(given), expected=expected)
        raise BadFactValue(message, fact=fact.id)
    return value


def _read(fact: Fact, given: object) -> Value | None:
    if fact.kind in NUMERIC:
        return _span(fact, given)
    match fact.kind:
        case "boolean":
            return _boolean(given)
        case "date":
            return NoDay() if fact.none and given == fact.none else _days(given)
        case "choice":
            return given if isinstance(given, str) and fact.option(given) else None
        case "choices":
            return _chosen(fact, given)
        case "region":
            return _region(given)
        case "industry":
            return _industry(given)
        case _:
            return _names(given)


def _boolean(given: object) -> bool | None:
    if isinstance(given, bool):
        return given
    if isinstance(given, str):
        folded = fold(given)
        return True if folded in _TRUE else False if folded in _FALSE else None
    return None


def _number(given: object) -> Decimal | None:
    """A number as it was written. A float counts as its shortest decimal, which is what a JSON text held."""
    if isinstance(given, bool) or not isinstance(given, int | float | str | Decimal):
        return None
    text = str(given).strip() if not isinstance(given, float) else repr(given)
    try:
        number = Decimal(text)
    except (InvalidOperation, ValueError):
        return None
    if not number.is_finite() or abs(number.adjusted()) > _MAX_DIGITS or len(number.as_tuple().digits) > _MAX_DIGITS:
        return None
    return number


def _digits(fact: Fact, given: object) -> int | None:
    if fact.kind != "percent" or (number := _number(given)) is None:
        return None
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else None


def domain(fact: Fact) -> Span:
    """What the number can be at all."""
    return Span(Fraction(fact.min), None if fact.max is None else Fraction(fact.max))


def _span(fact: Fact, given: object) -> Span | None:
    if isinstance(given, Mapping):
        return _range(fact, given)
    number = _number(given)
    return None if number is None else fitted(fact, Span.point(Fraction(number)))


def _range(fact: Fact, given: Mapping[object, object]) -> Span | None:
    """{"min": a} or {"above": a} with {"max": b} or {"below": b}, or one of them."""
    keys = set(given)
    if not keys or not keys <= _RANGE_KEYS or keys >= {"min", "above"} or keys >= {"max", "below"}:
        return None
    bounds: dict[object, Fraction] = {}
    for key, value in given.items():
        if (number := _number(value)) is None:
            return None
        bounds[key] = Fraction(number)
    try:
        span = Span(
            bounds.get("min", bounds.get("above")),
            bounds.get("max", bounds.get("below")),
            "above" in keys,
            "below" in keys,
        )
    except ValueError as error:
        raise ImpossibleFacts(wording.EMPTY_RANGE.format(label=fact.label), fact=fact.id) from error
    return fitted(fact, span)


def fitted(fact: Fact, span: Span) -> Span:
    """The span inside what the fact can be. Raises ImpossibleFacts, also for a bound that is itself impossible."""
    possible = domain(fact)
    if fact.kind == "count":
        span = whole(fact, span)
    if any(bound is not None and bound < fact.min for bound in (span.low, span.high)):
        raise ImpossibleFacts(wording.NEGATIVE.format(label=fact.label, low=fact.min), fact=fact.id)
    inside = span.meet(possible)
    if inside is None:
        raise ImpossibleFacts(wording.TOO_LARGE.format(label=fact.label, high=fact.max), fact=fact.id)
    return inside


def whole(fact: Fact, span: Span) -> Span:
    """The whole numbers of a span, as a closed one. Raises ImpossibleFacts when it holds none."""
    if span.is_point and span.value.denominator != 1:
        raise ImpossibleFacts(wording.NOT_WHOLE.format(label=fact.label), fact=fact.id)
    low, high = span.low, span.high
    if low is not None:
        low = Fraction(low.__floor__() + 1) if span.low_open else Fraction(low.__ceil__())
    if high is not None:
        high = Fraction(high.__ceil__() - 1) if span.high_open else Fraction(high.__floor__())
    try:
        return Span(low, high)
    except ValueError as error:
        raise ImpossibleFacts(wording.NOT_WHOLE.format(label=fact.label), fact=fact.id) from error


def _days(given: object) -> Days | None:
    if isinstance(given, datetime):
        return None
    if isinstance(given, date):
        return Days.day(given)
    if isinstance(given, bool) or not isinstance(given, str | int):
        return None
    text = str(given).strip()
    try:
        if _YEAR.fullmatch(text):
            return Days.year(int(text))
        if month := _MONTH.fullmatch(text):
            return Days.month(int(month[1]), int(month[2]))
        day = Days.day(date.fromisoformat(text)) if len(text) == 10 else None
    except ValueError:
        return None
    return day if day is not None and day.first.year >= 1900 else None


def _chosen(fact: Fact, given: object) -> Chosen | None:
    """A choice of several: one value or a list; `none` stands for an empty choice and only alone."""
    values = [given] if isinstance(given, str) else given
    if not isinstance(values, list) or not all(isinstance(value, str) and fact.option(value) for value in values):
        return None
    chosen = frozenset(values)
    if "none" in chosen:
        return Chosen(frozenset()) if chosen == {"none"} else None
    return Chosen(chosen)


def _region(given: object) -> str | None:
    """A region's code, or the name of a place that is in no table: a region of its own."""
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    if not isinstance(given, str) or not clean(given).strip():
        return None
    text = clean(given).strip()[:_MAX_NAME]
    found = regions.find(text)
    if not found.known and (meant := regions.recognise(text)):
        found = meant
    return None if found.known and found.name == found.code else found.code  # six digits that are no region's code


def _industry(given: object) -> str | None:
    if isinstance(given, bool) or not isinstance(given, str | int):
        return None
    found = industries.find(str(given))
    return None if found is None else found.code


def _names(given: object) -> Names | None:
    """A name, a list of names, or {name: last day}."""
    items: list[Name] = []
    if isinstance(given, Mapping):
        for text, until in given.items():
            days = _days(until) if until is not None else None
            if not isinstance(text, str) or (until is not None and days is None):
                return None
            items.append(Name(text, days.last if days else None))
        return Names(tuple(items))
    for text in [given] if isinstance(given, str) else given if isinstance(given, list) else [None]:
        if not isinstance(text, str) or not 0 < len(clean(text).strip()) <= _MAX_NAME:
            return None
        items.append(Name(clean(text).strip()))
    return Names(tuple(items))


def _shown(given: object) -> str:
    """A value in an error message: short, and without anything that cannot be printed."""
    return clean(str(given))[:60]
