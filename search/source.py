"""What is indexed: the port that `knowledge` and `matching` implement. `search` knows nothing else about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["whole", "sentence", "part", "question"]
Role = Literal["query", "passage"]


@dataclass(frozen=True, slots=True)
class View:
    """One text by which an item can be found. A "question" is a typical question that the item answers."""

    text: str
    kind: Kind

    @property
    def role(self) -> Role:
        """How the text is encoded: a typical question as a query, everything else as a passage."""
        return "query" if self.kind == "question" else "passage"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to find. `id` is the database's; `fingerprint` changes whenever anything else here changes.

    `lexical` is the text for keywords: the clause with its heading path, perhaps its typical questions.
    """

    id: int
    fingerprint: str
    views: tuple[View, ...]
    lexical: str


class Source(Protocol):
    """Where items come from. `name` tells sources apart: an index is never read as another source's."""

    name: str

    async def fingerprints(self) -> dict[int, str]:
        """Every item that should be in the index now: its id and fingerprint."""
        ...

    async def items(self, ids: Sequence[int]) -> list[Item]:
        """The items with these ids, in any order; an id that is gone by now is left out."""
        ...
