"""The part of the composition root that is about firms, offers, introductions and announcements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from announcements import registrations as registering
from announcements import sending
from announcements import service as announcing
from announcements.registrations import Registrations
from announcements.service import Announcements
from conversation.partners import Partners
from core import log
from core.clock import Clock
from core.database import Database
from core.errors import BadInput, QibanError
from core.jobs import Handler
from firms import claims
from firms.actors import Actor
from firms.catalogue import Catalogue
from firms.importing import FirmImport, Report
from firms.keys import Keys
from firms.staff import Staffs
from firms.store import Firms
from matching import introductions as introducing
from matching import source
from matching.importing import OfferImport
from matching.introductions import Introductions
from matching.matchmaker import Matchmaker
from matching.offers import Offers
from matching.source import FirmSource, OfferSource
from messaging import inbox as notices
from messaging.guards import Guard
from messaging.inbox import Inbox
from search import Embedder, SearchIndex

Progress = Callable[[str, int, int], None]
TABLES = ("firms", "offers", "events")


@dataclass(frozen=True)
class Market:
    """Everything about firms and what they may be matched with."""

    database: Database
    catalogue: Catalogue
    clock: Clock
    home_region: str
    firms: Firms
    offers: Offers
    offer_index: SearchIndex
    firm_index: SearchIndex
    matchmaker: Matchmaker
    introductions: Introductions
    registrations: Registrations
    announcements: Announcements
    inbox: Inbox
    staffs: Staffs
    keys: Keys

    @property
    def guards(self) -> Mapping[str, Guard]:
        """Who is asked just before a delivery goes out, by name."""
        return {
            introducing.GUARD: self.introductions.guard,
            registering.GUARD: registering.guard(self.database, self.clock),
            sending.GUARD: sending.guard(self.database, self.clock, self.offers),
        }

    @property
    def jobs(self) -> Mapping[str, Handler]:
        """The jobs of this part, by name."""
        return {source.OFFERS_REINDEX_JOB: self._reindex}

    async def _reindex(self, _: dict[str, Any]) -> None:
        await self.offer_index.reconcile()
        await self.firm_index.reconcile()

    def partners(self, desk: str) -> Partners:
        """What the chat can do with it."""
        return Partners(
            self.database,
            self.firms,
            self.offers,
            self.matchmaker,
            self.introductions,
            self.registrations,
            self.inbox,
            self.catalogue,
            self.clock,
            desk=desk,
        )

    async def import_table(self, kind: str, data: bytes, *, dry_run: bool, actor: Actor) -> Report:
        """Take in a table of firms, offers or events, and have the index follow."""
        return await import_table(
            self.database, self.catalogue, self.clock, self.home_region, kind, data, dry_run=dry_run, actor=actor
        )


async def import_table(
    database: Database,
    catalogue: Catalogue,
    clock: Clock,
    home: str,
    kind: str,
    data: bytes,
    *,
    dry_run: bool,
    actor: Actor,
) -> Report:
    """Take in a table of one of `TABLES`; a worker's job brings the index in line. Raises BadInput."""
    if kind == "firms":
        firms = FirmImport(database, catalogue, today=clock.today(), home=home, actor=actor.name)
        report = await firms.run(data, dry_run=dry_run)
    elif kind in TABLES:
        only = "event" if kind == "events" else None
        offers = OfferImport(
            database, catalogue, clock=clock, home=home, actor=actor, kind=only, on_changed=_reindex_later
        )
        return await offers.run(data, dry_run=dry_run)
    else:
        raise BadInput()
    if not dry_run and (report.added or report.updated):
        async with database.transaction() as session:
            await source.request_reindex(session)
    return report


async def _reindex_later(session: AsyncSession, _: Sequence[int], /) -> None:
    await source.request_reindex(session)


async def open_market(
    database: Database,
    catalogue: Catalogue,
    clock: Clock,
    *,
    home_region: str,
    index_dir: Path,
    embedder: Embedder | None,
    executor: Executor,
    telegram: bool,
    on_enqueued: Callable[[], None],
    progress: Progress | None = None,
) -> Market:
    """All of it, with its indexes in line with the database."""
    offers = Offers(database)
    offer_index, firm_index = await open_directory(index_dir, database, embedder, progress)
    plain = Firms(database)
    introductions = Introductions(database, plain, offers, clock, telegram=telegram, on_enqueued=on_enqueued)
    registrations = Registrations(
        database, plain, offers, clock, telegram=telegram, on_enqueued=on_enqueued, catalogue=catalogue
    )
    erasers = (
        introductions.erase,
        registrations.erase,
        announcing.erase,
        notices.erase,
        claims.erase,
        source.forget,
    )
    firms = Firms(database, erasers)
    return Market(
        database=database,
        catalogue=catalogue,
        clock=clock,
        home_region=home_region,
        firms=firms,
        offers=offers,
        offer_index=offer_index,
        firm_index=firm_index,
        matchmaker=Matchmaker(
            database, firms, offers, offer_index, firm_index, catalogue, clock, executor, home_region
        ),
        introductions=introductions,
        registrations=registrations,
        announcements=Announcements(
            database, firms, catalogue, clock, telegram=telegram, on_enqueued=on_enqueued, offers=offers
        ),
        inbox=Inbox(database),
        staffs=Staffs(database),
        keys=Keys(database),
    )


async def open_directory(
    index_dir: Path, database: Database, embedder: Embedder | None, progress: Progress | None = None
) -> tuple[SearchIndex, SearchIndex]:
    """The indexes of offers and of firms, loaded and brought in line with the database."""
    offers = await _open_index(index_dir / "offers", OfferSource(Offers(database)), embedder, progress)
    return offers, await _open_index(index_dir / "firms", FirmSource(database), embedder, progress)


async def _open_index(
    directory: Path, items: OfferSource | FirmSource, embedder: Embedder | None, progress: Progress | None
) -> SearchIndex:
    index = SearchIndex(directory, items, embedder)
    try:
        await index.open(progress)
    except QibanError as error:
        log.get(__name__).warning("index_degraded", index=items.name, code=error.code)
    return index
