"""Shell completion: what may be written at each place of the command line, and the script that makes a shell ask."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from . import _engine

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_LIMBFLOW_COMPLETE"
WHERE = {
    "bash": "~/.local/share/bash-completion/completions/limbflow",
    "zsh": "a folder of $fpath, as _limbflow",
    "fish": "~/.config/fish/completions/limbflow.fish",
}
STATISTICS = ("mean", "minimum", "maximum", "integral")


def scenarios(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Shipped protocols, and the TOML files here."""
    return matching(_engine.shipped("protocols"), begun) + files(begun)


def sweeps(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Shipped sweeps and protocols, and the TOML files here."""
    return matching([*_engine.shipped("sweeps"), *_engine.shipped("protocols")], begun) + files(begun)


def people(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    return matching(_engine.shipped("people"), begun) + files(begun)


def cuffs(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    return matching(_engine.shipped("cuffs"), begun) + files(begun)


def settings(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The KEY= of --set and --axis, and after it the names of people and cuffs."""
    key, equals, _ = begun.partition("=")
    if equals:
        kind = {"person": "people", "cuff": "cuffs"}.get(key)
        return matching([f"{key}={name}" for name in _engine.shipped(kind)], begun) if kind else []
    short = ["cuff_pressure", "load", "rest", "sets", "person", "cuff", "posture", "fidelity"]
    parameters = [row["name"] for row in _engine.parameters()]
    return matching([f"{name}=" for name in [*short, *_engine.scenario_keys(), *parameters]], key)


def summaries(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Names of what a sweep keeps of the whole session."""
    of_signals = [f"{signal.name}_{statistic}" for signal in _engine.signals() for statistic in STATISTICS]
    return matching([*(number.name for number in _engine.session_numbers()), *of_signals], begun)


def matching(names: Iterable[str], begun: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in dict.fromkeys(names) if name.startswith(begun)]


def files(begun: str) -> list[CompletionItem]:
    """The shell's own completion of file names, where there are TOML files to complete."""
    folder = Path(begun).parent if begun else Path()
    try:
        found = any(path.suffix == ".toml" or path.is_dir() for path in folder.iterdir())
    except OSError:
        found = False
    return [CompletionItem(begun, type="file")] if found else []


def script(command: click.Command, shell: str) -> str:
    """What a shell has to run to complete `limbflow`."""
    from click.shell_completion import get_completion_class

    completion = get_completion_class(shell)
    if completion is None:
        raise ValueError(f"no completion for the shell {shell}")
    return completion(command, {}, "limbflow", VARIABLE).source()
