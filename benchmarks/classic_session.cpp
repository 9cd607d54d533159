#include "benchmarks/classic_session.hpp"

#include "core/integrate.hpp"
#include "models/anatomy.hpp"
#include "models/course.hpp"
#include "models/protocol.hpp"
#include "models/virtual_tests.hpp"
#include "tests/core/segment_ends.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace limbflow::benchmarks {

namespace {

constexpr double reference_tolerance = 1e-12;
constexpr double least_share_of_scale = 1e-3; // for a state that hardly moves

template <class M>
core::RunReport run_exactly(Session& session) {
  core::IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = reference_tolerance;
  options.maximum_step = session.longest_step;
  std::vector<double> y(session.start.begin(), session.start.end());
  return core::integrate<M>(y, session.timeline, session.parameters, options, core::SegmentEnds{session.exact});
}

} // namespace

Session classic_session(models::Fidelity fidelity) {
  const bool pulsatile = fidelity == models::Fidelity::pulsatile;
  const models::Scenario scenario = models::load_scenario("30-15-15-15");
  const models::RestingLimb rest = models::resting_limb(models::limb_parameters(scenario));
  Session session;
  session.parameters = rest.parameters;
  std::copy(rest.state.begin(), rest.state.end(), session.start.begin());
  session.start[models::heart_phase] = rest.parameters.start_phase;
  session.parameters.occlusion_pressure =
      models::occlusion_pressure(rest.parameters, rest.state, scenario.parameters.value("pulse_detection_share"));
  session.timeline = models::build_protocol(scenario, session.parameters.occlusion_pressure).timeline;
  if (pulsatile)
    session.longest_step = models::longest_pulsatile_step(session.parameters);

  const core::RunReport report =
      pulsatile ? run_exactly<models::PulsatileLimb>(session) : run_exactly<models::AveragedLimb>(session);
  if (report.outcome == core::Outcome::event && session.exact.size() > 1) {
    session.exact.pop_back();
    session.timeline =
        models::cut(session.timeline, session.timeline.begin(), session.timeline[session.exact.size() - 1].end);
  } else if (report.outcome != core::Outcome::completed) {
    throw std::runtime_error("the reference run did not come to its end: " + report.describe());
  }
  for (std::size_t i = 0; i < models::limb_state_count; ++i) {
    double largest = least_share_of_scale * models::AveragedLimb::states()[i].scale;
    for (const State& y : session.exact)
      largest = std::max(largest, std::abs(y[i]));
    session.largest.push_back(largest);
  }
  return session;
}

double error_of(const Ends& found, const Session& session) {
  if (found.size() != session.exact.size())
    return std::numeric_limits<double>::infinity();
  double worst = 0.0;
  for (std::size_t k = 0; k < found.size(); ++k)
    for (std::size_t i = 0; i < models::limb_state_count; ++i) {
      const double error = std::abs(found[k][i] - session.exact[k][i]) / session.largest[i];
      worst = std::isfinite(error) ? std::max(worst, error) : std::numeric_limits<double>::infinity();
    }
  return worst;
}

} // namespace limbflow::benchmarks
