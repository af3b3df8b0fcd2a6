"""The optional composer, put together from the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.clock import Clock
from core.database import Database
from core.settings import Settings
from knowledge import base
from knowledge.budget import DailyBudget
from knowledge.completions import Completions
from knowledge.composing import Composer
from knowledge.grounding import Rules


@asynccontextmanager
async def open_composer(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[Composer | None]:
    """The composer, None where no endpoint and model are named; its connections are closed at the end."""
    if not settings.llm_base_url or not settings.llm_model:
        yield None
        return
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    completions = Completions(settings.llm_base_url, settings.llm_model, key)
    try:
        budget = DailyBudget(database, settings.llm_daily, clock.today)
        yield Composer(completions, Rules.load(base.DATA / "composing.yaml"), budget)
    finally:
        await completions.close()
