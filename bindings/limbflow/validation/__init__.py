"""The model held against published measurements.

`validate()` runs every study of scenarios/studies/ and gives a `Report`; `limbflow validate` prints it. To add a study,
put its table into scenarios/studies/ and a function marked `@evaluates(id)` into the module of its subject.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from . import (
    devices,
    flow_under_cuff,
    metabolism,
    muscle_and_skin,
    occlusion_pressures,
    performance,
    resting_circulation,
    veins_and_filtration,
)
from .registry import EVALUATORS, Evaluation, evaluate
from .sensitivities import Sensitivities, sensitivity
from .studies import Study, all_studies
from .verdicts import MET, MISSED, NEAR, NOT_MODELLED, Row, worst

__all__ = [
    "EVALUATORS",
    "Evaluation",
    "Report",
    "Row",
    "Sensitivities",
    "Study",
    "StudyResult",
    "all_studies",
    "sensitivity",
    "validate",
]

SUBJECTS = (
    resting_circulation,
    veins_and_filtration,
    occlusion_pressures,
    devices,
    flow_under_cuff,
    muscle_and_skin,
    metabolism,
    performance,
)


@dataclass(frozen=True)
class StudyResult:
    """One study and what the model says to it."""

    study: Study
    evaluation: Evaluation

    @property
    def verdict(self) -> str:
        """That of the worst row."""
        return worst(self.evaluation.rows)

    def reason(self, row: Row) -> str:
        """Why a row is near or missed, in the words of the study's file: of that row, or of all its rows ("*")."""
        if row.verdict not in (NEAR, MISSED):
            return ""
        return self.study.why.get(row.quantity, self.study.why.get("*", ""))


@dataclass(frozen=True)
class Report:
    """All studies, in the order of their ids."""

    results: list[StudyResult]
    seconds: float

    @property
    def rows(self) -> list[tuple[Study, Row]]:
        return [(result.study, row) for result in self.results for row in result.evaluation.rows]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are met, near and missed; rows that are not modelled are in none of them."""
        return {verdict: sum(row.verdict == verdict for _, row in self.rows) for verdict in (MET, NEAR, MISSED)}

    @property
    def study_counts(self) -> dict[str, int]:
        """How many studies, each by its worst row."""
        return {
            verdict: sum(result.verdict == verdict for result in self.results)
            for verdict in (MET, NEAR, MISSED, NOT_MODELLED)
        }


def validate(
    studies: list[Study] | None = None, *, threads: int = 0, progress: Callable[[float], None] | None = None
) -> Report:
    """Run the model against the studies (all shipped ones by default). `threads` 0 takes all processors.

    Raises `ComputationError` if a run fails.
    """
    started = time.monotonic()
    studies = all_studies() if studies is None else studies
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        futures = {pool.submit(evaluate, study): study for study in studies}
        for done, _ in enumerate(as_completed(futures), start=1):
            if progress is not None:
                progress(done / len(futures))
        results = [StudyResult(study, future.result()) for future, study in futures.items()]
    return Report(results, time.monotonic() - started)
