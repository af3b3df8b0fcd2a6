"""`qiban assess` and `qiban schemes`: a firm's facts from a file, judged by a scheme. Needs the library, no model."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from api import exact
from api.contract import EARLIEST, LATEST
from api.schemes import described
from assessment.evaluation import Assessment, ConditionVerdict
from core.errors import BadInput
from core.truth import Truth
from firms.catalogue import Catalogue
from firms.facts import read_facts
from firms.shown import key_label
from qiban import console, terminal, wording
from qiban.bootstrap import clock_of, open_assessor, open_library
from qiban.console import Json

schemes = typer.Typer(no_args_is_help=True)

STDIN = "-"
MAX_BYTES = 1024 * 1024
"""The longest facts file. A firm's facts are a few kilobytes."""

_YAML = (".yaml", ".yml")


def assess(
    facts: Annotated[str, typer.Option(help="The firm's facts: a .json or .yaml file, or - for stdin.")],
    scheme: Annotated[str | None, typer.Option(help="A scheme's id; default: the desk's own.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Judge as of this date (2026-11-24).")] = None,
    as_json: Json = False,
) -> None:
    """Judge a firm by a scheme: which conditions are met, what is missing, what to ask next."""
    given, day = read_file(facts), _judging_date(as_of)
    assessment, catalogue = console.wait_for(_assess(given, scheme, day))
    if as_json:
        console.show_json(assessment.to_json())
    else:
        terminal.write("\n".join(report(assessment, catalogue)))


def _judging_date(value: str | None) -> date | None:
    day = console.read_date(value)
    if day is not None and not EARLIEST <= day <= LATEST:
        raise BadInput(wording.BAD_DATE.format(value=value))
    return day


async def _assess(given: object, scheme: str | None, day: date | None) -> tuple[Assessment, Catalogue]:
    settings = console.quiet_settings()
    async with open_library(settings) as library:
        assessor = open_assessor(settings, library, clock_of(settings))
        facts = read_facts(given, assessor.catalogue)
        return await assessor.assess(facts, scheme_id=scheme, as_of=day), assessor.catalogue


def read_file(name: str) -> object:
    """What a facts file holds, numbers as they are written. Raises BadInput.

    A .json file is JSON, a .yaml file YAML; anything else, stdin too, is taken for JSON if it is, else for YAML.
    """
    text, suffix = _text(name), Path(name).suffix.lower()
    if suffix == ".json":
        return _json(text)
    if suffix in _YAML:
        return _yaml(text)
    try:
        return _json(text)
    except BadInput:
        return _yaml(text)


def _text(name: str) -> str:
    try:
        raw = sys.stdin.buffer.read(MAX_BYTES + 1) if name == STDIN else _bytes(Path(name))
    except FileNotFoundError as error:
        raise BadInput(wording.NO_SUCH_FILE.format(path=name)) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise BadInput(wording.UNREADABLE_FILE.format(path=name)) from error
    if len(raw) > MAX_BYTES:
        raise BadInput(wording.FILE_TOO_LARGE.format(path=name))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(wording.NOT_UTF8.format(path=name)) from error


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _json(text: str) -> object:
    try:
        return exact.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(wording.BAD_JSON.format(line=error.lineno)) from error
    except RecursionError as error:
        raise BadInput(wording.BAD_JSON.format(line=1)) from error


def _yaml(text: str) -> object:
    try:
        return yaml.load(text, _ExactLoader)  # noqa: S506 (it is a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(wording.BAD_YAML.format(line=line)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BadInput(wording.BAD_YAML.format(line=1)) from error


