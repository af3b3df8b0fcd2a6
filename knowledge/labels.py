"""Labelled questions of an evaluation: what is asked, what has to be cited, what has to be computed.

A file is TSV with the columns `question` and `gold`; further ones may follow:

    history    the asker's earlier messages, oldest first, joined by ` ⏎ `
    as_of      the day the question is asked on (empty: today)
    region     whose firm asks (empty: the service's own region)
    gold       places that answer it, separated by `|`: a path, or `document#path` where there are many documents;
               `a+b`: a is cited first, and b as well; `clarify`: asking back is right too; `-`: must be declined
    kind       labels separated by commas, for figures of subsets
    computed   `condition verdict required gap`, several separated by `;` (`-` none, `*` not compared)
    split      build, test. Nothing may be fitted on the test split.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from core.errors import BadInput
from knowledge.answer import Computed

TURNS = " ⏎ "
_CLARIFY, _DECLINE, _ANY, _NONE = "clarify", "-", "*", "-"


class BadEvaluationFile(BadInput):
    """An evaluation file does not have the expected columns."""

    code = "bad_evaluation_file"
    default = "评测文件应为 TSV，含 question 和 gold 两列（gold 为条款号，或 - 表示应拒答）。"


@dataclass(frozen=True)
class Place:
    """A clause by its path; `document` None where the file is about a single one."""

    path: str
    document: str | None = None

    @classmethod
    def of(cls, text: str) -> Place:
        document, found, path = text.partition("#")
        return cls(path, document) if found else cls(text)

    def matches(self, other: Place) -> bool:
        return self.path == other.path and self.document in (None, other.document)


@dataclass(frozen=True)
class Gold:
    """One right citation: `first` leads, `others` are cited too (an amended clause with what amends it)."""

    first: Place
    others: tuple[Place, ...] = ()

    @classmethod
    def of(cls, text: str) -> Gold:
        first, *others = text.split("+")
        return cls(Place.of(first), tuple(map(Place.of, others)))

    def rank(self, places: tuple[Place, ...]) -> int | None:
        """Where the right citation stands among the places, from 1; None where it does not, or not with the others."""
        if not all(any(other.matches(place) for place in places) for other in self.others):
            return None
        return next((rank for rank, place in enumerate(places, start=1) if self.first.matches(place)), None)


@dataclass(frozen=True)
class Expected:
    """What has to be computed for one condition. `required` and `gap` None: not compared; gap "": there is none."""

    condition: str
    verdict: str
    required: str | None = None
    gap: str | None = None

    @classmethod
    def of(cls, text: str) -> Expected:
        condition, verdict, required, gap = text.split()
        return cls(condition, verdict, None if required == _ANY else required, {_ANY: None, _NONE: ""}.get(gap, gap))

    def met_by(self, computed: Computed) -> bool:
        """Whether a computed figure says this."""
        return (
            (computed.condition, computed.verdict) == (self.condition, self.verdict)
            and self.required in (None, computed.required)
            and self.gap in (None, computed.gap or "")
        )


@dataclass(frozen=True)
class Question:
    """A labelled question; without `golds` it must be declined."""

    text: str
    golds: tuple[Gold, ...] = ()
    kind: str = ""
    split: str = "all"
    id: str = ""
    history: tuple[str, ...] = ()
    as_of: date | None = None
    region: str | None = None
    may_clarify: bool = False
    computed: tuple[Expected, ...] = ()

    @property
    def in_scope(self) -> bool:
        return bool(self.golds)

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(self.kind.split(","))

    def rank(self, places: tuple[Place, ...]) -> int | None:
        """The best rank of a right citation among the places, from 1."""
        return min((rank for gold in self.golds if (rank := gold.rank(places))), default=None)


def read(path: Path) -> list[Question]:
    """The questions of a file. Raises BadEvaluationFile."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError) as error:
        raise BadEvaluationFile(f"{path.name}：{error}") from error
    if not rows or not {"question", "gold"} <= set(rows[0]):
        raise BadEvaluationFile()
    return [_read(row, path.name, line) for line, row in enumerate(rows, start=2)]


def names_documents(questions: list[Question]) -> bool:
    """Whether the labels say which document a clause belongs to."""
    return any(gold.first.document for question in questions for gold in question.golds)


def digest(path: Path) -> str:
    """The file's sha256, printed with every result so that one cannot be passed off as another's."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(row: dict[str, str | None], name: str, line: int) -> Question:
    cells = {column: value or "" for column, value in row.items() if isinstance(column, str)}
    places = cells["gold"].split("|")
    try:
        return Question(
            text=cells["question"],
            golds=tuple(Gold.of(place) for place in places if place not in (_CLARIFY, _DECLINE)),
            kind=cells.get("kind", ""),
            split=cells.get("split") or "all",
            id=cells.get("id", ""),
            history=tuple(filter(None, cells.get("history", "").split(TURNS))),
            as_of=date.fromisoformat(cells["as_of"]) if cells.get("as_of") else None,
            region=cells.get("region") or None,
            may_clarify=_CLARIFY in places,
            computed=tuple(Expected.of(part) for part in filter(None, cells.get("computed", "").split(";"))),
        )
    except ValueError as error:
        raise BadEvaluationFile(f"{name} 第 {line} 行：{error}") from error
