"""Writes a packed model as an ordinary sentence-transformers folder, tensor by tensor, in bounded memory.

The same packed model gives the same bytes. Only the pieces that Chinese and English need are kept: the others
(kana, Hangul, Cyrillic ...) become the unknown piece.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from search.files import MODE, write_file, write_json
from search.packed import PackedModel

Progress = Callable[[str, int, int], None]

WEIGHTS = "model.safetensors"
_ROWS_AT_ONCE = 4096
# Latin with its extensions, punctuation and symbols, CJK punctuation, the common Chinese characters, full-width forms.
_KEPT = ((0x0000, 0x024F), (0x2000, 0x2BFF), (0x3000, 0x303F), (0x4E00, 0x9FFF), (0xFF00, 0xFFEF))
_SPECIAL = 4
_NEVER = -60.0  # the worst other score is -20.4
# The package's normaliser keeps U+FF5E, NFKC folds it to "~": it passes NFKC as a private character.
_WAVE, _WAVE_CARRIED = "\uff5e", "\U000f0f5e"
_PROMPTS = {"query": "query: ", "passage": "passage: ", "document": "passage: "}


def write_model(packed: PackedModel, folder: Path, progress: Progress) -> None:
    """Fill a new folder. `progress(stage, done, total)`: stages "weights" (tensors) and "tokenizer"."""
    kept = kept_pieces(packed)
    for name, value in _configs(packed, len(kept)).items():
        (folder / name).parent.mkdir(exist_ok=True)
        write_json(folder / name, value)
    write_file(folder / "modules.json", json.dumps(_MODULES, indent=1).encode() + b"\n")
    _write_weights(folder / WEIGHTS, _parts(packed, kept), progress)
    progress("tokenizer", 0, 1)
    write_file(folder / "tokenizer.json", _tokenizer(packed, kept).to_str().encode() + b"\n")
    progress("tokenizer", 1, 1)


def kept_pieces(packed: PackedModel) -> NDArray[np.int64]:
    """The ids of the kept pieces in ascending order: the special ones and those wholly in the kept ranges."""
    kept = [i for i, piece in enumerate(packed.pieces) if i < _SPECIAL or _wholly_kept(piece)]
    return np.array(kept, dtype=np.int64)


def _wholly_kept(piece: str) -> bool:
    return all(any(first <= ord(character) <= last for first, last in _KEPT) for character in piece)


# --- weights, in the safetensors format: the length of the header, the header, the tensors ----------------------------


@dataclass(frozen=True)
class _Part:
    """One tensor to write: its name and shape, and its content in slices."""

    name: str
    shape: tuple[int, ...]
    slices: Callable[[], Iterator[NDArray[np.float32]]]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape)) * 4


def _write_weights(path: Path, parts: list[_Part], progress: Progress) -> None:
    with path.open("wb") as file:
        os.fchmod(file.fileno(), MODE)
        _write_header(file, parts)
        for done, part in enumerate(parts):
            progress("weights", done, len(parts))
            for piece in part.slices():
                file.write(piece.astype("<f4", copy=False).tobytes())
        file.flush()
        os.fsync(file.fileno())
    progress("weights", len(parts), len(parts))


def _write_header(file: BinaryIO, parts: list[_Part]) -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start = 0
    for part in parts:
        header[part.name] = {"dtype": "F32", "shape": part.shape, "data_offsets": [start, start + part.size]}
        start += part.size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)


def _parts(packed: PackedModel, kept: NDArray[np.int64]) -> list[_Part]:
    hidden = packed.shape.hidden
    parts = [
        _four_bit(packed, "embeddings.word_embeddings.weight", "emb.word", kept, hidden),
        _plain(packed, "embeddings.position_embeddings.weight", "emb.pos", (packed.shape.positions, hidden)),
        _plain(packed, "embeddings.token_type_embeddings.weight", "emb.type", (packed.shape.token_types, hidden)),
        _plain(packed, "embeddings.LayerNorm.weight", "emb.ln.w", (hidden,)),
        _plain(packed, "embeddings.LayerNorm.bias", "emb.ln.b", (hidden,)),
    ]
    for layer in range(packed.shape.layers):
        parts += _layer_parts(packed, layer)
    return parts


_DENSE = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "intermediate.dense": "fi",
    "output.dense": "fo",
}
_NORMS = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}


def _layer_parts(packed: PackedModel, layer: int) -> Iterator[_Part]:
    hidden, wide = packed.shape.hidden, packed.shape.feed_forward
    for theirs, ours in _DENSE.items():
        out, into = {"fi": (wide, hidden), "fo": (hidden, wide)}.get(ours, (hidden, hidden))
        name = f"encoder.layer.{layer}.{theirs}"
        yield _four_bit(packed, f"{name}.weight", f"l{layer}.{ours}.w", np.arange(out), into)
        yield _plain(packed, f"{name}.bias", f"l{layer}.{ours}.b", (out,))
    for theirs, ours in _NORMS.items():
        name = f"encoder.layer.{layer}.{theirs}"
        yield _plain(packed, f"{name}.weight", f"l{layer}.{ours}.w", (hidden,))
        yield _plain(packed, f"{name}.bias", f"l{layer}.{ours}.b", (hidden,))


def _plain(packed: PackedModel, name: str, source: str, shape: tuple[int, ...]) -> _Part:
    return _Part(name, shape, lambda: iter([packed.dense(source, shape)]))


def _four_bit(packed: PackedModel, name: str, source: str, rows: NDArray[np.int64], columns: int) -> _Part:
    def slices() -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            yield packed.rows(source, rows[start : start + _ROWS_AT_ONCE], columns)

    return _Part(name, (len(rows), columns), slices)


# --- tokenizer -------------------------------------------------------------------------------------------------------


def _tokenizer(packed: PackedModel, kept: NDArray[np.int64]) -> Tokenizer:
    """Unigram over the kept pieces, renumbered in the order of their ids.

    The special pieces, the best of all by their score of 0, are made the worst: "</s>" in a text is four characters.
    """
    shape = packed.shape
    vocabulary = [(packed.pieces[i], float(packed.scores[i]) if i >= _SPECIAL else _NEVER) for i in kept]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=shape.unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(_WAVE, _WAVE_CARRIED),
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace(_WAVE_CARRIED, _WAVE),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    bos, eos = packed.pieces[shape.bos], packed.pieces[shape.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, shape.bos), (eos, shape.eos)],
    )
    return tokenizer


# --- configuration ---------------------------------------------------------------------------------------------------

_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def _configs(packed: PackedModel, vocabulary: int) -> dict[str, dict[str, Any]]:
    shape = packed.shape
    return {
        "config.json": _bert_config(packed, vocabulary),
        # The encoder has no pooler: without this, loading would make a random one.
        "sentence_bert_config.json": {"max_seq_length": shape.positions, "model_args": {"add_pooling_layer": False}},
        "config_sentence_transformers.json": {
            "prompts": _PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "1_Pooling/config.json": {"word_embedding_dimension": shape.hidden, "pooling_mode_mean_tokens": True},
        "2_Normalize/config.json": {},
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": shape.positions,
            "split_special_tokens": True,  # "</s>" in a text is text
            "bos_token": packed.pieces[shape.bos],
            "eos_token": packed.pieces[shape.eos],
            "pad_token": packed.pieces[shape.pad],
            "unk_token": packed.pieces[shape.unk],
        },
    }


def _bert_config(packed: PackedModel, vocabulary: int) -> dict[str, Any]:
    shape = packed.shape
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.feed_forward,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": shape.positions,
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "pad_token_id": shape.pad,
        "bos_token_id": shape.bos,
        "eos_token_id": shape.eos,
        "type_vocab_size": shape.token_types,
        "vocab_size": vocabulary,
        "dtype": "float32",
    }
