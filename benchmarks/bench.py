"""`./do bench`: limbflow against its peers on the same equations, in one table, one plot and summary.json."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import python_peers
from curves import Curve, measure_all, plot

HERE = Path(__file__).parent
RECORDED_COUNTS = HERE / "instruction_counts.json"

# Of the table of targets: least, aim.
TARGETS = {
    "pulsatile_vs_odeint_dopri5": (20, 30),
    "averaged_vs_odeint_best": (80, 150),
    "averaged_1e3_vs_odeint_dopri5": (250, 400),
    "averaged_1e3_vs_scipy_numba": (300, 600),
    "averaged_1e6_vs_scipy_numpy": (1000, 3000),
    "million_seconds": (30, 10),
    "two_threads": (1.9, None),
    "peak_fraction_explicit": (0.45, 0.60),
    "peak_fraction_implicit": (0.35, 0.50),
}
EQUAL_ERROR = {"averaged": 1e-3, "pulsatile": 1e-5}  # at which methods are compared where the name does not say
ERRORS_SHOWN = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
CHECKED_TO = 1e-12
IMPLICIT_PARTS = ("operations a right-hand side", "a Jacobian", "a factorisation", "a solution")
BATCH = 64  # runs side by side in diffrax

Maker = Callable[[], python_peers.Method]


def say(text: str = "") -> None:
    print(text, flush=True)


class Program:
    """A benchmark program that answers commands, a line each."""

    def __init__(self, path: Path):
        self.path = path
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command: str) -> str:
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer or answer.startswith("error"):
            raise RuntimeError(f"{self.path.name}: {command}: {answer or 'it ended'}")
        return answer

    def numbers(self, command: str) -> list[float]:
        return [float(word) for word in self.ask(command).split()]

    def runner(self, fidelity: str, method: str) -> Callable[[float], tuple[float, float, int]]:
        def run(tolerance: float) -> tuple[float, float, int]:
            error, seconds, evaluations = self.numbers(f"run {fidelity} {tolerance:g} {method}")
            return error, seconds, int(evaluations)

        return run


class Findings:
    """What was measured for the summary, with a reason for what was not, and a remark for what needs one."""

    def __init__(self) -> None:
        self.values: dict[str, float | None] = dict.fromkeys(TARGETS)
        self.remarks: dict[str, str] = {}

    def put(self, key: str, value: float | None, remark: str = "") -> None:
        self.values[key] = value
        self.remarks[key] = remark

    def ratio(self, key: str, peer: float | None, ours: float | None, remark: str) -> None:
        if peer is None or ours is None:
            self.put(key, None, f"{'the peer' if ours else 'limbflow'} was not measured to this error")
        else:
            self.put(key, peer / ours, remark)


# ---- curves


def name_of(method: str) -> str:
    ours = {"lanes": "lanes", "threads": "lanes on all cores", "scalar": "scalar", "implicit": "implicit lanes"}
    return f"limbflow, {ours[method]}" if method in ours else method


def group_of(method: str) -> str:
    starts = {"Odeint": "Boost.Odeint", "CVODE": "SUNDIALS", "diffrax": "diffrax"}
    if method.startswith("SciPy"):
        return "SciPy, " + method.split(", ")[-1]
    return next((group for start, group in starts.items() if method.startswith(start)), "limbflow")


def compiled_curves(ours: Program, peers: Program, quick: bool) -> list[Curve]:
    tolerances = {
        "averaged": [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9],
        "pulsatile": [1e-4, 1e-5, 1e-6] if quick else [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8],
    }
    tries = {"averaged": 3 if quick else 7, "pulsatile": 2 if quick else 5}
    curves = []
    for fidelity, asked in tolerances.items():
        for program in (ours, peers):
            for method in program.ask(f"methods {fidelity}").split("|"):
                run = program.runner(fidelity, method)
                curves.append(Curve(group_of(method), name_of(method), fidelity, run, asked, tries[fidelity]))
    return curves


def python_curves(equations: Path, quick: bool, missing: list[str]) -> list[Curve]:
    """SciPy and diffrax, as far as they are installed and their equations agree with the model's."""
    curves: list[Curve] = []

    def add(name: str, fidelity: str, make: Maker, tolerances: list[float], tries: int) -> None:
        say(f"  preparing {name}, {fidelity}")
        try:
            method = make()
        except Exception as problem:  # a peer that does not work leaves the rest as it is
            missing.append(f"{name} ({fidelity}): {type(problem).__name__}: {str(problem).splitlines()[0]}")
            return

        def run(tolerance: float) -> tuple[float, float, int]:
            attempt = method(tolerance)
            return attempt.error, attempt.seconds, 0

        curves.append(Curve(group_of(name), name, fidelity, run, tolerances, tries))

    for fidelity in ("averaged", "pulsatile"):
        session = python_peers.Session(equations, fidelity)
        averaged = fidelity == "averaged"
        for dialect, words in (("python", "NumPy"), ("numba", "numba")):
            if quick and not averaged:
                missing.append(f"SciPy, {words} ({fidelity}): in the full run only")
                continue
            say(f"  checking the equations for {words}, {fidelity}")
            try:
                departure = python_peers.departure_of_scalar(session, dialect)
            except ImportError as problem:
                missing.append(f"SciPy, {words} ({fidelity}): {problem}")
                continue
            say(f"    they depart from the model's by {departure:.0e} at {len(session.sample_times)} samples")
            if departure > CHECKED_TO:
                raise RuntimeError(f"the {words} equations depart from the model's by more than {CHECKED_TO:.0e}")
            if dialect == "numba":
                tolerances, tries = ([1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8], 3) if averaged else ([1e-4, 1e-6], 2)
            else:
                tolerances, tries = ([1e-6, 1e-8] if quick else [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8], 1)
                if not averaged:
                    tolerances = [1e-4]
            methods = ["RK45", "LSODA"] if (quick and dialect == "python") or not averaged else ["RK45", "LSODA", "BDF"]
            for method in methods:
                make = lambda s=session, d=dialect, m=method: python_peers.by_solve_ivp(s, d, m)  # noqa: E731
                add(f"SciPy {method}, {words}", fidelity, make, tolerances, tries)
            if averaged:
                make = lambda s=session, d=dialect: python_peers.by_odeint(s, d)  # noqa: E731
                add(f"SciPy odeint (LSODA), {words}", fidelity, make, tolerances, tries)
        if quick and averaged:
            missing.append(f"SciPy BDF, NumPy ({fidelity}): in the full run only")
        if quick:
            missing.append(f"diffrax ({fidelity}): in the full run only, for it takes minutes to compile")
        elif averaged:
            make = lambda s=session: python_peers.by_diffrax(s, "Dopri5", BATCH)  # noqa: E731
            add(f"diffrax Dopri5, {BATCH} runs at once", fidelity, make, [1e-3, 1e-5, 1e-7], 2)
    return curves


