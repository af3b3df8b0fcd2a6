"""`qiban knowledge`: documents in, out and measured."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from core.errors import BadInput, QibanError
from knowledge import base, evaluation
from knowledge.answer import plain as to_plain
from knowledge.decision import FEATURE_NAMES, Judge
from knowledge.library import Ingestion, Metadata, StoredDocument
from knowledge.readers import plain
from qiban import console, wording
from qiban.bootstrap import Services, open_library, open_services
from qiban.console import Json

app = typer.Typer(no_args_is_help=True)

_DECISION = base.DATA / "decision.json"
_COLUMNS = (
    "mode",
    "split",
    "r_at_1",
    "r_at_3",
    "mrr",
    "refusal_auroc",
    "in_scope_declined",
    "out_of_scope_answered",
    "wrong_clause",
)


@app.command()
def add(
    files: list[Path],
    title: str | None = None,
    number: Annotated[str | None, typer.Option(help="文号")] = None,
    issuer: str | None = None,
    region: Annotated[str | None, typer.Option(help="Name or six-digit code; default: QIBAN_REGION.")] = None,
    level: Annotated[str | None, typer.Option(help="国家级, 省级, 市级 or 县级")] = None,
    issued: str | None = None,
    valid_from: str | None = None,
    valid_to: str | None = None,
    source: Annotated[str | None, typer.Option(help="Address of the original.")] = None,
    supersedes: Annotated[str | None, typer.Option(help="Id of the document that this one replaces.")] = None,
    draft: bool = False,
    as_json: Json = False,
) -> None:
    """Take in plain text documents (.txt, .md)."""
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
        draft=draft,
    )
    reports = console.wait_for(_add(files, metadata))
    if as_json:
        console.show_json([to_plain(asdict(report)) for report in reports])
    else:
        for path, report in zip(files, reports, strict=True):
            _show_ingestion(path, report)
    if any(report.status == "failed" for report in reports):
        raise typer.Exit(1)


async def _add(files: list[Path], metadata: Metadata) -> list[Ingestion]:
    async with open_services(console.quiet_settings()) as services:
        reports = [await _add_one(services, path, metadata) for path in files]
        await services.index.reconcile()
        return reports


async def _add_one(services: Services, path: Path, metadata: Metadata) -> Ingestion:
    try:
        return await services.library.add(plain.read(_bytes(path)), metadata)
    except QibanError as error:
        warning = {"code": error.code, "message": error.message}
        return Ingestion(None, path.name, "failed", 0.0, 0, warnings=(warning,))


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise BadInput(wording.NO_SUCH_FILE.format(path=path.name))
    return path.read_bytes()


def _show_ingestion(path: Path, report: Ingestion) -> None:
    cells = (path.name, report.status, report.document_id or "-", report.title, f"{report.coverage:.1%}")
    typer.echo("\t".join((*cells, str(report.clauses))))
    for warning in report.warnings:
        typer.echo(f"  {warning['message']}", err=True)


@app.command("list")
def list_documents(as_json: Json = False) -> None:
    """All documents."""
    documents = console.wait_for(_list())
    if as_json:
        console.show_json([_record(document) for document in documents])
        return
    table = Table("id", "title", "issued", "valid to", "region")
    for document in documents:
        table.add_row(document.id, document.title, str(document.issued), str(document.valid_to or ""), document.region)
    Console().print(table)


async def _list() -> list[StoredDocument]:
    async with open_library(console.quiet_settings()) as library:
        return await library.list()


@app.command()
def show(document_id: str, as_json: Json = False) -> None:
    """A document with its clauses and its stored text."""
    document = console.wait_for(_get(document_id))
    if as_json:
        console.show_json(
            {**_record(document), "clauses": [_clause(item) for item in document.clauses], "original": document.text}
        )
        return
    typer.echo(document.title)
    for clause in document.clauses:
        typer.echo(f"{'  ' * clause.depth}{clause.path}\t{clause.text.splitlines()[0][:60]}")


async def _get(document_id: str) -> StoredDocument:
    async with open_library(console.quiet_settings()) as library:
        return await library.get(document_id)


def _record(document: StoredDocument) -> dict[str, Any]:
    hidden = {"text", "clauses"}
    record = {name: getattr(document, name) for name in document.__dataclass_fields__ if name not in hidden}
    value: dict[str, Any] = to_plain(record)
    return value


def _clause(clause: Any) -> dict[str, Any]:
    return {name: getattr(clause, name) for name in ("path", "label", "depth", "start", "end", "whole_end", "text")}


@app.command()
def remove(document_id: str, as_json: Json = False) -> None:
    """Take a document out of the base and the index."""
    console.wait_for(_remove(document_id))
    console.show_json({"removed": document_id}) if as_json else typer.echo(wording.REMOVED.format(document=document_id))


async def _remove(document_id: str) -> None:
    async with open_services(console.quiet_settings()) as services:
        await services.library.remove(document_id)
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


@app.command()
def evaluate(
    file: Path,
    calibrate: Annotated[bool, typer.Option(help="Fit the decision on the build split and write it.")] = False,
    as_of: Annotated[str | None, typer.Option("--as-of")] = None,
    misses: Annotated[bool, typer.Option(help="List what went wrong in the build split.")] = False,
    as_json: Json = False,
) -> None:
    """R@1, R@3, MRR and refusal of BM25, model and fusion on labelled questions (TSV)."""
    questions = evaluation.read(file)
    result = console.wait_for(_evaluate(questions, console.read_date(as_of), calibrate, quiet=as_json))
    figures, wrong = result
    if as_json:
        console.show_json({"file_sha256": evaluation.digest(file), "figures": [item.to_json() for item in figures]})
        return
    typer.echo(f"{file.name} sha256 {evaluation.digest(file)}")
    table = Table(*_COLUMNS)
    for item in figures:
        table.add_row(*(_cell(getattr(item, name)) for name in _COLUMNS))
    Console(width=140).print(table)
    typer.echo("threshold " + ", ".join(sorted({f"{item.mode} {item.threshold}" for item in figures})))
    if misses:
        for line in wrong:
            typer.echo(line)


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


async def _evaluate(
    questions: list[evaluation.Question], as_of: date | None, calibrate: bool, *, quiet: bool
) -> tuple[list[evaluation.Figures], list[str]]:
    async with open_services(console.quiet_settings()) as services:
        day, region = as_of or services.clock.today(), services.home_region
        outcomes = {}
        for mode in evaluation.MODES:
            if mode != "lexical" and services.index.status()["model"] is None:
                continue
            ticks = iter(track(questions, description=mode, console=Console(stderr=True), disable=quiet))
            outcomes[mode] = await evaluation.run(
                services.answerer,
                questions,
                mode,
                as_of=day,
                region=region,
                progress=lambda ticks=ticks: next(ticks, None),  # type: ignore[misc]
            )
    if calibrate:
        _write_decision(outcomes)
    judge = Judge.load(_DECISION)
    figures = [
        evaluation.figures(
            mode,
            split,
            [o for o in found if o.question.split == split],
            judge.lexical if mode == "lexical" else judge.fusion,
        )
        for mode, found in outcomes.items()
        for split in sorted({question.split for question in questions})
    ]
    return figures, _misses(outcomes.get("fusion") or outcomes["lexical"], judge)


def _write_decision(outcomes: dict[Any, list[evaluation.Outcome]]) -> None:
    fitted = {
        mode: evaluation.fit([outcome for outcome in outcomes[mode] if outcome.question.split == "build"])
        for mode in ("fusion", "lexical")
    }
    data = {"features": list(FEATURE_NAMES), **fitted}
    _DECISION.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _misses(outcomes: list[evaluation.Outcome], judge: Judge) -> list[str]:
    """What went wrong in the build split. The test split is never listed: what is seen gets tuned to."""
    lines = []
    for outcome in outcomes:
        if outcome.question.split == "test":
            continue
        model, question = judge.model(outcome.features), outcome.question
        answered = outcome.answered(model)
        if answered != question.in_scope or (question.in_scope and outcome.rank != 1):
            gold = "|".join(sorted(question.gold)) or "-"
            did = f"{'answered' if answered else 'declined'} {outcome.score(model):.2f}"
            lines.append(f"{gold}\trank {outcome.rank}\t{did}\t{question.text}")
    return lines
