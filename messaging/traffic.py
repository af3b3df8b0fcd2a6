"""Lanes and rates: how much of what may be sent at a moment. Pure; times are seconds of a monotonic clock.

Replies go first, then notices, then announcements ("bulk"). Notices and bulk together leave two places for replies,
bulk leaves one for notices, and only bulk has a rate and can be paused: nothing of it ever delays a reply.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

LANES = ("reply", "notice", "bulk")
_FOR_REPLIES = 2
_BURST_SECONDS = 0.2


@dataclass(frozen=True)
class Queue:
    """What is looked at in one go: a lane, on all channels; of bulk, on one channel."""

    lane: str
    channels: tuple[str, ...]


class Bucket:
    """A token bucket: `rate` a second, and at most a fifth of a second's worth (at least one) at once."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._most = max(1.0, rate * _BURST_SECONDS)
        self._tokens = self._most
        self._at = 0.0

    def whole(self, now: float) -> int:
        """How many may go now."""
        self._fill(now)
        return max(0, int(self._tokens))

    def spend(self, tokens: int, now: float) -> None:
        """Take tokens; what there was too little of is waited for later. A negative number gives them back."""
        self._fill(now)
        self._tokens = min(self._most, self._tokens - tokens)

    def ready_in(self, now: float) -> float:
        """Seconds until one may go."""
        self._fill(now)
        return max(0.0, (1.0 - self._tokens) / self._rate)

    def _fill(self, now: float) -> None:
        self._tokens = min(self._most, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now


class Traffic:
    """What may be sent: `lanes` at once in all, of bulk `bulk_lanes` at most and `rate` a second on each channel.

    Channels in `unlimited` have no rate.
    """

    def __init__(
        self, channels: Iterable[str], *, lanes: int, bulk_lanes: int, rate: float, unlimited: frozenset[str]
    ) -> None:
        if lanes < 1 or bulk_lanes < 1 or not rate > 0:
            raise ValueError("lanes and rates are positive")
        names = tuple(channels)
        bulk = tuple(Queue("bulk", (name,)) for name in names)
        self.queues = (Queue("reply", names), Queue("notice", names), *bulk) if names else ()
        self._lanes, self._shared = lanes, max(1, lanes - _FOR_REPLIES)
        self._bulk = max(1, min(bulk_lanes, self._shared - 1))
        self._buckets = {queue: Bucket(rate) for queue in bulk if queue.channels[0] not in unlimited}
        self._paused_until: dict[Queue, float] = {}
        self._empty_until: dict[Queue, float] = {}
        self.stirred = 0

    def places(self, queue: Queue, under_way: Mapping[str, int]) -> int:
        """How many more of the queue may be under way beside these (by lane)."""
        together = sum(under_way.values())
        room = self._lanes - together
        if queue.lane != "reply":
            room = min(room, self._shared - (together - under_way.get("reply", 0)))
        if queue.lane == "bulk":
            room = min(room, self._bulk - under_way.get("bulk", 0))
        return max(0, room)

    def room(self, queue: Queue, under_way: Mapping[str, int], now: float) -> int:
        """How many of the queue may be taken up now."""
        if self.paused_for(queue, now) > 0:
            return 0
        places = self.places(queue, under_way)
        bucket = self._buckets.get(queue)
        return places if bucket is None else min(places, bucket.whole(now))

    def spend(self, queue: Queue, tokens: int, now: float) -> None:
        """`tokens` messages of the queue go out (a negative number: did not go out after all)."""
        if (bucket := self._buckets.get(queue)) is not None:
            bucket.spend(tokens, now)

    def pause(self, queue: Queue, seconds: float, now: float) -> None:
        """The service asks for a pause: bulk keeps it for all of the channel, other lanes only for the message."""
        if queue.lane == "bulk":
            self._paused_until[queue] = max(self._paused_until.get(queue, 0.0), now + seconds)

    def paused_for(self, queue: Queue, now: float) -> float:
        """Seconds that the queue's pause still lasts; 0 without one."""
        return max(0.0, self._paused_until.get(queue, 0.0) - now)

    # What is known to be empty is not asked for again and again.

    def mark_empty(self, queue: Queue, until: float, as_of: int) -> None:
        """Nothing was due when `stirred` was `as_of`; look again at `until`."""
        if as_of == self.stirred:
            self._empty_until[queue] = until

    def stir(self, lane: str | None = None) -> None:
        """Something may be due now: in this lane, or in any."""
        self.stirred += 1
        for queue in self.queues:
            if lane in (None, queue.lane):
                self._empty_until.pop(queue, None)

    def to_look(self, under_way: Mapping[str, int], now: float) -> tuple[Queue, ...]:
        """The queues worth a look now, the most urgent first."""
        return tuple(
            queue
            for queue in self.queues
            if self._empty_until.get(queue, 0.0) <= now and self.room(queue, under_way, now) > 0
        )

    def next_look_in(self, under_way: Mapping[str, int], now: float) -> float:
        """Seconds until a queue is worth a look, unless something happens before; infinite when all is under way."""
        waits = [inf]
        for queue in self.queues:
            if self.places(queue, under_way) > 0:
                bucket = self._buckets.get(queue)
                token = bucket.ready_in(now) if bucket is not None else 0.0
                waits.append(max(self._empty_until.get(queue, 0.0) - now, self.paused_for(queue, now), token))
        return min(waits)
