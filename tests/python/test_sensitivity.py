"""Sensitivities against derivatives that are known, and how they are reported."""

import json

import pytest

import limbflow
from limbflow.validation.report import print_sensitivities
from limbflow.validation.sensitivities import STEP, Parameter, chosen_parameters
from limbflow.validation.studies import STUDIES

FLOW, STRAP = "holland1998_leg_flows", "strap_material"


@pytest.fixture(scope="module")
def flows():
    return limbflow.sensitivity(
        [FLOW], parameters=["leg_resting_flow", "arm_resting_flow", "vein_stiffness"], threads=2
    )


def test_resting_flow_is_proportional_to_the_parameter_that_sets_it(flows):
    (outcome,) = flows.outcomes
    strongest = flows.of(outcome)[0]
    assert strongest.parameter.name == "leg_resting_flow"
    assert strongest.normalised == pytest.approx(1.0, abs=2e-3)
    breadth = strongest.parameter.high - strongest.parameter.low
    assert strongest.range_effect == pytest.approx(strongest.slope * breadth / outcome.spread)


def test_a_parameter_that_the_scenario_cannot_see_is_not_tried(flows):
    assert {entry.parameter.name for entry in flows.entries} == {"leg_resting_flow", "vein_stiffness"}
    assert flows.strongest_hold(next(p for p in flows.parameters if p.name == "arm_resting_flow")) is None


def test_occlusion_pressure_and_pull_are_inverse_to_the_share_that_an_elastic_cuff_passes():
    found = limbflow.sensitivity([STRAP], parameters=["elastic_cuff_share"])
    by_quantity = {outcome.quantity: found.of(outcome) for outcome in found.outcomes}
    assert by_quantity["arm aop nylon"] == []
    (entry,) = by_quantity["arm aop elastic same width"]
    (pull,) = chosen_parameters(["elastic_cuff_pull"])
    pressure = float(limbflow.aop("adult_man", "elastic_arm", "supine", width="5 cm"))
    assert entry.normalised == pytest.approx(-(pressure + pull.value) / pressure, abs=5e-3)


def test_a_slope_is_what_two_runs_give():
    (parameter,) = chosen_parameters(["vein_stiffness"])
    found = limbflow.sensitivity(["calf_venous_pressure_volume"], parameters=["vein_stiffness"])
    outcome = next(o for o in found.outcomes if o.quantity.startswith("volume at 30"))
    low, high = parameter.steps
    assert high - low == pytest.approx(2 * STEP * parameter.value)
    (entry,) = found.of(outcome)
    # A stiffer vein holds less at a pressure; the curve at a fixed pressure is close to a logarithm of the stiffness.
    assert -1.0 < entry.normalised < -0.3


def test_at_the_end_of_a_range_the_step_has_one_side():
    at_the_end = Parameter("share", 1.0, 0.5, 1.0, "1", "", "")
    assert at_the_end.steps == (pytest.approx(0.995), 1.0)
    at_zero = Parameter("level", 0.0, -10.0, 30.0, "cm", "", "")
    assert at_zero.steps == (pytest.approx(-0.4), pytest.approx(0.4))
    assert at_zero.text(0.4) == "0.4 cm"


def test_what_nothing_constrains_is_named_with_its_source_and_place(flows):
    (parameter,) = flows.unconstrained[:1]
    assert parameter.name == "arm_resting_flow"
    assert parameter.source
    file, line = parameter.place.split(":")
    text = (STUDIES.parents[1] / "parameters" / file).read_text().splitlines()
    assert text[int(line) - 1] == "[arm_resting_flow]"
    assert "leg_resting_flow" not in {p.name for p in flows.unconstrained}


def test_the_main_numbers_of_protocols_are_outcomes():
    seen = []
    found = limbflow.sensitivity(
        "calibrate", parameters=["one_repetition_maximum_of_contraction"], progress=seen.append
    )
    assert seen[-1] == 1.0
    headlines = {outcome.quantity: found.of(outcome) for outcome in found.outcomes if outcome.use == "protocol"}
    assert len(headlines) >= 12
    assert headlines["EMG amplitude, mean of set 4"][0].normalised > 0.5  # a heavier load calls on more
    assert headlines["repetitions to failure, set 1"][0].normalised < -0.5
    assert headlines["occlusion pressure"] == []


def test_names_that_are_not_there():
    with pytest.raises(limbflow.InputError, match=FLOW):
        limbflow.sensitivity(["holland1998_leg_flow"])
    with pytest.raises(limbflow.InputError, match="leg_resting_flow"):
        limbflow.sensitivity([FLOW], parameters=["leg_resting_flows"])


def test_the_table_says_what_an_outcome_depends_on_and_what_nothing_constrains(flows, capsys):
    print_sensitivities(flows)
    text = capsys.readouterr().out
    assert "common femoral (mL/min)" in text
    assert "leg_resting_flow +1.00" in text
    assert "Constrained by nothing: 2 of 3" in text


def test_the_command_adds_them_to_its_output(command, tmp_path):
    options = ["validate", "--study", STRAP, "--sensitivity", "--threads", "2"]
    done = command(*options, "--json", "--html", "report.html")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["sensitivity"]
    elastic = next(o for o in told["outcomes"] if o["quantity"] == "arm aop elastic same width")
    assert "elastic_cuff_share" in {entry["parameter"] for entry in elastic["depends_on"]}
    assert {"parameter", "largest_effect_sd", "source", "place"} == set(told["unconstrained"][0])
    html = (tmp_path / "report.html").read_text()
    assert 'id="sensitivity"' in html
    assert 'id="unconstrained"' in html
