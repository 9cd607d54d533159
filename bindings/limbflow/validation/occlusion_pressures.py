"""Studies of arterial occlusion pressure: widths, limbs, postures, people, materials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .measure import weighted_mean
from .registry import Evaluation, evaluates
from .studies import Study
from .trials import aop
from .verdicts import Row, against, holds, not_modelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Between people: circumference of the thigh, systolic pressure.
CIRCUMFERENCE_SD_CM = 5.0
SYSTOLIC_SD_MMHG = 11.0


def pressure(person: str, limb: str, width_cm: float, posture: str = "supine", **changes: str) -> float:
    """Occlusion pressure under a nylon cuff of that width, mmHg."""
    cuff = {"arm": "medium_arm", "leg": "medium_thigh"}[limb]
    return float(aop(person, cuff, posture, **{"cuff.width": f"{width_cm} cm", **changes}))


@evaluates("sieljacks2018_thigh_aop_supine")
def thigh(study: Study) -> Evaluation:
    widths = {"wide": 13.5, "narrow": 5.5}
    rows = [
        against(
            f"{record['cuff']} cuff, {widths[record['cuff']]} cm",
            "mmHg",
            pressure("adult_man", "leg", widths[record["cuff"]]),
            record["aop_mmHg"],
            record["spread"],
        )
        for record in study.records()
    ]
    points = [(widths[record["cuff"]], record["aop_mmHg"], record["spread"]) for record in study.records()]
    return Evaluation(rows, drawn_over_width("leg", points))


@evaluates("thigh_aop_other")
def other_thighs(study: Study) -> Evaluation:
    return by_width(study, "leg")


@evaluates("arm_aop")
def arms(study: Study) -> Evaluation:
    return by_width(study, "arm")


def by_width(study: Study, limb: str) -> Evaluation:
    rows = []
    for record in study.records():
        posture, width = record.get("posture", "supine"), record["width_cm"]

        def of_person(person: Any, posture: str = posture, width: float = width) -> float:
            return pressure(person, limb, width, posture)

        model = weighted_mean(study.people(record["source"]), of_person)
        name = f"{record['source'].replace('_', ' ')}, {width} cm, {posture}"
        rows.append(against(name, "mmHg", model, record["aop_mmHg"], record["spread"]))
    points = [
        (record["width_cm"], record["aop_mmHg"], record["spread"])
        for record in study.records()
        if record.get("posture", "supine") == "supine"
    ]
    return Evaluation(rows, drawn_over_width(limb, points))


def drawn_over_width(limb: str, points: list[tuple[float, float, float]]):
    """Occlusion pressure against cuff width, supine: the model's curve and what was measured."""

    def draw(ax: Axes) -> None:
        widths = np.linspace(4, 18, 15)
        for person, dash in (("adult_man", "-"), ("adult_woman", "--")):
            curve = [pressure(person, limb, width) for width in widths]
            ax.plot(widths, curve, dash, color="black", label=f"model, {person.replace('_', ' ')}")
        x, y, sd = np.array(points).T
        ax.errorbar(x, y, yerr=sd, fmt="o", color="#D55E00", capsize=3, label="measured, SD")
        ax.set_xlabel("cuff width (cm)")
        ax.set_ylabel("occlusion pressure (mmHg)")
        ax.legend()

    return draw


@evaluates("aop_regression_18cm_thigh")
def regression(study: Study) -> Evaluation:
    rows = []
    for record in study.records():
        person = {1: "adult_man", 2: "adult_woman"}[record["sex"]]
        model = pressure(
            person,
            "leg",
            18,
            **{
                "person.leg.circumference": f"{record['thigh_cm']} cm",
                "person.systolic_pressure": f"{record['SBP']} mmHg",
                "person.age": f"{record['age']} yr",
            },
        )
        name = f"thigh {record['thigh_cm']} cm, SBP {record['SBP']} mmHg, {person.split('_')[1]}"
        rows.append(against(name, "mmHg", model, record["aop_mmHg"], record["spread"]))
    return Evaluation(rows)


@evaluates("aop_width_circumference_trends")
def trends(study: Study) -> Evaluation:
    """Slopes of occlusion pressure on circumference and on systolic pressure, for one man of average build."""
    widths = [5.0, 11.0, 13.0, 18.0]
    middle = [pressure("adult_man", "leg", width) for width in widths]
    circumference, systolic = [], []
    for width in widths:
        thick, thin = (pressure("adult_man", "leg", width, **{"person.leg.circumference": f"{c} cm"}) for c in (60, 50))
        high, low = (
            pressure("adult_man", "leg", width, **{"person.systolic_pressure": f"{s} mmHg"}) for s in (130, 110)
        )
        circumference.append((thick - thin) / 10.0)
        systolic.append((high - low) / 20.0)
    by_size = np.array(circumference) * CIRCUMFERENCE_SD_CM
    by_pressure = np.array(systolic) * SYSTOLIC_SD_MMHG
    share = by_size**2 / (by_size**2 + by_pressure**2)
    highest = aop("adult_man", "narrow_thigh")

    def told(values) -> str:
        return ", ".join(f"{value:.3g} at {width:g} cm" for width, value in zip(widths, values, strict=True))

    rows: list[Row] = [
        holds("occlusion pressure against width", "falls with cuff width", is_falling(middle), told(middle) + " mmHg"),
        holds(
            "share of variance from circumference, 11, 13, 18 cm",
            "falls with width (36, 26, 11 %)",
            is_falling(share[1:]),
            told(100 * share) + " % (thigh SD 5 cm, systolic SD 11 mmHg)",
        ),
        holds(
            "share of variance from systolic pressure, 11, 13, 18 cm",
            "rises with width (2, 6, 12 %)",
            is_falling(share[1:]),
            told(100 * (1 - share)) + " %",
        ),
        holds(
            "circumference at 18 cm",
            "hardly matters: under half of its effect at 11 cm",
            abs(circumference[3]) < 0.5 * abs(circumference[1]),
            told(circumference) + " mmHg/cm",
        ),
        holds(
            "slope on systolic pressure, 11 to 18 cm",
            "the same at every width (within a quarter)",
            max(systolic[1:]) < 1.25 * min(systolic[1:]),
            told(systolic) + " mmHg/mmHg",
        ),
        holds(
            "pressure at the artery",
            "never above the cuff's",
            highest.artery_pressure <= highest.cuff_pressure,
            f"{highest.artery_pressure:.0f} under {highest.cuff_pressure:.0f} mmHg",
        ),
        not_modelled("skin pressure below the bladder's", "5.95 %", "", "goes into the model as it is"),
    ]

    def draw(ax: Axes) -> None:
        ax.plot(widths[1:], 100 * share[1:], "-", color="black", label="model: circumference, share of both")
        width, size, pressure_share = np.array(study.rows).T
        ax.plot(width, 100 * size / (size + pressure_share), "o", color="#D55E00", label="measured: the same ratio")
        ax.set_xlabel("cuff width (cm)")
        ax.set_ylabel("variance explained (%)")
        ax.legend()

    return Evaluation(rows, draw)


def is_falling(values) -> bool:
    return bool(np.all(np.diff(values) < 0))
