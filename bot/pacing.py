"""How fast one chat is written to. The place for rate buckets; for now a spacing between two messages of a chat."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

SPACING = 0.05
_CHATS = 10_000


class Pace:
    """Gives each chat its turns, `spacing` seconds apart at least. Chats do not wait for each other."""

    def __init__(self, spacing: float = SPACING) -> None:
        self._spacing = spacing
        self._free_at: OrderedDict[str, float] = OrderedDict()

    async def turn(self, chat: str) -> None:
        """Wait until `chat` may be written to."""
        now = time.monotonic()
        at = max(now, self._free_at.pop(chat, 0.0))
        self._free_at[chat] = at + self._spacing
        if len(self._free_at) > _CHATS:
            self._free_at.popitem(last=False)
        if at > now:
            await asyncio.sleep(at - now)
