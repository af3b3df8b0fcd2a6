"""Why a file is not taken in: what all readers share. Each says to a person what to do."""

from __future__ import annotations

from core.archive import EncryptedFile, TooManyMembers, TruncatedFile, ZipBomb
from core.errors import BadInput

__all__ = [
    "EmptyFile",
    "EncryptedFile",
    "FileTooLarge",
    "NoText",
    "TextTooLong",
    "TooManyMembers",
    "TruncatedFile",
    "UnreadableFile",
    "UnsupportedFormat",
    "XmlEntity",
    "ZipBomb",
]

MAX_BYTES = 20 * 1024 * 1024
MAX_CHARS = 5_000_000
"""Visible characters of one text."""


class UnreadableFile(BadInput):
    """The file holds no text that can be read."""

    code = "unreadable_file"
    default = "文件读不出文字，请另存为 .docx、.pdf 或 UTF-8 编码的 .txt 后再上传。"


class EmptyFile(BadInput):
    """The file holds nothing but white space and page numbers."""

    code = "empty_file"
    default = "文件里没有文字，请检查是否选对了文件。"


class FileTooLarge(BadInput):
    """The file is larger than the service takes in."""

    code = "file_too_large"
    default = f"文件过大，上限为 {MAX_BYTES // 1024 // 1024} MB。"


class TextTooLong(BadInput):
    """The text is longer than the service takes in."""

    code = "text_too_long"
    default = f"文件文字过多，上限为 {MAX_CHARS // 10_000} 万字，请拆成几份后再上传。"


class NoText(BadInput):
    """The file is a picture."""

    code = "no_text"
    default = "这是图片，没有可读取的文字。请先做文字识别（OCR），或上传 .docx、.pdf 原件。"


class UnsupportedFormat(BadInput):
    """The file is of a known kind that is not read."""

    code = "unsupported_format"
    default = "不支持这种文件，请上传 .docx、.pdf、.txt、.html、.xlsx 或 .csv 文件。"


class XmlEntity(BadInput):
    """A part of the file declares a document type, with which entities can be made to explode."""

    code = "xml_entity"
    default = "文件内部含有不安全的实体声明，没有读取。请用 Word 或 WPS 打开后另存一份再上传。"
