"""Guards: is this delivery still wanted? Asked just before the call, by the floor that enqueued it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from messaging.deliveries import Delivery

CANCELLED = "cancelled"
"""The guard that a delivery gets when its topic is cancelled while it is on its way: it is not tried again."""


@dataclass(frozen=True)
class Allow:
    """Send it."""


@dataclass(frozen=True)
class Skip:
    """Never send it; the delivery's state becomes `skipped` with this reason."""

    reason: str


@dataclass(frozen=True)
class Hold:
    """Not before `until` (the service's time: that of the worker's clock); then the guard is asked again."""

    until: datetime


Verdict = Allow | Skip | Hold


class Guard(Protocol):
    """Registered under a name in the composition root. It may read the database; no transaction is open.

    One that raises holds the delivery for a minute.
    """

    async def __call__(self, delivery: Delivery) -> Verdict: ...
