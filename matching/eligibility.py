"""Who may have an offer: hard rules in three values. Pure functions of an offer, a subject and a moment.

Any not_met: not_met; else any unknown: unknown, and every unknown that still decides is named in `to_check`. An unknown
never counts as yes or no: it keeps the offer, and no value it may turn out to have lets in what is decided already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal

from core import log, regions, truth
from core.text import fold, squeeze
from core.truth import Truth
from firms import credit_codes
from firms.catalogue import Catalogue, Derived, Fact
from firms.criteria import Atom, Group, Judgement, KindAtom, RelativeDay, Rule, region_in, subjects
from firms.criteria import judge as judge_rule
from firms.facts import Facts, Names
from firms.figures import Situation
from firms.firm_rows import firm_columns
from firms.rule_reading import BadRule, parse
from firms.shown import number
from firms.store import Firm, Profile
from matching import wording
from matching.offer import Offer

REGION, CERTIFICATES, CHAIN, FOUNDED = "region", "certificates", "chain", "founded_on"
COLLATERAL, WHITELIST = "collateral", "whitelist"
"""What `ToCheck.fact` can name besides the facts of the catalogue."""

NEAR = 2
"""So many conditions may be missing in a near miss."""

Kind = Literal["closed", "own", "region", "condition"]


@dataclass(frozen=True)
class Subject:
    """Who looks for something: a firm, or (firm None) somebody who only said what is needed."""

    firm: Firm | None
    facts: Facts
    region: str | None
    profile: Profile = field(default_factory=Profile)

    @classmethod
    def of(cls, firm: Firm, facts: Facts) -> Subject:
        return cls(firm, facts, firm.region, firm.profile)

    def situation(self, today: date, catalogue: Catalogue) -> Situation:
        """The facts on a day, with the region among them."""
        facts = self.facts if self.region is None else self.facts.put(REGION, None, self.region)
        return Situation(facts, today, catalogue)


@dataclass(frozen=True)
class ToCheck:
    """Something unknown that decides: the fact, the condition (facts by id), and what to ask, in Chinese."""

    fact: str
    condition: str
    ask: str

    def to_json(self) -> dict[str, str]:
        return {"fact": self.fact, "condition": self.condition, "ask": self.ask}


@dataclass(frozen=True)
class Violation:
    """A hard rule that is broken, with what is missing, in Chinese."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Eligibility:
    """Whether a subject may have an offer. `met`: the entry conditions that are met, in words without any figure of
    the subject's own."""

    verdict: Truth
    violations: tuple[Violation, ...] = ()
    to_check: tuple[ToCheck, ...] = ()
    met: tuple[str, ...] = ()

    @property
    def is_near_miss(self) -> bool:
        """Whether one or two entry conditions are missing and nothing else."""
        return 1 <= len(self.violations) <= NEAR and all(one.kind == "condition" for one in self.violations)


@dataclass(frozen=True)
class Condition:
    """One of the conditions of a rule that must all hold; `text` names facts by id: `debt_ratio <= 60`."""

    rule: Rule
    text: str


@dataclass(frozen=True)
class Rulebook:
    """Entry rules read once: `conditions` gives a rule's parts by its text."""

    catalogue: Catalogue = field(repr=False)
    _read: dict[str, tuple[Condition, ...] | None] = field(default_factory=dict, repr=False)

    def conditions(self, text: str | None) -> tuple[Condition, ...] | None:
        """The conditions of a rule, all of which must hold; () for no rule; None for one that cannot be read."""
        if text is None or not text.strip():
            return ()
        if text not in self._read:
            self._read[text] = self._parse(text)
        return self._read[text]

    def _parse(self, text: str) -> tuple[Condition, ...] | None:
        try:
            rule = parse(text, self.catalogue)
        except BadRule as error:  # it could be read when it was stored: the catalogue changed since
            log.get(__name__).warning("offer_rule_unreadable", code=error.code)
            return None
        parts = rule.parts if isinstance(rule, Group) and rule.form == "all" else (rule,)
        return tuple(Condition(part, canonical(part, self.catalogue)) for part in parts)


