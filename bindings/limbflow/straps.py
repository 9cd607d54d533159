"""Straps without a gauge: the pressure that a pull or a rating makes, and what it means for the artery."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from . import _engine
from .exceptions import InputError
from .results import unknown_name
from .texts import to_texts

LIMBS = ("arm", "leg")
PERCENTILES = (5, 25, 50, 75, 95)
PULLS = ("tightness", "overlap", "stretch", "tension")


@dataclass(frozen=True)
class StrapPressure:
    """The pressure under a strap as far as it is known: a distribution, not a number.

    Pressures in mmHg, `percent_aop` in % of the occlusion pressure; percentiles by percent (5, 25, 50, 75, 95),
    between people. `full_occlusion` is the probability (0..1) that the strap shuts the artery,
    `full_occlusion_interval` its 95 % interval from the number of people measured. `day_to_day_sd` is of one person
    who rates the same tightness on other days; nothing where the strap was not rated. `float(...)` gives `pressure`.
    """

    pressure: float
    pressure_sd: float
    pressure_percentiles: Mapping[int, float]
    day_to_day_sd: float | None
    occlusion_pressure: float
    occlusion_sd: float
    occlusion_of: str
    percent_aop: float
    percent_aop_percentiles: Mapping[int, float]
    full_occlusion: float
    full_occlusion_interval: tuple[float, float]
    pull: str
    limb: str
    strap: str
    person: str
    sources: tuple[str, ...]

    def __float__(self) -> float:
        return self.pressure

    def __str__(self) -> str:
        low, high = self.pressure_percentiles[5], self.pressure_percentiles[95]
        return (
            f"{self.pressure:.0f} mmHg ({low:.0f} to {high:.0f}), {self.percent_aop:.0f} %AOP, "
            f"full occlusion {100 * self.full_occlusion:.0f} % ({self.limb}, {self.pull})"
        )


def strap(
    limb: str = "arm",
    *,
    tightness: float | str | None = None,
    overlap: str | None = None,
    stretch: str | None = None,
    tension: str | None = None,
    person: str | os.PathLike | None = None,
    posture: str = "supine",
    occlusion_pressure: str | None = None,
    **changes,
) -> StrapPressure:
    """The pressure under a strap on an arm or a leg, put on by one of four measures.

    `tightness`: as it feels, 0 to 10. `overlap` ("30 %"): how far it is pulled beyond its loose fit, of the limb's
    circumference. `stretch` ("40 %"): of the strap itself. `tension` ("200 N").
    `person`: a shipped one or a TOML file, whose occlusion pressure is found by the virtual test in `posture`. Without
    one a rating is held against the occlusion pressure of the people who rated, and a pull against that of the adult
    man.
    `occlusion_pressure` ("160 mmHg"): measured, instead. `changes` are as in `Scenario.with_`, such as `width="5 cm"`,
    `material="soft"` (stiff, medium, soft), `circumference` of the limb. Raises `InputError`.
    """
    if limb not in LIMBS:
        raise unknown_name("limb", limb, list(LIMBS))
    asked = {"tightness": tightness, "overlap": overlap, "stretch": stretch, "tension": tension}
    pulls = {name: value for name, value in asked.items() if value is not None}
    if not pulls:
        raise InputError(f"error: strap: say how it is put on: one of {', '.join(PULLS)}")
    if "circumference" in changes:
        changes[f"person.{limb}.circumference"] = changes.pop("circumference")
    if occlusion_pressure is not None:
        changes["cuff.occlusion_pressure"] = occlusion_pressure
    texts = to_texts({"posture": posture, **{f"cuff.{name}": value for name, value in pulls.items()}, **changes})
    native = _engine.resting_scenario(os.fspath(person or "adult_man"), f"strap_{limb}", texts)
    rated = "tightness" in pulls
    known = _engine.OcclusionKnown
    if occlusion_pressure is not None:
        of, whose = known.measured, "measured"
    elif rated and person is None:
        of, whose = known.of_people, "the people who rated"
    else:
        of, whose = known.of_person, f"{native.person_name}, {posture}, by the virtual test"
    found = _engine.read_strap(native, of)
    percentiles = {p: found.pressure.quantile(p / 100) if found.pressure.mean > 0 else 0.0 for p in PERCENTILES}
    return StrapPressure(
        pressure=found.pressure.mean,
        pressure_sd=found.pressure.sd,
        pressure_percentiles=percentiles,
        day_to_day_sd=found.day_to_day_sd if rated else None,
        occlusion_pressure=found.occlusion.mean,
        occlusion_sd=found.occlusion.sd,
        occlusion_of=whose,
        percent_aop=100 * found.share.mean,
        percent_aop_percentiles={
            p: 100 * found.share.quantile(p / 100) if found.share.mean > 0 else 0.0 for p in PERCENTILES
        },
        full_occlusion=found.full_occlusion,
        full_occlusion_interval=(found.full_occlusion_low, found.full_occlusion_high),
        pull=", ".join(f"{name} {value}" + (" of 10" if name == "tightness" else "") for name, value in pulls.items()),
        limb=limb,
        strap=native.cuff_name,
        person=native.person_name if of == known.of_person or not rated else "",
        sources=sources_of(rated, limb, native.cuff_material, of),
    )


def sources_of(rated: bool, limb: str, material: str, of: _engine.OcclusionKnown) -> tuple[str, ...]:
    """Where the numbers come from, each once."""
    names = (
        [f"tightness_pressure_{limb}", "tightness_exponent", "tightness_spread", "tightness_day_spread"]
        if rated
        else ["strap_efficiency", "strap_efficiency_spread", "strap_compression_limit", f"strap_stiffness_{material}"]
    )
    occlusion = {
        _engine.OcclusionKnown.of_people: [f"tightness_occlusion_{limb}", "occlusion_spread"],
        _engine.OcclusionKnown.of_person: ["cuff_transmission_coefficient", "occlusion_spread"],
        _engine.OcclusionKnown.measured: ["occlusion_repeat_spread"],
    }
    table = {row["name"]: row["source"] for row in _engine.parameters()}
    return tuple(dict.fromkeys(table[name] for name in names + occlusion[of]))
