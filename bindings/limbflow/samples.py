"""Quantities that move together along one dim of a sweep: zipped lists, samples of ranges, people of a population."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _engine
from .exceptions import InputError
from .texts import to_text

if TYPE_CHECKING:
    from .scenario import Scenario

METHODS = ("sobol", "latin_hypercube", "random")
MOST_POINTS = 10_000_000
MOST_CHECKED = 32
# Distributions by name, with what each takes.
DISTRIBUTIONS = {
    "uniform": ("low", "high"),
    "normal": ("mean", "sd"),
    "lognormal": ("mean", "sd"),
    "triangular": ("low", "mode", "high"),
}
RANGE_FORMS = (
    '"20..40 %1RM" (uniform), "60 +- 10 %AOP" (normal: mean and SD), "range" (a parameter\'s own), '
    '{ distribution = "triangular", low = "10 s", mode = "30 s", high = "60 s" } (or uniform, normal, lognormal), '
    'in Python also (scipy distribution, "unit")'
)
# One coordinate: its name in the result, the key that it sets, its points as texts.
Coordinate = tuple[str, str, list[str]]


@dataclass(frozen=True)
class Together:
    """One dim of a sweep along which several quantities move together; made by `zipped`, `sample` and `people`.

    Given to `sweep` by keyword, the keyword names the dim; given by position, `name` does.
    """

    name: str
    coordinates: Callable[[Scenario], list[Coordinate]]
    all_possible: bool = True  # whether a point that the scenario cannot take is an error, and not a failed member

    def axis(self, scenario: Scenario, name: str | None = None) -> _engine.Axis:
        """The axis of a sweep of `scenario`. Raises `InputError` for points that the scenario cannot take."""
        coordinates = self.coordinates(scenario)
        lengths = {key: len(points) for _, key, points in coordinates}
        if len(set(lengths.values())) > 1:
            counts = ", ".join(f"{key} has {count}" for key, count in lengths.items())
            raise InputError(f"error: what moves together needs as many points each: {counts}")
        axis = _engine.zipped_axis(scenario._native, name or self.name, coordinates)
        plan = _engine.SweepPlan([axis])
        tried = np.unique(np.linspace(0, len(plan) - 1, min(len(plan), MOST_CHECKED)).astype(int)).tolist()
        errors = []
        for member in tried:
            try:
                _engine.with_changes(scenario._native, dict(plan.settings(member)))
            except InputError as error:
                errors.append(error)
        if errors and (self.all_possible or len(errors) == len(tried)):
            raise errors[0]
        return axis


def zipped(points: Mapping[str, Any] | None = None, /, *, name: str = "member", **more: Any) -> Together:
    """Axes that move together instead of making every combination: first points with first, second with second.

        limbflow.sweep("30-15-15-15", limbflow.zipped(cuff_pressure="40, 60, 80 %AOP", load="30, 20, 15 %1RM"))

    Names and points are as in `limbflow.sweep`; names with a dot go into the mapping. The dim is called `name` and
    counts from 0; the quantities are coordinates along it. Raises `InputError`, once the scenario is known.
    """
    given = {**(points or {}), **more}
    if not given:
        raise InputError("error: zipped needs quantities that move together")

    def coordinates(scenario: Scenario) -> list[Coordinate]:
        return [(key.replace(".", "_"), key, point_texts(scenario, key, value)) for key, value in given.items()]

    return Together(name, coordinates)


def sample(
    count: int,
    ranges: Mapping[str, Any] | None = None,
    /,
    *,
    method: str = "sobol",
    seed: int = 0,
    name: str = "member",
    **more: Any,
) -> Together:
    """`count` points drawn from ranges of several quantities at once.

        limbflow.sweep("30-15-15-15", limbflow.sample(256, cuff_pressure="40..80 %AOP", load="15..35 %1RM"))

    A range is "20..40 %1RM" (uniform), "60 +- 10 %AOP" (normal with that mean and SD), "range" for a model parameter
    (uniform over the range in its table), a mapping that names a distribution (`{"distribution": "lognormal", "mean":
    "30 s", "sd": "10 s"}`; `uniform`, `normal`, `lognormal`, `triangular`), or `(distribution, "unit")` with anything
    that has a `ppf`, such as a frozen distribution of `scipy.stats`. `method` is "sobol" (low discrepancy; best with a
    power of two), "latin_hypercube" or "random". The same seed gives the same points on every machine, and of Sobol and
    random points a longer sample begins with the shorter one. A point that the scenario cannot take is a failed member.
    Raises `InputError`, for ranges once the scenario is known.
    """
    given = {**(ranges or {}), **more}
    if not given:
        raise InputError('error: a sample needs ranges, for example cuff_pressure="40..80 %AOP"')
    require_count(count, "points")
    if method not in METHODS:
        raise InputError(f"error: method {method!r}: there are {', '.join(METHODS)}")
    require_seed(seed)
    return at_points(_engine.unit_sample(method, seed, count, len(given)), given, name)


def at_points(points: np.ndarray, ranges: Mapping[str, Any], name: str = "member") -> Together:
    """Points of the unit cube [point][range], each taken to its range, as in `sample`."""

    def coordinates(scenario: Scenario) -> list[Coordinate]:
        quantiles = [quantile_of(scenario, key, value) for key, value in ranges.items()]
        return [
            (key.replace(".", "_"), key, [f"{value!r} {units}".rstrip() for value in quantile(unit).tolist()])
            for unit, key, (quantile, units) in zip(points.T, ranges, quantiles, strict=True)
        ]

    return Together(name, coordinates, all_possible=False)


def people(count: int, population: str | os.PathLike = "us_adults", *, seed: int = 0, name: str = "person") -> Together:
    """`count` people drawn from published distributions of sex, age, build and blood pressure with their correlations.

        limbflow.sweep("30-15-15-15", person=limbflow.people(100), cuff_pressure="40..80 %AOP / 3")

    `population` is a shipped one by name or a file of the same form (scenarios/populations). They are the people of
    `limbflow check --population` with that seed, and a larger number begins with the smaller one. Somebody who cannot
    take part (a cuff wider than the limb is long) is a failed member. Raises `InputError`.
    """
    require_count(count, "people")

    def coordinates(scenario: Scenario) -> list[Coordinate]:
        from .safety.people import load_population

        drawn = load_population(population)
        columns: dict[str, list[str]] = {}
        for person in drawn.draw(count, seed):
            for key, text in drawn.changes(person).items():
                columns.setdefault(key, []).append(text)
        return [(person_name(key), key, points) for key, points in columns.items()]

    return Together(name, coordinates, all_possible=False)


def person_name(key: str) -> str:
    """`person.leg.circumference` as `leg_circumference`; what would be no name of its own keeps `person_`."""
    short = key.removeprefix("person.").replace(".", "_")
    return "person_name" if short == "name" else short


def require_count(count: int, what: str) -> None:
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_POINTS:
        raise InputError(f"error: {count!r} {what}: give a whole number from 1 to {MOST_POINTS}")


def require_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        raise InputError(f"error: seed {seed!r} is not a whole number from 0 to 2^64 - 1")


def point_texts(scenario: Scenario, key: str, points: Any) -> list[str]:
    """Points of an axis in any of their forms (see `axes.axis`) as texts, each with its unit."""
    if isinstance(points, str):
        if ".." in points:
            axis = _engine.parse_axis(scenario._native, "points", key, points)
            (coordinate,) = axis.coordinates
            return [f"{value!r} {coordinate.unit}".rstrip() for value in coordinate.points.tolist()]
        texts = [text.strip() for text in points.split(",")]
        return [with_unit_of(text, texts[-1]) for text in texts]
    points, unit = points_and_unit(points)
    return [f"{text} {unit}".rstrip() for text in points]


def points_and_unit(points: Any) -> tuple[list[str], str]:
    """Points that are no text, as texts, and the unit that comes with them."""
    unit = getattr(points, "attrs", {}).get("units", "")
    if isinstance(points, tuple) and len(points) == 2 and isinstance(points[1], str) and not isinstance(points[0], str):
        points, unit = points
    return [to_text(point) for point in np.atleast_1d(np.asarray(points, dtype=object)).tolist()], unit


def with_unit_of(text: str, other: str) -> str:
    """A bare number with the unit of another quantity; anything else as it is."""
    try:
        _, unit, _ = _engine.parse_quantity(text)
        _, units, _ = _engine.parse_quantity(other)
    except InputError:
        return text
    return f"{text} {units}" if unit == "1" and units != "1" else text


def quantile_of(scenario: Scenario, key: str, given: Any) -> tuple[Callable[[np.ndarray], np.ndarray], str]:
    """The quantile function of a range, and the unit of what it gives. Raises `InputError`."""
    if isinstance(given, tuple) and len(given) == 2 and hasattr(given[0], "ppf"):
        return given[0].ppf, str(given[1])
    if isinstance(given, Mapping):
        return distribution_of(key, given)
    if isinstance(given, str):
        if given.strip() == "range":
            low, high, unit = parameter_range(scenario, key)
            return lambda share: low + share * (high - low), unit
        if (normal := normal_of(key, given)) is not None:
            from scipy.special import ndtri

            mean, sd, unit = normal
            return lambda share: mean + sd * ndtri(share), unit
        low_text, found, high_text = given.partition("..")
        if found and "/" not in high_text:
            high, unit = number_and_unit(key, given, high_text)
            low, _ = number_and_unit(key, given, with_unit_of(low_text.strip(), high_text), unit or None)
            if not low < high:
                raise InputError(f"error: {key}: {given!r}: the range does not rise")
            return lambda share: low + share * (high - low), unit
    raise InputError(f"error: {key}: {given!r} is no range\n  accepted: {RANGE_FORMS}")


def distribution_of(key: str, given: Mapping[str, Any]) -> tuple[Callable[[np.ndarray], np.ndarray], str]:
    """The quantile function of { distribution = ..., mean = ..., ... } and its unit. Raises `InputError`."""
    from scipy import stats

    name = given.get("distribution")
    whole = to_text(given)
    if name not in DISTRIBUTIONS:
        known = ", ".join(DISTRIBUTIONS)
        raise InputError(f"error: {key}: {whole}: there is no such distribution\n  accepted: {known}")
    wanted = DISTRIBUTIONS[name]
    if set(given) - {"distribution"} != set(wanted):
        raise InputError(f"error: {key}: {whole}: does not fit\n  accepted: {name} with {', '.join(wanted)}")
    _, unit = number_and_unit(key, whole, to_text(given[wanted[-1]]))
    values = {word: number_and_unit(key, whole, to_text(given[word]), unit or None)[0] for word in wanted}
    if any(values[one] >= values[other] for one, other in pairwise(wanted) if "sd" not in wanted):
        raise InputError(f"error: {key}: {whole}: {', '.join(wanted)} do not rise")
    if values.get("sd", 1.0) <= 0:
        raise InputError(f"error: {key}: {whole}: the SD is not above zero")
    if name == "uniform":
        return stats.uniform(values["low"], values["high"] - values["low"]).ppf, unit
    if name == "triangular":
        width = values["high"] - values["low"]
        return stats.triang((values["mode"] - values["low"]) / width, values["low"], width).ppf, unit
    if name == "normal":
        return stats.norm(values["mean"], values["sd"]).ppf, unit
    if not values["mean"] > 0:
        raise InputError(f"error: {key}: {whole}: the mean is not above zero")
    variance = np.log1p((values["sd"] / values["mean"]) ** 2)
    return stats.lognorm(np.sqrt(variance), scale=values["mean"] * np.exp(-0.5 * variance)).ppf, unit


def normal_of(key: str, given: str) -> tuple[float, float, str] | None:
    """Mean, SD and unit of "60 +- 10 %AOP"; nothing for a text of another form. Raises `InputError`."""
    mean_text, found, sd_text = given.replace("±", "+-").partition("+-")
    if not found:
        return None
    sd, unit = number_and_unit(key, given, sd_text)
    mean, _ = number_and_unit(key, given, with_unit_of(mean_text.strip(), sd_text), unit or None)
    if not sd > 0:
        raise InputError(f"error: {key}: {given!r}: the SD is not above zero")
    return mean, sd, unit


def number_and_unit(key: str, whole: str, text: str, unit: str | None = None) -> tuple[float, str]:
    """A quantity's number, in `unit` if that is given. Raises `InputError`, which says where the text stands."""
    try:
        value, own, _ = _engine.parse_quantity(text.strip())
        value = value if unit is None or own == unit else _engine.convert(value, own, unit)
    except InputError as error:
        message = f"error: {key}: {whole!r}: {str(error).removeprefix('error: ')}\n  accepted: {RANGE_FORMS}"
        raise InputError(message, error.diagnostics) from error
    return value, "" if (unit or own) == "1" else (unit or own)


def known_key(scenario: Scenario, key: str) -> str:
    """The dotted key that a name stands for. Raises `InputError` with the nearest."""
    return _engine.canonical_key(scenario._native, key)


def parameter_range(scenario: Scenario, key: str) -> tuple[float, float, str]:
    """Low, high and unit of a model parameter. Raises `InputError` when the key is none."""
    name = known_key(scenario, key).removeprefix("parameters.")
    for row in _engine.parameters():
        if row["name"] == name:
            return row["low"], row["high"], "" if row["unit"] == "1" else row["unit"]
    raise InputError(f'error: {key}: "range" is for parameters of the model, which have one (limbflow list parameters)')
