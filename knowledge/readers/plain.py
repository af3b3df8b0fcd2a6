"""Plain text in the encodings that Chinese files come in, found by evidence and decoded strictly."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import cache

from core.text import clean, simplify, squeeze
from knowledge.readers.cleaning import warned
from knowledge.readers.errors import MAX_BYTES, EmptyFile, FileTooLarge, UnreadableFile
from knowledge.reading import Reading

__all__ = ["EmptyFile", "FileTooLarge", "UnreadableFile", "decode", "read", "reading", "without_page_marks"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PUNCTUATION = frozenset("，。、；：？！（）“”‘’《》〈〉〔〕【】—…％·￥①②③④⑤⑥⑦⑧⑨⑩０１２３４５６７８９．\u3000")
_SAMPLE = 20_000
_FEW = 12  # so few characters prove nothing
_PLAINLY = 0.8
_SENSIBLE = 0.4
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_MOST_CONTROLS = 0.2
_PAGE_MARK = re.compile(
    r"[ \t\u3000=\-_—–－*#~·.|]{0,40}"
    r"(?:page[ ]{0,3}[0-9]{1,5}(?:[ ]{0,3}(?:of|/)[ ]{0,3}[0-9]{1,5})?"
    r"|第[ ]{0,3}[0-9〇零一二三四五六七八九十百]{1,6}[ ]{0,3}页[ ,，/]{0,3}(?:共[ ]{0,3}[0-9]{1,5}[ ]{0,3}页)?"
    r"|[0-9]{1,5}(?:[ ]{0,3}/[ ]{0,3}[0-9]{1,5})?)?"
    r"[ \t\u3000=\-_—–－*#~·.|]{0,40}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Decoded:
    """Text without byte-order mark, the encoding it was in, and whether the last character is cut off."""

    text: str
    encoding: str
    cut: bool = False


def read(data: bytes) -> str:
    """The text of a plain text file, without byte-order mark and control characters, with line ends as they are.

    Raises EmptyFile, FileTooLarge, or UnreadableFile (no known encoding, or no text at all).
    """
    if len(data) > MAX_BYTES:
        raise FileTooLarge()
    text = clean(decode(data).text)
    if not squeeze(without_page_marks(text)):
        raise EmptyFile()
    return text


def reading(data: bytes) -> Reading:
    """A plain text file as it is stored; a last character that was cut in two gives the warning `truncated`.

    Raises UnreadableFile.
    """
    decoded = decode(data)
    result = Reading.plain(decoded.text)
    return warned(result, "truncated") if decoded.cut else result


def without_page_marks(text: str) -> str:
    """The text without lines that say nothing but which page it is (===PAGE 3===, -3-, 第3页 共9页)."""
    return "\n".join(line for line in text.splitlines() if not _PAGE_MARK.fullmatch(line))


def decode(data: bytes) -> Decoded:
    """The text of bytes: by its mark, as UTF-8, else as the one that makes most sense of UTF-16, GB18030 and Big5.

    Decoding is strict, but for a last character that is cut in two. Raises UnreadableFile.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(_strict(data[len(mark) :], encoding))
    utf8 = _strict(data, "utf-8")
    if utf8 is not None and "\x00" not in utf8.text:
        return _checked(utf8)
    return _checked(_unmarked_utf16(data) or _chinese(data))


def sense(text: str, *, unproven: float = 0.0) -> float:
    """How much of a text is everyday Chinese, 0.0-1.0, counted on its characters beyond Latin letters.

    Everyday are the 3,755 characters of level 1 of GB 2312, after folding traditional ones to them, and punctuation.
    Read with the right encoding, prose scores over .9, with a wrong one under .3. `unproven` is given back where there
    are too few such characters to tell.
    """
    sample = [char for char in text[:_SAMPLE] if ord(char) > 0x2FF]
    if len(sample) < _FEW:
        return unproven
    folded = simplify("".join(sample))
    return sum(char in _everyday() or char in _PUNCTUATION for char in folded) / len(folded)


@cache
def _everyday() -> frozenset[str]:
    codes = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return frozenset("".join(code.decode("gb2312", errors="ignore") for code in codes))


def _unmarked_utf16(data: bytes) -> Decoded | None:
    read_as = (_strict(data, encoding) for encoding in ("utf-16-le", "utf-16-be"))
    return next((found for found in read_as if found and _is_plain(found.text)), None)


def _is_plain(text: str) -> bool:
    latin_only = text.isascii() and clean(text) == text
    return "\x00" not in text and sense(text, unproven=float(latin_only)) >= _PLAINLY


def _chinese(data: bytes) -> Decoded | None:
    gb = _strict(data, "gb18030")
    if gb is not None and sense(gb.text, unproven=1.0) >= _PLAINLY:
        return gb
    candidates = [found for found in (gb, _strict(data, "big5hkscs")) if found]
    best = max(candidates, key=lambda found: sense(found.text), default=None)
    return best if best is not None and sense(best.text, unproven=1.0) >= _SENSIBLE else None


def _strict(data: bytes, encoding: str) -> Decoded | None:
    """Decoded without any guess; None where the bytes are not of this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(data)
    except UnicodeDecodeError:
        return None
    return Decoded(text, encoding, cut=bool(decoder.getstate()[0]))


def _checked(decoded: Decoded | None) -> Decoded:
    if decoded is None or "\x00" in decoded.text:
        raise UnreadableFile()
    sample = decoded.text[:_SAMPLE]
    if len(_CONTROL.findall(sample)) > _MOST_CONTROLS * len(sample):
        raise UnreadableFile()
    return decoded
