"""Quantities that limits are about and that the engine has no signal for, from its signals and the scenario."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from .. import _engine
from .record import Readings, Record, derives, spells

# Pressure error of devices that find the occlusion pressure themselves, mmHg (SmartCuffs 3.0 manual).
DEVICE_ERROR = 15.0
# Half of the 95 % interval of an occlusion pressure that was not measured, mmHg: 1.96 times the standard error of the
# estimate for cuffs of at least 10 cm (Rev Bras Med Esporte 2019, 25:494), limits of agreement for 5 cm (Spitz 2024).
WIDE_CUFF, WIDE_INTERVAL = 10.0, 1.96 * 15.3
NARROW_CUFF, NARROW_INTERVAL = 5.0, 134.0
# Inflow below this share of that at rest is none; the engine's `zero_inflow_time` counts the same.
NO_INFLOW = 0.02


def of_plan(name: str, value) -> None:
    """A quantity that the plan holds; `value` takes the plan."""
    derives(name)(lambda record: Readings.single(value(record.plan)))


of_plan("resting_systolic_pressure", lambda plan: plan.systolic_pressure)
of_plan("resting_diastolic_pressure", lambda plan: plan.diastolic_pressure)
of_plan("age", lambda plan: plan.age)
of_plan("sex", lambda plan: plan.sex)
of_plan("limb", lambda plan: plan.limb)
of_plan("body_mass_index", lambda plan: plan.mass / (0.01 * plan.height) ** 2)
of_plan("cuff_width", lambda plan: plan.cuff_width)
of_plan("exercising", lambda plan: bool(plan.exercises))
of_plan("exercise_count", lambda plan: float(len(plan.exercises)))
of_plan("exercise_mode", lambda plan: "resistance" if plan.exercises else "passive")
of_plan("breath_hold", lambda plan: any(exercise.chest_pressure > 0 for exercise in plan.exercises))
of_plan("heaviest_load", lambda plan: max((100 * e.load for e in plan.exercises), default=np.nan))


@derives("risk_points")
def risk_points(record: Record) -> Readings:
    """The points card (Nakajima 2011): points of the answers, of age, sex and body mass index."""
    from .quantities import quantities

    plan, index = record.plan, record.readings("body_mass_index").values[0]
    points = sum(
        quantity.points
        for name, quantity in quantities().items()
        if quantity.points and record.answers.get(name) is True
    )
    points += 2 if plan.age > 60 else 1 if plan.age >= 40 else 0
    points += 2 if index > 30 else 1 if index >= 25 else 0
    return Readings.single(float(points + (plan.sex == "woman")))


# ---------------- the plan


@derives("sets_per_exercise")
def sets_per_exercise(record: Record) -> Readings | None:
    """Sets of an exercise."""
    return numbers([len(exercise.sets) for exercise in record.plan.exercises])


@derives("repetitions_per_exercise")
def repetitions_per_exercise(record: Record) -> Readings | None:
    """Asked for or, to failure, done."""
    done = set_values(record, "reps_completed")
    counts, first = [], 0
    for exercise in record.plan.exercises:
        performed = np.nansum(done[first : first + len(exercise.sets)])
        asked = 0 if exercise.to_failure else sum(exercise.sets)
        counts.append(max(asked, performed))
        first += len(exercise.sets)
    return numbers(counts)


@derives("rest_between_sets")
def rest_between_sets(record: Record) -> Readings | None:
    """The rests of each exercise, at their begin."""
    rests: list[tuple[float, float]] = []
    last: dict[int, list[float]] = {}
    for begin, end, number in zip(
        record.run["segment_begin"].values,
        record.run["segment_end"].values,
        record.run["segment_set"].values,
        strict=True,
    ):
        if number > 0:
            last.setdefault(int(number), [float(begin), 0.0])[1] = float(end)
    owner = record.plan.exercise_of_set
    for number in sorted(last)[1:]:
        if owner[number - 1] is owner[number - 2] and number - 1 in last:
            rests.append((last[number - 1][1], last[number][0] - last[number - 1][1]))
    if not rests:
        return None
    begins, lengths = np.array(rests).T
    return Readings(lengths, begins)


@derives("sets_to_failure")
def sets_to_failure(record: Record) -> Readings:
    """Sets are to go on to failure, or one fails."""
    failed = "time_to_failure" in record.run and bool(np.isfinite(float(record.run["time_to_failure"])))
    return Readings.single(any(exercise.to_failure for exercise in record.plan.exercises) or failed)


@derives("load")
def load(record: Record) -> Readings | None:
    """Load while lifting, of the strongest lift."""
    if not record.plan.exercises:
        return None
    loads = np.array([np.nan, *(100 * exercise.load for exercise in record.plan.exercise_of_set)])
    return record.over_time(loads[record.set_number])


@derives("in_exercise")
def in_exercise(record: Record) -> Readings:
    """Between the begin of the first set and the end of the last."""
    in_set = record.set_number > 0
    after_begin = np.maximum.accumulate(in_set)
    before_end = np.maximum.accumulate(in_set[::-1])[::-1]
    return record.over_time((after_begin & before_end).astype(object))


# ---------------- the cuff


@derives("cuff_on")
def cuff_on(record: Record) -> Readings:
    """The cuff is asked to hold pressure."""
    return record.over_time(record.cuff_on.astype(object))


def set_over_occlusion(record: Record, extra: float = 0.0, less: float = 0.0) -> Readings | None:
    """(pressure asked for + `extra`) over (occlusion pressure - `less`), %, while the cuff is on."""
    if not record.plan.has_cuff:
        return None
    pressure, occlusion = record.signal("cuff_pressure_set"), float(record.run["aop"])
    return record.over_time(100 * (pressure + extra) / max(occlusion - less, 1.0), record.cuff_settled)


@derives("cuff_set_aop")
def cuff_set_aop(record: Record) -> Readings | None:
    """Pressure asked for over the occlusion pressure at rest."""
    return set_over_occlusion(record)


@derives("cuff_set_aop_with_device_error")
def cuff_set_aop_with_device_error(record: Record) -> Readings | None:
    """Pressure asked for and 15 mmHg, over the occlusion pressure at rest."""
    return set_over_occlusion(record, extra=DEVICE_ERROR)


@derives("cuff_set_aop_upper_bound")
def cuff_set_aop_upper_bound(record: Record) -> Readings | None:
    """With the occlusion pressure at the lower end of its 95 % interval: what is not measured is less certain."""
    plan = record.plan
    if plan.occlusion_pressure_measured or plan.pressure_is_relative:
        half = DEVICE_ERROR
    else:
        half = float(np.interp(plan.cuff_width, [NARROW_CUFF, WIDE_CUFF], [NARROW_INTERVAL, WIDE_INTERVAL]))
    return set_over_occlusion(record, less=half)


@derives("cuff_pressure_aop")
def cuff_pressure_aop(record: Record) -> Readings | None:
    """The engine's signal; at measured systolic pressures, with the occlusion pressure that follows them."""
    if not record.plan.has_cuff:
        return None
    measured = record.observed.get("systolic_pressure")
    if measured is None or measured.times is None:
        return record.over_time(100 * record.signal("cuff_pressure_aop"))
    from .. import _engine
    from ..scenario import Scenario

    resting = record.plan.systolic_pressure
    weight = _engine.aop(Scenario.from_text(record.run.attrs["scenario"])._native).systolic_at_cuff - resting
    pressure = np.interp(measured.times, record.time, record.signal("cuff_pressure"))
    ratio = (resting + weight) / (measured.values + weight)
    return Readings(100 * pressure / float(record.run["aop"]) * ratio, measured.times)


