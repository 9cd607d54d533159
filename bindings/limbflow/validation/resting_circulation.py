"""Studies of the limb at rest: flows, pressures, capillaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import _engine
from .measure import at
from .registry import Evaluation, evaluates
from .studies import Study
from .verdicts import against, not_modelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ONE_LEVEL = "the model's veins and arteries below the cuff lie at one height, the middle of the limb"


@evaluates("holland1998_leg_flows")
def leg_flows(study: Study) -> Evaluation:
    """The limb below a proximal thigh cuff is what the common femoral artery feeds."""
    flow = at(study.scenario().run(), "arterial_inflow", 0.0)
    rows = []
    for record in study.records():
        name, value, se = record["artery"].replace("_", " "), record["flow_mL_min"], record["spread"]
        if record["artery"] == "common_femoral":
            rows.append(against(name, "mL/min", flow, value, se, "se"))
        else:
            why = "the model's limb is one tissue with one flow per volume; its arteries are not told apart by region"
            rows.append(not_modelled(name, value, "mL/min", why))
    return Evaluation(rows)


@evaluates("brachial_rest_flow")
def arm_flow(study: Study) -> Evaluation:
    flow = at(study.scenario().run(), "arterial_inflow", 0.0)
    return Evaluation(
        [
            against(record["source"], "mL/min", flow, record["flow_mL_min"], record["spread"])
            for record in study.records()
        ]
    )


@evaluates("resting_pressures")
def pressures(study: Study) -> Evaluation:
    """The study's own systolic and diastolic pressures go in; what comes out is compared."""
    leg = study.scenario().run()
    standing = study.scenario(posture="standing").run()
    arm = study.scenario(cuff="medium_arm").run()
    calf_rise = at(standing, "distal_arterial_pressure", 0.0) - at(leg, "distal_arterial_pressure", 0.0)
    model = {
        "MAP": at(leg, "mean_arterial_pressure", 0.0),
        "venous_forearm_recumbent": at(arm, "deep_venous_pressure", 0.0),
        "venous_foot_recumbent": at(leg, "deep_venous_pressure", 0.0),
        "calf_SBP_standing_minus_supine": calf_rise,
    }
    left_out = {
        "SBP": "goes into the model as it is",
        "DBP": "goes into the model as it is",
        "venous_foot_standing": f"{ONE_LEVEL}, some 40 cm above a standing foot",
        "ankle_minus_arm_SBP_supine": "the pulse does not travel or grow on its way down the leg",
    }
    rows = []
    for record in study.records():
        quantity, value, unit = record["quantity"], record["value"], record["unit"]
        name = quantity.replace("_", " ")
        if quantity in model:
            rows.append(against(name, unit, model[quantity], value, record["spread"]))
        else:
            rows.append(not_modelled(name, value, unit, left_out[quantity]))
    return Evaluation(rows)


@evaluates("capillary_pressure_line")
def capillary_line(study: Study) -> Evaluation:
    """Capillary pressure at the venous pressure that was measured, which the height of the limb sets."""
    lines = {limb: capillary_against_venous(study, limb) for limb in ("arm", "leg")}
    rows = []
    for record in study.records():
        venous, capillary = lines["arm" if record["site"].startswith("forearm") else "leg"]
        model = extended(record["venous_mmHg"], venous, capillary)
        name = f"capillary pressure, {record['site'].replace('_', ' ')}"
        rows.append(against(name, "mmHg", model, record["capillary_mmHg"], record["spread"], "se"))

    def draw(ax: Axes) -> None:
        for (limb, (venous, capillary)), dash in zip(lines.items(), ("-", "--"), strict=True):
            ax.plot(venous, capillary, dash, color="black", label=f"model, {limb}")
        for record in study.records():
            ax.errorbar(
                record["venous_mmHg"],
                record["capillary_mmHg"],
                yerr=2 * record["spread"],
                fmt="o",
                color="#D55E00",
                capsize=3,
                label="measured, 2 SE" if record["site"] == "forearm_recumbent" else None,
            )
        ax.set_xlabel("venous pressure (mmHg)")
        ax.set_ylabel("capillary pressure (mmHg)")
        ax.legend()

    return Evaluation(rows, draw)


def capillary_against_venous(study: Study, limb: str) -> tuple[np.ndarray, np.ndarray]:
    """Venous and capillary pressure at rest with the limb at several heights, mmHg."""
    found = []
    cuff = {"arm": "medium_arm", "leg": "medium_thigh"}[limb]
    for posture, raised in (
        ("supine", 5),
        ("supine", 0),
        ("supine", -20),
        ("standing", 30),
        ("standing", 0),
        ("standing", -40),
    ):
        run = study.scenario(cuff=cuff, posture=posture, limb_raised=f"{raised} cm").run()
        found.append((at(run, "deep_venous_pressure", 0.0), at(run, "capillary_pressure", 0.0)))
    venous, capillary = np.array(sorted(found)).T
    return venous, capillary


def extended(x: float, xs: np.ndarray, ys: np.ndarray) -> float:
    """Linear interpolation, going on with the nearest slope outside."""
    index = int(np.clip(np.searchsorted(xs, x) - 1, 0, len(xs) - 2))
    share = (x - xs[index]) / (xs[index + 1] - xs[index])
    return float(ys[index] + share * (ys[index + 1] - ys[index]))


@evaluates("arm_artery_distensibility")
def artery_distensibility(study: Study) -> Evaluation:
    """The long cuff is a pressure around the whole arm."""

    def artery(external: float, **changes: str) -> _engine.ArteryAtRest:
        return _engine.artery_at_rest(study.scenario(external_pressure=f"{external} mmHg", **changes)._native)

    rows = []
    for record in study.records():
        found, under = artery(record["external_mmHg"]), f"at {record['external_mmHg']} mmHg outside"
        rows.append(
            against(
                f"distensibility {under}",
                "%/mmHg",
                100 * found.distensibility,
                record["distensibility_pct_per_mmHg"],
            )
        )
        rows.append(
            against(f"pulse wave velocity {under}", "m/s", found.pulse_wave_velocity, record["pulse_wave_velocity_m_s"])
        )

    def draw(ax: Axes) -> None:
        outside = np.linspace(-20, 60, 41)
        ax.plot(outside, [100 * artery(p).distensibility for p in outside], "-", color="black", label="model")
        external, distensibility, _ = np.array(study.rows).T
        ax.plot(external, distensibility, "o", color="#D55E00", label="measured")
        ax.set_xlabel("pressure around the arm (mmHg)")
        ax.set_ylabel("distensibility (%/mmHg)")
        ax.legend()

    return Evaluation(rows, draw)
