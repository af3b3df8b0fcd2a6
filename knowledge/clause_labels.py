"""Labels of clauses: what a line may begin with, of which kind it is, its number, and its form in a path.

What a line's own characters cannot tell is left open here: `Label.needs` says what the text around it has to show
before it counts (see `knowledge.clause_tree` and `knowledge.clause_lines`). All patterns are bounded, so that a line of
any length costs the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from core.text import simplify

Kind = Literal[
    "front",
    "back",
    "annex",
    "part",
    "chapter",
    "section",
    "article",
    "paragraph",
    "cn",
    "cn_paren",
    "num",
    "decimal",
    "num_paren",
    "num_close",
    "circled",
    "roman",
    "letter",
    "passage",
    "table",
    "row",
]
Needs = Literal["nothing", "series", "decimals"]

RANK: dict[Kind, int] = {
    "front": 0, "back": 0, "annex": 0, "part": 1, "chapter": 2, "section": 3, "cn": 4, "article": 5, "paragraph": 6,
    "cn_paren": 7, "roman": 8, "num": 9, "decimal": 10, "num_paren": 11, "num_close": 12, "circled": 13, "letter": 14,
    "passage": 15, "table": 16, "row": 17,
}  # fmt: skip
"""How deep a kind of label usually stands. Used only where the document itself does not tell."""
SPACED: frozenset[Kind] = frozenset({"annex", "part", "chapter", "section"})
"""Kinds above 条: set off by a blank in a path."""
NEVER_INSIDE: frozenset[Kind] = frozenset({"annex", "part", "chapter", "section", "article"})
"""Kinds that do not begin a list inside a clause of a lower kind."""

BLANK = "[ \\t\u00a0\u2002-\u200a\u3000]*"
DIGITS = "0-9０-９"
NUMERALS = "零一二三四五六七八九十百"

_GAP = "[ \\t\u00a0\u3000]{1,9}"
_COUNT = rf"{BLANK}(?P<n>(?:[〇{NUMERALS}][ \u3000]?){{1,9}}|[{DIGITS}]{{1,4}}){BLANK}"
_CN = rf"(?P<n>[{NUMERALS}]{{1,5}}){BLANK}"
_NUM = rf"(?P<n>[{DIGITS}]{{1,3}}){BLANK}"
_SMALL = rf"(?P<n>[{DIGITS}]{{1,2}})"
_DECIMAL = rf"(?P<n>[{DIGITS}]{{1,2}}(?:[.．][{DIGITS}]{{1,2}}){{1,4}})[.．、]?"
_STOP = "[、．.﹑､]"
_OPEN, _CLOSE = rf"[(（]{BLANK}", "[)）]"
_ANNEX = rf"附{BLANK}[件表录錄]{BLANK}"
_ANNEX_NUMBER = rf"[{DIGITS}]{{1,3}}(?:[-－—][{DIGITS}]{{1,2}})?|[{NUMERALS}]{{1,3}}|[A-Z]"
_CIRCLED = "[①-⑳㉑-㉟㊱-㊿❶-❿]"
_HEADING = r"(?=[^。；;\n]{0,60}$)"  # the rest of the line is a title

_ITEM_WORD = (
    "(?:[项項](?!目)|款(?![项項式])|目(?![标標的录錄前]))"  # （二）项 speaks of an item, （二）项目申报 begins one
)
# What follows a clause's number where the text speaks of that clause instead of beginning it.
_SPOKEN_OF = (
    '[规規]定|所[列称述指涉规]|的|中[的所规第，“"]|[和与及或至到](?:者|其)?第|以及第|之规定|[、，,。；;）)》]|第'
    f"|[（(][^（）()]{{1,4}}[)）]{BLANK}{_ITEM_WORD}"
)
_CHANGED = f'{BLANK}(?:修改[为為]|改[为為]|调整为|調整為|修订为|修訂為|[删刪]去|[删刪]除|中[“"]|予以废止)'
_NO_CLAUSE = f"(?!{_SPOKEN_OF})"
_NO_ITEM = f"(?!{BLANK}{_ITEM_WORD})"
_AND = f"{BLANK}[、和至及或与到—–~-]"
_ITEM = f"{BLANK}[(（]{BLANK}[{NUMERALS}{DIGITS}]{{1,5}}{BLANK}[)）]"
_NO_ITEMS = f"{_NO_ITEM}(?!{_AND}{_ITEM}|{_ITEM}{BLANK}(?:[、和至及或与]|{_ITEM_WORD}))"

# What follows a figure of the text: 2.5 万元, 3.0版. With a blank before it fewer characters are clear.
_UNIT = (
    "[%％‰倍万亿元版折米吨亩月日天℃]|个百分点|个月|百万|千万|平方|公里|公顷|公斤|千克|千瓦|年(?!度)|小时|分钟|人次"
    "|(?:km|kg|mm|cm|kw|m|t|h)(?![a-zA-Z])"
)
_NO_UNIT = f"(?!{BLANK}(?:{_UNIT}))"
_NO_UNIT_TIGHT = f"(?!{_UNIT}|[个项家号级度点分成条次])"
_YEAR = "(?:19|20|１９|２０)[0-9０-９]{2}年"

_PATTERNS: tuple[tuple[Kind, Needs, str], ...] = (
    ("annex", "nothing", rf"{_ANNEX}(?P<n>{_ANNEX_NUMBER}|){BLANK}(?:[:：]|$)"),
    (
        "annex",
        "nothing",
        rf"{_ANNEX}(?P<n>{_ANNEX_NUMBER})(?![{DIGITS}{NUMERALS}A-Z])"
        rf"(?!{BLANK}(?:{_SPOKEN_OF}|要求|内|为))(?=[^。；;\n]{{1,50}}$)",
    ),
    ("part", "nothing", rf"第{_COUNT}(?:[编編]|篇|部{BLANK}分){_NO_CLAUSE}{_HEADING}"),
    ("chapter", "nothing", rf"第{_COUNT}章{_NO_CLAUSE}"),
    ("section", "nothing", rf"第{_COUNT}[节節]{_NO_CLAUSE}(?![课課]){_HEADING}"),
    (
        "article",
        "nothing",
        rf"第{_COUNT}[条條](?P<more>之{BLANK}[{NUMERALS}]{{1,3}})?(?![件款例目文])(?!{_CHANGED}){_NO_CLAUSE}",
    ),
    ("paragraph", "nothing", rf"第{_COUNT}款(?=[ \t\u3000:：])(?!{_CHANGED})"),
    ("cn_paren", "nothing", rf"{_OPEN}{_CN}{_CLOSE}{_NO_ITEMS}"),
    ("cn_paren", "nothing", rf"(?P<n>[㈠-㈩]){_NO_ITEM}"),
    ("cn", "nothing", rf"{_CN}{_STOP}(?![{NUMERALS}]{{1,5}}、)"),
    ("num_paren", "nothing", rf"{_OPEN}{_NUM}{_CLOSE}{_NO_ITEMS}"),
    ("num_paren", "nothing", rf"(?P<n>[⑴-⒇]){_NO_ITEM}"),
    ("circled", "nothing", rf"(?P<n>{_CIRCLED}){_NO_ITEM}(?!(?:{_AND})?{_CIRCLED})"),
    ("num", "nothing", rf"(?P<n>[⒈-⒛])(?![{DIGITS}])"),
    ("decimal", "nothing", rf"{_DECIMAL}(?={_GAP}[^\s{DIGITS}]){_NO_UNIT}"),
    ("decimal", "series", rf"{_DECIMAL}(?={_GAP}[{DIGITS}])"),
    ("decimal", "series", rf"{_DECIMAL}(?=[^\s{DIGITS}.．,，、:：/~～—–-]){_NO_UNIT_TIGHT}"),
    ("num", "nothing", rf"{_NUM}{_STOP}(?![{DIGITS}])"),
    ("num", "series", rf"{_SMALL}(?:{_STOP}(?={_YEAR})|、(?=[{DIGITS}]{{2}})(?![{DIGITS}]{{1,9}}[、级类]))"),
    ("num_close", "series", rf"{_SMALL}{BLANK}{_CLOSE}"),
    ("num", "decimals", rf"{_SMALL}{_GAP}(?=[^\s{DIGITS}]){_NO_UNIT}(?=[^。；;，,\n]{{1,40}}$)"),
    ("roman", "nothing", rf"(?P<n>[Ⅰ-Ⅻⅰ-ⅻ]){BLANK}[、．.:：)）]"),
    ("roman", "series", r"(?P<n>[IVX]{1,4})[、．.](?![a-zA-Z])"),
    ("letter", "series", rf"[(（]?(?P<n>[a-zA-Z]){_CLOSE}(?![a-zA-Z])"),
    ("letter", "series", r"(?P<n>[A-Z])[、．.](?=[ \u3000]?[^\x00-\x7f])"),
)
_BEGINNINGS: dict[str, tuple[Kind, ...]] = {
    "附": ("annex",),
    "第": ("part", "chapter", "section", "article", "paragraph"),
    **dict.fromkeys("(（", ("cn_paren", "num_paren", "letter")),
    **dict.fromkeys(NUMERALS, ("cn",)),
    **dict.fromkeys("0123456789０１２３４５６７８９", ("decimal", "num", "num_close")),
}
_GLYPH_KINDS: frozenset[Kind] = frozenset({"cn_paren", "num_paren", "circled", "num", "roman", "letter"})
_COMPILED = tuple((kind, needs, re.compile(pattern)) for kind, needs, pattern in _PATTERNS)
_BY_BEGINNING = {
    first: tuple(entry for entry in _COMPILED if entry[0] in kinds) for first, kinds in _BEGINNINGS.items()
}
_GLYPHS = tuple(entry for entry in _COMPILED if entry[0] in _GLYPH_KINDS)
_GLYPH = re.compile(r"[㈠-㈩⑴-⒇⒈-⒛①-⑳㉑-㉟㊱-㊿❶-❿Ⅰ-Ⅻⅰ-ⅻA-Za-z]")
_LINE_MARK = re.compile(r"(?:#{1,6}[ \t]*)?(?:\*\*|__)?")  # what Markdown puts before a heading
_GRADES = re.compile(rf"(?P<n>[{NUMERALS}])、(?P<next>[{NUMERALS}])(?:级|类|档|等|线|期|次|批|产|季度|层|轮|星)")
_VALUES = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0}
_BLANKS = re.compile(r"\s")
_ROMAN = {"i": 1, "v": 5, "x": 10}
_UNITS: dict[Kind, str] = {"chapter": "章", "section": "节", "article": "条", "paragraph": "款"}


@dataclass(frozen=True, slots=True)
class Label:
    """A label: its kind, its number, its glyphs as printed, its folded form in a path, how far it reaches.

    `number` is the last component of 1.2.3, and 0 where there is none (附件). `width` counts the characters from the
    beginning of the line to the end of the label. `needs`: "series" counts only as the first or the next of its kind,
    "decimals" (1 总则) only beside 1.1.
    """

    kind: Kind
    number: int
    glyphs: str
    folded: str
    width: int = 0
    needs: Needs = "nothing"


def read_label(text: str, start: int = 0, end: int | None = None) -> Label | None:
    """The label that `text[start:end]` begins with, or None. The span is one line without leading white space."""
    end = len(text) if end is None else end
    begin = _begin(text, start, end)
    if begin >= end:
        return None
    first = text[begin]
    candidates = _BY_BEGINNING.get(first) or (_GLYPHS if _GLYPH.match(first) else ())
    for kind, needs, pattern in candidates:
        if (match := pattern.match(text, begin, end)) and (label := _label(kind, needs, match, start)):
            return label
    return None


def _begin(text: str, start: int, end: int) -> int:
    if start < end and text[start] in "#*_":
        mark = _LINE_MARK.match(text, start, end)
        return mark.end() if mark else start
    return start


def _label(kind: Kind, needs: Needs, match: re.Match[str], start: int) -> Label | None:
    digits = _BLANKS.sub("", match["n"])
    if kind == "cn" and _is_grades(match.string, match.start()):
        return None
    number = _number(kind, digits)
    if number is None or (number == 0 and kind not in ("annex", "decimal")):
        return None
    return Label(kind, number, match[0].rstrip(), _folded(kind, digits, match), match.end() - start, needs)


def _is_grades(text: str, start: int) -> bool:
    """二、三级 names two grades where the numerals follow each other; 一、一次性奖励 is a label."""
    found = _GRADES.match(text, start)
    return found is not None and chinese_number(found["next"]) == chinese_number(found["n"]) + 1


def _number(kind: Kind, digits: str) -> int | None:
    plain = unicodedata.normalize("NFKC", digits).strip("().")
    if kind == "roman":
        return _roman(plain.lower())
    if kind == "letter":
        return ord(plain.lower()) - ord("a") + 1
    if plain == "":
        return 0
    if plain[0] in "❶❷❸❹❺❻❼❽❾❿":
        return ord(plain) - ord("❶") + 1
    if plain[0].isdigit() and plain[0].isascii():
        return int(re.split(r"[.—－-]", plain)[-1])
    return chinese_number(plain) if plain[0] in _VALUES or plain[0] in "十百" else 0


def chinese_number(digits: str) -> int:
    """The value of Chinese numerals up to 999 (十二, 一百零三, 二〇)."""
    total, current = 0, 0
    for char in digits:
        if char == "百":
            total, current = total + (current or 1) * 100, 0
        elif char == "十":
            total, current = total + (current or 1) * 10, 0
        elif char in _VALUES:
            current = _VALUES[char] if current == 0 else current * 10 + _VALUES[char]
    return total + current


def _roman(digits: str) -> int | None:
    values = [_ROMAN[char] for char in digits]
    total = sum(
        -value if index + 1 < len(values) and value < values[index + 1] else value for index, value in enumerate(values)
    )
    return total if total > 0 else None


def _folded(kind: Kind, digits: str, match: re.Match[str]) -> str:
    plain = unicodedata.normalize("NFKC", digits).strip("()")
    match kind:
        case "annex":
            return simplify(_BLANKS.sub("", match[0])[:2]) + plain
        case "part":
            return f"第{plain}{'部分' if '部' in match[0] else simplify(match[0].rstrip()[-1])}"
        case "chapter" | "section" | "article" | "paragraph":
            more = (match["more"] or "") if kind == "article" else ""
            return f"第{plain}{_UNITS[kind]}{_BLANKS.sub('', more)}"
        case "cn_paren":
            return f"（{plain}）"
        case "num_paren":
            return digits if "⑴" <= digits <= "⒇" else f"（{plain}）"
        case "circled":
            return digits
        case "num_close":
            return f"{plain}）"
        case "letter":
            return f"（{plain}）" if match[0][0] in "(（" else plain
        case "num":
            return plain.rstrip(".")
        case _:
            return plain
