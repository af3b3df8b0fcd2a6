"""`qiban serve`: runs the roles of one process until it is told to stop, then lets what is in flight finish."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Coroutine, Iterable
from contextlib import nullcontext
from typing import Any

import uvicorn

from api.app import create_app
from bot.poller import Poller
from bot.webhook import Webhook
from core import log
from core.errors import QibanError
from core.jobs import JobWorker
from qiban import wording
from qiban.bootstrap import Services

ROLES = ("api", "bot", "worker")
_GRACE_SECONDS = 10
_SWEEP_SECONDS = 60


class PortTaken(QibanError):
    """Another process listens on the port."""

    code = "port_taken"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or no answer goes out undelayed
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTaken(wording.PORT_TAKEN.format(port=port)) from error
    listener.listen(1024)
    return listener


async def serve(services: Services, roles: Iterable[str], listener: socket.socket | None) -> None:
    """Run the roles until SIGINT or SIGTERM. A role that fails for good ends the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(work, name=name) for name, work in _work(services, set(roles), listener, stop)]
    stopper = asyncio.create_task(stop.wait())
    await asyncio.wait([*tasks, stopper], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    stopper.cancel()
    await asyncio.wait(tasks, timeout=_GRACE_SECONDS)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


def _work(
    services: Services, roles: set[str], listener: socket.socket | None, stop: asyncio.Event
) -> list[tuple[str, Coroutine[Any, Any, None]]]:
    work: list[tuple[str, Coroutine[Any, Any, None]]] = [("inbound", services.conversations.run(stop))]
    if listener is not None and "api" in roles:
        work.append(("api", _serve_http(services, listener, stop)))
    if "bot" in roles and services.webhook is not None:
        work.append(("webhook", _register_webhook(services, services.webhook, stop, alone=roles == {"bot"})))
    elif "bot" in roles and services.telegram is not None:
        poller = Poller(services.telegram, services.conversations, services.leases)
        work.append(("bot", _poll(services, poller, stop, alone=roles == {"bot"})))
    if "worker" in roles:
        work.append(("jobs", JobWorker(services.database, services.jobs).run(stop)))
        work.append(("outbox", _send(services, stop)))
        work.append(("announcements", services.announcements.run(stop)))
        work.append(("registrations", services.market.registrations.run(stop)))
        work.append(("introductions", _expire(services, stop)))
    return work


async def _serve_http(services: Services, listener: socket.socket, stop: asyncio.Event) -> None:
    config = uvicorn.Config(
        create_app(services.parts()),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS - 2,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = _Server(config)

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve(sockets=[listener])
    finally:
        ending.cancel()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: `serve` has them."""

    def capture_signals(self) -> Any:
        return nullcontext()


async def _poll(services: Services, poller: Poller, stop: asyncio.Event, *, alone: bool) -> None:
    """Poll Telegram. A token that is refused ends a process that only polls; beside other roles it is reported."""
    try:
        await poller.run(stop)
    except QibanError as error:
        if alone:
            raise
        log.get(__name__).error("telegram_off", code=error.code)
        services.faults["telegram"] = error.message
        await stop.wait()


async def _register_webhook(services: Services, webhook: Webhook, stop: asyncio.Event, *, alone: bool) -> None:
    """Have Telegram call us; a refused token is treated as when polling."""
    try:
        await webhook.run(stop)
    except QibanError as error:
        if alone:
            raise
        log.get(__name__).error("telegram_off", code=error.code)
        services.faults["telegram"] = error.message
        await stop.wait()


async def _expire(services: Services, stop: asyncio.Event) -> None:
    """Close introductions that nobody answered in time, and tell who asked."""
    while not stop.is_set():
        try:
            await services.market.introductions.sweep()
        except Exception:
            log.get(__name__).exception("introductions_error")
        await asyncio.gather(asyncio.wait_for(stop.wait(), _SWEEP_SECONDS), return_exceptions=True)


async def _send(services: Services, stop: asyncio.Event) -> None:
    log.get(__name__).info("outbox_started", channels=sorted(services.channels))
    await services.outbox.run(stop)
