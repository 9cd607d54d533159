"""Traces against their limits, envelopes, and fronts. Colours and style are those of `limbflow.plots`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..plots import LINE_STYLES, display_name, settings_of, shade_sets, tidy, unit_text
from .limits import SEVERITIES, Tier
from .quantities import compare, quantities
from .record import Readings, Record, spells

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .checking import Report
    from .judging import Judgement

PANELS = (
    ("Cuff over occlusion pressure", ("cuff_pressure_aop", "cuff_set_aop")),
    ("Cuff pressure", ("cuff_pressure",)),
    ("Time under the cuff", ("cuff_on_spell",)),
    ("Time without inflow", ("zero_inflow_spell",)),
    ("Blood pressure", ("systolic_pressure", "diastolic_pressure")),
    ("Rate-pressure product", ("rate_pressure_product",)),
    ("Perfusion pressure between repetitions", ("relaxed_perfusion_pressure",)),
    ("Capillary refill", ("capillary_refill_time",)),
    ("Pulse below the cuff", ("pulse_amplitude",)),
    ("Oxygen of the working muscle", ("muscle_oxygen_saturation",)),
    ("pH of the working muscle", ("muscle_ph",)),
    ("ATP of the working muscle", ("atp_share",)),
    ("Change of the limb's volume", ("limb_volume_change",)),
    ("Pressure dose of the nerve", ("nerve_pressure_dose",)),
)
# What a legend says under the title of such a panel.
SHORT_NAMES = {
    "cuff_pressure_aop": "delivered, now",
    "cuff_set_aop": "asked for, at rest",
    "systolic_pressure": "systolic",
    "diastolic_pressure": "diastolic",
}
# Not the colours of the limits.
TRACE_STYLES = (LINE_STYLES[0], LINE_STYLES[2])
LIMIT_STYLES: dict[str, dict[str, Any]] = {
    "stop": {"color": "#D55E00", "linestyle": "-", "linewidth": 1.4},
    "warn": {"color": "#E69F00", "linestyle": (0, (5, 2)), "linewidth": 1.2},
    "info": {"color": "#56B4E9", "linestyle": (0, (1, 1.5)), "linewidth": 1.2},
}

# Of the ids beside the axes, points.
LINE_HEIGHT = 9.0
LIMIT_WORDS = {"stop": "limit, stop", "warn": "limit, warning", "info": "limit, note"}


def traces(report: Report, axes: np.ndarray | None = None) -> np.ndarray:
    """The traces of a check, each with the limits that apply to it.

    A dot stands where a limit breaks first, and its id beside the axes at the height of the limit.

    Needs one axis for each of `PANELS`, and draws on new ones if none are given. Returns the array of axes.
    """
    import matplotlib.pyplot as plt

    record = report.record
    panels = [(title, [name for name in names if record.readings(name) is not None]) for title, names in PANELS]
    panels = [(title, names) for title, names in panels if names]
    if axes is None:
        rows = -(-len(panels) // 2)
        figure, axes = plt.subplots(
            rows, 2, sharex=True, figsize=(12, 0.9 + 1.7 * rows), layout="constrained", squeeze=False
        )
        heading = [record.run.attrs.get("title", ""), *settings_of(record.run), report.verdict]
        figure.suptitle("\n".join(line for line in heading if line), fontsize="medium")
        handles = [plt.Line2D([], [], label=LIMIT_WORDS[severity], **LIMIT_STYLES[severity]) for severity in SEVERITIES]
        handles.append(plt.Line2D([], [], marker="o", linestyle="none", color="0.4", label="where it breaks first"))
        figure.legend(handles=handles, loc="outside lower right", ncols=len(handles), frameon=False, fontsize="small")
    axes = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    minutes = float(record.time[-1] - record.time[0]) > 300
    scale, unit = (60.0, "min") if minutes else (1.0, "s")
    for ax, (title, names) in zip(axes, panels, strict=False):
        panel(ax, report, title, names, scale)
    for ax in axes[max(len(panels) - 2, 0) : len(panels)]:
        ax.set_xlabel(f"time ({unit})")
        ax.tick_params(labelbottom=True)
    for ax in axes[len(panels) :]:
        ax.set_visible(False)
    return axes


def panel(ax: Axes, report: Report, title: str, names: list[str], scale: float) -> None:
    record = report.record
    shade_sets(record.run, ax, scale)
    highest, lowest = -np.inf, np.inf
    for name, style in zip(names, TRACE_STYLES, strict=False):
        times, values = trace_of(record, name)
        point = times.size == 1
        line = {**style, "marker": "o"} if point else style
        ax.plot(times / scale, values, label=SHORT_NAMES.get(name, display_name(name)), linewidth=1.2, **line)
        if np.isfinite(values).any():
            highest, lowest = max(highest, np.nanmax(values)), min(lowest, np.nanmin(values))
    span = max(highest - lowest, 1e-9)
    drawn: set[tuple[str, float]] = set()
    broken: list[Judgement] = []
    for judgement in report.judgements:
        for tier in judgement.limit.tiers:
            if tier.test.quantity.name in names and concerns(tier, record):
                for threshold in np.atleast_1d(tier.test.threshold):
                    near = lowest - 1.5 * span <= threshold <= highest + 1.5 * span
                    key = (tier.severity, float(threshold))
                    if near and key not in drawn:
                        drawn.add(key)
                        ax.axhline(threshold, zorder=1, **LIMIT_STYLES[tier.severity])
        if judgement in report.broken and judgement.quantity.name in names and judgement.time is not None:
            mark(ax, judgement, scale)
            broken.append(judgement)
    quantity = quantities()[names[0]]
    ax.set_ylabel(unit_text(quantity.unit))
    ax.set_title(title, loc="left", fontsize="medium", fontweight="bold")
    ax.margins(x=0)
    if len(names) > 1:  # on the line of the title, where nothing is drawn
        ax.legend(
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            borderaxespad=0.2,
            ncols=len(names),
            frameon=False,
            fontsize="x-small",
        )
    name_limits(ax, broken)
    tidy(ax)


def mark(ax: Axes, judgement: Judgement, scale: float) -> None:
    """A dot where the limit breaks first."""
    colour = LIMIT_STYLES[judgement.severity]["color"]
    dot = {"color": colour, "markersize": 6, "markeredgecolor": "white", "zorder": 5, "clip_on": False}
    ax.plot((judgement.time or 0.0) / scale, float(judgement.tier.bound), "o", **dot)


def name_limits(ax: Axes, broken: list[Judgement]) -> None:
    """The ids of broken limits right of the axes, each at the height of its limit or, not to overlap, a line apart."""
    low, high = ax.get_ylim()
    line = LINE_HEIGHT * ax.figure.dpi / (72.0 * ax.get_window_extent().height)  # of the height of the axes
    ordered = sorted(broken, key=lambda each: float(each.tier.bound))
    wanted = [(float(each.tier.bound) - low) / (high - low) for each in ordered]
    for judgement, place in zip(ordered, apart(wanted, line, 1.0), strict=True):
        ax.annotate(
            judgement.limit.id,
            (1.0, place),
            xycoords="axes fraction",
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize="x-small",
            color=LIMIT_STYLES[judgement.severity]["color"],
            fontweight="bold" if judgement.severity == "stop" else "normal",
            annotation_clip=False,
        )


def apart(wanted: Sequence[float], least: float, highest: float) -> list[float]:
    """Rising places, near to those wanted, `least` apart and none above `highest`."""
    places: list[float] = []
    for want in wanted:
        places.append(max(want, places[-1] + least) if places else want)
    ceiling = highest
    for index in reversed(range(len(places))):
        places[index] = min(places[index], ceiling)
        ceiling = places[index] - least
    return places


def trace_of(record: Record, name: str) -> tuple[np.ndarray, np.ndarray]:
    """A quantity over time; of a time that counts from its begin, how far it has come."""
    readings = record.readings(name) or Readings(np.array([]), np.array([]))
    if quantities()[name].duration:
        return record.time, counted(record, name)
    times = record.time[:1] if readings.times is None else readings.times
    return times, readings.values


def counted(record: Record, name: str) -> np.ndarray:
    """How long the present spell has gone on, at each sample."""
    begin_unit = {"min": 60.0, "s": 1.0}[quantities()[name].unit]
    flags = record.cuff_on if name == "cuff_on_spell" else without_inflow(record)
    values = np.zeros(record.time.size)
    for begin, end in spells(flags, record.time):
        within = (record.time >= begin) & (record.time <= end)
        values[within] = (record.time[within] - begin) / begin_unit
    return values


def without_inflow(record: Record) -> np.ndarray:
    readings = record.readings("zero_inflow_spell")
    flags = np.zeros(record.time.size, dtype=bool)
    if readings is not None and readings.times is not None:
        for begin, length in zip(readings.times, readings.values, strict=True):
            flags |= (record.time >= begin) & (record.time < begin + length)
    return flags


def concerns(tier: Tier, record: Record) -> bool:
    """Whether the conditions of a tier hold at any time of the session."""
    for condition in tier.when:
        found = record.readings(condition.quantity.name)
        if found is None or not compare(found.values, condition.comparison, condition.threshold).any():
            return False
    return True
