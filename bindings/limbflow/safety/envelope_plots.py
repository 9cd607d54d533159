"""Envelopes drawn: the region on heat maps of stress, and fronts of stress against margins."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from ..exceptions import InputError
from ..plots import COLOUR_MAP, axis_label, display_name, point_text, tidy
from .envelopes import STRESS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .envelopes import Envelope

MOST_MAPS = 5
MOST_FRONTS = 5
TITLE_WIDTH = 42
STAR = {"marker": "*", "markersize": 15, "color": "#D55E00", "markeredgecolor": "white", "zorder": 5}


def envelope(found: Envelope, axes: np.ndarray | None = None) -> np.ndarray:
    """Heat maps over the first two numeric axes, one for each point of a third (five at most), and under them fronts.

    What breaks a stop or a warning is hatched, the best protocol inside is starred; further axes stand at the best
    protocol's point, or at their middle. Returns the array of axes: first the maps, then the fronts.
    """
    import matplotlib.pyplot as plt

    numeric = [axis for axis in found.axes if found.dataset[axis].dtype.kind in "if"]
    if len(numeric) < 2:
        raise InputError(f"a heat map needs two numeric axes; this envelope has: {', '.join(numeric) or 'none'}")
    x, y = numeric[:2]
    best = found.best
    others = [axis for axis in found.axes if axis not in (x, y)]
    panels = panels_of(found, others)
    fronts = list(found.cuts())[:MOST_FRONTS]
    if axes is None:
        rows = 1 + bool(fronts)
        figure = plt.figure(figsize=(1.2 + 3.4 * max(len(panels), len(fronts)), 0.9 + 3.3 * rows), layout="constrained")
        figure.suptitle(heading(found), fontsize="medium")
        parts = np.ravel(figure.subfigures(rows, 1))
        upper = np.ravel(parts[0].subplots(1, len(panels)))
        lower = np.ravel(parts[1].subplots(1, len(fronts))) if fronts else np.array([], dtype=object)
        axes = np.concatenate([upper, lower])
    axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    if len(axes) < len(panels) + len(fronts):
        raise InputError(f"{len(panels) + len(fronts)} panels need as many axes; {len(axes)} were given")
    values = found.dataset[STRESS].values
    limits = (np.nanmin(values), np.nanmax(values)) if np.isfinite(values).any() else (0.0, 1.0)
    mesh = None
    for ax, place in zip(axes, panels, strict=False):
        mesh = heat_map(ax, found, x, y, place, limits)
        words = [
            f"{display_name(axis)} {point_text(found.dataset[axis], found.dataset[axis].values[index])}"
            for axis, index in place.items()
        ]
        ax.set_title(", ".join(words), fontsize="medium", loc="left")
        if best and all(best["settings"][axis] == found.dataset[axis].values[index] for axis, index in place.items()):
            ax.plot(best["settings"][x], best["settings"][y], **STAR)
    if mesh is not None:
        axes[0].figure.colorbar(mesh, ax=list(axes[: len(panels)]), label="metabolic stress\nper minute (mM)")
    for ax, name in zip(axes[len(panels) :], fronts, strict=False):
        draw_front(ax, found, name)
    return axes


def heading(found: Envelope) -> str:
    return (
        f"{found.dataset.attrs.get('title', '')}\n"
        f"{found.inside} of {found.dataset['inside'].size} protocols break no stop (crossed) and no warning (hatched); "
        "star: the one with the most stress per minute"
    )


def panels_of(found: Envelope, others: list[str]) -> list[dict[str, int]]:
    """Positions on the other axes for each map: along the first of them, with the rest at the best protocol's."""
    if not others:
        return [{}]
    best = found.best

    def fixed(axis: str) -> int:
        points = list(found.dataset[axis].values)
        return points.index(best["settings"][axis]) if best else len(points) // 2

    size = found.dataset.sizes[others[0]]
    chosen = np.unique(np.linspace(0, size - 1, min(size, MOST_MAPS)).round().astype(int))
    rest = {axis: fixed(axis) for axis in others[1:]}
    return [{others[0]: int(index), **rest} for index in chosen]


