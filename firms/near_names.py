"""Names of firms that are nearly the same: to be looked at by a person, never merged.

Near are two names that are equal without the legal form and a region in front, or that differ in one character (at
least 6 long). Names that differ in a number only (第一 and 第二, 甲 and 乙) are two firms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MIN_LENGTH = 6
_LONGEST = 60  # a longer name is compared in its first characters only
_MOST_ALIKE = 20
_REGION_LENGTHS = range(2, 9)


@dataclass
class NearNames:
    """Names seen so far, each under a key of its firm; finds one that a new name is near to.

    Names are folded. `is_region` says whether a text is the name of a place.
    """

    legal_forms: tuple[str, ...]
    ordinals: frozenset[str]
    is_region: Callable[[str], bool]
    _stems: dict[str, str] = field(default_factory=dict)
    _variants: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, key: str, name: str) -> None:
        """Take a name in. The first of two alike stays."""
        self._stems.setdefault(self.stem(name), key)
        if len(name) >= MIN_LENGTH:
            for variant in (name, *_shorter(name)):
                alike = self._variants.setdefault(variant, [])
                if len(alike) < _MOST_ALIKE:
                    alike.append((key, name))

    def find(self, name: str) -> str | None:
        """The key of a name taken in before that this one is near to (or the same as), None without one."""
        if (same := self._stems.get(self.stem(name))) is not None:
            return same
        if len(name) < MIN_LENGTH:
            return None
        for variant in (name, *_shorter(name)):
            for key, other in self._variants.get(variant, ()):
                if self._differ_in_one(name, other):
                    return key
        return None

    def stem(self, name: str) -> str:
        """The name without its legal form and the region in front of it."""
        form = next((form for form in self.legal_forms if name.endswith(form) and len(name) > len(form) + 1), "")
        stem = name.removesuffix(form)
        while region := self._region_in_front(stem):
            stem = stem[region:]
        return stem

    def _region_in_front(self, name: str) -> int:
        """How many characters of a place stand in front of the name, at least two of which remain."""
        lengths = (length for length in reversed(_REGION_LENGTHS) if len(name) >= length + 2)
        return next((length for length in lengths if self.is_region(name[:length])), 0)

    def _differ_in_one(self, one: str, other: str) -> bool:
        """Whether the names are one insertion, removal or replacement apart, and not in a number."""
        if min(len(one), len(other)) < MIN_LENGTH or abs(len(one) - len(other)) > 1:
            return False
        start = 0
        while start < min(len(one), len(other)) and one[start] == other[start]:
            start += 1
        end = 0
        while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
            end += 1
        apart = (one[start : len(one) - end], other[start : len(other) - end])
        return max(map(len, apart)) <= 1 and not any(self.ordinals & set(part) for part in apart)


def _shorter(name: str) -> Iterator[str]:
    """The name with each one of its characters left out."""
    for place in range(min(len(name), _LONGEST)):
        yield name[:place] + name[place + 1 :]
