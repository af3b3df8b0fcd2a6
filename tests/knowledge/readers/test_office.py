"""Old Office formats are converted and then read like new ones; what cannot be is said clearly."""

from __future__ import annotations

import io
import random
import shutil
import stat
import struct
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import gettempdir

import pytest

from core.errors import BadInput
from knowledge.isolation import read_now
from knowledge.readers import docx, office
from knowledge.readers.errors import EncryptedFile, UnsupportedFormat
from tests.conftest import REQUIRED
from tests.firms.files import xlsx_bytes
from tests.knowledge.readers.docx_writing import abstract, level, num, override, p, row, table
from tests.knowledge.readers.docx_writing import docx as word_file

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.fixture(scope="session")
def libreoffice() -> str:
    """LibreOffice's program; where it is not installed the test is left out, unless QIBAN_REQUIRE names `office`."""
    if (program := shutil.which("soffice") or shutil.which("libreoffice")) is None:
        message = "LibreOffice is not installed: conversion of old formats is left out"
        if "office" in REQUIRED:
            pytest.fail(message)
        pytest.skip(message)
    return program


def ole(*entries: tuple[str, bytes]) -> bytes:
    """An OLE file as far as recognising it goes: a header, a directory sector, and the streams' first sectors."""
    header = (OLE + bytes(22) + struct.pack("<H", 9)).ljust(512, b"\0")
    directory, streams = b"", b""
    for place, (name, content) in enumerate(entries, start=1):
        encoded = name.encode("utf-16-le") + b"\0\0"
        entry = encoded.ljust(64, b"\0") + struct.pack("<HB", len(encoded), 2)
        directory += entry.ljust(116, b"\0") + struct.pack("<I", place) + bytes(8)
        streams += content.ljust(512, b"\0")
    return header + directory.ljust(512, b"\0") + streams


WORD = struct.pack("<HHHHHH", 0xA5EC, 193, 0, 0, 0, 0)
WORD_ENCRYPTED = struct.pack("<HHHHHH", 0xA5EC, 193, 0, 0, 0, 0x0100)
EXCEL = struct.pack("<HH", 0x0809, 4) + bytes(4)


@pytest.mark.parametrize(
    "data",
    [
        ole(("EncryptedPackage", b"")),
        ole(("1Table", b""), ("WordDocument", WORD_ENCRYPTED)),
        ole(("Workbook", EXCEL + struct.pack("<HH", 0x002F, 2))),
    ],
)
def test_files_with_a_password_are_refused_as_such(data: bytes) -> None:
    with pytest.raises(EncryptedFile):
        office.read(data)


def test_the_word_for_encryption_in_the_text_encrypts_nothing() -> None:
    data = ole(("WordDocument", WORD + "EncryptedPackage".encode("utf-16-le")))
    with pytest.raises(BadInput) as caught:
        office.read(data)
    assert caught.value.code != "encrypted"


def test_slides_and_unknown_files_are_told_apart_from_documents() -> None:
    with pytest.raises(UnsupportedFormat):
        office.read(ole(("PowerPoint Document", b"")))
    with pytest.raises(office.OfficeFailed, match=r"另存为 \.docx"):
        office.read(OLE + bytes(2040))


def test_without_libreoffice_the_message_says_so_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office.shutil, "which", lambda name: None)
    for data in (ole(("WordDocument", WORD)), ole(("Workbook", EXCEL)), b"{\\rtf1 a}"):
        with pytest.raises(office.OfficeMissing, match=r"LibreOffice.*另存为 \.docx"):
            office.read(data)