def heat_map(ax: Axes, found: Envelope, x: str, y: str, place: dict[str, int], limits: tuple[float, float]):
    """One map of stress; hatched where a warning breaks, crossed where a stop does."""
    member = found.dataset.isel(place)
    stress = np.ma.masked_invalid(member[STRESS].transpose(y, x).values)
    points = member[x].values, member[y].values
    mesh = ax.pcolormesh(
        *points, stress, cmap=COLOUR_MAP, shading="nearest", vmin=limits[0], vmax=max(limits[1], limits[0] + 1e-9)
    )
    inside = member["inside"].transpose(y, x).values
    stops = member["stops"].transpose(y, x).values > 0
    hatched(ax, *points, ~inside & ~stops, "///")
    hatched(ax, *points, stops, "xxx")
    edges(ax, *points, inside)
    ax.set_xlabel(axis_label(member[x]))
    ax.set_ylabel(axis_label(member[y]))
    return mesh


def hatched(ax: Axes, x: np.ndarray, y: np.ndarray, where: np.ndarray, hatch: str) -> None:
    """Hatch the cells of a map."""
    from matplotlib.patches import Rectangle

    across, down = borders(x), borders(y)
    for row, column in np.argwhere(where):
        size = across[column + 1] - across[column], down[row + 1] - down[row]
        corner = (across[column], down[row])
        ax.add_patch(Rectangle(corner, *size, fill=False, hatch=hatch, edgecolor="0.75", linewidth=0))


def edges(ax: Axes, x: np.ndarray, y: np.ndarray, inside: np.ndarray) -> None:
    """The border of the region, along the cells of the map."""
    across, down = borders(x), borders(y)
    padded = np.pad(inside, 1, constant_values=False)
    style = {"color": "#D55E00", "linewidth": 2.0, "zorder": 4}
    for row in range(inside.shape[0]):
        for column in range(inside.shape[1]):
            if not inside[row, column]:
                continue
            left, right, low, high = across[column], across[column + 1], down[row], down[row + 1]
            for other, line in (
                (padded[row + 1, column], ([left, left], [low, high])),
                (padded[row + 1, column + 2], ([right, right], [low, high])),
                (padded[row, column + 1], ([left, right], [low, low])),
                (padded[row + 2, column + 1], ([left, right], [high, high])),
            ):
                if not other:
                    ax.plot(*line, **style)


def borders(points: np.ndarray) -> np.ndarray:
    """The edges of the cells around points, as `pcolormesh` with `nearest` draws them."""
    if points.size == 1:
        return np.array([points[0] - 0.5, points[0] + 0.5])
    middle = 0.5 * (points[1:] + points[:-1])
    return np.concatenate(([2 * points[0] - middle[0]], middle, [2 * points[-1] - middle[-1]]))


def draw_front(ax: Axes, found: Envelope, name: str) -> None:
    """Stress against the margin to one limit: all protocols, and the front beyond which there is none."""
    margin = 100.0 * found.dataset["margin"].sel(limit=name).values.ravel()
    stress = found.dataset[STRESS].values.ravel()
    inside = found.dataset["inside"].values.ravel()
    ax.axvline(0.0, color="#D55E00", linewidth=1.2)
    for where, style in ((~inside, {"color": "0.65", "marker": "x"}), (inside, {"color": "#0072B2", "marker": "o"})):
        ax.scatter(margin[where], stress[where], s=14, linewidths=0.9, **style)
    front = found.front(name)
    ax.plot(100.0 * front["margin"], front[STRESS], color="black", linewidth=1.3, drawstyle="steps-pre")
    words = f"{name}: {found.limits[name].tiers[0].test.quantity.means}"
    ax.set_title(textwrap.fill(words, TITLE_WIDTH), fontsize="small", loc="left")
    ax.set_xlabel("margin (% of the limit)")
    ax.set_ylabel("stress per minute (mM)")
    tidy(ax)
