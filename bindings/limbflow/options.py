"""Options that several commands have."""

from __future__ import annotations

import click

from . import completion

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
set_option = click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    shell_complete=completion.settings,
    help='Change one value, for example --set load="30 %1RM". May be given many times.',
)
threads_option = click.option(
    "--threads",
    metavar="NUMBER",
    default=0,
    show_default="0, one for each processor",
    type=click.IntRange(0, 1024),
    help="How many runs at a time.",
)
