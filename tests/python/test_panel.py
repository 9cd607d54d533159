"""The interactive panel, driven by its widgets' values as a front end does."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import limbflow

pytest.importorskip("ipywidgets")


@pytest.fixture(scope="module")
def panel(short_scenario):
    yield limbflow.panel(short_scenario, ["arterial_inflow", "muscle_*_saturation"])
    plt.close("all")


def test_controls_begin_where_the_scenario_is(panel):
    assert {name: widget.value for name, widget in panel.widgets.items()} == {
        "cuff_pressure": 60,
        "load": 20,
        "rest": 10,
        "person": "",
    }
    assert "mL/min" in panel.axes[0].get_ylabel()


def test_curves_follow_the_sliders(panel, short_scenario):
    panel.widgets["cuff_pressure"].value = 0
    panel.widgets["person"].value = "older_woman"
    there = short_scenario.with_(cuff_pressure="0 %AOP", person="older_woman", tolerance=1e-3).run()
    now = {line.get_label(): line for line in panel.axes[0].lines}
    np.testing.assert_array_equal(now["now"].get_ydata(), there.arterial_inflow)
    np.testing.assert_array_equal(now["first"].get_ydata(), panel.first.arterial_inflow)
    assert len(panel.axes) == 2
    made = len(panel.runs)
    panel.widgets["person"].value = ""
    panel.widgets["person"].value = "older_woman"
    assert len(panel.runs) == made


def test_what_cannot_be_run_is_said_and_the_curves_stay(panel, monkeypatch):
    before = panel.axes[0].lines[0].get_ydata()

    def refuse():
        raise limbflow.InputError("error: not like this")

    monkeypatch.setattr(panel, "run", refuse)
    panel.widgets["load"].value = 33
    assert "not like this" in panel.message.value
    assert panel.axes[0].lines[0].get_ydata() is before
