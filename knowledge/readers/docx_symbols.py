"""Characters of Word's symbol fonts, whose codes say nothing without the font: to Unicode."""

from __future__ import annotations

_SYMBOL = {
    0x22: "∀", 0x24: "∃", 0x27: "∋", 0x2D: "−", 0x40: "≅", 0x5C: "∴", 0x5E: "⊥", 0xA3: "≤", 0xA5: "∞", 0xAB: "↔",
    0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB3: "≥", 0xB4: "×", 0xB5: "∝", 0xB6: "∂",
    0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xBC: "…", 0xC4: "⊗", 0xC5: "⊕", 0xC7: "∩", 0xC8: "∪",
    0xCC: "⊂", 0xCD: "⊆", 0xCE: "∈", 0xCF: "∉", 0xD0: "∠", 0xD1: "∇", 0xD5: "∏", 0xD6: "√", 0xD7: "⋅", 0xDE: "⇒",
    0xE5: "∑", 0xF2: "∫",
}  # fmt: skip
_UNCHANGED = {ord(char): char for char in "0123456789 !#%&()+,./:;<=>?[]_{|}"}
_GREEK = dict(
    zip(
        (*range(0x41, 0x5B), *range(0x61, 0x7B)),
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ",
        strict=True,
    )
)
_WINGDINGS = {
    0x6C: "●", 0x6D: "❍", 0x6E: "■", 0x6F: "□", 0x70: "□", 0x71: "❑", 0x72: "❒", 0x74: "⧫", 0x75: "◆", 0x76: "❖",
    0x77: "⬥", 0x9E: "·", 0x9F: "•", 0xA1: "○", 0xA4: "◉", 0xA7: "▪", 0xA8: "□", 0xAB: "★", 0xD8: "➢", 0xE0: "→",
    0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
    **{0x81 + place: chr(0x2460 + place) for place in range(10)},
    **{0x8C + place: chr(0x2776 + place) for place in range(10)},
}  # fmt: skip
_WINGDINGS_2 = {
    0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x98: "•", 0xA3: "□",
    **{0x6A + place: chr(0x2460 + place) for place in range(10)},
    **{0x75 + place: chr(0x2776 + place) for place in range(10)},
}  # fmt: skip
_FONTS = {"symbol": {**_UNCHANGED, **_GREEK, **_SYMBOL}, "wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2}


def decoded(code: int, font: str | None) -> str | None:
    """The Unicode character that a symbol font shows for a code (with or without its offset of F000).

    None where it is not known; a code outside the private area in an ordinary font is itself.
    """
    table = _FONTS.get((font or "").lower())
    if table is not None:
        return table.get(code - 0xF000 if 0xF000 <= code <= 0xF0FF else code)
    printable = 0x20 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF and not 0xE000 <= code <= 0xF8FF
    return chr(code) if printable else None


def is_symbol_font(font: str | None) -> bool:
    """Whether a font shows other characters than the codes of its text say."""
    return (font or "").lower() in _FONTS
