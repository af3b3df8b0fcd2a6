"""What all readers of one answer share: is it a question, a refusal, a denial, and do other words change the value?"""

from __future__ import annotations

import re

from core.reading import words
from core.reading.normal import normalise
from core.reading.outcome import Declined, Doubt, NoValue, Outcome
from core.reading.sentence import Sentence

_NONE = re.compile(
    r"^(?:目前|现在|暂时|暂|我们|咱们|公司|这边|还|一直|都|也|真的?|完全|基本上?|啊|嗯|[ ,.。!、])*"
    r"(?:没有|没|无|零(?:收入|负债|投入|研发投入|借款|贷款)|没得|冇|none|nil|null|null|zero)(?:[^不没无非]{0,12})$"
)
_NONE_BEFORE_WORDS = re.compile(r"暂时没有|目前没有|还没有|没有(?:啊|呢|了|的)|从来没有|从没|一分(?:钱)?(?:都|也)?没")
_ONLY_UNITS = re.compile(r"^[-+. ,万亿千百元块钱w%成个项件人年月日号廿卅百千分之]+$")


def settled_early(sentence: Sentence) -> Outcome | None:
    """NoValue for a question, Declined where nothing is given; None when there is something to read."""
    if words.QUESTION.search(sentence.rest):
        return NoValue()
    if not sentence.tokens and words.DECLINED.search(sentence.text.strip(" ,.。!~")):
        return Declined()
    if words.CHOICE_QUESTION.search(sentence.rest):
        return NoValue()
    return None


def says_none(text: str) -> bool:
    """Whether the text denies that there is any (没有, 暂无), in one plain denial."""
    text = text.strip(" ,.。!")
    return "不" not in text and bool(_NONE.match(text) or _NONE_BEFORE_WORDS.search(text[:12]))


def nothing_read(sentence: Sentence) -> Outcome:
    """The answer holds no number that could be read."""
    text = sentence.text.strip()
    if text and _ONLY_UNITS.match(text):
        return Doubt("unreadable")
    return Doubt("unreadable") if holds_digits(text) else NoValue()


def holds_digits(text: str) -> bool:
    """Whether digits of any script stand in the text."""
    return any(char.isdigit() for char in text)


def changes_meaning(rest: str) -> bool:
    """Whether words beside the value deny it, or make another one of it."""
    plain = words.HARMLESS_NEGATIONS.sub("", rest)
    return bool(words.CHANGERS.search(rest.replace("差不多", "")) or words.NEGATION.search(plain))


def folded(text: str) -> str:
    """The text for matching, without blanks at its ends."""
    return normalise(text).text.strip()
