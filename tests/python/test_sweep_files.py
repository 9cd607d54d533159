"""People, samples and quantities that move together, in a sweep file."""

import json
import re

import numpy as np
import pytest
import scipy.stats

import limbflow
from limbflow.axes import axes_of
from limbflow.samples import quantile_of
from limbflow.sweeps import plan_of

HEAD = 'title = "mine"\nscenario = "short.toml"\n'


def axes_in(tmp_path, text, points=(), changes=None):
    path = tmp_path / "plan.toml"
    path.write_text(HEAD + text)
    return plan_of(str(path), list(points), changes or {})[1]


def points_of(axis):
    return {coordinate.key: list(coordinate.points) for coordinate in axis.coordinates}


def test_a_zip_is_that_of_python(tmp_path, short_file, short_scenario):
    text = (
        '[zip]\ncuff.pressure = { from = "40 %AOP", to = "80 %AOP", steps = 3 }\n'
        '"exercise.load" = ["30 %1RM", "20 %1RM", "15 %1RM"]\n'
    )
    (axis,) = axes_in(tmp_path, text)
    together = limbflow.zipped({"cuff.pressure": "40..80 %AOP / 3", "exercise.load": "30, 20, 15 %1RM"})
    (expected,) = axes_of(short_scenario, together)
    assert (axis.name, points_of(axis)) == ("member", points_of(expected))


def test_a_sample_is_that_of_python(tmp_path, short_file, short_scenario):
    ranges = '[sample.ranges]\n"exercise.load" = "15..35 %1RM"\ncuff.pressure = "60 +- 10 %AOP"\n'
    for method in limbflow.samples.METHODS:
        (axis,) = axes_in(tmp_path, f'[sample]\npoints = 8\nmethod = "{method}"\nseed = 3\n{ranges}')
        drawn = {"exercise.load": "15..35 %1RM", "cuff.pressure": "60 +- 10 %AOP"}
        (expected,) = axes_of(short_scenario, limbflow.sample(8, drawn, method=method, seed=3))
        assert points_of(axis) == points_of(expected)


def test_people_are_those_of_python(tmp_path, short_file, short_scenario):
    (axis,) = axes_in(tmp_path, "[people]\ncount = 3\nseed = 5\n")
    (expected,) = axes_of(short_scenario, limbflow.people(3, seed=5))
    assert points_of(axis) == points_of(expected)
    assert axis.name == "person"


def test_all_tables_together_and_axes_given_beside_them(tmp_path, short_file):
    text = (
        '[axes]\n"exercise.rest" = ["5 s", "10 s"]\n[people]\ncount = 2\n[sample]\npoints = 4\n'
        '[sample.ranges]\n"exercise.load" = "15..35 %1RM"\n'
        '[zip]\n"cuff.pressure" = "40, 60 %AOP"\n"cuff.width" = "10, 12 cm"\n'
    )
    axes = axes_in(tmp_path, text, [{"exercise.tempo.pause": "0, 1 s"}])
    assert [(axis.name, len(axis)) for axis in axes] == [
        ("person", 2),
        ("member", 4),
        ("point", 2),
        ("rest", 2),
        ("exercise_tempo_pause", 2),
    ]
    with pytest.raises(limbflow.InputError, match=r"exercise\.load moves together"):
        axes_in(tmp_path, text, [{"load": "20, 30 %1RM"}])


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"distribution": "uniform", "low": "10 s", "high": "30 s"}, scipy.stats.uniform(10, 20)),
        ({"distribution": "normal", "mean": "0.5 min", "sd": "5 s"}, scipy.stats.norm(30, 5)),
        (
            {"distribution": "triangular", "low": "10 s", "mode": "15 s", "high": "30 s"},
            scipy.stats.triang(0.25, 10, 20),
        ),
    ],
)
def test_distributions_by_name(short_scenario, given, same):
    quantile, unit = quantile_of(short_scenario, "rest", given)
    share = np.linspace(0.01, 0.99, 21)
    assert unit == "s"
    np.testing.assert_allclose(quantile(share), same.ppf(share))


def test_a_lognormal_has_the_mean_and_sd_that_it_is_given(short_scenario):
    quantile, _ = quantile_of(short_scenario, "rest", {"distribution": "lognormal", "mean": "30 s", "sd": "12 s"})
    drawn = quantile((np.arange(200_000) + 0.5) / 200_000)
    assert drawn.mean() == pytest.approx(30, rel=1e-3)
    assert drawn.std() == pytest.approx(12, rel=1e-2)
    assert drawn.min() > 0


