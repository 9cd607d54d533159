"""models/MODEL.md says what the program is: its tables are made from it, and its equations name every parameter."""

import re
from pathlib import Path

import pytest

import limbflow
from limbflow import documentation

DOCUMENT = Path(__file__).parents[2] / "models" / "MODEL.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_tables_are_up_to_date():
    assert documentation.with_tables(TEXT) == TEXT, f"run: python -m limbflow.documentation {DOCUMENT}"


@pytest.mark.parametrize("name", documentation.TABLES)
def test_every_table_is_in_the_document_and_found_when_stale(name):
    row = documentation.TABLES[name]().splitlines()[-1]
    assert row in TEXT
    stale = TEXT.replace(row, row.replace("|", "| stale ", 1))
    assert documentation.with_tables(stale) == TEXT


def test_every_parameter_table_has_a_part():
    folder = Path(limbflow.__file__).parent / "data" / "parameters"
    assert {path.stem for path in folder.glob("*.toml")} <= set(documentation.TABLES)


def test_equations_are_numbered_without_gaps_and_name_known_headers():
    numbers = [int(number) for number in re.findall(r"^- \*\*(\d+)\*\* ", TEXT, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    headers = set(re.findall(r"`(\w+\.hpp)`", TEXT))
    assert headers
    assert all((DOCUMENT.parent / header).exists() for header in headers)


def test_every_parameter_is_named_in_an_equation():
    terms = "\n".join(line for line in TEXT.splitlines() if line.startswith("- **"))
    families = {
        "GROUP": "(knee_extensors|elbow_flexors|plantar_flexors)",
        "POSTURE": "(supine|seated|standing)",
        "LIMB": "(arm|leg)",
        "CLASS": "(1|2a|2x)",
    }
    patterns = set(re.findall(r"\w+", terms))
    for family, members in families.items():
        patterns = {pattern.replace(family, members) for pattern in patterns}
    named = re.compile("|".join(sorted(patterns)))
    assert not [row["name"] for row in limbflow._engine.parameters() if not named.fullmatch(row["name"])]


def test_a_part_that_no_table_belongs_to_is_an_error():
    with pytest.raises(ValueError, match="states"):
        documentation.with_tables("<!-- generated: statse -->\n<!-- end: statse -->")


def test_main_checks_and_writes(tmp_path, capsys):
    path = tmp_path / "model.md"
    path.write_text("<!-- generated: states -->\n<!-- end: states -->\n")
    assert documentation.main(["--check", str(path)]) == 1
    assert "out of date" in capsys.readouterr().err
    assert documentation.main([str(path)]) == 0
    assert "`arterial_volume`" in path.read_text()
    assert documentation.main(["--check", str(path)]) == 0
