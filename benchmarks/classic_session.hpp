// The session that every method runs: 30-15-15-15 with recovery, and how far a result is from the exact one.
#pragma once

#include "core/model.hpp"
#include "core/timeline.hpp"
#include "models/limb.hpp"
#include "models/scenario.hpp"

#include <limits>
#include <vector>

namespace limbflow::benchmarks {

using Controls = models::LimbControls<double>;
using Timeline = core::Timeline<Controls>;
using State = core::StateOf<models::AveragedLimb>;
using Ends = std::vector<State>; ///< states at the end of every segment

struct Session {
  models::LimbParameters<double> parameters;
  Timeline timeline{0.0};
  State start{};
  double longest_step = std::numeric_limits<double>::infinity(); ///< s
  Ends exact{};                                                  ///< at a tolerance of 1e-12
  std::vector<double> largest{}; ///< of each state: what its error is taken relative to
};

/// The session with its reference. Should a set fail, it ends with the segment before that one.
Session classic_session(models::Fidelity fidelity);

/// The largest difference from the reference over all states and ends of segments, relative to each state's own maximum, or to a
/// thousandth of its scale if that is more. Infinite if the run did not come to its end.
double error_of(const Ends& found, const Session& session);

} // namespace limbflow::benchmarks
