"""How well an offer fits a subject: components from 0 to 1, weighed by kind, each with a reason. Pure.

A component that cannot be worked out is left out and the others count for it: what is unknown neither punishes nor
rewards. A reason quotes the offer's or the firm's own words; every number in it is one of theirs. Reasons for a
provider's eyes (`plain`) hold none of the firm's figures, and of its texts only what it makes and looks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction

from core import regions
from core.text import clean, fold
from core.truth import Truth
from firms.facts import Names
from firms.shown import number
from matching import wording
from matching.eligibility import CERTIFICATES, Eligibility, Subject, detail_list, securities
from matching.kinds import kinds
from matching.offer import Offer
from matching.relevance import NEAR, Near
from matching.source import offer_texts, pieces

NEUTRAL = 0.5
"""The score where nothing at all can be worked out."""
DIGITS = 3
"""Decimals of a score: what is equal up to them is a tie."""
MOST_REASONS = 3
SPREAD = 0.02
"""What a further offer of one provider loses beside those of others: only near-equal ones change places."""
_OF_ONE_PROVIDER = 2

_LOWEST_RATE, _HIGHEST_RATE = 2, 12  # % a year: the best and the worst that there may be
_SOONEST_DAYS, _LATEST_DAYS = 7, 120
_COSTS: Mapping[str, float] = {"免费": 1.0, "补贴": 0.7, "收费": 0.3}  # options of the column `fee`
_OUT_OF_RANGE = 0.4
_CLIP = 28


@dataclass(frozen=True)
class Component:
    """One thing that makes an offer fit: 0 to 1, and what to say about it. `telling`: it does not fit, and is said."""

    value: float
    reason: str | None = None
    telling: bool = False


@dataclass(frozen=True)
class Fit:
    """How well an offer fits, 0 to 1, and the components that could be worked out, by name."""

    score: float
    parts: Mapping[str, Component]


@dataclass(frozen=True)
class Pair:
    """An offer beside a subject at a moment. `near`: how near their texts are; None where nobody said anything."""

    offer: Offer
    subject: Subject
    near: Near | None
    now: datetime
    plain: bool = False

    def amount(self, key: str) -> Fraction | None:
        """A number of the offer's own columns."""
        return _number(self.offer.details.get(key))


