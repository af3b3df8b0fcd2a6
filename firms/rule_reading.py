"""Rules from text and from data files, as `firms.criteria` judges by them.

In a table's cell a rule is text (`parse`): `debt_ratio <= 60; region in 430400; 发明专利 >= 1 or 软件著作权 >= 3`. In
YAML it is such text, or {all: [..]}, {any: [..]}, {at_least: 2, of: [..]}, {not: ..}, {readings: {id: ..}, also: ..},
{cases: [{when: .., then: ..}], otherwise: ..}, {undetermined: why}, {always: met}.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from core import industries, regions
from core.errors import BadInput
from core.text import fold
from core.truth import Truth
from firms import wording
from firms.catalogue import NUMERIC, Catalogue, Derived, Fact, folded_name
from firms.criteria import (
    Atom,
    Cases,
    Constant,
    Group,
    KindAtom,
    Not,
    Op,
    Operand,
    Readings,
    RelativeDay,
    Rule,
    Undetermined,
)

MAX_RULE = 2000
"""The longest rule text, in characters."""

_ORDER = frozenset({">=", "<=", ">", "<", "=", "!="})
_MEMBER = frozenset({"=", "!=", "in", "not in"})
_SIGNS = {"≥": ">=", "≤": "<=", "＞": ">", "＜": "<", "＝": "=", "≠": "!=", "==": "=", "＞=": ">=", "＜=": "<="}
_OPERATOR = re.compile(
    r"(>=|<=|!=|==|≥|≤|≠|＞=|＜=|>|<|=|＞|＜|＝|"
    r"(?<![A-Za-z0-9_])(?:not\s+in|in|has)(?![A-Za-z0-9_]))"
)
_SUBJECT = re.compile(r"(?P<name>.+?)\s*(?:\[\s*(?P<shift>-?\d{1,2})\s*\])?")
_OR = re.compile(r"\s+or\s+|或", re.IGNORECASE)
_LIST = re.compile(r"[、，,|]")
_NUMBER = re.compile(r"(?P<number>-?\d[\d,]*(?:\.\d+)?)\s*(?P<unit>万元|亿元|元|万|亿|%|个百分点|年|人|项|个|件)?")
_FACTORS = {"元": Fraction(1, 10000), "亿元": Fraction(10000), "亿": Fraction(10000)}
_RELATIVE_DAY = re.compile(r"(?P<base>today|year_start)\s*(?:-\s*(?P<years>\d{1,2})\s*y)?")


class BadRule(BadInput):
    """A rule cannot be read, or names a fact that does not exist."""

    code = "bad_rule"


def parse(text: str, catalogue: Catalogue) -> Rule:
    """A rule from text. Raises BadRule, naming the part that cannot be read: never a rule that lets everybody pass."""
    if len(text) > MAX_RULE:
        raise BadRule(wording.RULE_TOO_LONG.format(limit=MAX_RULE))
    conditions = [part for part in re.split(r"[;；]", text) if part.strip()]
    if not conditions:
        raise BadRule(wording.RULE_EMPTY)
    rules = tuple(_parse_any(part, catalogue) for part in conditions)
    return rules[0] if len(rules) == 1 else Group("all", rules)


def _parse_any(text: str, catalogue: Catalogue) -> Rule:
    parts = tuple(_parse_atom(part.strip(), catalogue) for part in _OR.split(text))
    return parts[0] if len(parts) == 1 else Group("any", parts)


def _parse_atom(text: str, catalogue: Catalogue) -> Atom:
    found = _OPERATOR.search(text)
    if found is None:
        raise BadRule(wording.RULE_NO_OPERATOR.format(text=text))
    operator: Any = _SIGNS.get(found[1], re.sub(r"\s+", " ", found[1]))
    left, right = text[: found.start()].strip(), text[found.end() :].strip()
    subject = _SUBJECT.fullmatch(left)
    entry = catalogue.named(subject["name"]) if subject else None
    if entry is None or subject is None:
        raise BadRule(wording.RULE_UNKNOWN_FACT.format(text=text, name=left))
    shift = -int(subject["shift"] or 0)
    if shift < 0 or (shift and not _has_years(entry, catalogue)):
        raise BadRule(wording.RULE_BAD_SHIFT.format(text=text, label=entry.label, shift=subject["shift"]))
    return make_atom(entry, operator, right, catalogue, shift=shift, text=text)


def _has_years(entry: Fact | Derived, catalogue: Catalogue) -> bool:
    if isinstance(entry, Fact):
        return entry.yearly
    return any(catalogue.fact(name).yearly for name in entry.formula.facts) and not entry.formula.size_class


def make_atom(
    entry: Fact | Derived, operator: Op, right: str, catalogue: Catalogue, *, shift: int = 0, text: str = ""
) -> Atom:
    """An atom from its parts. Raises BadRule when the operator or the value does not suit the fact."""
    kind = _kind(entry)
    if operator not in _OPERATORS_OF[kind] or (kind == "word" and operator in ("<", ">", "<=", ">=")):
        raise BadRule(wording.RULE_BAD_OPERATOR.format(text=text, label=entry.label, operator=operator))
    operand = _operand(entry, kind, right, operator)
    if operand is None:
        raise BadRule(wording.RULE_BAD_VALUE.format(text=text, label=entry.label, value=right))
    if kind in ("word", "ordered", "region", "industry"):
        order = tuple(option.value for option in entry.options) if isinstance(entry, Fact) else ()
        return KindAtom(entry.id, operator, operand, shift, text, kind, order)
    return Atom(entry.id, operator, operand, shift, text)


_OPERATORS_OF: Mapping[str, frozenset[str]] = {
    "number": _ORDER,
    "date": _ORDER,
    "boolean": frozenset({"=", "!="}),
    "word": _MEMBER,
    "ordered": _ORDER | _MEMBER,
    "size": _ORDER | _MEMBER,
    "region": _MEMBER,
    "industry": _MEMBER,
    "names": frozenset({"has", "="}),
}


def _kind(entry: Fact | Derived) -> str:
    if isinstance(entry, Derived):
        return "size" if entry.formula.size_class else "number"
    if entry.kind in NUMERIC:
        return "number"
    if entry.kind == "choice":
        return "ordered" if entry.ordered else "word"
    return "names" if entry.kind == "choices" else entry.kind


def _operand(entry: Fact | Derived, kind: str, right: str, operator: Op) -> Operand | None:
    match kind:
        case "number":
            return _number_operand(entry, right)
        case "date":
            return _date_operand(entry, right)
        case "boolean":
            return {"是": True, "true": True, "yes": True, "否": False, "false": False, "no": False}.get(fold(right))
    parts = [part.strip() for part in _LIST.split(right)] if operator in ("in", "not in", "has") else [right]
    words = [_word_operand(entry, kind, part) for part in parts]
    if not words or any(word is None for word in words):
        return None
    return tuple(word for word in words if word is not None)


def _number_operand(entry: Fact | Derived, right: str) -> Fraction | None:
    found = _NUMBER.fullmatch(right)
    if found is None:
        return None
    value = Fraction(found["number"].replace(",", ""))
    unit = found["unit"] or ""
    shown = entry.shown_unit if isinstance(entry, Fact) else entry.unit
    money, percent = shown == "万元", shown == "%"
    if unit in ("万元", "万", "亿元", "亿", "元"):
        return value * _FACTORS.get(unit, Fraction(1)) if money else None
    if unit in ("%", "个百分点"):
        return value if percent else None
    if unit and (money or percent):
        return None
    return value


def _date_operand(entry: Fact | Derived, right: str) -> Operand | None:
    if isinstance(entry, Fact) and entry.none == right:
        return ("none",)
    if relative := _RELATIVE_DAY.fullmatch(right):
        return RelativeDay(int(relative["years"] or 0), relative["base"] == "year_start")
    parts = re.fullmatch(r"(\d{4})(?:-|/|年)(\d{1,2})(?:-|/|月)(\d{1,2})日?", right)
    if parts is None:
        return None
    try:
        return date(int(parts[1]), int(parts[2]), int(parts[3]))
    except ValueError:
        return None


def _word_operand(entry: Fact | Derived, kind: str, word: str) -> str | None:
    if not word:
        return None
    match kind:
        case "size":
            return next((size for size, words in wording.SIZE_WORDS.items() if word in (size, *words)), None)
        case "region":
            found = regions.find(word)
            meant = found if found.known else regions.recognise(word) or found
            return meant.code if meant.known or meant.name else None
        case "industry":
            code = industries.find(word)
            return code.code if code else None
    if not isinstance(entry, Fact) or not entry.options:
        return word
    known = (o.value for o in entry.options if folded_name(word) in {folded_name(w) for w in (o.value, o.label)})
    return next(known, None)


def read_rule(data: object, catalogue: Catalogue) -> Rule:
    """A rule from a data file: text, or one of the nested forms. Raises BadRule."""
    if isinstance(data, str):
        return parse(data, catalogue)
    if isinstance(data, list):
        return Group("all", _rules(data, catalogue))
    if not isinstance(data, Mapping):
        raise BadRule(wording.RULE_BAD_FORM.format(text=str(data)[:60]))
    match dict(data):
        case {"all": list(parts), **rest} if not rest and parts:
            return Group("all", _rules(parts, catalogue))
        case {"any": list(parts), **rest} if not rest and parts:
            return Group("any", _rules(parts, catalogue))
        case {"at_least": int(count), "of": list(parts), **rest} if not rest and 0 < count <= len(parts):
            return Group("at_least", _rules(parts, catalogue), count)
        case {"not": part, **rest} if not rest:
            return Not(read_rule(part, catalogue))
        case {"readings": dict(readings), **rest} if set(rest) <= {"also"} and readings:
            return Readings(_named(readings, catalogue), _named(rest.get("also", {}), catalogue))
        case {"cases": list(cases), "otherwise": otherwise, **rest} if not rest and cases:
            return Cases(tuple(_case(case, catalogue) for case in cases), read_rule(otherwise, catalogue))
        case {"undetermined": str(why), **rest} if not rest and why.strip():
            return Undetermined(why.strip())
        case {"always": "met" | "not_met" as value, **rest} if not rest:
            return Constant(Truth(value))
    raise BadRule(wording.RULE_BAD_FORM.format(text=", ".join(str(key) for key in data)[:60]))


def _rules(parts: Sequence[object], catalogue: Catalogue) -> tuple[Rule, ...]:
    if not parts:
        raise BadRule(wording.RULE_EMPTY)
    return tuple(read_rule(part, catalogue) for part in parts)


def _named(readings: object, catalogue: Catalogue) -> tuple[tuple[str, Rule], ...]:
    if not isinstance(readings, Mapping):
        raise BadRule(wording.RULE_BAD_FORM.format(text=str(readings)[:60]))
    return tuple((str(name), read_rule(part, catalogue)) for name, part in readings.items())


def _case(case: object, catalogue: Catalogue) -> tuple[Rule, Rule]:
    if not isinstance(case, Mapping) or set(case) != {"when", "then"}:
        raise BadRule(wording.RULE_BAD_FORM.format(text=str(case)[:60]))
    return read_rule(case["when"], catalogue), read_rule(case["then"], catalogue)
