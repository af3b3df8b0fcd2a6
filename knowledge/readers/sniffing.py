"""What a file is, by its content: its name is never believed, only compared."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import PurePath
from typing import Literal

from core.archive import Archive, open_checked
from knowledge.readers import wording
from knowledge.readers.errors import NoText, UnsupportedFormat
from knowledge.readers.plain import decode

Kind = Literal["text", "markdown", "html", "mhtml", "docx", "office", "pdf", "xlsx", "csv"]

_HEAD = 4096
_PDF_WITHIN = 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_PACKED = (b"\x1f\x8b", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\x00", b"BZh", b"\x28\xb5\x2f\xfd")
_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*", b"\x00\x00\x01\x00")
_MEDIA = (b"ID3", b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"FLV\x01")
_WORD_MAIN = re.compile(rb"wordprocessingml\.(?:document|template)|ms-word\.(?:document|template)\.macroEnabled", re.I)
_EXCEL_MAIN = re.compile(
    rb"(?:spreadsheetml\.(?:sheet|template)|ms-excel\.(?:sheet|template)\.macroEnabled)\.main", re.IGNORECASE
)
_SLIDES_MAIN = re.compile(rb"presentationml\.(?:presentation|slideshow|template)|ms-powerpoint\.", re.IGNORECASE)
_BINARY_SHEET = re.compile(rb"ms-excel\.sheet\.binary", re.IGNORECASE)

_TAG = re.compile(
    r"<(?:!doctype\s+html|/?(?:html|head|body|title|meta|div|p|br|span|table|tr|td|th|h[1-6]|ul|ol|li|a|script|style|"
    r"article|section|main|font|center|b|strong)(?=[\s/>]))",
    re.IGNORECASE,
)
_DOCUMENT_TAG = re.compile(r"<(?:!doctype\s+html|html|head|body)(?=[\s>])", re.IGNORECASE)
_MOST_BEFORE_TAG = 200
_FEWEST_TAGS = 4
_OFFICE_XML = re.compile(r"progid=\"(?:Word|Excel)|schemas.microsoft.com/office/(?:word/2003|2006/xmlPackage)")

_HEADING = re.compile(r"#{1,6}[ \t]+\S")
_RULE = re.compile(r"\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*")
_FENCE = re.compile(r"(?:```|~~~)[A-Za-z0-9+-]{0,20}[ \t]*")
_EMPHASIS = re.compile(r"\*\*[^*\n]{1,80}\*\*|\[[^\]\n]{1,80}\]\([^()\s]{1,300}\)")
_LINES = 2000

_SEPARATORS = (",", "\t", ";")
_RECORDS = 200
_LONGEST_HEADER = 60
_SENTENCE = re.compile(r"[。；！？]")

_EXTENSIONS: dict[str, frozenset[Kind]] = {
    ".txt": frozenset({"text", "markdown"}),
    ".text": frozenset({"text", "markdown"}),
    ".md": frozenset({"text", "markdown"}),
    ".markdown": frozenset({"text", "markdown"}),
    ".html": frozenset({"html"}),
    ".htm": frozenset({"html"}),
    ".shtml": frozenset({"html"}),
    ".mht": frozenset({"mhtml"}),
    ".mhtml": frozenset({"mhtml"}),
    ".docx": frozenset({"docx"}),
    ".docm": frozenset({"docx"}),
    ".dotx": frozenset({"docx"}),
    ".doc": frozenset({"office"}),
    ".wps": frozenset({"office"}),
    ".rtf": frozenset({"office"}),
    ".odt": frozenset({"office"}),
    ".xls": frozenset({"office"}),
    ".et": frozenset({"office"}),
    ".ods": frozenset({"office"}),
    ".pdf": frozenset({"pdf"}),
    ".xlsx": frozenset({"xlsx"}),
    ".xlsm": frozenset({"xlsx"}),
    ".csv": frozenset({"csv"}),
    ".tsv": frozenset({"csv"}),
}


def kind_of(data: bytes) -> Kind:
    """What the content is. Raises NoText (a picture), UnsupportedFormat, UnreadableFile, and what an archive raises."""
    head = data[:_HEAD]
    if head.startswith(_ZIP):
        with open_checked(data) as archive:
            return _kind_of_archive(archive)
    if head.startswith(_OLE) or head.lstrip().startswith(b"{\\rtf"):
        return "office"
    _refuse_known(head)
    if b"%PDF-" in head[:_PDF_WITHIN] and not _looks_like_html(head.decode("latin-1")):
        return "pdf"
    return kind_of_text(decode(data).text)


def kind_of_text(text: str) -> Kind:
    """What kind of text it is. Raises UnsupportedFormat for other XML."""
    start = text[:_HEAD].lstrip()
    if start.startswith("<?xml") and _OFFICE_XML.search(start):
        return "office"
    if start[:13].lower() == "mime-version:" and "multipart/related" in start.lower():
        return "mhtml"
    if _looks_like_html(text):
        return "html"
    if start.startswith("<?xml"):
        raise UnsupportedFormat(wording.MARKUP)
    if _is_table(text):
        return "csv"
    return "markdown" if _is_markdown(text) else "text"


def disagrees(name: str, kind: Kind) -> bool:
    """Whether a file's name says that it is something else than it is; an unknown or absent extension says nothing."""
    expected = _EXTENSIONS.get(PurePath(name).suffix.lower())
    return expected is not None and kind not in expected


