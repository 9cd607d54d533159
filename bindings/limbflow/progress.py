"""Progress of long work: a bar on a terminal or in a notebook, plain lines elsewhere when asked for."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

LONGEST_TEXT = 48
SHOWN_AFTER_S = 1.0
PLAIN_LINE_EVERY_S = 5.0


@contextmanager
def watched(
    progress: bool | Callable[[float], None] | None, text: str, total: int | None = None, done: int = 0
) -> Iterator[Callable[[float], None] | None]:
    """Give a function of the fraction done, or None when nobody watches.

    A bar appears once the work has taken a second. `total` is the number of members, of which `done` were there
    before, for the rate and the time left.
    """
    if progress is None:
        progress = sys.stderr.isatty() or in_notebook()
    if callable(progress):
        yield progress
    elif progress:
        display = BarDisplay if sys.stderr.isatty() or in_notebook() else LineDisplay
        shown = display(text, total, done)
        try:
            yield shown
        finally:
            shown.close()
    else:
        yield None


def in_notebook() -> bool:
    """Whether this runs inside a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return type(shell).__name__ == "ZMQInteractiveShell"


class BarDisplay:
    """A tqdm bar with rate and time left, on stderr or as a widget of a notebook, once the work has taken a second."""

    def __init__(self, text: str, total: int | None, done: int = 0):
        self.text = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."
        self.total, self.done = total, done
        self.begun = time.monotonic()
        self.bar: Any = None

    def __call__(self, fraction: float) -> None:
        if self.bar is None and time.monotonic() - self.begun > SHOWN_AFTER_S:
            self.bar = self.opened()
        if self.bar is not None:
            reached = fraction if self.total is None else round(fraction * self.total)
            self.bar.update(max(0, reached - self.bar.n))

    def opened(self) -> Any:
        common = {"desc": self.text, "leave": False, "smoothing": 0.1, "dynamic_ncols": True}
        if self.total is None:
            shape = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"
            bar = bar_class()(total=1.0, bar_format=shape, **common)
        else:
            shape = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} {rate_fmt}, {remaining} left"
            bar = bar_class()(total=self.total, initial=self.done, unit=" runs", bar_format=shape, **common)
        bar.start_t -= time.monotonic() - self.begun
        return bar

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def bar_class() -> type:
    """The bar of notebooks where its widget can be had, else that of terminals."""
    if in_notebook() and importlib.util.find_spec("ipywidgets") is not None:
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm
    return tqdm


class LineDisplay:
    """A plain line on stderr every few seconds, for logs and pipes."""

    def __init__(self, text: str, total: int | None, done: int = 0):
        self.text, self.total, self.before = text, total, done / total if total else 0.0
        self.begun = time.monotonic()
        self.next_line = self.begun + SHOWN_AFTER_S

    def __call__(self, fraction: float) -> None:
        now = time.monotonic()
        if now < self.next_line or fraction <= self.before:
            return
        self.next_line = now + PLAIN_LINE_EVERY_S
        words = [f"{100 * fraction:.0f} %"]
        rate = (fraction - self.before) / (now - self.begun)
        if self.total:
            words.append(f"{round(fraction * self.total)}/{self.total}")
            words.append(f"{rate * self.total:.1f} runs/s")
        if rate > 0:
            words.append(f"{(1 - fraction) / rate:.0f} s left")
        print(f"{self.text}: {', '.join(words)}", file=sys.stderr, flush=True)

    def close(self) -> None:
        pass
