"""Fixtures of the whole suite: a migrated database of each kind, services on their own data directory.

Tests create and drop their own databases. PostgreSQL is taken from QIBAN_TEST_POSTGRES, by default the local server;
where it does not answer, its half of the tests is skipped, unless QIBAN_REQUIRE names `postgres`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import hypothesis
import psycopg
import pytest

from core import log
from core.database import Database
from core.settings import CHECKOUT, Settings, async_url
from qiban import schema, setup
from qiban.bootstrap import Services, open_services

POSTGRES = os.environ.get("QIBAN_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
REQUIRED = frozenset(os.environ.get("QIBAN_REQUIRE", "").replace(" ", "").split(","))
TODAY = date(2026, 11, 24)
MODEL_DIR = CHECKOUT / ".cache" / "model"

log.configure("WARNING")
# Machines are busy at times: no test fails because an example took long.
hypothesis.settings.register_profile("qiban", deadline=None)
hypothesis.settings.load_profile("qiban")


def _postgres_fault() -> str | None:
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return type(error).__name__
    return None


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The address of a server on which databases may be created."""
    if (fault := _postgres_fault()) is not None:
        message = f"PostgreSQL does not answer ({fault}): its half of the tests is left out"
        if "postgres" in REQUIRED:
            pytest.fail(message)
        pytest.skip(message)
    return POSTGRES


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a migrated, empty database that others are copied from."""
    name = f"qiban_test_{secrets.token_hex(6)}_template"
    with _fresh_database(postgres_server, name):
        asyncio.run(_migrate(postgres_server.rpartition("/")[0] + f"/{name}"))
        yield name


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """The address of a migrated, empty PostgreSQL database of this test's own."""
    name = f"qiban_test_{secrets.token_hex(6)}"
    with _fresh_database(postgres_server, name, postgres_template):
        yield postgres_server.rpartition("/")[0] + f"/{name}"


@contextmanager
def _fresh_database(server: str, name: str, template: str = "template1") -> Iterator[None]:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def _migrate(url: str) -> None:
    opened = Database(async_url(url))
    await schema.migrate(opened)
    await opened.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that others are copied from."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated, empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def settings(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a service of this test's own; nothing of the machine's environment comes in."""
    return isolated_settings(tmp_path, monkeypatch, QIBAN_DATABASE_URL=database_url)


def isolated_settings(folder: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    """Settings read from just these variables."""
    for name in list(os.environ):
        if name.startswith("QIBAN_"):
            monkeypatch.delenv(name)
    given = {"QIBAN_DATA_DIR": str(folder / "var"), "QIBAN_MODEL_DIR": str(MODEL_DIR), "QIBAN_TODAY": TODAY.isoformat()}
    for name, value in {**given, **environment}.items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None)  # type: ignore[call-arg]


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """A migrated, empty database."""
    opened = Database(settings.database)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory after a real set-up, without the sample directory: its index is copied, not encoded again, by
    every test that needs one."""
    folder = tmp_path_factory.mktemp("prepared")
    values = {"data_dir": folder / "var", "model_dir": MODEL_DIR, "today": TODAY}
    chosen = Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]
    asyncio.run(setup.run(chosen, lambda *_: None, samples=False))
    return folder / "var"


@pytest.fixture
async def services(settings: Settings, prepared: Path) -> AsyncIterator[Services]:
    """The real services after a real set-up, with the built-in plan."""
    shutil.copytree(prepared / "index", settings.index_dir)
    await setup.run(settings, lambda *_: None, samples=False)
    async with open_services(settings) as opened:
        yield opened
