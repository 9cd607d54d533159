"""How much metabolic stress a session gives: what a protocol is for, to be weighed against its limits."""

from __future__ import annotations

import numpy as np

from .record import Record

SIGNALS = ("inorganic_phosphate", "muscle_ph")
# Of H2PO4- in muscle, as the model has it (models/energetics.hpp).
PHOSPHATE_PK = 6.75


def metabolic_stress(record: Record) -> dict[str, float]:
    """Rise of diprotonated phosphate in the working muscle above rest, summed over the session and per minute of it.

    Diprotonated phosphate joins the two marks by which metabolic stress under a cuff is told, phosphate and acid (Suga
    2012, PMC3474903), and follows fatigue more closely than either (Wilson 1988, J Appl Physiol 64:2333). The session
    lasts from the first set or inflation to the last set or release. `metabolic_stress` is in mM min,
    `metabolic_stress_per_minute` in mM, `duration` in min.
    """
    phosphate, ph = (record.signal(name) for name in SIGNALS)
    diprotonated = phosphate / (1.0 + 10.0 ** (ph - PHOSPHATE_PK))
    rise = diprotonated - diprotonated[record.before].mean()
    active = np.flatnonzero((record.set_number > 0) | record.cuff_on)
    if active.size < 2:
        return {"metabolic_stress": 0.0, "metabolic_stress_per_minute": 0.0, "duration": 0.0}
    session = slice(active[0], active[-1] + 1)
    minutes = record.time[session] / 60.0
    total = float(np.sum(0.5 * (rise[session][1:] + rise[session][:-1]) * np.diff(minutes)))
    duration = float(minutes[-1] - minutes[0])
    return {
        "metabolic_stress": total,
        "metabolic_stress_per_minute": total / duration,
        "duration": duration,
    }
