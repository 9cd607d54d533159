"""Colours, dashes and labels that all plots share.

The colours are those of Okabe and Ito, which people with the common colour deficiencies can tell apart; lines
also differ in dash and lightness, so that a print in grey can be read. Colour maps rise steadily in lightness.
"""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from .names import display_name

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

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
MARKERS = "osD^vP*X"

UNIT_TEXT = {"mL/100mL": "mL/100 mL", "1": ""}
# What is less than this share of what a number stands beside is nothing.
NOTHING = 5e-4


def unit_text(unit: str) -> str:
    """The unit as written on an axis."""
    return UNIT_TEXT.get(unit, unit)


def axis_label(array: xarray.DataArray) -> str:
    """`long name (unit)` of a variable, `name (unit)` of an axis of a sweep."""
    words = display_name(str(array.name))
    name = words if "key" in array.attrs else array.attrs.get("long_name", words)
    unit = unit_text(array.attrs.get("units", ""))
    label = f"{name} ({unit})" if unit else name
    return "\n".join(textwrap.wrap(label, 44, break_long_words=False))


def point_text(coordinate: xarray.DataArray, value: Any) -> str:
    """A point of an axis in words: number and unit, or the name."""
    if coordinate.dtype.kind not in "if":
        return str(value)
    return f"{value:.5g} {unit_text(coordinate.attrs.get('units', ''))}".strip()


def number_text(value: float, beside: float = 0.0) -> str:
    """A number with three significant digits, without an exponent where it can be.

    `beside` is how large the numbers are that it stands with; less than a two-thousandth of them is 0.
    """
    if not math.isfinite(value):
        return "-"
    if abs(value) < NOTHING * abs(beside):
        return "0"
    value = float(f"{value:.3g}") if abs(value) < 100 else value
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}" if abs(value) >= 1e-3 else f"{value:.2g}"


def tidy(ax: Axes) -> None:
    """A light grid and no box."""
    ax.grid(axis="y", color="0.85", linewidth=0.6)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
