"""What one row of a table changes about a firm. Pure: the row, what is stored, and the day decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import machine_now
from firms import consents
from firms import import_wording as wording
from firms.catalogue import Catalogue
from firms.consents import Consent
from firms.facts import Facts, ImpossibleFacts
from firms.figures import Situation
from firms.firm_rows import Entry, RowError
from firms.store import TELEGRAM, Contact, Firm, Identity, Profile, Statement, new_firm

_ZONE = ZoneInfo("Asia/Shanghai")
_ANNOUNCE = "announce"


@dataclass(frozen=True)
class State:
    """What is stored about a firm."""

    firm: Firm
    facts: Facts = field(default_factory=Facts)
    contacts: tuple[Contact, ...] = ()
    identities: tuple[Identity, ...] = ()
    consents: Mapping[str, Consent] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a row changes. `new`: the firm is added; else `changes` are the fields of the firm that change."""

    entry: Entry
    firm: Firm
    new: bool
    changes: Mapping[str, Any]
    statements: tuple[Statement, ...]
    contact: Contact | None
    identity: Identity | None
    consents: tuple[Consent, ...]
    kept_choice: bool = False
    """The firm chose otherwise itself, later than the table: its choice holds."""

    @property
    def changes_anything(self) -> bool:
        parts = (self.changes, self.statements, self.contact, self.identity, self.consents)
        return self.new or any(bool(part) for part in parts)


def plan(entry: Entry, state: State | None, catalogue: Catalogue, today: date) -> Plan | RowError:
    """What the row changes, or why it cannot be true together with what is stored."""
    before = state or State(_new(entry))
    firm = before.firm
    statements, facts = _statements(entry, before, today)
    if statements and (fault := _contradiction(entry, facts, catalogue, today)):
        return fault
    changes = {} if state is None else dict(_changes(entry, firm))
    chosen, kept = _consents(entry, before)
    return Plan(
        entry=entry,
        firm=firm,
        new=state is None,
        changes=changes,
        statements=statements,
        contact=_contact(entry, before),
        identity=_identity(entry, before),
        consents=chosen,
        kept_choice=kept,
    )


def _new(entry: Entry) -> Firm:
    return new_firm(
        entry.name,
        region=entry.region,
        source=_source(entry),
        credit_code=entry.credit_code,
        profile=Profile(**entry.profile),
        data_date=entry.data_date,
    )


def _source(entry: Entry) -> str:
    return entry.source or wording.DEFAULT_SOURCE


def _changes(entry: Entry, firm: Firm) -> Iterator[tuple[str, Any]]:
    """Fields of a stored firm that the row gives another value; an empty cell leaves what is there."""
    given = {
        "name": entry.name,
        "region": entry.region,
        "profile": replace(firm.profile, **entry.profile),
        "source": entry.source,
        "data_date": entry.data_date,
    }
    for name, value in given.items():
        if value is not None and value != getattr(firm, name):
            yield name, value


def _statements(entry: Entry, state: State, today: date) -> tuple[tuple[Statement, ...], Facts]:
    """The facts that are new or another, and all facts after them."""
    values, digits = dict(state.facts.values), dict(state.facts.digits)
    source, stated_on = _source(entry), entry.data_date or today
    statements = []
    for stated in entry.facts:
        key = (stated.fact, stated.year)
        if values.get(key) == stated.value:
            continue
        values[key] = stated.value
        digits.pop(key, None)
        if stated.digits is not None:
            digits[key] = stated.digits
        statements.append(
            Statement(state.firm.id, stated.fact, stated.year, stated.value, stated.digits, source, stated_on)
        )
    return tuple(statements), Facts(values, digits)


def _contradiction(entry: Entry, facts: Facts, catalogue: Catalogue, today: date) -> RowError | None:
    try:
        Situation(facts, today, catalogue).check()
    except ImpossibleFacts as error:
        fact = str(error.details.get("fact"))
        header = next((stated.header for stated in entry.facts if stated.fact == fact), catalogue.fact(fact).label)
        return RowError(entry.row, header, error.code, error.message)
    return None


def _contact(entry: Entry, state: State) -> Contact | None:
    """The firm's contact after the row; None when nothing changes. The oldest one of the firm is the table's."""
    if not entry.contact:
        return None
    old = state.contacts[0] if state.contacts else Contact(0, state.firm.id, None, None, None, _source(entry))
    given = entry.contact
    new = replace(
        old,
        name=given.get("name", old.name),
        phone=given.get("phone", old.phone),
        email=given.get("email", old.email),
    )
    return None if new == old else replace(new, source=_source(entry))


def _identity(entry: Entry, state: State) -> Identity | None:
    """The Telegram chat that the row names, when it is not known yet. A table proves nothing: it is not claimed."""
    if entry.telegram is None:
        return None
    known = any(i.channel == TELEGRAM and i.address == entry.telegram for i in state.identities)
    return None if known else Identity(TELEGRAM, entry.telegram, state.firm.id, _source(entry), claimed=False)


def _wishes(entry: Entry) -> dict[str, bool]:
    """The consents that the row gives or refuses, by kind."""
    wishes: dict[str, bool] = {}
    if entry.visible is not None:
        wishes[consents.VISIBLE] = entry.visible
    if entry.subscriptions is not None:
        for category in consents.CATEGORIES:
            wishes[consents.announce(category)] = category in entry.subscriptions
        if entry.telegram is not None:
            wishes[consents.TELEGRAM] = True
    return wishes


def _consents(entry: Entry, state: State) -> tuple[tuple[Consent, ...], bool]:
    """The consents to record; and whether the firm's own later choice stands against the row.

    A table cannot undo what the firm said itself, unless its figures are of a later day.
    """
    chosen: list[Consent] = []
    kept = False
    for kind, wish in _wishes(entry).items():
        current = state.consents.get(kind)
        if current is None and not wish and kind != consents.VISIBLE:
            continue  # a category that was never subscribed to
        if current is not None and current.granted == wish:
            continue
        if current is not None and not _may_change(entry, current):
            kept = True
            continue
        topic = _ANNOUNCE if kind.startswith(_ANNOUNCE) else kind
        purpose, recipient = wording.PURPOSES[topic], wording.RECIPIENTS[topic]
        chosen.append(Consent(state.firm.id, kind, wish, purpose, recipient, _source(entry), "table", machine_now()))
    return tuple(chosen), kept


def _may_change(entry: Entry, current: Consent) -> bool:
    if current.via == "table":
        return True
    return entry.data_date is not None and entry.data_date > current.at.astimezone(_ZONE).date()