def _number(value: object) -> Fraction | None:
    """A number that is kept as decimal text; None for anything else."""
    try:
        return Fraction(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
    except (ValueError, ZeroDivisionError):
        return None


def fit(pair: Pair) -> Fit:
    """The fit of an offer. The weights of its kind count (`data/kinds.yaml`)."""
    weights = kinds()[pair.offer.kind].weights
    found = {name: part for name in weights if (part := _COMPONENTS[name](pair)) is not None}
    total = sum(weights[name] for name in found)
    score = sum(weights[name] * part.value for name, part in found.items()) / total if total else NEUTRAL
    return Fit(round(score, DIGITS), found)


def reasons(pair: Pair, eligibility: Eligibility, fitted: Fit) -> tuple[str, ...]:
    """Two or three reasons: what counts most, what is to be said in any case, the entry conditions, the rest."""
    weights = kinds()[pair.offer.kind].weights
    said = [name for name, part in fitted.parts.items() if part.reason]
    said.sort(key=lambda name: (fitted.parts[name].telling, -weights[name] * fitted.parts[name].value))
    texts = [fitted.parts[name].reason or "" for name in said]
    telling = [fitted.parts[name].reason or "" for name in said if fitted.parts[name].telling]
    met = conditions_met(eligibility)
    texts[1:1] = [*telling, *([met] if met and texts else [])]
    if len(texts) < MOST_REASONS:
        texts += _always(pair, eligibility)
    return tuple(dict.fromkeys(texts))[: MOST_REASONS if len(said) > 1 else MOST_REASONS - 1]


def _always(pair: Pair, eligibility: Eligibility) -> list[str]:
    """What can be said of any offer that one may have."""
    last = pair.offer.valid_until
    dated = wording.NO_END if last is None else wording.VALID_UNTIL.format(day=last)
    closes = pair.offer.closes_at
    if closes is not None:
        dated = _register_until(closes.astimezone(pair.now.tzinfo))
    elif pair.offer.starts_at is not None:
        dated = ""
    met = conditions_met(eligibility) or ("" if pair.offer.rule else wording.NO_CONDITIONS)
    return [text for text in (met, _serves(pair), dated) if text]


def _register_until(closes: datetime) -> str:
    """Until when one can register; the first instant after a day is written as that day."""
    if closes.time() == time():
        return wording.REGISTER_UNTIL.format(day=closes - timedelta(days=1), time="")
    return wording.REGISTER_UNTIL.format(day=closes, time=f"{closes:%H:%M}")


def _serves(pair: Pair) -> str:
    own = pair.subject.region
    held = [code for code in pair.offer.regions if own is not None and regions.covers(code, own)]
    return wording.SERVES.format(place=regions.find(held[0]).name) if held else ""


def conditions_met(eligibility: Eligibility) -> str:
    """The entry conditions that are met, in words; "" where there are none."""
    if not eligibility.met:
        return ""
    shown = wording.CONDITION_JOIN.join(eligibility.met[:2])
    if len(eligibility.met) > 2:
        shown = wording.CONDITIONS_MORE.format(conditions=shown, count=len(eligibility.met))
    all_met = eligibility.verdict is Truth.MET
    return (wording.CONDITIONS_MET if all_met else wording.CONDITIONS_MET_SO_FAR).format(conditions=shown)


# --- components ---


def _text(pair: Pair) -> Component | None:
    if pair.near is None:
        return None
    return Component(pair.near.value, _text_reason(pair, pair.near))


def _text_reason(pair: Pair, near: Near) -> str | None:
    if near.value < NEAR or not near.found:
        return None
    own, offered = (near.found, near.asked.text) if pair.plain else (near.asked.text, near.found)
    field = near.asked.field if not pair.plain else _field_of(pair.subject, own)
    if field is None:
        return None
    return wording.TEXT_NEAR.format(
        field=wording.FIELDS[field if pair.subject.firm else "need"],
        own=clipped(own),
        label=_label_of(pair.offer, offered),
        offered=clipped(offered),
    )


_SHOWN_TO_PROVIDERS = ("products", "tech_need", "supply_wish", "topics")


def _field_of(subject: Subject, text: str) -> str | None:
    """Which of the firm's texts a piece stands in; None where a provider need not see it."""
    for name in _SHOWN_TO_PROVIDERS:
        value = getattr(subject.profile, name)
        whole = "、".join(value) if isinstance(value, tuple) else value or ""
        if text and text.strip() in clean(whole):
            return name
    return None


def _label_of(offer: Offer, text: str) -> str:
    """The column of the offer in which a text or a piece of it stands."""
    for label, whole in offer_texts(offer):
        if text == whole or text in pieces(whole) or (text and text in whole):
            return label or wording.TITLE
    return wording.CONTENT


def clipped(text: str) -> str:
    """A text on one line, cut where it is long."""
    line = " ".join(clean(text).split())
    return line if len(line) <= _CLIP else line[:_CLIP].rstrip("，、；。,; ") + "…"


def _chain(pair: Pair) -> Component | None:
    own = pair.subject.facts.at("chain", None, 0)
    if not isinstance(own, Names) or not own.items or not pair.offer.chain:
        return None
    held = {_chain_name(name.text) for name in own.items}
    shared = [name for name in pair.offer.chain if _chain_name(name) in held]
    names = wording.CONDITION_JOIN.join(name.removesuffix("产业链") for name in shared)
    return Component(1.0, wording.CHAIN.format(names=names)) if shared else Component(0.0)


def _chain_name(name: str) -> str:
    return fold(name).removesuffix("链").removesuffix("产业")


def _trl(pair: Pair) -> Component | None:
    level = pair.amount("trl")
    if level is None:
        return None
    return Component(min(1.0, max(0.0, float((level - 1) / 8))), wording.TRL.format(level=number(level)))


def _budget(pair: Pair) -> Component | None:
    cost, budget = pair.amount("start_cost"), pair.subject.profile.tech_budget
    if cost is None or budget is None:
        return None
    words = {"cost": number(cost), "budget": number(Fraction(budget))}
    if cost <= budget:
        return Component(1.0, (wording.BUDGET_FITS_PLAIN if pair.plain else wording.BUDGET_FITS).format(**words))
    share = float(Fraction(budget) / cost)
    return Component(share, None if pair.plain else wording.BUDGET_OVER.format(**words), telling=not pair.plain)


def _amount(pair: Pair) -> Component | None:
    low, high, wanted = pair.amount("amount_min"), pair.amount("amount_max"), pair.subject.profile.finance_amount
    if wanted is None or (low is None and high is None):
        return None
    amount = Fraction(wanted)
    words = {"amount": number(amount), "range": _range(low, high)}
    if high is not None and amount > high:
        text = wording.AMOUNT_OVER_PLAIN if pair.plain else wording.AMOUNT_OVER
        return Component(_OUT_OF_RANGE * float(high / amount), text.format(**words, limit=number(high)), telling=True)
    if low is not None and amount < low:
        text = wording.AMOUNT_UNDER_PLAIN if pair.plain else wording.AMOUNT_UNDER
        return Component(_OUT_OF_RANGE * float(amount / low), text.format(**words, limit=number(low)), telling=True)
    return Component(1.0, (wording.AMOUNT_FITS_PLAIN if pair.plain else wording.AMOUNT_FITS).format(**words))


def _range(low: Fraction | None, high: Fraction | None) -> str:
    if low is not None and high is not None:
        return wording.AMOUNT_BETWEEN.format(low=number(low), high=number(high))
    if high is not None:
        return wording.AMOUNT_UP_TO.format(high=number(high))
    return wording.AMOUNT_FROM.format(low=number(low or Fraction(0)))


def _term(pair: Pair) -> Component | None:
    longest, wanted = pair.amount("term_max"), pair.subject.profile.finance_term_months
    if longest is None or wanted is None:
        return None
    words = {"months": number(longest), "wanted": wanted}
    if longest >= wanted:
        return Component(1.0, (wording.TERM_FITS_PLAIN if pair.plain else wording.TERM_FITS).format(**words))
    text = wording.TERM_SHORT_PLAIN if pair.plain else wording.TERM_SHORT
    return Component(float(longest / wanted), text.format(**words), telling=True)


def _security(pair: Pair) -> Component | None:
    wanted, own = detail_list(pair.offer, "security"), pair.subject.profile.collateral
    if not wanted or not own:
        return None
    held = securities(own)
    shared = [name for name in wanted if securities((name,)) & held]
    names = wording.OR_JOIN.join(shared)
    return Component(1.0, wording.SECURITY.format(names=names)) if shared else Component(0.0)


def _rate(pair: Pair) -> Component | None:
    rate = pair.offer.details.get("rate")
    if not isinstance(rate, Mapping):
        return None
    low, high = _number(rate.get("min")), _number(rate.get("max"))
    if low is None or high is None:
        return None
    shown = number(low) if low == high else wording.RATE_BETWEEN.format(low=number(low), high=number(high))
    place = float(((low + high) / 2 - _LOWEST_RATE) / (_HIGHEST_RATE - _LOWEST_RATE))
    return Component(min(1.0, max(0.0, 1 - place)), wording.RATE.format(rate=shown))


def _cost(pair: Pair) -> Component | None:
    fee = pair.offer.details.get("fee")
    return Component(_COSTS[fee], wording.COSTS[fee]) if isinstance(fee, str) and fee in _COSTS else None


def _distance(pair: Pair) -> Component | None:
    own, place = pair.subject.region, place_of(pair.offer)
    if own is None:
        return None
    if place is None:  # a bank's product, say: the nearer the region that it serves, the more it is a local one
        served = [code for code in pair.offer.regions if regions.covers(code, own)]
        values = [nearness(own, code)[0] for code in served]
        return Component(max(values)) if values else None
    value, shared = nearness(own, place)
    return Component(value, wording.NEAR_PLACE.format(place=regions.find(shared).name) if shared else None)


def place_of(offer: Offer) -> str | None:
    """Where the offer's provider, or an event, is: a code, None where it is not said."""
    location = offer.details.get("location")
    if isinstance(location, str) and location:
        return location
    named = offer.details.get("place")
    found = regions.recognise(named) if isinstance(named, str) else None
    return found.code if found else None


def nearness(one: str, other: str) -> tuple[float, str | None]:
    """How near two places are: the same county 1, city 0.7, province 0.4, else 0.1; and the place that they share."""
    if one == other:
        return (0.7 if one.endswith("00") and one.isdigit() else 1.0), one
    if not (one.isdigit() and other.isdigit()):
        return 0.1, None
    city, province = one[:4] + "00", one[:2] + "0000"
    for value, shared in ((0.7, city), (0.4, province)):
        if (shared == province) == (value == 0.4) and regions.covers(shared, one) and regions.covers(shared, other):
            return value, shared
    return 0.1, None


def _soon(pair: Pair) -> Component | None:
    starts = pair.offer.starts_at
    if starts is None:
        return None
    local = starts.astimezone(pair.now.tzinfo)
    days = (local.date() - pair.now.date()).days
    value = 1 - (days - _SOONEST_DAYS) / (_LATEST_DAYS - _SOONEST_DAYS)
    text = wording.SOON.format(year=local.year, month=local.month, day=local.day, time=f"{local:%H:%M}")
    return Component(min(1.0, max(0.0, value)), text)


def _certificates(pair: Pair) -> Component | None:
    """For an offer that one may have: all of them are held, or it is not known."""
    wanted = detail_list(pair.offer, CERTIFICATES)
    held = pair.subject.facts.at(CERTIFICATES, None, 0)
    if not wanted or not isinstance(held, Names):
        return None
    return Component(1.0, wording.HAS_CERTIFICATES.format(names=wording.CONDITION_JOIN.join(wanted)))


_COMPONENTS: Mapping[str, Callable[[Pair], Component | None]] = {
    "text": _text,
    "chain": _chain,
    "trl": _trl,
    "budget": _budget,
    "amount": _amount,
    "term": _term,
    "security": _security,
    "rate": _rate,
    "cost": _cost,
    "distance": _distance,
    "soon": _soon,
    "certificates": _certificates,
}


# --- order ---


@dataclass(frozen=True)
class Scored:
    """An offer beside a subject, with its eligibility and fit."""

    pair: Pair
    eligibility: Eligibility
    fit: Fit

    @property
    def offer(self) -> Offer:
        return self.pair.offer

    @property
    def reasons(self) -> tuple[str, ...]:
        return reasons(self.pair, self.eligibility, self.fit)


def ranked(found: Sequence[Scored]) -> list[tuple[float, Scored]]:
    """Best first with the score that orders: by it, then the newest, then the id.

    A third and further offer of one provider loses `SPREAD`: so those of others that are as good come before it, and
    nothing else changes places.
    """
    placed: list[tuple[float, bool, Scored]] = []
    seen: dict[str, int] = {}
    for one in sorted(found, key=lambda one: _place(one.fit.score, False, one)):
        provider = one.offer.folded_provider
        seen[provider] = seen.get(provider, 0) + 1
        further = seen[provider] > _OF_ONE_PROVIDER
        score = max(0.0, round(one.fit.score - (SPREAD if further else 0.0), DIGITS))
        placed.append((score, further, one))
    placed.sort(key=lambda item: _place(*item))
    return [(score, one) for score, _, one in placed]


def _place(score: float, further: bool, one: Scored) -> tuple[float, bool, int, str]:
    return -score, further, -_published(one.offer).toordinal(), one.offer.id


def _published(offer: Offer) -> date:
    return offer.published_on or (offer.created_at.date() if offer.created_at else date.min)
