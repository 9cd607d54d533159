"""Tables of a document that come from the program itself: states, signals, session numbers, parameters.

    python -m limbflow.documentation models/MODEL.md

replaces what stands between `<!-- generated: NAME -->` and `<!-- end: NAME -->`, for each NAME of `TABLES`. With
`--check` it changes nothing and ends with exit code 1 if the document is out of date.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from . import _engine

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PARAMETERS = Path(__file__).parent / "data" / "parameters"
PART = re.compile(r"(<!-- generated: (?P<name>\w+) -->\n).*?(<!-- end: (?P=name) -->)", re.DOTALL)


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; a bar inside a cell is kept from ending it."""
    names = list(header)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def bounds(lower: float, upper: float) -> str:
    """An interval in words: empty where nothing bounds it."""
    if math.isinf(lower) and math.isinf(upper):
        return ""
    return f"{lower:g} or more" if math.isinf(upper) else f"{lower:g} to {upper:g}"


def states() -> str:
    """Every state, in its order, with its unit, usual magnitude and bounds."""
    rows = ([f"`{s.name}`", s.unit, f"{s.scale:g}", bounds(s.lower, s.upper)] for s in _engine.states())
    return table(("state", "unit", "scale", "bounds"), rows)


def signals() -> str:
    """Every signal, in its order, and then those of the fibre classes."""
    rows = ([f"`{s.name}`", s.unit, s.long_name] for s in (*_engine.signals(), *_engine.fibre_signals()))
    return table(("signal", "unit", "meaning"), rows)


def session_numbers() -> str:
    """The numbers of a whole run besides summaries of its signals."""
    rows = ([f"`{s.name}`", s.unit, s.long_name] for s in _engine.session_numbers())
    return table(("number", "unit", "meaning"), rows)


def parameters(name: str) -> str:
    """The parameter table of that name, as it is written."""
    with (PARAMETERS / f"{name}.toml").open("rb") as file:
        entries = tomllib.load(file)
    rows = (
        [f"`{key}`", entry["value"], " to ".join(entry["range"]), entry["description"], entry["source"]]
        for key, entry in entries.items()
    )
    return table(("parameter", "value", "range", "meaning", "source"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "states": states,
    "signals": signals,
    "session_numbers": session_numbers,
    "circulation": lambda: parameters("circulation"),
    "device": lambda: parameters("device"),
    "strap": lambda: parameters("strap"),
    "muscle": lambda: parameters("muscle"),
    "posture": lambda: parameters("posture"),
}


def with_tables(text: str) -> str:
    """The document with its generated parts made anew. Raises `ValueError` for a part that no table belongs to."""

    def fresh(part: re.Match) -> str:
        name = part["name"]
        if name not in TABLES:
            raise ValueError(f"no table is called {name}; there are {', '.join(TABLES)}")
        return f"{part[1]}{TABLES[name]()}\n{part[3]}"

    return PART.sub(fresh, text)


def main(arguments: list[str]) -> int:
    """Bring documents up to date, or check that they are. Returns the exit code."""
    check = "--check" in arguments
    paths = [Path(argument) for argument in arguments if argument != "--check"]
    if not paths:
        print(__doc__, file=sys.stderr)
        return 2
    stale = 0
    for path in paths:
        text = path.read_text(encoding="utf-8")
        fresh = with_tables(text)
        if fresh == text:
            continue
        stale += 1
        if check:
            print(f"{path} is out of date: python -m limbflow.documentation {path}", file=sys.stderr)
        else:
            path.write_text(fresh, encoding="utf-8")
            print(path)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
