"""Which parts of a long message have gone out already, so that a second attempt does not repeat them.

Only for this process: after a restart a message that was half sent is sent whole (better twice than never).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from dataclasses import dataclass

from messaging.messages import OutMessage

KEPT = 1000
SECONDS = 45 * 60.0
"""Longer than the outbox ever pauses between two attempts."""


@dataclass
class Progress:
    """The first `parts` parts are delivered; `first_id` is the message id of the first, `at` the time of the last."""

    parts: int = 0
    first_id: str | None = None
    at: float = 0.0


class Unfinished:
    """The messages that are half sent: bounded in number and in age."""

    def __init__(self, kept: int = KEPT, seconds: float = SECONDS) -> None:
        self._kept = kept
        self._seconds = seconds
        self._known: OrderedDict[str, Progress] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, address: str, message: OutMessage) -> Progress:
        """How far this message to this address is."""
        known = self._known.get(_key(address, message))
        return known if known is not None and time.monotonic() - known.at < self._seconds else Progress()

    def record(self, address: str, message: OutMessage, progress: Progress) -> None:
        """Remember `progress`; the oldest are forgotten."""
        key = _key(address, message)
        progress.at = time.monotonic()
        self._known[key] = progress
        self._known.move_to_end(key)
        while len(self._known) > self._kept:
            self._known.popitem(last=False)

    def forget(self, address: str, message: OutMessage) -> None:
        """The message is done with: the same words are a new message from now on."""
        self._known.pop(_key(address, message), None)


def _key(address: str, message: OutMessage) -> str:
    content = json.dumps([address, message.to_json()], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
