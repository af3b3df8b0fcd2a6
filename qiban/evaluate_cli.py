"""`qiban knowledge evaluate`: finding, refusing and answering measured on labelled questions.

A file about the base alone is measured on the base as it is. A file whose labels name documents is measured on a base
of its own (see `qiban.measuring`): the built-in documents and those of `--library`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from core.errors import BadInput
from knowledge import base, evaluation, evaluation_library, labels
from knowledge.decision import FEATURE_NAMES, Judge
from knowledge.evaluation import Figures, Outcome
from knowledge.labels import Question
from qiban import console, measuring, wording
from qiban.bootstrap import open_services
from qiban.console import Json
from qiban.measuring import Measured, Outcomes, gold_text
from qiban.progress import StepProgress

_DECISION = base.DATA / "decision.json"
_COLUMNS = (
    "mode", "split", "r_at_1", "r_at_3", "mrr", "refusal_auroc", "in_scope_declined", "out_of_scope_answered",
    "wrong_clause",
)  # fmt: skip
_RANKING = ("name", "split", "questions", "r_at_1", "r_at_3", "mrr", "turns")
_ANSWERS = (
    "name", "split", "in_scope", "out_of_scope", "r_at_1", "right", "in_scope_declined", "in_scope_asked_back",
    "out_of_scope_answered", "out_of_scope_asked_back", "wrong_clause", "asked_back_unwanted", "invented",
    "computed_right", "computed",
)  # fmt: skip


def evaluate(
    file: Path,
    library: Annotated[
        Path | None, typer.Option(help="Folder of further documents; default: beside FILE, under its name.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Only this split (build, test).")] = None,
    calibrate: Annotated[bool, typer.Option(help="Fit the decision on the build split and write it.")] = False,
    as_of: Annotated[str | None, typer.Option("--as-of", help="For questions that name no day.")] = None,
    misses: Annotated[bool, typer.Option(help="List what went wrong in the build split.")] = False,
    as_json: Json = False,
) -> None:
    """R@1, R@3, MRR, refusal, citations and computed figures on labelled questions (TSV)."""
    questions = _of_split(labels.read(file), split)
    day = console.read_date(as_of)
    if calibrate:
        _write_decision({})
    if library is not None or labels.names_documents(questions):
        folder = library or file.with_suffix("")
        measured = console.wait_for(_measure_library(questions, folder, day, calibrate, quiet=as_json))
        _show_measured(file, folder, measured, misses=misses, as_json=as_json)
    else:
        figures, wrong = console.wait_for(_measure_base(questions, day, calibrate, quiet=as_json))
        _show_figures(file, figures, wrong if misses else [], as_json=as_json)


def _of_split(questions: list[Question], split: str | None) -> list[Question]:
    chosen = [question for question in questions if split in (None, question.split)]
    if not chosen:
        raise BadInput(wording.NO_SUCH_SPLIT.format(split=split))
    return chosen


async def _measure_library(
    questions: list[Question], folder: Path, as_of: date | None, calibrate: bool, *, quiet: bool
) -> Measured:
    if not (folder / evaluation_library.INDEX).is_file():
        raise BadInput(wording.NO_LIBRARY.format(path=folder))
    with StepProgress(enabled=not quiet) as progress:
        return await measuring.measure(
            console.quiet_settings(),
            questions,
            folder,
            as_of=as_of,
            fitted=_write_decision if calibrate else None,
            progress=progress,
            cache=measuring.CACHE,
        )


async def _measure_base(
    questions: list[Question], as_of: date | None, calibrate: bool, *, quiet: bool
) -> tuple[list[Figures], list[str]]:
    async with open_services(console.quiet_settings()) as services:
        day, region = as_of or services.clock.today(), services.home_region
        outcomes: Outcomes = {}
        for mode in measuring.modes(services):
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
            judge,
        )
        for mode, found in outcomes.items()
        for split in measuring.splits(questions)
    ]
    return figures, _misses(outcomes.get("fusion") or outcomes["lexical"], judge)


def _write_decision(outcomes: Outcomes) -> None:
    """Fit the decision on the build split; the ways of searching that were not measured keep theirs, brought in line
    with today's features: one that is new weighs nothing yet."""
    built = {name: [o for o in found if o.question.split == "build"] for name, found in outcomes.items()}
    by_vectors = built.get("fusion", [])
    parts = {
        "fusion": [outcome for outcome in by_vectors if not outcome.features.typical],
        "typical": [outcome for outcome in by_vectors if outcome.features.typical],
        "lexical": built.get("lexical", []),
    }
    fitted = {name: evaluation.fit(part) for name, part in parts.items() if evaluation.fits(part)}
    held = json.loads(_DECISION.read_text(encoding="utf-8"))
    known = {name: _in_line(held[name], held["features"]) for name in parts if name in held}
    data = {"features": list(FEATURE_NAMES)} | known | fitted
    _DECISION.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _in_line(model: dict[str, Any], features: list[str]) -> dict[str, Any]:
    weights = {
        name: [dict(zip(features, model[name], strict=True)).get(feature, 0.0) for feature in FEATURE_NAMES]
        for name in ("weights", "field_weights")
    }
    return model | weights


