"""Styles of Word documents: what a paragraph or a run inherits over `basedOn` of its numbering and its looks.

Only what decides whether text can be seen, which label stands before it and whether it is a title is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from knowledge.readers.docx_xml import Element, number, switch, value, w

_LONGEST_CHAIN = 20
_LEAST_SIZE = 4  # half-points: smaller type cannot be read
_ALIKE = 24  # steps of 255 by which two colours may differ and still look the same
_WHITE = (255, 255, 255)
_THEME = {"background1": _WHITE, "bg1": _WHITE, "light1": _WHITE, "text1": (0, 0, 0), "dark1": (0, 0, 0)}
_HIGHLIGHTS = {
    "black": (0, 0, 0), "blue": (0, 0, 255), "cyan": (0, 255, 255), "green": (0, 255, 0), "magenta": (255, 0, 255),
    "red": (255, 0, 0), "yellow": (255, 255, 0), "white": _WHITE, "darkBlue": (0, 0, 139), "darkCyan": (0, 139, 139),
    "darkGreen": (0, 100, 0), "darkMagenta": (128, 0, 128), "darkRed": (139, 0, 0), "darkYellow": (128, 128, 0),
    "darkGray": (169, 169, 169), "lightGray": (211, 211, 211),
}  # fmt: skip

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Looks:
    """How text looks, as far as it is said: None where nothing is. Sizes in half-points.

    `painted` tells that something says the colour of the ground, `ground` which one (None: not a plain colour).
    """

    hidden: bool | None = None
    colour: Colour | None = None
    size: int | None = None
    raised: str | None = None
    font: str | None = None
    painted: bool = False
    ground: Colour | None = None

    def over(self, below: Looks) -> Looks:
        """These looks where they say something, else those below."""
        return Looks(
            hidden=below.hidden if self.hidden is None else self.hidden,
            colour=self.colour or below.colour,
            size=below.size if self.size is None else self.size,
            raised=self.raised or below.raised,
            font=self.font or below.font,
            painted=self.painted or below.painted,
            ground=self.ground if self.painted else below.ground,
        )

    @property
    def unseen(self) -> bool:
        """Whether text like this cannot be seen: hidden, too small to read, or in the colour of its ground."""
        if self.hidden or (self.size is not None and self.size < _LEAST_SIZE):
            return True
        ground = self.ground if self.painted else _WHITE
        if self.colour is None or ground is None:
            return False
        return all(abs(one - other) <= _ALIKE for one, other in zip(self.colour, ground, strict=True))


@dataclass(frozen=True)
class NumberedBy:
    """What numbers a paragraph, as far as it is said: the list's id (`0`: none) and the level from 0."""

    list_id: str | None = None
    level: int | None = None


@dataclass(frozen=True)
class Style:
    """One style as the file has it."""

    name: str = ""
    kind: str = "paragraph"
    based_on: str | None = None
    looks: Looks = field(default_factory=Looks)
    numbered: NumberedBy = field(default_factory=NumberedBy)
    shaded: bool = False


def read_looks(properties: Element | None) -> Looks:
    """The looks that run properties (`w:rPr`) say."""
    if properties is None:
        return Looks()
    ground = _ground(properties)
    fonts = properties.find(w("rFonts"))
    return Looks(
        hidden=switch(properties, "vanish"),
        colour=_colour(properties),
        size=number(properties, "sz"),
        raised=value(properties, "vertAlign"),
        font=None if fonts is None else fonts.get(w("ascii")),
        painted=ground is not None,
        ground=ground if isinstance(ground, tuple) else None,
    )


def shading(properties: Element | None) -> Looks:
    """The ground that the shading of a paragraph, a cell or a table paints."""
    ground = None if properties is None else _shade(properties)
    return Looks(painted=ground is not None, ground=ground if isinstance(ground, tuple) else None)


def read_numbered(properties: Element | None) -> NumberedBy:
    """The list and level that paragraph properties (`w:pPr`) say."""
    found = None if properties is None else properties.find(w("numPr"))
    return NumberedBy(value(found, "numId"), number(found, "ilvl"))


def _colour(properties: Element) -> Colour | None:
    found = properties.find(w("color"))
    if found is None:
        return None
    return _THEME.get(found.get(w("themeColor")) or "") or _rgb(found.get(w("val")))


def _ground(properties: Element) -> Colour | str | None:
    if (highlight := value(properties, "highlight")) and highlight != "none":
        return _HIGHLIGHTS.get(highlight, highlight)
    return _shade(properties)


