"""The fact catalogue: what can be known about a firm, how it is asked, read and proved. Data: `data/facts.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from core.datafile import Entry, read_yaml
from core.text import fold, squeeze

DATA = Path(__file__).parent / "data"

Kind = Literal[
    "money", "percent", "count", "number", "boolean", "date", "choice", "choices", "region", "industry", "names"
]
NUMERIC = frozenset({"money", "percent", "count", "number"})
UNITS: Mapping[str, str] = {"money": "万元", "percent": "%"}


class Option(Entry):
    """One of the answers of a choice; `words` are other ways to say it."""

    value: str
    label: str
    words: tuple[str, ...] = ()


class Formula(Entry):
    """How a figure is worked out from facts. Exactly one of the forms; `years` is how far back it reaches.

    sum of facts; ratio a / b in percent; pooled_ratio: the sums of `years` years divided; mean_ratio: the mean of the
    years' ratios; total of one fact over `years` years; growth per year over `years` years (compound), in percent;
    mean_growth: the mean of the `years` yearly rates; age: full years since a date, with the part of the one that
    runs; size_class by 工信部联企业〔2011〕300号.
    """

    sum: tuple[str, ...] = ()
    ratio: tuple[str, str] | None = None
    pooled_ratio: tuple[str, str] | None = None
    mean_ratio: tuple[str, str] | None = None
    total: str | None = None
    growth: str | None = None
    mean_growth: str | None = None
    age: str | None = None
    size_class: tuple[str, str, str, str] | None = None
    years: int = Field(default=1, ge=1, le=5)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if len(self.model_fields_set - {"years"}) != 1:
            raise ValueError("a formula has exactly one form")
        if self.mean_growth and self.years != 2:
            raise ValueError("mean_growth is worked out over 2 years")
        return self

    @property
    def form(self) -> str:
        """The name of the form that is given."""
        return next(iter(self.model_fields_set - {"years"}))

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that it uses."""
        used = getattr(self, self.form)
        return (used,) if isinstance(used, str) else tuple(used)


class Fact(Entry):
    """Something to know about a firm."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    title: str = ""
    columns: tuple[str, ...] = ()
    kind: Kind
    yearly: bool = False
    unit: str = ""
    question: str
    hint: str = ""
    why: str = ""
    evidence: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    effort: int = Field(default=1, ge=1, le=3)
    ordered: bool = False
    options: tuple[Option, ...] = ()
    none: str | None = None
    min: int = 0
    max: int | None = None
    stands_for: Formula | None = None

    @property
    def name(self) -> str:
        """What it is called in a sentence: its title, else its label (the header of a bureau's table)."""
        return self.title or self.label

    @property
    def shown_unit(self) -> str:
        """The unit behind a figure: 万元, %, 人, 项, 年 or nothing."""
        return UNITS.get(self.kind, self.unit)

    def option(self, value: str) -> Option | None:
        """The option with this value."""
        return next((option for option in self.options if option.value == value), None)

    @model_validator(mode="after")
    def _options_where_needed(self) -> Self:
        if (self.kind in ("choice", "choices")) != bool(self.options):
            raise ValueError("options belong to a choice, and only there")
        if self.none and self.kind != "date":
            raise ValueError("`none` belongs to a date")
        return self


class Derived(Entry):
    """A figure that is worked out from facts and can stand in a rule like one."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    unit: str = "%"
    formula: Formula

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return self.label


class AtMost(Entry):
    """A fact that cannot exceed another of the same year."""

    fact: str
    limit: str
    message: str


class Catalogue(Entry):
    """All facts and derived figures. Names are unique over both."""

    facts: tuple[Fact, ...] = ()
    derived: tuple[Derived, ...] = ()
    at_most: tuple[AtMost, ...] = ()
    unnamed_money: str | None = None
    """The fact that an amount of money is taken for when it is said without a name."""

    @model_validator(mode="after")
    def _names_fit(self, info: ValidationInfo) -> Self:
        names = [fact.id for fact in self.facts] + [derived.id for derived in self.derived]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"given twice: {', '.join(twice)}")
        formulas = [derived.formula for derived in self.derived]
        formulas += [fact.stands_for for fact in self.facts if fact.stands_for]
        used = {name for formula in formulas for name in formula.facts}
        used |= {name for pair in self.at_most for name in (pair.fact, pair.limit)}
        known: Catalogue | None = (info.context or {}).get("known")
        there = {fact.id for fact in (*self.facts, *(known.facts if known else ()))}
        if unknown := sorted(used - there):
            raise ValueError(f"not a fact: {', '.join(unknown)}")
        return self

    @cached_property
    def _by_id(self) -> dict[str, Fact | Derived]:
        entries: list[Fact | Derived] = [*self.facts, *self.derived]
        return {entry.id: entry for entry in entries}

    @cached_property
    def _by_name(self) -> dict[str, Fact | Derived]:
        named: dict[str, Fact | Derived] = {}
        for entry in self._by_id.values():
            other = entry.columns if isinstance(entry, Fact) else ()
            for name in (entry.id, entry.label, *other):
                named.setdefault(folded_name(name), entry)
        return named

    @cached_property
    def _places(self) -> dict[str, int]:
        return {fact.id: place for place, fact in enumerate(self.facts)}

    def fact(self, name: str) -> Fact:
        """The fact with this id. Raises KeyError."""
        entry = self._by_id[name]
        if not isinstance(entry, Fact):
            raise KeyError(name)
        return entry

    def get(self, name: str) -> Fact | Derived | None:
        """The fact or derived figure with this id."""
        return self._by_id.get(name)

    def named(self, name: str) -> Fact | Derived | None:
        """The fact or derived figure with this id, label or column header, however it is spaced and cased."""
        return self._by_name.get(folded_name(name))

    def place(self, fact: str) -> int:
        """Where the fact stands in the catalogue: the order in which things are asked when nothing else decides."""
        return self._places[fact]

    def extended(self, path: Path) -> Catalogue:
        """This catalogue with the entries of a file, which has the same form; one of the same id replaces it.

        Raises BadDataFile.
        """
        added = load(path, known=self)
        facts = {entry.id: entry for entry in (*self.facts, *added.facts)}
        derived = {entry.id: entry for entry in (*self.derived, *added.derived)}
        return Catalogue(
            facts=tuple(facts.values()),
            derived=tuple(derived.values()),
            at_most=(*self.at_most, *added.at_most),
            unnamed_money=added.unnamed_money or self.unnamed_money,
        )

    def __iter__(self) -> Iterator[Fact]:  # type: ignore[override]
        return iter(self.facts)


def folded_name(name: str) -> str:
    """A name as it is compared: NFKC, simplified, lower case, without white space."""
    return squeeze(fold(name))


def load(path: Path, *, known: Catalogue | None = None) -> Catalogue:
    """A catalogue from a file; its formulas may name facts of `known`. Raises BadDataFile with file and line."""
    return read_yaml(path, Catalogue, {"known": known})


@cache
def catalogue() -> Catalogue:
    """The built-in catalogue."""
    return load(DATA / "facts.yaml")
