"""Flip signs and drop terms of the model, one at a time, and see which of them the tests notice.

    python tests/mutation/mutate.py [COUNT] [--jobs N]

A copy of the sources is made in build/mutants in which every `+ term` and `- term` of the physiology has a factor: 1,
or as the environment variable LIMBFLOW_MUTANT says, -1 (the sign flipped) or 0 (the term dropped). One build holds all
mutants. COUNT of them (100) are drawn evenly over the files, always the same ones; each runs the C++ model tests, the
quick ones first, until one fails. A mutant that no test notices survives and is printed with its line. One with which
the tests use more than four times the processor time that they need without it would hang them: it is counted apart.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "build" / "mutants"
SOURCE = PLACE / "src"
BUILD = PLACE / "build"
TESTS = BUILD / "tests" / "models_tests"
COPIED = (
    "CMakeLists.txt",
    "LICENSE",
    "core",
    "models",
    "tests/CMakeLists.txt",
    "tests/core",
    "tests/models",
    "tests/fuzz",
    "benchmarks",
    "scenarios",
)
OPERATOR = re.compile(r"(?<=[\w)\]]) ([+-]) (?=[\w(])")
NOT_ARITHMETIC = re.compile(
    r"constexpr|static_assert|std::string|\.begin\(\)|\.data\(\)|for \(|size_t|what\(\)|\" \+|\+ \""
)
# Quick and sharp first.
STAGES = (
    "Equations*:WorkingMuscleTest.*:CuffDevice*:ArterialWall*:Strap*:-*ASetEnds*",
    "Properties.Rates*:Properties.Occlusion*:Properties.MoreCuff*:Protocol*:WorkingMuscleTest.ASetEnds*",
)
NO_END = "no end"
HEADER = """#pragma once
namespace limbflow::mutation {
extern const double* const factors;
inline double at(int i) { return factors[i]; }
}
"""


@dataclass(frozen=True)
class Site:
    """An operator with a term after it."""

    file: str
    line: int  # from 0
    column: int
    text: str

    def mutated(self, factor: int) -> str:
        change = "sign flipped" if factor < 0 else "term dropped"
        return (
            f"{self.file}:{self.line + 1}:{self.column + 1}: {change} at {self.text[self.column : self.column + 40]!r}"
        )


def sites_of(path: Path, name: str) -> list[Site]:
    sites = []
    for number, line in enumerate(path.read_text().splitlines()):
        code = line.split("//")[0]
        if not code.strip() or code.lstrip().startswith(("#", "*")) or NOT_ARITHMETIC.search(code) or '"' in code:
            continue
        for match in OPERATOR.finditer(code):
            inside = code[: match.start()].rsplit("[", 1)[-1] if "[" in code[: match.start()] else "]"
            if "]" in inside:  # not the arithmetic of an index
                sites.append(Site(name, number, match.start() + 1, line))
    return sites


def copy_sources() -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, SOURCE / name, dirs_exist_ok=True, copy_function=copy_if_changed)
        else:
            (SOURCE / name).parent.mkdir(parents=True, exist_ok=True)
            copy_if_changed(str(ROOT / name), str(SOURCE / name))


def copy_if_changed(source: str, target: str) -> str:
    write_if_changed(Path(target), Path(source).read_bytes())
    return target


def write_if_changed(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def instrument(sites: list[Site]) -> None:
    """Write the factors into the copy."""
    by_file: dict[str, list[tuple[int, Site]]] = {}
    for index, site in enumerate(sites):
        by_file.setdefault(site.file, []).append((index, site))
    for name, found in by_file.items():
        lines = (ROOT / name).read_text().splitlines()
        for index, site in sorted(found, key=lambda entry: -entry[1].column):
            line = lines[site.line]
            at = site.column + 2  # behind the operator and its blank
            lines[site.line] = f"{line[:at]}limbflow::mutation::at({index}) * {line[at:]}"
        text = "\n".join(lines) + "\n"
        first = text.index("#include")
        text = text[:first] + '#include "models/mutation.hpp"\n' + text[first:]
        write_if_changed(SOURCE / name, text.encode())
    write_if_changed(SOURCE / "models/mutation.hpp", HEADER.encode())
    table = f"""#include "models/mutation.hpp"
