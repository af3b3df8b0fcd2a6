"""A scheme whose document is replaced or changed is for review; judged as of an earlier day it stays as it was."""

from __future__ import annotations

from datetime import date

import pytest

from core.database import Database
from knowledge.library import Library, Metadata
from tests.assessment.test_schemes import assessor, library_with_plan

PLAN = "hengyang-little-giant-plan-2021-2025"
SCHEME = "hengyang-little-giant-2021"


@pytest.fixture
async def library(database: Database) -> Library:
    return await library_with_plan(database)


async def test_a_scheme_in_order_needs_no_review(library: Library) -> None:
    desk = assessor(library)
    assert await desk.needs_review(desk.scheme(SCHEME)) is False
    assert await desk.faults() == []


async def test_a_scheme_of_a_replaced_document_needs_review(library: Library) -> None:
    await library.add(
        "示例市新的培育方案\n一、条件\n主营业务收入3000万元以上。\n",
        Metadata(region="430400", supersedes=PLAN, valid_from=date(2027, 1, 1)),
    )
    desk = assessor(library)
    assert await desk.needs_review(desk.scheme(SCHEME)) is True
    (line,) = await desk.faults()
    assert SCHEME in line
    assert "示例市新的培育方案" in line


async def test_a_scheme_of_an_amended_clause_needs_review(library: Library) -> None:
    await library.add(
        "示例补充通知\n将四（一）2中“资产负债率不高于70%”修改为“资产负债率不高于75%”。\n",
        Metadata(region="430400", amends=PLAN, valid_from=date(2025, 1, 1)),
    )
    desk = assessor(library)
    (line,) = await desk.faults()
    assert "四（一）2" in line
    assert await desk.needs_review(desk.scheme(SCHEME)) is True
