import ast
import importlib
import pickle
import subprocess
import sys
import threading
import time
from importlib import metadata
from pathlib import Path

import pytest
import xarray

import limbflow


def test_version_is_that_of_the_package():
    assert metadata.version("limbflow") == limbflow.__version__


def test_import_takes_under_a_second_of_processor_time(tmp_path):
    program = "import time; begin = time.process_time(); import limbflow; print(time.process_time() - begin)"
    seconds = min(
        float(subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, check=True).stdout)
        for _ in range(3)
    )
    assert seconds < 1.0


def test_public_names_are_there_and_documented():
    for name in limbflow.__all__:
        assert getattr(limbflow, name).__doc__


def test_data_comes_with_the_package():
    data = Path(limbflow.__file__).parent / "data"
    assert list((data / "parameters").glob("*.toml"))
    assert list((data / "scenarios" / "protocols").glob("*.toml"))


def test_units_are_listed_base_first():
    assert limbflow._engine.units()["pressure"][0] == "mmHg"


def test_the_stub_says_what_is_in_the_extension():
    folder = Path(limbflow.__file__).parent
    assert (folder / "py.typed").exists()
    module = ast.parse((folder / "_engine.pyi").read_text())
    classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    values = {node.target.id for node in module.body if isinstance(node, ast.AnnAssign)}
    there = {name for name in vars(limbflow._engine) if not name.startswith("_")}
    assert classes.keys() | functions.keys() | values == there
    for name, node in functions.items():
        arguments = [argument.arg for argument in node.args.args]
        first_line = getattr(limbflow._engine, name).__doc__.partition("\n")[0]
        assert all(f"{argument}:" in first_line for argument in arguments), f"{name}: {first_line}"
        assert first_line.count(": ") == len(arguments), f"{name}: {first_line}"
    for name, node in classes.items():
        stated = {
            item.name for item in node.body if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")
        }
        stated |= {item.target.id for item in node.body if isinstance(item, ast.AnnAssign)} - {"__members__"}
        assert stated == {item for item in vars(getattr(limbflow._engine, name)) if not item.startswith("_")}, name


def test_results_can_be_pickled(short_scenario, short_run):
    for result in (
        short_scenario,
        short_scenario.aop(),
        limbflow.strap("arm", tightness=7),
        limbflow.analysis.Trace([1.0], [2.0], 1.0),
    ):
        assert pickle.loads(pickle.dumps(result)) == result
    xarray.testing.assert_identical(pickle.loads(pickle.dumps(short_run)), short_run)
    with pytest.raises(limbflow.InputError) as wrong:
        short_scenario.with_(laod="20 %1RM")
    assert pickle.loads(pickle.dumps(wrong.value)).diagnostics == wrong.value.diagnostics
    result = limbflow._engine.run(short_scenario._native, False, None, ["force"])
    failed = limbflow.ComputationError("failed", result.report, short_run)
    again = pickle.loads(pickle.dumps(failed))
    assert str(again) == "failed"
    assert again.report.text == result.report.text
    xarray.testing.assert_identical(again.dataset, short_run)


def test_arrays_are_read_only_views_that_keep_their_memory(short_scenario):
    result = limbflow._engine.run(short_scenario._native, False, None, ["force"])
    data = result.data
    assert not data.flags.writeable
    assert not data.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        data[0, 0] = 1.0
    before = data.copy()
    del result
    assert (data == before).all()
    assert not short_scenario.run(signals="force").force.values.flags.owndata


@pytest.mark.parametrize("work", ["run", "sweep"])
def test_the_gil_is_released(short_scenario, work):
    session = short_scenario.with_(tolerance=1e-8)
    done = threading.Event()

    def compute():
        if work == "run":
            session.run(progress=False)
        else:
            limbflow.sweep(session, rest=["5 s", "10 s", "15 s"], progress=False)
        done.set()

    thread = threading.Thread(target=compute)
    thread.start()
    steps = 0
    while not done.is_set():
        time.sleep(0.001)
        steps += 1
    thread.join()
    assert steps > 20


@pytest.mark.parametrize("name", ["", "analysis", "plots", "safety", "validation"])
def test_public_functions_say_what_they_do(name):
    module = importlib.import_module(f"limbflow.{name}".rstrip("."))
    silent = [each for each in module.__all__ if callable(getattr(module, each)) and not getattr(module, each).__doc__]
    assert not silent
