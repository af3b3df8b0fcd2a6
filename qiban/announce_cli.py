"""`qiban announce` and `qiban deliver`: announcements from the draft to the last delivery."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from announcements import wording
from announcements.announcement import Announcement
from announcements.message import category_name
from announcements.service import Announcements
from core.errors import BadInput
from core.text import clean
from firms.actors import OPERATOR, Actor
from firms.staff import StaffDisabled, Staffs
from firms.staff import actor as actor_of
from firms.store import Firms
from messaging import outbox
from qiban import console, serve, terminal
from qiban import wording as words
from qiban.bootstrap import Services, clock_of, open_catalogue, open_database, open_services
from qiban.console import Json

app = typer.Typer(no_args_is_help=True)

MAX_FILE = 200_000
"""The longest file for `--text @FILE`, in bytes."""
_LONGEST_NAME = 100

Id = Annotated[str, typer.Argument(help="The announcement's id.")]
By = Annotated[str, typer.Option("--by", help="Name of the member of staff who does it.")]


@app.callback()
def _group() -> None:
    """Announcements: written, approved by somebody else, sent to exactly the firms they fit."""


@app.command()
def create(
    title: Annotated[str, typer.Option(help="At most 200 characters.")],
    text: Annotated[str, typer.Option(help="The text, or @FILE.")],
    category: Annotated[str, typer.Option(help="政策, 高校, 融资, 服务, 活动 or 配套.")],
    by: By,
    audience: Annotated[str, typer.Option(help="A rule; an empty one selects nobody.")] = "",
    region: Annotated[str | None, typer.Option(help="Only firms in this region, name or code.")] = None,
    offer: Annotated[str | None, typer.Option(help="The event or offer (编号) that it is about.")] = None,
    as_json: Json = False,
) -> None:
    """Write a draft."""
    given = {"title": title, "text": read_text(text), "category": category, "audience": audience}

    async def work(desk: _Desk) -> Announcement:
        author = await desk.named(by)
        return await desk.announcements.create(author, **given, region=region, offer_id=offer)

    _show(_run(work), as_json)


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """All announcements, newest first."""
    found: list[Announcement] = _run(lambda desk: desk.announcements.list(OPERATOR))
    if as_json:
        console.show_json([announcement.to_json() for announcement in found])
        return
    for announcement in found:
        terminal.write(_line(announcement))


@app.command()
def preview(announcement_id: Id, as_json: Json = False) -> None:
    """Whom it would reach now, and why the others are left out."""
    found = _run(lambda desk: desk.announcements.preview(announcement_id))
    if as_json:
        console.show_json(found)
        return
    terminal.write(wording.PREVIEW.format(**found))
    for firm in found["sample"]:
        terminal.write(wording.SAMPLE.format(**firm))
    _write_counts(found["excluded"], wording.REASONS)


@app.command()
def approve(announcement_id: Id, by: By, as_json: Json = False) -> None:
    """Approve what somebody else wrote; exit code 1 for one's own."""

    async def work(desk: _Desk) -> Announcement:
        return await desk.announcements.approve(announcement_id, await desk.approver(by))

    _show(_run(work), as_json)


@app.command()
def schedule(
    announcement_id: Id,
    at: Annotated[str, typer.Option(help="now, or a time: 2026-12-01 09:00.")],
    urgent: Annotated[bool, typer.Option("--urgent", help="Quiet hours do not hold it.")] = False,
    as_json: Json = False,
) -> None:
    """Send an approved announcement, once; exit code 1 the second time."""
    _show(_run(lambda desk: desk.announcements.schedule(announcement_id, at=at, urgent=urgent)), as_json)


@app.command()
def stop(announcement_id: Id, as_json: Json = False) -> None:
    """Stop it: what is not on its way yet is not sent."""
    _show(_run(lambda desk: desk.announcements.stop(announcement_id)), as_json)


