"""Runs, sweeps and straps as text tables and as JSON, for the command line."""

from __future__ import annotations

import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .plots import default_variable, display_name, fix_axes, number_text, point_text, summary, unit_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray

    from .scenario import Scenario
    from .straps import StrapPressure

# Summaries in the tables of a run: name in the dataset, and heading. The second is of the muscle that works.
RUN_COLUMNS = (
    ("cuff_pressure_mean", "cuff"),
    ("arterial_inflow_mean", "inflow"),
    ("venous_outflow_mean", "outflow"),
    ("deep_venous_pressure_maximum", "vein, highest"),
    ("limb_volume_change_maximum", "swelling, most"),
    ("capillary_refill_time_maximum", "refill, longest"),
)
MUSCLE_COLUMNS = (
    ("reps_completed", "repetitions"),
    ("muscle_oxygen_saturation_minimum", "oxygen, least"),
    ("muscle_ph_minimum", "pH, least"),
    ("muscle_lactate_maximum", "lactate, most"),
    ("force_capacity_minimum", "force left, least"),
    ("systolic_pressure_maximum", "systolic, highest"),
)

MOST_COLUMNS = 5
# Rows and columns of the table of a sweep; the file has the rest.
MOST_SHOWN = (25, 9)


def print_run(scenario: Scenario, dataset: xarray.Dataset) -> None:
    """What was run, how it ended, and a table of its parts."""
    click.echo(scenario.title)
    width = max(len(item) for item, _ in scenario.description)
    for item, value in scenario.description:
        click.echo(f"  {item:<{width}}  {value}")
    click.echo(f"  {'aop':<{width}}  {float(dataset.aop):.0f} mmHg")
    click.echo(f"  {'outcome':<{width}}  {outcome_text(dataset)}\n")
    print_parts(dataset, RUN_COLUMNS)
    if "scope" in dataset["reps_completed"].dims:
        click.echo()
        print_parts(dataset, MUSCLE_COLUMNS)
    for index in range(dataset.sizes.get("measurement", 0)):
        row = dataset.isel(measurement=index)
        kind = str(row.measurement_kind.values).replace("_", " ")
        found = f"{number_text(float(row.measurement_value))} {row.measurement_unit.values}"
        click.echo(f"{kind} at {float(row.measurement_time):g} s: {found}")
    click.echo()


def outcome_text(dataset: xarray.Dataset) -> str:
    """How a run ended, and when its first set failed."""
    outcome = str(dataset.outcome.item())
    failure = float(dataset["time_to_failure"]) if "time_to_failure" in dataset else math.nan
    if not math.isfinite(failure):
        return outcome
    repetitions = float(dataset["reps_completed"].sel(scope="session"))
    length = float(dataset.time[-1])
    return f"{outcome}; a set failed at {failure:.0f} s, {repetitions:.0f} repetitions in all, {length:.0f} s"


def print_parts(dataset: xarray.Dataset, columns: Sequence[tuple[str, str]]) -> None:
    """Summaries of each part of a run, as a table."""
    columns = [(name, heading) for name, heading in columns if name in dataset]

    def heading_text(name: str, heading: str) -> str:
        unit = unit_text(dataset[name].attrs.get("units", ""))
        return f"{heading} ({unit})" if unit else heading

    def cell(name: str, scope: str) -> str:
        value = float(dataset[name].sel(scope=scope))
        if math.isnan(value):
            return ""
        return f"{value:.0f}" if name == "reps_completed" else number_text(value, float(abs(dataset[name]).max()))

    rows = [
        [str(scope).replace("_", " "), *(cell(name, scope) for name, _ in columns)] for scope in dataset["scope"].values
    ]
    print_table(["part", *(heading_text(*column) for column in columns)], rows, numbers=True)


