"""The shapes of the API (DESIGN section 5), as they stand in the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import UploadFile
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.sessions import PATTERN
from firms.catalogue import Kind
from knowledge.reading import Format

EARLIEST, LATEST = date(1950, 1, 1), date(2199, 12, 31)
"""The days that a firm can be judged on: rules count years back from them."""

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


def _judging_date(value: object) -> object:
    day = _iso_date(value)
    if isinstance(day, date) and not EARLIEST <= day <= LATEST:
        raise PydanticCustomError("iso_date", "out of range")
    return day


def _facts(value: object) -> object:
    """Only that it is an object: names and values are read by `firms.facts`, with errors of their own."""
    if not isinstance(value, Mapping):
        raise PydanticCustomError("dict_type", "not an object")
    return value


_RANGE = {
    "type": "object",
    "description": "A range; an open end is left out. `above` and `below` are exclusive.",
    "properties": {name: {"type": "number"} for name in ("min", "max", "above", "below")},
    "additionalProperties": False,
    "minProperties": 1,
}
_PLAIN = [
    {"type": "number"},
    {"type": "string"},
    {"type": "boolean"},
    {"type": "null"},
    {"type": "array", "items": {"type": "string"}},
    _RANGE,
]
_FACTS = {
    "type": "object",
    "description": (
        "What is known of the firm, by the ids of `GET /schemes` (`facts`). Absent or null: unknown. Money in 万元, "
        'percent in percent. A yearly fact is {"2025": 2420, "2024": 2200}; without a year it is the last full one\'s.'
    ),
    "additionalProperties": {
        "anyOf": [*_PLAIN, {"type": "object", "description": "By year.", "additionalProperties": {"anyOf": _PLAIN}}]
    },
    "examples": [{"industry": "C34", "revenue_main": {"2025": 2420, "2024": {"min": 2100, "max": 2200}}}],
}

IsoDate = Annotated[date | None, BeforeValidator(_iso_date)]
JudgingDate = Annotated[date | None, BeforeValidator(_judging_date)]
FactsIn = Annotated[Any, BeforeValidator(_facts), WithJsonSchema(_FACTS)]
Verdict = Literal["met", "not_met", "unknown"]
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
    verdict: Verdict
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


class AssessmentIn(BaseModel):
    """A firm's facts. `scheme`: an id of `GET /schemes` (default: the desk's own). `as_of`: the day that counts
    (default: today); the last full fiscal year is the one before."""

    model_config = ConfigDict(hide_input_in_errors=True)

    scheme: Annotated[str, StringConstraints(max_length=100)] | None = None
    facts: FactsIn
    as_of: JudgingDate = None


class Reading(BaseModel):
    """One way to read a clause that can be read in several, with what it comes to. One that is not `binding` is shown
    beside the verdict and decides nothing."""

    id: str
    name: str
    verdict: Verdict
    value: str
    binding: bool


class Need(BaseModel):
    """A fact, and the year for a yearly one."""

    fact: str
    year: int | None


class ConditionVerdict(BaseModel):
    """A condition judged. `quote` is the part of the clause that counts, at `start`..`end` of the document's text.
    `gap`: what is missing to it. `needs`: the facts that can still decide it. `evidence`: what the bureau asks for."""

    id: str
    title: str
    clause: str
    quote: str
    start: int | None
    end: int | None
    verdict: Verdict
    reason: str
    readings: list[Reading]
    given: str
    required: str
    gap: str | None
    note: str
    evidence: list[str]
    needs: list[Need]


class Assessment(BaseModel):
    """A scheme's verdict on a day: all `conditions` are required; `priority` only decides among equals. `notices`
    belong before it. `next_question` (with `next_year`) is the unknown fact that can still decide most."""

    scheme: str
    version: int
    name: str
    document_id: str | None
    document: str | None
    verified: bool
    as_of: date
    in_force: bool
    verdict: Verdict
    size_class: Literal["micro", "small", "medium", "large", "unknown"]
    notices: list[str]
    conditions: list[ConditionVerdict]
    priority: list[ConditionVerdict]
    next_question: str | None
    next_year: int | None


class Condition(BaseModel):
    """A condition of a scheme with the words it was read from, at `start`..`end` of the document's text."""

    id: str
    title: str
    clause: str
    quote: str
    start: int | None
    end: int | None
    note: str


class Option(BaseModel):
    """One of the answers to a question of choice."""

    value: str
    label: str


class Fact(BaseModel):
    """Something that a scheme asks of a firm: how it is asked, answered and proved. `{year}` in the question stands
    for the year; `yearly`: one value for each year."""

    id: str
    label: str
    kind: Kind
    unit: str
    yearly: bool
    question: str
    hint: str
    why: str
    evidence: list[str]
    options: list[Option]


