"""Whether sessions of the model, and not only numbers, break and meet the limits that it judges."""

import pytest

import limbflow
from limbflow import safety
from limbflow.safety.ensemble import judge_all
from limbflow.safety.limits import shipped_limits
from limbflow.safety.quantities import quantities
from limbflow.safety.screening import load_screening

# What no session of the model brings about: blood pressure does not fall below that at rest, and a set fails before
# phosphocreatine is used up. What was measured in a session can still break these limits.
ONLY_MEASURED = {
    "HEM-04": {"systolic_fall_in_work": "15 mmHg"},
    "HEM-05": {"systolic_fall_after_release": "25 mmHg"},
    "MET-03": {
        "phosphocreatine_share": [{"at": f"{60 + 10 * k} s", "value": "10 %"} for k in range(10)],
    },
}


def session(base: str = "30-15-15-15", **changes) -> limbflow.Scenario:
    return limbflow.load(base).with_(**{key.replace("__", "."): value for key, value in changes.items()})


def passive(cuff: str, seconds: int, **changes) -> limbflow.Scenario:
    text = (
        f'extends = ["people/adult_man.toml", "cuffs/{cuff}.toml"]\nposture = "supine"\n[cuff]\npressure = "50 %AOP"\n'
        f'during = "all"\n[timing]\nbaseline = "20 s"\npassive = "{seconds} s"\nrecovery = "60 s"\n'
        '[simulation]\nsample_interval = "5 s"\n'
    )
    return limbflow.Scenario.from_text(text).with_(**{key.replace("__", "."): value for key, value in changes.items()})


def sessions() -> list[limbflow.Scenario]:
    strained = {"load": "40 %1RM", "exercise__chest_pressure": "60 mmHg", "exercise__rest": "20 s"}
    gaps = [{"at": f"{200 * k} s", "pressure": f"{50 * (1 - k % 2)} %AOP"} for k in range(4)]
    return [
        session(load="20 %1RM", sets=[5, 5], cuff_pressure="50 %AOP"),
        session("30-15-15-15_arm", sets=[5, 5], cuff_pressure="45 %AOP"),
        session("30-15-15-15_arm", sets=[5, 5], cuff_pressure="95 %AOP", rest="90 s"),
        session(load="10 %1RM", sets=[60, 60, 60, 60, 60], cuff_pressure="105 %AOP", rest="120 s"),
        session(sets=[5, 5], cuff__during="sets"),
        session(load="90 %1RM", sets=[6], exercise__chest_pressure="80 mmHg", cuff_pressure="30 %AOP"),
        session(load="90 %1RM", sets=[3], exercise__chest_pressure="10 mmHg"),
        session(sets=[6, 4], environment__external_pressure="60 mmHg"),
        session("failure_sets", person="older_man", heart_rate="125 bpm", systolic_pressure="170 mmHg", **strained),
        session("failure_sets", cuff_pressure="100 %AOP", load="40 %1RM"),
        session(person="older_woman", person__mass="85 kg", systolic_pressure="185 mmHg", sets=[3]),
        session(person__age="12 yr", sets=[3]),
        session("30-15-15-15_arm", cuff="strap_arm", cuff__tightness=7, sets=[3]),
        session("30-15-15-15_arm", cuff="strap_arm", cuff__tightness=3, sets=[3]),
        passive("wide_arm", 14400, cuff_pressure="150 %AOP"),
        passive("wide_arm", 700, cuff_pressure="130 %AOP"),
        passive("wide_thigh", 7500, cuff_pressure="310 mmHg"),
        passive("wide_thigh", 700, cuff_pressure="250 mmHg"),
        passive("narrow_thigh", 200, cuff__width="2.5 cm", cuff_pressure="360 mmHg"),
        passive("elastic_arm", 120, cuff_pressure="310 mmHg"),
        passive("wide_thigh", 700, cuff__during="profile", cuff__profile=gaps),
        passive("wide_thigh", 1300, cuff_pressure="20 %AOP"),
    ]


def is_of_the_model(limit: safety.Limit) -> bool:
    """Whether a session can decide it: not only answers, nor a kind of session that is asked for."""
    names = {condition.quantity.name for tier in limit.tiers for condition in (tier.test, *tier.when)}
    asked = {name for name in names if quantities()[name].origin == "question"} - {"prior_sessions"}
    return bool(limit.tiers) and not limit.is_screening and not asked


@pytest.fixture(scope="module")
def states() -> dict[str, set[str]]:
    """The states in which each limit is found."""
    answers = load_screening({"answers": {"prior_sessions": 1}})
    members = judge_all(sessions(), shipped_limits(), screening=answers)
    assert [member.error for member in members if member.error] == []
    found: dict[str, set[str]] = {}
    for member in members:
        for judgement in member.judgements:
            found.setdefault(judgement.limit.id, set()).add(judgement.state)
    return found


def test_every_limit_of_the_model_is_broken_by_some_session_and_met_by_another(states):
    judged = {limit.id for limit in shipped_limits() if is_of_the_model(limit)}
    assert len(judged) > 45
    assert {name for name in judged if "broken" not in states[name]} <= ONLY_MEASURED.keys()
    assert {name for name in judged if "met" not in states[name]} == set()


@pytest.mark.parametrize("limit", ONLY_MEASURED)
def test_what_the_model_does_not_bring_about_can_be_measured(limit, short_run):
    assert limit not in {finding.id for finding in limbflow.check(short_run).findings}
    found = limbflow.check(short_run, screening={"observed": ONLY_MEASURED[limit]})
    assert limit in {finding.id for finding in found.findings}
