"""The command line.

Exit codes: 0 done, 1 `check` found a stop broken, 2 bad input, 3 the computation or the disk failed, 130 stopped by
Ctrl-C.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from . import _engine, completion
from .analysis.command import sensitivity
from .examples import ExampleCommand
from .options import json_option, set_option, threads_option
from .safety.command import check
from .samples import METHODS
from .validation.command import validate

EXIT_BAD_INPUT = 2
EXIT_FAILED = 3
EXIT_INTERRUPTED = 130
TRACEBACK_VARIABLE = "LIMBFLOW_TRACEBACK"
# `limbflow` alone: its help is the message. Older releases of click print the help themselves.
NoArguments = getattr(click.exceptions, "NoArgsIsHelpError", ())

version_line = f"limbflow {_engine.version} ({_engine.revision})"

dask_option = click.option(
    "--dask",
    "address",
    metavar="ADDRESS",
    help="Run on the workers of the Dask scheduler there (tcp://HOST:8786) instead of here.",
)
variable_option = click.option(
    "--variable",
    metavar="NAME",
    shell_complete=completion.summaries,
    help="The summary to print and plot, kept besides those of --keep: a signal, a statistic, and the part if not "
    "the whole session [default: mean arterial inflow, which counts baseline and recovery in].",
)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with:  limbflow run 30-15-15-15",
)
@click.version_option(_engine.version, message=version_line)
def cli() -> None:
    """Simulate an arm or a leg under a blood-flow-restriction cuff.

    A scenario is the name of a shipped protocol (see `limbflow list protocols`) or a TOML file of your own. Results are
    estimates of a model, for education and protocol design; they never say that something is safe.
    """


@cli.command(
    cls=ExampleCommand,
    epilog="""
    limbflow run 30-15-15-15
    limbflow run 30-15-15-15 --set cuff_pressure="80 %AOP" --set person=older_woman
    limbflow run my_session.toml --out my_session.h5 --plot my_session.png
    """,
)
@click.argument("scenario", shell_complete=completion.scenarios)
@set_option
@click.option("--out", metavar="FILE.h5", type=click.Path(path_type=Path), help="Write the result here (HDF5).")
@click.option("--plot", metavar="FILE.png", type=click.Path(path_type=Path), help="Draw the run at a glance here.")
@json_option
def run(scenario: str, settings: tuple[str, ...], out: Path | None, plot: Path | None, as_json: bool) -> None:
    """Simulate one scenario and print its summary.

    SCENARIO is the name of a shipped protocol (see `limbflow list protocols`) or a TOML file. The KEY of --set is a
    short name (cuff_pressure, load, rest, person, cuff, posture, fidelity), any key of a scenario file with its dots
    (cuff.width), or a parameter of the model (see `limbflow list parameters`).
    """
    from . import plots, results
    from .report import print_run, run_as_json

    for path in (out, plot):
        if path is not None:
            results.check_output(path)
    if plot is not None:
        check_picture(plot)
    loaded = changed(scenario, settings)
    dataset = loaded.run(file=out, progress=not as_json)
    if plot is not None:
        save_picture(plots.run(dataset), plot)
    if as_json:
        print_json(run_as_json(dataset, out, plot))
        return
    print_run(loaded, dataset)
    print_files(out, plot)


@cli.command(
    cls=ExampleCommand,
    short_help="Simulate every combination of some axes.",
    epilog="""
    limbflow sweep pressure_load_rest --out sweep.h5 --plot sweep.png
    limbflow sweep 30-15-15-15 --axis cuff_pressure="0..100 %AOP / 11" --axis rest="15 s, 30 s, 60 s"
    limbflow sweep 30-15-15-15 --axis load="10..50 %1RM / 5" --variable venous_volume_maximum_set_4
    limbflow sweep 30-15-15-15 --zip cuff_pressure="40, 60, 80 %AOP" --zip load="30, 20, 15 %1RM"
    limbflow sweep 30-15-15-15 --sample 64 --range cuff_pressure="40..80 %AOP" --range load="25 +- 5 %1RM"
    limbflow sweep 30-15-15-15 --people 100 --axis cuff_pressure="40, 60, 80 %AOP" --out people.h5
    limbflow sweep pressure_load_rest --dask tcp://localhost:8786 --out sweep.h5
    """,
)
@click.argument("scenario", shell_complete=completion.sweeps)
@click.option(
    "--axis",
    "axes",
    metavar="NAME=POINTS",
    multiple=True,
    shell_complete=completion.settings,
    help='What varies: a range "0..100 %AOP / 11" (11 points) or a list "15 s, 30 s". May be given many times.',
)
@click.option(
    "--zip",
    "zipped",
    metavar="NAME=POINTS",
    multiple=True,
    shell_complete=completion.settings,
    help="As --axis, but all that are given so move together: first points with first, second with second.",
)
@click.option(
    "--sample",
    metavar="NUMBER",
    type=click.IntRange(1),
    help="Draw that many points from the ranges of --range, all at once.",
)
@click.option(
    "--range",
    "ranges",
    metavar="NAME=RANGE",
    multiple=True,
    shell_complete=completion.settings,
    help='What --sample draws from: "20..40 %1RM", "60 +- 10 %AOP" (mean and SD), or "range" for a parameter\'s own.',
)
@click.option(
    "--method",
    default="sobol",
    show_default=True,
    type=click.Choice(METHODS),
    help="How --sample draws.",
)
@click.option(
    "--people",
    metavar="NUMBER",
    type=click.IntRange(1),
    help="That many people drawn from a population, as a further axis.",
)
@click.option(
    "--population",
    metavar="NAME|FILE.toml",
    default="us_adults",
    show_default=True,
    help="The distributions that --people draws from.",
)
@click.option(
    "--seed", metavar="NUMBER", default=0, show_default=True, type=click.IntRange(0), help="Of --sample and --people."
)
@set_option
@click.option(
    "--out",
    metavar="FILE.h5",
    type=click.Path(path_type=Path),
    help="Write the result here (HDF5); goes on where it stopped.",
)
@click.option("--plot", metavar="FILE.png", type=click.Path(path_type=Path), help="Draw the sweep here.")
@variable_option
@click.option(
    "--keep",
    "summaries",
    metavar="PATTERN",
    multiple=True,
    shell_complete=completion.summaries,
    help='Summaries to keep, such as "arterial_inflow_mean_rest_*", or "*" for all. May be given many times '
    "[default: those of the whole session].",
)
@threads_option
@dask_option
@json_option
def sweep(
    scenario: str,
    axes: tuple[str, ...],
    zipped: tuple[str, ...],
    sample: int | None,
    ranges: tuple[str, ...],
    method: str,
    people: int | None,
    population: str,
    seed: int,
    settings: tuple[str, ...],
    out: Path | None,
    plot: Path | None,
    variable: str | None,
    summaries: tuple[str, ...],
    threads: int,
    address: str | None,
    as_json: bool,
) -> None:
    """Simulate a scenario for every combination of the points of some axes.

    SCENARIO is a scenario, with --axis and its like, or a sweep file that holds its own axes (see `limbflow list
    sweeps`). With --out a sweep that was stopped goes on when it is called again, or by `limbflow resume FILE`.
    """
    from . import results, samples, sweeps
    from .exceptions import InputError

    for path in (out, plot):
        if path is not None:
            results.check_output(path)
    if plot is not None:
        check_picture(plot)
    if bool(ranges) != (sample is not None):
        raise InputError("error: --sample NUMBER and --range NAME=RANGE belong together")
    points: list[Any] = []
    if people is not None:
        points.append(samples.people(people, population, seed=seed))
    if sample is not None:
        drawn = dict(split_setting(each, "--range") for each in ranges)
        points.append(samples.sample(sample, drawn, method=method, seed=seed))
    if zipped:
        together = dict(split_setting(each, "--zip") for each in zipped)
        points.append(samples.zipped(together, name="point" if sample is not None else "member"))
    points.append(dict(split_setting(axis, "--axis") for axis in axes))
    changes = dict(split_setting(setting, "--set") for setting in settings)
    base, made_axes, title = sweeps.plan_of(scenario, points, changes)
    keep = [*(summaries or ["session"]), *([variable] if variable else []), *sweeps.always_kept(base)]
    with cluster(address) as client:
        dataset = sweeps.run(base, made_axes, out, keep, title, threads, not as_json, client)
    show_sweep(dataset, variable, out, plot, as_json)


@cli.command(
    cls=ExampleCommand,
    short_help="Go on with a sweep that was stopped.",
    epilog="""
    limbflow resume sweep.h5
    limbflow resume sweep.h5 --dask tcp://localhost:8786 --plot sweep.png
    """,
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--plot", metavar="FILE.png", type=click.Path(path_type=Path), help="Draw the sweep here.")
@variable_option
@threads_option
@dask_option
@json_option
def resume(
    file: Path, plot: Path | None, variable: str | None, threads: int, address: str | None, as_json: bool
) -> None:
    """Run the members of a sweep file that are still to be run: after Ctrl-C, a crash, a power cut.

    Everything that the sweep needs is in the file. What comes out has the same bytes as if nothing had happened.
    """
    from . import results, sweeps

    if plot is not None:
        results.check_output(plot)
        check_picture(plot)
    with cluster(address) as client:
        dataset = sweeps.resume(file, threads=threads, progress=not as_json, client=client)
    show_sweep(dataset, variable, file, plot, as_json)


def cluster(address: str | None):
    """A client of the Dask scheduler at that address while a block runs; none without an address."""
    from contextlib import nullcontext

    from .scale_out import connect

    return nullcontext() if address is None else connect(address)


def show_sweep(dataset, variable: str | None, out: Path | None, plot: Path | None, as_json: bool) -> None:
    """Draw and print a finished sweep."""
    from . import plots
    from .report import print_sweep, sweep_as_json

    if plot is not None:
        save_picture(plots.sweep(dataset, variable), plot)
    if as_json:
        print_json(sweep_as_json(dataset, out, plot))
        return
    print_sweep(dataset, variable)
    print_files(out, plot)


@cli.command(
    cls=ExampleCommand,
    short_help="Find the occlusion pressure of a cuff.",
    epilog="""
    limbflow aop --person adult_man --cuff wide_thigh --posture supine
    limbflow aop --person older_woman --cuff wide_arm --posture seated --json
    """,
)
@click.option(
    "--person",
    default="adult_man",
    show_default=True,
    shell_complete=completion.people,
    help="A shipped person or a TOML file.",
)
@click.option(
    "--cuff",
    default="wide_thigh",
    show_default=True,
    shell_complete=completion.cuffs,
    help="A shipped cuff or a TOML file.",
)
@click.option("--posture", default="supine", show_default=True, help="supine, seated or standing.")
@set_option
@json_option
def aop(person: str, cuff: str, posture: str, settings: tuple[str, ...], as_json: bool) -> None:
    """Find the arterial occlusion pressure (AOP): the cuff pressure at which the distal pulse is gone."""
    import limbflow

    changes = dict(split_setting(setting, "--set") for setting in settings)
    pressure = limbflow.aop(person, cuff, posture, **changes)
    if as_json:
        print_json(
            {
                "aop": pressure.cuff_pressure,
                "units": "mmHg",
                "artery_pressure": pressure.artery_pressure,
                "transmission": pressure.transmission,
                "person": pressure.person,
                "cuff": pressure.cuff,
                "posture": pressure.posture,
                "limb": pressure.limb,
            }
        )
        return
    click.echo(f"arterial occlusion pressure  {pressure.cuff_pressure:.0f} mmHg set on the cuff")
    arrives = f"{100 * pressure.transmission:.0f} % arrives"
    click.echo(f"pressure at the artery       {pressure.artery_pressure:.0f} mmHg ({arrives})")
    click.echo(f"person, limb, cuff, posture  {pressure.person}, {pressure.limb}, {pressure.cuff}, {pressure.posture}")


@cli.command(
    cls=ExampleCommand,
    short_help="Find the pressure under a strap.",
    epilog="""
    limbflow strap --limb arm --tightness 7
    limbflow strap --limb arm --width "5 cm" --material medium --overlap "30 %"
    limbflow strap --limb leg --tension "150 N" --person older_woman --posture seated --plot strap.png
    """,
)
@click.option("--limb", default="arm", show_default=True, help="arm or leg.")
@click.option("--tightness", metavar="RATING", help="How it feels, 0 to 10.")
@click.option("--overlap", metavar="SHARE", help='Beyond the loose fit, of the limb\'s circumference ("30 %").')
@click.option("--stretch", metavar="SHARE", help='Of the strap itself ("40 %").')
@click.option("--tension", metavar="FORCE", help='Of the strap ("200 N").')
@click.option("--width", metavar="LENGTH", help='Of the strap ("5 cm") [default: 5 cm].')
@click.option("--material", help="stiff, medium or soft [default: medium].")
@click.option("--circumference", metavar="LENGTH", help='Of the limb ("32 cm") [default: the person\'s].')
@click.option("--person", help="A shipped person or a TOML file [default: nobody of whom anything is known].")
@click.option("--posture", default="supine", show_default=True, help="supine, seated or standing.")
@click.option("--occlusion-pressure", metavar="PRESSURE", help='If it was measured ("160 mmHg").')
@set_option
@click.option("--plot", metavar="FILE.png", type=click.Path(path_type=Path), help="Draw the distributions here.")
@json_option
def strap(
    limb: str,
    width: str | None,
    material: str | None,
    circumference: str | None,
    settings: tuple[str, ...],
    plot: Path | None,
    as_json: bool,
    **asked: str | None,
) -> None:
    """Find the pressure under a strap without a gauge, and how likely it is to shut the artery.

    Give one of --tightness, --overlap, --stretch and --tension. The answer is a distribution between people.
    """
    import limbflow

    from . import plots, results
    from .report import print_strap, strap_as_json

    if plot is not None:
        results.check_output(plot)
        check_picture(plot)
    changes = dict(split_setting(setting, "--set") for setting in settings)
    given = {"cuff.width": width, "cuff.material": material, "circumference": circumference}
    changes |= {key: value for key, value in given.items() if value is not None}
    found = limbflow.strap(limb, **asked, **changes)
    if plot is not None:
        save_picture(plots.strap(found), plot)
    if as_json:
        print_json(strap_as_json(found, plot))
        return
    print_strap(found)
    print_files(None, plot)


@cli.command(
    cls=ExampleCommand,
    short_help="Draw a result file.",
    epilog="""
    limbflow plot run.h5 --out run.png
    limbflow plot sweep.h5 --variable venous_volume_maximum --out sweep.pdf
    """,
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out", metavar="FILE.png", type=click.Path(path_type=Path), help="The picture [default: FILE with .png]."
)
@click.option("--variable", metavar="NAME", help="Of a sweep, the summary to show [default: mean inflow].")
@json_option
def plot(file: Path, out: Path | None, variable: str | None, as_json: bool) -> None:
    """Draw a result file: a run at a glance, or a sweep as curves and a heat map.

    A picture of that name is replaced. It ends in .png, .pdf or .svg.
    """
    from . import plots, results
    from .exceptions import InputError

    out = out or file.with_suffix(".png")
    results.check_output(out)
    check_picture(out)
    with results.open_dataset(file) as dataset:
        is_run = "time" in dataset.dims
        if is_run and variable:
            raise InputError(f"error: --variable {variable}: {file} is a run, of which the plot shows every panel")
        axes = plots.run(dataset) if is_run else plots.sweep(dataset, variable)
        save_picture(axes, out)
    if as_json:
        print_json({"plot": str(out)})
        return
    print_files(None, out)


KINDS = ("people", "cuffs", "protocols", "sweeps", "parameters", "signals", "limits", "units")


@cli.command(
    "list",
    cls=ExampleCommand,
    short_help="List what there is to run or to name.",
    epilog="""
    limbflow list
    limbflow list cuffs
    limbflow list parameters --json
    """,
)
@click.argument("kind", type=click.Choice(KINDS), required=False)
@json_option
def list_(kind: str | None, as_json: bool) -> None:
    """List what there is: people, cuffs, protocols, sweeps, parameters, signals, limits, units."""
    from .report import print_table

    if kind is None:
        contents = {name: list(_engine.shipped(name)) for name in KINDS[:4]}
        if as_json:
            print_json(contents)
            return
        for name, items in contents.items():
            click.echo(f"{name:<10}  {', '.join(items)}")
        click.echo(f"\nmore: limbflow list {' | '.join(KINDS[4:])}")
        return
    rows = listed(kind)
    if as_json:
        print_json(rows)
        return
    if kind in KINDS[:4]:
        for row in rows:
            click.echo(row)
        return
    print_table(list(rows[0]) if rows else [], [[str(value) for value in row.values()] for row in rows])


@cli.command(
    "completion",
    cls=ExampleCommand,
    short_help="Print a script that completes commands in your shell.",
    epilog="""
    limbflow completion bash > ~/.local/share/bash-completion/completions/limbflow
    limbflow completion zsh > ~/.zfunc/_limbflow
    limbflow completion fish > ~/.config/fish/completions/limbflow.fish
    """,
)
@click.argument("shell", type=click.Choice(completion.SHELLS))
@json_option
def completion_(shell: str, as_json: bool) -> None:
    """Print a script with which the Tab key completes commands, options, scenarios, keys and summaries.

    Put it where the examples say, and open a new shell; for zsh that folder has to be in $fpath.
    """
    text = completion.script(cli, shell)
    if as_json:
        print_json({"shell": shell, "put_it": completion.WHERE[shell], "script": text})
        return
    click.echo(text)


@cli.command(cls=ExampleCommand, epilog="limbflow version --json")
@json_option
def version(as_json: bool) -> None:
    """Print the version and the source revision."""
    if as_json:
        print_json({"version": _engine.version, "revision": _engine.revision})
        return
    click.echo(version_line)


cli.add_command(check)
cli.add_command(sensitivity)
cli.add_command(validate)


def listed(kind: str) -> list[Any]:
    """The rows of `limbflow list KIND`."""
    if kind in KINDS[:4]:
        return list(_engine.shipped(kind))
    if kind == "parameters":
        return list(_engine.parameters())
    if kind == "signals":
        signals = [*_engine.signals(), *_engine.fibre_signals()]
        return [{"name": s.name, "unit": s.unit, "long_name": s.long_name} for s in signals]
    if kind == "limits":
        from .safety import shipped_limits

        return [
            {
                "id": limit.id,
                "severity": limit.severity,
                "limit": f"{limit.title}: {limit.published}",
                "judged": "no" if limit.not_judged else "by screening" if limit.is_screening else "by the model",
            }
            for limit in shipped_limits()
        ]
    return [{"dimension": name, "units": ", ".join(units)} for name, units in _engine.units().items()]


def split_setting(text: str, option: str) -> tuple[str, str]:
    """`key=value` of an option. Raises `InputError`."""
    from .exceptions import InputError

    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise InputError(f'error: {option} {text}: write KEY=VALUE, for example {option} load="30 %1RM"')
    return key.strip(), value.strip()


def changed(source: str, settings: tuple[str, ...]):
    """The scenario of that name or path with the settings of --set."""
    from .scenario import load

    scenario = load(source)
    if settings:
        scenario = scenario.with_(**dict(split_setting(setting, "--set") for setting in settings))
    for warning in scenario.warnings:
        click.echo(warning, err=True)
    return scenario


def check_picture(path: Path) -> None:
    """Raise `InputError` when matplotlib cannot write a picture of that kind."""
    from .exceptions import InputError

    kinds = ("png", "pdf", "svg")
    if path.suffix.lower().lstrip(".") not in kinds:
        raise InputError(f"error: {path}: a picture ends in .{', .'.join(kinds)}")


def save_picture(axes, path: Path) -> None:
    """Write the figure of `axes` to `path`, whole or not at all. Raises `StorageError`."""
    import numpy as np

    from .exceptions import StorageError

    figure = np.ravel(axes)[0].figure.figure  # the whole, where the axes lie on a part of it
    partial = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        figure.savefig(partial, dpi=160)
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, allow_nan=False, default=str))


def print_files(out: Path | None, plot: Path | None) -> None:
    for what, path in (("result", out), ("plot", plot)):
        if path is not None:
            click.echo(f"{what:<6}  {path}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code. No exception leaves it."""
    as_json = "--json" in (sys.argv[1:] if arguments is None else arguments)
    try:
        code = cli.main(args=arguments, prog_name="limbflow", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BaseException as error:  # the outermost frame: everything becomes a message and an exit code
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        return report(error, as_json)


def report(error: BaseException, as_json: bool) -> int:
    """Say what went wrong, on stderr or as JSON, and return the exit code."""
    from .exceptions import ComputationError, InputError, StorageError

    diagnostics: list[dict] = []
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, (BrokenPipeError, SystemExit)):  # the reader has seen enough; click exits then
        discard_output()
        return 0
    if isinstance(error, click.Abort):  # click's name for Ctrl-C
        error = error.__cause__ or KeyboardInterrupt()
    if isinstance(error, KeyboardInterrupt):
        kind, message, code = "interrupted", str(error) or "stopped", EXIT_INTERRUPTED
    elif isinstance(error, NoArguments) and not as_json:
        click.echo(error.format_message(), err=True)
        return EXIT_BAD_INPUT
    elif isinstance(error, click.ClickException):
        kind, message, code = "input", usage_text(error), EXIT_BAD_INPUT
    elif isinstance(error, InputError):
        kind, message, code = "input", str(error), EXIT_BAD_INPUT
        diagnostics = [vars(diagnostic) for diagnostic in error.diagnostics]
    elif isinstance(error, (ComputationError, StorageError)):
        kind, message, code = ("storage" if isinstance(error, StorageError) else "computation"), str(error), EXIT_FAILED
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
        kind, message, code = "storage", f"cannot write: {error.strerror}", EXIT_FAILED
        discard_output()
    elif isinstance(error, MemoryError):
        kind, message, code = "computation", "not enough memory", EXIT_FAILED
    else:
        kind, code = "internal", EXIT_FAILED
        message = (
            f"something that should not happen: {type(error).__name__}: {error}\n"
            f"set {TRACEBACK_VARIABLE}=1 to see where, and please report it"
        )
    if as_json:
        try:
            print_json({"error": {"kind": kind, "message": message, "diagnostics": diagnostics}})
            sys.stdout.flush()
            return code
        except OSError:
            discard_output()
    if kind != "interrupted" and "error:" not in message.partition("\n")[0]:
        message = f"error: {message}"
    click.echo(message, err=True)
    return code


def usage_text(error: click.ClickException) -> str:
    """A usage error with the usage line before it and where help is."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if context is None:
        return message
    return f"{message}\n{context.get_usage()}\nhelp: {context.command_path} --help"


def discard_output() -> None:
    """Point stdout at nothing, so that Python's last flush does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
