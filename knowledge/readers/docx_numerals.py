"""The number formats of automatic numbering (ECMA-376 part 1, 17.18.59 ST_NumberFormat) as Word prints them.

Formats of scripts that Chinese documents do not use (Hebrew, Thai, Korean syllables ...) are printed as decimals.
"""

from __future__ import annotations

from collections.abc import Callable

Print = Callable[[int], str]

_MOST_LETTERS = 64  # a start of two thousand million must not become a label of 80 MB
_LARGEST_ROMAN = 3999
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
    (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_PLAIN = "零一二三四五六七八九十百千万"
_TRADITIONAL = "零一二三四五六七八九十百千萬"
_LEGAL = "零壹贰叁肆伍陆柒捌玖拾佰仟万"
_LEGAL_TRADITIONAL = "零壹貳參肆伍陸柒捌玖拾佰仟萬"
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_DIGITAL = str.maketrans("0123456789", "〇一二三四五六七八九")


def printed(number: int, number_format: str) -> str:
    """A number in one of Word's formats; empty for `none` and `bullet`, in decimals for an unknown format.

    Formats without a form for 0 or for large numbers fall back to decimals, as Word does.
    """
    return _FORMATS.get(number_format, str)(number)


def _from_block(number: int, first: str, count: int) -> str:
    return chr(ord(first) + number - 1) if 1 <= number <= count else str(number)


def _letters(number: int, first: str) -> str:
    """A ... Z, then AA, BB ... (the letter repeated, not as in a spreadsheet)."""
    if number < 1:
        return str(number)
    return chr(ord(first) + (number - 1) % 26) * min(1 + (number - 1) // 26, _MOST_LETTERS)


def _roman(number: int) -> str:
    if not 1 <= number <= _LARGEST_ROMAN:
        return str(number)
    text = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        text += letters * count
    return text


def _ordinal(number: int) -> str:
    teens = 11 <= number % 100 <= 13
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _counted(number: int, signs: str) -> str:
    """一 ... 十, 十一 ... 一百零一 ... with these signs; decimals from 100,000,000 on and below 1."""
    if not 1 <= number < 10**8:
        return str(number)
    upper, lower = divmod(number, 10_000)
    text = _counted(upper, signs) + signs[13] if upper else ""
    if not lower:
        return text
    return text + (signs[0] if text and lower < 1000 else "") + _below_ten_thousand(lower, signs, leading=not text)


def _below_ten_thousand(number: int, signs: str, *, leading: bool) -> str:
    text, gap = "", False
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if digit == 0:
            gap = gap or bool(text)
            continue
        text += signs[0] if gap else ""
        bare = power == 1 and digit == 1 and not text and leading
        text += ("" if bare else signs[digit]) + (signs[9 + power] if power else "")
        gap = False
    return text


def _cycled(number: int, signs: str) -> str:
    return signs[(number - 1) % len(signs)] if number >= 1 else str(number)


def _sexagenary(number: int) -> str:
    return _cycled(number, _STEMS) + _cycled(number, _BRANCHES) if number >= 1 else str(number)


def _nothing(number: int) -> str:
    return ""


_FORMATS: dict[str, Print] = {
    "none": _nothing,
    "bullet": _nothing,
    "decimalZero": lambda number: f"{number:02d}",
    "decimalFullWidth": lambda number: str(number).translate(_FULL_WIDTH),
    "decimalFullWidth2": lambda number: str(number).translate(_FULL_WIDTH),
    "decimalEnclosedCircle": lambda number: _from_block(number, "①", 20),
    "decimalEnclosedCircleChinese": lambda number: _from_block(number, "①", 20),
    "decimalEnclosedFullstop": lambda number: _from_block(number, "⒈", 20),
    "decimalEnclosedParen": lambda number: _from_block(number, "⑴", 20),
    "ideographEnclosedCircle": lambda number: _from_block(number, "㈠", 10),
    "numberInDash": lambda number: f"- {number} -",
    "hex": lambda number: f"{number:X}",
    "ordinal": _ordinal,
    "upperRoman": _roman,
    "lowerRoman": lambda number: _roman(number).lower(),
    "upperLetter": lambda number: _letters(number, "A"),
    "lowerLetter": lambda number: _letters(number, "a"),
    "ideographDigital": lambda number: str(number).translate(_DIGITAL),
    "taiwaneseDigital": lambda number: str(number).translate(_DIGITAL),
    "japaneseDigitalTenThousand": lambda number: str(number).translate(_DIGITAL),
    "chineseCounting": lambda number: _counted(number, _PLAIN),
    "chineseCountingThousand": lambda number: _counted(number, _PLAIN),
    "japaneseCounting": lambda number: _counted(number, _PLAIN),
    "taiwaneseCounting": lambda number: _counted(number, _TRADITIONAL),
    "taiwaneseCountingThousand": lambda number: _counted(number, _TRADITIONAL),
    "chineseLegalSimplified": lambda number: _counted(number, _LEGAL),
    "ideographLegalTraditional": lambda number: _counted(number, _LEGAL_TRADITIONAL),
    "ideographTraditional": lambda number: _cycled(number, _STEMS),
    "ideographZodiac": lambda number: _cycled(number, _BRANCHES),
    "ideographZodiacTraditional": _sexagenary,
}
