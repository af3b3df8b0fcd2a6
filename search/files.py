"""Durable files: written whole, flushed to the disk, checked by SHA-256, guarded by a lock between processes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MODE = 0o644


def hash_file(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(path: Path) -> int:
    """A file's size in bytes; -1 where there is no such file."""
    return path.stat().st_size if path.is_file() else -1


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where the file is missing, torn or holds something else."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_file(path: Path, content: bytes) -> None:
    """Write a new file and flush it to the disk."""
    with path.open("wb") as file:
        os.fchmod(file.fileno(), MODE)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write an object as JSON, keys sorted: the same object gives the same bytes."""
    write_file(
        path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode(errors="surrogatepass") + b"\n"
    )


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in the place of another: a reader sees the old content or the new, never a part."""
    new = path.with_name(path.name + ".new")
    write_file(new, content)
    new.replace(path)
    fsync(path.parent)


def fsync(path: Path) -> None:
    """Flush a file, or a folder's list of names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file for the block; waits while another process, or another thread, has it.

    The kernel gives the lock back when its holder dies. The file stays.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
