"""What becomes of a delivery before and after the call. Pure decisions over its row.

A delivery that may have gone out carries a mark (`deliveries.MARK`) until it is settled. It is tried once more. A
second death during the call ends an announcement as `uncertain`, rather than have it a third time; a reply or a notice
is tried again: nobody knows whether its call had begun, and an answer must not be lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.channel import Blocked, Outcome, Rejected, RetryAfter, Sent, Uncertain
from messaging.deliveries import HELD, MARK, OPEN, Delivery, may_be_out
from messaging.guards import Hold, Skip

MAX_ATTEMPTS: Mapping[str, int] = {"reply": 12, "notice": 100, "bulk": 100}
"""Tries, by lane: a reply after an hour answers nobody, a notice is worth a day."""

EXPIRED, BLOCKED = "expired", "blocked"
_DIED = MARK + "the worker ended during the call"
_MAX_PAUSE = timedelta(minutes=15)

Answer = Outcome | Skip | Hold


@dataclass(frozen=True)
class Change:
    """The state that follows. `due_at` and `attempts`: None leaves them as they are."""

    state: str
    reason: str | None = None
    due_at: datetime | None = None
    attempts: int | None = None
    message_id: str | None = None

    def apply(self, row: Delivery, now: datetime) -> None:
        """Write it into the row, which nobody holds any more."""
        row.state, row.reason, row.holder, row.lease_ends_at = self.state, self.reason, None, None
        row.due_at = self.due_at or row.due_at
        row.attempts = row.attempts if self.attempts is None else self.attempts
        row.message_id = self.message_id or row.message_id
        row.settled_at = None if self.state in OPEN else now


def before_call(row: Delivery, *, today: datetime, blocked: bool) -> Change | None:
    """What settles a due delivery without a call; None: it is to be sent. `today` is the service's time."""
    died_again = row.state == "sending" and may_be_out(row)
    if died_again and (row.lane == "bulk" or row.attempts >= MAX_ATTEMPTS[row.lane]):
        return Change("uncertain", _DIED)
    perhaps_out = row.state == "sending" or may_be_out(row)
    if row.not_after is not None and row.not_after < today:
        return _dropped(EXPIRED, perhaps_out=perhaps_out)
    if blocked and row.lane != "reply":  # somebody who writes to us gets an answer whatever we believe
        return _dropped(BLOCKED, perhaps_out=perhaps_out)
    return None


def take(row: Delivery, holder: str, now: datetime, lease: timedelta) -> None:
    """Lease the row for a call. One whose worker died in the call is marked: it may have gone out."""
    if row.state == "sending":
        row.reason = _DIED
    row.state, row.holder, row.lease_ends_at = "sending", holder, now + lease
    row.attempts += 1


def after_call(row: Delivery, answer: Answer, now: datetime) -> Change:
    """What follows from the channel's outcome, or from the guard's verdict."""
    match answer:
        case Sent(message_id):
            return Change("sent", message_id=message_id)
        case Blocked(reason):
            return Change("failed", f"{BLOCKED}: {reason}")
        case Rejected(reason):
            return Change("failed", reason)
        case RetryAfter(seconds, reason):
            return _again(row, seconds, reason, now)
        case Uncertain(reason) if may_be_out(row):
            return Change("uncertain", MARK + reason)
        case Uncertain(reason):
            return Change("queued", MARK + reason, due_at=now)
        case Skip(reason):
            return _dropped(reason, perhaps_out=may_be_out(row))
        case Hold(until):
            return Change("queued", row.reason if may_be_out(row) else HELD, due_at=until, attempts=0)


def _again(row: Delivery, seconds: float, reason: str, now: datetime) -> Change:
    if row.attempts >= MAX_ATTEMPTS[row.lane]:
        return Change("uncertain" if may_be_out(row) else "failed", f"gave up: {reason}")
    growing = min(timedelta(seconds=2 ** min(row.attempts, 20) / 2), _MAX_PAUSE)
    pause = max(timedelta(seconds=seconds), growing)
    return Change("queued", row.reason if may_be_out(row) else reason, due_at=now + pause)


def _dropped(reason: str, *, perhaps_out: bool) -> Change:
    return Change("uncertain", MARK + reason) if perhaps_out else Change("skipped", reason)
