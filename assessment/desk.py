"""The assessor: schemes judged against what the library holds now. The one door to this floor for those above."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from assessment import wording
from assessment.evaluation import Assessment, assess, faults
from assessment.schemes import Scheme, Schemes
from core.clock import Clock
from core.errors import BadInput
from firms.catalogue import Catalogue
from firms.facts import Facts
from knowledge.library import Library, Snapshot

FIRST_YEAR, LAST_YEAR = 1950, 2199


class Assessor:
    """Judges firms by schemes, as of a date (default: today)."""

    def __init__(self, library: Library, schemes: Schemes, clock: Clock, *, home_region: str) -> None:
        self._library = library
        self._clock = clock
        self._home = home_region
        self.schemes = schemes

    @property
    def catalogue(self) -> Catalogue:
        return self.schemes.catalogue

    def today(self) -> date:
        """The day that is meant when none is given."""
        return self._clock.today()

    def scheme(self, scheme_id: str | None = None) -> Scheme:
        """A scheme by its id, by default the desk's own. Raises UnknownScheme."""
        return self.schemes.default(self._home) if scheme_id is None else self.schemes.get(scheme_id)

    async def snapshot(self) -> Snapshot:
        """The library as it stands: where quotes and validity are read from."""
        return await self._library.snapshot()

    async def assess(self, facts: Facts, *, scheme_id: str | None = None, as_of: date | None = None) -> Assessment:
        """The verdict. Raises UnknownScheme, ImpossibleFacts; BadInput for a date no rule can be counted from."""
        scheme, day = self.scheme(scheme_id), as_of or self.today()
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise BadInput(wording.DATE_OUT_OF_RANGE.format(first=FIRST_YEAR, last=LAST_YEAR))
        return assess(scheme, facts, day, self.catalogue, await self._library.snapshot())

    async def faults(self) -> list[str]:
        """Where schemes and documents do not fit together, and which schemes are for review."""
        snapshot = await self._library.snapshot()
        found = [fault for scheme in self.schemes for fault in faults(scheme, snapshot)]
        return found + [line for scheme in self.schemes for line in reviews(scheme, snapshot, self.today())]

    async def needs_review(self, scheme: Scheme) -> bool:
        """Whether a document that replaces or changes what the scheme cites is in the base."""
        return bool(list(reviews(scheme, await self._library.snapshot(), self.today())))


def reviews(scheme: Scheme, snapshot: Snapshot, today: date) -> Iterator[str]:
    """Why a scheme has to be looked at: its document is replaced, now or later, or clauses that it cites are changed.

    Judged as of a day before that, it stays as it is.
    """
    document = snapshot.documents.get(scheme.document or "")
    if document is None:
        return
    if (successor := snapshot.documents.get(document.superseded_by or "")) is not None:
        yield wording.REPLACED.format(scheme=scheme.id, old=document.title, new=successor.title)
    for path in dict.fromkeys(condition.clause for condition in (*scheme.conditions, *scheme.priority)):
        clause = document.by_path.get(path)
        changes = (*snapshot.amendments(clause, today), *snapshot.upcoming(clause, today)) if clause else ()
        for by in dict.fromkeys(change.document_id for change in changes):
            title = snapshot.documents[by].title
            yield wording.AMENDED.format(scheme=scheme.id, clause=path, old=document.title, new=title)
