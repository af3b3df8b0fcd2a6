"""The prepared model, once a session, and ready-made indexes over doubles."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.settings import CHECKOUT
from search import SentenceTransformerEmbedder, prepare
from tests.search.doubles import HashEmbedder, MemorySource, item_of

TEXTS = (
    "主营业务收入2000万元以上。近两年平均增长10%以上。",
    "研发投入占营业收入比例不低于3%。设有研发机构。",
    "申报小巨人企业应当具有独立法人资格。",
    "对认定的企业一次性奖励20万元。",
    "提供虚假材料的取消称号。三年内不得再次申报。",
    "有效期三年。到期复核。",
)


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The default model, prepared where the service has it."""
    return prepare(CHECKOUT / ".cache" / "model")


@pytest.fixture(scope="session")
def embedder(model_dir: Path) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(model_dir)


@pytest.fixture
def source() -> MemorySource:
    return MemorySource(item_of(10 * n, text) for n, text in enumerate(TEXTS, start=1))


@pytest.fixture
def hashing() -> HashEmbedder:
    return HashEmbedder()