def test_all_mistakes_come_at_once_each_at_its_line(tmp_path, short_file):
    text = """[people]
count = 0
colour = "red"
[sample]
points = "many"
method = "sobbol"
[sample.ranges]
cuff.presure = "40..80 %AOP"
"exercise.rest" = { distribution = "triangel", low = "10 s", high = "60 s" }
load = "20..10 %1RM"
"cuff.width" = { distribution = "normal", mean = "12 cm", sd = "0 cm" }
[zip]
load = ["10 %1RM", "20 %1RM"]
"exercise.rest" = "10 s, 20 s, 30 s"
"""
    with pytest.raises(limbflow.InputError) as caught:
        axes_in(tmp_path, text)
    found = {(problem.line, problem.key) for problem in caught.value.diagnostics}
    assert found == {
        (4, "people.count"),
        (5, "people.colour"),
        (7, "sample.points"),
        (8, "sample.method"),
        (10, "sample.ranges.cuff.presure"),
        (11, "sample.ranges.exercise.rest"),
        (12, "sample.ranges.load"),
        (13, "sample.ranges.cuff.width"),
        (14, "zip"),
    }
    assert all(problem.file == str(tmp_path / "plan.toml") for problem in caught.value.diagnostics)
    assert "nearest: cuff.pressure" in str(caught.value)
    assert "accepted: uniform, normal, lognormal, triangular" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[sample]\npoints = 4\n", "sample.ranges: is missing"),
        ("[sample]\npoints = 4\nranges = 3\n", "sample.ranges: is not a table"),
        ('[sample]\n[sample.ranges]\nload = "10..20 %1RM"\n', "sample.points: is missing"),
        ("[people]\n", "people.count: is missing"),
        ("[zip]\n", "zip: is not a table of keys"),
        ("[smaple]\npoints = 4\n[axes]\nrest = ['5 s']\n", "smaple: is not a known key"),
        ('[sample]\npoints = 4\nseed = -1\n[sample.ranges]\nload = "10..20 %1RM"\n', "sample.seed: seed -1"),
    ],
)
def test_what_is_missing_is_said(tmp_path, short_file, text, words):
    with pytest.raises(limbflow.InputError, match=re.escape(words)):
        axes_in(tmp_path, text)


def test_the_command_runs_it(command, tmp_path, short_file):
    text = '[sample]\npoints = 3\nmethod = "latin_hypercube"\n[sample.ranges]\n"exercise.load" = "15..35 %1RM"\n'
    (tmp_path / "plan.toml").write_text(HEAD + text)
    done = command("sweep", "plan.toml", "--keep", "force_maximum", "--set", "tolerance=1e-2", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["status"] == {"completed": 3}
    assert len(set(result["summaries"]["force_maximum"])) == 3


def test_sensitivity_takes_the_ranges_of_the_file(command, tmp_path, short_file):
    pytest.importorskip("SALib")
    text = (
        '[sample]\npoints = 4\n[sample.ranges]\n"exercise.load" = "15..35 %1RM"\nsystolic_pressure = "110..140 mmHg"\n'
    )
    (tmp_path / "plan.toml").write_text(HEAD + text)
    arguments = ["sensitivity", "plan.toml", "--outcome", "aop", "--set", "tolerance=1e-2", "--points", "4"]
    done = command(*arguments, "--plot", "indices.png")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    table = lines[lines.index("AOP") + 1 :]
    assert table[1].split()[:2] == ["systolic", "pressure"]
    assert (tmp_path / "indices.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads(command(*arguments, "--json").stdout)
    assert found["ranges"] == {"exercise.load": "15..35 %1RM", "systolic_pressure": "110..140 mmHg"}
    inputs = found["outcomes"]["aop"]["inputs"]
    assert inputs["exercise.load"]["total"] == pytest.approx(0, abs=1e-9)
    assert inputs["systolic_pressure"]["total"] > 0.5
    effects = json.loads(command(*arguments[:-2], "--method", "morris", "--points", "2", "--json").stdout)
    assert effects["outcomes"]["aop"]["inputs"]["systolic_pressure"]["mean_effect"] > 10


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no inputs"),
        (["--range", "load=10..20 %1RM", "--points", "3"], "power of two"),
        (["--range", "laod=10..20 %1RM"], "nearest: load"),
    ],
)
def test_sensitivity_says_what_it_needs(command, short_file, arguments, words):
    pytest.importorskip("SALib")
    done = command("sensitivity", short_file, "--outcome", "aop", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
