"""From what a person types or presses to the value of the fact that was asked for. Pure.

Reading is `core.reading`'s; here its outcomes become values of a fact: within what the fact can be, options of a choice
by their words, "none" for a date that never was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from conversation import wording
from core import reading
from core.reading import Declined, Doubt, Known, NoValue
from core.spans import Days, Span
from core.text import fold, squeeze
from firms.catalogue import NUMERIC, Fact
from firms.facts import Chosen, ImpossibleFacts, Key, Name, Names, NoDay, Value, fitted
from firms.shown import value_text

NONE = "none"
"""The value of a choice that says: none of them."""

FIGURES = NUMERIC
"""The kinds that are answered with a number."""

_ASKING = re.compile(wording.ASKING_PATTERN)
_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Understood:
    """The value of the fact, as it will count once it was echoed. `about`: said as an approximation."""

    value: Value
    about: bool = False


@dataclass(frozen=True)
class AskBack:
    """It has to be asked back: why, and the readings to choose from."""

    why: str
    candidates: tuple[Value, ...] = ()


Answered = Understood | Declined | AskBack | NoValue
"""`Declined` and `NoValue` are the reader's own."""


def is_question(text: str) -> bool:
    """Whether a text asks something, by its words."""
    return _ASKING.search(fold(text)) is not None


def words_of(text: str) -> str:
    """A text as short phrases are compared: folded, without punctuation and blanks."""
    return _NOT_WORDS.sub("", fold(text))


def understand(fact: Fact, text: str, *, today: date, home: str) -> Answered:
    """What `text` says about `fact`. A text that asks something is no answer."""
    if is_question(text):
        return NoValue()
    if fact.kind in ("choice", "choices"):
        return _choice(fact, text)
    if fact.kind == "names":
        return _names(text)
    if fact.kind == "date" and fact.none is not None:
        return _date_or_never(fact, text, today)
    return _fit(fact, _read(fact, text, today, home))


def _read(fact: Fact, text: str, today: date, home: str) -> reading.Outcome:
    match fact.kind:
        case "money":
            return reading.read_money(text, today=today)
        case "percent":
            return reading.read_percent(text)
        case "count":
            return reading.read_count(text, units=(fact.unit,) if fact.unit else ())
        case "number":
            return _number(fact, text)
        case "date":
            return reading.read_date(text, today=today)
        case "boolean":
            return reading.read_yes_no(text)
        case "region":
            return reading.read_region(text, home)
        case _:
            return reading.read_industry(text)


def _number(fact: Fact, text: str) -> reading.Outcome:
    """A plain number, or one with the fact's own unit (8年)."""
    found = reading.read_number(text)
    if isinstance(found, Known | Declined) or not fact.unit:
        return found
    counted = reading.read_count(text, units=(fact.unit,))
    return counted if isinstance(counted, Known) else found


def _fit(fact: Fact, outcome: reading.Outcome) -> Answered:
    match outcome:
        case Known(value, about):
            return fit(fact, value, about=about)
        case Declined():
            return Declined()
        case Doubt("unreadable"):
            return NoValue()
        case Doubt(code, candidates):
            return AskBack(_why(fact, code), tuple(_possible(fact, candidates)))
    return NoValue()


def _why(fact: Fact, code: str) -> str:
    """What is asked back, in the words for the fact's kind where there are any."""
    return wording.DOUBTS.get(f"{code}.{fact.kind}", wording.DOUBTS[code])


def _possible(fact: Fact, candidates: Iterable[Value]) -> Iterable[Value]:
    for candidate in candidates:
        answered = fit(fact, candidate)
        if isinstance(answered, Understood):
            yield answered.value


def fit(fact: Fact, value: Value, *, about: bool = False) -> Answered:
    """A value that was read, within what the fact can be."""
    if not isinstance(value, Span):
        return Understood(value, about)
    try:
        return Understood(fitted(fact, value), about)
    except ImpossibleFacts as error:
        return AskBack(error.message)


def _date_or_never(fact: Fact, text: str, today: date) -> Answered:
    """A date, or that there was none; a bare yes asks for the date."""
    found = reading.read_date(text, today=today)
    if isinstance(found, Known | Declined):
        return _fit(fact, found)
    match reading.read_yes_no(text):
        case Known(False, about):
            return Understood(NoDay(), about)
        case Known(True):
            return AskBack(wording.DATE_WANTED)
        case Declined():
            return Declined()
        case Doubt() if isinstance(found, NoValue) or (isinstance(found, Doubt) and found.code == "zero_or_none"):
            return AskBack(wording.DOUBTS["ambiguous.boolean"])
    return _fit(fact, found)


def _choice(fact: Fact, text: str) -> Answered:
    said = squeeze(fold(text))
    exact = [o.value for o in fact.options if words_of(text) in {words_of(w) for w in (o.label, o.value, *o.words)}]
    if exact:
        return _chosen(fact, exact[:1])
    match reading.read_yes_no(text):
        case Declined():
            return Declined()
        case Known(False) if fact.option(NONE):
            return _chosen(fact, [NONE])
    found = _mentioned(fact, said)
    if not found:
        return NoValue()
    if any(word in said for word in wording.NEGATIONS):
        return AskBack(wording.DOUBTS["ambiguous"])
    if fact.kind == "choice" and len(found) > 1:
        return AskBack(wording.DOUBTS["several"], tuple(found))
    return _chosen(fact, found)


def _mentioned(fact: Fact, said: str) -> list[str]:
    """The options named in a text, in the catalogue's order; a longer name is not taken for a shorter one in it."""
    named = [(squeeze(fold(word)), option.value) for option in fact.options for word in (option.label, *option.words)]
    found: set[str] = set()
    for word, value in sorted(named, key=lambda item: -len(item[0])):
        if len(word) > 1 and word in said:
            found.add(value)
            said = said.replace(word, "\n")
    return [option.value for option in fact.options if option.value in found]


def _chosen(fact: Fact, values: list[str]) -> Answered:
    if fact.kind == "choice":
        return Understood(values[0])
    return Understood(Chosen(frozenset(values) - {NONE}))


def _names(text: str) -> Answered:
    match reading.read_yes_no(text):
        case Known(False):
            return Understood(Names())
        case Declined():
            return Declined()
    parts = [part.strip() for part in re.split(r"[、，,;；\n]", text) if part.strip()]
    return Understood(Names(tuple(Name(part[:100]) for part in parts[:20]))) if parts else NoValue()


def read_json(key: Key, fact: Fact, value: Value | None, *, about: bool = False) -> dict[str, Any]:
    """What was understood, as the contract writes it; `value` null: the person does not know."""
    return {"fact": key[0], "year": key[1], **_plain(value), "about": about, "text": value_text(value, fact)}


def _plain(value: Value | None) -> dict[str, Any]:
    match value:
        case Span():
            return _span(value)
        case Days():
            return {"value": value.iso()}
        case NoDay():
            return {"value": "none"}
        case Chosen():
            return {"value": sorted(value.values)}
        case Names():
            return {"value": [name.text for name in value.items]}
    return {"value": value}


def _span(span: Span) -> dict[str, Any]:
    if span.is_point and span.low is not None:
        return {"value": _json_number(span.low)}
    bounds: dict[str, Any] = {}
    if span.low is not None and (span.low != 0 or span.low_open or span.high is None):
        bounds["above" if span.low_open else "min"] = _json_number(span.low)
    if span.high is not None:
        bounds["below" if span.high_open else "max"] = _json_number(span.high)
    return bounds


def _json_number(value: Any) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
