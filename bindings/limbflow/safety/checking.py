"""`limbflow.check`: one session against all limits."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..scenario import Scenario, as_scenario
from .disagreements import Disagreement, disagreements
from .judging import BROKEN, DOES_NOT_APPLY, MET, NOT_JUDGED, UNANSWERED, Judgement, judge
from .limits import SEVERITIES, Limit, load_limits, shipped_limits
from .record import Record, finely_sampled
from .screening import Screening, load_screening

if TYPE_CHECKING:
    import numpy as np
    import xarray


@dataclass(frozen=True)
class Finding:
    """One limit that is broken. `value`, `limit` and `margin` are in the unit that `quantity` ends with.

    `margin` is what is left to the limit: negative where it is passed, nothing where the limit is no number. `time_s`
    is when it is first passed, nothing for what holds for the whole session.
    """

    id: str
    severity: str
    quantity: str
    value: Any
    limit: Any
    margin: float | None
    time_s: float | None
    source: str
    basis: str

    @classmethod
    def of(cls, judgement: Judgement) -> Finding:
        return cls(
            id=judgement.limit.id,
            severity=judgement.severity,
            quantity=judgement.quantity.label,
            value=judgement.value,
            limit=judgement.tier.bound,
            margin=judgement.margin,
            time_s=judgement.time,
            source=judgement.limit.references,
            basis=judgement.limit.basis,
        )


class Report:
    """What `check` found in one session: `judgements` of all limits, `findings` of those that are broken."""

    def __init__(self, record: Record, limits: Sequence[Limit]):
        self.record = record
        self.judgements = judge(limits, record)

    @property
    def run(self) -> xarray.Dataset:
        """The run that was judged."""
        return self.record.run

    def of_state(self, state: str) -> list[Judgement]:
        return [judgement for judgement in self.judgements if judgement.state == state]

    @cached_property
    def broken(self) -> list[Judgement]:
        """The broken limits: contraindications first, then stops, warnings, information, the most passed first."""
        return sorted(
            self.of_state(BROKEN),
            key=lambda each: (
                not is_contraindication(each),
                SEVERITIES.index(each.severity),
                each.relative_margin,
                each.limit.id,
            ),
        )

    @property
    def contraindications(self) -> list[Judgement]:
        """Stops that the screening alone gives."""
        return [judgement for judgement in self.broken if is_contraindication(judgement)]

    @property
    def met(self) -> list[Judgement]:
        return self.of_state(MET)

    @property
    def unanswered(self) -> list[Judgement]:
        return self.of_state(UNANSWERED)

    @property
    def not_applying(self) -> list[Judgement]:
        return self.of_state(DOES_NOT_APPLY)

    @property
    def not_judged(self) -> list[Judgement]:
        return self.of_state(NOT_JUDGED)

    @property
    def findings(self) -> list[Finding]:
        return [Finding.of(judgement) for judgement in self.broken]

    @property
    def counts(self) -> dict[str, int]:
        """How many broken limits there are of each severity."""
        found = Counter(judgement.severity for judgement in self.broken)
        return {severity: found[severity] for severity in SEVERITIES}

    @cached_property
    def disagreements(self) -> list[Disagreement]:
        """Where sources disagree: what each says, and whether this session is within it."""
        return disagreements(self.record)

    @property
    def verdict(self) -> str:
        """One line that counts what is broken."""
        counts, words = self.counts, []
        for severity, one, many in (
            ("stop", "stop", "stops"),
            ("warn", "warning", "warnings"),
            ("info", "note", "notes"),
        ):
            words.append(f"{counts[severity]} {one if counts[severity] == 1 else many}")
        judged = len(self.broken) + len(self.met)
        parts = [f"{words[0]}, {words[1]} and {words[2]} of {judged} limits judged"]
        if self.contraindications:
            parts.insert(0, f"contraindicated ({', '.join(each.limit.id for each in self.contraindications)})")
        if self.not_applying:
            parts.append(f"{len(self.not_applying)} {'does' if len(self.not_applying) == 1 else 'do'} not apply")
        if self.unanswered:
            parts.append(f"{len(self.unanswered)} wait for answers of the screening")
        if self.not_judged:
            parts.append(f"{len(self.not_judged)} cannot be judged by the model")
        return "; ".join(parts)

    @property
    def exit_code(self) -> int:
        """1 when a stop is broken, else 0."""
        return int(self.counts["stop"] > 0)

    def as_json(self) -> dict[str, Any]:
        """Counts and findings as plain values."""
        states = {
            "broken": self.broken,
            "met": self.met,
            "do_not_apply": self.not_applying,
            "unanswered": self.unanswered,
            "not_judged": self.not_judged,
        }
        return {
            "counts": self.counts,
            "limits": {state: len(judgements) for state, judgements in states.items()},
            "findings": [vars(finding) for finding in self.findings],
        }

    def plot(self, axes: np.ndarray | None = None) -> np.ndarray:
        """The traces against their limits; returns the array of matplotlib axes."""
        from .plots import traces

        return traces(self, axes)

    def __repr__(self) -> str:
        lines = [f"<limbflow check of {self.run.attrs.get('title', 'a run')}> {self.verdict}"]
        lines += [f"  {each.severity:<4}  {each.limit.id:<6}  {each.quantity.label}" for each in self.broken]
        return "\n".join(lines)


def is_contraindication(judgement: Judgement) -> bool:
    """Whether a screening stop is broken: a limit of the kind that is asked before the session."""
    return judgement.state == BROKEN and judgement.severity == "stop" and judgement.limit.id.startswith("PRE-")


def chosen_limits(limits: Sequence[Limit] | str | os.PathLike | None) -> Sequence[Limit]:
    """The shipped limits, those with a file's, or the ones given."""
    if limits is None:
        return shipped_limits()
    if isinstance(limits, (str, Path, os.PathLike)):
        return load_limits(limits)
    return limits


def check(
    scenario: Scenario | str | os.PathLike | xarray.Dataset,
    *,
    screening: Screening | str | os.PathLike | Mapping[str, Any] | None = None,
    limits: Sequence[Limit] | str | os.PathLike | None = None,
    progress: bool | Callable[[float], None] | None = None,
) -> Report:
    """Run a scenario and judge its traces against published limits.

    `scenario` is a scenario, its name or path, or the dataset of a run that was made already. `screening` is a
    questionnaire file, or a mapping with the tables `answers` and `observed` (see `safety.questionnaire()`); what was
    observed takes the place of what the model gives. `limits` is a file whose limits are added to the shipped ones, or
    a list of limits to judge instead.

    A scenario with an exercise is sampled four times a second, so that the peaks of contractions are seen; a run that
    was made already is judged at its samples. The report says which limits are met and which are broken, by how much
    and who published them; it never says that a protocol can do no harm. Raises `InputError` for files,
    `ComputationError` when the run cannot be completed.
    """
    import xarray

    answers = None if screening is None else load_screening(screening)
    table = chosen_limits(limits)
    run = (
        scenario
        if isinstance(scenario, xarray.Dataset)
        else finely_sampled(as_scenario(scenario)).run(progress=progress)
    )
    return Report(Record(run, answers), table)