def _refuse_known(head: bytes) -> None:
    if head.startswith(_PACKED):
        raise UnsupportedFormat(wording.PACKED)
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        raise NoText()
    if head.startswith(b"BM") and b"\x00" in head[:32]:
        raise NoText()
    if head[4:8] == b"ftyp":
        raise NoText() if head[8:12] in (b"heic", b"heix", b"mif1", b"avif") else UnsupportedFormat(wording.MEDIA)
    if head.startswith(_MEDIA) or (head[:4] == b"RIFF" and head[8:12] in (b"WAVE", b"AVI ")):
        raise UnsupportedFormat(wording.MEDIA)


def _kind_of_archive(archive: Archive) -> Kind:
    """By what the package says of its main part, so that neither its name nor the names inside count."""
    if "OFD.xml" in archive:
        raise UnsupportedFormat(wording.OFD)
    if "mimetype" in archive:
        return _kind_of_open_document(archive.read("mimetype")[:100])
    if "[Content_Types].xml" not in archive:
        raise UnsupportedFormat(wording.UNKNOWN_ZIP)
    types = archive.read("[Content_Types].xml")
    if _SLIDES_MAIN.search(types):
        raise UnsupportedFormat(wording.SLIDES)
    if _BINARY_SHEET.search(types):
        raise UnsupportedFormat(wording.BINARY_SHEET)
    if _WORD_MAIN.search(types):
        return "docx"
    if _EXCEL_MAIN.search(types):
        return "xlsx"
    raise UnsupportedFormat(wording.UNKNOWN_ZIP)


def _kind_of_open_document(mimetype: bytes) -> Kind:
    if mimetype.startswith(b"application/epub"):
        raise UnsupportedFormat(wording.EPUB)
    if mimetype.startswith(b"application/vnd.oasis.opendocument.presentation"):
        raise UnsupportedFormat(wording.SLIDES)
    if not mimetype.startswith(b"application/vnd.oasis.opendocument."):
        raise UnsupportedFormat(wording.UNKNOWN_ZIP)
    return "office"


def _looks_like_html(text: str) -> bool:
    """A page or a piece of one: begins with a tag of a page, or holds several tags and begins with one soon."""
    head = text[: 4 * _HEAD]
    first = _TAG.search(head)
    if first is None or first.start() > _MOST_BEFORE_TAG:
        return bool(_DOCUMENT_TAG.search(head)) and "</" in text
    if _DOCUMENT_TAG.search(head):
        return True
    return len(list(islice(_TAG.finditer(head), _FEWEST_TAGS))) >= _FEWEST_TAGS


def _is_markdown(text: str) -> bool:
    lines = [line.strip() for line in text[: 50 * _HEAD].splitlines()[:_LINES]]
    strong = sum(bool(_HEADING.match(line) or _FENCE.fullmatch(line) or _RULE.fullmatch(line)) for line in lines)
    return strong > 0 or len(list(islice(_EMPHASIS.finditer(text[: 50 * _HEAD]), 2))) > 1


def _is_table(text: str) -> bool:
    return any(_separated_by(separator, text) for separator in _SEPARATORS)


def _separated_by(separator: str, text: str) -> bool:
    """Whether the same separator cuts nearly all lines into as many cells, the first into short ones."""
    records = _records(separator, text)
    if len(records) < 2 or not all(len(cell) <= _LONGEST_HEADER for cell in records[0]):
        return False
    width, often = Counter(map(len, records)).most_common(1)[0]
    if width < 2 or often < 0.9 * len(records) or len(records[0]) != width:
        return False
    if any(_SENTENCE.search(cell) for cell in records[0]):
        return False
    return width > 2 or len(records) > 2 or separator != ","


def _records(separator: str, text: str) -> Sequence[list[str]]:
    lines = (line for line in text[: 50 * _HEAD].splitlines(keepends=True))
    try:
        records = list(islice(csv.reader(lines, delimiter=separator, strict=True), _RECORDS))
    except csv.Error:
        return []
    return [record for record in records if any(cell.strip() for cell in record)]
