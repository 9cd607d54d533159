"""Limits over a population: who is drawn, how shares and their intervals are counted, that it agrees with `check`."""

import json

import numpy as np
import pytest

import limbflow
from limbflow import safety
from limbflow.safety.documents import Document
from limbflow.safety.people import POPULATIONS, RANGES, read_population
from limbflow.safety.population import interval

PEOPLE = 24


@pytest.fixture(scope="module")
def session(short_scenario) -> limbflow.Scenario:
    """An absolute pressure: too much for some and little for others."""
    return short_scenario.with_(cuff_pressure="120 mmHg")


@pytest.fixture(scope="module")
def report(session) -> safety.PopulationReport:
    return safety.check_population(session, PEOPLE, seed=3, progress=False)


@pytest.fixture(scope="module")
def drawn() -> list[dict]:
    return safety.load_population().draw(6000, seed=1)


def column(people: list[dict], sex: str, name: str) -> np.ndarray:
    return np.array([person[name] for person in people if person["sex"] == sex])


def test_people_are_as_the_table_says(drawn):
    tables = safety.load_population().tables
    for sex in ("woman", "man"):
        table = tables[sex]
        count = column(drawn, sex, "age").size
        assert count / len(drawn) == pytest.approx(table["share"], abs=0.03)
        assert np.percentile(column(drawn, sex, "age"), 50) == pytest.approx(table["age"][5], abs=2)
        decades = (column(drawn, sex, "age") - 50) / 10
        for name in ("height", "diastolic_pressure", "heart_rate", "arm_circumference"):
            measure, values = table[name], column(drawn, sex, name)
            residual = values - np.polyval(measure["mean"][::-1], decades)
            assert residual.mean() == pytest.approx(0, abs=0.06 * measure["sd"]), (sex, name)
            assert residual.std() == pytest.approx(measure["sd"], rel=0.08), (sex, name)


def test_measures_correlate_as_the_table_says(drawn):
    for sex in ("woman", "man"):
        index, arm = column(drawn, sex, "body_mass_index"), column(drawn, sex, "arm_circumference")
        thigh = column(drawn, sex, "leg_circumference")
        systolic, diastolic = column(drawn, sex, "systolic_pressure"), column(drawn, sex, "diastolic_pressure")
        assert np.corrcoef(np.log(index), arm)[0, 1] > 0.8
        assert np.corrcoef(index, thigh)[0, 1] > 0.8
        assert 0.5 < np.corrcoef(systolic, diastolic)[0, 1] < 0.8
        assert np.corrcoef(column(drawn, sex, "age"), systolic)[0, 1] > 0.1


def test_people_are_possible_and_do_not_depend_on_how_many(drawn):
    for person in drawn:
        for name, (low, high) in RANGES.items():
            if name in person:
                assert low <= person[name] <= high
    assert safety.load_population().draw(5, seed=1) == drawn[:5]
    assert safety.load_population().draw(5, seed=2) != drawn[:5]


def test_a_drawn_person_is_a_person_of_the_scenario(session):
    population = safety.load_population()
    person = population.draw(1, seed=9)[0]
    plan = safety.record.Plan.of(session.with_(**population.changes(person)).text)
    assert plan.sex == person["sex"]
    assert plan.mass == pytest.approx(person["mass"], abs=0.1)
    assert plan.systolic_pressure == pytest.approx(person["systolic_pressure"], abs=0.1)


def test_each_member_is_judged_as_check_judges_it(session, report):
    population = safety.load_population()
    for index in (0, 7, PEOPLE - 1):
        alone = limbflow.check(session.with_(**population.changes(report.people[index])), progress=False)
        found = [(each.limit.id, each.state, each.value) for each in alone.judgements]
        assert found == [(each.limit.id, each.state, each.value) for each in report.members[index].judgements]


def test_shares_count_people(report):
    shares = {share.limit.id: share for share in report.shares}
    assert report.failed == 0
    for share in shares.values():
        counted = [
            next(each for each in member.judgements if each.limit.id == share.limit.id).state
            for member in report.members
        ]
        assert share.broken == counted.count("broken") > 0
        assert share.judged == counted.count("broken") + counted.count("met")
        assert share.low < share.share <= share.high or share.share == 1
        assert share.who["people"] == share.broken
    order = [("stop", "warn", "info").index(share.severity) for share in report.shares]
    assert order == sorted(order)


