"""Studies of venous volume, filling, drainage and filtration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..plots import LINE_STYLES
from .measure import at, begin_of, excess, exponential_time, part, slope, tissue_volume
from .registry import Evaluation, evaluates
from .studies import Study
from .verdicts import against, within

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

DEEP_SHARE = 0.7  # for the mean of the two venous pressures; they differ by less than 1 mmHg where it is used


def venous_pressure(run: xarray.Dataset, time: float) -> float:
    """Pressure of the veins below the cuff, mmHg: the mean of deep and superficial by volume."""
    deep, superficial = (at(run, f"{kind}_venous_pressure", time) for kind in ("deep", "superficial"))
    return DEEP_SHARE * deep + (1.0 - DEEP_SHARE) * superficial


@evaluates("calf_venous_pressure_volume")
def pressure_volume(study: Study) -> Evaluation:
    """Volume of the veins at rest, their pressure set by the height of the leg."""
    pressures, volumes = pressure_volume_curve(study, "leg")
    rows = [
        against(
            f"volume at {record['venous_mmHg']} mmHg",
            "mL/100 mL",
            float(np.interp(record["venous_mmHg"], pressures, volumes)),
            record["volume_mL_per_100mL"],
        )
        for record in study.records()
    ]

    def draw(ax: Axes) -> None:
        ax.plot(pressures, volumes, color="black", label="model")
        ax.plot(*np.array(study.rows).T, "o", color="#D55E00", label="measured")
        ax.set_xlabel("venous pressure (mmHg)")
        ax.set_ylabel("venous volume (mL/100 mL)")
        ax.set_xlim(0, 70)
        ax.legend()

    return Evaluation(rows, draw)


def pressure_volume_curve(study: Study, limb: str) -> tuple[np.ndarray, np.ndarray]:
    """Pressure (mmHg) and volume (mL/100mL) of the resting limb's veins, limb held high and low.

    Between the postures there is no gap; a limb above the heart is left out, for its veins empty past a collapsed part.
    """
    points = []
    rest = {"cuff": f"medium_{'arm' if limb == 'arm' else 'thigh'}", "cuff.during": "never"}
    heights = [("supine", raised) for raised in (8, 4, 0, -10, -20, -30, -40, -50)]
    for posture, raised in [*heights, ("standing", 0), ("standing", -20), ("standing", -50)]:
        scenario = study.scenario(**rest, posture=posture, limb_raised=f"{raised} cm")
        run = scenario.run()
        volume = at(run, "venous_volume", 0.0) / tissue_volume(scenario, limb) * 100.0
        points.append((venous_pressure(run, 0.0), volume))
    pressures, volumes = np.array(sorted(points)).T
    return pressures, volumes


@evaluates("capillary_filtration")
def filtration(study: Study) -> Evaluation:
    """As small-step plethysmography does it: filtration at the end of each step against venous pressure."""
    hundreds_of_leg = tissue_volume(study.scenario(), "leg") / 100.0

    def coefficient(cuff: str, limb: str, step: int) -> float:
        """Three steps of five minutes from 20 mmHg; slope of net filtration (mL/100mL/min) on venous pressure."""
        points = [{"at": f"{300 * k} s", "pressure": f"{20 + step * k} mmHg"} for k in range(4)]
        changes = {
            "cuff": cuff,
            "cuff.during": "profile",
            "cuff.profile": points,
            "timing.passive": f"{300 * len(points)} s",
        }
        run = study.scenario(**changes).run()
        hundreds = tissue_volume(study.scenario(cuff=cuff), limb) / 100.0
        ends = [begin_of(run, "passive") + 300 * (k + 1) - 1 for k in range(len(points))]
        net = [(at(run, "filtration_flow", end) - at(run, "lymph_flow", end)) / hundreds for end in ends]
        return slope(np.array([venous_pressure(run, end) for end in ends]), np.array(net))

    hold = study.scenario().run()
    on = begin_of(hold, "passive")
    gained = [part(hold, name, on, begin_of(hold, "recovery")) for name in ("filtration_flow", "lymph_flow")]
    filtered = float(excess(gained[0][0], gained[0][1] - gained[1][1], 0.0)) / 60.0 / hundreds_of_leg
    model = {
        "filtration_coefficient_leg": coefficient("wide_thigh", "leg", 3),
        "filtration_coefficient_leg_10mmHg_steps": coefficient("wide_thigh", "leg", 10),
        "filtration_coefficient_forearm": coefficient("wide_arm", "arm", 10),
        "filtered_volume_hold": filtered,
        "lymph_flow": at(hold, "lymph_flow", 0.0) / hundreds_of_leg,
    }
    return Evaluation(
        [
            against(
                record["quantity"].replace("_", " "),
                record["unit"],
                model[record["quantity"]],
                record["value"],
                record["spread"],
            )
            for record in study.records()
        ]
    )


@evaluates("venous_compliance_age")
def compliance_by_age(study: Study) -> Evaluation:
    """Slope of venous volume on transmural pressure while suction around the legs distends their veins."""
    ages = {"young": "24 yr", "old": "65 yr"}
    curves = {}
    for group, age in ages.items():
        points = []
        for suction in (0, 22, 44, 59):
            scenario = study.scenario(**{"person.age": age, "environment.external_pressure": f"-{suction} mmHg"})
            run = scenario.run()
            outside = -0.8 * suction
            volume = at(run, "venous_volume", 0.0) / tissue_volume(scenario, "leg") * 100.0
            points.append((at(run, "deep_venous_pressure", 0.0) - outside, volume))
        curves[group] = np.array(points)
    rows = [
        against(
            f"calf compliance, {record['group']}",
            "mL/100 mL/mmHg",
            slope(*curves[record["group"]].T),
            record["compliance_mL_100mL_mmHg"],
        )
        for record in study.records()
    ]
    return Evaluation(rows)


@evaluates("venous_filling_and_drainage_times")
def filling_and_drainage(study: Study) -> Evaluation:
    """Time constants of the exponentials that fit total haemoglobin of muscle under the cuff and after its release.

    Near-infrared spectroscopy sees blood volume as haemoglobin.
    """
    runs = {pressure: study.scenario(cuff_pressure=f"{pressure} mmHg").run() for pressure in (20, 30, 40, 50, 60)}
    rows = []
    for record in study.records():
        filling = record["process"] == "filling_under_cuff"
        for pressure, run in runs.items():
            begin, end = begin_of(run, "passive"), begin_of(run, "recovery")
            begin, end = (begin + 0.5, end) if filling else (end + 0.5, float(run.time[-1]))
            tau = exponential_time(*part(run, "total_haemoglobin_change", begin, end))
            name = f"time constant, {record['process'].replace('_', ' ')} of {pressure} mmHg"
            rows.append(within(name, "s", tau, record["time_constant_low_s"], record["time_constant_high_s"]))

    def draw(ax: Axes) -> None:
        for style, (pressure, run) in zip(LINE_STYLES, runs.items(), strict=False):
            time, haemoglobin = part(run, "total_haemoglobin_change", begin_of(run, "passive"), float(run.time[-1]))
            ax.plot(time, haemoglobin, label=f"model, {pressure} mmHg", **style)
        top = ax.get_ylim()[1]
        time = np.linspace(0, 300, 200)
        low, high = study.rows[0][1:3]
        ax.fill_between(
            time,
            0.95 * top * (1 - np.exp(-time / high)),
            0.95 * top * (1 - np.exp(-time / low)),
            color="0.8",
            label=f"exponentials of {low}-{high} s",
        )
        ax.set_xlabel("time from inflation (s)")
        ax.set_ylabel("total haemoglobin of muscle, change (uM)")
        ax.legend()

    return Evaluation(rows, draw)


@evaluates("venous_stasis_phases")
def stasis(study: Study) -> Evaluation:
    """When the veins are full (95 % of what they gain in ten minutes), and what a forearm gains after that."""
    calf = study.scenario().run()
    on, off = begin_of(calf, "passive"), begin_of(calf, "recovery")
    time, volume = part(calf, "venous_volume", on, off)
    full = float(np.interp(0.95, (volume - volume[0]) / (volume[-1] - volume[0]), time)) / 60.0
    arm = study.scenario(cuff="medium_arm", cuff_pressure="40 mmHg", passive="720 s").run()
    start = begin_of(arm, "passive")
    gain = at(arm, "limb_volume_change", start + 720.0) - at(arm, "limb_volume_change", start + 180.0)
    first, second = study.records()
    rows = [
        within("calf veins 95 % full, from then on filtration only", "min", full, first["low"], first["high"]),
        within("forearm volume gained from 3 to 12 min at 40 mmHg", "%", gain, second["low"], second["high"]),
    ]

    def draw(ax: Axes) -> None:
        ax.plot(time / 60.0, part(calf, "limb_volume_change", on, off)[1], color="black", label="model, limb")
        hundreds = tissue_volume(study.scenario(), "leg") / 100.0
        ax.plot(time / 60.0, (volume - volume[0]) / hundreds, "--", color="#0072B2", label="model, veins")
        ax.axvspan(first["low"], first["high"], color="0.88", label="measured: filtration only from")
        ax.set_xlabel("time from inflation (min)")
        ax.set_ylabel("volume gained (mL/100 mL)")
        ax.legend()

    return Evaluation(rows, draw)
