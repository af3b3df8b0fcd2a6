"""The `qiban` command. Every subcommand takes `--json`; errors go to stderr, exit code 2 bad input, 1 failure."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from core.errors import BadInput, QibanError
from qiban import (
    announce_cli,
    assess_cli,
    bench_cli,
    claim_cli,
    import_cli,
    key_cli,
    knowledge_cli,
    match_cli,
    serve,
    setup,
    staff_cli,
    terminal,
    wording,
)
from qiban.bootstrap import open_services
from qiban.console import Json, quiet_settings, read_date, settings, show_json, wait_for
from qiban.progress import StepProgress

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(knowledge_cli.app, name="knowledge", help="Documents: add, list, show, remove, reindex, evaluate.")
app.add_typer(assess_cli.schemes, name="schemes", help="Schemes: list, check.")
app.add_typer(import_cli.app, name="import", help="Tables of a bureau: firms, offers, events.")
app.add_typer(key_cli.app, name="key", help="Keys of the HTTP interface: create, revoke.")
app.add_typer(staff_cli.app, name="staff", help="Staff: add, list, link, disable.")
app.add_typer(claim_cli.app, name="claim", help="Codes by which a chat proves for whom it speaks: create.")
app.add_typer(
    announce_cli.app, name="announce", help="Announcements: create, preview, approve, schedule, stop, status."
)
app.command("assess")(assess_cli.assess)
app.command("match")(match_cli.match)
app.command("match-offer")(match_cli.match_offer)
app.command("deliver")(announce_cli.deliver)
app.command("bench")(bench_cli.bench)


def main() -> None:
    """Run the command; turn errors into a line on stderr and an exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run with these arguments; returns the exit code."""
    console = Console(stderr=True, highlight=False, markup=False)
    try:
        code = app(arguments, standalone_mode=False)  # the exit code of a command that ended itself
    except typer.Abort:
        return 130
    except typer.BadParameter as error:
        error.show()
        return 2
    except BadInput as error:
        console.print(error.message)
        return 2
    except QibanError as error:
        console.print(error.message)
        return 1
    except ValidationError as error:
        console.print(_bad_setting(error))
        return 2
    except Exception as error:
        if _is_usage_error(error):
            return 2
        logging.getLogger(__name__).exception("command_failed")
        console.print(wording.UNEXPECTED.format(kind=type(error).__name__))
        return 1
    return code if isinstance(code, int) else 0


def _is_usage_error(error: Exception) -> bool:
    """click's own complaints about the command line, which it prints itself."""
    show = getattr(error, "show", None)
    if show is None:
        return False
    show()
    return True


def _bad_setting(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = "QIBAN_" + "_".join(str(part) for part in first["loc"]).upper()
    return wording.BAD_SETTING.format(name=name, message=first["msg"])


@app.command("setup")
def setup_command(
    model_only: Annotated[bool, typer.Option("--model-only", help="Only prepare the embedding model.")] = False,
    no_samples: Annotated[bool, typer.Option("--no-samples", help="Without the sample directory.")] = False,
    as_json: Json = False,
) -> None:
    """Model, migrations, built-in data and index. Safe to run again."""
    chosen = quiet_settings()
    with StepProgress(enabled=not as_json) as progress:
        if model_only:
            fault = setup.prepare_model(chosen, progress.update)
            report = setup.Report(0, 0, None, (fault,) if fault else ())
        else:
            report = wait_for(setup.run(chosen, progress.update, samples=not no_samples))
    if as_json:
        show_json({**report.__dict__, "warnings": list(report.warnings)})
        return
    for warning in report.warnings:
        typer.echo(warning, err=True)
    if not model_only:
        typer.echo(wording.SET_UP.format(documents=report.documents, items=report.items))


@app.command("serve")
def serve_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
    role: Annotated[list[str] | None, typer.Option(help="api, bot or worker; may be repeated. Default: all.")] = None,
) -> None:
    """Run the service."""
    chosen = settings()
    roles = set(role or serve.ROLES)
    if unknown := sorted(roles - set(serve.ROLES)):
        raise BadInput(wording.UNKNOWN_ROLE.format(role="、".join(unknown)))
    listener = serve.listen(host, port) if "api" in roles else None

    async def work() -> None:
        async with open_services(chosen) as services:
            if listener is not None:
                shown = f"http://{host}:{listener.getsockname()[1]}"
                typer.echo(wording.SERVING.format(url=shown), err=True)
            if "bot" in roles and services.telegram is None:
                typer.echo(wording.NO_TOKEN, err=True)
            await serve.serve(services, roles, listener)

    try:
        wait_for(work())
    finally:
        if listener is not None:
            listener.close()


@app.command()
def ask(
    text: str,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Answer as of this date (2026-11-24).")] = None,
    region: Annotated[str | None, typer.Option(help="Region of the asker, name or code.")] = None,
    as_json: Json = False,
) -> None:
    """Answer one question from the documents."""
    answer = wait_for(terminal.ask(quiet_settings(), text, read_date(as_of), region))
    if as_json:
        show_json(answer.to_json())
    else:
        typer.echo(terminal.answer_text(answer))


@app.command()
def chat(
    session: Annotated[str | None, typer.Option(help="Resume this conversation.")] = None,
    as_json: Json = False,
) -> None:
    """The whole dialogue in the terminal: one line in, replies out."""
    wait_for(terminal.chat(quiet_settings(), session, as_json=as_json))


@app.command()
def jobs(as_json: Json = False) -> None:
    """Jobs by name and state, and deliveries by state."""
    rows, deliveries = wait_for(terminal.job_counts(quiet_settings()))
    if as_json:
        show_json({"jobs": rows, "deliveries": deliveries})
        return
    table = Table("job", "state", "count")
    for row in rows:
        table.add_row(row["name"], row["state"], str(row["count"]))
    for state, count in deliveries.items():
        table.add_row("delivery", state, str(count))
    Console().print(table)
