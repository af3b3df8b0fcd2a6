"""The shapes of open questions and typical questions, as they stand in the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from knowledge.open_questions import LONGEST_ANSWER

_QUIET = ConfigDict(hide_input_in_errors=True)
_Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
_Fingerprint = Annotated[str, StringConstraints(min_length=1, max_length=64)]
_Questions = Annotated[list[Annotated[str, StringConstraints(max_length=500)]], Field(max_length=200)]
State = Literal["open", "answered", "dismissed", "reopened"]


class ClauseRef(BaseModel):
    """A clause by its document's id and its path (`四（一）2`)."""

    model_config = _QUIET

    document_id: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    clause: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class DeskAnswerOut(BaseModel):
    """The desk's answer, with the clause it cites as it stood then. `approved_by`: it is a typical question now."""

    text: str
    author: str
    document_id: str | None
    document: str | None
    clause: str | None
    quote: str
    approved_by: str | None


class OpenQuestionOut(BaseModel):
    """Questions that ask the same. `id`, `text`, `why` and `asked_at` are the newest one's; any question's id names
    the group. `waiting`: askers without an answer who can be reached."""

    id: int
    text: str
    why: str | None
    asked_at: datetime
    answered: bool
    group: int
    state: State
    dismissed_as: str | None
    version: int
    count: int
    askers: int
    waiting: int
    down_votes: int
    regions: list[str]
    wordings: list[str]
    answer: DeskAnswerOut | None


class OpenQuestionsOut(BaseModel):
    """Groups of open questions, the newest first."""

    items: list[OpenQuestionOut]
    next_cursor: str | None


class AnswerIn(BaseModel):
    """What the desk says. `version` is that of the group as it was read. `confirm`: figures that do not stand in the
    cited clause are meant so."""

    model_config = _QUIET

    text: Annotated[str, StringConstraints(max_length=4 * LONGEST_ANSWER)]
    cites: ClauseRef | None = None
    version: _Version | None = None
    confirm: bool = False


class DeliveredOut(BaseModel):
    """Askers the answer goes to, and askers without a channel that works."""

    reached: int
    unreachable: int
    question: OpenQuestionOut


class DismissIn(BaseModel):
    """Why a group is left without an answer."""

    model_config = _QUIET

    reason: Literal["irrelevant", "duplicate", "advert"]
    version: _Version | None = None


class VersionIn(BaseModel):
    """The group as it was read."""

    model_config = _QUIET

    version: _Version | None = None


class MergeIn(BaseModel):
    """The group to go into, by the id of one of its questions."""

    model_config = _QUIET

    into: Annotated[int, Field(ge=1, le=2**31 - 1)]
    version: _Version | None = None


class FaqEntryOut(BaseModel):
    """A typical question's entry. `stated` false: a topic on which the document is silent, and `clauses` are the
    nearest. `review`: the document was replaced. `version` names what it says: a change has to name it."""

    id: int
    document_id: str
    document: str
    name: str
    stated: bool
    clauses: list[str]
    questions: list[str]
    answer: str
    origin: Literal["built_in", "staff", "desk"]
    review: bool
    version: str
    superseded_by: str | None


class FaqOut(BaseModel):
    """Entries, those under review first."""

    items: list[FaqEntryOut]
    next_cursor: str | None


class ProposalOut(BaseModel):
    """Where an entry of a replaced document may belong; `likeness` 0 to 1."""

    document_id: str
    document: str
    clause: str
    label: str
    likeness: float


class FaqDetailOut(BaseModel):
    """An entry, and where it may belong in the document that replaced its own."""

    entry: FaqEntryOut
    proposal: ProposalOut | None


class FaqIn(BaseModel):
    """A new entry."""

    model_config = _QUIET

    cites: ClauseRef
    questions: _Questions


class FaqEditIn(BaseModel):
    """A change; `cites` moves the entry, `answer` changes the desk's words."""

    model_config = _QUIET

    questions: _Questions
    version: _Fingerprint
    cites: ClauseRef | None = None
    answer: Annotated[str, StringConstraints(max_length=4 * LONGEST_ANSWER)] | None = None


class FingerprintIn(BaseModel):
    """The entry as it was read."""

    model_config = _QUIET

    version: _Fingerprint


class FaqEdited(BaseModel):
    """`active` false: it was the desk's answer and waits for approval again; `entry` is None then."""

    active: bool
    entry: FaqEntryOut | None
