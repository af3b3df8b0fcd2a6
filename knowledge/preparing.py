"""All that is worked out of a reading before the database is asked: clauses, coverage, record, comparison. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import BadInput
from core.text import squeeze
from knowledge import clauses, sameness, wording
from knowledge.clauses import Clause
from knowledge.describing import Description, describe
from knowledge.naming import number_key, title_key
from knowledge.reading import Reading, Warned
from knowledge.record import Metadata, Status

MIN_COVERAGE = 0.98

_PARTIAL = frozenset(
    {"body_in_attachment", "attachment_missing", "glyphs_unreadable", "truncated", "pages_without_text"}
)


class CoverageTooLow(BadInput):
    """Less than 98% of the document's text could be put into clauses."""

    code = "coverage_too_low"
    default = "文件内容未能完整读取，没有入库。"


@dataclass(frozen=True)
class Prepared:
    """A document ready to be stored. `compared` is its text as `knowledge.sameness` compares it."""

    reading: Reading
    given: Metadata
    clauses: tuple[Clause, ...]
    coverage: float
    description: Description
    compared: str
    digest: str
    bands: tuple[int, ...]

    @property
    def status(self) -> Status:
        """`partial` where something that belongs to the document could not be read or is not there."""
        codes = {warned.code for warned in self.warnings}
        return "partial" if self.reading.unread_pages or codes & _PARTIAL else "ready"

    @property
    def warnings(self) -> tuple[Warned, ...]:
        """What staff should know, each thing once."""
        unread = self.reading.unread_pages
        said = self.description.warnings
        if unread and all(warned.code != "pages_without_text" for warned in said):
            pages = "、".join(map(str, unread))
            said = (Warned("pages_without_text", wording.PAGES_UNREAD.format(pages=pages)), *said)
        once = {warned.code if warned.code in _PARTIAL else warned: warned for warned in said}
        return tuple(once.values())

    @property
    def number_key(self) -> str:
        return number_key(self.description.number or "")

    @property
    def title_key(self) -> str:
        return title_key(self.description.title)


def prepare(reading: Reading, given: Metadata, home: str) -> Prepared:
    """Work a reading through. Raises CoverageTooLow, or BadInput for metadata that cannot be."""
    found = clauses.parse(reading.text, reading.tables)
    coverage = _coverage(reading, found)
    if coverage < MIN_COVERAGE:
        raise CoverageTooLow()
    compared = sameness.content(reading.text)
    return Prepared(
        reading=reading,
        given=given,
        clauses=tuple(found),
        coverage=coverage,
        description=describe(reading, found, given, home),
        compared=compared,
        digest=sameness.digest(compared or reading.text),
        bands=sameness.bands(compared),
    )


def _coverage(reading: Reading, found: list[Clause]) -> float:
    """The share of the file's visible characters that stand in a clause, 0.0-1.0."""
    placed = clauses.coverage(reading.text, found)
    seen = len(squeeze(reading.text))
    return placed * min(1.0, seen / reading.body) if reading.body else placed
