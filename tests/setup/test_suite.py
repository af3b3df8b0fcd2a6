"""`scripts/suite.py`: what counts as failed, what is cut, what is counted."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

REPORT = '<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1"/></testsuites>'


@pytest.fixture
def reports(suite: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(suite, "REPORTS", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "cut", "empty_ok", "clean", "outcome"),
    [
        (0, False, False, True, "ok"),
        (1, False, True, False, "FAILED"),
        (5, False, False, True, "FAILED"),  # no tests where there must be some
        (5, False, True, True, "none"),
        (2, True, False, True, "CUT"),
        (2, True, False, False, "FAILED"),  # something had failed before the time was up
    ],
)
def test_judgement(suite: ModuleType, code: int, cut: bool, empty_ok: bool, clean: bool, outcome: str) -> None:
    assert suite.judge(code, cut, empty_ok, clean) == outcome


def test_one_failure_fails_the_whole(suite: ModuleType, reports: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = suite.Suite()
    run.run(suite.Step("bad", [sys.executable, "-c", "raise SystemExit(3)"]))
    run.run(suite.Step("good", [sys.executable, "-c", ""]))
    assert run.close() == 1
    out = capfd.readouterr().out
    assert "FAILED: bad" in out
    assert "ok         good" in out


def test_a_command_that_is_not_there_fails(suite: ModuleType, reports: Path) -> None:
    run = suite.Suite()
    run.run(suite.Step("absent", [str(reports / "no-such-tool")]))
    assert run.close() == 1


def test_figures_of_all_runs_are_added_up(suite: ModuleType, reports: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = suite.Suite()
    code = f"open({str(reports / 'a.xml')!r}, 'w').write({REPORT!r}); raise SystemExit(1)"
    run.run(suite.Step("tests", [sys.executable, "-c", code], "a"))
    run.run(suite.Step("more", [sys.executable, "-c", code.replace("a.xml", "b.xml")], "b"))
    assert run.close() == 1
    assert "total: 8 passed, 6 failed, 6 skipped" in capfd.readouterr().out.splitlines()


def test_an_old_report_does_not_count(suite: ModuleType, reports: Path) -> None:
    (reports / "a.xml").write_text(REPORT, encoding="utf-8")
    run = suite.Suite()
    run.run(suite.Step("tests", [sys.executable, "-c", ""], "a"))
    assert run.results[0].failed == 0


@pytest.mark.parametrize(("failures", "outcome"), [("0", "CUT"), ("1", "FAILED")])
def test_the_budget_ends_a_run_in_good_order(
    suite: ModuleType, reports: Path, failures: str, outcome: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code = f"""
import time
try:
    time.sleep(60)
except KeyboardInterrupt:
    open({str(reports / "a.xml")!r}, "w").write('<testsuite tests="1" failures="{failures}"/>')
    raise SystemExit(2)
"""
    run = suite.Suite(budget=1.0)
    began = time.monotonic()
    run.run(suite.Step("slow", [sys.executable, "-c", code], "a"))
    assert time.monotonic() - began < 20
    assert run.results[0].outcome == outcome
    assert run.close() == (outcome == "FAILED")
    assert "time budget" in capfd.readouterr().out


def test_a_run_without_browser_is_allowed_only_where_there_is_none(suite: ModuleType, tmp_path: Path) -> None:
    bare = {"PATH": str(tmp_path)}
    assert suite.browser_optional(bare)
    assert suite.browser_optional({**bare, "QIBAN_REQUIRE": "postgres,office"})
    assert not suite.browser_optional({**bare, "QIBAN_REQUIRE": "postgres, browser"})
    (tmp_path / "chromium").touch(mode=0o755)
    assert not suite.browser_optional(bare)


def test_personal_settings_stay_outside(suite: ModuleType) -> None:
    own = {"PATH": "/bin", "QIBAN_TELEGRAM_TOKEN": "1:a", "QIBAN_REQUIRE": "office", "QIBAN_TEST_POSTGRES": "x"}
    assert suite.environment(own) == {"PATH": "/bin", "QIBAN_REQUIRE": "office", "QIBAN_TEST_POSTGRES": "x"}


def test_each_tier_has_its_marks(suite: ModuleType) -> None:
    def marks(what: str) -> list[str]:
        return [step.command[step.command.index("-m", 3) + 1] for step in suite.steps(what) if step.report]

    assert marks("test") == ["not browser and not long", "browser and not long"]
    assert marks("long") == ["long and browser", "long and not browser"]
    assert marks("check") == ["not browser and not long"]
    assert marks("lint") == []
