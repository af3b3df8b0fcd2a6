"""How questions are put, as data (`data/questions.yaml`): the patterns that understanding and answering go by."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator

from core.datafile import Entry, read_yaml

DATA = Path(__file__).parent / "data" / "questions.yaml"


def _compiled(value: Any) -> re.Pattern[str]:
    """A pattern of the file; line ends and blanks in it only lay it out."""
    try:
        return re.compile(value, re.VERBOSE)
    except (re.error, TypeError) as error:
        raise ValueError(f"no regular expression: {error}") from error


Pattern = Annotated[re.Pattern[str], BeforeValidator(_compiled)]


class Expected(Entry):
    """What kind of value a question wants; see `expectations` in the file."""

    kind: str
    ask: Pattern
    unless: Pattern | None = None
    has: tuple[str, ...]
    beside: tuple[str, ...] = ()
    or_words: tuple[str, ...] = ()
    subject: bool = False

    def meant_by(self, question: str) -> bool:
        """Whether a folded question wants such a value."""
        return bool(self.ask.search(question)) and not (self.unless and self.unless.search(question))


class Qualifiers(Entry):
    """Words beside a head word that change what a rule says; `same` groups those that say the same."""

    values: tuple[str, ...]
    beside: tuple[str, ...]
    within: int
    same: tuple[tuple[str, ...], ...] = ()

    def meaning(self, value: str) -> str:
        """One word for all that say the same."""
        return next((group[0] for group in self.same if value in group), value)


class Phrases(Entry):
    """The patterns of the file, compiled; what each is for stands there."""

    asking: Pattern
    joints: Pattern
    value_asked: Pattern
    both: Pattern
    lead: Pattern
    leaning: Pattern
    tail: Pattern
    leaning_tail: Pattern
    pointing: Pattern
    asked_with: Pattern
    fillers: Pattern
    generic: Pattern
    ending: Pattern
    enough: Pattern
    asks_enough: str
    attributes: Pattern
    slots: dict[str, Pattern]
    lists: Pattern
    counts: Pattern
    which: Pattern
    frame: Pattern
    asks_frame: Pattern
    excepting: Pattern
    of_document: Pattern
    inside: Pattern
    past: Pattern
    values: dict[str, Pattern]
    expectations: tuple[Expected, ...]
    subject_fillers: Pattern
    qualifiers: tuple[Qualifiers, ...]

    @classmethod
    def load(cls, path: Path = DATA) -> Self:
        """Read and check the file. Raises BadDataFile with the line of the fault."""
        return read_yaml(path, cls)


@cache
def built_in() -> Phrases:
    """The patterns that come with the product, read once."""
    return Phrases.load()