def test_the_dataset_holds_everybody(report):
    dataset = report.dataset
    assert dataset.sizes == {"person": PEOPLE, "limit": 86}
    for share in report.shares:
        assert int((dataset.severity.sel(limit=share.limit.id) != "").sum()) == share.broken
    assert bool((dataset.margin.where(dataset.severity != "") <= 1e-6).sum() > 0)
    assert dataset.mass.attrs["units"] == "kg"
    assert set(dataset.sex.values) == {"woman", "man"}


def test_an_absolute_pressure_is_too_much_for_those_with_low_blood_pressure(report):
    tight = next(share for share in report.shares if share.limit.id == "CUF-11")
    assert 0 < tight.share < 1
    everybody = report.describe(report.completed)
    assert tight.who["systolic_pressure"]["median"] < everybody["systolic_pressure"]["median"]


def test_the_result_does_not_depend_on_threads(session, report):
    again = safety.check_population(session, 6, seed=3, threads=1, progress=False)
    assert [member.judgements for member in again.members] == [member.judgements for member in report.members[:6]]


def test_the_interval_is_wilsons():
    low, high = interval(5, 50)
    z, share, n = 1.959963984540054, 0.1, 50
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    assert (low, high) == (pytest.approx(middle - half), pytest.approx(middle + half))
    assert interval(0, 10)[0] == 0
    assert interval(10, 10)[1] == 1


def test_a_measured_occlusion_pressure_is_one_persons(session):
    measured = session.with_(**{"cuff.occlusion_pressure": "171 mmHg"})
    found = safety.check_population(measured, 3, seed=3, progress=False)
    plain = safety.check_population(session, 3, seed=3, progress=False)
    assert [member.judgements for member in found.members] == [member.judgements for member in plain.members]


def test_command(command, short_file):
    done = command("check", short_file, "--population", 4, "--seed", 3, "--json", "--set", "cuff_pressure=120 mmHg")
    result = json.loads(done.stdout)
    assert set(result) == {"counts", "limits", "findings", "population"}
    assert result["population"]["people"] == 4
    assert all(0 <= row["low"] <= row["share"] <= row["high"] <= 1 for row in result["population"]["limits"])
    text = command("check", short_file, "--population", 4, "--seed", 3)
    assert text.returncode == 0, text.stderr
    for words in ("4 people drawn from", "95 % interval", "who they are", "NHANES", "a stop breaks for"):
        assert words in text.stdout


def test_a_bad_population_names_its_places(command, short_file, tmp_path):
    text = (POPULATIONS / "us_adults.toml").read_text()
    wrong = text.replace(
        "heart_rate = { mean = [73.20, -1.415, 0.021], sd = 11.12 }", "hart_rate = { mean = [1], sd = 1 }"
    )
    wrong = wrong.replace("[1.00, 0.04, -0.02, 0.02, -0.02, 0.22]", "[1.00, 0.50, -0.02, 0.02, -0.02, 0.22]")
    (tmp_path / "people.toml").write_text(wrong)
    done = command("check", short_file, "--population", 2, "--people", "people.toml")
    assert done.returncode == 2
    for words in ("woman.hart_rate", "nearest: heart_rate", "man.correlation", "positive definite"):
        assert words in done.stderr
    with pytest.raises(limbflow.InputError, match="whole number of people"):
        safety.check_population("30-15-15-15", 0)


def test_a_run_that_fails_loses_no_other(session, monkeypatch):
    people = safety.load_population().draw(3, seed=3)
    real = limbflow.Scenario.run

    def run(self, *arguments, **options):
        if f"{people[1]['mass']:.1f} kg" in self.text:
            raise limbflow.ComputationError("step too small")
        return real(self, *arguments, **options)

    monkeypatch.setattr(limbflow.Scenario, "run", run)
    found = safety.check_population(session, 3, seed=3, progress=False)
    assert found.failed == 1
    assert [bool(member.judgements) for member in found.members] == [True, False, True]


def test_ctrl_c_keeps_those_who_were_finished(session, report):
    def stop_half_way(share: float) -> None:
        if share >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(safety.Stopped, match="of 8 finished") as stopped:
        safety.check_population(session, 8, seed=3, threads=1, progress=stop_half_way)
    found = stopped.value.found
    assert 4 <= len(found.members) < 8
    assert found.members[0].judgements == report.members[0].judgements


def test_the_shipped_population_reads_back():
    assert read_population(Document.load(POPULATIONS / "us_adults.toml")).sources
