"""Every notebook runs, and is committed with the cells of its script."""

import runpy
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
build = runpy.run_path(str(FOLDER / "build.py"))
SCRIPTS = build["scripts"]()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_notebook_runs_and_is_the_one_committed(script):
    executed = build["execute"](script)
    committed = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    assert [cell.source for cell in committed.cells] == [cell.source for cell in executed.cells]
    for cell in committed.cells:
        if cell.cell_type == "code":
            assert cell.execution_count is not None


def test_there_are_notebooks():
    assert SCRIPTS
