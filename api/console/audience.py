"""An audience's rule in words: what a clerk checks before sending."""

from __future__ import annotations

from datetime import date

from api.console import wording
from firms.catalogue import Catalogue
from firms.criteria import Atom, Group, Rule, required_text
from firms.facts import Facts
from firms.figures import Situation
from firms.rule_reading import BadRule, parse


def in_words(rule: str, catalogue: Catalogue, as_of: date) -> tuple[str, ...]:
    """The conditions that must all hold, each in words; none for an empty rule, the rule itself where it cannot be
    read any more."""
    if not rule.strip():
        return ()
    try:
        read = parse(rule, catalogue)
    except BadRule:
        return (rule,)
    situation = Situation(Facts(), as_of, catalogue)
    parts = read.parts if isinstance(read, Group) and read.form == "all" else (read,)
    return tuple(_words(part, situation) for part in parts)


def _words(rule: Rule, situation: Situation) -> str:
    if isinstance(rule, Group):
        return wording.OR.join(_words(part, situation) for part in rule.parts)
    assert isinstance(rule, Atom)  # text gives nothing else
    entry = situation.catalogue.get(rule.subject)
    assert entry is not None
    return required_text(rule, entry, situation)
