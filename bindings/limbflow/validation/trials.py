"""Studies run again and again with one parameter changed: runs that the change can reach are made once, others never.

While a trial is current, what the evaluators of studies ask for (`Study.scenario`, `aop`, `parameter`) comes from it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

from .. import _engine, results
from ..exceptions import ComputationError
from ..occlusion import OcclusionPressure
from ..occlusion import aop as measured_aop
from ..scenario import Scenario
from ..texts import to_texts

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    import xarray

current: ContextVar[Trial | None] = ContextVar("current trial", default=None)


class Watched:
    """A dataset that notes which of its variables are read."""

    def __init__(self, dataset: xarray.Dataset, read: set[str]):
        self._dataset, self._read = dataset, read

    def __getattr__(self, name: str) -> Any:
        self._read.add(name)
        return getattr(self._dataset, name)

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return self._dataset[name]


class Base:
    """What the runs of the unchanged model need and give: signals that are read, parameters that matter, results."""

    def __init__(self) -> None:
        self.read: dict[str, set[str]] = {}
        self.signals: dict[str, list[str]] = {}
        self.seen: dict[str, frozenset[str]] = {}
        self.runs: dict[str, xarray.Dataset] = {}
        self.pressures: dict[str, OcclusionPressure] = {}

    def signals_of(self, text: str) -> list[str] | None:
        """Names of the signals of a run that anybody reads; all of them for a run that nobody has explored."""
        if text not in self.read:
            return None
        if text not in self.signals:
            read = self.read[text]
            known = [signal.name for signal in (*_engine.signals(), *_engine.fibre_signals())]
            self.signals[text] = [n for n in known if any(word == n or word.startswith(n + "_") for word in read)]
        return self.signals[text]

    def seen_by(self, native: _engine.Scenario) -> frozenset[str]:
        """The parameters that matter to a scenario, less those that it sets itself."""
        text = native.text
        if text not in self.seen:
            own = tomllib.loads(text).get("parameters", {})
            self.seen[text] = frozenset(_engine.parameters_seen(native)).difference(own)
        return self.seen[text]


class Trial:
    """The model with one parameter at another value, or as it is if no parameter is named."""

    def __init__(self, base: Base, tolerance: float, parameter: str = "", value: str = ""):
        self.base, self.parameter, self.value = base, parameter, value
        self.changes: dict[str, Any] = {"simulation.tolerance": tolerance}
        if parameter:
            self.changes[f"parameters.{parameter}"] = value
        self.runs: dict[str, xarray.Dataset] = {} if parameter else base.runs
        self.pressures: dict[str, OcclusionPressure] = {} if parameter else base.pressures

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Make this trial the current one."""
        token = current.set(self)
        try:
            yield
        finally:
            current.reset(token)

    def reaches(self, scenario: Scenario) -> bool:
        """Whether the change of the parameter matters to a scenario."""
        return not self.parameter or self.parameter in self.base.seen_by(scenario._native)

    def run(self, scenario: Scenario) -> xarray.Dataset | Watched:
        """The run of a scenario, made once. Raises `ComputationError`."""
        text = scenario.text
        known = self.runs if self.reaches(scenario) else self.base.runs
        if text not in known:
            known[text] = self.made_run(scenario, self.base.signals_of(text))
        return known[text]

    def made_run(self, scenario: Scenario, signals: list[str] | None) -> xarray.Dataset:
        changed = Scenario(_engine.with_changes(scenario._native, to_texts(self.changes)))
        result = _engine.run(changed._native, False, None, signals)
        if result.report.failed:
            raise ComputationError(result.report.text, result.report, None)
        return results.run_dataset(changed, result)

    def aop(self, scenario: Scenario) -> OcclusionPressure:
        """The occlusion pressure of a scenario, measured once."""
        text = scenario.text
        known = self.pressures if self.reaches(scenario) else self.base.pressures
        if text not in known:
            known[text] = OcclusionPressure.of(_engine.with_changes(scenario._native, to_texts(self.changes)))
        return known[text]

    def number(self, parameter: str) -> float | None:
        """A parameter that the trial has changed."""
        return float(self.value.split()[0]) if parameter == self.parameter else None


class Exploration(Trial):
    """The unchanged model, noting what is asked: which parameters matter, and which signals are read of which run."""

    def __init__(self, base: Base, tolerance: float):
        super().__init__(base, tolerance)
        self.seen: set[str] = set()

    def run(self, scenario: Scenario) -> Watched:
        self.seen |= self.base.seen_by(scenario._native)
        return Watched(self.made_run(scenario, None), self.base.read.setdefault(scenario.text, set()))

    def aop(self, scenario: Scenario) -> OcclusionPressure:
        self.seen |= self.base.seen_by(scenario._native)
        return super().aop(scenario)

    def number(self, parameter: str) -> None:
        self.seen.add(parameter)


class TrialScenario(Scenario):
    """A scenario whose runs are those of a trial."""

    __slots__ = ("_trial",)

    def __init__(self, native: _engine.Scenario, trial: Trial):
        super().__init__(native)
        self._trial = trial

    def with_(self, **changes: Any) -> TrialScenario:
        return TrialScenario(_engine.with_changes(self._native, to_texts(changes)), self._trial)

    def run(self, *_: Any, **__: Any) -> Any:
        return self._trial.run(self)

    def aop(self) -> OcclusionPressure:
        return self._trial.aop(self)


def on_trial(scenario: Scenario) -> Scenario:
    """The scenario itself, or as the current trial runs it."""
    trial = current.get()
    return scenario if trial is None else TrialScenario(scenario._native, trial)


def aop(
    person: str = "adult_man", cuff: str = "wide_thigh", posture: str = "supine", **changes: Any
) -> OcclusionPressure:
    """As `limbflow.aop`, of the current trial if there is one."""
    trial = current.get()
    if trial is None:
        return measured_aop(person, cuff, posture, **changes)
    return trial.aop(Scenario(_engine.resting_scenario(person, cuff, to_texts({"posture": posture, **changes}))))


def parameter(name: str) -> float:
    """A model parameter in its own unit: as shipped, or as the current trial has it."""
    trial = current.get()
    changed = None if trial is None else trial.number(name)
    if changed is not None:
        return changed
    return shipped_parameters()[name]


@cache
def shipped_parameters() -> dict[str, float]:
    """The value of every model parameter as shipped."""
    return {entry["name"]: float(entry["value"]) for entry in _engine.parameters()}
