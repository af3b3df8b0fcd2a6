"""The dialogue: a state and a message in, a state and replies out. No channel, no database.

Buttons carry `action:ref:version`. Actions `menu`, `ask`, `help` and `check` never go stale, nor do those of the
partners' side and the thumbs (their versions are those of the things they are about); all others belong to the newest
offer and are refused once there was another one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

from conversation import feedback, partner_wording, partners, selfcheck, wording
from conversation.answers import is_question, words_of
from conversation.claiming import claim_code
from conversation.intents import MAX_QUESTION, Intent, recognise
from conversation.messages import NOTHING, IncomingMessage, Outcome, Reply
from conversation.moves import MATCH, Asker, Move
from conversation.seeking import Seeking, about_policy, kind_of, mentions_kind, seek
from conversation.selfcheck import Check, Selfcheck, Turn
from core.errors import BadInput
from knowledge.answer import Answer
from messaging.messages import Choice, ChoiceId, decode_choice, encode_choice

MENU, ASK, HELP, SAY, CHECK = "menu", "ask", "help", "say", "check"
_FIXED = {
    MENU: ("start", wording.BUTTON_MENU),
    ASK: ("ask", wording.BUTTON_ASK),
    HELP: ("help", wording.BUTTON_HELP),
    CHECK: ("check", wording.BUTTON_CHECK),
}
_CHECK_COMMANDS = {word: command for command, words in wording.CHECK_COMMANDS.items() for word in words}
_MAX_LABEL = 40
_MENU_BUTTONS = 8
_HISTORY = 3
_PLAIN = ("flow", "round", "last_choice", "need_kind", "acting")


class Advice(Protocol):
    """Answers questions; `conversation.advice.Advisor`. `history`: the asker's earlier questions, newest last; `asker`:
    a key of the person."""

    async def answer(self, text: str, *, history: Sequence[str] = (), asker: str | None = None) -> Answer: ...


class Partners(Protocol):
    """What the chat can do for firms and partners; `conversation.partners.Partners`. What is done is done at once, in
    transactions of its own, and the same again changes nothing."""

    async def command(self, name: str, argument: str, asker: Asker) -> Move: ...
    async def press(self, choice: ChoiceId, asker: Asker) -> Move: ...
    async def redeem(self, code: str, asker: Asker) -> Move: ...
    async def seek(self, seeking: Seeking, text: str, asker: Asker) -> Move: ...
    async def need(self, text: str, kind: str | None, asker: Asker) -> Move: ...
    async def started(self, asker: Asker) -> str: ...
    async def menu(self, asker: Asker) -> tuple[Choice, ...]: ...


class Feedback(Protocol):
    """The thumbs under an answer; `conversation.feedback.Feedback`. A vote is kept at once; the same again changes
    nothing."""

    def buttons(self, external_id: str) -> tuple[Choice, ...]: ...
    async def press(self, choice: ChoiceId, asker: Asker) -> tuple[Reply, str]: ...


@dataclass(frozen=True)
class State:
    """Where a dialogue stands. `round` is the version of the newest buttons, `offered` are the questions behind its
    `say` buttons. `check` is the self-check that was begun; it is answered while the flow is `checking`. `need_kind` is
    the kind of partner for whom a need is asked (empty: any), `acting` the id of the firm that was chosen to act for
    (empty: the newest). `history` are the questions asked last, newest last: one that leans on them needs them."""

    flow: str = "idle"  # idle, asking, checking, needing
    round: int = 0
    offered: tuple[str, ...] = ()
    last_choice: str = ""
    check: Check | None = None
    need_kind: str = ""
    acting: str = ""
    history: tuple[str, ...] = ()

    def asked(self, question: str) -> State:
        """The state after a question: the newest ones are kept."""
        return replace(self, history=(*self.history, question)[-_HISTORY:])

    def to_json(self) -> dict[str, Any]:
        return {
            "flow": self.flow,
            "round": self.round,
            "offered": list(self.offered),
            "last_choice": self.last_choice,
            "check": self.check.to_json() if self.check else None,
            "need_kind": self.need_kind,
            "acting": self.acting,
            "history": list(self.history),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read a stored state; what this version does not know is left out, what is missing gets its default."""
        known = {name: value[name] for name in _PLAIN if name in value}
        check = value.get("check")
        return cls(
            **known,
            offered=tuple(value.get("offered", ())),
            history=tuple(value.get("history", ())),
            check=Check.from_json(check) if check else None,
        )

    @property
    def checking(self) -> bool:
        """Whether answers of a self-check are expected now."""
        return self.flow == "checking" and self.check is not None


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
    outcome: Outcome = NOTHING
    said: str | None = None
    """What a pressed button stands for, in words, or words in place of a secret: shown when the conversation is shown
    again."""
    afterwards: Callable[[], Awaitable[None]] | None = field(default=None, compare=False)
    """Done once the replies are stored; may be lost."""


