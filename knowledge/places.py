"""Whose rules a question is about: the asker's own place, or another one that the base holds documents of. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core import regions
from core.regions import Mention, Region
from knowledge.language import Language
from knowledge.understanding import region_names

_RULE_WORDS_WITHIN = 12


@dataclass(frozen=True)
class Whose:
    """Whose rules are asked for. `region`: as whose firm the documents are chosen. `only`: nothing but that region's
    own documents count, being another place's. `elsewhere`: the place asked about that the base has nothing of."""

    region: str
    only: bool = False
    elsewhere: str | None = None


def whose(question: str, asker: str, held: Collection[str], language: Language) -> Whose:
    """Whose rules a folded question asks for. `held` are the codes or names of the regions that documents are of.

    A place inside the asker's own, or around it, is his own affair; so is every question that names his own place too.
    A place whose documents the base holds is asked about also where the question merely begins with it.
    """
    named = mentions(question, [region for code in held if not (region := regions.find(code)).known])
    codes = [place.region.code for place in named]
    if any(regions.covers(code, asker) for code in codes):
        return Whose(asker)
    inside = [code for code in codes if regions.covers(asker, code)]
    if inside:
        return Whose(inside[0])
    asked = [place.region for place in named if _asks_about(place, language)]
    first = [place.region for place in named if not place.before.strip()]
    here = [region for region in (*asked, *first) if region.code in held]
    if here:
        return Whose(here[0].code, only=True)
    return Whose(asker, elsewhere=asked[0].name) if asked else Whose(asker)


def mentions(question: str, more: Sequence[Region]) -> list[Mention]:
    """The places named in a folded question: provinces, cities, counties by their full names, and `more` of them."""
    found = regions.mentioned(question)
    covered = {mention.region.code for mention in found}
    counties = [region for region in regions.places(question).regions if region.code not in covered]
    for region in (*counties, *more):
        name = next((name for name in region_names(region) if name in question), None)
        if name is not None:
            start = question.find(name)
            found.append(Mention(region, question[:start], question[start + len(name) :]))
    return found


def _asks_about(place: Mention, language: Language) -> bool:
    """Whether a place is named for its rules (那边的条件呢), not as where somebody goes or comes from (去广州参展)."""
    after = place.after[:_RULE_WORDS_WITHIN]
    return not place.before.endswith(language.on_the_way) and any(word in after for word in language.rule_words)
