"""A sentence cut into values: the one pass that both the readers of answers and `scan` stand on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from core.reading import words
from core.reading.amounts import Token, amount_at
from core.reading.days import date_at
from core.reading.normal import Normal, normalise

Asked = Literal["money", "percent", "count", "number", "date", "anything"]

_LATIN = re.compile(r"[a-z]+")
_CODE = re.compile(r"[a-z]+[0-9][a-z0-9./_\-]*")
_CLAUSE = re.compile(
    r"第?[一二三四五六七八九十]{1,3}[、.]? ?\([一二三四五六七八九十]{1,3}\)(?:[0-9]{1,2}(?![0-9万亿元%]|[.,][0-9]))?"
    r"|\([一二三四五六七八九十]{1,3}\)(?:[0-9]{1,2}(?![0-9万亿元%]|[.,][0-9]))?|[\[〔【](?:19|20)[0-9]{2}[\]〕】]"
)
_MARKER = re.compile(r"\(?[0-9]{1,2}(?:[、)](?![ 0-9])|\.(?=[\u4e00-\u9fff]))(?=.)")
_STARTS = re.compile(r"(?:^|[ \n;,。!?])$")
_STOP = re.compile(r"[,。;!?、\n]")
_AROUND = re.compile(
    words.one_of(*(re.escape(word) for word in words.BEFORE["about"].split() if word not in ("~", "≈")))
)
_BOUNDING = " ".join(words.BEFORE[bound] for bound in ("short", "below", "at_least", "above", "at_most"))
_LOOSE = re.compile(words.one_of(*(re.escape(word) for word in _BOUNDING.split() if len(word) > 1)))
_STANDS_BEFORE = re.compile(r"[有是约为共到了计:拿总 ,。;!?、(~#\"'“”]$")
_STANDS_AFTER = re.compile(r"$|[ ,。;!?、)吧了左呢啊个哦哈嘛的\"'”~-]")
_CONTEXT = 40
_POWERS = frozenset("十百千万亿")
_PART_OF_A_YEAR = re.compile(r"[^成注截末底日号]{0,4}$")
_ROUGHLY_BEHIND = re.compile(r"[ 吧了]*(?:大概|大约|好像|可能|应该|估计|差不多)")


@dataclass(frozen=True)
class Sentence:
    """A folded text and the values in it, in order, not overlapping."""

    original: str
    normal: Normal
    tokens: tuple[Token, ...]

    def wide(self, place: int) -> bool:
        """Whether the original has a full-width character there."""
        return not self.original[place].isascii()

    @property
    def text(self) -> str:
        return self.normal.text

    @property
    def rest(self) -> str:
        """The words between the values; each value is a #."""
        pieces, at = [], 0
        for token in self.tokens:
            pieces.append(self.text[at : token.start])
            at = token.end
        return "#".join([*pieces, self.text[at:]])


def parse(text: str, *, today: date, asked: Asked) -> Sentence:
    """All the values of a text."""
    normal = normalise(text)
    return Sentence(text, normal, tuple(_judged(normal.text, list(_tokens(normal.text, today, asked)))))


def _tokens(text: str, today: date, asked: Asked) -> Iterator[Token]:
    at = last = 0
    while at < len(text):
        token, at = _next(text, at, today, asked)
        if token is None:
            continue
        if last < token.start and text[token.start - 1] in _POWERS:
            token = replace(token, kind="broken")  # 百八十万
        last = token.end
        yield token


def _next(text: str, at: int, today: date, asked: Asked) -> tuple[Token | None, int]:
    """What stands at `at` and where to go on."""
    if skipped := _skipped(text, at):
        return skipped
    token = date_at(text, at, today, asked=asked == "date") or amount_at(text, at)
    if token is None:
        return None, _after_word(text, at)
    token = _placed(text, token)
    alone = _STANDS_BEFORE.search(text[max(token.start - 1, 0) : token.start] or " ") and _STANDS_AFTER.match(
        text, token.end
    )
    return (None if token.casual and not alone else token), token.end


def _skipped(text: str, at: int) -> tuple[Token | None, int] | None:
    if (found := words.SET_PHRASES.match(text, at)) and not text.startswith("分之", at + 1):
        return None, found.end()
    if (found := _CLAUSE.match(text, at)) or (
        (found := _MARKER.match(text, at)) and _STARTS.search(text[max(at - 1, 0) : at])
    ):
        return Token("other", at, found.end(), unit="label"), found.end()
    if (found := _CODE.match(text, at)) and not words.CURRENCY_WORDS.match(text, at):
        return Token("code", at, found.end()), found.end()
    return None


def _after_word(text: str, at: int) -> int:
    """Latin words are passed as a whole, unless they are units or currencies."""
    if words.CURRENCY_WORDS.match(text, at):
        return at + 1
    found = _LATIN.match(text, at)
    return found.end() if found else at + 1


def _placed(text: str, token: Token) -> Token:
    """第3, 前10, 5强: ranks and labels, not amounts."""
    before = text[max(token.start - 1, 0) : token.start]
    if token.kind in ("date", "year", "month") or not before:
        return token
    if before == "第" or (
        before in "前近" and token.kind in ("number", "count") and token.measure and not token.measure.bounds
    ):
        return replace(token, kind="other", unit="第", casual=False)
    return token


def _judged(text: str, tokens: list[Token]) -> Iterator[Token]:
    """The tokens with what their own clause says about them: hoped for, for a month only, a change, roughly."""
    value_end = 0
    for i, token in enumerate(tokens):
        if token.measure is None:
            yield token
        else:
            clause = _clause(text, max(value_end, token.start - _CONTEXT), token.start)
            behind = text[token.end : tokens[i + 1].start if i + 1 < len(tokens) else token.end + _CONTEXT]
            judged = _in_clause(token, clause, behind)
            yield _for_part_of_year(judged, tokens[i - 1], text) if i else judged
        if token.kind not in ("year", "date", "month"):
            value_end = token.end


def _for_part_of_year(token: Token, before: Token, text: str) -> Token:
    """2025年3月200万 is a month's amount; 截至2025年底 is not."""
    partial = before.kind == "month" or (before.days is not None and not before.days.is_day and not before.about)
    gap = text[before.end : token.start]
    if token.kind != "money" or token.fault or not partial or _STOP.search(gap) or not _PART_OF_A_YEAR.fullmatch(gap):
        return token
    return replace(token, fault="period")


def _clause(text: str, start: int, end: int) -> str:
    stops = [found.end() for found in _STOP.finditer(text, start, end)]
    return text[stops[-1] if stops else start : end]


def _in_clause(token: Token, clause: str, behind: str) -> Token:
    assert token.measure is not None
    if token.fault or token.kind not in ("money", "percent", "count", "number"):
        return token
    fault = ""
    if words.FORECAST.search(clause) or re.match(r"[ (]*(?:是|为|的|我们的)?(?:目标|计划|预计|预期)", behind):
        fault = "forecast"
    elif token.kind != "percent" and words.PERIOD.search(clause):
        fault = "period"
    elif re.search(rf"(?:{words.CHANGE.pattern}).{{0,2}}$", clause):
        fault = "change"
    elif _LOOSE.search(clause):
        fault = "ambiguous"
    roughly = _AROUND.search(clause) is not None or _ROUGHLY_BEHIND.match(behind) is not None
    about = token.measure.about or roughly
    return replace(token, fault=fault, measure=replace(token.measure, about=about))
