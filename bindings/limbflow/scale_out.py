"""A sweep on the workers of a Dask cluster: chunks of members go out, rows come back, one process writes them.

A member is a pure function of its place in the plan, and rows land at their place, so neither the number of workers nor
the order in which they finish changes a bit. A chunk whose worker is lost is run by another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from . import _engine
from .exceptions import ComputationError, InputError
from .scenario import Scenario

if TYPE_CHECKING:
    from distributed import Client, Future

# Members of a chunk: enough to fill the lanes of a processor several times over.
LARGEST_CHUNK = 128
CHUNKS_PER_THREAD = 8
WAITING_PER_THREAD = 3
# How often a chunk is tried again when workers die under it; the scheduler itself has by then tried some times.
MOST_LOSSES = 5
ANSWER_WITHIN_S = 10
WORKERS_WITHIN_S = 60


@dataclass(frozen=True)
class Work:
    """What a worker needs to know of a sweep. `build` and `inputs` must be the worker's own too."""

    scenario: str
    plan: _engine.SweepPlan
    summaries: tuple[_engine.SummaryInfo, ...]
    build: tuple[str, str]
    inputs: str


def connect(address: str) -> Client:
    """A client of the scheduler at that address. Raises `InputError` when Dask or the scheduler is not there."""
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError('error: --dask needs Dask: pip install "dask[distributed]"') from error
    try:
        return Client(address, timeout=ANSWER_WITHIN_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"error: no Dask scheduler answers at {address}: {error}") from error


def run(
    client: Client,
    scenario: Scenario,
    plan: _engine.SweepPlan,
    summaries: list[_engine.SummaryInfo],
    result: _engine.SweepResult,
    report: Callable[[float], None] | None,
) -> bool:
    """Run the pending members on the cluster and write them to `result`; false when Ctrl-C ended it.

    Raises `ComputationError` when the cluster cannot go on; what was finished is in `result`.
    """
    from distributed import as_completed

    inputs = fingerprint(_engine.named_inputs(scenario._native, plan))
    work = Work(scenario.text, plan, tuple(summaries), build(), inputs)
    threads = threads_of(client)
    left = result.left
    chunk = max(1, min(LARGEST_CHUNK, left // (CHUNKS_PER_THREAD * threads) or left // threads))
    waiting_ranges = iter(result.pending_ranges(chunk))
    # As a task and not as scattered data: data dies with its worker, a task is run again.
    shared = client.submit(lambda: work, pure=False)
    waiting: dict[Future, tuple[int, int, int]] = {}

    def begin(first: int, last: int, losses: int = 0) -> Future:
        future = client.submit(members, shared, first, last, pure=False)
        waiting[future] = (first, last, losses)
        return future

    def write(future: Future, rows: Any) -> None:
        first, _, _ = waiting.pop(future)
        result.write(first, *rows)

    try:
        with client.as_current():
            finished = as_completed([begin(*each) for each in taken(waiting_ranges, WAITING_PER_THREAD * threads)])
        for future in finished:
            error = future.exception()
            if error is None:
                write(future, future.result())
                if report is not None:
                    report(1.0 - result.left / len(plan))
                for each in taken(waiting_ranges, 1):
                    finished.add(begin(*each))
                continue
            first, last, losses = waiting.pop(future)
            if not is_loss(error) or losses >= MOST_LOSSES:
                raise failure(error, first, last) from error
            finished.add(begin(first, last, losses + 1))
    except KeyboardInterrupt:
        for future in [future for future in waiting if future.status == "finished"]:
            write(future, future.result())
        return False
    finally:
        client.cancel(list(waiting), force=True)
    result.finish()
    return True


def members(work: Work, begin: int, end: int) -> tuple[Any, Any, list[str]]:
    """On a worker: members `begin` to `end`, on one thread, without the GIL."""
    if work.build != build():
        theirs, ours = (f"{version} (sources {source[:12]})" for version, source in (work.build, build()))
        raise InputError(f"error: the sweep comes from limbflow {theirs}, and this worker has {ours}")
    scenario = parsed(work.scenario)
    check_inputs(work.inputs, work.scenario, work.plan)
    return _engine.run_members(scenario._native, work.plan, list(work.summaries), begin, end)


@lru_cache(maxsize=8)
def parsed(text: str) -> Scenario:
    return Scenario.from_text(text)


CHECKED_INPUTS: set[str] = set()


def check_inputs(expected: str, scenario: str, plan: _engine.SweepPlan) -> None:
    """Raise `InputError` when a file that the sweep names (a person, a cuff) is not on this worker, or is another."""
    if expected in CHECKED_INPUTS:
        return
    if fingerprint(_engine.named_inputs(parsed(scenario)._native, plan)) != expected:
        raise InputError(
            "error: the people or cuffs that the axes of the sweep name are not the same files on this worker"
        )
    CHECKED_INPUTS.add(expected)


def fingerprint(texts: list[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def build() -> tuple[str, str]:
    return _engine.version, _engine.source_hash


def threads_of(client: Client) -> int:
    """Threads of all workers. Raises `ComputationError` when none comes."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_WITHIN_S)
    except TimeoutError as error:
        address = client.scheduler.address if client.scheduler else "the scheduler"
        raise ComputationError(f"no worker came to {address} within {WORKERS_WITHIN_S} s") from error
    return max(1, sum(client.nthreads().values()))


def taken(ranges: Iterator[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    return [each for _, each in zip(range(count), ranges, strict=False)]


def is_loss(error: BaseException) -> bool:
    """Whether the worker is at fault, not the work."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    return isinstance(error, (KilledWorker, CancelledError, CommClosedError))


def failure(error: BaseException, begin: int, end: int) -> Exception:
    if isinstance(error, InputError):
        return error
    return ComputationError(f"members {begin} to {end - 1} cannot be run on the cluster: {error}")
