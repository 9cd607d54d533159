"""Names as plots and tables show them: one table for all of them."""

from __future__ import annotations

# What underscores and lower case hide.
WORDS = {
    "aop": "AOP",
    "atp": "ATP",
    "emg": "EMG",
    "mvc": "MVC",
    "ph": "pH",
    "po2": "PO2",
}
# In place of the name as a whole.
NAMES = {
    "cuff_pressure_set": "cuff pressure asked for",
    "cuff_pressure_aop": "cuff pressure over AOP",
    "mvc_change": "change of MVC",
    "reps_completed": "repetitions completed",
}


def display_name(name: str) -> str:
    """A signal, summary, key or axis as a person writes it: `muscle_ph_minimum` as "muscle pH minimum".

    A key of the exercise, or of a parameter, goes by its own name: `exercise.rest` is "rest".
    """
    if name in NAMES:
        return NAMES[name]
    words = name.removeprefix("parameters.").removeprefix("exercise.").replace(".", "_").split("_")
    return " ".join(WORDS.get(word, word) for word in words if word)
