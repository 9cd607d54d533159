"""Which function evaluates which study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .studies import Study
from .verdicts import Row, not_modelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Evaluation:
    """What the model says to a study: its rows and, where a picture says more than errors, how to draw it."""

    rows: list[Row]
    draw: Callable[[Axes], None] | None = None


Evaluator = Callable[[Study], Evaluation]
EVALUATORS: dict[str, Evaluator] = {}


def evaluates(study_id: str) -> Callable[[Evaluator], Evaluator]:
    """Register the function below as the evaluator of a study."""

    def register(function: Evaluator) -> Evaluator:
        EVALUATORS[study_id] = function
        return function

    return register


def evaluate(study: Study) -> Evaluation:
    """The model against one study; every row is "not modelled" where there is no evaluator."""
    if study.id in EVALUATORS:
        return EVALUATORS[study.id](study)
    why = study.why.get("*", "the mechanism is not in the model yet")
    return Evaluation([not_modelled(*described(row, study.columns), why) for row in study.rows])


def described(row: list, columns: list[str]) -> tuple[str, str, str]:
    """A row of any study in words: what, the measured figures, and the unit if the table has one."""
    names = [str(value) for value in row if isinstance(value, str)]
    unit = names.pop() if "unit" in columns else ""
    figures = ", ".join(
        f"{column} {value:g}" for column, value in zip(columns, row, strict=True) if not isinstance(value, str)
    )
    return ", ".join(names) or figures, figures, unit
