"""What the subcommands share: settings, the event loop, printing."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine
from datetime import date
from typing import Annotated, Any

import typer

from core import log
from core.errors import BadInput
from core.settings import Settings
from qiban import wording

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def settings() -> Settings:
    """The settings of this process, with logging set up to them."""
    loaded = Settings()
    log.configure(loaded.log_level)
    return loaded


def quiet_settings() -> Settings:
    """As `settings`, for commands that a person runs: only warnings are logged."""
    loaded = Settings()
    log.configure("WARNING")
    return loaded


def show_json(value: Any) -> None:
    """Print a JSON value on stdout, whatever the terminal's encoding."""
    sys.stdout.buffer.write(json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "replace") + b"\n")
    sys.stdout.flush()


def wait_for(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end."""
    return asyncio.run(work)


def read_date(value: str | None) -> date | None:
    """An option's date. Raises BadInput."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadInput(wording.BAD_DATE.format(value=value)) from error