def print_curves(curves: list[Curve]) -> None:
    for fidelity in ("averaged", "pulsatile"):
        of_fidelity = [curve for curve in curves if curve.fidelity == fidelity and curve.points]
        lanes = find(of_fidelity, fidelity, "limbflow, lanes")
        say(f"\n{fidelity}: ms per session by tolerance, with the error")
        for curve in of_fidelity:
            row = "  ".join(f"{p.tolerance:.0e}: {1e3 * p.seconds:.4g} ({p.error:.1e})" for p in curve.points)
            say(f"  {curve.name:34} {row}")
        say(f"\n{fidelity}: sessions per second of one core within an error (time over that of limbflow's lanes)")
        say(f"  {'':34}" + "".join(f"{error:>18.0e}" for error in ERRORS_SHOWN))
        for curve in of_fidelity:
            cells = []
            for error in ERRORS_SHOWN:
                seconds, ours = curve.seconds_within(error), lanes.seconds_within(error)
                cells.append(f"{1 / seconds:.3g} ({seconds / ours:.3g})" if seconds and ours else "-")
            say(f"  {curve.name:34}" + "".join(f"{cell:>18}" for cell in cells))


def find(curves: list[Curve], fidelity: str, name: str) -> Curve:
    return next(curve for curve in curves if curve.fidelity == fidelity and curve.name == name)


