"""What the desk cites: a clause by its path, with the quote cut out of the stored text; and figures that it lacks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import BadInput
from core.text import fold, squeeze
from knowledge import desk_wording as wording
from knowledge.base import DATA
from knowledge.grounding import Rules, figures
from knowledge.models import ClauseRow, Document


class NoSuchClause(BadInput):
    """The document or the clause that is cited does not exist."""

    code = "no_such_clause"


@dataclass(frozen=True)
class Reference:
    """A clause by its document's id and its path (`四（一）2`)."""

    document_id: str
    path: str


@dataclass(frozen=True)
class Cited:
    """A clause that was looked up. `quote` equals the stored text of the document between `start` and `end`."""

    document_id: str
    document: str
    path: str
    label: str
    quote: str
    start: int
    end: int


async def look_up(session: AsyncSession, reference: Reference) -> Cited:
    """The clause, its path written in any width. Raises NoSuchClause."""
    document = await session.get(Document, reference.document_id)
    if document is None:
        raise NoSuchClause(wording.NO_SUCH_DOCUMENT.format(document=reference.document_id[:80]))
    clause = await _clause(session, document.id, reference.path)
    if clause is None:
        raise NoSuchClause(wording.NO_SUCH_CLAUSE.format(document=document.title, path=reference.path[:80]))
    quote = document.text[clause.start : clause.end]
    return Cited(document.id, document.title, clause.path, clause.label, quote, clause.start, clause.end)


async def _clause(session: AsyncSession, document_id: str, path: str) -> ClauseRow | None:
    own = select(ClauseRow).where(ClauseRow.document_id == document_id).order_by(ClauseRow.ordinal)
    if (exact := await session.scalar(own.where(ClauseRow.path == path).limit(1))) is not None:
        return exact
    wanted = _folded(path)
    paths = await session.execute(own.with_only_columns(ClauseRow.id, ClauseRow.path))
    same = next((clause_id for clause_id, held in paths if _folded(held) == wanted), None)
    return None if same is None else await session.get(ClauseRow, same)


def _folded(path: str) -> str:
    return squeeze(fold(path))


@cache
def _rules() -> Rules:
    return Rules.load(DATA / "composing.yaml")


def uncited_figures(text: str, quote: str) -> tuple[str, ...]:
    """The figures of a text, as written, that do not stand in the quote with the same unit; each once, in order."""
    said, rules = fold(text), _rules()
    held = {(placed.figure.digits, placed.figure.unit) for placed in figures(fold(quote), rules)}
    missing = (
        said[placed.start : placed.end]
        for placed in figures(said, rules)
        if (placed.figure.digits, placed.figure.unit) not in held
    )
    return tuple(dict.fromkeys(missing))
