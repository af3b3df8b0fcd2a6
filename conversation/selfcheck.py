"""The self-check as a dialogue: one question after another, each the one that decides most, until there is a verdict.

Pure: a state and what was said in, a state and replies out. A fact counts from the moment it was echoed; "don't
know" is kept as unknown and never as no. Buttons carry the version of the offer they belong to; the dialogue refuses
older ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

from assessment.desk import Assessor
from assessment.evaluation import Assessment, best_question, cite, open_questions
from assessment.schemes import Scheme
from conversation import verdict, wording
from conversation.answers import (
    FIGURES,
    Answered,
    AskBack,
    Understood,
    fit,
    is_question,
    read_json,
    understand,
)
from conversation.hearing import HeardFact, hear, names_others
from conversation.messages import NOTHING, Outcome, Progress, Reply
from core.reading import Declined, NoValue
from core.spans import Span
from core.truth import Truth
from firms import criteria
from firms.catalogue import Fact
from firms.criteria import Judgement
from firms.facts import Chosen, Facts, ImpossibleFacts, Key, NoDay, Value, value_from_json, value_to_json
from firms.figures import Situation
from firms.shown import key_label, value_text
from messaging.messages import Choice, encode_choice

PICK, TAKE, BACK, SKIP, WHY, RESULT = "pick", "take", "back", "skip", "why", "result"
MORE, AGAIN, AFRESH, SCHEME, RESUME, QUIT = "more", "again", "afresh", "scheme", "resume", "quit"
ACTIONS = frozenset((PICK, TAKE, BACK, SKIP, WHY, RESULT, MORE, AGAIN, AFRESH, SCHEME, RESUME, QUIT))
_YES, _NO, _NEVER = "y", "n", "none"
_MAX_OPTION = 30


@dataclass(frozen=True)
class Check:
    """A self-check under way. `trail`: what was asked before, in order; `skipped`: what the person could not say;
    `pressed`: what was asked a second time for an exact figure; `candidates`: readings offered for the answer that is
    being asked back; `extra`: whether the priority conditions are asked for too; `done`: whether all that could be
    asked was.
    """

    scheme: str
    facts: Facts = field(default_factory=Facts)
    asking: Key | None = None
    trail: tuple[Key, ...] = ()
    skipped: tuple[Key, ...] = ()
    pressed: tuple[Key, ...] = ()
    candidates: tuple[Value, ...] = ()
    extra: bool = False
    done: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "scheme": self.scheme,
            "facts": self.facts.to_json(),
            "asking": list(self.asking) if self.asking else None,
            "trail": [list(key) for key in self.trail],
            "skipped": [list(key) for key in self.skipped],
            "pressed": [list(key) for key in self.pressed],
            "candidates": [value_to_json(value) for value in self.candidates],
            "extra": self.extra,
            "done": self.done,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        def keys(name: str) -> tuple[Key, ...]:
            return tuple((fact, year) for fact, year in stored.get(name, []))

        asking = stored.get("asking")
        return cls(
            scheme=stored["scheme"],
            facts=Facts.from_json(stored.get("facts", [])),
            asking=(asking[0], asking[1]) if asking else None,
            trail=keys("trail"),
            skipped=keys("skipped"),
            pressed=keys("pressed"),
            candidates=tuple(value_from_json(value) for value in stored.get("candidates", [])),
            extra=bool(stored.get("extra")),
            done=bool(stored.get("done")),
        )


@dataclass(frozen=True)
class Turn:
    """What one message did to a self-check. `said`: what a pressed button stands for."""

    check: Check | None
    replies: tuple[Reply, ...]
    outcome: Outcome = NOTHING
    said: str | None = None


class Selfcheck(Protocol):
    """What the dialogue needs of a self-check."""

    async def begin(self, version: int, check: Check | None = None, *, scheme: str | None = None) -> Turn: ...
    async def answer(self, check: Check, text: str, version: int) -> Turn | None: ...
    async def choose(self, check: Check, action: str, ref: str, version: int) -> Turn | None: ...
    async def ask(self, check: Check, version: int, lead: str = "") -> Turn: ...
    async def offer(self, check: Check, version: int, text: str) -> Turn: ...


class SelfCheck:
    """Leads through the schemes' questions. `home` is the code of the desk's region, `desk` who answers for it."""

    def __init__(self, assessor: Assessor, *, home: str, desk: str) -> None:
        self._assessor = assessor
        self._home = home
        self._desk = desk

    async def begin(self, version: int, check: Check | None = None, *, scheme: str | None = None) -> Turn:
        """Start a self-check, or another scheme with the facts that are already known."""
        chosen = self._assessor.scheme(scheme)
        kept = check.facts if check else Facts()
        fresh = Check(chosen.id, kept)
        lead = wording.CHECK_INTRO.format(name=chosen.name)
        if any(True for _ in kept):
            lead = wording.CHECK_INTRO_KEPT.format(name=chosen.name)
        return await self._next(fresh, version, lead)

    async def answer(self, check: Check, text: str, version: int) -> Turn | None:
        """Take a typed text as the answer to the question that is asked; None when it is none."""
        if check.asking is None:
            return None
        fact, catalogue = self._fact(check.asking), self._assessor.catalogue
        if is_question(text):
            return None
        if said := self._said(check, fact, text):
            return await self._take_several(check, said, version)
        answered = understand(fact, text, today=self._assessor.today(), home=self._home)
        if isinstance(answered, NoValue):
            return None
        if isinstance(answered, Understood) and fact.kind in FIGURES and names_others(text, fact, catalogue):
            why = wording.CONFIRM_FIGURE.format(label=key_label(check.asking, fact))
            answered = AskBack(why, (answered.value,))
        return await self._take(check, answered, version)

    def _said(self, check: Check, fact: Fact, text: str) -> dict[Key, HeardFact]:
        """Facts said by name or year, where there is more in the text than the answer to the question."""
        assert check.asking is not None
        said: list[tuple[Key, HeardFact]] = []
        for heard in hear(text, self._assessor.catalogue, today=self._assessor.today()).facts:
            if heard.named:
                said.append((heard.key, heard))
            elif heard.dated and fact.yearly and fact.kind == "money":
                said.append(((fact.id, heard.key[1]), heard))
        keys = [key for key, _ in said]
        if len(set(keys)) < len(keys) or set(keys) <= {check.asking}:
            return {}
        return dict(said)

    async def _take_several(self, check: Check, said: dict[Key, HeardFact], version: int) -> Turn:
        """Put several facts of one message into the facts; the question stays open when none of them answers it."""
        facts = check.facts
        for key, heard in said.items():
            facts = facts.put(*key, heard.value)
        if wrong := self._contradiction(facts):
            return self._question(replace(check, candidates=()), version, wrong, ())
        read = tuple(read_json(key, self._fact(key), heard.value, about=heard.about) for key, heard in said.items())
        echo = "\n".join(self._echo(key, heard.value, about=heard.about) for key, heard in said.items())
        skipped = tuple(key for key in check.skipped if key not in said)
        moved = replace(check, facts=facts, skipped=skipped, candidates=())
        if check.asking in said:
            return await self._next(moved, version, echo, read)
        return self._question(moved, version, echo, read)

    def _echo(self, key: Key, value: Value, *, about: bool) -> str:
        fact = self._fact(key)
        template = wording.RECORDED_ABOUT if about else wording.RECORDED
        return template.format(label=key_label(key, fact), value=value_text(value, fact))

    async def choose(self, check: Check, action: str, ref: str, version: int) -> Turn | None:
        """Do what a button says; None when it does not fit the question."""
        match action:
            case "back":
                return await self._back(check, version)
            case "skip":
                return await self._skip(check, version)
            case "why":
                return await self._why(check, version)
            case "result":
                return await self._finish(replace(check, asking=None, candidates=()), version, wording.BUTTON_RESULT)
            case "resume":
                return replace(await self.ask(check, version, wording.CHECK_RESUMED), said=wording.BUTTON_RESUME)
            case "more":
                turn = await self._next(replace(check, extra=True, done=False), version)
                return replace(turn, said=wording.BUTTON_MORE)
            case "afresh":
                turn = await self.begin(version, scheme=check.scheme)
                return replace(turn, said=wording.BUTTON_AFRESH)
            case "scheme":
                return await self._other(check, ref, version)
        return await self._pick(check, action, ref, version)

    async def ask(self, check: Check, version: int, lead: str = "") -> Turn:
        """Ask the present question (again); the verdict again when all was asked."""
        if check.asking is None:
            return await self._next(check, version, lead)
        return self._question(check, version, lead, ())

    async def _pick(self, check: Check, action: str, ref: str, version: int) -> Turn | None:
        if check.asking is None:
            return None
        fact = self._fact(check.asking)
        value = _taken(check, ref) if action == TAKE else _picked(fact, ref)
        if value is None:
            return None
        turn = await self._take(check, fit(fact, value), version)
        return replace(turn, said=value_text(value, fact))

    async def _take(self, check: Check, answered: Answered, version: int) -> Turn:
        """Put what was understood into the facts, echo it, and go on."""
        key = check.asking
        assert key is not None
        fact = self._fact(key)
        match answered:
            case Declined():
                return await self._skip(check, version)
            case AskBack(why, candidates):
                return self._question(replace(check, candidates=candidates), version, why, ())
            case Understood(value, about):
                facts = check.facts.put(*key, value)
                if wrong := self._contradiction(facts):
                    return self._question(replace(check, candidates=()), version, wrong, ())
                read = (read_json(key, fact, value, about=about),)
                echo = self._echo(key, value, about=about)
                skipped = tuple(known for known in check.skipped if known != key)
                moved = replace(check, facts=facts, skipped=skipped)
                return await self._next(moved, version, echo, read)
        return self._question(check, version, wording.NOT_UNDERSTOOD, ())

    def _contradiction(self, facts: Facts) -> str | None:
        try:
            self._situation(facts).check()
        except ImpossibleFacts as error:
            return error.message + wording.CHANGE_BEFORE
        return None

    async def _skip(self, check: Check, version: int) -> Turn:
        key = check.asking
        if key is None:
            return await self._next(check, version)
        fact = self._fact(key)
        moved = replace(check, skipped=(*check.skipped, key))
        if key in check.pressed:  # only the exact figure is not known: what was said roughly stays
            echo = wording.ROUGH_STAYS.format(
                label=key_label(key, fact), value=value_text(check.facts.values[key], fact)
            )
            turn = await self._next(moved, version, echo)
            return replace(turn, said=wording.BUTTON_SKIP)
        moved = replace(moved, facts=check.facts.put(*key, None))
        echo = wording.RECORDED_UNKNOWN.format(label=key_label(key, fact))
        turn = await self._next(moved, version, echo, (read_json(key, fact, None),))
        return replace(turn, said=wording.BUTTON_SKIP)

    async def _back(self, check: Check, version: int) -> Turn:
        """The question before, with what was answered; the answers stay."""
        if not check.trail:
            turn = await self.ask(check, version, wording.NO_BACK)
            return replace(turn, said=wording.BUTTON_BACK)
        key = check.trail[-1]
        moved = replace(
            check,
            asking=key,
            trail=check.trail[:-1],
            skipped=tuple(known for known in check.skipped if known != key),
            pressed=tuple(known for known in check.pressed if known != key),
            candidates=(),
            done=False,
        )
        given = check.facts.values.get(key)
        lead = wording.BACK_TO if given is None else wording.BACK_TO_VALUE
        lead = lead.format(value=value_text(given, self._fact(key)))
        return replace(self._question(moved, version, lead, ()), said=wording.BUTTON_BACK)

    async def _why(self, check: Check, version: int) -> Turn:
        """Why the question is asked: the reason, and the clause that it decides."""
        if check.asking is None:
            return await self._next(check, version)
        fact, scheme = self._fact(check.asking), self._assessor.scheme(check.scheme)
        turn = self._question(check, version, fact.why or wording.WHY_DEFAULT, ())
        citation = await self._clause_for(scheme, fact)
        replies = turn.replies if citation is None else (replace(turn.replies[0], citations=(citation,)),)
        return replace(turn, replies=replies, said=wording.BUTTON_WHY)

    async def _clause_for(self, scheme: Scheme, fact: Fact) -> Any:
        snapshot = await self._assessor.snapshot()
        document = snapshot.documents.get(scheme.document or "")
        for condition in (*scheme.conditions, *scheme.priority):
            if fact.id in self._facts_of(criteria.subjects(condition.rule)):
                return cite(condition, document, snapshot, self._assessor.today())
        return None

    def _facts_of(self, subjects: Sequence[str]) -> set[str]:
        entries = [self._assessor.catalogue.get(name) for name in subjects]
        found: set[str] = set()
        for name, entry in zip(subjects, entries, strict=True):
            formula = entry.stands_for if isinstance(entry, Fact) else entry.formula if entry else None
            found |= {name} if isinstance(entry, Fact) else set()
            found |= set(formula.facts) if formula else set()
        return found

    async def _other(self, check: Check, ref: str, version: int) -> Turn | None:
        schemes = list(self._assessor.schemes)
        if not ref.isdecimal() or int(ref) >= len(schemes):
            return None
        scheme = schemes[int(ref)]
        turn = await self.begin(version, check, scheme=scheme.id)
        return replace(turn, said=scheme.short)

    async def _next(self, check: Check, version: int, lead: str = "", read: tuple[dict[str, Any], ...] = ()) -> Turn:
        """Ask the question that decides most now, or show the verdict when none can decide anything any more."""
        last = check.asking
        trail = (*check.trail, last) if last is not None else check.trail
        moved = replace(check, asking=None, trail=trail, candidates=(), done=False)
        key = self._best(moved, last)
        if key is None:
            return await self._finish(moved, version, None, lead, read)
        if key in _known(moved.facts):
            moved = replace(moved, pressed=(*moved.pressed, key))
            lead = "\n".join(part for part in (lead, wording.EXACT_WANTED) if part)
        return self._question(replace(moved, asking=key), version, lead, read)

    def _best(self, check: Check, last: Key | None) -> Key | None:
        """The next question. One that was answered roughly is asked once more, last of all."""
        judged, skip = self._judged(check), {*check.skipped, *check.pressed}
        after = last[0] if last else None
        fresh = best_question(judged, self._assessor.catalogue, skip=skip | _known(check.facts), after=after)
        return fresh or best_question(judged, self._assessor.catalogue, skip=skip)

    def _judged(self, check: Check) -> list[Judgement]:
        scheme, situation = self._assessor.scheme(check.scheme), self._situation(check.facts)
        conditions = scheme.conditions + (scheme.priority if check.extra else ())
        return [criteria.judge(condition.rule, situation) for condition in conditions]

    def _situation(self, facts: Facts) -> Situation:
        return Situation(facts, self._assessor.today(), self._assessor.catalogue)

    def _fact(self, key: Key) -> Fact:
        return self._assessor.catalogue.fact(key[0])

    def _question(self, check: Check, version: int, lead: str, read: tuple[dict[str, Any], ...]) -> Turn:
        key = check.asking
        assert key is not None
        fact = self._fact(key)
        question = fact.question.format(year=key[1])
        lines = [lead, question, wording.HINT.format(hint=fact.hint) if fact.hint else ""]
        reply = Reply(
            "\n".join(line for line in lines if line),
            choices=(*self._answers(check, fact, version), *_ways_out(check, version)),
            progress=self._progress(check),
        )
        asking = {"fact": key[0], "year": key[1], "kind": fact.kind, "question": question}
        return Turn(check, (reply,), Outcome(asking, read))

    def _answers(self, check: Check, fact: Fact, version: int) -> tuple[Choice, ...]:
        """Buttons that answer: readings to choose from, yes and no, the options of a choice, none of a count."""
        if check.candidates:
            return tuple(
                Choice(encode_choice(TAKE, str(place), version), value_text(value, fact)[:_MAX_OPTION])
                for place, value in enumerate(check.candidates)
            )
        match fact.kind:
            case "boolean":
                return (
                    Choice(encode_choice(PICK, _YES, version), wording.BUTTON_YES),
                    Choice(encode_choice(PICK, _NO, version), wording.BUTTON_NO),
                )
            case "choice" | "choices":
                return tuple(
                    Choice(encode_choice(PICK, option.value, version), option.label[:_MAX_OPTION])
                    for option in fact.options
                )
            case "count" if fact.min == 0 and fact.unit != wording.PEOPLE:
                return (Choice(encode_choice(PICK, "0", version), wording.BUTTON_NONE),)
            case "date" if fact.none is not None:
                return (Choice(encode_choice(PICK, _NEVER, version), wording.BUTTON_NEVER),)
        return ()

    def _progress(self, check: Check) -> Progress:
        skip = {*check.skipped, *check.pressed, *_known(check.facts)}
        left = {check.asking, *open_questions(self._judged(check), skip)}
        covered = self._covered({key for key in left if key is not None})
        done = {key for key in check.trail if key != check.asking}
        return Progress(done=len(done), left=max(1, len(covered)))

    def _covered(self, keys: set[Key]) -> set[Key]:
        """The questions without those that another one stands for."""
        stated = [self._fact(key).stands_for for key in keys]
        spared = {name for formula in stated if formula for name in formula.facts}
        return {key for key in keys if key[0] not in spared}

    async def _finish(
        self,
        check: Check,
        version: int,
        said: str | None,
        lead: str = "",
        read: tuple[dict[str, Any], ...] = (),
    ) -> Turn:
        """The verdict, and what can be done next."""
        assessment = await self._assessor.assess(check.facts, scheme_id=check.scheme)
        done = replace(check, asking=None, done=self._best(check, None) is None)
        replies = verdict.replies(assessment, self._situation(check.facts), self._desk)
        if lead:
            replies = (replace(replies[0], text=f"{lead}\n\n{replies[0].text}"), *replies[1:])
        choices = self._after(done, assessment, version)
        replies = (*replies[:-1], replace(replies[-1], choices=choices))
        return Turn(done, replies, Outcome(None, read, assessment.to_json()), said)

    async def offer(self, check: Check, version: int, text: str) -> Turn:
        """Say something after the verdict, and offer again what can be done next."""
        assessment = await self._assessor.assess(check.facts, scheme_id=check.scheme)
        return Turn(check, (Reply(text, choices=self._after(check, assessment, version)),))

    def _after(self, check: Check, assessment: Assessment, version: int) -> tuple[Choice, ...]:
        choices: list[Choice] = []
        if not check.done:
            choices.append(Choice(encode_choice(RESUME, "", version), wording.BUTTON_RESUME))
        open_priority = any(c.verdict is Truth.UNKNOWN and c.needs for c in assessment.priority)
        if not check.extra and open_priority:
            choices.append(Choice(encode_choice(MORE, "", version), wording.BUTTON_MORE))
        if check.trail:
            choices.append(Choice(encode_choice(BACK, "", version), wording.BUTTON_BACK))
        for place, scheme in enumerate(self._assessor.schemes):
            if scheme.id != check.scheme:
                label = wording.BUTTON_SCHEME.format(name=scheme.short)
                choices.append(Choice(encode_choice(SCHEME, str(place), version), label))
        choices.append(Choice(encode_choice(AGAIN, "", version), wording.BUTTON_AGAIN))
        return tuple(choices)


def _ways_out(check: Check, version: int) -> tuple[Choice, ...]:
    ways = [(SKIP, wording.BUTTON_SKIP), (WHY, wording.BUTTON_WHY)]
    if check.trail:
        ways.append((BACK, wording.BUTTON_BACK))
    ways += [(RESULT, wording.BUTTON_RESULT), (QUIT, wording.BUTTON_QUIT)]
    return tuple(Choice(encode_choice(action, "", version), label) for action, label in ways)


def _known(facts: Facts) -> set[Key]:
    return set(facts.values)


def _taken(check: Check, ref: str) -> Value | None:
    place = int(ref) if ref.isdecimal() else -1
    return check.candidates[place] if 0 <= place < len(check.candidates) else None


def _picked(fact: Fact, ref: str) -> Value | None:
    """The value of a pressed answer, None when the question has no such answer."""
    match fact.kind:
        case "boolean":
            return {_YES: True, _NO: False}.get(ref)
        case "choice":
            return ref if fact.option(ref) else None
        case "choices" if fact.option(ref):
            return Chosen(frozenset({ref}) - {"none"})
        case "count" if ref == "0":
            return Span.point(0)
        case "date" if ref == _NEVER and fact.none is not None:
            return NoDay()
    return None