def canonical(rule: Rule, catalogue: Catalogue) -> str:
    """An atom, or atoms joined by or, with facts named by id; reads back as the same rule."""
    if isinstance(rule, Group):
        return " or ".join(canonical(part, catalogue) for part in rule.parts)
    assert isinstance(rule, Atom)
    shift = f"[-{rule.shift}]" if rule.shift else ""
    return f"{rule.subject}{shift} {rule.operator} {_operand(rule, catalogue)}"


def _operand(atom: Atom, catalogue: Catalogue) -> str:
    match atom.operand:
        case bool() as value:
            return wording.YES if value else wording.NO
        case RelativeDay(years=years, year_start=start):
            return ("year_start" if start else "today") + (f" - {years}y" if years else "")
        case date() as day:
            return day.isoformat()
        case tuple() as words:
            return "、".join(_word(atom, word, catalogue) for word in words)
        case str() as word:
            return word
        case figure:
            return number(figure)


def _word(atom: Atom, word: str, catalogue: Catalogue) -> str:
    entry = catalogue.get(atom.subject)
    if isinstance(atom, KindAtom) and atom.text_kind == "region":
        return regions.find(word).name
    return str(entry.none) if isinstance(entry, Fact) and entry.kind == "date" else word


@dataclass(frozen=True)
class _Finding:
    """What one hard rule says. Without words of its own it is met."""

    truth: Truth = Truth.MET
    violation: Violation | None = None
    to_check: tuple[ToCheck, ...] = ()
    met: str = ""


_MET = _Finding()


def judge(offer: Offer, subject: Subject, now: datetime, rulebook: Rulebook) -> Eligibility:
    """Whether the subject may have the offer at `now` (aware, in the service's zone)."""
    return Admission(subject, now, rulebook).judge(offer)


