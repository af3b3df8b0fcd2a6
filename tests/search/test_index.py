"""The index: equal to its source, found by both ways, honest about what it lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from search import Changes, FusionWeights, IndexUnavailable, Item, Mode, Query, SearchIndex, View
from search.compaction import Incoming, following
from search.generations import State
from tests.search.doubles import BrokenEmbedder, HashEmbedder, MemorySource, item_of

MODES: tuple[Mode, ...] = ("lexical", "dense", "fusion")


async def opened(folder: Path, source: MemorySource, embedder: HashEmbedder | None) -> SearchIndex:
    index = SearchIndex(folder, source, embedder)
    await index.open()
    return index


def asking(index: SearchIndex, text: str, *expansions: str) -> Query:
    return Query(text, expansions, index.encode_query(text))


async def test_every_item_is_found_by_its_own_text(tmp_path: Path, source: MemorySource, hashing: HashEmbedder) -> None:
    index = await opened(tmp_path, source, hashing)
    for item in source.held.values():
        vector = hashing.encode([item.views[0].text], "passage")[0]
        for mode in MODES:
            hit = index.search(Query(item.views[0].text, (), vector), None, 3, mode=mode)[0]
            assert (hit.id, hit.lexical_rank, hit.coverage) == (item.id, 1, 1.0)
            if mode != "lexical":
                assert (hit.dense, hit.view_kind, hit.dense_rank) == (pytest.approx(1, abs=1e-3), "whole", 1)
                assert hit.view_text == item.views[0].text


async def test_best_view_of_an_item_counts(tmp_path: Path, source: MemorySource, hashing: HashEmbedder) -> None:
    source.put(item_of(7, "没有共同的词。另一句话。", questions=["怎么问都行？"]))
    index = await opened(tmp_path, source, hashing)
    for text, kind in (("另一句话", "sentence"), ("怎么问都行？", "question")):
        vector = hashing.encode([text], "query" if kind == "question" else "passage")[0]
        hit = index.search(Query("", (), vector), None, 1, mode="dense")[0]
        assert (hit.id, hit.view_kind, hit.view_text) == (7, kind, text)


async def test_typical_questions_are_encoded_as_questions(tmp_path: Path, hashing: HashEmbedder) -> None:
    await opened(tmp_path, MemorySource([item_of(1, "奖励20万元", questions=["给多少钱"])]), hashing)
    assert sorted(hashing.encoded) == [("passage", "奖励20万元"), ("query", "给多少钱")]


async def test_search_keeps_within_the_allowed(tmp_path: Path, source: MemorySource, hashing: HashEmbedder) -> None:
    index = await opened(tmp_path, source, hashing)
    query = asking(index, "企业的收入、研发投入和奖励")
    for allowed in ([], [20], {10, 60}, np.array([30, 40, 999]), frozenset(source.held)):
        for mode in MODES:
            hits = index.search(query, allowed, 10, mode=mode)
            assert {hit.id for hit in hits} <= set(allowed)
            if mode != "lexical":
                assert len(hits) == len(set(allowed) & source.held.keys())


async def test_filter_comes_before_the_ranking_and_its_depth(tmp_path: Path, hashing: HashEmbedder) -> None:
    source = MemorySource([item_of(n, f"研发投入第{n}条") for n in range(300)])
    index = await opened(tmp_path, source, hashing)
    for mode in MODES:
        hits = index.search(asking(index, "研发投入"), [250, 299], 10, mode=mode, depth=5)
        assert sorted(hit.id for hit in hits) == [250, 299]


async def test_expansions_find_what_the_question_does_not_name(
    tmp_path: Path, source: MemorySource, hashing: HashEmbedder
) -> None:
    index = await opened(tmp_path, source, hashing)
    assert not index.search(Query("几多钱"), None, 5, mode="lexical")
    hit = index.search(Query("几多钱", ("奖励",)), None, 5, mode="lexical")[0]
    assert hit.id == 40
    assert hit.coverage == 0  # of the question's own words
    louder = index.search(Query("几多钱", ("奖励",)), None, 5, mode="lexical", weights=FusionWeights(expansion=1))[0]
    assert louder.lexical == pytest.approx(2 * hit.lexical, rel=1e-3)


async def test_ties_go_to_the_smaller_id(tmp_path: Path, hashing: HashEmbedder) -> None:
    source = MemorySource([item_of(n, "本办法由市工信局负责解释") for n in (5, 3, 9, 1)])
    index = await opened(tmp_path, source, hashing)
    for mode in MODES:
        hits = index.search(asking(index, "谁负责解释"), None, 3, mode=mode)
        assert [hit.id for hit in hits] == [1, 3, 5]


async def test_items_without_views_are_found_by_keywords(tmp_path: Path, hashing: HashEmbedder) -> None:
    source = MemorySource([Item(1, "a", (), "只有关键词"), item_of(2, "有向量")])
    index = await opened(tmp_path, source, hashing)
    hit = index.search(asking(index, "关键词"), None, 1)[0]
    assert (hit.id, hit.dense, hit.dense_rank, hit.view_text) == (1, None, None, "只有关键词")
    assert index.status()["degraded"] is None


async def test_changes_are_found_and_unchanged_texts_never_encoded_again(
    tmp_path: Path, source: MemorySource, hashing: HashEmbedder
) -> None:
    index = await opened(tmp_path, source, hashing)
    hashing.encoded.clear()
    del source.held[10]
    source.put(item_of(20, "研发投入占营业收入比例不低于3%。新的一句。"), item_of(70, "有效期三年"))
    source.put(item_of(80, "主营业务收入2000万元以上。近两年平均增长10%以上。"))  # what item 10 said
    assert await index.reconcile() == Changes(added=2, removed=1, updated=1)
    assert sorted(text for _, text in hashing.encoded) == ["新的一句", "研发投入占营业收入比例不低于3%。新的一句。"]
    assert not await index.reconcile()
    for text, key in (("新的一句", 20), ("主营业务收入", 80)):
        assert index.search(asking(index, text), None, 1, mode="lexical")[0].id == key
    assert 10 not in {hit.id for hit in index.search(asking(index, "收入"), None, 50)}


async def test_reopened_index_encodes_nothing_and_answers_the_same(
    tmp_path: Path, source: MemorySource, hashing: HashEmbedder
) -> None:
    index = await opened(tmp_path, source, hashing)
    query = asking(index, "研发投入和奖励")
    hashing.encoded.clear()
    source.fetched.clear()
    again = await opened(tmp_path, source, hashing)
    assert again.search(query, None, 10) == index.search(query, None, 10)
    assert again.status() == index.status() | {"generation": 1}
    assert not hashing.encoded
    assert not source.fetched


async def test_another_process_sees_a_new_generation_on_refresh(
    tmp_path: Path, source: MemorySource, hashing: HashEmbedder
) -> None:
    writer, reader = await opened(tmp_path, source, hashing), await opened(tmp_path, source, hashing)
    assert not reader.refresh()
    source.put(item_of(90, "人才公寓补贴"))
    await writer.reconcile()
    assert not reader.search(Query("公寓"), None, 5)
    assert reader.refresh()
    assert not reader.refresh()
    assert [hit.id for hit in reader.search(Query("公寓"), None, 5)] == [90]
    assert not await reader.reconcile()  # nothing left to do
    assert reader.status() == writer.status()


async def test_reader_far_behind_catches_up(tmp_path: Path, source: MemorySource, hashing: HashEmbedder) -> None:
    writer, reader = await opened(tmp_path, source, hashing), await opened(tmp_path, source, hashing)
    query = asking(reader, "企业奖励")
    before = reader.search(query, None, 10)
    for n in range(100, 105):  # the reader's own generation is deleted meanwhile
        source.put(item_of(n, f"第{n}号公告"))
        await writer.reconcile()
    assert sorted(path.name for path in tmp_path.glob("gen-*")) == ["gen-00000005", "gen-00000006"]
    assert reader.search(query, None, 10) == before
    assert reader.refresh()
    assert reader.search(query, None, 10) == writer.search(query, None, 10)


async def test_without_an_embedder_keywords_answer(tmp_path: Path, source: MemorySource) -> None:
    index = await opened(tmp_path, source, None)
    assert index.encode_query("奖励") is None
    assert index.search(asking(index, "一次性奖励多少"), None, 3)[0].id == 40
    status = index.status()
    assert (status["items"], status["views"], status["model"], status["degraded"]) == (6, 0, None, "no_model")


async def test_model_that_fails_while_encoding_leaves_a_keyword_index(tmp_path: Path, source: MemorySource) -> None:
    index = await opened(tmp_path, source, BrokenEmbedder(after=3))
    assert index.status()["degraded"] == "unavailable"
    assert index.search(asking(index, "奖励"), None, 3)[0].id == 40
    healed = await opened(tmp_path, source, HashEmbedder())
    assert healed.status() | {"degraded": None} == healed.status()
    assert healed.status()["views"] == 14


async def test_model_that_fails_while_serving_turns_to_keywords(tmp_path: Path, source: MemorySource) -> None:
    embedder = BrokenEmbedder(after=1000)
    index = await opened(tmp_path, source, embedder)
    embedder.after = 0
    assert index.search(asking(index, "奖励"), None, 3)[0].id == 40
    assert index.status()["model"] is None
    embedder.after = 1000
    await index.reconcile()
    assert index.status()["degraded"] is None
    assert index.search(asking(index, "奖励"), None, 3)[0].dense is not None


async def test_vectors_missed_without_the_model_are_made_when_it_is_back(
    tmp_path: Path, source: MemorySource, hashing: HashEmbedder
) -> None:
    await opened(tmp_path, source, hashing)
    source.put(item_of(70, "没有模型时加入"))
    await opened(tmp_path, source, None)
    hashing.encoded.clear()
    index = await opened(tmp_path, source, hashing)
    assert hashing.encoded == [("passage", "没有模型时加入")]
    assert index.status()["views"] == 15


async def test_another_model_sets_the_generation_aside(
    tmp_path: Path, source: MemorySource, hashing: HashEmbedder
) -> None:
    await opened(tmp_path, source, hashing)
    for n, embedder in enumerate((HashEmbedder("hash@2"), HashEmbedder("hash@2", 32), HashEmbedder("hash@3", 32))):
        index = await opened(tmp_path, source, embedder)
        assert len(embedder.encoded) == 14
        assert index.status()["model"] == embedder.name
        assert len(list(tmp_path.glob("*.damaged-*"))) == min(n + 1, 2)


async def test_another_sources_generation_is_not_read(
    tmp_path: Path, source: MemorySource, hashing: HashEmbedder
) -> None:
    await opened(tmp_path, source, hashing)
    other = await opened(tmp_path, MemorySource([item_of(10, "别的东西")], name="other"), hashing)
    assert [hit.id for hit in other.search(Query("东西"), None, 5)] == [10]
    assert other.status()["items"] == 1


async def test_empty_source_is_an_index_too(tmp_path: Path, hashing: HashEmbedder) -> None:
    source = MemorySource()
    index = await opened(tmp_path, source, hashing)
    assert index.status() == {"items": 0, "views": 0, "generation": 1, "model": "hash@1", "degraded": None}
    for mode in MODES:
        assert index.search(asking(index, "奖励"), None, 5, mode=mode) == []
    source.put(item_of(1, "奖励"))
    await index.reconcile()
    assert [hit.id for hit in index.search(asking(index, "奖励"), None, 5)] == [1]
    source.held.clear()
    assert await index.reconcile() == Changes(removed=1)
    assert index.search(asking(index, "奖励"), None, 5) == []


async def test_unopened_index_says_so(tmp_path: Path, source: MemorySource) -> None:
    index = SearchIndex(tmp_path, source, None)
    assert index.status()["degraded"] == "not_open"
    with pytest.raises(IndexUnavailable):
        index.search(Query("奖励"), None, 5)


class ForgetfulSource(MemorySource):
    """Loses an item, gives one twice and one unasked, between the list and the fetching."""

    async def items(self, ids: Sequence[int]) -> list[Item]:
        given = await super().items([key for key in ids if key != 10])
        return [*given, given[0], item_of(999, "没有人要的")]


async def test_source_that_changes_under_way_does_no_harm(
    tmp_path: Path, source: MemorySource, hashing: HashEmbedder
) -> None:
    index = await opened(tmp_path, ForgetfulSource(source.held.values()), hashing)
    assert index.status()["items"] == 5
    assert 999 not in {hit.id for hit in index.search(asking(index, "没有人要的"), None, 50)}


async def test_strange_texts_are_kept_whole(tmp_path: Path, hashing: HashEmbedder) -> None:
    texts = ["\x00", "\ud800孤立", "𠀀𪚥", "a" * 70_000, "\u2028行", '{"引号"}\\n', "，。", ""]
    source = MemorySource([Item(n, str(n), (View(text, "whole"),), text) for n, text in enumerate(texts)])
    hashing._vector = lambda text, role: np.eye(48, dtype=np.float32)[texts.index(text)]  # type: ignore[method-assign]
    await opened(tmp_path, source, hashing)
    index = await opened(tmp_path, source, hashing)
    for n, text in enumerate(texts):
        hit = index.search(Query("", (), np.eye(48, dtype=np.float32)[n]), None, 1, mode="dense")[0]
        assert (hit.id, hit.view_text) == (n, text)


async def test_long_builds_are_written_in_parts(
    tmp_path: Path, hashing: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.index._BATCH_ITEMS", 10)
    source = MemorySource([item_of(n, f"第{n}条奖励") for n in range(35)])
    told: list[tuple[str, int, int]] = []
    index = SearchIndex(tmp_path, source, hashing)
    await index.open(lambda stage, done, total: told.append((stage, done, total)))
    assert index.status()["generation"] == 4
    assert told[0] == ("encode", 0, 35)
    assert told[-1] == ("encode", 35, 35)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert {hit.id for hit in index.search(asking(index, "奖励"), None, 50)} == set(range(35))


async def test_file_systems_without_links_get_copies(
    tmp_path: Path, source: MemorySource, hashing: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    monkeypatch.setattr("search.compaction.SMALL", 0)
    await opened(tmp_path, source, hashing)
    hashing.encoded.clear()
    source.put(item_of(70, "新加入"))
    await opened(tmp_path, source, hashing)
    again = await opened(tmp_path, source, hashing)
    assert hashing.encoded == [("passage", "新加入")]
    assert again.status()["items"] == 7
    assert len(list(tmp_path.glob("gen-00000002/*.vectors"))) == 2


async def test_cancelled_reconciliation_leaves_the_index_usable(tmp_path: Path, source: MemorySource) -> None:
    class SlowEmbedder(HashEmbedder):
        def encode(self, texts: Sequence[str], role: object) -> np.ndarray:
            import time

            time.sleep(0.2)
            return super().encode(texts, role)  # type: ignore[arg-type]

    index = await opened(tmp_path, source, SlowEmbedder())
    source.put(item_of(70, "取消时加入"))
    task = asyncio.create_task(index.reconcile())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert index.status()["items"] == 6
    assert (await index.reconcile()).added == 1


async def test_reconciling_at_once_in_one_process_is_one_change(
    tmp_path: Path, source: MemorySource, hashing: HashEmbedder
) -> None:
    first, second = await opened(tmp_path, source, hashing), await opened(tmp_path, source, hashing)
    source.put(item_of(70, "同时加入"))
    hashing.encoded.clear()
    changes = await asyncio.gather(first.reconcile(), second.reconcile(), first.reconcile(), second.reconcile())
    assert sorted(map(bool, changes)) == [False, False, False, True]
    assert len(hashing.encoded) == 1
    assert first.status() == second.status()


def test_segments_stay_few_and_items_are_rewritten_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.compaction.SMALL", 0)
    state, rewritten = State.empty("memory"), 0
    for n in range(1, 201):
        before = {segment.name for segment in state.segments}
        state = following(state, Incoming([item_of(n, f"第{n}条")], {}, None, 0), {n}, n).state
        rewritten += sum(len(segment.items) for segment in state.segments if segment.name not in before)
    assert sorted(item.id for item in state.items()) == list(range(1, 201))
    assert len(state.segments) <= 8
    assert rewritten <= 200 * 8


def test_segments_full_of_gone_items_are_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.compaction.SMALL", 0)
    items = [item_of(n, f"第{n}条") for n in range(100)]
    state = following(State.empty("memory"), Incoming(items, {}, None, 0), set(), 1).state
    for step, gone in enumerate(range(40), start=2):
        state = following(state, Incoming([], {}, None, 0), {gone}, step).state
    assert sum(len(segment.items) for segment in state.segments) < 80
    assert sorted(item.id for item in state.items()) == list(range(40, 100))
