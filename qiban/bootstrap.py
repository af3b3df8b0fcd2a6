"""The composition root: settings are read here, once, and every part is given what it needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from announcements.service import Announcements
from api.limits import Limits
from api.parts import Parts, Readiness
from assessment.desk import Assessor
from assessment.schemes import BUILT_IN, Schemes
from bot.channel import TelegramChannel
from bot.client import TelegramBot, build_bot
from bot.webhook import PATH as WEBHOOK_PATH
from bot.webhook import Webhook, webhook_secret
from conversation.advice import Advisor
from conversation.dialogue import Dialogue
from conversation.engine import Conversations
from conversation.selfcheck import SelfCheck
from core import log, regions
from core.clock import Clock
from core.database import Database
from core.errors import QibanError, Unavailable
from core.jobs import Handler
from core.leases import Leases
from core.settings import Settings, secret_key
from firms import audit
from firms import catalogue as facts
from firms.catalogue import Catalogue
from firms.store import Firms
from knowledge import base
from knowledge.answering import Answerer
from knowledge.composing import Composer
from knowledge.decision import Judge
from knowledge.indexing import KnowledgeSource
from knowledge.library import REINDEX_JOB, Library
from knowledge.relations import SUPERSEDED_JOB
from matching.matchmaker import Matchmaker
from matching.offers import Offers
from messaging.channel import Channel
from messaging.inbox import WEB, InboxChannel
from messaging.outbox import OutboxWorker
from qiban import schema, wording
from qiban.composer import open_composer
from qiban.learning import Learning, open_language, open_learning
from qiban.market import Market, open_market
from search import Embedder, SearchIndex, SentenceTransformerEmbedder, is_prepared

TELEGRAM = "telegram"
_THREADS = 2


class NotSetUp(Unavailable):
    """The database is not at the newest migration."""

    code = "not_set_up"
    default = wording.NOT_SET_UP


@dataclass(frozen=True)
class Services:
    """Everything that runs, put together once a process."""

    settings: Settings
    clock: Clock
    database: Database
    library: Library
    index: SearchIndex
    answerer: Answerer
    advisor: Advisor
    assessor: Assessor
    conversations: Conversations
    market: Market
    learning: Learning
    outbox: OutboxWorker
    leases: Leases
    channels: dict[str, Channel]
    jobs: dict[str, Handler]
    telegram: TelegramBot | None
    webhook: Webhook | None
    desk: base.Desk
    executor: Executor
    faults: dict[str, str]
    """Parts that are not there, and why (`model`, `telegram`); shown in `/readyz`."""

    @property
    def home_region(self) -> str:
        return regions.find(self.settings.region).code

    @property
    def firms(self) -> Firms:
        return self.market.firms

    @property
    def offers(self) -> Offers:
        return self.market.offers

    @property
    def matchmaker(self) -> Matchmaker:
        return self.market.matchmaker

    @property
    def announcements(self) -> Announcements:
        return self.market.announcements

    def parts(self) -> Parts:
        """What the HTTP floor is given."""
        market = self.market
        return Parts(
            conversations=self.conversations,
            advisor=self.advisor,
            assessor=self.assessor,
            library=self.library,
            readiness=self.readiness,
            desk=self.desk.name,
            public_url=self.settings.public_url,
            secret_key=secret_key(self.settings),
            asgi_mounts={} if self.webhook is None else {WEBHOOK_PATH: self.webhook},
            trusted_proxies=self.settings.trusted_proxies,
            today=self.clock.today,
            now=self.clock.now,
            timezone=self.clock.timezone,
            starters=base.starters(),
            home_region=self.home_region,
            database=self.database,
            firms=market.firms,
            offers=market.offers,
            matchmaker=market.matchmaker,
            introductions=market.introductions,
            registrations=market.registrations,
            announcements=market.announcements,
            inbox=market.inbox,
            open_questions=self.learning.open_questions,
            faq=self.learning.faq,
            votes=self.learning.votes,
            synonyms=self.learning.synonyms,
            clauses=self.learning.clauses,
            keys=market.keys,
            staffs=market.staffs,
            limits=Limits(),
            import_table=market.import_table,
            staging=self.settings.data_dir / "staging",
        )

    async def readiness(self) -> Readiness:
        """Whether the database answers, and what search has to do without."""
        checks: dict[str, str] = {}
        try:
            await asyncio.wait_for(self.database.ping(), timeout=5)
            checks["database"] = "ok"
        except Exception as error:
            checks["database"] = type(error).__name__
            return Readiness("unavailable", checks)
        degraded = self.index.status()["degraded"]
        checks["search"] = str(degraded) if degraded else "ok"
        checks |= {"model": "ok", **self.faults}
        healthy = all(message == "ok" for message in checks.values())
        return Readiness("ready" if healthy else "degraded", checks)


def embedder_of(settings: Settings) -> tuple[Embedder | None, str | None]:
    """The embedding model the settings name, or None and why there is none."""
    if settings.embedding_model:
        return _loaded_once(settings.embedding_model), None
    if is_prepared(settings.model_dir):
        return _loaded_once(settings.model_dir), None
    return None, wording.MODEL_NOT_PREPARED


@cache
def _loaded_once(model: str | Path) -> Embedder:
    """A model's embedder: the weights are in memory once a process, however often services are opened."""
    return SentenceTransformerEmbedder(model)


