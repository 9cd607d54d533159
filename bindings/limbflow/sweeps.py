"""Sweeps: one scenario for every combination of the points of some axes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _engine, results, scale_out, sweep_files
from .axes import Axes, axes_of
from .exceptions import InputError
from .progress import watched
from .scenario import Scenario, as_scenario

if TYPE_CHECKING:
    import xarray
    from distributed import Client


MOST_THREADS = 1024
# How a line begins that only a sweep file has.
SWEEP_MARKS = ("[axes", "[[axes", "[[axis", "axes", *(f"[{table}" for table in sweep_files.TABLES))


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a sweep. `dataset` holds the members that were finished; the others have status `pending`."""

    def __init__(self, message: str, dataset: xarray.Dataset):
        super().__init__(message, dataset)
        self.dataset = dataset

    def __str__(self) -> str:
        return self.args[0]


def sweep(
    scenario: Scenario | str | os.PathLike,
    axes: Axes | None = None,
    *,
    file: str | os.PathLike | None = None,
    summaries: str | Iterable[str] = "session",
    title: str | None = None,
    threads: int = 0,
    progress: bool | Callable[[float], None] | None = None,
    client: Client | None = None,
    **more_axes: Any,
) -> xarray.Dataset:
    """Run `scenario` for every combination of the points of the axes.

    Each axis is a name as in `Scenario.with_` and its points, for example `cuff_pressure="0..100 %AOP / 11"`,
    `rest=["15 s", "30 s"]`, `load=(np.linspace(10, 50, 5), "%1RM")`, `person=["adult_man", "older_woman"]`; names
    with a dot go into the mapping `axes`. Quantities that move together along one axis come from `limbflow.zipped`,
    `limbflow.sample` (Sobol, Latin hypercube) and `limbflow.people` (a population), by position or by keyword:
    `person=limbflow.people(100)`.

    Returns a dataset with the axes as dims (units in the attributes) and one variable for each summary: those of
    the whole session by their name (`arterial_inflow_mean`), those of a part with its name after it
    (`arterial_inflow_mean_set_1`). `summaries` chooses which: `"session"` for those of the whole session, names, or
    patterns (`"arterial_inflow_*"`, `"*"`), or a list of such. `status` and `message` say of each member how
    it ended; members that failed are NaN, and no other member is lost.

    With `file` the members are kept in that HDF5 file as they finish. A sweep that was stopped goes on from there
    when called again, and the dataset that is returned reads from the file: as Dask arrays, piece by piece, where it
    is large and Dask is installed. `threads` 0 takes all processors; results do not depend on it. With `client`, a
    `dask.distributed.Client`, the members run on its workers instead, with the same bits.

    Ctrl-C raises `Interrupted` with what was finished. Raises `InputError` for what cannot be understood,
    `StorageError` for the disk and `ComputationError` when a cluster cannot go on.
    """
    base = as_scenario(scenario)
    return run(base, axes_of(base, axes, more_axes), file, summaries, title, threads, progress, client)


def run(
    scenario: Scenario,
    axes: list[_engine.Axis],
    file: str | os.PathLike | None = None,
    summaries: str | Iterable[str] = "session",
    title: str | None = None,
    threads: int = 0,
    progress: bool | Callable[[float], None] | None = None,
    client: Client | None = None,
) -> xarray.Dataset:
    """The sweep over axes that are made already; see `sweep`."""
    if not axes:
        raise InputError('error: a sweep needs an axis, for example cuff_pressure="0..100 %AOP / 11"')
    kept = chosen(_engine.summaries(scenario._native), summaries)
    title = title or f"{scenario.title}, over {listed([axis.name.replace('_', ' ') for axis in axes])}"
    return go_on(scenario, _engine.SweepPlan(axes), kept, title, file, threads, progress, client)


def resume(
    file: str | os.PathLike,
    *,
    threads: int = 0,
    progress: bool | Callable[[float], None] | None = None,
    client: Client | None = None,
) -> xarray.Dataset:
    """Run the members of a sweep file that are still to be run: after Ctrl-C, a crash, a power cut.

    Everything that the sweep needs is in the file. What comes out has the same bytes as if nothing had happened.
    Returns the dataset. Raises `StorageError` for a file that is no sweep, is being written by another process, comes
    from another build of limbflow, or names people or cuffs whose files have changed.
    """
    if not Path(file).is_file():
        raise InputError(f"error: {file}: no such file")
    text, title, axes, kept = _engine.open_sweep(os.fspath(file))
    return go_on(Scenario.from_text(text), _engine.SweepPlan(axes), kept, title, file, threads, progress, client)


