import gc
import os
import signal
import threading
import time

import numpy as np
import pytest
import xarray

import limbflow

SIGNALS_PROMISED = [
    "cuff_pressure_set",
    "cuff_pressure",
    "cuff_pressure_aop",
    "mean_arterial_pressure",
    "systolic_pressure",
    "diastolic_pressure",
    "heart_rate",
    "arterial_inflow",
    "muscle_flow",
    "skin_flow",
    "venous_outflow",
    "filtration_flow",
    "distal_arterial_pressure",
    "capillary_pressure",
    "deep_venous_pressure",
    "superficial_venous_pressure",
    "intramuscular_pressure",
    "interstitial_pressure",
    "venous_volume",
    "limb_volume_change",
    "force",
    "capillary_refill_time",
    "pulse_amplitude",
]


@pytest.mark.parametrize("name", SIGNALS_PROMISED)
def test_every_signal_is_there_with_its_meaning(short_run, name):
    signal = short_run[name]
    assert signal.dims == ("time",)
    assert signal.attrs["long_name"]
    assert signal.attrs["units"]
    assert np.isfinite(signal.values).all()


@pytest.mark.parametrize(
    "name", ["atp", "phosphocreatine", "inorganic_phosphate", "lactate", "ph", "activation", "force_capacity"]
)
def test_signals_of_the_fibre_classes_have_a_dimension_of_their_own(short_run, name):
    signal = short_run[f"fibre_{name}"]
    assert signal.dims == ("fibre", "time")
    assert list(signal.fibre.values) == ["I", "IIa", "IIx"]
    assert signal.attrs["long_name"]
    assert signal.attrs["units"]
    assert np.isfinite(signal.values).all()


def test_fibre_classes_stand_beside_the_means_over_the_muscle(short_run):
    table = {entry["name"]: float(entry["value"]) for entry in limbflow._engine.parameters()}
    first, second = table["knee_extensors_type_1"], table["knee_extensors_type_2a"]
    share = xarray.DataArray([first, second, 1 - first - second], dims="fibre", coords={"fibre": short_run.fibre})
    for fibre, whole in (("lactate", "muscle_lactate"), ("phosphocreatine", "phosphocreatine"), ("atp", "atp")):
        mean = (short_run[f"fibre_{fibre}"] * share).sum("fibre")
        np.testing.assert_allclose(mean, short_run[whole], rtol=1e-9)
    working = short_run.fibre_activation.max("time")
    assert float(working.sel(fibre="I")) > float(working.sel(fibre="IIx"))  # recruited in order of size


def test_fibre_classes_are_in_the_file(short_scenario, tmp_path):
    run = short_scenario.run(tmp_path / "run.h5")
    with xarray.open_dataset(tmp_path / "run.h5", engine="h5netcdf") as read:
        assert list(read.fibre.values) == ["I", "IIa", "IIx"]
        assert read.fibre_phosphocreatine.dims == ("fibre", "time")
        assert read.fibre_phosphocreatine.attrs["units"] == "mM"
        np.testing.assert_array_equal(read.fibre_phosphocreatine, run.fibre_phosphocreatine)


def test_only_the_signals_that_are_asked_for(short_scenario, short_run):
    few = short_scenario.run(signals=["muscle_l*", "fibre_ph"])
    assert {name for name in few if few[name].dims[-1:] == ("time",)} == {"muscle_lactate", "fibre_ph"}
    np.testing.assert_array_equal(few.fibre_ph, short_run.fibre_ph)
    np.testing.assert_array_equal(few.muscle_lactate_maximum, short_run.muscle_lactate_maximum)
    with pytest.raises(limbflow.InputError, match="fibre_ph"):
        short_scenario.run(signals="fibre_pH_")


def test_time_is_in_seconds_from_the_start_to_the_end(short_run):
    assert short_run.time.attrs["units"] == "s"
    assert float(short_run.time[0]) == 0.0
    assert float(short_run.time[-1]) == pytest.approx(10 + 12 + 10 + 9 + 20)
    assert (np.diff(short_run.time) > 0).all()


def test_summaries_by_part_of_the_session(short_run):
    scopes = set(short_run.scope.values)
    assert {"session", "set_1", "set_2", "rest_1"} <= scopes
    flow = short_run.arterial_inflow_mean
    assert flow.dims == ("scope",)
    assert flow.attrs["units"] == "mL/min"
    assert flow.sel(scope="session") > 0


