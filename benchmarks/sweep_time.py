"""A sweep as a user runs it, in a process of its own.

`sweep_time.py MEMBERS THREADS FOLDER` prints its costs as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import limbflow

SUMMARIES = [
    "arterial_inflow_mean", "deep_venous_pressure_maximum", "muscle_oxygen_saturation_minimum",
    "muscle_lactate_maximum", "muscle_ph_minimum", "high_threshold_recruitment_maximum", "systolic_pressure_maximum",
    "reps_completed", "time_to_failure", "mvc_change",
]  # fmt: skip
PRESSURES_OVER_LOADS = 4  # points of cuff pressure for each point of load


def most_memory() -> float:
    """Largest memory of this process so far, MiB. (getrusage counts what it was forked from.)"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    members, threads, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    loads = max(1, round((members / PRESSURES_OVER_LOADS) ** 0.5))
    pressures = max(2, round(members / loads))
    session = limbflow.load("30-15-15-15").with_(**{"simulation.tolerance": "1e-3"})
    file = folder / "sweep_time.h5"
    file.unlink(missing_ok=True)
    before = time.process_time()
    begin = time.monotonic()
    result = limbflow.sweep(
        session,
        cuff_pressure=f"30..70 %AOP / {pressures}",
        load=f"15..20 %1RM / {loads}" if loads > 1 else ["20 %1RM"],
        summaries=SUMMARIES,
        file=file,
        threads=threads,
        progress=lambda share: None,
    )
    wall = time.monotonic() - begin
    done = int((result.status == 1).sum()) + int((result.status == 2).sum())
    result.close()
    file.unlink()
    print(
        json.dumps(
            {
                "members": pressures * loads,
                "done": done,
                "wall": wall,
                "processor": time.process_time() - before,
                "memory": most_memory(),
            }
        )
    )


if __name__ == "__main__":
    main()
