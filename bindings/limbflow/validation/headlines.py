"""The numbers of shipped protocols that people ask for first, as outcomes whose sensitivity is of interest."""

from __future__ import annotations

from collections.abc import Callable

from .measure import at, begin_of, end_of_sets, part
from .studies import loaded
from .trials import on_trial

Headline = tuple[str, str, float]  # quantity, unit, value


def working_session() -> list[Headline]:
    """30-15-15-15 knee extensions under a thigh cuff."""
    run = on_trial(loaded("30-15-15-15")).run()
    end = end_of_sets(run)
    return [
        ("occlusion pressure", "mmHg", float(run.aop)),
        ("repetitions completed", "reps", float(run.reps_completed.sel(scope="session"))),
        ("pH at the end of the last set", "", at(run, "muscle_ph", end)),
        ("phosphocreatine at the end of the last set", "mM", at(run, "phosphocreatine", end)),
        ("EMG amplitude, mean of set 4", "%", float(run.emg_amplitude_mean.sel(scope="set_4"))),
        ("peak muscle lactate", "mM", float(run.muscle_lactate_maximum.sel(scope="session"))),
        ("peak blood lactate", "mM", float(run.blood_lactate_maximum.sel(scope="session"))),
        ("change of maximal contraction", "%", float(run.mvc_change)),
        ("swelling of the muscle at the end of the last set", "%", at(run, "muscle_thickness_change", end)),
    ]


def sets_to_failure() -> list[Headline]:
    """Time worked until a set fails, in repetitions of its tempo: counts of whole repetitions have no slope."""
    run = on_trial(loaded("failure_sets")).run()
    numbers, labels = run.segment_set.values, run.segment_label.values
    lengths = (run.segment_end - run.segment_begin).values
    first = numbers == 1
    repetition = sum(
        lengths[first][list(labels[first]).index(f"set 1 {phase}")] for phase in ("concentric", "eccentric")
    )
    return [
        ("repetitions to failure, set 1", "reps", float(lengths[first].sum() / repetition)),
        ("repetitions to failure, all sets", "reps", float(lengths[numbers > 0].sum() / repetition)),
    ]


def venous_occlusion() -> list[Headline]:
    """Inflow to a resting leg after the cuff goes on."""
    run = on_trial(loaded("venous_occlusion_leg")).run()
    on = begin_of(run, "passive")
    return [
        (f"inflow {minutes} min after inflation", "mL/min", at(run, "arterial_inflow", on + 60.0 * minutes))
        for minutes in (1, 5)
    ]


def full_occlusion() -> list[Headline]:
    """The hyperaemia past the refilling of the arteries (2 s) when an occluded leg is let free."""
    run = on_trial(loaded("full_occlusion_leg")).run()
    flow = part(run, "arterial_inflow", begin_of(run, "recovery") + 2.0, float(run.time[-1]))[1]
    return [("peak inflow after release", "mL/min", float(flow.max()))]


HEADLINES: dict[str, Callable[[], list[Headline]]] = {
    "30-15-15-15": working_session,
    "failure_sets": sets_to_failure,
    "venous_occlusion_leg": venous_occlusion,
    "full_occlusion_leg": full_occlusion,
}
