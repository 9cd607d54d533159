"""The validation product: studies, verdicts, table, JSON and HTML. What the verdicts are is for the report to say."""

import json
import math

import pytest

from limbflow.validation import EVALUATORS, all_studies, validate
from limbflow.validation.metabolism import HOLD, blood_oxygen_pressure, first_minute, maximal_effort
from limbflow.validation.studies import STUDIES
from limbflow.validation.verdicts import against, holds, not_modelled, within, worst


@pytest.fixture(scope="module")
def report():
    return validate()


@pytest.mark.parametrize("study", all_studies(), ids=lambda study: study.id)
def test_every_study_is_well_formed(study):
    assert (STUDIES / f"{study.id}.toml").exists()
    assert study.citation
    assert study.condition
    assert study.rows
    assert study.use in {"calibrate", "validate"}
    assert study.read in {"abstract", "derived", "recalled"}
    assert study.spread in {"sd", "se", "ci95", "median", ""}
    assert all(len(row) == len(study.columns) for row in study.rows)
    if study.scenario_name:
        study.scenario()


def test_every_evaluator_has_its_study():
    assert set(EVALUATORS) <= {study.id for study in all_studies()}
    assert len(all_studies()) == 36


@pytest.mark.parametrize(
    ("model", "verdict"),
    [(12.0, "met"), (8.0, "met"), (12.1, "near"), (14.0, "near"), (14.1, "missed"), (math.nan, "missed")],
)
def test_a_standard_deviation_is_the_measure_of_an_error(model, verdict):
    assert against("flow", "mL/min", model, 10.0, 2.0).verdict == verdict


def test_a_standard_error_counts_twice():
    assert against("flow", "mL/min", 14.0, 10.0, 2.0, "se").verdict == "met"
    assert against("flow", "mL/min", 18.1, 10.0, 2.0, "se").verdict == "missed"


def test_a_band_is_near_up_to_half_its_breadth_outside():
    assert [within("time", "s", value, 4.0, 6.0).verdict for value in (4.0, 6.0, 3.5, 7.0, 7.1)] == [
        "met", "met", "near", "near", "missed",
    ]  # fmt: skip


def test_a_missing_spread_is_said_to_be_assumed():
    row = against("flow", "mL/min", 11.0, 10.0)
    assert (row.spread_kind, row.spread) == ("assumed", 2.0)


def test_the_worst_row_is_the_verdict_of_a_study():
    met, missed = holds("order", "falls", True), holds("order", "falls", False)
    absent = not_modelled("pH", 6.8, "", "no metabolism")
    assert worst([met, absent]) == "met"
    assert worst([met, missed]) == "missed"
    assert worst([absent]) == "not modelled"


def test_every_study_is_in_the_report_and_every_row_has_a_verdict(report):
    assert [result.study.id for result in report.results] == [study.id for study in all_studies()]
    assert all(result.evaluation.rows for result in report.results)
    assert {row.verdict for _, row in report.rows} <= {"met", "near", "missed", "not modelled"}
    for _, row in report.rows:
        if row.verdict == "not modelled":
            assert row.model is None
            assert row.note
        elif row.error is not None:
            assert math.isfinite(row.error)
            assert math.isfinite(row.model)


def test_what_is_not_modelled_is_not_counted(report):
    evaluated = [row for _, row in report.rows if row.verdict != "not modelled"]
    assert sum(report.counts.values()) == len(evaluated)
    assert sum(report.study_counts.values()) == len(all_studies())
    assert report.study_counts["not modelled"] >= sum(result.study.id not in EVALUATORS for result in report.results)


def test_every_miss_says_why(report):
    silent = [
        f"{result.study.id}: {row.quantity}"
        for result in report.results
        for row in result.evaluation.rows
        if row.verdict == "missed" and not result.reason(row)
    ]
    assert not silent, "no reason in the study's [why]: " + "; ".join(silent)


def test_the_figures_do_not_depend_on_threads(report):
    ids = {"venous_stasis_phases", "arm_aop", "capillary_refill"}
    again = validate([study for study in all_studies() if study.id in ids], threads=1)
    before = [result.evaluation.rows for result in report.results if result.study.id in ids]
    assert [result.evaluation.rows for result in again.results] == before


def test_json_has_the_agreed_form(command):
    done = command("validate", "--json", "--study", "arm_aop", "--study", "holland1998_leg_flows")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result["counts"]) == {"met", "near", "missed"}
    assert sum(result["counts"].values()) == len(result["studies"]) == 7
    for row in result["studies"]:
        assert {"id", "use", "quantity", "measured", "spread", "model", "error_sd", "verdict"} <= set(row)
    assert {row["id"] for row in result["not_modelled"]} == {"holland1998_leg_flows"}
    assert len(result["not_modelled"]) == 3


def test_every_study_is_evaluated():
    assert {study.id for study in all_studies()} == set(EVALUATORS)


def test_a_maximal_effort_is_maximal():
    study = next(study for study in all_studies() if study.id == "fluxes_buffers_recovery")
    run = maximal_effort(study, "never", HOLD, 99.0, 40)
    force, capacity = first_minute(run, "force")[1], first_minute(run, "force_capacity")[1]
    assert float((force / capacity).min()) > 0.95
    assert float((force / capacity).max()) <= 1.0 + 1e-9


def test_blood_oxygen_pressure_of_known_samples():
    assert blood_oxygen_pressure(0.5, 7.4) == pytest.approx(26.8)
    assert blood_oxygen_pressure(0.52, 7.27) == pytest.approx(33.0, abs=2.0)  # a sample of the study


def test_table_and_html_report(command, tmp_path):
    done = command(
        "validate", "--study", "sieljacks2018_thigh_aop_supine", "--study", "strap_tightness", "--html", "report.html"
    )
    assert done.returncode == 0, done.stderr
    assert "148 ± 19.0 SD" in done.stdout
    assert "0 not modelled yet" in done.stdout
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "https://doi.org/10.1007/s00421-017-3770-2" in page
    assert "data:image/png;base64," in page
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_an_unknown_study_names_the_nearest(command):
    done = command("validate", "--study", "sieljacks")
    assert done.returncode == 2
    assert "sieljacks2018_thigh_aop_supine" in done.stderr


def test_a_report_that_cannot_be_written_is_refused_before_anything_runs(command):
    done = command("validate", "--html", "no/such/folder/report.html")
    assert done.returncode == 2
    assert "folder" in done.stderr
