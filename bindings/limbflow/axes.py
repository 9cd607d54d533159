"""The points of a sweep's axes, as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _engine
from .exceptions import InputError
from .texts import to_text

if TYPE_CHECKING:
    from .scenario import Scenario


def axes_of(scenario: Scenario, points: Mapping[str, Any]) -> list[_engine.Axis]:
    """The axes of a sweep of `scenario`, in order, from `{name: points}`. Raises `InputError`."""
    return [axis(scenario, name, value) for name, value in points.items()]


def axis(scenario: Scenario, name: str, points: Any) -> _engine.Axis:
    """One axis. `name` is as in `Scenario.with_`; `points` has one of these forms:

    - `"0..100 %AOP / 11"`: 11 equally spaced points, both ends included
    - `"15, 30, 60 s"` or `["15 s", "30 s", "60 s"]`: quantities
    - `["adult_man", "older_woman"]`: names
    - `(array, "mmHg")` or an `xarray.DataArray` with `units` in its attributes
    - plain numbers, for what has no dimension
    """
    dim = name.replace(".", "_")
    if isinstance(points, str):
        return _engine.parse_axis(scenario._native, dim, name, points)
    unit = getattr(points, "attrs", {}).get("units", "")
    if isinstance(points, tuple) and len(points) == 2 and isinstance(points[1], str) and not isinstance(points[0], str):
        points, unit = points
    texts = [to_text(point) for point in np.atleast_1d(np.asarray(points, dtype=object)).tolist()]
    if not texts:
        raise InputError(f"error: axis {name}: no points")
    return _engine.make_axis(scenario._native, dim, name, [f"{text} {unit}".strip() for text in texts])
