"""Studies of recruitment, repetitions, endurance, swelling, blood flow and blood pressure in work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..plots import LINE_STYLES
from .measure import at, begin_of, end_of_sets, part
from .registry import Evaluation, evaluates
from .studies import Study
from .verdicts import Row, against, holds, not_modelled, within

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


@evaluates("high_threshold_recruitment")
def recruitment(study: Study) -> Evaluation:
    """Largest activation of type II fibres in two minutes of plantar flexion; EMG of the four sets of the arm.

    A Pi peak splits in a subject whose fast fibres work. How many subjects do so is beyond a model of one average
    person; that more do at the heavier load, and with a cuff than without, is an order that it must keep.
    """
    conditions = {"20 %1RM free": (20, 0), "20 %1RM cuff": (20, 120), "65 %1RM free": (65, 0)}
    fast = {
        name: float(
            study.scenario("plantar_flexion", load=f"{load} %1RM", cuff_pressure=f"{cuff} %AOP")
            .run()
            .high_threshold_recruitment.values.max()
        )
        for name, (load, cuff) in conditions.items()
    }
    told = "model " + ", ".join(f"{value:.2f} at {name}" for name, value in fast.items())
    split = {record["condition"]: record["split_pct"] for record in study.records()}
    arm = {pressure: emg_by_set(study, pressure) for pressure in (0, 98, 121, 147)}
    rises = {pressure: emg[-1] - emg[0] for pressure, emg in arm.items()}
    rows = [
        holds(
            "type II activation, 65 %1RM free over 20 %1RM with cuff",
            f"larger (Pi splits in {split['65pct1RM_free']} and {split['20pct1RM_cuff']} %)",
            fast["65 %1RM free"] > fast["20 %1RM cuff"],
            told,
        ),
        holds(
            "type II activation, 20 %1RM with cuff over without",
            "larger",
            fast["20 %1RM cuff"] > fast["20 %1RM free"],
            told,
        ),
        holds(
            "EMG of the four sets, 147 mmHg",
            "rises set by set",
            bool(np.all(np.diff(arm[147]) > 0.0)),
            "model " + ", ".join(f"{value:.1f}" for value in arm[147]) + " % of maximum",
        ),
        holds(
            "rise of EMG from set 1 to 4",
            "largest at the highest pressure",
            max(rises, key=rises.__getitem__) == 147,
            "model " + ", ".join(f"{rise:+.1f} % at {pressure} mmHg" for pressure, rise in rises.items()),
        ),
    ]
    rows += [
        not_modelled(f"share of subjects whose Pi splits, {name}", value, "%", "one average person, not a group")
        for name, value in split.items()
    ]
    return Evaluation(rows)


def emg_by_set(study: Study, pressure_mmhg: float) -> np.ndarray:
    """Mean EMG amplitude of each set of 30-15-15-15 elbow flexions, % of maximum."""
    run = study.scenario("elbow_flexion", cuff_pressure=f"{pressure_mmhg} mmHg").run()
    return np.array([float(run.emg_amplitude_mean.sel(scope=f"set_{k}")) for k in (1, 2, 3, 4)])


@evaluates("mvc_loss_arm")
def mvc_loss(study: Study) -> Evaluation:
    """From rest to the end of the last set.

    Yasuda 2008: 30-15-15-15. Yasuda 2009: its bands span 30 repetitions and three sets of ten, and the model's mean of
    the two is held against them. Moderate: 160 mmHg. Complete: a pressure that lets nothing pass while systolic
    pressure rises in work; the 300 mmHg of such studies (recalled) are less than what occludes the model's arm under a
    narrow elastic band, and what comes out at them stands in the note.
    """
    rows: list[Row] = []
    for record in study.records():
        low, high = record["mvc_change_low"], record["mvc_change_high"]
        if record["source"] == "Yasuda2008":
            change = float(study.scenario(cuff_pressure=record["cuff"]).run().mvc_change)
            rows.append(against(f"Yasuda 2008, {record['cuff']}", "%", change, low))
        else:
            pressure = {"complete": "150 %AOP", "moderate": "160 mmHg"}[record["cuff"]]
            changes = loss_by_sets(study, pressure)
            note = "model " + ", ".join(f"{change:.1f} % after {name}" for name, change in changes.items())
            if record["cuff"] == "complete":
                at_300 = float(np.mean(list(loss_by_sets(study, "300 mmHg").values())))
                note += f"; {at_300:.1f} % at 300 mmHg, which does not occlude the model's arm"
            mean = float(np.mean(list(changes.values())))
            rows.append(within(f"Yasuda 2009, {record['cuff']} ({pressure})", "%", mean, low, high, note))
    return Evaluation(rows)


def loss_by_sets(study: Study, pressure: str) -> dict[str, float]:
    """Change of the maximal voluntary contraction after 30 repetitions and after three sets of ten, %."""
    return {
        name: float(study.scenario(cuff_pressure=pressure, sets=sets).run().mvc_change)
        for name, sets in {"30": [30], "3 x 10": [10, 10, 10]}.items()
    }


@evaluates("reps_to_failure")
def repetitions(study: Study) -> Evaluation:
    """The mean over 30 and 40 % 1RM at 70 % AOP: the middle of the loads and pressures of the pooled studies."""
    counts = {}
    for load in (30, 40):
        run = study.scenario(load=f"{load} %1RM").run()
        counts[load] = np.array([float(run.reps_completed.sel(scope=f"set_{k}")) for k in (1, 2, 3, 4)])
    mean = np.mean(list(counts.values()), axis=0)
    rows = []
    for record in study.records():
        k = record["set"]
        note = "model " + ", ".join(f"{count[k - 1]:.0f} at {load} %1RM" for load, count in counts.items())
        rows.append(
            within(f"set {k}, mean of 30 and 40 %1RM", "reps", float(mean[k - 1]), record["low"], record["high"], note)
        )

    def draw(ax: Axes) -> None:
        sets = [record["set"] for record in study.records()]
        for style, (load, count) in zip(LINE_STYLES, counts.items(), strict=False):
            ax.plot(sets, count, label=f"model, {load} %1RM", **style)
        reps = np.array([record["reps"] for record in study.records()])
        band = np.array([[record["low"], record["high"]] for record in study.records()])
        spread = np.abs(band.T - reps)
        ax.errorbar(sets, reps, spread, fmt="o", color="#D55E00", capsize=3, label="measured, 95 % CI")
        ax.set_xticks(sets)
        ax.set_xlabel("set")
        ax.set_ylabel("repetitions to failure")
        ax.set_ylim(0)
        ax.legend()

    return Evaluation(rows, draw)


@evaluates("endurance_under_occlusion")
def endurance(study: Study) -> Evaluation:
    rows = []
    for record in study.records():
        cuffed = record["condition"] != "free"
        run = study.scenario(**({"cuff": "medium_arm", "cuff_pressure": "300 mmHg"} if cuffed else {})).run()
        held = end_of_sets(run) - begin_of(run, "set 1 hold")
        rows.append(
            against(f"hold at 25 % MVC, {record['condition'].replace('_', ' ')}", "s", held, record["endurance_s"])
        )
    return Evaluation(rows)


@evaluates("swelling")
def swelling(study: Study) -> Evaluation:
    """At the end of the last set. Centimetres are per cent of a thickness that the study's own two figures imply."""
    cuffs = {"narrow": "narrow_thigh", "wide": "wide_thigh"}
    rows = []
    for record in study.records():
        run = study.scenario(cuff=cuffs[record["cuff"]]).run()
        risen = at(run, "muscle_thickness_change", end_of_sets(run))
        rows.append(against(f"thickness, {record['cuff']} cuff", "%", risen, record["thickness_rise_pct"]))
    return Evaluation(rows)


