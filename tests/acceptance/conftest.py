"""A data directory after set-up, for service processes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MODEL_DIR, TODAY
from tests.telegram_server import TelegramServer


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.long)])
def service_settings(request: pytest.FixtureRequest, tmp_path: Path, prepared: Path) -> dict[str, str]:
    """The environment of a service whose data directory (and database) are this test's own and set up."""
    from tests.acceptance.process import run

    shutil.copytree(prepared, tmp_path / "var")
    settings = {
        "QIBAN_DATA_DIR": str(tmp_path / "var"),
        "QIBAN_MODEL_DIR": str(MODEL_DIR),
        "QIBAN_TODAY": TODAY.isoformat(),
    }
    if request.param == "postgres":
        settings["QIBAN_DATABASE_URL"] = request.getfixturevalue("postgres_url")
        done = run(settings, "setup", "--no-samples", "--json")
        assert done.returncode == 0, done.stderr
    return settings


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server