@app.command()
def status(announcement_id: Id, as_json: Json = False) -> None:
    """How far it is."""
    found = _run(lambda desk: desk.announcements.status(announcement_id))
    if as_json:
        console.show_json(found)
        return
    terminal.write(wording.STATUS.format(id=found["id"], state=wording.STATES[found["state"]]))
    _write_counts(found["counts"], wording.COUNTS)
    _write_counts(found["reasons"], wording.REASONS)


def deliver(
    until_idle: Annotated[bool, typer.Option("--until-idle", help="End when nothing is due any more.")] = False,
    as_json: Json = False,
) -> None:
    """Send what is due: a worker on its own. Without --until-idle it works until it is stopped."""
    counts = console.wait_for(_deliver(until_idle=until_idle))
    if as_json:
        console.show_json(counts)
    else:
        _write_counts(counts, wording.COUNTS)


async def _deliver(*, until_idle: bool) -> dict[str, int]:
    async with open_services(console.quiet_settings()) as services:
        if until_idle:
            await send_all(services)
        else:
            await serve.serve(services, ("worker",), None)
        async with services.database.reading() as session:
            return dict.fromkeys(outbox.STATES, 0) | await outbox.counts(session)


async def send_all(services: Services) -> None:
    """Until every due announcement is enqueued and closed, and nothing that is due is left in the outbox."""
    while True:
        await services.market.registrations.sweep()
        worked = await services.announcements.advance()
        if not (await services.outbox.run_until_idle() or worked):
            return


class _Desk:
    """Announcements, and who is meant by a name on the command line."""

    def __init__(self, announcements: Announcements, staffs: Staffs) -> None:
        self.announcements = announcements
        self._staffs = staffs

    async def named(self, name: str) -> Actor:
        """A member of staff; a name without an account is the operator's word. Raises BadInput, StaffDisabled."""
        cleaned = " ".join(clean(name).split())
        if not cleaned or len(cleaned) > _LONGEST_NAME:
            raise BadInput(wording.BAD_NAME.format(limit=_LONGEST_NAME))
        found = await self._staffs.by_name(cleaned)
        if found is None:
            return Actor("staff", cleaned)
        if not found.active:
            raise StaffDisabled()
        return actor_of(found)

    async def approver(self, name: str) -> Actor:
        """As `named`; without an account the operator vouches for the right to approve."""
        found = await self.named(name)
        return found if found.role is not None else Actor("staff", found.owner, "approver")


@asynccontextmanager
async def _open_desk() -> AsyncIterator[_Desk]:
    settings = console.quiet_settings()
    async with open_database(settings) as database:
        announcements = Announcements(
            database,
            Firms(database),
            open_catalogue(settings),
            clock_of(settings),
            telegram=settings.telegram_token is not None,
        )
        yield _Desk(announcements, Staffs(database))


def _run(work: Callable[[_Desk], Awaitable[Any]]) -> Any:
    async def done() -> Any:
        async with _open_desk() as desk:
            return await work(desk)

    return console.wait_for(done())


def read_text(given: str) -> str:
    """The text itself, or with @ the file that holds it (UTF-8). Raises BadInput."""
    if not given.startswith("@"):
        return given
    path = Path(given[1:])
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
    except FileNotFoundError as error:
        raise BadInput(words.NO_SUCH_FILE.format(path=path)) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise BadInput(words.UNREADABLE_FILE.format(path=path)) from error
    if len(raw) > MAX_FILE:
        raise BadInput(wording.FILE_TOO_LARGE.format(path=path))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(words.NOT_UTF8.format(path=path)) from error


def _show(announcement: Announcement, as_json: bool) -> None:
    if as_json:
        console.show_json({"id": announcement.id, "state": announcement.state})
    else:
        terminal.write(_line(announcement))


def _line(announcement: Announcement) -> str:
    return wording.LINE.format(
        id=announcement.id,
        state=wording.STATES[announcement.state],
        category=category_name(announcement.category),
        title=announcement.title,
    )


def _write_counts(counts: dict[str, int], names: dict[str, str]) -> None:
    for name, count in counts.items():
        if count:
            terminal.write(wording.COUNT.format(name=names.get(name, name), count=count))
