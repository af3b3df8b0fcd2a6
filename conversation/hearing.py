"""Facts about a firm in a running sentence: which amounts, counts and dates are said, of which fact and year. Pure.

Values and their places are `core.reading`'s; here they are given to the facts whose names stand beside them. An amount
of money beside no name counts as the catalogue's `unnamed_money`, unless it plainly belongs to something else.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from conversation import wording
from core.reading import Found, Known, read_industry, read_percent, scan, spoken_industry
from core.reading.days import number_of
from core.spans import Days, Span
from core.text import simplify
from firms.catalogue import Catalogue, Fact
from firms.facts import Facts, ImpossibleFacts, Key, Value, fitted

_KINDS = {"money": "money", "percent": "percent", "count": "count", "date": "date"}
_TRADE = re.compile(wording.TRADE_PATTERN)
_TRADE_ANYWHERE = re.compile(wording.TRADE_ANYWHERE)
_TRADE_ALONE = re.compile(wording.TRADE_ALONE)
_TENURE = re.compile(wording.TENURE_PATTERN)
_TOLD = tuple((re.compile(pattern), names) for pattern, names in wording.TOLD.items())
_TOLD_BREAKS = re.compile(wording.TOLD_BREAKS)
_TOLD_WITHIN = 14
_SHARE = re.compile(wording.SHARE_PATTERN)
_FOUNDED = "founded_on"
_BREAKS = frozenset("，,。；;！!？?：:、\n")


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
    told: tuple[tuple[str, Span], ...] = ()
    """Ratios and rates that were said as such: a derived figure's id and its value."""

    @property
    def says_anything(self) -> bool:
        """Whether a figure of the speaker's firm was said."""
        return bool(self.facts or self.told)

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
    if (tenure := _tenure(normal, catalogue, today)) is not None:
        facts = [fact for fact in facts if fact.key != tenure.key] + [tenure]
    return Heard(tuple(facts), _industry(text), _told(normal, catalogue))


def _tenure(text: str, catalogue: Catalogue, today: date) -> HeardFact | None:
    """How long the firm has been there, said in months or half years: the days on which it may have been founded."""
    found = _TENURE.search(text)
    if found is None or catalogue.get(_FOUNDED) is None:
        return None
    months = 12 * _number(found["years"]) + (_number(found["months"]) if found["months"] else 6)
    if not 0 < months < 1200:
        return None
    latest = _months_before(today, months)
    days = Days(latest + timedelta(days=1), today) if found["less"] else Days(_months_before(today, months + 1), latest)
    return HeardFact((_FOUNDED, None), days, named=True, dated=False, about=True)


def _number(digits: str | None) -> int:
    return (number_of(digits) or 0) if digits else 0


def _months_before(day: date, months: int) -> date:
    """The same day of the month, or the last one that month has, some months earlier."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def _told(text: str, catalogue: Catalogue) -> tuple[tuple[str, Span], ...]:
    """The ratios and rates said as such (研发占比2.8%), for all derived figures that may be meant."""
    told: dict[str, Span] = {}
    for pattern, names in _TOLD:
        for match in pattern.finditer(text):
            after = _TOLD_BREAKS.split(text[match.end() : match.end() + _TOLD_WITHIN])[0]
            share = _SHARE.search(after)
            outcome = read_percent(share[0]) if share and not _is_negative(text, match.end(), after) else None
            if isinstance(outcome, Known) and isinstance(outcome.value, Span):
                told |= {name: outcome.value for name in names if catalogue.get(name) is not None}
                break
    return tuple(told.items())


def _is_negative(text: str, place: int, after: str) -> bool:
    return any(word in text[max(0, place - 6) : place] + after for word in wording.NEGATIVE_WORDS)


def _industry(text: str) -> str | None:
    """The industry the speaker names as his own: anywhere in plain words, or in a part like 做软件的."""
    spoken = spoken_industry(text)
    if spoken is not None:
        return spoken
    pieces = re.split(r"[，,。；;！!\n]", text)
    parts = [piece for piece in pieces if _TRADE.search(piece) or _TRADE_ALONE.fullmatch(piece.strip())]
    parts += [match[0] for match in _TRADE_ANYWHERE.finditer(text)]
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
        for word in dict.fromkeys((fact.label, *fact.columns, *fact.words, *_short_names(fact, text)))
    ]
    found: list[_Name] = []
    for word, fact in sorted(known, key=lambda item: -len(item[0])):
        start = text.find(word)
        while start >= 0:
            found.append(_Name(fact, start, start + len(word)))
            text = text[:start] + "\0" * len(word) + text[start + len(word) :]
            start = text.find(word)
    return sorted(found, key=lambda name: name.start)


def _short_names(fact: Fact, text: str) -> tuple[str, ...]:
    """What a fact is called for short, where nothing else can be meant."""
    paired = wording.PAIRED_NAMES
    if fact.id in paired and all(any(word in text for word in words) for words in paired.values()):
        return paired[fact.id]
    return wording.SHORT_NAMES.get(fact.id, ())


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
