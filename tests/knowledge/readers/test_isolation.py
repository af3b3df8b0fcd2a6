"""The process that reads: what it tells, what it may take, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import BadInput
from core.settings import CHECKOUT
from knowledge import isolation, readers
from knowledge.isolation import Limits, ReaderFailed, ReaderMemory, ReaderTimeout, read_file, read_now
from knowledge.readers.errors import EmptyFile, FileTooLarge

TEXT = "云岭市奖励办法（示例）\n第一条 奖励20万元。\n"
PAGE = (
    "<html><body><h1>云岭市办法</h1><p>第一条 按下表。</p><table><tr><th>类别</th><th>标准</th></tr>"
    "<tr><td>甲𠮷</td><td>20</td></tr></table><p>附件：<a href='a.pdf'>表.pdf</a></p></body></html>"
).encode()

LONG = b"<html><body>" + b"<div>x</div>" * 300_000


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of this test's own, in which nothing may be left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    deadline = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:  # a cancelled reading ends in a thread of its own
        time.sleep(0.02)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package in the place of the readers, whose child process runs the code that a test writes into it."""
    folder = tmp_path_factory.mktemp("child")
    package = folder / "knowledge" / "readers"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.setattr(isolation, "CHECKOUT", folder)
    return package / "__main__.py"


async def test_the_reading_is_the_one_that_the_reader_gives() -> None:
    assert await read_file(PAGE, "办法.pdf") == readers.read(PAGE, "办法.pdf")
    assert read_now(TEXT.encode("gb18030"), "").text == TEXT


@pytest.mark.parametrize(
    ("data", "error"), [(b"", EmptyFile), (b" \n", EmptyFile), (b"x" * (20 * 2**20 + 1), FileTooLarge)]
)
async def test_a_reader_s_error_comes_back_as_itself(data: bytes, error: type[BadInput]) -> None:
    with pytest.raises(error) as caught:
        await read_file(data, "a.txt")
    assert caught.value.message == error.default


async def test_an_error_of_one_format_keeps_code_and_message(child: Path) -> None:
    child.write_text(
        "import json, sys; from pathlib import Path\n"
        "error = {'code': 'office_missing', 'message': '请另存为 .docx', 'details': {'page': 3}}\n"
        "(Path(sys.argv[1]) / 'result').write_text(json.dumps({'error': error}))\n"
    )
    with pytest.raises(BadInput, match="另存为") as caught:
        await read_file(b"x", "a.doc")
    assert (caught.value.code, caught.value.details) == ("office_missing", {"page": 3})


@pytest.mark.parametrize(
    "code",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "raise SystemExit(3)",
        "pass",
        "import sys, pathlib; (pathlib.Path(sys.argv[1]) / 'result').write_text('{\"reading\": {\"text\": 7}}')",
        "import sys, pathlib; (pathlib.Path(sys.argv[1]) / 'result').write_text('no json')",
        "import sys, pathlib; (pathlib.Path(sys.argv[1]) / 'result').write_text('{}')",
    ],
)
async def test_a_crash_or_a_broken_result_is_a_clear_refusal(child: Path, code: str) -> None:
    child.write_text(code)
    with pytest.raises(ReaderFailed):
        await read_file(b"x", "a.txt")


@pytest.fixture
def note(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a child can write down a process id."""
    return tmp_path_factory.mktemp("notes") / "pid"


async def test_what_hangs_is_ended_with_all_that_it_started(child: Path, note: Path) -> None:
    child.write_text(
        "import os, subprocess, sys, time\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'], process_group=0)\n"
        f"open({str(note)!r}, 'w').write(str(inner.pid))\n"
        "time.sleep(300)\n"
    )
    begun = time.monotonic()
    with pytest.raises(ReaderTimeout):
        await read_file(b"x", "a.txt", limits=Limits(seconds=3))
    assert time.monotonic() - begun < 30
    assert await _ends(int(note.read_text()))


async def test_endless_work_ends_by_processor_time() -> None:
    with pytest.raises(ReaderTimeout):
        await read_file(LONG, "a.html", limits=Limits(cpu=1))


async def test_memory_has_a_limit() -> None:
    with pytest.raises(ReaderMemory):
        await read_file(LONG, "a.html", limits=Limits(memory=160 * 2**20))


async def test_cancelling_ends_the_process(child: Path, note: Path) -> None:
    child.write_text(f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(300)")
    reading = asyncio.create_task(read_file(b"x", "a.txt"))
    while not (note.exists() and note.read_text()):
        await asyncio.sleep(0.02)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await _ends(int(note.read_text()))


async def test_the_loop_stays_free_and_two_read_at_once(child: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    marks = tmp_path_factory.mktemp("marks")
    child.write_text(
        "import json, os, sys, time; from pathlib import Path\n"
        f"mine = Path({str(marks)!r}) / str(os.getpid()); mine.touch(); time.sleep(0.5)\n"
        f"running = len(os.listdir({str(marks)!r})); mine.unlink()\n"
        "(Path(sys.argv[1]) / 'result').write_text(json.dumps({'reading': {'text': str(running)}}))\n"
    )
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    turning = asyncio.create_task(turn())
    readings = await asyncio.gather(*(read_file(b"x", "a.txt") for _ in range(5)))
    turning.cancel()
    assert max(int(reading.text) for reading in readings) <= isolation.AT_ONCE
    assert turns > 20


async def test_the_child_has_no_environment_and_no_input_of_ours(child: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIBAN_SECRET_KEY", "not for readers")
    child.write_text(
        "import json, os, sys; from pathlib import Path\n"
        "said = {'reading': {'text': json.dumps([dict(os.environ), sys.stdin.read(), os.getcwd()])}}\n"
        "(Path(sys.argv[1]) / 'result').write_text(json.dumps(said))\n"
    )
    said = (await read_file(b"x", "a.txt")).text
    assert "QIBAN" not in said
    assert set(json.loads(said)[0]) <= {"PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE"}


@pytest.mark.parametrize("name", ["../../etc/passwd", "-c", "a\x00b.txt", "\ud800.txt", "x" * 5000, "通知.txt"])
async def test_a_name_is_only_a_name(name: str) -> None:
    assert (await read_file(TEXT.encode(), name)).text == TEXT


def test_the_child_loads_nothing_heavy() -> None:
    heavy = {"sqlalchemy", "torch", "numpy", "pydantic", "fastapi", "faiss", "lxml", "pypdfium2", "asyncio", "httpx"}
    code = "import sys, knowledge.readers.__main__; print(' '.join(name.split('.')[0] for name in sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, check=True, capture_output=True, text=True, env={"PYTHONPATH": "."}
    )
    assert heavy.isdisjoint(found.stdout.split())


async def _ends(process: int) -> bool:
    for _ in range(200):
        if not _runs(process):
            return True
        await asyncio.sleep(0.05)
    return False


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
        status = Path(f"/proc/{process}/status")
        return not status.exists() or "\nState:\tZ" not in status.read_text()
    except ProcessLookupError:
        return False
