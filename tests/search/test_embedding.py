"""Embedder and reranker: what they promise about shapes, names, threads and missing models."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from search import CrossEncoderReranker, ModelBroken, ModelNotPrepared, SentenceTransformerEmbedder
from search.embedding import _Turns
from search.model import MANIFEST

pytestmark = pytest.mark.model
TEXTS = (Path(__file__).parent / "parity.txt").read_text(encoding="utf-8").splitlines()[:12]


def test_vectors_are_normalised_float32_in_the_order_of_the_texts(embedder: SentenceTransformerEmbedder) -> None:
    vectors = embedder.encode(TEXTS, "passage")
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), embedder.dimension) == (12, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert embedder.encode(TEXTS[::-1], "passage") == pytest.approx(vectors[::-1], abs=1e-5)
    assert embedder.encode([], "query").shape == (0, 384)


def test_questions_and_passages_are_encoded_differently(embedder: SentenceTransformerEmbedder) -> None:
    query, passage = (embedder.encode(TEXTS[:1], role)[0] for role in ("query", "passage"))
    assert 0.5 < float(query @ passage) < 0.999


def test_what_cannot_be_seen_does_not_change_a_vector(embedder: SentenceTransformerEmbedder) -> None:
    plain, marked = embedder.encode(["研发投入", "研\u200b发\x00投\ufeff入"], "query")
    assert plain == pytest.approx(marked, abs=1e-6)
    assert np.isfinite(embedder.encode(["", "\ud800", "长" * 3000], "query")).all()


def test_threads_get_their_own_answers(embedder: SentenceTransformerEmbedder) -> None:
    alone = embedder.encode(TEXTS, "query")
    got: dict[int, np.ndarray] = {}

    def ask(number: int) -> None:
        got[number] = embedder.encode(TEXTS[number : number + 3], "query")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(0, 12, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(0, 12, 3):
        assert got[number] == pytest.approx(alone[number : number + 3], abs=1e-5)


def test_a_question_goes_before_the_waiting_batches_of_a_document() -> None:
    turns, order, started = _Turns(), [], threading.Event()

    def work(name: str, first: bool) -> None:
        started.set()
        with turns.turn(first=first):
            order.append(name)

    with turns.turn(first=False):
        threads = [threading.Thread(target=work, args=job) for job in (("batch", False), ("question", True))]
        for thread in threads:
            thread.start()
        while not (turns._first_waiting and len(turns._free._waiters) == 2):  # type: ignore[attr-defined]
            pass
    for thread in threads:
        thread.join()
    assert order == ["question", "batch"]


def test_missing_folder_and_unknown_name_have_a_code(tmp_path: Path) -> None:
    for wanted in (tmp_path / "nowhere", "nobody/no-such-model"):
        embedder = SentenceTransformerEmbedder(wanted)
        with pytest.raises(ModelNotPrepared) as caught:
            embedder.encode(["问"], "query")
        assert caught.value.code == "model_not_prepared"
        with pytest.raises(ModelNotPrepared):
            _ = embedder.name


def test_folder_that_does_not_fit_its_manifest_is_not_loaded(model_dir: Path, tmp_path: Path) -> None:
    folder = _linked(model_dir, tmp_path / "model")
    (folder / MANIFEST).write_bytes((model_dir / MANIFEST).read_bytes())
    (folder / "modules.json").write_text("[]")
    with pytest.raises(ModelNotPrepared):
        _ = SentenceTransformerEmbedder(folder).dimension


def test_folder_that_cannot_be_loaded_has_a_code(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[{")
    with pytest.raises(ModelBroken) as caught:
        SentenceTransformerEmbedder(tmp_path).encode(["问"], "query")
    assert caught.value.code == "model_broken"


def test_name_tells_the_content(model_dir: Path, tmp_path: Path, embedder: SentenceTransformerEmbedder) -> None:
    assert embedder.name.startswith("model@")
    foreign = _linked(model_dir, tmp_path / "model")
    before = SentenceTransformerEmbedder(foreign).name
    assert before != embedder.name
    assert before == SentenceTransformerEmbedder(foreign).name
    (foreign / "config.json").write_text((foreign / "config.json").read_text().replace("gelu", "relu"))
    assert SentenceTransformerEmbedder(foreign).name != before


def test_reranker_gives_one_score_a_text(model_dir: Path, tmp_path: Path) -> None:
    _tiny_cross_encoder(model_dir, tmp_path)
    reranker = CrossEncoderReranker(tmp_path)
    scores = reranker.rerank(TEXTS[0], TEXTS)
    assert scores.dtype == np.float32
    assert scores.shape == (12,)
    assert reranker.rerank(TEXTS[0], []).shape == (0,)
    assert reranker.name.startswith(f"{tmp_path.name}@")


def _linked(model_dir: Path, folder: Path) -> Path:
    """The model's files without its manifest; what is large is linked."""
    for path in sorted(path for path in model_dir.rglob("*") if path.is_file() and path.name != MANIFEST):
        target = folder / path.relative_to(model_dir)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.stat().st_size > 1_000_000:
            target.hardlink_to(path)
        else:
            target.write_bytes(path.read_bytes())
    return folder


def _tiny_cross_encoder(model_dir: Path, folder: Path) -> None:
    """A cross-encoder with random weights."""
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=json.loads((model_dir / "config.json").read_text())["vocab_size"],
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((model_dir / name).read_bytes())
