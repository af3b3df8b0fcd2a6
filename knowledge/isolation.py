"""Reading of files from strangers in a process of its own: limited in time and memory, gone without a trace.

A bomb, a crash of a parser or an endless loop costs the child, not the service. The child gets no environment, no
input but the file, and a temporary folder that is removed with all that is in it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.errors import BadInput
from core.settings import CHECKOUT
from core.text import clean
from knowledge.readers import errors
from knowledge.readers.errors import MAX_BYTES, EmptyFile, FileTooLarge, TextTooLong
from knowledge.reading import Reading

AT_ONCE = 2
"""Files read side by side in one process; others wait."""

_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
_POOL = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reader")
_MOST_RESULT = 96 * 2**20
_LONGEST_NAME = 200
_KILLS = 3  # what was started between listing and killing is met the next time


class ReaderFailed(BadInput):
    """The reader crashed on the file."""

    code = "reader_failed"
    default = "读取这份文件时出错，文件可能已损坏。请用 Word、WPS 或阅读器打开后另存一份再上传。"


class ReaderTimeout(BadInput):
    """The file could not be read in the time allowed."""

    code = "reader_timeout"
    default = "读取这份文件用时过长，已停止。请拆成几份，或另存为 .docx、.txt 后再上传。"


class ReaderMemory(BadInput):
    """The file would take more memory than is allowed."""

    code = "reader_memory"
    default = "读取这份文件占用内存过多，已停止。请拆成几份，或去掉其中的图片后再上传。"


@dataclass(frozen=True)
class Limits:
    """What one reading may take: seconds by the clock and of processor time, bytes of address space and of a file."""

    seconds: float = 60.0
    cpu: int = 60
    memory: int = 2 * 2**30
    written: int = 256 * 2**20


DEFAULT = Limits()


async def read_file(data: bytes, name: str, *, limits: Limits = DEFAULT) -> Reading:
    """What `knowledge.readers.read` makes of a file, read in another process while the event loop stays free.

    Raises the reader's errors, ReaderFailed, ReaderTimeout, ReaderMemory. Cancelling it ends the process.
    """
    child = _Child(data, name, limits)
    try:
        return await asyncio.get_running_loop().run_in_executor(_POOL, child.read)
    except asyncio.CancelledError:
        child.stop()
        raise


def read_now(data: bytes, name: str, *, limits: Limits = DEFAULT) -> Reading:
    """The same for callers without an event loop: waits until the file is read."""
    return _POOL.submit(_Child(data, name, limits).read).result()


@dataclass
class _Child:
    """One reading: the process that does it, and how it is ended."""

    data: bytes
    name: str
    limits: Limits
    _process: subprocess.Popen[bytes] | None = None
    _stopped: bool = False

    def read(self) -> Reading:
        if len(self.data) > MAX_BYTES:
            raise FileTooLarge()
        if not self.data:
            raise EmptyFile()
        with tempfile.TemporaryDirectory(prefix="qiban-reader-", ignore_cleanup_errors=True) as folder:
            (Path(folder) / "data").write_bytes(self.data)
            self._run(folder)
            return _told(Path(folder) / "result")

    def _run(self, folder: str) -> None:
        """Let the child do its work. Raises ReaderTimeout, ReaderFailed."""
        process = self._start(folder)
        try:
            status = process.wait(self.limits.seconds)
        except subprocess.TimeoutExpired:
            raise ReaderTimeout() from None
        finally:
            _end(process)
        if status in (-signal.SIGXCPU, -signal.SIGALRM):
            raise ReaderTimeout()
        if status != 0:
            raise ReaderFailed()

    def _start(self, folder: str) -> subprocess.Popen[bytes]:
        limits = (str(self.limits.cpu), str(self.limits.memory), str(self.limits.written))
        environment = {"PATH": _PATH, "PYTHONPATH": str(CHECKOUT), "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"}
        process = subprocess.Popen(
            [sys.executable, "-m", "knowledge.readers", folder, *limits, clean(self.name)[-_LONGEST_NAME:]],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._process = process
        if self._stopped:
            _kill(process.pid)
        return process

    def stop(self) -> None:
        """End the reading, whether it has begun or not; returns at once."""
        self._stopped = True
        if self._process is not None:
            _kill(self._process.pid)


@dataclass(frozen=True)
class _Fault:
    code: str
    message: str
    details: dict[str, str | int | float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class _Result:
    """What the child leaves: a reading, a fault, or that it ran out of memory."""

    reading: Reading | None = None
    error: _Fault | None = None
    memory: bool = False


def _told(path: Path) -> Reading:
    """The child's result, believed only in the form agreed. Raises what it says, ReaderFailed, TextTooLong."""
    if not path.is_file():
        raise ReaderFailed()
    if path.stat().st_size > _MOST_RESULT:
        raise TextTooLong()
    try:
        result = _results().validate_json(path.read_bytes())
    except ValidationError:
        raise ReaderFailed() from None
    if result.memory:
        raise ReaderMemory()
    if result.error is not None:
        raise _class(result.error.code)(result.error.message, **result.error.details)
    if result.reading is None:
        raise ReaderFailed()
    return result.reading


@cache
def _results() -> TypeAdapter[_Result]:
    return TypeAdapter(_Result)


@cache
def _class(code: str) -> type[BadInput]:
    """The class of an error by its code; one that only a format's own module knows gets a class with that code."""
    shared = (getattr(errors, name) for name in errors.__all__)
    return next((found for found in shared if found.code == code), type("ReaderError", (BadInput,), {"code": code}))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever of the child's session is still there and take its status."""
    _kill(process.pid)
    process.wait()


def _kill(leader: int) -> None:
    """Kill a session with all that was started in it, in groups of their own or not."""
    for _ in range(_KILLS):
        for member in _session(leader):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(member, signal.SIGKILL)


def _session(leader: int) -> list[int]:
    try:
        running = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except FileNotFoundError:  # no /proc: the leader alone
        running = [leader]
    return [process for process in running if _session_of(process) == leader]


def _session_of(process: int) -> int | None:
    try:
        return os.getsid(process)
    except (ProcessLookupError, PermissionError):
        return None
