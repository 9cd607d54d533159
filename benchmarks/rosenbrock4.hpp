// Boost.Odeint's rosenbrock4 behind plain functions: the linear algebra that it is tied to (uBLAS of Boost 1.74) is not C++20.
#pragma once

#include <cstddef>
#include <functional>

namespace limbflow::benchmarks {

/// An autonomous system: rates of change, and their derivatives [rate][state], of a state.
struct AutonomousSystem {
  std::size_t size;
  std::function<void(const double* state, double* rates)> rates;
  std::function<void(const double* state, double* slopes)> jacobian;
};

/// Integrates `state` over a duration (s) at a relative and absolute tolerance, with error control. Throws what Odeint throws.
void integrate_by_rosenbrock4(const AutonomousSystem& system, double* state, double duration, double tolerance, double first_step);

} // namespace limbflow::benchmarks
