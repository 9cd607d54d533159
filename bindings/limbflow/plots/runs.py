"""A run over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..exceptions import InputError
from .names import display_name
from .style import LINE_STYLES, tidy, unit_text

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

SET_BAND = {"color": "0.88", "linewidth": 0, "zorder": 0}

RUN_PANELS: list[tuple[str, tuple[str, ...]]] = [
    ("Cuff and arteries", ("cuff_pressure", "mean_arterial_pressure", "distal_arterial_pressure")),
    ("Veins and muscle", ("deep_venous_pressure", "superficial_venous_pressure", "intramuscular_pressure")),
    ("Flow", ("arterial_inflow", "venous_outflow", "skin_flow")),
    ("Change of the volume of the limb below the cuff", ("limb_volume_change",)),
    ("Oxygen", ("muscle_oxygen_saturation", "venous_oxygen_saturation")),
    ("Metabolites of the working muscle", ("phosphocreatine", "inorganic_phosphate", "muscle_lactate")),
    ("pH of the working muscle", ("muscle_ph",)),
    ("Drive and force", ("motor_drive", "high_threshold_recruitment", "force_capacity")),
]
# What a legend says besides the name of the signal. A leg that hangs down has more pressure than the heart.
LEGEND_NOTES = {"mean_arterial_pressure": "at the heart", "distal_arterial_pressure": "at the limb"}


def run(dataset: xarray.Dataset, axes: np.ndarray | None = None, panels=RUN_PANELS) -> np.ndarray:
    """A run at a glance: stacked panels over time, with the sets as grey bands and what was run as the title.

    `dataset` is what `Scenario.run()` returns. `panels` is a list of (title, signal names); signals that the
    run does not hold are left out, and so is a panel of which nothing remains. Returns the array of axes.
    """
    import matplotlib.pyplot as plt

    panels = [(title, [name for name in names if name in dataset]) for title, names in panels]
    panels = [(title, names) for title, names in panels if names]
    if not panels:
        raise InputError("nothing to plot: the result holds none of the signals of the panels")
    if axes is None:
        _, axes = plt.subplots(
            len(panels), 1, sharex=True, figsize=(8.5, 1.0 + 1.55 * len(panels)), squeeze=False, layout="constrained"
        )
    axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    if len(axes) < len(panels):
        raise InputError(f"{len(panels)} panels need as many axes; {len(axes)} were given")
    time = dataset["time"]
    minutes = float(time[-1] - time[0]) > 300
    scale, time_unit = (60.0, "min") if minutes else (1.0, "s")
    for ax, (title, names) in zip(axes, panels, strict=False):
        shade_sets(dataset, ax, scale, "set" if ax is axes[0] else None)
        unit = unit_text(dataset[names[0]].attrs.get("units", ""))
        for name, style in zip(names, LINE_STYLES, strict=False):
            note = f"\n({LEGEND_NOTES[name]})" if name in LEGEND_NOTES else ""
            ax.plot(time / scale, dataset[name], label=display_name(name) + note, linewidth=1.2, **style)
        ax.set_ylabel(unit or ("pH" if all(name.endswith("_ph") for name in names) else "ratio"))
        ax.set_title(title, loc="left", fontsize="medium", fontweight="bold")
        ax.margins(x=0)
        if ax.get_ylabel() != "pH":
            limit_height(ax, unit)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.03), frameon=False, fontsize="small", handlelength=2.6)
        tidy(ax)
    axes[len(panels) - 1].set_xlabel(f"time ({time_unit})")
    axes[0].figure.align_ylabels(list(axes[: len(panels)]))
    heading = [dataset.attrs.get("title", ""), *settings_of(dataset)]
    axes[0].figure.suptitle("\n".join(line for line in heading if line), fontsize="medium")
    return axes


def settings_of(dataset: xarray.Dataset) -> list[str]:
    """Who, under which cuff, doing what, from the scenario that a run carries: lines for a heading."""
    from ..scenario import Scenario

    try:
        words = dict(Scenario.from_text(dataset.attrs["scenario"]).description)
    except (KeyError, InputError):  # a result without its scenario, or one of another version
        return []
    lines = [", ".join(words[item] for item in ("person", "limb") if item in words)]
    return lines + [words[item] for item in ("cuff", "exercise") if item in words]


def limit_height(ax: Axes, unit: str = "") -> None:
    """Start at zero where nothing is below; cut brief spikes that would flatten the rest, and say how high they go."""
    values = np.concatenate([line.get_ydata() for line in ax.lines])
    if values.min() >= 0:
        ax.set_ylim(bottom=0)
    usual = np.percentile(values, 99)
    if values.max() <= 2.5 * usual or usual <= 0:
        return
    top = 1.3 * usual
    ax.set_ylim(top=top)
    row = 0
    for line in list(ax.lines):
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        above = np.flatnonzero(y > top)
        for spike in np.split(above, np.flatnonzero(np.diff(above) > 1) + 1) if above.size else []:
            peak = spike[np.argmax(y[spike])]
            ax.annotate(
                f"up to {y[peak]:.0f} {unit}".rstrip(),
                (x[spike[-1]], top),
                xytext=(5, -1 - 11 * row),
                textcoords="offset points",
                color=line.get_color(),
                fontsize="small",
                va="top",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.8},
            )
        row += above.size > 0


def shade_sets(dataset: xarray.Dataset, ax: Axes, time_scale: float = 1.0, label: str | None = None) -> None:
    """Grey bands where a set is performed; `label` names them in the legend."""
    if "segment" not in dataset.dims:
        return
    sets = dataset["segment_set"].values
    begin, end = dataset["segment_begin"].values / time_scale, dataset["segment_end"].values / time_scale
    for index, number in enumerate(np.unique(sets[sets > 0])):
        ax.axvspan(
            begin[sets == number].min(), end[sets == number].max(), label=label if index == 0 else None, **SET_BAND
        )
