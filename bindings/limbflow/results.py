"""Results as xarray datasets, and the files they come from.

A run has the dims `time` (its signals), `fibre` and `time` (its signals of the fibre classes I, IIa, IIx), `scope` (its
summaries: `session`, `set_1`, `rest_1`, ...), `segment` (the parts of the protocol) and, where the scenario asks for
tests, `measurement`; `aop` and `outcome` are single values. A sweep has its axes as dims: each summary is an array over
them, and so are `status` and `message`. A file holds the same variables with the same
attributes, and a group `parameters`.
"""

from __future__ import annotations

import difflib
import errno
import importlib.util
import os
import tempfile
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _engine
from .exceptions import Diagnostic, InputError, StorageError

LARGE_BYTES = 32 << 20
PIECE_BYTES = 16 << 20

if TYPE_CHECKING:
    import xarray

    from .scenario import Scenario


def run_dataset(scenario: Scenario, result: _engine.RunResult) -> xarray.Dataset:
    """The dataset of one run. The signals are views of the engine's memory, read-only."""
    import xarray

    variables: dict[str, Any] = {"time": ("time", result.time, attributes("s", "time"))}
    for row, signal in zip(result.data, result.signals, strict=True):
        variables[signal.name] = ("time", row, attributes(signal.unit, signal.long_name))
    variables |= fibre_variables(result)
    variables |= summary_variables(result) | segment_variables(result) | measurement_variables(result)
    variables["outcome"] = ((), result.report.outcome, attributes("", "how the run ended"))
    return xarray.Dataset(variables, attrs=provenance("run", scenario, scenario.title))


def fibre_variables(result: _engine.RunResult) -> dict[str, Any]:
    """The signals of the fibre classes, over `fibre` and `time`."""
    if not result.fibre_signals:
        return {}
    classes = np.array(_engine.fibre_classes, dtype=object)
    return {"fibre": ("fibre", classes, attributes("", "fibre class"))} | {
        signal.name: (("fibre", "time"), rows, attributes(signal.unit, signal.long_name))
        for rows, signal in zip(result.fibre_data, result.fibre_signals, strict=True)
    }


def summary_variables(result: _engine.RunResult) -> dict[str, Any]:
    """One variable over `scope` for each kind of summary; a single value for those that only the whole session has."""
    scopes = list(dict.fromkeys(summary.scope for summary in result.summaries))
    by_name: dict[str, list[_engine.Summary]] = {}
    for summary in result.summaries:
        by_name.setdefault(summary.name, []).append(summary)
    variables: dict[str, Any] = {
        "scope": ("scope", np.array(scopes, dtype=object), attributes("", "part of the session"))
    }
    for name, found in by_name.items():
        described = attributes(found[0].unit, result.long_name(found[0]))
        if [summary.scope for summary in found] == ["session"]:
            variables[name] = ((), found[0].value, described)
        else:
            values = {summary.scope: summary.value for summary in found}
            variables[name] = ("scope", np.array([values.get(scope, np.nan) for scope in scopes]), described)
    return variables


def segment_variables(result: _engine.RunResult) -> dict[str, Any]:
    """The parts of the protocol, over `segment`."""
    rows = result.segments
    return {
        "segment": ("segment", np.arange(len(rows)), attributes("", "part of the protocol")),
        "segment_begin": ("segment", np.array([row.begin for row in rows]), attributes("s", "begin")),
        "segment_end": ("segment", np.array([row.end for row in rows]), attributes("s", "end")),
        "segment_label": (
            "segment",
            np.array([row.label for row in rows], dtype=object),
            attributes("", "what happens"),
        ),
        "segment_set": (
            "segment",
            np.array([row.set for row in rows], dtype=np.int64),
            attributes("", "set, 0 for none"),
        ),
    }


def measurement_variables(result: _engine.RunResult) -> dict[str, Any]:
    """What the virtual tests of the scenario found, over `measurement`."""
    rows = result.measurements
    if not rows:
        return {}
    texts = {name: np.array([getattr(row, name) for row in rows], dtype=object) for name in ("kind", "unit")}
    numbers = {name: np.array([getattr(row, name) for row in rows], dtype=float) for name in ("time", "value")}
    return {
        "measurement": ("measurement", np.arange(len(rows)), attributes("", "virtual test")),
        "measurement_kind": ("measurement", texts["kind"], attributes("", "which test")),
        "measurement_time": ("measurement", numbers["time"], attributes("s", "when")),
        "measurement_value": ("measurement", numbers["value"], attributes("", "what it found")),
        "measurement_unit": ("measurement", texts["unit"], attributes("", "unit of what it found")),
    }