def test_segments_follow_each_other(short_run):
    assert np.array_equal(short_run.segment_begin.values[1:], short_run.segment_end.values[:-1])
    assert set(short_run.segment_set.values) >= {0, 1, 2}


def test_tests_asked_for_are_reported(short_run):
    assert list(short_run.measurement_kind.values) == ["capillary_refill"]
    assert short_run.measurement_time.values == [20.0]
    assert short_run.measurement_unit.values == ["s"]


def test_outcome_and_occlusion_pressure(short_run, short_scenario):
    assert short_run.outcome.item() == "completed"
    assert short_run.aop.item() == pytest.approx(float(short_scenario.aop()))
    assert short_run.aop.attrs["units"] == "mmHg"


def test_arrays_are_read_only_views_that_outlive_the_run(short_scenario):
    flow = short_scenario.run().arterial_inflow.values
    gc.collect()
    assert not flow.flags.writeable
    assert not flow.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        flow[0] = 0.0
    assert np.isfinite(flow).all()


def test_two_runs_give_the_same_bits(short_scenario, short_run):
    again = short_scenario.run()
    xarray.testing.assert_identical(again, short_run)
    assert again.arterial_inflow.values.tobytes() == short_run.arterial_inflow.values.tobytes()


def test_a_run_can_be_run_again_from_its_own_text(short_run):
    again = limbflow.Scenario.from_text(short_run.attrs["scenario"]).run()
    xarray.testing.assert_identical(again, short_run)


def test_file_opens_without_limbflow_and_holds_the_same(short_scenario, short_run, tmp_path):
    path = tmp_path / "run.h5"
    dataset = short_scenario.run(file=path)
    xarray.testing.assert_identical(dataset, short_run)
    with xarray.open_dataset(path, engine="h5netcdf") as stored:
        assert stored.attrs["kind"] == "run"
        assert stored.attrs["created"]
        assert stored.attrs["scenario"] == short_scenario.text
        del stored.attrs["created"]
        for name in set(stored.attrs) - set(short_run.attrs):
            del stored.attrs[name]
        xarray.testing.assert_identical(stored.load(), short_run)
    with xarray.open_dataset(path, engine="h5netcdf", group="parameters") as parameters:
        assert parameters.sizes["parameter"] > 10
    assert [item.name for item in tmp_path.iterdir()] == ["run.h5"]


def test_results_work_with_pandas(short_run):
    table = short_run[["arterial_inflow", "cuff_pressure"]].to_dataframe()
    assert len(table) == short_run.sizes["time"]


def test_progress_is_told(short_scenario):
    seen = []
    short_scenario.run(progress=seen.append)
    assert seen
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_what_the_progress_function_raises_stops_the_run(short_scenario):
    def refuse(fraction):
        raise ZeroDivisionError("enough")

    with pytest.raises(ZeroDivisionError, match="enough"):
        short_scenario.run(progress=refuse)


def test_ctrl_c_stops_a_run_soon():
    session = limbflow.load("30-15-15-15").with_(fidelity="pulsatile", recovery="3600 s")
    pressed = []

    def press():
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(1.0, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        session.run()
    assert time.monotonic() - pressed[0] < 0.5


def test_other_threads_run_meanwhile(short_scenario):
    """The engine does not hold the interpreter: another thread counts while a run goes on."""
    done = threading.Event()
    counted = []

    def count():
        while not done.is_set():
            counted.append(None)
            time.sleep(0.001)

    counter = threading.Thread(target=count)
    counter.start()
    short_scenario.with_(recovery="3600 s", sample_interval="10 s", fidelity="pulsatile").run()
    done.set()
    counter.join()
    assert len(counted) > 20


@pytest.mark.parametrize("posture", ["supine", "seated", "standing"])
def test_occlusion_pressure_rises_with_the_height_of_the_blood_column(posture):
    pressure = limbflow.aop("adult_man", "wide_thigh", posture)
    supine = limbflow.aop("adult_man", "wide_thigh", "supine")
    assert float(pressure) >= float(supine)
    assert 100 < pressure.cuff_pressure < 300
    assert 0 < pressure.transmission <= 1
    assert pressure.artery_pressure <= pressure.cuff_pressure
    assert "mmHg" in str(pressure)


def test_occlusion_pressure_of_an_unknown_person_names_those_there_are():
    with pytest.raises(limbflow.InputError, match="adult_man"):
        limbflow.aop(person="adult_mann")
