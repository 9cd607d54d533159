"""The points of a sweep's axes, as people write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import _engine
from .exceptions import InputError
from .samples import Together, points_and_unit

if TYPE_CHECKING:
    from .scenario import Scenario

# Axes by position: by name, or along which several quantities move together, or several of either.
Axes = Mapping[str, Any] | Together | Iterable[Mapping[str, Any] | Together]


def axes_of(scenario: Scenario, first: Axes | None, more: Mapping[str, Any] | None = None) -> list[_engine.Axis]:
    """The axes of a sweep of `scenario`, in order. Raises `InputError`."""
    groups = [first] if isinstance(first, (Mapping, Together)) else list(first or [])
    made: list[_engine.Axis] = []
    for group in [*groups, more or {}]:
        if isinstance(group, Together):
            made.append(group.axis(scenario))
        elif isinstance(group, Mapping):
            made += [axis(scenario, name, points) for name, points in group.items()]
        else:
            raise InputError(
                f"error: axes: {group!r} is neither a mapping of names to points nor what limbflow.zipped, sample and "
                "people give"
            )
    return made


def axis(scenario: Scenario, name: str, points: Any) -> _engine.Axis:
    """One axis. `name` is as in `Scenario.with_`; `points` has one of these forms:

    - `"0..100 %AOP / 11"`: 11 equally spaced points, both ends included
    - `"15, 30, 60 s"` or `["15 s", "30 s", "60 s"]`: quantities
    - `["adult_man", "older_woman"]`: names
    - `(array, "mmHg")` or an `xarray.DataArray` with `units` in its attributes
    - plain numbers, for what has no dimension
    - what `limbflow.zipped`, `limbflow.sample` and `limbflow.people` give; `name` is then that of the dim alone
    """
    dim = name.replace(".", "_")
    if isinstance(points, Together):
        return points.axis(scenario, dim)
    if isinstance(points, str):
        return _engine.parse_axis(scenario._native, dim, name, points)
    texts, unit = points_and_unit(points)
    if not texts:
        raise InputError(f"error: axis {name}: no points")
    return _engine.make_axis(scenario._native, dim, name, [f"{text} {unit}".strip() for text in texts])
