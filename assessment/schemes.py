"""Schemes as data: the conditions of a measure as rules over facts, each citing the clause that it was read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from assessment import wording
from core import regions
from core.datafile import BadDataFile, Entry, read_yaml
from core.errors import NotFound
from firms.catalogue import Catalogue
from firms.criteria import Rule
from firms.rule_reading import BadRule, read_rule

BUILT_IN = Path(__file__).parent / "data" / "schemes"


class UnknownScheme(NotFound):
    """There is no scheme with this id."""

    code = "unknown_scheme"
    default = wording.UNKNOWN_SCHEME


class Condition(Entry):
    """One condition. `quote`: the part of the clause that it judges, word by word. `rule`: `firms.rule_reading`."""

    id: str
    title: str
    clause: str = ""
    quote: str = ""
    note: str = ""
    rule: Any
    evidence: tuple[str, ...] = ()

    @field_validator("rule")
    @classmethod
    def _parsed(cls, value: object, info: ValidationInfo) -> Rule:
        catalogue: Catalogue = (info.context or {})["catalogue"]
        try:
            return read_rule(value, catalogue)
        except BadRule as error:
            raise ValueError(error.message) from error


class Source(Entry):
    """A text that the base does not hold; its figures were read somewhere else."""

    title: str
    number: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    replaces: str | None = None


class Scheme(Entry):
    """A measure's conditions: all basic ones (`conditions`), and those that decide among equals (`priority`)."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: int = Field(ge=1)
    name: str
    short: str
    region: str
    document: str | None = None
    source: Source | None = None
    verified: bool = True
    title_years: int | None = None
    reading_names: Mapping[str, str] = {}
    conditions: tuple[Condition, ...] = Field(min_length=1)
    priority: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.document is None) == (self.source is None):
            raise ValueError("a scheme names either a document of the base or a source outside it")
        ids = [condition.id for condition in (*self.conditions, *self.priority)]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"given twice: {', '.join(twice)}")
        uncited = [c.id for c in (*self.conditions, *self.priority) if self.document and not (c.clause and c.quote)]
        if uncited:
            raise ValueError(f"no clause or quote: {', '.join(uncited)}")
        return self

    def condition(self, name: str) -> Condition:
        """The condition with this id. Raises KeyError."""
        return next(c for c in (*self.conditions, *self.priority) if c.id == name)


class Schemes:
    """All schemes that were loaded, by id, in the order of their files' names."""

    def __init__(self, schemes: Iterable[Scheme], catalogue: Catalogue) -> None:
        self._schemes = {scheme.id: scheme for scheme in schemes}
        self.catalogue = catalogue

    @classmethod
    def load(cls, catalogue: Catalogue, *directories: Path) -> Self:
        """The schemes in `*.yaml` of the directories; one of the same id in a later directory replaces the earlier.

        Raises BadDataFile with file and line.
        """
        found: dict[str, Scheme] = {}
        for directory in directories or (BUILT_IN,):
            seen: dict[str, str] = {}
            for path in sorted(directory.glob("*.yaml")):
                scheme = read_yaml(path, Scheme, {"catalogue": catalogue})
                if scheme.id in seen:
                    raise BadDataFile(wording.SCHEME_TWICE.format(id=scheme.id, one=seen[scheme.id], other=path.name))
                seen[scheme.id] = path.name
                found[scheme.id] = scheme
        return cls(found.values(), catalogue)

    def get(self, scheme_id: str) -> Scheme:
        """The scheme with this id. Raises UnknownScheme."""
        try:
            return self._schemes[scheme_id]
        except KeyError:
            raise UnknownScheme() from None

    def default(self, region: str) -> Scheme:
        """The scheme meant when none is named: the first one made for the place, else the first that covers it."""
        fitting = [scheme for scheme in self if regions.covers(scheme.region, region)]
        own = [scheme for scheme in fitting if scheme.region == region] or fitting or list(self)
        if not own:
            raise UnknownScheme()
        return own[0]

    def __iter__(self) -> Iterator[Scheme]:
        return iter(self._schemes.values())

    def __len__(self) -> int:
        return len(self._schemes)