def test_a_conversion_that_takes_too_long_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / "started"
    program = tmp_path / "soffice"
    program.write_text(f"#!/bin/sh\nsleep 300 &\necho $! > {started}\nwait\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(office.shutil, "which", lambda name: str(program))
    monkeypatch.setattr(office, "SECONDS", 1.0)
    with pytest.raises(office.OfficeFailed, match="超时"):
        office.read(b"{\\rtf1 a}")
    child = Path(f"/proc/{started.read_text().strip()}/stat")
    for _ in range(50):
        if not child.exists() or child.read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("what LibreOffice started is still running")


def test_a_program_that_makes_nothing_is_a_clear_error_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(Path(gettempdir()).glob("qiban-office-*"))
    monkeypatch.setattr(office.shutil, "which", lambda name: "/bin/true")
    with pytest.raises(office.OfficeFailed, match=r"另存为 \.docx"):
        office.read(b"{\\rtf1 a}")
    assert set(Path(gettempdir()).glob("qiban-office-*")) <= before


# --- with LibreOffice ------------------------------------------------------------------------------------------------

NUMBERING = abstract(0, level(0, "%1、", "chineseCounting"), level(1, "（%2）", "chineseCounting"), level(2, "%3."))
BODY = (
    "".join(
        p(words, num=("1", place))
        for words, place in (("条件", 0), ("基本", 1), ("注册。", 2), ("收入。", 2), ("奖励", 0))
    )
    + p("表1 奖励标准（单位：万元）")
    + table(row("类别", "金额"), row("甲", "100"), properties='<w:tblW w:w="5000" w:type="dxa"/>').replace(
        "<w:tblGrid/>", '<w:tblGrid><w:gridCol w:w="2500"/><w:gridCol w:w="2500"/></w:tblGrid>'
    )
    + p("末段。")
)
TEXT = "一、条件\n（一）基本\n1.注册。\n2.收入。\n二、奖励\n表1 奖励标准（单位：万元）\n类别 | 金额\n甲 | 100\n末段。\n"


@pytest.mark.parametrize("target", ["doc", "odt"])
def test_numbers_and_tables_of_an_old_file_stay(libreoffice: str, target: str) -> None:
    old = office.convert(word_file(BODY, numbering=NUMBERING + num(1, 0)), ".docx", target)
    reading = office.read(old)
    assert (reading.text, reading.format) == (TEXT, "office")
    assert reading.tables[0].caption == "表1 奖励标准（单位：万元）"


def test_rich_text_is_read_with_its_automatic_numbers(libreoffice: str) -> None:
    text = (
        rb"{\rtf1\ansi\ansicpg936\deff0{\fonttbl{\f0\fnil\fcharset134 SimSun;}}{\*\listtable{\list\listtemplateid1"
        rb"{\listlevel\levelnfc39\levelnfcn39\leveljc0\levelfollow2\levelstartat1{\leveltext\'02\'00\'a1\'a2;}"
        rb"{\levelnumbers\'01;}\f0}{\listname ;}\listid1}}{\*\listoverridetable{\listoverride\listid1"
        rb"\listoverridecount0\ls1}}\pard\ls1\ilvl0\f0 \'c9\'ea\'b1\'a8\'cc\'f5\'bc\'fe\par"
        rb"\pard\ls1\ilvl0\f0 \'d6\'a7\'b3\'d6\par}"
    )
    assert office.read(text).text == "一、申报条件\n二、支持\n"


def test_an_old_workbook_is_read_as_tables(libreoffice: str) -> None:
    old = office.convert(xlsx_bytes([["类别", "金额"], ["甲", 100], ["乙", 0.5]]), ".xlsx", "xls")
    reading = office.read(old)
    assert reading.format == "table"
    assert [line.cells for line in reading.tables[0].rows] == [("甲", "100"), ("乙", "0.5")]


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """The address of a server of this test's own, and the paths that it is asked for."""
    paths: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()


def _open_document(picture: str) -> bytes:
    """An OpenDocument text with a picture that is linked, not stored."""
    family = "urn:oasis:names:tc:opendocument:xmlns"
    names = {"office": "office:1.0", "text": "text:1.0", "draw": "drawing:1.0", "svg": "svg-compatible:1.0"}
    declared = "".join(f' xmlns:{prefix}="{family}:{name}"' for prefix, name in names.items())
    content = (
        f'<office:document-content{declared} xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2">'
        '<office:body><office:text><text:p>正文<draw:frame svg:width="3cm" svg:height="3cm">'
        f'<draw:image xlink:href="{picture}"/></draw:frame></text:p></office:text></office:body>'
        "</office:document-content>"
    )
    entries = "".join(
        f'<m:file-entry m:full-path="{path}" m:media-type="{kind}"/>'
        for path, kind in (("/", "application/vnd.oasis.opendocument.text"), ("content.xml", "text/xml"))
    )
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{family}:manifest:1.0">{entries}</m:manifest>')
    return stored.getvalue()


def test_conversion_fits_the_limits_of_the_process_that_reads(libreoffice: str) -> None:
    assert "正文" in read_now(_open_document("http://127.0.0.1:9/a.png"), "a.odt").text


def test_a_document_fetches_nothing(libreoffice: str, asked: tuple[str, list[str]]) -> None:
    address, paths = asked
    assert "正文" in office.read(_open_document(f"{address}/picture.png")).text
    assert paths == []


# --- the same numbers as LibreOffice ---------------------------------------------------------------------------------

FORMATS = (
    "decimal",
    "chineseCounting",
    "chineseCountingThousand",
    "upperLetter",
    "lowerRoman",
    "decimalEnclosedCircle",
)
DOCUMENTS = 60


def _random_document(chance: random.Random) -> bytes:
    """Paragraphs on lists that share definitions, some of which start anew; levels deepen by any number."""
    definitions = "".join(
        abstract(
            identity,
            *(
                level(
                    place,
                    "".join(f"%{above + 1}." for above in range(chance.randrange(place + 1), place + 1)),
                    chance.choice(FORMATS),
                    start=chance.choice((1, 1, 1, 2, 5)),
                )
                for place in range(4)
            ),
        )
        for identity in range(2)
    )
    lists = num(1, 0) + num(2, 1) + num(3, 0) + num(4, 1, override(0, chance.randint(1, 9)))
    places = [(chance.choice("1123"), chance.randrange(4)) for _ in range(40)]
    places.insert(chance.randrange(20), ("4", 0))
    return word_file("".join(p("文", num=place) for place in places), numbering=definitions + lists)


@pytest.mark.long
def test_generated_numberings_come_out_as_libreoffice_prints_them(libreoffice: str, tmp_path: Path) -> None:
    """Without `lvlRestart` and overrides below level 1, which LibreOffice leaves out."""
    chance = random.Random(6)
    for number in range(DOCUMENTS):
        (tmp_path / f"{number}.docx").write_bytes(_random_document(chance))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    files = sorted(tmp_path.glob("*.docx"))
    text = "txt:Text (encoded):UTF8"
    subprocess.run(
        [
            libreoffice,
            profile,
            "--headless",
            "--convert-to",
            text,
            "--outdir",
            str(tmp_path),
            *files,
        ],
        check=True,
        capture_output=True,
        timeout=240,
    )
    for made in sorted(tmp_path.glob("*.docx")):
        printed = made.with_suffix(".txt").read_text("utf-8-sig").splitlines()
        ours = docx.read(made.read_bytes()).text.splitlines()
        assert ["".join(line.split()) for line in ours] == ["".join(line.split()) for line in printed]
