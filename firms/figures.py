"""What a firm's facts amount to on a day: facts and derived figures, exactly, with what is missing for them.

Formulas: ratios and growth in percent, money in 万元. Sources of the size classes: 工信部联企业〔2011〕300号.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Literal

from core import industries
from core.spans import NOT_NEGATIVE, Days, Operator, Span, root_floor, years_between
from core.truth import Truth
from core.truth import of as truth_of
from firms import wording
from firms.catalogue import DATA, Catalogue, Derived, Fact, Formula
from firms.facts import Facts, ImpossibleFacts, Key, Value

Size = Literal["micro", "small", "medium", "large"]
SIZES: tuple[Size, ...] = ("micro", "small", "medium", "large")


@dataclass(frozen=True)
class Growth:
    """A yearly rate of growth over `years` years: the `years`-th root of `factor` (new over old), less one."""

    factor: Span
    years: int

    def compare(self, operator: Operator, percent: Fraction) -> Truth:
        """Exact: the rate is not worked out, the threshold is raised to the power instead."""
        base = 1 + percent / 100
        if base < 0:  # no rate is below -100 %
            return truth_of(operator in (">", ">=", "!="))
        return self.factor.compare(operator, base**self.years)


@dataclass(frozen=True)
class Sizes:
    """The size classes that the firm may have; None among them: an industry that the table does not hold."""

    possible: frozenset[Size | None]

    @property
    def only(self) -> Size | None:
        """The class, when there is only one left."""
        return next(iter(self.possible)) if len(self.possible) == 1 else None


@dataclass(frozen=True)
class Measured:
    """A figure on a day. `value` None: it cannot be told. `needs`: what is unknown or only roughly known of it.

    `undefined`: the formula has no value for these facts (division by zero, or a year before the firm was founded).
    `conflict`: facts contradict each other, said in Chinese. `sources`: all facts it was worked out from.
    """

    value: Value | Growth | Sizes | None
    needs: tuple[Key, ...] = ()
    undefined: bool = False
    conflict: str | None = None
    sources: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Situation:
    """A firm's facts on a day. The last full fiscal year is the calendar year before."""

    facts: Facts
    as_of: date
    catalogue: Catalogue = field(repr=False)

    @property
    def last_year(self) -> int:
        return self.as_of.year - 1

    def check(self) -> None:
        """Raise ImpossibleFacts when facts cannot be true together."""
        for pair in self.catalogue.at_most:
            self._check_at_most(pair.fact, pair.limit, pair.message)
        for name, _, value in self.facts:
            if isinstance(value, Days) and value.first > self.as_of:
                label = self.catalogue.fact(name).label
                raise ImpossibleFacts(wording.FUTURE_DATE.format(label=label, as_of=self.as_of), fact=name)

    def _check_at_most(self, fact: str, limit: str, message: str) -> None:
        for name, year, value in self.facts:
            other = self.facts.at(limit, self._year(year), self.last_year)
            if name != fact or not isinstance(value, Span) or not isinstance(other, Span) or value.low is None:
                continue
            above = other.high is not None and (
                value.low > other.high or (value.low == other.high and (value.low_open or other.high_open))
            )
            if above:
                raise ImpossibleFacts(message, fact=fact, year=year)

    def _year(self, year: int | None) -> int:
        return self.last_year if year is None else year

    def key(self, fact: Fact, shift: int = 0) -> Key:
        """The key of a fact, `shift` years before the last full one."""
        return (fact.id, self.last_year - shift if fact.yearly else None)

    def measure(self, name: str, shift: int = 0) -> Measured:
        """The figure of a fact or derived figure, `shift` years before the last full one."""
        entry = self.catalogue.get(name)
        if isinstance(entry, Derived):
            return self._derived(entry.formula, shift)
        fact = self.catalogue.fact(name)
        if fact.stands_for is not None:
            return self._stated_or_derived(fact, fact.stands_for)
        return self._stated(fact, shift)

    def _stated(self, fact: Fact, shift: int) -> Measured:
        key = self.key(fact, shift)
        value = self.facts.at(*key, self.last_year)
        if isinstance(value, Days) and value.last > self.as_of >= value.first:
            value = Days(value.first, self.as_of)
        before = value is None and self._before_founding(key[1])
        needs = () if before or (value is not None and is_exact(value)) else (key,)
        return Measured(value, needs, undefined=before, sources=(key,))

    def _before_founding(self, year: int | None) -> bool:
        founded = self.facts.at("founded_on", None, self.last_year)
        return year is not None and isinstance(founded, Days) and founded.first.year > year

    def _stated_or_derived(self, fact: Fact, formula: Formula) -> Measured:
        """A figure that may be stated or follow from others: what follows exactly counts, if what was stated agrees."""
        stated, derived = self._stated(fact, 0), self._derived(formula, 0)
        said, follows = stated.value, derived.value
        if not isinstance(said, Span):
            if derived.value is not None and not derived.needs:
                return derived
            return replace(_joined(stated, derived), value=follows, undefined=derived.undefined)
        if not isinstance(follows, Span) or (follows.low == 0 and follows.high is None):
            return stated
        if not _agrees(said, follows, self.facts.digits.get((fact.id, None))):
            keys = stated.sources + derived.sources
            return Measured(None, keys, conflict=self._conflict(said, follows, formula), sources=keys)
        return derived if follows.is_point else stated

    def _conflict(self, said: Span, follows: Span, formula: Formula) -> str:
        from firms.shown import figure, value_text  # shown imports this module

        liabilities, assets = (self._stated(self.catalogue.fact(name), 0).value for name in formula.facts[:2])
        return wording.RATIO_CONFLICT.format(
            stated=figure(said, "%"),
            computed=figure(follows, "%"),
            liabilities=value_text(liabilities, self.catalogue.fact(formula.facts[0])),
            assets=value_text(assets, self.catalogue.fact(formula.facts[1])),
        )

    def _derived(self, formula: Formula, shift: int) -> Measured:
        match formula.form:
            case "sum":
                return self._sum([(name, shift) for name in formula.facts])
            case "total":
                return self._sum([(formula.facts[0], shift + back) for back in range(formula.years)])
            case "ratio":
                return self._pooled(formula, shift, 1)
            case "pooled_ratio":
                return self._pooled(formula, shift, formula.years)
            case "mean_ratio":
                return self._mean_ratio(formula, shift)
            case "growth":
                return self._growth(formula, shift)
            case "mean_growth":
                return self._mean_growth(formula, shift)
            case "age":
                return self._age(formula.facts[0])
        return self._size(formula)

    def _numbers(self, parts: Iterable[tuple[str, int]]) -> tuple[list[Span], Measured]:
        """The spans of facts (all that is possible where nothing is known), and what is missing in them."""
        seen = [self._stated(self.catalogue.fact(name), shift) for name, shift in parts]
        spans = [part.value if isinstance(part.value, Span) else NOT_NEGATIVE for part in seen]
        needs = tuple(dict.fromkeys(key for part in seen for key in part.needs))
        sources = tuple(dict.fromkeys(key for part in seen for key in part.sources))
        return spans, Measured(None, needs, any(part.undefined for part in seen), sources=sources)

    def _sum(self, parts: list[tuple[str, int]]) -> Measured:
        spans, about = self._numbers(parts)
        total = spans[0]
        for span in spans[1:]:
            total = total + span
        return _with(about, total)

    def _pooled(self, formula: Formula, shift: int, years: int) -> Measured:
        above, below = (self._sum([(name, shift + back) for back in range(years)]) for name in formula.facts[:2])
        about = _joined(above, below)
        if not isinstance(above.value, Span) or not isinstance(below.value, Span):
            return _with(about, None)
        return _with(about, _percent(above.value.divided(below.value)), zero=below.value == Span.point(0))

    def _mean_ratio(self, formula: Formula, shift: int) -> Measured:
        ratios = [self._pooled(formula, shift + back, 1) for back in range(formula.years)]
        about = _joined(*ratios)
        total: Span | None = Span.point(0)
        for ratio in ratios:
            total = total + ratio.value if total is not None and isinstance(ratio.value, Span) else None
        return _with(about, None if total is None else total.scaled(Fraction(1, formula.years)))

    def _growth(self, formula: Formula, shift: int) -> Measured:
        (new, old), about = self._numbers([(formula.facts[0], shift), (formula.facts[0], shift + formula.years)])
        factor = new.divided(old)
        return _with(about, None if factor is None else Growth(factor, formula.years), zero=old == Span.point(0))

    def _mean_growth(self, formula: Formula, shift: int) -> Measured:
        (new, mid, old), about = self._numbers([(formula.facts[0], shift + back) for back in range(3)])
        zero = Span.point(0) in (mid, old)
        return _with(about, _mean_of_two(new, mid, old), zero=zero)

    def _age(self, fact: str) -> Measured:
        since = self._stated(self.catalogue.fact(fact), 0)
        if not isinstance(since.value, Days):
            return since
        low, high = years_between(since.value.last, self.as_of), years_between(since.value.first, self.as_of)
        return _with(since, Span(low, high))

    def _size(self, formula: Formula) -> Measured:
        industry = self._stated(self.catalogue.fact(formula.facts[0]), 0)
        spans, about = self._numbers([(name, 0) for name in formula.facts[1:]])
        if not isinstance(industry.value, str):
            return Measured(None, industry.needs, sources=industry.sources + about.sources)
        rows = rows_of(industry.value)
        classes: set[Size | None] = set()
        used: set[int] = set()
        for row in rows:
            classes |= {None} if row is None else row.classes(spans)
            used |= set() if row is None else row.indicators
        open_needs = [key for number, key in enumerate(about.sources) if number in used and key in about.needs]
        needs = tuple(open_needs) if len(rows) == 1 else (*industry.sources, *open_needs)
        return Measured(Sizes(frozenset(classes)), needs, sources=industry.sources + about.sources)


