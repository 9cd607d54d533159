"""Texts and paths of input files are shown, never run; nothing is written but what was asked for."""

import json
import os

import matplotlib
import pytest

SHELL = "$(touch CANARY) `touch CANARY`; touch CANARY | touch CANARY & #"
PYTHON = "__import__('os').system('touch CANARY') {0.__class__.CANARY} %(CANARY)s %n"
MARKUP = "<script>CANARY</script> {{ CANARY }} [bold]CANARY[/nothing] $\\frac{CANARY}{$ \\input{CANARY}"
PATHS = "../../CANARY ../CANARY.h5 ~/CANARY /CANARY"

# Runs the command line with every process, every file opened to write, and all code made of such a text noted down.
WATCHED = """\
import json, os, sys
import limbflow.cli
noted = []
processes = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn", "socket.connect")
writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT
def note(event, given):
    if event in processes or event in ("compile", "exec", "import", "ctypes.dlopen"):
        noted.append([event, repr(given)])
    elif event == "open" and (set("wax+") & set(given[1] or "") or (given[2] or 0) & writing):
        noted.append([event, str(given[0])])
sys.addaudithook(note)
status = limbflow.cli.main(sys.argv[1:])
print(json.dumps(noted), file=sys.stderr)
sys.exit(status)
"""


@pytest.fixture
def watched(command, tmp_path):
    """Run `limbflow ARGUMENTS` in a folder inside `tmp_path`: nothing is new there afterwards but the files `made`."""
    inside = tmp_path / "home" / "inside"
    inside.mkdir(parents=True)

    def files():
        return {path for path in tmp_path.rglob("*") if path.is_file()}

    def run(*arguments, made=(), code=0):
        before = files()
        places = {"HOME": str(tmp_path / "home"), "MPLCONFIGDIR": matplotlib.get_cachedir()}
        done = command(*arguments, program=("-c", WATCHED), cwd=inside, env={**os.environ, **places})
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        noted = json.loads(done.stderr.splitlines()[-1])
        assert noted
        assert [entry for entry in noted if "CANARY" in entry[1]] == []
        assert files() == before | {inside / name for name in made}
        return done

    run.inside = inside
    return run


def quoted(text):
    return json.dumps(text)  # is also TOML's way


@pytest.fixture
def hostile(short_file, watched):
    """A scenario whose texts are all of that kind."""
    texts = f"title = {quoted(' '.join((SHELL, PYTHON, MARKUP, PATHS)))}\ndescription = {quoted(PYTHON)}"
    session = short_file.read_text().replace('title = "two short sets"', texts)
    session = session.replace("[cuff]", f"[cuff]\nname = {quoted(PATHS)}") + f"[person]\nname = {quoted(SHELL)}\n"
    path = watched.inside / "hostile.toml"
    path.write_text(session)
    return path.name


def test_texts_of_a_scenario_are_shown_and_not_run(watched, hostile):
    done = watched("run", hostile, "--out", "run.h5", "--plot", "run.png", made=["run.h5", "run.png"])
    assert SHELL in done.stdout
    watched("plot", "run.h5", "--out", "again.png", made=["again.png"])


def test_texts_of_a_sweep_and_of_its_file_are_shown_and_not_run(watched, hostile):
    made = ["sweep.h5", "sweep.png"]
    watched("sweep", hostile, "--axis", "cuff_pressure=40, 60 %AOP", "--out", made[0], "--plot", made[1], made=made)
    watched("resume", "sweep.h5", "--plot", "resumed.png", made=["resumed.png"])


def test_texts_of_a_checked_session_are_shown_and_not_run(watched, hostile):
    watched("check", hostile, "--plot", "check.png", made=["check.png"])


@pytest.mark.parametrize("path", [SHELL, "|touch CANARY", "../../../CANARY", "~/CANARY", "/CANARY"])
def test_a_path_in_a_scenario_is_only_read(watched, short_file, path):
    (watched.inside / "bad.toml").write_text(short_file.read_text().replace("people/adult_man.toml", path))
    done = watched("run", "bad.toml", "--out", "run.h5", code=2)
    assert "extends" in done.stderr
