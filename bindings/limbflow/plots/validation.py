"""The model against measurement: errors of rows in widths of the measurements' own spread."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..exceptions import InputError
from .style import tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..validation import Report, Row

EDGE = 4.0
# Marker and colour, so that a print in grey can be read.
MARKS = {"met": ("o", "#0072B2"), "near": ("D", "#E69F00"), "missed": ("X", "#D55E00")}


def validation(report: Report, axes: np.ndarray | None = None, *, study: str | None = None) -> np.ndarray:
    """What `limbflow.validate()` found, one panel for each study: every row's error, in widths of its measurement.

    The dark band is met (1 SD, 2 SE or the stated band), the light one near; what lies beyond the axis stands at its
    edge. `study` shows that one alone. Needs one axis for each study with rows; draws on new ones if none are given.
    Returns the array of axes. Raises `InputError` for a study that was not run or has no errors to show.
    """
    import matplotlib.pyplot as plt

    shown = [
        (result.study, [row for row in result.evaluation.rows if row.error is not None])
        for result in report.results
        if study in (None, result.study.id)
    ]
    shown = [(each, rows) for each, rows in shown if rows]
    if not shown:
        raise InputError(f"nothing to plot: {study or 'the report'} has no rows with an error")
    if axes is None:
        heights = [len(rows) + 2.2 for _, rows in shown]
        _, axes = plt.subplots(
            len(shown),
            1,
            figsize=(8.0, 0.27 * sum(heights) + 0.6),
            height_ratios=heights,
            sharex=True,
            squeeze=False,
            layout="constrained",
        )
    axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    if len(axes) < len(shown):
        raise InputError(f"{len(shown)} studies need as many axes; {len(axes)} were given")
    for ax, (each, rows) in zip(axes, shown, strict=False):
        errors(ax, rows)
        ax.set_title(f"{each.id} ({each.use})", loc="left", fontsize="small", fontweight="bold")
        ax.set_xlabel("")
        tidy(ax)
    axes[len(shown) - 1].set_xlabel("model minus measurement (SD, 2 SE or half-bands)")
    return axes


def errors(ax: Axes, rows: Sequence[Row]) -> Axes:
    """The errors of rows on one axes; see `validation`."""
    ax.axvspan(-2, 2, color="0.95", zorder=0)
    ax.axvspan(-1, 1, color="0.87", zorder=0)
    for place, row in enumerate(reversed(rows)):
        error = row.error if row.error is not None and math.isfinite(row.error) else EDGE
        marker, colour = MARKS[row.verdict]
        beyond = abs(error) >= EDGE
        ax.plot(
            max(-EDGE, min(EDGE, error)),
            place,
            (">" if error > 0 else "<") if beyond else marker,
            color=colour,
            clip_on=False,
        )
    names = ["\n".join(textwrap.wrap(row.quantity, 40)) for row in reversed(rows)]
    ax.set_yticks(range(len(rows)), names, fontsize="x-small")
    ax.set_xlim(-EDGE, EDGE)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.axvline(0, color="0.5", linewidth=0.8)
    ax.set_xlabel("error (SD, 2 SE or half-bands)")
    return ax
