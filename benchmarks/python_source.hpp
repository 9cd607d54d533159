// Straight-line Python from a tape.
#pragma once

#include "benchmarks/trace.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace limbflow::benchmarks {

/// What the written code is to be run by.
enum class Dialect {
  python, ///< Python's own floats, with branches
  numba,  ///< compiled; with branches
  arrays  ///< any library with NumPy's names, as `xp`, and `iterate(one_round, first)`; element by element, without branches
};

/// How often an iteration has to go round on a tape to be found and written as a loop.
inline constexpr int rounds_on_tape = 3;

/// A module with `prepare(p, c)`, which gives everything that depends on parameters and controls alone, and
/// `rhs(t, y, q)` with what prepare gave, the rates of change. inputs: places on the tape of t, of the states, of the parameters
/// and of the controls; outputs: places of the rates. Throws std::logic_error for guarded values that leave
/// their guard, and for an iteration that is no plain loop.
std::string python_source(const Tape& tape, int time, const std::vector<int>& states, const std::vector<int>& parameters,
                          const std::vector<int>& controls, const std::vector<int>& outputs, Dialect dialect);

} // namespace limbflow::benchmarks
