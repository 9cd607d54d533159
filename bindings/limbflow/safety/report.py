"""A check as text for the command line."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import Any

import click
import numpy as np

from ..plots import display_name, number_text, point_text
from ..report import print_table
from .checking import Report
from .disagreements import Disagreement
from .envelopes import STRESS, Envelope
from .judging import Judgement
from .limits import Condition, Limit
from .population import PopulationReport, interval

WORDS = {"stop": "STOP", "warn": "warning", "info": "note"}
WIDTH = 116
TITLE_WIDTH = 64


def print_report(report: Report) -> None:
    """Contraindications, verdict, findings with their sources, disagreements, and what was not judged."""
    for judgement in report.contraindications:
        print_paragraph(f"CONTRAINDICATION {judgement.limit.id}: ", judgement.limit.title)
        print_paragraph("  source: ", f"{judgement.limit.references} (figure {basis_text(judgement.limit.basis)})")
        click.echo()
    plan = report.record.plan
    click.echo(report.run.attrs.get("title", "session"))
    click.echo(f"  {plan.sex}, {plan.age:g} yr, {plan.limb}, occlusion pressure {occlusion_text(report)}")
    click.echo(f"verdict: {report.verdict}\n")
    if report.broken:
        print_findings(report.broken)
        print_sources(report.broken)
    for disagreement in report.disagreements:
        print_disagreement(disagreement)
    print_remainder(report)


def occlusion_text(report: Report) -> str:
    if not report.record.plan.has_cuff:
        return "none (no cuff)"
    how = "measured" if report.record.plan.occlusion_pressure_measured else "of the model"
    return f"{float(report.run['aop']):.0f} mmHg ({how})"


def print_findings(broken: list[Judgement]) -> None:
    rows = [
        [
            WORDS[judgement.severity],
            judgement.limit.id,
            judgement.quantity.means,
            value_text(judgement.value, judgement.tier.test),
            limit_text(judgement),
            value_text(judgement.margin, judgement.tier.test),
            "-" if judgement.time is None else time_text(judgement.time),
        ]
        for judgement in broken
    ]
    print_table(["", "limit", "quantity", "value", "broken when", "margin", "from"], rows)
    click.echo()


def limit_text(judgement: Judgement) -> str:
    """The broken comparison, with how long it has to last and under which conditions."""
    tier = judgement.tier
    text = str(tier.test)
    if tier.lasting:
        text += f" for {time_text(tier.lasting)}"
    if tier.measured:
        text += ", as measured"
    return " ".join([text, *(condition.circumstance for condition in tier.when)])


def value_text(value: Any, test: Condition) -> str:
    """A value of the quantity that a limit tests, with its unit; a number that is nothing beside the limit is 0."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    unit = "" if test.quantity.unit == "1" else test.quantity.unit
    return f"{number_text(value, float(np.max(np.abs(test.threshold))))} {unit}".rstrip()


