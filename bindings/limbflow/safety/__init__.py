"""Protocols against published limits: for one person, for a population, over a sweep.

`check` runs a scenario and judges its traces. Limits, the quantities that they are about and the questions of the
screening are data, in scenarios/limits/; nothing here says that a protocol can do no harm.
"""

from . import derived as derived  # registers the derived quantities
from .checking import Finding, Report, check
from .ensemble import Stopped
from .envelopes import Envelope, envelope
from .limits import Condition, Limit, Tier, load_limits, shipped_limits
from .people import Population, load_population
from .population import PopulationReport, check_population
from .screening import Screening, load_screening, questionnaire

__all__ = [
    "Condition",
    "Envelope",
    "Finding",
    "Limit",
    "Population",
    "PopulationReport",
    "Report",
    "Screening",
    "Stopped",
    "Tier",
    "check",
    "check_population",
    "envelope",
    "load_limits",
    "load_population",
    "load_screening",
    "questionnaire",
    "shipped_limits",
]
