"""`limbflow validate`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..examples import ExampleCommand
from ..options import json_option, threads_option


@click.command(
    cls=ExampleCommand,
    short_help="Hold the model against measurements.",
    exit_codes="Exit code 0 whatever the verdicts are: a miss is a result, and it is shown.",
    epilog="""
    limbflow validate
    limbflow validate --study arm_aop --study capillary_refill
    limbflow validate --html report.html --sensitivity
    """,
)
@click.option("--study", "ids", metavar="ID", multiple=True, help="Only this study. May be given many times.")
@click.option("--html", metavar="FILE.html", type=click.Path(path_type=Path), help="Write a report with plots here.")
@threads_option
@click.option(
    "--sensitivity",
    "studies_varied",
    metavar="[calibrate|all]",
    is_flag=False,
    flag_value="calibrate",
    type=click.Choice(["calibrate", "all"]),
    help="Also find which parameters the outcomes depend on: those of the studies that parameters were chosen by and "
    "of some shipped protocols (minutes), or of all studies (several times longer); with --study, of those studies.",
)
@json_option
def validate(ids: tuple[str, ...], html: Path | None, threads: int, studies_varied: str | None, as_json: bool) -> None:
    """Hold the model against published measurements and print the verdicts."""
    from ..progress import watched
    from ..results import check_output, unknown_name
    from . import all_studies, sensitivity
    from . import validate as run_studies
    from .report import as_json as report_json
    from .report import print_report, print_sensitivities, write_html

    studies = all_studies()
    known = [study.id for study in studies]
    for name in ids:
        if name not in known:
            raise unknown_name("study", name, known)
    if html is not None:
        check_output(html)
    with watched(False if as_json else None, "validation", len(ids) or len(studies)) as progress:
        report = run_studies(
            [study for study in studies if not ids or study.id in ids], threads=threads, progress=progress
        )
    found = None
    if studies_varied is not None:
        with watched(not as_json, "sensitivity") as progress:
            found = sensitivity(ids or studies_varied, threads=threads, progress=progress)
    if html is not None:
        write_html(report, html, found)
    if as_json:
        click.echo(json.dumps(report_json(report, found), indent=2, allow_nan=False))
        return
    print_report(report)
    if found is not None:
        print_sensitivities(found)
    if html is not None:
        click.echo(f"report  {html}")
