"""One delivery is sent: the guard is asked, then the channel is called. No transaction is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from core import log
from core.clock import machine_now
from messaging.channel import Channel, Outcome, Uncertain
from messaging.deliveries import Delivery
from messaging.guards import CANCELLED, Allow, Guard, Hold, Skip, Verdict
from messaging.messages import OutMessage
from messaging.steps import Answer

CALL_SECONDS = 180.0
GUARD_SECONDS = 30.0
GUARD_PAUSE = timedelta(seconds=60)
"""How long a delivery is held whose guard is unknown or broken."""


@runtime_checkable
class InParts(Protocol):
    """A channel on which a message may take several of the service's own, which count for the rate."""

    def parts(self, message: OutMessage) -> int: ...


class Calls:
    """The channels and the guards in front of them. `today` tells the service's time, in which guards speak."""

    def __init__(
        self, channels: Mapping[str, Channel], guards: Mapping[str, Guard], today: Callable[[], datetime]
    ) -> None:
        self._channels = channels
        self._guards = guards
        self._today = today
        self._log = log.get(__name__)

    def parts(self, delivery: Delivery) -> int:
        """How many messages of the service it takes; 1 where the channel does not say."""
        channel = self._channels[delivery.channel]
        if not isinstance(channel, InParts):
            return 1
        try:
            return max(1, channel.parts(OutMessage.from_json(delivery.message)))
        except Exception:  # the call will fail in the same way, and say so
            return 1

    async def answer(self, delivery: Delivery, still_ours: Callable[[], bool]) -> Answer:
        """What the guard or the channel says; a hold's end is in the machine's time. Never raises.

        `still_ours` is asked directly before the call.
        """
        try:
            verdict = await self._verdict(delivery)
            if isinstance(verdict, Skip):
                return verdict
            if isinstance(verdict, Hold):
                return Hold(machine_now() + (verdict.until - self._today()))
            if not still_ours():  # we were asleep: somebody else may be sending it
                return Hold(machine_now())
            return await self._call(delivery)
        except Exception as error:  # a fault of our own must not stop the worker, nor be retried without end
            self._log.exception("channel_error", delivery=delivery.id, channel=delivery.channel)
            return Uncertain(type(error).__name__)

    async def _verdict(self, delivery: Delivery) -> Verdict:
        if delivery.guard is None:
            return Allow()
        if delivery.guard == CANCELLED:
            return Skip(str((delivery.guard_args or {}).get("reason", CANCELLED)))
        guard = self._guards.get(delivery.guard)
        if guard is None:
            self._log.error("outbox_unknown_guard", delivery=delivery.id, guard=delivery.guard)
            return Hold(self._today() + GUARD_PAUSE)
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                return await guard(delivery)
        except Exception:
            self._log.exception("outbox_guard_error", delivery=delivery.id, guard=delivery.guard)
            return Hold(self._today() + GUARD_PAUSE)

    async def _call(self, delivery: Delivery) -> Outcome:
        message = OutMessage.from_json(delivery.message)
        async with asyncio.timeout(CALL_SECONDS):
            return await self._channels[delivery.channel].send(delivery.address, message)
