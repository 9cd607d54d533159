// limbflow's own methods, by the interfaces that everybody has. See serve() for the commands; besides those of it:
//
//   lanes                       runs side by side, and the instruction set
//   operations FIDELITY         floating-point operations of one right-hand side, in the mean along the session
//   implicit TOLERANCE          time and floating-point operations of an averaged session by the implicit stepper: of right-hand sides,
//                               Jacobians, factorisations and solutions
//   sweep MEMBERS SUMMARIES DIRECTORY   what a sweep of that size costs besides its runs (sweep_cost.hpp)
//   asking FIDELITY TOLERANCE   time of runs that are asked before every step whether to go on, over that of runs that are not

#include "benchmarks/counted.hpp"
#include "benchmarks/method.hpp"
#include "benchmarks/plain_values.hpp"
#include "benchmarks/sweep_cost.hpp"
#include "core/instruction_set.hpp"
#include "core/integrate.hpp"
#include "core/rosenbrock_methods.hpp"
#include "core/sparse_jacobian.hpp"
#include "core/sparse_lu.hpp"
#include "models/limb_pools.hpp"
#include "tests/core/segment_ends.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace limbflow::benchmarks;
namespace core = limbflow::core;
namespace models = limbflow::models;

core::IntegrationOptions options_of(const Session& session, double tolerance) {
  core::IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = tolerance;
  options.maximum_step = session.longest_step;
  return options;
}

template <class M>
Attempt by_scalar(const Session& session, double tolerance) {
  Attempt attempt;
  std::vector<double> y(session.start.begin(), session.start.end());
  const double begin = processor_seconds();
  const core::RunReport report =
      core::integrate<M>(y, session.timeline, session.parameters, options_of(session, tolerance), core::SegmentEnds{attempt.ends});
  attempt.seconds = processor_seconds() - begin;
  attempt.evaluations = report.rhs_evaluations;
  return attempt;
}

/// Runs that differ a little, so that no two lanes take the same steps: twice as many as there are lanes. The first is the session's.
/// reports: where to put those of the runs; may be null.
template <class M>
Attempt in_pool(const Session& session, double tolerance, core::LanePool<M>& pool, std::function<bool()> cancel = {},
                std::vector<core::RunReport>* reports = nullptr) {
  constexpr double spread = 0.02; // of the heart rate
  core::IntegrationOptions options = options_of(session, tolerance);
  options.cancel = std::move(cancel);
  const std::size_t count = 2 * pool.lanes();
  std::vector<models::LimbParameters<double>> parameters(count, session.parameters);
  std::deque<core::LaneSegmentEnds<M>> keepers(count);
  std::deque<core::LaneRun<M>> runs;
  for (std::size_t i = 0; i < count; ++i) {
    parameters[i].heart_rate *= 1.0 + spread * static_cast<double>(i) / static_cast<double>(count);
    runs.push_back({session.start, &parameters[i], &session.timeline, &options, &keepers[i]});
  }
  const double begin = processor_seconds();
  for (auto& run : runs)
    pool.add(run);
  while (pool.next())
    ;
  Attempt attempt;
  attempt.seconds = (processor_seconds() - begin) / static_cast<double>(count);
  attempt.ends = keepers.front().ends;
  for (const auto& run : runs)
    attempt.evaluations += run.report.rhs_evaluations;
  attempt.evaluations /= count;
  if (reports)
    for (const auto& run : runs)
      reports->push_back(run.report);
  return attempt;
}

template <class M>
Attempt in_lanes(const Session& session, double tolerance, const models::LimbPools& pools, std::function<bool()> cancel = {}) {
  return in_pool<M>(session, tolerance, pools.by<M>(models::Stepper::dopri5), std::move(cancel));
}

/// The same on every processor; wall time.
template <class M>
Attempt on_threads(const Session& session, double tolerance) {
  const unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  std::vector<models::LimbPools> pools;
  for (unsigned i = 0; i < threads; ++i)
    pools.push_back(models::limb_pools(core::instruction_set()));
  std::vector<Attempt> attempts(threads);
  const auto begin = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads; ++i)
      workers.emplace_back([&, i] { attempts[i] = in_lanes<M>(session, tolerance, pools[i]); });
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const std::size_t count = 2 * pools[0].to_rest().lanes() * threads;
  attempts[0].seconds = wall.count() / static_cast<double>(count);
  return attempts[0];
}

const models::LimbPools& pools() {
  static const models::LimbPools of_this_thread = models::limb_pools(core::instruction_set());
  return of_this_thread;
}

template <class M>
Methods methods() {
  Methods all{{"lanes", [](const Session& session, double tolerance) { return in_lanes<M>(session, tolerance, pools()); }},
          {"threads", [](const Session& session, double tolerance) { return on_threads<M>(session, tolerance); }},
          {"scalar", [](const Session& session, double tolerance) { return by_scalar<M>(session, tolerance); }}};
  if constexpr (std::is_same_v<M, models::AveragedLimb>)
    all.emplace_back("implicit", [](const Session& session, double tolerance) {
      return in_pool<M>(session, tolerance, pools().by<M>(models::Stepper::rodas5p));
    });
  return all;
}