#include <cstdlib>
namespace limbflow::mutation {{
static const double* table() {{
  static double all[{len(sites)}];
  for (double& factor : all) factor = 1.0;
  if (const char* text = std::getenv("LIMBFLOW_MUTANT")) {{
    char* end = nullptr;
    const long site = std::strtol(text, &end, 10);
    all[site] = std::strtod(end + 1, nullptr);
  }}
  return all;
}}
const double* const factors = table();
}}
"""
    write_if_changed(SOURCE / "models/mutation.cpp", table.encode())
    lists = (
        (ROOT / "models/CMakeLists.txt").read_text().replace("  anatomy.cpp\n", "  mutation.cpp\n  anatomy.cpp\n", 1)
    )
    write_if_changed(SOURCE / "models/CMakeLists.txt", lists.encode())


def compiles_with(sites: list[Site]) -> list[Site]:
    """The sites that are arithmetic of numbers; what the compiler refuses (constants, counts) is left out."""
    units = [SOURCE / "models" / name for name in ("virtual_tests.cpp", "anatomy.cpp")]
    flags = ["-std=c++20", "-fsyntax-only", f"-I{SOURCE}", "-isystem", "/usr/include/eigen3"]
    for _ in range(8):
        instrument(sites)
        errors = ""
        with ThreadPoolExecutor(2) as pool:
            for done in pool.map(
                lambda unit: subprocess.run(["g++", *flags, str(unit)], capture_output=True, text=True, check=False),
                units,
            ):
                errors += done.stderr
        places = {
            (match[1], int(match[2]) - 2)  # one line was put in front
            for match in re.finditer(rf"{re.escape(str(SOURCE))}/(models/\w+\.[ch]pp):(\d+):", errors)
        }
        if not errors.count("error:"):
            return sites
        sites = [site for site in sites if (site.file, site.line) not in places]
    raise SystemExit("mutate: the copy does not compile:\n" + errors[-3000:])


def build() -> None:
    options = [
        "-DCMAKE_BUILD_TYPE=None",
        "-DCMAKE_CXX_FLAGS=-O1 -w",
        "-DLIMBFLOW_LANE_SETS=baseline",
        "-DLIMBFLOW_BUILD_TESTS=ON",
    ]
    if shutil.which("ccache"):
        options.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    subprocess.run(["cmake", "-S", SOURCE, "-B", BUILD, "-G", "Ninja", *options], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--target", "models_tests"], check=True, stdout=subprocess.DEVNULL)


def noticed_by(mutant: str | None, patience: list[float]) -> str | None:
    """The first test that fails, NO_END, or nothing.

    `patience`: seconds of processor time for each stage; 0: not that one.
    """
    environment = {
        **os.environ,
        "LIMBFLOW_RANDOM_PEOPLE": "4",
        "LIMBFLOW_PROPERTIES": "0.1",
        "LIMBFLOW_DATA": str(ROOT),
    }
    if mutant is not None:
        environment["LIMBFLOW_MUTANT"] = mutant
    for stage, seconds in zip(STAGES, patience, strict=True):
        if not seconds:
            continue
        limited = ["prlimit", f"--cpu={int(seconds)}", "--core=0", "--"]
        done = subprocess.run(
            [*limited, TESTS, f"--gtest_filter={stage}", "--gtest_fail_fast"],
            capture_output=True, text=True, errors="replace", env=environment, check=False,
        )  # fmt: skip
        if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return NO_END
        if done.returncode:
            failed = re.search(r"\[  FAILED  \] ([\w/.]+)", done.stdout)
            return failed[1] if failed else "a crash"
    return None


def processor_time() -> float:
    """Seconds that the processes started so far have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def patience_without_change() -> list[float]:
    """Four times what each stage needs, and some seconds."""
    patience = []
    for number in range(len(STAGES)):
        begin = processor_time()
        only = [1200.0 if number == other else 0.0 for other in range(len(STAGES))]
        if (failed := noticed_by(None, only)) is not None:
            raise SystemExit(f"mutate: without any change {failed} fails")
        patience.append(4 * (processor_time() - begin) + 20)
    return patience


def chosen(sites: list[Site], count: int) -> list[tuple[int, int]]:
    """Sites and factors, spread evenly over the files."""
    draw = random.Random(20260401)
    by_file: dict[str, list[tuple[int, int]]] = {}
    for index, site in enumerate(sites):
        by_file.setdefault(site.file, []).extend([(index, -1), (index, 0)])
    for entries in by_file.values():
        draw.shuffle(entries)
    mutants: list[tuple[int, int]] = []
    while len(mutants) < count and any(by_file.values()):
        mutants += [entries.pop() for entries in by_file.values() if entries]
    return mutants[:count]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=100)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    wanted = parser.parse_args()
    copy_sources()
    headers = sorted((ROOT / "models").glob("*.hpp"))
    # The physiology is written for any kind of number.
    names = [path.relative_to(ROOT).as_posix() for path in headers if "template <class T>" in path.read_text()]
    shown = [name for name in names if "parameters" not in name and "tables" not in name and "recorder" not in name]
    sites = [site for name in [*shown, "models/anatomy.cpp"] for site in sites_of(ROOT / name, name)]
    sites = compiles_with(sites)
    print(f"{len(sites)} terms in {len({site.file for site in sites})} files; building", flush=True)
    build()
    patience = patience_without_change()
    print("processor time for each stage of tests:", ", ".join(f"{seconds:.0f} s" for seconds in patience), flush=True)
    mutants = chosen(sites, wanted.count)
    outcomes: list[str | None] = []
    with ThreadPoolExecutor(wanted.jobs) as pool:
        results = pool.map(lambda mutant: noticed_by(f"{mutant[0]}:{mutant[1]}", patience), mutants)
        for (index, factor), by in zip(mutants, results, strict=True):
            what = "survived" if by is None else "no end" if by == NO_END else "caught"
            print(f"{what:9} {sites[index].mutated(factor)}  {by if what == 'caught' else ''}".rstrip(), flush=True)
            outcomes.append(by)
    survivors, endless = outcomes.count(None), outcomes.count(NO_END)
    print(f"{len(mutants)} changes: a test fails for {len(mutants) - survivors - endless}")
    print(f"the tests do not end for {endless}, nothing notices {survivors}")
    return int(survivors * 20 > len(mutants))


if __name__ == "__main__":
    sys.exit(main())
