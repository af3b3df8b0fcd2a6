"""What a reader makes of an answer: a value, a refusal, something to be asked back, or nothing at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.spans import Days, Span

Value = Span | Days | bool | str
"""Money in 万元, percent as 70 for 70%, counts: Span. Dates: Days. A region's or an industry's code: str."""

DoubtCode = Literal[
    "unit_missing",
    "foreign_currency",
    "negative",
    "zero_or_none",
    "percent_or_ratio",
    "other_unit",
    "impossible_date",
    "future_date",
    "not_whole",
    "several",
    "ambiguous",
    "unreadable",
]


@dataclass(frozen=True)
class Known:
    """The value that was given. `about` is set for approximations, which the person should confirm."""

    value: Value
    about: bool = False


@dataclass(frozen=True)
class Declined:
    """The person does not know, or will not say. Never zero, never no."""


@dataclass(frozen=True)
class Doubt:
    """Something was given that has to be asked back. `candidates` are readings to choose from, the likeliest first."""

    code: DoubtCode
    candidates: tuple[Value, ...] = ()


@dataclass(frozen=True)
class NoValue:
    """No value of this kind stands in the text: a question, or chatter."""


Outcome = Known | Declined | Doubt | NoValue
