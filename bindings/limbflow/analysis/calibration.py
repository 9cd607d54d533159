"""The model fitted to what was measured on one person, by SciPy's least squares, with warnings where the measurements
do not say enough.

Unknowns move within their ranges, scaled to [0, 1]. Residuals are in standard deviations of the measurements; a
normal range adds a residual of its own, as a prior. The Jacobian is of central differences of runs whose own error is
far below the steps: STEP of a range to either side. The covariance is that of the linearised problem, widened where
the misfit is larger than the stated deviations explain.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _engine
from ..exceptions import ComputationError, InputError
from ..results import named_signals, unknown_name
from ..samples import normal_of, number_and_unit, parameter_range, quantile_of, with_unit_of
from ..scenario import Scenario, as_scenario

if TYPE_CHECKING:
    import xarray

STEP = 0.005
TOLERANCE = 1e-5  # of the runs; their own error is a hundredth of it and less
MOST_ITERATIONS = 30
# Of a uniform distribution over the range: an unknown that stays as uncertain was not measured.
UNIFORM_SD = 1.0 / np.sqrt(12.0)
ALIKE = 0.95
SAME = 0.999
CONDITION = 100.0
NEAR_END = 0.01
PRIOR_SDS = 4.0
REPETITIONS = "repetitions_set_"


@dataclass(frozen=True)
class Trace:
    """A measured course: `value` in the unit of the signal at `time` (s from the start of the run), and its SD.

    Its points count as independent, so give them as far apart as the device needs to forget, some ten seconds. `offset`
    leaves the level open, as in near-infrared devices that read changes: only the shape is fitted.
    """

    time: Sequence[float]
    value: Sequence[float]
    sd: float
    offset: bool = False

    def __post_init__(self):
        time, value = np.asarray(self.time, dtype=float), np.asarray(self.value, dtype=float)
        if time.ndim != 1 or time.shape != value.shape or time.size == 0 or not np.isfinite([*time, *value]).all():
            raise InputError("error: a trace needs as many finite values as times, and some")
        if not self.sd > 0:
            raise InputError(f"error: the SD of a trace is above zero, not {self.sd!r}")


@dataclass(frozen=True)
class Unknown:
    """What is fitted: its key, its range in `unit`, where it starts, and its prior if there is one."""

    key: str
    low: float
    high: float
    unit: str
    start: float
    prior: tuple[float, float] | None = None

    def text(self, share: float) -> str:
        return f"{self.value(share)!r} {self.unit}".rstrip()

    def value(self, share: float) -> float:
        return float(min(self.high, max(self.low, self.low + share * (self.high - self.low))))


@dataclass(frozen=True)
class Calibration:
    """What `calibrate` found.

    `scenario` has the fitted values in it. `unknowns` is a dataset over `unknown`: `value`, `standard_error`,
    `start`, `low`, `high` (units in `unit`), and `correlation` over `unknown` and `other`. `measurements` is one over
    `measurement`: `measured`, `sd`, `before`, `after`. `misfit` is the mean squared residual per degree of freedom,
    near one where the model explains the measurements to within their SD. `warnings` says what the measurements do
    not tell.
    """

    scenario: Scenario
    unknowns: xarray.Dataset
    measurements: xarray.Dataset
    misfit: float
    condition: float
    iterations: int
    warnings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        table = self.unknowns
        lines = [f"{self.scenario.title}: fitted to {self.measurements.sizes['measurement']} measurements"]
        for name in table["unknown"].values:
            row = table.sel(unknown=name)
            unit = str(row.unit.values)
            lines.append(
                f"  {name}: {float(row.value):.4g} ± {float(row.standard_error):.2g} {unit}".rstrip()
                + f" (began at {float(row.start):.4g}, range {float(row.low):.4g} to {float(row.high):.4g})"
            )
        lines.append(f"  misfit {self.misfit:.2g}, condition {self.condition:.3g}, {self.iterations} evaluations")
        lines += [f"  warning: {warning}" for warning in self.warnings]
        return "\n".join(lines)

    def plot(self, axes: np.ndarray | None = None) -> np.ndarray:
        """Measurements with the model before and after: one panel for single numbers, one for each trace.

        Returns the array of axes.
        """
        from .fit_plots import fit

        return fit(self, axes)


def calibrate(
    scenario: Scenario | str | os.PathLike,
    unknowns: Mapping[str, str],
    measured: Mapping[str, str | Trace],
    *,
    threads: int = 0,
) -> Calibration:
    """Fit a scenario to what was measured on one person.

    `unknowns`: by key (as in `Scenario.with_`), the range in which it may lie: "100..160 mmHg", "range" for a
    parameter of the model, or "120 +- 8 mmHg" for what is roughly known: a normal prior. `measured`: by name, a
    number with its SD ("165 +- 8 mmHg"), or a `Trace` of a signal. Numbers are the summaries of a sweep (`aop`,
    `mvc_change`, `muscle_lactate_maximum`, `time_to_failure`, ...) or `repetitions_set_1`: repetitions of a set to
    failure, with the share of the last one, so that they change smoothly.

        limbflow.analysis.calibrate(
            limbflow.load("failure_sets"),
            {"systolic_pressure": "100..160 mmHg", "oxidative_maximum_1": "range"},
            {"aop": "182 +- 8 mmHg", "repetitions_set_1": "31 +- 2"},
        )

    Returns a `Calibration`; its `warnings` name unknowns that the measurements do not tell or not tell apart. Raises
    `InputError` for what cannot be understood and `ComputationError` when a run fails. `threads` 0 takes all
    processors.
    """
    from scipy.optimize import least_squares

    base = as_scenario(scenario)
    if not unknowns or not measured:
        raise InputError("error: a calibration needs unknowns and measurements")
    free = [unknown_of(base, key, text) for key, text in unknowns.items()]
    targets = [target_of(name, value) for name, value in measured.items()]
    workers = threads or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        problem = Problem(base, free, targets, pool)
        start = np.clip([(each.start - each.low) / (each.high - each.low) for each in free], 1e-6, 1 - 1e-6)
        stops = {"xtol": 1e-6, "ftol": 1e-8, "max_nfev": MOST_ITERATIONS}
        found = least_squares(problem.residuals, start, problem.jacobian, bounds=(0.0, 1.0), **stops)
        slopes = problem.jacobian(found.x)
        fitted = base.with_(**problem.settings(found.x))
        before, after = problem.model(start), problem.model(found.x)
    return conclusion(problem, fitted, found, slopes, before, after)


class Problem:
    """Residuals and their slopes, of shares of the ranges."""

    def __init__(self, base: Scenario, free: list[Unknown], targets: list[Target], pool: ThreadPoolExecutor):
        self.base, self.free, self.targets, self.pool = base, free, targets, pool
        self.rough = base.with_(tolerance=TOLERANCE)
        self.at_rest = all(target.name == "aop" for target in targets)
        self.signals = sorted({signal for target in targets for signal in target.signals})
        self.known: dict[bytes, list[np.ndarray]] = {}

    def settings(self, shares: np.ndarray) -> dict[str, str]:
        return {u.key: u.text(share) for u, share in zip(self.free, shares, strict=True)}

    def model(self, shares: np.ndarray) -> list[np.ndarray]:
        """What the model gives for each target. Raises `ComputationError`."""
        key = np.asarray(shares, dtype=float).tobytes()
        if key not in self.known:
            scenario = self.rough.with_(**self.settings(shares))
            if self.at_rest:  # needs no session
                self.known[key] = [np.array([scenario.aop().cuff_pressure]) for _ in self.targets]
            else:
                dataset = scenario.run(signals=self.signals, progress=False)
                self.known[key] = [target.of(dataset) for target in self.targets]
        return self.known[key]

    def residuals(self, shares: np.ndarray) -> np.ndarray:
        parts = [target.residual(value) for target, value in zip(self.targets, self.model(shares), strict=True)]
        priors = [
            (u.value(share) - u.prior[0]) / u.prior[1] for u, share in zip(self.free, shares, strict=True) if u.prior
        ]
        whole = np.concatenate([*parts, priors])
        if not np.isfinite(whole).all():
            names = [t.name for t, part in zip(self.targets, parts, strict=True) if not np.isfinite(part).all()]
            raise ComputationError(f"the model gives no value for {', '.join(names)} at {self.words(shares)}")
        return whole

    def jacobian(self, shares: np.ndarray) -> np.ndarray:
        """Central differences; at the end of a range the side that is there."""
        ends = []
        for index in range(len(self.free)):
            for step in (-STEP, STEP):
                moved = np.array(shares)
                moved[index] = min(1.0, max(0.0, moved[index] + step))
                ends.append(moved)
        values = list(self.pool.map(self.residuals, ends))
        columns = [
            (values[2 * i + 1] - values[2 * i]) / (ends[2 * i + 1][i] - ends[2 * i][i]) for i in range(len(self.free))
        ]
        return np.stack(columns, axis=1)

    def words(self, shares: np.ndarray) -> str:
        return ", ".join(f"{key} = {text}" for key, text in self.settings(shares).items())


@dataclass(frozen=True)
class Target:
    """One thing that was measured; `of` takes what the model gives for it from a run."""

    name: str
    measured: np.ndarray
    sd: float
    unit: str = ""
    trace: Trace | None = None

    @property
    def signals(self) -> list[str]:
        if self.trace is not None:
            return [self.name]
        return [signal.name for signal in _engine.signals() if self.name.startswith(signal.name + "_")]

    def of(self, dataset: xarray.Dataset) -> np.ndarray:
        if self.trace is not None:
            course = np.interp(self.trace.time, dataset["time"].values, dataset[self.name].values, right=np.nan)
            return course + np.mean(self.measured - course) if self.trace.offset else course
        if self.name.startswith(REPETITIONS):
            return np.array([repetitions(dataset, int(self.name.removeprefix(REPETITIONS)))])
        return np.array([number_of(dataset, self.name)])

    def residual(self, model: np.ndarray) -> np.ndarray:
        return (model - self.measured) / self.sd


def target_of(name: str, value: str | Trace) -> Target:
    """Reads one measurement. Raises `InputError`."""
    if isinstance(value, Trace):
        (signal,) = named_signals(name)
        return Target(signal, np.asarray(value.value, dtype=float), float(value.sd), trace=value)
    if not isinstance(value, str) or (given := normal_of(name, value)) is None:
        raise InputError(f'error: {name}: {value!r}: write a measurement with its SD, "165 +- 8 mmHg", or a Trace')
    mean, sd, unit = given
    if name.startswith(REPETITIONS) and not name.removeprefix(REPETITIONS).isdigit():
        raise InputError(f"error: {name}: {REPETITIONS}1 is that of the first set")
    return Target(name, np.array([mean]), sd, unit)


def number_of(dataset: xarray.Dataset, name: str) -> float:
    """A summary of a run by its name in a sweep: of the whole session, or with its part after it."""
    if name in dataset and "time" not in dataset[name].dims:
        array = dataset[name]
        return float(array.sel(scope="session") if "scope" in array.dims else array)
    for scope in dataset["scope"].values:
        base = name.removesuffix(f"_{scope}")
        if base != name and base in dataset and "scope" in dataset[base].dims:
            return float(dataset[base].sel(scope=scope))
    summaries = [str(n) for n, array in dataset.data_vars.items() if array.dims in ((), ("scope",))]
    raise unknown_name("measurement", name, summaries)


def repetitions(dataset: xarray.Dataset, number: int) -> float:
    """Repetitions of a set, the last one in part: its time over that of one. Raises `InputError` without such a set."""
    own = np.flatnonzero(dataset["segment_set"].values == number)
    if not own.size:
        raise InputError(f"error: {REPETITIONS}{number}: the session has no such set")
    begin, end = dataset["segment_begin"].values[own], dataset["segment_end"].values[own]
    labels = dataset["segment_label"].values[own]
    again = np.flatnonzero(labels == labels[0])
    one = begin[again[1]] - begin[again[0]] if again.size > 1 else end[-1] - begin[0]
    return float((end[-1] - begin[0]) / one)


def unknown_of(scenario: Scenario, key: str, text: str) -> Unknown:
    """Reads one unknown; it starts where the scenario is, or at the middle of its range. Raises `InputError`."""
    if not isinstance(text, str):
        raise InputError(f'error: {key}: {text!r}: write a range, "100..160 mmHg", "range" or "120 +- 8 mmHg"')
    prior = None
    if (given := normal_of(key, text)) is not None:
        mean, sd, unit = given
        low, high, prior = mean - PRIOR_SDS * sd, mean + PRIOR_SDS * sd, (mean, sd)
        if is_parameter(scenario, key):
            lowest, highest, own = parameter_range(scenario, key)
            ends = [number_and_unit(key, text, f"{end!r} {own}".rstrip(), unit or None)[0] for end in (lowest, highest)]
            low, high = max(low, ends[0]), min(high, ends[1])
    elif text.strip() == "range":
        low, high, unit = parameter_range(scenario, key)
    else:
        quantile, unit = quantile_of(scenario, key, text)
        low, high = (float(each) for each in quantile(np.array([0.0, 1.0])))
    for end in (low, high):
        _engine.with_changes(scenario._native, {key: f"{end!r} {unit}".rstrip()})
    present = present_value(scenario, key, unit)
    start = 0.5 * (low + high) if present is None else min(high, max(low, present))
    return Unknown(key, low, high, unit, start, prior)


def is_parameter(scenario: Scenario, key: str) -> bool:
    return _engine.canonical_key(scenario._native, key).startswith("parameters.")


def present_value(scenario: Scenario, key: str, unit: str) -> float | None:
    """What the scenario has for a key now, in `unit`; nothing where it has no number of its own for it."""
    dotted = _engine.canonical_key(scenario._native, key)
    node: Any = _engine.parse_toml(scenario.text, scenario.title)[0]
    for part in dotted.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    if node is None:
        name = dotted.removeprefix("parameters.")
        return next((row["value"] for row in _engine.parameters() if row["name"] == name), None)
    try:
        return number_and_unit(key, str(node), with_unit_of(str(node), f"1 {unit}".rstrip()), unit or None)[0]
    except InputError:
        return None


def conclusion(
    problem: Problem,
    fitted: Scenario,
    found: Any,
    slopes: np.ndarray,
    before: list[np.ndarray],
    after: list[np.ndarray],
) -> Calibration:
    """Standard errors, correlations and warnings at the end of the fit."""
    import xarray

    free = problem.free
    breadth = np.array([u.high - u.low for u in free])
    rows, unknowns = slopes.shape
    freedom = rows - unknowns
    misfit = float(np.sum(found.fun**2) / freedom) if freedom > 0 else float("nan")
    singular = np.linalg.svd(slopes, compute_uv=False)
    smallest = float(singular[-1]) if rows >= unknowns else 0.0
    condition = float(singular[0] / smallest) if smallest > 1e-12 * singular[0] else float("inf")
    covariance = np.linalg.pinv(slopes.T @ slopes, rcond=1e-20) if np.isfinite(condition) else None
    if covariance is None:
        errors = np.full(unknowns, np.inf)
        correlation = np.full((unknowns, unknowns), np.nan)
    else:
        covariance = covariance * max(1.0, misfit if freedom > 0 else 1.0)
        errors = np.sqrt(np.diag(covariance))
        correlation = covariance / np.outer(errors, errors)
    names = [u.key for u in free]
    about = {"long_name": "value, in unit"}
    table = xarray.Dataset(
        {
            "value": ("unknown", [u.value(share) for u, share in zip(free, found.x, strict=True)], about),
            "standard_error": ("unknown", errors * breadth, {"long_name": "standard error, in unit"}),
            "start": ("unknown", [u.start for u in free], {"long_name": "where it began, in unit"}),
            "low": ("unknown", [u.low for u in free], {"long_name": "lower end of its range, in unit"}),
            "high": ("unknown", [u.high for u in free], {"long_name": "upper end of its range, in unit"}),
            "unit": ("unknown", [u.unit for u in free], {"long_name": "unit"}),
            "correlation": (("unknown", "other"), correlation, {"long_name": "correlation of the errors"}),
        },
        coords={"unknown": names, "other": names},
    )
    warnings = warnings_of(problem, found.x, slopes, errors, correlation, condition)
    if not found.success:
        warnings.append(f"the fit stopped after {found.nfev} evaluations before it settled")
    return Calibration(
        fitted, table, measurement_table(problem.targets, before, after), misfit, condition, int(found.nfev), warnings
    )


def warnings_of(
    problem: Problem,
    shares: np.ndarray,
    slopes: np.ndarray,
    errors: np.ndarray,
    correlation: np.ndarray,
    condition: float,
) -> list[str]:
    """What the measurements do not tell, in words."""
    names = [u.key for u in problem.free]
    rows, unknowns = slopes.shape
    found = []
    if rows < unknowns:
        found.append(f"{unknowns} unknowns from {rows} measurements: measure more, or fix some")
    for name, column in zip(names, slopes.T, strict=True):
        if np.linalg.norm(column) < 1e-6:
            found.append(f"no measurement depends on {name}")
    for name, error in zip(names, errors, strict=True):
        if np.isfinite(error) and error > UNIFORM_SD:
            found.append(f"{name} is hardly determined: its standard error is {100 * error:.0f} % of its range")
    length = np.linalg.norm(slopes, axis=0)
    for i in range(unknowns):
        for j in range(i):
            alike = abs(slopes[:, i] @ slopes[:, j]) > SAME * length[i] * length[j] > 0
            if np.isnan(correlation[i, j]) and alike:
                found.append(f"{names[j]} and {names[i]} cannot be told apart: they move the measurements alike")
            elif abs(correlation[i, j]) > ALIKE:
                found.append(f"{names[j]} and {names[i]} cannot be told apart (correlation {correlation[i, j]:+.2f})")
    if condition > CONDITION:
        number = "without bound" if np.isinf(condition) else f"{condition:.0f}"
        found.append(f"some combination of the unknowns is poorly determined (condition {number})")
    for unknown, share in zip(problem.free, shares, strict=True):
        if not NEAR_END < share < 1 - NEAR_END:
            end = "lower" if share < 0.5 else "upper"
            found.append(f"{unknown.key} lies at the {end} end of its range: the best value may be beyond")
    return found


def measurement_table(targets: list[Target], before: list[np.ndarray], after: list[np.ndarray]) -> xarray.Dataset:
    """Every measured value with its SD and the model's before and after, over `measurement`."""
    import xarray

    repeats = [target.measured.size for target in targets]
    times = [target.trace.time if target.trace is not None else [np.nan] for target in targets]
    return xarray.Dataset(
        {
            "measured": ("measurement", np.concatenate([target.measured for target in targets])),
            "sd": ("measurement", np.repeat([target.sd for target in targets], repeats)),
            "before": ("measurement", np.concatenate(before)),
            "after": ("measurement", np.concatenate(after)),
        },
        coords={
            "name": ("measurement", np.repeat([target.name for target in targets], repeats)),
            "unit": ("measurement", np.repeat([unit_of(target) for target in targets], repeats)),
            "time": ("measurement", np.concatenate(times).astype(float), {"units": "s"}),
        },
    )


def unit_of(target: Target) -> str:
    """The unit of a measurement: of a trace its signal's."""
    if target.trace is None:
        return target.unit
    return next(signal.unit for signal in _engine.signals() if signal.name == target.name)
