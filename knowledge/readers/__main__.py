"""The child process of `knowledge.isolation`: reads one file within limits and leaves what it found as JSON.

Arguments: the folder with the file `data`, in which `result` is written; seconds of processor time; bytes of address
space; bytes of a file that may be written. The file's name comes as the last argument.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from core.errors import QibanError
from knowledge.readers import read


def main(folder: Path, cpu: int, memory: int, written: int, name: str) -> None:
    """Read `folder/data` and write `folder/result`: {"reading": ...} or {"error": {"code", "message", "details"}}."""
    _limit(cpu, memory, written)
    result = _result((folder / "data").read_bytes(), name)
    with (folder / "result").open("w", encoding="utf-8") as file:
        json.dump(result, file, ensure_ascii=False, default=vars)


def _limit(cpu: int, memory: int, written: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 2))  # SIGXCPU first: the parent tells it from a crash
    for kind, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


def _result(data: bytes, name: str) -> dict[str, object]:
    try:
        return {"reading": read(data, name)}
    except QibanError as error:
        return {"error": {"code": error.code, "message": error.message, "details": error.details}}
    except MemoryError:
        return {"memory": True}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
