"""Brings a database to the newest migration; safe to run from several processes at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from core.database import Database

_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
_LOCK = 4304002021  # any number: PostgreSQL's advisory lock that serialises migrations


def configuration() -> Config:
    """Alembic's configuration, with the migrations of this checkout."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def head() -> str:
    """The newest revision. Raises CommandError when there are two heads."""
    revision = ScriptDirectory.from_config(configuration()).get_current_head()
    assert revision is not None
    return revision


async def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade the database; a second process waits for the first and then finds nothing to do."""
    writer = database.engine.execution_options(qiban_write=True)
    async with writer.connect() as connection:
        await connection.run_sync(_upgrade, revision)
        await connection.commit()


async def current(database: Database) -> str | None:
    """The revision the database is at, None for an empty one."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_current)


def _current(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    revision: str | None = MigrationContext.configure(connection).get_current_revision()
    return revision


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
