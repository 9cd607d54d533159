"""The pressure under a strap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .style import LINE_STYLES, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..straps import StrapPressure


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