class _ExactLoader(yaml.SafeLoader):
    """YAML whose numbers are read as they are written: no binary fractions, no octal (0120 is 120), no base sixty."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):  # a few lines of them unfold to more than memory holds
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not read", mark)
        return super().compose_node(parent, index)

    def exact_number(self, node: yaml.ScalarNode) -> object:
        text = str(self.construct_scalar(node))
        try:
            number = Decimal(text)
        except InvalidOperation:
            return text
        plain = text.lstrip("+-").isdigit() and len(text) <= 40
        return int(text) if plain else number

    def exact_day(self, node: yaml.ScalarNode) -> object:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:  # no such day
            return str(self.construct_scalar(node))


for _tag in ("int", "float"):
    _ExactLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _ExactLoader.exact_number)
_ExactLoader.add_constructor("tag:yaml.org,2002:timestamp", _ExactLoader.exact_day)


def report(assessment: Assessment, catalogue: Catalogue) -> Iterator[str]:
    """The lines of a readable report: the verdict, notices, what is not met or open with its clause, what is met."""
    yield wording.ASSESSED.format(name=assessment.scheme.name, as_of=assessment.as_of)
    yield _headline(assessment)
    yield wording.SIZE_CLASS.format(size=wording.SIZES[assessment.size_class])
    yield from (wording.NOTICE.format(text=notice) for notice in assessment.notices)
    for verdict in (Truth.NOT_MET, Truth.UNKNOWN, Truth.MET):
        found = [condition for condition in assessment.conditions if condition.verdict is verdict]
        yield from _section(wording.SECTIONS[verdict.value].format(count=len(found)), found)
    yield from _section(wording.PRIORITY, assessment.priority)
    if assessment.next_question:
        fact, year = assessment.next_question
        yield ""
        entry = catalogue.fact(fact)
        question = entry.question.format(year=year)
        yield wording.NEXT_QUESTION.format(question=question, fact=fact, label=key_label((fact, year), entry))


def _headline(assessment: Assessment) -> str:
    counts = Counter(condition.verdict.value for condition in assessment.conditions)
    return wording.HEADLINE.format(
        verdict=wording.OVERALL[assessment.verdict.value],
        total=len(assessment.conditions),
        met=counts["met"],
        not_met=counts["not_met"],
        unknown=counts["unknown"],
    )


def _section(title: str, conditions: list[ConditionVerdict] | tuple[ConditionVerdict, ...]) -> Iterator[str]:
    if not conditions:
        return
    yield ""
    yield title
    for condition in conditions:
        yield from _condition(condition)


def _condition(condition: ConditionVerdict) -> Iterator[str]:
    clause = wording.CLAUSE.format(clause=condition.clause) if condition.clause else ""
    mark = wording.MARKS[condition.verdict.value]
    yield wording.CONDITION.format(mark=mark, id=condition.id, title=condition.title, clause=clause)
    yield wording.DETAIL.format(text=condition.reason)
    if condition.verdict is Truth.MET:
        return
    if condition.note:
        yield wording.DETAIL.format(text=condition.note)
    if condition.gap and condition.gap not in condition.reason:
        yield wording.DETAIL.format(text=wording.GAP.format(gap=condition.gap))
    if condition.evidence:
        yield wording.DETAIL.format(text=wording.EVIDENCE.format(evidence=wording.JOIN.join(condition.evidence)))


@schemes.command("list")
def list_schemes(as_json: Json = False) -> None:
    """All schemes."""
    items = console.wait_for(_described())
    if as_json:
        console.show_json(items)
        return
    for item in items:
        state = wording.IN_FORCE if item["in_force"] else wording.NOT_IN_FORCE
        counts = {"conditions": len(item["conditions"]), "priority": len(item["priority"])}
        terminal.write(wording.SCHEME.format(**{**item, **counts}, state=state))


async def _described() -> list[dict[str, Any]]:
    settings = console.quiet_settings()
    async with open_library(settings) as library:
        return await described(open_assessor(settings, library, clock_of(settings)))


@schemes.command("check")
def check_schemes(as_json: Json = False) -> None:
    """Whether every scheme's quotes stand in the document that it cites; exit code 1 when one does not."""
    count, faults = console.wait_for(_faults())
    if as_json:
        console.show_json({"schemes": count, "faults": faults})
    elif not faults:
        terminal.write(wording.SCHEMES_FIT.format(count=count))
    for fault in [] if as_json else faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)


async def _faults() -> tuple[int, list[str]]:
    settings = console.quiet_settings()
    async with open_library(settings) as library:
        assessor = open_assessor(settings, library, clock_of(settings))
        return len(assessor.schemes), await assessor.faults()
