"""Studies of what cuffs and straps deliver: devices on a working limb."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .. import _engine
from ..straps import StrapPressure, strap
from .registry import Evaluation, evaluates
from .studies import Study
from .trials import aop
from .verdicts import Row, against, holds

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


# Widths that the sources do not give: of the tourniquet that was pulled, of the straps that were overlapped.
TOURNIQUET_WIDTH = "3.8 cm"
OVERLAPPED_WIDTH = "7 cm"


@evaluates("strap_material")
def materials(study: Study) -> Evaluation:
    """Nylon and elastic cuffs, a strap at a tension on arm and leg, the overlap that shuts the brachial artery."""
    width = {"cuff.width": "5 cm"}
    model = {
        "arm_aop_nylon": float(aop("adult_man", "narrow_arm", "supine", **width)),
        "arm_aop_elastic_same_width": float(aop("adult_man", "elastic_arm", "supine", **width)),
    }
    for newton in (200, 300):
        on_limbs = [float(strap(limb, tension=f"{newton} N", width=TOURNIQUET_WIDTH)) for limb in ("arm", "leg")]
        model[f"skin_pressure_at_{newton}_N"] = float(np.mean(on_limbs))
    shut = float(aop("adult_man", "strap_arm", "supine", **{"cuff.width": OVERLAPPED_WIDTH}))
    laws = {material: overlapped_law(material) for material in ("stiff", "medium", "soft")}
    for material, law in laws.items():
        model[f"overlap_{material}"] = 100 * law.overlap_of_pressure(shut)
    rows = [
        against(
            record["quantity"].replace("_", " "),
            record["unit"],
            model[record["quantity"]],
            record["value"],
            record["spread"],
        )
        for record in study.records()
    ]
    rows += overlap_orders(laws, shut)

    def draw(ax: Axes) -> None:
        shares = np.linspace(0, 0.6, 61)
        for (material, law), dash in zip(laws.items(), ("-", "--", ":"), strict=True):
            pressure = [law.pressure_of_overlap(share) for share in shares]
            ax.plot(100 * shares, pressure, dash, color="black", label=f"model, {material}")
            record = study.row(quantity=f"overlap_{material}")
            ax.errorbar(record["value"], shut, xerr=record["spread"], fmt="o", color="#D55E00", capsize=3)
        ax.set_ylim(0, 1.3 * shut)
        ax.set_xlabel("overlap (% of the arm's circumference)")
        ax.set_ylabel("pressure (mmHg)")
        ax.legend()

    return Evaluation(rows, draw)


def overlapped_law(material: str) -> _engine.StrapLaw:
    """The law of a strap on the adult man's arm."""
    texts = {"cuff.width": OVERLAPPED_WIDTH, "cuff.material": material}
    return _engine.strap_law(_engine.resting_scenario("adult_man", "strap_arm", texts))


def overlap_orders(laws: dict[str, _engine.StrapLaw], shut: float) -> list[Row]:
    """What was found besides the means: how overlaps vary between people, and what is left of flow at 30 %."""
    spread = strap("arm", overlap="30 %", width=OVERLAPPED_WIDTH)
    # the pressure that an overlap makes and the one that it takes vary together as one
    share = float(np.hypot(spread.pressure_sd / spread.pressure, spread.occlusion_sd / spread.occlusion_pressure))
    half_ranges = [
        50 * (law.overlap_of_pressure(shut * (1 + share)) - law.overlap_of_pressure(shut * (1 - share)))
        for law in laws.values()
    ]
    at_30 = [100 * law.pressure_of_overlap(0.3) / shut for law in laws.values()]
    return [
        holds(
            "overlap between people",
            "varies more the softer the strap (SD 3.8, 6.1, 8.3 %)",
            bool(np.all(np.diff(half_ranges) > 0)),
            ", ".join(f"{value:.1f}" for value in half_ranges) + " %",
        ),
        holds(
            "overlap of 30 %",
            "nearly shuts under a stiff strap, lets most through under a soft one (9, 49, 63 cm/s)",
            at_30[0] > 80.0 and at_30[0] > at_30[1] > at_30[2] and at_30[2] < 60.0,
            ", ".join(f"{value:.0f}" for value in at_30) + " %AOP",
        ),
    ]


@evaluates("strap_tightness")
def tightness(study: Study) -> Evaluation:
    """Pressure of a rating of 7, what it is of occlusion pressure, and how often that is full occlusion."""
    found = {record["limb"]: strap(record["limb"], tightness=7) for record in study.records()}
    rows = []
    for record in study.records():
        limb, reading = record["limb"], found[record["limb"]]
        rows += [
            against(f"pressure at 7 of 10, {limb}", "mmHg", reading.pressure, record["strap_mmHg"], record["strap_sd"]),
            against(f"SD of it between people, {limb}", "mmHg", reading.pressure_sd, record["strap_sd"]),
            against(
                f"occlusion pressure, {limb}",
                "mmHg",
                reading.occlusion_pressure,
                record["aop_mmHg"],
                record["aop_sd"],
            ),
            against(
                f"probability of full occlusion, {limb}",
                "%",
                100 * reading.full_occlusion,
                100 * independent_normals(record),
                note="measured: of two independent normal distributions with the means and SD of the table",
            ),
        ]

    def draw(ax: Axes) -> None:
        ratings = np.linspace(1, 10, 37)
        for (limb, colour), dash in zip((("arm", "#D55E00"), ("leg", "#0072B2")), ("-", "--"), strict=True):
            curve: list[StrapPressure] = [strap(limb, tightness=float(rating)) for rating in ratings]
            ax.plot(ratings, [float(point) for point in curve], dash, color="black", label=f"model, {limb}")
            record = study.row(limb=limb)
            ax.errorbar(7, record["strap_mmHg"], yerr=record["strap_sd"], fmt="o", color=colour, capsize=3, label=limb)
        ax.set_xlabel("perceived tightness (0 to 10)")
        ax.set_ylabel("pressure (mmHg)")
        ax.legend()

    return Evaluation(rows, draw)


def independent_normals(record: dict) -> float:
    """Probability that a normal strap pressure is above a normal occlusion pressure."""
    deviate = (record["strap_mmHg"] - record["aop_mmHg"]) / math.hypot(record["strap_sd"], record["aop_sd"])
    return 0.5 * math.erfc(-deviate / math.sqrt(2.0))
