import subprocess
import sys
from importlib import metadata
from pathlib import Path

import limbflow


def test_version_is_that_of_the_package():
    assert metadata.version("limbflow") == limbflow.__version__


def test_import_takes_under_a_second(tmp_path):
    program = "import time; begin = time.perf_counter(); import limbflow; print(time.perf_counter() - begin)"
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
