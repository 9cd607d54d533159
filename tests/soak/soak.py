"""Sweeps for as long as asked, in one process, with its memory watched.

    python tests/soak/soak.py MINUTES

Every round runs a sweep into a file and the same one in memory, interrupts and resumes one, opens the results,
checks that both hold the same values, and runs a session. Memory must be flat: after a third of the time, the line
through the samples of the resident set may rise by no more than `MOST_GROWTH` MiB an hour beyond twice the standard
error of its slope. Exit code 1 if it does, or if there were too few rounds to judge.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import limbflow

MOST_GROWTH = 8.0  # MiB per hour
SESSION = """\
title = "soak"
extends = ["people/adult_man.toml", "cuffs/wide_thigh.toml"]
[exercise]
name = "knee extension"
load = "20 %1RM"
sets = [2]
tempo = { concentric = "1 s", eccentric = "1 s" }
rest = "5 s"
[cuff]
pressure = "60 %AOP"
during = "all"
[timing]
baseline = "2 s"
recovery = "5 s"
"""


def resident_mib() -> float:
    """Memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def interrupted_at_once(_share: float) -> None:
    raise KeyboardInterrupt


def round_of_work(number: int, folder: Path) -> int:
    """One round; the number of members that were run."""
    random = np.random.default_rng(number)
    session = limbflow.Scenario.from_text(SESSION, "soak").with_(
        age=f"{random.integers(18, 80)} yr", load=f"{random.uniform(10, 40):.3g} %1RM"
    )
    axes = {"cuff_pressure": "0..120 %AOP / 4", "rest": "5 s, 10 s"}
    file = folder / "sweep.h5"
    try:
        limbflow.sweep(session, axes, file=file, threads=1, progress=interrupted_at_once)
    except limbflow.Interrupted as stopped:
        stopped.dataset.close()
    kept = limbflow.sweep(session, axes, file=file, threads=1)
    held = limbflow.sweep(session, axes, threads=1)
    for name, values in held.items():
        if values.dtype.kind == "f":
            np.testing.assert_array_equal(kept[name].values, values.values)
    kept.close()
    session.run(file=folder / "run.h5")
    with limbflow.open_dataset(folder / "run.h5") as run:
        assert np.isfinite(run.arterial_inflow.values).all()
    try:
        limbflow.Scenario.from_text(SESSION.replace("20 %1RM", "20 kg"), "wrong")
    except limbflow.InputError:
        pass
    else:
        raise AssertionError("a wrong unit was accepted")
    file.unlink()
    return 2 * held.status.size


def main(minutes: float) -> int:
    begin = time.monotonic()
    samples: list[tuple[float, float]] = []
    members = rounds = 0
    next_line = 0.0
    with tempfile.TemporaryDirectory(prefix="limbflow-soak-") as folder:
        while (hours := (time.monotonic() - begin) / 3600) < minutes / 60:
            members += round_of_work(rounds, Path(folder))
            rounds += 1
            samples.append((hours, resident_mib()))
            if hours >= next_line:
                print(
                    f"{60 * hours:7.1f} min  {rounds:6} rounds  {members:8} members  {samples[-1][1]:8.1f} MiB",
                    flush=True,
                )
                next_line = hours + max(minutes / 60 / 20, 1 / 60)
    settled = np.array([sample for sample in samples if sample[0] > samples[-1][0] / 3])
    if len(settled) < 10:
        print("too short to judge memory")
        return 1
    slope, level = np.polyfit(settled[:, 0], settled[:, 1], 1)
    noise = float(np.std(settled[:, 1] - slope * settled[:, 0] - level))
    error = noise / (np.sqrt(len(settled)) * float(np.std(settled[:, 0])))
    print(f"{rounds} rounds, {members} members in {minutes:g} min")
    print(f"memory {level:.1f} MiB, {slope:+.2f} MiB/h (standard error {error:.2f})")
    return int(slope - 2 * error > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
