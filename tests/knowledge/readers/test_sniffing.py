"""What a file is follows from its content; its name is only compared."""

from __future__ import annotations

import io
import zipfile

import pytest

from core.errors import QibanError
from knowledge.readers.errors import NoText, UnreadableFile, UnsupportedFormat
from knowledge.readers.sniffing import Kind, disagrees, kind_of

MAIN = "application/vnd.openxmlformats-officedocument."


def package(main: str, **members: bytes) -> bytes:
    """An Office package whose main part is of a content type."""
    types = f'<Types><Override PartName="/part.xml" ContentType="{main}"/></Types>'
    return packed({"[Content_Types].xml": types.encode(), **members})


def packed(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n...", "pdf"),
        (b"\r\n junk before \x00\x01 %PDF-1.4\n", "pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "office"),
        (b"{\\rtf1\\ansi\\ansicpg936 }", "office"),
        (package(MAIN + "wordprocessingml.document.main+xml"), "docx"),
        (package("application/vnd.ms-word.document.macroEnabled.main+xml"), "docx"),
        (package(MAIN + "spreadsheetml.sheet.main+xml"), "xlsx"),
        (packed({"mimetype": b"application/vnd.oasis.opendocument.text"}), "office"),
        ("<!DOCTYPE html><p>云岭市".encode(), "html"),
        ("\ufeff<HTML><BODY>云岭市</BODY></HTML>".encode(), "html"),
        ("<html><p>云岭市奖励办法，%PDF-1.4 是一种格式</p></html>".encode("gb18030"), "html"),
        ("<div><p>第一条</p><p>第二条</p></div>".encode(), "html"),
        ('<?xml version="1.0"?><!DOCTYPE html><html xmlns="x"><body>甲</body></html>'.encode(), "html"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x--", "mhtml"),
        ("# 云岭市奖励办法\n\n一、条件".encode(), "markdown"),
        ("类别 | 标准\n--- | ---\n甲 | 20\n".encode(), "markdown"),
        ("名称,金额,备注\n甲,20,无\n乙,10,无\n".encode("gb18030"), "csv"),
        ("名称\t金额\n甲\t20\n".encode(), "csv"),
        ('问题,答案\n多少？,"20万元。\n另有说明，见附件。"\n何时？,3月。\n'.encode(), "csv"),
        ("第一条 企业应当按时申报，逾期不候。\n第二条 奖励20万元，一次拨付。\n".encode(), "text"),
        ("条件为营业收入<800万元, 且>500万元\n甲, 乙\n".encode(), "text"),
        ("第一条 见 <20万元> 及 <b> 类\n".encode("utf-16"), "text"),
    ],
)
def test_the_kind_follows_from_the_content(data: bytes, kind: Kind) -> None:
    assert kind_of(data) == kind


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, NoText, "OCR"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 50, NoText, "OCR"),
        (b"\x1f\x8b\x08\x00", UnsupportedFormat, "解压"),
        (b"Rar!\x1a\x07\x01\x00", UnsupportedFormat, "解压"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", UnsupportedFormat, "解压"),
        (packed({"notes.txt": b"x"}), UnsupportedFormat, "docx"),
        (packed({"OFD.xml": b"<x/>"}), UnsupportedFormat, "OFD"),
        (package(MAIN + "presentationml.presentation.main+xml"), UnsupportedFormat, "演示"),
        (package("application/vnd.ms-excel.sheet.binary.macroEnabled.main"), UnsupportedFormat, "xlsb"),
        (packed({"mimetype": b"application/epub+zip"}), UnsupportedFormat, "电子书"),
        (b'<?xml version="1.0"?><data><row/></data>', UnsupportedFormat, "XML"),
        (b"\x00\x01\x02\x03" * 30, UnreadableFile, "另存"),
    ],
)
def test_what_is_not_read_is_named(data: bytes, error: type[QibanError], says: str) -> None:
    with pytest.raises(error, match=says):
        kind_of(data)


@pytest.mark.parametrize(
    ("name", "kind", "wrong"),
    [
        ("通知.pdf", "html", True),
        ("通知.DOCX", "docx", False),
        ("通知.txt", "docx", True),
        ("通知.docx", "office", True),
        ("通知.doc", "docx", True),
        ("通知.wps", "office", False),
        ("通知.md", "text", False),
        ("通知", "pdf", False),
        ("", "pdf", False),
        ("通知.2025", "pdf", False),
    ],
)
def test_only_a_known_extension_can_disagree(name: str, kind: Kind, wrong: bool) -> None:
    assert disagrees(name, kind) is wrong
