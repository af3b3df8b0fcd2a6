"""Whether a text looks for a partner, and for which: a small grammar of words (`wording_seeking`). Pure.

Careful on purpose: what may be a question about a policy stays one. A text is taken for a search only when it begins
with a verb of seeking and names what is sought, or asks for what "suits me".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from conversation import wording_seeking as words
from core.text import clean, fold, squeeze

_MANY = 400
_NEED_LETTERS = 3
_NOT_WORDS = re.compile(r"[\W_]+")
_KINDS = tuple(
    sorted(((word, kind) for kind, named in words.KIND_WORDS.items() for word in named), key=lambda item: -len(item[0]))
)
_KIND_PATTERN = "|".join(re.escape(word) for word, _ in _KINDS)
_LEAD = re.compile(words.LEAD)
_STRONG = re.compile(words.STRONG)
_POLITE = re.compile(words.POLITE)
_DIRECT = tuple((kind, re.compile(pattern)) for kind, pattern in words.DIRECT)
_SUITING = tuple(re.compile(pattern.replace("KIND", f"(?:{_KIND_PATTERN})")) for pattern in words.SUITING)
_WHO = re.compile(words.WHO)
_PEOPLE = re.compile(words.PEOPLE)
_VETO = re.compile(words.VETO)
_VETO_BARE = re.compile(words.VETO_BARE)
_POLICY = re.compile(words.POLICY)
_FILLERS = re.compile(words.FILLERS)
_PLAIN_KIND = {squeeze(fold(name)): kind for kind, names in words.KIND_NAMES.items() for name in names}


@dataclass(frozen=True)
class Seeking:
    """What is looked for. `kind`: a kind of offer, None when it was not said. `need`: the text, when it says more
    than the kind; empty when it does not."""

    kind: str | None
    need: str = ""


def seek(text: str) -> Seeking | None:
    """What a typed text looks for; None when it is anything else, a question about a policy above all."""
    plain = _plain(text)
    if not plain or len(plain) > _MANY or _VETO.search(plain):
        return None
    for kind, pattern in _DIRECT:
        if pattern.search(plain):
            return _sought(kind, plain, text)
    if any(pattern.search(plain) for pattern in _SUITING):
        return None if _VETO_BARE.search(plain) else Seeking(kind_in(plain))
    if _WHO.search(plain):
        return _with_need(kind_in(plain), plain, text)
    if _POLITE.search(plain):
        return _with_need(kind_in(plain), plain, text)
    return _strong(plain, text) if _STRONG.search(plain) else None


def _strong(plain: str, text: str) -> Seeking | None:
    rest = _STRONG.sub("", plain, count=1)
    if kind := kind_in(rest):
        return _sought(kind, plain, text)
    return _with_need(None, plain, text) if _PEOPLE.search(rest) else None


def _sought(kind: str, plain: str, text: str) -> Seeking | None:
    if need_in(plain):
        return Seeking(kind, clean(text).strip())
    return None if _VETO_BARE.search(plain) else Seeking(kind)


def _with_need(kind: str | None, plain: str, text: str) -> Seeking | None:
    return Seeking(kind, clean(text).strip()) if need_in(plain) else None


def kind_in(text: str) -> str | None:
    """The kind of offer that a text names; where it names several, the one named last."""
    plain = _plain(text)
    found = [(match.start(), match[0]) for match in re.finditer(_KIND_PATTERN, plain)]
    return dict(_KINDS)[found[-1][1]] if found else None


def kind_of(argument: str) -> str | None:
    """The kind that an argument is the name of, and nothing more."""
    return _PLAIN_KIND.get(_plain(argument))


def need_in(text: str) -> bool:
    """Whether a text says what for, beside whom."""
    rest = _POLITE.sub("", _STRONG.sub("", _plain(text), count=1), count=1)
    rest = _FILLERS.sub("", re.sub(_KIND_PATTERN, "", rest))
    return len(_NOT_WORDS.sub("", rest)) >= _NEED_LETTERS


def mentions_kind(text: str) -> str | None:
    """The kind of offer that a question touches on; what is offered beside its answer."""
    plain = _plain(text)
    return next((kind for word, kind in _KINDS if len(word) > 1 and word in plain), None)


def about_policy(text: str) -> bool:
    """Whether a question is about a policy; asked only of questions."""
    return _POLICY.search(_plain(text)) is not None


def _plain(text: str) -> str:
    return _LEAD.sub("", squeeze(fold(text)))
