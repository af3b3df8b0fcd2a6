"""`qiban knowledge`: documents in, out and measured."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from core import regions
from core.errors import BadInput, QibanError
from firms import audit
from knowledge import ingestion
from knowledge.answer import plain as to_plain
from knowledge.library import Ingestion, Metadata, Snapshot, StoredDocument, order
from qiban import console, evaluate_cli, wording
from qiban.bootstrap import Services, clock_of, open_library, open_services
from qiban.console import Json

app = typer.Typer(no_args_is_help=True)


@app.command()
def add(
    files: list[Path],
    title: str | None = None,
    number: Annotated[str | None, typer.Option(help="文号")] = None,
    issuer: str | None = None,
    region: Annotated[str | None, typer.Option(help="Name or six-digit code; default: read from the text.")] = None,
    level: Annotated[str | None, typer.Option(help="国家级, 省级, 市级 or 县级")] = None,
    issued: str | None = None,
    valid_from: str | None = None,
    valid_to: str | None = None,
    source: Annotated[str | None, typer.Option(help="Address of the original.")] = None,
    supersedes: Annotated[str | None, typer.Option(help="Id of the document that this one replaces.")] = None,
    amends: Annotated[str | None, typer.Option(help="Id of the document whose clauses this one changes.")] = None,
    prolongs: Annotated[str | None, typer.Option(help="Id of the document that this one prolongs.")] = None,
    draft: Annotated[
        bool | None, typer.Option("--draft/--no-draft", help="A draft or not; default: read from the text.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take in documents of any format. Options override what the texts say of themselves."""
    metadata = Metadata(
        title=title,
        number=number,
        issuer=issuer,
        region=region,
        level=level,
        issued=console.read_date(issued),
        valid_from=console.read_date(valid_from),
        valid_to=console.read_date(valid_to),
        source=source,
        supersedes=supersedes,
        amends=amends,
        prolongs=prolongs,
        draft=draft,
    )
    reports = console.wait_for(_add(files, metadata, quiet=as_json or len(files) == 1))
    if as_json:
        console.show_json([to_plain(asdict(report)) for report in reports])
    else:
        for path, report in zip(files, reports, strict=True):
            _show_ingestion(path, report)
    if any(report.status == "failed" for report in reports):
        raise typer.Exit(1)


async def _add(files: list[Path], metadata: Metadata, *, quiet: bool) -> list[Ingestion]:
    """The reports of the files, in order; how far it is on stderr."""
    async with open_services(console.quiet_settings()) as services:
        shown = track(files, description=wording.ADDING, console=Console(stderr=True), disable=quiet)
        reports = [await _add_one(services, path, metadata) for path in shown]
        await services.index.reconcile()
        return reports


async def _add_one(services: Services, path: Path, metadata: Metadata) -> Ingestion:
    try:
        data = _bytes(path)
    except QibanError as error:
        return ingestion.failed(path.name, error)
    return await ingestion.ingest(services.library, data, path.name, metadata, actor=audit.COMMAND_LINE)


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise BadInput(wording.NO_SUCH_FILE.format(path=path.name))
    return path.read_bytes()


def _show_ingestion(path: Path, report: Ingestion) -> None:
    cells = (path.name, report.status, report.document_id or "-", report.title, f"{report.coverage:.1%}")
    typer.echo("\t".join((*cells, str(report.clauses))))
    if report.duplicate_of is None and report.read is not None:
        typer.echo(f"  {_what_was_read(report.read)}")
    for warning in report.warnings:
        typer.echo(f"  {warning['message']}", err=True)


def _what_was_read(read: dict[str, Any]) -> str:
    """The record in one line: what the text said, and what the options did."""
    region = regions.find(read["region"]).name
    period = f"{read['valid_from'] or ''}—{read['valid_to'] or ''}"
    return " · ".join(filter(None, (read["number"], read["issuer"], region, read["level"], period)))


@app.command("list")
def list_documents(as_json: Json = False) -> None:
    """All documents."""
    snapshot, today = console.wait_for(_list())
    documents = order(snapshot.documents.values())
    if as_json:
        console.show_json([_record(document, snapshot, today) for document in documents])
        return
    table = Table("id", "title", "issued", "valid to", "region", "state")
    for document in documents:
        last = snapshot.valid_to(document, today)
        region = regions.find(document.region).name
        cells = (document.id, document.title, str(document.issued or ""), str(last or ""), region)
        table.add_row(*cells, snapshot.state(document, today))
    Console().print(table)


async def _list() -> tuple[Snapshot, date]:
    settings = console.quiet_settings()
    async with open_library(settings) as library:
        return await library.snapshot(), clock_of(settings).today()


@app.command()
def show(document_id: str, as_json: Json = False) -> None:
    """A document with its clauses, its relations and its stored text."""
    snapshot, today = console.wait_for(_list())
    document = snapshot.get(document_id)
    if as_json:
        clauses = [_clause(item) for item in document.clauses]
        console.show_json({**_record(document, snapshot, today), "clauses": clauses, "original": document.text})
        return
    typer.echo(f"{document.title}\t{snapshot.state(document, today)}")
    for relation in document.relations:
        about = relation.target_id or relation.target_number or relation.target_title
        typer.echo(f"{relation.kind}\t{about}\t{relation.effective_from or ''}")
    for warning in document.warnings:
        typer.echo(warning["message"], err=True)
    for clause in document.clauses:
        typer.echo(f"{'  ' * clause.depth}{clause.path}\t{clause.text.splitlines()[0][:60]}")


def _record(document: StoredDocument, snapshot: Snapshot, today: date) -> dict[str, Any]:
    hidden = {"text", "clauses", "relations"}
    record = {name: getattr(document, name) for name in document.__dataclass_fields__ if name not in hidden}
    record["relations"] = [asdict(relation) for relation in document.relations]
    record |= {"state": snapshot.state(document, today), "valid_to": snapshot.valid_to(document, today)}
    value: dict[str, Any] = to_plain(record)
    return value


def _clause(clause: Any) -> dict[str, Any]:
    names = ("path", "label", "kind", "depth", "start", "end", "whole_end", "page", "context", "text")
    return {name: getattr(clause, name) for name in names}


@app.command()
def remove(document_id: str, as_json: Json = False) -> None:
    """Take a document out of the base and the index."""
    console.wait_for(_remove(document_id))
    console.show_json({"removed": document_id}) if as_json else typer.echo(wording.REMOVED.format(document=document_id))


async def _remove(document_id: str) -> None:
    async with open_services(console.quiet_settings()) as services:
        await services.library.remove(document_id, actor=audit.COMMAND_LINE)
        await services.index.reconcile()


@app.command()
def reindex(as_json: Json = False) -> None:
    """Build the index anew from the database; the old one stays until the new one is whole."""
    items = console.wait_for(_reindex())
    console.show_json({"items": items}) if as_json else typer.echo(wording.REINDEXED.format(items=items))


async def _reindex() -> int:
    async with open_services(console.quiet_settings()) as services:
        await services.index.rebuild()
        return int(services.index.status()["items"])


app.command()(evaluate_cli.evaluate)
