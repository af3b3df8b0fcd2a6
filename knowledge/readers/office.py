"""Old Office formats (.doc, .wps, .xls, .et), RTF and OpenDocument, converted by LibreOffice and then read as usual.

LibreOffice runs in a folder of its own, which is its profile too, with macros off and nothing fetched from outside.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from core.errors import BadInput
from knowledge.readers import office_wording, wording
from knowledge.readers.errors import EncryptedFile, UnsupportedFormat
from knowledge.reading import Reading

SECONDS = 45.0
"""The longest that one conversion may take."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTRY = 128
_SECTOR = 512
_STREAM = 2
_WORD_MAGIC = 0xA5EC
_WORD_ENCRYPTED = 0x0100
_EXCEL_BEGIN, _EXCEL_PASSWORD = 0x0809, 0x002F
_PROGRAMS = ("soffice", "libreoffice", "/Applications/LibreOffice.app/Contents/MacOS/soffice")
_SETTINGS = (
    ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Writer/Content/Update", "Link", "0"),
    ("Calc/Content/Update", "Link", "2"),
)


class OfficeMissing(BadInput):
    """The file has to be converted, and LibreOffice is not installed."""

    code = "office_missing"
    default = office_wording.OFFICE_MISSING


class OfficeFailed(BadInput):
    """LibreOffice could not convert the file."""

    code = "office_failed"
    default = office_wording.OFFICE_FAILED


@dataclass(frozen=True)
class _Kind:
    """What a file is called for LibreOffice, and what it is converted to."""

    suffix: str
    target: str


_READERS = {"docx": "docx", "xlsx": "sheets"}
_DOC, _XLS = _Kind(".doc", "docx"), _Kind(".xls", "xlsx")


def read(data: bytes) -> Reading:
    """The text of an old Office file.

    Raises OfficeMissing, OfficeFailed, EncryptedFile, UnsupportedFormat, and what the readers of .docx and .xlsx raise.
    """
    kind = _kind(data)
    converted = convert(data, kind.suffix, kind.target)
    reader: Callable[[bytes], Reading] = import_module(f"knowledge.readers.{_READERS[kind.target]}").read
    reading = reader(converted)
    return replace(reading, format="office" if reading.format == "docx" else reading.format)


def convert(data: bytes, suffix: str, target: str) -> bytes:
    """A file in another format (`docx`, `xlsx`), by LibreOffice. Raises OfficeMissing, OfficeFailed."""
    program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise OfficeMissing()
    with tempfile.TemporaryDirectory(prefix="qiban-office-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        source, made = folder / f"source{suffix}", folder / "out" / f"source.{target}"
        source.write_bytes(data)
        _write_profile(folder / "profile")
        _run(program, folder, source, target)
        if not made.is_file() or not made.stat().st_size:
            raise OfficeFailed()
        return made.read_bytes()


def _write_profile(profile: Path) -> None:
    """The settings of a profile in which documents can neither run nor fetch anything."""
    items = "".join(
        f'<item oor:path="/org.openoffice.Office.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value>'
        "</prop></item>"
        for path, name, value in _SETTINGS
    )
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        f'xmlns:xs="http://www.w3.org/2001/XMLSchema">{items}</oor:items>',
        encoding="utf-8",
    )


def _run(program: str, folder: Path, source: Path, target: str) -> None:
    """Let LibreOffice convert; whatever it started is gone afterwards. Raises OfficeFailed."""
    command = [
        program,
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        *("--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"),
        *("--convert-to", target, "--outdir", str(folder / "out"), str(source)),
    ]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={"HOME": str(folder), "TMPDIR": str(folder), "PATH": os.defpath, "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        raise OfficeFailed(office_wording.OFFICE_TIMEOUT) from None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _kind(data: bytes) -> _Kind:
    """By content alone. Raises EncryptedFile, UnsupportedFormat, OfficeFailed (an OLE file with no known document)."""
    if data.startswith(_OLE):
        return _kind_of_ole(data)
    if data.lstrip()[:5] == b"{\\rtf":
        return _Kind(".rtf", "docx")
    if data.startswith(b"PK"):
        is_sheet = b"opendocument.spreadsheet" in data[:200]
        return _Kind(".ods", "xlsx") if is_sheet else _Kind(".odt", "docx")
    return _Kind(".xml", "xlsx" if b'progid="Excel' in data[:4096] else "docx")


def _kind_of_ole(data: bytes) -> _Kind:
    if _entry(data, "EncryptedPackage") is not None:
        raise EncryptedFile()
    if (start := _entry(data, "WordDocument")) is not None:
        if _word_is_encrypted(data, start):
            raise EncryptedFile()
        return _DOC
    for name in ("Workbook", "Book"):
        if (start := _entry(data, name)) is not None:
            if _excel_is_encrypted(data, start):
                raise EncryptedFile()
            return _XLS
    if _entry(data, "PowerPoint Document") is not None:
        raise UnsupportedFormat(wording.SLIDES)
    raise OfficeFailed(office_wording.UNKNOWN_OFFICE)


def _entry(data: bytes, name: str) -> int | None:
    """The offset at which a stream of an OLE file begins, by its entry in the directory; None without one.

    Entries are 128 bytes long and begin at multiples of it ([MS-CFB] 2.6.1): name, its length, kind, first sector.
    """
    wanted = name.encode("utf-16-le") + b"\0\0"
    place = data.find(wanted)
    while place >= 0:
        is_entry = place % _ENTRY == 0 and data[place + 64 : place + 67] == bytes((len(wanted), 0, _STREAM))
        if is_entry:
            return (_number(data, place + 116, 4) + 1) * _sector_size(data)
        place = data.find(wanted, place + 1)
    return None


def _sector_size(data: bytes) -> int:
    return _SECTOR if _number(data, 30, 2) == 9 else 4096


def _word_is_encrypted(data: bytes, start: int) -> bool:
    """The flag in the file information block ([MS-DOC] 2.5.2)."""
    return _number(data, start, 2) == _WORD_MAGIC and bool(_number(data, start + 10, 2) & _WORD_ENCRYPTED)


def _excel_is_encrypted(data: bytes, start: int) -> bool:
    """Whether the record behind the first one is a password's ([MS-XLS] 2.4.117)."""
    behind = start + 4 + _number(data, start + 2, 2)
    return _number(data, start, 2) == _EXCEL_BEGIN and _number(data, behind, 2) == _EXCEL_PASSWORD


def _number(data: bytes, place: int, size: int) -> int:
    return int.from_bytes(data[place : place + size], "little")
