"""Plots of runs, sweeps and straps. Every function draws on the matplotlib axes that it is given, or on new ones.
It returns the axes.

The colours are those of Okabe and Ito, which people with the common colour deficiencies can tell apart; lines
also differ in dash and lightness, so that a print in grey can be read. Colour maps rise steadily in lightness.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from .exceptions import InputError
from .results import unknown_name

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

    from .straps import StrapPressure

# Dark to light, each with its own dash.
LINE_STYLES: list[dict[str, Any]] = [
    {"color": "#000000", "linestyle": "-"},
    {"color": "#D55E00", "linestyle": "-"},
    {"color": "#0072B2", "linestyle": (0, (5, 1.5))},
    {"color": "#009E73", "linestyle": (0, (3, 1, 1, 1))},
    {"color": "#CC79A7", "linestyle": (0, (1, 1))},
    {"color": "#56B4E9", "linestyle": (0, (7, 2, 1, 2))},
    {"color": "#E69F00", "linestyle": (0, (2, 1))},
]
COLOUR_MAP = "cividis"
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

UNIT_TEXT = {"mL/100mL": "mL/100 mL", "1": ""}


def unit_text(unit: str) -> str:
    """The unit as written on an axis."""
    return UNIT_TEXT.get(unit, unit)


def axis_label(array: xarray.DataArray) -> str:
    """`long name (unit)` of a variable, `name (unit)` of an axis of a sweep."""
    words = str(array.name).replace("_", " ")
    name = words if "key" in array.attrs else array.attrs.get("long_name", words)
    unit = unit_text(array.attrs.get("units", ""))
    label = f"{name} ({unit})" if unit else name
    return "\n".join(textwrap.wrap(label, 44, break_long_words=False))


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
            ax.plot(time / scale, dataset[name], label=name.replace("_", " ") + note, linewidth=1.2, **style)
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
    from .scenario import Scenario

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


def heat_map(
    dataset: xarray.Dataset, variable: str, x: str | None = None, y: str | None = None, ax: Axes | None = None, **select
) -> Axes:
    """One summary of a sweep as colours over two of its axes, with contour lines.

    `x` and `y` default to the first two axes of the sweep; other axes are fixed by `select`
    (for example `rest=30`, nearest value) or else at their middle point, which the title says.
    """
    import matplotlib.pyplot as plt

    array = summary(dataset, variable)
    numeric = [str(d) for d in array.dims if array[d].dtype.kind in "if"]
    x = x or next((d for d in numeric if d != y), None)
    y = y or next((d for d in numeric if d != x), None)
    for name in (x, y):
        if name is None or name not in numeric:
            raise InputError(
                f"a heat map needs two numeric axes of the sweep; this one has: {', '.join(numeric) or 'none'}"
            )
    array, fixed = fix_axes(array, {x, y}, select)
    array = array.transpose(y, x)
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    values = np.ma.masked_invalid(array.values)
    mesh = ax.pcolormesh(array[x], array[y], values, cmap=COLOUR_MAP, shading="nearest")
    ax.figure.colorbar(mesh, ax=ax, label=axis_label(array))
    if min(values.shape) >= 2 and values.count() and values.min() < values.max():
        draw_contours(ax, array[x].values, array[y].values, values)
    for coordinate, axis in ((array[x], ax.xaxis), (array[y], ax.yaxis)):
        if coordinate.size <= 6:
            axis.set_ticks(coordinate.values)
    ax.set_xlabel(axis_label(array[x]))
    ax.set_ylabel(axis_label(array[y]))
    ax.set_title(fixed, fontsize="medium", loc="left")
    return ax


def draw_contours(ax: Axes, x: np.ndarray, y: np.ndarray, values: np.ma.MaskedArray) -> None:
    """White contour lines edged with black, which show on every colour; labels where there is room for them."""
    from matplotlib.patheffects import withStroke

    ax.contour(x, y, values, levels=5, colors="black", linewidths=1.8, linestyles="solid")
    lines = ax.contour(x, y, values, levels=5, colors="white", linewidths=0.8, linestyles="solid")
    room = 0.3 * ax.figure.dpi  # inches to pixels
    labelled: list[np.ndarray] = []
    for text in list(ax.clabel(lines, fontsize="x-small", inline=False)):
        place = ax.transData.transform(text.get_position())
        if any(np.hypot(*(place - other)) < room for other in labelled):
            text.remove()
            continue
        labelled.append(place)
        text.set_path_effects([withStroke(linewidth=2.5, foreground="black")])


def curves(
    dataset: xarray.Dataset,
    variable: str,
    x: str | None = None,
    family: str | None = None,
    ax: Axes | None = None,
    **select,
) -> Axes:
    """One summary of a sweep against the axis `x`, one curve for each point of the axis `family`.

    With the defaults this is the family of flow against cuff pressure. Other axes are fixed as in `heat_map`.
    """
    import matplotlib.pyplot as plt

    array = summary(dataset, variable)
    dims = [str(d) for d in array.dims]
    x = x or next((d for d in dims if array[d].dtype.kind in "if"), None)
    if x is None or x not in dims:
        raise InputError(f"curves need a numeric axis for x; the axes of this sweep are: {', '.join(dims) or 'none'}")
    family = family or next((d for d in dims if d != x), None)
    if family is not None and family not in dims:
        raise InputError(f"no axis '{family}' in this sweep; its axes are: {', '.join(dims)}")
    array, fixed = fix_axes(array, {x, family}, select)
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
    members = [None] if family is None else list(array[family].values)
    markers = "osD^vP*X"
    for index, member in enumerate(members):
        line = array if family is None else array.isel({family: index})
        style = LINE_STYLES[index % len(LINE_STYLES)]
        label = None if member is None else point_text(array[family], member)
        ax.plot(line[x], line, marker=markers[index % len(markers)], markersize=4, linewidth=1.4, label=label, **style)
    ax.set_xlabel(axis_label(array[x]))
    ax.set_ylabel(axis_label(array))
    ax.set_title(fixed, fontsize="medium", loc="left")
    if family is not None:
        ax.legend(title=str(family).replace("_", " "), frameon=False, fontsize="small")
    tidy(ax)
    return ax


def sweep(dataset: xarray.Dataset, variable: str | None = None, axes: np.ndarray | None = None) -> np.ndarray:
    """A sweep at a glance: heat map over its first two numeric axes, and curves against the first."""
    import matplotlib.pyplot as plt

    variable = variable or default_variable(dataset)
    array = summary(dataset, variable)
    two = sum(array[d].dtype.kind in "if" for d in array.dims) >= 2
    if axes is None:
        _, axes = plt.subplots(1, 1 + two, figsize=(6.2 * (1 + two), 4.4), squeeze=False, layout="constrained")
    axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    curves(dataset, variable, ax=axes[0])
    if two:
        heat_map(dataset, variable, ax=axes[1])
    if dataset.attrs.get("title"):
        axes[0].figure.suptitle(dataset.attrs["title"], fontsize="large")
    return axes


def strap(found: StrapPressure, ax: Axes | None = None) -> Axes:
    """The pressure under a strap and the occlusion pressure as distributions between people.

    The darkest part of the first lies at or above the middle of the second. `found` is what `limbflow.strap` returns.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    top = 1.15 * max(found.pressure_percentiles[95], found.occlusion_pressure + 3 * found.occlusion_sd)
    pressure = np.linspace(top / 400, top, 400)
    curves_of = (
        ("under the strap", found.pressure, found.pressure_sd),
        ("that shuts the artery", found.occlusion_pressure, found.occlusion_sd),
    )
    for (label, mean, sd), style in zip(curves_of, LINE_STYLES, strict=False):
        if mean <= 0:
            continue
        variance = np.log1p((sd / mean) ** 2)
        deviate = (np.log(pressure) - np.log(mean) + 0.5 * variance) / np.sqrt(variance)
        density = np.exp(-0.5 * deviate**2) / (pressure * np.sqrt(2 * np.pi * variance))
        ax.plot(pressure, 100 * density, label=f"pressure {label}", **style)
        if mean == found.pressure:
            beyond = pressure >= found.occlusion_pressure
            ax.fill_between(pressure[beyond], 100 * density[beyond], color=style["color"], alpha=0.25, linewidth=0)
    low, high = found.full_occlusion_interval
    ax.set_xlim(0, top)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("pressure (mmHg)")
    ax.set_ylabel("people (% per mmHg)")
    ax.set_title(
        f"{found.limb}, {found.pull}: {found.percent_aop:.0f} %AOP, "
        f"full occlusion {100 * found.full_occlusion:.0f} % ({100 * low:.0f} to {100 * high:.0f} %)",
        loc="left",
        fontsize="medium",
    )
    ax.legend(frameon=False, fontsize="small")
    tidy(ax)
    return ax


