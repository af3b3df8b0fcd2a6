"""Whether a clause states the kind of value that a question asks for, beside what it asks it of. Pure.

A clause can be near a question and still not say what was asked: a rule on loans without a rate, an amount for
something else. What is not found here is not stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.text import fold
from knowledge.clauses import sentences
from knowledge.phrases import Expected, Phrases

_CALENDAR = re.compile(
    r"[0-9]{4}年(?:[0-9]{1,2}月(?:[0-9]{1,2}日)?)?|[0-9]{1,2}月[0-9]{1,2}日|\([0-9]{4}-[0-9]{4}年?\)"
)
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3})")
_ENOUGH_NAMED = 0.5
_WORD = re.compile(r"[\u4e00-\u9fff]+|[a-z0-9]+")


@dataclass(frozen=True)
class Wanted:
    """What a question wants: the kind of value, and the words for what it wants it of (empty: not said)."""

    expected: Expected
    subject: tuple[str, ...]


@dataclass(frozen=True)
class Said:
    """What may state it: `text` with its sub-clauses, the `headings` above it, and what it is `about` besides (the
    title of its document, its typical questions)."""

    text: str
    headings: str = ""
    about: str = ""


def wanted(question: str, phrases: Phrases) -> Wanted | None:
    """The first expectation that a folded question has, None when any clause about its subject will do."""
    expected = next((one for one in phrases.expectations if one.meant_by(question)), None)
    if expected is None:
        return None
    return Wanted(expected, subject(question, expected, phrases) if expected.subject else ())


def subject(question: str, expected: Expected, phrases: Phrases) -> tuple[str, ...]:
    """The words of a question that say of what a value is asked: without the asking and words of no weight."""
    rest = expected.ask.sub("\n", question)
    for pattern in phrases.slots.values():
        if pattern is not phrases.slots.get("title") and pattern is not phrases.slots.get("industry"):
            rest = pattern.sub("\n", rest)
    rest = phrases.subject_fillers.sub("\n", rest)
    return tuple(word for word in _WORD.findall(rest) if len(word) >= 2)


def states(wanted: Wanted, said: Said, phrases: Phrases, synonyms: Sequence[str] = ()) -> bool:
    """Whether the text states a value of the kind, and is about the subject. `synonyms` are documents' words for it."""
    return _holds_value(wanted.expected, said, phrases) and _is_about(wanted.subject, said, synonyms)


def _holds_value(expected: Expected, said: Said, phrases: Phrases) -> bool:
    folded = _THOUSANDS.sub("", fold(said.text))
    if any(word in folded for word in expected.or_words):
        return True
    above = fold(said.headings)
    return any(_in_piece(expected, piece, above, phrases) for piece in _pieces(folded))


def _pieces(text: str) -> Iterator[str]:
    yield from (text[start:end] for start, end in sentences(text))


def _in_piece(expected: Expected, piece: str, above: str, phrases: Phrases) -> bool:
    if expected.beside and not any(word in piece or word in above for word in expected.beside):
        return False
    return any(_value_of(kind, piece, phrases) for kind in expected.has)


def _value_of(kind: str, piece: str, phrases: Phrases) -> bool:
    searched = _CALENDAR.sub(" ", piece) if kind in ("duration", "count") else piece
    return phrases.values[kind].search(searched) is not None


def own_pairs(question: str, phrases: Phrases) -> tuple[str, ...]:
    """The pairs of characters (and Latin words) of a question's own words: without what it asks with and fillers."""
    bare = phrases.subject_fillers.sub("\n", phrases.asked_with.sub("\n", question))
    return tuple(dict.fromkeys(pair for word in _WORD.findall(bare) if len(word) >= 2 for pair in _pairs(word)))


def share(pairs: Sequence[str], folded: str, synonyms: Sequence[str] = ()) -> float:
    """The share of pairs that stand in a folded text, or of synonyms, whichever is more; 0 where there are neither."""
    held = sum(pair in folded for pair in pairs) / len(pairs) if pairs else 0.0
    other = sum(term in folded for term in synonyms) / len(synonyms) if synonyms else 0.0
    return max(held, other)


def _is_about(subject: Sequence[str], said: Said, synonyms: Sequence[str]) -> bool:
    """Whether enough of the subject's pairs of characters stand in the text or above it, or a synonym does."""
    if not subject:
        return True
    text = fold(f"{said.about}\n{said.headings}\n{said.text}")
    if any(term in text for term in synonyms):
        return True
    pairs = [pair for word in subject for pair in _pairs(word)]
    return sum(pair in text for pair in pairs) >= _ENOUGH_NAMED * len(pairs)


def _pairs(word: str) -> list[str]:
    return [word] if word.isascii() or len(word) < 2 else [word[i : i + 2] for i in range(len(word) - 1)]


# --- qualifiers and near terms ---


@dataclass(frozen=True)
class Differs:
    """The question says `asked`, the text `stated`, of the same thing (`head`)."""

    asked: str
    stated: str
    head: str


def differing(question: str, text: str, phrases: Phrases) -> Differs | None:
    """The first qualifier that a folded question says beside a head word where the text has only others beside it."""
    folded = fold(text)
    for group in phrases.qualifiers:
        asked = _beside(question, group.values, group.beside, group.within)
        stated = _beside(folded, group.values, group.beside, group.within)
        for value, head in asked:
            same_head = [other for other, other_head in stated if other_head in head or head in other_head]
            meant = {group.meaning(other) for other in same_head}
            if same_head and group.meaning(value) not in meant and value not in folded:
                return Differs(value, same_head[0], head)
    return None


def _beside(text: str, values: Sequence[str], heads: Sequence[str], within: int) -> list[tuple[str, str]]:
    """The values shortly before a head word, with it, in order; a longer value is not taken for a shorter one."""
    pattern = re.compile("|".join(map(re.escape, sorted(values, key=lambda value: -len(value)))))
    found = []
    for match in pattern.finditer(text):
        after = text[match.end() : match.end() + within]
        after = re.split(r"[,，。;；?？]", after)[0]
        head = next((head for head in sorted(heads, key=lambda head: -len(head)) if head in after), None)
        if head is not None:
            found.append((match[0], head))
    return found
