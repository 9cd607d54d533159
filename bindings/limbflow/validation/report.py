"""A validation report as a table on the terminal, as JSON and as one HTML file."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..exceptions import StorageError
from ..plots import errors, number_text
from ..report import print_table
from . import Report, StudyResult
from .sensitivities import SMALLEST_SHOWN, STEP, UNCONSTRAINED_BELOW, Outcome, Sensitivities, Sensitivity
from .verdicts import ASSUMED_SPREAD, MET, MISSED, NEAR, NOT_MODELLED, Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

USES = {
    "validate": "Validation: no parameter was chosen to meet these",
    "calibrate": "Calibration: parameters were chosen with these in view",
}


def measured_text(row: Row) -> str:
    """What was measured, with its spread."""
    if isinstance(row.measured, tuple):
        return f"{number_text(row.measured[0])} to {number_text(row.measured[1])}"
    if isinstance(row.measured, str):
        return row.measured
    if row.spread is None:
        return number_text(row.measured)
    kinds = {"sd": "SD", "se": "SE", "assumed": "assumed"}
    return f"{number_text(row.measured)} ± {number_text(row.spread)} {kinds.get(row.spread_kind, '')}".strip()


def model_text(row: Row) -> str:
    if row.model is None:
        return "-"
    return ("yes" if row.model else "no") if isinstance(row.model, bool) else number_text(row.model)


def error_text(row: Row) -> str:
    return "" if row.error is None else f"{row.error:+.2f}"


def print_report(report: Report) -> None:
    """Every row that the model has an answer to, then what it has none to, and the counts."""
    for use, title in USES.items():
        rows = []
        for result in report.results:
            if result.study.use != use or result.verdict == NOT_MODELLED:
                continue
            rows.append([result.study.id, "", "", "", ""])
            for row in result.evaluation.rows:
                if row.verdict != NOT_MODELLED:
                    quantity = "  " + row.quantity + (f" ({row.unit})" if row.unit else "")
                    rows.append([quantity, measured_text(row), model_text(row), error_text(row), row.verdict])
        if rows:
            click.echo(f"\n{title}")
            print_table(["study and quantity", "measured", "model", "error", "verdict"], rows)
    click.echo("\nerror: model minus measurement, in SD, 2 SE or half-widths of the band; met within 1, near within 2")
    click.echo(f"assumed: the study gives no spread; {100 * ASSUMED_SPREAD:.0f} % of the value stands in for its SD")
    print_misses(report)
    absent = [result.study.id for result in report.results if result.verdict == NOT_MODELLED]
    if absent:
        click.echo(f"\nnot modelled yet: {', '.join(absent)}")
    click.echo("\n" + counts_text(report))


def print_misses(report: Report) -> None:
    reasons = [
        f"  {result.study.id}: {result.reason(row)}"
        for result in report.results
        for row in result.evaluation.rows
        if row.verdict == MISSED and result.reason(row)
    ]
    if reasons:
        click.echo("\nwhy rows are missed")
        for reason in dict.fromkeys(reasons):
            click.echo(reason)


def counts_text(report: Report) -> str:
    rows, studies = report.counts, report.study_counts
    return (
        f"rows: {rows[MET]} met, {rows[NEAR]} near, {rows[MISSED]} missed; "
        f"studies, each by its worst row: {studies[MET]} met, {studies[NEAR]} near, {studies[MISSED]} missed, "
        f"{studies[NOT_MODELLED]} not modelled yet ({report.seconds:.0f} s)"
    )


MOST_PRINTED = 4  # parameters of an outcome, on the terminal


def print_sensitivities(found: Sensitivities) -> None:
    """What each outcome depends on most, and what nothing constrains."""
    rows = []
    subject = ""
    for outcome in found.outcomes:
        if outcome.subject != subject:
            subject = outcome.subject
            rows.append([f"{subject} ({outcome.use})", "", ""])
        entries = found.of(outcome)
        more = f", and {len(entries) - MOST_PRINTED} more" if len(entries) > MOST_PRINTED else ""
        strongest = ", ".join(sensitivity_text(entry) for entry in entries[:MOST_PRINTED]) + more
        rows.append([f"  {quantity_text(outcome)}", number_text(outcome.value), strongest or "-"])
    click.echo("\nWhat the outcomes depend on")
    print_table(["outcome", "model", "parameters"], rows)
    click.echo("\n" + sensitivity_legend(found))
    click.echo(f"\n{unconstrained_title(found)}")
    for parameter in found.unconstrained:
        click.echo(f"  {parameter.name} ({parameter.place}): {parameter.source}")


def quantity_text(outcome: Outcome) -> str:
    return outcome.quantity + (f" ({outcome.unit})" if outcome.unit else "")


def sensitivity_text(entry: Sensitivity) -> str:
    """The parameter, the normalised sensitivity, and what the parameter's range does in SD."""
    strength = "" if entry.normalised is None else f" {entry.normalised:+.2f}"
    effect = "" if entry.range_effect is None else f" [{entry.range_effect:+.2g} SD]"
    return f"{entry.parameter.name}{strength}{effect}"


