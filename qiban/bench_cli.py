"""`qiban bench`: what the service can do on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core.settings import CHECKOUT
from qiban.bench import peers, registry, wording
from qiban.bench.figures import Figure, Options, machine
from qiban.bootstrap import embedder_of
from qiban.console import Json, quiet_settings, show_json, wait_for
from qiban.progress import StepProgress

_FOLDER = CHECKOUT / ".cache" / "bench"


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes: a minute instead of an hour.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Only figures of this name; may be repeated.")] = None,
    folder: Annotated[Path, typer.Option(help="Keeps what is expensive to make between runs.")] = _FOLDER,
    seed: int = 7,
    as_json: Json = False,
) -> None:
    """Measure this machine: a table, or with --json the machine and the figures."""
    embedder, _ = embedder_of(quiet_settings())
    if embedder is None:
        typer.echo(wording.NO_MODEL, err=True)
    if not peers.installed():
        typer.echo(wording.NO_PEERS, err=True)
    with StepProgress(enabled=not as_json) as progress:
        options = Options(quick, folder, seed, progress.update)
        figures = wait_for(registry.run(options, embedder, only or ()))
    if as_json:
        show_json({"machine": machine(), "figures": [figure.to_json() for figure in figures]})
    else:
        _show(figures)


def _show(figures: list[Figure]) -> None:
    described = machine()
    table = Table(
        "figure", "size", "value", "unit", "goal", "note", title=f"{described['processor']}, {described['day']}"
    )
    for figure in figures:
        table.add_row(figure.name, f"{figure.size:,}", f"{figure.value:g}", figure.unit, figure.goal or "", figure.note)
    Console(width=160).print(table)
