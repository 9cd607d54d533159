#!/usr/bin/env bash
# Tasks of the project. `./do` alone prints what there is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly build_dir=build/release
readonly stamp=.venv/.limbflow-installed
readonly system_packages=(
  g++ cmake ninja-build git python3 python3-dev python3-venv
  libboost-dev libeigen3-dev libhdf5-dev libtomlplusplus-dev libhwy-dev libgtest-dev libbenchmark-dev libsundials-dev
)
# What the compiled library and the installed package are made from; newer than the stamp means build again.
readonly build_inputs=(CMakeLists.txt pyproject.toml core models bindings scenarios tests/CMakeLists.txt tests/core tests/models)

say() {
  if [[ -t 2 ]]; then printf '\033[1m== %s\033[0m\n' "$*" >&2; else printf '== %s\n' "$*" >&2; fi
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "do: needs root or sudo to run: $*" >&2
    exit 3
  fi
}

# Further ones may be named.
install_system_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "do: not a Debian or Ubuntu system; it needs the equivalents of: ${system_packages[*]}" >&2
    return
  fi
  local missing=() package
  for package in "${system_packages[@]}" "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  [[ ${#missing[@]} == 0 ]] && return
  say "installing system packages: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

create_environment() {
  .venv/bin/python -c 'import pip' 2>/dev/null && return
  say "creating the Python environment .venv"
  rm -rf .venv
  "${PYTHON:-python3}" -m venv .venv
  .venv/bin/python -m pip install --quiet --upgrade pip
  .venv/bin/python -m pip install --quiet scikit-build-core pybind11
}

up_to_date() {
  [[ -e $stamp && -d $build_dir ]] && [[ -z $(find "${build_inputs[@]}" -newer "$stamp" -not -path '*/__pycache__*' -print -quit) ]]
}

# One CMake tree gives the C++ tests and the extension module; pip installs the package from it into .venv.
build() {
  install_system_packages
  create_environment
  up_to_date && return
  say "building in $build_dir (whole log: build/build.log)"
  mkdir -p build
  touch build/started
  local status=0
  .venv/bin/python -m pip install --verbose --no-build-isolation ".[test]" \
    --config-settings=build-dir=$build_dir \
    --config-settings=cmake.define.LIMBFLOW_BUILD_TESTS=ON \
    2>&1 | tee build/build.log | { grep --line-buffered -oE '^ *\[[0-9]+/[0-9]+\] [A-Z].*|warning: .*|error: .*' || true; } || status=$?
  if [[ $status != 0 ]]; then
    tail -n 60 build/build.log >&2
    echo "do: the build failed; the log is build/build.log" >&2
    exit "$status"
  fi
  mv build/started "$stamp" # the time at which the build began, so that an edit during it counts
}

run_tests() {
  build
  say "C++ tests"
  ctest --test-dir $build_dir --output-on-failure --parallel "$(nproc)"
  say "Python tests"
  MPLBACKEND=Agg .venv/bin/python -m pytest "$@"
}

run_demo() {
  build
  local out=build/demo
  [[ $stamp -nt $out/sweep.h5 ]] && rm -rf $out # made by an older build
  mkdir -p $out
  show .venv/bin/limbflow run 30-15-15-15 --out $out/run.h5 --plot $out/run.png
  show .venv/bin/limbflow sweep pressure_load_rest --variable arterial_inflow_mean_rest_3 \
    --out $out/sweep.h5 --plot $out/sweep.png
  say "files in $out"
  ls -lh $out | awk 'NR > 1 {print "  " $5 "\t" $9}'
}

run_validation() {
  build
  mkdir -p build/validation
  show .venv/bin/limbflow validate --html build/validation/report.html "$@"
}

# The limb against other integrators on its own equations; everything lands in build/bench. The package and the benchmark programs come
# from one CMake tree; what only the benchmark needs lives in an environment of its own.
run_bench() {
  install_system_packages
  install_system_packages valgrind || say "valgrind does not install here: instructions stay uncounted"
  local python=build/bench/venv/bin/python
  if ! $python -c 'import pip' 2>/dev/null; then
    say "creating the Python environment build/bench/venv"
    "${PYTHON:-python3}" -m venv build/bench/venv
    $python -m pip install --quiet --upgrade pip
    $python -m pip install --quiet scikit-build-core pybind11
  fi
  $python -c 'import numba' 2>/dev/null || $python -m pip install --quiet numba || say "numba does not install here: its rows stay empty"
  $python -c 'import diffrax' 2>/dev/null || $python -m pip install --quiet diffrax || say "diffrax does not install here: its rows stay empty"
  say "building the benchmark in build/bench (whole log: build/bench/build.log)"
  if ! $python -m pip install --verbose --no-build-isolation . --config-settings=build-dir=build/bench/cmake \
    --config-settings=cmake.define.LIMBFLOW_BUILD_BENCHMARKS=ON >build/bench/build.log 2>&1; then
    tail -n 60 build/bench/build.log >&2
    echo "do: the build failed; the log is build/bench/build.log" >&2
    exit 1
  fi
  show $python benchmarks/bench.py "$@" --programs build/bench/cmake/benchmarks --out build/bench
}

show() {
  say "${*#.venv/bin/}"
  "$@"
}

lint() {
  create_environment
  .venv/bin/python -m pip install --quiet 'ruff>=0.6'
  bash -n do .ci/run
  .venv/bin/ruff check bindings benchmarks tests/python notebooks/build.py
  .venv/bin/ruff format --check bindings benchmarks tests/python notebooks/build.py
}

clean() {
  rm -rf build .venv
}

help() {
  cat <<'HELP'
usage: ./do TASK

  demo    install what is missing, build, simulate the 30-15-15-15 session under a thigh cuff and a sweep of
          cuff pressure x load x rest; results and plots land in build/demo/
  test    install what is missing, build, and run all tests (C++ and Python); further words go to pytest,
          e.g. ./do test -k sweep
  validate
          hold the model against published measurements; a report with plots lands in build/validation/
  build   install what is missing and build into build/release and .venv
  bench   time sessions and sweeps against Boost.Odeint, SUNDIALS, SciPy and diffrax on the same equations; a table with targets,
          a plot and build/bench/summary.json; --quick ends within ten minutes
  lint    check the Python style
  clean   remove build/ and .venv/

After `./do build` the command line program is .venv/bin/limbflow, and .venv/bin/python can import limbflow.
HELP
}

task=${1:-help}
shift || true
case $task in
  demo) run_demo ;;
  test) run_tests "$@" ;;
  validate) run_validation "$@" ;;
  bench) run_bench "$@" ;;
  build) build ;;
  lint) lint ;;
  clean) clean ;;
  help | -h | --help) help ;;
  *)
    echo "do: no task named '$task'" >&2
    help >&2
    exit 2
    ;;
esac
