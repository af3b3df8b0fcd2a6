"""Folding of text for comparison: what counts as the same word for search, labels and commands.

Folded text is for comparing only. What a person sees, and every quote, is the original.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Protocol

import opencc

_SPACE = re.compile(r"\s+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _converter(name: str) -> _Converter:
    converter: _Converter = opencc.OpenCC(name)
    return converter


def simplify(text: str) -> str:
    """Traditional characters to simplified ones, and Taiwan's words to ours (軟體 -> 软件).

    Simplified text comes back unchanged: the word table is used only where a traditional character stands.
    """
    simplified = _converter("t2s").convert(text)
    return simplified if simplified == text else _converter("tw2sp").convert(text)


def clean(text: str) -> str:
    """The text without NUL, other control characters, lone surrogates, zero-width and direction marks.

    What is left can be stored in any database and sent over any channel. Tabs and line ends stay.
    """
    return _CONTROL.sub("", text)


def fold(text: str) -> str:
    """Fold to one form: NFKC, traditional to simplified characters, lower case, white space to single blanks."""
    normal = unicodedata.normalize("NFKC", clean(text))
    return _SPACE.sub(" ", simplify(normal).lower()).strip()


def squeeze(text: str) -> str:
    """The text without any white space: what coverage and sameness of content are counted on."""
    return _SPACE.sub("", text)