class Scheme(BaseModel):
    """What a firm can check itself against. `verified` false: read in copies, not in the original."""

    id: str
    name: str
    short: str
    version: int
    region: str
    region_name: str
    document_id: str | None
    document: str | None
    number: str | None
    in_force: bool
    verified: bool
    valid_from: date | None
    valid_to: date | None
    title_years: int | None
    conditions: list[Condition]
    priority: list[Condition]
    facts: list[Fact]


class Schemes(BaseModel):
    """All schemes."""

    items: list[Scheme]


class Asking(BaseModel):
    """What is being asked: a fact, the year for a yearly one, and the question in words."""

    fact: str
    year: int | None
    kind: Kind | None = None
    question: str | None = None


class Read(BaseModel):
    """What was understood of the message: a fact with its `value` (null: not known), or a range of it (`min`, `max`;
    exclusive: `above`, `below`). `about`: said as an approximation. `text` is the same in words."""

    fact: str
    year: int | None
    value: bool | int | float | str | list[str] | None = None
    min: int | float | None = None
    max: int | float | None = None
    above: int | float | None = None
    below: int | float | None = None
    about: bool
    text: str


class Chat(BaseModel):
    """The replies to one message; what is being asked, what was understood, and the verdict once there is one."""

    session: str
    replies: list[Reply]
    asking: Asking | None
    read: list[Read]
    assessment: Assessment | None


class Turn(BaseModel):
    """One message of the past (what was typed, or the label of the button) with its replies."""

    text: str
    replies: list[Reply]


class History(BaseModel):
    """The last messages of a session, oldest first."""

    session: str
    turns: list[Turn]


class DocumentSummary(BaseModel):
    """A document's record. `in_force`, `state` and `valid_to` are as of today, prolongations by others counted.
    `status` partial: pages without text (`unread_pages`) or attachments that are not in the base (`missing`)."""

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
    format: Format
    status: Literal["ready", "partial"]
    tables: int
    unread_pages: list[int]
    missing: list[str]
    in_force: bool
    state: Literal["in_force", "expired", "superseded", "not_yet"]


class Clause(BaseModel):
    """A clause: `path` in one width, `label` in the original's glyphs; its own text stands in `[start, end)`. `page`:
    where it begins, null where the format has no pages."""

    path: str
    label: str
    kind: str
    depth: int
    start: int
    end: int
    page: int | None


class DocumentRelation(BaseModel):
    """What a document says of another, which is named as the text names it; `target_id` is null while the base does not
    hold it. `until`: the new last day of a prolonged one."""

    kind: Literal["supersedes", "amends", "prolongs"]
    target_id: str | None
    target_number: str | None
    target_title: str | None
    effective_from: date | None
    until: date | None


class Document(DocumentSummary):
    """A document's record with what it says of others and its clauses, in order."""

    relations: list[DocumentRelation]
    clauses: list[Clause]


_Line = Annotated[str, StringConstraints(max_length=500)]


class DocumentIn(BaseModel):
    """A document's `file` of any format, and what is known of it besides. What is left out is read from the text.
    `supersedes`, `amends` and `prolongs` are ids of documents."""

    model_config = ConfigDict(hide_input_in_errors=True)

    file: UploadFile
    title: _Line = ""
    number: _Line = ""
    issuer: _Line = ""
    region: _Line = ""
    level: _Line = ""
    issued: IsoDate = None
    valid_from: IsoDate = None
    valid_to: IsoDate = None
    source: Annotated[str, StringConstraints(max_length=500, pattern="^(?:https?://.*)?$")] = ""
    supersedes: _Line = ""
    amends: _Line = ""
    prolongs: _Line = ""
    draft: bool | None = None


class Warned(BaseModel):
    """Something that a person should know about an ingestion."""

    code: str
    message: str


class RecordRead(BaseModel):
    """What a document's record holds after its ingestion: what the text says, and what was given beside it."""

    title: str
    number: str | None
    issuer: str | None
    region: str
    level: str | None
    issued: date | None
    valid_from: date | None
    valid_to: date | None
    draft: bool


class IngestionOut(BaseModel):
    """The report of taking a document in. `duplicate_of`: the same content is there already, nothing was stored."""

    document_id: str | None
    title: str
    status: Literal["ready", "partial"]
    coverage: float
    clauses: int
    tables: int
    pages_without_text: list[int]
    warnings: list[Warned]
    duplicate_of: str | None
    missing: list[str]
    read: RecordRead | None


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
