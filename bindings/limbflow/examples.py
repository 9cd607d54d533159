"""Commands whose help shows examples."""

from __future__ import annotations

import click


class ExampleCommand(click.Command):
    """A command whose help text keeps its example lines as they are, unbroken, to be copied.

    `exit_codes` says what it returns besides 0, 2, 3 and 130.
    """

    def __init__(self, *arguments, exit_codes: str = "", **options):
        super().__init__(*arguments, **options)
        self.exit_codes = exit_codes

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.strip().splitlines():
                    formatter.write(f"{'':{formatter.current_indent}}{line.strip()}\n")
        if self.exit_codes:
            formatter.write_paragraph()
            formatter.write_text(self.exit_codes)