def is_exact(value: Value) -> bool:
    """Whether nothing more can be asked about the value: no range, no part of a date open, no broad industry."""
    match value:
        case Span():
            return value.is_point
        case Days():
            return value.is_day
    return True


def _joined(*parts: Measured) -> Measured:
    """What several figures need and were worked out from, without a value."""
    needs = tuple(dict.fromkeys(key for part in parts for key in part.needs))
    sources = tuple(dict.fromkeys(key for part in parts for key in part.sources))
    return Measured(None, needs, any(part.undefined for part in parts), sources=sources)


def _with(about: Measured, value: Value | Growth | None, *, zero: bool = False) -> Measured:
    undefined = zero or about.undefined
    return Measured(None if undefined else value, about.needs, undefined, sources=about.sources)


def _percent(ratio: Span | None) -> Span | None:
    return None if ratio is None else ratio.scaled(100)


def _agrees(said: Span, follows: Span, digits: int | None) -> bool:
    """Whether a stated figure and the one that follows can both be right, the stated one being rounded."""
    if said.is_point:
        half = Fraction(1, 2 * 10 ** (decimals(said.value) if digits is None else digits))
        said = Span(said.value - half, said.value + half, high_open=True)
    return said.meet(follows) is not None


def decimals(number: Fraction) -> int:
    """How many decimals it takes to write the number; 0 when no number of them is enough."""
    for places in range(40):
        if (number * 10**places).denominator == 1:
            return places
    return 0


