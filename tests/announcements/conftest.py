"""A bureau on a database of each kind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.database import Database
from core.settings import async_url
from tests.announcements.people import Bureau


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a migrated SQLite database of this test's own."""
    shutil.copy(sqlite_template, tmp_path / "test.db")
    return async_url(f"sqlite:///{tmp_path / 'test.db'}")
