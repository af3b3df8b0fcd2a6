"""The one rule language: schemes judge firms with it, offers use it as entry rule, announcements as audience.

A rule is met, not_met or unknown (Kleene). Unknown is never treated as no, zero or yes, and replacing an unknown value
or a range by any value inside it never changes what was already decided, as long as the facts do not contradict each
other.

`firms.rule_reading` reads rules from cells and data files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any, Literal

from core import industries, regions, truth
from core.spans import Days, Span, years_back
from core.text import fold
from core.truth import Truth
from firms import wording
from firms.catalogue import Derived, Fact
from firms.facts import Chosen, Key, Names, NoDay
from firms.figures import SIZES, Growth, Measured, Situation, Sizes
from firms.shown import days as shown_days
from firms.shown import figure, key_label, number, rate, value_text

Op = Literal[">=", "<=", ">", "<", "=", "!=", "in", "not in", "has"]


@dataclass(frozen=True)
class RelativeDay:
    """A day counted back from the day of judging: the same day, or 1 January, `years` years before."""

    years: int
    year_start: bool = False

    def on(self, as_of: date) -> date:
        return date(as_of.year - self.years, 1, 1) if self.year_start else years_back(as_of, self.years)


Operand = Fraction | date | RelativeDay | bool | str | tuple[str, ...]


@dataclass(frozen=True)
class Atom:
    """A fact or derived figure compared with something. `shift` years before the last full one."""

    subject: str
    operator: Op
    operand: Operand
    shift: int = 0
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class Group:
    """all, any, or at least `count` of the parts."""

    form: Literal["all", "any", "at_least"]
    parts: tuple[Rule, ...]
    count: int = 0


@dataclass(frozen=True)
class Not:
    """The opposite."""

    part: Rule


@dataclass(frozen=True)
class Readings:
    """Competing readings of one text: decided only if all agree. `also` are shown beside them and decide nothing."""

    readings: tuple[tuple[str, Rule], ...]
    also: tuple[tuple[str, Rule], ...] = ()


@dataclass(frozen=True)
class Cases:
    """The rule of the first case whose `when` is met, else `otherwise`; where that is open, what all of them say."""

    cases: tuple[tuple[Rule, Rule], ...]
    otherwise: Rule


@dataclass(frozen=True)
class Undetermined:
    """What the text does not say: unknown, whatever is known about the firm."""

    why: str


@dataclass(frozen=True)
class Constant:
    """Met or not met without looking at anything: for cases."""

    value: Truth


Rule = Atom | Group | Not | Readings | Cases | Undetermined | Constant


@dataclass(frozen=True)
class Judgement:
    """What a rule says about a firm on a day, and why.

    `needs` are the facts that can still decide it, empty once it is decided. For an atom: `given` is the firm's value,
    `threshold` what it is compared with, `required` the whole condition, `bound` its right side in words, `gap` what is
    missing to it, all as text. `when`: for the rule of a case, the condition of the case.
    """

    truth: Truth
    rule: Rule
    parts: tuple[Judgement, ...] = ()
    needs: tuple[Key, ...] = ()
    given: str = ""
    threshold: str = ""
    required: str = ""
    bound: str = ""
    gap: str | None = None
    reading: str | None = None
    binding: bool = True
    notes: tuple[str, ...] = ()
    undefined: bool = False
    measured: Measured | None = None
    when: Judgement | None = None

    def atoms(self) -> list[Judgement]:
        """The judgements of the atoms below, in order, of those branches that count."""
        if isinstance(self.rule, Atom):
            return [self]
        return [atom for part in self.parts for atom in part.atoms()]

    def all_notes(self) -> tuple[str, ...]:
        """What is to be said about it, of all branches that count and are not decided."""
        if isinstance(self.rule, Cases) and len(self.parts) > 1:
            return self.notes  # it is open which case it is: what is said of one may not be said of the firm
        below = [note for part in self.parts if part.truth is Truth.UNKNOWN for note in part.all_notes()]
        return tuple(dict.fromkeys((*self.notes, *below)))


def judge(rule: Rule, situation: Situation) -> Judgement:
    """Judge a firm by a rule. Pure."""
    match rule:
        case Atom():
            return _judge_atom(rule, situation)
        case Group():
            return _judge_group(rule, situation)
        case Not():
            part = judge(rule.part, situation)
            return Judgement(truth.negated(part.truth), rule, (part,), part.needs)
        case Readings():
            return _judge_readings(rule, situation)
        case Cases():
            return _judge_cases(rule, situation)
        case Undetermined():
            return Judgement(Truth.UNKNOWN, rule, notes=(rule.why,))
    return Judgement(rule.value, rule)


def _judge_group(rule: Group, situation: Situation) -> Judgement:
    parts = tuple(judge(part, situation) for part in rule.parts)
    values = [part.truth for part in parts]
    match rule.form:
        case "all":
            value = truth.all_of(values)
        case "any":
            value = truth.any_of(values)
        case _:
            value = truth.at_least(rule.count, values)
    return Judgement(value, rule, parts, _needs(value, parts))


def _needs(value: Truth, parts: Sequence[Judgement]) -> tuple[Key, ...]:
    if value is not Truth.UNKNOWN:
        return ()
    open_parts = [part for part in parts if part.truth is Truth.UNKNOWN]
    return tuple(dict.fromkeys(key for part in open_parts for key in part.needs))


def _judge_readings(rule: Readings, situation: Situation) -> Judgement:
    binding = tuple(replace(judge(part, situation), reading=name) for name, part in rule.readings)
    also = tuple(replace(judge(part, situation), reading=name, binding=False) for name, part in rule.also)
    value = truth.agreed(part.truth for part in binding)
    return Judgement(value, rule, binding + also, _needs(value, binding))


def _judge_cases(rule: Cases, situation: Situation) -> Judgement:
    possible: list[Judgement] = []
    open_whens: list[Judgement] = []
    for when, then in rule.cases:
        holds = judge(when, situation)
        if holds.truth is Truth.NOT_MET:
            continue
        possible.append(replace(judge(then, situation), when=holds))
        if holds.truth is Truth.MET:
            break
        open_whens.append(holds)
    else:
        possible.append(judge(rule.otherwise, situation))
    value = truth.agreed(part.truth for part in possible)
    return Judgement(value, rule, tuple(possible), _needs(value, (*open_whens, *possible)))


def _judge_atom(rule: Atom, situation: Situation) -> Judgement:
    entry = situation.catalogue.get(rule.subject)
    assert entry is not None
    measured = situation.measure(rule.subject, rule.shift)
    value = Truth.UNKNOWN if measured.value is None else compare(rule, measured, situation.as_of)
    notes = (measured.conflict,) if measured.conflict and value is Truth.UNKNOWN else ()
    against = rule.operand if isinstance(rule.operand, Fraction) else None
    unit = entry.shown_unit if isinstance(entry, Fact) else entry.unit
    return Judgement(
        value,
        rule,
        needs=measured.needs if value is Truth.UNKNOWN else (),
        given=_given(entry, measured, unit, against),
        threshold=operand_text(rule, entry, situation.as_of),
        required=required_text(rule, entry, situation),
        bound=bound_text(rule, entry, situation.as_of),
        gap=_gap(rule, measured, unit, value),
        notes=notes,
        undefined=measured.undefined,
        measured=measured,
    )


def _given(entry: Fact | Derived, measured: Measured, unit: str, against: Fraction | None) -> str:
    if isinstance(measured.value, Span | Growth):
        return figure(measured.value, unit, against=against)
    return value_text(measured.value, entry if isinstance(entry, Fact) else None)


def compare(rule: Atom, measured: Measured, as_of: date) -> Truth:
    """The truth of an atom for a value."""
    value, operand = measured.value, rule.operand
    match value:
        case bool():
            return truth.of((value == operand) == (rule.operator == "="))
        case Span() | Growth():
            assert isinstance(operand, Fraction)
            return value.compare(rule.operator, operand)  # type: ignore[arg-type]
        case Days() | NoDay():
            return _compare_day(rule, value, as_of)
        case Sizes():
            return _compare_size(rule, value)
        case Names():
            wanted = {fold(name) for name in _words(operand)}
            return truth.of(wanted <= value.on(as_of))
        case Chosen():
            return truth.of(set(_words(operand)) <= value.values)
        case str():
            return _compare_word(rule, value)
    return Truth.UNKNOWN


def _words(operand: Operand) -> tuple[str, ...]:
    assert isinstance(operand, tuple)
    return operand


def _compare_day(rule: Atom, value: Days | NoDay, as_of: date) -> Truth:
    operand = rule.operand
    if operand == ("none",):
        return truth.of(isinstance(value, NoDay) == (rule.operator == "="))
    if isinstance(value, NoDay):  # it never happened: earlier than any day
        return truth.of(rule.operator in ("<", "<=", "!="))
    day = operand.on(as_of) if isinstance(operand, RelativeDay) else operand
    assert isinstance(day, date)
    return value.compare(rule.operator, day)  # type: ignore[arg-type]


def _compare_size(rule: Atom, value: Sizes) -> Truth:
    if None in value.possible:
        return Truth.UNKNOWN
    places = {size: place for place, size in enumerate(SIZES)}
    decided = {_holds_in_order(rule, places, size) for size in value.possible if size is not None}
    return truth.of(decided.pop()) if len(decided) == 1 else Truth.UNKNOWN


def _holds_in_order(rule: Atom, places: Mapping[Any, int], value: str) -> bool:
    """Whether a word stands to the operand's words as the operator says, in an order of words."""
    words = _words(rule.operand)
    match rule.operator:
        case "in" | "=":
            return value in words
        case "not in" | "!=":
            return value not in words
    place, bound = places[value], places[words[0]]
    return {">=": place >= bound, ">": place > bound, "<=": place <= bound, "<": place < bound}[rule.operator]


