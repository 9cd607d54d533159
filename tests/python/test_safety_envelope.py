"""The region of a sweep in which no stop and no warning breaks, and what stress is to be had in it."""

import json

import numpy as np
import pytest

import limbflow
from limbflow import safety
from limbflow.safety.envelopes import STRESS
from limbflow.safety.stimulus import metabolic_stress

AXES = {"cuff_pressure": "0..100 %AOP / 5", "load": ["20 %1RM", "40 %1RM", "80 %1RM"], "rest": ["10 s", "40 s"]}


@pytest.fixture(scope="module")
def session(short_scenario) -> limbflow.Scenario:
    return short_scenario.with_(sets=[12, 10])


@pytest.fixture(scope="module")
def found(session) -> safety.Envelope:
    return safety.envelope(session, AXES, progress=False)


def test_members_are_judged_as_check_judges_them(session, found):
    for point in ({"cuff_pressure": 75, "load": 40, "rest": 10}, {"cuff_pressure": 100, "load": 80, "rest": 40}):
        changes = {"cuff_pressure": f"{point['cuff_pressure']} %AOP", "load": f"{point['load']} %1RM"}
        alone = limbflow.check(session.with_(**changes, rest=f"{point['rest']} s"))
        member = found.dataset.sel(point)
        assert int(member.stops) == alone.counts["stop"]
        assert int(member.warnings) == alone.counts["warn"]
        assert bool(member.inside) == (alone.counts["stop"] == alone.counts["warn"] == 0)


def test_the_region_ends_where_limits_do(found):
    inside = found.dataset.inside
    assert 0 < found.inside < inside.size
    assert not inside.sel(cuff_pressure=100).any()  # CUF-01 and CUF-11
    assert not inside.sel(load=80, cuff_pressure=slice(50, None)).any()  # RX-01
    assert bool(inside.sel(load=20, cuff_pressure=50, rest=40))
    assert {"CUF-01", "RX-01"} <= set(found.cuts())


def test_the_best_is_inside_and_no_other_has_more_stress(found):
    best = found.best
    member = found.dataset.sel(best["settings"])
    assert bool(member.inside)
    assert best[STRESS] == pytest.approx(float(found.dataset[STRESS].where(found.dataset.inside).max()))
    assert min(best["margins"].values()) >= 0


@pytest.mark.parametrize("limit", ["CUF-01", "MET-02", "PER-10"])
def test_no_protocol_has_more_of_both_than_the_front(found, limit):
    front = found.front(limit)
    stress, margin = found.dataset[STRESS].values.ravel(), found.dataset.margin.sel(limit=limit).values.ravel()
    known = np.isfinite(margin)
    assert front.sizes["protocol"] >= 1
    assert np.all(np.diff(front.margin) > 0)
    assert np.all(np.diff(front[STRESS]) < 0)
    for s, m in zip(front[STRESS].values, front.margin.values, strict=True):
        assert not np.any((stress[known] > s + 1e-8) & (margin[known] > m + 1e-8))
    for s, m in zip(stress[known], margin[known], strict=True):
        assert np.any((front[STRESS].values >= s - 1e-8) & (front.margin.values >= m - 1e-8))


def test_stress_rises_with_load_and_cuff(found):
    stress = found.dataset[STRESS]
    assert bool((stress.sel(load=40) > stress.sel(load=20)).all())
    assert bool((stress.sel(cuff_pressure=75, load=20) > stress.sel(cuff_pressure=0, load=20)).all())


def test_stress_is_the_mean_rise_of_diprotonated_phosphate(session):
    report = limbflow.check(session)
    run = report.run
    acid = run.inorganic_phosphate / (1 + 10 ** (run.muscle_ph - 6.75))
    during = acid.where((run.time >= 10) & (run.time <= 10 + 22 * 3 + 10), drop=True)
    numbers = metabolic_stress(report.record)
    assert numbers["metabolic_stress_per_minute"] == pytest.approx(float(during.mean() - acid[:10].mean()), rel=0.02)
    assert numbers["duration"] == pytest.approx((22 * 3 + 10) / 60, abs=0.03)


def test_rest_without_cuff_or_exercise_is_no_stress():
    resting = limbflow.Scenario.from_text(
        'extends = ["people/adult_man.toml", "cuffs/wide_thigh.toml"]\n'
        '[cuff]\npressure = "50 %AOP"\nduring = "never"\n[timing]\nbaseline = "10 s"\npassive = "20 s"\n'
    )
    assert metabolic_stress(limbflow.check(resting).record)["metabolic_stress"] == 0


def test_what_is_not_possible_is_outside_with_its_reason(session):
    axes = {"person": ["adult_man", "adult_woman"], "cuff.width": ["13.5 cm", "42 cm"]}  # her thigh is 40.4 cm long
    found = safety.envelope(session, axes, progress=False)
    outside = found.dataset.sel(person="adult_woman", cuff_width=42)
    assert not bool(outside.inside)
    assert "does not fit" in str(outside.message.values)
    assert found.as_json()["failed"] == 1


def test_the_plot_stars_the_best_and_draws_fronts(found):
    axes = found.plot()
    assert len(axes) >= 2 + 2
    stars = [line for ax in axes[:2] for line in ax.lines if line.get_marker() == "*"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in stars] == [
        (found.best["settings"]["cuff_pressure"], found.best["settings"]["load"])
    ]
    assert axes[0].get_title(loc="left") == "rest 10 s"
    with pytest.raises(limbflow.InputError, match="two numeric axes"):
        safety.envelope("30-15-15-15", {"person": ["adult_man"]}, progress=False).plot()


def test_ctrl_c_keeps_what_was_finished(session):
    def stop_soon(share: float) -> None:
        if share > 0.2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        safety.envelope(session, {"load": "10..60 %1RM / 6"}, threads=1, progress=stop_soon)
    messages = stopped.value.found.dataset.message.values
    assert messages[0] == ""
    assert "not run" in messages[-1]


def test_command(command, short_file, tmp_path):
    axes = ("--axis", "cuff_pressure=20, 60, 100 %AOP", "--axis", "load=20, 80 %1RM")
    done = command("check", short_file, *axes, "--envelope-plot", "region.png")
    assert done.returncode == 0, done.stderr
    for words in ("envelope over cuff pressure, load", "of 6 protocols", "most metabolic stress per minute", "CUF-01"):
        assert words in done.stdout
    assert (tmp_path / "region.png").read_bytes().startswith(b"\x89PNG")
    result = json.loads(command("check", short_file, *axes, "--json").stdout)
    assert set(result) == {"counts", "limits", "findings", "envelope"}
    assert result["envelope"]["protocols"] == 6
    assert result["envelope"]["best"]["settings"].keys() == {"cuff_pressure", "load"}
    assert set(result["envelope"]["fronts"]) == set(result["envelope"]["cut_by"])
    refused = command("check", short_file, "--envelope-plot", "region.png")
    assert refused.returncode == 2


def test_a_sweep_file_brings_its_axes(tmp_path, short_file):
    (tmp_path / "plan.toml").write_text('scenario = "short.toml"\n[axes]\n"cuff.pressure" = ["40 %AOP", "120 %AOP"]\n')
    found = safety.envelope(tmp_path / "plan.toml", progress=False)
    assert found.dataset.inside.values.tolist() == [True, False]
    with pytest.raises(limbflow.InputError, match="needs an axis"):
        safety.envelope(short_file, progress=False)
