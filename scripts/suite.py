#!/usr/bin/env python3
"""Run checks and tests step after step, say how long each took, and fail if any of them failed.

    .venv/bin/python scripts/suite.py lint     style, types, architecture
    .venv/bin/python scripts/suite.py check    lint and the quick tests, without a browser
    .venv/bin/python scripts/suite.py test     lint and the whole suite but the long tier
    .venv/bin/python scripts/suite.py long     the long tier; --budget SECONDS ends it in good order

Browser tests are a run of their own: sync Playwright and pytest-asyncio do not mix. Settings of the person who runs it
(QIBAN_...) stay outside, except QIBAN_REQUIRE, QIBAN_MODEL_DIR, QIBAN_SCREENSHOTS and QIBAN_TEST_...
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".cache" / "tests"
KEPT = ("QIBAN_REQUIRE", "QIBAN_MODEL_DIR", "QIBAN_TEST_", "QIBAN_SCREENSHOTS")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_TESTS = 5  # pytest's exit code when it collected nothing
GRACE = 60.0


@dataclass
class Step:
    """One command; `empty_ok` says whether a pytest run may find no tests."""

    name: str
    command: list[str]
    report: str = ""
    empty_ok: bool = False


@dataclass
class Result:
    name: str
    outcome: str  # ok, FAILED, CUT (by the time budget), none (no tests found, and that is all right)
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0


@dataclass
class Suite:
    """Runs the steps and keeps what came of them."""

    budget: float | None = None
    results: list[Result] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def run(self, step: Step) -> None:
        print(f"\n=== {step.name} ===", flush=True)
        began = time.monotonic()
        report = REPORTS / f"{step.report}.xml"
        if step.report:
            REPORTS.mkdir(parents=True, exist_ok=True)
            report.unlink(missing_ok=True)
        code, cut = execute(step.command, self.left())
        result = Result(step.name, "ok" if code == 0 else "FAILED", time.monotonic() - began)
        if step.report:
            count(report, result)
            result.outcome = judge(code, cut, step.empty_ok, report.exists() and not result.failed)
        self.results.append(result)

    def left(self) -> float | None:
        return None if self.budget is None else max(1.0, self.budget - (time.monotonic() - self.started))

    def close(self) -> int:
        """Print the summary; the exit code."""
        print("\n=== summary ===")
        for result in self.results:
            word = {"none": "no tests", "CUT": "cut by the time budget"}.get(result.outcome, result.outcome)
            print(f"{word:<10} {result.name} ({result.seconds:.1f} s)")
        tested = [result for result in self.results if result.passed or result.failed or result.skipped]
        if tested:
            passed, failed = sum(result.passed for result in tested), sum(result.failed for result in tested)
            print(f"total: {passed} passed, {failed} failed, {sum(result.skipped for result in tested)} skipped")
        bad = [result.name for result in self.results if result.outcome == "FAILED"]
        print(f"{'FAILED: ' + ', '.join(bad) if bad else 'all right'}, {clock(time.monotonic() - self.started)}")
        sys.stdout.flush()
        return 1 if bad else 0


def clock(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def judge(code: int, cut: bool, empty_ok: bool, clean: bool) -> str:
    """What a pytest run's end means. `clean`: its report is there and holds no failure."""
    if cut:
        return "CUT" if clean else "FAILED"
    if code == NO_TESTS:
        return "none" if empty_ok else "FAILED"
    return "ok" if code == 0 else "FAILED"


def count(report: Path, result: Result) -> None:
    """Read the figures from pytest's JUnit report, where there is one."""
    try:
        suites = ElementTree.parse(report).getroot().iter("testsuite")  # noqa: S314
    except (OSError, ElementTree.ParseError):
        return
    for suite in suites:
        tests, failed, skipped = (
            sum(int(suite.get(key, "0")) for key in keys) for keys in (("tests",), ("failures", "errors"), ("skipped",))
        )
        result.failed += failed
        result.skipped += skipped
        result.passed += max(0, tests - failed - skipped)


