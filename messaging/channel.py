"""The Channel protocol: how the outbox's worker hands one message to one address of one service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from messaging.messages import OutMessage


@dataclass(frozen=True)
class Sent:
    """Delivered to the service. `message_id` is the service's own id of (the first part of) the message."""

    message_id: str | None = None


@dataclass(frozen=True)
class Blocked:
    """This address will not take anything again until its owner comes back (blocked, deactivated, not found)."""

    reason: str


@dataclass(frozen=True)
class RetryAfter:
    """Not delivered; the service asks for a pause, or could not be reached at all."""

    seconds: float
    reason: str = "retry_after"


@dataclass(frozen=True)
class Rejected:
    """Not delivered, and this very message never will be (malformed for the service)."""

    reason: str


@dataclass(frozen=True)
class Uncertain:
    """It may have been delivered: the connection broke after the request was on its way."""

    reason: str


Outcome = Sent | Blocked | RetryAfter | Rejected | Uncertain


class Channel(Protocol):
    """Delivers to the addresses of one kind. Never raises for what the far side did; that is an `Outcome`."""

    name: str

    async def send(self, address: str, message: OutMessage) -> Outcome:
        """Deliver `message` to `address` (a chat id, a mailbox ...), escaping it for the channel's markup."""
        ...
