"""Readers, one file a format, chosen by content: bytes in, a `Reading` out.

`knowledge.isolation` runs `read` in a process of its own; what comes from strangers goes through there.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from core.errors import QibanError
from core.text import squeeze
from knowledge.readers import wording
from knowledge.readers.cleaning import cleaned, warned
from knowledge.readers.errors import MAX_BYTES, MAX_CHARS, EmptyFile, FileTooLarge, TextTooLong, UnreadableFile
from knowledge.readers.plain import without_page_marks
from knowledge.readers.sniffing import Kind, disagrees, kind_of
from knowledge.readers.suspicion import suspicion
from knowledge.reading import Reading

_READERS: dict[Kind, tuple[str, str]] = {
    "text": ("plain", "reading"),
    "markdown": ("markdown", "read"),
    "html": ("html", "read"),
    "mhtml": ("html", "read_mhtml"),
    "docx": ("docx", "read"),
    "office": ("office", "read"),
    "pdf": ("pdf", "read"),
    "xlsx": ("sheets", "read"),
    "csv": ("sheets", "read"),
}
"""Module and function of each format, loaded when first needed: a child process reads one file."""


def read(data: bytes, name: str = "") -> Reading:
    """What a file says. `name` is only compared with what the content is (warning `wrong_extension`).

    Raises EmptyFile, FileTooLarge, TextTooLong, UnreadableFile, or what the format's reader says: always a QibanError.
    """
    if len(data) > MAX_BYTES:
        raise FileTooLarge()
    if not data.strip():
        raise EmptyFile()
    kind = kind_of(data)
    reader = _reader(kind)
    try:
        reading = cleaned(reader(data))
    except (QibanError, MemoryError):
        raise
    except Exception as error:  # there is no end to what a damaged or hostile file brings about in a parser
        raise UnreadableFile() from error
    _check(reading)
    if (suspected := suspicion(reading)) is not None:
        reading = warned(reading, suspected)
    return warned(reading, "wrong_extension", format=wording.FORMATS[kind]) if disagrees(name, kind) else reading


def _reader(kind: Kind) -> Callable[[bytes], Reading]:
    module, function = _READERS[kind]
    reader: Callable[[bytes], Reading] = getattr(import_module(f"{__name__}.{module}"), function)
    return reader


def _check(reading: Reading) -> None:
    """Refuse a text that says nothing, or too much. Raises EmptyFile, TextTooLong."""
    if len(reading.text) > MAX_CHARS and len(squeeze(reading.text)) > MAX_CHARS:
        raise TextTooLong()
    if not squeeze(without_page_marks(reading.text)):
        raise EmptyFile()
