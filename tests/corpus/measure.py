"""Reads a corpus and counts what came out right.

A clause is right if the clause of its path holds its text and nothing else; only what has no clause of its own
(signature, date, the list of annexes, footnotes) may stand in any clause, once. A row of a table is right if the clause
of its path holds its text, and the reading has its cells, merged ones filled in.
"""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.errors import QibanError
from knowledge.clauses import Clause, parse
from knowledge.readers import read
from knowledge.reading import Reading
from tests.corpus.build import Sample
from tests.corpus.gold import Gold
from tests.corpus.tree import FRONT, squeezed

_NOTE_MARKS = re.compile(r"〔注[0-9]+〕|\[[0-9]+\]")


@dataclass(frozen=True)
class Fault:
    """Something that is not as it has to be: in which file, at which path, what was expected, what is there."""

    file: str
    place: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.file} {self.place}\n  expected {self.expected[:160]!r}\n  got      {self.got[:160]!r}"


@dataclass
class Score:
    """Counts of one format. `asked` and `right` count clauses, rows and unlabelled passages."""

    files: int = 0
    asked: int = 0
    right: int = 0
    seconds: float = 0.0
    least_coverage: float = 1.0
    pages_asked: int = 0
    pages_right: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else 1.0


class _Found:
    """What was read of one file, by path, without white space and without what may stand anywhere."""

    def __init__(self, reading: Reading, clauses: list[Clause], gold: Gold) -> None:
        self.reading = reading
        self.clauses = clauses
        self.start = {clause.path: clause.start for clause in reversed(clauses)}
        self.texts = self._texts()
        self.lost = [text for _, text in gold.notes if not self._take_out(text)]
        self.lost += [text for text in reversed(gold.floating) if not self._take_off(text)]

    def _texts(self) -> dict[str, str]:
        """Own text by path; a long clause's passages belong to it."""
        texts: dict[str, str] = {}
        by_ordinal = {clause.ordinal: clause for clause in self.clauses}
        for clause in self.clauses:
            owner = clause
            while owner.kind == "passage" and owner.parent is not None:
                owner = by_ordinal[owner.parent]
            own = squeezed(self.reading.text[clause.start : clause.end])
            texts[owner.path] = texts.get(owner.path, "") + _NOTE_MARKS.sub("", own)
        return texts

    def _take_off(self, text: str) -> bool:
        """What stands below the last clause is the end of some clause's text, or a clause of its own."""
        for path, own in self.texts.items():
            if own.endswith(text):
                self.texts[path] = own.removesuffix(text)
                return True
        return False

    def _take_out(self, text: str) -> bool:
        for path, own in self.texts.items():
            if text in own:
                self.texts[path] = own.replace(text, "", 1)
                return True
        return False


def measure(samples: Iterable[Sample]) -> dict[str, Score]:
    """Scores by format."""
    scores: defaultdict[str, Score] = defaultdict(Score)
    for sample in samples:
        _measure(sample, scores[sample.gold.format])
    return dict(scores)


def _measure(sample: Sample, score: Score) -> None:
    score.files += 1
    begun = time.perf_counter()
    try:
        reading = read(sample.data, sample.name)
        clauses = parse(reading.text, reading.tables)
    except QibanError as error:
        score.asked += 1
        score.faults.append(Fault(sample.name, "file", "read", f"{error.code}: {error.message}"))
        return
    finally:
        score.seconds += time.perf_counter() - begun
    found = _Found(reading, clauses, sample.gold)
    score.least_coverage = min(score.least_coverage, _coverage(reading, clauses))
    score.faults += [Fault(sample.name, "anywhere", text, "") for text in found.lost]
    _check_front(found, sample.gold, score)
    for path, text in sample.gold.clauses:
        _check(sample.name, path, text, found.texts.get(path, "(no such path)"), score)
    for text in sample.gold.passages:
        holders = [own for own in found.texts.values() if text in own]
        _check(sample.name, "passage", text, text if len(holders) == 1 else f"in {len(holders)} clauses", score)
    for table in sample.gold.tables:
        _check_table(sample.name, table, found, score)
    _check_pages(found, sample.gold, score)


def _coverage(reading: Reading, clauses: list[Clause]) -> float:
    seen = reading.body or len(squeezed(reading.text))
    placed = sum(len(squeezed(reading.text[clause.start : clause.end])) for clause in clauses)
    return min(1.0, placed / seen)


def _check(file: str, place: str, expected: str, got: str, score: Score) -> None:
    score.asked += 1
    if expected == got:
        score.right += 1
    else:
        score.faults.append(Fault(file, place, expected, got))


def _check_front(found: _Found, gold: Gold, score: Score) -> None:
    """Title, number and preamble, in their order; a web page adds day and source to them."""
    if not gold.front or gold.passages:
        return
    got, position = found.texts.get(FRONT, ""), 0
    for text in gold.front:
        at = got.find(text, position)
        _check(gold.file, FRONT, text, text if at >= 0 else got, score)
        position = max(position, at + len(text))
    if gold.format != "html":
        rest = got
        for text in gold.front:
            rest = rest.replace(text, "", 1)
        if rest and not gold.tables:
            score.faults.append(Fault(gold.file, FRONT, "nothing more", rest))


def _check_table(file: str, table: Mapping[str, object], found: _Found, score: Score) -> None:
    rows, shown, path = table["rows"], table["shown"], table["path"]
    assert isinstance(rows, list)
    assert isinstance(shown, list)
    read_rows = {row.start: row for one in found.reading.tables for row in one.rows}
    for number, (cells, text) in enumerate(zip(rows, shown, strict=True), 1):
        place = f"{path} 行{number}"
        _check(file, place, text, found.texts.get(place, "(no such path)").replace("|", ""), score)
        row = read_rows.get(found.start.get(place, -1))
        _check(file, f"{place} cells", "/".join(cells), "/".join(row.cells) if row else "(no row)", score)
    heads = {(one.caption, one.unit, one.header) for one in found.reading.tables}
    wanted = (table["caption"], table["unit"], tuple(table["header"]))  # type: ignore[arg-type]
    _check(file, f"{path} head", str(wanted), str(wanted) if wanted in heads else str(sorted(heads)), score)


def _check_pages(found: _Found, gold: Gold, score: Score) -> None:
    for path, page in gold.pages.items():
        if path in found.start:
            score.pages_asked += 1
            got = found.reading.page_at(found.start[path])
            if got == page:
                score.pages_right += 1
            else:
                score.faults.append(Fault(gold.file, f"{path} page", str(page), str(got)))


def report(scores: Mapping[str, Score]) -> str:
    """A table of the scores, and the faults counted by file."""
    lines = [f"{'format':16}{'files':>6}{'asked':>8}{'right':>9}{'coverage':>10}{'files/s':>9}{'pages':>9}"]
    for name, score in sorted(scores.items()):
        pages = f"{score.pages_right / score.pages_asked:.2%}" if score.pages_asked else "-"
        rate = score.files / score.seconds if score.seconds else 0.0
        lines.append(
            f"{name:16}{score.files:>6}{score.asked:>8}{score.share:>9.2%}{score.least_coverage:>10.2%}{rate:>9.1f}{pages:>9}"
        )
    asked, right = sum(score.asked for score in scores.values()), sum(score.right for score in scores.values())
    files = sum(score.files for score in scores.values())
    lines.append(f"{'all':16}{files:>6}{asked:>8}{right / max(1, asked):>9.2%}")
    counts = Counter(fault.file for score in scores.values() for fault in score.faults)
    lines += [f"{file}: {count} faults" for file, count in counts.most_common(10)]
    return "\n".join(lines)
