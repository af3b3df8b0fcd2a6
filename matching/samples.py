"""The sample directory: invented firms and offers (示例), so that a fresh installation has something to match.

They are loaded once: what a bureau changed, withdrew or deleted since then stays as it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.database import Database
from firms import audit
from firms.catalogue import Catalogue
from firms.importing import FirmImport
from firms.store import Firms
from matching.importing import Changed, OfferImport
from matching.kinds import DATA
from matching.offers import Offers

FOLDER = DATA / "samples"
_MARK = ("table", "samples")


@dataclass(frozen=True)
class Loaded:
    """How many samples went in."""

    firms: int = 0
    offers: int = 0


@dataclass(frozen=True)
class _Sample:
    """A file of samples; the column that tells its rows apart is the one that the import goes by."""

    file: str
    key: str

    def without(self, known: Iterable[str]) -> bytes | None:
        """The file without the rows of these keys; None when no row is left."""
        taken = frozenset(known)
        with (FOLDER / self.file).open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            header, rows = [*(reader.fieldnames or ())], [row for row in reader if row[self.key] not in taken]
        return _csv([header, *([row[name] for name in header] for row in rows)]) if rows else None


FIRMS = _Sample("firms.csv", "统一社会信用代码")
OFFERS = _Sample("offers.csv", "编号")


async def load(
    database: Database, catalogue: Catalogue, clock: Clock, home: str | None, *, on_changed: Changed | None = None
) -> Loaded:
    """Load the samples, where that was never done; firms and offers that are there already are left alone.

    A kill in the middle leaves some of them out; the next call adds the rest.
    """
    async with database.reading() as session:
        if await audit.about(session, *_MARK):
            return Loaded()
    known_firms = {firm.credit_code for firm in await Firms(database).directory() if firm.credit_code}
    known_offers = {offer.id for offer in await Offers(database).every()}
    firms = offers = 0
    if (data := FIRMS.without(known_firms)) is not None:
        firms = (await FirmImport(database, catalogue, today=clock.today(), home=home).run(data)).added
    if (data := OFFERS.without(known_offers)) is not None:
        importer = OfferImport(database, catalogue, clock=clock, home=home, on_changed=on_changed)
        offers = (await importer.run(data)).added
    await _note(database, Loaded(firms, offers))
    return Loaded(firms, offers)


async def _note(database: Database, loaded: Loaded) -> None:
    kind, subject = _MARK
    async with database.transaction() as session:
        await audit.record(
            session,
            actor=audit.COMMAND_LINE,
            action="samples.loaded",
            subject_kind=kind,
            subject=subject,
            details={"firms": loaded.firms, "offers": loaded.offers},
        )


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
