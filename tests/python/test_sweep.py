import os
import re
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
import xarray

import limbflow
from limbflow import _engine


def test_axes_become_labelled_dims_with_units(short_scenario):
    dataset = limbflow.sweep(short_scenario, cuff_pressure="0..80 %AOP / 3", rest=["5 s", "10 s"])
    assert dict(dataset.sizes) == {"cuff_pressure": 3, "rest": 2}
    assert dataset.cuff_pressure.values.tolist() == [0, 40, 80]
    assert dataset.cuff_pressure.attrs["units"] == "%AOP"
    assert dataset.rest.attrs["units"] == "s"
    assert dataset.arterial_inflow_mean.dims == ("cuff_pressure", "rest")
    assert dataset.arterial_inflow_mean.attrs["units"] == "mL/min"
    assert (dataset.status == 1).all()
    assert np.isfinite(dataset.arterial_inflow_mean).all()


def test_members_equal_runs_of_their_own(short_scenario):
    dataset = limbflow.sweep(short_scenario, cuff_pressure="0..80 %AOP / 3", summaries="*")
    alone = short_scenario.with_(cuff_pressure="40 %AOP").run()
    member = dataset.sel(cuff_pressure=40)
    assert member.arterial_inflow_mean.item() == alone.arterial_inflow_mean.sel(scope="session").item()
    assert member.arterial_inflow_mean_set_2.item() == alone.arterial_inflow_mean.sel(scope="set_2").item()


@pytest.mark.parametrize(
    "points",
    [
        ["20 %1RM", "40 %1RM"],
        "20, 40 %1RM",
        (np.array([20.0, 40.0]), "%1RM"),
        ([20, 40], "%1RM"),
        xarray.DataArray([20.0, 40.0], attrs={"units": "%1RM"}),
        "20..40 %1RM / 2",
    ],
    ids=["list", "text", "array-and-unit", "list-and-unit", "DataArray", "range"],
)
def test_points_may_be_written_in_many_ways(short_scenario, points):
    dataset = limbflow.sweep(short_scenario, load=points, summaries="force_maximum")
    assert dataset["load"].values.tolist() == [20, 40]
    assert dataset["load"].attrs["units"] == "%1RM"
    assert dataset.force_maximum[0] < dataset.force_maximum[1]


def test_names_and_dotted_keys_are_axes_too(short_scenario):
    dataset = limbflow.sweep(short_scenario, {"cuff.width": "10..15 cm / 2"}, person=["adult_man", "adult_woman"])
    assert dataset.person.values.tolist() == ["adult_man", "adult_woman"]
    assert dataset.cuff_width.attrs["units"] == "cm"
    assert dataset.sizes == {"cuff_width": 2, "person": 2}


@pytest.mark.parametrize(
    ("name", "points", "words"),
    [
        ("cuff_pressure", "0..100 / 3", "unit"),
        ("cuff_pressure", [0, 50], "mmHg"),
        ("cuff_pressure", "0..100 s / 3", "mmHg"),
        ("cuff_presure", "0..100 %AOP / 3", "pressure"),
        ("rest", [], "rest"),
        ("rest", ["-5 s"], "rest"),
        ("person", ["adult_mann"], "adult_man"),
    ],
)
def test_bad_axes_are_input_errors(short_scenario, name, points, words):
    with pytest.raises(limbflow.InputError, match=words):
        limbflow.sweep(short_scenario, {name: points})


def test_a_sweep_needs_an_axis(short_scenario):
    with pytest.raises(limbflow.InputError, match="axis"):
        limbflow.sweep(short_scenario)


def test_unknown_summaries_name_the_nearest(short_scenario):
    with pytest.raises(limbflow.InputError, match="arterial_inflow_mean"):
        limbflow.sweep(short_scenario, rest=["5 s"], summaries=["arterial_inflow_meen"])


def test_a_member_that_cannot_be_run_is_marked_and_no_other_is_lost(short_scenario):
    # Each point is fine alone; a thigh cuff 22 cm wide does not fit on a thigh segment 20 cm long.
    dataset = limbflow.sweep(
        short_scenario, {"cuff.width": ["10 cm", "22 cm"], "person.leg.length": ["20 cm", "25 cm"]}
    )
    flags = dict(zip(dataset.status.attrs["flag_meanings"].split(), dataset.status.attrs["flag_values"], strict=True))
    assert (dataset.status == flags["failed"]).sum() == 1
    failed = dataset.sel(cuff_width=22, person_leg_length=20)
    assert failed.status == flags["failed"]
    assert np.isnan(failed.arterial_inflow_mean)
    assert "cuff" in failed.message.item()
    assert (dataset.status == flags["completed"]).sum() == 3


def test_threads_do_not_change_a_bit(short_scenario):
    one, four = (limbflow.sweep(short_scenario, cuff_pressure="0..100 %AOP / 9", threads=threads) for threads in (1, 4))
    xarray.testing.assert_identical(one, four)
    for name in one.data_vars:
        if one[name].dtype.kind == "f":
            assert one[name].values.tobytes() == four[name].values.tobytes()


def test_file_and_memory_hold_the_same(short_scenario, tmp_path):
    axes = {"cuff_pressure": "0..80 %AOP / 3", "person": ["adult_man", "older_woman"]}
    memory = limbflow.sweep(short_scenario, axes)
    path = tmp_path / "sweep.h5"
    limbflow.sweep(short_scenario, axes, file=path).close()
    with xarray.open_dataset(path, engine="h5netcdf") as stored:
        stored.load()
    for name in set(stored.attrs) - set(memory.attrs):
        del stored.attrs[name]
    xarray.testing.assert_identical(stored, memory)
    assert [item.name for item in tmp_path.iterdir()] == ["sweep.h5"]


