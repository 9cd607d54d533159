"""Studies of the working muscle's chemistry: phosphates, pH, lactate, oxygen, and the blood that leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..plots import LINE_STYLES
from ..scenario import Scenario
from .measure import at, begin_of, end_of_sets, exponential_time, part
from .registry import Evaluation, evaluates
from .studies import Study
from .trials import on_trial, parameter
from .verdicts import Row, against, holds, not_modelled

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

ALIKE = 0.2  # of the largest: differences of deoxygenation that studies of 10 to 20 people call "not significant"
REOXYGENATED = 1.0 / 3.0  # of what a set took, for a rest to count as one in which the muscle reoxygenates


@evaluates("okita2024_ph")
def okita(study: Study) -> Evaluation:
    """The moment the last repetition ends. Phosphocreatine of the abstract is read as what remains.

    It is least where pH is least, as the creatine kinase equilibrium demands of what remains and forbids of a fall.
    """
    rows: list[Row] = []
    runs = {}
    for record in study.records():
        load, seconds = record["load_pct1RM"], record["duration_s"]
        run = study.scenario(load=f"{load} %1RM", **{"exercise.sets": [seconds // 2]}).run()
        runs[load] = run
        end = end_of_sets(run)
        rest, left = at(run, "phosphocreatine", 0.0), at(run, "phosphocreatine", end)
        ph = at(run, "muscle_ph", end)
        rows.append(against(f"pH, {load} %1RM for {seconds} s", "", ph, record["pH"], record["spread"], study.spread))
        rows.append(
            against(
                f"phosphocreatine that remains, {load} %1RM",
                "mM",
                left,
                record["PCr_reported_mM"],
                note=f"model falls by {rest - left:.1f} mM",
            )
        )
    rows.sort(key=lambda row: row.quantity.startswith("phospho"))

    def draw(ax: Axes) -> None:
        for style, (load, run) in zip(LINE_STYLES, runs.items(), strict=False):
            time, ph = part(run, "muscle_ph", begin_of(run, "set 1 concentric"), end_of_sets(run))
            ax.plot(time, ph, label=f"model, {load} %1RM", **style)
        for record in study.records():
            ax.errorbar(
                record["duration_s"], record["pH"], 2 * record["spread"], fmt="o", color="#D55E00", capsize=3,
                label="measured, 2 SE" if record["load_pct1RM"] == study.rows[0][0] else None,
            )  # fmt: skip
        ax.set_xlabel("time of exercise (s)")
        ax.set_ylabel("muscle pH")
        ax.legend()

    return Evaluation(rows, draw)


def blood_oxygen_pressure(saturation: float, ph: float) -> float:
    """Oxygen pressure of blood (mmHg) by Hill's curve with the Bohr shift; saturation 0 to 1."""
    shift = parameter("bohr_coefficient") * (7.4 - ph)
    ratio = saturation / (1.0 - saturation)
    return parameter("haemoglobin_p50") * ratio ** (1.0 / parameter("haemoglobin_hill")) * 10.0**shift


# Standard errors from the abstract, in the order of the rows; the table holds those of lactate.
YASUDA_SE = {"pH": (0.02, 0.01, 0.01), "pO2_mmHg": (3.0, 3.0, 2.0), "SvO2_pct": (5.0, 5.0, 4.0)}


@evaluates("yasuda2010_venous_blood")
def venous_blood(study: Study) -> Evaluation:
    """Venous blood of the arm at the end of the last set, the cuff still on."""
    rows: list[Row] = []
    for place, record in enumerate(study.records()):
        cuff = record["cuff_mmHg"]
        run = study.scenario(cuff_pressure=f"{cuff} mmHg").run()
        end = end_of_sets(run)
        saturation, ph = at(run, "venous_oxygen_saturation", end), at(run, "venous_ph", end)
        errors = {name: values[place] for name, values in YASUDA_SE.items()}
        model = {
            "lactate_mM": ("lactate", "mM", at(run, "venous_lactate", end), record["lactate_se"]),
            "pH": ("pH", "", ph, errors["pH"]),
            "pO2_mmHg": ("oxygen pressure", "mmHg", blood_oxygen_pressure(saturation / 100.0, ph), errors["pO2_mmHg"]),
            "SvO2_pct": ("oxygen saturation", "%", saturation, errors["SvO2_pct"]),
        }
        for column, (name, unit, value, error) in model.items():
            rows.append(against(f"venous {name}, cuff {cuff} mmHg", unit, value, record[column], error, study.spread))
        name = f"venous carbon dioxide pressure, cuff {cuff} mmHg"
        rows.append(
            not_modelled(name, record["pCO2_mmHg"], "mmHg", "enters venous pH but is not a signal of the model")
        )
    return Evaluation(rows)


