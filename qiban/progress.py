"""Progress of long steps on stderr: a bar in a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn


class StepProgress:
    """One bar a step, in the order in which steps report for the first time. May be called from any thread."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._console = Console(stderr=True)
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()
        self._enabled = enabled
        if enabled and self._console.is_terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
            self._bars = Progress(*columns, console=self._console)

    def update(self, step: str, done: int, total: int) -> None:
        """Say how far a step is; `total` 0 means that the end is not known."""
        if not self._enabled:
            return
        with self._lock:
            known = step in self._tasks
            if self._bars is not None:
                if not known:
                    self._tasks[step] = self._bars.add_task(step, total=total or None)
                self._bars.update(self._tasks[step], completed=done, total=total or None)
            elif not known or (total and done >= total):
                self._tasks.setdefault(step, TaskID(len(self._tasks)))
                print(f"{step}: {done}/{total}" if total else f"{step} …", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()
