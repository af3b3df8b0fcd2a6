"""An OutMessage becomes Telegram messages: HTML, the same as plain text, and buttons. Pure.

The text is composed plain, with spans over it, and cut before any markup exists: no cut can fall inside a tag.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from itertools import accumulate, zip_longest
from typing import Literal

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot import wording
from bot.split import clip, grapheme_boundaries, split, utf16_length
from core.text import clean
from messaging.messages import Attachment, Card, Choice, OutMessage, Quote

TEXT_LIMIT = 4096
"""UTF-16 code units of a message's text, after its markup is read (Bot API, sendMessage)."""

MARKUP_LIMIT = 8192
"""UTF-16 code units of a message's HTML. Telegram names no limit; this bounds what is sent."""

LABEL_LIMIT = 40
SHORT_LABEL = 8
_URL_LIMIT = 2048
_SPANS = 90  # Telegram reads at most 100 entities and drops the rest silently
_NUMBERING = 16
_PIECE = 1000
_ESCAPED = {character: len(escape(character, quote=False)) for character in "&<>"}

# What no message may hold. Unlike `core.text.clean` the joiners stay: an emoji family is held together by them.
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")

Style = Literal["plain", "bold", "quote", "link"]


@dataclass(frozen=True)
class Part:
    """One Telegram message: its HTML, the same without markup, and the buttons under it (the last part's only)."""

    html: str
    text: str
    markup: InlineKeyboardMarkup | None = None


@dataclass(frozen=True)
class _Piece:
    text: str
    style: Style = "plain"
    url: str = ""


@dataclass(frozen=True)
class _Span:
    """A styled range of the text. Spans follow one another and never overlap."""

    start: int
    end: int
    opening: str
    closing: str


@dataclass(frozen=True)
class _Styled:
    """A text with spans; `units` and `markup_units` count the text before each position, plain and escaped."""

    text: str
    spans: tuple[_Span, ...]
    glued: frozenset[int]
    units: list[int]
    markup_units: list[int]
    boundaries: list[int]


def render(message: OutMessage) -> list[Part]:
    """The parts to send, in order: notices, text, cards, quotes, files. Empty when there is nothing to show.

    A quote that stands in the text already is only named and linked.
    """
    styled = _style(_compose(message))
    ranges = split(styled.text, lambda start: _reach(styled, start, 0), styled.glued)
    if len(ranges) > 1:
        ranges = split(styled.text, lambda start: _reach(styled, start, _NUMBERING), styled.glued)
    numbers = [f"({number}/{len(ranges)})\n" if len(ranges) > 1 else "" for number in range(1, len(ranges) + 1)]
    markup = keyboard(message.choices)
    return [
        Part(
            html=numbers[index] + _html(styled, start, end),
            text=numbers[index] + styled.text[start:end],
            markup=markup if index == len(ranges) - 1 else None,
        )
        for index, (start, end) in enumerate(ranges)
    ]


def keyboard(choices: Iterable[Choice]) -> InlineKeyboardMarkup | None:
    """The buttons: two short labels share a row, a long one has a row of its own. None without choices."""
    rows: list[list[InlineKeyboardButton]] = []
    room = False
    for choice in choices:
        label = _label(choice)
        short = len(label) <= SHORT_LABEL
        button = InlineKeyboardButton(label, callback_data=choice.id)
        if short and room:
            rows[-1].append(button)
        else:
            rows.append([button])
        room = short and len(rows[-1]) == 1
    return InlineKeyboardMarkup(rows) if rows else None


def _label(choice: Choice) -> str:
    text = " ".join(_sendable(choice.label).split())
    return clip(text, LABEL_LIMIT) if clean(text).strip() else wording.UNNAMED_CHOICE


def _sendable(text: str) -> str:
    return _UNSENDABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _compose(message: OutMessage) -> list[_Piece]:
    text = _sendable(message.text).strip()
    notices = "\n".join(wording.NOTICE_MARK + _sendable(notice).strip() for notice in message.notices)
    sections = [[_Piece(notices)], [_Piece(text)]]
    sections += [_card(card) for card in message.cards]
    sections += [_quote(quote, text) for quote in message.quotes]
    sections += [_file(attachment) for attachment in message.attachments]
    shown = [section for section in sections if any(clean(piece.text).strip() for piece in section)]
    if not shown and message.choices:
        shown = [[_Piece(wording.CHOOSE)]]
    return [piece for index, section in enumerate(shown) for piece in (*([_Piece("\n\n")] if index else []), *section)]