@evaluates("blood_lactate_by_load")
def blood_lactate(study: Study) -> Evaluation:
    """The peak of arterial lactate in exercise and a quarter of an hour of recovery."""
    rows = []
    for record in study.records():
        load = record["load_pct1RM"]
        run = study.scenario(load=f"{load} %1RM").run()
        rows.append(against(f"peak, {load} %1RM", "mM", float(run.blood_lactate.values.max()), record["lactate_mM"]))
    return Evaluation(rows)


CUFF_IN_EFFORT = {"free": "never", "ischaemic": "all"}
STEP = 0.96  # of a maximal effort: each force over the one before
HOLD = 'sets = [1]\nhold = "60 s"\n'
# As fast as the muscle can: shortening for 0.3 s, and as long to let go.
FAST_REPETITIONS = 'sets = [100]\ntempo = { concentric = "0.3 s", eccentric = "0.3 s" }\n'


def maximal_effort(study: Study, during: str, task: str, first: float, steps: int) -> xarray.Dataset:
    """A maximal effort: one force after another, each until the muscle fails it; at most 4 % below what it can give.

    `during`: a cuff stops flow ("all") or does not ("never"). `task`: holds or fast repetitions. `first`: % of MVC.
    """
    text = study.scenario("maximal_effort", **{"cuff.during": during}).text + "\n"
    for step in range(steps):
        text += f'[[exercise]]\nname = "plantar flexion"\nmuscle = "plantar flexors"\n{task}'
        text += f'load = "{first * STEP**step:.2f} %MVC"\n'
    return on_trial(Scenario.from_text(text, "maximal effort")).run()


def first_minute(run: xarray.Dataset, signal: str) -> tuple[np.ndarray, np.ndarray]:
    begin = begin_of_effort(run)
    return part(run, signal, begin, begin + 60.0)


def begin_of_effort(run: xarray.Dataset) -> float:
    return float(run.segment_begin.values[run.segment_set.values > 0][0])


def steps_in(run: xarray.Dataset, seconds: float) -> int:
    """How many steps of a maximal effort have begun after some seconds of it."""
    begun = run.segment_begin.values <= begin_of_effort(run) + seconds
    return int(run.segment_set.values[begun].max())


