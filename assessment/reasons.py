"""Why a condition is judged as it is, in words made of the firm's own values, the thresholds and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from assessment import wording
from core.spans import Days, Span
from core.truth import Truth
from firms.catalogue import Derived, Fact
from firms.criteria import Atom, Cases, Group, Judgement, Readings
from firms.facts import Key
from firms.figures import Growth, Situation, Sizes
from firms.shown import key_label, number, value_text


def reason(judgement: Judgement, names: Mapping[str, str], situation: Situation) -> str:
    """One or two sentences. Every number in it is the firm's own, the scheme's, or computed from these."""
    match judgement.truth:
        case Truth.MET:
            text = _by_readings(judgement, names, situation) or _decided(judgement, situation, wording.MET)
        case Truth.NOT_MET:
            text = _by_readings(judgement, names, situation) or _not_met(judgement, situation)
        case _:
            text = _unknown(judgement, names, situation)
    return "".join([text, *_also(judgement, names, situation)])


def _also(judgement: Judgement, names: Mapping[str, str], situation: Situation) -> list[str]:
    """Readings that decide nothing, where they come to something else than those that do."""
    odd = [
        part
        for part in readings_of(judgement)
        if not part.binding and part.truth is not Truth.UNKNOWN and part.truth is not _binding(judgement)
    ]
    if not odd:
        return []
    shown = wording.JOIN.join(_reading_text(part, names, situation) for part in odd)
    return [wording.READINGS_ALSO.format(readings=shown)]


def _binding(judgement: Judgement) -> Truth:
    values = {part.truth for part in readings_of(judgement) if part.binding}
    return values.pop() if len(values) == 1 else Truth.UNKNOWN


def _by_readings(judgement: Judgement, names: Mapping[str, str], situation: Situation) -> str | None:
    """Where several readings share one bound, their figures side by side and the bound once."""
    binding = [part for part in readings_of(judgement) if part.binding]
    bounds = _once(atom.bound for part in binding for atom in decisive(part))
    if len(binding) < 2 or len(bounds) != 1:
        return None
    values = wording.JOIN.join(
        wording.READING_VALUE.format(
            name=names.get(part.reading or "", part.reading), value=reading_value(part, situation)
        )
        for part in binding
    )
    template = wording.MET if judgement.truth is Truth.MET else wording.NOT_MET
    return template.format(values=values, required=bounds[0])


def _decided(judgement: Judgement, situation: Situation, template: str) -> str:
    atoms = decisive(judgement)
    return template.format(
        values=_values(atoms, situation), required=wording.JOIN.join(_once(atom.required for atom in atoms))
    )


def _not_met(judgement: Judgement, situation: Situation) -> str:
    atoms = decisive(judgement)
    if _alternatives(judgement) and len(atoms) > 1:
        required = wording.EITHER.join(_once(atom.required for atom in atoms))
        return wording.NOT_MET_ANY.format(values=_values(atoms, situation), required=required)
    if len(atoms) != 1 or atoms[0].gap is None:
        return _decided(judgement, situation, wording.NOT_MET)
    [atom] = atoms
    over = isinstance(atom.rule, Atom) and atom.rule.operator in ("<", "<=")
    template = wording.NOT_MET_OVER if over else wording.NOT_MET_GAP
    return template.format(values=_values(atoms, situation), required=atom.required, gap=atom.gap)


def _alternatives(judgement: Judgement) -> bool:
    return isinstance(judgement.rule, Group) and judgement.rule.form == "any"


def only_missing(judgement: Judgement, names: Mapping[str, str], situation: Situation) -> bool:
    """Whether a condition is open for nothing else than that facts are not known."""
    if judgement.truth is not Truth.UNKNOWN or not judgement.needs:
        return False
    return not _open_for(judgement, names, situation)


def _unknown(judgement: Judgement, names: Mapping[str, str], situation: Situation) -> str:
    sentences = _open_for(judgement, names, situation)
    missing = [key for key in judgement.needs if situation.facts.at(*key, situation.last_year) is None]
    if missing:
        sentences.append(wording.NEEDED.format(needs=needs_text(missing, situation)))
    return "".join(_once(sentences))


def _open_for(judgement: Judgement, names: Mapping[str, str], situation: Situation) -> list[str]:
    """What leaves a condition open besides missing facts: readings that differ, rough figures, what the text leaves."""
    sentences: list[str] = []
    binding = [part for part in readings_of(judgement) if part.binding]
    decided = [part for part in binding if part.truth is not Truth.UNKNOWN]
    if len({part.truth for part in decided}) > 1:
        shown = wording.JOIN.join(_reading_text(part, names, situation) for part in binding)
        sentences.append(wording.READINGS_DIFFER.format(readings=shown))
    atoms = [atom for atom in decisive(judgement) if atom.truth is Truth.UNKNOWN]
    sentences += _rough(atoms, situation)
    undefined = _once(_label(atom, situation) for atom in atoms if atom.undefined)
    if undefined:
        sentences.append(wording.UNDEFINED.format(label=wording.JOIN.join(undefined)))
    if any(
        atom.measured
        and isinstance(atom.measured.value, Sizes)
        and None in atom.measured.value.possible
        and not atom.needs
        for atom in atoms
    ):
        sentences.append(wording.NO_SIZE_CLASS)
    sentences += judgement.all_notes()
    return sentences


def _rough(atoms: Iterable[Judgement], situation: Situation) -> list[str]:
    """What was said only roughly and has to be said exactly, for atoms whose facts are all known that far."""
    found = []
    for atom in atoms:
        if any(situation.facts.at(*key, situation.last_year) is None for key in atom.needs) or not atom.needs:
            continue
        shown = _values([atom], situation)
        if any(isinstance(situation.facts.at(*key, situation.last_year), Days) for key in atom.needs):
            told = [_fact_text(key, situation) for key in atom.needs]
            found.append(wording.DATE_RANGE.format(values=wording.JOIN.join(told)))
        elif atom.measured and isinstance(atom.measured.value, Span | Growth):
            found.append(wording.RANGE.format(values=shown, threshold=atom.threshold))
    return _once(found)


def _fact_text(key: Key, situation: Situation) -> str:
    fact = situation.catalogue.fact(key[0])
    return value_text(situation.facts.at(*key, situation.last_year), fact)


def needs_text(keys: Iterable[Key], situation: Situation) -> str:
    """The facts by their names, with their years, later years first; those that another one stands for are left out."""
    catalogue = situation.catalogue
    wanted = sorted(set(keys), key=lambda key: (catalogue.place(key[0]), -(key[1] or 0)))
    stated = [catalogue.fact(name).stands_for for name, _ in wanted]
    covered = {name for formula in stated if formula for name in formula.facts}
    return wording.JOIN.join(key_label(key, catalogue.fact(key[0])) for key in wanted if key[0] not in covered)


def decisive(judgement: Judgement) -> list[Judgement]:
    """The atoms that explain the value: what fails where something fails, what is open where something is open."""
    if isinstance(judgement.rule, Atom):
        return [judgement]
    parts = [part for part in judgement.parts if part.binding]
    if isinstance(judgement.rule, Group):
        parts = [part for part in parts if part.truth is judgement.truth] or parts
    return _unique([atom for part in parts for atom in decisive(part)])


def _unique(atoms: list[Judgement]) -> list[Judgement]:
    seen: dict[object, Judgement] = {}
    for atom in atoms:
        seen.setdefault((atom.rule.subject, atom.rule.shift, atom.threshold), atom)  # type: ignore[union-attr]
    return list(seen.values())


def main_atom(judgement: Judgement) -> Judgement | None:
    """The atom that stands for the whole where one figure is to be shown: the first that decides."""
    return next(iter(decisive(judgement)), None)


def readings_of(judgement: Judgement) -> list[Judgement]:
    """The judgements of competing readings, wherever they stand in the rule."""
    if isinstance(judgement.rule, Readings):
        return list(judgement.parts)
    if isinstance(judgement.rule, Cases) and len(judgement.parts) > 1:
        return []
    return [reading for part in judgement.parts for reading in readings_of(part)]


def reading_value(reading: Judgement, situation: Situation) -> str:
    """What a reading comes to: its figure, or its figures by year."""
    atoms = _unique(reading.atoms())
    shown = [atom for atom in atoms if atom.measured and atom.measured.value is not None]
    if len(atoms) == 1 or len({atom.given for atom in shown}) == 1:
        return shown[0].given if shown else ""
    return wording.JOIN.join(_yearly(atom, situation) for atom in shown)


def _yearly(atom: Judgement, situation: Situation) -> str:
    year = situation.last_year - atom.rule.shift  # type: ignore[union-attr]
    return wording.OF_YEAR.format(year=year, what=atom.given)


def _reading_text(reading: Judgement, names: Mapping[str, str], situation: Situation) -> str:
    name = names.get(reading.reading or "", reading.reading or "")
    verdict = wording.VERDICTS[reading.truth.value]
    return wording.READING.format(name=name, value=reading_value(reading, situation), verdict=verdict)


def _values(atoms: Iterable[Judgement], situation: Situation) -> str:
    return wording.JOIN.join(
        _once(wording.VALUE.format(label=_label(atom, situation), given=atom.given) for atom in atoms)
    )


def _label(atom: Judgement, situation: Situation) -> str:
    rule = atom.rule
    assert isinstance(rule, Atom)
    entry = situation.catalogue.get(rule.subject)
    year = situation.last_year - rule.shift
    if isinstance(entry, Fact):
        return key_label((entry.id, year if entry.yearly else None), entry)
    assert isinstance(entry, Derived)
    return wording.OF_YEAR.format(year=year, what=entry.name) if rule.shift else entry.name


def gap(judgement: Judgement, situation: Situation) -> str | None:
    """What is missing, for a condition that one figure fails; and by which amount of money it would be made up."""
    if judgement.truth is not Truth.NOT_MET:
        return None
    atoms = [atom for atom in decisive(judgement) if atom.gap]
    if not atoms:
        return None
    shown = [f"{atom.gap}{_remedy(atom, situation)}" for atom in atoms]
    return (wording.EITHER if _alternatives(judgement) else wording.ALTERNATIVE).join(_once(shown))


def _remedy(atom: Judgement, situation: Situation) -> str:
    """For a ratio: the amount that the upper figure has to reach, the lower one as it is."""
    rule = atom.rule
    assert isinstance(rule, Atom)
    entry = situation.catalogue.get(rule.subject)
    formula = entry.formula if isinstance(entry, Derived) else entry.stands_for if entry else None
    if formula is None or formula.ratio is None or not isinstance(rule.operand, Fraction):
        return ""
    above, below = (situation.catalogue.fact(name) for name in formula.ratio)
    whole = situation.facts.at(*situation.key(below, rule.shift), situation.last_year)
    if not isinstance(whole, Span) or not whole.is_point:
        return ""
    wanted = whole.value * rule.operand / 100
    text = wording.REMEDY if rule.operator in (">", ">=") else wording.REMEDY_AT_MOST
    label = key_label(situation.key(above, rule.shift), above)
    return text.format(label=label, value=number(wanted) + above.shown_unit)


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