def _compare_word(rule: Atom, value: str) -> Truth:
    kind = rule.text_kind if isinstance(rule, KindAtom) else ""
    words = _words(rule.operand)
    if kind == "region":
        held = truth.any_of(region_in(value, outer) for outer in words)
    elif kind == "industry":
        held = truth.any_of(_industry_in(value, outer) for outer in words)
    else:
        places = rule.places if isinstance(rule, KindAtom) else {}
        return truth.of(_holds_in_order(rule, places, value))
    return held if rule.operator in ("in", "=", "has") else truth.negated(held)


def region_in(value: str, outer: str) -> Truth:
    """Whether region `value` lies in `outer`; codes, or the names of places that are in no table.

    A wider place than `outer` may lie in it or not. So may a county, town or misspelt place that no table holds; a
    city or province of its own does not.
    """
    if regions.covers(outer, value):
        return Truth.MET
    if value.isdigit():
        wider = regions.covers(value, outer) or (not outer.isdigit() and value.endswith("0000"))
        return Truth.UNKNOWN if wider else Truth.NOT_MET
    return Truth.NOT_MET if value.endswith(wording.OWN_REGIONS) else Truth.UNKNOWN


def _industry_in(value: str, outer: str) -> Truth:
    if value.startswith(outer):
        return Truth.MET
    return Truth.UNKNOWN if outer.startswith(value) else Truth.NOT_MET


