"""What of a page nobody sees: told by attributes, inline styles and the simple rules of its own style sheets.

Not a style engine: selectors with pseudo-classes and rules inside @media are left out, files of styles are not fetched.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from lxml import etree

from core.text import squeeze

_NEVER_SHOWN = frozenset({"script", "style", "template", "noscript", "head", "iframe", "object", "svg", "canvas"})
_CONTROLS = frozenset({"select", "button", "textarea", "audio", "video", "map", "datalist"})
_TINY = 2.0
_OFF_SCREEN = -500.0
_SAME = 16
_MOST_RULES = 1000
_MOST_PARTS = 6

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_COMPOUND = re.compile(r"(?P<tag>[a-z][a-z0-9]*|\*)?(?P<marks>(?:[.#][\w-]+)*)", re.IGNORECASE)
_MARK = re.compile(r"[.#][\w-]+")
_LENGTH = re.compile(r"(-?[0-9]*\.?[0-9]+)[ ]*(px|pt|em|rem|%|vw|vh)?")
_HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})(?:[0-9a-f]{1,2})?(?![0-9a-f])")
_RGB = re.compile(r"rgba?\(\s*([0-9]{1,3})[\s,]+([0-9]{1,3})[\s,]+([0-9]{1,3})(?:[\s,/]+([0-9.]+)%?)?\s*\)")
_NO_SIZE = re.compile(
    r"rect\(\s*(?:0|1px)|inset\(\s*(?:50|[6-9][0-9]|100)%|scale\(\s*0\s*[,)]|translate[xy]?\(\s*-[0-9]{4}"
)
_HIDING = frozenset({
    "display", "visibility", "opacity", "position", "left", "top", "right", "bottom", "text-indent", "margin-left",
    "margin-top", "clip", "clip-path", "transform", "width", "height", "max-width", "max-height", "overflow", "color",
    "background", "background-color", "background-image", "font-size",
})  # fmt: skip
_NAMED = {
    "white": (255, 255, 255),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "whitesmoke": (245, 245, 245),
    "ghostwhite": (248, 248, 255),
    "floralwhite": (255, 250, 240),
    "black": (0, 0, 0),
}
_PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "rem": 16.0}

Colour = tuple[int, int, int]
Style = dict[str, str]


@dataclass(frozen=True)
class _Look:
    """What a text inherits: colour, background (None: not known) and size in pixels. `clear`: fully transparent."""

    colour: Colour | None = None
    background: Colour | None = (255, 255, 255)
    size: float = 16.0
    clear: bool = False

    @property
    def unseen(self) -> bool:
        if self.clear or self.size <= _TINY:
            return True
        if self.colour is None or self.background is None:
            return False
        return all(abs(one - other) <= _SAME for one, other in zip(self.colour, self.background, strict=True))


def remove_unseen(root: etree._Element) -> int:
    """Take out of a page, in place, what is not shown; the number of visible characters that were hidden by styles.

    What is never text (scripts, controls) is taken out too, without being counted.
    """
    sheet, hidden = _Sheet(root), 0
    looks: dict[etree._Element, _Look] = {}
    for element in list(root.iter(etree.Element)):
        parent = element.getparent()
        if parent is not None and parent not in looks:
            continue  # inside of something that was taken out
        if element.tag in _NEVER_SHOWN or element.tag in _CONTROLS or element.get("aria-hidden") == "true":
            _drop(element)
            continue
        style = sheet.style(element)
        if _is_gone(element, style):
            hidden += len(squeeze("".join(element.itertext(etree.Element))))
            _drop(element)
            continue
        looks[element] = _look(style, element, looks.get(parent, _Look()))
        if looks[element].unseen:
            hidden += _blank(element)
    return hidden


def _drop(element: etree._Element) -> None:
    if element.getparent() is not None:
        element.drop_tree()


def _blank(element: etree._Element) -> int:
    """Empty an element's own text, not that of the elements inside; the visible characters that it had."""
    count = len(squeeze(element.text or ""))
    element.text = None
    for child in element:
        count += len(squeeze(child.tail or ""))
        child.tail = None
    return count


def _is_gone(element: etree._Element, style: Mapping[str, str]) -> bool:
    """Whether an element is not shown with all that is in it."""
    if element.get("hidden") is not None or (element.tag == "dialog" and element.get("open") is None):
        return True
    return (
        style.get("display") == "none"
        or style.get("visibility") in ("hidden", "collapse")
        or _is_transparent(style.get("opacity", ""))
        or _is_away(style)
        or _is_flat(style)
    )


def _is_away(style: Mapping[str, str]) -> bool:
    moved = ["text-indent", "margin-left", "margin-top"]
    if style.get("position") in ("absolute", "fixed", "relative"):
        moved += ["left", "top", "right", "bottom"]
    lengths = (_pixels(style.get(name, ""), 16.0) for name in moved)
    return any(length is not None and length <= _OFF_SCREEN for length in lengths)


def _is_flat(style: Mapping[str, str]) -> bool:
    if any(_NO_SIZE.search(style.get(name, "")) for name in ("clip", "clip-path", "transform")):
        return True
    sizes = (_pixels(style.get(name, ""), 16.0) for name in ("width", "height", "max-width", "max-height"))
    cut = style.get("overflow", "") in ("hidden", "clip")
    return cut and any(size is not None and size <= 1 for size in sizes)


