"""Finding a clause to cite: the clauses nearest to some words, of all documents in force for the desk's region."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date

from knowledge.indexing import allowed_items, clause_of
from knowledge.library import Library
from search import Query, SearchIndex


@dataclass(frozen=True)
class Candidate:
    """A clause that may be cited; `text` is its literal own text."""

    document_id: str
    document: str
    path: str
    label: str
    text: str


class ClauseSearch:
    """`today` is the service's date, `region` the code of the desk's own. `executor` runs encoding and searching."""

    def __init__(
        self, library: Library, index: SearchIndex, today: Callable[[], date], region: str, executor: Executor
    ) -> None:
        self._library = library
        self._index = index
        self._today = today
        self._region = region
        self._executor = executor

    async def find(self, words: str, limit: int = 8) -> tuple[Candidate, ...]:
        """The nearest clauses, best first; none for blank words."""
        if not words.strip():
            return ()
        snapshot = await self._library.snapshot()
        allowed = allowed_items(snapshot, self._today(), self._region)

        def search() -> list[int]:
            self._index.refresh()
            query = Query(words, vector=self._index.encode_query(words))
            return [hit.id for hit in self._index.search(query, allowed, 3 * limit)]

        ids = await asyncio.get_running_loop().run_in_executor(self._executor, search)
        found = [clause for item in ids if (clause := clause_of(snapshot, item)) is not None]
        titles = {document.id: document.title for document in snapshot.documents.values()}
        return tuple(
            Candidate(clause.document_id, titles[clause.document_id], clause.path, clause.label, clause.text)
            for clause in found[:limit]
        )
