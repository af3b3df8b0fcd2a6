"""A firm that meets every condition of the first scheme, and how to change it."""

from __future__ import annotations

from datetime import date
from typing import Any

AS_OF = date(2026, 11, 24)

GOOD: dict[str, Any] = {
    "region": "衡南县",
    "legal_form": "limited_company",
    "founded_on": "2015-06-01",
    "industry": "C34",
    "employees": 120,
    "revenue_main": {"2025": 2420, "2024": 2200, "2023": 2000},
    "revenue_total": {"2025": 2500},
    "total_assets": 3000,
    "total_liabilities": 1500,
    "rnd_spend": {"2025": 100, "2024": 90},
    "niche_focus": True,
    "leading_share": True,
    "supplies_known_firm": False,
    "main_supplier": False,
    "invention_patents": 1,
    "ic_layouts": 0,
    "utility_models": 0,
    "design_patents": 0,
    "software_copyrights": 0,
    "own_brand": True,
    "quality_recognised": True,
    "certified": True,
    "management_sound": True,
    "digital_upgrading": True,
    "last_major_incident_on": "none",
    "serious_violation": False,
    "dishonest_listed": False,
    "chain_backbone": False,
    "cloud_core_businesses": 2,
    "cloud_results_good": True,
    "listing_reserve": "county",
    "honours": "municipal",
}


def firm(**changes: Any) -> dict[str, Any]:
    """The good firm with some facts changed; None makes a fact unknown."""
    return {**GOOD, **changes}
