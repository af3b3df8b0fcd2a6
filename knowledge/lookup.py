"""Clauses asked for by their place (四（一）4, 第三章第十二条, 附件2, 表1第3行) and documents by number or title.

Pure. What is asked for by its place is looked up, not searched: the numbers of the labels are compared, whatever their
glyphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from knowledge.clause_labels import chinese_number
from knowledge.clauses import FRONT, read_label
from knowledge.library import ClauseText, Snapshot, StoredDocument
from knowledge.naming import number_key, title_key

_T = TypeVar("_T")

_CN = "〇零一二三四五六七八九十百"
_NUMBER = rf"(?:[{_CN}]+|[0-9]{{1,3}})"
_UNITS = "编|章|节|条|款|项|点|部分|大点|小点|大项|小项|行"
_STEP = re.compile(
    rf"(?P<annex>附件|附表|附录|表)\s*(?P<an>{_NUMBER})?"
    rf"|第\s*(?P<worded>{_NUMBER})\s*(?P<unit>{_UNITS})(?!件)"
    rf"|[(（]\s*(?P<bracketed>{_NUMBER})\s*[)）]"
    rf"|行\s*(?P<row>{_NUMBER})"
    rf"|(?P<circled>[①-⑳])"
    rf"|(?P<bare>{_NUMBER})\s*(?P<bare_unit>行)?"
)
_BETWEEN = re.compile(r"[\s、.,的里中下之]{0,2}")
# What may begin a place: a bare number only where a bracket or another level follows it at once (四（一）, 四、1).
_BEGIN = re.compile(
    rf"附[件表录]\s*{_NUMBER}|表\s*{_NUMBER}|第\s*{_NUMBER}\s*(?:{_UNITS})(?!件)"
    rf"|(?<![0-9{_CN}])[{_CN}]+\s*、?\s*[(（]\s*{_NUMBER}\s*[)）]|[(（]\s*[{_CN}]+\s*[)）]\s*第?\s*[0-9]{{1,3}}(?![0-9]|[年月日万元%家个])"
)
_DOCUMENT_NUMBER = re.compile(
    r"(?P<word>[\u4e00-\u9fff]{1,16})?[〔\[【(（]\s*(?P<year>(?:19|20)\d\d)\s*[〕\]】)）]\s*(?:第\s*)?(?P<number>\d{1,5})\s*号"
)
_BEFORE_NUMBER = re.compile(r"^(?:请问|想问|按照?|根据|依据|依照|查|看|关于|那个?|这个?|有没有|什么是)+")
_SHORT_NUMBER = re.compile(r"(?<![0-9])(?P<number>\d{1,4})号(?:文件?|通知)")
_TITLE = re.compile(r"《([^》]{3,80})》")
_TITLE_WORDS = re.compile(r"办法|方案|细则|意见|计划|规定|决定|公告|措施|政策|通知|指南|条例|规则|若干")
_SHORT_TITLE = re.compile(
    r"^(?:请问|想问|那个|这个|按照?|根据|查一?下?|看看)*(?P<head>[\u4e00-\u9fff“”]{2,20}?)(?:管理|实施|暂行)?"
    r"(?P<kind>办法|方案|细则|意见|规定|措施|条例|指南|规则|通知)"
)
_LEAST_TITLE = 4
_MOST_IN_SHORT = 12


@dataclass(frozen=True)
class Step:
    """One level of a place: its number, and what it is called where that is said (章, 条, 附件, 表, 行)."""

    number: int
    unit: str = ""


@dataclass(frozen=True)
class Place:
    """A place in a document as a question names it, in its words, outermost level first."""

    steps: tuple[Step, ...]
    words: str


@dataclass(frozen=True)
class NamedDocument:
    """A document as a question names it: what was said, and the ids of those in the base that it may be."""

    said: str
    ids: tuple[str, ...]
    by_number: bool


def read_place(question: str) -> Place | None:
    """The first place that a folded question names, None when it names none."""
    bare = _DOCUMENT_NUMBER.sub(lambda match: " " * len(match[0]), question)
    begin = _BEGIN.search(bare)
    if begin is None:
        return None
    steps: list[Step] = []
    at = begin.start()
    while found := _STEP.match(bare, at):
        if steps and found["bare"] and not _is_level(bare, found):
            break
        steps.append(_step(found))
        at = found.end()
        at = _BETWEEN.match(bare, at).end()  # type: ignore[union-attr]  # matches the empty text too
    return Place(tuple(steps), question[begin.start() : at].strip(" 、.,的里中下之")) if steps else None


def _is_level(text: str, found: re.Match[str]) -> bool:
    """Whether a bare number goes on with a place: it is not an amount, a year or a share."""
    after = text[found.end() : found.end() + 1]
    return after not in set("0123456789年月日万元%个家倍分成亿千") and int(_value(found["bare"])) < 100


def _step(found: re.Match[str]) -> Step:
    if found["annex"]:
        return Step(int(_value(found["an"])) if found["an"] else 0, "表" if found["annex"] == "表" else "附件")
    if found["worded"]:
        return Step(_value(found["worded"]), found["unit"])
    if found["row"]:
        return Step(_value(found["row"]), "行")
    if found["circled"]:
        return Step(ord(found["circled"]) - ord("①") + 1)
    return Step(_value(found["bracketed"] or found["bare"]), found["bare_unit"] or "")


def _value(digits: str) -> int:
    return int(digits) if digits.isdecimal() else chinese_number(digits.replace("〇", "零"))


@dataclass(frozen=True)
class Held:
    """The clauses of a document that a place may mean, in order: `exact` those whose levels, counted from the
    document's top, are all named; `all` with those too in whose path the levels stand anywhere (第4条 alone may mean
    四（一）4 in a document without articles)."""

    document: StoredDocument
    exact: tuple[ClauseText, ...]
    all: tuple[ClauseText, ...]

    @property
    def likely(self) -> tuple[ClauseText, ...]:
        """What is meant where nothing else is said."""
        return self.exact or self.all


def at_place(document: StoredDocument, place: Place) -> Held:
    """The clauses of a document that a place may mean."""
    chains = {clause.ordinal: _chain(document, clause) for clause in document.clauses if clause.path != FRONT}
    exact = [ordinal for ordinal, chain in chains.items() if _same(chain, place.steps)]
    anywhere = [ordinal for ordinal, chain in chains.items() if ordinal in exact or _in_order(chain, place.steps)]
    clauses = document.clauses
    return Held(document, tuple(clauses[ordinal] for ordinal in exact), tuple(clauses[ordinal] for ordinal in anywhere))


@dataclass(frozen=True)
class _Level:
    kind: str
    number: int


def _chain(document: StoredDocument, clause: ClauseText) -> list[_Level]:
    above = [] if clause.parent is None else _chain(document, document.clauses[clause.parent])
    level = _level(document, clause)
    return [*above, level] if level else above


def _level(document: StoredDocument, clause: ClauseText) -> _Level | None:
    if clause.kind in ("row", "table"):
        digits = re.findall(r"[0-9]+", clause.path.rsplit("行" if clause.kind == "row" else "表", 1)[-1])
        return _Level(clause.kind, int(digits[0])) if digits else None
    if clause.kind == "passage":
        return None
    label = read_label(clause.text)
    return _Level(label.kind, label.number) if label else None


_KINDS: dict[str, frozenset[str]] = {
    "编": frozenset({"part"}),
    "章": frozenset({"chapter", "cn"}),
    "节": frozenset({"section"}),
    "条": frozenset({"article", "cn", "num", "cn_paren"}),
    "部分": frozenset({"part", "chapter", "cn"}),
    "附件": frozenset({"annex"}),
    "表": frozenset({"table"}),
    "行": frozenset({"row"}),
}


def _fits(level: _Level, step: Step) -> bool:
    if level.number != step.number:
        return level.kind == "annex" and step.unit == "附件" and {level.number, step.number} == {0, 1}
    allowed = _KINDS.get(step.unit)
    return level.kind not in ("annex", "table", "row") if allowed is None else level.kind in allowed


def _same(chain: Sequence[_Level], wanted: Sequence[Step]) -> bool:
    """Level by level; an unnamed single annex at the top may be left out."""
    shown = chain[1:] if chain and chain[0].kind == "annex" and not (wanted and wanted[0].unit == "附件") else chain
    return len(shown) == len(wanted) and all(map(_fits, shown, wanted))


def _in_order(chain: Sequence[_Level], wanted: Sequence[Step]) -> bool:
    """Whether the levels end with the last one wanted and hold the others before it, in order (附件1的第三条)."""
    if not chain or not _fits(chain[-1], wanted[-1]):
        return False
    rest = iter(chain[:-1])
    return all(any(_fits(level, step) for level in rest) for step in wanted[:-1])


def is_top(document: StoredDocument, clause: ClauseText) -> bool:
    """Whether a clause is an article, or stands at the top of its document: what a bare number means first."""
    return clause.kind == "article" or any(clause is top for top in top_level(document))


def top_level(document: StoredDocument) -> list[ClauseText]:
    """The highest labelled clauses below the document's one annex, or of the document."""
    labelled = [clause for clause in document.clauses if clause.kind not in ("front", "passage", "table", "row")]
    annexes = [clause for clause in labelled if clause.kind == "annex"]
    if len(annexes) == 1:
        below = [clause for clause in labelled if clause.parent == annexes[0].ordinal]
        return below or annexes
    return [clause for clause in labelled if clause.parent is None]


