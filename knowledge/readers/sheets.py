"""Spreadsheets (.xlsx) and separated tables (.csv, .tsv) as documents: each table with its title, unit and rows.

A sheet holds several tables where blank rows part them. A table of questions and answers makes the file an FAQ.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from string import ascii_uppercase

from core.text import clean
from knowledge.readers import office_wording as wording
from knowledge.readers.blocks import Block, written
from knowledge.readers.errors import EmptyFile, TruncatedFile
from knowledge.readers.plain import decode
from knowledge.readers.sheet_blocks import (
    MAX_COLUMNS,
    MAX_ROWS,
    Noticed,
    Texts,
    is_scientific,
    names_questions,
    sheet_blocks,
)
from knowledge.readers.tables import TableTooLarge
from knowledge.reading import Reading, Warned

MAX_FIELD = 100_000
"""Characters of one separated value."""

_SEPARATORS = (",", "\t", ";")
_TRIED = 100  # rows by which the separator is found out
_NAMED = 10  # cells that a warning names


def read(data: bytes) -> Reading:
    """The tables of an .xlsx or separated file as text, format `table`, or `faq` for questions and answers.

    Raises EmptyFile, EncryptedFile, TruncatedFile, TableTooLarge, UnreadableFile.
    """
    seen = Noticed()
    growing = written(_read_book(data, seen) if data.startswith(b"PK") else _read_separated(data, seen))
    if not growing.text().strip():
        raise EmptyFile()
    found = tuple(growing.tables)
    is_faq = bool(found) and all(names_questions(table.header) for table in found)
    return Reading(growing.text(), format="faq" if is_faq else "table", tables=found, warnings=_warnings(seen))


def _warnings(seen: Noticed) -> tuple[Warned, ...]:
    said = (
        ("hidden_cells", wording.HIDDEN_CELLS, [*dict.fromkeys(seen.hidden)]),
        ("formula_unsaved", wording.FORMULA_UNSAVED, seen.unsaved),
        ("broken_cells", wording.BROKEN_CELLS, seen.broken),
        ("scientific_notation", wording.SCIENTIFIC_CELLS, seen.scientific),
    )
    return tuple(
        Warned(code, message.format(count=len(places), cells="、".join(places[:_NAMED])))
        for code, message, places in said
        if places
    )


def _read_book(data: bytes, seen: Noticed) -> list[Block]:
    from knowledge.readers.workbooks import read_book  # what it needs takes longer to load than a .csv to read

    return read_book(data, seen)


def _read_separated(data: bytes, seen: Noticed) -> list[Block]:
    text = decode(data).text
    separator = max(_SEPARATORS, key=lambda found: _evenness(text, found))
    texts: Texts = {}
    for number, record in enumerate(_records(text, separator), start=1):
        line = {column: words for column, value in enumerate(record) if (words := clean(value).strip())}
        seen.scientific += [f"{_letters(column)}{number}" for column in line if is_scientific(line[column])]
        if line:
            texts[number] = line
        if number > MAX_ROWS or len(record) > MAX_COLUMNS:
            raise TableTooLarge()
    return sheet_blocks(texts)


def _records(text: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_FIELD)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    except csv.Error as error:
        raise TruncatedFile() from error


def _evenness(text: str, separator: str) -> int:
    """How many of the first rows have the same number of cells, at least two, if split like this."""
    counts: dict[int, int] = {}
    try:
        for number, record in enumerate(_records(text, separator)):
            if number == _TRIED:
                break
            counts[len(record)] = counts.get(len(record), 0) + 1
    except TruncatedFile:
        return -1
    return max((rows for width, rows in counts.items() if width > 1), default=0)


def _letters(column: int) -> str:
    """The letters of a column: 0 is A, 26 is AA."""
    above, place = divmod(column, 26)
    return (_letters(above - 1) if above else "") + ascii_uppercase[place]
