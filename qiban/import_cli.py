"""`qiban import`: tables of a bureau into the directory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core import regions
from core.errors import BadInput
from core.settings import Settings
from firms import import_wording
from firms.actors import OPERATOR
from firms.importing import Report
from matching.import_wording import SAME_ID
from qiban import console, wording
from qiban.bootstrap import clock_of, open_catalogue, open_database
from qiban.console import Json
from qiban.market import import_table

app = typer.Typer(no_args_is_help=True)

_SHOWN = 20
_DUPLICATE_WHY = {**import_wording.DUPLICATE_WHY, "id": SAME_ID}
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check the file and write nothing.")]


@app.callback()
def _group() -> None:
    """Tables of a bureau: firms, offers, events."""


@app.command()
def firms(file: Path, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Import a table of firms (.csv, .xlsx): good rows go in beside bad ones."""
    _import("firms", file, dry_run, as_json)


@app.command()
def offers(file: Path, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Import a table of offers of any kind."""
    _import("offers", file, dry_run, as_json)


@app.command()
def events(file: Path, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Import a table of events."""
    _import("events", file, dry_run, as_json)


def _import(kind: str, file: Path, dry_run: bool, as_json: bool) -> None:
    report = console.wait_for(_take_in(console.quiet_settings(), kind, _bytes(file), dry_run))
    if as_json:
        console.show_json(report.to_json())
    else:
        show_report(report, dry_run=dry_run)
    if report.nothing_went_in:
        raise typer.Exit(2)


async def _take_in(settings: Settings, kind: str, data: bytes, dry_run: bool) -> Report:
    async with open_database(settings) as database:
        home, clock = regions.find(settings.region).code, clock_of(settings)
        catalogue = open_catalogue(settings)
        return await import_table(database, catalogue, clock, home, kind, data, dry_run=dry_run, actor=OPERATOR)


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise BadInput(wording.NO_SUCH_FILE.format(path=path.name))
    return path.read_bytes()


def show_report(report: Report, *, dry_run: bool) -> None:
    """The report for a person, in plain Chinese; the first errors only."""
    if dry_run:
        typer.echo(import_wording.DRY_RUN)
    counts = {"rows": report.rows, "added": report.added, "updated": report.updated, "unchanged": report.unchanged}
    typer.echo(import_wording.SUMMARY.format(**counts, errors=report.bad_rows))
    for error in report.errors[:_SHOWN]:
        typer.echo(import_wording.ERROR_LINE.format(row=error.row, column=error.column, message=error.message))
    if len(report.errors) > _SHOWN:
        typer.echo(import_wording.MORE_ERRORS.format(count=len(report.errors) - _SHOWN))
    for duplicate in report.duplicates[:_SHOWN]:
        line = _DUPLICATE_WHY[duplicate.why]
        typer.echo(line.format(row=duplicate.row, same_as=duplicate.same_as))
    if len(report.duplicates) > _SHOWN:
        typer.echo(import_wording.MORE_DUPLICATES.format(count=len(report.duplicates) - _SHOWN))
    for notice in report.notices:
        typer.echo(notice)
