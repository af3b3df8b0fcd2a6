"""`qiban claim`: codes by which a chat proves that it speaks for a firm or a provider."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from core.errors import BadInput
from core.settings import Settings
from firms import audit, claims
from firms import identity_wording as wording
from firms.claims import Issued, Kind
from firms.store import Firms
from qiban import console
from qiban.bootstrap import clock_of, open_database
from qiban.console import Json

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Claim codes of firms and providers."""


@app.command()
def create(
    firm: Annotated[str | None, typer.Option(help="Credit code, id or exact name of a firm.")] = None,
    provider: Annotated[str | None, typer.Option(help="Name of a provider.")] = None,
    as_json: Json = False,
) -> None:
    """Make a code that works once within 7 days; it is shown once and cannot be shown again."""
    given: list[tuple[Kind, str | None]] = [("firm", firm), ("provider", provider)]
    owners = [(kind, name.strip()) for kind, name in given if name is not None and name.strip()]
    if len(owners) != 1:
        raise BadInput(wording.ONE_CLAIMANT)
    issued = console.wait_for(_create(console.quiet_settings(), *owners[0]))
    if as_json:
        console.show_json({"code": issued.code, "expires_at": issued.expires_at.isoformat(timespec="seconds")})
    else:
        typer.echo(wording.CODE_MADE.format(code=issued.code, until=issued.expires_at))


async def _create(settings: Settings, kind: Kind, owner: str) -> Issued:
    """A code; its end in the service's time zone."""
    async with open_database(settings) as database, database.transaction() as session:
        if kind == "firm":
            owner = (await Firms(database).find(owner, session)).id
        issued = await claims.issue(session, kind, owner, made_by=audit.COMMAND_LINE)
    return replace(issued, expires_at=issued.expires_at.astimezone(clock_of(settings).timezone))
