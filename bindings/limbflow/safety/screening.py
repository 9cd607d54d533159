"""The screening questionnaire: answers about a person, and what was measured or seen in a session."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .documents import Document
from .limits import shipped_limits
from .quantities import Value, number_in, quantities
from .record import Readings


@dataclass(frozen=True)
class Screening:
    """Answers by question, and measurements by quantity."""

    answers: Mapping[str, Value] = field(default_factory=dict)
    observed: Mapping[str, Readings] = field(default_factory=dict)


def load_screening(source: str | os.PathLike | Mapping[str, Any] | Screening) -> Screening:
    """The screening of a file, or of a mapping that holds the same tables. Raises `InputError` with all its problems.

    `[answers]` holds answers to the questions that `questionnaire()` lists, `[observed]` measurements of any other
    quantity of the limits: a value, or a list of `{ at, value }` with the time of the run.
    """
    if isinstance(source, Screening):
        return source
    if isinstance(source, Mapping):
        return read_screening(Document.of(source, "screening"))
    return read_screening(Document.load(source))


def read_screening(document: Document) -> Screening:
    """The screening of a document. Raises `InputError` with all its problems."""
    known = quantities()
    questions = {name for name, quantity in known.items() if quantity.origin == "question"}
    tables = document.known_keys(document.values, "", ("answers", "observed"))
    answers: dict[str, Value] = {}
    for name, written in document.known_keys(tables.get("answers", {}), "answers", sorted(questions)).items():
        if name in questions:
            value = read_value(document, f"answers.{name}", name, written)
            if value is not None:
                answers[name] = value
    observed: dict[str, Readings] = {}
    measurable = sorted(set(known) - questions)
    for name, written in document.known_keys(tables.get("observed", {}), "observed", measurable).items():
        if name in measurable:
            readings = read_course(document, f"observed.{name}", name, written)
            if readings is not None:
                observed[name] = readings
    document.finish()
    return Screening(answers, observed)


def read_value(document: Document, path: str, name: str, written: Any) -> Value | None:
    quantity = quantities()[name]
    try:
        value = quantity.value(written)
    except ValueError as error:
        document.problem(path, str(error), value=written, accepted=quantity.accepted)
        return None
    low, high = quantity.attainable or (-math.inf, math.inf)
    if isinstance(value, float) and not low <= value <= high:
        document.problem(
            path,
            "is not possible",
            rule="out-of-range",
            value=written,
            accepted=f"{low:g} to {high:g} {quantity.unit if quantity.unit != '1' else ''}".rstrip(),
        )
        return None
    return value


def read_course(document: Document, path: str, name: str, written: Any) -> Readings | None:
    if not isinstance(written, list):
        value = read_value(document, path, name, written)
        return None if value is None else Readings.single(value)
    times, values = [], []
    for index, row in enumerate(written, 1):
        point = f"{path}[{index}]"
        table = document.known_keys(row, point, ("at", "value"))
        try:
            times.append(number_in(table.get("at"), "s"))
        except ValueError as error:
            document.problem(f"{point}.at", str(error), value=table.get("at"), accepted='a time, as "90 s"')
            continue
        values.append(read_value(document, f"{point}.value", name, table.get("value")))
    if not values or None in values or len(times) != len(values):
        return None
    if np.any(np.diff(times) <= 0):
        document.problem(path, "times do not rise", accepted="times in order, each once")
    return Readings(np.array(values, dtype=float), np.array(times))


def questionnaire() -> str:
    """The questions as a TOML file to fill in: each with what an answer may be and the limits that it decides."""
    lines = [
        "# Screening before a session with a cuff. Take the # off the lines that you answer.",
        "# What is not answered is reported as such.",
        "[answers]",
    ]
    for name, quantity in quantities().items():
        if quantity.origin != "question":
            continue
        ids = [
            limit.id
            for limit in shipped_limits()
            if any(
                name in {tier.test.quantity.name, *(condition.quantity.name for condition in tier.when)}
                for tier in limit.tiers
            )
        ]
        points = f"points card: {quantity.points}" if quantity.points else ""
        decides = "; ".join(filter(None, [", ".join(ids), points]))
        lines += [f"# {quantity.question}{f' ({decides})' if decides else ''}"]
        lines += [f"#{name} =   # {quantity.accepted}", ""]
    lines += ["[observed] # what was measured or seen in the session, such as", '#capillary_refill_time = "2 s"']
    return "\n".join(lines) + "\n"
