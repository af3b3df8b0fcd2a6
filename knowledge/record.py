"""What staff say of a document beside its text, and what is reported of taking it in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

LEVELS = ("国家级", "省级", "市级", "县级")

Status = Literal["ready", "partial", "failed"]


@dataclass(frozen=True)
class Metadata:
    """What is known of a document besides its text; None means: take it from the text, or leave it open.

    `supersedes`, `amends` and `prolongs` are ids of documents of the base. `file_name` serves staff, no citation.
    """

    title: str | None = None
    number: str | None = None
    issuer: str | None = None
    region: str | None = None
    level: str | None = None
    issued: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    source: str | None = None
    supersedes: str | None = None
    amends: str | None = None
    prolongs: str | None = None
    draft: bool | None = None
    file_name: str | None = None


@dataclass(frozen=True)
class Ingestion:
    """The report of one ingestion (contract: `qiban knowledge add`).

    `read` is the record by its fields: what the text says and what staff gave; None where it was not read. `missing`
    are names of attachments that are not in the base.
    """

    document_id: str | None
    title: str
    status: Status
    coverage: float
    clauses: int
    tables: int = 0
    pages_without_text: tuple[int, ...] = ()
    warnings: tuple[dict[str, str], ...] = ()
    duplicate_of: str | None = None
    missing: tuple[str, ...] = ()
    read: dict[str, Any] | None = None