def glycolysis(run: xarray.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Time and glycolytic ATP rate (mM/min) of a maximal effort: three ATP for every two lactate that appear."""
    time, lactate = first_minute(run, "muscle_lactate")
    return time, 1.5 * 60.0 * np.gradient(lactate, time)


def resting_saturations(run: xarray.Dataset) -> tuple[float, float]:
    """Oxygen saturation of myoglobin and of capillary blood at rest, 0 to 1."""
    pressure = at(run, "tissue_po2", 0.0)
    myoglobin = pressure / (pressure + parameter("myoglobin_p50"))
    light = parameter("myoglobin_light_share")
    return myoglobin, (at(run, "muscle_oxygen_saturation", 0.0) / 100.0 - light * myoglobin) / (1.0 - light)


def resting_oxygen_store(run: xarray.Dataset) -> float:
    """Oxygen on myoglobin, dissolved, and on the haemoglobin of capillary blood, mM of muscle."""
    myoglobin, capillary = resting_saturations(run)
    blood = parameter("capillary_blood_volume") * parameter("oxygen_capacity") * capillary
    return parameter("myoglobin") * myoglobin + parameter("oxygen_solubility") * at(run, "tissue_po2", 0.0) + blood


def deoxyhaemoglobin_in_rest_1(run: xarray.Dataset) -> float:
    """Mean concentration, uM: what light sees at rest and the change from it. Four oxygen a haemoglobin."""
    seen = 1000.0 / 4.0 * parameter("oxygen_capacity") * parameter("light_blood_volume")
    at_rest = seen * (1.0 - resting_saturations(run)[1])
    return at_rest + float(run.deoxyhaemoglobin_change_mean.sel(scope="rest_1"))


def deoxymyoglobin(effort: xarray.Dataset, ischaemia: xarray.Dataset) -> float:
    """Deoxymyoglobin after a minute of ischaemic effort over that after ten minutes of ischaemia at rest, %."""

    def deoxygenated(run: xarray.Dataset, moment: float) -> float:
        pressure = at(run, "tissue_po2", moment)
        return 1.0 - pressure / (pressure + parameter("myoglobin_p50"))

    return (
        100.0
        * deoxygenated(effort, begin_of_effort(effort) + 60.0)
        / deoxygenated(ischaemia, begin_of(ischaemia, "passive") + 600.0)
    )


# Muscle at 35 degC against fibres at 20 degC (Stienen 1996: Q10 2.6).
COOLING = 2.6 ** ((35.0 - 20.0) / 10.0)


def fibre_atpase(kind: str) -> float:
    """Myosin ATPase of isometric fibres at 20 degC: the cost of contraction without the share of ion pumps, mM/s."""
    return parameter(f"contraction_cost_{kind}") * (1.0 - parameter("fatigued_cost_share")) / COOLING


def onset_of_fall(run: xarray.Dataset) -> float:
    """When phosphocreatine starts to fall after the cuff goes on, s: the line through its last five minutes, back."""
    begin, end = begin_of(run, "passive"), begin_of(run, "recovery")
    time, values = part(run, "phosphocreatine", begin, end)
    late = time >= time[-1] - 300.0
    fall, start = np.polyfit(time[late], values[late], 1)
    return float((values[0] - start) / fall)


@evaluates("fluxes_buffers_recovery")
def fluxes(study: Study) -> Evaluation:
    """Maximal efforts; recovery from a minute of light and half a minute of maximal work; full occlusion at rest.

    Glycolysis and the recovery of pH belong to fast repetitions (Walter 1999), force-time integrals and
    deoxymyoglobin to a maximal hold of a minute (Lanza 2006; Tevald 2009, from the same laboratory).
    """
    efforts = {name: maximal_effort(study, during, HOLD, 99.0, 40) for name, during in CUFF_IN_EFFORT.items()}
    fast = maximal_effort(study, "never", FAST_REPETITIONS, 75.0, 48)
    time, rate = glycolysis(fast)
    share = {kind: parameter(f"plantar_flexors_type_{kind}") for kind in ("1", "2a")}
    share["2x"] = 1.0 - sum(share.values())
    oxidative = 60.0 * sum(share[kind] * parameter(f"oxidative_maximum_{kind}") for kind in share)
    moderate = study.scenario().run()
    recovery = part(moderate, "phosphocreatine", begin_of(moderate, "recovery"), float(moderate.time[-1]))
    acid = maximal_effort(study, "never", FAST_REPETITIONS, 75.0, steps_in(fast, 30.0))
    ph = part(acid, "muscle_ph", begin_of(acid, "recovery"), float(acid.time[-1]))[1]
    occluded = study.scenario("occluded_forearm").run()
    integrals = {name: 100.0 * float(first_minute(run, "force")[1].mean()) for name, run in efforts.items()}
    model = {
        "ATP_rest": at(moderate, "atp", 0.0),
        "glycolytic_ATP_peak": float(rate.max()),
        "glycolytic_ATP_30s": float(np.interp(30.0, time, rate)),
        "glycolytic_over_oxidative_max": float(rate.max()) / oxidative,
        "buffer_without_Pi_and_CO2": parameter("muscle_buffer"),
        "proton_efflux": 60.0 * parameter("proton_efflux"),
        "pH_recovery": float((ph[120:] - ph[:-120]).max()),
        "PCr_recovery_tau_healthy": exponential_time(*recovery),
        "O2_store_rest": resting_oxygen_store(occluded),
        "VO2_rest": at(occluded, "muscle_oxygen_uptake", 0.0),
        "PCr_onset_after_full_occlusion": onset_of_fall(occluded),
        "deoxyMb_end_ischaemic_exercise": deoxymyoglobin(efforts["ischaemic"], occluded),
        "force_time_integral_free": integrals["free"],
        "force_time_integral_ischaemic": integrals["ischaemic"],
        "ATPase_fibre_I_20C": fibre_atpase("1"),
        "ATPase_fibre_IIB_20C": fibre_atpase("2x"),
    }
    tails = ", ".join(
        f"{exponential_time(*(values[:seconds] for values in recovery)):.0f} s over the first {seconds} s"
        for seconds in (120, 180)
    )
    notes = {"PCr_recovery_tau_healthy": f"model {tails}"}
    rows = []
    for record in study.records():
        name, unit = record["quantity"].replace("_", " "), {"pct": "%", "ratio": ""}.get(record["unit"], record["unit"])
        if record["quantity"] == "PCr_recovery_tau_poor_inflow":
            rows.append(not_modelled(name, record["value"], unit, "narrowed arteries of patients are not in the model"))
            continue
        # The source of deoxymyoglobin gives a standard error.
        kind = "se" if record["quantity"].startswith("deoxyMb") else study.spread
        note = notes.get(record["quantity"], "")
        rows.append(against(name, unit, model[record["quantity"]], record["value"], record["spread"], kind, note))

    def draw(ax: Axes) -> None:
        for name, dash in (("free", "-"), ("ischaemic", "--")):
            seconds, force = first_minute(efforts[name], "force")
            ax.plot(seconds, 100.0 * force, dash, color="black", label=f"model, {name}")
        ax.set_xlabel("time of maximal effort (s)")
        ax.set_ylabel("force (% of fresh maximum)")
        ax.set_ylim(0, 100)
        ax.legend()

    return Evaluation(rows, draw)


@evaluates("muscle_oxygen_by_pressure")
def oxygen_by_pressure(study: Study) -> Evaluation:
    """Deoxyhaemoglobin over the four sets; saturation from the end of a set to the end of the rest after it.

    The ratio is of concentrations (Ganesan 2015): sets to failure under the cuff, as many repetitions without it.
    """
    runs = {pressure: study.scenario(cuff_pressure=f"{pressure} %AOP").run() for pressure in (0, 40, 60, 80)}
    deoxy = {
        pressure: float(np.mean([run.deoxyhaemoglobin_change_mean.sel(scope=f"set_{k}") for k in (1, 2, 3, 4)]))
        for pressure, run in runs.items()
    }
    alike = ALIKE * max(deoxy.values())
    told = "model " + ", ".join(f"{value:.0f} uM at {pressure} %AOP" for pressure, value in deoxy.items())

    def regained(run: xarray.Dataset) -> float:
        """Mean share of what a set took that the rest after it gives back."""
        rest = at(run, "muscle_oxygen_saturation", 0.0)
        shares = []
        for k in (1, 2, 3):
            begin = begin_of(run, f"rest {k}")
            before, after = (at(run, "muscle_oxygen_saturation", moment) for moment in (begin, begin + 29.0))
            shares.append((after - before) / (rest - before))
        return float(np.mean(shares))

    back = {pressure: regained(run) for pressure, run in runs.items()}
    told_back = "model gives back " + ", ".join(f"{100 * v:.0f} % at {p} %AOP" for p, v in back.items())
    failing = study.scenario("to_failure").run()
    repetitions = [int(failing.reps_completed.sel(scope=f"set_{k}")) for k in (1, 2, 3)]
    matched = {"cuff.during": "never", "exercise.until": "reps", "exercise.sets": repetitions}
    rest_1 = [deoxyhaemoglobin_in_rest_1(run) for run in (study.scenario("to_failure", **matched).run(), failing)]
    rows = [
        holds("deoxygenation in the sets, 80 and 60 %AOP", "alike", abs(deoxy[80] - deoxy[60]) < alike, told),
        holds("deoxygenation in the sets, 60 over 40 %AOP", "larger", deoxy[60] - deoxy[40] > alike, told),
        holds("deoxygenation in the sets, 40 %AOP and no cuff", "alike", abs(deoxy[40] - deoxy[0]) < alike, told),
        holds("rests, no cuff and 40 %AOP", "reoxygenates", min(back[0], back[40]) > REOXYGENATED, told_back),
        holds("rests, 60 and 80 %AOP", "does not reoxygenate", max(back[60], back[80]) < REOXYGENATED, told_back),
        against(
            "deoxyhaemoglobin in rest 1, 100 mmHg over no cuff",
            "ratio",
            rest_1[1] / rest_1[0],
            1.65,
            note=f"model {rest_1[1]:.0f} over {rest_1[0]:.0f} uM",
        ),
    ]

    def draw(ax: Axes) -> None:
        for style, (pressure, run) in zip(LINE_STYLES, runs.items(), strict=False):
            ax.plot(run.time, run.muscle_oxygen_saturation, label=f"model, {pressure} %AOP", **style)
        ax.set_xlabel("time (s)")
        ax.set_ylabel("muscle oxygen saturation (%)")
        ax.legend()

    return Evaluation(rows, draw)
