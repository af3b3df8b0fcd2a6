"""What a reader makes of a file: the text to be stored, and where in it pages and tables are.

Every reader of `knowledge.readers` gives a `Reading`; `knowledge.clauses` makes the clause tree from it and
`knowledge.library` stores it. All offsets are Unicode code points into `text`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal, Self

Format = Literal["text", "markdown", "html", "docx", "office", "pdf", "table", "faq"]


@dataclass(frozen=True)
class Row:
    """One row of a table below its header: `text[start:end]` is the row as it stands in the stored text.

    `cells` are its values in the order of the columns, merged cells filled in, folded to one line; a cell of several
    paragraphs keeps them apart by a line end.
    """

    start: int
    end: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table in the text. `[start, end)` covers caption, header and rows as they stand in the text.

    `header` holds one title a column (of several header rows the titles joined by `/`), units in it as printed; empty
    without a header. `caption` is what stands above it (表1 奖励标准), `unit` what it says of the unit (单位：万元).
    """

    start: int
    end: int
    header: tuple[str, ...] = ()
    caption: str = ""
    unit: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Warned:
    """Something a person should know about an ingestion: a stable code and what to do, in Chinese."""

    code: str
    message: str


@dataclass(frozen=True)
class Reading:
    """The text of a file as it is stored, with what the reader knows besides.

    `pages[i]` is the offset at which page i + 1 begins, empty where the format has no pages; `unread_pages` are numbers
    (from 1) of pages without text. `body` counts the visible characters that the reader saw in the body of the file,
    whether it could place them or not: what coverage is measured against (None: as many as `text` has). `title` is what
    the file's own structure says (a heading of a web page). `links` are names of attachments that the text points to.
    """

    text: str
    format: Format = "text"
    title: str | None = None
    pages: tuple[int, ...] = ()
    unread_pages: tuple[int, ...] = ()
    tables: tuple[Table, ...] = ()
    links: tuple[str, ...] = ()
    body: int | None = None
    warnings: tuple[Warned, ...] = ()

    @classmethod
    def plain(cls, text: str) -> Self:
        """The reading of a text that is there already."""
        return cls(text)

    def page_at(self, offset: int) -> int | None:
        """The number (from 1) of the page that an offset stands on, None where the format has no pages."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None
