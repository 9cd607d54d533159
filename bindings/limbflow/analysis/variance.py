"""Which inputs an outcome depends on over their ranges: Sobol's shares of variance and Morris's screening, by SALib."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _engine
from ..exceptions import ComputationError, InputError
from ..samples import at_points
from ..scenario import Scenario, as_scenario
from ..sweeps import sweep
from ..texts import to_text

if TYPE_CHECKING:
    import xarray
    from distributed import Client

# Trajectories of Morris's screening move on a grid of this many levels.
LEVELS = 4
CONFIDENCE = 0.95
EDGE = 1e-9
# Of a distribution, what Morris takes for its range.
CENTRAL_SHARE = 0.95


def sobol(
    scenario: Scenario | str | os.PathLike,
    ranges: Mapping[str, Any],
    summaries: str | Iterable[str],
    *,
    samples: int = 64,
    second_order: bool = False,
    seed: int = 0,
    file: str | os.PathLike | None = None,
    threads: int = 0,
    progress: bool | Callable[[float], None] | None = None,
    client: Client | None = None,
) -> xarray.Dataset:
    """Sobol's indices: the share of each outcome's variance that each input explains, alone and with all others.

    `ranges` says over what each input is drawn, as in `limbflow.sample`; `summaries` names outcomes as in
    `limbflow.sweep`. Runs `samples` x (inputs + 2) members, or x (2 inputs + 2) with `second_order`; `samples` is a
    power of two. `file`, `threads`, `progress` and `client` are those of `limbflow.sweep`.

    Returns a dataset over `summary` and `input`: `first_order`, `total` (both without unit), their 95 % confidence
    half-widths (`_confidence`), and with `second_order` also `second_order` over `input` and `other_input`. Members
    that failed take the sample point that they belong to along; `dropped` says how many points. Raises `InputError`,
    and `ComputationError` when too few points are left. Saltelli 2010 (Comput Phys Commun 181:259), by SALib.
    """
    analysis, sampling = salib("sobol")
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 2 or samples & (samples - 1):
        raise InputError(f"error: samples: {samples!r} is not a power of two from 2 on")
    problem = problem_of(ranges)
    points = sampling.sample(problem, samples, calc_second_order=second_order, seed=seed)
    dataset, names = outcomes(scenario, ranges, points, summaries, file, threads, progress, client)
    block = (2 if second_order else 1) * len(ranges) + 2
    found, dropped = {}, {}
    for name in names:
        values, dropped[name] = whole_blocks(dataset[name].values, block, name)
        found[name] = analysis.analyze(
            problem, values, calc_second_order=second_order, conf_level=CONFIDENCE, seed=seed, print_to_console=False
        )
    fields = {
        "first_order": ("S1", "share of the variance that the input explains alone"),
        "first_order_confidence": ("S1_conf", "half of its 95 % interval"),
        "total": ("ST", "share of the variance in which the input has a part"),
        "total_confidence": ("ST_conf", "half of its 95 % interval"),
    }
    result = indices(scenario, dataset, ranges, found, fields, dropped, "Sobol indices")
    if second_order:
        pairs = np.stack([np.where(np.isnan(each["S2"]), each["S2"].T, each["S2"]) for each in found.values()])
        about = {"long_name": "share of the variance that two inputs explain only together"}
        result = result.assign_coords(other_input=list(ranges))
        result["second_order"] = (("summary", "input", "other_input"), pairs, about)
    return result


def morris(
    scenario: Scenario | str | os.PathLike,
    ranges: Mapping[str, Any] | None,
    summaries: str | Iterable[str],
    *,
    trajectories: int = 10,
    seed: int = 0,
    file: str | os.PathLike | None = None,
    threads: int = 0,
    progress: bool | Callable[[float], None] | None = None,
    client: Client | None = None,
) -> xarray.Dataset:
    """Morris's screening: how far each input, moved over its range one at a time, moves each outcome.

    Arguments are as in `sobol`; `ranges` None takes every parameter of the model that the scenario sees, over its own
    range; of a distribution its central 95 %. Runs `trajectories` x (inputs + 1) members.

    Returns a dataset over `summary` and `input`: `mean_effect` and `mean_absolute_effect` in the unit of the outcome,
    for a move over the whole range; `absolute_effect_confidence`, half of its 95 % interval; `spread_of_effect`,
    which is large where the effect depends on where the others are. Morris 1991 (Technometrics 33:161), by SALib.
    """
    analysis, sampling = salib("morris")
    if isinstance(trajectories, bool) or not isinstance(trajectories, int) or trajectories < 2:
        raise InputError(f"error: trajectories: {trajectories!r} is not a whole number from 2 on")
    base = as_scenario(scenario)
    if ranges is None:
        movable = {row["name"] for row in _engine.parameters() if row["high"] > row["low"]}
        ranges = {name: "range" for name in _engine.parameters_seen(base._native) if name in movable}
    problem = problem_of(ranges)
    points = sampling.sample(problem, trajectories, num_levels=LEVELS, seed=seed)
    whole = np.array([isinstance(each, str) and "+-" not in each and "±" not in each for each in ranges.values()])
    placed = np.where(whole, points, 0.5 + CENTRAL_SHARE * (points - 0.5))
    dataset, names = outcomes(base, ranges, placed, summaries, file, threads, progress, client)
    found, dropped = {}, {}
    for name in names:
        block = len(ranges) + 1
        values, dropped[name] = whole_blocks(dataset[name].values, block, name)
        kept, _ = whole_blocks(np.where(np.isfinite(dataset[name].values), 1.0, np.nan)[:, None] * points, block, name)
        found[name] = analysis.analyze(
            problem, kept, values, conf_level=CONFIDENCE, num_levels=LEVELS, seed=seed, print_to_console=False
        )
    fields = {
        "mean_effect": ("mu", "mean change of the outcome for a move over the whole range of the input"),
        "mean_absolute_effect": ("mu_star", "mean size of that change"),
        "absolute_effect_confidence": ("mu_star_conf", "half of the 95 % interval of that size"),
        "spread_of_effect": ("sigma", "standard deviation of the change"),
    }
    return indices(base, dataset, ranges, found, fields, dropped, "Morris screening")


def salib(method: str) -> tuple[Any, Any]:
    """SALib's analysis and sampling of a method. Raises `InputError` where it is not installed."""
    try:
        return import_module(f"SALib.analyze.{method}"), import_module(f"SALib.sample.{method}")
    except ImportError as error:
        raise InputError("error: this analysis needs SALib: pip install SALib") from error


