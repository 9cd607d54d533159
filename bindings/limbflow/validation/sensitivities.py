"""Which parameters the reported outcomes depend on: central differences of every outcome in every parameter.

The step is a hundredth of the parameter's value, or of its range where that is narrower or the value is zero, up and
down; where the range leaves no room on one side, that side stays where it is. The normalised sensitivity is the
relative change of an outcome per relative change of a parameter. The effect of a range is the same slope times the
breadth of the parameter's range, in the spread of the measurement: to first order, what the parameter's own
uncertainty moves the outcome by. A parameter whose range moves no row of a study marked `calibrate` by more than a
tenth of its spread is constrained by nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

from .. import _engine
from ..exceptions import LimbflowError
from ..report import finite
from ..results import unknown_name
from .headlines import HEADLINES
from .registry import evaluate
from .studies import STUDIES, Study, all_studies
from .trials import Base, Exploration, Trial

STEP = 0.01
TOLERANCE = 1e-5  # of the runs; their own error is a hundredth of it and less
UNCONSTRAINED_BELOW = 0.1  # SD
SMALLEST_SHOWN = 0.01  # of sensitivities and, in SD, of effects of a range
PARAMETER_FILES = STUDIES.parents[1] / "parameters"


@dataclass(frozen=True)
class Parameter:
    """A parameter with its range, in its base unit, and where it stands."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    source: str
    place: str

    @property
    def steps(self) -> tuple[float, float]:
        """The values below and above at which outcomes are taken."""
        breadth = self.high - self.low
        step = STEP * (min(abs(self.value), breadth) if self.value else breadth)
        return max(self.low, self.value - step), min(self.high, self.value + step)

    def text(self, value: float) -> str:
        return f"{value!r}" if self.unit == "1" else f"{value!r} {self.unit}"


@dataclass(frozen=True)
class Outcome:
    """A number that the model reports. `spread` is one width of its error, nothing where none was measured."""

    subject: str
    use: str
    quantity: str
    unit: str
    value: float
    spread: float | None


@dataclass(frozen=True)
class Sensitivity:
    """One outcome against one parameter. `normalised` is nothing where the outcome or the parameter is zero."""

    outcome: Outcome
    parameter: Parameter
    slope: float
    normalised: float | None
    range_effect: float | None


@dataclass(frozen=True)
class Sensitivities:
    """Every outcome against every parameter that it can see."""

    outcomes: list[Outcome]
    parameters: list[Parameter]
    entries: list[Sensitivity]
    seconds: float

    def of(self, outcome: Outcome) -> list[Sensitivity]:
        """What an outcome depends on, without what hardly matters; first what moves it most over its range."""
        found = [entry for entry in self.entries if entry.outcome is outcome and is_notable(entry)]
        return sorted(found, key=lambda entry: -abs(entry.slope) * (entry.parameter.high - entry.parameter.low))

    def strongest_hold(self, parameter: Parameter) -> float | None:
        """The largest effect of its range on a row that calibrates, in SD; nothing if no such row sees it."""
        effects = [
            abs(entry.range_effect)
            for entry in self.entries
            if entry.parameter is parameter and entry.outcome.use == "calibrate" and entry.range_effect is not None
        ]
        return max(effects, default=None)

    @property
    def unconstrained(self) -> list[Parameter]:
        """Parameters that no row of a calibrating study holds."""
        return [p for p in self.parameters if (self.strongest_hold(p) or 0.0) <= UNCONSTRAINED_BELOW]

    def as_json(self) -> dict[str, Any]:
        """Plain data: the step, the outcomes, their sensitivities and what is unconstrained."""
        return {
            "relative_step": STEP,
            "outcomes": [
                {
                    "id": outcome.subject,
                    "use": outcome.use,
                    "quantity": outcome.quantity,
                    "unit": outcome.unit,
                    "model": finite(outcome.value),
                    "spread": outcome.spread,
                    "depends_on": [
                        {
                            "parameter": entry.parameter.name,
                            "sensitivity": entry.normalised,
                            "range_effect_sd": entry.range_effect,
                        }
                        for entry in self.of(outcome)
                    ],
                }
                for outcome in self.outcomes
            ],
            "unconstrained": [
                {
                    "parameter": parameter.name,
                    "largest_effect_sd": self.strongest_hold(parameter),
                    "source": parameter.source,
                    "place": parameter.place,
                }
                for parameter in self.unconstrained
            ],
            "seconds": self.seconds,
        }


def is_notable(entry: Sensitivity) -> bool:
    return max(abs(entry.normalised or 0.0), abs(entry.range_effect or 0.0)) >= SMALLEST_SHOWN


@dataclass(frozen=True)
class Subject:
    """A study or a protocol: what it reports, and which parameters its scenarios see."""

    id: str
    use: str
    report: Callable[[], list[Outcome]]
    seen: set[str] = field(default_factory=set)

    def explore(self, base: Base) -> bool:
        """Find out what its runs need. Whether it reports a number."""
        exploration = Exploration(base, TOLERANCE)
        with exploration():
            numbers = self.report()
        self.seen.update(exploration.seen)
        return bool(numbers)

    def numbers(self, trial: Trial) -> list[Outcome] | None:
        """What it reports in a trial; nothing if a run cannot be completed."""
        try:
            with trial():
                return self.report()
        except LimbflowError:
            return None


