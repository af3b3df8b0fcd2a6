"""A real `qiban serve` on a loopback port, and Chromium in front of it. Run apart: `pytest -m browser`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright

from core.settings import CHECKOUT
from tests.conftest import MODEL_DIR, REQUIRED, TODAY

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
START_SECONDS = 60

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Where Chromium is; without one these tests are left out, unless QIBAN_REQUIRE names `browser`."""
    if not CHROMIUM.exists():
        message = f"{CHROMIUM} is not there: the browser tests are left out"
        if "browser" in REQUIRED:
            pytest.fail(message)
        pytest.skip(message)
    return CHROMIUM


@pytest.fixture(scope="session")
def address(chromium: Path, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running service with the built-in plan."""
    folder = tmp_path_factory.mktemp("browser")
    shutil.copytree(prepared, folder / "var")
    with _served(folder, "api") as found:
        yield found


@dataclass(frozen=True)
class Office:
    """A running service with the sample directory, whose staff nobody has signed in for yet.

    `links` are the tokens of the links that set a password, by name of staff; `codes` the claim codes by owner.
    """

    address: str
    links: dict[str, str]
    codes: dict[str, str]


@pytest.fixture(scope="session")
def office(address: str, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A service of its own, with a worker: what its tests do is seen by nobody else."""
    folder = tmp_path_factory.mktemp("office")
    shutil.copytree(prepared, folder / "var")
    made = subprocess.run(
        [sys.executable, "-m", "tests.browser.office"],
        cwd=folder,
        env=_environment(folder),
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    with _served(folder, "api", "worker") as found:
        yield Office(found, **json.loads(made.stdout))


def _environment(folder: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("QIBAN_")} | {
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONUTF8": "1",
        "QIBAN_DATA_DIR": str(folder / "var"),
        "QIBAN_MODEL_DIR": str(MODEL_DIR),
        "QIBAN_TODAY": TODAY.isoformat(),
    }


@contextmanager
def _served(folder: Path, *roles: str) -> Iterator[str]:
    """`qiban serve` over the folder's data; its address."""
    command = "import sys; from qiban.cli import main; sys.argv[0] = 'qiban'; main()"
    chosen = [word for role in roles for word in ("--role", role)]
    with subprocess.Popen(
        [sys.executable, "-c", command, "serve", "--port", "0", *chosen],
        cwd=folder,
        env=_environment(folder),
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield _address(process)
        finally:
            process.terminate()


def _address(process: subprocess.Popen[str]) -> str:
    """The address that the service says it listens on; what it says later is read and dropped."""
    assert process.stderr is not None
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    said = []
    for line in process.stderr:
        said.append(line)
        if match := re.search(r"http://[\d.]+:\d+", line):
            timer.cancel()
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return match[0]
    pytest.fail("qiban serve did not start:\n" + "".join(said))


@pytest.fixture(scope="session")
def browser(chromium: Path, address: str) -> Iterator[Browser]:
    """Chromium, started after the service: Playwright's loop and asyncio.run do not go together."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the pages of a test complained of; a test that breaks the line itself clears it at its end."""
    return []


@pytest.fixture
def open_page(browser: Browser, address: str, complaints: list[str]) -> Iterator[OpenPage]:
    """Opens `/` in a browser of its own: a phone, unless options say otherwise. At the end no page may have complained
    (no error in the console, no breach of the content security policy, no request to another host)."""
    with _opening(browser, address, complaints) as open_:
        yield open_


@pytest.fixture
def open_office(browser: Browser, office: Office, complaints: list[str]) -> Iterator[OpenPage]:
    """The same of the office's service."""
    with _opening(browser, office.address, complaints) as open_:
        yield open_


@contextmanager
def _opening(browser: Browser, address: str, complaints: list[str]) -> Iterator[OpenPage]:
    with ExitStack() as stack:

        def open_(path: str = "/", **options: Any) -> Page:
            context = browser.new_context(base_url=address, locale="zh-CN", **(PHONE | options))
            stack.callback(context.close)
            page = context.new_page()
            _listen(page, address, complaints)
            page.goto(path)
            return page

        yield open_
        assert complaints == []


def _listen(page: Page, address: str, complaints: list[str]) -> None:
    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith((address, "data:")):
            complaints.append(request.url)

    def on_dialog(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", on_dialog)
    page.on("request", on_request)