def test_a_finished_sweep_is_not_run_again(short_scenario, tmp_path):
    path = tmp_path / "sweep.h5"
    limbflow.sweep(short_scenario, rest=["5 s", "10 s"], file=path).close()
    before = path.read_bytes()
    limbflow.sweep(short_scenario, rest=["5 s", "10 s"], file=path).close()
    assert path.read_bytes() == before


def test_a_result_may_be_asked_and_closed_while_threads_write_to_it(short_scenario, tmp_path):
    native = short_scenario._native
    kept = [info for info, _ in _engine.summaries(native) if info.name == "arterial_inflow_mean"]
    plan = _engine.SweepPlan([_engine.parse_axis(native, "cuff_pressure", "cuff.pressure", "0..100 %AOP / 60")])
    for number in range(2):
        result = _engine.SweepResult(native, "title", plan, kept, str(tmp_path / f"{number}.h5"))
        begun, endings = threading.Event(), []

        def run(result=result, begun=begun, endings=endings):
            try:
                endings.append(_engine.sweep(native, result, 2, lambda share: begun.set() if share > 0 else None))
            except ValueError as error:
                endings.append(str(error))

        thread = threading.Thread(target=run)
        thread.start()
        asked = [result.left]
        while thread.is_alive() and not begun.is_set():
            asked.append(result.left)
            assert sum(end - first for first, end in result.pending_ranges(7)) <= asked[-1]
        result.close()
        thread.join()
        assert endings in ([True], ["error: the sweep's file is closed"])
        assert asked == sorted(asked, reverse=True)
        # What was closed is what is in the file, whole.
        again = _engine.SweepResult(native, "title", plan, kept, str(tmp_path / f"{number}.h5"))
        assert again.left == result.left
        again.close()


def test_the_file_of_another_sweep_is_refused(short_scenario, tmp_path):
    path = tmp_path / "sweep.h5"
    limbflow.sweep(short_scenario, rest=["5 s", "10 s"], file=path).close()
    with pytest.raises(limbflow.StorageError, match=r"sweep\.h5"):
        limbflow.sweep(short_scenario, rest=["5 s", "12 s"], file=path)


def test_a_sweep_over_a_person_who_has_changed_is_refused(short_scenario, tmp_path):
    person = tmp_path / "somebody.toml"
    shipped = Path(limbflow.__file__).parent / "data/scenarios/people/adult_man.toml"
    person.write_text(shipped.read_text())
    people, path = ["adult_woman", str(person)], tmp_path / "sweep.h5"
    limbflow.sweep(short_scenario, person=people, file=path).close()
    limbflow.sweep(short_scenario, person=people, file=path).close()
    person.write_text(re.sub(r'age = "[^"]*"', 'age = "61 yr"', shipped.read_text()))
    with pytest.raises(limbflow.StorageError, match="files that they name"):
        limbflow.sweep(short_scenario, person=people, file=path)


@pytest.mark.parametrize("threads", [-1, 1025, 2.0, "2", True])
def test_threads_that_cannot_be_are_input_errors(short_scenario, threads):
    with pytest.raises(limbflow.InputError, match="threads"):
        limbflow.sweep(short_scenario, rest=["5 s"], threads=threads)


def test_ctrl_c_keeps_finished_members_and_the_same_call_goes_on(tmp_path):
    def stop_when_some_are_done(fraction):
        if fraction > 0:
            os.kill(os.getpid(), signal.SIGINT)

    session = limbflow.load("30-15-15-15")
    axes = {"cuff_pressure": "0..100 %AOP / 200", "load": "10..30 %1RM / 20"}
    with pytest.raises(limbflow.Interrupted) as caught:
        limbflow.sweep(session, axes, summaries="arterial_inflow_mean", progress=stop_when_some_are_done)
    partial = caught.value.dataset
    done = int((partial.status == 1).sum())
    assert 0 < done < 4000
    assert int((partial.status == 0).sum()) == 4000 - done
    assert int(np.isfinite(partial.arterial_inflow_mean).sum()) == done


def test_ctrl_c_after_the_last_member_is_not_swallowed(short_scenario):
    def stop_at_the_end(fraction):
        if fraction >= 1:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(limbflow.Interrupted, match="2 of 2") as caught:
        limbflow.sweep(short_scenario, rest=["5 s", "10 s"], progress=stop_at_the_end)
    assert (caught.value.dataset.status == 1).all()


def test_an_interrupted_file_goes_on_to_the_same_values(short_scenario, tmp_path):
    axes = {"cuff_pressure": "0..100 %AOP / 40", "load": "10..30 %1RM / 10"}
    path = tmp_path / "sweep.h5"

    def stop_half_way(fraction):
        if fraction > 0.1:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(limbflow.Interrupted, match=r"goes on") as caught:
        limbflow.sweep(short_scenario, axes, file=path, summaries="arterial_inflow_*", progress=stop_half_way)
    partial = caught.value.dataset
    kept = int((partial.status == 1).sum())
    partial.close()
    assert 0 < kept < 400
    resumed = limbflow.sweep(short_scenario, axes, file=path, summaries="arterial_inflow_*").load()
    resumed.close()
    straight = limbflow.sweep(short_scenario, axes, summaries="arterial_inflow_*")
    assert (resumed.status == 1).all()
    assert resumed.arterial_inflow_mean.values.tobytes() == straight.arterial_inflow_mean.values.tobytes()