KICKS_PER_SECOND = 1.0
KICK_RANGE_RAD = 1.4  # from 90 to 170 degrees of the knee
KNEE_TORQUE_NM = 250.0  # maximal voluntary torque of the knee extensors of a young man


def kicking_load(watts: float) -> float:
    """Load of a kick, % of maximal voluntary contraction: mean torque over range and rate that give the power."""
    return 100.0 * watts / (KICKS_PER_SECOND * KICK_RANGE_RAD) / KNEE_TORQUE_NM


@evaluates("exercise_hyperaemia")
def hyperaemia(study: Study) -> Evaluation:
    """Mean inflow: of the last half minute of three of kicking; of the last two minutes of five of wrist flexion, at
    the load that gives most of those that are kept up."""

    def at_the_end(run: xarray.Dataset, duration: float) -> float:
        end = end_of_sets(run)
        return float(part(run, "arterial_inflow", end - duration, end)[1].mean())

    model = {}
    for watts in (20, 40):
        run = study.scenario("kicking", load=f"{kicking_load(watts):.2f} %MVC").run()
        model[f"leg_flow_at_{watts}W"] = at_the_end(run, 30.0) / 1000.0
    runs = (study.scenario("wrist_flexion", load=f"{load} %1RM").run() for load in range(10, 70, 10))
    kept_up = [run for run in runs if np.isnan(run.time_to_failure)]
    model["arm_flow_max_over_rest"] = max(at_the_end(run, 120.0) / at(run, "arterial_inflow", 0.0) for run in kept_up)
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
    return Evaluation(rows)


CHEST_PRESSURE = "60 mmHg"  # of a held breath; MacDougall 1985 gives the arterial pressure with it, not its own size


@evaluates("pressor_reflex")
def pressor(study: Study) -> Evaluation:
    """At the end of a hold; the peak of repetitions to failure, beat means. A held breath of 60 mmHg is an input."""

    hold = study.scenario("hold").run()
    end = end_of_sets(hold) - 0.5

    def peak(**changes: str) -> tuple[float, float]:
        """Highest systolic pressure, and what of it is above rest, mmHg."""
        systolic = study.scenario("repetitions", **changes).run().systolic_pressure.values
        return float(systolic.max()), float(systolic.max() - systolic[0])

    breath_held = {"exercise.chest_pressure": CHEST_PRESSURE}
    curl = {"limb": "arm", "exercise.muscle": "elbow flexors", **breath_held}
    model = {
        "MAP_rise_35pct_knee_90s": at(hold, "mean_arterial_pressure", end) - at(hold, "mean_arterial_pressure", 0.0),
        "HR_rise_35pct_knee_90s": at(hold, "heart_rate", end) - at(hold, "heart_rate", 0.0),
        "SBP_rise_40pct1RM_to_failure": peak(load="40 %1RM")[1],
        "SBP_peak_heavy_leg_press_breath_held": peak(load="90 %1RM", **breath_held)[0],
        "SBP_peak_heavy_curl_breath_held": peak(load="90 %1RM", **curl)[0],
    }
    rows = [
        against(
            described(record["quantity"]), record["unit"], model[record["quantity"]], record["value"], record["spread"]
        )
        for record in study.records()
    ]
    return Evaluation(rows)


def described(quantity: str) -> str:
    return quantity.replace("_", " ").replace("pct1RM", " %1RM").replace("35pct", "35 % MVC")
