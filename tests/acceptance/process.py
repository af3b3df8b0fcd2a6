"""The service as a process of its own, to be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from core.settings import CHECKOUT

COMMAND = (sys.executable, "-c", "from qiban.cli import main; main()")
START_SECONDS = 90


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without its own QIBAN_ variables, and with these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QIBAN_")}
    return {**kept, "PYTHONPATH": str(CHECKOUT), "PYTHONUTF8": "1", **settings}


def run(settings: Mapping[str, str], *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run `qiban` to its end."""
    command = (*COMMAND, *arguments)
    return subprocess.run(
        command, env=environment(settings), input=stdin, capture_output=True, timeout=240, check=False
    )


class Service:
    """`qiban serve` on a free port; as a context manager it is running, and killed at the end."""

    def __init__(self, settings: Mapping[str, str], log: Path, *, roles: tuple[str, ...] = ()) -> None:
        self._settings = dict(settings)
        self._log = log
        self._roles = roles
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        roles = [part for role in self._roles for part in ("--role", role)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*COMMAND, "serve", "--port", str(self.port), *roles],
                env=environment(self._settings),
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise AssertionError(f"the service ended: {self.log_text()[-2000:]}")
            try:
                if httpx.get(f"{self.url}/healthz", timeout=2, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError(f"the service did not come up: {self.log_text()[-2000:]}")

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(timeout=30)
        self._process = None
        return code

    def post(self, path: str, body: Any) -> httpx.Response:
        return httpx.post(f"{self.url}{path}", json=body, timeout=60, trust_env=False)

    def log_text(self) -> str:
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
