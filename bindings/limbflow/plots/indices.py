"""What an outcome depends on: the indices of `limbflow.analysis`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..exceptions import InputError
from .names import display_name
from .style import LINE_STYLES, tidy, unit_text

if TYPE_CHECKING:
    import xarray

MOST_INPUTS = 15
# Long and short bar: field, words, and half of its interval.
BARS = {
    "total": ("total_confidence", "with all others", "share of the variance"),
    "mean_absolute_effect": ("absolute_effect_confidence", "size of the change", "change over the whole range"),
}
INNER = {"total": ("first_order", "alone"), "mean_absolute_effect": ("mean_effect", "mean change")}


def indices(dataset: xarray.Dataset, axes: np.ndarray | None = None) -> np.ndarray:
    """Bars of Sobol's shares or of Morris's effects, one panel for each outcome; what matters most stands on top.

    `dataset` is what `limbflow.analysis.sobol` or `morris` returns; at most fifteen inputs are drawn. Whiskers are 95 %
    intervals. Draws on the axes given, one for each outcome, or on new ones; returns the array of axes.
    """
    import matplotlib.pyplot as plt

    field = next((name for name in BARS if name in dataset), None)
    if field is None:
        raise InputError("nothing to plot: this is no result of limbflow.analysis.sobol or morris")
    names = [str(name) for name in dataset["summary"].values]
    shown = min(dataset.sizes["input"], MOST_INPUTS)
    if axes is None:
        size = (7.0, len(names) * (1.1 + 0.3 * shown))
        _, axes = plt.subplots(len(names), 1, figsize=size, squeeze=False, layout="constrained")
    axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    if len(axes) < len(names):
        raise InputError(f"{len(names)} outcomes need as many axes; {len(axes)} were given")
    half, words, axis_words = BARS[field]
    inner, inner_words = INNER[field]
    for ax, index in zip(axes, range(len(names)), strict=False):
        one = dataset.isel(summary=index)
        order = np.argsort(np.nan_to_num(one[field].values))[-shown:]
        places = np.arange(order.size)
        long, short = one[field].values[order], one[inner].values[order]
        whiskers = {"xerr": one[half].values[order], "error_kw": {"elinewidth": 0.9, "ecolor": "0.3"}}
        ax.barh(places, long, height=0.7, color="0.8", label=words, **whiskers)
        ax.plot(short, places, "D", color=LINE_STYLES[2]["color"], markersize=5, label=inner_words)
        ax.set_yticks(places, [display_name(str(each)) for each in one["input"].values[order]], fontsize="small")
        unit = unit_text(str(one["summary_units"].values)) if field == "mean_absolute_effect" else ""
        ax.set_xlabel(f"{axis_words} ({unit})" if unit else axis_words)
        ax.set_title(display_name(names[index]), loc="left", fontsize="medium", fontweight="bold")
        ax.axvline(0, color="0.4", linewidth=0.8)
        ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, fontsize="small", borderaxespad=0.2)
        tidy(ax)
        ax.grid(axis="y", visible=False)
        ax.grid(axis="x", color="0.85", linewidth=0.6)
    axes[0].figure.suptitle(dataset.attrs.get("title", ""), fontsize="medium")
    return axes
