"""Sweeps: heat maps, curves, trade-offs, samples, spread between people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..exceptions import InputError
from .names import display_name
from .selecting import default_variable, fix_axes, summary
from .style import COLOUR_MAP, LINE_STYLES, MARKERS, axis_label, number_text, point_text, tidy

EDGE_COLOUR = "#D55E00"
MOST_MARKERS = 15
MANY_CELLS = 10_000  # in a PDF, drawn as a picture
HATCH_COLOUR = "0.8"  # shows on dark and on bright colours
FAILED_HATCH = "\\\\"
# Of fewer points contours say nothing; then each cell says its number, if there are not more of them than can be read.
LEAST_FOR_CONTOURS = 5
MOST_NUMBERED = 12

if TYPE_CHECKING:
    import xarray
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from ..safety import Envelope


def heat_map(
    dataset: xarray.Dataset,
    variable: str,
    x: str | None = None,
    y: str | None = None,
    ax: Axes | None = None,
    *,
    limits: Envelope | None = None,
    **select,
) -> Axes:
    """One summary of a sweep as colours over two of its axes, with contour lines, or with numbers where cells are few.

    Members that were not completed are crossed, and those in which a set failed are hatched where the sweep kept
    `time_to_failure`.

    `x` and `y` default to the first two axes of the sweep; other axes are fixed by `select`
    (for example `rest=30`, nearest value) or else at their middle point, which the title says. `limits` is what
    `limbflow.safety.envelope` found over axes of the same names, on whatever points: its stops are hatched, and a thick
    line goes round the part in which no stop and no warning breaks. Returns the axes.
    """
    import matplotlib.pyplot as plt

    array = summary(dataset, variable)
    numeric = [str(d) for d in array.dims if array[d].dtype.kind in "if"]
    x = x or next((d for d in numeric if d != y), None)
    y = y or next((d for d in numeric if d != x), None)
    if x is None or y is None or x not in numeric or y not in numeric or x == y:
        raise InputError(
            f"a heat map needs two numeric axes of the sweep; this one has: {', '.join(numeric) or 'none'}"
        )
    array, fixed = fix_axes(array, {x, y}, select)
    array = array.transpose(y, x)
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    values = np.ma.masked_invalid(array.values)
    many = values.size > MANY_CELLS
    mesh = ax.pcolormesh(array[x], array[y], values, cmap=COLOUR_MAP, shading="nearest", rasterized=many)
    ax.figure.colorbar(mesh, ax=ax, label=axis_label(array))
    handles: list[Artist] = []
    if "time_to_failure" in dataset and set(array.dims) <= set(dataset["time_to_failure"].dims):
        failure, _ = fix_axes(dataset["time_to_failure"], {x, y}, select)
        handles += hatch_failed(ax, array[x].values, array[y].values, np.isfinite(failure.transpose(y, x).values))
    if min(values.shape) >= LEAST_FOR_CONTOURS:
        if values.count() and values.min() < values.max():
            draw_contours(ax, array[x].values, array[y].values, values)
    elif max(values.shape) <= MOST_NUMBERED:
        write_values(ax, array[x].values, array[y].values, values)
    if np.ma.is_masked(values):
        cross_out(ax, array[x].values, array[y].values, np.ma.getmaskarray(values))
        fixed = ", ".join(text for text in (fixed, f"crossed: {int(np.ma.count_masked(values))} not completed") if text)
    if limits is not None:
        handles += draw_limits(ax, limits, x, y, select)
    if handles:
        ax.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0, 1.08 if fixed else 1.01),
            ncols=2,
            frameon=False,
            fontsize="small",
            borderaxespad=0,
        )
    for coordinate, axis in ((array[x], ax.xaxis), (array[y], ax.yaxis)):
        if coordinate.size <= 6:
            axis.set_ticks(coordinate.values)
    ax.set_xlabel(axis_label(array[x]))
    ax.set_ylabel(axis_label(array[y]))
    ax.set_title(fixed, fontsize="medium", loc="left")
    return ax


def cross_out(ax: Axes, x: np.ndarray, y: np.ndarray, where: np.ndarray) -> None:
    """Cells without a value: grey and crossed."""
    cells = np.ma.masked_where(~where, np.zeros(where.shape))
    ax.pcolor(x, y, cells, shading="nearest", hatch="xx", facecolor="0.9", edgecolor="0.6", linewidth=0)


def hatch_failed(ax: Axes, x: np.ndarray, y: np.ndarray, where: np.ndarray) -> list[Artist]:
    """Hatch the cells in which a set failed; returns what to put into a legend."""
    from matplotlib.patches import Patch

    if not where.any():
        return []
    cells = np.ma.masked_where(~where, np.zeros(where.shape))
    style = {"edgecolor": HATCH_COLOUR, "linewidth": 0, "hatch": FAILED_HATCH}
    ax.pcolor(x, y, cells, shading="nearest", facecolor="none", **style)
    return [Patch(label="a set failed", facecolor="0.35", **style)]


def write_values(ax: Axes, x: np.ndarray, y: np.ndarray, values: np.ma.MaskedArray) -> None:
    """The number of each cell, in white edged with black, which shows on every colour."""
    from matplotlib.patheffects import withStroke

    largest = float(abs(values).max()) if values.count() else 0.0
    for row, column in np.argwhere(~np.ma.getmaskarray(values)):
        text = number_text(float(values[row, column]), largest)
        style = {"ha": "center", "va": "center", "fontsize": "small", "color": "white"}
        ax.text(x[column], y[row], text, path_effects=[withStroke(linewidth=2.0, foreground="black")], **style)


def draw_limits(ax: Axes, found: Envelope, x: str, y: str, select: dict) -> list[Artist]:
    """Where no stop and no warning breaks, and where a stop does; returns what to put into a legend."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.patheffects import withStroke

    missing = [name for name in (x, y) if name not in found.axes]
    if missing:
        raise InputError(f"the limits were not judged over {', '.join(missing)}, but over: {', '.join(found.axes)}")
    known = {name: value for name, value in select.items() if name in found.axes}
    margin, _ = fix_axes(found.dataset["margin"].min("limit"), {x, y}, known)
    stops, _ = fix_axes((found.dataset["stops"] > 0).astype(float), {x, y}, known)
    margin, stops = margin.transpose(y, x), stops.transpose(y, x)
    across, down = margin[x].values, margin[y].values
    handles: list[Artist] = []
    if stops.values.any():
        levels = [0.5, 1.5]
        area = ax.contourf(across, down, stops.values, levels=levels, colors="none", hatches=["///"], extend="neither")
        area.set(edgecolor=HATCH_COLOUR, linewidth=0)
        handles.append(Patch(facecolor="0.35", edgecolor=HATCH_COLOUR, hatch="///", label="a stop breaks"))
    if np.nanmin(margin.values) < 0 < np.nanmax(margin.values):
        lines = ax.contour(across, down, margin.values, levels=[0.0], colors=EDGE_COLOUR, linewidths=2.4)
        lines.set(path_effects=[withStroke(linewidth=4.2, foreground="white")])
        handles.append(Line2D([], [], color=EDGE_COLOUR, linewidth=2.4, label="beyond: a stop or warning breaks"))
    elif np.nanmax(margin.values) <= 0:
        handles.append(Line2D([], [], linestyle="none", label="a stop or warning breaks everywhere"))
    return handles


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

    With the defaults this is the family of flow against cuff pressure. Of many curves those are drawn that can be told
    apart, evenly spaced. Other axes are fixed as in `heat_map`. Returns the axes.
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
    for place, style in members_of(array, family):
        line = array.isel(place)
        label = None if family is None else point_text(array[family], line[family].item())
        ax.plot(line[x], line, label=label, **style, **marks(line.size))
    ax.set_xlabel(axis_label(array[x]))
    ax.set_ylabel(axis_label(array))
    ax.set_title(fixed, fontsize="medium", loc="left")
    if family is not None:
        family_legend(ax, family)
    tidy(ax)
    return ax


