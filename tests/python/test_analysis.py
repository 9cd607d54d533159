"""What outcomes depend on, and the model fitted to a person, on data that the model itself made."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import limbflow
from limbflow.analysis import Trace, calibrate
from limbflow.analysis.calibration import number_of, repetitions


def test_sobol_gives_the_variance_to_what_moves_the_outcome(short_scenario):
    pytest.importorskip("SALib")
    ranges = {"systolic_pressure": "110..140 mmHg", "cuff.width": "10..14 cm", "rest": "5..15 s"}
    found = limbflow.analysis.sobol(short_scenario, ranges, ["aop"], samples=16, second_order=True)
    total = found.total.sel(summary="aop")
    assert found.input.values.tolist() == list(ranges)
    assert found.summary_units.values.tolist() == ["mmHg"]
    assert total.sel(input="rest") == pytest.approx(0.0, abs=1e-9)
    assert total.sel(input="systolic_pressure") > 0.2
    assert total.sel(input="cuff.width") > 0.2
    assert float(found.first_order.sum()) == pytest.approx(1.0, abs=0.3)
    pair = found.second_order.sel(summary="aop", input="rest", other_input="cuff.width")
    assert pair == pytest.approx(float(found.second_order.sel(summary="aop", input="cuff.width", other_input="rest")))
    assert found.dropped.values.tolist() == [0]


def test_morris_screens_and_drops_what_failed(short_scenario):
    pytest.importorskip("SALib")
    ranges = {"cuff.width": "12..22 cm", "person.leg.length": "20..28 cm", "heart_rate": "65 +- 5 bpm"}
    found = limbflow.analysis.morris(short_scenario, ranges, "aop", trajectories=12, seed=1)
    effect = found.mean_absolute_effect.sel(summary="aop")
    assert 0 < int(found.dropped[0]) < 12
    assert float(effect.sel(input="cuff.width")) > 10
    assert float(found.mean_effect.sel(summary="aop", input="cuff.width")) < 0
    assert float(effect.sel(input="heart_rate")) < 1e-6


@pytest.mark.parametrize(
    "wrong", [{"samples": 3}, {"samples": 1}, {"ranges": {}}, {"ranges": {"load": "many"}}, {"summaries": "nothing"}]
)
def test_what_cannot_be_analysed_is_said(short_scenario, wrong):
    pytest.importorskip("SALib")
    with pytest.raises(limbflow.InputError):
        limbflow.analysis.sobol(
            **{"scenario": short_scenario, "ranges": {"load": "20..30 %1RM"}, "summaries": "aop", "samples": 2} | wrong
        )


def test_without_salib_it_is_said(short_scenario, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "SALib.analyze.sobol", None)
    with pytest.raises(limbflow.InputError, match="pip install SALib"):
        limbflow.analysis.sobol(short_scenario, {"load": "20..30 %1RM"}, "aop")


@pytest.fixture(scope="module")
def session(short_scenario):
    return short_scenario.with_(load="55 %1RM", sets=[12, 12], until="failure", cuff_pressure="80 %AOP")


@pytest.fixture(scope="module")
def truth(session):
    """The person who is to be found, and what is measured on him."""
    run = session.with_(systolic_pressure="133 mmHg", oxidative_maximum_1="1.1 mM/s").run()
    time = np.arange(5.0, float(run.time[-1]) - 5.0, 5.0)
    trace = np.interp(time, run.time, run.muscle_oxygen_saturation) + 7.0
    return {
        "aop": f"{float(run.aop)} +- 3 mmHg",
        "repetitions_set_1": f"{repetitions(run, 1)} +- 1",
        "muscle_oxygen_saturation": Trace(time, trace, 1.0, offset=True),
    }


def test_the_person_is_found_from_pressure_repetitions_and_oxygen(session, truth):
    unknowns = {"systolic_pressure": "105..160 mmHg", "oxidative_maximum_1": "range"}
    found = calibrate(session, unknowns, truth)
    table = found.unknowns
    assert float(table.value.sel(unknown="systolic_pressure")) == pytest.approx(133, rel=1e-3)
    assert float(table.value.sel(unknown="oxidative_maximum_1")) == pytest.approx(1.1, rel=5e-3)
    assert 0 < float(table.standard_error.sel(unknown="systolic_pressure")) < 5
    assert found.misfit < 1e-3
    assert not found.warnings
    assert found.scenario.aop().cuff_pressure == pytest.approx(float(truth["aop"].split()[0]), rel=1e-3)
    worse = np.abs(found.measurements.before - found.measurements.measured).max()
    assert np.abs(found.measurements.after - found.measurements.measured).max() < 0.05 * worse
    assert "systolic_pressure: 133" in str(found)
    axes = found.plot()
    assert "(%)" in axes[0].get_ylabel()
    assert "SD" in axes[1].get_xlabel()
    plt.close("all")


def test_what_the_measurements_do_not_tell_is_said(short_scenario):
    blind = calibrate(
        short_scenario,
        {"cuff_transmission_coefficient": "range", "femoral_depth_share": "range", "heart_rate": "50..90 bpm"},
        {"aop": "150 +- 5 mmHg"},
    )
    words = "\n".join(blind.warnings)
    assert "3 unknowns from 1 measurements" in words
    assert "cuff_transmission_coefficient and femoral_depth_share cannot be told apart" in words
    assert "no measurement depends on heart_rate" in words
    assert np.isinf(blind.condition)


def test_a_prior_holds_what_is_roughly_known(short_scenario):
    aop = short_scenario.aop().cuff_pressure
    unknowns = {"systolic_pressure": "120 +- 4 mmHg", "femoral_depth_share": "range"}
    found = calibrate(short_scenario, unknowns, {"aop": f"{aop + 25} +- 5 mmHg"})
    error = float(found.unknowns.standard_error.sel(unknown="systolic_pressure"))
    assert error == pytest.approx(4, rel=0.05)
    assert found.scenario.aop().cuff_pressure == pytest.approx(aop + 25, abs=1)
    end = calibrate(short_scenario, {"systolic_pressure": "118..122 mmHg"}, {"aop": f"{aop + 25} +- 5 mmHg"})
    assert any("upper end" in warning for warning in end.warnings)


def test_numbers_of_runs_have_the_names_of_sweeps(short_scenario, short_run):
    swept = limbflow.sweep(short_scenario, rest=["10 s"], summaries=["force_maximum_set_2", "aop", "mvc_change"])
    for name in ("force_maximum_set_2", "aop", "mvc_change"):
        assert number_of(short_run, name) == swept[name].item()


@pytest.mark.parametrize(
    ("unknowns", "measured", "words"),
    [
        ({}, {"aop": "150 +- 5 mmHg"}, "unknowns"),
        ({"systolic_pressure": "100..140 mmHg"}, {}, "measurements"),
        ({"systolic_presure": "100..140 mmHg"}, {"aop": "150 +- 5 mmHg"}, "systolic_pressure"),
        ({"systolic_pressure": 120}, {"aop": "150 +- 5 mmHg"}, "range"),
        ({"systolic_pressure": "100..140 mmHg"}, {"aop": "150 mmHg"}, "SD"),
        ({"systolic_pressure": "100..140 mmHg"}, {"aop_": "150 +- 5 mmHg"}, "aop"),
        ({"systolic_pressure": "100..140 mmHg"}, {"repetitions_set_9": "15 +- 1"}, "no such set"),
        ({"systolic_pressure": "100..140 mmHg"}, {"blood": Trace([1.0], [2.0], 1.0)}, "signal"),
    ],
)
def test_what_cannot_be_fitted_is_said(short_scenario, unknowns, measured, words):
    with pytest.raises(limbflow.InputError, match=words):
        calibrate(short_scenario, unknowns, measured)


@pytest.mark.parametrize("arguments", [([1, 2], [3], 1.0), ([], [], 1.0), ([1], [np.nan], 1.0), ([1], [2], 0.0)])
def test_traces_are_checked(arguments):
    with pytest.raises(limbflow.InputError, match="trace"):
        Trace(*arguments)
