"""Haemodynamics of an arm or a leg under a blood-flow-restriction cuff.

    import limbflow

    session = limbflow.load("30-15-15-15").with_(cuff_pressure="60 %AOP")
    run = session.run()                       # an xarray.Dataset, units in the attributes
    limbflow.plots.run(run)

A research tool for education and protocol design. It gives estimates of a model and never says that something is safe.
"""

from pathlib import Path as _Path

from . import _engine

_engine.set_data_directory(str(_Path(__file__).parent / "data"))

from . import analysis, plots  # noqa: E402
from .exceptions import ComputationError, Diagnostic, InputError, LimbflowError, StorageError  # noqa: E402
from .occlusion import OcclusionPressure, aop  # noqa: E402
from .panel import panel  # noqa: E402
from .results import open_dataset  # noqa: E402
from .safety import check  # noqa: E402
from .samples import people, sample, zipped  # noqa: E402
from .scenario import Scenario, load, shipped  # noqa: E402
from .straps import StrapPressure, strap  # noqa: E402
from .sweeps import Interrupted, resume, sweep  # noqa: E402
from .validation import sensitivity, validate  # noqa: E402

__version__: str = _engine.version

__all__ = [
    "ComputationError",
    "Diagnostic",
    "InputError",
    "Interrupted",
    "LimbflowError",
    "OcclusionPressure",
    "Scenario",
    "StorageError",
    "StrapPressure",
    "analysis",
    "aop",
    "check",
    "load",
    "open_dataset",
    "panel",
    "people",
    "plots",
    "resume",
    "sample",
    "sensitivity",
    "shipped",
    "strap",
    "sweep",
    "validate",
    "zipped",
]
