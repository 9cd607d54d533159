"""The session by integrators of the Python world, on equations that limb_equations wrote from the model's source.

A method is a function of a tolerance that gives an `Attempt`. Time is the processor time of this process, with every
library held to one thread; what compiles is compiled before the clock starts.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Attempt:
    error: float
    seconds: float  # of one run


Method = Callable[[float], Attempt]


class Session:
    """What limb_equations wrote of one fidelity: session, reference and samples, and modules of the equations."""

    def __init__(self, folder: Path, fidelity: str):
        self.folder, self.fidelity = folder, fidelity
        data = json.loads((folder / f"{fidelity}.json").read_text())
        self.parameters = np.array(data["parameters"])
        self.start = np.array(data["start"])
        self.scales = np.array(data["scales"])
        self.largest = np.array(data["largest"])
        self.segments = np.array(data["segments"])
        self.controls = np.array(data["controls"])
        self.heart_rate_place = int(data["heart_rate_place"])  # among the parameters
        self.exact = np.array(data["exact"])
        self.longest_step = data["longest_step"]
        self.sample_times = np.array(data["sample_times"])[:, 0]
        self.sample_states = np.array(data["sample_states"])
        self.sample_controls = np.array(data["sample_controls"])
        self.sample_rates = np.array(data["sample_rates"])

    def module(self, dialect: str):
        """The equations in a dialect of python_source.hpp."""
        if str(self.folder) not in sys.path:
            sys.path.insert(0, str(self.folder))
        return importlib.import_module(f"{self.fidelity}_{dialect}")

    def error(self, ends: list[np.ndarray]) -> float:
        """As error_of in classic_session.hpp."""
        if len(ends) != len(self.exact):
            return float("inf")
        error = float(np.max(np.abs(np.array(ends) - self.exact) / self.largest))
        return error if np.isfinite(error) else float("inf")

    def departure(self, rates: np.ndarray) -> float:
        """The largest difference of rates at the samples from the model's, relative to each state's largest rate."""
        largest = np.max(np.abs(self.sample_rates), axis=0)
        return float(np.max(np.abs(rates - self.sample_rates) / np.where(largest > 0, largest, 1.0)))


def scalar_equations(session: Session, dialect: str):
    """prepare(controls) and rhs(t, y, q) for one run."""
    module = session.module(dialect)
    if dialect == "python":
        parameters = session.parameters.tolist()

        def rhs(t, y, q):
            try:
                return module.rhs(t, y, q)
            except (ArithmeticError, ValueError):  # a trial step went where Python's floats have no value
                return np.full(len(y), np.nan)

        return (lambda controls: module.prepare(parameters, controls.tolist())), rhs
    return (lambda controls: module.prepare(session.parameters, controls)), module.rhs


def departure_of_scalar(session: Session, dialect: str) -> float:
    prepare, rhs = scalar_equations(session, dialect)
    samples = zip(session.sample_times, session.sample_states, session.sample_controls, strict=True)
    return session.departure(np.array([rhs(t, y, prepare(controls)) for t, y, controls in samples]))


def by_solve_ivp(session: Session, dialect: str, method: str) -> Method:
    """scipy.integrate.solve_ivp, segment by segment."""
    from scipy.integrate import solve_ivp

    prepare, rhs = scalar_equations(session, dialect)

    def run(tolerance: float) -> Attempt:
        y, ends = session.start, []
        begin = time.process_time()
        for (first, last), controls in zip(session.segments, session.controls, strict=True):
            result = solve_ivp(
                rhs, (first, last), y, method, args=(prepare(controls),), t_eval=(last,),
                rtol=tolerance, atol=tolerance * session.scales, max_step=session.longest_step,
            )  # fmt: skip
            if result.status != 0:
                break
            y = result.y[:, -1]
            ends.append(y)
        seconds = time.process_time() - begin
        return Attempt(session.error(ends), seconds)

    return run


def by_odeint(session: Session, dialect: str) -> Method:
    """scipy.integrate.odeint: the LSODA of solve_ivp with less of Python around it."""
    from scipy.integrate import odeint

    prepare, rhs = scalar_equations(session, dialect)
    longest = session.longest_step if np.isfinite(session.longest_step) else 0.0

    def run(tolerance: float) -> Attempt:
        y, ends = session.start, []
        begin = time.process_time()
        for (first, last), controls in zip(session.segments, session.controls, strict=True):
            states, report = odeint(
                rhs, y, (first, last), args=(prepare(controls),), tfirst=True, tcrit=(last,), full_output=True,
                rtol=tolerance, atol=tolerance * session.scales, hmax=longest, mxstep=1_000_000,
            )  # fmt: skip
            if report["message"] != "Integration successful.":
                break
            y = states[-1]
            ends.append(y)
        seconds = time.process_time() - begin
        return Attempt(session.error(ends), seconds)

    return run


class JaxNames:
    """What FIDELITY_arrays.py asks of `xp`, from JAX."""

    def __init__(self):
        import jax

        self.numpy, self.loop = jax.numpy, jax.lax.while_loop

    def __getattr__(self, name: str):
        return getattr(self.numpy, name)

    def iterate(self, one_round, first):
        return self.loop(lambda handed: self.numpy.any(handed[0]), one_round, first)


def by_diffrax(session: Session, solver_name: str, batch: int) -> Method:
    """diffrax on JAX: many runs at once by vmap, one thread, double precision.

    Heart rates differ a little, as in limbflow's lanes.
    """
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_compilation_cache_dir", str((session.folder / "jax").resolve()))
    module, xp = session.module("arrays"), JaxNames()
    solver = getattr(diffrax, solver_name)()
    parameters = np.repeat(session.parameters[None, :], batch, axis=0)
    parameters[:, session.heart_rate_place] *= 1.0 + 0.02 * np.arange(batch) / batch
    longest = session.longest_step if np.isfinite(session.longest_step) else None

    def rates(t, scaled, q):
        return jnp.stack(module.rhs(xp, t, scaled * session.scales, q)) / session.scales

    def one_run(own_parameters, tolerance):
        def one_segment(y, segment):
            times, controls = segment
            solution = diffrax.diffeqsolve(
                diffrax.ODETerm(rates), solver, times[0], times[1], None, y,
                module.prepare(xp, own_parameters, controls), saveat=diffrax.SaveAt(t1=True), max_steps=None,
                stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance, dtmax=longest), throw=False,
            )  # fmt: skip
            return solution.ys[-1], solution.ys[-1]

        return jax.lax.scan(one_segment, session.start / session.scales, (session.segments, session.controls))[1]

    runs = jax.jit(jax.vmap(one_run, in_axes=(0, None)))
    compiled = runs.lower(parameters, 1e-3).compile()

    def run(tolerance: float) -> Attempt:
        begin = time.process_time()
        ends = np.asarray(compiled(parameters, tolerance))
        seconds = time.process_time() - begin
        return Attempt(session.error(list(ends[0] * session.scales)), seconds / batch)

    return run
