"""The dialogue: a state and a message in, a state and replies out. No channel, no database.

Buttons carry `action:ref:version`. Actions `menu`, `ask` and `help` never go stale; `say` presses a question that was
offered, and is refused once newer ones were offered.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol, Self

from conversation import wording
from conversation.intents import MAX_QUESTION, recognise
from conversation.messages import IncomingMessage, Reply
from core.errors import BadInput
from knowledge.answer import Answer
from messaging.messages import Choice, decode_choice, encode_choice

MENU, ASK, HELP, SAY = "menu", "ask", "help", "say"
_FIXED = {
    MENU: ("start", wording.BUTTON_MENU),
    ASK: ("ask", wording.BUTTON_ASK),
    HELP: ("help", wording.BUTTON_HELP),
}
_MAX_LABEL = 40


class Advice(Protocol):
    """Answers questions; `conversation.advice.Advisor`."""

    async def answer(self, text: str) -> Answer: ...


@dataclass(frozen=True)
class State:
    """Where a dialogue stands. `offered` are the questions behind the newest `say` buttons, `round` their version."""

    flow: str = "idle"  # idle, asking
    round: int = 0
    offered: tuple[str, ...] = ()
    last_choice: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read a stored state; what this version does not know is left out, what is missing gets its default."""
        known = {name: value[name] for name in cls.__dataclass_fields__ if name in value}
        return cls(**{**known, "offered": tuple(known.get("offered", ()))})


@dataclass(frozen=True)
class Declined:
    """A question that was declined and goes to the desk."""

    text: str
    why: str | None


@dataclass(frozen=True)
class Step:
    """What one message brought about."""

    state: State
    replies: tuple[Reply, ...]
    declined: Declined | None = None
    said: str | None = None
    """What a pressed button stands for, in words: shown when the conversation is shown again."""


class Dialogue:
    """Decides what is said. `desk` is the name shown where a person has to help."""

    def __init__(self, advice: Advice, *, desk: str, starters: tuple[str, ...] = (wording.BUTTON_CONDITIONS,)) -> None:
        self._advice = advice
        self._desk = desk
        self._starters = starters

    async def respond(self, state: State, message: IncomingMessage) -> Step:
        """The step that `message` takes from `state`. Always at least one reply."""
        match message.kind:
            case "command":
                return await self._command(state, message.text, message.argument)
            case "choice":
                return await self._choice(state, message.choice)
            case "media" if not message.text.strip():
                name = wording.MEDIA_NAMES.get(message.media, wording.MEDIA_NAMES["other"])
                return self._with_menu(state, wording.MEDIA.format(media=name))
            case _:
                return await self._text(state, message.text)

    async def _text(self, state: State, text: str) -> Step:
        intent = recognise(text)
        match intent.name:
            case "question":
                return await self._answer(state, text.strip())
            case "command":
                return await self._command(state, intent.command, "")
            case "too_long":
                return self._with_menu(state, wording.TOO_LONG.format(limit=MAX_QUESTION))
            case "complaint":
                return self._with_menu(state, wording.COMPLAINT.format(desk=self._desk))
        said = {
            "greeting": wording.GREETING,
            "thanks": wording.THANKS,
            "acknowledgement": wording.THANKS,
            "empty": wording.EMPTY,
            "no_words": wording.NO_WORDS,
        }
        return self._with_menu(state, said[intent.name])

    async def _command(self, state: State, command: str, argument: str) -> Step:
        match command:
            case "start":
                return self._with_menu(replace(state, flow="idle"), wording.WELCOME)
            case "help":
                return self._with_menu(state, wording.HELP)
            case "ask" if argument.strip():
                return await self._text(state, argument)
            case "ask":
                return Step(replace(state, flow="asking"), (Reply(wording.ASK_NOW),))
            case "cancel":
                said = wording.CANCELLED if state.flow != "idle" else wording.NOTHING_TO_CANCEL
                return self._with_menu(replace(state, flow="idle"), said)
            case _:
                return self._with_menu(state, wording.UNKNOWN_COMMAND.format(command=command[:30]))

    async def _choice(self, state: State, encoded: str) -> Step:
        try:
            choice = decode_choice(encoded)
        except BadInput:
            return self._with_menu(state, wording.BUTTON_EXPIRED)
        if choice.action in _FIXED:
            command, label = _FIXED[choice.action]
            return replace(await self._command(state, command, ""), said=label)
        if encoded == state.last_choice:
            return Step(state, (Reply(wording.ALREADY_ANSWERED),))
        fresh = choice.action == SAY and choice.version == state.round and choice.ref.isdecimal()
        if not fresh or int(choice.ref) >= len(state.offered):
            return self._with_menu(state, wording.BUTTON_EXPIRED)
        question = state.offered[int(choice.ref)]
        return replace(await self._answer(replace(state, last_choice=encoded), question), said=question)

    async def _answer(self, state: State, question: str) -> Step:
        answer = await self._advice.answer(question)
        state, choices = _offer(replace(state, flow="idle"), answer.suggestions)
        reply = Reply(
            text=answer.text,
            status=answer.status,
            notices=answer.notices,
            citations=answer.citations,
            computed=answer.computed,
            choices=choices,
        )
        declined = Declined(question, answer.why) if answer.status == "declined" else None
        return Step(state, (reply,), declined)

    def _with_menu(self, state: State, text: str) -> Step:
        state, offered = _offer(state, self._starters)
        fixed = (
            Choice(encode_choice(ASK), wording.BUTTON_ASK),
            Choice(encode_choice(HELP), wording.BUTTON_HELP),
        )
        return Step(state, (Reply(text, choices=offered + fixed),))


def _offer(state: State, questions: tuple[str, ...]) -> tuple[State, tuple[Choice, ...]]:
    """The state in which `questions` are offered, and their buttons; older ones go stale."""
    state = replace(state, round=state.round + 1, offered=questions)
    choices = tuple(
        Choice(encode_choice(SAY, str(index), state.round), question[:_MAX_LABEL])
        for index, question in enumerate(questions)
    )
    return state, choices
