"""Which variable of a sweep, and which of its points, a plot or a table shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..exceptions import InputError
from ..results import unknown_name
from .names import display_name
from .style import point_text

if TYPE_CHECKING:
    import xarray


def default_variable(dataset: xarray.Dataset) -> str:
    """The summary to show when none is asked for: mean inflow, of the last rest if that was kept.

    The mean of the whole session counts the baseline and the rush of blood after release in.
    """
    names = [str(n) for n in dataset.data_vars if dataset[n].dtype.kind == "f"]
    if not names:
        raise InputError("the sweep holds no numeric summary")
    rests = [name for name in names if name.startswith("arterial_inflow_mean_rest_")]
    if rests:
        return rests[-1]
    for wanted in ("arterial_inflow_mean", "arterial_inflow"):
        for name in names:
            if name.startswith(wanted):
                return name
    return names[0]


def summary(dataset: xarray.Dataset, variable: str) -> xarray.DataArray:
    """The variable of a sweep, or an error that names those there are."""
    if variable not in dataset:
        raise unknown_name("variable", variable, [str(name) for name in dataset.data_vars])
    return dataset[variable]


def fix_axes(array: xarray.DataArray, free: set[str | None], select: dict[str, Any]) -> tuple[xarray.DataArray, str]:
    """Reduce `array` to the `free` dims; the others by `select` or at their middle. Also returns words for it."""
    unknown = [name for name in select if name not in array.dims]
    if unknown:
        raise InputError(f"no axis {', '.join(unknown)} in this sweep; its axes are: {', '.join(map(str, array.dims))}")
    words = []
    for dim in [str(d) for d in array.dims if d not in free]:
        if dim == "scope":
            index = scope_index(array, select.get(dim))
        elif dim in select:
            numeric = array[dim].dtype.kind in "if"
            index = int(array.get_index(dim).get_indexer([select[dim]], method="nearest" if numeric else None)[0])
            if index < 0:
                raise InputError(
                    f"no point {select[dim]!r} on axis {dim}; there are: {', '.join(map(str, array[dim].values))}"
                )
        else:
            index = array.sizes[dim] // 2
        words.append(f"{display_name(dim)} = {point_text(array[dim], array[dim].values[index])}")
        array = array.isel({dim: index})
    return array, ", ".join(words)


def scope_index(array: xarray.DataArray, wanted: str | None) -> int:
    """The position of the part of the session asked for; the whole session if none is."""
    scopes = [str(s) for s in array["scope"].values]
    if wanted is None:
        return scopes.index("session") if "session" in scopes else 0
    if wanted not in scopes:
        raise InputError(f"no part '{wanted}' of the session; there are: {', '.join(scopes)}")
    return scopes.index(wanted)