def desk_of(settings: Settings) -> base.Desk:
    """Who answers when the bot cannot: the settings, else the base's data file."""
    given = base.desk()
    return base.Desk(settings.desk_name or given.name, settings.desk_contact or given.contact)


def clock_of(settings: Settings) -> Clock:
    return Clock(settings.timezone, settings.today)


@asynccontextmanager
async def open_services(
    settings: Settings, *, progress: Callable[[str, int, int], None] | None = None
) -> AsyncIterator[Services]:
    """All services of a process, closed at the end. Raises NotSetUp before `qiban setup`."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="search")
    telegram, telegram_fault = build_telegram(settings)
    try:
        if await schema.current(database) != schema.head():
            raise NotSetUp()
        async with open_composer(settings, database, clock_of(settings)) as composer:
            services = await _build(settings, database, executor, telegram, composer, progress)
            if telegram_fault:
                services.faults["telegram"] = telegram_fault
            yield services
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        if telegram is not None:
            await telegram.shutdown()
        await database.close()


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The database alone. Raises NotSetUp before `qiban setup`."""
    database = Database(settings.database)
    try:
        if await schema.current(database) != schema.head():
            raise NotSetUp()
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_library(settings: Settings) -> AsyncIterator[Library]:
    """The library alone, for commands that search nothing. Raises NotSetUp before `qiban setup`."""
    async with open_database(settings) as database:
        yield Library(database, home_region=regions.find(settings.region).code)


def open_catalogue(settings: Settings) -> Catalogue:
    """The built-in fact catalogue with what `facts.yaml` in the data directory adds. Raises BadDataFile."""
    own = settings.data_dir / "facts.yaml"
    return facts.catalogue().extended(own) if own.is_file() else facts.catalogue()


def open_assessor(settings: Settings, library: Library, clock: Clock) -> Assessor:
    """The schemes that come with the product and those in `schemes` of the data directory. Raises BadDataFile."""
    schemes = Schemes.load(open_catalogue(settings), BUILT_IN, settings.data_dir / "schemes")
    return Assessor(library, schemes, clock, home_region=regions.find(settings.region).code)


def build_telegram(settings: Settings) -> tuple[TelegramBot | None, str | None]:
    """The Bot API client, None without a token; and why there is none although a token is set."""
    if settings.telegram_token is None:
        return None, None
    try:
        return build_bot(settings.telegram_token, settings.telegram_base_url, settings.telegram_proxy), None
    except QibanError as error:  # a bad token must not stop the web chat
        log.get(__name__).error("telegram_off", code=error.code)
        return None, error.message


