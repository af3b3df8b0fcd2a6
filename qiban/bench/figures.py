"""A figure of the bench, and how a run is described."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Figure:
    """One measured value. `size` is what it was measured on, `goal` what it should be (None: no goal of its own);
    `note` is anything that must be known to read it."""

    name: str
    size: int
    value: float
    unit: str
    goal: str | None = None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Options:
    """`quick`: small sizes, seconds instead of minutes. `folder` keeps what is expensive to make between runs; `seed`
    makes the same data again. `progress` is told (stage, done, total)."""

    quick: bool
    folder: Path
    seed: int = 7
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None


def machine() -> dict[str, Any]:
    """What ran it: processor, cores, Python, load, day, and the versions that matter."""
    names = ("torch", "sentence-transformers", "faiss-cpu", "tantivy", "numpy", "sqlalchemy")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "day": time.strftime("%Y-%m-%d"),
        "versions": {name: version(name) for name in names},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def p95(seconds: Sequence[float]) -> float:
    """The 95th percentile in milliseconds, rounded to hundredths."""
    return round(float(np.percentile(np.array(seconds), 95)) * 1000, 2)


def median(seconds: Sequence[float]) -> float:
    """The median in milliseconds, rounded to hundredths."""
    return round(float(np.median(np.array(seconds))) * 1000, 2)


def memory_mb() -> float:
    """Resident memory of this process in MB; the highest so far where the system tells no other."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
