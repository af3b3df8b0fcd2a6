"""Whether a text hands in a claim code, and which one. Pure.

People type codes full-width, in small letters, with words before them or as a message of their own.
"""

from __future__ import annotations

import re
import unicodedata

from conversation import partner_wording as wording
from core.text import clean, simplify
from firms import claims

_WORDS = re.compile(wording.CLAIM_WORDS, re.IGNORECASE)
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_TYPED = re.compile(r"(?=.*\d)(?=.{4,24}$)[0-9A-Za-z]+(?:[\s_-]+[0-9A-Za-z]+)?")
_ALONE = re.compile(r"[0-9A-Za-z]{5}(?P<between>[\s_-]*)[0-9A-Za-z]{5}")
_INSIDE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{5}\s?-?\s?[0-9A-Za-z]{5}(?![0-9A-Za-z])")
_ABOUT = re.compile(wording.CLAIM_ABOUT)
_LONGEST = 200
_DASHES = re.compile("[‐-―−]+")


def claim_code(text: str) -> str | None:
    """The code that a text hands in, a wrong one too when the text says that it is one; None for anything else."""
    normal = _DASHES.sub("-", unicodedata.normalize("NFKC", clean(simplify(text)))).strip()
    if len(normal) > _LONGEST:
        return None
    if said := _WORDS.match(normal):
        rest = _EDGES.sub("", normal[said.end() :])
        if claims.read(rest) or _TYPED.fullmatch(rest):
            return rest
    if (inside := _INSIDE.search(normal)) and _ABOUT.search(normal) and any(c.isdigit() for c in inside[0]):
        return inside[0]
    bare = _EDGES.sub("", normal)
    alone = _ALONE.fullmatch(bare)
    if alone is None or claims.read(bare) is None:
        return None
    letters, digits = any(c.isalpha() for c in bare), any(c.isdigit() for c in bare)
    return bare if letters and (digits or "-" in alone["between"]) else None