def time_text(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"


def print_sources(broken: list[Judgement]) -> None:
    click.echo("why, and who says so")
    for judgement in broken:
        limit = judgement.limit
        note = f" How it is judged: {limit.note}" if limit.note else ""
        print_paragraph(f"  {limit.id}  ", f"{limit.rationale}.{note}")
        print_paragraph(" " * 10, f"{limit.references}. Figure {basis_text(limit.basis)}; evidence: {limit.evidence}.")
    click.echo()


BASES = {"read": "read in the source", "recalled": "recalled from it", "proposed": "proposed here"}


def basis_text(basis: str) -> str:
    """What a limit's figure rests on, spelt out."""
    return re.sub(r"\b(read|recalled|proposed)\b(?! here)", lambda found: BASES[found[0]], basis)


def print_disagreement(disagreement: Disagreement) -> None:
    """One question: what each source says, and whether the session is within it. Left out where none applies."""
    applying = [stand for stand in disagreement.stands if stand.outside is not None]
    if not applying:
        return
    click.echo(f"sources disagree: {disagreement.question}")
    rows = [
        [
            f"  {stand.position.says}",
            value_text(stand.value, stand.position.test),
            "outside" if stand.outside else "within",
            ", ".join(stand.position.keys),
            ", ".join(stand.position.limits) or "not judged",
        ]
        for stand in applying
    ]
    print_table(["  they say", "here", "", "source", "limit"], rows)
    if disagreement.caveat:
        print_paragraph("  but ", disagreement.caveat)
    click.echo()


def print_remainder(report: Report) -> None:
    if report.unanswered:
        ids = ", ".join(judgement.limit.id for judgement in report.unanswered)
        print_paragraph("wait for answers (limbflow check --questionnaire): ", ids)
    if report.not_judged:
        print_paragraph(
            "not judged: ", "; ".join(f"{each.limit.id}, {each.limit.not_judged}" for each in report.not_judged)
        )


def print_population(report: PopulationReport) -> None:
    """For each limit that breaks for somebody: the share of people with its interval, and who they are."""
    people = len(report.completed)
    click.echo(f"{len(report.members)} people drawn from: {report.population.title} (seed {report.seed})")
    for source in report.population.sources:
        print_paragraph("  ", source)
    if report.failed:
        reasons = [member.error for member in report.members if member.error]
        click.echo(f"  {report.failed} have no result and count nowhere; the first: {reasons[0].splitlines()[0]}")
    if not people:
        return
    for severity, word in (("stop", "a stop"), ("warn", "a warning")):
        count = int(report.broken(severity).sum())
        click.echo(f"  {word} breaks for {share_text(count, people, *interval(count, people))}")
    click.echo()
    if not report.shares:
        return
    rows = [
        [
            WORDS[share.severity],
            share.limit.id,
            short_title(share.limit),
            f"{100 * share.share:.1f} %",
            f"{100 * share.low:.1f} to {100 * share.high:.1f} %",
            f"{share.broken} of {share.judged}",
        ]
        for share in report.shares
    ]
    print_table(["", "limit", "quantity", "people", "95 % interval", ""], rows)
    click.echo(f"\nwho they are: median (10th to 90th percentile); the {report.limb}'s circumference")
    everybody = [["", "everybody", *who_cells(report.describe(report.completed))]]
    rows = everybody + [[WORDS[share.severity], share.limit.id, *who_cells(share.who)] for share in report.shares]
    columns = ["", "limit", "women", "age (yr)", "body mass index (kg/m2)", "systolic (mmHg)", "circumference (cm)"]
    print_table(columns, rows)
    click.echo()


def share_text(broken: int, judged: int, low: float, high: float) -> str:
    return f"{broken} of {judged}: {100 * broken / judged:.1f} % ({100 * low:.1f} to {100 * high:.1f} %)"


def who_cells(who: Mapping[str, Any]) -> list[str]:
    spreads = [who[name] for name in ("age", "body_mass_index", "systolic_pressure", "circumference")]
    return [
        f"{100 * who['women']:.0f} %",
        *(f"{each['median']:.0f} ({each['p10']:.0f} to {each['p90']:.0f})" for each in spreads),
    ]


def print_envelope(envelope: Envelope) -> None:
    """How many protocols are inside, the one with the most stress, and what cuts the region."""
    size = envelope.dataset["inside"].size
    failed = int((envelope.dataset["message"] != "").sum())
    axes = ", ".join(display_name(axis) for axis in envelope.axes)
    click.echo(f"envelope over {axes}: {envelope.inside} of {size} protocols break no stop and no warning")
    if failed:
        reasons = [str(message) for message in envelope.dataset["message"].values.ravel() if message]
        click.echo(f"  {failed} have no result, and count as outside; the first: {reasons[0].splitlines()[0]}")
    best = envelope.best
    if best is None:
        click.echo("  there is none to choose from")
    else:
        words = [
            f"{display_name(axis)} {point_text(envelope.dataset[axis], value)}"
            for axis, value in best["settings"].items()
        ]
        click.echo(f"  most metabolic stress per minute: {', '.join(words)}")
        click.echo(f"  with {number_text(best[STRESS])} mM of diprotonated phosphate above rest, on average")
        nearest = list(best["margins"].items())[:4]
        margins = ", ".join(f"{name} {100 * margin:.0f} %" for name, margin in nearest)
        print_paragraph("  nearest limits: ", f"{margins} (margin over the limit)")
    cuts = envelope.cuts()
    if cuts:
        click.echo("\nwhat cuts the region")
        rows = [
            [f"  {name}", short_title(envelope.limits[name]), str(count), str(alone)]
            for name, (count, alone) in cuts.items()
        ]
        print_table(["  limit", "quantity", "protocols", "by it alone"], rows)
    click.echo()


def short_title(limit: Limit) -> str:
    """What a limit is about, in one column of a table."""
    return textwrap.shorten(limit.quantities[0].means, TITLE_WIDTH, placeholder=" ...")


def print_paragraph(head: str, text: str) -> None:
    click.echo(textwrap.fill(text, WIDTH, initial_indent=head, subsequent_indent=" " * min(len(head), 10)))