def execute(command: Sequence[str], seconds: float | None) -> tuple[int, bool]:
    """Run a command, at most so long: then it is interrupted as by Ctrl-C. Exit code, and whether it was cut."""
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(os.environ),
            stdin=subprocess.DEVNULL,
            preexec_fn=listen_to_interrupts,  # noqa: PLW1509 (there are no threads here)
        )
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", flush=True)
        return 127, False
    try:
        return process.wait(seconds), False
    except subprocess.TimeoutExpired:
        print("\n--- the time budget is used up: ending this run ---", flush=True)
        for sign, grace in ((signal.SIGINT, GRACE), (signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
            process.send_signal(sign)
            try:
                return process.wait(grace), True
            except subprocess.TimeoutExpired:
                continue
        return -int(signal.SIGKILL), True
    except KeyboardInterrupt:
        # Ctrl-C reached the command as well: let it close.
        try:
            process.wait(GRACE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
        raise


def listen_to_interrupts() -> None:
    """In the new process: a shell that started this in the background made it ignore Ctrl-C, which ends a run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """The environment without the settings of the person who runs this: tests bring their own."""
    return {key: value for key, value in own.items() if not key.startswith("QIBAN_") or key.startswith(KEPT)}


def browser_optional(own: Mapping[str, str]) -> bool:
    """Whether a browser run may find nothing: no Chromium on this machine, and nobody requires one."""
    required = [word.strip() for word in own.get("QIBAN_REQUIRE", "").split(",")]
    return "browser" not in required and not any(shutil.which(name, path=own.get("PATH")) for name in BROWSERS)


def tool(name: str) -> str:
    return str(ROOT / ".venv" / "bin" / name)


def pytest(name: str, marks: str, report: str, *more: str, empty_ok: bool = False) -> Step:
    command = [tool("python"), "-m", "pytest", "-m", marks, f"--junitxml={REPORTS / report}.xml", *more]
    return Step(name, command, report, empty_ok)


def steps(what: str) -> list[Step]:
    python = tool("python")
    model = [Step("embedding model", [tool("qiban"), "setup", "--model-only"])]
    lint = [
        Step("ruff check", [python, "-m", "ruff", "check", "."]),
        Step("ruff format", [python, "-m", "ruff", "format", "--check", "."]),
        Step("types", [python, "-m", "mypy"]),
        Step("types of scripts", [python, "-m", "mypy", "scripts"]),
        Step("architecture", [tool("lint-imports")]),
    ]
    slowest = ("--durations=10", "--durations-min=3")
    quick = pytest("tests", "not browser and not long", "quick", "-n", "2", "--dist", "worksteal", *slowest)
    browser = pytest(
        "tests in a browser", "browser and not long", "browser", *slowest, empty_ok=browser_optional(os.environ)
    )
    long = [
        pytest("long tests in a browser", "long and browser", "long-browser", *slowest, empty_ok=True),
        pytest("long tests", "long and not browser", "long", *slowest, empty_ok=True),
    ]
    return {
        "lint": lint,
        "check": [*model, *lint, quick],
        "test": [*model, *lint, quick, browser],
        "long": [*model, *long],
    }[what]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run checks and tests step after step.")
    parser.add_argument("what", choices=["lint", "check", "test", "long"])
    parser.add_argument(
        "--budget", type=float, help="seconds for everything; what is cut by it does not count as failed"
    )
    options = parser.parse_args(arguments)
    suite = Suite(options.budget or None)
    try:
        for step in steps(options.what):
            suite.run(step)
    except KeyboardInterrupt:
        print("\ninterrupted", flush=True)
        return 130
    if options.what == "long" and all(result.outcome in ("none", "ok") for result in suite.results):
        ran = [result for result in suite.results if result.passed or result.skipped]
        if not ran:
            suite.results.append(Result("no long test was found", "FAILED", 0.0))
    return suite.close()


if __name__ == "__main__":
    sys.exit(main())
