"""The database: one declarative base, and the one place that commits.

`Database.transaction()` is the unit of work. Nothing else commits, and nothing calls the network inside it.
The same code runs on SQLite (WAL, writes begin with BEGIN IMMEDIATE) and PostgreSQL (psycopg).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, DateTime, MetaData, String, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

_BUSY_TIMEOUT_MS = 30_000
_inside: ContextVar[bool] = ContextVar("inside_transaction", default=False)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Takes and gives aware datetimes; SQLite keeps it as sortable UTC text."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored instant needs a time zone")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return (value if isinstance(value, datetime) else datetime.fromisoformat(value)).astimezone(UTC)


class Base(DeclarativeBase):
    """All tables of all floors; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    # A JSON value is replaced whole, never changed in place: in-place changes are not seen by the session.
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


class Database:
    """An engine and its sessions. `url` is a SQLAlchemy URL with an async driver."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.dialect = parsed.get_backend_name()
        if self.dialect == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = _engine(url, self.dialect)
        reader = self.engine.execution_options(qiban_write=False)
        writer = self.engine.execution_options(qiban_write=True)
        self._reading = async_sessionmaker(reader, expire_on_commit=False)
        self._writing = async_sessionmaker(writer, expire_on_commit=False)
        # One writer at a time in this process: waiting here is first come, first served, waiting inside SQLite is not.
        self._turn: asyncio.Lock | None = asyncio.Lock() if self.dialect == "sqlite" else None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A unit of work: commits at the end of the block, rolls back on any error. Not to be nested."""
        if _inside.get():
            raise RuntimeError("a transaction inside a transaction: pass the session on instead")
        mark = _inside.set(True)
        try:
            async with self._turn or nullcontext(), self._writing() as session, session.begin():
                yield session
        finally:
            _inside.reset(mark)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A consistent view for reading; whatever was changed in it is rolled back."""
        async with self._reading() as session:
            try:
                yield session
            finally:
                session.expunge_all()  # or the rollback would empty the rows that the caller keeps
                await session.rollback()

    async def ping(self) -> None:
        """Raise what the database raises when it does not answer."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


def insert_into(session: AsyncSession, table: type[Any]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows `ON CONFLICT`, of the session's own database."""
    return postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)


def _engine(url: str, dialect: str) -> AsyncEngine:
    if dialect != "sqlite":
        return create_async_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=10, max_overflow=20)
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # what was acknowledged survives a power cut, not only a kill
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write ignores the busy timeout and fails at once: a write begins as one.
    write = connection.get_execution_options().get("qiban_write", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
