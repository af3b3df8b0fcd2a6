"""People who fill in a self-check: for each question what is typed or pressed.

What the person meant (`facts`) and what has to come of it (`verdict` ...) are written down beside it, not worked out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conversation import wording
from firms.catalogue import catalogue
from firms.facts import Facts, Key, read_facts

LAST_YEAR = 2025


@dataclass(frozen=True)
class Press:
    """A button, by the words on it."""

    label: str


@dataclass(frozen=True)
class Sticker:
    """A sticker; where there are none, an emoji."""


Said = str | Press | Sticker
YES, NO = Press(wording.BUTTON_YES), Press(wording.BUTTON_NO)
NOTHING, NEVER = Press(wording.BUTTON_NONE), Press(wording.BUTTON_NEVER)
UNSURE = Press(wording.BUTTON_SKIP)
BEGIN, RESUME, BACK, POLICY = "条件自评", "继续自评", "上一题", "资产负债率有要求吗"
EMOJI = "😀"


# ----------------------------------------------------------------------------------------------------- people


@dataclass(frozen=True)
class Person:
    """`says`: by question ("employees 2025"), what is said each time it is asked. `facts`: what is meant, as the
    contract writes it. `left_open`: the questions that end with "I don't know"."""

    name: str
    says: Mapping[str, Said | tuple[Said, ...]]
    facts: Mapping[str, Any]
    verdict: str
    size_class: str
    not_met: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    left_open: frozenset[Key] = frozenset()

    @property
    def expected(self) -> Verdict:
        """What has to come of it."""
        conditions = {
            name: "not_met" if name in self.not_met else "unknown" if name in self.unknown else "met"
            for name in CONDITIONS.split()
        }
        return Verdict(self.verdict, self.size_class, conditions)

    def known(self) -> Facts:
        """What is meant, with the years written down."""
        return read_facts(dict(self.facts), catalogue()).pinned(catalogue(), LAST_YEAR)

    def asked(self) -> set[Key]:
        """The questions that this person is asked."""
        return {key_of(name) for name in self.says}


@dataclass(frozen=True)
class Verdict:
    """An assessment without its words."""

    verdict: str
    size_class: str
    conditions: Mapping[str, str]

    @classmethod
    def of(cls, assessment: Mapping[str, Any]) -> Verdict:
        conditions = {condition["id"]: condition["verdict"] for condition in assessment["conditions"]}
        return cls(assessment["verdict"], assessment["size_class"], conditions)


CONDITIONS = "1a 1b 1c 1d 2a 2b 2c 3a 3b 3c 4a 4b 5a 5b 5c 5d 5e 6a 6b"


def key_of(name: str) -> Key:
    """ "employees 2025" as a key."""
    fact, _, year = name.partition(" ")
    return fact, int(year) if year else None


MECHANIC = Person(
    name="a machine shop that meets everything",
    says={
        "industry": "机械加工",
        "revenue_main 2025": "两千四百二十万",
        "revenue_main 2024": "2200万",
        "revenue_main 2023": "2000w",
        "region": "衡南",
        "legal_form": Press("有限责任公司"),
        "founded_on": "2015年6月1日",
        "employees 2025": ("十二人", "一百二十来人"),
        "debt_ratio": (BACK, UNSURE),  # the number of people was wrong: back, and another one
        "total_assets 2025": "3千万",
        "total_liabilities 2025": "一千五百万",
        "niche_focus": YES,
        "leading_share": (POLICY, YES),
        "invention_patents": "一项",
        "own_brand": (Sticker(), YES),
        "quality_recognised": "有",
        "certified": YES,
        "management_sound": "是的",
        "digital_upgrading": YES,
        "last_major_incident_on": NEVER,
        "serious_violation": "没有",
        "dishonest_listed": NO,
        "revenue_total 2025": ("两千万", "两千五百万"),  # less than the main revenue: asked back
        "rnd_spend 2025": "100万",
        "rnd_spend 2024": "九十万",
    },
    facts={
        "industry": "C",
        "revenue_main": {"2025": 2420, "2024": 2200, "2023": 2000},
        "region": "430422",
        "legal_form": "limited_company",
        "founded_on": "2015-06-01",
        "employees": {"2025": {"min": 108, "max": 132}},
        "total_assets": {"2025": 3000},
        "total_liabilities": {"2025": 1500},
        "niche_focus": True,
        "leading_share": True,
        "invention_patents": 1,
        "own_brand": True,
        "quality_recognised": True,
        "certified": True,
        "management_sound": True,
        "digital_upgrading": True,
        "last_major_incident_on": "none",
        "serious_violation": False,
        "dishonest_listed": False,
        "revenue_total": {"2025": 2500},
        "rnd_spend": {"2025": 100, "2024": 90},
    },
    verdict="met",
    size_class="small",
    left_open=frozenset({("debt_ratio", None)}),
)

BAKER = Person(
    name="a food factory that fails two conditions and does not know everything",
    says={
        "industry": "食品制造",
        "revenue_main 2025": "一千八百万",
        "revenue_main 2024": "1500万",
        "revenue_main 2023": "1200w",
        "region": "耒阳",
        "legal_form": "股份公司",
        "founded_on": "2018-07-01",
        "employees 2025": "六十多人",
        "debt_ratio": "大概五成",
        "niche_focus": YES,
        "leading_share": "不知道",
        "supplies_known_firm": YES,
        "invention_patents": NOTHING,
        "ic_layouts": "没有",
        "utility_models": (POLICY, "2项"),
        "design_patents": "没有",
        "software_copyrights": "0",
        "own_brand": (NO, YES),  # pressed by mistake
        "quality_recognised": (Sticker(), BACK, YES),
        "certified": "有的",
        "management_sound": YES,
        "digital_upgrading": UNSURE,
        "last_major_incident_on": "2024年5月20日",
        "serious_violation": "没有",
        "dishonest_listed": NO,
        "revenue_total 2025": ("2000", Press("2000万元")),  # no unit: asked back
        "rnd_spend 2025": "不知道",
        "rnd_spend 2024": "50万",
        "main_supplier": "不清楚",
        "incident_grade": Press("一般"),
    },
    facts={
        "industry": "C14",
        "revenue_main": {"2025": 1800, "2024": 1500, "2023": 1200},
        "region": "430481",
        "legal_form": "joint_stock_company",
        "founded_on": "2018-07-01",
        "employees": {"2025": {"min": 61, "max": 69}},
        "debt_ratio": {"min": 45, "max": 55},
        "niche_focus": True,
        "supplies_known_firm": True,
        "invention_patents": 0,
        "ic_layouts": 0,
        "utility_models": 2,
        "design_patents": 0,
        "software_copyrights": 0,
        "own_brand": True,
        "quality_recognised": True,
        "certified": True,
        "management_sound": True,
        "last_major_incident_on": "2024-05-20",
        "incident_grade": "ordinary",
        "serious_violation": False,
        "dishonest_listed": False,
        "revenue_total": {"2025": 2000},
        "rnd_spend": {"2024": 50},
    },
    verdict="not_met",
    size_class="small",
    not_met=frozenset({"2a", "4a"}),
    unknown=frozenset({"3b", "4b", "5e", "6a"}),
    left_open=frozenset(
        {("leading_share", None), ("digital_upgrading", None), ("rnd_spend", 2025), ("main_supplier", None)}
    ),
)

CODER = Person(
    name="a software firm that says ranges",
    says={
        "industry": "做软件开发的",
        # A range for each year first; two of them straddle the bound, so the exact figures are asked for at the end.
        "revenue_main 2025": ("一千二三百万", "1250万"),
        "revenue_main 2024": ("1000万左右", "1050万"),
        "revenue_main 2023": ("1000万左右", "920万"),
        "region": "蒸湘区",
        "legal_form": Press("有限责任公司"),
        "founded_on": "2019年3月",
        "employees 2025": ("三十人", "三十到四十人"),
        "debt_ratio": (BACK, "两三成"),
        "niche_focus": YES,
        "leading_share": NO,
        "supplies_known_firm": YES,
        "invention_patents": (POLICY, "没有"),
        "ic_layouts": NOTHING,
        "utility_models": NOTHING,
        "design_patents": "没有",
        "software_copyrights": "十几项",
        "own_brand": YES,
        "quality_recognised": YES,
        "certified": (Sticker(), YES),
        "management_sound": YES,
        "digital_upgrading": "有",
        "last_major_incident_on": "没有",
        "serious_violation": NO,
        "dishonest_listed": "没有",
        "revenue_total 2025": "一千三四百万",
        "rnd_spend 2025": "一百五六十万",
        "rnd_spend 2024": "120万上下",
        "main_supplier": YES,
    },
    facts={
        "industry": "I65",
        "revenue_main": {"2025": 1250, "2024": 1050, "2023": 920},
        "region": "430408",
        "legal_form": "limited_company",
        "founded_on": "2019-03",
        "employees": {"2025": {"min": 30, "max": 40}},
        "debt_ratio": {"min": 20, "max": 30},
        "niche_focus": True,
        "leading_share": False,
        "supplies_known_firm": True,
        "main_supplier": True,
        "invention_patents": 0,
        "ic_layouts": 0,
        "utility_models": 0,
        "design_patents": 0,
        "software_copyrights": {"min": 11, "max": 19},
        "own_brand": True,
        "quality_recognised": True,
        "certified": True,
        "management_sound": True,
        "digital_upgrading": True,
        "last_major_incident_on": "none",
        "serious_violation": False,
        "dishonest_listed": False,
        "revenue_total": {"2025": {"min": 1300, "max": 1400}},
        "rnd_spend": {"2025": {"min": 150, "max": 160}, "2024": {"min": 108, "max": 132}},
    },
    verdict="met",
    size_class="small",
)

PEOPLE = (MECHANIC, BAKER, CODER)
