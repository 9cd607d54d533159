"""An interactive panel for notebooks: sliders for cuff, load, rest and person, and curves that follow them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _engine
from .exceptions import ComputationError, InputError
from .plots import LINE_STYLES, display_name, shade_sets, tidy, unit_text
from .results import named_signals
from .scenario import Scenario, as_scenario

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

# A slider should answer at once; curves of this tolerance cannot be told from finer ones.
TOLERANCE = 1e-3
SIGNALS = ("arterial_inflow", "muscle_oxygen_saturation", "muscle_lactate", "motor_drive")
MOST_RUNS_KEPT = 200
AS_GIVEN = "{} (as given)"


class Panel:
    """Sliders and curves; in a notebook it shows itself as the last value of a cell.

    `widgets` holds the controls by name (`cuff_pressure`, `load`, `rest`, `person`; those that the scenario has),
    `axes` the matplotlib axes, `dataset` the run that is shown. The first run stays on the axes in grey, to compare
    with.
    """

    def __init__(self, scenario: Scenario, signals: Sequence[str]):
        import ipywidgets
        import matplotlib.pyplot as plt

        self.scenario = scenario.with_(tolerance=TOLERANCE)
        self.signals = named_signals(signals)
        self.runs: dict[tuple, xarray.Dataset] = {}
        self.widgets = controls(self.scenario)
        self.message = ipywidgets.HTML()
        self.picture = ipywidgets.Output()
        with plt.ioff():
            self.figure, axes = plt.subplots(
                len(self.signals),
                1,
                sharex=True,
                squeeze=False,
                figsize=(8.0, 0.7 + 1.5 * len(self.signals)),
                layout="constrained",
            )
        self.axes: list[Axes] = list(axes.ravel())
        self.dataset = self.first = self.run()
        self.draw()
        for widget in self.widgets.values():
            widget.observe(self.update, names="value")
        self.box = ipywidgets.VBox([*self.widgets.values(), self.message, self.picture])

    @property
    def settings(self) -> dict[str, str]:
        """What the controls say, as changes of the scenario."""
        units = {"cuff_pressure": " %AOP", "load": " %1RM", "rest": " s", "person": ""}
        return {name: f"{widget.value}{units[name]}" for name, widget in self.widgets.items() if widget.value != ""}

    def run(self) -> xarray.Dataset:
        """The run of the present settings; one that was made before is not made again."""
        settings = self.settings
        key = tuple(settings.items())
        if key not in self.runs:
            if len(self.runs) >= MOST_RUNS_KEPT:
                del self.runs[next(iter(self.runs))]
            self.runs[key] = self.scenario.with_(**settings).run(signals=self.signals, progress=False)
        return self.runs[key]

    def update(self, _change: Any = None) -> None:
        """Follow the controls. A setting that cannot be run is said, and the last curves stay."""
        try:
            self.dataset = self.run()
        except (InputError, ComputationError) as error:
            self.message.value = f"<pre>{error}</pre>"
            return
        self.draw()

    def draw(self) -> None:
        completed = [int(count) for count in np.atleast_1d(self.dataset.reps_completed) if np.isfinite(count)]
        sets = f", repetitions {'-'.join(map(str, completed[:-1] or completed))}" if completed else ""
        self.message.value = f"occlusion pressure {float(self.dataset.aop):.0f} mmHg{sets}"
        for ax, name in zip(self.axes, self.signals, strict=True):
            ax.clear()
            shade_sets(self.dataset, ax)
            if self.dataset is not self.first:
                ax.plot(self.first.time, self.first[name], color="0.65", linewidth=1.0, label="first")
            ax.plot(self.dataset.time, self.dataset[name], **LINE_STYLES[0], linewidth=1.4, label="now")
            unit = unit_text(self.dataset[name].attrs.get("units", ""))
            words = display_name(name)
            ax.set_ylabel(f"{words}\n({unit})" if unit else words, fontsize="small")
            values = np.concatenate([line.get_ydata() for line in ax.lines])
            ax.set_ylim(min(0.0, values.min()), 1.1 * np.percentile(values, 99.5) or 1.0)
            ax.margins(x=0)
            tidy(ax)
        self.axes[-1].set_xlabel("time (s)")
        self.show()

    def show(self) -> None:
        from IPython.display import display

        with self.picture:
            self.picture.clear_output(wait=True)
            display(self.figure)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.box)


def panel(scenario: Scenario | str | os.PathLike = "30-15-15-15", signals: Sequence[str] = SIGNALS) -> Panel:
    """Sliders for the cuff, the load, the rest and the person of a scenario, with curves that follow them.

    `signals` names what is shown, a panel of axes each. For notebooks, with ipywidgets (`pip install ipywidgets`).
    Raises `InputError` without it, and for signals that there are not.
    """
    try:
        import ipywidgets  # noqa: F401
    except ImportError as error:
        raise InputError("error: the panel needs ipywidgets: pip install ipywidgets") from error
    return Panel(as_scenario(scenario), signals)


def controls(scenario: Scenario) -> dict[str, Any]:
    """The widgets of what the scenario has; each starts where the scenario is, or nearest to it."""
    import ipywidgets

    given, _ = _engine.parse_toml(scenario.text, scenario.title)
    exercise = given.get("exercise", {})
    exercise = exercise[0] if isinstance(exercise, list) else exercise
    style = {"style": {"description_width": "8em"}, "layout": {"width": "32em"}}
    found: dict[str, Any] = {}
    ranges = {
        "cuff_pressure": (given.get("cuff", {}).get("pressure"), "%AOP", 0, 120, 5),
        "load": (exercise.get("load"), "%1RM", 5, 80, 1),
        "rest": (exercise.get("rest"), "s", 5, 180, 5),
    }
    for name, (text, unit, low, high, step) in ranges.items():
        if text is not None and unit_of(text) == unit:
            value, _, _ = _engine.parse_quantity(text)
            found[name] = ipywidgets.IntSlider(
                value=min(high, max(low, round(value))),
                min=low,
                max=high,
                step=step,
                description=f"{name.replace('_', ' ')} ({unit})",
                **style,
            )
    options = [(AS_GIVEN.format(given["person"]["name"]), ""), *((n, n) for n in _engine.shipped("people"))]
    found["person"] = ipywidgets.Dropdown(options=options, value="", description="person", **style)
    return found


def unit_of(text: str) -> str:
    return _engine.parse_quantity(text)[1]
