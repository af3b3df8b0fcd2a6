"""The shapes of the API (DESIGN section 5), as they stand in the OpenAPI document."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from api.sessions import PATTERN

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _iso_date(value: object) -> object:
    """Only 2026-11-24 is a date: a number would be read as seconds since 1970."""
    if value is None or isinstance(value, date):
        return value
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError("iso_date", "not a date")


IsoDate = Annotated[date | None, BeforeValidator(_iso_date)]
Session = Annotated[str, StringConstraints(pattern=f"^(?:{PATTERN})?$")]
MessageId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]


class QuestionIn(BaseModel):
    """`as_of`: the date the answer is for (default: today). `region`: name or six-digit code (default: the desk's)."""

    model_config = ConfigDict(hide_input_in_errors=True)

    text: str = Field(examples=["申报条件有哪些"])
    as_of: IsoDate = None
    region: Annotated[str, StringConstraints(max_length=100)] | None = None


class ChatIn(BaseModel):
    """One message: `text` or a button's `choice`. `session` is what an earlier answer gave; without it a new one
    begins. `id` is the client's own name for the message: the same one again gets the same replies and counts once."""

    model_config = ConfigDict(hide_input_in_errors=True)

    session: Session | None = None
    text: str | None = None
    choice: str | None = None
    id: MessageId | None = None


class Citation(BaseModel):
    """A literal quotation. `quote` equals the document's text between `start` and `end` (Unicode code points)."""

    document_id: str
    document: str
    clause: str
    label: str
    quote: str
    start: int
    end: int
    page: int | None
    in_force: bool
    valid_from: date | None
    valid_to: date | None


class Computed(BaseModel):
    """A figure compared by the rules of a scheme."""

    scheme: str
    condition: str
    verdict: Literal["met", "not_met", "unknown"]
    given: str
    required: str
    gap: str | None


Status = Literal["answered", "declined", "clarify"]


class Answer(BaseModel):
    """An answer. `why` says why it was declined; `notices` belong before the text."""

    status: Status
    why: Literal["out_of_scope", "not_stated", "other_region", "unreadable_part"] | None
    text: str
    notices: list[str]
    citations: list[Citation]
    computed: list[Computed]
    suggestions: list[str]
    score: float


class Choice(BaseModel):
    """A button: send `id` back as `choice`."""

    id: str
    label: str


class Card(BaseModel):
    """A titled block under a reply."""

    title: str
    lines: list[str]
    url: str | None


class Attachment(BaseModel):
    """A file that goes with a reply."""

    name: str
    type: str
    url: str


class Progress(BaseModel):
    """How far a form is, in questions."""

    done: int
    left: int


class Reply(BaseModel):
    """One reply. `status` is an answer's status, null for anything else."""

    text: str
    status: Status | None
    notices: list[str]
    citations: list[Citation]
    computed: list[Computed]
    choices: list[Choice]
    cards: list[Card]
    attachments: list[Attachment]
    progress: Progress | None


class Chat(BaseModel):
    """The replies to one message; what is being asked, what was understood, and the verdict once there is one."""

    session: str
    replies: list[Reply]
    asking: dict[str, Any] | None
    read: list[dict[str, Any]]
    assessment: dict[str, Any] | None


class Turn(BaseModel):
    """One message of the past (what was typed, or the label of the button) with its replies."""

    text: str
    replies: list[Reply]


class History(BaseModel):
    """The last messages of a session, oldest first."""

    session: str
    turns: list[Turn]


class DocumentSummary(BaseModel):
    """A document's record. `in_force` and `state` are as of today."""

    id: str
    title: str
    number: str | None
    issuer: str | None
    region: str
    level: str | None
    issued: date | None
    valid_from: date | None
    valid_to: date | None
    source: str | None
    superseded_by: str | None
    superseded_from: date | None
    coverage: float
    in_force: bool
    state: Literal["in_force", "expired", "superseded", "not_yet"]


class Clause(BaseModel):
    """A clause: `path` in one width, `label` in the original's glyphs; its own text stands in `[start, end)`."""

    path: str
    label: str
    depth: int
    start: int
    end: int


class Document(DocumentSummary):
    """A document's record with its clauses, in order."""

    clauses: list[Clause]


class Alive(BaseModel):
    """The process runs."""

    status: Literal["ok"]


class Ready(BaseModel):
    """Whether the service can answer, and how each of its parts is."""

    status: Literal["ready", "degraded", "unavailable"]
    checks: dict[str, str]


class FieldProblem(BaseModel):
    """What is amiss in one place of the request."""

    field: str
    message: str


class ProblemOut(BaseModel):
    """RFC 9457 problem details. `code` is stable; `detail` says in Chinese what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    fields: list[FieldProblem] = []
    instance: str | None = None
