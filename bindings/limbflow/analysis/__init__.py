"""What an outcome depends on (Sobol, Morris), and the model fitted to one person's own measurements."""

from .calibration import Calibration, Trace, calibrate
from .variance import morris, sobol

__all__ = ["Calibration", "Trace", "calibrate", "morris", "sobol"]
