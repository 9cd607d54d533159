"""The engine, compiled from bindings/*.cpp; what comes from it is read-only. Use it through the package limbflow."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

version: str
revision: str
source_hash: str
fibre_classes: list[str]

class Scenario:
    """A scenario that was read and checked."""
    @property
    def cuff_material(self) -> str: ...
    @property
    def cuff_name(self) -> str: ...
    @property
    def description(self) -> list[tuple[str, str]]: ...
    @property
    def files(self) -> list[str]: ...
    @property
    def has_strap_pull(self) -> bool: ...
    @property
    def limb(self) -> str: ...
    @property
    def person_name(self) -> str: ...
    @property
    def posture(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def warnings(self) -> list[str]: ...

class OcclusionPressure:
    """What a cuff does to a limb at rest in a posture."""
    @property
    def artery_pressure(self) -> float: ...
    @property
    def cuff_pressure(self) -> float: ...
    @property
    def systolic_at_cuff(self) -> float: ...
    @property
    def transmission(self) -> float: ...

class ArteryAtRest:
    """The arteries below the cuff at rest."""
    @property
    def distensibility(self) -> float: ...
    @property
    def pulse_wave_velocity(self) -> float: ...
    @property
    def transmural_pressure(self) -> float: ...

class Spread:
    """Mean and standard deviation of a log-normal quantity."""
    def quantile(self, share: float) -> float: ...
    @property
    def mean(self) -> float: ...
    @property
    def sd(self) -> float: ...

class StrapReading:
    """The pressure under a strap and what it means for the artery."""
    @property
    def day_to_day_sd(self) -> float: ...
    @property
    def full_occlusion(self) -> float: ...
    @property
    def full_occlusion_high(self) -> float: ...
    @property
    def full_occlusion_low(self) -> float: ...
    @property
    def occlusion(self) -> Spread: ...
    @property
    def pressure(self) -> Spread: ...
    @property
    def share(self) -> Spread: ...

class OcclusionKnown:
    """Whose occlusion pressure a strap is held against."""

    __members__: ClassVar[dict[str, OcclusionKnown]]
    measured: ClassVar[OcclusionKnown]
    of_people: ClassVar[OcclusionKnown]
    of_person: ClassVar[OcclusionKnown]
    def __init__(self, value: int) -> None: ...
    def __index__(self) -> int: ...
    def __int__(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

class Places:
    """Where the keys and items of a document were written."""

    def find(self, name: str) -> tuple[int, int, str] | None:
        """Line, column and text of the line of a dotted name in which items count from 1, such as
        limit[3].tiers[1].value; or nothing.
        """

class StrapLaw:
    """Pressure under a strap of a width and material on a limb."""
    def compression(self, pressure: float) -> float: ...
    def overlap_of_pressure(self, pressure: float) -> float: ...
    def pressure_of_overlap(self, share: float) -> float: ...
    def pressure_of_tension(self, newton: float) -> float: ...

class SignalInfo:
    """Name, unit and meaning of a signal."""
    @property
    def long_name(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...

class StateInfo:
    """Name, unit, usual magnitude and bounds of a state."""
    @property
    def lower(self) -> float: ...
    @property
    def name(self) -> str: ...
    @property
    def scale(self) -> float: ...
    @property
    def unit(self) -> str: ...
    @property
    def upper(self) -> float: ...

class WorstState:
    """A state that held a run back."""
    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def weighted_error(self) -> float: ...

class RunReport:
    """How a run ended."""
    @property
    def failed(self) -> bool: ...
    @property
    def outcome(self) -> str: ...
    @property
    def rejected(self) -> int: ...
    @property
    def segment(self) -> str: ...
    @property
    def steps(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def time(self) -> float: ...
    @property
    def worst(self) -> list[WorstState]: ...

class Summary:
    """A number kept of one part of a run."""
    @property
    def name(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def value(self) -> float: ...

class SegmentRow:
    """A part of the protocol."""
    @property
    def begin(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def label(self) -> str: ...
    @property
    def set(self) -> int: ...

class MeasurementResult:
    """What a virtual test found."""
    @property
    def kind(self) -> str: ...
    @property
    def time(self) -> float: ...
    @property
    def unit(self) -> str: ...
    @property
    def value(self) -> float: ...

class RunResult:
    """Everything recorded of a run."""
    def long_name(self, summary: Summary) -> str: ...
    @property
    def data(self) -> NDArray[np.float64]: ...
    @property
    def fibre_data(self) -> NDArray[np.float64]: ...
    @property
    def fibre_signals(self) -> list[SignalInfo]: ...
    @property
    def measurements(self) -> list[MeasurementResult]: ...
    @property
    def report(self) -> RunReport: ...
    @property
    def segments(self) -> list[SegmentRow]: ...
    @property
    def signals(self) -> list[SignalInfo]: ...
    @property
    def summaries(self) -> list[Summary]: ...
    @property
    def time(self) -> NDArray[np.float64]: ...

class Coordinate:
    """One quantity along an axis of a sweep."""
    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def points(self) -> NDArray[np.float64] | list[str]: ...
    @property
    def unit(self) -> str: ...

class Axis:
    """One dimension of a sweep."""
    def __len__(self) -> int: ...
    @property
    def coordinates(self) -> list[Coordinate]: ...
    @property
    def is_zipped(self) -> bool:
        """Whether the dimension just counts, and the coordinates lie along it."""
    @property
    def name(self) -> str: ...

class SweepPlan:
    """Every combination of the points of some axes, the last axis fastest."""
    def __init__(self, axes: Sequence[Axis]) -> None: ...
    def __len__(self) -> int: ...
    def settings(self, member: int) -> list[tuple[str, str]]: ...
    @property
    def axes(self) -> list[Axis]: ...
    @property
    def shape(self) -> tuple[int, ...]: ...

class SummaryInfo:
    """A number that a sweep keeps of each member."""
    @property
    def long_name(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def unit(self) -> str: ...

class SweepResult:
    """Where the members of a sweep land: a file, or arrays over the axes of the plan."""
    def __init__(
        self, scenario: Scenario, title: str, plan: SweepPlan, summaries: Sequence[SummaryInfo], path: str | None = None
    ) -> None:
        """Goes on with the file at `path` if it is there. Raises StorageError."""
    def close(self) -> None:
        """Lets go of the file."""
    def finish(self) -> None:
        """Marks the file complete if it is. Raises StorageError."""
    def pending_ranges(self, chunk: int) -> list[tuple[int, int]]:
        """Stretches (begin, end) of members still to be run, of `chunk` at most."""
    def values(self, summary: int) -> NDArray[np.float64]:
        """Of a result without a file, one summary over the axes: a read-only view."""
    def write(
        self, begin: int, values: NDArray[np.float64], statuses: NDArray[np.int8], messages: Sequence[str]
    ) -> None:
        """Members from `begin` on, as `run_members` gives them; they count as done then. Raises StorageError."""
    @property
    def left(self) -> int:
        """Members that are still to be run."""
    @property
    def messages(self) -> list[str]: ...
    @property
    def statuses(self) -> NDArray[np.int8]:
        """Of a result without a file, how each member stands."""

def aop(scenario: Scenario) -> OcclusionPressure: ...
def artery_at_rest(scenario: Scenario) -> ArteryAtRest: ...
def canonical_key(scenario: Scenario, key: str) -> str:
    """The dotted key that a short name stands for. Raises InputError with the nearest."""

def check_result(path: str) -> str:
    """Why a file is not a whole result of limbflow, or nothing."""

def convert(value: float, source: str, target: str) -> float:
    """A number in one unit, in another. Raises InputError."""

def fibre_signals() -> list[SignalInfo]:
    """The signals of each fibre class of a run."""

def load_scenario(path_or_name: str) -> Scenario: ...
def load_sweep(path_or_name: str, further_tables: list[str]) -> tuple[Scenario, list[Axis], str, str]:
    """The scenario of a sweep file, its axes and its title."""

def load_toml(path: str) -> tuple[dict[str, Any], Places]:
    """The values of a TOML file, and where its keys and items were written. Raises InputError."""

def make_axis(scenario: Scenario, dimension: str, key: str, points: Sequence[str]) -> Axis: ...
def member_statuses() -> list[str]:
    """Names of the values of `status`, in order."""

def named_inputs(scenario: Scenario, plan: SweepPlan) -> list[str]:
    """The scenario with each of the people, cuffs, ... that axes name."""

def nearest_key(word: str, candidates: Sequence[str]) -> str:
    """The candidate nearest to a word, or nothing if none is near."""

def open_sweep(path: str) -> tuple[str, str, list[Axis], list[SummaryInfo]]:
    """The text of the scenario of a sweep file, its title, axes and summaries. Raises StorageError."""

def parameters() -> list[dict[str, Any]]:
    """The model parameters as shipped."""

def parameters_seen(scenario: Scenario) -> list[str]:
    """Names of the parameters that a run of this scenario depends on."""

def parse_axis(scenario: Scenario, dimension: str, key: str, text: str) -> Axis: ...
def parse_quantity(text: str) -> tuple[float, str, str]:
    """Number, unit and dimension of a text such as '60 %AOP'. Raises InputError."""

def parse_scenario(text: str, name: str) -> Scenario: ...
def parse_toml(text: str, name: str) -> tuple[dict[str, Any], Places]:
    """As load_toml, of a text; `name` stands for the file in messages."""

def raise_problems(problems: Sequence[Mapping[str, Any]]) -> NoReturn:
    """Raise one InputError for problems found in a document: a mapping each, with the fields of a Diagnostic."""

def read_strap(scenario: Scenario, known: OcclusionKnown) -> StrapReading: ...
def resting_scenario(person: str, cuff: str, overrides: Mapping[str, str]) -> Scenario: ...
def run(
    scenario: Scenario, waveforms: bool, progress: Callable[[float], None] | None, signals: Sequence[str] | None = None
) -> RunResult:
    """Simulate a scenario; `progress` is called with the fraction done. `signals` names those to keep, all if
    None. Without the GIL; sees Ctrl-C.
    """

def run_members(
    scenario: Scenario, plan: SweepPlan, summaries: Sequence[SummaryInfo], begin: int, end: int
) -> tuple[NDArray[np.float64], NDArray[np.int8], list[str]]:
    """Members `begin` to `end` of a sweep on one thread: values [member][summary], statuses, messages. Without the
    GIL.
    """

def scenario_keys() -> list[str]: ...
def session_numbers() -> list[SignalInfo]:
    """What every run gives besides summaries of its signals."""

def set_data_directory(path: str) -> None: ...
def shipped(kind: str) -> list[str]: ...
def signals() -> list[SignalInfo]:
    """The signals of a run."""

def states() -> list[StateInfo]:
    """The states of the limb."""

def strap_law(scenario: Scenario) -> StrapLaw: ...
def summaries(scenario: Scenario) -> list[tuple[SummaryInfo, str]]:
    """The numbers that a run of this scenario gives, as a sweep names them, each with its part of the session."""

def sweep(scenario: Scenario, result: SweepResult, threads: int, progress: Callable[[float], None] | None) -> bool:
    """Run every pending member into the result. Without the GIL; false when Ctrl-C ended it, with what is finished
    kept.
    """

def unit_sample(method: str, seed: int, count: int, dimensions: int) -> NDArray[np.float64]:
    """Points of the open unit cube [point][dimension]; `method` is sobol, latin_hypercube or random."""

def units() -> dict[str, list[str]]:
    """Accepted unit symbols by dimension, the base unit first."""

def with_changes(scenario: Scenario, changes: Mapping[str, str]) -> Scenario: ...
def write_run(
    path: str,
    scenario: Scenario,
    variables: Sequence[tuple[str, str, str, Sequence[str], NDArray[np.float64] | NDArray[np.int64] | Sequence[str]]],
) -> None:
    """Write a run file from (name, unit, long name, dimensions, values) of each variable. Raises StorageError."""

def zipped_axis(scenario: Scenario, dimension: str, coordinates: Sequence[tuple[str, str, Sequence[str]]]) -> Axis:
    """An axis along which (name, key, points) move together. Raises InputError."""
