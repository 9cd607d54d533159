"""Studies of inflow and venous pressure under a cuff, and of the hyperaemia after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..plots import LINE_STYLES
from .measure import at, begin_of, excess, half_time, part, slope, tissue_volume
from .registry import Evaluation, evaluates
from .studies import Study
from .trials import aop
from .verdicts import Row, against, holds, within

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

TIMES_S = (10.0, 40.0, 70.0, 300.0)
EVERY_TENTH = tuple(range(0, 101, 10))
# Differences of flow between pressures that studies of 10 to 45 people call "not significant", share of control.
NOT_SIGNIFICANT = 0.15


def inflow_fraction(run: xarray.Dataset, time: float) -> float:
    """Inflow at a time after the cuff is up, over that before it."""
    up = begin_of(run, "passive") + 2.0
    return at(run, "arterial_inflow", up + time) / at(run, "arterial_inflow", 0.0)


def flow_curves(study: Study, **changes: str) -> dict[float, np.ndarray]:
    """Inflow over control at 0, 10, ..., 100 % AOP, each pressure from rest, by time after inflation (s)."""
    runs = [study.scenario(cuff_pressure=f"{percent} %AOP", **changes).run() for percent in EVERY_TENTH]
    return {time: np.array([inflow_fraction(run, time) for run in runs]) for time in TIMES_S}


def between(curve: np.ndarray, low: int, high: int) -> np.ndarray:
    """The part of a curve over EVERY_TENTH between two pressures, % AOP."""
    return curve[EVERY_TENTH.index(low) : EVERY_TENTH.index(high) + 1]


def told(values: np.ndarray) -> str:
    return "model " + ", ".join(f"{value:.2f}" for value in values)


def flatness(name: str, curve: np.ndarray, low: int, high: int) -> Row:
    """Largest difference of flow between two pressures, against what such studies cannot tell from none."""
    values = between(curve, low, high)
    return within(name, "of control", float(np.ptp(values)), 0.0, NOT_SIGNIFICANT, told(values))


@evaluates("leg_flow_under_cuff")
def leg(study: Study) -> Evaluation:
    """Each source at the time after inflation at which it measured."""
    seated = flow_curves(study, posture="seated")
    supine = flow_curves(study)
    elastic = {"cuff": "narrow_thigh", "cuff.width": "3.3 cm", "cuff.material": "elastic"}
    narrow = np.mean(
        [inflow_fraction(study.scenario(cuff_pressure=f"{p} mmHg", **elastic).run(), 300.0) for p in (160, 170, 180)]
    )
    at_40 = study.scenario(cuff_pressure="40 %AOP", posture="seated").run()
    outflow = at(at_40, "venous_outflow", float(at_40.time[-1])) / at(at_40, "arterial_inflow", 0.0)
    settled = between(supine[300.0], 0, 100)
    percent = np.array(EVERY_TENTH, dtype=float)
    line = np.corrcoef(percent, settled)[0, 1] ** 2
    first_fall = next(p for p, flow in zip(EVERY_TENTH, supine[70.0], strict=True) if flow < 1.0 - NOT_SIGNIFICANT)
    rows = [
        against("Takano 2005: flow at 160-180 mmHg, 3.3 cm elastic cuff, 5 min", "of control", float(narrow), 0.30),
        flatness("Crossley 2020: 30 to 80 %AOP seated, 70 s: largest difference", seated[70.0], 30, 80),
        holds("Crossley 2020: venous outflow at 40 %AOP", "present", outflow > 0.05, f"model {outflow:.2f} of control"),
        within("IJES 2023: first fall by more than 15 %, 70 s", "%AOP", float(first_fall), 40, 50, told(supine[70.0])),
        flatness("IJES 2023: 60 to 90 %AOP, 70 s: largest difference", supine[70.0], 60, 90),
        holds(
            "Tafuna'i 2021: 0 to 100 %AOP, 5 min",
            "linear (r2 at least 0.9)",
            line >= 0.9,
            f"r2 {line:.2f}; {told(settled)}",
        ),
    ]
    return Evaluation(rows, drawn_family(supine, "leg, supine, 11.5 cm"))


@evaluates("arm_flow_under_cuff")
def arm(study: Study) -> Evaluation:
    """Yasuda a minute and more after inflation, Mouser within the minute."""
    curves = flow_curves(study, cuff="narrow_arm")
    rows = []
    for record in study.records():
        run = study.scenario(cuff="elastic_arm", cuff_pressure=f"{record['cuff_mmHg']} mmHg").run()
        name = f"Yasuda 2010: {record['cuff_mmHg']} mmHg, 3 cm elastic cuff, 70 s"
        rows.append(against(name, "of control", inflow_fraction(run, 70.0), record["flow_fraction"]))
    early = curves[40.0]
    note = told(early)
    rows += [
        holds("Mouser 2018: at 10 %AOP, 40 s", "flow below control", bool(early[1] < 0.98), note),
        flatness("Mouser 2018: 10 to 30 %AOP, 40 s: largest difference", early, 10, 30),
        holds("Mouser 2018: from 30 to 40 %AOP, 40 s", "falls again", bool(early[4] < early[3] - 0.02), note),
        flatness("Mouser 2018: 40 to 90 %AOP, 40 s: largest difference", early, 40, 90),
    ]
    return Evaluation(rows, drawn_family(curves, "arm, supine, 5 cm"))


def drawn_family(curves: dict[float, np.ndarray], title: str):
    def draw(ax: Axes) -> None:
        for (time, flow), shade in zip(curves.items(), ("0.75", "0.55", "0.3", "0"), strict=True):
            ax.plot(EVERY_TENTH, flow, "o-", color=shade, label=f"{time:g} s after inflation")
        ax.set_title(title)
        ax.set_xlabel("cuff pressure (% AOP)")
        ax.set_ylabel("inflow over control")
        ax.legend()

    return draw


@evaluates("distal_venous_pressure")
def distal_veins(study: Study) -> Evaluation:
    """An arm under a wide cuff. Early: the first ten seconds after inflation; settled: after twelve minutes."""
    through = aop("adult_man", "wide_arm").transmission
    runs = {pressure: study.scenario(cuff_pressure=f"{pressure} mmHg").run() for pressure in (40, 60, 85, 95, 105, 115)}
    settled = {
        pressure: at(run, "deep_venous_pressure", float(run.time[-1])) / (through * pressure)
        for pressure, run in runs.items()
    }
    up = begin_of(runs[40], "passive") + 2.0
    rest = at(runs[40], "distal_arterial_pressure", 0.0)

    def early(pressure: int) -> float:
        return at(runs[pressure], "distal_arterial_pressure", up + 5.0) - rest

    def rise(pressure: int) -> float:
        return slope(*part(runs[pressure], "deep_venous_pressure", up, up + 10.0))

    above = (85, 95, 105, 115)
    arterial = np.array([early(pressure) for pressure in above])
    rates = np.array([rise(pressure) for pressure in above])
    rows: list[Row] = [
        within(
            f"settled venous pressure over the cuff's at the vein, {pressure} mmHg",
            "ratio",
            settled[pressure],
            0.9,
            1.1,
        )
        for pressure in (40, 60)
    ]
    rows += [
        holds(
            "distal mean arterial pressure, cuff of 40 and 60 mmHg",
            "unchanged (within 2 mmHg)",
            max(abs(early(40)), abs(early(60))) < 2.0,
            f"model {early(40):+.1f} and {early(60):+.1f} mmHg",
        ),
        holds(
            "distal mean arterial pressure, cuff of 85 and 95 mmHg, early",
            "at or above rest",
            min(arterial[:2]) > -1.0,
            f"model {arterial[0]:+.1f} and {arterial[1]:+.1f} mmHg",
        ),
        holds(
            "rate of venous rise, cuffs of 85 to 115 mmHg",
            "follows distal mean arterial pressure (r at least 0.9)",
            float(np.corrcoef(arterial, rates)[0, 1]) > 0.9,
            "arterial "
            + ", ".join(f"{a:+.1f}" for a in arterial)
            + " mmHg; venous "
            + ", ".join(f"{r:.2f}" for r in rates)
            + " mmHg/s",
        ),
    ]

    def draw(ax: Axes) -> None:
        for style, (pressure, run) in zip(LINE_STYLES, runs.items(), strict=False):
            ax.plot(
                run.time / 60.0,
                run.deep_venous_pressure,
                label=f"cuff {pressure} mmHg, {through * pressure:.0f} at the vein",
                **style,
            )
        ax.set_xlabel("time (min)")
        ax.set_ylabel("deep venous pressure (mmHg)")
        ax.legend()

    return Evaluation(rows, draw)


@evaluates("reactive_hyperaemia")
def hyperaemia(study: Study) -> Evaluation:
    minutes = (0.5, 1, 2, 4, 8)

    def after(duration_min: float, **changes: str) -> tuple[np.ndarray, np.ndarray, float]:
        """Time from release, inflow past the refilling of the arteries (2 s), and inflow at rest; mL/min."""
        run = study.scenario(passive=f"{60 * duration_min} s", **changes).run()
        time, flow = part(run, "arterial_inflow", begin_of(run, "recovery") + 2.0, float(run.time[-1]))
        return time, flow, at(run, "arterial_inflow", 0.0)

    arm, leg, long = after(5), after(5, cuff="medium_thigh", cuff_pressure="300 mmHg"), after(10)
    volume = tissue_volume(study.scenario(), "arm") / 100.0
    model = {
        "forearm_half_time_after_5min": half_time(*arm),
        "femoral_half_time": half_time(*leg),
        "brachial_peak_over_rest_after_5min": float(arm[1].max()) / arm[2],
        "forearm_peak_after_10min": float(long[1].max()) / volume,
    }
    rows = [
        within(
            record["quantity"].replace("_", " "),
            record["unit"],
            model[record["quantity"]],
            record["low"],
            record["high"],
        )
        for record in study.records()
    ]
    debts = np.array([excess(*after(duration)) / 60.0 / volume for duration in minutes])
    durations = np.array(minutes)
    through_zero = durations * (durations @ debts) / (durations @ durations)
    fit = 1.0 - np.sum((debts - through_zero) ** 2) / np.sum((debts - debts.mean()) ** 2)
    note = "model " + ", ".join(f"{debt:.1f} mL/100 mL after {m:g} min" for m, debt in zip(minutes, debts, strict=True))
    rows.append(
        holds(
            "excess volume, 0.5 to 8 min of occlusion",
            "proportional to time (r2 at least 0.9)",
            fit >= 0.9,
            f"r2 {fit:.2f}; {note}",
        )
    )

    def draw(ax: Axes) -> None:
        for (time, flow, rest), name, dash in (
            (arm, "arm, 5 min", "-"),
            (long, "arm, 10 min", ":"),
            (leg, "leg, 5 min", "--"),
        ):
            ax.plot(time, flow / rest, dash, color="black", label=f"model, {name}")
        record = study.row(quantity="brachial_peak_over_rest_after_5min")
        ax.axhspan(record["low"], record["high"], color="0.88", label="measured: brachial peak after 5 min")
        ax.set_xlim(0, 180)
        ax.set_xlabel("time from release (s)")
        ax.set_ylabel("inflow over rest")
        ax.legend()

    return Evaluation(rows, draw)
