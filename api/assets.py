"""Static files: named by their content, so that a browser keeps them for good and still gets the new ones."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

ROOT = Path(__file__).parent / "static"
MOUNT = "/static"
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


@cache
def address(name: str) -> str:
    """Where a static file is found; the address changes with the content."""
    return f"{MOUNT}/{name}?v={_version(ROOT / name)}"


@cache
def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


class Assets(StaticFiles):
    """The files under `static/`. Only an address with the right version is kept for good."""

    def __init__(self) -> None:
        super().__init__(directory=ROOT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["qiban.route"] = f"{MOUNT}/{{path}}"
        await super().__call__(scope, receive, send)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("v")
        response.headers["Cache-Control"] = _FOR_GOOD if asked == [_version(Path(full_path))] else _ASK_AGAIN
        return response
