"""Topics that fail as a whole: a message that the service refuses for one address after another."""

from __future__ import annotations

from collections import OrderedDict

from messaging.channel import Rejected, Sent
from messaging.steps import Answer

IN_A_ROW = 5
_KEPT = 1000


class Refusals:
    """Counts the refusals of each topic since this process started, until something of it was sent."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, int | None] = OrderedDict()

    def note(self, topic: str, answer: Answer) -> bool:
        """True when this is the refusal that makes `IN_A_ROW` of a topic of which nothing was sent yet."""
        known = self._rows.get(topic, 0)
        if known is not None and isinstance(answer, Sent | Rejected):
            known = None if isinstance(answer, Sent) else known + 1
        self._rows[topic] = known
        self._rows.move_to_end(topic)
        while len(self._rows) > _KEPT:
            self._rows.popitem(last=False)
        return isinstance(answer, Rejected) and known == IN_A_ROW
