"""Over a sweep: where no stop and no warning breaks, and what metabolic stress is to be had there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _engine
from ..axes import axes_of
from ..exceptions import InputError
from ..progress import watched
from ..results import unknown_name
from ..scenario import Scenario, as_scenario
from ..sweeps import is_sweep, plan_of
from .checking import chosen_limits
from .ensemble import Member, Stopped, judge_all
from .judging import BROKEN
from .limits import Limit
from .screening import Screening, load_screening
from .stimulus import SIGNALS, metabolic_stress

if TYPE_CHECKING:
    import xarray

# Decimals within which margins and stresses count as the same.
ROUNDING = 9
STRESS = "metabolic_stress_per_minute"
NUMBERS = {
    "metabolic_stress": ("mM min", "rise of diprotonated phosphate, summed over the session"),
    STRESS: ("mM", "metabolic stress per minute of the session"),
    "duration": ("min", "time from the first set or inflation to the last set or release"),
}


class Envelope:
    """What `envelope` found.

    `dataset` has the axes of the sweep as dims: `stops` and `warnings` (how many break), `inside` (whether none does),
    the metabolic stress and the session's duration, `margin` (over `limit` too: what is left to a stop or warning, as a
    share of the limit, negative where it is passed, NaN where it does not apply), and `message` (why a member has no
    result).
    """

    def __init__(self, dataset: xarray.Dataset, limits: Sequence[Limit]):
        self.dataset = dataset
        self.limits = {limit.id: limit for limit in limits}

    @property
    def inside(self) -> int:
        """How many protocols break no stop and no warning."""
        return int(self.dataset["inside"].sum())

    @property
    def axes(self) -> list[str]:
        return [str(dim) for dim in self.dataset["inside"].dims]

    @property
    def best(self) -> dict[str, Any] | None:
        """The protocol inside with the largest metabolic stress per minute: its points on the axes, stress and margins.

        Nothing if none is inside.
        """
        if self.inside == 0:
            return None
        stress = self.dataset[STRESS].where(self.dataset["inside"])
        place = dict(zip(self.axes, np.unravel_index(int(np.nanargmax(stress.values)), stress.shape), strict=True))
        member = self.dataset.isel(place)
        margins = member["margin"].dropna("limit")
        order = np.argsort(margins.values)
        return {
            "settings": {axis: member[axis].item() for axis in self.axes},
            STRESS: float(member[STRESS]),
            "margins": {str(margins["limit"].values[k]): float(margins.values[k]) for k in order},
        }

    def cuts(self) -> dict[str, tuple[int, int]]:
        """The limits that break anywhere: for how many protocols, and for how many no other one does."""
        broken = self.dataset["broken"].transpose("limit", ...).values.reshape(self.dataset.sizes["limit"], -1)
        alone = broken & (broken.sum(axis=0) == 1)
        found = {
            str(name): (int(broken[row].sum()), int(alone[row].sum()))
            for row, name in enumerate(self.dataset["limit"].values)
            if broken[row].any()
        }
        return dict(sorted(found.items(), key=lambda each: -each[1][0]))

    def front(self, limit: str) -> xarray.Dataset:
        """The Pareto front of stress per minute against the margin to one limit: no protocol has more of both.

        One dim, `protocol`, from the most stress to the largest margin; the points on the axes are coordinates.
        Protocols beyond the limit are part of it, with a negative margin. Raises `InputError` for a limit that is not
        in the sweep.
        """
        if limit not in self.dataset["limit"].values:
            raise unknown_name("limit", limit, [str(name) for name in self.dataset["limit"].values])
        flat = self.dataset[[STRESS, "margin", "inside"]].sel(limit=limit).stack(protocol=self.axes)
        flat = flat.reset_index("protocol").dropna("protocol", subset=[STRESS])
        flat = flat.isel(protocol=np.flatnonzero(np.isfinite(flat["margin"].values)))
        margins, stress = flat["margin"].values.round(ROUNDING), flat[STRESS].values.round(ROUNDING)
        kept: list[int] = []
        for index in np.lexsort((-margins, -stress)):
            if not kept or margins[index] > margins[kept[-1]]:
                kept.append(int(index))
        return flat.isel(protocol=kept)

    def as_json(self) -> dict[str, Any]:
        """Counts, the best protocol, what cuts the region, and the front of each limit that does, as plain values."""
        fronts = {}
        for name in self.cuts():
            front = self.front(name)
            fronts[name] = [
                {
                    "settings": {axis: front[axis].values[k].item() for axis in self.axes},
                    STRESS: float(front[STRESS].values[k]),
                    "margin": float(front["margin"].values[k]),
                }
                for k in range(front.sizes["protocol"])
            ]
        return {
            "axes": {axis: self.dataset[axis].attrs.get("units", "") for axis in self.axes},
            "protocols": int(self.dataset["inside"].size),
            "inside": self.inside,
            "failed": int((self.dataset["message"] != "").sum()),
            "best": self.best,
            "cut_by": {name: {"protocols": both[0], "alone": both[1]} for name, both in self.cuts().items()},
            "fronts": fronts,
        }

    def plot(self, axes: np.ndarray | None = None) -> np.ndarray:
        """The region on heat maps of stress, and fronts of stress against margins; returns the array of axes."""
        from .envelope_plots import envelope as draw

        return draw(self, axes)


def envelope(
    scenario: Scenario | str | os.PathLike,
    axes: Mapping[str, Any] | None = None,
    *,
    screening: Screening | str | os.PathLike | Mapping[str, Any] | None = None,
    limits: Sequence[Limit] | str | os.PathLike | None = None,
    threads: int = 0,
    progress: bool | Callable[[float], None] | None = None,
    **more_axes: Any,
) -> Envelope:
    """Judge the traces of a scenario for every combination of the points of some axes.

    Axes are as in `limbflow.sweep`; `scenario` may also be a sweep that holds its own. Notes do not count: the region
    is where no stop and no warning breaks. Raises `InputError` for what cannot be understood; a combination that is
    not possible or fails is outside, with its message. Ctrl-C raises `Stopped`, a KeyboardInterrupt with the envelope
    of what was finished in `found`.
    """
    points = {**(axes or {}), **more_axes}
    if isinstance(scenario, (str, os.PathLike)) and is_sweep(os.fspath(scenario)):
        base, made, _ = plan_of(os.fspath(scenario), points, {})
    else:
        base = as_scenario(scenario)
        made = axes_of(base, points)
    return over_axes(base, made, screening=screening, limits=limits, threads=threads, progress=progress)


def over_axes(
    base: Scenario,
    axes: list[_engine.Axis],
    *,
    screening: Screening | str | os.PathLike | Mapping[str, Any] | None = None,
    limits: Sequence[Limit] | str | os.PathLike | None = None,
    threads: int = 0,
    progress: bool | Callable[[float], None] | None = None,
) -> Envelope:
    """The envelope over axes that are made already; see `envelope`."""
    if not axes:
        raise InputError('error: an envelope needs an axis, for example cuff_pressure="20..100 %AOP / 9"')
    answers = None if screening is None else replace(load_screening(screening), observed={})
    table = without_notes(chosen_limits(limits))
    plan = _engine.SweepPlan(axes)
    scenarios, messages = [], {}
    for member in range(len(plan)):
        try:
            scenarios.append(base.with_(**dict(plan.settings(member))))
        except InputError as error:
            scenarios.append(None)
            messages[member] = str(error)

    def envelope_of(members: list[Member | None]) -> Envelope:
        done = [member or Member(error="not run: stopped before") for member in members]
        reasons = {index: member.error for index, member in enumerate(done) if member.error} | messages
        return Envelope(as_dataset(base, plan, table, done, reasons), table)

    with watched(progress, f"{base.title}, envelope", len(plan)) as report:
        try:
            members = judge_all(
                scenarios,
                table,
                screening=answers,
                measure=metabolic_stress,
                also=SIGNALS,
                threads=threads,
                progress=report,
            )
        except Stopped as stopped:
            stopped.found = envelope_of(stopped.members)
            raise
    return envelope_of(members)


def without_notes(limits: Iterable[Limit]) -> list[Limit]:
    """The limits that the model judges, with their stops and warnings alone."""
    kept = []
    for limit in limits:
        tiers = tuple(tier for tier in limit.tiers if tier.severity != "info")
        if tiers:
            kept.append(replace(limit, tiers=tiers))
    return kept


def as_dataset(
    base: Scenario, plan: _engine.SweepPlan, limits: list[Limit], members: list[Member], messages: Mapping[int, str]
) -> xarray.Dataset:
    import xarray

    shape, dims = tuple(plan.shape), [axis.name for axis in plan.axes]
    coordinates: dict[str, Any] = {"limit": ("limit", np.array([limit.id for limit in limits], dtype=object))}
    for axis in plan.axes:
        for coordinate in axis.coordinates:
            attributes = {"key": coordinate.key} | ({"units": coordinate.unit} if coordinate.unit else {})
            points = np.asarray(coordinate.points, dtype=object if isinstance(coordinate.points, list) else float)
            coordinates[coordinate.name] = (axis.name, points, attributes)
    margin = np.full((len(limits), len(members)), np.nan)
    broken = np.zeros((len(limits), len(members)), dtype=bool)
    counts = {severity: np.zeros(len(members), dtype=int) for severity in ("stop", "warn")}
    for index, member in enumerate(members):
        for row, judgement in enumerate(member.judgements):
            if judgement.margin is not None:
                margin[row, index] = judgement.relative_margin
            if judgement.state == BROKEN:
                broken[row, index] = True
                counts[judgement.severity][index] += 1
    done = np.array([not member.error for member in members])
    inside = done & (counts["stop"] == 0) & (counts["warn"] == 0)
    variables: dict[str, Any] = {
        "stops": (dims, counts["stop"].reshape(shape), {"long_name": "stops that break"}),
        "warnings": (dims, counts["warn"].reshape(shape), {"long_name": "warnings that break"}),
        "inside": (dims, inside.reshape(shape), {"long_name": "no stop and no warning breaks"}),
        "margin": (["limit", *dims], margin.reshape(-1, *shape), {"units": "1", "long_name": "margin over the limit"}),
        "broken": (["limit", *dims], broken.reshape(-1, *shape), {"long_name": "whether the limit breaks"}),
        "message": (dims, np.array([messages.get(k, "") for k in range(len(members))], dtype=object).reshape(shape)),
    }
    for name, (unit, meaning) in NUMBERS.items():
        values = np.array([member.numbers.get(name, np.nan) for member in members])
        variables[name] = (dims, values.reshape(shape), {"units": unit, "long_name": meaning})
    return xarray.Dataset(variables, coords=coordinates, attrs={"title": base.title, "scenario": base.text})
