"""`qiban key`: keys of the HTTP interface, made and revoked."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import BadInput
from core.settings import Settings
from firms import audit, import_wording, keys
from firms.keys import KeyOwner, OwnerKind
from firms.store import Firms
from qiban import console
from qiban.bootstrap import open_database
from qiban.console import Json

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keys of the HTTP interface."""


@app.command()
def create(
    firm: Annotated[str | None, typer.Option(help="Credit code, id or exact name of a firm.")] = None,
    provider: Annotated[str | None, typer.Option(help="Name of a provider.")] = None,
    staff: Annotated[str | None, typer.Option(help="Name of a member of staff.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key; it is shown once and cannot be shown again."""
    given: list[tuple[OwnerKind, str | None]] = [("firm", firm), ("provider", provider), ("staff", staff)]
    owners = [(kind, name.strip()) for kind, name in given if name is not None and name.strip()]
    if len(owners) != 1:
        raise BadInput(import_wording.ONE_OWNER)
    plain = console.wait_for(_create(console.quiet_settings(), *owners[0]))
    console.show_json({"key": plain}) if as_json else typer.echo(plain)


async def _create(settings: Settings, kind: OwnerKind, owner: str) -> str:
    async with open_database(settings) as database, database.transaction() as session:
        if kind == "firm":
            owner = (await Firms(database).find(owner, session)).id
        plain = await keys.create(session, kind, owner)
        await _note(session, "key.created", KeyOwner(kind, owner, plain[: keys.PREFIX]))
        return plain


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key, or its first 8 characters.")], as_json: Json = False
) -> None:
    """End a key for good."""
    owner = console.wait_for(_revoke(console.quiet_settings(), key.strip()))
    if as_json:
        console.show_json({"revoked": owner.prefix, "owner_kind": owner.kind, "owner": owner.owner})
    else:
        typer.echo(import_wording.KEY_REVOKED.format(prefix=owner.prefix))


async def _revoke(settings: Settings, key: str) -> KeyOwner:
    async with open_database(settings) as database, database.transaction() as session:
        owner = await keys.revoke(session, key)
        await _note(session, "key.revoked", owner)
        return owner


async def _note(session: AsyncSession, action: str, owner: KeyOwner) -> None:
    await audit.record(
        session,
        actor=audit.COMMAND_LINE,
        action=action,
        subject_kind=owner.kind,
        subject=owner.owner,
        details={"prefix": owner.prefix},
    )