def problem_of(ranges: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as SALib has them, on the unit cube."""
    if not ranges:
        raise InputError('error: an analysis needs ranges, for example {"load": "15..35 %1RM"}')
    return {"num_vars": len(ranges), "names": list(ranges), "bounds": [[0.0, 1.0]] * len(ranges)}


def outcomes(
    scenario: Scenario | str | os.PathLike,
    ranges: Mapping[str, Any],
    points: np.ndarray,
    summaries: str | Iterable[str],
    file: str | os.PathLike | None,
    threads: int,
    progress: bool | Callable[[float], None] | None,
    client: Client | None,
) -> tuple[xarray.Dataset, list[str]]:
    """The sweep over points of the unit cube, and the names of its outcomes."""
    inside = np.clip(points, EDGE, 1.0 - EDGE)  # a normal range has no ends, and a sum may round to beyond one
    options = {"file": file, "threads": threads, "progress": progress, "client": client}
    dataset = sweep(scenario, at_points(inside, ranges), summaries=summaries, **options)
    return dataset, [str(name) for name, array in dataset.data_vars.items() if array.dtype.kind == "f"]


def whole_blocks(values: np.ndarray, block: int, name: str) -> tuple[np.ndarray, int]:
    """The values of those blocks of members in which all have one, and how many blocks have not."""
    blocks = values.reshape(-1, block, *values.shape[1:])
    whole = np.isfinite(blocks).reshape(len(blocks), -1).all(axis=1)
    if whole.sum() < 2:
        missing = int((~np.isfinite(values)).sum())
        raise ComputationError(f"{name} has no value in {missing} of {values.size} members, too many for an analysis")
    return blocks[whole].reshape(-1, *values.shape[1:]), int((~whole).sum())


def indices(
    scenario: Scenario | str | os.PathLike,
    dataset: xarray.Dataset,
    ranges: Mapping[str, Any],
    found: Mapping[str, Mapping[str, Any]],
    fields: Mapping[str, tuple[str, str]],
    dropped: Mapping[str, int],
    title: str,
) -> xarray.Dataset:
    """What SALib found of each outcome, over `summary` and `input`."""
    import xarray

    variables: dict[str, Any] = {
        name: (
            ("summary", "input"),
            np.stack([np.ma.filled(np.ma.asarray(each[key]), np.nan).astype(float) for each in found.values()]),
            {"long_name": words},
        )
        for name, (key, words) in fields.items()
    }
    variables["dropped"] = ("summary", list(dropped.values()), {"long_name": "sample points with a member that failed"})
    units = [dataset[name].attrs.get("units", "1") for name in found]
    return xarray.Dataset(
        variables,
        coords={
            "summary": list(found),
            "input": list(ranges),
            "summary_units": ("summary", units),
            "range": ("input", [to_text(each) if isinstance(each, Mapping) else str(each) for each in ranges.values()]),
        },
        attrs={**dataset.attrs, "kind": "analysis", "title": f"{title}: {as_scenario(scenario).title}"},
    )
