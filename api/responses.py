"""JSON as we send it: UTF-8 whatever a text holds."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse


def encode(value: Any) -> bytes:
    """The value as compact JSON; a lone surrogate, which no encoding knows, becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")


class Json(JSONResponse):
    """A JSON response."""

    def render(self, content: Any) -> bytes:
        return encode(content)
