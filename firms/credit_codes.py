"""Unified social credit codes (GB 32100-2015), and numbers of identity cards (GB 11643) that stand in their place."""

from __future__ import annotations

import re
import unicodedata

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from core.text import clean

LENGTH = 18
_ALPHABET = frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY")
_SHAPE = re.compile(r"[0-9A-Z]{18}")
_IDENTITY_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_BORN = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_BLANKS = re.compile(r"[\s-]+")


def normalise(text: str) -> str:
    """One width, upper case, no white space or hyphens."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", clean(text))).upper()


def has_shape(code: str) -> bool:
    """Whether a normalised code is 18 digits and Latin letters."""
    return _SHAPE.fullmatch(code) is not None


def is_valid(code: str) -> bool:
    """Whether a normalised code has only characters that codes have, and the right check character."""
    return len(code) == LENGTH and set(code) <= _ALPHABET and code[-1] == uscc.calc_check_digit(code[:-1])


def is_identity_number(code: str) -> bool:
    """Whether a normalised code looks like the number of a person's identity card.

    That is one with a day of birth in its place, or with that standard's check character and not the one of a credit
    code. One that begins with 9, as firms' codes do, needs both and must be no right credit code (foreigners' cards).
    """
    if _IDENTITY_SHAPE.fullmatch(code) is None:
        return False
    born = code[0] != "0" and _BORN.fullmatch(code[6:14]) is not None
    checked = mod_11_2.is_valid(code) and not is_valid(code)
    return (born and checked) if code[0] == "9" else (born or checked)
