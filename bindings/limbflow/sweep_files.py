"""What a sweep file says beside its [axes]: people, a sample, quantities that move together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _engine, samples
from .exceptions import InputError
from .texts import to_text

if TYPE_CHECKING:
    from .safety.documents import Document
    from .scenario import Scenario

# In the order of the dims that they make, before those of [axes].
TABLES = ("people", "sample", "zip")
PEOPLE_KEYS = ("count", "population", "seed")
SAMPLE_KEYS = ("points", "method", "seed", "ranges")
RANGE_KEYS = ("from", "to", "steps")
SAMPLE_NAME, ZIP_NAME = "member", "point"


def together_of(path: str, scenario: Scenario) -> list[samples.Together]:
    """The dims that the tables [people], [sample] and [zip] of a sweep file ask for. Raises `InputError` with all
    problems of these tables, each at its place."""
    from .safety.documents import Document

    document = Document.load(path)
    tables = document.values
    made = []
    if "people" in tables:
        made.append(people_of(document, tables["people"], Path(path).parent))
    if "sample" in tables:
        made.append(sample_of(document, tables["sample"], scenario))
    if "zip" in tables:
        made.append(zip_of(document, tables["zip"], scenario, ZIP_NAME if "sample" in tables else SAMPLE_NAME))
    document.finish()
    return [each for each in made if each is not None]


def path_of(source: str) -> str:
    """The path of a sweep file, which may be a shipped one by name."""
    return _engine.load_sweep(source, list(TABLES))[3]


def ranges_of(path: str) -> dict[str, Any]:
    """The ranges of the table [sample] of a sweep file, by key; none if there is no such table."""
    from .safety.documents import Document

    table = Document.load(path).values.get("sample", {})
    return leaves(table.get("ranges", {}), ("distribution",)) if isinstance(table, dict) else {}


def people_of(document: Document, table: Any, folder: Path) -> samples.Together | None:
    table = document.known_keys(table, "people", PEOPLE_KEYS)
    if "count" not in table:
        document.problem("people.count", "is missing", rule="missing-key", accepted="a whole number from 1 on")
        return None
    population = table.get("population", "us_adults")
    if isinstance(population, str) and (folder / population).is_file():
        population = str(folder / population)
    try:
        return samples.people(table["count"], population, seed=table.get("seed", 0))
    except InputError as error:
        note(document, "people.", "count", table["count"], error)
        return None


def sample_of(document: Document, table: Any, scenario: Scenario) -> samples.Together | None:
    before = len(document.problems)
    table = document.known_keys(table, "sample", SAMPLE_KEYS)
    for key, accepted in (("points", "a whole number from 1 on"), ("ranges", samples.RANGE_FORMS)):
        if key not in table:
            document.problem(f"sample.{key}", "is missing", rule="missing-key", accepted=accepted)
    ranges = table.get("ranges", {})
    if not isinstance(ranges, dict):
        document.problem("sample.ranges", "is not a table", rule="wrong-type", accepted=samples.RANGE_FORMS)
        return None
    ranges = leaves(ranges, ("distribution",))
    for key, given in ranges.items():
        try:
            samples.quantile_of(scenario, key, given)
            samples.known_key(scenario, key)
        except InputError as error:
            note(document, "sample.ranges.", key, given, error)
    method = table.get("method", samples.METHODS[0])
    if method not in samples.METHODS:
        document.unknown("sample.method", str(method), samples.METHODS, "method")
    checks = {"points": lambda value: samples.require_count(value, "points"), "seed": samples.require_seed}
    for key, check in checks.items():
        try:
            check(table.get(key, 1))
        except InputError as error:
            note(document, "sample.", key, table[key], error)
    if len(document.problems) > before:
        return None
    return samples.sample(table["points"], ranges, method=method, seed=table.get("seed", 0), name=SAMPLE_NAME)


def zip_of(document: Document, table: Any, scenario: Scenario, name: str) -> samples.Together | None:
    before = len(document.problems)
    if not isinstance(table, dict) or not table:
        document.problem("zip", "is not a table of keys with as many points each", accepted='"load" = "30, 20 %1RM"')
        return None
    points = {key: axis_text(value) for key, value in leaves(table, RANGE_KEYS).items()}
    counts = {}
    for key, value in points.items():
        try:
            samples.known_key(scenario, key)
            counts[key] = len(samples.point_texts(scenario, key, value))
        except InputError as error:
            note(document, "zip.", key, value, error)
    if len(set(counts.values())) > 1:
        words = ", ".join(f"{key} has {count}" for key, count in counts.items())
        document.problem("zip", f"what moves together needs as many points each: {words}", rule="lengths-differ")
    return samples.zipped(points, name=name) if len(document.problems) == before else None


def leaves(table: Mapping[str, Any], own_keys: tuple[str, ...], prefix: str = "") -> dict[str, Any]:
    """The values of a table by dotted key, `cuff.pressure = ...` without quotes being a table in a table.

    A table that has one of `own_keys` is a value.
    """
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value and not any(own in value for own in own_keys):
            found |= leaves(value, own_keys, f"{name}.")
        else:
            found[name] = value
    return found


def axis_text(value: Any) -> Any:
    """A range that is written as a table as the text of one line; anything else as it is."""
    if isinstance(value, Mapping) and set(value) == set(RANGE_KEYS):
        return f"{value['from']}..{value['to']} / {value['steps']}"
    return value


def note(document: Document, path: str, key: str, value: Any, error: InputError) -> None:
    """Note the problem of an error at a key of the table that `path` leads to."""
    if error.diagnostics:
        first = error.diagnostics[0]
        about = {"rule": first.rule, "accepted": first.accepted, "nearest": first.nearest}
        document.problem(path + key, first.message, value=value, **about)
        return
    message, _, more = str(error).removeprefix("error: ").partition("\n")
    for shown in (f"{key}: ", f"{value!r}: ", f"{to_text(value)}: "):  # the place says so
        message = message.removeprefix(shown)
    document.problem(path + key, message, value=value, accepted=more.strip().removeprefix("accepted: "))