def _mean_of_two(new: Span, mid: Span, old: Span) -> Span | None:
    """The mean of the growth from `old` to `mid` and from `mid` to `new`, in percent: the tightest span.

    For given ends it is convex in the middle year: smallest where that is their geometric mean, largest at an end of
    the middle year's range.
    """
    first, second = mid.divided(old), new.divided(mid)
    if first is None or second is None or mid.low is None or new.low is None:
        return None
    loose = (first + second).shifted(-2).scaled(50)
    if mid.is_point or old.high is None or new.low == 0:
        return loose
    low, low_open = _least_sum(new.low, mid, old.high)
    high: Fraction | None = None
    if mid.high is not None and new.high is not None and old.low:
        high = max(edge / old.low + new.high / edge for edge in (mid.low, mid.high))
    tight = Span((low - 2) * 50, None if high is None else (high - 2) * 50, low_open, False)
    return tight.meet(loose)


def _least_sum(new: Fraction, mid: Span, old: Fraction) -> tuple[Fraction, bool]:
    """The least of m/old + new/m for m in `mid`; a rational number just below it where it is a root."""
    assert mid.low is not None
    turn = new * old  # the square of where the least value is taken
    if mid.low**2 >= turn:
        return mid.low / old + new / mid.low, False
    if mid.high is not None and mid.high**2 <= turn:
        return mid.high / old + new / mid.high, False
    return 2 * root_floor(new / old), False


@dataclass(frozen=True)
class SizeRow:
    """A row of the table of size classes. `bounds`: for each indicator its (large, medium, small) lower bounds."""

    name: str
    industries: tuple[str, ...]
    bounds: tuple[tuple[int, int, int] | None, ...]

    @property
    def indicators(self) -> frozenset[int]:
        """The places of the indicators that the row uses: 0 employees, 1 revenue, 2 assets."""
        return frozenset(place for place, bound in enumerate(self.bounds) if bound is not None)

    def classes(self, spans: list[Span]) -> set[Size | None]:
        """The classes a firm may have whose indicators lie in `spans`: it has the highest one it reaches in all."""
        found: set[Size | None] = set()
        for level, size in enumerate(("large", "medium", "small")):
            reached = [spans[place].compare(">=", self.bounds[place][level]) for place in self.indicators]  # type: ignore[index]
            if Truth.NOT_MET not in reached:
                found.add(size)  # type: ignore[arg-type]
            if all(value is Truth.MET for value in reached):
                return found
        return found | {"micro"}


@cache
def size_table() -> tuple[SizeRow, ...]:
    """The table of 工信部联企业〔2011〕300号, from `data/size_classes.csv`."""
    with (DATA / "size_classes.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            SizeRow(
                row["name"],
                tuple(row["industries"].split()),
                tuple(_bounds(row[name]) for name in ("employees", "revenue_total", "total_assets")),
            )
            for row in csv.DictReader(file)
        )


def _bounds(cell: str) -> tuple[int, int, int] | None:
    if not cell:
        return None
    large, medium, small = (int(part) for part in cell.split("/"))
    return large, medium, small


@cache
def rows_of(industry: str) -> tuple[SizeRow | None, ...]:
    """The rows that an industry's code may fall into; None for a part of it that no row holds."""
    return tuple(dict.fromkeys(_row_of(leaf) for leaf in _leaves(industry)))


def _leaves(industry: str) -> list[str]:
    """The parts of an industry that the table of industries tells apart. A section is all of its divisions; of a
    division only some groups are listed, so it is also a part of itself."""
    below = [entry.code for entry in industries.every() if industries.covers(industry, entry.code)]
    return [code for code in below if len(code) > 1] or [industry]


def _row_of(code: str) -> SizeRow | None:
    """The row with the longest prefix of the code."""
    fitting = [(len(prefix), row) for row in size_table() for prefix in row.industries if code.startswith(prefix)]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None