def _look(style: Mapping[str, str], element: etree._Element, above: _Look) -> _Look:
    look = above
    colour = style.get("color") or (element.get("color", "").strip().lower() if element.tag == "font" else "")
    if colour:
        look = replace(look, colour=_colour(colour), clear=_is_clear(colour))
    background = " ".join(
        style.get(name, "") for name in ("background", "background-color", "background-image")
    ).strip()
    background = background or element.get("bgcolor", "").strip().lower() or ("?" if element.get("background") else "")
    if background and not _says_nothing(background):
        look = replace(look, background=_background(background))
    size = _pixels(style.get("font-size", ""), above.size)
    return look if size is None else replace(look, size=size)


def _says_nothing(background: str) -> bool:
    return background in ("none", "inherit", "initial", "unset") or _is_clear(background)


def _background(value: str) -> Colour | None:
    """The one colour of a background; None where there is a picture, a gradient or a colour that we do not know."""
    if "url(" in value or "gradient" in value:
        return None
    found = _HEX.search(value) or _RGB.search(value)
    named = next((word for word in value.split() if word in _NAMED), "")
    return _colour(found[0] if found else named)


def _colour(value: str) -> Colour | None:
    value = value.strip()
    if found := _HEX.fullmatch(value):
        digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16))
    if rgb := _RGB.fullmatch(value):
        return (int(rgb[1]), int(rgb[2]), int(rgb[3]))
    return _NAMED.get(value)


def _is_clear(value: str) -> bool:
    rgb = _RGB.fullmatch(value.strip())
    return value.strip() == "transparent" or (rgb is not None and _is_transparent(rgb[4] or ""))


def _is_transparent(opacity: str) -> bool:
    found = _LENGTH.match(opacity.strip())
    return found is not None and float(found[1]) <= 0.05


def _pixels(value: str, parent: float) -> float | None:
    """A length in pixels; `parent` is the size that em and % refer to."""
    found = _LENGTH.fullmatch(value.strip())
    if found is None:
        return None
    unit, number = found[2] or "", float(found[1])
    if unit in ("em", "%"):
        return number * parent / (1 if unit == "em" else 100)
    return number * _PIXELS.get(unit, 10.0)


class _Sheet:
    """The rules of a page's own style sheets whose selectors are tags, classes and ids, one inside the other."""

    def __init__(self, root: etree._Element) -> None:
        self._rules: dict[str, dict[tuple[_Compound, ...], Style]] = defaultdict(dict)
        self._marks: dict[etree._Element, frozenset[str]] = {}
        count = 0
        for element in root.iter("style"):
            for selector, style in _rules(element.text or ""):
                parts = _selector(selector)
                if parts and count < _MOST_RULES:
                    known = self._rules[parts[-1].key]
                    count += parts not in known
                    known[parts] = known.get(parts, {}) | style

    def style(self, element: etree._Element) -> Style:
        """An element's declarations, by weight, its own style attribute last."""
        own = element.get("style")
        keys = (*self._marks_of(element), str(element.tag), "") if self._rules else ()
        found = [
            (sum(part.weight for part in parts), declared)
            for key in keys
            for parts, declared in self._rules.get(key, {}).items()
            if self._matches(element, parts)
        ]
        style: Style = {}
        for _, declared in sorted(found, key=lambda rule: rule[0]):
            style |= declared
        return style | _declarations(own) if own else style

    def _matches(self, element: etree._Element, parts: tuple[_Compound, ...]) -> bool:
        if not parts[-1].fits(element, self._marks_of(element)):
            return False
        left = list(parts[:-1])
        for above in element.iterancestors() if left else ():
            if left and left[-1].fits(above, self._marks_of(above)):
                left.pop()
        return not left

    def _marks_of(self, element: etree._Element) -> frozenset[str]:
        if element not in self._marks:
            self._marks[element] = _marks(element)
        return self._marks[element]


@dataclass(frozen=True)
class _Compound:
    """A selector without blanks: tag (empty: any), classes and ids."""

    tag: str
    marks: frozenset[str]

    @property
    def key(self) -> str:
        return min(self.marks, default=self.tag)

    @property
    def weight(self) -> int:
        return sum(100 if mark[0] == "#" else 10 for mark in self.marks) + bool(self.tag)

    def fits(self, element: etree._Element, marks: frozenset[str]) -> bool:
        return (not self.tag or element.tag == self.tag) and self.marks <= marks


def _marks(element: etree._Element) -> frozenset[str]:
    classes = {f".{name}" for name in element.get("class", "").split()}
    return frozenset(classes | ({f"#{element.get('id')}"} if element.get("id") else set()))


def _selector(text: str) -> tuple[_Compound, ...]:
    """The parts of a selector; none where it holds what we do not read."""
    words = text.replace(">", " ").split()
    read = [_COMPOUND.fullmatch(word) for word in words[: _MOST_PARTS + 1]]
    if not read or len(read) > _MOST_PARTS or not all(read):
        return ()
    return tuple(
        _Compound((found["tag"] or "").lower().strip("*"), frozenset(_MARK.findall(found["marks"])))
        for found in read
        if found
    )


def _rules(css: str) -> Iterator[tuple[str, Style]]:
    """Selector and declarations of each rule that stands outside of @media and the like."""
    depth, start, selector = 0, 0, ""
    css = _COMMENT.sub(" ", css).replace("<!--", " ").replace("-->", " ")
    for found in re.finditer(r"[{}]", css):
        if found[0] == "{":
            if depth == 0:
                selector = css[start : found.start()].rpartition(";")[2].strip()
            depth += 1
        elif depth > 0:
            depth -= 1
            if depth == 0 and not selector.startswith("@"):
                declared = _declarations(css[start : found.start()])
                style = {name: declared[name] for name in declared.keys() & _HIDING}
                yield from ((one.strip(), style) for one in selector.split(",") if style)
        start = found.end()


def _declarations(css: str) -> Style:
    pairs = (part.partition(":") for part in css.lower().split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs if value.strip()}
