"""Quantities of a sweep that move together: zipped, sampled, people."""

import pickle

import numpy as np
import pytest
import scipy.stats
import xarray

import limbflow
from limbflow.axes import axes_of
from limbflow.safety import load_population


def axis_of(scenario, together):
    (axis,) = axes_of(scenario, together)
    return {coordinate.name: np.asarray(coordinate.points) for coordinate in axis.coordinates}


def test_zipped_quantities_move_together(short_scenario, tmp_path):
    together = limbflow.zipped({"cuff.width": (np.array([10.0, 12.0, 10.0]), "cm")}, load="30, 20, 15 %1RM")
    memory = limbflow.sweep(short_scenario, together, rest=["5 s", "10 s"], summaries="force_maximum")
    assert memory.force_maximum.dims == ("member", "rest")
    assert memory["load"].dims == ("member",)
    assert memory["load"].values.tolist() == [30, 20, 15]
    assert memory["load"].attrs["units"] == "%1RM"
    assert memory.cuff_width.values.tolist() == [10, 12, 10]
    assert (np.diff(memory.force_maximum.isel(rest=0)) < 0).all()
    stored = limbflow.sweep(
        short_scenario, together, rest=["5 s", "10 s"], summaries="force_maximum", file=tmp_path / "zipped.h5"
    ).load()
    stored.close()
    for name in set(stored.attrs) - set(memory.attrs):
        del stored.attrs[name]
    xarray.testing.assert_identical(stored.set_coords(["load", "cuff_width"]), memory)


def test_points_of_a_zip_have_every_form_of_an_axis(short_scenario):
    points = axis_of(
        short_scenario, limbflow.zipped(load="20..40 %1RM / 3", rest=["10 s", "20 s", "10 s"], sex="man, woman, man")
    )
    assert points["load"].tolist() == [20, 30, 40]
    assert points["rest"].tolist() == [10, 20, 10]
    assert points["sex"].tolist() == ["man", "woman", "man"]


@pytest.mark.parametrize("method", limbflow.samples.METHODS)
def test_samples_fill_their_ranges(short_scenario, method):
    drawn = axis_of(
        short_scenario,
        limbflow.sample(
            256,
            {"cuff.pressure": "60 +- 10 %AOP"},
            method=method,
            load="15..35 %1RM",
            rest=(scipy.stats.triang(0.5, loc=20, scale=40), "s"),
        ),
    )
    assert 15 < drawn["load"].min() < 16.5
    assert 33.5 < drawn["load"].max() < 35
    few = 16 if method == "random" else 1.5
    assert drawn["load"].mean() == pytest.approx(25, abs=0.1 * few)
    assert drawn["cuff_pressure"].mean() == pytest.approx(60, abs=0.1 * few)
    assert drawn["cuff_pressure"].std() == pytest.approx(10, rel=0.15)
    assert drawn["rest"].mean() == pytest.approx(40, abs=0.2 * few)
    if method == "latin_hypercube":
        assert len(set(np.floor((drawn["load"] - 15) / 20 * 256))) == 256


def test_a_longer_sample_begins_with_the_shorter_and_seeds_differ(short_scenario):
    ranges = {"load": "15..35 %1RM", "rest": "20..60 s"}
    short, long, other = (
        axis_of(short_scenario, limbflow.sample(count, ranges, seed=seed)) for count, seed in ((8, 1), (32, 1), (8, 2))
    )
    assert long["load"][:8].tolist() == short["load"].tolist()
    assert other["load"].tolist() != short["load"].tolist()


def test_parameters_are_sampled_over_their_own_ranges(short_scenario):
    row = next(row for row in limbflow._engine.parameters() if row["high"] > row["low"] and row["value"] != 0)
    drawn = axis_of(short_scenario, limbflow.sample(64, {row["name"]: "range"}))[row["name"]]
    assert row["low"] <= drawn.min() < drawn.max() <= row["high"]
    assert np.ptp(drawn) > 0.9 * (row["high"] - row["low"])


