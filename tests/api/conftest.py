"""The real application over the real services, called in process.

One set of services serves all tests of this folder (putting them together takes seconds): a test uses a session of
its own.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import BaseModel

from api.app import create_app
from api.parts import Parts
from core.settings import Settings
from qiban import setup
from qiban.bootstrap import Services, open_services
from tests.conftest import MODEL_DIR, TODAY

HOST = "http://qiban.test"
PLAN = "hengyang-little-giant-plan-2021-2025"
SCHEME = "hengyang-little-giant-2021"
GOOD: dict[str, Any] = {
    "region": "衡南县",
    "legal_form": "limited_company",
    "founded_on": "2019-03-01",
    "industry": "C34",
    "employees": {"2025": 120},
    "revenue_main": {"2025": 2420, "2024": 2200, "2023": 2000},
    "revenue_total": {"2025": 2600},
    "total_assets": {"2025": 5000},
    "total_liabilities": {"2025": 2000},
    "rnd_spend": {"2025": 100, "2024": 80},
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
}
"""The facts of an invented firm that meets every basic condition of the scheme on the tests' day."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    """The real services over a copy of a real set-up, for all tests of the folder."""
    folder = tmp_path_factory.mktemp("api") / "var"
    shutil.copytree(prepared, folder)
    values: dict[str, Any] = {"data_dir": folder, "model_dir": MODEL_DIR, "today": TODAY}
    await setup.run(Settings(_env_file=None, **values), lambda *_: None)  # with the sample directory
    async with open_services(Settings(_env_file=None, **values)) as opened:
        yield opened


@pytest.fixture
def parts(shared: Services) -> Parts:
    return shared.parts()


@pytest_asyncio.fixture(loop_scope="session")
async def client(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps cookies, as a browser does."""
    async with open_client(parts) as opened:
        yield opened


def open_client(parts: Parts, **changes: Any) -> httpx.AsyncClient:
    """A client of an app over these parts, some of them changed."""
    app = create_app(replace(parts, **changes))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=("203.0.113.7", 40000)), base_url=HOST)


def assert_shape(model: type[BaseModel], value: Any) -> None:
    """The value has exactly the members that the OpenAPI document promises (all but the optional ones)."""
    assert model.model_validate(value).model_dump(mode="json", exclude_unset=True) == value


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The response is a problem of this status and code; gives it back."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["title"]
    assert problem["detail"]
    assert problem["type"] == "about:blank"
    return problem
