"""Whatever happened to an index before, it equals one built fresh from the same source."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search import Hit, Mode, Query, SearchIndex
from tests.search.doubles import HashEmbedder, MemorySource, item_of

PHRASES = ("研发投入", "营业收入2000万元", "小巨人企业", "一次性奖励", "取消称号。三年内不得申报", "到期复核", "R&D")
TEXTS = st.lists(st.sampled_from(PHRASES), min_size=1, max_size=4).map("，".join)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 9), TEXTS),
        st.tuples(st.just("remove"), st.integers(1, 9), st.just("")),
        st.tuples(st.sampled_from(["reconcile", "reopen", "without model"]), st.just(0), st.just("")),
    ),
    min_size=1,
    max_size=14,
)
QUERIES = ("研发投入要多少", "称号", "2000万元 r&d")


@settings(max_examples=8, deadline=None)
@given(changes=CHANGES)
def test_any_history_equals_a_fresh_build(changes: list[tuple[str, int, str]]) -> None:
    modes: tuple[Mode, ...] = ("lexical", "dense", "fusion")
    lived, fresh = asyncio.run(_live(changes))
    for text in QUERIES:
        for mode in modes:
            for allowed in (None, {1, 3, 5, 7}):
                assert _search(lived, text, mode, allowed) == _search(fresh, text, mode, allowed)


@settings(max_examples=8, deadline=None)
@given(changes=CHANGES)
def test_any_history_of_kept_segments_finds_the_same(changes: list[tuple[str, int, str]]) -> None:
    """Large indexes keep segments: vectors score as in a fresh build, keywords find the same items."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.compaction.SMALL", 0)
        lived, fresh = asyncio.run(_live(changes))
    for text in QUERIES:
        assert _search(lived, text, "dense", None) == _search(fresh, text, "dense", None)
        named, expected = (_search(index, text, "lexical", None) for index in (lived, fresh))
        assert {hit[0] for hit in named} == {hit[0] for hit in expected}


async def _live(changes: list[tuple[str, int, str]]) -> tuple[SearchIndex, SearchIndex]:
    """The index after the changes, and one built fresh; both stay usable when their folders are gone."""
    source = MemorySource([item_of(1, PHRASES[0])])
    with tempfile.TemporaryDirectory() as folder:
        lived = SearchIndex(Path(folder) / "lived", source, HashEmbedder())
        await lived.open()
        for kind, key, text in changes:
            lived = await _change(lived, source, Path(folder) / "lived", kind, key, text)
        lived = SearchIndex(Path(folder) / "lived", source, HashEmbedder())
        await lived.open()
        fresh = SearchIndex(Path(folder) / "fresh", source, HashEmbedder())
        await fresh.open()
    return lived, fresh


async def _change(
    index: SearchIndex, source: MemorySource, folder: Path, kind: str, key: int, text: str
) -> SearchIndex:
    if kind == "put":
        source.put(item_of(key, text))
    elif kind == "remove":
        source.held.pop(key, None)
    elif kind == "reconcile":
        await index.reconcile()
    else:
        index = SearchIndex(folder, source, HashEmbedder() if kind == "reopen" else None)
        await index.open()
    return index


def _search(index: SearchIndex, text: str, mode: Mode, allowed: set[int] | None) -> list[tuple[object, ...]]:
    query = Query(text, ("奖励",), index.encode_query(text))
    return [_seen(hit) for hit in index.search(query, allowed, 20, mode=mode)]


def _seen(hit: Hit) -> tuple[object, ...]:
    dense = None if hit.dense is None else round(hit.dense, 5)
    return hit.id, round(hit.score, 3), round(hit.lexical, 3), dense, hit.view_text, hit.lexical_rank, hit.dense_rank
