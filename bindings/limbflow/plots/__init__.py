"""Plots of runs, sweeps, straps and validations. Every function draws on the matplotlib axes that it is given, or on
new ones, and returns the axes.
"""

from .indices import indices
from .names import display_name
from .runs import limit_height, run, settings_of, shade_sets
from .selecting import default_variable, fix_axes, summary
from .straps import strap
from .style import COLOUR_MAP, LINE_STYLES, axis_label, number_text, point_text, tidy, unit_text
from .sweeps import curves, draw_contours, heat_map, samples, spread, sweep, trade_off
from .validation import errors, validation

__all__ = [
    "COLOUR_MAP",
    "LINE_STYLES",
    "axis_label",
    "curves",
    "default_variable",
    "display_name",
    "draw_contours",
    "errors",
    "fix_axes",
    "heat_map",
    "indices",
    "limit_height",
    "number_text",
    "point_text",
    "run",
    "samples",
    "settings_of",
    "shade_sets",
    "spread",
    "strap",
    "summary",
    "sweep",
    "tidy",
    "trade_off",
    "unit_text",
    "validation",
]
