"""An offer as a value: what it says, and whether it is open. Its contacts are kept apart (`matching.offers`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from firms.catalogue import folded_name

EVENT = "event"
KINDS = ("university", "financing", "service", "event", "partner")
"""Kinds of offers, as keys; their names, columns and weights are data (`data/kinds.yaml`)."""


@dataclass(frozen=True)
class Offer:
    """An offer of any kind. `number` 0: not stored yet; see `matching.models.OfferRow` for the fields.

    `details` holds the kind's own columns by key (see `data/kinds.yaml`): text, a list of texts, or a number as
    decimal text (money in 万元).
    """

    number: int
    id: str
    kind: str
    title: str
    provider: str
    regions: tuple[str, ...]
    provider_credit_code: str | None = None
    rule: str | None = None
    content: str | None = None
    chain: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    published_on: date | None = None
    valid_until: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    closes_at: datetime | None = None
    capacity: int | None = None
    taken: int = 0
    waitlist: bool = True
    state: str = "active"
    source: str | None = None
    version: int = 1
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def folded_provider(self) -> str:
        """What tells providers apart."""
        return folded_name(self.provider)

    @property
    def is_full(self) -> bool:
        """Whether no place is left."""
        return self.capacity is not None and self.taken >= self.capacity

    def expired(self, now: datetime) -> bool:
        """Whether it is over at `now` (aware, in the service's zone): its last day, or an event's registration."""
        over = self.valid_until is not None and self.valid_until < now.date()
        closed = self.closes_at is not None and self.closes_at <= now
        begun = self.closes_at is None and self.starts_at is not None and self.starts_at <= now
        return over or closed or begun

    def is_open(self, now: datetime) -> bool:
        """Whether it may be shown and matched: not withdrawn, not over, not full (an event with a waiting list may be
        full and is still not matched)."""
        return self.state == "active" and not self.expired(now) and not self.is_full
