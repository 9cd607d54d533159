"""Small measurements on runs, as an experimenter would take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray

    from ..scenario import Scenario


def weighted_mean(people: Mapping[str, int], value_of: Callable[[str], float]) -> float:
    """The mean over a group: how many of which person, and a value of each."""
    return sum(count * value_of(person) for person, count in people.items()) / sum(people.values())


def begin_of(run: xarray.Dataset, label: str) -> float:
    """When a part of the protocol begins, s."""
    return float(run.segment_begin[list(run.segment_label.values).index(label)])


def end_of_sets(run: xarray.Dataset) -> float:
    """When the last set ends, s."""
    in_set = [str(label).startswith("set ") for label in run.segment_label.values]
    return float(run.segment_end.values[in_set][-1])


def at(run: xarray.Dataset, signal: str, time: float) -> float:
    """A signal at a time of the run, s."""
    return float(np.interp(time, run.time.values, run[signal].values))


def part(run: xarray.Dataset, signal: str, begin: float, end: float) -> tuple[np.ndarray, np.ndarray]:
    """Time from `begin` (s) and the signal, between two times of the run."""
    time = run.time.values
    inside = (time >= begin) & (time <= end)
    return time[inside] - begin, run[signal].values[inside]


def slope(time: np.ndarray, values: np.ndarray) -> float:
    """Slope of the line through values, per unit of time."""
    return float(np.polyfit(time, values, 1)[0])


def exponential_time(time: np.ndarray, values: np.ndarray) -> float:
    """Time constant of the exponential with free start and end that fits best (least squares)."""

    def residual(tau: float) -> float:
        shape = np.column_stack([np.ones_like(time), np.exp(-time / tau)])
        coefficients = np.linalg.lstsq(shape, values, rcond=None)[0]
        return float(np.sum((shape @ coefficients - values) ** 2))

    low, high = 0.1, 2000.0
    for _ in range(4):
        grid = np.geomspace(low, high, 60)
        best = int(np.argmin([residual(tau) for tau in grid]))
        low, high = grid[max(0, best - 1)], grid[min(len(grid) - 1, best + 1)]
    return float(np.sqrt(low * high))


def half_time(time: np.ndarray, values: np.ndarray, rest: float) -> float:
    """Time from the peak until half of what is above rest is gone, s; not a number if that never comes."""
    peak = int(np.argmax(values))
    half = rest + 0.5 * (values[peak] - rest)
    below = np.flatnonzero(values[peak:] <= half)
    return float(time[peak + below[0]] - time[peak]) if below.size else float("nan")


def excess(time: np.ndarray, values: np.ndarray, rest: float) -> float:
    """What flowed beyond rest, in the unit of the values times s."""
    above = values - rest
    return float(np.sum(0.5 * (above[1:] + above[:-1]) * np.diff(time)))


def tissue_volume(scenario: Scenario, limb: str) -> float:
    """Tissue below the cuff, mL."""
    return scenario_number(scenario, f"person.{limb}", "distal_volume")


def scenario_number(scenario: Scenario, table: str, key: str) -> float:
    """A number of the scenario's own text, in the unit in which it stands there."""
    from .studies import tomllib

    value = tomllib.loads(scenario.text)
    for name in table.split("."):
        value = value[name]
    return float(value[key].split()[0])
