"""Two processes on one index: one writes at a time, nothing is lost, nothing is encoded twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from search import SearchIndex
from tests.search.doubles import HashEmbedder
from tests.search.worker import FileSource

ITEMS = 14


async def test_two_writers_in_two_processes_end_with_one_right_index(tmp_path: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.search.worker", str(tmp_path), str(first), str(ITEMS)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for first in (0, 1)
    ]
    reports = [json.loads(worker.communicate(timeout=120)[0]) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    encoded = [text for report in reports for text in report["encoded"]]
    assert len(encoded) == len(set(encoded)) == ITEMS
    assert sum(report["added"] for report in reports) == ITEMS
    index = SearchIndex(tmp_path / "index", FileSource(tmp_path / "items"), HashEmbedder())
    assert index.refresh()
    assert not await index.open()
    assert index.status()["items"] == ITEMS
    assert not list(tmp_path.glob("index/*.damaged-*"))
