"""Inflow against cuff pressure at several times after inflation, beside the shapes that studies found.

Studies of flow under a cuff disagree: some find it flat from 30 or 40 % AOP on, some stepped, some linear. They looked
at different times: until the veins have filled to the cuff's pressure, it hardly matters what that pressure is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..scenario import load
from .measure import at, begin_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TIMES_S = (10.0, 40.0, 70.0, 300.0)
PRESSURES = tuple(range(0, 101, 5))  # % AOP
LIMBS = {
    "arm": {
        "scenario": "venous_occlusion_arm",
        "cuff": "narrow_arm",
        "posture": "supine",
        "title": "arm, supine, 5 cm cuff",
    },
    "leg": {
        "scenario": "venous_occlusion_leg",
        "cuff": "medium_thigh",
        "posture": "supine",
        "title": "leg, supine, 11.5 cm cuff",
    },
}


def compute() -> dict[str, dict[float, np.ndarray]]:
    """Inflow over control by limb and by time after inflation (s), over PRESSURES; each pressure starts from rest."""
    return {
        limb: curves_of(**{key: text for key, text in how.items() if key != "title"}) for limb, how in LIMBS.items()
    }


def curves_of(scenario: str, cuff: str, posture: str) -> dict[float, np.ndarray]:
    base = load(scenario).with_(cuff=cuff, posture=posture, inflation_time="2 s", passive="310 s", recovery="0 s")
    runs = [base.with_(cuff_pressure=f"{percent} %AOP").run() for percent in PRESSURES]
    up = begin_of(runs[0], "passive") + 2.0
    return {
        time: np.array([at(run, "arterial_inflow", up + time) / at(run, "arterial_inflow", 0.0) for run in runs])
        for time in TIMES_S
    }


def draw(family: dict[str, dict[float, np.ndarray]]) -> Figure:
    """Curves of the model, and bands where studies say what they found. Arm left, leg right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.5, 4.8), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for ax, (limb, curves) in zip(axes, family.items(), strict=True):
        for (time, flow), shade in zip(curves.items(), ("0.75", "0.55", "0.35", "0"), strict=True):
            ax.plot(PRESSURES, flow, color=shade, linewidth=1.8, label=f"model, {time:g} s after inflation")
        ax.set_title(LIMBS[limb]["title"])
        ax.set_xlabel("cuff pressure (% AOP)")
        ax.set_ylim(0, 1.08)
        ax.grid(axis="y", color="0.9")
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    arm, leg = axes
    # Mouser gives the shape in words; its levels are those of the model's early curve at the ends of each flat part.
    early = dict(zip(PRESSURES, family["arm"][40.0], strict=True))
    low, high = early[10], np.mean([early[p] for p in PRESSURES if 40 <= p <= 90])
    arm.plot(
        [0, 10, 10, 30, 40, 90],
        [1, low, low, low, high, high],
        "--",
        color="#D55E00",
        label="Mouser 2018, shape only: steps",
    )
    settled = family["leg"][300.0]
    early_leg = dict(zip(PRESSURES, family["leg"][70.0], strict=True))
    level = np.mean([early_leg[p] for p in PRESSURES if 30 <= p <= 80])
    leg.plot([30, 80], [level, level], "--", color="#D55E00", label="Crossley 2020, shape only: flat 30 to 80 %")
    leg.plot([0, 100], [settled[0], settled[-1]], ":", color="#0072B2", label="Tafuna'i 2021, shape only: linear")
    arm.set_ylabel("inflow over control")
    for ax in axes:
        ax.legend(frameon=False, fontsize="small")
    return figure
