"""Sweeps that are stopped, and what comes out when they go on."""

import json
import os
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
import xarray

import limbflow


def finished_members(path) -> int:
    try:
        with h5py.File(path, "r", locking=False) as file:
            return int((file["status"][...] == 1).sum())
    except (OSError, KeyError):
        return 0


def test_after_kill_9_a_resumed_file_is_the_undisturbed_one(command, tmp_path, short_file):
    axes = ("--axis", "cuff_pressure=0..100 %AOP / 33", "--axis", "load=20, 30 %1RM", "--keep", "arterial_inflow_*")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    process = subprocess.Popen(
        [sys.executable, "-m", "limbflow", "sweep", str(short_file), *axes, "--out", "killed.h5", "--threads", "1"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not finished_members(tmp_path / "killed.h5"):
        time.sleep(0.02)
    process.kill()
    process.wait()
    kept = finished_members(tmp_path / "killed.h5")
    assert 0 < kept < 66
    done = command("resume", "killed.h5", "--json", env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == {"completed": 66}
    assert command("sweep", short_file, *axes, "--out", "straight.h5", env=environment).returncode == 0
    assert (tmp_path / "killed.h5").read_bytes() == (tmp_path / "straight.h5").read_bytes()


def test_resume_needs_only_the_file(short_scenario, tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    axes = {"cuff_pressure": "0..80 %AOP / 6"}
    path = tmp_path / "sweep.h5"
    with pytest.raises(limbflow.Interrupted, match="limbflow resume"):
        limbflow.sweep(
            short_scenario, axes, person=limbflow.people(3), file=path, summaries="aop", threads=1, progress=stop
        )
    resumed = limbflow.resume(path).load()
    resumed.close()
    straight = limbflow.sweep(short_scenario, axes, person=limbflow.people(3), summaries="aop")
    assert resumed.attrs["title"] == straight.attrs["title"]
    assert resumed.aop.values.tobytes() == straight.aop.values.tobytes()
    assert limbflow.resume(path).status.values.all()


@pytest.mark.parametrize("content", [None, b"", b"not a result", "run"])
def test_what_is_no_sweep_is_refused(short_scenario, tmp_path, content):
    path = tmp_path / "file.h5"
    if content == "run":
        short_scenario.run(path)
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises((limbflow.InputError, limbflow.StorageError), match=r"file\.h5"):
        limbflow.resume(path)


def test_a_sweep_that_failed_lets_go_of_its_file(short_scenario, tmp_path):
    def fail(_):
        raise ZeroDivisionError

    path = tmp_path / "sweep.h5"
    with pytest.raises(ZeroDivisionError) as caught:
        limbflow.sweep(short_scenario, rest=["5 s", "10 s"], file=path, summaries="aop", progress=fail)
    limbflow.sweep(short_scenario, rest=["5 s", "10 s"], file=path, summaries="aop").close()
    assert caught.value.__traceback__ is not None  # frames of the failed call are still alive


def test_ctrl_c_stops_within_half_a_second(short_scenario):
    axes = {"cuff_pressure": "0..100 %AOP / 500", "load": "10..30 %1RM / 10"}
    waits = []
    while len(waits) < 5 and min(waits, default=1.0) >= 0.5:  # a busy machine may keep us waiting for the processor
        pressed = []

        def press(fraction, pressed=pressed):
            if fraction > 0 and not pressed:
                pressed.append(time.monotonic())
                os.kill(os.getpid(), signal.SIGINT)

        with pytest.raises(limbflow.Interrupted) as caught:
            limbflow.sweep(short_scenario, axes, progress=press)
        waits.append(time.monotonic() - pressed[0])
        assert 0 < int((caught.value.dataset.status == 1).sum()) < 5000
    assert min(waits) < 0.5


def test_a_large_file_stays_on_the_disk(short_scenario, tmp_path):
    def stop(_):
        raise KeyboardInterrupt

    path = tmp_path / "large.h5"
    with pytest.raises(limbflow.Interrupted) as caught:
        limbflow.sweep(
            short_scenario,
            cuff_pressure="0..100 %AOP / 5000",
            load="10..50 %1RM / 1000",
            file=path,
            summaries="aop",
            progress=stop,
        )
    dataset = caught.value.dataset
    assert path.stat().st_size > 5e6 * 25
    assert dataset.aop.chunks is not None
    assert max(np.prod([max(sizes) for sizes in dataset.aop.chunks]), 1) * 8 <= 16 << 20
    assert int((dataset.status == 0).sum().compute()) > 4_990_000
    dataset.close()
    with xarray.open_dataset(path, engine="h5netcdf") as plain:
        assert plain.aop.shape == (5000, 1000)


def test_a_dataset_of_a_sweep_can_be_saved_and_tabulated(short_scenario, tmp_path):
    dataset = limbflow.sweep(
        short_scenario, {"cuff.width": ["10 cm", "22 cm"], "person.leg.length": ["20 cm", "25 cm"]}, summaries="aop"
    )
    dataset.to_netcdf(tmp_path / "copy.nc", engine="h5netcdf")
    with xarray.open_dataset(tmp_path / "copy.nc", engine="h5netcdf") as copy:
        xarray.testing.assert_equal(copy.load(), dataset)
        assert copy.aop.attrs["units"] == "mmHg"
    table = dataset.to_dataframe()
    assert len(table) == 4
    assert table.loc[(22, 20), "status"] == 8
    assert table["aop"].isna().sum() == 1
