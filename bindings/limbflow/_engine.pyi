"""The extension module: typed by its own docstrings, not for a type checker."""

from typing import Any

def __getattr__(name: str) -> Any: ...
