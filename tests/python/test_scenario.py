import pickle

import pytest

import limbflow
from limbflow import _engine


def test_every_shipped_protocol_loads():
    for name in limbflow.shipped("protocols"):
        assert limbflow.load(name).title


@pytest.mark.parametrize("kind", ["people", "cuffs", "protocols", "sweeps"])
def test_something_of_each_kind_is_shipped(kind):
    assert limbflow.shipped(kind)


def test_an_unknown_kind_is_an_input_error():
    with pytest.raises(limbflow.InputError, match="people"):
        limbflow.shipped("persons")


def test_with_gives_a_changed_copy(short_scenario):
    changed = short_scenario.with_(
        cuff_pressure="80 %AOP", load="30 %1RM", rest="15 s", person="adult_woman", **{"cuff.width": "11 cm"}
    )
    text = repr(changed)
    for words in ("80 %AOP", "30 %1RM", "rest 15 s", "woman", "11 cm"):
        assert words in text
    assert "60 %AOP" in repr(short_scenario)
    assert changed != short_scenario


def test_with_takes_lists_and_numbers(short_scenario):
    changed = short_scenario.with_(sets=[5, 6, 7], tolerance=1e-5)
    assert "5-6-7" in repr(changed)
    assert "1e-05" in repr(changed)


def test_with_names_the_nearest_key_and_finds_all_problems(short_scenario):
    with pytest.raises(limbflow.InputError) as caught:
        short_scenario.with_(cuff_presure="60 %AOP")
    assert "cuff" in str(caught.value)
    assert "pressure" in str(caught.value)
    with pytest.raises(limbflow.InputError) as caught:
        short_scenario.with_(rest="-5 s", load="20")
    assert len(caught.value.diagnostics) == 2
    assert {diagnostic.key for diagnostic in caught.value.diagnostics} == {"exercise.rest", "exercise.load"}


def test_text_reads_back_to_the_same_scenario(short_scenario):
    again = limbflow.Scenario.from_text(short_scenario.text)
    assert again == short_scenario
    assert again.text == short_scenario.text
    assert hash(again) == hash(short_scenario)


def test_scenarios_are_picklable(short_scenario):
    changed = short_scenario.with_(cuff_pressure="33 %AOP", posture="seated")
    assert pickle.loads(pickle.dumps(changed)) == changed


def test_repr_is_readable(short_scenario):
    text = repr(short_scenario)
    assert "two short sets" in text
    assert "wide_thigh" in text or "wide thigh" in text
    html = short_scenario._repr_html_()
    assert "<table>" in html
    assert "two short sets" in html


def test_diagnostics_say_where(short_file):
    short_file.write_text(short_file.read_text().replace("presure", "").replace('pressure = "60', 'presure = "60'))
    with pytest.raises(limbflow.InputError) as caught:
        limbflow.load(short_file)
    (diagnostic,) = [d for d in caught.value.diagnostics if d.key == "cuff.presure"]
    assert diagnostic.line == short_file.read_text().splitlines().index('presure = "60 %AOP"') + 1
    assert diagnostic.column == 1
    assert diagnostic.file.endswith("short.toml")
    assert "pressure" in diagnostic.nearest


def test_input_errors_are_picklable(short_scenario):
    with pytest.raises(limbflow.InputError) as caught:
        short_scenario.with_(rest="-5 s")
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.diagnostics == caught.value.diagnostics


def test_places_are_found_by_name_in_a_large_file_of_one_line():
    count = 200_000  # with a copy of the line for each item these would be 100 GB
    text = f"numbers = [{', '.join(['1'] * count)}]"
    values, places = _engine.parse_toml(text, "large.toml")
    assert values == {"numbers": [1] * count}
    assert places.find(f"numbers[{count}]") == (1, len(text) - 1, text)
    assert places.find(f"numbers[{count + 1}]") is None


def test_places_of_keys_tables_and_items():
    text = """\
title = "x"
limit.depth = 1
"a.b" = 2
[[tier]]
value = [[1, 2], [3]]
[[tier]]
inline = { one = "1 s" }
"""
    _, places = _engine.parse_toml(text, "tiers.toml")
    lines = text.splitlines()
    expected = {
        "title": (1, 9),
        "limit.depth": (2, 15),
        "a.b": (3, 9),
        "tier[1].value[1][2]": (5, 14),
        "tier[2].inline.one": (7, 18),
    }
    for name, (line, column) in expected.items():
        assert places.find(name) == (line, column, lines[line - 1]), name
    for name in (
        "",
        "tit",
        "title.x",
        "title[1]",
        "tier[0]",
        "tier[3]",
        "tier[1",
        "tier[x]",
        "tier[1].value[3]",
        "limit.x",
    ):
        assert places.find(name) is None, name