@dataclass(frozen=True)
class KindAtom(Atom):
    """An atom over words, with what is needed to compare them: the fact's kind, and the order of an ordered choice."""

    text_kind: str = ""
    order: tuple[str, ...] = ()

    @property
    def places(self) -> dict[str, int]:
        return {value: place for place, value in enumerate(self.order)}


def _gap(rule: Atom, measured: Measured, unit: str, value: Truth) -> str | None:
    """What is missing to the threshold, for an exact figure that fails it."""
    threshold = rule.operand
    if value is not Truth.NOT_MET or not isinstance(threshold, Fraction) or rule.operator in ("=", "!="):
        return None
    given = exact_number(measured)
    if given is None:
        return None
    missing = threshold - given if rule.operator in (">=", ">") else given - threshold
    return number(missing, against=Fraction(0)) + (wording.POINTS if unit == "%" else unit)


def exact_number(measured: Measured) -> Fraction | None:
    """The figure where it is one number; a rate of growth to 30 digits."""
    match measured.value:
        case Span(low=low) if measured.value.is_point:
            return low
        case Growth(factor=factor, years=years) if factor.is_point:
            return rate(factor.value, years)
    return None


def operand_text(rule: Atom, entry: Fact | Derived, as_of: date) -> str:
    """The right side of an atom as a clerk would write it."""
    operand = rule.operand
    match operand:
        case bool():
            return wording.YES if operand else wording.NO
        case Fraction():
            return number(operand) + (entry.shown_unit if isinstance(entry, Fact) else entry.unit)
        case RelativeDay():
            return shown_days(Days.day(operand.on(as_of)))
        case date():
            return shown_days(Days.day(operand))
    return wording.AND.join(_word_text(entry, word) for word in operand)


def _word_text(entry: Fact | Derived, word: str) -> str:
    if isinstance(entry, Derived):
        return wording.SIZES.get(word, word)
    if entry.kind == "industry":
        found = industries.find(word)
        return found.name if found else word
    return wording.NONE if word == "none" else value_text(word, entry)


def required_text(rule: Atom, entry: Fact | Derived, situation: Situation) -> str:
    """The atom as a clerk would write it."""
    operand = rule.operand
    year = situation.last_year - rule.shift
    label = key_label((entry.id, year), entry) if isinstance(entry, Fact) and entry.yearly else entry.name
    if isinstance(operand, bool):
        wanted = operand == (rule.operator == "=")
        return wording.BOOLEAN_REQUIRED[wanted].format(label=label)
    return label + bound_text(rule, entry, situation.as_of)


def bound_text(rule: Atom, entry: Fact | Derived, as_of: date) -> str:
    """The right side of an atom with its operator: 2000万元以上（含）, 不高于70%."""
    phrases = wording.BEFORE if isinstance(rule.operand, date | RelativeDay) else wording.OPERATORS
    return phrases[rule.operator].format(value=operand_text(rule, entry, as_of))


def subjects(rule: Rule) -> list[str]:
    """The facts and derived figures that a rule names, in order, each once."""
    match rule:
        case Atom():
            return [rule.subject]
        case Group():
            below: Sequence[Rule] = rule.parts
        case Not():
            below = (rule.part,)
        case Readings():
            below = [part for _, part in (*rule.readings, *rule.also)]
        case Cases():
            below = [part for case in rule.cases for part in case] + [rule.otherwise]
        case _:
            below = ()
    return list(dict.fromkeys(name for part in below for name in subjects(part)))
