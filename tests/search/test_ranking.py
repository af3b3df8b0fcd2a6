"""The blend of keyword and vector scores."""

from __future__ import annotations

import numpy as np
import pytest

from search import FusionWeights
from search.ranking import fuse, ranks

NAN = float("nan")


def scores(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_blend_does_not_depend_on_the_scale_of_either_score() -> None:
    lexical, dense = scores(0, 3, 9, 1), scores(0.81, 0.85, 0.83, 0.8)
    assert fuse(lexical * 50, dense / 10 + 7, FusionWeights()) == pytest.approx(
        fuse(lexical, dense, FusionWeights()), abs=1e-4
    )


def test_weights_choose_the_signal() -> None:
    lexical, dense = scores(5, 1, 0), scores(0.1, 0.2, 0.9)
    assert fuse(lexical, dense, FusionWeights(1, 0)).argmax() == 0
    assert fuse(lexical, dense, FusionWeights(0, 1)).argmax() == 2


def test_candidates_that_all_score_alike_say_nothing() -> None:
    assert fuse(scores(0, 0), scores(0.8, 0.9), FusionWeights()).tolist() == pytest.approx([-1, 1], abs=1e-3)
    assert fuse(scores(2), scores(0.5), FusionWeights()).tolist() == [0]


def test_missing_vector_counts_as_the_farthest() -> None:
    blended = fuse(scores(0, 0, 0), scores(0.7, NAN, 0.9), FusionWeights())
    assert blended[1] == blended[0] < blended[2]
    assert fuse(scores(1, 2), scores(NAN, NAN), FusionWeights()).tolist() == pytest.approx([-1, 1])


def test_ranks_count_from_one_and_tie_by_id() -> None:
    ids = np.array([30, 10, 20, 40])
    values = scores(2, 5, 5, 0)
    assert ranks(values, ids, values > 0) == [3, 1, 2, None]
