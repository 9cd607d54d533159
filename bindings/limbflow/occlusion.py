"""Arterial occlusion pressure by the virtual test."""

from __future__ import annotations

from dataclasses import dataclass

from . import _engine
from .texts import to_texts


@dataclass(frozen=True)
class OcclusionPressure:
    """The cuff pressure at which the distal pulse is gone.

    `cuff_pressure` is what is set on the cuff and `artery_pressure` what then arrives at the artery, both in mmHg;
    `transmission` is their ratio. `float(...)` gives `cuff_pressure`.
    """

    cuff_pressure: float
    artery_pressure: float
    transmission: float
    person: str
    cuff: str
    posture: str
    limb: str

    @classmethod
    def of(cls, native: _engine.Scenario) -> OcclusionPressure:
        result = _engine.aop(native)
        return cls(
            cuff_pressure=result.cuff_pressure,
            artery_pressure=result.artery_pressure,
            transmission=result.transmission,
            person=native.person_name,
            cuff=native.cuff_name,
            posture=native.posture,
            limb=native.limb,
        )

    def __float__(self) -> float:
        return self.cuff_pressure

    def __str__(self) -> str:
        return f"{self.cuff_pressure:.0f} mmHg ({self.person}, {self.limb}, {self.cuff}, {self.posture})"


def aop(person: str = "adult_man", cuff: str = "wide_thigh", posture: str = "supine", **changes) -> OcclusionPressure:
    """Occlusion pressure of a shipped (or own, by path) person under a cuff in a posture (supine, seated, standing).

    `changes` are as in `Scenario.with_`, for example `systolic_pressure="140 mmHg"`. Raises `InputError`.
    """
    overrides = to_texts({"posture": posture, **changes})
    return OcclusionPressure.of(_engine.resting_scenario(person, cuff, overrides))
