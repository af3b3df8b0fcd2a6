"""The scripts are no package: they are loaded from their files, as the system's Python would run them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"qiban_scripts_{name}", ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def script() -> ModuleType:
    """`scripts/prepare.py`."""
    return _load("prepare")


@pytest.fixture(scope="session")
def suite() -> ModuleType:
    """`scripts/suite.py`."""
    return _load("suite")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