def study_subject(study: Study) -> Subject:
    """The numeric rows of a study."""

    def report() -> list[Outcome]:
        rows = [row for row in evaluate(study).rows if row.error is not None]
        return [
            Outcome(study.id, study.use, row.quantity, row.unit, float(row.model or 0.0), row.width) for row in rows
        ]

    return Subject(study.id, study.use, report)


def protocol_subject(name: str) -> Subject:
    """The headlines of a shipped protocol."""

    def report() -> list[Outcome]:
        return [Outcome(name, "protocol", quantity, unit, value, None) for quantity, unit, value in HEADLINES[name]()]

    return Subject(name, "protocol", report)


def subjects_of(studies: str | Iterable[str]) -> list[Subject]:
    """The studies that are meant, and the protocols where no study is named. Raises `InputError`."""
    shipped = {study.id: study for study in all_studies()}
    if studies in ("calibrate", "all"):
        meant = [study for study in shipped.values() if studies in ("all", study.use)]
        return [*map(study_subject, meant), *map(protocol_subject, HEADLINES)]
    ids = [studies] if isinstance(studies, str) else list(studies)
    for name in ids:
        if name not in shipped:
            raise unknown_name("study", name, list(shipped))
    return [study_subject(shipped[name]) for name in ids]


def chosen_parameters(names: Iterable[str] | None) -> list[Parameter]:
    """Parameters by name, all of them for None. Raises `InputError`."""
    entries = {entry["name"]: entry for entry in _engine.parameters()}
    wanted = list(entries) if names is None else list(names)
    places = parameter_places()
    for name in wanted:
        if name not in entries:
            raise unknown_name("parameter", name, list(entries))
    fields = ("value", "low", "high", "unit", "source")
    return [
        Parameter(name, **{key: entries[name][key] for key in fields}, place=places.get(name, "")) for name in wanted
    ]


def parameter_places() -> dict[str, str]:
    """File and line of each parameter's table."""
    return {
        line.strip()[1:-1]: f"{path.name}:{number}"
        for path in sorted(PARAMETER_FILES.glob("*.toml"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if line.startswith("[") and line.rstrip().endswith("]")
    }


def sensitivity(
    studies: str | Iterable[str] = "calibrate",
    *,
    parameters: Iterable[str] | None = None,
    threads: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Sensitivities:
    """Which parameters the reported outcomes depend on, by central differences through the engine.

    `studies`: `"calibrate"` for the numeric rows of the studies that parameters were chosen by, and the main numbers of
    some shipped protocols; `"all"` for those of all studies too, which takes several times longer; or ids of studies.
    `parameters`: names, all if None. `threads` 0 takes all processors. `progress` is called with the fraction done.
    Raises `InputError` for a name that is not there, `ComputationError` if the model as shipped cannot be run.
    """
    started = time.monotonic()
    wanted = chosen_parameters(parameters)
    base = Base()
    subjects = [subject for subject in subjects_of(studies) if subject.explore(base)]
    undisturbed = []
    for subject in subjects:
        with Trial(base, TOLERANCE)():
            undisturbed.append(subject.report())
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        futures = {
            (parameter.name, side): pool.submit(reports, subjects, base, parameter, parameter.steps[side])
            for parameter in wanted
            for side in (0, 1)
        }
        try:
            for done, future in enumerate(as_completed(futures.values()), start=1):
                future.result()
                if progress is not None:
                    progress(done / len(futures))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    entries = []
    for place, outcomes in enumerate(undisturbed):
        for parameter in wanted:
            low, high = (futures[parameter.name, side].result()[place] for side in (0, 1))
            if low and high and len(low) == len(high) == len(outcomes):
                entries += [difference(*four) for four in zip(outcomes, repeat(parameter), low, high, strict=False)]
    return Sensitivities(list(chain(*undisturbed)), wanted, entries, time.monotonic() - started)


def reports(subjects: list[Subject], base: Base, parameter: Parameter, value: float) -> list[list[Outcome] | None]:
    """What each subject reports with a parameter at a value; nothing of those that cannot see it."""
    trial = Trial(base, TOLERANCE, parameter.name, parameter.text(value))
    return [subject.numbers(trial) if parameter.name in subject.seen else None for subject in subjects]


def difference(outcome: Outcome, parameter: Parameter, low: Outcome, high: Outcome) -> Sensitivity:
    """The slope between an outcome one step below and one above the parameter's value."""
    below, above = parameter.steps
    slope = (high.value - low.value) / (above - below)
    normalised = slope * parameter.value / outcome.value if outcome.value and parameter.value else None
    effect = slope * (parameter.high - parameter.low) / outcome.spread if outcome.spread else None
    return Sensitivity(outcome, parameter, slope, normalised, effect)