class Admission:
    """Judges offers for one subject at one moment: what many offers ask for is worked out once."""

    def __init__(self, subject: Subject, now: datetime, rulebook: Rulebook) -> None:
        self._subject = subject
        self._now = now
        self._rulebook = rulebook
        self._situation = subject.situation(now.date(), rulebook.catalogue)
        self._known: dict[str, _Finding] = {}

    def judge(self, offer: Offer) -> Eligibility:
        """Whether the subject may have the offer now."""
        if not offer.is_open(self._now):
            return _out("closed", wording.CLOSED)
        return self.admits(offer)

    def admits(self, offer: Offer) -> Eligibility:
        """Whether the offer is meant for the subject, be it open or not."""
        if is_own(offer, self._subject.firm):
            return _out("own", wording.OWN)
        findings = [self._region(offer), *self._rule(offer), self._certificates(offer), self._security(offer)]
        findings.append(_whitelist(offer))
        return _joined(findings)

    def _region(self, offer: Offer) -> _Finding:
        own = self._subject.region
        names = "、".join(regions.find(code).name for code in offer.regions)
        value = Truth.UNKNOWN if own is None else truth.any_of(region_in(own, outer) for outer in offer.regions)
        if value is Truth.NOT_MET:
            return _Finding(value, Violation("region", wording.OUTSIDE.format(regions=names)))
        if value is Truth.MET:
            return _MET
        ask = self._rulebook.catalogue.fact(REGION).question
        return _Finding(value, to_check=(ToCheck(REGION, f"{REGION} in {names}", ask),))

    def _rule(self, offer: Offer) -> list[_Finding]:
        conditions = self._rulebook.conditions(offer.rule)
        if conditions is None:
            return [_Finding(Truth.NOT_MET, Violation("closed", wording.UNREADABLE_RULE))]
        return [self._condition(condition) for condition in conditions]

    def _condition(self, condition: Condition) -> _Finding:
        if condition.text not in self._known:
            self._known[condition.text] = self._judge_condition(condition)
        return self._known[condition.text]

    def _judge_condition(self, condition: Condition) -> _Finding:
        judgement = judge_rule(condition.rule, self._situation)
        match judgement.truth:
            case Truth.MET:
                met = [atom.required for atom in judgement.atoms() if atom.truth is Truth.MET]
                return _Finding(met=met[0] if met else "")
            case Truth.NOT_MET:
                return _Finding(Truth.NOT_MET, Violation("condition", missing_text(judgement)))
        return _Finding(Truth.UNKNOWN, to_check=tuple(self._open_facts(judgement, condition.text)))

    def _open_facts(self, judgement: Judgement, condition: str) -> Iterable[ToCheck]:
        for atom in judgement.atoms():
            if atom.truth is Truth.UNKNOWN and isinstance(atom.rule, Atom):
                yield from self._open_keys(atom, atom.rule, condition)

    def _open_keys(self, judgement: Judgement, atom: Atom, condition: str) -> Iterable[ToCheck]:
        """The fact of an atom, or the facts that are missing for a derived figure."""
        catalogue = self._rulebook.catalogue
        entry = catalogue.get(atom.subject)
        keys = [self._situation.key(entry, atom.shift)] if isinstance(entry, Fact) else list(judgement.needs)
        for name, year in keys:
            yield ToCheck(name, condition, catalogue.fact(name).question.format(year=year))
        if not keys and isinstance(entry, Derived):  # no value for these facts: nothing to ask that would settle it
            yield ToCheck(entry.id, condition, wording.VERIFY.format(name=entry.name))

    def _certificates(self, offer: Offer) -> _Finding:
        wanted = detail_list(offer, CERTIFICATES) if offer.kind == "partner" else ()
        if not wanted:
            return _MET
        held = self._situation.facts.at(CERTIFICATES, None, self._situation.last_year)
        condition = f"{CERTIFICATES} has {'、'.join(wanted)}"
        ask = ToCheck(CERTIFICATES, condition, self._rulebook.catalogue.fact(CERTIFICATES).question)
        if not isinstance(held, Names):
            return _Finding(Truth.UNKNOWN, to_check=(ask,))
        names = held.on(self._now.date())
        found = {name: truth.any_of(certificate_is(name, own) for own in names) for name in wanted}
        if lacking := [name for name, value in found.items() if value is Truth.NOT_MET]:
            text = wording.LACKS_CERTIFICATES.format(names="、".join(lacking))
            return _Finding(Truth.NOT_MET, Violation("condition", text))
        if Truth.UNKNOWN in found.values():
            return _Finding(Truth.UNKNOWN, to_check=(ask,))
        return _MET

    def _security(self, offer: Offer) -> _Finding:
        wanted = detail_list(offer, "security") if offer.kind == "financing" else ()
        if not wanted:
            return _MET
        names = "、".join(wanted)
        available = self._subject.profile.collateral
        if not available:
            ask = wording.ASK_COLLATERAL.format(names=names)
            return _Finding(Truth.UNKNOWN, to_check=(ToCheck(COLLATERAL, f"{COLLATERAL} in {names}", ask),))
        if securities(wanted) & securities(available):
            return _MET
        text = wording.LACKS_COLLATERAL.format(names=wording.OR_JOIN.join(wanted), own="、".join(available))
        return _Finding(Truth.NOT_MET, Violation("condition", text))


def _whitelist(offer: Offer) -> _Finding:
    if offer.kind != "financing" or offer.details.get("whitelist_only") is not True:
        return _MET
    return _Finding(
        Truth.UNKNOWN, to_check=(ToCheck(WHITELIST, f"{WHITELIST} = {wording.YES}", wording.ASK_WHITELIST),)
    )


def _out(kind: Kind, text: str) -> Eligibility:
    return Eligibility(Truth.NOT_MET, (Violation(kind, text),))


