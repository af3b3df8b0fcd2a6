"""Run as a program: adds items to a shared source one by one and reconciles a shared index after each.

    python -m tests.search.worker FOLDER FIRST COUNT     adds FIRST, FIRST + 2, ... below COUNT

Prints what it encoded and how many additions its reconciliations reported.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from search import Item, SearchIndex
from tests.search.doubles import HashEmbedder, item_of


class FileSource:
    """A folder with a file an item, named by its id: what several processes share."""

    name = "files"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def put(self, key: int, text: str) -> None:
        new = self._folder / f".{key}"
        new.write_text(text, encoding="utf-8")
        new.rename(self._folder / str(key))

    async def fingerprints(self) -> dict[int, str]:
        items = await self.items([int(path.name) for path in self._folder.iterdir() if path.name.isdigit()])
        return {item.id: item.fingerprint for item in items}

    async def items(self, ids: Sequence[int]) -> list[Item]:
        return [item_of(key, (self._folder / str(key)).read_text(encoding="utf-8")) for key in ids]


async def work(folder: Path, first: int, count: int) -> None:
    source, embedder = FileSource(folder / "items"), HashEmbedder()
    index = SearchIndex(folder / "index", source, embedder)
    added = (await index.open()).added
    for key in range(first, count, 2):
        source.put(key, f"第{key}条：企业可以申请第{key}种支持")
        added += (await index.reconcile()).added
    report = {"encoded": [text for _, text in embedder.encoded], "added": added}
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