def fastest(curves: list[Curve], fidelity: str, start: str, end: str, error: float) -> tuple[float | None, str]:
    """The least time of methods by the start and end of their names, and which one it is."""
    times = [
        (seconds, curve.name)
        for curve in curves
        if curve.fidelity == fidelity and curve.name.startswith(start) and curve.name.endswith(end)
        and (seconds := curve.seconds_within(error)) is not None
    ]  # fmt: skip
    return min(times, default=(None, "none"))


def judge_curves(curves: list[Curve], found: Findings) -> None:
    def lanes(fidelity: str, error: float) -> float | None:
        return find(curves, fidelity, "limbflow, lanes").seconds_within(error)

    error = EQUAL_ERROR["pulsatile"]
    peer, _ = fastest(curves, "pulsatile", "Odeint dopri5", "", error)
    found.ratio("pulsatile_vs_odeint_dopri5", peer, lanes("pulsatile", error), f"at an error of {error:.0e}")
    error = EQUAL_ERROR["averaged"]
    peer, name = fastest(curves, "averaged", "Odeint", "", error)
    remark = f"at an error of {error:.0e}; best is {name}"
    found.ratio("averaged_vs_odeint_best", peer, lanes("averaged", error), remark)
    peer, _ = fastest(curves, "averaged", "Odeint dopri5", "", 1e-3)
    found.ratio("averaged_1e3_vs_odeint_dopri5", peer, lanes("averaged", 1e-3), "at an error of 1e-03")
    for key, words, error in (
        ("averaged_1e3_vs_scipy_numba", "numba", 1e-3),
        ("averaged_1e6_vs_scipy_numpy", "NumPy", 1e-6),
    ):
        only = "LSODA" if words == "numba" else ""
        of_kind = [curve for curve in curves if only in curve.name]
        peer, name = fastest(of_kind, "averaged", "SciPy", words, error)
        found.ratio(key, peer, lanes("averaged", error), f"at an error of {error:.0e}; best is {name}")


# ---- the machine's peak


def judge_peak(curves: list[Curve], ours: Program, peak: float, found: Findings) -> None:
    """Share of the peak that right-hand sides make, implicitly Jacobians and linear systems too, not sums of stages."""
    shares = {}
    say(f"\npeak of one core: {peak:.1f} GFlop/s (fused multiply-adds of doubles)")
    for fidelity in ("averaged", "pulsatile"):
        operations = float(ours.ask(f"operations {fidelity}"))
        for name in ("limbflow, lanes", "limbflow, scalar"):
            point = find(curves, fidelity, name).at(1e-6)
            rate = operations * point.evaluations / point.seconds * 1e-9
            shares[fidelity, name] = rate / peak
            words = f"{operations:7.0f} operations a right-hand side, {rate:6.2f} GFlop/s, {rate / peak:6.1%}"
            say(f"  {fidelity:10} {name:18} {words}")
    found.put("peak_fraction_explicit", shares["pulsatile", "limbflow, lanes"], "pulsatile, right-hand sides alone")
    seconds, operations, *parts = min(ours.numbers("implicit 1e-6") for _ in range(3))
    rate = operations / seconds * 1e-9
    words = ", ".join(f"{part:.0f} {name}" for part, name in zip(parts, IMPLICIT_PARTS, strict=True))
    say(f"  averaged   limbflow, implicit {words}; {rate:6.2f} GFlop/s, {rate / peak:6.1%}")
    found.put("peak_fraction_implicit", rate / peak, "averaged; right-hand sides, Jacobians, linear systems")


# ---- sweeps


