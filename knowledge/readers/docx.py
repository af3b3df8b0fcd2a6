"""Word files (.docx, .docm, .dotx; transitional and strict, by Word, WPS or LibreOffice)."""

from __future__ import annotations

from core.text import squeeze
from knowledge.readers import office_wording as wording
from knowledge.readers.archive import open_checked
from knowledge.readers.blocks import Block, Line, written
from knowledge.readers.docx_body import Body
from knowledge.readers.docx_package import Package
from knowledge.readers.docx_runs import LeftOut
from knowledge.readers.errors import EmptyFile, NoText
from knowledge.reading import Reading, Warned

_HARDLY_ANY = 100
"""Visible characters: a document with pictures and less text than this is most likely a scan."""


def read(data: bytes) -> Reading:
    """The text of a Word file, with automatic numbers, notes and tables in their places.

    Raises EmptyFile, NoText, UnreadableFile, TruncatedFile, EncryptedFile, XmlEntity, ZipBomb, TooManyMembers,
    TableTooLarge.
    """
    with open_checked(data) as archive:
        body = Body(Package(archive))
        blocks = body.blocks()
        characters = body.characters()
    growing = written(blocks)
    text = growing.text()
    visible = len(squeeze(text))
    if not visible:
        raise NoText() if body.left_out.pictures else EmptyFile()
    placed = sum(block.seen for block in blocks) + body.left_out.hidden + body.left_out.contents
    return Reading(
        text,
        format="docx",
        title=_title(blocks),
        tables=tuple(growing.tables),
        links=body.links,
        body=visible + max(0, characters - placed),
        warnings=_warnings(body.left_out, visible),
    )


def _title(blocks: list[Block]) -> str | None:
    """The lines in Word's title style where they first stand, joined."""
    titles: list[str] = []
    for block in blocks:
        if isinstance(block, Line) and block.title:
            titles += block.text.split("\n")
        elif titles:
            break
    return "".join(title.strip() for title in titles) or None


def _warnings(left_out: LeftOut, visible: int) -> tuple[Warned, ...]:
    scanned = left_out.pictures and visible < _HARDLY_ANY
    said = (
        ("hidden_text", wording.HIDDEN_TEXT, left_out.hidden),
        ("pictures_without_text", wording.PICTURES_WITHOUT_TEXT, left_out.pictures if scanned else 0),
        ("embedded_files", wording.EMBEDDED_FILES, left_out.embedded),
        ("unknown_symbols", wording.UNKNOWN_SYMBOLS, left_out.symbols),
    )
    return tuple(Warned(code, message.format(count=count)) for code, message, count in said if count)
