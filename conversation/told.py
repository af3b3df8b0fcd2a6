"""A firm's situation in which ratios and rates may be told as such, not worked out from facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.spans import Span
from firms.facts import Key
from firms.figures import Measured, Situation


@dataclass(frozen=True)
class Told(Situation):
    """A situation where `told` gives values of derived figures by their ids: they count as said, in each of the years
    that a document looks at."""

    told: Mapping[str, Span] = field(default_factory=dict)

    def measure(self, name: str, shift: int = 0) -> Measured:
        """The figure that was told, else the one that follows from the facts."""
        if name not in self.told:
            return super().measure(name, shift)
        return Measured(self.told[name], sources=(told_key(name),))


def told_key(name: str) -> Key:
    """What stands for a told figure among the sources of a measure."""
    return (name, None)
