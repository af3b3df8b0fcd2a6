"""Torn and foreign files: whatever is wrong on disk, the index comes back whole and right."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from search import Query, SearchIndex
from search.files import read_json
from search.generations import CURRENT, MANIFEST, DamagedError, Generations
from tests.search.conftest import TEXTS
from tests.search.doubles import HashEmbedder, MemorySource, item_of


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x04
    path.write_bytes(content)


DAMAGES: tuple[Callable[[Path], None], ...] = (truncate, flip, Path.unlink)


async def build(folder: Path, source: MemorySource) -> list[object]:
    """An index of two generations and two segments, and its answers."""
    index = SearchIndex(folder, source, HashEmbedder())
    await index.open()
    source.put(item_of(70, "后来加入的人才公寓补贴"))
    await index.reconcile()
    return answers(index)


def answers(index: SearchIndex) -> list[object]:
    """What it finds by both ways, and every vector it holds."""
    found: list[object] = []
    for text in (*TEXTS, "人才公寓"):
        query = Query(text, (), index.encode_query(text))
        found += [(hit.id, hit.dense, hit.view_text) for hit in index.search(query, None, 50, mode="dense")]
        found += [hit.id for hit in index.search(query, None, 50, mode="lexical")]
    return found


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments are kept apart however few items there are."""
    monkeypatch.setattr("search.compaction.SMALL", 0)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("previous", [True, False], ids=["previous-sound", "no-previous"])
@pytest.mark.parametrize("kinds", [1, pytest.param(3, marks=pytest.mark.long)])
async def test_every_kind_of_damage_to_every_file_is_healed(
    tmp_path: Path, source: MemorySource, previous: bool, kinds: int
) -> None:
    """Every file is damaged, in turns by one of the three ways (the long tier: by each)."""
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    expected = await build(whole, source)
    generation = whole / "gen-00000002"
    names = [
        path.relative_to(whole) for path in sorted(generation.rglob("*")) if path.is_file() and path.stat().st_size
    ]
    assert len(names) > 12
    for number, name in enumerate(names):
        for damage in (DAMAGES[(number + step) % 3] for step in range(kinds)):
            shutil.copytree(whole, torn)
            if not previous:
                shutil.rmtree(torn / "gen-00000001")
            damage(torn / name)
            embedder = HashEmbedder()
            index = SearchIndex(torn, source, embedder)
            await index.open()
            assert answers(index) == expected, (name, damage)
            assert len(list(torn.glob("gen-00000002.damaged-1"))) == 1, (name, damage)
            assert index.status()["generation"] == 3
            Generations(torn).load(3, source.name)
            shutil.rmtree(torn)


@pytest.mark.usefixtures("small")
async def test_damage_to_both_generations_is_healed(tmp_path: Path, source: MemorySource) -> None:
    expected = await build(tmp_path, source)
    for generation in tmp_path.glob("gen-*"):
        truncate(generation / MANIFEST)
    index = SearchIndex(tmp_path, source, HashEmbedder())
    await index.open()
    assert answers(index) == expected
    assert len(list(tmp_path.glob("*.damaged-*"))) == 2


@pytest.mark.parametrize("content", [None, b"", b"gen-0000", b"gen-00000009 0123456789abcdef\n", b"\xff\xfe"])
async def test_torn_pointer_is_put_right(tmp_path: Path, source: MemorySource, content: bytes | None) -> None:
    expected = await build(tmp_path, source)
    if content is None:
        (tmp_path / CURRENT).unlink()
    else:
        (tmp_path / CURRENT).write_bytes(content)
    embedder = HashEmbedder()
    index = SearchIndex(tmp_path, source, embedder)
    await index.open()
    assert not embedder.encoded
    assert answers(index) == expected
    other = SearchIndex(tmp_path, source, HashEmbedder())
    assert other.refresh()
    assert other.status()["generation"] == 2


