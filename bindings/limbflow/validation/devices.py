"""Studies of what cuffs and straps deliver: devices on a working limb."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .registry import Evaluation, evaluates
from .studies import Study
from .verdicts import against, holds

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


@evaluates("regulation_of_real_devices")
def regulation(study: Study) -> Evaluation:
    """Peaks and valleys of the pressure in each repetition, at the moment and not as the mean of a beat."""
    runs = {
        record["device"]: study.scenario(**{"cuff.device": record["device"]}).run(waveforms=True)
        for record in study.records()
    }
    rows = []
    for record in study.records():
        device = record["device"]
        low, high = repetition_extremes(runs[device])
        rows.append(against(f"valleys, {device}", "%AOP", low, record["low_pctAOP"], record["low_spread"]))
        rows.append(against(f"peaks, {device}", "%AOP", high, record["high_pctAOP"], record["high_spread"]))
    near_set = {device: 100 * share_near(run, "rest", 5.0) for device, run in runs.items()}
    rows.append(
        holds(
            "rests within 5 %AOP of the set point",
            "nearly all of the time if regulated (99 %), never if not (0 %)",
            near_set["regulated"] > 90.0 and near_set["unregulated"] < 10.0,
            f"{near_set['regulated']:.0f} and {near_set['unregulated']:.0f} %",
        )
    )

    def draw(ax: Axes) -> None:
        for (device, run), dash in zip(runs.items(), ("-", "--"), strict=True):
            ax.plot(run.time, percent_aop(run), dash, color="black", linewidth=0.7, label=f"model, {device}")
        for record, colour in zip(study.records(), ("#0072B2", "#D55E00"), strict=True):
            for bound in ("low_pctAOP", "high_pctAOP"):
                ax.axhline(
                    record[bound],
                    color=colour,
                    label=f"measured, {record['device']}" if bound.startswith("low") else None,
                )
        ax.set_xlabel("time (s)")
        ax.set_ylabel("cuff pressure (%AOP)")
        ax.legend()

    return Evaluation(rows, draw)


def percent_aop(run: xarray.Dataset) -> np.ndarray:
    """Delivered cuff pressure, % of the resting occlusion pressure."""
    return 100.0 * run.cuff_pressure.values / float(run.aop)


def parts(run: xarray.Dataset, label: str) -> list[np.ndarray]:
    """Which samples lie in each segment of the protocol that has the label in its name."""
    time = run.time.values
    bounds = zip(run.segment_label.values, run.segment_begin.values, run.segment_end.values, strict=True)
    return [(time >= begin) & (time <= end) for name, begin, end in bounds if label in str(name)]


def repetition_extremes(run: xarray.Dataset) -> tuple[float, float]:
    """Mean valley and mean peak of the cuff pressure over the lifts, the first aside, in which the cuff fills; %AOP."""
    pressure = percent_aop(run)
    lifts = parts(run, "concentric")[1:]
    return float(np.mean([pressure[lift].min() for lift in lifts])), float(
        np.mean([pressure[lift].max() for lift in lifts])
    )


def share_near(run: xarray.Dataset, label: str, margin: float) -> float:
    """Share of the time in parts of that name with the cuff within `margin` (%AOP) of its set point."""
    error = percent_aop(run) - 100.0 * run.cuff_pressure_set.values / float(run.aop)
    inside = np.concatenate([error[part] for part in parts(run, label)])
    return float(np.mean(np.abs(inside) <= margin))
