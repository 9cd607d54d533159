"""Straps without a gauge, from Python, from the command line and in a session."""

import json

import pytest

import limbflow

ARM = {"limb": "arm", "exercise.muscle": "elbow flexors"}


@pytest.mark.parametrize(("limb", "pressure", "occluded"), [("arm", 132, 0.25), ("leg", 120, 0.125)])
def test_seven_of_ten_is_what_people_pull(limb, pressure, occluded):
    """132 and 120 mmHg on arm and leg; a quarter of arms and an eighth of legs are shut (Bell 2018)."""
    found = limbflow.strap(limb, tightness=7)
    print(found)
    assert float(found) == pytest.approx(pressure, rel=0.05)
    assert found.full_occlusion == pytest.approx(occluded, abs=0.03)
    low, high = found.full_occlusion_interval
    assert low < occluded < high
    assert found.day_to_day_sd == pytest.approx(0.12 * pressure, rel=0.05)


def test_percentiles_surround_the_mean_and_shares_follow():
    found = limbflow.strap("arm", tightness=7)
    values = list(found.pressure_percentiles.values())
    assert values == sorted(values)
    assert values[0] < float(found) < values[-1]
    assert found.percent_aop == pytest.approx(100 * float(found) / found.occlusion_pressure, rel=0.05)
    assert all(found.sources)


def test_a_pull_depends_on_strap_and_limb():
    medium = float(limbflow.strap("arm", overlap="30 %"))
    assert float(limbflow.strap("arm", overlap="30 %", material="stiff")) > medium
    assert float(limbflow.strap("arm", overlap="30 %", material="soft")) < medium
    assert float(limbflow.strap("arm", overlap="30 %", circumference="38 cm")) < medium
    assert float(limbflow.strap("arm", overlap="40 %")) > medium
    assert float(limbflow.strap("leg", tension="150 N")) < float(limbflow.strap("arm", tension="150 N"))
    assert float(limbflow.strap("arm", tension="150 N", width="10 cm")) < float(limbflow.strap("arm", tension="150 N"))


def test_whose_occlusion_pressure_it_is_held_against():
    assert limbflow.strap("arm", tightness=7).occlusion_of == "the people who rated"
    person = limbflow.strap("arm", tightness=7, person="older_woman")
    assert person.occlusion_pressure == pytest.approx(float(limbflow.aop("older_woman", "strap_arm")))
    measured = limbflow.strap("arm", tightness=7, occlusion_pressure="150 mmHg")
    assert (measured.occlusion_pressure, measured.occlusion_of) == (150.0, "measured")
    assert measured.occlusion_sd < person.occlusion_sd


def test_nothing_pulled_is_no_pressure():
    found = limbflow.strap("arm", tightness=0)
    assert (float(found), found.full_occlusion, found.percent_aop) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "tightness, overlap, stretch, tension"),
        ({"tightness": 11}, "0 to 10"),
        ({"tightness": 7, "overlap": "30 %"}, "one of tension, stretch, overlap, tightness"),
        ({"overlap": "90 %"}, "0 % to 80 %"),
        ({"overlap": "5 cm"}, "%"),
        ({"tension": 200}, "N"),
        ({"tightness": 7, "material": "nylon"}, "stiff, medium, soft"),
        ({"tightness": 7, "widht": "5 cm"}, "width"),
    ],
)
def test_bad_input_says_what_is_accepted(changes, words):
    with pytest.raises(limbflow.InputError) as caught:
        limbflow.strap("arm", **changes)
    assert words in str(caught.value)


def test_a_limb_that_there_is_not():
    with pytest.raises(limbflow.InputError, match="arm"):
        limbflow.strap("amr", tightness=7)


def test_command_line(command, tmp_path):
    done = command("strap", "--limb", "arm", "--tightness", "7", "--plot", "strap.png")
    assert done.returncode == 0, done.stderr
    assert "mmHg" in done.stdout
    assert "Bell 2018" in done.stdout
    assert (tmp_path / "strap.png").read_bytes().startswith(b"\x89PNG")
    result = json.loads(command("strap", "--limb", "leg", "--overlap", "30 %", "--material", "soft", "--json").stdout)
    expected = limbflow.strap("leg", overlap="30 %", material="soft")
    assert result["pressure"] == pytest.approx(expected.pressure)
    assert result["full_occlusion_interval"] == pytest.approx(list(expected.full_occlusion_interval))
    assert set(result["pressure_percentiles"]) == {"p5", "p25", "p50", "p75", "p95"}


def test_command_line_errors(command):
    for arguments in (["--tightness", "12"], [], ["--tightness", "7", "--limb", "head"], ["--overlap", "3 cm"]):
        done = command("strap", *arguments)
        assert done.returncode == 2
        assert "error" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_session_under_a_strap():
    session = limbflow.load("30-15-15-15").with_(cuff="strap_leg", tightness=7, sets="[10, 10]")
    assert any("how the strap is put on" in warning for warning in session.warnings)
    run = session.run()
    expected = limbflow.strap("leg", tightness=7).pressure
    assert float(run.cuff_pressure_set.max()) == pytest.approx(expected, rel=1e-6)
    assert float(run.cuff_pressure.sel(time=100)) == pytest.approx(expected, rel=0.15)
    assert float(run.nerve_pressure_dose[-1]) > 0


def test_the_safety_check_counts_how_often_a_strap_shuts_the_artery():
    session = limbflow.load("30-15-15-15").with_(cuff="strap_arm", tightness=7, sets="[5]", **ARM)
    found = limbflow.check(session)
    expected = limbflow.strap("arm", tightness=7).full_occlusion
    reading = found.record.readings("strap_full_occlusion_probability")
    assert float(reading.values.max()) == pytest.approx(100 * expected, rel=1e-6)
    assert "CUF-15" in {finding.id for finding in found.findings}