@derives("cuff_contraction_peak_aop")
def cuff_contraction_peak_aop(record: Record) -> Readings | None:
    """Highest pressure delivered in each contraction over the occlusion pressure then."""
    if not record.plan.has_cuff or not record.plan.exercises:
        return None
    return record.over_time(100 * record.signal("cuff_pressure_aop"), ~record.relaxed)


@derives("occlusion_pressure_known")
def occlusion_pressure_known(record: Record) -> Readings | None:
    """The occlusion pressure is measured or can be modelled."""
    plan = record.plan
    if not plan.has_cuff:
        return None
    return Readings.single(
        plan.occlusion_pressure_measured
        or plan.pressure_is_relative
        or plan.material not in ("elastic", "stiff", "medium", "soft")
    )


@derives("strap_full_occlusion_probability")
def strap_full_occlusion_probability(record: Record) -> Readings | None:
    """Of a strap that is rated or pulled, or of one that was answered to feel so tight.

    Against the occlusion pressure that was measured; else a rating against that of the people who rated (Bell 2018),
    since it says nothing of the pressure on this person, and a pull against that of the scenario's person.
    """
    native, known = _engine.parse_scenario(record.run.attrs["scenario"], "scenario"), _engine.OcclusionKnown
    if native.has_strap_pull:
        unmeasured = known.of_people if record.plan.strap_is_rated else known.of_person
        of = known.measured if record.plan.occlusion_pressure_measured else unmeasured
        return Readings.single(100 * _engine.read_strap(native, of).full_occlusion)
    if "perceived_tightness" in record.answers:
        from ..straps import strap

        found = strap(record.plan.limb, tightness=record.answers["perceived_tightness"])
        return Readings.single(100 * found.full_occlusion)
    return None