template <class M>
std::string operations(const Session& session) {
  using Scalar = Counted;
  const auto parameters = converted<Scalar, models::LimbParameters>(session.parameters);
  counts = {};
  for (std::size_t k = 0; k < session.exact.size(); ++k) {
    const auto& segment = session.timeline[k];
    std::array<Scalar, M::state_count> y, rates;
    std::copy(session.exact[k].begin(), session.exact[k].end(), y.begin());
    M::template rhs<Scalar>(Scalar(segment.end), y.data(), rates.data(), parameters,
                            converted<Scalar, models::LimbControls>(segment.controls));
  }
  return std::to_string(static_cast<double>(counts.operations) / static_cast<double>(session.exact.size()));
}

std::string implicit(double tolerance) {
  using M = models::AveragedLimb;
  const Session session = classic_session(models::Fidelity::averaged);
  const core::Sparsity sparsity = core::sparsity_of<M>();
  const core::EliminationPlan plan(sparsity);
  core::SparseJacobian<M, Counted> jacobian(sparsity);
  core::SparseLU<Counted> factors(plan);
  const auto parameters = converted<Counted, models::LimbParameters>(session.parameters);
  const auto counted = [](const auto& work) {
    counts = {};
    work();
    return static_cast<double>(counts.operations);
  };
  double of_rates = 0.0, of_jacobian = 0.0; // in the mean along the session
  for (std::size_t k = 0; k < session.exact.size(); ++k) {
    const auto& segment = session.timeline[k];
    const auto controls = converted<Counted, models::LimbControls>(segment.controls);
    std::array<Counted, M::state_count> y, rates;
    std::copy(session.exact[k].begin(), session.exact[k].end(), y.begin());
    of_rates += counted([&] { M::template rhs<Counted>(Counted(segment.end), y.data(), rates.data(), parameters, controls); });
    of_jacobian += counted([&] { jacobian.evaluate(Counted(segment.end), y.data(), parameters, controls); });
  }
  of_rates /= static_cast<double>(session.exact.size());
  of_jacobian /= static_cast<double>(session.exact.size());
  std::array<Counted, M::state_count> x{};
  const double of_factors = counted([&] { factors.factor(Counted(1.0), jacobian.entries()); });
  const double of_solution = counted([&] { factors.solve(x.data()); });

  std::vector<core::RunReport> reports;
  const Attempt attempt = in_pool<M>(session, tolerance, pools().by<M>(models::Stepper::rodas5p), {}, &reports);
  double operations = 0.0;
  for (const core::RunReport& report : reports) {
    const auto steps = static_cast<double>(report.steps), tries = steps + static_cast<double>(report.rejected);
    constexpr auto stages = static_cast<double>(core::Rodas5P::stages);
    operations += steps * of_jacobian + tries * (of_factors + stages * of_solution + (stages - 1.0) * of_rates);
  }
  std::ostringstream line;
  line << attempt.seconds << ' ' << operations / static_cast<double>(reports.size()) << ' ' << of_rates << ' ' << of_jacobian << ' '
       << of_factors << ' ' << of_solution;
  return line.str();
}

template <class M>
std::string asking(const Session& session, double tolerance) {
  constexpr int tries = 7;
  const std::atomic<bool> stop = false;
  double asked = std::numeric_limits<double>::infinity(), alone = asked;
  for (int i = 0; i < tries; ++i) { // in turn
    asked = std::min(asked, in_lanes<M>(session, tolerance, pools(), [&stop] { return stop.load(); }).seconds);
    alone = std::min(alone, in_lanes<M>(session, tolerance, pools()).seconds);
  }
  return std::to_string(asked / alone);
}

} // namespace

int main(int count, char** arguments) {
  const Commands more{
      {"lanes",
       [](const auto&) {
         return std::to_string(pools().to_rest().lanes()) + " " + std::string(core::to_string(core::instruction_set()));
       }},
      {"operations",
       [](const std::vector<std::string>& words) {
         return words.at(0) == "pulsatile"
                    ? operations<models::PulsatileLimb>(classic_session(models::Fidelity::pulsatile))
                    : operations<models::AveragedLimb>(classic_session(models::Fidelity::averaged));
       }},
      {"implicit", [](const std::vector<std::string>& words) { return implicit(std::stod(words.at(0))); }},
      {"asking",
       [](const std::vector<std::string>& words) {
         const double tolerance = std::stod(words.at(1));
         return words.at(0) == "pulsatile"
                    ? asking<models::PulsatileLimb>(classic_session(models::Fidelity::pulsatile), tolerance)
                    : asking<models::AveragedLimb>(classic_session(models::Fidelity::averaged), tolerance);
       }},
      {"sweep", [](const std::vector<std::string>& words) {
         return sweep_cost(std::stoul(words.at(0)), std::stoul(words.at(1)), words.at(2));
       }}};
  return serve({arguments + 1, arguments + count},
               [](models::Fidelity fidelity) {
                 return fidelity == models::Fidelity::pulsatile ? methods<models::PulsatileLimb>()
                                                                : methods<models::AveragedLimb>();
               },
               more);
}