def _shade(properties: Element) -> Colour | str | None:
    """The colour of a shading; a word for one that is not a plain colour; None where there is none."""
    found = properties.find(w("shd"))
    if found is None:
        return None
    pattern, fill = found.get(w("val"), "clear"), found.get(w("fill"), "auto")
    if found.get(w("themeFill")):
        return _THEME.get(str(found.get(w("themeFill")))) or str(fill)
    if pattern not in ("clear", "nil"):
        return str(pattern)
    return _rgb(fill)


def _rgb(text: str | None) -> Colour | None:
    if text is None or len(text) != 6:
        return None
    try:
        code = int(text, 16)
    except ValueError:
        return None
    return code >> 16, code >> 8 & 255, code & 255


class Styles:
    """The styles of a document by id."""

    def __init__(self, root: Element | None) -> None:
        self._styles: dict[str, Style] = {}
        self._default: str | None = None
        self._looks: dict[str, Looks] = {}
        if root is None:
            self._base = Looks()
            return
        self._base = read_looks(root.find(f"{w('docDefaults')}/{w('rPrDefault')}/{w('rPr')}"))
        for found in root.iter(w("style")):
            self._add(found)

    def _add(self, found: Element) -> None:
        identity, kind = found.get(w("styleId"), ""), found.get(w("type"), "paragraph")
        paragraph = found.find(w("pPr"))
        looks = read_looks(found.find(w("rPr"))).over(shading(paragraph))
        self._styles[identity] = Style(
            name=value(found, "name") or "",
            kind=kind,
            based_on=value(found, "basedOn"),
            looks=looks,
            numbered=read_numbered(paragraph),
            shaded=kind == "table" and next(found.iter(w("shd")), None) is not None,
        )
        if kind == "paragraph" and found.get(w("default")) in ("1", "true", "on"):
            self._default = identity

    @cached_property
    def lists_by_style(self) -> Mapping[str, str]:
        """The list that each numbering style names."""
        named = {identity: style.numbered.list_id for identity, style in self._styles.items()}
        return {identity: list_id for identity, list_id in named.items() if list_id is not None}

    def chain(self, identity: str | None) -> Iterator[tuple[str, Style]]:
        """A paragraph's style (the default one for None or an unknown id) and those it is based on, nearest first."""
        found = identity if identity in self._styles else self._default
        for _ in range(_LONGEST_CHAIN):
            if found is None or found not in self._styles:
                return
            yield found, self._styles[found]
            found = self._styles[found].based_on

    def paragraph_looks(self, identity: str | None) -> Looks:
        """The looks of a paragraph's text as its style has them."""
        key = identity or ""
        if key not in self._looks:
            looks = Looks()
            for _, style in self.chain(identity):
                looks = looks.over(style.looks)
            self._looks[key] = looks.over(self._base)
        return self._looks[key]

    def run_looks(self, identity: str | None, paragraph: Looks) -> Looks:
        """A paragraph's looks with a character style on them; hidden in both is not hidden (17.7.3)."""
        if identity is None or identity not in self._styles:
            return paragraph
        looks = Looks()
        for _, style in self.chain(identity):
            looks = looks.over(style.looks)
        if looks.hidden and paragraph.hidden:
            looks = replace(looks, hidden=False)
        return looks.over(paragraph)

    def numbered(self, identity: str | None) -> tuple[NumberedBy, tuple[str, ...]]:
        """What a style's chain says of numbering, and the ids of the chain up to the style that names the list."""
        list_id, level, ids = None, None, []
        for found, style in self.chain(identity):
            ids.append(found)
            level = style.numbered.level if level is None else level
            list_id = style.numbered.list_id
            if list_id is not None:
                break
        return NumberedBy(list_id, level), tuple(ids)

    def is_title(self, identity: str | None) -> bool:
        """Whether a paragraph's style is Word's own title style, or based on it."""
        return any(style.name.lower() == "title" for _, style in self.chain(identity))

    def is_caption(self, identity: str | None) -> bool:
        """Whether a paragraph's style is Word's own style for captions, or based on it."""
        return any(style.name.lower() == "caption" for _, style in self.chain(identity))

    def is_contents(self, identity: str | None) -> bool:
        """Whether a paragraph's style is one of a table of contents."""
        return any(style.name.lower().startswith("toc ") for _, style in self.chain(identity))

    def paints(self, identity: str | None) -> bool:
        """Whether a table's style shades cells, so that white text in it may well be seen."""
        return any(style.shaded for _, style in self.chain(identity)) if identity in self._styles else False
