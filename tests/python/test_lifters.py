"""What every lifter says of light loads under a cuff, on the whole model. Each test prints its numbers (`pytest -rP`).

A statement that does not come out is marked as an expected failure with the reason, strictly: once the model shows it,
the mark must go.
"""

import numpy as np
import pytest

import limbflow
from limbflow.validation.measure import at, begin_of, end_of_sets, exponential_time, part

EXTENSION = """\
title = "knee extension"
extends = ["people/adult_man.toml", "cuffs/wide_thigh.toml"]
posture = "seated"
[cuff]
pressure = "80 %AOP"
during = "all"
[exercise]
name = "knee extension"
load = "20 %1RM"
sets = [30]
tempo = { concentric = "1.5 s", eccentric = "1.5 s" }
rest = "30 s"
[timing]
baseline = "30 s"
recovery = "10 s"
"""


def extension(**changes):
    """Knee extension under a thigh cuff; by default one set of 30 at 20 %1RM under 80 %AOP."""
    return limbflow.Scenario.from_text(EXTENSION, "knee extension").with_(**changes).run()


def over_sets(run, variable, sets):
    return np.array([float(run[variable].sel(scope=f"set_{k}")) for k in range(1, sets + 1)])


# ---------------------------------------------------------------- 30 light repetitions


@pytest.fixture(scope="module")
def thirty():
    """pH and phosphocreatine after 30 repetitions, highest type II activation and EMG, by load and cuff."""
    found = {}
    for load in (20, 25):
        for cuff in (0, 80):
            run = extension(load=f"{load} %1RM", cuff_pressure=f"{cuff} %AOP")
            end = end_of_sets(run)
            found[load, cuff] = {
                "pH": at(run, "muscle_ph", end),
                "PCr": at(run, "phosphocreatine", end),
                "type II": float(run.high_threshold_recruitment.values.max()),
                "EMG": float(run.emg_amplitude.values.max()),
                "H+ (nM)": 10.0 ** (9.0 - at(run, "muscle_ph", end)),
            }
            print(load, "%1RM,", cuff, "%AOP:", {name: round(value, 3) for name, value in found[load, cuff].items()})
    return found


@pytest.mark.parametrize("load", [20, 25])
def test_thirty_light_repetitions_with_a_cuff_draw_on_phosphocreatine(thirty, load):
    assert thirty[load, 80]["PCr"] < thirty[load, 0]["PCr"] - 2.0


@pytest.mark.parametrize("load", [20, 25])
def test_thirty_light_repetitions_with_a_cuff_need_more_excitation(thirty, load):
    assert thirty[load, 80]["EMG"] > thirty[load, 0]["EMG"]


FAST = "type II units work at 20-25 %1RM without a cuff too: with it they work half as much again, not twice as much"


@pytest.mark.parametrize("load", [20, 25])
def test_thirty_light_repetitions_with_a_cuff_reach_an_acidity_that_they_do_not_reach_without(thirty, load):
    assert thirty[load, 80]["H+ (nM)"] > 1.1 * thirty[load, 0]["H+ (nM)"]


@pytest.mark.xfail(strict=True, reason=FAST)
@pytest.mark.parametrize("load", [20, 25])
def test_thirty_light_repetitions_with_a_cuff_recruit_fast_units_that_they_do_not_recruit_without(thirty, load):
    assert thirty[load, 80]["type II"] > 0.1
    assert thirty[load, 80]["type II"] > 2.0 * thirty[load, 0]["type II"]


def test_a_heavy_load_recruits_what_a_light_one_does_not(thirty):
    heavy = extension(load="65 %1RM", cuff_pressure="0 %AOP", sets=[10])
    found = float(heavy.high_threshold_recruitment.values.max())
    print("type II at 65 %1RM free:", found)
    assert found > 0.5 > thirty[20, 80]["type II"]


# ---------------------------------------------------------------- repetitions over sets


@pytest.fixture(scope="module")
def failing():
    """Repetitions of four sets to failure under 70 %AOP and without a cuff, by load (%1RM)."""
    found = {}
    for load in (30, 40):
        for cuff in (0, 70):
            changes = {"sets": [30, 15, 15, 15], "exercise.until": "failure", "cuff_pressure": f"{cuff} %AOP"}
            run = extension(load=f"{load} %1RM", **changes)
            found[load, cuff] = over_sets(run, "reps_completed", 4)
            print(load, "%1RM,", cuff, "%AOP:", found[load, cuff])
    return found


@pytest.mark.parametrize("load", [30, 40])
def test_repetitions_fall_most_from_the_first_set_to_the_second(failing, load):
    """Measured: 36, 15, 12, 10."""
    reps = failing[load, 70]
    assert np.all(np.diff(reps) <= 0)
    assert reps[0] - reps[1] > reps[1] - reps[3]
    assert reps[0] / reps[1] >= 2.0


@pytest.mark.parametrize("load", [30, 40])
def test_a_cuff_takes_repetitions(failing, load):
    assert failing[load, 70].sum() < failing[load, 0].sum()


def test_a_heavier_load_gives_fewer_repetitions(failing):
    assert np.all(failing[40, 70] < failing[30, 70])


def test_repetitions_to_failure_are_those_measured(failing):
    mean = 0.5 * (failing[30, 70] + failing[40, 70])
    print("mean", mean)
    assert np.all(np.abs(mean / np.array([36.0, 14.7, 11.5, 10.4]) - 1.0) < 0.25)


# ---------------------------------------------------------------- equal work under an occluding cuff