def test_people_are_those_of_the_population(short_scenario):
    dataset = limbflow.sweep(
        short_scenario, person=limbflow.people(2, seed=3), summaries=["aop", "arterial_inflow_mean"]
    )
    assert dataset.aop.dims == ("person",)
    population = load_population()
    for index, person in enumerate(population.draw(2, 3)):
        alone = short_scenario.with_(**population.changes(person)).run()
        assert dataset.aop[index] == alone.aop
        assert dataset.arterial_inflow_mean[index] == alone.arterial_inflow_mean.sel(scope="session")
        assert dataset.age[index] == pytest.approx(person["age"], abs=0.06)


@pytest.mark.parametrize(
    ("together", "words"),
    [
        (lambda: limbflow.zipped(load="20, 30 %1RM", rest="10, 20, 30 s"), "as many points"),
        (lambda: limbflow.zipped(), "quantities"),
        (lambda: limbflow.zipped(laod="20 %1RM"), "load"),
        (lambda: limbflow.zipped(load="20 %1RM, 30 s"), "load"),
        (lambda: limbflow.zipped(rest="10 s, -5 s"), "rest"),
        (lambda: limbflow.sample(8), "ranges"),
        (lambda: limbflow.sample(0, load="20..30 %1RM"), "points"),
        (lambda: limbflow.sample(8, load="20..30 %1RM", method="halton"), "latin_hypercube"),
        (lambda: limbflow.sample(8, load="20..30 %1RM", seed=-1), "seed"),
        (lambda: limbflow.sample(8, load="30..20 %1RM"), "rise"),
        (lambda: limbflow.sample(8, load="20 +- 0 %1RM"), "SD"),
        (lambda: limbflow.sample(8, load="20..30 furlong"), "accepted"),
        (lambda: limbflow.sample(8, load="a lot"), "accepted"),
        (lambda: limbflow.sample(8, load="range"), "parameters"),
        (lambda: limbflow.sample(8, load="20 +- 10 %AOP"), "load"),
        (lambda: limbflow.people(0), "people"),
        (lambda: limbflow.people(2, "martians"), "martians"),
        (lambda: [5], "axes"),
    ],
)
def test_what_cannot_be_an_axis_is_said(short_scenario, together, words):
    with pytest.raises(limbflow.InputError, match=words):
        axes_of(short_scenario, together())


def test_axes_and_results_can_be_pickled(short_scenario):
    axes = axes_of(short_scenario, limbflow.people(3), {"load": "20, 30 %1RM"})
    plan = limbflow._engine.SweepPlan(axes)
    again = pickle.loads(pickle.dumps(plan))
    assert again.shape == plan.shape == (3, 2)
    assert [again.settings(member) for member in range(6)] == [plan.settings(member) for member in range(6)]
    dataset = limbflow.sweep(short_scenario, rest=["5 s"], summaries="aop")
    xarray.testing.assert_identical(pickle.loads(pickle.dumps(dataset)), dataset)
    stopped = pickle.loads(pickle.dumps(limbflow.Interrupted("stopped", dataset)))
    assert str(stopped) == "stopped"
    xarray.testing.assert_identical(stopped.dataset, dataset)


def test_the_command_line_zips_samples_and_draws_people(command, short_file):
    import json

    done = command("sweep", short_file, "--zip", "load=30, 20 %1RM", "--zip", "rest=5, 10 s", "--json", "--keep", "aop")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["members"] == 2
    sampling = ("--sample", 2, "--range", "load=15..35 %1RM", "--people", 2, "--keep", "aop")
    done = command("sweep", short_file, *sampling, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == {"completed": 4}
    assert "person" in command("sweep", short_file, *sampling).stdout
    alone = command("sweep", short_file, "--range", "load=15..35 %1RM")
    assert alone.returncode == 2
    assert "--sample" in alone.stderr
