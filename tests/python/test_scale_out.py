"""Sweeps on Dask: the same bits as here, whatever happens to workers."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import xarray

import limbflow

distributed = pytest.importorskip("distributed")

AXES = {"cuff_pressure": "0..100 %AOP / 20", "load": "20, 30 %1RM"}
KEPT = "arterial_inflow_*"


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def local(short_scenario):
    return limbflow.sweep(short_scenario, AXES, summaries=KEPT)


def assert_same_bits(one, other):
    xarray.testing.assert_identical(one, other)
    for name in one.data_vars:
        if one[name].dtype.kind in "fi":
            assert one[name].values.tobytes() == other[name].values.tobytes()


def test_a_worker_killed_half_way_changes_nothing(client, short_scenario, local):
    killed = []

    def kill_one(fraction):
        if fraction > 0.2 and not killed:
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    assert_same_bits(limbflow.sweep(short_scenario, AXES, summaries=KEPT, client=client, progress=kill_one), local)
    assert killed


def test_failed_members_are_marked_there_too(client, short_scenario):
    axes = {"cuff.width": ["10 cm", "22 cm"], "person.leg.length": ["20 cm", "25 cm"]}
    here, there = (limbflow.sweep(short_scenario, axes, summaries="aop", client=who) for who in (None, client))
    assert_same_bits(there, here)
    assert (there.status == 8).sum() == 1


def test_ctrl_c_keeps_what_is_finished_and_the_file_goes_on_here(client, short_scenario, local, tmp_path):
    def stop(fraction):
        if fraction > 0:
            time.sleep(1)  # meanwhile the workers finish what waits there
            raise KeyboardInterrupt

    path = tmp_path / "sweep.h5"
    with pytest.raises(limbflow.Interrupted) as caught:
        limbflow.sweep(short_scenario, AXES, summaries=KEPT, client=client, progress=stop, file=path)
    done = int((caught.value.dataset.status == 1).sum())
    caught.value.dataset.close()
    assert 0 < done < 40
    resumed = limbflow.resume(path).load()
    resumed.close()
    assert resumed.arterial_inflow_mean.values.tobytes() == local.arterial_inflow_mean.values.tobytes()


def test_a_person_who_is_another_on_the_workers_is_refused(client, short_scenario, tmp_path, monkeypatch):
    from limbflow import scale_out

    monkeypatch.setattr(scale_out, "fingerprint", lambda texts: "another")
    with pytest.raises(limbflow.InputError, match="not the same files"):
        limbflow.sweep(short_scenario, person=["adult_man"], summaries="aop", client=client)


def test_workers_of_another_build_are_refused(client, short_scenario, monkeypatch):
    from limbflow import scale_out

    monkeypatch.setattr(scale_out, "build", lambda: ("9.9", "0" * 64))
    with pytest.raises(limbflow.InputError, match=r"9\.9"):
        limbflow.sweep(short_scenario, rest=["5 s"], summaries="aop", client=client)


def test_a_scheduler_and_workers_started_by_hand(command, tmp_path, short_file):
    """As in the README: `dask scheduler`, `dask worker ADDRESS`, `limbflow sweep --dask ADDRESS`."""
    started = []

    def start(*arguments):
        words = [sys.executable, "-m", "dask", *arguments]
        started.append(subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    scheduler = tmp_path / "scheduler.json"
    try:
        start("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(scheduler))
        deadline = time.monotonic() + 60
        while not scheduler.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        address = json.loads(scheduler.read_text())["address"]
        start("worker", address, "--nthreads", "1", "--no-dashboard")
        arguments = ("--axis", "cuff_pressure=0..80 %AOP / 3", "--axis", "rest=5, 10 s")
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
        there = command("sweep", short_file, *arguments, "--out", "there.h5", "--dask", address, env=environment)
        assert there.returncode == 0, there.stderr
        assert command("sweep", short_file, *arguments, "--out", "here.h5", env=environment).returncode == 0
        assert (tmp_path / "there.h5").read_bytes() == (tmp_path / "here.h5").read_bytes()
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(timeout=30)


def test_an_address_at_which_nobody_answers_is_an_input_error(monkeypatch):
    from limbflow import scale_out

    monkeypatch.setattr(scale_out, "ANSWER_WITHIN_S", 1)
    with pytest.raises(limbflow.InputError, match="no Dask scheduler"):
        scale_out.connect("tcp://127.0.0.1:9")