class Dialogue:
    """Decides what is said. `desk` is the name shown where a person has to help; without `partners` it is only about
    policies."""

    def __init__(
        self,
        advice: Advice,
        check: Selfcheck,
        *,
        desk: str,
        starters: tuple[str, ...] = (wording.BUTTON_CONDITIONS,),
        partners: Partners | None = None,
        feedback: Feedback | None = None,
    ) -> None:
        self._advice = advice
        self._check = check
        self._desk = desk
        self._starters = starters
        self._partners = partners
        self._feedback = feedback

    async def respond(self, state: State, message: IncomingMessage) -> Step:
        """The step that `message` takes from `state`. Always at least one reply."""
        facts = state.check.facts if state.check else None
        asker = Asker(message.channel, message.address, state.acting, facts)
        thumbs = self._feedback.buttons(message.external_id) if self._feedback else ()
        talk = _Talk(
            self._advice, self._check, self._desk, self._starters, self._partners, asker, self._feedback, thumbs
        )
        return await talk.respond(state, message)


class _Talk:
    """One message of one person."""

    def __init__(
        self,
        advice: Advice,
        check: Selfcheck,
        desk: str,
        starters: tuple[str, ...],
        partners: Partners | None,
        asker: Asker,
        feedback: Feedback | None,
        thumbs: tuple[Choice, ...],
    ) -> None:
        self._advice = advice
        self._check = check
        self._desk = desk
        self._starters = starters
        self._partners = partners
        self._asker = asker
        self._feedback = feedback
        self._thumbs = thumbs

    async def respond(self, state: State, message: IncomingMessage) -> Step:
        match message.kind:
            case "command":
                return await self._command(state, message.text, message.argument)
            case "choice":
                return await self._choice(state, message.choice)
            case "media" if not message.text.strip():
                name = wording.MEDIA_NAMES.get(message.media, wording.MEDIA_NAMES["other"])
                return await self._aside(state, wording.MEDIA.format(media=name))
        if step := await self._for_partners(state, message.text):
            return step
        if state.checking:
            return await self._answer_check(state, message.text)
        return await self._text(state, message.text)

    async def _text(self, state: State, text: str) -> Step:
        intent = recognise(text)
        if intent.name == "question":
            return await self._answer(state, text.strip())
        if intent.name == "command":
            return await self._command(state, intent.command, intent.argument)
        return await self._aside(state, self._small_talk(intent))

    # --- firms and partners ---

    async def _for_partners(self, state: State, text: str) -> Step | None:
        """A text that is meant for the partners' side wherever the dialogue stands; None when it is not."""
        if self._partners is None:
            return None
        if code := claim_code(text):
            return await self._dealt(state, await self._partners.redeem(code, self._asker))
        intent = recognise(text)
        if intent.name == "command" and intent.command in partners.COMMANDS:
            return await self._command(state, intent.command, intent.argument)
        if intent.name != "question":
            return None
        if seeking := seek(text):
            return await self._dealt(state, await self._partners.seek(seeking, text.strip(), self._asker))
        if state.flow != "needing" or (is_question(text) and about_policy(text)):
            return None
        named = None if state.need_kind and not kind_of(text) else kind_of(text)
        if named or not state.need_kind:
            return await self._dealt(state, await self._partners.command(MATCH, text, self._asker))
        return await self._dealt(state, await self._partners.need(text, state.need_kind, self._asker))

    async def _partner_command(self, state: State, command: str, argument: str) -> Step:
        if self._partners is None:
            return await self._aside(state, partner_wording.NOT_OPEN)
        return await self._dealt(state, await self._partners.command(command, argument, self._asker))

    async def _partner_press(self, state: State, choice: ChoiceId) -> Step:
        if self._partners is None:
            return await self._aside(state, partner_wording.NOT_OPEN)
        return await self._dealt(state, await self._partners.press(choice, self._asker))

    async def _dealt(self, state: State, move: Move) -> Step:
        """The step of a move: what stood open before goes on, and there is always something to press."""
        if move.acting is not None:
            state = replace(state, acting=move.acting)
            self._asker = replace(self._asker, acting=move.acting)
        step = await self._go_on(state, move)
        return replace(step, said=move.said, afterwards=move.afterwards)

    async def _go_on(self, state: State, move: Move) -> Step:
        if move.needing is not None:
            state = replace(state, flow="needing", need_kind=move.needing, history=())
        elif state.checking and state.check is not None and state.check.asking is not None:
            turn = await self._check.ask(state.check, state.round + 1, wording.CHECK_GOES_ON)
            step = _checked(state, turn)
            return replace(step, replies=(*move.replies, *step.replies))
        elif state.flow != "checking":
            state = replace(state, flow="idle", need_kind="")
        *first, last = move.replies
        if move.question is not None:
            state, (policy,) = _offer(state, (move.question,))
            last = replace(last, choices=(*last.choices, replace(policy, label=partner_wording.BUTTON_POLICY)))
        elif not any(reply.choices for reply in move.replies):
            step = await self._with_menu(state, last.text)
            state, last = step.state, replace(last, choices=step.replies[0].choices)
        return Step(state, (*first, last))

    # --- commands ---

    def _small_talk(self, intent: Intent) -> str:
        said = {
            "greeting": wording.GREETING,
            "thanks": wording.THANKS,
            "acknowledgement": wording.THANKS,
            "empty": wording.EMPTY,
            "no_words": wording.NO_WORDS,
            "too_long": wording.TOO_LONG.format(limit=MAX_QUESTION),
            "complaint": wording.COMPLAINT.format(desk=self._desk),
        }
        return said[intent.name]

    async def _command(self, state: State, command: str, argument: str) -> Step:
        match command:
            case "start" if self._partners and (code := claim_code(argument)):  # a link of the bureau may hold it
                return await self._dealt(state, await self._partners.redeem(code, self._asker))
            case "start":
                return await self._start(state)
            case "help":
                more = wording.HELP_PARTNERS if self._partners else ""
                return await self._aside(state, wording.HELP + more)
            case "ask" if argument.strip():
                return await self._text(state, argument)
            case "ask":
                return Step(replace(state, flow="asking"), (Reply(wording.ASK_NOW),))
            case "check":
                return await self._begin_check(state)
            case "again":
                return await self._again(state)
            case "afresh":
                return _checked(state, await self._check.begin(state.round + 1))
            case "cancel":
                return await self._cancel(state)
            case _ if command in partners.COMMANDS:
                return await self._partner_command(state, command, argument)
            case _:
                return await self._aside(state, wording.UNKNOWN_COMMAND.format(command=command[:30]))

    async def _start(self, state: State) -> Step:
        open_check = state.check is not None and not state.check.done
        more = await self._partners.started(self._asker) if self._partners else ""
        said = [wording.WELCOME, wording.WELCOME_PARTNERS if self._partners else ""]
        said += [wording.CHECK_PAUSED if open_check else "", more]
        return await self._with_menu(replace(state, flow="idle", history=()), "\n\n".join(filter(None, said)))

    async def _cancel(self, state: State) -> Step:
        idle = replace(state, flow="idle")
        if state.checking and state.check and not state.check.done:
            return await self._with_menu(idle, wording.CHECK_QUIT)
        return await self._with_menu(idle, wording.CANCELLED if state.flow != "idle" else wording.NOTHING_TO_CANCEL)

    async def _choice(self, state: State, encoded: str) -> Step:
        try:
            choice = decode_choice(encoded)
        except BadInput:
            return await self._aside(state, wording.BUTTON_EXPIRED)
        if choice.action in _FIXED:
            command, label = _FIXED[choice.action]
            return replace(await self._command(state, command, ""), said=label)
        if choice.action in feedback.ACTIONS and self._feedback is not None:
            reply, said = await self._feedback.press(choice, self._asker)
            return Step(state, (reply,), outcome=self._asking(state), said=said)
        if choice.action in partners.ACTIONS:
            return await self._partner_press(state, choice)
        if encoded == state.last_choice:
            said = wording.ALREADY_RECORDED if choice.action != SAY else wording.ALREADY_ANSWERED
            return Step(state, (Reply(said),), outcome=self._asking(state))
        if choice.version == state.round:
            pressed = replace(state, last_choice=encoded)
            if choice.action == SAY and choice.ref.isdecimal() and int(choice.ref) < len(state.offered):
                question = state.offered[int(choice.ref)]
                return replace(await self._answer(pressed, question), said=question)
            if step := await self._press(pressed, choice):
                return step
        return await self._expired(state)

    async def _expired(self, state: State) -> Step:
        """An old button: refused, with what can be pressed now. After a verdict that is the verdict's own buttons."""
        if state.checking and state.check is not None and state.check.done:
            return _checked(state, await self._check.offer(state.check, state.round + 1, wording.BUTTON_EXPIRED))
        return await self._aside(state, wording.BUTTON_EXPIRED)

    async def _press(self, state: State, choice: ChoiceId) -> Step | None:
        """A button of the self-check."""
        if choice.action not in selfcheck.ACTIONS or state.check is None:
            return None
        if choice.action == selfcheck.QUIT:
            return replace(await self._cancel(state), said=wording.BUTTON_QUIT)
        if choice.action == selfcheck.AGAIN:
            return replace(await self._again(state), said=wording.BUTTON_AGAIN)
        turn = await self._check.choose(state.check, choice.action, choice.ref, state.round + 1)
        return None if turn is None else _checked(state, turn)

    async def _begin_check(self, state: State) -> Step:
        """Begin a self-check, go on with the one that was left, or show again what came of it."""
        state = replace(state, history=())
        if state.check is not None:
            lead = wording.CHECK_DONE if state.check.done else wording.CHECK_RESUMED
            turn = await self._check.ask(state.check, state.round + 1, lead)
        else:
            turn = await self._check.begin(state.round + 1)
        return _checked(state, turn)

    async def _again(self, state: State) -> Step:
        """From the start; asks first when something would be lost."""
        if state.check is None:
            return await self._begin_check(state)
        state = replace(state, round=state.round + 1, offered=())
        choices = (
            Choice(encode_choice(selfcheck.AFRESH, "", state.round), wording.BUTTON_AFRESH),
            Choice(encode_choice(CHECK), wording.BUTTON_RESUME),
        )
        return Step(state, (Reply(wording.CHECK_AGAIN_SURE, choices=choices),), outcome=self._asking(state))

    async def _answer_check(self, state: State, text: str) -> Step:
        """A text while a question is open: a way out, the answer, or something else after which the form goes on."""
        check = state.check
        assert check is not None
        if command := _CHECK_COMMANDS.get(words_of(text)):
            return await self._way_out(state, check, command)
        if recognise(text).name != "too_long" and (turn := await self._check.answer(check, text, state.round + 1)):
            return _checked(state, turn)
        intent = recognise(text)
        if intent.name == "command":
            return await self._command(state, intent.command, "")
        if intent.name != "question":
            return await self._aside(state, self._small_talk(intent))
        return await self._digress(state, check, text.strip())

    async def _way_out(self, state: State, check: Check, command: str) -> Step:
        if command == "quit":
            return await self._cancel(state)
        turn = await self._check.choose(check, command, "", state.round + 1)
        return await self._aside(state, wording.NOT_UNDERSTOOD) if turn is None else _checked(state, turn)

    async def _digress(self, state: State, check: Check, text: str) -> Step:
        """Answer a question in the middle, and go on. What is neither an answer nor a question is asked back."""
        if check.asking is None:
            return await self._answer(state, text)
        answer = await self._advice.answer(text, history=state.history, asker=self._asker.key)
        if answer.status == "declined" and not is_question(text):
            return await self._aside(state, wording.NOT_UNDERSTOOD)
        turn = await self._check.ask(check, state.round + 1, wording.CHECK_GOES_ON)
        step = _checked(state.asked(text), turn)
        declined = Declined(text, answer.why) if answer.status == "declined" else None
        return replace(step, replies=(self._with_thumbs(_reply(answer)), *step.replies), declined=declined)

    async def _answer(self, state: State, question: str) -> Step:
        answer = await self._advice.answer(question, history=state.history, asker=self._asker.key)
        flow = "checking" if state.checking else "idle"
        state, choices = _offer(replace(state.asked(question), flow=flow), answer.suggestions)
        if self._partners and (kind := mentions_kind(question)):
            choices = (*choices, partners.beside(kind))
        reply = self._with_thumbs(replace(_reply(answer), choices=choices))
        declined = Declined(question, answer.why) if answer.status == "declined" else None
        return Step(state, (reply,), declined)

    async def _aside(self, state: State, text: str) -> Step:
        """Say something, and offer what there is to do: the open question of a self-check, else the menu."""
        if state.checking and state.check is not None and state.check.asking is not None:
            return _checked(state, await self._check.ask(state.check, state.round + 1, text))
        return await self._with_menu(state, text)

    def _with_thumbs(self, reply: Reply) -> Reply:
        """An answer can be voted on."""
        return replace(reply, choices=(*reply.choices, *self._thumbs)) if reply.status == "answered" else reply

    def _asking(self, state: State) -> Outcome:
        if not state.checking or state.check is None or state.check.asking is None:
            return NOTHING
        fact, year = state.check.asking
        return Outcome({"fact": fact, "year": year})

    async def _with_menu(self, state: State, text: str) -> Step:
        resume = state.check is not None and not state.check.done
        fixed = (
            Choice(encode_choice(CHECK), wording.BUTTON_RESUME if resume else wording.BUTTON_CHECK),
            *(await self._partners.menu(self._asker) if self._partners else ()),
            Choice(encode_choice(ASK), wording.BUTTON_ASK),
            Choice(encode_choice(HELP), wording.BUTTON_HELP),
        )
        state, offered = _offer(state, self._starters[: _MENU_BUTTONS - len(fixed)])
        return Step(state, (Reply(text, choices=offered + fixed),))


def _checked(state: State, turn: Turn) -> Step:
    """The step of a self-check's turn: a new version, so that older buttons go stale."""
    moved = replace(state, flow="checking", round=state.round + 1, offered=(), check=turn.check)
    return Step(moved, turn.replies, outcome=turn.outcome, said=turn.said)


def _reply(answer: Answer) -> Reply:
    return Reply(
        text=answer.text,
        status=answer.status,
        notices=answer.notices,
        citations=answer.citations,
        computed=answer.computed,
    )


def _offer(state: State, questions: tuple[str, ...]) -> tuple[State, tuple[Choice, ...]]:
    """The state in which `questions` are offered, and their buttons; older ones go stale."""
    state = replace(state, round=state.round + 1, offered=questions)
    choices = tuple(
        Choice(encode_choice(SAY, str(index), state.round), question[:_MAX_LABEL])
        for index, question in enumerate(questions)
    )
    return state, choices
