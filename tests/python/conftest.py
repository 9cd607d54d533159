"""Shared by the Python tests: the command line as a process, a short scenario, one finished run."""

import os
import subprocess
import sys
from collections.abc import Callable

import matplotlib

matplotlib.use("Agg")

import pytest

import limbflow

SHORT_SESSION = """\
title = "two short sets"
extends = ["people/adult_man.toml", "cuffs/wide_thigh.toml"]
[exercise]
name = "knee extension"
load = "20 %1RM"
sets = [4, 3]
tempo = { concentric = "1.5 s", eccentric = "1.5 s" }
rest = "10 s"
[cuff]
pressure = "60 %AOP"
during = "all"
[timing]
baseline = "10 s"
recovery = "20 s"
[[measure]]
kind = "capillary_refill"
at = "20 s"
"""


@pytest.fixture
def command(tmp_path) -> Callable[..., subprocess.CompletedProcess]:
    """Run `limbflow ARGUMENTS` in an empty folder."""
    environment = {name: value for name, value in os.environ.items() if name != "LIMBFLOW_TRACEBACK"}

    def run(*arguments: object, program=("-m", "limbflow"), **options) -> subprocess.CompletedProcess:
        options = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 600, "env": environment, **options}
        return subprocess.run([sys.executable, *program, *map(str, arguments)], check=False, **options)

    return run


@pytest.fixture(scope="session")
def short_scenario() -> limbflow.Scenario:
    return limbflow.Scenario.from_text(SHORT_SESSION, "short")


@pytest.fixture(scope="session")
def short_run(short_scenario):
    return short_scenario.run()


@pytest.fixture
def short_file(tmp_path):
    """The short scenario as a file."""
    path = tmp_path / "short.toml"
    path.write_text(SHORT_SESSION)
    return path