async def _build(
    settings: Settings,
    database: Database,
    executor: Executor,
    telegram: TelegramBot | None,
    composer: Composer | None,
    progress: Callable[[str, int, int], None] | None,
) -> Services:
    clock, desk, home = clock_of(settings), desk_of(settings), regions.find(settings.region).code
    library = Library(database, home_region=home)
    embedder, model_fault = embedder_of(settings)
    index = await open_index(settings.index_dir, library, embedder, progress)
    answerer = Answerer(
        library,
        index,
        open_language(settings),
        Judge.load(base.DATA / "decision.json"),
        desk,
        executor,
    )
    assessor = open_assessor(settings, library, clock)
    advisor = Advisor(answerer, assessor, clock, home_region=home, composer=composer)
    wakeup = _Wakeup()
    market = await open_market(
        database,
        open_catalogue(settings),
        clock,
        home_region=home,
        index_dir=settings.index_dir,
        embedder=embedder,
        executor=executor,
        telegram=settings.telegram_token is not None,
        on_enqueued=wakeup,
        progress=progress,
    )
    channels: dict[str, Channel] = {WEB: InboxChannel()}
    if telegram is not None:
        channels[TELEGRAM] = TelegramChannel(telegram)
    outbox = OutboxWorker(
        database,
        channels,
        send_rate=settings.send_rate,
        guards=market.guards,
        clock=clock,
        on_topic_failing=market.announcements.topic_failing,
    )
    wakeup.of(outbox)
    learning = open_learning(
        settings,
        database,
        library,
        index,
        clock,
        executor,
        desk=desk.name,
        home_region=home,
        reachable=channels,
        on_enqueued=wakeup,
    )
    conversations = Conversations(
        database,
        Dialogue(
            advisor,
            SelfCheck(assessor, home=home, desk=desk.name),
            desk=desk.name,
            starters=base.starters(),
            partners=market.partners(desk.name),
            feedback=learning.feedback,
        ),
        desk=desk.name,
        home_region=home,
        pushed=frozenset({TELEGRAM}),
        document_url=settings.public_url,
        on_enqueued=wakeup,
        intake=learning.intake,
    )
    return Services(
        settings=settings,
        clock=clock,
        database=database,
        library=library,
        index=index,
        answerer=answerer,
        advisor=advisor,
        assessor=assessor,
        conversations=conversations,
        market=market,
        learning=learning,
        outbox=outbox,
        leases=Leases(database),
        channels=channels,
        jobs={
            REINDEX_JOB: _reindex(index),
            SUPERSEDED_JOB: _schemes_for_review(database, assessor),
            **market.jobs,
            **learning.jobs,
        },
        telegram=telegram,
        webhook=build_webhook(settings, telegram, conversations),
        desk=desk,
        executor=executor,
        faults={"model": model_fault} if model_fault else {},
    )


def build_webhook(settings: Settings, telegram: TelegramBot | None, conversations: Conversations) -> Webhook | None:
    """What answers Telegram's calls; None where the bot polls."""
    if telegram is None or settings.telegram_webhook_url is None:
        return None
    secret = settings.telegram_webhook_secret or webhook_secret(secret_key(settings))
    return Webhook(telegram, conversations, secret, url=settings.telegram_webhook_url)


class _Wakeup:
    """Wakes the outbox's worker; known before the worker is."""

    def __init__(self) -> None:
        self._worker: OutboxWorker | None = None

    def of(self, worker: OutboxWorker) -> None:
        self._worker = worker

    def __call__(self) -> None:
        if self._worker is not None:
            self._worker.wake()


async def open_index(
    directory: Path,
    library: Library,
    embedder: Embedder | None,
    progress: Callable[[str, int, int], None] | None = None,
) -> SearchIndex:
    """The knowledge index, loaded and brought in line with the library."""
    index = SearchIndex(directory / "knowledge", KnowledgeSource(library), embedder)
    try:
        await index.open(progress)
    except QibanError as error:
        log.get(__name__).warning("index_degraded", code=error.code)
    return index


def _schemes_for_review(database: Database, assessor: Assessor) -> Handler:
    """Notes in the audit log which schemes cite a document that was replaced (`old`, by `new`)."""

    async def run(args: dict[str, Any]) -> None:
        cited = [scheme.id for scheme in assessor.schemes if scheme.document == args["old"]]
        async with database.transaction() as session:
            for scheme in cited:
                await audit.record(
                    session,
                    actor=audit.SERVICE,
                    action="scheme.for_review",
                    subject_kind="scheme",
                    subject=scheme,
                    details=args,
                )

    return run


def _reindex(index: SearchIndex) -> Handler:
    async def run(_: dict[str, Any]) -> None:
        await index.reconcile()

    return run