async def test_damage_under_a_running_index_is_healed_by_its_next_change(tmp_path: Path, source: MemorySource) -> None:
    index = SearchIndex(tmp_path, source, HashEmbedder())
    await index.open()
    before = answers(index)
    for path in (tmp_path / "gen-00000001").glob("*.vectors"):
        path.unlink()
    assert answers(index) == before  # it has what it opened
    source.put(item_of(80, "新的"))
    await index.reconcile()
    fresh = SearchIndex(tmp_path, source, HashEmbedder())
    assert fresh.refresh()
    assert fresh.status()["items"] == 7
    assert list(tmp_path.glob("gen-00000001.damaged-1"))


async def test_vanished_folder_is_built_anew(tmp_path: Path, source: MemorySource) -> None:
    folder = tmp_path / "index"
    index = SearchIndex(folder, source, HashEmbedder())
    await index.open()
    before = answers(index)
    shutil.rmtree(folder)
    await index.reconcile()
    assert answers(index) == before
    assert SearchIndex(folder, source, None).refresh()


async def test_only_the_newest_damaged_generations_are_kept(tmp_path: Path, source: MemorySource) -> None:
    for _ in range(4):
        await SearchIndex(tmp_path, source, HashEmbedder()).open()
        for generation in Generations(tmp_path).numbers():
            truncate(tmp_path / f"gen-{generation:08d}" / MANIFEST)
    await SearchIndex(tmp_path, source, HashEmbedder()).open()
    aside = sorted(path.name for path in tmp_path.glob("*.damaged-*"))
    assert aside == ["gen-00000003.damaged-3", "gen-00000004.damaged-4"]


async def test_reader_meets_damage_without_touching_it(tmp_path: Path, source: MemorySource) -> None:
    writer, reader = (SearchIndex(tmp_path, source, HashEmbedder()) for _ in range(2))
    await writer.open()
    await reader.open()
    source.put(item_of(80, "新的"))
    await writer.reconcile()
    flip(tmp_path / "gen-00000002" / MANIFEST)
    before = answers(reader)
    assert not reader.refresh()
    assert not reader.refresh()
    assert answers(reader) == before
    assert not list(tmp_path.glob("*.damaged-*"))


@pytest.mark.parametrize(
    "change", [{"format": 0}, {"source": "other"}, {"items": 7}, {"segments": []}, {"files": None}]
)
async def test_manifest_that_says_something_else_is_refused(
    tmp_path: Path, source: MemorySource, change: dict[str, object]
) -> None:
    from search.generations import _digest

    await build(tmp_path, source)
    path = tmp_path / "gen-00000002" / MANIFEST
    content = read_json(path)["content"] | change
    path.write_text(json.dumps({"content": content, "sha256": _digest(content)}))
    if change == {"items": 7}:
        Generations(tmp_path).load(2, source.name)  # seven is right
    else:
        with pytest.raises(DamagedError):
            Generations(tmp_path).load(2, source.name)


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.long)])
def test_kill_at_any_moment_of_writing_leaves_a_sound_generation(
    tmp_path: Path, source: MemorySource, stride: int
) -> None:
    """Child processes kill themselves (SIGKILL) at their n-th step on the disk, for every (or every 7th) n there is."""
    asyncio.run(build(tmp_path / "whole", source))
    command = [sys.executable, "-m", "tests.search.crash", str(tmp_path), str(stride)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=250)
    killed = int(run.stdout)
    assert killed >= 60 // stride
    source.put(item_of(71, "写到一半时加入"))
    expected = asyncio.run(_opened(tmp_path / "fresh", source))
    assert len(list(tmp_path.glob("crash-*"))) == killed + 1
    for folder in sorted(tmp_path.glob("crash-*")):
        generations = Generations(folder)
        current = generations.current()
        assert current is not None
        state = generations.load(current.number, source.name)
        assert len(list(state.items())) in (7, 8), folder.name
        embedder = HashEmbedder()
        index = asyncio.run(_opened(folder, source, embedder))
        assert embedder.encoded[:1] in ([], [("passage", "写到一半时加入")]), folder.name
        assert answers(index) == answers(expected), folder.name
        assert not list(folder.glob("*.damaged-*")), folder.name


async def _opened(folder: Path, source: MemorySource, embedder: HashEmbedder | None = None) -> SearchIndex:
    index = SearchIndex(folder, source, embedder or HashEmbedder())
    await index.open()
    return index
