"""Bad input on the command line: an exit code, a message that helps, no traceback, and nothing left behind."""

import json
import os
import resource

import pytest

SCENARIO = """\
extends = ["people/adult_man.toml", "cuffs/wide_thigh.toml"]
[exercise]
name = "knee extension"
load = "20 %1RM"
sets = [4, 3]
tempo = { concentric = "1.5 s", eccentric = "1.5 s" }
rest = "10 s"
[cuff]
pressure = "60 %AOP"
during = "all"
"""

BAD_VALUES = {
    "misspelt key": ('pressure = "60 %AOP"', 'presure = "60 %AOP"', ["cuff.presure", "pressure"]),
    "missing unit": ('rest = "10 s"', "rest = 10", ["exercise.rest", "min"]),
    "missing unit in text": ('rest = "10 s"', 'rest = "10"', ["exercise.rest", "min"]),
    "wrong unit": ('rest = "10 s"', 'rest = "10 mmHg"', ["exercise.rest", "min"]),
    "unknown unit": ('rest = "10 s"', 'rest = "10 fortnights"', ["exercise.rest"]),
    "negative width": ("[cuff]", '[cuff]\nwidth = "-5 cm"', ["cuff.width", "-5 cm"]),
    "cuff wider than the limb is long": ("[cuff]", '[cuff]\nwidth = "60 cm"', ["cuff.width", "60 cm"]),
    "900 mmHg": ('pressure = "60 %AOP"', 'pressure = "900 mmHg"', ["cuff.pressure", "900 mmHg"]),
    "negative rest": ('rest = "10 s"', 'rest = "-5 s"', ["exercise.rest", "-5 s"]),
    "not TOML": ("[exercise]", "[exercise", ["bad.toml:2"]),
    "no such base file": ("people/adult_man.toml", "people/adult_mann.toml", ["adult_mann"]),
}


