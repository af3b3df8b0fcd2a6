"""Plain text: UTF-8, UTF-16 with a byte-order mark, GB18030."""

from __future__ import annotations

import codecs

from core.errors import BadInput
from core.text import squeeze

MAX_BYTES = 20 * 1024 * 1024


class UnreadableFile(BadInput):
    """The file holds no text that can be read."""

    code = "unreadable_file"
    default = "文件读不出文字，请另存为 UTF-8 编码的 .txt 后再上传。"


class EmptyFile(BadInput):
    """The file holds nothing but white space."""

    code = "empty_file"
    default = "文件里没有文字，请检查是否选对了文件。"


class FileTooLarge(BadInput):
    """The file is larger than the service takes in."""

    code = "file_too_large"
    default = f"文件过大，上限为 {MAX_BYTES // 1024 // 1024} MB。"


_OTHER_FORMATS = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff", b"{\\rtf", b"\x1f\x8b")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def read(data: bytes) -> str:
    """The text of a plain text file, without byte-order mark, with line ends as they are.

    Raises EmptyFile, FileTooLarge, or UnreadableFile (another format, no known encoding).
    """
    if len(data) > MAX_BYTES:
        raise FileTooLarge()
    if data.startswith(_OTHER_FORMATS):
        raise UnreadableFile("目前只能读取纯文本（.txt、.md）。请将 Word、PDF 等文件另存为 .txt 后再上传。")
    text = _decode(data)
    if "\x00" in text:
        raise UnreadableFile()
    if not squeeze(text):
        raise EmptyFile()
    return text


def _decode(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _strict(data, "gb18030")


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFile() from error
