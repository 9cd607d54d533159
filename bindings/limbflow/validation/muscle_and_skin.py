"""Studies of contraction against flow, and of capillary refill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .measure import at, weighted_mean
from .registry import Evaluation, evaluates
from .studies import Study
from .verdicts import Row, against, holds, within

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HOLDING_S = 33.0  # three seconds into the hold
NEARLY_MAXIMAL = "98 %MVC"  # the most that a fresh muscle holds for a moment
ARRESTED = 0.05  # share of its resting flow that a muscle with "no" flow may still have


@evaluates("contraction_stops_flow")
def contraction(study: Study) -> Evaluation:
    """Flow of the working muscle three seconds into a hold, over its flow at rest."""

    def working_flow(run) -> float:
        return at(run, "working_muscle_flow", HOLDING_S) / at(run, "working_muscle_flow", 0.0)

    efforts = np.arange(5, 101, 5)
    flows: dict[str, np.ndarray] = {}
    pressures = {}
    for limb in ("leg", "arm"):
        runs = [study.scenario(limb=limb, load=f"{percent} %MVC").run() for percent in efforts]
        flows[limb] = np.array([working_flow(run) for run in runs])
        pressures[limb] = np.array([at(run, "intramuscular_pressure", HOLDING_S) for run in runs])

    def arrest(limb: str) -> float:
        return float(np.interp(-ARRESTED, -np.minimum.accumulate(flows[limb]), efforts))

    model = {
        "contraction_that_arrests_flow": arrest("leg"),
        "handgrip_arrest": arrest("arm"),
        "imp_at_5pctMVC": float(pressures["leg"][0]),
        "imp_at_MVC": float(study.scenario(limb="leg", load=NEARLY_MAXIMAL).run().intramuscular_pressure.values.max()),
    }
    units = {"pctMVC": "% MVC"}
    rows = [
        within(
            record["quantity"].replace("_", " ").replace("pctMVC", " % MVC"),
            units.get(record["unit"], record["unit"]),
            model[record["quantity"]],
            record["low"],
            record["high"],
        )
        for record in study.records()
    ]

    def draw(ax: Axes) -> None:
        ax.plot(efforts, flows["leg"], "-", color="black", label="model, leg")
        ax.plot(efforts, flows["arm"], "--", color="black", label="model, arm")
        record = study.row(quantity="contraction_that_arrests_flow")
        ax.axvspan(record["low"], record["high"], color="0.88", label="measured: flow arrested")
        ax.set_xlabel("force (% MVC)")
        ax.set_ylabel("flow of working muscle over rest")
        ax.legend()

    return Evaluation(rows, draw)


@evaluates("capillary_refill")
def refill(study: Study) -> Evaluation:
    """At rest by person; five minutes under a venous cuff; one minute under a cuff of systolic pressure plus 30."""

    def at_rest(person: str) -> float:
        return at(study.scenario(person=person).run(), "capillary_refill_time", 0.0)

    groups = {
        "adult_men": {"adult_man": 1},
        "adult_women": {"adult_woman": 1},
        "elderly_women": {"older_woman": 1},
        "elderly_men": {"older_man": 1},
        "adults_n1000": {"adult_man": 1, "older_man": 1, "adult_woman": 1, "older_woman": 1},
    }
    venous = study.scenario(cuff_pressure="60 mmHg").run()
    occluded = study.scenario(cuff_pressure="150 mmHg").run()
    rows: list[Row] = []
    for record in study.records():
        median, limit = record["refill_s"], record["limit95_s"]
        # The 95 % limit lies 1.645 standard deviations above the median.
        spread = ((limit - median) / 1.645, "median and 95 % limit")
        if record["condition"] == "venous_cuff_60mmHg":
            for minutes in (1, 5):
                model = at(venous, "capillary_refill_time", 59.0 + 60.0 * minutes)
                rows.append(against(f"60 mmHg venous cuff for {minutes} min", "s", model, median, *spread))
        else:
            model = weighted_mean(groups[record["condition"]], at_rest)
            rows.append(against(record["condition"].replace("_", " "), "s", model, median, *spread))
    late = at(occluded, "capillary_refill_time", 120.0)
    rows.append(holds("arm occluded (systolic + 30 mmHg) for 1 min", "past 2.88 s", late > 2.88, f"model {late:.1f} s"))

    def draw(ax: Axes) -> None:
        for run, name, dash in ((venous, "60 mmHg", "-"), (occluded, "systolic + 30 mmHg", "--")):
            ax.plot(run.time, run.capillary_refill_time, dash, color="black", label=f"model, {name}")
        ax.axhline(2.88, color="#D55E00", label="measured: occluded above, free below")
        ax.set_ylim(0, 10)
        ax.set_xlabel("time (s), cuff on from 60 s")
        ax.set_ylabel("capillary refill time (s)")
        ax.legend()

    return Evaluation(rows, draw)