@derives("occlusion_set_margin")
def occlusion_set_margin(record: Record) -> Readings | None:
    """Beyond the occlusion pressure and its margin (AORN: 40 mmHg below 131, 60 to 190, 80 above), once passed."""
    if not record.plan.has_cuff:
        return None
    occlusion = float(record.run["aop"])
    margin = 40.0 if occlusion < 131 else 60.0 if occlusion <= 190 else 80.0
    pressure = record.signal("cuff_pressure_set")
    return record.over_time(pressure - occlusion - margin, pressure >= occlusion)


# ---------------- time


def timed(rows: list[tuple[float, float]], scale: float) -> Readings | None:
    """Lengths (s) that begin at given times, in units of `scale` s; nothing if there are none."""
    if not rows:
        return None
    begins, lengths = np.array(rows, dtype=float).T
    return Readings(lengths / scale, begins)


@derives("cuff_on_spell")
def cuff_on_spell(record: Record) -> Readings | None:
    """As run, and as planned: somebody who does not fail early is under the cuff for longer."""
    return timed(record.cuff_spells + record.plan.cuff_spells(), 60.0)


@derives("longest_cuff_on_spell")
def longest_cuff_on_spell(record: Record) -> Readings:
    """The longest continuous time under the cuff."""
    found = record.readings("cuff_on_spell")
    return Readings.single(0.0 if found is None else float(found.values.max()))


@derives("total_cuff_on_time")
def total_cuff_on_time(record: Record) -> Readings:
    """Time under the cuff in the whole session, as run or as planned, whichever is more."""
    spells_of = (record.cuff_spells, record.plan.cuff_spells())
    return Readings.single(max(sum(length for _, length in found) for found in spells_of) / 60.0)


def gaps(record: Record) -> list[tuple[float, float, float]]:
    """Begin and length of each time without pressure between two spells, and the length of the spell before; s."""
    return [
        (begin + length, after - begin - length, length) for (begin, length), (after, _) in pairwise(record.cuff_spells)
    ]


@derives("reperfusion_gap")
def reperfusion_gap(record: Record) -> Readings | None:
    """Time without pressure between two spells under the cuff."""
    return timed([(begin, length) for begin, length, _ in gaps(record)], 60.0)


@derives("previous_cuff_on_spell")
def previous_cuff_on_spell(record: Record) -> Readings | None:
    """Continuous time under the cuff before a reperfusion."""
    return timed([(begin, before) for begin, _, before in gaps(record)], 60.0)


@derives("zero_inflow_spell")
def zero_inflow_spell(record: Record) -> Readings | None:
    """Continuous time with less than 2 % of the resting inflow."""
    inflow = record.signal("arterial_inflow")
    none = inflow < NO_INFLOW * inflow[record.before].mean()
    return timed([(begin, end - begin) for begin, end in spells(none, record.time)], 1.0)


@derives("tourniquet_nerve_injury_probability")
def tourniquet_nerve_injury_probability(record: Record) -> Readings | None:
    """7.7 % at a mean of 145 min; odds 2.8 times as high for every 30 min; patients beyond 120 min (Horlocker 2006)."""
    found = record.readings("zero_inflow_spell")
    if found is None:
        return None
    minutes = found.values / 60.0
    odds = 0.077 / (1 - 0.077) * 2.8 ** ((minutes - 145.0) / 30.0)
    return Readings(100 * odds / (1 + odds), found.times)


# ---------------- circulation


