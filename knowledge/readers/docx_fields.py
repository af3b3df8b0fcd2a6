"""Word's fields: which parts of a text are instructions, which results, and what a field says that has no result."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from knowledge.readers.docx_xml import Element, local, w

_CIRCLED = re.compile(r"\beq\s+\\o\s*\\ac\s*[(（]\s*[○〇Ο◯]\s*[,，;；]\s*(?P<inside>[^)）]+?)\s*[)）]", re.IGNORECASE)
_TARGET = re.compile(r'\bHYPERLINK\s+"?(?P<target>[^"\s]+)', re.IGNORECASE)


@dataclass(eq=False)
class Field:
    """A field that begins and ends; `instruction` is what Word works it out from.

    While it is read: `shown` once its result has begun, `begins_at` the place in its paragraph where it began.
    """

    instruction: str = ""
    has_result: bool = False
    shown: bool = False
    begins_at: int = 0

    @property
    def lists_contents(self) -> bool:
        """Whether the result is a table of contents, which repeats what stands in the text."""
        return self.instruction.strip().upper().startswith("TOC")

    @property
    def target(self) -> str | None:
        """Where a link leads."""
        found = _TARGET.search(self.instruction)
        return found["target"] if found else None

    @property
    def without_result(self) -> str:
        """What a field shows that keeps no result: a number in a circle (EQ \\o\\ac); nothing for any other."""
        found = _CIRCLED.search(self.instruction)
        return circled(found["inside"]) if found else ""


def circled(text: str) -> str:
    """① to ㊿ for the numbers 1 to 50, else the text itself."""
    if not text.isdecimal() or len(text) > 2:
        return text
    number = int(text)
    for first, count, code in ((1, 20, 0x2460), (21, 15, 0x3251), (36, 15, 0x32B1)):
        if first <= number < first + count:
            return chr(code + number - first)
    return text


@dataclass
class Fields:
    """The complete fields of a part of the file by their marks (`w:fldChar`); a mark without a partner is no field."""

    by_mark: dict[Element, Field] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Element) -> Fields:
        """Find all fields below an element."""
        fields, open_fields = cls(), list[tuple[Field, list[Element]]]()
        for element in root.iter(w("fldChar"), w("instrText")):
            if local(element) == "instrText":
                if open_fields and not open_fields[-1][0].has_result:
                    open_fields[-1][0].instruction += element.text or ""
                continue
            fields._mark(element, open_fields)
        return fields

    def _mark(self, element: Element, open_fields: list[tuple[Field, list[Element]]]) -> None:
        kind = element.get(w("fldCharType"))
        if kind == "begin":
            open_fields.append((Field(), [element]))
        elif open_fields:
            found, marks = open_fields[-1]
            marks.append(element)
            if kind == "separate":
                found.has_result = True
            elif kind == "end":
                open_fields.pop()
                self.by_mark.update(dict.fromkeys(marks, found))
