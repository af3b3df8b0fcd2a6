"""What matching answers, as values; `to_json` writes them as the contract does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from firms.catalogue import Catalogue, Fact
from firms.store import Firm
from matching.eligibility import ToCheck
from matching.offer import Offer


@dataclass(frozen=True)
class Match:
    """An offer that a firm may have as far as is known. `violations` is always empty."""

    offer: Offer
    score: float
    reasons: tuple[str, ...]
    to_check: tuple[ToCheck, ...] = ()
    violations: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "offer_id": self.offer.id,
            "kind": self.offer.kind,
            "title": self.offer.title,
            "provider": self.offer.provider,
            "score": self.score,
            "reasons": [*self.reasons],
            "to_check": [check.to_json() for check in self.to_check],
            "violations": [*self.violations],
        }


@dataclass(frozen=True)
class NearMiss:
    """An offer of which only one or two conditions are missing, each in words."""

    offer: Offer
    missing: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"offer_id": self.offer.id, "missing": [*self.missing]}


@dataclass(frozen=True)
class MatchResult:
    """What fits a firm, or (firm None) a need: by kind, best first inside a kind."""

    firm: Firm | None
    matches: tuple[Match, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    next_question: str | None = None
    notices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "firm": None if self.firm is None else reference(self.firm),
            "firm_name": None if self.firm is None else self.firm.name,
            "matches": [match.to_json() for match in self.matches],
            "near_misses": [near.to_json() for near in self.near_misses],
            "next_question": self.next_question,
            "notices": [*self.notices],
        }


@dataclass(frozen=True)
class OfferedFirm:
    """A firm that may have an offer, as its provider sees it: no contacts, no figures."""

    firm: Firm
    score: float
    reasons: tuple[str, ...]
    to_check: tuple[ToCheck, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "firm": reference(self.firm),
            "name": self.firm.name,
            "score": self.score,
            "reasons": [*self.reasons],
            "to_check": [check.to_json() for check in self.to_check],
        }


@dataclass(frozen=True)
class OfferFirms:
    """The firms for an offer, best first; only those that agreed to be seen."""

    offer: Offer
    firms: tuple[OfferedFirm, ...] = ()
    notices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "offer_id": self.offer.id,
            "firms": [firm.to_json() for firm in self.firms],
            "notices": [*self.notices],
        }


def reference(firm: Firm) -> str:
    """How a firm is named in JSON: credit code, else id."""
    return firm.credit_code or firm.id


def next_question(matches: Iterable[Match], catalogue: Catalogue) -> str | None:
    """The fact that most of the matches wait for; ties go to the cheaper question. None where nothing can be asked."""
    votes = Counter(name for match in matches for name in {check.fact for check in match.to_check})
    facts = [fact for name in votes if isinstance(fact := catalogue.get(name), Fact)]
    if not facts:
        return None
    return min(facts, key=lambda fact: (-votes[fact.id], fact.effort, catalogue.place(fact.id))).id


def shortened(checks: Sequence[ToCheck], most: int | None) -> tuple[ToCheck, ...]:
    """The first few of what is to be checked."""
    return tuple(checks if most is None else checks[:most])