def write_run(path: str | os.PathLike, scenario: Scenario, dataset: xarray.Dataset) -> None:
    """Write the dataset of a run as HDF5, whole or not at all. Raises `StorageError`."""
    variables = [
        (
            str(name),
            array.attrs.get("units", ""),
            array.attrs.get("long_name", ""),
            [str(dim) for dim in array.dims],
            array.values if array.dtype.kind in "fi" else [str(text) for text in array.values.ravel()],
        )
        for name, array in dataset.variables.items()
    ]
    _engine.write_run(os.fspath(path), scenario._native, variables)


def provenance(kind: str, scenario: Scenario, title: str) -> dict[str, str]:
    """The attributes of a dataset, those of a file less the date."""
    return {
        "kind": kind,
        "title": title,
        "limbflow_version": _engine.version,
        "revision": _engine.revision,
        "scenario": scenario.text,
    }


def attributes(unit: str, long_name: str) -> dict[str, str]:
    """Attributes of a variable, without those that say nothing."""
    return {name: text for name, text in (("units", unit), ("long_name", long_name)) if text}


def unknown_name(what: str, name: str, known: list[str]) -> InputError:
    """The error for a name that is not there, with the nearest that are."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"nearest: {', '.join(near)}" if near else f"there are: {', '.join(known)}"
    message = f"there is no {what} '{name}'"
    return InputError(
        f"error: {message}\n  {hint}", [Diagnostic("error", "unknown-name", message, value=name, hint=hint)]
    )


def named_signals(wanted: str | Iterable[str]) -> list[str]:
    """The names of signals, those of fibre classes included, that names or patterns stand for. Raises `InputError`."""
    known = [signal.name for signal in (*_engine.signals(), *_engine.fibre_signals())]
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise unknown_name("signal", pattern, known)
    return [name for name in known if any(fnmatchcase(name, pattern) for pattern in wanted)]


def open_dataset(path: str | os.PathLike) -> xarray.Dataset:
    """Open a result file that limbflow wrote; lazily, like `xarray.open_dataset(path, engine="h5netcdf")`.

    Where a variable is larger than 32 MiB and Dask is installed, the variables are Dask arrays in pieces of about
    16 MiB, so that what is computed from them never needs the whole in memory. Raises `InputError` when there is no
    such file, it is not a result file, or a bit of it is not as it was written.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"error: {path}: no such file")
    if not path.is_file():
        raise InputError(f"error: {path}: is not a file")
    if why := _engine.check_result(os.fspath(path)):
        raise InputError(f"error: {path}: cannot be read as a result of limbflow: {why}")
    return open_whole_dataset(path)


def open_whole_dataset(path: str | os.PathLike) -> xarray.Dataset:
    """As `open_dataset`, of a file that has just been found whole: the check reads all of it."""
    import xarray

    try:
        dataset = xarray.open_dataset(path, engine="h5netcdf")
        return in_pieces(dataset) if largest_variable(dataset) > LARGE_BYTES else dataset
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"error: {path}: cannot be read: {error}") from error


def largest_variable(dataset: xarray.Dataset) -> int:
    return max((array.nbytes for array in dataset.variables.values()), default=0)


def in_pieces(dataset: xarray.Dataset) -> xarray.Dataset:
    """The dataset with Dask arrays, if there is Dask: whole along the last dims, in slices along the first ones."""
    if importlib.util.find_spec("dask") is None:
        return dataset
    chunks: dict[Any, int] = {}
    left = PIECE_BYTES // 8
    sizes = dataset.get("status", dataset).sizes
    for dim, size in reversed(list(sizes.items())):
        chunks[dim] = max(1, min(size, left))
        left //= size
    return dataset.chunk(chunks)


def check_output(path: str | os.PathLike) -> None:
    """Raise `InputError` when a result cannot be put at `path`, before anything is computed."""
    path = Path(path)
    folder = path.parent
    if path.is_dir():
        raise InputError(f"error: {path}: is a folder; give the name of a file in it")
    if path.exists() and not path.is_file():
        raise InputError(f"error: {path}: is a device, not a file; a result needs a file of its own")
    if not folder.is_dir():
        raise InputError(f"error: {path}: there is no folder {folder}; create it first")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(f"{path}: cannot be written: {error.strerror}") from error
        raise InputError(f"error: {path}: cannot be written: {error.strerror}") from error
