"""TOML files of limits, questions and people, read with the place of every key."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import _engine
from ..texts import to_text

LIMITS = Path(__file__).parents[1] / "data" / "scenarios" / "limits"


@dataclass
class Document:
    """The values of a file, and the problems found in them so far.

    Keys are dotted, with items counted from 1: `limit[3].tiers[1].value`.
    """

    name: str
    values: dict[str, Any]
    places: _engine.Places | None
    problems: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Document:
        """Read a file. Raises `InputError` with every error of syntax, or when there is no such file."""
        return cls(os.fspath(path), *_engine.load_toml(os.fspath(path)))

    @classmethod
    def parse(cls, text: str, name: str) -> Document:
        """Read a text; `name` stands for the file in messages. Raises `InputError`."""
        return cls(name, *_engine.parse_toml(text, name))

    @classmethod
    def of(cls, values: Mapping[str, Any], name: str) -> Document:
        """Values that come from Python, without places."""
        return cls(name, dict(values), None)

    def problem(
        self,
        key: str,
        message: str,
        *,
        rule: str = "wrong-value",
        value: Any = None,
        accepted: str = "",
        nearest: str = "",
    ) -> None:
        """Note one problem; `finish` raises them all."""
        place, found = key, None
        while self.places is not None and place and found is None:
            found = self.places.find(place)
            place = place.rpartition(".")[0]
        line, column, source_line = found or (0, 0, "")
        self.problems.append(
            {
                "rule": rule,
                "file": self.name,
                "line": line,
                "column": column,
                "source_line": source_line,
                "key": key,
                "value": "" if value is None else plain_text(value),
                "message": message,
                "accepted": accepted,
                "nearest": nearest,
            }
        )

    def unknown(self, key: str, word: str, known: Iterable[str], what: str) -> None:
        """Note a name that is not known, with the nearest that is."""
        known = list(known)
        nearest = _engine.nearest_key(word, known)
        accepted = ", ".join(known) if len(known) <= 16 or not nearest else ""
        message = f"there is no {what} '{word}'"
        self.problem(key, message, rule="unknown-name", value=word, accepted=accepted, nearest=nearest)

    def known_keys(self, table: Any, path: str, accepted: Iterable[str]) -> dict[str, Any]:
        """The table, with a problem for each key that is not accepted; an empty one if it is none."""
        accepted = list(accepted)
        if not isinstance(table, dict):
            self.problem(path, "is not a table", rule="wrong-type", accepted=f"a table with {', '.join(accepted)}")
            return {}
        for key in table:
            if key not in accepted:
                self.unknown(f"{path}.{key}" if path else key, key, accepted, "key")
        return table

    def finish(self) -> None:
        """Raise `InputError` with all problems, if there are any."""
        if self.problems:
            _engine.raise_problems(self.problems)


def plain_text(value: Any) -> str:
    """A value as in a file."""
    return "{ ... }" if isinstance(value, Mapping) else to_text(value)