def family_legend(ax: Axes, family: str) -> None:
    """The legend of a family of lines: on the axes where few lines leave room, else beside them."""
    few = len(ax.lines) <= 3
    place = {"loc": "best"} if few else {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    ax.legend(title=display_name(family), frameon=False, fontsize="small", **place)


def members_of(array: xarray.DataArray, family: str | None) -> list[tuple[dict[str, int], dict[str, Any]]]:
    """The lines of a family, with their styles: as many as can be told apart, evenly spaced, or one without."""
    size = 1 if family is None else array.sizes[family]
    shown = np.unique(np.linspace(0, size - 1, min(size, len(LINE_STYLES))).round().astype(int)).tolist()
    return [
        ({} if family is None else {family: index}, {"marker": MARKERS[row % len(MARKERS)], **LINE_STYLES[row]})
        for row, index in enumerate(shown)
    ]


def marks(points: int) -> dict[str, Any]:
    """Sizes of lines and of their markers, few enough to see the line."""
    return {"linewidth": 1.4, "markersize": 4, "markevery": max(1, points // MOST_MARKERS)}


def trade_off(
    dataset: xarray.Dataset,
    x: str,
    y: str,
    along: str | None = None,
    family: str | None = None,
    ax: Axes | None = None,
    **select,
) -> Axes:
    """One summary of a sweep against another: what is gained for what is given.

    A line follows the axis `along` (by default the first numeric one), its ends labelled; one line for each point of
    `family` (by default the next axis, if there is one). Other axes are fixed as in `heat_map`. Returns the axes.
    """
    import matplotlib.pyplot as plt

    across, up = summary(dataset, x), summary(dataset, y)
    dims = [str(d) for d in across.dims]
    along = along or next((d for d in dims if across[d].dtype.kind in "if" and d != family), None)
    if along is None or along not in dims:
        raise InputError(f"a trade-off follows a numeric axis; the axes of this sweep are: {', '.join(dims) or 'none'}")
    family = family or next((d for d in dims if d != along), None)
    if family is not None and family not in dims:
        raise InputError(f"no axis '{family}' in this sweep; its axes are: {', '.join(dims)}")
    across, fixed = fix_axes(across, {along, family}, select)
    up, _ = fix_axes(up, {along, family}, select)
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    labelled = False
    for place, style in members_of(across, family):
        xs, ys = across.isel(place).values, up.isel(place).values
        label = None if family is None else point_text(across[family], across[family].values[place[family]])
        ax.plot(xs, ys, label=label, **style, **marks(xs.size))
        there = np.flatnonzero(np.isfinite(xs) & np.isfinite(ys))
        ends = there[[0, -1]].tolist() if there.size > 1 and not labelled else []
        labelled = True
        for end in ends:
            text = point_text(across[along], across[along].values[end])
            ax.annotate(text, (xs[end], ys[end]), xytext=(5, 5), textcoords="offset points", fontsize="small")
    ax.set_xlabel(axis_label(across))
    ax.set_ylabel(axis_label(up))
    ax.margins(0.08)
    words = f"along {display_name(along)}"
    ax.set_title(f"{words}, {fixed}" if fixed else words, fontsize="medium", loc="left")
    if family is not None:
        family_legend(ax, family)
    tidy(ax)
    return ax


def samples(dataset: xarray.Dataset, variable: str, axes: np.ndarray | None = None, **select) -> np.ndarray:
    """A summary of a sweep over drawn points or people, against each quantity that was drawn: one panel each.

    Each panel says how strongly the two go together (Spearman's rank correlation); the strongest come first, at most
    nine. Needs an axis made by `limbflow.sample`, `people` or `zipped`; others are fixed as in `heat_map`. Returns the
    array of axes.
    """
    import matplotlib.pyplot as plt
    from scipy.stats import spearmanr

    array = summary(dataset, variable)
    dim = next((str(d) for d in array.dims if len(drawn(dataset, str(d)))), None)
    if dim is None:
        raise InputError("the sweep has no axis of points or people that were drawn (limbflow.sample, limbflow.people)")
    array, fixed = fix_axes(array, {dim}, select)
    there = np.isfinite(array.values)
    strength = {
        name: float(spearmanr(dataset[name].values[there], array.values[there]).statistic)
        for name in drawn(dataset, dim)
        if np.ptp(dataset[name].values[there]) > 0 and np.ptp(array.values[there]) > 0
    }
    names = sorted(strength, key=lambda name: -abs(strength[name]))[:9]
    if not names:
        raise InputError(f"nothing that was drawn along {dim}, or nothing of {variable}, varies")
    if axes is None:
        columns = min(3, len(names))
        rows = -(-len(names) // columns)
        size = (3.3 * columns + 0.6, 2.9 * rows + 0.4)
        _, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, sharey=True, layout="constrained")
    axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    for ax, name in zip(axes, names, strict=False):
        ax.plot(dataset[name], array, "o", markersize=3, color=LINE_STYLES[2]["color"], alpha=0.6, markeredgewidth=0)
        ax.set_xlabel(axis_label(dataset[name]))
        ax.set_title(f"rank correlation {strength[name]:+.2f}", fontsize="small", loc="left")
        tidy(ax)
    for ax in axes[len(names) :]:
        ax.set_visible(False)
    for ax in axes[: len(names)]:
        if ax.get_subplotspec() is None or ax.get_subplotspec().is_first_col():
            ax.set_ylabel(axis_label(array))
    if fixed:
        axes[0].figure.suptitle(fixed, fontsize="medium")
    return axes


def drawn(dataset: xarray.Dataset, dim: str) -> list[str]:
    """The numeric quantities that move together along a dim."""
    return [
        str(name)
        for name, coordinate in dataset.variables.items()
        if name != dim and coordinate.dims == (dim,) and "key" in coordinate.attrs and coordinate.dtype.kind in "if"
    ]


def spread(
    dataset: xarray.Dataset,
    variable: str,
    x: str | None = None,
    over: str | None = None,
    ax: Axes | None = None,
    **select,
) -> Axes:
    """A summary of a sweep against the axis `x`, spread over the people or samples of the axis `over`.

    The line is the median; the dark band holds the middle half, the light one nine tenths. `over` defaults to the
    axis made by `limbflow.people` or `limbflow.sample`. Other axes are fixed as in `heat_map`. Returns the axes.
    """
    import matplotlib.pyplot as plt

    array = summary(dataset, variable)
    dims = [str(d) for d in array.dims]
    over = over or next((d for d in dims if drawn(dataset, d)), None)
    x = x or next((d for d in dims if d != over and array[d].dtype.kind in "if"), None)
    if over not in dims or x not in dims:
        raise InputError(f"a spread needs an axis of people or samples and a numeric one; there are: {', '.join(dims)}")
    array, fixed = fix_axes(array, {x, over}, select)
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
    low, quarter, middle, three_quarters, high = array.quantile([0.05, 0.25, 0.5, 0.75, 0.95], dim=over).values
    colour = LINE_STYLES[2]["color"]
    across = array[x]
    ax.fill_between(across, low, high, color=colour, alpha=0.18, linewidth=0, label="9 of 10")
    ax.fill_between(across, quarter, three_quarters, color=colour, alpha=0.35, linewidth=0, label="middle half")
    ax.plot(across, middle, color="black", linewidth=1.6, label="median")
    ax.set_xlabel(axis_label(across))
    ax.set_ylabel(axis_label(array))
    words = f"{array.sizes[over]} {'people' if over == 'person' else over + 's'}"
    ax.set_title(f"{words}, {fixed}" if fixed else words, fontsize="medium", loc="left")
    ax.legend(frameon=False, fontsize="small")
    ax.margins(x=0)
    tidy(ax)
    return ax


def sweep(dataset: xarray.Dataset, variable: str | None = None, axes: np.ndarray | None = None) -> np.ndarray:
    """A sweep at a glance: curves against its first numeric axis, and a heat map over the first two.

    A sweep over nothing but points or people that were drawn is shown as `samples` does, and with a further numeric
    axis as `spread` does. Returns the array of axes.
    """
    import matplotlib.pyplot as plt

    variable = variable or default_variable(dataset)
    array = summary(dataset, variable)
    over = next((str(d) for d in array.dims if drawn(dataset, str(d))), None)
    across = next((str(d) for d in array.dims if d != over and array[d].dtype.kind in "if"), None)
    if over is not None:
        if across is None:
            return samples(dataset, variable, axes)
        given = None if axes is None else np.ravel(np.asarray(axes, dtype=object))[0]
        ax = spread(dataset, variable, across, over, given)
        if dataset.attrs.get("title"):
            ax.figure.suptitle(dataset.attrs["title"], fontsize="large")
        return np.array([ax], dtype=object)
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
