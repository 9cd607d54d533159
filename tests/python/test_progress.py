"""What is shown of long work: a bar on a terminal, lines in a log, nothing in a moment."""

import re
import time

import pytest

from limbflow import progress
from limbflow.progress import BarDisplay, LineDisplay, watched


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(progress, "SHOWN_AFTER_S", 0.0)
    monkeypatch.setattr(progress, "PLAIN_LINE_EVERY_S", 0.0)


def test_a_bar_shows_count_rate_and_time_left(at_once, capsys):
    bar = BarDisplay("a sweep with a title that is much too long for any terminal to show", 200, done=50)
    for finished in (60, 80, 120):
        time.sleep(0.11)
        bar(finished / 200)
    bar.close()
    shown = capsys.readouterr().err
    assert re.search(r"120/200 +[\d.]+ runs/s, \d+:\d+ left", shown)
    assert "..." in shown
    assert " 60%" in shown


def test_a_bar_of_one_run_shows_its_share(at_once, capsys):
    bar = BarDisplay("a run", None)
    for share in (0.1, 0.5):
        time.sleep(0.11)
        bar(share)
    bar.close()
    assert " 50%" in capsys.readouterr().err


def test_what_takes_a_moment_shows_nothing(capsys):
    for display in (BarDisplay, LineDisplay):
        shown = display("quick", 10)
        shown(0.5)
        shown.close()
    assert capsys.readouterr().err == ""


def test_lines_of_a_log_have_rate_and_time_left(at_once, capsys):
    line = LineDisplay("a sweep", 100, done=40)
    line.begun -= 10
    line(0.6)
    assert capsys.readouterr().err == "a sweep: 60 %, 60/100, 2.0 runs/s, 20 s left\n"


def test_who_watches(capsys):
    seen = []
    with watched(seen.append, "text") as report:
        report(0.25)
    assert seen == [0.25]
    with watched(False, "text") as report:
        assert report is None
    with watched(None, "text") as report:  # no terminal here
        assert report is None
    with watched(True, "text", 10) as report:
        assert isinstance(report, LineDisplay)
