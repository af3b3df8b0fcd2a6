"""The VectorIndex contract, for the real index and for the plain one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from search import FaissVectorIndex, VectorIndex
from search.vectors import QUICK_FROM
from tests.search.doubles import ArrayVectorIndex

Make = Callable[[int], VectorIndex]


@pytest.fixture(params=[FaissVectorIndex, ArrayVectorIndex])
def make(request: pytest.FixtureRequest) -> Make:
    kind: Make = request.param
    return kind


def unit(count: int, dimension: int = 32, seed: int = 1) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_nearest_first_with_cosines(make: Make) -> None:
    vectors, index = unit(200), make(32)
    index.add(np.arange(200), vectors)
    ids, scores = index.search(vectors[17], 10)
    cosines = vectors @ vectors[17]
    assert ids.tolist() == np.argsort(-cosines)[:10].tolist()
    assert scores == pytest.approx(cosines[ids], abs=5e-4)


@pytest.mark.parametrize("share", [0.0, 0.005, 0.1, 0.9, 1.0])
def test_filter_is_exact(make: Make, share: float) -> None:
    vectors, index = unit(1000), make(32)
    ids = np.random.default_rng(3).permutation(5000)[:1000]
    index.add(ids, vectors)
    allowed = ids[np.random.default_rng(4).random(1000) < share]
    query = unit(1, seed=9)[0]
    everything, _ = index.search(query, 1000)
    found, _ = index.search(query, 25, allowed)
    assert found.tolist() == [i for i in everything.tolist() if i in set(allowed.tolist())][:25]


def test_sparse_and_unknown_allowed_ids(make: Make) -> None:
    vectors, index = unit(3), make(32)
    index.add(np.array([5, 7, 2**40]), vectors)
    ids, _ = index.search(vectors[2], 5, np.array([2**40, 7, 999_999_999_999]))
    assert ids.tolist() == [2**40, 7]


def test_equal_vectors_tie_by_id(make: Make) -> None:
    index = make(8)
    index.add(np.array([4, 2, 9]), np.repeat(unit(1, 8), 3, axis=0))
    assert index.search(unit(1, 8)[0], 3)[0].tolist() == [2, 4, 9]


def test_removed_is_not_found_and_can_come_back(make: Make) -> None:
    vectors, index = unit(50), make(32)
    index.add(np.arange(50), vectors)
    assert index.remove(np.array([3, 4, 99])) == 2
    assert len(index) == 48
    assert 3 not in index.search(vectors[3], 50)[0]
    index.add(np.array([3]), vectors[3:4])
    assert index.search(vectors[3], 1)[0].tolist() == [3]


def test_saved_and_loaded_is_the_same(make: Make, tmp_path: Path) -> None:
    vectors, index = unit(20), make(32)
    index.add(np.arange(100, 120), vectors)
    index.save(tmp_path / "index")
    loaded = type(index).load(tmp_path / "index")
    assert len(loaded) == 20
    for before, after in zip(index.search(vectors[5], 20), loaded.search(vectors[5], 20), strict=True):
        assert before.tolist() == after.tolist()
    assert loaded.vectors(np.array([103, 101])) == pytest.approx(vectors[[3, 1]], abs=1e-3)


def test_what_does_not_fit_is_refused(make: Make) -> None:
    index = make(32)
    index.add(np.array([1]), unit(1))
    for ids, vectors in ([np.array([2]), unit(2)], [np.array([2]), unit(1, 31)], [np.array([1]), unit(1)]):
        with pytest.raises(ValueError):
            index.add(ids, vectors)
    for ids in ([5, 5], [-1, 6]):
        with pytest.raises(ValueError):
            index.add(np.array(ids), unit(2))
    with pytest.raises(KeyError):
        index.vectors(np.array([77]))


def test_empty_index_finds_nothing(make: Make) -> None:
    index = make(32)
    ids, scores = index.search(unit(1)[0], 5)
    assert ids.shape == scores.shape == (0,)
    assert index.vectors(np.zeros(0, dtype=np.int64)).shape == (0, 32)


def test_a_file_that_is_no_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index").write_bytes(b"no index")
    with pytest.raises(ValueError, match="index"):
        FaissVectorIndex.load(tmp_path / "index")


@pytest.fixture(scope="module")
def many() -> tuple[NDArray[np.float32], FaissVectorIndex]:
    vectors = unit(QUICK_FROM, dimension=64)
    index = FaissVectorIndex(64)
    index.add(np.arange(len(vectors)), vectors)
    index.quicken()
    return vectors, index


@pytest.mark.parametrize("share", [0.1, 0.6, 1.0])
def test_codes_find_what_a_whole_scan_finds(many: tuple[NDArray[np.float32], FaissVectorIndex], share: float) -> None:
    """On random vectors, which no code can tell apart by their groups; filtered or not."""
    vectors, index = many
    assert index.quick
    allowed = np.flatnonzero(np.random.default_rng(5).random(len(vectors)) < share)
    same = 0
    for query in unit(20, dimension=64, seed=6):
        wanted = allowed[np.argsort(-(vectors[allowed] @ query), kind="stable")[:10]]
        found, scores = index.search(query, 10, None if share == 1 else allowed)
        assert set(found.tolist()) <= set(allowed.tolist())
        assert scores == pytest.approx(vectors[found] @ query, abs=5e-4)
        same += len(set(found.tolist()) & set(wanted.tolist()))
    assert same >= 198


def test_codes_are_saved_beside_their_vectors(
    many: tuple[NDArray[np.float32], FaissVectorIndex], tmp_path: Path
) -> None:
    vectors, index = many
    index.save(tmp_path / "index")
    index.save_codes(tmp_path / "codes")
    loaded = FaissVectorIndex.load(tmp_path / "index")
    loaded.load_codes(tmp_path / "codes")
    assert loaded.quick
    assert loaded.search(vectors[3], 50)[0].tolist() == index.search(vectors[3], 50)[0].tolist()


def test_codes_of_other_vectors_are_refused(many: tuple[NDArray[np.float32], FaissVectorIndex], tmp_path: Path) -> None:
    _, index = many
    index.save_codes(tmp_path / "codes")
    other = FaissVectorIndex(64)
    with pytest.raises(ValueError, match="other vectors"):
        other.load_codes(tmp_path / "codes")
    with pytest.raises(ValueError):
        FaissVectorIndex.load(tmp_path / "codes")


def test_a_small_index_needs_no_codes_and_a_changed_one_loses_them() -> None:
    small = FaissVectorIndex(8)
    small.add(np.arange(5), unit(5, 8))
    small.quicken()
    assert not small.quick
    large = FaissVectorIndex(8)
    large.add(np.arange(QUICK_FROM), unit(QUICK_FROM, 8))
    large.quicken()
    assert large.quick
    large.remove(np.array([7]))
    assert not large.quick
    assert 7 not in large.search(unit(1, 8)[0], 100)[0]