def sweep(members: int, threads: int, folder: Path) -> dict[str, float]:
    words = [sys.executable, HERE / "sweep_time.py", str(members), str(threads), folder]
    result = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    if result["done"] != result["members"]:
        raise RuntimeError(f"{result['members'] - result['done']} members of a sweep failed")
    return result


def judge_sweeps(ours: Program, quick: bool, folder: Path, found: Findings) -> None:
    seconds_for_one = 15 if quick else 60
    tries = 2 if quick else 3
    first = sweep(32, 1, folder)
    per_member = first["wall"] / first["members"]
    members = max(64, min(1_000_000, round(seconds_for_one / per_member)))
    runs: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    for _ in range(tries):  # in turn
        for threads, results in runs.items():
            results.append(sweep(members, threads, folder))
    best = {threads: min(results, key=lambda result: result["wall"]) for threads, results in runs.items()}
    for threads, result in best.items():
        busy = result["processor"] / result["wall"] / threads
        words = f"{result['wall']:.2f} s, cores at work on it {busy:.0%}"
        say(f"  {result['members']:6d} members, {threads} thread(s): {words}")
    done = best[2]["members"]
    on_free_cores = best[2]["processor"] / 2 / done * 1e6
    remark = f"scaled up from {done} members; tolerance 1e-3, 10 summaries; {on_free_cores:.0f} if both cores were free"
    found.put("million_seconds", best[2]["wall"] / done * 1e6, remark)
    busy = best[2]["processor"] / best[2]["wall"] / 2
    remark = f"cores at work on it {busy:.0%}; {2 * best[1]['processor'] / best[2]['processor']:.2f} by processor time"
    found.put("two_threads", best[1]["wall"] / best[2]["wall"], remark)

    say("  memory, MiB:")
    for result in (sweep(100, 2, folder), sweep(1000, 2, folder)):
        say(f"    {result['members']:9,d} members       {result['memory']:6.0f}")
    for members in (100_000, 1_000_000):
        words = [ours.path, "sweep", str(members), "10", folder]
        answer = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        processor, writing, memory = map(float, answer.split())
        say(f"    {members:9,d} that do nothing {memory:6.0f}")
    per_run = best[2]["processor"] / done
    say("  beside a member's run, of its processor time:")
    say(f"    writing 10 summaries to HDF5         {writing / members / per_run:.1e}")
    say(f"    threads, queues, progress and cancel {(processor - writing) / members / per_run:.1e}")
    say(f"    asking before every step to go on    {float(ours.ask('asking averaged 1e-5')) - 1:+.1%}")


# ---- instructions


def count_instructions(program: Path, folder: Path, say_missing: list[str]) -> dict[str, float] | None:
    """Instructions of the hot loops under callgrind, which sees AVX2 at most; of one averaged session at 1e-3."""
    if not shutil.which("valgrind"):
        say_missing.append("instruction counts: valgrind is not installed")
        return None
    counts: dict[str, float] = {}
    for method, watched in (("lanes", "*in_pool*"), ("scalar", "*by_scalar*")):
        out = folder / f"callgrind.{method}.out"
        words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", f"--toggle-collect={watched}",
                 str(program), "run", "averaged", "1e-3", method]  # fmt: skip
        environment = {**os.environ, "LIMBFLOW_INSTRUCTION_SET": "avx2"}
        run = subprocess.run(words, capture_output=True, text=True, env=environment)
        if run.returncode != 0:
            say_missing.append(f"instruction counts: valgrind: {run.stderr.strip().splitlines()[-1]}")
            return None
        evaluations = int(run.stdout.split()[-1])
        runs = 8 if method == "lanes" else 1  # twice the lanes of AVX2
        words = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(out)]
        table = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        total = int(re.search(r"([\d,]+) \(100\.0%\)\s+PROGRAM TOTALS", table)[1].replace(",", ""))
        counts[f"{method}: instructions a session"] = round(total / runs)
        counts[f"{method}: right-hand sides a session"] = evaluations
        hot: dict[str, int] = {}
        for cost, function in re.findall(r"^\s*([\d,]+) \([ \d.]+%\)\s+\S*?:(.*)$", table, re.MULTILINE):
            for name in ("rhs", "evaluate_events", "evaluate_signals"):
                if re.search(rf"Limb<false>::{name}<", function):
                    hot[name] = max(hot.get(name, 0), int(cost.replace(",", "")))
        for name, cost in sorted(hot.items()):
            counts[f"{method}: share of {name}"] = round(cost / total, 4)
        if "rhs" in hot:
            counts[f"{method}: instructions a right-hand side of one session"] = round(hot["rhs"] / runs / evaluations)
    return counts


