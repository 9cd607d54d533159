"""The published measurements, as they lie in scenarios/studies/."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..scenario import Scenario, load
from .trials import on_trial

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

STUDIES = Path(__file__).parents[1] / "data" / "scenarios" / "studies"


@dataclass(frozen=True)
class Study:
    """One study: what was measured on whom, how far the measurements spread, and the scenario that does the same.

    `use` is "calibrate" where parameters were chosen with it in view and "validate" where they were not. `spread` says
    what the last figure of a row is: "sd", "se", "ci95", "median" or nothing. scenarios/README.md explains the keys.
    """

    id: str
    citation: str
    use: str
    condition: str
    spread: str
    columns: list[str]
    rows: list[list[Any]]
    read: str = ""
    doi: str = ""
    scenario_name: str = ""
    changes: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Study:
        with path.open("rb") as file:
            table = tomllib.load(file)
        beside = path.with_suffix(".scenario.toml")
        table["scenario_name"] = table.pop("scenario", str(beside) if beside.exists() else "")
        return cls(**table)

    @property
    def dois(self) -> list[str]:
        """Every DOI that the study names, in its own field, its citation or its condition."""
        words = [self.doi, *self.citation.replace(";", " ").split(), *self.condition.replace(";", " ").split()]
        return list(dict.fromkeys(word.strip("(),.") for word in words if word.startswith("10.") and "/" in word))

    def records(self) -> Iterator[dict[str, Any]]:
        """The rows, by column."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))

    def row(self, **wanted: Any) -> dict[str, Any]:
        """The row that holds these values."""
        return next(record for record in self.records() if all(record[key] == value for key, value in wanted.items()))

    def scenario(self, which: str = "", /, **changes: Any) -> Scenario:
        """What the study did, as a scenario, with further changes as in `Scenario.with_`.

        A study that did several things has a file ID.WHICH.scenario.toml for each.
        """
        if which:
            scenario = loaded(str(STUDIES / f"{self.id}.{which}.scenario.toml"))
        else:
            scenario = loaded(self.scenario_name).with_(**self.changes)
        return on_trial(scenario.with_(**changes) if changes else scenario)

    def people(self, source: str = "") -> dict[str, int]:
        """Who took part: how many of which shipped person; one adult man where the study does not say."""
        return dict(self.subjects.get(source, {"adult_man": 1}))


@lru_cache
def loaded(source: str) -> Scenario:
    """A scenario of the studies, read once."""
    return load(source)


def all_studies() -> list[Study]:
    """Every study, in the order of its id."""
    return [Study.load(path) for path in sorted(STUDIES.glob("*.toml")) if not path.name.endswith(".scenario.toml")]
