"""Run as a program: changes a copy of an index in child processes that kill themselves at their n-th disk step.

    python -m tests.search.crash FOLDER STRIDE      FOLDER/whole is the index; copies are FOLDER/crash-NNN

Tries n = 1, 1 + STRIDE ... until a child gets to its end, and prints how many were killed.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from search import SearchIndex
from tests.search.conftest import TEXTS
from tests.search.doubles import HashEmbedder, MemorySource, item_of

STEPS = ("fsync", "rename", "replace", "link", "mkdir", "unlink", "rmdir")


def main(folder: Path, stride: int) -> None:
    for killed in itertools.count():
        number = 1 + killed * stride
        copy = folder / f"crash-{number:03d}"
        shutil.copytree(folder / "whole", copy)
        child = os.fork()
        if child == 0:
            change_and_die(copy, number)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.stdout.write(str(killed))
            return


def change_and_die(folder: Path, number: int) -> None:
    """Add an item; SIGKILL before the n-th step."""
    items = [item_of(10 * n, text) for n, text in enumerate(TEXTS, start=1)]
    source = MemorySource([*items, item_of(70, "后来加入的人才公寓补贴"), item_of(71, "写到一半时加入")])
    index = SearchIndex(folder, source, HashEmbedder())
    left = [number]
    for name in STEPS:
        setattr(os, name, dying(getattr(os, name), left))
    asyncio.run(index.open())
    os._exit(0)


def dying(step: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def counted(*arguments: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*arguments, **options)

    return counted


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
