"""What a question gets back: the contract's Answer (DESIGN section 5), as frozen dataclasses."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

Status = Literal["answered", "declined", "clarify"]
Why = Literal["out_of_scope", "not_stated", "other_region", "unreadable_part"]


@dataclass(frozen=True)
class Citation:
    """A literal quotation. `quote` equals the stored text of the document between `start` and `end` (code points).

    `clause` is the path of the original's own labels folded to one width (`四（一）2`); `label` keeps their glyphs.
    """

    document_id: str
    document: str
    clause: str
    label: str
    quote: str
    start: int
    end: int
    page: int | None
    in_force: bool
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True)
class Computed:
    """A figure compared by the scheme engine, shown as computed. Values carry their unit (`1800万元`)."""

    scheme: str
    condition: str
    verdict: Literal["met", "not_met", "unknown"]
    given: str
    required: str
    gap: str | None


@dataclass(frozen=True)
class Answer:
    """`text` is what a person reads; every number in it stands in a citation's quote or in `computed`.

    `why` is None unless declined. `notices` come before the text (a source's period is over ...).
    `score` is the confidence in 0..1 that the cited clause answers the question.
    """

    status: Status
    why: Why | None
    text: str
    notices: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    computed: tuple[Computed, ...] = ()
    suggestions: tuple[str, ...] = ()
    score: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The contract's JSON value; dates as ISO text."""
        return plain(asdict(self))  # type: ignore[no-any-return]


def plain(value: Any) -> Any:
    """The value with dates as ISO text and tuples as lists, ready for JSON."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
