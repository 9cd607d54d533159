// The exact Jacobian of the limb by dual numbers, for implicit peers.
#pragma once

#include "benchmarks/classic_session.hpp"
#include "benchmarks/plain_values.hpp"
#include "core/dual.hpp"

#include <array>
#include <cstddef>

namespace limbflow::benchmarks {

inline constexpr std::size_t jacobian_columns = models::limb_state_count + 1; ///< the states, and time last
using LimbDual = core::Dual<jacobian_columns>;

/// Parameters as constants, made once a run.
inline models::LimbParameters<LimbDual> dual_parameters(const Session& session) {
  return converted<LimbDual, models::LimbParameters>(session.parameters);
}

/// Rates of change at a time (s) and a state, each with its derivatives to the states and to time.
template <class M>
std::array<LimbDual, M::state_count> differentiated(double t, const double* y, const models::LimbParameters<LimbDual>& parameters,
                                                    const models::LimbControls<LimbDual>& controls) {
  std::array<LimbDual, M::state_count> state, rates;
  for (std::size_t j = 0; j < M::state_count; ++j)
    state[j] = LimbDual::variable(y[j], j);
  M::template rhs<LimbDual>(LimbDual::variable(t, M::state_count), state.data(), rates.data(), parameters, controls);
  return rates;
}

} // namespace limbflow::benchmarks