def default_variable(dataset: xarray.Dataset) -> str:
    """The summary to show when none is asked for: mean inflow, of the last rest if that was kept.

    The mean of the whole session counts the baseline and the rush of blood after release in.
    """
    names = [str(n) for n in dataset.data_vars if dataset[n].dtype.kind == "f"]
    if not names:
        raise InputError("the sweep holds no numeric summary")
    rests = [name for name in names if name.startswith("arterial_inflow_mean_rest_")]
    if rests:
        return rests[-1]
    for wanted in ("arterial_inflow_mean", "arterial_inflow"):
        for name in names:
            if name.startswith(wanted):
                return name
    return names[0]


def summary(dataset: xarray.Dataset, variable: str) -> xarray.DataArray:
    """The variable of a sweep, or an error that names those there are."""
    if variable not in dataset:
        raise unknown_name("variable", variable, [str(name) for name in dataset.data_vars])
    return dataset[variable]


def fix_axes(array: xarray.DataArray, free: set[str | None], select: dict[str, Any]) -> tuple[xarray.DataArray, str]:
    """Reduce `array` to the `free` dims; the others by `select` or at their middle. Also returns words for it."""
    unknown = [name for name in select if name not in array.dims]
    if unknown:
        raise InputError(f"no axis {', '.join(unknown)} in this sweep; its axes are: {', '.join(map(str, array.dims))}")
    words = []
    for dim in [str(d) for d in array.dims if d not in free]:
        if dim == "scope":
            index = scope_index(array, select.get(dim))
        elif dim in select:
            numeric = array[dim].dtype.kind in "if"
            index = int(array.get_index(dim).get_indexer([select[dim]], method="nearest" if numeric else None)[0])
            if index < 0:
                raise InputError(
                    f"no point {select[dim]!r} on axis {dim}; there are: {', '.join(map(str, array[dim].values))}"
                )
        else:
            index = array.sizes[dim] // 2
        words.append(f"{dim.replace('_', ' ')} = {point_text(array[dim], array[dim].values[index])}")
        array = array.isel({dim: index})
    return array, ", ".join(words)


def scope_index(array: xarray.DataArray, wanted: str | None) -> int:
    """The position of the part of the session asked for; the whole session if none is."""
    scopes = [str(s) for s in array["scope"].values]
    if wanted is None:
        return scopes.index("session") if "session" in scopes else 0
    if wanted not in scopes:
        raise InputError(f"no part '{wanted}' of the session; there are: {', '.join(scopes)}")
    return scopes.index(wanted)


def point_text(coordinate: xarray.DataArray, value: Any) -> str:
    """A point of an axis in words: number and unit, or the name."""
    if coordinate.dtype.kind not in "if":
        return str(value)
    return f"{value:g} {unit_text(coordinate.attrs.get('units', ''))}".strip()


def tidy(ax: Axes) -> None:
    """A light grid and no box."""
    ax.grid(axis="y", color="0.85", linewidth=0.6)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