def fall(record: Record, signal: str, where: np.ndarray) -> np.ndarray:
    """How far a signal is below its mean before the session, where asked for."""
    values = record.signal(signal)
    return np.where(where, values[record.before].mean() - values, np.nan)


def after_release(record: Record) -> np.ndarray:
    """The samples after the last release."""
    on = np.flatnonzero(record.cuff_on)
    return np.arange(record.time.size) > (on[-1] if on.size else record.time.size)


@derives("systolic_pressure_peak")
def systolic_pressure_peak(record: Record) -> Readings:
    """Highest systolic pressure of the session."""
    return Readings.single(float(record.readings("systolic_pressure").values.max()))


@derives("heart_rate_share")
def heart_rate_share(record: Record) -> Readings:
    """Of 208 - 0.7 age (Tanaka 2001, J Am Coll Cardiol 37:153)."""
    return record.over_time(100 * record.signal("heart_rate") / (208.0 - 0.7 * record.plan.age))


@derives("systolic_fall_in_work")
def systolic_fall_in_work(record: Record) -> Readings | None:
    """Fall of systolic pressure below that before the session, in sets."""
    measured = record.observed.get("systolic_pressure")
    if measured is not None and measured.times is not None:
        return Readings(measured.values[0] - measured.values, measured.times)
    return record.over_time(fall(record, "systolic_pressure", record.set_number > 0))


@derives("systolic_fall_after_release")
def systolic_fall_after_release(record: Record) -> Readings:
    """Fall of systolic pressure below that before the session, after the last release."""
    return record.over_time(fall(record, "systolic_pressure", after_release(record)))


@derives("mean_pressure_fall_after_release")
def mean_pressure_fall_after_release(record: Record) -> Readings:
    """Fall of mean arterial pressure below that before the session, after the last release."""
    resting = record.signal("mean_arterial_pressure")[record.before].mean()
    return record.over_time(100 * fall(record, "mean_arterial_pressure", after_release(record)) / resting)


# ---------------- perfusion, nerve, muscle


@derives("capillary_refill_rise")
def capillary_refill_rise(record: Record) -> Readings:
    """Capillary refill time, more than before the cuff."""
    before = record.signal("capillary_refill_time")[record.before].mean()
    measured = record.observed.get("capillary_refill_time")
    if measured is not None:
        return Readings(measured.values - before, measured.times)
    return record.over_time(record.signal("capillary_refill_time") - before)


@derives("relaxed_perfusion_pressure")
def relaxed_perfusion_pressure(record: Record) -> Readings:
    """Diastolic less intramuscular pressure at the samples that no contraction touches."""
    relaxed = record.relaxed
    settled = relaxed & np.roll(relaxed, 1)
    settled[0] = relaxed[0]
    return record.over_time(record.signal("diastolic_pressure") - record.signal("intramuscular_pressure"), settled)


@derives("nerve_pressure_dose")
def nerve_pressure_dose(record: Record) -> Readings:
    """The engine's signal where it has one, else the integral of the delivered pressure."""
    if "nerve_pressure_dose" in record.run:
        return record.over_time(record.signal("nerve_pressure_dose"))
    pressure = record.signal("cuff_pressure")
    steps = 0.5 * (pressure[1:] + pressure[:-1]) * np.diff(record.time) / 60.0
    return record.over_time(np.concatenate(([0.0], np.cumsum(steps))))


def share_of_rest(record: Record, signal: str) -> Readings:
    values = record.signal(signal)
    return record.over_time(100 * values / values[record.before].mean())


@derives("atp_share")
def atp_share(record: Record) -> Readings:
    """ATP of the working muscle over that at rest."""
    return share_of_rest(record, "atp")


@derives("phosphocreatine_share")
def phosphocreatine_share(record: Record) -> Readings:
    """Phosphocreatine of the working muscle over that at rest."""
    return share_of_rest(record, "phosphocreatine")


def numbers(values: list[float]) -> Readings | None:
    return Readings(np.array(values, dtype=float)) if values else None


def set_values(record: Record, name: str) -> np.ndarray:
    """A summary of every set, in order."""
    scopes = [str(scope) for scope in record.run["scope"].values]
    values = record.run[name].values
    return np.array([values[scopes.index(scope)] for scope in scopes if scope.startswith("set_")], dtype=float)
