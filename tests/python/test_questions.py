"""What docs/questions.md tells people to ask: its commands, limits and signals are there."""

import re
import shlex
from pathlib import Path

import pytest

import limbflow
from limbflow import _engine
from limbflow.cli import cli
from limbflow.safety import shipped_limits
from limbflow.samples import quantile_of
from limbflow.sweeps import chosen, plan_of

PAGE = (Path(__file__).parents[2] / "docs" / "questions.md").read_text()
CODE = re.findall(r"`([^`]+)`", PAGE)
COMMANDS = sorted({code for code in CODE if code.split()[0] in cli.commands and " " in code})


def pairs(context, name):
    return dict(each.split("=", 1) for each in context.params.get(name) or ())


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_one(line):
    """Its options are there, and its scenario, changes, axes and summaries are understood; nothing is run."""
    name, *arguments = shlex.split(re.sub(r"\bS\b", "30-15-15-15", line))
    context = cli.commands[name].make_context(name, arguments)
    if "scenario" not in context.params or context.params["scenario"] is None:
        return
    points = [limbflow.zipped(pairs(context, "zipped"))] if pairs(context, "zipped") else []
    base, _, _ = plan_of(context.params["scenario"], [*points, pairs(context, "axes")], pairs(context, "settings"))
    for key, given in pairs(context, "ranges").items():
        quantile_of(base, key, given)
    variable = context.params.get("variable")
    asked = [
        *context.params.get("summaries", ()),
        *context.params.get("outcomes", ()),
        *([variable] if variable else []),
    ]
    if asked:
        assert chosen(_engine.summaries(base._native), asked)


def test_limits_and_signals_are_there():
    ids = {limit.id for limit in shipped_limits()}
    named = set(re.findall(r"\b[A-Z]{2,3}-\d\d\b", PAGE))
    assert named
    assert named <= ids
    signals = {signal.name for signal in _engine.signals()}
    summaries = {f"{name}_{word}" for name in signals for word in ("mean", "minimum", "maximum")}
    words = {code for code in CODE if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", code)}
    notebooks = {path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb")}
    assert words <= signals | summaries | notebooks, words - signals - summaries - notebooks
