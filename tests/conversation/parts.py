"""A self-check over the built-in plan and schemes, without a database."""

from __future__ import annotations

from datetime import date

from assessment.desk import Assessor
from assessment.schemes import Schemes
from conversation.selfcheck import SelfCheck
from core.clock import Clock
from firms.catalogue import catalogue
from knowledge import base, clauses
from knowledge.library import ClauseText, Snapshot, StoredDocument
from knowledge.readers import plain

HOME = "430400"
TODAY = date(2026, 11, 24)
PLAN = "hengyang-little-giant-plan-2021-2025"


class PlanLibrary:
    """The built-in plan, read from its file."""

    def __init__(self) -> None:
        text = plain.read((base.DATA / "documents" / f"{PLAN}.txt").read_bytes())
        own = tuple(
            ClauseText(
                id=number,
                document_id=PLAN,
                ordinal=span.ordinal,
                parent=span.parent,
                path=span.path,
                label=span.label,
                depth=span.depth,
                start=span.start,
                end=span.end,
                whole_end=span.whole_end,
                source=text,
            )
            for number, span in enumerate(clauses.parse(text), start=1)
        )
        document = StoredDocument(
            PLAN,
            "示例方案",
            None,
            None,
            HOME,
            None,
            None,
            date(2021, 4, 27),
            date(2025, 12, 31),
            None,
            False,
            None,
            None,
            text,
            1.0,
            own,
        )
        self._snapshot = Snapshot(1, (document,), ())

    async def snapshot(self) -> Snapshot:
        return self._snapshot


def assessor(today: date = TODAY) -> Assessor:
    """Judges by the built-in schemes as of a day."""
    library = PlanLibrary()
    return Assessor(library, Schemes.load(catalogue()), Clock(pinned=today), home_region=HOME)  # type: ignore[arg-type]


def self_check(today: date = TODAY) -> SelfCheck:
    """The self-check as the dialogue has it."""
    return SelfCheck(assessor(today), home=HOME, desk="示例局")
