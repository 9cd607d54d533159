"""Progress of long work: a bar on a terminal or in a notebook, plain lines elsewhere when asked for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SHOWN_AFTER_S = 1.0
PLAIN_LINE_EVERY_S = 5.0


@contextmanager
def watched(
    progress: bool | Callable[[float], None] | None, text: str, total: int | None = None
) -> Iterator[Callable[[float], None] | None]:
    """Give a function of the fraction done, or None when nobody watches.

    A bar appears once the work has taken a second. `total` is the number of members, for the rate.
    """
    if progress is None:
        progress = sys.stderr.isatty() or in_notebook()
    if callable(progress):
        yield progress
    elif progress:
        display = BarDisplay(text, total) if sys.stderr.isatty() or in_notebook() else LineDisplay(text, total)
        try:
            yield display
        finally:
            display.close()
    else:
        yield None


def in_notebook() -> bool:
    """Whether this runs inside a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return type(shell).__name__ == "ZMQInteractiveShell"


class BarDisplay:
    """A rich progress bar with rate and time left, on stderr."""

    def __init__(self, text: str, total: int | None):
        self.text, self.total, self.started = text, total, time.monotonic()
        self.bar = self.task = None

    def __call__(self, fraction: float) -> None:
        if self.bar is None and time.monotonic() - self.started > SHOWN_AFTER_S:
            self.open()
        if self.bar is not None:
            self.bar.update(self.task, completed=fraction, members=self.members(fraction))

    def open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[members]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self.bar.start()
        self.task = self.bar.add_task(self.text, total=1.0, members="")

    def members(self, fraction: float) -> str:
        if not self.total:
            return ""
        done = round(fraction * self.total)
        return f"{done}/{self.total} {done / (time.monotonic() - self.started):.1f}/s"

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()


class LineDisplay:
    """A plain line on stderr every few seconds, for logs and pipes."""

    def __init__(self, text: str, total: int | None):
        self.text, self.total = text, total
        self.next_line = time.monotonic() + SHOWN_AFTER_S

    def __call__(self, fraction: float) -> None:
        now = time.monotonic()
        if now < self.next_line:
            return
        self.next_line = now + PLAIN_LINE_EVERY_S
        members = f" ({round(fraction * self.total)}/{self.total})" if self.total else ""
        print(f"{self.text}: {100 * fraction:.0f} %{members}", file=sys.stderr, flush=True)

    def close(self) -> None:
        pass
