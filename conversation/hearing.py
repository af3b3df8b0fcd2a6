"""Facts about a firm in a running sentence: which amounts, counts and dates are said, of which fact and year. Pure.

Values and their places are `core.reading`'s; here they are given to the facts whose names stand beside them. An amount
of money beside no name counts as the catalogue's `unnamed_money`, unless it plainly belongs to something else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from conversation import wording
from core.reading import Found, Known, read_industry, scan, spoken_industry
from core.spans import Days, Span
from core.text import simplify
from firms.catalogue import Catalogue, Fact
from firms.facts import Facts, ImpossibleFacts, Key, Value, fitted

_KINDS = {"money": "money", "percent": "percent", "count": "count", "date": "date"}
_TRADE = re.compile(wording.TRADE_PATTERN)
_BREAKS = frozenset("，,。；;！!？?：:\n")


@dataclass(frozen=True)
class HeardFact:
    """A value that was said of a fact. `named`: its name was said too, `dated`: its year; `about`: said roughly."""

    key: Key
    value: Value
    named: bool
    dated: bool
    about: bool


@dataclass(frozen=True)
class Heard:
    """What a sentence says about the speaker's firm."""

    facts: tuple[HeardFact, ...] = ()
    industry: str | None = None

    def to_facts(self) -> Facts:
        """As facts. Of two values for one fact and year neither counts: which one holds has to be asked."""
        said = [fact.key for fact in self.facts]
        facts = Facts()
        for fact in self.facts:
            if said.count(fact.key) == 1:
                facts = facts.put(*fact.key, fact.value)
        return facts.put("industry", None, self.industry) if self.industry else facts


@dataclass
class _Name:
    """A fact's name in the text; each is used for one value."""

    fact: Fact
    start: int
    end: int
    used: bool = False


def hear(text: str, catalogue: Catalogue, *, today: date) -> Heard:
    """The facts in a sentence."""
    normal = _normal(text)
    found = scan(text, today=today)
    names = _names(normal, catalogue)
    facts: list[HeardFact] = []
    year, before = None, 0
    for place, item in enumerate(found):
        if item.kind == "year":
            year = item.value if isinstance(item.value, int) else year
            continue
        after = next((other.start for other in found[place + 1 :] if other.kind != "year"), len(normal))
        fact = _fact_of(item, names, normal, before, after, catalogue)
        if fact is not None and (heard := _heard(fact, item, year, today)):
            facts.append(heard)
        before = item.end
    return Heard(tuple(facts), _industry(text))


def _industry(text: str) -> str | None:
    """The industry the speaker names as his own: anywhere in plain words, or in a part like 做软件的."""
    spoken = spoken_industry(text)
    if spoken is not None:
        return spoken
    parts = (part for part in re.split(r"[，,。；;！!\n]", text) if _TRADE.search(part))
    read = [outcome.value for outcome in map(read_industry, parts) if isinstance(outcome, Known)]
    return str(read[0]) if len(set(read)) == 1 else None


def _normal(text: str) -> str:
    """The text in one width, case and script, character by character: offsets stay."""
    folded = "".join(_one(char) for char in text)
    simple = simplify(folded)
    return simple if len(simple) == len(text) else folded


def _one(char: str) -> str:
    normal = unicodedata.normalize("NFKC", char).lower()
    return normal if len(normal) == 1 else char


def _names(text: str, catalogue: Catalogue) -> list[_Name]:
    """The names of facts in the text; a longer name is not taken for a shorter one in it."""
    known = [
        (word, fact)
        for fact in catalogue
        if fact.kind in _KINDS
        for word in dict.fromkeys((fact.label, *fact.columns, *fact.words))
    ]
    found: list[_Name] = []
    for word, fact in sorted(known, key=lambda item: -len(item[0])):
        start = text.find(word)
        while start >= 0:
            found.append(_Name(fact, start, start + len(word)))
            text = text[:start] + "\0" * len(word) + text[start + len(word) :]
            start = text.find(word)
    return sorted(found, key=lambda name: name.start)


def names_others(text: str, fact: Fact, catalogue: Catalogue) -> bool:
    """Whether a text names other figures and not this one: then its number is hardly this one's."""
    normal = _normal(text)
    named = {name.fact.id for name in _names(normal, catalogue)}
    if fact.id in named:
        return False
    return bool(named) or (fact.kind == "money" and any(word in normal for word in wording.OTHER_MONEY))


def _fact_of(
    item: Found, names: list[_Name], text: str, before: int, after: int, catalogue: Catalogue
) -> tuple[Fact, bool] | None:
    """The fact a value belongs to, and whether it was named."""
    name = _name_of(item, names, text, before, after)
    if name is not None:
        name.used = True
        return name.fact, True
    if item.kind == "count" and item.unit in wording.PEOPLE_UNITS:
        return _first(catalogue, "count", wording.PEOPLE), True
    around = text[before : item.start] + text[item.end : min(after, item.end + 6)]
    if item.kind == "money" and catalogue.unnamed_money and not any(word in around for word in wording.OTHER_MONEY):
        return catalogue.fact(catalogue.unnamed_money), False
    return None


def _first(catalogue: Catalogue, kind: str, unit: str) -> Fact:
    return next(fact for fact in catalogue if fact.kind == kind and fact.unit == unit)


def _name_of(item: Found, names: list[_Name], text: str, before: int, after: int) -> _Name | None:
    """A count is named by what follows it (两个软著), anything else first by what precedes it (研发100万)."""
    fitting = [name for name in names if not name.used and name.fact.kind == _KINDS.get(item.kind)]
    preceding = next((name for name in reversed(fitting) if before <= name.start and name.end <= item.start), None)
    following = next((name for name in fitting if _follows(item, name, text, after)), None)
    return following or preceding if item.kind == "count" else preceding or following


def _follows(item: Found, name: _Name, text: str, after: int) -> bool:
    between = text[item.end : name.start]
    return item.end <= name.start < after and len(between) <= 2 and not _BREAKS & set(between)


def _heard(found: tuple[Fact, bool], item: Found, year: int | None, today: date) -> HeardFact | None:
    fact, named = found
    value: Value
    if isinstance(item.value, Span):
        try:
            value = fitted(fact, item.value)
        except ImpossibleFacts:
            return None
    elif isinstance(item.value, Days) and item.value.first <= today:
        value = item.value
    else:
        return None
    key = (fact.id, (year or today.year - 1) if fact.yearly else None)
    return HeardFact(key, value, named, year is not None, item.about)
