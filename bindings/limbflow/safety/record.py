"""What a session was: the traces of its run, its plan, answers and measurements, read by name of a quantity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _engine
from .plan import Plan
from .quantities import quantities

if TYPE_CHECKING:
    import xarray

    from ..scenario import Scenario
    from .screening import Screening


@dataclass(frozen=True)
class Readings:
    """Values of one quantity in its unit, NaN where it has no meaning.

    `times` (s) say when; there are none for a value that holds for the whole session. `sampled`: the times are those of
    the run's samples.
    """

    values: np.ndarray
    times: np.ndarray | None = None
    sampled: bool = False

    @classmethod
    def single(cls, value: Any) -> Readings:
        """One value for the whole session: a number, a word, true or false."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return cls(np.array([value], dtype=float if number else object))

    @property
    def applicable(self) -> np.ndarray:
        """Where there is a value."""
        return ~np.isnan(self.values) if self.values.dtype.kind == "f" else np.ones(self.values.shape, dtype=bool)


Derivation = Callable[["Record"], Readings | None]
DERIVATIONS: dict[str, Derivation] = {}


def derives(name: str) -> Callable[[Derivation], Derivation]:
    """The function gives the readings of the derived quantity `name`, or nothing where there are none."""

    def register(function: Derivation) -> Derivation:
        DERIVATIONS[name] = function
        return function

    return register


class Record:
    """One session. `readings` gives any quantity of scenarios/limits/quantities.toml by name.

    `run` is the dataset that `Scenario.run` returns; `screening` holds answers and measurements. What was measured
    stands in the place of what the model gives.
    """

    def __init__(self, run: xarray.Dataset, screening: Screening | None = None):
        self.run = run
        self.plan = Plan.of(run.attrs["scenario"])
        self.answers: Mapping[str, Any] = screening.answers if screening else {}
        self.observed: Mapping[str, Readings] = screening.observed if screening else {}
        self.screened = screening is not None
        self.time = np.asarray(run["time"].values, dtype=float)
        self._readings: dict[str, Readings | None] = {}

    def readings(self, name: str) -> Readings | None:
        """The readings of a quantity; nothing where it was not answered or does not exist in this session."""
        if name not in self._readings:
            self._readings[name] = self._read(name)
        return self._readings[name]

    def _read(self, name: str) -> Readings | None:
        if name in self.observed:
            return self.observed[name]
        if name in self.answers:
            return Readings.single(self.answers[name])
        if name in DERIVATIONS:
            return DERIVATIONS[name](self)
        quantity = quantities()[name]
        if quantity.origin == "signal" and name in self.run:
            unit = self.run[name].attrs.get("units", "1")
            values = np.asarray(self.run[name].values, dtype=float)
            if unit != quantity.unit:
                values = values * _engine.convert(1.0, unit, quantity.unit)
            return Readings(values, self.time, sampled=True)
        return None

    def signal(self, name: str) -> np.ndarray:
        """A signal of the run as it is."""
        return np.asarray(self.run[name].values, dtype=float)

    def over_time(self, values: np.ndarray, where: np.ndarray | None = None) -> Readings:
        """Readings at the samples of the run, NaN outside `where`."""
        if where is not None and values.dtype.kind == "f":
            values = np.where(where, values, np.nan)
        return Readings(values, self.time, sampled=True)

    @cached_property
    def before(self) -> np.ndarray:
        """The samples before the cuff goes on and before the first set, at least the first."""
        begun = (self.signal("cuff_pressure_set") > 0) | (self.set_number > 0)
        first = int(np.argmax(begun)) if begun.any() else self.time.size
        return np.arange(self.time.size) < max(first, 1)

    @cached_property
    def segment(self) -> np.ndarray:
        """The part of the protocol that each sample lies in."""
        begins = self.run["segment_begin"].values
        return np.clip(np.searchsorted(begins, self.time, side="right") - 1, 0, begins.size - 1)

    @cached_property
    def set_number(self) -> np.ndarray:
        """The set that each sample lies in, 0 for none."""
        return self.run["segment_set"].values[self.segment]

    @cached_property
    def relaxed(self) -> np.ndarray:
        """The samples at which the muscle does not contract."""
        ends = ("concentric", "eccentric", "hold")
        working = np.array([str(label).endswith(ends) for label in self.run["segment_label"].values])
        return ~working[self.segment]

    @cached_property
    def cuff_on(self) -> np.ndarray:
        """The samples at which the cuff is asked to hold pressure."""
        return self.signal("cuff_pressure_set") > 0

    @cached_property
    def cuff_settled(self) -> np.ndarray:
        """Those of them at which the pressure asked for is that of the sample before or after.

        A signal is a mean over the beat around its sample; where the cuff goes on or off, it is something between.
        """
        pressure = self.signal("cuff_pressure_set")
        same = np.abs(np.diff(pressure)) <= 0.01 * np.maximum(pressure[1:], pressure[:-1])
        return self.cuff_on & (np.append(same, False) | np.insert(same, 0, False))

    @cached_property
    def cuff_spells(self) -> list[tuple[float, float]]:
        """Begin and length (s) of each time under the cuff.

        It begins and ends where the pressure asked for passes half of what it is within a second of that, at the border
        of a part of the protocol where there is one. All together take no longer than the engine's `cuff_on_time`.
        """
        pressure, step = self.signal("cuff_pressure_set"), float(np.diff(self.time[:2])[0])
        reach = max(int(np.ceil(1.0 / step)), 1)
        padded = np.pad(pressure, reach)
        half = 0.5 * np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=-1)
        on = self.cuff_on & (pressure >= half)
        borders = np.append(self.run["segment_begin"].values, self.run["segment_end"].values[-1:])

        def passing(index: int, level: float) -> float:
            """When the pressure passes `level` between the samples `index` - 1 and `index`."""
            before, after = pressure[index - 1], pressure[index]
            time = float(self.time[index - 1] + (level - before) / (after - before) * step)
            nearest = float(borders[np.argmin(np.abs(borders - time))])
            return nearest if abs(nearest - time) <= step else time

        edges = np.flatnonzero(np.diff(np.concatenate(([False], on, [False])).astype(np.int8)))
        found = []
        for first, past in zip(edges[::2], edges[1::2], strict=True):
            begin = passing(first, half[first]) if first > 0 else float(self.time[0])
            end = passing(past, half[past - 1]) if past < self.time.size else float(self.time[-1])
            found.append((begin, end - begin))
        total = sum(length for _, length in found)
        share = min(1.0, float(self.run["cuff_on_time"]) / total) if total > 0 else 1.0
        return [(begin, share * length) for begin, length in found]


# A repetition takes a second or more, and what it does to pressures less.
FINEST_SAMPLES = 0.25


def finely_sampled(scenario: Scenario) -> Scenario:
    """The scenario with samples close enough to see every contraction; as it is where nothing contracts."""
    plan = Plan.of(scenario.text)
    if not plan.exercises or plan.sample_interval <= FINEST_SAMPLES:
        return scenario
    return scenario.with_(sample_interval=f"{FINEST_SAMPLES} s")


def spells(flags: np.ndarray, times: np.ndarray) -> list[tuple[float, float]]:
    """Begin and end of each stretch of time for which the flags hold: first sample to the one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], np.asarray(flags, dtype=bool), [False])).astype(np.int8)))
    return [
        (float(times[begin]), float(times[min(end, times.size - 1)]))
        for begin, end in zip(edges[::2], edges[1::2], strict=True)
    ]
