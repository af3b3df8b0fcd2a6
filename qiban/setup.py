"""`qiban setup`: model, database, built-in base and index; run again it finds nothing to do, or repairs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from core import regions
from core.clock import machine_now
from core.database import Database
from core.errors import QibanError
from core.settings import Settings, secret_key
from knowledge import base
from knowledge.library import Library
from matching import samples as sample_directory
from qiban import schema, wording
from qiban.bootstrap import clock_of, embedder_of, open_catalogue, open_index
from qiban.market import open_directory
from search import Embedder, prepare, verify

Progress = Callable[[str, int, int], None]
"""Called with the step's name, how much is done, and of how much (0: not known)."""


@dataclass(frozen=True)
class Report:
    """What set-up left behind."""

    documents: int
    items: int
    model: str | None
    warnings: tuple[str, ...]


def prepare_model(settings: Settings, progress: Progress) -> str | None:
    """Make the default model ready; why not, where that fails. Nothing to do when another model is configured."""
    if settings.embedding_model:
        return None
    try:
        if not verify(settings.model_dir):
            prepare(settings.model_dir, lambda stage, done, total: progress(wording.STEP_MODEL, done, total))
    except QibanError as error:
        return wording.MODEL_FAILED.format(reason=error.message)
    progress(wording.STEP_MODEL, 1, 1)
    return None


async def run(settings: Settings, progress: Progress, *, samples: bool = True) -> Report:
    """All steps of set-up; without `samples` the sample directory of firms and offers is left out."""
    with ThreadPoolExecutor(1) as executor:
        fault = executor.submit(prepare_model, settings, progress).result()
    warnings = [fault] if fault else []
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    secret_key(settings)
    if (kept := set_aside_damaged(settings.database)) is not None:
        warnings.append(wording.DATABASE_DAMAGED.format(kept=kept.name))
    database = Database(settings.database)
    try:
        progress(wording.STEP_DATABASE, 0, 1)
        await schema.migrate(database)
        progress(wording.STEP_DATABASE, 1, 1)
        library = Library(database, home_region=regions.find(settings.region).code)
        documents = await base.load(library)
        progress(wording.STEP_BASE, len(documents), len(documents))
        if samples:
            loaded = await load_samples(database, settings)
            progress(wording.STEP_SAMPLES, loaded, loaded)
        embedder, _ = embedder_of(settings)
        index = await open_index(
            settings.index_dir, library, embedder, lambda _, done, total: progress(wording.STEP_INDEX, done, total)
        )
        status = index.status()
        await _index_directory(settings, database, embedder, progress)
        progress(wording.STEP_INDEX, 1, 1)
        return Report(len(await library.list()), int(status["items"]), status["model"], tuple(warnings))
    finally:
        await database.close()


async def load_samples(database: Database, settings: Settings) -> int:
    """Load the sample directory where that was never done; how many firms and offers it holds."""
    home = regions.find(settings.region).code
    loaded = await sample_directory.load(database, open_catalogue(settings), clock_of(settings), home)
    return loaded.firms + loaded.offers


async def _index_directory(
    settings: Settings, database: Database, embedder: Embedder | None, progress: Progress
) -> None:
    """Bring the indexes of offers and firms in line."""

    def told(_: str, done: int, total: int) -> None:
        progress(wording.STEP_INDEX, done, total)

    await open_directory(settings.index_dir, database, embedder, told)


def set_aside_damaged(url: str) -> Path | None:
    """Rename a SQLite file that is torn or no database, so that nothing in it is lost; its new path, or None."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    path = Path(parsed.database)
    if not path.exists() or _is_sound(path):
        return None
    kept = path.with_name(f"{path.name}.damaged-{machine_now():%Y%m%d%H%M%S}")
    path.rename(kept)
    for suffix in ("-wal", "-shm"):
        extra = path.with_name(path.name + suffix)
        if extra.exists():
            extra.rename(kept.with_name(kept.name + suffix))
    return kept


def _is_sound(path: Path) -> bool:
    """False only where SQLite says that the file itself is broken; one that is locked or not ours is left alone."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.OperationalError as error:
        return "disk i/o error" not in str(error).lower()
    except sqlite3.DatabaseError:
        return False
