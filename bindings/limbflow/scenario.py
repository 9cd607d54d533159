"""Scenarios: load one by name or path, change it, run it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from html import escape
from typing import TYPE_CHECKING, Any

from . import _engine
from .exceptions import ComputationError
from .progress import watched
from .texts import to_texts

if TYPE_CHECKING:
    import xarray

    from .occlusion import OcclusionPressure


def load(source: str | os.PathLike) -> Scenario:
    """Load a scenario by the name of a shipped one (`"30-15-15-15"`) or the path of a TOML file.

    `shipped("protocols")` and `limbflow list protocols` name the shipped ones. Raises `InputError` with all problems of
    the file at once.
    """
    return Scenario(_engine.load_scenario(os.fspath(source)))


class Scenario:
    """A person, a limb, a cuff, a protocol and how to compute them. It never changes; `with_` gives a changed copy."""

    __slots__ = ("_native",)

    def __init__(self, native: _engine.Scenario):
        self._native = native

    @property
    def title(self) -> str:
        return self._native.title

    @property
    def text(self) -> str:
        """The whole scenario as TOML, with everything that it extends filled in; `from_text` reads it back."""
        return self._native.text

    @property
    def warnings(self) -> list[str]:
        """What is odd about the scenario but no error."""
        return list(self._native.warnings)

    @property
    def description(self) -> list[tuple[str, str]]:
        """The scenario in short: item and value, as printed."""
        return list(self._native.description)

    @classmethod
    def from_text(cls, text: str, name: str = "scenario") -> Scenario:
        """A scenario from TOML text; `name` stands for the file in messages. Raises `InputError`."""
        return cls(_engine.parse_scenario(text, name))

    def with_(self, **changes: Any) -> Scenario:
        """A copy with some values changed.

        Short names: `cuff_pressure="60 %AOP"`, `load="30 %1RM"`, `rest="60 s"`, `sets=[30, 15, 15, 15]`,
        `person="adult_woman"`, `cuff="narrow_thigh"`, `posture="seated"`, `fidelity="pulsatile"`, ...; any key of a
        scenario file with its dots (`**{"cuff.width": "5 cm"}`); any model parameter by its name.
        Values with a dimension carry their unit. Raises `InputError` with all problems at once.
        """
        return Scenario(_engine.with_changes(self._native, to_texts(changes)))

    def run(
        self,
        file: str | os.PathLike | None = None,
        *,
        signals: str | Iterable[str] | None = None,
        waveforms: bool = False,
        progress: bool | Callable[[float], None] | None = None,
    ) -> xarray.Dataset:
        """Simulate the scenario.

        Returns a dataset with each signal over `time` (s), units in the attributes; those of the fibre classes, such as
        `fibre_ph`, over `fibre` (I, IIa, IIx) and `time`; summaries over `scope` (the session, each set, each rest),
        the segments of the protocol over `segment`, `aop` (mmHg) and `outcome`; the scenario's text is in `attrs`.
        With `file` the same is written there as HDF5, which `xarray.open_dataset(file, engine="h5netcdf")` reads.

        `signals`: names or patterns (`"muscle_*"`, `"fibre_ph"`) of those to keep; all if None. Fewer are faster.
        `waveforms`: of a pulsatile run, keep the signals as they are instead of their means over a beat.
        `progress`: True or False for a bar or none, None for a bar on a terminal when it takes over a second, or
        a function that is called with the fraction done. Ctrl-C stops the run and raises KeyboardInterrupt.
        Raises `ComputationError` when the run cannot be completed, `StorageError` when the file cannot be written.
        """
        from . import results

        if file is not None:
            results.check_output(file)
        wanted = None if signals is None else results.named_signals(signals)
        with watched(progress, self.title or "run") as report:
            result = _engine.run(self._native, waveforms, report, wanted)
        dataset = results.run_dataset(self, result)
        if result.report.failed:
            raise ComputationError(result.report.text, result.report, dataset)
        if file is not None:
            results.write_run(file, self, dataset)
        return dataset

    def aop(self) -> OcclusionPressure:
        """The arterial occlusion pressure of this person under this cuff in this posture, by the virtual test."""
        from .occlusion import OcclusionPressure

        return OcclusionPressure.of(self._native)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __reduce__(self):
        return (Scenario.from_text, (self.text,))

    def __repr__(self) -> str:
        lines = [f"<limbflow.Scenario> {self.title}"]
        width = max(len(item) for item, _ in self.description)
        lines += [f"  {item:<{width}}  {value}" for item, value in self.description]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(item)}</th><td style='text-align:left'>{escape(value)}</td></tr>"
            for item, value in self.description
        )
        return (
            f"<div><b>{escape(self.title)}</b><table>{rows}</table>"
            f"<details><summary>scenario text</summary><pre>{escape(self.text)}</pre></details></div>"
        )


def as_scenario(source: Scenario | str | os.PathLike) -> Scenario:
    """The scenario itself, or the one of that name or path."""
    return source if isinstance(source, Scenario) else load(source)


def shipped(kind: str) -> list[str]:
    """Names of what comes with limbflow; `kind` is people, cuffs, protocols or sweeps."""
    return list(_engine.shipped(kind))


__all__ = ["Scenario", "as_scenario", "load", "shipped"]
