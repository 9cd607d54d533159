"""Work-precision curves: time against measured error, and what to read off them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Point:
    tolerance: float
    error: float
    seconds: float  # the best of some tries
    evaluations: int = 0


@dataclass
class Curve:
    """One method on one fidelity. `group` is whose it is."""

    group: str
    name: str
    fidelity: str
    run: Callable[[float], tuple[float, float, int]] = field(repr=False)  # error, seconds, right-hand sides
    tolerances: list[float] = field(default_factory=list)  # loosest first
    tries: int = 1
    points: list[Point] = field(default_factory=list)

    def measure(self, tolerance: float) -> Point:
        error, seconds, evaluations = self.run(tolerance)
        known = next((point for point in self.points if point.tolerance == tolerance), None)
        if known is None:
            self.points.append(Point(tolerance, error, seconds, evaluations))
            self.points.sort(key=lambda point: -point.tolerance)
            return self.at(tolerance)
        known.seconds = min(known.seconds, seconds)
        return known

    def at(self, tolerance: float) -> Point:
        return next(point for point in self.points if point.tolerance == tolerance)

    def seconds_within(self, error: float) -> float | None:
        """The least time in which the method stays within an error; None if it was not measured that far.

        Straight in logarithms between measured points.
        """
        times = [point.seconds for point in self.points if point.error <= error]
        for loose, tight in zip(self.points, self.points[1:], strict=False):
            if math.isfinite(loose.error) and loose.error > error >= tight.error > 0:
                share = math.log(loose.error / error) / math.log(loose.error / tight.error)
                times.append(loose.seconds * (tight.seconds / loose.seconds) ** share)
        return min(times, default=None)


def measure_all(curves: list[Curve], seconds_for_one: float, say: Callable[[str], None]) -> None:
    """Measures every curve, methods in turn, so that a busy minute of the machine hits all of them.

    A tolerance is left out where the one before it took longer than `seconds_for_one`.
    """
    given_up: set[tuple[int, float]] = set()
    for attempt in range(max(curve.tries for curve in curves)):
        for tolerance in sorted({t for curve in curves for t in curve.tolerances}, reverse=True):
            for number, curve in enumerate(curves):
                if attempt >= curve.tries or tolerance not in curve.tolerances or (number, tolerance) in given_up:
                    continue
                point = curve.measure(tolerance)
                if point.seconds > seconds_for_one:
                    given_up |= {(number, t) for t in curve.tolerances if t < tolerance}
                    say(f"{curve.name}: left out below {tolerance:.0e}, which took {point.seconds:.0f} s")


def plot(curves: list[Curve], path: Path, machine: str) -> None:
    """Error against time of every curve, a panel for each fidelity."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    colours = {
        "limbflow": "tab:red",
        "Boost.Odeint": "tab:blue",
        "SUNDIALS": "tab:green",
        "SciPy, numba": "tab:orange",
        "SciPy, NumPy": "tab:brown",
        "diffrax": "tab:purple",
    }
    styles = ["-", "--", ":", "-."]
    markers = "osD^vPX*"
    figure, axes = plt.subplots(1, 2, figsize=(13, 8.5), sharey=True)
    for axis, fidelity in zip(axes, ("averaged", "pulsatile"), strict=True):
        seen: dict[str, int] = {}
        for curve in curves:
            points = [p for p in curve.points if math.isfinite(p.error) and p.error < 1]
            if curve.fidelity != fidelity or not points:
                continue
            rank = seen[curve.group] = seen.get(curve.group, -1) + 1
            axis.loglog(
                [1e3 * p.seconds for p in points], [p.error for p in points], color=colours[curve.group],
                linestyle=styles[rank % len(styles)], marker=markers[rank % len(markers)], markersize=4,
                linewidth=2 if curve.group == "limbflow" else 1.2, label=curve.name,
            )  # fmt: skip
        title = "beat-averaged" if fidelity == "averaged" else "pulsatile"
        axis.set(title=title, xlabel="time of one session, ms (left is faster)")
        axis.grid(alpha=0.3, which="both", linewidth=0.5)
        axis.legend(fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.09), frameon=False)
    axes[0].set_ylabel("largest error over all states (down is better)")
    figure.suptitle(f"30-15-15-15 with recovery, the same equations for all; {machine}", fontsize=11)
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)
