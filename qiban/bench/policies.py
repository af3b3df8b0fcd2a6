"""Policy documents made for measuring: distinct clauses that read like a bureau's, and questions about them.

They are invented (示例), of invented places; the same seed makes the same ones. Nothing is stored in the tree.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.datafile import Entry, read_yaml

CLAUSES_A_DOCUMENT = 200
_DATA = Path(__file__).parent / "policies.yaml"


class _Words(Entry):
    subjects: tuple[str, ...]
    fields: tuple[str, ...]
    actions: tuple[str, ...]
    conditions: tuple[str, ...]
    measures: tuple[str, ...]
    duties: tuple[str, ...]
    bodies: tuple[str, ...]
    amounts: tuple[int, ...]
    limits: tuple[int, ...]
    shares: tuple[int, ...]
    days: tuple[int, ...]
    questions: tuple[str, ...]
    title: str


@dataclass(frozen=True)
class MadeDocument:
    """A document of 200 clauses at most; `number` counts from 0."""

    number: int
    title: str
    text: str


@cache
def _words() -> _Words:
    return read_yaml(_DATA, _Words)


def documents(clauses: int, seed: int) -> Iterator[MadeDocument]:
    """Documents with so many clauses in all."""
    for number, start in enumerate(range(0, clauses, CLAUSES_A_DOCUMENT)):
        count = min(CLAUSES_A_DOCUMENT, clauses - start)
        title = _words().title.format(number=number + 1)
        lines = [f"第{index + 1}条 {clause(start + index, seed)}" for index in range(count)]
        yield MadeDocument(number, title, "\n".join([title, *lines]))


def clause(number: int, seed: int) -> str:
    """The clause of a number: two or three sentences, distinct by its number; procedures recur, as in life."""
    words, chance = _words(), random.Random(seed * 1_000_003 + number)
    filled = {
        "subject": chance.choice(words.subjects),
        "other": chance.choice(words.subjects),
        "field": chance.choice(words.fields),
        "action": chance.choice(words.actions),
        "condition": chance.choice(words.conditions),
        "body": chance.choice(words.bodies),
        "amount": chance.choice(words.amounts),
        "most": chance.choice(words.limits),
        "share": chance.choice(words.shares),
        "years": chance.randint(1, 5),
        "days": chance.choice(words.days),
        "number": number + 1,
    }
    parts = [chance.choice(words.measures), chance.choice(words.duties)]
    if chance.random() < 0.5:
        parts.append(chance.choice(words.duties))
    return "".join(part.format(**filled) for part in dict.fromkeys(parts))


def questions(count: int, seed: int) -> list[str]:
    """Questions as owners of firms type them."""
    words, chance = _words(), random.Random(seed)
    return [
        chance.choice(words.questions).format(
            subject=chance.choice(words.subjects),
            field=chance.choice(words.fields),
            action=chance.choice(words.actions),
            condition=chance.choice(words.conditions),
        )
        for _ in range(count)
    ]