def _misses(outcomes: list[Outcome], judge: Judge) -> list[str]:
    """What went wrong in the build split. The test split is never listed: what is seen gets tuned to."""
    lines = []
    for outcome in outcomes:
        if outcome.question.split == "test":
            continue
        model, question = judge.model(outcome.features), outcome.question
        answered = outcome.answered(model)
        if answered != question.in_scope or (question.in_scope and outcome.rank != 1):
            did = f"{'answered' if answered else 'declined'} {outcome.score(model):.2f}"
            lines.append(f"{gold_text(question)}\trank {outcome.rank}\t{did}\t{question.text}")
    return lines


def _show_figures(file: Path, figures: list[Figures], wrong: list[str], *, as_json: bool) -> None:
    if as_json:
        console.show_json({"file_sha256": labels.digest(file), "figures": [item.to_json() for item in figures]})
        return
    typer.echo(f"{file.name} sha256 {labels.digest(file)}")
    _print_table(_COLUMNS, [asdict(item) for item in figures])
    typer.echo("threshold " + ", ".join(sorted({f"{item.mode} {item.threshold}" for item in figures})))
    _print_lines(wrong)


def _show_measured(file: Path, folder: Path, measured: Measured, *, misses: bool, as_json: bool) -> None:
    hashes = {"file_sha256": labels.digest(file), "library_sha256": evaluation_library.digest(folder)}
    if as_json:
        console.show_json(hashes | measured.to_json())
        return
    typer.echo(f"{file.name} sha256 {hashes['file_sha256']}")
    typer.echo(f"{folder.name}/ sha256 {hashes['library_sha256']}")
    model = measured.model or wording.NO_MODEL
    typer.echo(f"documents {measured.documents}, model {model}, threshold {measured.threshold}")
    _print_table(_RANKING, [row.to_json() for row in measured.rows])
    if measured.reranker is None:
        typer.echo(wording.NO_RERANKER)
    _print_table(_ANSWERS, [item.to_json() for item in measured.answers])
    _print_lines(_differences(measured))
    if misses:
        _print_lines(measured.misses)


def _differences(measured: Measured) -> list[str]:
    return [
        f"{item.split}: R@1 of the system - R@1 of {item.baseline} ({name}) = {interval.mean:+.3f}, "
        f"95% interval {interval.low:+.3f} .. {interval.high:+.3f} ({evaluation.RESAMPLES} resamples)"
        for item in measured.comparisons
        for name, interval in (("nothing declined", item.ranked), ("declined is wrong", item.answered))
    ]


def _print_table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    Console(width=220).print(table)


def _print_lines(lines: Sequence[str]) -> None:
    for line in lines:
        typer.echo(line)


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
