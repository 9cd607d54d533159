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
readonly build_inputs=(CMakeLists.txt pyproject.toml core models bindings scenarios tests/CMakeLists.txt tests/core tests/models tests/fuzz benchmarks)

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

# `build_quietly TREE TARGETS`: prints the end of the log only if it fails.
build_quietly() {
  local tree=$1
  shift
  if ! cmake --build "$tree" --target "$@" >"$tree/build.log" 2>&1; then
    tail -n 60 "$tree/build.log" >&2
    echo "do: the build failed; the log is $tree/build.log" >&2
    exit 1
  fi
}

run_tests() {
  if [[ ${1:-} == --sanitize ]]; then
    shift
    run_sanitized "$@"
    return
  fi
  build
  say "C++ tests"
  ctest --test-dir $build_dir --output-on-failure --parallel "$(nproc)"
  say "Python tests"
  MPLBACKEND=Agg .venv/bin/python -m pytest "$@"
}

# `run_sharded PROGRAM FLAGS`: GoogleTest's tests in as many processes as there are processors. With a process each, as ctest runs
# them, most of the time goes into bringing the same limb to rest.
run_sharded() {
  local program=$1 shards shard process failed=0 processes=()
  shift
  shards=$(nproc)
  for ((shard = 0; shard < shards; ++shard)); do
    GTEST_TOTAL_SHARDS=$shards GTEST_SHARD_INDEX=$shard "$program" --gtest_brief=1 "$@" &
    processes+=($!)
  done
  for process in "${processes[@]}"; do
    wait "$process" || failed=1
  done
  return $failed
}

# The C++ tests under the address, undefined-behaviour and leak sanitizers, then the engine's and the sweep's under the thread sanitizer.
# Further words go to GoogleTest, such as --gtest_filter='Damaged*'.
run_sanitized() {
  install_system_packages
  local -x LIMBFLOW_RANDOM_PEOPLE=${LIMBFLOW_RANDOM_PEOPLE:-6} LIMBFLOW_PROPERTIES=${LIMBFLOW_PROPERTIES:-0.05}
  local -x LIMBFLOW_DAMAGED_FILES=${LIMBFLOW_DAMAGED_FILES:-60} UBSAN_OPTIONS=print_stacktrace=1
  say "address, undefined and leak sanitizers: build/cmake-sanitize"
  cmake --preset sanitize >/dev/null
  build_quietly build/cmake-sanitize core_tests models_tests replays
  run_sharded build/cmake-sanitize/tests/core_tests "$@"
  run_sharded build/cmake-sanitize/tests/models_tests "$@"
  ctest --test-dir build/cmake-sanitize --output-on-failure --parallel "$(nproc)" --tests-regex '^fuzz_'
  say "thread sanitizer: build/cmake-thread-sanitize"
  cmake --preset thread-sanitize >/dev/null
  build_quietly build/cmake-thread-sanitize core_tests
  run_sharded build/cmake-thread-sanitize/tests/core_tests --gtest_filter='RunSweep*:SweepFaults*:ResultStore*:*Lanes*' "$@"
}

# Coverage-guided fuzzing of the readers: `./do fuzz [SECONDS]`, each; ten by default.
run_fuzz() {
  local seconds=${1:-10} reader
  install_system_packages clang
  say "building the fuzzers in build/fuzz"
  cmake -S . -B build/fuzz -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
    -DLIMBFLOW_BUILD_FUZZERS=ON -DLIMBFLOW_LANE_SETS=baseline >/dev/null
  build_quietly build/fuzz fuzzers
  for reader in scenario parameters quantity result; do
    say "fuzzing the reader of: $reader, $seconds s"
    mkdir -p build/fuzz/found/$reader
    # New inputs are kept in build/fuzz/found; one that fails is written to build/fuzz/failed-*.
    build/fuzz/tests/fuzz/fuzz_$reader -max_total_time="$seconds" -timeout=30 -rss_limit_mb=4096 -max_len=65536 -print_final_stats=1 \
      -artifact_prefix=build/fuzz/failed-$reader- build/fuzz/found/$reader tests/fuzz/corpus/$reader 2>&1 |
      grep -E 'ERROR|SUMMARY|failed-|stat::number_of_executed|stat::new_units|cov:' | tail -n 4
    [[ ${PIPESTATUS[0]} == 0 ]]
  done
}

