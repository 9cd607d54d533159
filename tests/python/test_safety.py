"""Protocols against published limits: the table, the verdicts that it must give, files with mistakes, the command."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import limbflow
from limbflow import safety
from limbflow.safety import judging
from limbflow.safety.documents import Document
from limbflow.safety.limits import read_limits, shipped_limits, shipped_sources
from limbflow.safety.quantities import extremes, quantities
from limbflow.safety.record import Readings
from limbflow.safety.report import limit_text as limit_text_of
from limbflow.safety.report import time_text

LEG = {
    "cuff.width": "12 cm",
    "cuff.occlusion_pressure": "171 mmHg",
    "cuff.pressure": "103 mmHg",
    "exercise.load": "30 %1RM",
}
ONE = """\
[[exercise]]
name = "knee extension"
load = "30 %1RM"
sets = [30, 15, 15, 15]
tempo = { concentric = "1.5 s", eccentric = "ECCENTRIC" }
rest = "30 s"
"""


def thrice(limb: str, eccentric: str = "1.5 s") -> limbflow.Scenario:
    """30-15-15-15 three times with the cuff left on and 60 s between."""
    cuff = {"leg": ("wide_thigh", 171, 103), "arm": ("wide_arm", 120, 60)}[limb]
    exercise = ONE.replace("ECCENTRIC", eccentric)
    exercise = exercise.replace("knee extension", "curl") if limb == "arm" else exercise
    return limbflow.Scenario.from_text(
        f'title = "three times"\nextends = ["people/adult_man.toml", "cuffs/{cuff[0]}.toml"]\nposture = "seated"\n'
        + exercise
        + 2 * (exercise + 'rest_before = "60 s"\n')
        + f'[cuff]\npressure = "{cuff[2]} mmHg"\nocclusion_pressure = "{cuff[1]} mmHg"\nduring = "all"\n'
        + '[timing]\nbaseline = "30 s"\nrecovery = "60 s"\n'
    )


def passive(cuff: str, seconds: int = 60, **changes) -> limbflow.Scenario:
    scenario = limbflow.Scenario.from_text(
        f'extends = ["people/adult_man.toml", "cuffs/{cuff}.toml"]\nposture = "supine"\n'
        '[cuff]\npressure = "50 %AOP"\nduring = "all"\n'
        f'[timing]\nbaseline = "20 s"\npassive = "{seconds} s"\nrecovery = "20 s"\n'
    )
    return scenario.with_(**changes) if changes else scenario


def severities(report: safety.Report) -> dict[str, str]:
    return {finding.id: finding.severity for finding in report.findings}


@pytest.fixture(scope="module")
def leg_report() -> safety.Report:
    return limbflow.check(limbflow.load("30-15-15-15").with_(**LEG))


# ---------------- the table


def test_the_table_holds_every_limit_with_its_source():
    table = shipped_limits()
    groups = {"PRE": 12, "CUF": 15, "TIM": 11, "RX": 8, "HEM": 9, "PER": 12, "NER": 5, "MET": 8, "REL": 3, "OPS": 3}
    expected = {f"{group}-{number:02}" for group, count in groups.items() for number in range(1, count + 1)}
    assert {limit.id for limit in table} == expected
    assert len(table) == 86
    for limit in table:
        assert limit.source, limit.id
        assert limit.rationale, limit.id
        assert re.search("read|recalled|proposed", limit.basis), limit.id
        assert bool(limit.tiers) != bool(limit.not_judged), limit.id


def test_the_worst_tier_of_each_limit_has_the_severity_of_its_source():
    for limit in shipped_limits():
        if limit.tiers:
            worst = min((tier.severity for tier in limit.tiers), key=("stop", "warn", "info").index)
            assert worst == limit.severity, limit.id


def satisfied(conditions) -> dict[str, object]:
    """A value for the quantity of each condition with which it holds."""
    values = {}
    for condition in conditions:
        candidates = extremes(condition.quantity, condition.comparison, condition.threshold)
        holds = judging.compare(candidates, condition.comparison, condition.threshold)
        values[condition.quantity.name] = candidates[np.flatnonzero(holds)[0]]
    return values


class Imagined:
    """A session that has nothing but the given values, each for two hours and a half, all of them measured."""

    def __init__(self, values: dict[str, object]):
        self.values = self.observed = values

    def readings(self, name: str) -> Readings | None:
        if name not in self.values:
            return None
        times = np.arange(0.0, 9000.0, 60.0)
        value = self.values[name]
        number = isinstance(value, float)
        return Readings(np.full(times.size, value, dtype=float if number else object), times)


@pytest.mark.parametrize("limit", [limit for limit in shipped_limits() if limit.tiers], ids=lambda limit: limit.id)
def test_every_limit_can_be_met_and_can_be_broken(limit):
    for tier in limit.tiers:
        only = replace(limit, tiers=(tier,))
        states = set()
        for value in extremes(tier.test.quantity, tier.test.comparison, tier.test.threshold):
            session = Imagined({tier.test.quantity.name: value, **satisfied(tier.when)})
            states.add(judging.judge_limit(only, session).state)
        assert {judging.BROKEN, judging.MET} <= states, tier


def test_conditions_of_limits_are_told_in_words():
    for limit in shipped_limits():
        for tier in limit.tiers:
            for condition in tier.when:
                words = condition.circumstance
                assert condition.quantity.name not in words or "_" not in condition.quantity.name, words
                assert not re.search("[<>=]| is (yes|no|true|false)|: ", words), words
    (tier,) = next(limit for limit in shipped_limits() if limit.id == "PER-04").tiers
    assert limit_text_of(judging.Judgement(None, judging.BROKEN, tier)) == "below 1 % while the cuff is on"
    worst = next(limit for limit in shipped_limits() if limit.id == "RX-01").tiers[-1]
    text = limit_text_of(judging.Judgement(None, judging.BROKEN, worst))
    assert text == "70 % or more where the pressure asked for over the occlusion pressure is 40 % or more"


def test_examples_of_answers_are_usual_values():
    for name, quantity in quantities().items():
        if quantity.is_number and quantity.unit != "1":
            low, high = quantity.attainable
            assert low <= safety.quantities.number_in(quantity.example, quantity.unit) < high, name
            assert quantity.example in quantity.accepted


def test_a_limit_that_nothing_can_break_does_not_load():
    text = limit_text(value='"5.0"', comparison='"<"', quantity='"muscle_ph"')
    with pytest.raises(limbflow.InputError, match="nothing can be on both sides") as caught:
        read_limits(Document.parse(text, "mine.toml"), shipped_sources())
    assert (
        caught.value.diagnostics[0].line
        == text.splitlines().index(next(x for x in text.splitlines() if "tiers" in x)) + 1
    )


def test_quantities_of_the_model_come_from_it():
    """Every engine-judged quantity is there in a session that has all: none stands in the table alone."""
    session = limbflow.load("30-15-15-15").with_(**{"exercise.sets": "[3, 3]", "cuff.during": "sets"})
    record = limbflow.check(session).record
    occluded = limbflow.check(passive("wide_arm", 8000, cuff_pressure="130 %AOP")).record
    strap = limbflow.check(session.with_(**{"cuff": "strap_leg", "cuff.tightness": 5})).record
    for name, quantity in quantities().items():
        if quantity.origin != "question":
            found = record.readings(name), occluded.readings(name), strap.readings(name)
            assert any(each is not None and each.applicable.any() for each in found), name


# ---------------- verdicts


def test_a_usual_leg_session_breaks_no_stop(leg_report):
    assert leg_report.counts["stop"] == 0
    assert leg_report.exit_code == 0
    assert set(severities(leg_report)) <= {"PER-03"}


def test_a_usual_leg_session_breaks_no_warning(leg_report):
    assert leg_report.counts["warn"] == 0, leg_report


def test_three_times_on_a_leg_with_the_cuff_left_on_is_too_long():
    found = limbflow.check(thrice("leg"))
    assert severities(found)["TIM-01"] == "warn"
    assert "TIM-03" not in severities(found)
    spell = next(finding for finding in found.findings if finding.id == "TIM-01")
    assert spell.value == pytest.approx((3 * (75 * 3 + 90) + 120) / 60)
    assert spell.time_s == pytest.approx(30 + 600)


def test_at_four_seconds_a_repetition_it_breaks_the_stop_of_the_leg():
    found = limbflow.check(thrice("leg", eccentric="2.5 s"))
    assert severities(found)["TIM-03"] == "stop"
    assert found.exit_code == 1
    spell = next(finding for finding in found.findings if finding.id == "TIM-03")
    assert spell.value == pytest.approx((3 * (75 * 4 + 90) + 120) / 60)
    assert spell.time_s == pytest.approx(30 + 1200)


def test_three_times_on_an_arm_breaks_the_stop_of_the_arm():
    assert severities(limbflow.check(thrice("arm")))["TIM-02"] == "stop"


def test_twenty_below_occlusion_on_an_arm_is_too_tight():
    changes = {"cuff.occlusion_pressure": "162 mmHg", "cuff.pressure": "142 mmHg"}
    found = limbflow.check(limbflow.load("30-15-15-15_arm").with_(**changes))
    assert severities(found)["CUF-01"] == "warn"
    finding = next(finding for finding in found.findings if finding.id == "CUF-01")
    assert finding.value == pytest.approx(100 * 142 / 162, rel=1e-6)
    assert finding.limit == 80
    assert finding.margin == pytest.approx(80 - 100 * 142 / 162, rel=1e-6)


def test_a_heavy_squat_under_a_cuff_is_a_stop():
    changes = {"exercise.name": "squat", "exercise.load": "80 %1RM", "cuff.pressure": "60 %AOP", "exercise.sets": "[5]"}
    assert severities(limbflow.check(limbflow.load("30-15-15-15").with_(**changes)))["RX-01"] == "stop"
    changes["cuff.during"] = "rests"  # off while lifting
    assert "RX-01" not in severities(limbflow.check(limbflow.load("30-15-15-15").with_(**changes)))


@pytest.mark.parametrize(("limb", "severity"), [("arm", "stop"), ("leg", "warn")])
def test_a_strap_at_seven_of_ten(limb, severity):
    """It shuts the artery of a quarter of arms and of an eighth of legs (Bell 2018)."""
    strap = {"cuff": f"strap_{limb}", "limb": limb, "cuff.tightness": 7, "exercise.sets": "[5]"}
    protocol = limbflow.load("30-15-15-15_arm" if limb == "arm" else "30-15-15-15")
    found = limbflow.check(protocol.with_(**strap))
    assert severities(found)["CUF-15"] == severity
    shut = next(finding for finding in found.findings if finding.id == "CUF-15").value
    assert shut == pytest.approx({"arm": 25, "leg": 12}[limb], abs=3)
    assert severities(found)["CUF-05"] == "warn"
    answered = limbflow.check(
        passive(f"wide_{'arm' if limb == 'arm' else 'thigh'}"), screening={"answers": {"perceived_tightness": 7}}
    )
    assert severities(answered)["CUF-15"] == severity


def test_a_strap_on_a_measured_artery():
    strap = {"cuff": "strap_arm", "limb": "arm", "cuff.tightness": 7, "exercise.sets": "[5]"}
    for pressure, broken in (("110 mmHg", True), ("300 mmHg", False)):
        session = limbflow.load("30-15-15-15_arm").with_(**strap, **{"cuff.occlusion_pressure": pressure})
        assert (severities(limbflow.check(session)).get("CUF-15") == "stop") == broken


def refill(seconds: float, run) -> dict[str, str]:
    found = severities(limbflow.check(run, screening={"observed": {"capillary_refill_time": f"{seconds} s"}}))
    return {name: severity for name, severity in found.items() if name in ("PER-01", "PER-02", "PER-03", "PER-12")}


def test_refill(leg_report):
    assert refill(3.4, leg_report.run)["PER-01"] == "stop"
    assert refill(0.8, leg_report.run) == {"PER-03": "info"}
    assert refill(2.5, leg_report.run)["PER-02"] == "warn"
    assert refill(1.5, leg_report.run) == {}


def test_only_discomfort_that_somebody_rated_is_a_stop(leg_report):
    rated = limbflow.check(leg_report.run, screening={"observed": {"discomfort": 8}})
    assert severities(rated)["PER-07"] == "stop"
    run = leg_report.run.copy(deep=True)
    run["discomfort"] = run.discomfort + 8.0
    modelled = limbflow.check(run)
    assert severities(modelled)["PER-07"] == "warn"
    assert "PER-07" not in severities(leg_report)


def test_short_refill_under_a_shut_artery_is_no_comfort(leg_report):
    def caveat(report):
        return next(each.caveat for each in report.disagreements if "pressed nail" in each.question)

    assert caveat(leg_report) == ""
    shut = limbflow.check(limbflow.load("30-15-15-15").with_(cuff_pressure="150 %AOP", sets=[3]))
    assert "PER-01" not in severities(shut)
    assert "PER-04" in severities(shut)
    assert "does not tell of arterial flow" in caveat(shut)


def test_every_limit_is_counted(leg_report):
    counted = leg_report.as_json()["limits"]
    assert sum(counted.values()) == len(shipped_limits())
    words = leg_report.verdict
    judged = counted["broken"] + counted["met"]
    numbers = [judged, counted["do_not_apply"], counted["unanswered"], counted["not_judged"]]
    assert re.findall(r"(?:of (\d+) limits judged|(\d+) do not apply|(\d+) wait|(\d+) cannot)", words) == [
        tuple(str(number) if place == at else "" for place in range(4)) for at, number in enumerate(numbers)
    ]


@pytest.mark.parametrize(
    ("value", "beside", "text"),
    [
        (1e-17, 1.0, "0"),
        (-3.6e-7, 1.0, "0"),
        (-0.9999999, 1.0, "-1.00"),
        (0.0123, 1.0, "0.0123"),
        (0.0123, 100.0, "0"),
        (99.96, 0.0, "100"),
        (7.7e-5, 0.0, "7.7e-05"),
        (1339.4, 0.0, "1339"),
        (float("nan"), 1.0, "-"),
    ],
)
def test_numbers_are_printed_as_they_are_read(value, beside, text):
    assert limbflow.plots.number_text(value, beside) == text


def test_times_are_printed_whole():
    assert [time_text(seconds) for seconds in (62.25, 120, 299.75, 294.3)] == [
        "62.25 s",
        "2 min",
        "5 min",
        "4 min 54 s",
    ]


def test_high_resting_pressure_is_a_stop_and_comes_first():
    found = limbflow.check(passive("wide_thigh", systolic_pressure="185 mmHg", cuff_pressure="130 %AOP"))
    assert severities(found)["PRE-01"] == "stop"
    assert found.findings[0].id == "PRE-01"
    assert "PRE-01" in found.verdict


def test_a_fall_of_systolic_pressure_closes_the_artery():
    """At 0.85 of the occlusion pressure, systolic pressure falling from 120 to 90: closed when it passes 102.

    The limb does not bulge, so that the cuff keeps its pressure.
    """
    still = {"contraction_bulge": "0", "shortening_bulge": "0"}
    session = limbflow.load("30-15-15-15").with_(cuff_pressure="85 %AOP", posture="supine", **still)
    course = [{"at": f"{60 + 10 * k} s", "value": f"{120 - k} mmHg"} for k in range(31)]
    found = limbflow.check(session, screening={"observed": {"systolic_pressure": course}})
    closed = next(finding for finding in found.findings if finding.id == "CUF-02")
    assert closed.severity == "stop"
    assert closed.time_s == pytest.approx(60 + 10 * 18, abs=10)
    assert closed.value == pytest.approx(85 * 120 / 90, rel=0.02)
    steady = limbflow.check(found.run, screening={"observed": {"systolic_pressure": course[:15]}})
    assert "CUF-02" not in severities(steady)


def test_a_trace_and_not_the_set_point_is_judged(leg_report):
    """The same set point, with the delivered pressure over the occlusion pressure for ten seconds of a set."""
    run = leg_report.run.copy(deep=True)
    inside = (run.time >= 100) & (run.time <= 110)
    run["cuff_pressure_aop"] = run.cuff_pressure_aop.where(~inside, 1.04)
    found = limbflow.check(run)
    finding = next(finding for finding in found.findings if finding.id == "CUF-02")
    assert (finding.time_s, finding.value) == (pytest.approx(100), pytest.approx(104))
    assert "CUF-10" in severities(found)
    assert "CUF-01" not in severities(found)


def test_peaks_of_contractions_are_seen():
    session = limbflow.load("30-15-15-15").with_(sets=[8], load="40 %1RM", **{"cuff.device": "unregulated"})
    record = limbflow.check(session).record
    highest = 100 * float(session.run().cuff_pressure_aop_maximum.sel(scope="session"))
    assert record.readings("cuff_contraction_peak_aop").values[~record.relaxed].max() == pytest.approx(
        highest, rel=0.005
    )


def test_what_lasts_counts_only_when_it_lasts(leg_report):
    run = leg_report.run.copy(deep=True)
    for seconds, broken in ((115, False), (125, True)):
        run["muscle_oxygen_saturation"] = run.time.copy(
            data=np.where((run.time > 100) & (run.time <= 100 + seconds), 30.0, 70.0)
        )
        run["muscle_oxygen_saturation"].attrs["units"] = "%"
        assert ("PER-10" in severities(limbflow.check(run))) == broken


def test_what_is_asked_for_at_a_limit_does_not_break_it(short_scenario):
    for pressure, broken in (("40 %AOP", False), ("39.9 %AOP", True)):
        assert ("CUF-03" in severities(limbflow.check(short_scenario.with_(cuff_pressure=pressure)))) == broken
    for pressure, broken in (("80 %AOP", False), ("80.1 %AOP", True)):
        assert ("CUF-01" in severities(limbflow.check(short_scenario.with_(cuff_pressure=pressure)))) == broken


def test_reperfusion_gaps_are_judged():
    profile = [
        {"at": "0 s", "pressure": "50 %AOP"},
        {"at": "100 s", "pressure": "0 %AOP"},
        {"at": "130 s", "pressure": "50 %AOP"},
        {"at": "200 s", "pressure": "0 %AOP"},
    ]
    found = limbflow.check(passive("wide_thigh", 300, **{"cuff.during": "profile", "cuff.profile": profile}))
    gap = next(finding for finding in found.findings if finding.id == "TIM-04")
    assert (gap.value, gap.time_s) == (pytest.approx(0.5), pytest.approx(120))


# ---------------- screening


def test_a_contraindication_comes_first_with_its_source(command, tmp_path, short_file):
    (tmp_path / "screening.toml").write_text(
        "[answers]\nvenous_thromboembolism = true\ncuff_position = 'most proximal'\n"
    )
    done = command("check", short_file, "--screening", "screening.toml", "--set", "load=80 %1RM")
    assert done.returncode == 1
    assert done.stdout.startswith("CONTRAINDICATION PRE-03")
    assert "BOND19" in done.stdout.splitlines()[1]
    first = json.loads(command("check", short_file, "--screening", "screening.toml", "--json").stdout)["findings"][0]
    assert first["id"] == "PRE-03"
    assert first["value"] is True


def test_answers_decide_limits_and_open_ones_are_listed(leg_report):
    open_ids = {judgement.limit.id for judgement in leg_report.unanswered}
    assert {"PRE-03", "CUF-12", "RX-07"} <= open_ids
    answers = {
        "venous_thromboembolism": False,
        "cuff_position": "elsewhere",
        "eccentric_overload": True,
        "trained": False,
    }
    found = limbflow.check(leg_report.run, screening={"answers": answers})
    assert severities(found) == {**severities(leg_report), "CUF-12": "stop", "RX-07": "warn"}
    assert not {"PRE-03", "CUF-12", "RX-07"} & {judgement.limit.id for judgement in found.unanswered}


def test_the_points_card_adds_answers_age_sex_and_mass(leg_report):
    answers = {"varicose_veins": True, "oestrogen": True}
    found = limbflow.check(leg_report.run, screening={"answers": answers})
    assert severities(found)["PRE-08"] == "stop"
    assert next(finding for finding in found.findings if finding.id == "PRE-08").value == 5


def test_the_questionnaire_asks_everything_and_reads_back(command):
    blank = command("check", "--questionnaire").stdout
    for name, quantity in quantities().items():
        assert (f"\n#{name} =   # " in blank) == (quantity.origin == "question")
    filled = blank.replace("#pregnancy =", "pregnancy = false")
    assert safety.screening.read_screening(Document.parse(filled, "filled.toml")).answers == {"pregnancy": False}


# ---------------- mistakes in files


def limit_text(**changed: str) -> str:
    values = {
        "quantity": '"muscle_ph"',
        "comparison": '"<"',
        "value": '"6.5"',
        "severity": '"warn"',
        "source": '["OKI24"]',
    }
    values |= changed
    return (
        '[[limit]]\nid = "MINE-01"\ntitle = "mine"\n'
        f"tiers = [{{ quantity = {values['quantity']}, severity = {values['severity']}, "
        f"comparison = {values['comparison']}, value = {values['value']} }}]\n"
        f'published = "below"\nseverity = "warn"\nrationale = "why"\nsource = {values["source"]}\n'
        'evidence = "trial"\nbasis = "read"\n'
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"quantity": '"muscle_hp"'}, ("no quantity 'muscle_hp'", "nearest: muscle_ph")),
        ({"comparison": '"=>"'}, ("does not fit muscle_ph", "accepted: >, >=, <, <=")),
        ({"value": '"6.5 mmHg"'}, ("cannot be written in 1",)),
        ({"value": '"low"'}, ("is not a number",)),
        ({"severity": '"fatal"'}, ("accepted: stop, warn, info",)),
        ({"source": '["OKI25"]'}, ("no source 'OKI25'", "nearest: OKI24")),
        ({"source": "[]"}, ("needs its source",)),
        ({"quantity": '"cuff_pressure"', "value": '"100"'}, ("has no unit",)),
    ],
)
def test_a_mistake_in_a_limit_names_its_place(changed, words, tmp_path, command, short_file):
    (tmp_path / "limits.toml").write_text(limit_text(**changed))
    done = command("check", short_file, "--limits", "limits.toml")
    assert done.returncode == 2
    assert re.search(r"limits\.toml:\d+:\d+: error: limit\[1\]", done.stderr), done.stderr
    for word in words:
        assert word in done.stderr


def test_all_mistakes_of_a_questionnaire_come_at_once(tmp_path, command, short_file):
    (tmp_path / "screening.toml").write_text(
        '[answers]\npregnency = true\nnumbness = "yes"\nskin_colour = "green"\nfingers_under_cuff = 11\n'
        '[observed]\ncapillary_refill_time = "3 mmHg"\nsystolic_pressure = [{ at = "3", value = "120 mmHg" }]\n'
    )
    done = command("check", short_file, "--screening", "screening.toml")
    assert done.returncode == 2
    for number, words in (
        (2, "nearest: pregnancy"),
        (3, "true, false"),
        (4, "pink or red"),
        (5, "0 to 5"),
        (7, ""),
        (8, ""),
    ):
        assert f"screening.toml:{number}:" in done.stderr, done.stderr
        assert words in done.stderr


def test_a_limit_is_added_without_code(tmp_path, leg_report):
    path = tmp_path / "limits.toml"
    path.write_text(limit_text(value='"7.0"', source='["MINE 2"]') + '[sources]\nMINE = "my notebook"\n')
    found = limbflow.check(leg_report.run, limits=path)
    mine = next(finding for finding in found.findings if finding.id == "MINE-01")
    assert mine.source == "MINE 2: my notebook"
    assert mine.value == pytest.approx(float(leg_report.run.muscle_ph.min()))
    assert len(found.judgements) == 87


# ---------------- the command


def test_json_has_the_agreed_form(command, short_file):
    done = command("check", short_file, "--json", "--set", "load=80 %1RM")
    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout)
    assert set(result) == {"counts", "limits", "findings"}
    assert set(result["counts"]) == {"stop", "warn", "info"}
    keys = {"id", "severity", "quantity", "value", "limit", "margin", "time_s", "source", "basis"}
    assert all(set(finding) == keys for finding in result["findings"])
    for severity, count in result["counts"].items():
        assert count == sum(finding["severity"] == severity for finding in result["findings"])
    order = [("stop", "warn", "info").index(finding["severity"]) for finding in result["findings"]]
    assert order == sorted(order)


def test_text_counts_and_shows_disagreements_and_never_calls_anything_safe(command, tmp_path, short_file):
    done = command("check", short_file, "--plot", "check.png")
    assert done.returncode == 0, done.stderr
    assert re.search(r"verdict: 0 stops, \d+ warnings? and \d+ notes? of \d+ limits judged", done.stdout)
    for words in ("How long may a cuff stay on?", "How much pressure?", "How heavy a load?", "pressed nail", "PAT19"):
        assert words in done.stdout
    assert "HEM-09, the model has no stroke volume" in done.stdout
    assert not re.search(r"\bsafe\b", done.stdout, re.IGNORECASE)
    assert (tmp_path / "check.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_shipped_calls_a_protocol_safe():
    folder = Path(safety.documents.LIMITS)
    for path in folder.glob("*.toml"):
        assert not re.search(r"\bsafe\b", path.read_text(), re.IGNORECASE), path.name


def test_the_plot_marks_broken_limits(short_scenario):
    report = limbflow.check(short_scenario.with_(cuff_pressure="90 %AOP"))
    axes = report.plot()
    words = {text.get_text() for ax in axes for text in ax.texts}
    assert "CUF-01" in words
    labels = axes[0].get_legend().get_texts()
    assert [label.get_text() for label in labels] == ["delivered, now", "asked for, at rest"]


def test_ids_beside_a_plot_keep_apart():
    from limbflow.safety.plots import apart

    assert apart([0.2, 0.5], 0.1, 1.0) == [0.2, 0.5]
    assert apart([0.5, 0.5, 0.52], 0.1, 1.0) == pytest.approx([0.5, 0.6, 0.7])
    assert apart([0.95, 0.97, 0.99], 0.1, 1.0) == pytest.approx([0.8, 0.9, 1.0])
    assert apart([], 0.1, 1.0) == []


def test_a_finished_run_is_judged_as_its_scenario_is(command, short_file):
    changes = ("--set", "cuff_pressure=85 %AOP", "--set", "sample_interval=0.25 s")
    assert command("run", short_file, "--out", "run.h5", *changes).returncode == 0
    done = command("check", "run.h5", "--json")
    assert done.returncode == 0, done.stderr
    alone = json.loads(command("check", short_file, "--set", "cuff_pressure=85 %AOP", "--json").stdout)
    assert json.loads(done.stdout) == alone
    assert "CUF-01" in {finding["id"] for finding in alone["findings"]}
    assert command("check", "run.h5", "--set", "load=30 %1RM").returncode == 2


def test_missing_scenario_and_unknown_file(command):
    assert command("check").returncode == 2
    assert command("check", "30-15-15-15", "--screening", "none.toml").returncode == 2


def test_limits_are_listed_with_how_they_are_judged(command):
    rows = json.loads(command("list", "limits", "--json").stdout)
    assert [row["id"] for row in rows] == [limit.id for limit in shipped_limits()]
    judged = {row["id"]: row["judged"] for row in rows}
    assert (judged["MET-02"], judged["PRE-03"], judged["HEM-09"]) == ("by the model", "by screening", "no")
