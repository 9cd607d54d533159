"""What a scenario asks for: person, cuff, exercises, and the times under the cuff if every set is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import _engine

# How a strap is put on, which says its pressure.
STRAP_PULLS = ("tension", "stretch", "overlap", "tightness")
# Of a scenario that names none, s.
USUAL_SAMPLE_INTERVAL = 1.0


@dataclass(frozen=True)
class PlannedExercise:
    """One exercise as asked for. `load` is a fraction of the strongest lift or contraction, times are in s."""

    name: str
    load: float
    sets: tuple[int, ...]
    repetition: float
    rest: float
    rest_before: float
    to_failure: bool
    chest_pressure: float

    @property
    def durations(self) -> list[float]:
        """How long each set takes when all of its repetitions are done."""
        return [repetitions * self.repetition for repetitions in self.sets]


@dataclass(frozen=True)
class Plan:
    """The facts of a scenario that limits are about. Pressures in mmHg, times in s, lengths in cm, mass in kg."""

    sex: str
    age: float
    height: float
    mass: float
    systolic_pressure: float
    diastolic_pressure: float
    limb: str
    has_cuff: bool
    cuff_width: float
    material: str
    during: str
    pressure_is_relative: bool
    occlusion_pressure_measured: bool
    strap_is_rated: bool
    baseline: float
    passive: float
    exercises: tuple[PlannedExercise, ...]
    sample_interval: float

    @classmethod
    def of(cls, text: str) -> Plan:
        """The plan of a scenario's whole text, as `Scenario.text` gives it."""
        values, _ = _engine.parse_toml(text, "scenario")
        person, cuff, timing = values["person"], values.get("cuff", {}), values.get("timing", {})
        pulled = any(pull in cuff for pull in STRAP_PULLS)
        given = [cuff["pressure"]] if "pressure" in cuff and not pulled else []
        given += [point["pressure"] for point in cuff.get("profile", ())]
        given = [pressure for pressure in given if _engine.parse_quantity(pressure)[0] > 0]
        exercises = values.get("exercise", [])
        return cls(
            sex=person["sex"],
            age=quantity(person, "age", "yr"),
            height=quantity(person, "height", "cm"),
            mass=quantity(person, "mass", "kg"),
            systolic_pressure=quantity(person, "systolic_pressure", "mmHg"),
            diastolic_pressure=quantity(person, "diastolic_pressure", "mmHg"),
            limb=values.get("limb", cuff.get("limb", "leg")),
            has_cuff="cuff" in values,
            cuff_width=quantity(cuff, "width", "cm", float("nan")),
            material=cuff.get("material", "nylon"),
            during=cuff.get("during", "all" if "cuff" in values else "never"),
            pressure_is_relative=bool(given) and all(str(pressure).endswith("%AOP") for pressure in given),
            occlusion_pressure_measured=cuff.get("occlusion_pressure", "emergent") != "emergent",
            strap_is_rated="tightness" in cuff,
            baseline=quantity(timing, "baseline", "s", 0.0),
            passive=quantity(timing, "passive", "s", 0.0),
            exercises=tuple(
                planned_exercise(table) for table in (exercises if isinstance(exercises, list) else [exercises])
            ),
            sample_interval=quantity(values.get("simulation", {}), "sample_interval", "s", USUAL_SAMPLE_INTERVAL),
        )

    @property
    def exercise_of_set(self) -> list[PlannedExercise]:
        """The exercise that each set of the session belongs to."""
        return [exercise for exercise in self.exercises for _ in exercise.sets]

    def cuff_spells(self) -> list[tuple[float, float]]:
        """Begin and length (s) of each time under the cuff if all repetitions are done.

        There are none for a profile of pressure or sets to failure.
        """
        if any(exercise.to_failure for exercise in self.exercises):
            return []
        parts: list[tuple[bool, float]] = [(False, self.passive)]
        for exercise in self.exercises:
            parts.append((False, exercise.rest_before))
            for index, duration in enumerate(exercise.durations):
                parts += [(False, exercise.rest)] * (index > 0) + [(True, duration)]
        if self.during == "all":
            return [(self.baseline, sum(duration for _, duration in parts))]
        if self.during not in ("sets", "rests"):
            return []
        spells, now = [], self.baseline
        for in_set, duration in parts:
            if in_set == (self.during == "sets") and duration > 0:
                spells.append((now, duration))
            now += duration
        return spells


def planned_exercise(table: Mapping[str, Any]) -> PlannedExercise:
    tempo = table.get("tempo", {})
    hold = quantity(table, "hold", "s", 0.0)
    moving = quantity(tempo, "concentric", "s", 0.0) + quantity(tempo, "eccentric", "s", 0.0)
    sets = table.get("sets", [])
    return PlannedExercise(
        name=table.get("name", ""),
        load=quantity(table, "load", "", 0.0),
        sets=tuple(sets if isinstance(sets, list) else [sets]),
        repetition=(hold or moving) + quantity(tempo, "pause", "s", 0.0),
        rest=quantity(table, "rest", "s", 0.0),
        rest_before=quantity(table, "rest_before", "s", 0.0),
        to_failure=table.get("until") == "failure",
        chest_pressure=quantity(table, "chest_pressure", "mmHg", 0.0),
    )


def quantity(table: Mapping[str, Any], key: str, unit: str, missing: float | None = None) -> float:
    """A quantity of a table in `unit`; a fraction for a relative one with unit "". `missing` where there is none."""
    if key not in table and missing is not None:
        return missing
    value, given, _ = _engine.parse_quantity(str(table[key]))
    return float(_engine.convert(value, given, unit)) if unit else value / 100.0
