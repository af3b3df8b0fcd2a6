"""What the desk and the askers teach the base, put together."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Executor
from dataclasses import dataclass

from conversation.feedback import Feedback
from core.clock import Clock
from core.database import Database
from core.jobs import Handler
from core.settings import Settings
from knowledge import base, forgetting
from knowledge.clause_search import ClauseSearch
from knowledge.faq_desk import Faq
from knowledge.feedback import Votes
from knowledge.intake import Intake
from knowledge.library import Library
from knowledge.open_questions import OpenQuestions
from knowledge.synonyms import LanguageFiles, OwnSynonyms
from search import SearchIndex

_SYNONYMS = "synonyms.yaml"


@dataclass(frozen=True)
class Learning:
    """The desk's side of the knowledge floor."""

    intake: Intake
    open_questions: OpenQuestions
    faq: Faq
    votes: Votes
    feedback: Feedback
    synonyms: OwnSynonyms
    clauses: ClauseSearch
    jobs: dict[str, Handler]


def open_language(settings: Settings) -> LanguageFiles:
    """The built-in words with those of the data directory, followed while the service runs. Raises BadDataFile."""
    return LanguageFiles(base.DATA / _SYNONYMS, settings.data_dir / _SYNONYMS)


def open_learning(
    settings: Settings,
    database: Database,
    library: Library,
    index: SearchIndex,
    clock: Clock,
    executor: Executor,
    *,
    desk: str,
    home_region: str,
    reachable: Collection[str],
    on_enqueued: Callable[[], None],
) -> Learning:
    """All of it. `reachable` are the channels on which an asker can be answered."""
    intake = Intake(index, executor)
    votes = Votes(database, intake)
    return Learning(
        intake=intake,
        open_questions=OpenQuestions(
            database, desk, reachable, document_url=settings.public_url, on_enqueued=on_enqueued
        ),
        faq=Faq(database),
        votes=votes,
        feedback=Feedback(database, votes, clock.today, region=home_region),
        synonyms=OwnSynonyms(settings.data_dir / _SYNONYMS, base.DATA / _SYNONYMS),
        clauses=ClauseSearch(library, index, clock.today, home_region, executor),
        jobs={forgetting.FORGET_JOB: forgetting.handler(database)},
    )
