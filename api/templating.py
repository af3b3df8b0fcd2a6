"""The pages' templates: everything escaped, all copy from `api.wording`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from pathlib import Path
from typing import Any

import jinja2

from api import assets, wording
from conversation import selfcheck
from core import regions
from knowledge.library import StoredDocument
from knowledge.wording import day

_ASIDES = frozenset({selfcheck.WHY, selfcheck.BACK, selfcheck.RESULT, selfcheck.QUIT})
_ROOT = Path(__file__).parent / "templates"


class Pages:
    """Renders templates. `public_url` and `desk` are known to all of them."""

    def __init__(self, timezone: tzinfo = UTC) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_ROOT),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {"w": wording, "asset": assets.address}
        self._environment.filters |= {"day": day, "validity": validity, "region": region_name, "link": safe_link}
        self._environment.filters |= {"lines": lines, "is_aside": is_aside}
        self._environment.tests["among"] = is_among
        self._environment.filters["local_time"] = lambda at: at.astimezone(timezone).strftime("%Y-%m-%d %H:%M")

    def render(self, template: str, **context: Any) -> str:
        """The page as HTML text."""
        return self._environment.get_template(template).render(**context)


def is_aside(choice: str) -> bool:
    """Whether a choice under a question leads around it instead of answering it: it is shown with less weight."""
    return choice.partition(":")[0] in _ASIDES


def is_among(choice: str, actions: Collection[str]) -> bool:
    """Whether a choice's action is one of these."""
    return choice.partition(":")[0] in actions


@dataclass(frozen=True)
class Line:
    """A line of a text. `kind` is the verdict that it begins with the mark of (met, not_met, unknown), else empty."""

    text: str
    kind: str = ""
    mark: str = ""


def lines(text: str) -> list[Line]:
    """The lines of a text; the mark of a verdict at the beginning of one is told apart from its words."""
    return [_line(line) for line in text.split("\n")]


def _line(text: str) -> Line:
    kind = wording.MARKS.get(text[:1])
    return Line(text[1:].lstrip(), kind, text[0]) if kind else Line(text)


def validity(document: StoredDocument) -> str:
    """From when until when a document applies, in words; empty when neither is known."""
    if document.valid_from is None and document.valid_to is None:
        return ""
    start = _day(document.valid_from)
    if document.valid_to is None:
        return wording.VALID_FROM.format(start=start, open=wording.UNTIL_REVOKED)
    return wording.VALID_BETWEEN.format(start=start, end=day(document.valid_to))


def _day(value: date | None) -> str:
    return day(value) if value else ""


def region_name(code: str) -> str:
    """The name of a region's code."""
    return regions.find(code).name


def safe_link(address: str | None) -> str | None:
    """The address if a page may link to it (http, https or a path of ours), else None: no javascript: and the like."""
    if address is None:
        return None
    ours = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if ours or address.startswith(("https://", "http://")) else None