def go_on(
    scenario: Scenario,
    plan: _engine.SweepPlan,
    kept: list[_engine.SummaryInfo],
    title: str,
    file: str | os.PathLike | None,
    threads: int,
    progress: bool | Callable[[float], None] | None,
    client: Client | None,
) -> xarray.Dataset:
    """Run what is pending, into memory or into the file."""
    import xarray

    # Loads what xarray loads at its first use, so that after Ctrl-C what is finished is there at once.
    xarray.Dataset({"first": ("first", [0.0])})
    if isinstance(threads, bool) or not isinstance(threads, int) or not 0 <= threads <= MOST_THREADS:
        raise InputError(f"error: threads: {threads!r} is not a whole number from 0 to {MOST_THREADS}")
    if file is not None:
        results.check_output(file)
    result = _engine.SweepResult(scenario._native, title, plan, kept, None if file is None else os.fspath(file))
    to_do = result.left
    try:
        with watched(progress, title, len(plan), len(plan) - to_do) as report:
            if client is None:
                undisturbed = _engine.sweep(scenario._native, result, threads, report)
            else:
                undisturbed = scale_out.run(client, scenario, plan, kept, result, report)
    finally:
        result.close()
    if file is None:
        dataset = memory_dataset(scenario, title, plan, kept, result)
    else:
        dataset = results.open_dataset(file) if to_do else results.open_whole_dataset(file)
    if not undisturbed:
        where = ""
        if file is not None and result.left > 0:
            where = f"; they are kept in {file}, and the same call or `limbflow resume {file}` goes on from there"
        raise Interrupted(f"stopped with {len(plan) - result.left} of {len(plan)} members finished{where}", dataset)
    return dataset


def listed(words: list[str]) -> str:
    """Words as a person lists them: a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def always_kept(scenario: Scenario) -> list[str]:
    """What the command line keeps of every sweep, so that plots can say where a set failed; nothing without an
    exercise."""
    return [info.name for info, _ in _engine.summaries(scenario._native) if info.name == "time_to_failure"]


def chosen(infos: list[tuple[_engine.SummaryInfo, str]], wanted: str | Iterable[str]) -> list[_engine.SummaryInfo]:
    """The summaries that are asked for by name, by pattern, or as those of the whole session. Raises `InputError`."""
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    for pattern in wanted:
        if pattern != "session" and not any(fnmatchcase(info.name, pattern) for info, _ in infos):
            raise results.unknown_name("summary", pattern, [info.name for info, _ in infos])
    return [
        info
        for info, scope in infos
        if any(scope == "session" if pattern == "session" else fnmatchcase(info.name, pattern) for pattern in wanted)
    ]


def memory_dataset(
    scenario: Scenario,
    title: str,
    plan: _engine.SweepPlan,
    kept: list[_engine.SummaryInfo],
    found: _engine.SweepResult,
) -> xarray.Dataset:
    """The dataset of a sweep in memory, with the same names and attributes as a sweep file."""
    import xarray

    dims = [axis.name for axis in plan.axes]
    coordinates = {}
    for axis in plan.axes:
        if axis.is_zipped:
            coordinates[axis.name] = (axis.name, np.arange(len(axis)), {"long_name": "number of the point"})
        for coordinate in axis.coordinates:
            attributes = {"long_name": coordinate.key, "key": coordinate.key}
            if coordinate.unit:
                attributes["units"] = coordinate.unit
            points = np.asarray(coordinate.points, dtype=object if isinstance(coordinate.points, list) else float)
            coordinates[coordinate.name] = (axis.name, points, attributes)
    variables: dict[str, Any] = {
        info.name: (dims, found.values(index), results.attributes(info.unit, info.long_name))
        for index, info in enumerate(kept)
    }
    names = _engine.member_statuses()
    flags = {"flag_values": np.arange(len(names), dtype=np.int8), "flag_meanings": " ".join(names)}
    variables["status"] = (dims, found.statuses, {"long_name": "how the member stands", **flags})
    messages = np.array(found.messages, dtype=object).reshape(plan.shape)
    variables["message"] = (dims, messages, {"long_name": "why the member did not complete"})
    return xarray.Dataset(variables, coords=coordinates, attrs=results.provenance("sweep", scenario, title))


def plan_of(source: str, points: Axes, changes: Mapping[str, Any]) -> tuple[Scenario, list[_engine.Axis], str | None]:
    """The scenario, with changes, the axes and the title of a sweep file, or of a scenario with `points` for axes.

    Axes in `points` replace those of the same name in the file. Raises `InputError`.
    """
    if is_sweep(source):
        native, axes, title, path = _engine.load_sweep(source, list(sweep_files.TABLES))
        base = Scenario(native)
        base = base.with_(**changes) if changes else base
        axes = [together.axis(base) for together in sweep_files.together_of(path, base)] + axes
    else:
        base, axes, title = as_scenario(source), [], None
        base = base.with_(**changes) if changes else base
    given = axes_of(base, points)
    replaced = {coordinate.key for axis in given for coordinate in axis.coordinates}
    kept = []
    for axis in axes:
        keys = [coordinate.key for coordinate in axis.coordinates]
        if axis.is_zipped and replaced.intersection(keys):
            which = listed(sorted(replaced.intersection(keys)))
            raise InputError(f"error: {source}: {which} moves together with others there and cannot be replaced alone")
        if axis.is_zipped or keys[0] not in replaced:
            kept.append(axis)
    return base, kept + given, title


def is_sweep(source: str) -> bool:
    """Whether that name or path is a sweep file: a shipped one, or a TOML file with one of the tables of a sweep."""
    if source.removeprefix("sweeps/") in _engine.shipped("sweeps"):
        return True
    try:
        with Path(source).open(encoding="utf-8") as lines:
            return any(line.lstrip().startswith(SWEEP_MARKS) for line in lines)
    except (OSError, UnicodeDecodeError):
        return False
