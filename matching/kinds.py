"""The kinds of offers as data (`data/kinds.yaml`): their columns, what is public, what counts how much in matching."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from core import regions
from core.datafile import Entry, read_yaml
from core.text import fold
from firms import cells
from firms.cells import Units
from firms.firm_rows import firm_columns
from matching import import_wording as wording
from matching.offer import KINDS

DATA = Path(__file__).parent / "data"

ColumnKind = Literal[
    "text", "list", "money", "number", "percent_range", "months", "days", "yes_no", "choice", "region", "regions",
    "rule", "date", "time", "count", "code",
]  # fmt: skip

UNITS: Mapping[str, Units] = {
    "money": cells.MONEY,
    "percent_range": cells.PERCENT,
    "number": cells.COUNT,
    "count": cells.COUNT,
    "months": cells.MONTHS,
    "days": cells.DAYS,
}
COMPONENTS = frozenset(
    {
        "text", "chain", "trl", "budget", "distance", "amount", "term", "security", "rate", "cost", "soon",
        "certificates",
    }
)  # fmt: skip
"""What can make an offer fit: the keys of `Kind.weights`."""


class ColumnSpec(Entry):
    """A column of an offer's table, and of its `details` where it is a kind's own."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    names: tuple[str, ...] = Field(min_length=1)
    kind: ColumnKind
    public: bool = True
    search: bool = False
    required: bool = False
    kinds: tuple[str, ...] = ()
    length: int = Field(default=cells.MAX_TEXT, ge=1)
    least: Decimal = Decimal(0)
    most: Decimal | None = None
    whole: bool = False
    words: Literal["collateral"] | None = None
    options: tuple[tuple[str, ...], ...] = ()
    shown_as: str | None = None
    empty_words: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What it is called on a page and in an error."""
        return self.names[0]

    @property
    def units(self) -> Units:
        """Units that may stand in its header and cells, and how much of the base unit one of each is."""
        return UNITS.get(self.kind, {})

    @cached_property
    def option_words(self) -> Mapping[str, str]:
        """Folded words of a choice or a list's vocabulary, to the one that is kept."""
        if self.words == "collateral":
            return firm_columns().collateral_words
        return {fold(word): words[0] for words in self.options for word in words}

    @property
    def option_labels(self) -> tuple[str, ...]:
        """A choice's options as a person writes them."""
        return tuple(next((word for word in words if not word.isascii()), words[0]) for words in self.options)

    @model_validator(mode="after")
    def _options_where_needed(self) -> Self:
        if self.options and (self.kind != "choice" or not all(self.options)):
            raise ValueError("options belong to a choice, and each has a word")
        if self.words and self.kind != "list":
            raise ValueError("words belong to a list")
        return self


class Kind(Entry):
    """A kind of offer: the words for it, its own columns, and the weights of what makes one fit a firm."""

    id: str
    label: str
    names: tuple[str, ...] = Field(min_length=1)
    columns: tuple[ColumnSpec, ...]
    weights: Mapping[str, float]

    @cached_property
    def by_key(self) -> Mapping[str, ColumnSpec]:
        """Its own columns by key."""
        return {column.key: column for column in self.columns}

    @field_validator("id")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in KINDS:
            raise ValueError(f"kinds are {', '.join(KINDS)}")
        return value

    @field_validator("weights")
    @classmethod
    def _sum_to_one(cls, value: Mapping[str, float]) -> Mapping[str, float]:
        if unknown := sorted(set(value) - COMPONENTS):
            raise ValueError(f"no component: {', '.join(unknown)}")
        if any(weight < 0 for weight in value.values()) or abs(sum(value.values()) - 1) > 1e-6:
            raise ValueError("weights are not negative and sum to 1")
        return value


class KindsFile(Entry):
    """`data/kinds.yaml`."""

    fields: tuple[ColumnSpec, ...]
    kinds: tuple[Kind, ...]
    no_names: tuple[str, ...]
    exclusions: tuple[str, ...]

    @field_validator("kinds")
    @classmethod
    def _each_once(cls, value: tuple[Kind, ...]) -> tuple[Kind, ...]:
        if sorted(kind.id for kind in value) != sorted(KINDS):
            raise ValueError(f"each of {', '.join(KINDS)} once")
        same: dict[str, ColumnSpec] = {}
        for column in (column for kind in value for column in kind.columns):
            if same.setdefault(column.key, column) != column:
                raise ValueError(f"{column.key} is not the same column in all kinds")
        return value

    @cached_property
    def columns(self) -> Mapping[str, ColumnSpec]:
        """All columns by key: those of every offer, then those of the kinds."""
        own = {column.key: column for kind in self.kinds for column in kind.columns}
        return {field.key: field for field in self.fields} | own

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Folded words for a kind, to its key."""
        return {fold(word): kind.id for kind in self.kinds for word in (kind.id, kind.label, *kind.names)}


def load(path: Path) -> KindsFile:
    """Kinds from a file. Raises BadDataFile with file and line."""
    return read_yaml(path, KindsFile)


@cache
def kinds_file() -> KindsFile:
    """The built-in file."""
    return load(DATA / "kinds.yaml")


@cache
def kinds() -> Mapping[str, Kind]:
    """The kinds by key, in the order of the file."""
    return {kind.id: kind for kind in kinds_file().kinds}


def kind_of(word: str) -> str | None:
    """The key of the kind that a word means (高校, university)."""
    return kinds_file().words.get(fold(word))


def public_details(kind: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """The details that anybody may see, in the order of the columns; a place by its name."""
    columns = kinds()[kind].columns
    found = {column.key: details.get(column.key) for column in columns if column.public}
    places = {column.key for column in columns if column.kind == "region"}
    return {
        key: regions.find(value).name if key in places else value for key, value in found.items() if value is not None
    }


def shown_details(kind: str, details: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The public details as label and text for a person: 最高额度 and 500 万元."""
    public = public_details(kind, details)
    columns = kinds()[kind].by_key
    return tuple((columns[key].label, _shown(columns[key], value)) for key, value in public.items())


def _shown(column: ColumnSpec, value: Any) -> str:
    match value:
        case bool():
            return wording.YES if value else wording.NO
        case list():
            return "、".join(value)
        case {"min": low, "max": high}:
            return wording.RATE.format(rate=low if low == high else f"{low}～{high}")
    written = column.shown_as or wording.WITH_UNIT.get(column.kind, "{value}")
    return written.format(value=value)


def search_text(kind: str, details: Mapping[str, Any]) -> str:
    """The details that are searched, as lines of text."""
    found = (details.get(column.key) for column in kinds()[kind].columns if column.search)
    return "\n".join("、".join(value) if isinstance(value, list) else str(value) for value in found if value)
