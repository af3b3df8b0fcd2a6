"""Keyword search: what a token is, and that filters, ties and changes are exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search import LexicalIndex, tokens

WORDS = ("研发", "投入", "收入", "小巨人", "企业", "奖励", "2000", "万元", "r&d", "复核")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("研发投入", ["研", "发", "投", "入", "研发", "发投", "投入"]),
        ("研发，投入", ["研", "发", "研发", "投", "入", "投入"]),
        ("2000万元", ["2000", "万", "元", "万元"]),
        ("R&D投入3.5%", ["r&d", "投", "入", "投入", "3.5"]),
        ("ISO9001、iso 9001", ["iso9001", "iso", "9001"]),
        ("2021-2025年", ["2021", "2025", "年"]),
        ("2021～2025", ["2021", "2025"]),
        ("企業Ａ", ["企", "业", "企业", "a"]),
        ("二〇二一", ["二", "〇", "二", "一", "二〇", "〇二", "二一"]),
        ("末尾句号2000.", ["末", "尾", "句", "号", "末尾", "尾句", "句号", "2000"]),
        ("", []),
        ("！？\u200b\x00 ", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_traditional_and_full_width_text_is_found_by_plain_text(tmp_path: Path) -> None:
    index = _filled(tmp_path, {1: "企業技術中心", 2: "ＩＳＯ９００１認證"})
    assert _ids(index, "企业技术中心")[0] == 1
    assert _ids(index, "iso9001") == [2]


def test_longer_runs_of_shared_characters_rank_first(tmp_path: Path) -> None:
    index = _filled(tmp_path, {1: "研究开发的投入", 2: "研发投入不低于百分之三", 3: "资金投入"})
    assert _ids(index, "研发投入") == [2, 1, 3]


def test_equal_texts_tie_by_id_beyond_any_cut(tmp_path: Path) -> None:
    index = _filled(tmp_path, dict.fromkeys(range(500, 0, -1), "本办法自发布之日起施行"))
    assert _ids(index, "施行", k=5) == [1, 2, 3, 4, 5]
    LexicalIndex.change(tmp_path / "lexical", {1: "本办法自发布之日起施行"}, [1])  # now last in tantivy's order
    assert _ids(LexicalIndex(tmp_path / "lexical"), "施行", k=3) == [1, 2, 3]


def test_open_index_keeps_its_state_while_the_folder_changes(tmp_path: Path) -> None:
    index = _filled(tmp_path, {1: "研发投入", 2: "资金奖励"})
    LexicalIndex.change(tmp_path / "lexical", {3: "研发机构"}, [1])
    assert _ids(index, "研发") == [1]
    assert _ids(LexicalIndex(tmp_path / "lexical"), "研发") == [3]


def test_nothing_is_found_for_nothing(tmp_path: Path) -> None:
    index = _filled(tmp_path, {1: "研发投入"})
    assert _ids(index, "，。") == []
    assert _ids(index, "奖励") == []
    assert _ids(index, "研发", allowed=[]) == []
    assert _ids(index, "研发", k=0) == []
    assert _ids(_filled(tmp_path, {}), "研发") == []


def test_rarer_tokens_weigh_more(tmp_path: Path) -> None:
    rarity = _filled(tmp_path, {1: "企业研发", 2: "企业奖励"}).rarity(["企业", "研发", "没有"])
    assert 0 < rarity["企业"] < rarity["研发"] < rarity["没有"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map("".join), min_size=1, max_size=40),
    query=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map("".join),
    k=st.integers(1, 50),
    data=st.data(),
)
def test_filter_gives_what_filtering_everything_would(
    tmp_path: Path, texts: list[str], query: str, k: int, data: st.DataObject
) -> None:
    index = _filled(tmp_path, dict(enumerate(texts)))
    allowed = data.draw(st.sets(st.integers(0, len(texts) + 5)))
    everything = _ids(index, query, k=len(texts))
    assert _ids(index, query, k=k, allowed=sorted(allowed)) == [i for i in everything if i in allowed][:k]


def test_both_ways_of_filtering_agree(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    texts = {i: "".join(rng.choice(WORDS, 5)) for i in range(3000)}
    index = _filled(tmp_path, texts)
    everything = _ids(index, "小巨人企业的研发投入", k=3000)
    for size in (1, 30, 600, 2900):
        allowed = sorted(rng.choice(3000, size, replace=False).tolist())
        expected = [i for i in everything if i in set(allowed)][:20]
        assert _ids(index, "小巨人企业的研发投入", k=20, allowed=allowed) == expected


def _filled(folder: Path, texts: dict[int, str]) -> LexicalIndex:
    LexicalIndex.fill(folder / "lexical", texts)
    return LexicalIndex(folder / "lexical")


def _ids(index: LexicalIndex, query: str, *, k: int = 10, allowed: list[int] | None = None) -> list[int]:
    chosen = None if allowed is None else np.array(allowed, dtype=np.int64)
    ids, scores = index.search(dict.fromkeys(tokens(query), 1.0), k, chosen)
    assert (np.diff(scores) <= 0).all()
    assert (scores > 0).all()
    return [int(i) for i in ids]
