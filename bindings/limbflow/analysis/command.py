"""`limbflow sensitivity`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import completion
from ..examples import ExampleCommand
from ..exceptions import InputError
from ..options import json_option, set_option, threads_option

if TYPE_CHECKING:
    import xarray

MORRIS, SOBOL = "morris", "sobol"
# Of one outcome, what is printed: field, heading, and the half-width of its interval.
COLUMNS: dict[str, tuple[tuple[str, str, str | None], ...]] = {
    SOBOL: (("total", "in all", "total_confidence"), ("first_order", "alone", "first_order_confidence")),
    MORRIS: (
        ("mean_absolute_effect", "moves it by", "absolute_effect_confidence"),
        ("mean_effect", "on average", None),
        ("spread_of_effect", "spread", None),
    ),
}
MOST_ROWS = 20


@click.command(
    cls=ExampleCommand,
    short_help="Find which inputs an outcome depends on.",
    epilog="""
    limbflow sensitivity 30-15-15-15 --range load="15..35 %1RM" --range rest="15..60 s" --outcome muscle_ph_minimum
    limbflow sensitivity my_sweep.toml --outcome "arterial_inflow_mean_rest_3" --points 128 --plot sensitivity.png
    limbflow sensitivity 30-15-15-15 --method morris --outcome reps_completed --set tolerance=1e-3
    """,
)
@click.argument("scenario", shell_complete=completion.sweeps)
@click.option(
    "--range",
    "ranges",
    metavar="NAME=RANGE",
    multiple=True,
    shell_complete=completion.settings,
    help='What an input is drawn from: "20..40 %1RM", "60 +- 10 %AOP" (mean, SD), or "range" for a parameter\'s own '
    "[default: the [sample] of a sweep file; with --method morris every parameter of the model]",
)
@click.option(
    "--outcome",
    "outcomes",
    metavar="NAME",
    multiple=True,
    required=True,
    shell_complete=completion.summaries,
    help="A summary, as --keep of `limbflow sweep` names it, or a pattern. May be given many times.",
)
@click.option(
    "--method",
    default=SOBOL,
    show_default=True,
    type=click.Choice((SOBOL, MORRIS)),
    help="sobol: shares of the outcome's variance. morris: how far each input moves it; fewer runs, for many inputs.",
)
@click.option(
    "--points",
    metavar="NUMBER",
    type=click.IntRange(2),
    help="Of sobol, a power of two; the runs are that many times the inputs and two [default: 64]. Of morris, "
    "trajectories; the runs are that many times the inputs and one [default: 10].",
)
@click.option("--seed", metavar="NUMBER", default=0, show_default=True, type=click.IntRange(0), help="Of the draw.")
@set_option
@click.option(
    "--out",
    metavar="FILE.h5",
    type=click.Path(path_type=Path),
    help="Keep the runs here; what was stopped goes on when it is called again.",
)
@click.option("--plot", metavar="FILE.png", type=click.Path(path_type=Path), help="Draw the indices here.")
@threads_option
@json_option
def sensitivity(
    scenario: str,
    ranges: tuple[str, ...],
    outcomes: tuple[str, ...],
    method: str,
    points: int | None,
    seed: int,
    settings: tuple[str, ...],
    out: Path | None,
    plot: Path | None,
    threads: int,
    as_json: bool,
) -> None:
    """Find which inputs an outcome of a session depends on, over the ranges of the inputs.

    Needs SALib (pip install SALib). SCENARIO is a scenario, or a sweep file with a table [sample], whose ranges are
    taken then. `limbflow validate --sensitivity` says instead which parameters the validation's numbers depend on.
    """
    from .. import plots, sweep_files
    from ..cli import check_picture, print_files, print_json, save_picture, split_setting
    from ..results import check_output
    from ..sweeps import is_sweep, plan_of
    from . import variance

    for path in (out, plot):
        if path is not None:
            check_output(path)
    if plot is not None:
        check_picture(plot)
    drawn: dict[str, Any] = dict(split_setting(each, "--range") for each in ranges)
    changes = dict(split_setting(each, "--set") for each in settings)
    base, _, _ = plan_of(scenario, {}, changes)
    if not drawn and is_sweep(scenario):
        drawn = sweep_files.ranges_of(sweep_files.path_of(scenario))
    if not drawn and method == SOBOL:
        raise InputError(
            'error: there are no inputs\n  accepted: --range NAME=RANGE, such as --range load="15..35 %1RM", a sweep '
            "file with a table [sample], or --method morris for every parameter of the model"
        )
    if method == SOBOL and points is not None and points & (points - 1):
        raise InputError(f"error: --points {points}: is not a power of two, which --method sobol needs")
    progress = False if as_json else None
    options: dict[str, Any] = {"seed": seed, "file": out, "threads": threads, "progress": progress}
    if method == SOBOL:
        found = variance.sobol(base, drawn, outcomes, samples=points or 64, **options)
    else:
        found = variance.morris(base, drawn or None, outcomes, trajectories=points or 10, **options)
    if plot is not None:
        save_picture(plots.indices(found), plot)
    if as_json:
        print_json(indices_json(found, method) | ({"plot": str(plot)} if plot else {}))
        return
    print_indices(found, method)
    print_files(out, plot)


def print_indices(found: xarray.Dataset, method: str) -> None:
    """A table for each outcome, what matters most first."""
    from ..plots import display_name, number_text, unit_text
    from ..report import print_table

    click.echo(found.attrs["title"])
    field = COLUMNS[method][0][0]
    for index, name in enumerate(found["summary"].values):
        one = found.isel(summary=index)
        unit = unit_text(str(one["summary_units"].values))
        dropped = int(one["dropped"])
        click.echo(f"\n{display_name(str(name))}" + (f" ({unit})" if unit and method == MORRIS else ""))
        if dropped:
            click.echo(f"  {dropped} sample points are left out: a member of each failed")
        order = abs(one[field]).argsort().values[::-1]
        largest = float(abs(one[field]).max())

        def cell(at: int, value: str, half: str | None, one=one, largest=largest) -> str:
            text = number_text(float(one[value].values[at]), largest)
            return f"{text} ± {number_text(float(one[half].values[at]), largest)}" if half else text

        rows = [
            [
                f"  {display_name(str(one['input'].values[at]))}",
                str(one["range"].values[at]),
                *(cell(at, value, half) for value, _, half in COLUMNS[method]),
            ]
            for at in order[:MOST_ROWS].tolist()
        ]
        print_table(["  input", "range", *(heading for _, heading, _ in COLUMNS[method])], rows, numbers=True)
        if len(order) > MOST_ROWS:
            click.echo(f"  and {len(order) - MOST_ROWS} more, which matter less")
    click.echo()
    if method == SOBOL:
        click.echo("in all, alone: shares of the outcome's variance over the ranges that an input explains")
    else:
        click.echo(
            "change of the outcome when an input moves over its whole range: its mean size, its mean, its spread"
        )
    click.echo("± half of the 95 % interval")


def indices_json(found: xarray.Dataset, method: str) -> dict[str, Any]:
    """Every index by outcome and input; null where there is none."""
    from ..report import finite

    fields = [each for value, _, half in COLUMNS[method] for each in (value, half) if each]
    return {
        "title": found.attrs["title"],
        "method": method,
        "ranges": dict(zip(found["input"].values.tolist(), found["range"].values.tolist(), strict=True)),
        "outcomes": {
            str(name): {
                "units": str(one["summary_units"].values),
                "dropped": int(one["dropped"]),
                "inputs": {
                    str(each): {field: finite(float(one[field].values[at])) for field in fields}
                    for at, each in enumerate(one["input"].values)
                },
            }
            for index, name in enumerate(found["summary"].values)
            for one in [found.isel(summary=index)]
        },
    }
