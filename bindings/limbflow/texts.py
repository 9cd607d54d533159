"""Python values as the text of a scenario file."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any

from .exceptions import InputError


def to_texts(changes: Mapping[str, Any]) -> dict[str, str]:
    """Changes by key, with values as text."""
    return {key: to_text(value) for key, value in changes.items()}


def to_text(value: Any) -> str:
    """A Python value as the text of a scenario file: text as it is, numbers, booleans, lists."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return repr(float(value))
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {quoted(item)}" for key, item in value.items()) + " }"
    if hasattr(value, "__iter__"):
        return "[" + ", ".join(quoted(item) for item in value) + "]"
    raise InputError(f"a value must be text, a number, a list or a mapping, not {type(value).__name__}")


def quoted(value: Any) -> str:
    """A value inside a list or table: as `to_text`, with text in quotes."""
    text = to_text(value)
    if not isinstance(value, str):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