def show_instructions(counts: dict[str, float], out: Path) -> None:
    (out / "instruction_counts.json").write_text(json.dumps(counts, indent=2) + "\n")
    recorded = json.loads(RECORDED_COUNTS.read_text()) if RECORDED_COUNTS.exists() else {}
    say(f"\ninstructions under callgrind, averaged session at 1e-3, AVX2 (recorded: {RECORDED_COUNTS.name})")
    for name, value in counts.items():
        before = recorded.get(name)
        change = f"   {value / before - 1:+.1%}" if before else ""
        say(f"  {name:52} {value:14,.6g}{change}")


# ---- the whole


def machine_words(ours: Program) -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown processor")
    lanes, instructions = ours.ask("lanes").split()
    return f"{model}, {os.cpu_count()} cores, {instructions} ({lanes} lanes)"


def print_table(found: Findings) -> None:
    say(f"\n{'quantity':32} {'measured':>10} {'at least':>9} {'aim':>7}")
    for key, (least, aim) in TARGETS.items():
        value = found.values[key]
        shown = "-" if value is None else f"{value:.3g}" if value < 1e5 else f"{value:.0f}"
        mark = ""
        if value is not None:
            mark = "met" if (value <= least if key == "million_seconds" else value >= least) else "missed"
        targets = f"{least:>9} {'' if aim is None else aim:>7}"
        say(f"{key:32} {shown:>10} {targets}  {mark:7} {found.remarks.get(key, '')}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer tries, tolerances and peers: within ten minutes")
    parser.add_argument("--programs", type=Path, required=True, help="folder of the compiled benchmark programs")
    parser.add_argument("--out", type=Path, required=True, help="folder for results and what is generated")
    options = parser.parse_args()
    begin = time.monotonic()
    options.out.mkdir(parents=True, exist_ok=True)
    equations = options.out / "equations"
    os.environ["NUMBA_CACHE_DIR"] = str((options.out / "numba").resolve())
    subprocess.run([options.programs / "limb_equations", equations], check=True)
    ours, peers = Program(options.programs / "limb_benchmark"), Program(options.programs / "peer_benchmark")
    found, missing = Findings(), []

    machine = machine_words(ours)
    say(f"{machine}; load of the machine before the run: {os.getloadavg()[0]:.1f}")
    peak = float(peers.ask("peak"))
    curves = compiled_curves(ours, peers, options.quick) + python_curves(equations, options.quick, missing)
    measure_all(curves, 10 if options.quick else 60, lambda text: say(f"  {text}"))
    peak = max(peak, float(peers.ask("peak")))
    print_curves(curves)
    judge_curves(curves, found)
    judge_peak(curves, ours, peak, found)
    say("\nsweeps")
    with tempfile.TemporaryDirectory(dir=options.out) as folder:
        judge_sweeps(ours, options.quick, Path(folder), found)
        counts = count_instructions(ours.path, Path(folder), missing)
    if counts:
        show_instructions(counts, options.out)
    plot(curves, options.out / "work_precision.png", machine)
    (options.out / "summary.json").write_text(json.dumps(found.values, indent=2) + "\n")
    if missing:
        say("\nnot measured")
        for text in missing:
            say(f"  {text}")
    print_table(found)
    minutes = (time.monotonic() - begin) / 60
    say(f"\n{options.out / 'summary.json'}, {options.out / 'work_precision.png'}; {minutes:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