def check(done, code, words, tmp_path, left=("bad.toml",)):
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Error(" not in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    assert sorted(item.name for item in tmp_path.iterdir()) == sorted(left)


@pytest.mark.parametrize("case", BAD_VALUES)
def test_a_bad_value_says_file_line_key_and_what_is_accepted(command, tmp_path, case):
    good, bad, words = BAD_VALUES[case]
    assert good in SCENARIO
    (tmp_path / "bad.toml").write_text(SCENARIO.replace(good, bad))
    done = command("run", "bad.toml", "--out", "run.h5", "--plot", "run.png")
    check(done, 2, ["bad.toml:", "error:", *words], tmp_path)


def test_all_problems_come_at_once(command, tmp_path):
    text = SCENARIO.replace('rest = "10 s"', 'rest = "-5 s"').replace("pressure", "presure").replace("20 %1RM", "20")
    (tmp_path / "bad.toml").write_text(text)
    done = command("run", "bad.toml")
    check(done, 2, ["exercise.rest", "cuff.presure", "exercise.load"], tmp_path)
    reported = json.loads(command("run", "bad.toml", "--json").stdout)["error"]
    assert reported["kind"] == "input"
    assert {diagnostic["key"] for diagnostic in reported["diagnostics"]} >= {
        "exercise.rest",
        "cuff.presure",
        "exercise.load",
    }


@pytest.mark.parametrize(
    ("contents", "words"),
    [(b"", ["empty"]), (bytes(range(256)) * 16, ["not a TOML text"]), (b"\xff\xfe\x00\x01text", ["bad.toml"])],
    ids=["empty", "binary", "not UTF-8"],
)
@pytest.mark.parametrize("name", ["run", "sweep"])
def test_a_file_that_is_no_scenario(command, tmp_path, contents, words, name):
    (tmp_path / "bad.toml").write_bytes(contents)
    axis = ["--axis", "rest=5, 10 s"] if name == "sweep" else []
    check(command(name, "bad.toml", *axis, "--out", "out.h5"), 2, ["bad.toml", *words], tmp_path)


@pytest.mark.parametrize("name", ["run", "sweep", "plot"])
def test_a_folder_is_no_input(command, tmp_path, name):
    (tmp_path / "bad.toml").mkdir()
    check(command(name, "bad.toml", "--out", "out.png" if name == "plot" else "out.h5"), 2, ["bad.toml"], tmp_path)


@pytest.mark.parametrize("name", ["run", "sweep", "plot"])
def test_a_name_that_is_not_there(command, tmp_path, name):
    check(command(name, "30-15-15-16"), 2, ["30-15-15-16"], tmp_path, left=())


def test_a_misspelt_protocol_names_the_nearest(command, tmp_path):
    check(command("run", "30-15-15-16"), 2, ["30-15-15-15"], tmp_path, left=())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "30-15-15-15", "--out", "nowhere/run.h5"], ["nowhere"]),
        (["run", "30-15-15-15", "--out", "."], ["folder"]),
        (["run", "30-15-15-15", "--out", "/dev/full"], ["device"]),
        (["run", "30-15-15-15", "--plot", "nowhere/run.png"], ["nowhere"]),
        (["run", "30-15-15-15", "--plot", "run.bmpp"], [".png"]),
        (["sweep", "30-15-15-15", "--axis", "rest=5, 10 s", "--out", "nowhere/sweep.h5"], ["nowhere"]),
        (["sweep", "30-15-15-15"], ["axis"]),
        (["sweep", "30-15-15-15", "--axis", "rest"], ["--axis"]),
        (["sweep", "30-15-15-15", "--axis", "rest=5..10 / 3"], ["unit"]),
        (["run", "30-15-15-15", "--set", "cuff_presure=60 %AOP"], ["pressure"]),
        (["run", "30-15-15-15", "--set", "baseline=60"], ["error: timing.baseline: '60' has no unit", '"60 s"']),
        (["run", "30-15-15-15", "--set", "load"], ["--set"]),
        (["run"], ["SCENARIO"]),
        (["walk"], ["walk"]),
        (["list", "dogs"], ["people"]),
        (["aop", "--person", "adult_mann"], ["adult_man"]),
        (["aop", "--cuff", "wide_thig"], ["wide_thigh"]),
        (["aop", "--posture", "upside-down"], ["supine"]),
        (["plot", "nothing.h5"], ["nothing.h5"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_arguments_that_cannot_be_meant(command, tmp_path, arguments, words):
    check(command(*arguments), 2, words, tmp_path, left=())


def test_a_file_that_is_no_result(command, tmp_path):
    (tmp_path / "text.h5").write_text("not HDF5")
    check(command("plot", "text.h5"), 2, ["text.h5"], tmp_path, left=("text.h5",))


def test_a_place_where_nobody_may_write(command, tmp_path):
    check(command("run", "30-15-15-15", "--out", "/proc/run.h5"), 2, ["/proc/run.h5"], tmp_path, left=())


def small_disk():
    """Let no file grow past 4 kB, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.mark.parametrize("arguments", [["run", "bad.toml"], ["sweep", "bad.toml", "--axis", "rest=5, 10 s"]])
def test_a_full_disk_leaves_no_result(command, tmp_path, arguments):
    (tmp_path / "bad.toml").write_text(SCENARIO)
    done = command(*arguments, "--out", "out.h5", preexec_fn=small_disk)
    check(done, 3, ["out.h5"], tmp_path)


def test_a_full_disk_leaves_no_plot_and_keeps_an_older_one(command, tmp_path):
    (tmp_path / "bad.toml").write_text(SCENARIO)
    (tmp_path / "run.png").write_bytes(b"older")
    done = command("run", "bad.toml", "--plot", "run.png", preexec_fn=small_disk)
    check(done, 3, ["run.png"], tmp_path, left=("bad.toml", "run.png"))
    assert (tmp_path / "run.png").read_bytes() == b"older"


def test_output_to_a_full_disk_is_said(command):
    with open("/dev/full", "w") as full:
        done = command("list", "parameters", stdout=full, capture_output=False, stderr=-1)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "space" in done.stderr


def test_the_unexpected_is_a_short_message(command):
    code = (
        "import sys; from limbflow import _engine, cli; _engine.shipped = lambda kind: 1 / 0; "
        "sys.exit(cli.main(['list']))"
    )
    done = command(program=("-c", code))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "LIMBFLOW_TRACEBACK=1" in done.stderr


def test_data_that_are_not_there(command):
    done = command("list", env={**os.environ, "LIMBFLOW_DATA": "/nonexistent"})
    assert done.returncode == 2
    assert "/nonexistent" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sweep_does_not_overwrite_another_file(command, tmp_path):
    (tmp_path / "out.h5").write_text("precious")
    done = command("sweep", "30-15-15-15", "--axis", "rest=5, 10 s", "--out", "out.h5")
    check(done, 3, ["out.h5"], tmp_path, left=("out.h5",))
    assert (tmp_path / "out.h5").read_text() == "precious"


def test_a_cuff_without_pressure_is_a_problem_of_the_scenario_not_of_the_cuff(command, tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text('extends = ["people/adult_man.toml", "cuffs/wide_thigh.toml"]\n[timing]\npassive = "60 s"\n')
    error = command("run", own).stderr
    assert "cuff.pressure: is missing" in error
    assert "wide_thigh.toml" not in error


def test_a_sweep_is_not_a_scenario_and_says_so(command):
    assert "limbflow sweep pressure_load_rest" in command("run", "pressure_load_rest").stderr


def test_the_same_problem_of_many_points_is_told_once(command):
    error = command("sweep", "30-15-15-15", "--axis", "rest=10 mmHg, 20 mmHg, 30 mmHg").stderr
    assert error.count("not of time") == 1


@pytest.mark.parametrize(("content", "why"), [(b"text", "not an HDF5 file"), (b"\x89HDF\r\n\x1a\n", "damaged")])
def test_a_file_that_is_no_result_says_why(command, tmp_path, content, why):
    (tmp_path / "bad.h5").write_bytes(content)
    assert why in command("plot", "bad.h5").stderr


def test_a_test_may_come_as_late_as_a_set_to_failure_can_last(command, tmp_path):
    own = tmp_path / "late.toml"
    own.write_text(
        SCENARIO.replace("sets = [4, 3]", 'sets = [4, 3]\nuntil = "failure"')
        + '[[measure]]\nkind = "mvc"\nat = "60 s"\n[simulation]\ntolerance = 1e-3\n'
    )
    done = command("run", own, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["measurements"][0]["time"] == 60.0