# --- documents ---


@dataclass(frozen=True)
class Registered:
    """What the register keeps of one document: worked out once for each."""

    id: str
    number: str
    title: str
    mentions: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, document: StoredDocument) -> Self:
        mentions = ((number_key(found[0]), found.start()) for found in _DOCUMENT_NUMBER.finditer(document.text))
        number = number_key(document.number) if document.number else ""
        return cls(document.id, number, title_key(document.title), tuple(mentions))


class Register:
    """The documents of a snapshot by number and title, and where numbers of other documents are mentioned."""

    def __init__(self, documents: Iterable[Registered]) -> None:
        self._by_number: dict[str, list[str]] = {}
        self._titles: list[tuple[str, str]] = []
        self._mentioned: dict[str, list[tuple[str, int]]] = {}
        for document in documents:
            if document.number:
                self._by_number.setdefault(document.number, []).append(document.id)
            self._titles.append((document.title, document.id))
            for key, place in document.mentions:
                self._mentioned.setdefault(key, []).append((document.id, place))
        self._titles.sort(key=lambda item: (-len(item[0]), item))

    def named(self, question: str) -> NamedDocument | None:
        """The document that a folded question names by its number, by 《title》 or by its title; None for none."""
        if found := read_number(question):
            return NamedDocument(found, tuple(_of_number(found, self._by_number)), by_number=True)
        if quoted := _TITLE.search(question):
            return NamedDocument(quoted[0], self._titled(title_key(quoted[1])), by_number=False)
        if _TITLE_WORDS.search(question):
            plain = title_key(question)
            ids = tuple(id for title, id in self._titles if len(title) >= _LEAST_TITLE and title in plain)
            ids = ids or self._in_short(question)
            return NamedDocument("", ids, by_number=False) if ids else None
        return None

    def _in_short(self, question: str) -> tuple[str, ...]:
        """The documents whose title has what a short title in the question names, and its kind (人才公寓办法)."""
        found = _SHORT_TITLE.search(question)
        if found is None:
            return ()
        head, kind = title_key(found["head"]), found["kind"]
        ids = tuple(id for title, id in self._titles if head in title and kind in title)
        return ids if len(head) >= 2 and 0 < len(ids) <= _MOST_IN_SHORT else ()

    def _titled(self, plain: str) -> tuple[str, ...]:
        exact = [id for title, id in self._titles if title == plain]
        return tuple(exact or [id for title, id in self._titles if plain in title])

    def mentions(self, said: str) -> list[tuple[str, int]]:
        """Where a number is cited inside documents: (document id, offset), in the order of the base."""
        return _of_number(said, self._mentioned)


def _of_number(said: str, held: Mapping[str, list[_T]]) -> list[_T]:
    """What is held under a number, said whole, with words before it, or only by its last part (27号)."""
    key = number_key(said)
    if key in held:
        return held[key]
    part = key if "[" in key else f"]{key}"
    return [item for known, items in held.items() if known.endswith(part) or key.endswith(known) for item in items]


def read_number(question: str) -> str | None:
    """The document number in a folded question: whole, without its word, or just 27号文."""
    if found := _DOCUMENT_NUMBER.search(question):
        return _BEFORE_NUMBER.sub("", found[0])
    short = _SHORT_NUMBER.search(question)
    return f"{short['number']}号" if short else None


def mention_of(snapshot: Snapshot, document_id: str, offset: int) -> ClauseText | None:
    """The clause in whose own text an offset stands."""
    own = (clause for clause in snapshot.documents[document_id].clauses if clause.start <= offset < clause.end)
    return next(own, None)