@pytest.fixture(scope="module")
def equal_work():
    """pH at the end of load times repetitions that are constant (Okita 2024), by load."""
    from limbflow.validation import all_studies

    study = next(study for study in all_studies() if study.id == "okita2024_ph")
    found = {}
    for record in study.records():
        changes = {"exercise.sets": [record["duration_s"] // 2]}
        run = study.scenario(load=f"{record['load_pct1RM']} %1RM", **changes).run()
        found[record["load_pct1RM"]] = at(run, "muscle_ph", end_of_sets(run))
    print("pH at equal work:", {load: round(ph, 3) for load, ph in found.items()})
    return found


def test_ph_ends_near_that_measured_at_equal_work(equal_work):
    """6.77 to 6.84 measured."""
    assert all(6.65 < ph < 6.9 for ph in equal_work.values())


@pytest.mark.xfail(strict=True, reason="acid gathers with load: glycolysis follows activation, which rises with it")
def test_ph_at_equal_work_is_the_same_from_10_to_30_percent(equal_work):
    light = [equal_work[load] for load in (10, 15, 20, 30)]
    assert max(light) - min(light) < 0.05


# ---------------------------------------------------------------- phosphocreatine in recovery


@pytest.fixture(scope="module")
def recoveries():
    """Time constant of phosphocreatine after plantar flexion (s), and its share regained in three minutes, by cuff."""
    from limbflow.validation import all_studies

    study = next(study for study in all_studies() if study.id == "fluxes_buffers_recovery")
    free = study.scenario().run()
    recovery = part(free, "phosphocreatine", begin_of(free, "recovery"), float(free.time[-1]))
    tau = exponential_time(*recovery)
    early = exponential_time(*(values[:120] for values in recovery))
    # Occluded: the second set comes three minutes after the first, the cuff stays on between them.
    occluded = {"cuff": "very_wide_thigh", "cuff_pressure": "250 mmHg", "cuff.device": "regulated"}
    held = study.scenario(**occluded, **{"exercise.sets": [40, 1], "rest": "180 s"}).run()

    def regained(run, begin):
        rest, low, later = (at(run, "phosphocreatine", t) for t in (0.0, begin, begin + 175.0))
        return (later - low) / (rest - low)

    shares = {"free": regained(free, begin_of(free, "recovery")), "occluded": regained(held, begin_of(held, "rest 1"))}
    print(f"phosphocreatine: tau {tau:.0f} s free, {early:.0f} s over two minutes; regained in three minutes {shares}")
    return tau, shares


def test_phosphocreatine_does_not_recover_while_occluded_and_does_when_free(recoveries):
    _, shares = recoveries
    assert shares["occluded"] < 0.1
    assert shares["free"] > 0.7


def test_phosphocreatine_recovers_with_the_measured_time_constant(recoveries):
    """36 s with a standard deviation of 8 s between people measured."""
    tau, _ = recoveries
    assert tau == pytest.approx(36.0, abs=16.0)


# ---------------------------------------------------------------- force in recovery


@pytest.fixture(scope="module")
def force_after_failure():
    """Force at hand (share of fresh) 0, 60, 120 and 175 s after an occluded hold failed, by whether the cuff stays."""
    from limbflow.validation import all_studies

    study = next(study for study in all_studies() if study.id == "endurance_under_occlusion")
    found = {}
    for during in ("all", "sets"):
        # The second hold comes three minutes after the first.
        changes = {"cuff": "medium_arm", "cuff_pressure": "300 mmHg", "cuff.during": during}
        run = study.scenario(**changes, **{"exercise.sets": [1, 1], "exercise.rest": "180 s"}).run()
        begin = begin_of(run, "rest 1")
        found[during] = np.array([at(run, "force_capacity", begin + after) for after in (0, 60, 120, 175)])
        print("force, cuff during", during, found[during].round(2))
    return found


def test_force_does_not_come_back_while_occluded(force_after_failure):
    """Merton 1954, J Physiol 123:553 (recalled): none for as long as the circulation is arrested."""
    occluded = force_after_failure["all"]
    assert occluded.max() < occluded[0] + 0.03


def test_force_comes_back_within_three_minutes_of_blood(force_after_failure):
    """Merton 1954: most of it within three minutes of release."""
    released = force_after_failure["sets"]
    assert released[0] < 0.3
    assert np.all(np.diff(released) > 0)
    assert released[-1] > 0.85


# ---------------------------------------------------------------- deoxygenation by pressure


@pytest.fixture(scope="module")
def deoxygenation():
    """Mean deoxyhaemoglobin over the sets of 30-15-15-15 (uM, change from rest), by cuff (%AOP)."""
    found = {}
    for cuff in (0, 40, 60, 80):
        run = extension(sets=[30, 15, 15, 15], cuff_pressure=f"{cuff} %AOP")
        found[cuff] = float(over_sets(run, "deoxyhaemoglobin_change_mean", 4).mean())
    print("deoxyhaemoglobin:", {cuff: round(value, 1) for cuff, value in found.items()})
    return found


def test_a_tighter_cuff_deoxygenates_more(deoxygenation):
    assert deoxygenation[80] > deoxygenation[60] > deoxygenation[40] > deoxygenation[0]


def test_most_deoxygenation_comes_between_40_and_60_percent(deoxygenation):
    assert deoxygenation[60] - deoxygenation[40] > 2.0 * (deoxygenation[80] - deoxygenation[60])


def test_60_and_80_percent_deoxygenate_alike(deoxygenation):
    assert deoxygenation[80] - deoxygenation[60] < 0.2 * deoxygenation[80]


def test_40_percent_deoxygenates_like_none(deoxygenation):
    assert deoxygenation[40] - deoxygenation[0] < 0.2 * deoxygenation[80]
