"""`limbflow check`."""

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

    from ..scenario import Scenario

RESULT_FILES = (".h5", ".hdf5")


@click.command(
    cls=ExampleCommand,
    short_help="Hold a protocol against published limits.",
    exit_codes="Exit code 0, or 1 when a limit of severity stop is broken.",
    epilog="""
    limbflow check 30-15-15-15 --set load="30 %1RM" --plot check.png
    limbflow check --questionnaire > screening.toml
    limbflow check my_session.toml --screening screening.toml --population 1000
    limbflow check 30-15-15-15 --axis load="10..40 %1RM / 4" --axis rest="15, 60 s" --envelope-plot region.png
    """,
)
@click.argument("scenario", required=False, shell_complete=completion.sweeps)
@set_option
@click.option(
    "--screening",
    metavar="FILE.toml",
    type=click.Path(path_type=Path),
    help="Answers to the questionnaire, and what was measured.",
)
@click.option("--questionnaire", is_flag=True, help="Print a questionnaire to fill in, and do nothing else.")
@click.option(
    "--limits",
    metavar="FILE.toml",
    type=click.Path(path_type=Path),
    help="Limits beside the shipped ones.",
)
@click.option("--plot", metavar="FILE.png", type=click.Path(path_type=Path), help="Draw traces against limits.")
@click.option(
    "--axis",
    "axes",
    metavar="NAME=POINTS",
    multiple=True,
    help='Find the region without stops and warnings over axes, as in `limbflow sweep`: --axis load="10..50 %1RM / 5".',
)
@click.option(
    "--envelope-plot", metavar="FILE.png", type=click.Path(path_type=Path), help="Draw that region on heat maps."
)
@click.option(
    "--population",
    "count",
    metavar="NUMBER",
    type=click.IntRange(1, 1_000_000),
    help="Also run it for that many people drawn from published distributions.",
)
@click.option(
    "--people",
    "people_file",
    metavar="NAME|FILE.toml",
    default="us_adults",
    show_default=True,
    help="The distributions to draw from.",
)
@click.option("--seed", metavar="NUMBER", default=0, show_default=True, type=click.IntRange(0), help="Of the draw.")
@threads_option
@json_option
def check(
    scenario: str | None,
    settings: tuple[str, ...],
    screening: Path | None,
    questionnaire: bool,
    limits: Path | None,
    plot: Path | None,
    axes: tuple[str, ...],
    envelope_plot: Path | None,
    count: int | None,
    people_file: str,
    seed: int,
    threads: int,
    as_json: bool,
) -> int:
    """Run a scenario and judge its traces against published limits.

    Prints what is broken, by how much, since when, who says so and how that is known; where sources disagree; and what
    could not be judged. Limits that are met do not mean that nothing can happen. With --population, for each limit the
    share of people for whom it breaks, and who they are.

    SCENARIO is the name of a shipped protocol (see `limbflow list protocols`), a TOML file, or the result file of a
    run (.h5), which is judged as it is. With a sweep (see `limbflow list sweeps`) or --axis, also the region in which
    no stop and no warning breaks, and the protocol in it with the most metabolic stress per minute.
    """
    from ..cli import check_picture, print_files, print_json, save_picture, split_setting
    from ..results import check_output
    from ..sweeps import plan_of
    from .checking import check as check_scenario
    from .ensemble import Stopped
    from .envelopes import Envelope, over_axes
    from .people import load_population
    from .population import PopulationReport, check_population
    from .report import print_envelope, print_population, print_report
    from .screening import questionnaire as blank

    if questionnaire:
        click.echo(blank(), nl=False)
        return 0
    if scenario is None:
        raise InputError("error: SCENARIO is missing: give a protocol (limbflow list protocols) or a TOML file")
    for path in (plot, envelope_plot):
        if path is not None:
            check_output(path)
            check_picture(path)
    progress = False if as_json else None
    session: Scenario | xarray.Dataset
    made_axes: list[Any]
    if Path(scenario).suffix.lower() in RESULT_FILES:
        if settings or axes or count is not None:
            raise InputError(f"error: {scenario}: is a finished run; --set, --axis and --population need a scenario")
        session, made_axes = finished_run(scenario), []
    else:
        points = dict(split_setting(axis, "--axis") for axis in axes)
        changes = dict(split_setting(setting, "--set") for setting in settings)
        planned, made_axes, _ = plan_of(scenario, points, changes)
        session = planned
        for warning in planned.warnings:
            click.echo(warning, err=True)
    if envelope_plot is not None and not made_axes:
        raise InputError("error: --envelope-plot needs a sweep or --axis")
    population = load_population(people_file)
    report = check_scenario(session, screening=screening, limits=limits, progress=progress)
    if plot is not None:
        save_picture(report.plot(), plot)
    options = {"screening": screening, "limits": limits, "threads": threads, "progress": progress}
    region = others = stopped = None
    try:
        region = over_axes(session, made_axes, **options) if made_axes else None
        if count is not None:
            others = check_population(session, count, population=population, seed=seed, **options)
    except Stopped as error:  # what is finished is shown before the command ends as stopped
        stopped = error
        region = error.found if isinstance(error.found, Envelope) else region
        others = error.found if isinstance(error.found, PopulationReport) else others
    if envelope_plot is not None and region is not None:
        save_picture(region.plot(), envelope_plot)
    if as_json and stopped is None:
        more = {} if others is None else {"population": others.as_json()}
        more |= {} if region is None else {"envelope": region.as_json()}
        print_json(report.as_json() | more)
    if not as_json:
        print_report(report)
        if others is not None:
            click.echo()
            print_population(others)
        if region is not None:
            click.echo()
            print_envelope(region)
        print_files(None, plot)
        print_files(None, envelope_plot)
    if stopped is not None:
        raise stopped
    return report.exit_code


def finished_run(path: str) -> xarray.Dataset:
    """The run of a result file, in memory. Raises `InputError` for a file that holds none."""
    from ..results import open_dataset

    with open_dataset(path) as dataset:
        if "time" not in dataset.dims:
            raise InputError(f"error: {path}: holds a sweep, without traces; give its scenario")
        return dataset.load()