def sensitivity_legend(found: Sensitivities) -> str:
    return (
        "parameter, per cent of the outcome per per cent of the parameter, and in brackets what the parameter's whole "
        "range moves the outcome by to first order, in SD (or 2 SE, or half-bands); central differences, steps of "
        f"{100 * STEP:.0f} % of a parameter or of its range if narrower; below {SMALLEST_SHOWN:g} of both is left out "
        f"({found.seconds:.0f} s)"
    )


def unconstrained_title(found: Sensitivities) -> str:
    return (
        f"Constrained by nothing: {len(found.unconstrained)} of {len(found.parameters)} parameters, whose range moves "
        f"no row of a study marked calibrate by more than {UNCONSTRAINED_BELOW:g} SD"
    )


def as_json(report: Report, found: Sensitivities | None = None) -> dict[str, Any]:
    """`counts` and `studies` are of rows; rows without a counterpart in the model are in `not_modelled` only."""
    return {
        **({} if found is None else {"sensitivity": found.as_json()}),
        "counts": report.counts,
        "study_counts": {verdict.replace(" ", "_"): count for verdict, count in report.study_counts.items()},
        "studies": [row_as_json(result, row) for result, row in rows_of(report) if row.verdict != NOT_MODELLED],
        "not_modelled": [
            {"id": result.study.id, "use": result.study.use, "quantity": row.quantity, "why": row.note}
            for result, row in rows_of(report)
            if row.verdict == NOT_MODELLED
        ],
        "seconds": report.seconds,
    }


def rows_of(report: Report) -> list[tuple[StudyResult, Row]]:
    return [(result, row) for result in report.results for row in result.evaluation.rows]


def row_as_json(result: StudyResult, row: Row) -> dict[str, Any]:
    return {
        "id": result.study.id,
        "use": result.study.use,
        "quantity": row.quantity,
        "unit": row.unit,
        "measured": list(row.measured) if isinstance(row.measured, tuple) else row.measured,
        "spread": row.spread,
        "spread_kind": row.spread_kind,
        "model": row.model if isinstance(row.model, bool) else finite(row.model),
        "error_sd": finite(row.error),
        "verdict": row.verdict,
        "note": row.note,
        "why": result.reason(row),
    }


def finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def write_html(report: Report, path: Path, found: Sensitivities | None = None) -> None:
    """One file with everything in it, pictures too, and sensitivities if there are any. Raises `StorageError`."""
    from jinja2 import Environment, PackageLoader

    from .. import _engine
    from . import flow_family

    environment = Environment(
        loader=PackageLoader("limbflow.validation", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {
        "measured_text": measured_text,
        "model_text": model_text,
        "error_text": error_text,
        "number_text": number_text,
        "quantity_text": quantity_text,
        "sensitivity_text": sensitivity_text,
        "sensitivity_legend": sensitivity_legend,
        "unconstrained_title": unconstrained_title,
    }
    modelled = [result for result in report.results if result.verdict != NOT_MODELLED]
    text = environment.get_template("report.html.j2").render(
        groups=[(title, [r for r in modelled if r.study.use == use]) for use, title in USES.items()],
        absent=[result for result in report.results if result.verdict == NOT_MODELLED],
        family=encoded(flow_family.draw(flow_family.compute())),
        pictures={result.study.id: picture(result) for result in modelled},
        counts=counts_text(report),
        version=_engine.version,
        revision=_engine.revision,
        assumed=100 * ASSUMED_SPREAD,
        found=found,
    )
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def picture(result: StudyResult) -> str:
    """The study's plot as base64 PNG: its own curves where it has some, and the errors of its rows."""
    from matplotlib.figure import Figure

    draw = result.evaluation.draw
    rows = [row for row in result.evaluation.rows if row.error is not None]
    width = 9.0 if draw and rows else 5.5
    figure = Figure(figsize=(width, max(3.2, 1.2 + 0.28 * len(rows))), layout="constrained")
    axes = figure.subplots(1, 2 if draw and rows else 1, squeeze=False)[0]
    if draw:
        draw(axes[0])
    if rows:
        errors(axes[-1], rows)
    for ax in axes:
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        if ax.get_legend() is not None:  # below the axes, where it hides no curve
            ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(0.0, -0.22), borderaxespad=0.0)
            figure.set_figheight(figure.get_figheight() + 0.19 * len(ax.get_legend().get_texts()))
    return encoded(figure)


def encoded(figure: Figure) -> str:
    """A figure as base64 PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return base64.b64encode(buffer.getvalue()).decode()
