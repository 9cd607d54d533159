"""Limits: what a protocol must not do, who says so, and how that was learnt. See scenarios/limits/limits.toml."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from .documents import LIMITS, Document
from .quantities import COMPARISONS, Quantity, divides, number_in, quantities

SEVERITIES = ("stop", "warn", "info")
LIMIT_KEYS = (
    "id",
    "title",
    "quantity",
    "tiers",
    "not_judged",
    "published",
    "severity",
    "rationale",
    "source",
    "evidence",
    "basis",
    "note",
)
TIER_KEYS = ("severity", "quantity", "comparison", "value", "lasting", "measured", "when")
CONDITION_KEYS = ("quantity", "comparison", "value")
COMPARISON_WORDS = {">": ("above ", ""), ">=": ("", " or more"), "<": ("below ", ""), "<=": ("", " or less")}


@dataclass(frozen=True)
class Condition:
    """A comparison of a quantity with a threshold in its unit; a pair of thresholds for `within` and `outside`."""

    quantity: Quantity
    comparison: str
    threshold: Any

    def __str__(self) -> str:
        unit = "" if self.quantity.unit in ("", "1") else f" {self.quantity.unit}"
        if self.comparison in ("within", "outside"):
            low, high = self.threshold
            return f"{'' if self.comparison == 'within' else 'outside '}{low:g} to {high:g}{unit}"
        if isinstance(self.threshold, bool):
            return "yes" if self.threshold else "no"
        if not self.quantity.is_number:
            return str(self.threshold)
        before, after = COMPARISON_WORDS[self.comparison]
        return f"{before}{self.threshold:g}{unit}{after}"

    @property
    def circumstance(self) -> str:
        """When it holds, in words: "while the cuff is on", "where the load is 40 % or less"."""
        words = self.quantity.as_condition
        if self.quantity.is_number:
            return f"where {words or self.quantity.means} is {self}"
        known = words if isinstance(words, Mapping) else {}
        return known.get(str(self.threshold).lower(), f"where {self.quantity.means}: {self}")


@dataclass(frozen=True)
class Tier:
    """Broken where `test` holds while all of `when` do; with `lasting` (s), only if that goes on for longer.

    With `measured` only what was measured in the session counts, and not what the model gives.
    """

    severity: str
    test: Condition
    when: tuple[Condition, ...] = ()
    lasting: float = 0.0
    measured: bool = False

    @property
    def bound(self) -> Any:
        """The threshold that values come to first: of a band its lower end."""
        return self.test.threshold[0] if self.test.comparison in ("within", "outside") else self.test.threshold


@dataclass(frozen=True)
class Limit:
    """One limit. `not_judged` says why the model cannot judge it; then it has no tiers.

    `published` is the limit in the words of its sources, `source` the sources with their references, `evidence` what
    kind of source they are, `basis` whether the figure was read there, recalled, or proposed, `note` how it was put
    into a comparison of quantities.
    """

    id: str
    title: str
    tiers: tuple[Tier, ...]
    severity: str
    published: str
    rationale: str
    source: tuple[str, ...]
    evidence: str
    basis: str
    note: str = ""
    not_judged: str = ""

    @property
    def quantities(self) -> list[Quantity]:
        """The quantities that its tiers compare, each once."""
        return list({tier.test.quantity.name: tier.test.quantity for tier in self.tiers}.values())

    @property
    def is_screening(self) -> bool:
        """Whether only answers of a questionnaire can break it."""
        return bool(self.tiers) and all(quantity.origin == "question" for quantity in self.quantities)

    @property
    def references(self) -> str:
        return "; ".join(self.source)


@cache
def shipped_limits() -> tuple[Limit, ...]:
    """The limits that come with limbflow, in the order of their table."""
    return tuple(read_limits(Document.load(LIMITS / "limits.toml"), shipped_sources()))


@cache
def shipped_sources() -> Mapping[str, str]:
    """References by the key that limits name them by."""
    return Document.load(LIMITS / "sources.toml").values


def load_limits(path: str | os.PathLike) -> list[Limit]:
    """The shipped limits with those of a file, which replace the ones of the same id.

    The file holds `[[limit]]` tables as the shipped table does, and its own references in a table `[sources]`.
    Raises `InputError` with all its problems.
    """
    document = Document.load(path)
    own = document.values.pop("sources", {})
    mine = {limit.id: limit for limit in read_limits(document, {**shipped_sources(), **own})}
    return [mine.pop(limit.id, limit) for limit in shipped_limits()] + list(mine.values())


def read_limits(
    document: Document, sources: Mapping[str, str], known: Mapping[str, Quantity] | None = None
) -> list[Limit]:
    """The limits of a document. Raises `InputError` with all problems: among them a limit that nothing can break."""
    known = quantities() if known is None else known
    document.known_keys(document.values, "", ("limit",))
    rows = document.values.get("limit", [])
    if not rows or not isinstance(rows, list):
        document.problem("limit", "there are no limits", rule="missing-key", accepted="[[limit]] tables")
        rows = []
    found: dict[str, Limit] = {}
    for index, row in enumerate(rows, 1):
        limit = read_limit(document, f"limit[{index}]", row, sources, known)
        if limit is None:
            continue
        if limit.id in found:
            document.problem(f"limit[{index}].id", "is there twice", rule="duplicate", value=limit.id)
        found[limit.id] = limit
    document.finish()
    return list(found.values())


def read_limit(
    document: Document, path: str, row: Any, sources: Mapping[str, str], known: Mapping[str, Quantity]
) -> Limit | None:
    before = len(document.problems)
    table = document.known_keys(row, path, LIMIT_KEYS)
    for key in ("id", "title", "published", "rationale", "evidence", "basis"):
        if not isinstance(table.get(key), str) or not table[key]:
            document.problem(f"{path}.{key}", "is missing", rule="missing-key", accepted="a text")
    severity = read_severity(document, path, table)
    references = [reference(document, path, word, sources) for word in as_list(table.get("source"))]
    if not references:
        document.problem(f"{path}.source", "a limit needs its source", rule="missing-key", accepted="a list of keys")
    tiers = []
    if "not_judged" not in table:
        rows = as_list(table.get("tiers"))
        if not rows:
            document.problem(
                f"{path}.tiers", "is missing", rule="missing-key", accepted="a list of tiers, or not_judged"
            )
        for index, tier in enumerate(rows, 1):
            tiers.append(read_tier(document, f"{path}.tiers[{index}]", tier, table.get("quantity"), known))
    if len(document.problems) > before:
        return None
    return Limit(
        id=table["id"],
        title=table["title"],
        tiers=tuple(tiers),
        severity=severity,
        published=table["published"],
        rationale=table["rationale"],
        source=tuple(references),
        evidence=table["evidence"],
        basis=table["basis"],
        note=table.get("note", ""),
        not_judged=table.get("not_judged", ""),
    )


def read_tier(document: Document, path: str, row: Any, quantity: Any, known: Mapping[str, Quantity]) -> Tier | None:
    table = document.known_keys(row, path, TIER_KEYS)
    severity = read_severity(document, path, table)
    test = read_condition(document, path, {"quantity": quantity, **table}, known)
    when = [
        read_condition(
            document,
            f"{path}.when[{index}]",
            document.known_keys(condition, f"{path}.when[{index}]", CONDITION_KEYS),
            known,
        )
        for index, condition in enumerate(as_list(table.get("when")), 1)
    ]
    lasting = 0.0
    if "lasting" in table:
        try:
            lasting = number_in(table["lasting"], "s")
        except ValueError as error:
            document.problem(f"{path}.lasting", str(error), value=table["lasting"], accepted='a time, as "120 s"')
    measured = table.get("measured", False)
    if not isinstance(measured, bool):
        document.problem(f"{path}.measured", "is neither true nor false", value=measured, accepted="true, false")
    if test is None or None in when:
        return None
    return Tier(severity, test, tuple(when), lasting, measured)


def read_condition(document: Document, path: str, table: Any, known: Mapping[str, Quantity]) -> Condition | None:
    name, comparison, written = (table.get(key) for key in CONDITION_KEYS)
    quantity = known.get(name)
    if quantity is None:
        document.unknown(f"{path}.quantity", str(name), known, "quantity")
        return None
    allowed = COMPARISONS if quantity.is_number else ("is",)
    if comparison not in allowed or (comparison == "is" and quantity.is_number):
        words = ", ".join(word for word in allowed if word != "is" or not quantity.is_number)
        document.problem(f"{path}.comparison", f"does not fit {name}", value=comparison, accepted=words)
        return None
    try:
        if comparison in ("within", "outside"):
            if not isinstance(written, list) or len(written) != 2:
                raise ValueError("is not a pair")
            threshold: Any = tuple(quantity.value(end) for end in written)
        else:
            threshold = quantity.value(written)
    except ValueError as error:
        nearest = ""
        if quantity.choices:
            from .. import _engine

            nearest = _engine.nearest_key(str(written), list(quantity.choices))
        document.problem(f"{path}.value", str(error), value=written, accepted=quantity.accepted, nearest=nearest)
        return None
    if not divides(quantity, comparison, threshold):
        low, high = quantity.attainable or ("", "")
        document.problem(
            f"{path}.value",
            f"nothing can be on both sides of it: {name} goes from {low} to {high} {quantity.unit}",
            rule="out-of-range",
            value=written,
            accepted="a value inside that range",
        )
        return None
    return Condition(quantity, comparison, threshold)


def read_severity(document: Document, path: str, table: Mapping[str, Any]) -> str:
    severity = table.get("severity")
    if severity not in SEVERITIES:
        document.problem(f"{path}.severity", "is missing or unknown", value=severity, accepted=", ".join(SEVERITIES))
    return str(severity)


def reference(document: Document, path: str, word: Any, sources: Mapping[str, str]) -> str:
    """The reference of a source: its key, or its key and a place in it ("NAS22 Table 5"), with what it stands for."""
    word = str(word)
    keys = [key for key in sources if word == key or word.startswith(f"{key} ")]
    if not keys:
        document.unknown(f"{path}.source", word, sources, "source")
        return word
    return f"{word}: {sources[max(keys, key=len)]}"


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
