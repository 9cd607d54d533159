"""Many sessions judged: each run on a pool of threads, its traces held against the limits, its traces dropped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from .. import _engine
from ..exceptions import ComputationError, InputError
from ..scenario import Scenario
from .judging import Judgement, judge
from .limits import Limit
from .record import Record, finely_sampled
from .screening import Screening

# What the derived quantities read, besides the signals that limits name.
DERIVED_FROM = (
    "cuff_pressure_set",
    "cuff_pressure",
    "cuff_pressure_aop",
    "mean_arterial_pressure",
    "systolic_pressure",
    "diastolic_pressure",
    "heart_rate",
    "arterial_inflow",
    "capillary_refill_time",
    "intramuscular_pressure",
    "atp",
    "phosphocreatine",
    "nerve_pressure_dose",
)


@dataclass(frozen=True)
class Member:
    """One session of many: its judgements in the order of the limits, and further numbers, or why there are none."""

    judgements: tuple[Judgement, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)
    error: str = ""


class Stopped(KeyboardInterrupt):
    """Ctrl-C. `members` holds those that were finished, nothing in the place of the others.

    What is built from them (a population's report, an envelope) is in `found`.
    """

    def __init__(self, message: str, members: list[Member | None], found: object = None):
        super().__init__(message)
        self.members, self.found = members, found


def judge_all(
    scenarios: Sequence[Scenario | None],
    limits: Sequence[Limit],
    *,
    screening: Screening | None = None,
    measure: Callable[[Record], dict[str, float]] | None = None,
    also: Iterable[str] = (),
    threads: int = 0,
    progress: Callable[[float], None] | None = None,
) -> list[Member]:
    """Run and judge every scenario; results stand at the scenario's index, whatever the number of threads.

    `measure` takes further numbers from a record, from signals named by `also`. A run that fails is a member with an
    error. `threads` 0 takes all processors. Ctrl-C raises `Stopped` with what was finished.
    """
    signals = kept_signals(limits, also)

    def run(scenario: Scenario | None) -> Member:
        if scenario is None:
            return Member(error="not a possible session")
        try:
            record = Record(finely_sampled(scenario).run(signals=signals, progress=False), screening)
        except (ComputationError, InputError, RuntimeError) as error:
            return Member(error=str(error))
        return Member(tuple(judge(limits, record)), measure(record) if measure else {})

    members: list[Member | None] = [None] * len(scenarios)
    workers = threads or os.cpu_count() or 1
    pool = ThreadPoolExecutor(workers)
    try:
        waiting: dict[Future[Member], int] = {}
        begun = done = 0
        while done < len(members):
            while begun < len(members) and len(waiting) < 2 * workers:
                waiting[pool.submit(run, scenarios[begun])] = begun
                begun += 1
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                members[waiting.pop(future)] = future.result()
                done += 1
            if progress is not None:
                progress(done / len(members))
    except KeyboardInterrupt as error:
        raise Stopped(f"stopped with {done} of {len(members)} finished", members) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [member for member in members if member is not None]


def kept_signals(limits: Iterable[Limit], also: Iterable[str] = ()) -> list[str]:
    """The engine's signals that judging these limits needs."""
    names = {*DERIVED_FROM, *also}
    for limit in limits:
        for tier in limit.tiers:
            names |= {condition.quantity.name for condition in (tier.test, *tier.when)}
    return [signal.name for signal in _engine.signals() if signal.name in names]
