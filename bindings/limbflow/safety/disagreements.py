"""Where sources disagree: what each of them says, side by side, and where a session stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .documents import LIMITS, Document
from .limits import Condition, read_condition, reference, shipped_sources
from .quantities import Quantity, compare, quantities
from .record import Record

POSITION_KEYS = ("says", "quantity", "comparison", "value", "limb", "source", "limits")


@dataclass(frozen=True)
class Position:
    """What sources say: `test` is how a session is outside it. `limits` are those of the table that carry it.

    `keys` name the sources, `references` say what they are.
    """

    says: str
    test: Condition
    limb: str
    keys: tuple[str, ...]
    references: tuple[str, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True)
class Stand:
    """A position, the session's value of its quantity that matters most, and whether the session is outside it.

    `value` and `outside` are nothing where the position does not apply.
    """

    position: Position
    value: float | None
    outside: bool | None


@dataclass(frozen=True)
class Disagreement:
    """A question on which sources disagree, with where the session stands to each.

    `caveat` says why the answer means less in this session; empty where it does not.
    """

    question: str
    stands: tuple[Stand, ...]
    caveat: str = ""

    @property
    def quantities(self) -> list[Quantity]:
        return list({stand.position.test.quantity.name: stand.position.test.quantity for stand in self.stands}.values())


@dataclass(frozen=True)
class Caveat:
    """What has to be known of an answer where `test` holds at any time of the session."""

    says: str
    test: Condition


Question = tuple[str, tuple[Position, ...], Caveat | None]


@cache
def published() -> tuple[Question, ...]:
    """The shipped table, scenarios/limits/disagreements.toml."""
    return read(Document.load(LIMITS / "disagreements.toml"))


def read(document: Document) -> tuple[Question, ...]:
    """The disagreements of a document. Raises `InputError` with all its problems."""
    found = []
    for index, row in enumerate(document.known_keys(document.values, "", ("disagreement",)).get("disagreement", []), 1):
        path = f"disagreement[{index}]"
        table = document.known_keys(row, path, ("question", "positions", "caveat"))
        positions = []
        for number, position in enumerate(table.get("positions", []), 1):
            where = f"{path}.positions[{number}]"
            entry = document.known_keys(position, where, POSITION_KEYS)
            test = read_condition(document, where, entry, quantities())
            keys = tuple(entry.get("source", ()))
            references = tuple(reference(document, where, word, shipped_sources()) for word in keys)
            if test is not None:
                says, limb, limits = entry.get("says", ""), entry.get("limb", ""), tuple(entry.get("limits", ()))
                positions.append(Position(says, test, limb, keys, references, limits))
        found.append((table.get("question", ""), tuple(positions), read_caveat(document, f"{path}.caveat", table)))
    document.finish()
    return tuple(found)


def read_caveat(document: Document, path: str, table: dict[str, Any]) -> Caveat | None:
    if "caveat" not in table:
        return None
    entry = document.known_keys(table["caveat"], path, ("says", "quantity", "comparison", "value"))
    test = read_condition(document, path, entry, quantities())
    return None if test is None else Caveat(entry.get("says", ""), test)


def disagreements(record: Record) -> list[Disagreement]:
    """Every disagreement, with where this session stands."""
    return [
        Disagreement(question, tuple(stand(position, record) for position in positions), caveat_in(caveat, record))
        for question, positions, caveat in published()
    ]


def caveat_in(caveat: Caveat | None, record: Record) -> str:
    """What the caveat says, if its condition holds at any time."""
    readings = None if caveat is None else record.readings(caveat.test.quantity.name)
    if caveat is None or readings is None:
        return ""
    return caveat.says if compare(readings.values, caveat.test.comparison, caveat.test.threshold).any() else ""


def stand(position: Position, record: Record) -> Stand:
    readings = record.readings(position.test.quantity.name)
    if readings is None or (position.limb and record.plan.limb != position.limb):
        return Stand(position, None, None)
    values = readings.values[readings.applicable].astype(float)
    if values.size == 0:
        return Stand(position, None, None)
    outside = compare(values, position.test.comparison, position.test.threshold)
    return Stand(position, worst(values, position.test.comparison, outside), bool(outside.any()))


def worst(values: np.ndarray, comparison: str, outside: Any) -> float:
    """The value that is outside, or nearest to it."""
    chosen = values[outside] if outside.any() else values
    return float(chosen.min() if comparison in ("<", "<=") else chosen.max())
