import json
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
import xarray

import limbflow
from limbflow.report import evenly, print_sweep

PNG = b"\x89PNG"


def test_run_prints_the_parts_of_the_session(command):
    done = command("run", "30-15-15-15")
    assert done.returncode == 0, done.stderr
    for words in ("set 1", "rest 3", "session", "mL/min", "mmHg"):
        assert words in done.stdout
    assert "\x1b" not in done.stdout


def test_run_writes_result_and_plot(command, tmp_path, short_file):
    done = command("run", short_file, "--out", "run.h5", "--plot", "run.png", "--set", "cuff_pressure=80 %AOP")
    assert done.returncode == 0, done.stderr
    assert "run.h5" in done.stdout
    assert "run.png" in done.stdout
    assert (tmp_path / "run.png").read_bytes().startswith(PNG)
    with xarray.open_dataset(tmp_path / "run.h5", engine="h5netcdf") as stored:
        assert "80 %AOP" in stored.attrs["scenario"]


def test_run_json(command, short_file):
    done = command("run", short_file, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    result = json.loads(done.stdout)
    assert result["outcome"] == "completed"
    assert result["aop"]["units"] == "mmHg"
    assert result["summaries"]["set_1"]["arterial_inflow_mean"] > 0
    assert result["units"]["arterial_inflow_mean"] == "mL/min"
    assert result["measurements"][0]["kind"] == "capillary_refill"


def test_sweep_of_a_scenario(command, tmp_path, short_file):
    axes = ("--axis", "cuff_pressure=0..80 %AOP / 3", "--axis", "rest=5, 10 s")
    done = command("sweep", short_file, *axes, "--out", "sweep.h5", "--plot", "sweep.png")
    assert done.returncode == 0, done.stderr
    assert "6 members: 6 completed" in done.stdout
    assert "40 %AOP" in done.stdout
    assert (tmp_path / "sweep.png").read_bytes().startswith(PNG)
    with xarray.open_dataset(tmp_path / "sweep.h5", engine="h5netcdf") as stored:
        assert stored.sizes == {"cuff_pressure": 3, "rest": 2}
    again = command("sweep", short_file, *axes, "--out", "sweep.h5", "--json")
    assert json.loads(again.stdout)["status"] == {"completed": 6}


def test_sweep_file_with_an_axis_replaced(command, tmp_path, short_file):
    (tmp_path / "plan.toml").write_text(
        'scenario = "short.toml"\n[axes]\n"cuff.pressure" = { from = "0 %AOP", to = "80 %AOP", steps = 5 }\n'
        '"exercise.rest" = ["5 s", "10 s"]\n'
    )
    done = command("sweep", "plan.toml", "--axis", "cuff_pressure=0..40 %AOP / 2", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["members"] == 4


@pytest.mark.parametrize("posture", ["supine", "seated", "standing"])
@pytest.mark.parametrize("cuff", limbflow.shipped("cuffs"))
def test_aop_in_every_posture_with_every_cuff(cuff, posture):
    pressure = limbflow.aop("adult_man", cuff, posture)
    assert 80 < pressure.cuff_pressure < 700


def test_aop_prints_millimetres_of_mercury(command):
    done = command("aop", "--person", "adult_man", "--cuff", "wide_thigh", "--posture", "supine")
    assert done.returncode == 0, done.stderr
    assert "mmHg" in done.stdout
    result = json.loads(command("aop", "--json").stdout)
    assert result["units"] == "mmHg"
    assert f"{result['aop']:.0f} mmHg" in done.stdout


def test_plot_of_files(command, tmp_path, short_file):
    command("run", short_file, "--out", "run.h5")
    command("sweep", short_file, "--axis", "rest=5, 10 s", "--out", "sweep.h5")
    for name in ("run", "sweep"):
        done = command("plot", f"{name}.h5")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"{name}.png").read_bytes().startswith(PNG)
    assert json.loads(command("plot", "run.h5", "--out", "other.pdf", "--json").stdout) == {"plot": "other.pdf"}
    assert (tmp_path / "other.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("kind", ["people", "cuffs", "protocols", "sweeps", "parameters", "signals", "units"])
def test_list(command, kind):
    plain = command("list", kind)
    assert plain.returncode == 0, plain.stderr
    rows = json.loads(command("list", kind, "--json").stdout)
    assert rows
    first = rows[0] if isinstance(rows[0], str) else next(iter(rows[0].values()))
    assert first in plain.stdout


def test_list_of_everything_and_version(command):
    assert "30-15-15-15" in command("list").stdout
    assert limbflow.__version__ in command("version").stdout
    assert command("--version").stdout == command("version").stdout
    assert json.loads(command("version", "--json").stdout)["version"] == limbflow.__version__


@pytest.mark.parametrize(
    "name",
    [
        "run",
        "sweep",
        "resume",
        "aop",
        "strap",
        "plot",
        "check",
        "sensitivity",
        "validate",
        "list",
        "completion",
        "version",
    ],
)
def test_help_teaches(command, name):
    done = command(name, "--help")
    assert done.returncode == 0
    assert f"limbflow {name}" in done.stdout.partition("Examples")[2]
    assert "--json" in done.stdout


def test_help_examples_can_be_copied_and_summaries_are_whole(command):
    assert '--set cuff_pressure="80 %AOP" --set person=older_woman\n' in command("run", "--help").stdout
    done = command()
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: limbflow")
    assert "..." not in done.stderr.partition("Commands:")[2]


def test_ctrl_c_ends_a_sweep_and_the_file_stays_readable(command, tmp_path, short_file):
    arguments = [
        "sweep",
        str(short_file),
        "--axis",
        "cuff_pressure=0..100 %AOP / 300",
        "--axis",
        "load=10..30 %1RM / 30",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "limbflow", *arguments, "--out", "sweep.h5"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell lets background jobs ignore Ctrl-C
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not finished_members(tmp_path / "sweep.h5"):
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    pressed = time.monotonic()
    output, errors = process.communicate(timeout=30)
    assert time.monotonic() - pressed < 5
    assert process.returncode == 130, output + errors
    assert "Traceback" not in errors
    assert "members finished" in errors
    assert 0 < finished_members(tmp_path / "sweep.h5") < 9000


def finished_members(path) -> int:
    try:
        with h5py.File(path, "r", locking=False) as file:
            return int((file["status"][...] == 1).sum())
    except (OSError, KeyError):
        return 0


def test_a_closed_pipe_is_no_error(tmp_path):
    done = subprocess.run(
        f"({sys.executable} -m limbflow list parameters; echo code $? >&2) | true",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "code 0\n"


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["re"], ["resume"]),
        (["run", "30-15-15-15_"], ["30-15-15-15_arm"]),
        (["sweep", "pressure_load"], ["pressure_load_rest"]),
        (["aop", "--cuff", "wide_"], ["wide_arm", "wide_thigh"]),
        (["run", "30-15-15-15", "--set", "cuff_pr"], ["cuff_pressure="]),
        (["run", "30-15-15-15", "--set", "person=older_w"], ["person=older_woman"]),
        (["sweep", "30-15-15-15", "--axis", "muscle_buf"], ["muscle_buffer="]),
        (["sweep", "30-15-15-15", "--keep", "muscle_lactate_max"], ["muscle_lactate_maximum"]),
    ],
)
def test_the_tab_key_completes(words, completed):
    from click.shell_completion import ShellComplete

    from limbflow.cli import cli
    from limbflow.completion import VARIABLE

    found = ShellComplete(cli, {}, "limbflow", VARIABLE).get_completions(words[:-1], words[-1])
    assert [item.value for item in found if item.type == "plain"] == completed


def test_the_script_of_a_shell_is_printed(command):
    for shell, marks in (("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete --no-files")):
        done = command("completion", shell)
        assert done.returncode == 0, done.stderr
        assert marks in done.stdout
        assert "_LIMBFLOW_COMPLETE" in done.stdout
    assert json.loads(command("completion", "bash", "--json").stdout)["shell"] == "bash"


def test_the_table_of_a_large_sweep_shows_some_of_it():
    assert evenly(5, 9) == [0, 1, 2, 3, 4]
    assert evenly(100, 9) == [0, 12, 25, 37, 50, 62, 74, 87, 99]


def test_a_large_sweep_is_printed_in_part(short_scenario, capsys):
    dataset = limbflow.sweep(short_scenario, rest="5..10 s / 2", summaries="aop")
    print_sweep(dataset.interp(rest=np.linspace(5, 10, 60)), "aop")
    printed = capsys.readouterr().out
    assert "25 of 60 points" in printed
    assert len(printed.splitlines()) < 35
