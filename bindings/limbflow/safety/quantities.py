"""What limits are about: the quantities of scenarios/limits/quantities.toml, and values as people write them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .. import _engine
from ..exceptions import InputError
from .documents import LIMITS, Document

Value = float | str | bool
KEYS = (
    "origin",
    "unit",
    "attainable",
    "choices",
    "boolean",
    "means",
    "question",
    "points",
    "duration",
    "example",
    "as_condition",
)


@dataclass(frozen=True)
class Quantity:
    """A quantity that limits can be about.

    A number has a `unit` and an `attainable` range (low, high); a word has `choices`; else it is true or false.
    `origin` is "signal" (of the engine), "derived" (from signals and scenario) or "question" (with the text to ask).
    `points` are those of the risk points card. `duration`: a time that counts from where the reading stands. `example`
    is a usual value, as written in a file. `as_condition` says in words when a condition on it holds: one text for each
    word or truth value, or of a number the name that goes before "is above ...".
    """

    name: str
    origin: str
    means: str
    unit: str = ""
    attainable: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    question: str = ""
    points: int = 0
    duration: bool = False
    example: str = ""
    as_condition: Mapping[str, str] | str = ""

    @property
    def is_number(self) -> bool:
        return self.attainable is not None

    @property
    def label(self) -> str:
        """Meaning and unit, as printed."""
        return f"{self.means} ({self.unit})" if self.unit not in ("", "1") else self.means

    @property
    def accepted(self) -> str:
        """What a value may be."""
        if self.choices:
            return ", ".join(f'"{choice}"' for choice in self.choices)
        if self.attainable is None:
            return "true, false"
        example = self.example or f"{self.attainable[0]:g} {self.unit}"
        return "a number" if self.unit == "1" else f'a number with its unit, as "{example}"'

    def value(self, written: Any) -> Value:
        """A value as written in a file, in the unit of the quantity. Raises `ValueError`."""
        if self.choices:
            if written not in self.choices:
                raise ValueError("is not one of the words")
            return str(written)
        if not self.is_number:
            if not isinstance(written, bool):
                raise ValueError("is neither true nor false")
            return written
        return number_in(written, self.unit)


def number_in(written: Any, unit: str) -> float:
    """A number with its unit ("80 %", "30 s"; bare where there is none) in `unit`. Raises `ValueError`."""
    if isinstance(written, bool) or not isinstance(written, (int, float, str)):
        raise ValueError("is not a number")
    figure, _, given = str(written).strip().partition(" ")
    try:
        number = float(figure)
    except ValueError:
        raise ValueError("is not a number with its unit") from None
    given = given.strip()
    if not np.isfinite(number):
        raise ValueError("is not finite")
    if given == unit or (given == "" and unit == "1"):
        return number
    if given == "":
        raise ValueError("has no unit")
    try:
        return float(_engine.convert(number, given, unit))
    except InputError:
        raise ValueError(f"cannot be written in {unit}") from None


# Of a threshold (or of one, for small ones): what is nearer to it is on it, as 40 %AOP asked for is 40 %.
ROUND_OFF = 1e-6


def compare(values: np.ndarray, comparison: str, threshold: Any) -> np.ndarray:
    """Where the values are as the comparison says, but for round-off; never where they are NaN."""
    if comparison == "is":
        return np.asarray(values == threshold, dtype=bool)
    if comparison == "within":
        return compare(values, ">=", threshold[0]) & compare(values, "<=", threshold[1])
    if comparison == "outside":
        return compare(values, "<", threshold[0]) | compare(values, ">", threshold[1])
    near = ROUND_OFF * max(abs(threshold), 1.0)
    return {
        ">": values > threshold + near,
        ">=": values >= threshold - near,
        "<": values < threshold - near,
        "<=": values <= threshold + near,
    }[comparison]


COMPARISONS = (">", ">=", "<", "<=", "is", "within", "outside")


def extremes(quantity: Quantity, comparison: str, threshold: Any) -> np.ndarray:
    """Values that the quantity can have, among them some on either side of every threshold that divides its range."""
    if quantity.choices:
        return np.array(quantity.choices, dtype=object)
    if quantity.attainable is None:
        return np.array([False, True], dtype=object)
    edges = np.unique([*quantity.attainable, *np.clip(np.atleast_1d(threshold).astype(float), *quantity.attainable)])
    return np.unique([*edges, *(0.5 * (edges[1:] + edges[:-1]))])


def divides(quantity: Quantity, comparison: str, threshold: Any) -> bool:
    """Whether the quantity can both be and not be as the comparison says: a limit must be broken by something."""
    found = compare(extremes(quantity, comparison, threshold), comparison, threshold)
    return bool(found.any() and not found.all())


@cache
def quantities() -> Mapping[str, Quantity]:
    """The shipped quantities by name."""
    return read_quantities(Document.load(LIMITS / "quantities.toml"))


def load_quantities(path: str | os.PathLike) -> Mapping[str, Quantity]:
    """The quantities of a file. Raises `InputError` with all its problems."""
    return read_quantities(Document.load(path))


def read_quantities(document: Document) -> Mapping[str, Quantity]:
    """The quantities of a document. Raises `InputError` with all its problems."""
    signals = {signal.name for signal in _engine.signals()}
    found = {}
    for name, row in document.values.items():
        table = document.known_keys(row, name, KEYS)
        if table.get("origin") not in ("signal", "derived", "question"):
            document.problem(f"{name}.origin", "is missing or unknown", accepted="signal, derived, question")
        if table.get("origin") == "signal" and name not in signals:
            document.unknown(name, name, signals, "signal")
        if not table.get("means"):
            document.problem(name, "needs a text `means`", rule="missing-key")
        if table.get("origin") == "question" and not table.get("question"):
            document.problem(name, "needs the text of its question", rule="missing-key")
        kinds = [key for key in ("attainable", "choices", "boolean") if key in table]
        if len(kinds) != 1:
            document.problem(name, "needs one of attainable (with unit), choices, boolean", rule="missing-key")
            continue
        attainable = table.get("attainable")
        if attainable is not None:
            pair = isinstance(attainable, list) and len(attainable) == 2
            if (
                not pair
                or not all(isinstance(end, (int, float)) for end in attainable)
                or attainable[0] >= attainable[1]
            ):
                document.problem(f"{name}.attainable", "is not a range", accepted="[low, high]", value=attainable)
                continue
            if not table.get("unit"):
                document.problem(f"{name}.unit", "a number needs its unit", rule="missing-key", accepted='"1" if none')
                continue
        example = table.get("example")
        if example is not None:
            try:
                low, high = attainable or (np.inf, -np.inf)
                if not low <= number_in(example, table["unit"]) <= high:
                    raise ValueError("is outside its range")
            except ValueError as error:
                document.problem(f"{name}.example", str(error), value=example, accepted="a value inside `attainable`")
        found[name] = Quantity(
            name,
            table.get("origin", ""),
            table.get("means", ""),
            table.get("unit", ""),
            None if attainable is None else (float(attainable[0]), float(attainable[1])),
            tuple(table.get("choices", ())),
            table.get("question", ""),
            table.get("points", 0),
            table.get("duration", False),
            table.get("example", ""),
            table.get("as_condition", ""),
        )
    document.finish()
    return found