def _joined(findings: Sequence[_Finding]) -> Eligibility:
    asked = (check for finding in findings for check in finding.to_check)
    return Eligibility(
        truth.all_of(finding.truth for finding in findings),
        tuple(finding.violation for finding in findings if finding.violation),
        tuple({(check.fact, check.condition): check for check in asked}.values()),
        tuple(finding.met for finding in findings if finding.met),
    )


def is_own(offer: Offer, firm: Firm | None) -> bool:
    """Whether the firm is the offer's provider: the same credit code or the same name."""
    if firm is None:
        return False
    codes = (offer.provider_credit_code, firm.credit_code)
    same_code = all(codes) and len({credit_codes.normalise(code) for code in codes if code}) == 1
    return same_code or offer.folded_provider == firm.folded_name


def missing_text(judgement: Judgement) -> str:
    """What is missing to a condition that is not met: the bound, the firm's figure and the gap."""
    parts = [_missing_atom(atom) for atom in judgement.atoms() if atom.truth is Truth.NOT_MET]
    return parts[0] if len(parts) == 1 else wording.ANY_OF.format(parts=wording.JOIN_ANY.join(parts))


def _missing_atom(judgement: Judgement) -> str:
    assert isinstance(judgement.rule, Atom)
    text = wording.MISSING.format(required=judgement.required, given=judgement.given)
    if judgement.gap is None:
        return text
    gap = wording.OVER if judgement.rule.operator in ("<=", "<") else wording.SHORT
    return text + gap.format(gap=judgement.gap)


_EDITION = re.compile(r"[:：\-]?((?:19|20)\d\d)(?:版)?$")


def certificate_is(wanted: str, held: str) -> Truth:
    """Whether a certificate that is held is the wanted one; names of standards may carry the year of their edition."""
    (name, year), (other, own_year) = _certificate(wanted), _certificate(held)
    if name != other:
        return Truth.NOT_MET
    if year is None or year == own_year:
        return Truth.MET
    return Truth.UNKNOWN if own_year is None else Truth.NOT_MET


@lru_cache(maxsize=2048)
def _certificate(name: str) -> tuple[str, str | None]:
    plain = squeeze(fold(name)).replace("/", "")
    edition = _EDITION.search(plain)
    return (plain[: edition.start()], edition[1]) if edition and edition.start() else (plain, None)


@lru_cache(maxsize=2048)
def securities(names: tuple[str, ...]) -> frozenset[str]:
    """Ways to secure a loan by the word that is kept for them."""
    words: Mapping[str, str] = firm_columns().collateral_words
    return frozenset(words.get(fold(name), fold(name)) for name in names)


def detail_list(offer: Offer, key: str) -> tuple[str, ...]:
    """A detail that holds several texts; () where there is none."""
    value: Any = offer.details.get(key)
    if isinstance(value, str):
        return (value,)
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else ()


def filled(stored: Facts, extra: Facts | None, catalogue: Catalogue, last_year: int) -> Facts:
    """The stored facts, with what `extra` adds where they know nothing."""
    if extra is None:
        return stored
    known, added = stored.pinned(catalogue, last_year), extra.pinned(catalogue, last_year)
    return replace(known, values={**added.values, **known.values}, digits={**added.digits, **known.digits})


def needed_facts(rules: Iterable[str | None], rulebook: Rulebook) -> frozenset[str]:
    """The facts by which offers with these rules are judged and weighed."""
    conditions = (condition for rule in rules for condition in rulebook.conditions(rule) or ())
    names = {REGION, CERTIFICATES, CHAIN, FOUNDED, *(n for c in conditions for n in subjects(c.rule))}
    entries = [entry for name in names if (entry := rulebook.catalogue.get(name)) is not None]
    formulas = [entry.formula if isinstance(entry, Derived) else entry.stands_for for entry in entries]
    return frozenset(names | {name for formula in formulas if formula for name in formula.facts})