def _card(card: Card) -> list[_Piece]:
    """The title in bold, the lines, and the address as itself: it is readable where markup is not."""
    lines = [_Piece(" ".join(_sendable(card.title).split()), "bold")]
    lines += [_Piece(_sendable(line).strip()) for line in card.lines]
    if card.url is not None and _is_link(card.url):
        lines.append(_Piece(card.url, "link", card.url))
    return _lines(line for line in lines if line.text)


def _quote(quote: Quote, text: str) -> list[_Piece]:
    words = _sendable(quote.text).strip()
    lines = [_Piece(_sendable(quote.source).strip(), "bold")]
    if words and words not in text:
        lines.append(_Piece(words, "quote"))
    if quote.url is not None and _is_link(quote.url):
        lines.append(_Piece(wording.ORIGINAL, "link", quote.url))
    return _lines(line for line in lines if line.text)


def _file(attachment: Attachment) -> list[_Piece]:
    name = " ".join(_sendable(attachment.name).split())
    style: Style = "link" if _is_link(attachment.url) else "plain"
    return [_Piece(wording.ATTACHMENT_MARK), _Piece(name, style, attachment.url)]


def _lines(pieces: Iterable[_Piece]) -> list[_Piece]:
    lines: list[_Piece] = []
    for piece in pieces:
        lines += [_Piece("\n"), piece] if lines else [piece]
    return lines


def _is_link(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(escape(url)) <= _URL_LIMIT and _sendable(url) == url


def _style(pieces: list[_Piece]) -> _Styled:
    text = ""
    spans: list[_Span] = []
    glued: set[int] = set()
    for piece, following in zip_longest(pieces, pieces[1:], fillvalue=_Piece("")):
        end = len(text) + len(piece.text)
        if piece.style != "plain":
            opening, closing = _tags(piece)
            spans.append(_Span(len(text), end, opening, closing))
        if piece.style == "bold" and following.text == "\n":  # the name of a source stays with its words
            glued |= {end, end + 1}
        text += piece.text
    return _Styled(
        text,
        tuple(spans),
        frozenset(glued),
        units=[0, *accumulate(2 if character > "\uffff" else 1 for character in text)],
        markup_units=[0, *accumulate(_ESCAPED.get(character, 2 if character > "\uffff" else 1) for character in text)],
        boundaries=grapheme_boundaries(text),
    )


def _tags(piece: _Piece) -> tuple[str, str]:
    match piece.style:
        case "bold":
            return "<b>", "</b>"
        case "quote":
            return "<blockquote expandable>", "</blockquote>"
        case "link":
            return f'<a href="{escape(piece.url)}">', "</a>"
        case "plain":
            return "", ""


def _reach(styled: _Styled, start: int, reserve: int) -> int:
    """The furthest end of a part that starts at `start`: within the limits on text, HTML and number of spans."""
    end = _furthest(styled.units, start, TEXT_LIMIT - reserve)
    room = MARKUP_LIMIT - reserve
    for count, span in enumerate((span for span in styled.spans if span.end > start), 1):
        end = min(end, _furthest(styled.markup_units, start, room))
        if span.start >= end:
            break
        room -= utf16_length(span.opening + span.closing)
        if count > _SPANS or _furthest(styled.markup_units, start, room) <= span.start:
            end = span.start  # this far it fits; the span itself does not
            break
    else:
        end = min(end, _furthest(styled.markup_units, start, room))
    whole = styled.boundaries[bisect_right(styled.boundaries, end) - 1]
    # One "letter" with thousands of accents is longer than a message: it is cut after all.
    return whole if whole > start else max(start + 1, min(end, start + _PIECE))


def _furthest(sums: list[int], start: int, room: int) -> int:
    return bisect_right(sums, sums[start] + room) - 1


def _html(styled: _Styled, start: int, end: int) -> str:
    html = ""
    at = start
    for span in styled.spans:
        low, high = max(span.start, start), min(span.end, end)
        if low < high:
            html += _escape(styled.text[at:low]) + span.opening + _escape(styled.text[low:high]) + span.closing
            at = high
    return html + _escape(styled.text[at:end])


def _escape(text: str) -> str:
    return escape(text, quote=False)
