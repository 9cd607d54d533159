"""A protocol and a population: for each limit the share of people for whom it breaks, and who they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..exceptions import InputError
from ..progress import watched
from ..scenario import Scenario, as_scenario
from .checking import chosen_limits
from .ensemble import Member, Stopped, judge_all
from .judging import BROKEN, MET
from .limits import SEVERITIES, Limit
from .people import Population, load_population
from .screening import Screening, load_screening

if TYPE_CHECKING:
    import xarray

CONFIDENCE = 0.95
UNITS = {
    "age": "yr",
    "height": "cm",
    "mass": "kg",
    "body_mass_index": "kg/m2",
    "systolic_pressure": "mmHg",
    "diastolic_pressure": "mmHg",
    "heart_rate": "bpm",
    "arm_circumference": "cm",
    "leg_circumference": "cm",
}
MOST_PEOPLE = 1_000_000
WHO = ("age", "body_mass_index", "systolic_pressure", "circumference")


@dataclass(frozen=True)
class Share:
    """For how many people one limit breaks.

    `judged` is the number of people to whom it applies, `broken` for how many of them it breaks, `stops` for how many
    as a stop; `severity` is the worst that occurs; `low` and `high` bound the `share` (Wilson's 95 % interval). `who`
    describes those for whom it breaks: the share of women, and median, 10th and 90th percentile of age (yr), body mass
    index (kg/m2), systolic pressure (mmHg) and circumference of the limb (cm).
    """

    limit: Limit
    severity: str
    judged: int
    broken: int
    stops: int
    low: float
    high: float
    who: Mapping[str, Any]

    @property
    def share(self) -> float:
        return self.broken / self.judged

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.limit.id,
            "severity": self.severity,
            "judged": self.judged,
            "broken": self.broken,
            "stops": self.stops,
            "share": self.share,
            "low": self.low,
            "high": self.high,
            "who": dict(self.who),
        }


class PopulationReport:
    """What `check_population` found: `people` and `members` by index, and the `shares` of the limits that break."""

    def __init__(self, population: Population, seed: int, limb: str, people: list[dict], members: list[Member]):
        self.population, self.seed, self.limb = population, seed, limb
        self.people, self.members = people, members
        self.completed = [index for index, member in enumerate(members) if not member.error]

    @property
    def failed(self) -> int:
        """People whose run could not be completed; they count nowhere."""
        return len(self.members) - len(self.completed)

    @property
    def dataset(self) -> xarray.Dataset:
        """Everybody whose run was completed, over `person`, and what the limits came to, over `person` and `limit`.

        `severity` is that of a broken limit, and empty where none is; `margin` is what is left to the limit as a share
        of it, negative where it is passed, NaN where it does not apply.
        """
        import xarray

        judgements = [self.members[index].judgements for index in self.completed]
        severity = [[each.severity if each.state == BROKEN else "" for each in row] for row in judgements]
        margin = [[np.nan if each.margin is None else each.relative_margin for each in row] for row in judgements]
        ids = [each.limit.id for each in judgements[0]] if judgements else []
        people = [self.people[index] for index in self.completed]
        variables: dict[str, Any] = {
            "severity": (("person", "limit"), np.array(severity, dtype=object).reshape(len(people), len(ids))),
            "margin": (("person", "limit"), np.array(margin, dtype=float).reshape(len(people), len(ids))),
        }
        for name in people[0] if people else ():
            variables[name] = ("person", np.array([person[name] for person in people]), {"units": UNITS.get(name, "")})
        coordinates = {"person": np.array(self.completed), "limit": np.array(ids, dtype=object)}
        attributes = {"title": self.population.title, "seed": self.seed}
        return xarray.Dataset(variables, coords=coordinates, attrs=attributes)

    def broken(self, severity: str | None = None) -> np.ndarray:
        """Of each completed person, whether any limit of that severity breaks (any at all if none is given)."""
        return np.array(
            [
                any(
                    each.state == BROKEN and severity in (None, each.severity)
                    for each in self.members[index].judgements
                )
                for index in self.completed
            ],
            dtype=bool,
        )

    @property
    def shares(self) -> list[Share]:
        """The limits that break for anybody, by severity, the most frequent first."""
        found: list[Share] = []
        if not self.completed:
            return found
        for position, first in enumerate(self.members[self.completed[0]].judgements):
            judged = {
                index: self.members[index].judgements[position]
                for index in self.completed
                if self.members[index].judgements[position].state in (BROKEN, MET)
            }
            broken = {index: each for index, each in judged.items() if each.state == BROKEN}
            if broken:
                worst = min((each.severity for each in broken.values()), key=SEVERITIES.index)
                low, high = interval(len(broken), len(judged))
                stops = sum(each.severity == "stop" for each in broken.values())
                found.append(
                    Share(first.limit, worst, len(judged), len(broken), stops, low, high, self.describe(list(broken)))
                )
        return sorted(found, key=lambda each: (SEVERITIES.index(each.severity), -each.share, each.limit.id))

    def describe(self, indices: Sequence[int]) -> dict[str, Any]:
        """Some of the people in figures; see `Share.who`."""
        people = [self.people[index] for index in indices]
        described: dict[str, Any] = {
            "people": len(people),
            "women": sum(p["sex"] == "woman" for p in people) / len(people),
        }
        for name in WHO:
            key = f"{self.limb}_circumference" if name == "circumference" else name
            low, middle, high = np.percentile([person[key] for person in people], (10, 50, 90))
            described[name] = {"median": float(middle), "p10": float(low), "p90": float(high)}
        return described

    def as_json(self) -> dict[str, Any]:
        """The shares as plain values."""
        any_stop = int(self.broken("stop").sum())
        low, high = interval(any_stop, len(self.completed))
        return {
            "title": self.population.title,
            "sources": list(self.population.sources),
            "people": len(self.members),
            "failed": self.failed,
            "messages": sorted({member.error for member in self.members if member.error}),
            "seed": self.seed,
            "confidence": CONFIDENCE,
            "any_stop": {"broken": any_stop, "low": low, "high": high},
            "all": self.describe(self.completed) if self.completed else {},
            "limits": [share.as_json() for share in self.shares],
        }


def interval(broken: int, judged: int) -> tuple[float, float]:
    """Wilson's interval of a share at 95 %; from 0 to 1 of nobody."""
    if judged == 0:
        return 0.0, 1.0
    from scipy.stats import binomtest

    found = binomtest(broken, judged).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


def check_population(
    scenario: Scenario | str | os.PathLike,
    people: int = 300,
    *,
    population: Population | str | os.PathLike = "us_adults",
    seed: int = 0,
    screening: Screening | str | os.PathLike | Mapping[str, Any] | None = None,
    limits: Sequence[Limit] | str | os.PathLike | None = None,
    threads: int = 0,
    progress: bool | Callable[[float], None] | None = None,
) -> PopulationReport:
    """Run a scenario for people drawn from a population, and judge the traces of each.

    Sex, age, height, mass, blood pressure, heart rate and circumferences are drawn with their correlations; person k of
    a seed is the same in every call. An occlusion pressure that was measured on one person is not used for others: each
    has the model's. Of `screening`, the answers count for everybody, what was observed in one person for nobody.
    Raises `InputError`; a run that fails is counted and loses no other. Ctrl-C raises `Stopped`, a KeyboardInterrupt
    with the report on those who were finished in `found`.
    """
    if isinstance(people, bool) or not isinstance(people, int) or not 1 <= people <= MOST_PEOPLE:
        raise InputError(f"error: a population is a whole number of people from 1 to {MOST_PEOPLE}, not {people!r}")
    base = as_scenario(scenario)
    answers = None if screening is None else replace(load_screening(screening), observed={})
    drawn_from = population if isinstance(population, Population) else load_population(population)
    table = chosen_limits(limits)
    persons = drawn_from.draw(people, seed)
    emergent = {"cuff.occlusion_pressure": "emergent"} if base._native.cuff_name else {}
    scenarios = [base.with_(**drawn_from.changes(person), **emergent) for person in persons]

    def report_on(members: list[Member | None]) -> PopulationReport:
        finished = [index for index, member in enumerate(members) if member is not None]
        kept = [member for member in members if member is not None]
        return PopulationReport(drawn_from, seed, base._native.limb, [persons[k] for k in finished], kept)

    with watched(progress, f"{people} people", people) as report:
        try:
            members = judge_all(scenarios, table, screening=answers, threads=threads, progress=report)
        except Stopped as stopped:
            stopped.found = report_on(stopped.members)
            raise
    return report_on(members)