def print_sweep(dataset: xarray.Dataset, variable: str | None) -> None:
    """How the members ended, and one summary over the first two axes."""
    variable = variable or default_variable(dataset)
    counts = status_counts(dataset)
    members = int(dataset["status"].size)
    click.echo(f"{dataset.attrs.get('title', 'sweep')}")
    click.echo(
        f"{members} members: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    )
    array = summary(dataset, variable)
    dims = [str(dim) for dim in array.dims]
    array, fixed = fix_axes(array, set(dims[:2]), {})
    unit = unit_text(array.attrs.get("units", ""))
    largest = float(abs(array).max())
    shown = array.isel({dim: evenly(array.sizes[dim], most) for dim, most in zip(dims, MOST_SHOWN, strict=False)})
    some = f", {shown.size} of {array.size} points" if shown.size < array.size else ""
    array = shown
    click.echo(f"\n{display_name(variable)}{f' ({unit})' if unit else ''}{', ' + fixed if fixed else ''}{some}")
    first = array[dims[0]]
    heading = display_name(dims[0]) + (f" \\ {display_name(dims[1])}" if len(dims) > 1 else "")
    if len(dims) > 1:
        second = array[dims[1]]
        headings = [heading, *(point_text(second, value) for value in second.values)]
        rows = [
            [
                point_text(first, point),
                *(number_text(float(value), largest) for value in array.isel({dims[0]: index}).values),
            ]
            for index, point in enumerate(first.values)
        ]
    else:
        along = moving_along(dataset, dims[0])
        headings = [heading, *(display_name(name) for name in along), display_name(variable)]
        rows = [
            [
                point_text(first, point),
                *(point_text(array[name], array[name].values[index]) for name in along),
                number_text(float(array.values[index]), largest),
            ]
            for index, point in enumerate(first.values)
        ]
    print_table(headings, rows, numbers=True)
    click.echo()


def evenly(size: int, most: int) -> list[int]:
    """Places of at most so many points, ends included, as even as can be."""
    if size <= most:
        return list(range(size))
    return [round(index * (size - 1) / (most - 1)) for index in range(most)]


def moving_along(dataset: xarray.Dataset, dim: str) -> list[str]:
    """What moves along a dim of a sweep, as many of them as fit into a table."""
    names = [str(name) for name, each in dataset.variables.items() if each.dims == (dim,) and "key" in each.attrs]
    return [name for name in names if name != dim][:MOST_COLUMNS]


def run_as_json(dataset: xarray.Dataset, out: Path | None, plot: Path | None) -> dict[str, Any]:
    """A run as JSON: outcome, occlusion pressure, summaries by part of the session, tests, files."""
    names = [str(name) for name, array in dataset.data_vars.items() if array.dims == ("scope",)]
    measurements = dataset[[name for name in dataset.data_vars if str(name).startswith("measurement_")]].to_dict()[
        "data_vars"
    ]
    return {
        **common_json(dataset, out, plot),
        "outcome": dataset.outcome.item(),
        "aop": {"value": finite(dataset.aop.item()), "units": "mmHg"},
        "units": {name: dataset[name].attrs.get("units", "1") for name in names},
        "summaries": {
            str(scope): {
                name: value for name in names if (value := finite(float(dataset[name].sel(scope=scope)))) is not None
            }
            for scope in dataset["scope"].values
        },
        "measurements": [
            dict(zip((name.removeprefix("measurement_") for name in measurements), row, strict=True))
            for row in zip(*(entry["data"] for entry in measurements.values()), strict=True)
        ],
    }


def sweep_as_json(dataset: xarray.Dataset, out: Path | None, plot: Path | None) -> dict[str, Any]:
    """A sweep as JSON: its axes, each summary as nested lists over them, and how the members ended."""
    axes = {
        str(dim): {"units": dataset[dim].attrs.get("units", ""), "points": dataset[dim].values.tolist()}
        for dim in dataset["status"].dims
    }
    numbers = {str(name): array for name, array in dataset.data_vars.items() if array.dtype.kind == "f"}
    return {
        **common_json(dataset, out, plot),
        "axes": axes,
        "members": int(dataset["status"].size),
        "status": status_counts(dataset),
        "units": {name: array.attrs.get("units", "1") for name, array in numbers.items()},
        "summaries": {name: finite(array.values.tolist()) for name, array in numbers.items()},
    }


def common_json(dataset: xarray.Dataset, out: Path | None, plot: Path | None) -> dict[str, Any]:
    """What every result says: title, version, files."""
    return {
        "title": dataset.attrs.get("title", ""),
        "limbflow_version": dataset.attrs.get("limbflow_version", ""),
        "revision": dataset.attrs.get("revision", ""),
        "files": {name: str(path) for name, path in (("result", out), ("plot", plot)) if path is not None},
    }


def status_counts(dataset: xarray.Dataset) -> dict[str, int]:
    """How many members of a sweep ended in each way."""
    meanings = dataset["status"].attrs["flag_meanings"].split()
    statuses = dataset["status"].values.ravel()
    return {name: count for code, name in enumerate(meanings) if (count := int((statuses == code).sum()))}


def finite(value: Any) -> Any:
    """The value, with null in the place of what JSON cannot say."""
    if isinstance(value, list):
        return [finite(item) for item in value]
    return value if math.isfinite(value) else None


def print_table(columns: list[str], rows: list[list[str]], numbers: bool = False) -> None:
    """A table: with rules on a terminal, plain columns in a pipe.

    With `numbers`, all columns but the first are flush right.
    """
    if not sys.stdout.isatty():
        widths = [max(len(row[index]) for row in [columns, *rows]) for index in range(len(columns))]
        for row in [columns, *rows]:
            cells = [
                cell.rjust(width) if numbers and index else cell.ljust(width)
                for index, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            click.echo("  ".join(cells).rstrip())
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if numbers and index else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def print_strap(found: StrapPressure) -> None:
    """The pressure under a strap, what it means, and where the numbers come from."""
    at = found.pressure_percentiles
    share = found.percent_aop_percentiles
    low, high = found.full_occlusion_interval
    click.echo(f"pressure under the strap     {found.pressure:.0f} mmHg, SD {found.pressure_sd:.0f}")
    click.echo(f"  nine of ten people         {at[5]:.0f} to {at[95]:.0f} mmHg")
    if found.day_to_day_sd is not None:
        click.echo(f"  one person, day to day     SD {found.day_to_day_sd:.0f} mmHg")
    click.echo(
        f"occlusion pressure           {found.occlusion_pressure:.0f} mmHg, SD {found.occlusion_sd:.0f} "
        f"({found.occlusion_of})"
    )
    click.echo(f"share of it                  {found.percent_aop:.0f} %AOP ({share[5]:.0f} to {share[95]:.0f})")
    click.echo(
        f"full occlusion               {100 * found.full_occlusion:.0f} % of people "
        f"(95 % interval {100 * low:.0f} to {100 * high:.0f} %)"
    )
    click.echo(f"strap, limb, pull            {found.strap}, {found.limb}, {found.pull}")
    click.echo("\nsources")
    for source in found.sources:
        click.echo(f"  {source}")


def strap_as_json(found: StrapPressure, plot: Path | None) -> dict[str, Any]:
    """Every number of a strap's pressure by name; pressures in mmHg, shares in %AOP."""
    values = asdict(found)
    for name in ("pressure_percentiles", "percent_aop_percentiles"):
        values[name] = {f"p{percent}": value for percent, value in values[name].items()}
    return {**values, "units": "mmHg"} | ({"plot": str(plot)} if plot else {})
