"""Model against measurement: the error in units of the study's own spread, and the verdict.

Every target has a value and a width: one standard deviation, two standard errors, or half of a band. The error is the
model minus the value, over the width. Met: within the width; near: within twice the width (2 SD, 4 SE, or outside a
band by no more than half of its breadth); missed: beyond. An order or an inequality is met or missed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MET, NEAR, MISSED, NOT_MODELLED = "met", "near", "missed", "not modelled"

# Where a study gives no spread, a fifth of the value stands in for the standard deviation between people; limb flows,
# compliances and filtration coefficients of the studies that do give one spread by 10 to 45 %.
ASSUMED_SPREAD = 0.2


@dataclass(frozen=True)
class Row:
    """One quantity of a study. `measured` is a number, the ends of a band, or a statement."""

    quantity: str
    unit: str
    measured: float | tuple[float, float] | str
    spread: float | None
    spread_kind: str
    model: float | bool | None
    error: float | None
    verdict: str
    note: str = ""

    @property
    def width(self) -> float | None:
        """What an error of one is: one standard deviation, two standard errors, half of a band."""
        return None if self.spread is None else 2.0 * self.spread if self.spread_kind == "se" else self.spread


def verdict_of(error: float) -> str:
    """The verdict on an error in widths; a model value that is not finite is missed."""
    if not math.isfinite(error):
        return MISSED
    return MET if abs(error) <= 1.0 else NEAR if abs(error) <= 2.0 else MISSED


def against(
    quantity: str,
    unit: str,
    model: float,
    measured: float,
    spread: float | None = None,
    kind: str = "sd",
    note: str = "",
) -> Row:
    """A value with its spread; `kind` is "sd", "se" or, with no spread known, "assumed"."""
    if not spread:
        spread, kind = ASSUMED_SPREAD * abs(measured), "assumed"
    width = 2.0 * spread if kind == "se" else spread
    error = (model - measured) / width
    return Row(quantity, unit, float(measured), float(spread), kind, float(model), error, verdict_of(error), note)


def within(quantity: str, unit: str, model: float, low: float, high: float, note: str = "") -> Row:
    """A band."""
    width = 0.5 * (high - low)
    error = (model - 0.5 * (low + high)) / width
    return Row(quantity, unit, (float(low), float(high)), width, "band", float(model), error, verdict_of(error), note)


def holds(quantity: str, statement: str, held: bool, note: str = "") -> Row:
    """An order or an inequality. `note` gives the numbers behind it."""
    return Row(quantity, "", statement, None, "order", bool(held), None, MET if held else MISSED, note)


def not_modelled(quantity: str, measured: float | tuple[float, float] | str, unit: str, why: str) -> Row:
    """A quantity that the model has no honest counterpart for; it counts neither for nor against the model."""
    return Row(quantity, unit, measured, None, "", None, None, NOT_MODELLED, why)


def worst(rows: list[Row]) -> str:
    """The verdict on a whole study: that of its worst row."""
    for verdict in (MISSED, NEAR, MET):
        if any(row.verdict == verdict for row in rows):
            return verdict
    return NOT_MODELLED
