"""The house itself: every package is listed and guarded, one migration head, the schema is what the models say."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

import announcements.models  # noqa: F401
import firms.models  # noqa: F401
import matching.models  # noqa: F401
import messaging.models
import messaging.outbox  # noqa: F401
from core.database import Base, Database
from core.settings import CHECKOUT
from qiban import schema

PROJECT: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
PACKAGES = sorted(path.parent.name for path in CHECKOUT.glob("*/__init__.py") if path.parent.name != "tests")


def test_every_package_is_guarded_and_installed() -> None:
    assert sorted(PROJECT["tool"]["importlinter"]["root_packages"]) == PACKAGES
    tops = {name for name in PROJECT["tool"]["setuptools"]["packages"] if "." not in name}
    assert sorted(tops) == PACKAGES


def test_every_package_is_type_checked() -> None:
    assert sorted([*PROJECT["tool"]["mypy"]["packages"], "migrations"]) == PACKAGES


def test_no_floor_imports_one_above() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_there_is_one_migration_head() -> None:
    assert len(ScriptDirectory.from_config(schema.configuration()).get_heads()) == 1


async def test_the_migrated_schema_is_what_the_models_say(database: Database) -> None:
    def differences(connection: Connection) -> list[Any]:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrations_go_down_and_up_again(database: Database) -> None:
    def down(connection: Connection) -> None:
        config = schema.configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    async with database.engine.connect() as connection:
        await connection.run_sync(down)
        await connection.commit()
    assert await schema.current(database) is None
    await schema.migrate(database)
    await schema.migrate(database)
    assert await schema.current(database) == schema.head()
    async with database.engine.connect() as connection:
        tables = await connection.run_sync(lambda c: set(inspect(c).get_table_names()))
    assert tables == {*Base.metadata.tables, "alembic_version"}


def _python_files() -> list[Path]:
    return [path for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py")]


@pytest.mark.parametrize("path", _python_files(), ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_the_environment_is_read_by_the_settings_alone(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.relative_to(CHECKOUT).as_posix() in ("core/settings.py", "search/embedding.py", "qiban/bench/peers.py"):
        return  # the others keep libraries off the network
    assert not re.search(r"os\.environ|os\.getenv", text)


def test_no_city_and_no_scheme_is_named_in_code() -> None:
    for path in _python_files():
        assert not re.search("衡阳|长沙|小巨人|专精特新", path.read_text("utf-8")), path


def test_the_evaluation_file_is_what_was_promised() -> None:
    path = CHECKOUT / "knowledge" / "data" / "evaluation" / "hengyang.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) >= 150
    assert sum(row["gold"] == "-" for row in rows) >= 40
    assert sum(row["kind"] == "near" for row in rows) >= 40
    assert {row["split"] for row in rows} == {"build", "test"}
    assert len({row["question"] for row in rows}) == len(rows)
