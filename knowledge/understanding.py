"""From a message to questions that stand on their own: several in one message, and those that lean on earlier ones.

Pure; the patterns are data (`knowledge.phrases`). What stands on its own is never changed by what was asked before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from core import regions
from core.reading import scan
from core.text import fold
from knowledge.clause_labels import chinese_number
from knowledge.phrases import Phrases

MOST_QUESTIONS = 4
"""How many questions of one message are answered."""

_MOST_PIECES = 8
_SHORTEST, _SHORT_SIDE = 2, 14
_LONGEST_LEANING = 12
_STOPS = "?。!,~ "
_OPEN, _CLOSE = "(（[【《“‘「『", ")）]】》”’」』"
_FIGURES = frozenset({"money", "percent", "count", "number", "date"})
_PLACE, _FIGURE = "place", "figure"
_ITEM = re.compile(r"^第?(?P<number>[0-9]{1,3}|[一二三四五六七八九十百]{1,5})[条项款点章]?(?:内容)?$")

Lean = Literal["alone", "leaning", "perhaps", "bare"]
"""How much a question needs the one before it."""


@dataclass(frozen=True)
class Slot:
    """A part of a question that another one may stand in for: `text[start:end]` of the folded question."""

    name: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Message:
    """One message: its questions in order, and whether there were more than are answered."""

    questions: tuple[str, ...]
    more: bool = False


# --- several questions ---


def split(text: str, phrases: Phrases) -> Message:
    """The questions of a message, folded. A statement belongs to the question after it (else before it); a message that
    asks nothing in so many words is one question."""
    folded = "\n".join(filter(None, map(fold, text.splitlines())))
    pieces = list(_pieces(folded, phrases))
    asked = [piece for piece in pieces if _asks(piece, phrases)]
    if len(asked) < 2 or len(asked) > _MOST_PIECES:
        return Message((fold(text),))
    questions = [part for piece in _with_statements(pieces, phrases) for part in _both(piece, phrases)]
    return Message(tuple(questions[:MOST_QUESTIONS]), len(questions) > MOST_QUESTIONS)


def together(text: str, phrases: Phrases) -> Message:
    """As `split`, and a question about two things at once is two."""
    message = split(text, phrases)
    if len(message.questions) > 1:
        return message
    return Message(tuple(_both(message.questions[0], phrases)))


def _asks(piece: str, phrases: Phrases) -> bool:
    return bool(phrases.asking.search(piece)) and bool(_words(piece, phrases))


def _words(piece: str, phrases: Phrases) -> str:
    return re.sub(r"[\W_]+", "", piece) if len(re.sub(r"[\W_]+", "", piece)) >= _SHORTEST else ""


def _pieces(text: str, phrases: Phrases) -> Iterator[str]:
    """The text cut where questions meet, never inside brackets or quotation marks."""
    start = 0
    for cut, end in _cuts(text, phrases):
        if end <= start or _inside(text, cut):
            continue
        before, after = text[start:cut], text[end:]
        if text[cut - 1 : cut] == "?" or _meet(before, after, text[cut:end], phrases):
            yield before.strip(" ,;\n")
            start = end
    if text[start:].strip(" ?。!,;\n"):
        yield text[start:].strip()


def _cuts(text: str, phrases: Phrases) -> list[tuple[int, int]]:
    marks = [(match.end(), match.end()) for match in re.finditer(r"[?]+", text)]
    marks += [match.span() for match in phrases.joints.finditer(text)]
    marks += [match.span() for match in re.finditer(r"[,、]", text)]
    return sorted(set(marks))


def _meet(before: str, after: str, between: str, phrases: Phrases) -> bool:
    """Whether two questions meet here. A comma parts only two short ones that both ask for a value."""
    if between in (",", "、"):
        following = re.split(r"[,、。?;\n]", after, maxsplit=1)[0]
        last = re.split(r"[,。;\n]", before)[-1]
        sides = (last, following)
        short = all(len(side) <= _SHORT_SIDE and phrases.value_asked.search(side) for side in sides)
        return short and last == before and lean(following, phrases) in ("alone", "bare")
    return bool(phrases.asking.search(before)) and bool(phrases.asking.search(re.split(r"[?\n]", after)[0]))


def _inside(text: str, place: int) -> bool:
    before = text[:place]
    return sum(before.count(mark) for mark in _OPEN) > sum(before.count(mark) for mark in _CLOSE)


def _with_statements(pieces: Sequence[str], phrases: Phrases) -> list[str]:
    questions: list[str] = []
    said = ""
    for piece in pieces:
        if _asks(piece, phrases):
            questions.append(f"{said},{piece}" if said else piece)
            said = ""
        elif _words(piece, phrases):
            said = f"{said},{piece}" if said else piece
    if said and questions:
        questions[-1] = f"{questions[-1]}{said}"
    return questions


def _both(question: str, phrases: Phrases) -> list[str]:
    found = phrases.both.search(question.strip())
    if found is None or _both_in_one(found):
        return [question]
    return [f"{found[side]}{found['rest']}" for side in ("a", "b")]


def _both_in_one(found: re.Match[str]) -> bool:
    return re.search(r"[0-9]", found[0]) is not None


# --- questions that lean on the one before ---


def lean(question: str, phrases: Phrases, places: Sequence[regions.Region] = ()) -> Lean:
    """Whether a folded question needs the one before it.

    "leaning": it has no subject of its own. "perhaps": it is a bare subject put like a continuation (那负债率呢).
    "bare": it asks for what every document has (什么时候截止) without saying of which.
    """
    core, put_on = _core(question, phrases)
    rest = _residue(core, phrases, places)
    if rest and not put_on and len(core) <= _LONGEST_LEANING and not phrases.attributes.sub("", rest).strip():
        return "bare"
    if not core or (_bare_item(core) and not put_on):
        return "alone"
    if not rest:
        names = {slot.name for slot in _slots(core, phrases, places)}
        if not put_on and ("title" in names or (names and phrases.generic.search(core))):
            return "alone"
        return "leaning" if put_on or len(core) <= _LONGEST_LEANING else "alone"
    return "perhaps" if put_on and len(rest) <= _LONGEST_LEANING and len(core) <= 2 * _LONGEST_LEANING else "alone"


def item(question: str, phrases: Phrases) -> int | None:
    """The number of the item that is all a folded question names (第2条呢), None for any other question."""
    found = _ITEM.match(_core(question, phrases)[0])
    return _number(found["number"]) if found else None


def complete(question: str, last: str, phrases: Phrases, places: Sequence[regions.Region] = ()) -> str:
    """The question with what it leaves out taken from `last`, the one before it; both folded.

    Its slots (industry, level, place, year, figure ...) take the place of those of the last one; where it brings a
    subject of its own, the last one lends the slots and how it asked.
    """
    core, put_on = _core(question, phrases)
    own = _slots(core, phrases, places)
    if not put_on and phrases.attributes.search(core):
        about = topic(last, phrases)
        named = {slot.name for slot in own}
        about = _without(about, [slot for slot in _slots(about, phrases, places) if slot.name in named])
        return f"{phrases.attributes.sub('', about)}{core}"
    if _residue(core, phrases, places):
        return _with_subject(core, own, last, phrases, places)
    base = last.rstrip(_STOPS)
    for slot in own:
        base = _put(base, slot, phrases, places)
    asked = _without(core, own)
    return f"{topic(base, phrases)}{asked}" if phrases.asked_with.search(asked) else base


def topic(question: str, phrases: Phrases) -> str:
    """What a folded question is about: without how it asks."""
    bare = question.rstrip(_STOPS).removesuffix(_ending(question, phrases))
    asked = phrases.asked_with.search(bare)
    if asked is None or asked.start() >= _SHORTEST:
        return bare[: asked.start()] if asked else bare
    return phrases.asked_with.sub("", bare)


def going_on(question: str, last: str, phrases: Phrases) -> str:
    """The question as one that goes on with what the last one was about (上市奖多少, 之后能迁走吗); both folded."""
    return f"{topic(last, phrases)}{_core(question, phrases)[0]}"


def _core(question: str, phrases: Phrases) -> tuple[str, bool]:
    """The question without what is said around it, and whether it is put like a continuation."""
    put_on = bool(phrases.leaning.search(question)) or bool(phrases.leaning_tail.search(question))
    bare = phrases.tail.sub("", phrases.lead.sub("", question.strip(), count=1), count=1)
    pointed = phrases.pointing.sub("", bare, count=1)
    return pointed.strip(_STOPS), put_on or (pointed != bare and not _residue(pointed, phrases, ()))


def _number(digits: str) -> int:
    return int(digits) if digits.isdecimal() else chinese_number(digits)


def _bare_item(core: str) -> bool:
    return _ITEM.match(core) is not None


def _residue(core: str, phrases: Phrases, places: Sequence[regions.Region]) -> str:
    """What is left of a question without its slots, its figures and what it asks with: its own subject."""
    rest = _without(core, _slots(core, phrases, places), "\n")
    rest = phrases.fillers.sub("", phrases.asked_with.sub("", rest))
    return "" if _bare_item(rest) else rest


def _slots(text: str, phrases: Phrases, places: Sequence[regions.Region]) -> list[Slot]:
    """The slots of a folded text, in order, not overlapping."""
    found = [Slot(_PLACE, start, end, text[start:end]) for start, end in _place_spans(text, places)]
    found += [
        Slot(name, *match.span(), match[0])
        for name, pattern in phrases.slots.items()
        for match in pattern.finditer(text)
    ]
    found += [
        Slot(f"{_FIGURE}.{item.kind}", item.start, item.end, text[item.start : item.end])
        for item in scan(text, today=date.max.replace(year=2100))
        if item.kind in _FIGURES
    ]
    chosen: list[Slot] = []
    for slot in sorted(found, key=lambda slot: (slot.start, slot.start - slot.end)):
        if not chosen or slot.start >= chosen[-1].end:
            chosen.append(slot)
    return chosen


def _place_spans(text: str, places: Sequence[regions.Region]) -> Iterator[tuple[int, int]]:
    for mention in regions.mentioned(text):
        yield _with_suffix(text, len(mention.before), len(text) - len(mention.after))
    for region in places:
        for name in region_names(region):
            start = text.find(name)
            if start >= 0:
                yield _with_suffix(text, start, start + len(name))
                break


def _with_suffix(text: str, start: int, end: int) -> tuple[int, int]:
    return (start, end + 1) if text[end : end + 1] in ("市", "省") and text[end - 1] not in "市省" else (start, end)


def region_names(region: regions.Region) -> tuple[str, ...]:
    """How a region is called in a folded text, the full name first."""
    name = fold(region.name)
    short = next((name.removesuffix(end) for end in ("市", "省", "县", "区") if name.endswith(end)), name)
    return (name, short) if len(short) >= _SHORTEST else (name,)


def _is_figure(slot: Slot) -> bool:
    return slot.name.startswith(_FIGURE)


def _put(base: str, slot: Slot, phrases: Phrases, places: Sequence[regions.Region]) -> str:
    """The base with a slot in place of its own of the same name, else before it."""
    same = [own for own in _slots(base, phrases, places) if own.name == slot.name]
    if not same:
        if _is_figure(slot):
            return f"{topic(base, phrases)}{slot.text}{phrases.asks_enough}"
        return f"{slot.text}{base}"
    last = same[-1]
    return base[: last.start] + slot.text + base[last.end :]


def _with_subject(core: str, own: Sequence[Slot], last: str, phrases: Phrases, places: Sequence[regions.Region]) -> str:
    """The core with the slots of the last question that it does not name, and its ending where it has none."""
    named = {slot.name for slot in own}
    lent = [slot.text for slot in _slots(last, phrases, places) if slot.name not in named and not _is_figure(slot)]
    ending = "" if phrases.asked_with.search(core) or phrases.asking.search(core) else _ending(last, phrases)
    if any(_is_figure(slot) for slot in own) and not phrases.enough.search(core + ending):
        ending = phrases.asks_enough
    return f"{''.join(lent)}{core}{ending}"


def _ending(question: str, phrases: Phrases) -> str:
    found = phrases.ending.search(question)
    return found[0].rstrip(_STOPS) if found else ""


def _without(core: str, slots: Sequence[Slot], mark: str = "") -> str:
    rest = core
    for slot in sorted(slots, key=lambda slot: -slot.start):
        rest = rest[: slot.start] + mark + rest[slot.end :]
    return rest.strip(_STOPS)


# --- as of when ---


def period(question: str, today: date, phrases: Phrases) -> date | None:
    """The day as of which a question asks for earlier rules (2024年的规定: the last day of 2024); None when it does
    not, or asks for days to come."""
    found = phrases.past.search(question)
    if found is None:
        return None
    back = {"大前年": 3, "前年": 2}.get(found["ago"] or "", 1)
    year = int(found["year"]) if found["year"] else today.year - back
    month = int(found["month"]) if found["month"] else 12
    day = date(year, month, 28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)
    return day if day < today else None
