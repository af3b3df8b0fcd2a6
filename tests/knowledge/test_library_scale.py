"""At 100,000 clauses one more document costs what one document costs."""

from __future__ import annotations

import time
import tracemalloc
from datetime import date

import pytest
from sqlalchemy import insert, update

from core.clock import machine_now
from core.database import Database
from knowledge.library import Library, Metadata
from knowledge.models import ClauseRow, Document, LibraryRevision

DOCUMENTS, CLAUSES = 5000, 20
DAY = date(2026, 1, 1)


def _document(number: int, text: str) -> dict[str, object]:
    lists: dict[str, object] = {name: [] for name in ("pages", "unread_pages", "missing", "warnings")}
    return lists | {
        "id": f"doc-{number:05}",
        "title": f"示例办法{number}",
        "title_key": f"示例办法{number}",
        "region": "430400" if number % 3 else "青溪市",
        "text": text,
        "content_hash": str(number),
        "coverage": 1.0,
        "revision": 1,
        "added_at": machine_now(),
    }


async def _fill(database: Database) -> None:
    line = "第{0}条 示例文件{1}：对符合条件的企业给予奖励{2}万元，具体办法另行制定。\n"
    documents, clauses = [], []
    for number in range(DOCUMENTS):
        lines = [line.format(ordinal + 1, number, number * ordinal % 977) for ordinal in range(CLAUSES)]
        documents.append(_document(number, "".join(lines)))
        start = 0
        for ordinal, text in enumerate(lines):
            place = {"start": start, "end": start + len(text) - 1, "whole_end": start + len(text) - 1}
            label = f"第{ordinal + 1}条"
            own = {"document_id": f"doc-{number:05}", "ordinal": ordinal, "kind": "article", "depth": 1}
            clauses.append({**place, **own, "path": label, "label": label, "context": ""})
            start += len(text)
    async with database.transaction() as session:
        await session.execute(insert(Document), documents)
        for first in range(0, len(clauses), 10_000):
            await session.execute(insert(ClauseRow), clauses[first : first + 10_000])
        await session.execute(update(LibraryRevision).values(revision=1))


@pytest.mark.long
async def test_one_document_more_at_100k_clauses_is_read_alone_and_at_once(database: Database) -> None:
    await _fill(database)
    library = Library(database, home_region="430400")
    tracemalloc.start()
    before = await library.snapshot()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(before.clauses) == DOCUMENTS * CLAUSES
    assert used < 250e6
    report = await library.add("示例新办法\n第一条 奖励3万元。\n", Metadata(region="430400"))
    began = time.perf_counter()
    after = await library.snapshot()
    usable = after.applicable(DAY, "430400")
    assert time.perf_counter() - began < 3.0  # a guard: measured 0.05 s
    assert usable is after.applicable(DAY, "430400")
    assert report.document_id in usable
    assert all(after.documents[known] is before.documents[known] for known in before.documents)
