"""People drawn from published distributions: scenarios/populations/."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..exceptions import InputError
from .documents import LIMITS, Document

POPULATIONS = LIMITS.parent / "populations"
SEXES = ("woman", "man")
TABLE_KEYS = ("title", "source", "thigh_source", "limb_source", "measures", *SEXES)
MEASURES = (
    "height",
    "log_body_mass_index",
    "log_systolic_pressure",
    "diastolic_pressure",
    "heart_rate",
    "arm_circumference",
)
SEX_KEYS = ("share", "age", *MEASURES, "correlation", "thigh", "adipose")
# Of height: upper arm and thigh (Drillis & Contini). mL below the cuff for each kg of mass (Dempster).
LENGTH_SHARE = {"arm": 0.186, "leg": 0.245}
VOLUME_SHARE = {"arm": 25.3, "leg": 133.0}
# Of the radius; the engine takes less than half.
MOST_ADIPOSE = 0.45
# What the engine takes, and pulse pressures that occur; who falls outside is drawn again.
RANGES = {
    "height": (130.0, 215.0),
    "mass": (35.0, 220.0),
    "systolic_pressure": (75.0, 240.0),
    "diastolic_pressure": (40.0, 140.0),
    "heart_rate": (38.0, 130.0),
    "arm_circumference": (16.0, 65.0),
    "leg_circumference": (30.0, 100.0),
    "pulse_pressure": (15.0, 140.0),
}


@dataclass(frozen=True)
class Population:
    """A distribution of people, from a file with its sources."""

    title: str
    sources: tuple[str, ...]
    tables: Mapping[str, Mapping[str, Any]]

    def draw(self, count: int, seed: int = 0) -> list[dict[str, Any]]:
        """`count` people: sex, age (yr), height and circumferences (cm), mass (kg), pressures (mmHg), heart rate (bpm).

        Person k is the same for every count. Raises `InputError` for a count below 1.
        """
        if count < 1:
            raise InputError("error: a population needs at least one person")
        return [self.person(np.random.default_rng([seed, index])) for index in range(count)]

    def person(self, random: np.random.Generator) -> dict[str, Any]:
        """One person within the ranges that occur."""
        while True:
            person = self.attempt(random)
            seen = {**person, "pulse_pressure": person["systolic_pressure"] - person["diastolic_pressure"]}
            if all(low <= seen[name] <= high for name, (low, high) in RANGES.items()):
                return person

    def attempt(self, random: np.random.Generator) -> dict[str, Any]:
        sex = SEXES[int(random.random() >= self.tables["woman"]["share"])]
        table = self.tables[sex]
        age = float(np.interp(random.random(), np.linspace(0.0, 1.0, len(table["age"])), table["age"]))
        decades = (age - 50.0) / 10.0
        means = np.array([np.polyval(table[name]["mean"][::-1], decades) for name in MEASURES])
        spread = np.array([table[name]["sd"] for name in MEASURES])
        root = np.linalg.cholesky(np.array(table["correlation"]))
        drawn = dict(zip(MEASURES, means + spread * (root @ random.standard_normal(len(MEASURES))), strict=True))
        height, index = drawn["height"], float(np.exp(drawn["log_body_mass_index"]))
        thigh = table["thigh"]
        circumference = (
            thigh["mean"]
            + thigh["per_log_body_mass_index"] * np.log(index / 25.0)
            + thigh["per_height"] * (height - 170.0)
            + thigh["per_year"] * (age - 30.0)
            + thigh["sd"] * random.standard_normal()
        )
        return {
            "sex": sex,
            "age": age,
            "height": float(height),
            "mass": float(index * (0.01 * height) ** 2),
            "body_mass_index": index,
            "systolic_pressure": float(np.exp(drawn["log_systolic_pressure"])),
            "diastolic_pressure": float(drawn["diastolic_pressure"]),
            "heart_rate": float(drawn["heart_rate"]),
            "arm_circumference": float(drawn["arm_circumference"]),
            "leg_circumference": float(circumference),
        }

    def changes(self, person: Mapping[str, Any]) -> dict[str, str]:
        """The person as changes of a scenario, as `Scenario.with_` takes them."""
        adipose = self.tables[person["sex"]]["adipose"]
        fatter = (person["body_mass_index"] / adipose["body_mass_index"]) ** 2
        changes = {
            "person.name": f"a {person['sex']} of {person['age']:.0f}",
            "person.sex": person["sex"],
            "person.age": f"{person['age']:.1f} yr",
            "person.height": f"{person['height']:.1f} cm",
            "person.mass": f"{person['mass']:.1f} kg",
            "person.systolic_pressure": f"{person['systolic_pressure']:.1f} mmHg",
            "person.diastolic_pressure": f"{person['diastolic_pressure']:.1f} mmHg",
            "person.heart_rate": f"{person['heart_rate']:.1f} bpm",
        }
        for limb in ("arm", "leg"):
            layer = min(adipose[limb] * fatter, MOST_ADIPOSE * person[f"{limb}_circumference"] / (2.0 * np.pi))
            changes |= {
                f"person.{limb}.circumference": f"{person[f'{limb}_circumference']:.1f} cm",
                f"person.{limb}.length": f"{LENGTH_SHARE[limb] * person['height']:.1f} cm",
                f"person.{limb}.adipose_thickness": f"{layer:.2f} cm",
                f"person.{limb}.distal_volume": f"{VOLUME_SHARE[limb] * person['mass']:.0f} mL",
            }
        return changes


def load_population(source: str | os.PathLike = "us_adults") -> Population:
    """A shipped population by name, or one of a file of the same form. Raises `InputError` with all its problems."""
    shipped = {path.stem: path for path in POPULATIONS.glob("*.toml")}
    return read_population(Document.load(shipped.get(os.fspath(source), Path(source))))


def read_population(document: Document) -> Population:
    """The population of a document. Raises `InputError` with all its problems."""
    values = document.known_keys(document.values, "", TABLE_KEYS)
    for key in ("title", "source"):
        if not values.get(key):
            document.problem(key, "is missing", rule="missing-key", accepted="a text")
    for sex in SEXES:
        table = document.known_keys(values.get(sex), sex, SEX_KEYS)
        for key in SEX_KEYS:
            if key not in table:
                document.problem(f"{sex}.{key}", "is missing", rule="missing-key")
        for name in MEASURES:
            entry = document.known_keys(table.get(name, {"mean": [], "sd": 1.0}), f"{sex}.{name}", ("mean", "sd"))
            if not isinstance(entry.get("sd"), (int, float)) or entry["sd"] < 0:
                document.problem(f"{sex}.{name}.sd", "is not a standard deviation", value=entry.get("sd"))
        correlation = np.array(table.get("correlation", np.eye(len(MEASURES))), dtype=float)
        square = correlation.shape == (len(MEASURES), len(MEASURES)) and np.array_equal(correlation, correlation.T)
        if not square or np.linalg.eigvalsh(correlation).min() <= 0:
            document.problem(
                f"{sex}.correlation",
                "is no correlation matrix of the measures",
                accepted=f"{len(MEASURES)} rows, symmetric, positive definite",
            )
    document.finish()
    sources = tuple(values[key] for key in ("source", "thigh_source", "limb_source") if key in values)
    return Population(values["title"], sources, {sex: values[sex] for sex in SEXES})
