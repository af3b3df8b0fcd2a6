"""The OpenAPI document: FastAPI's, with our problems in place of its own error shape."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import problems, wording
from api.contract import ProblemOut

_PROBLEM = {
    "description": "problem+json (RFC 9457)",
    "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_FOREIGN = ("HTTPValidationError", "ValidationError")


def register(app: FastAPI) -> None:
    """Have the app describe itself truly; made once, on first use."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _describe(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=wording.API_TITLE, version=app.version, description=wording.API_DESCRIPTION, routes=app.routes
    )
    for path in schema["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _PROBLEM
    shapes = schema["components"]["schemas"]
    for name in _FOREIGN:
        shapes.pop(name, None)
    shapes |= _problem_shapes()
    return schema


def _problem_shapes() -> dict[str, Any]:
    shape = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**shape.pop("$defs", {}), "Problem": shape | {"title": "Problem"}}
