"""What a message is, before anybody tries to answer it: a command, a greeting, a complaint, noise or a question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from conversation import wording
from core.text import clean, fold

MAX_QUESTION = 1000
"""Longest question in characters; beyond it the asker is asked to shorten it."""

IntentName = Literal[
    "command", "greeting", "thanks", "acknowledgement", "complaint", "empty", "no_words", "too_long", "question"
]

_NOT_WORDS = re.compile(r"[\W_]+")
# A command as it is typed where there is no menu for it; people who write Chinese leave the blank out.
_SLASH = re.compile(r"\s*[/／](?P<name>[A-Za-z_]{2,20})(?![A-Za-z0-9_@/<>])[\s:：]*(?P<argument>.*)", re.DOTALL)
_COMMAND_OF = {word: command for command, words in wording.COMMANDS.items() for word in words}


@dataclass(frozen=True)
class Intent:
    """What a text is; `command` names the command, `argument` is what was typed behind it."""

    name: IntentName
    command: str = ""
    argument: str = ""


def recognise(text: str) -> Intent:
    """The intent of a typed text. Pure; anything that is not plainly something else is a question."""
    cleaned = clean(text).strip()
    if not cleaned:
        return Intent("empty")
    if (slash := _SLASH.fullmatch(cleaned)) and (command := slash["name"].lower()) in wording.COMMANDS:
        return Intent("command", command, slash["argument"].strip())
    if len(cleaned) > MAX_QUESTION:
        return Intent("too_long")
    words = _NOT_WORDS.sub("", fold(cleaned))
    if not words:
        return Intent("no_words")
    if command := _COMMAND_OF.get(words):
        return Intent("command", command)
    return Intent(_small_talk(words))


def _small_talk(words: str) -> IntentName:
    if words in wording.GREETINGS:
        return "greeting"
    if words in wording.THANK_WORDS:
        return "thanks"
    if words in wording.ACKNOWLEDGEMENTS:
        return "acknowledgement"
    if len(words) <= 12 and any(term in words for term in wording.ABUSE):
        return "complaint"
    if len(words) == 1 and not words.isalpha():
        return "no_words"
    return "question"
