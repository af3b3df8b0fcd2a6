"""`qiban staff`: accounts of the bureau's staff."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from core import regions
from core.settings import Settings
from firms import identity_wording as wording
from firms.staff import NoSuchStaff, Staff, Staffs, Totp
from qiban import console
from qiban.bootstrap import open_database
from qiban.console import Json

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the member of staff.")]

_LOCAL = "http://127.0.0.1:8000"


@app.callback()
def _group() -> None:
    """Accounts of the bureau's staff."""


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="editor, approver or admin.")],
    region: Annotated[str | None, typer.Option(help="Limit to this region: name or code.")] = None,
    as_json: Json = False,
) -> None:
    """Add an account and print the one-time link that sets its password."""
    settings = console.quiet_settings()

    async def work() -> tuple[Staff, str]:
        async with open_database(settings) as database, database.transaction() as session:
            staffs = Staffs(database)
            token = await staffs.add(session, name, role, region)
            return await _existing(staffs, name, session), token

    _show_link(settings, *console.wait_for(work()), as_json=as_json)


@app.command()
def link(name: Name, as_json: Json = False) -> None:
    """Print a new one-time link that sets the password; the older link ends."""
    settings = console.quiet_settings()

    async def work() -> tuple[Staff, str]:
        async with open_database(settings) as database, database.transaction() as session:
            staffs = Staffs(database)
            token = await staffs.new_link(session, name)
            return await _existing(staffs, name, session), token

    _show_link(settings, *console.wait_for(work()), as_json=as_json)


async def _existing(staffs: Staffs, name: str, session: Any) -> Staff:
    staff = await staffs.by_name(name, session)
    if staff is None:
        raise NoSuchStaff()
    return staff


def _show_link(settings: Settings, staff: Staff, token: str, *, as_json: bool) -> None:
    base = (settings.public_url or _LOCAL).rstrip("/")
    address = f"{base}/console/password?token={quote(token)}"
    if as_json:
        console.show_json({"name": staff.name, "role": staff.role, "region": staff.region, "link": address})
    else:
        typer.echo(wording.LINK.format(name=staff.name, link=address))


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """All accounts."""
    found = console.wait_for(_all(console.quiet_settings()))
    if as_json:
        console.show_json([_shown(staff) for staff in found])
        return
    for staff in found:
        region = wording.EVERYWHERE if staff.region is None else regions.find(staff.region).name
        state = wording.STATES[_state(staff)]
        role = wording.ROLES[staff.role]
        typer.echo(wording.STAFF_LINE.format(name=staff.name, role=role, region=region, state=state))
    if not found:
        typer.echo(wording.NO_STAFF_YET)


async def _all(settings: Settings) -> tuple[Staff, ...]:
    async with open_database(settings) as database:
        return await Staffs(database).list()


def _shown(staff: Staff) -> dict[str, Any]:
    return {
        "name": staff.name,
        "role": staff.role,
        "region": staff.region,
        "active": staff.active,
        "has_password": staff.has_password,
        "has_totp": staff.has_totp,
    }


def _state(staff: Staff) -> str:
    if not staff.active:
        return "disabled"
    return "active" if staff.has_password else "no_password"


@app.command()
def disable(name: Name, as_json: Json = False) -> None:
    """End an account's sessions and its right to sign in; its entries in the audit log stay."""
    _show(console.wait_for(_turn(console.quiet_settings(), name, on=False)), wording.DISABLED, as_json=as_json)


@app.command()
def enable(name: Name, as_json: Json = False) -> None:
    """Let a disabled account sign in again."""
    _show(console.wait_for(_turn(console.quiet_settings(), name, on=True)), wording.ENABLED, as_json=as_json)


async def _turn(settings: Settings, name: str, *, on: bool) -> Staff:
    async with open_database(settings) as database, database.transaction() as session:
        staffs = Staffs(database)
        return await (staffs.enable(session, name) if on else staffs.disable(session, name))


def _show(staff: Staff, message: str, *, as_json: bool) -> None:
    console.show_json(_shown(staff)) if as_json else typer.echo(message.format(name=staff.name))


@app.command()
def totp(
    name: Name,
    off: Annotated[bool, typer.Option("--off", help="Ask for the password alone.")] = False,
    as_json: Json = False,
) -> None:
    """Ask an account for a time-based code besides the password; prints the secret once."""
    settings = console.quiet_settings()
    if off:
        _show(console.wait_for(_without_totp(settings, name)), wording.TOTP_OFF, as_json=as_json)
        return
    made = console.wait_for(_with_totp(settings, name))
    if as_json:
        console.show_json({"name": name, "secret": made.secret, "uri": made.uri})
    else:
        typer.echo(wording.TOTP_ON.format(name=name, secret=made.secret, uri=made.uri))


async def _with_totp(settings: Settings, name: str) -> Totp:
    async with open_database(settings) as database, database.transaction() as session:
        return await Staffs(database).new_totp(session, name)


async def _without_totp(settings: Settings, name: str) -> Staff:
    async with open_database(settings) as database, database.transaction() as session:
        return await Staffs(database).drop_totp(session, name)
