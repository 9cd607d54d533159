"""Whether a session breaks a limit: where, when, by how much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .limits import SEVERITIES, Condition, Limit, Tier
from .quantities import Quantity, compare
from .record import Readings, Record, spells

BROKEN, MET, UNANSWERED, NOT_JUDGED = "broken", "met", "unanswered", "not judged"
DOES_NOT_APPLY = "does not apply"


@dataclass(frozen=True)
class Judgement:
    """One limit and one session.

    `state` is broken, met, unanswered (a question that decides it has no answer), does not apply (to this limb or
    session) or not judged (by this model).
    `tier` is the worst that is broken, or else the nearest; `value` the worst reading of its quantity, `margin` what is
    left to the limit, negative where it is passed, both in the unit of the quantity and nothing where there is no
    number or the limit does not apply; `time` (s) when the limit was first broken.
    """

    limit: Limit
    state: str
    tier: Tier | None = None
    value: Any = None
    margin: float | None = None
    time: float | None = None

    @property
    def severity(self) -> str:
        return self.tier.severity if self.tier else self.limit.severity

    @property
    def quantity(self) -> Quantity | None:
        return self.tier.test.quantity if self.tier else None

    @property
    def relative_margin(self) -> float:
        """The margin over the limit, for sorting; minus infinity where there is no number."""
        if self.margin is None:
            return -np.inf if self.state == BROKEN else np.inf
        return self.margin / max(abs(float(self.tier.bound)), 1e-9)


def judge(limits: Iterable[Limit], record: Record) -> list[Judgement]:
    """Every limit, in order."""
    return [judge_limit(limit, record) for limit in limits]


def judge_limit(limit: Limit, record: Record) -> Judgement:
    """The worst tier that is broken; if none is, the nearest."""
    if limit.not_judged:
        return Judgement(limit, NOT_JUDGED)
    found = [judge_tier(limit, tier, record) for tier in limit.tiers]
    broken = [judgement for judgement in found if judgement.state == BROKEN]
    if broken:
        return min(broken, key=lambda each: (SEVERITIES.index(each.severity), each.relative_margin))
    unanswered = [judgement for judgement in found if judgement.state == UNANSWERED]
    if unanswered:
        return unanswered[0]
    return min(found, key=lambda each: (each.state != MET, each.relative_margin))


def judge_tier(limit: Limit, tier: Tier, record: Record) -> Judgement:
    test = tier.test
    if tier.measured and test.quantity.name not in record.observed:
        return Judgement(limit, DOES_NOT_APPLY, tier)
    readings = record.readings(test.quantity.name)
    if readings is None:
        asked = test.quantity.origin == "question" and may_matter(tier.when, record)
        return Judgement(limit, UNANSWERED if asked else DOES_NOT_APPLY, tier)
    applies = readings.applicable.copy()
    for condition in tier.when:
        holding = condition_at(condition, readings, record)
        if holding is None:
            hit = applies & compare(readings.values, test.comparison, test.threshold)
            return Judgement(limit, UNANSWERED if hit.any() else MET, tier)
        applies &= holding
    hit = applies & compare(readings.values, test.comparison, test.threshold)
    since = readings.times
    if tier.lasting > 0:
        hit, since = lasting(hit, readings, tier.lasting)
    if not applies.any():
        return Judgement(limit, DOES_NOT_APPLY, tier)
    if not test.quantity.is_number:
        if hit.any():
            return Judgement(limit, BROKEN, tier, test.threshold, None, first_time(hit, since))
        return Judgement(limit, MET, tier, value=readings.values[0])
    if hit.any():
        values = readings.values[hit]
        worst = values[np.argmin(room(test, values))]
        when = first_time(hit, since)
        if when is not None and test.quantity.duration and test.comparison in (">", ">="):
            when += float(test.threshold) * seconds_of(test.quantity.unit)
        return Judgement(limit, BROKEN, tier, float(worst), float(room(test, worst)), when)
    values = readings.values[applies]
    margins = room(test, values)
    nearest = int(np.argmin(margins))
    return Judgement(limit, MET, tier, float(values[nearest]), max(float(margins[nearest]), 0.0))


def may_matter(conditions: Iterable[Condition], record: Record) -> bool:
    """Whether a question decides anything: no condition is known to fail throughout."""
    for condition in conditions:
        found = record.readings(condition.quantity.name)
        if found is not None and not compare(found.values, condition.comparison, condition.threshold).any():
            return False
    return True


def condition_at(condition: Condition, readings: Readings, record: Record) -> np.ndarray | None:
    """Whether a condition holds at each reading; nothing if that is not known."""
    found = record.readings(condition.quantity.name)
    if found is None:
        return None if condition.quantity.origin == "question" else np.zeros(readings.values.shape, dtype=bool)
    holds = compare(found.values, condition.comparison, condition.threshold)
    if found.times is None:
        return np.full(readings.values.shape, bool(holds.any()))
    if readings.times is None:
        return np.full(readings.values.shape, bool(holds.any()))
    if found.times.shape == readings.times.shape and np.array_equal(found.times, readings.times):
        return holds
    at = np.searchsorted(found.times, readings.times, side="right") - 1
    return np.where(at >= 0, holds[np.clip(at, 0, None)], False)


def lasting(hit: np.ndarray, readings: Readings, least: float) -> tuple[np.ndarray, np.ndarray | None]:
    """Only those stretches of hits that go on for longer than `least` s, and the time at which each passes it."""
    if readings.times is None:
        return np.zeros_like(hit), None
    kept, since = np.zeros_like(hit), readings.times.copy()
    for begin, end in spells(hit, readings.times):
        if end - begin > least:
            within = (readings.times >= begin) & (readings.times < end) & hit
            kept |= within
            since[within] = begin + least
    return kept, since


def first_time(hit: np.ndarray, times: np.ndarray | None) -> float | None:
    return None if times is None else float(times[np.argmax(hit)])


def room(test: Condition, values: Any) -> Any:
    """What is left between values and the limit; negative, or zero, where it is broken."""
    values, threshold = np.asarray(values, dtype=float), test.threshold
    if test.comparison in (">", ">="):
        return threshold - values
    if test.comparison in ("<", "<="):
        return values - threshold
    low, high = threshold
    inside = np.minimum(values - low, high - values)
    return inside if test.comparison == "outside" else -inside


def seconds_of(unit: str) -> float:
    return {"s": 1.0, "min": 60.0, "h": 3600.0}[unit]
