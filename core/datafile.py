"""Data files that a bureau may change: YAML, validated on load, with the file and line in every error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import BadInput


class BadDataFile(BadInput):
    """A data file does not have the expected form."""

    code = "bad_data_file"


class Entry(BaseModel):
    """Base of the models that describe a data file: an unknown key is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# libyaml is six times as fast; the pure loader does the same where it was built without.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_T = TypeVar("_T", bound=BaseModel)


def read_yaml(path: Path, model: type[_T], context: Mapping[str, Any] | None = None) -> _T:
    """The file as `model`; `context` is for its validators. Raises BadDataFile naming file and line."""
    try:
        text = path.read_text(encoding="utf-8")
        loader = _Loader(text)
        root = loader.get_single_node()
        data = None if root is None else loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadDataFile(f"{path.name} 第 {line} 行：{error.problem}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadDataFile(f"{path.name}：{error}") from error
    try:
        return model.model_validate(data, context=dict(context or {}))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadDataFile(f"{path.name} 第 {_line(root, first['loc'])} 行：{place}：{first['msg']}") from error


def _line(node: yaml.Node | None, place: Sequence[int | str]) -> int:
    """The line, from 1, on which the value at `place` begins; the innermost that exists."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found:
                return line
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line