# Sweeps for MINUTES in one process with its memory watched.
run_soak() {
  build
  show .venv/bin/python tests/soak/soak.py "${1:-60}"
}

run_coverage() {
  install_system_packages
  create_environment
  .venv/bin/python -m pip install --quiet gcovr
  cmake --preset coverage >/dev/null
  build_quietly build/cmake-coverage core_tests models_tests replays
  find build/cmake-coverage -name '*.gcda' -delete
  local -x LIMBFLOW_RANDOM_PEOPLE=${LIMBFLOW_RANDOM_PEOPLE:-6} LIMBFLOW_PROPERTIES=${LIMBFLOW_PROPERTIES:-0.05}
  local -x LIMBFLOW_DAMAGED_FILES=${LIMBFLOW_DAMAGED_FILES:-60}
  run_sharded build/cmake-coverage/tests/core_tests "$@"
  run_sharded build/cmake-coverage/tests/models_tests "$@"
  ctest --test-dir build/cmake-coverage --output-on-failure --parallel "$(nproc)" --tests-regex '^fuzz_'
  mkdir -p build/coverage
  .venv/bin/gcovr --root . --filter 'core/' --filter 'models/' --gcov-ignore-parse-errors --merge-lines --html-details build/coverage/index.html \
    --txt build/coverage/summary.txt build/cmake-coverage
  cat build/coverage/summary.txt
}

# Flips signs and drops terms of the model, one at a time, and says which of them no test notices.
run_mutate() {
  install_system_packages
  create_environment
  show .venv/bin/python tests/mutation/mutate.py "$@"
}

# Reference of the C++ and Python interfaces, and the model's document, as pages in build/docs.
run_docs() {
  install_system_packages doxygen
  build
  .venv/bin/python -m pip install --quiet 'pdoc>=14'
  mkdir -p build/docs
  say "C++ interface, model and decisions: build/docs/cpp/index.html"
  doxygen docs/Doxyfile
  say "Python interface: build/docs/python/index.html"
  (cd build && ../.venv/bin/pdoc --output-directory docs/python limbflow)
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
  .venv/bin/python -m pip install --quiet 'ruff>=0.6' 'mypy>=1.8' numpy
  say "style and types of the shell and Python parts"
  bash -n do .ci/run
  .venv/bin/ruff check bindings benchmarks tests notebooks/build.py
  .venv/bin/ruff format --check bindings benchmarks tests notebooks/build.py
  .venv/bin/mypy
  install_system_packages clang clang-tidy
  say "C++: warnings of g++ as errors, then clang-tidy"
  cmake -S . -B build/lint -G Ninja -DCMAKE_BUILD_TYPE=None -DLIMBFLOW_LANE_SETS=baseline -DLIMBFLOW_BUILD_TESTS=ON \
    -DCMAKE_CXX_COMPILER=g++ -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null
  cmake --build build/lint --target limbflow_revision >/dev/null
  .venv/bin/python tests/lint/warnings_as_errors.py build/lint/compile_commands.json
  # Our sources, not the lanes': those are templates that limb.hpp and its tests bring in.
  printf '%s\n' core/*.cpp models/*.cpp | grep -v limb_lanes | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build/lint
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
  lint    check the style and types of Python, and the C++ with warnings as errors and clang-tidy
  docs    the reference of both interfaces and the model's document, as pages in build/docs
  test --sanitize
          the C++ tests under the address, undefined-behaviour, leak and thread sanitizers
  fuzz    fuzz the readers of scenarios, parameters, quantities and results, 10 s each; ./do fuzz 3600 for an hour each
  soak    sweeps in one process with its memory watched, for 60 minutes; ./do soak 5 for five
  coverage
          which lines of core/ and models/ the C++ tests reach; pages in build/coverage
  mutate  flip signs and drop terms of the model one at a time, and say which no test notices; ./do mutate 20 tries 20 of them
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
  docs) run_docs ;;
  fuzz) run_fuzz "$@" ;;
  soak) run_soak "$@" ;;
  coverage) run_coverage "$@" ;;
  mutate) run_mutate "$@" ;;
  clean) clean ;;
  help | -h | --help) help ;;
  *)
    echo "do: no task named '$task'" >&2
    help >&2
    exit 2
    ;;
esac
