"""What was measured, and the model before and after the fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..exceptions import InputError
from ..plots import LINE_STYLES, display_name, tidy, unit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .calibration import Calibration


def fit(found: Calibration, axes: np.ndarray | None = None) -> np.ndarray:
    """One panel for the single numbers, in SD of each, and one for each trace. Returns the array of axes."""
    import matplotlib.pyplot as plt

    table = found.measurements
    names = list(dict.fromkeys(table["name"].values))
    traces = [name for name in names if np.isfinite(table["time"].values[table["name"].values == name]).all()]
    numbers = [name for name in names if name not in traces]
    count = len(traces) + bool(numbers)
    if axes is None:
        _, axes = plt.subplots(count, 1, figsize=(7.5, 0.6 + 2.4 * count), squeeze=False, layout="constrained")
    axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    if len(axes) < count:
        raise InputError(f"{count} panels need as many axes; {len(axes)} were given")
    for ax, name in zip(axes, traces, strict=False):
        course(ax, found, name)
    if numbers:
        levels(axes[len(traces)], found, numbers)
    return axes


def course(ax: Axes, found: Calibration, name: str) -> None:
    """A trace: points with their SD, the model before (dashed) and after."""
    table = found.measurements
    rows = table.isel(measurement=np.flatnonzero(table["name"].values == name))
    bars = {"fmt": "o", "color": "0.4", "markersize": 3, "elinewidth": 0.8}
    ax.errorbar(rows["time"], rows["measured"], rows["sd"], label="measured", **bars)
    ax.plot(rows["time"], rows["before"], **LINE_STYLES[2], label="model before")
    ax.plot(rows["time"], rows["after"], **LINE_STYLES[1], label="model after")
    unit = unit_text(str(rows["unit"].values[0]))
    words = display_name(name)
    ax.set_ylabel(f"{words}\n({unit})" if unit else words)
    ax.set_xlabel("time (s)")
    ax.legend(frameon=False, fontsize="small")
    tidy(ax)


def levels(ax: Axes, found: Calibration, names: list[str]) -> None:
    """Single numbers: the model's distance from each, in its SD; the band is one SD."""
    table = found.measurements
    rows = table.isel(measurement=np.flatnonzero(np.isin(table["name"].values, names)))
    ax.axvspan(-1, 1, color="0.9", zorder=0)
    ax.axvline(0, color="0.5", linewidth=0.8)
    places = np.arange(rows.sizes["measurement"])[::-1]
    for which, mark, style in (("before", "s", LINE_STYLES[2]), ("after", "o", LINE_STYLES[1])):
        distance = (rows[which] - rows["measured"]) / rows["sd"]
        ax.plot(distance, places, mark, color=style["color"], label=f"model {which}")
    labels = []
    for index in range(rows.sizes["measurement"]):
        row = rows.isel(measurement=index)
        number = f"{float(row.measured):.4g} ± {float(row.sd):.2g} {unit_text(str(row.unit.values))}".rstrip()
        labels.append(f"{str(row.name.values).replace('_', ' ')}\n{number}")
    ax.set_yticks(places, labels, fontsize="small")
    ax.set_ylim(-0.6, len(places) - 0.4)
    ax.set_xlabel("model minus measurement (SD)")
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    tidy(ax)
