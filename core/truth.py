"""Three-valued truth (Kleene's strong logic): met, not_met, unknown. Unknown is neither yes nor no."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Truth(StrEnum):
    """The value of a condition; also its name in the contract's JSON."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


def of(value: bool) -> Truth:
    """The truth of something known."""
    return Truth.MET if value else Truth.NOT_MET


def negated(value: Truth) -> Truth:
    """Unknown stays unknown."""
    if value is Truth.UNKNOWN:
        return value
    return of(value is Truth.NOT_MET)


def all_of(values: Iterable[Truth]) -> Truth:
    """Any not_met: not_met; else any unknown: unknown; else met (of nothing: met)."""
    seen = set(values)
    if Truth.NOT_MET in seen:
        return Truth.NOT_MET
    return Truth.UNKNOWN if Truth.UNKNOWN in seen else Truth.MET


def any_of(values: Iterable[Truth]) -> Truth:
    """Any met: met; else any unknown: unknown; else not_met (of nothing: not_met)."""
    return negated(all_of(negated(value) for value in values))


def at_least(count: int, values: Iterable[Truth]) -> Truth:
    """Whether `count` of the values are met, whatever the unknown ones turn out to be."""
    seen = list(values)
    met = seen.count(Truth.MET)
    if met >= count:
        return Truth.MET
    return Truth.UNKNOWN if met + seen.count(Truth.UNKNOWN) >= count else Truth.NOT_MET


def agreed(values: Iterable[Truth]) -> Truth:
    """The value that all share, else unknown: how competing readings of one text are judged."""
    seen = set(values)
    return seen.pop() if len(seen) == 1 else Truth.UNKNOWN
