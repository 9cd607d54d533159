// The limb along a classic session, by us and by others on the same equations: time against error.
//
//   limb_benchmark [--quick] OUT.json
//
// Every method runs the same timeline (30-15-15-15 with recovery) through the model's own right-hand side, restarting at
// each segment. Error: the largest difference from a reference at 1e-12, over all states at the end of every segment, relative to each
// state's own maximum, or a thousandth of its scale if that is more. Time: processor time of one thread, the best of some repetitions,
// methods in turn. A ratio at equal
// error reads both curves at the same error, straight in logarithms between their points; beyond a curve's ends there is none.

#include "core/instruction_set.hpp"
#include "core/integrate.hpp"
#include "models/anatomy.hpp"
#include "models/course.hpp"
#include "models/limb_pools.hpp"
#include "models/protocol.hpp"
#include "models/scenario.hpp"
#include "models/virtual_tests.hpp"

#include <boost/numeric/odeint.hpp>
#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sundials/sundials_context.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_dense.h>
#include <sunnonlinsol/sunnonlinsol_fixedpoint.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace {

namespace core = limbflow::core;
namespace models = limbflow::models;
using Controls = models::LimbControls<double>;
using Timeline = core::Timeline<Controls>;
using State = core::StateOf<models::AveragedLimb>;
using Ends = std::vector<State>; // at the end of every segment

double processor_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Problem {
  models::LimbParameters<double> parameters;
  Timeline timeline;
  State start;
  double longest_step;
};

struct EndKeeper {
  Ends& ends;
  template <class... Any> void begin_segment(const Any&...) {}
  template <class Step> void step(const Step&) {}
  void end_segment(double, const State& y) { ends.push_back(y); }
};

core::IntegrationOptions options_of(const Problem& problem, double tolerance) {
  core::IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = tolerance;
  options.maximum_step = problem.longest_step;
  return options;
}

template <class M> Ends by_scalar(const Problem& problem, double tolerance) {
  Ends ends;
  std::vector<double> y(problem.start.begin(), problem.start.end());
  core::integrate<M>(y, problem.timeline, problem.parameters, options_of(problem, tolerance), EndKeeper{ends});
  return ends;
}

template <class M> struct LaneKeeper : core::LaneWatcher<M> {
  Ends ends;
  void begin_segment(std::size_t, const core::Segment<Controls>&, const State&, const double*) override {}
  void step(const core::DenseStep<core::LaneStepper<M>>&) override {}
  void end_segment(double, const State& y) override { ends.push_back(y); }
};

core::LanePool<models::AveragedLimb>& pool_of(models::LimbPools& pools, models::AveragedLimb) { return *pools.averaged; }
core::LanePool<models::PulsatileLimb>& pool_of(models::LimbPools& pools, models::PulsatileLimb) { return *pools.pulsatile; }

/// As many of the same run as there are lanes; the time is that of one.
template <class M> Ends by_lanes(const Problem& problem, double tolerance, models::LimbPools& pools) {
  auto& pool = pool_of(pools, M{});
  const core::IntegrationOptions options = options_of(problem, tolerance);
  std::deque<LaneKeeper<M>> keepers(pool.lanes());
  std::deque<core::LaneRun<M>> runs;
  for (auto& keeper : keepers) {
    runs.push_back({problem.start, &problem.parameters, &problem.timeline, &options, &keeper});
    pool.add(runs.back());
  }
  while (pool.next())
    ;
  return keepers.front().ends;
}

template <class M> Ends by_odeint(const Problem& problem, double tolerance) {
  namespace odeint = boost::numeric::odeint;
  Ends ends;
  State y = problem.start;
  double step = 0.01;
  for (const auto& segment : problem.timeline.segments()) {
    const auto system = [&](const State& x, State& dxdt, double t) {
      M::template rhs<double>(t, x.data(), dxdt.data(), problem.parameters, segment.controls);
    };
    auto stepper = odeint::make_controlled(tolerance, tolerance, problem.longest_step, odeint::runge_kutta_dopri5<State>());
    odeint::integrate_adaptive(stepper, system, y, segment.begin, segment.end, std::min(step, problem.longest_step));
    ends.push_back(y);
  }
  return ends;
}

template <class M> struct CvodeSystem {
  const Problem* problem;
  const core::Segment<Controls>* segment;
  static int rhs(double t, N_Vector y, N_Vector dydt, void* self) {
    const auto* system = static_cast<const CvodeSystem*>(self);
    M::template rhs<double>(t, N_VGetArrayPointer(y), N_VGetArrayPointer(dydt), system->problem->parameters,
                            system->segment->controls);
    return 0;
  }
};

/// method: CV_BDF with a dense Jacobian by differences, or CV_ADAMS by fixed points.
template <class M> Ends by_cvode(const Problem& problem, double tolerance, int method) {
  constexpr auto size = static_cast<sunindextype>(models::limb_state_count);
  SUNContext context = nullptr;
  SUNContext_Create(nullptr, &context);
  N_Vector y = N_VNew_Serial(size, context);
  N_Vector absolute = N_VNew_Serial(size, context);
  for (sunindextype i = 0; i < size; ++i) {
    N_VGetArrayPointer(y)[i] = problem.start[static_cast<std::size_t>(i)];
    N_VGetArrayPointer(absolute)[i] = tolerance * M::states()[static_cast<std::size_t>(i)].scale;
  }
  void* memory = CVodeCreate(method, context);
  CvodeSystem<M> system{&problem, &problem.timeline[0]};
  CVodeInit(memory, &CvodeSystem<M>::rhs, problem.timeline.begin(), y);
  CVodeSVtolerances(memory, tolerance, absolute);
  CVodeSetUserData(memory, &system);
  CVodeSetMaxNumSteps(memory, 10'000'000);
  if (std::isfinite(problem.longest_step))
    CVodeSetMaxStep(memory, problem.longest_step);
  SUNMatrix matrix = SUNDenseMatrix(size, size, context);
  SUNLinearSolver linear = SUNLinSol_Dense(y, matrix, context);
  SUNNonlinearSolver fixed_point = SUNNonlinSol_FixedPoint(y, 0, context);
  if (method == CV_BDF)
    CVodeSetLinearSolver(memory, linear, matrix);
  else
    CVodeSetNonlinearSolver(memory, fixed_point);
  Ends ends;
  for (const auto& segment : problem.timeline.segments()) {
    system.segment = &segment;
    CVodeReInit(memory, segment.begin, y);
    CVodeSetStopTime(memory, segment.end);
    double t = segment.begin;
    if (CVode(memory, segment.end, y, &t, CV_NORMAL) < 0)
      break;
    State end;
    std::copy_n(N_VGetArrayPointer(y), models::limb_state_count, end.begin());
    ends.push_back(end);
  }
  SUNNonlinSolFree(fixed_point);
  SUNLinSolFree(linear);
  SUNMatDestroy(matrix);
  CVodeFree(&memory);
  N_VDestroy(absolute);
  N_VDestroy(y);
  SUNContext_Free(&context);
  return ends;
}

double error_of(const Ends& found, const Ends& exact) {
  if (found.size() != exact.size())
    return std::numeric_limits<double>::infinity();
  double worst = 0.0;
  for (std::size_t i = 0; i < models::limb_state_count; ++i) {
    double largest = 1e-3 * models::AveragedLimb::states()[i].scale; // for a state that hardly moves
    for (const State& y : exact)
      largest = std::max(largest, std::abs(y[i]));
    for (std::size_t k = 0; k < exact.size(); ++k)
      worst = std::max(worst, std::abs(found[k][i] - exact[k][i]) / largest);
  }
  return worst;
}

struct Point {
  double tolerance, error, seconds;
};
struct Method {
  std::string name;
  std::function<Ends(double tolerance)> run;
  double runs_at_once = 1.0;
  std::vector<Point> points{};
};

/// Seconds at an error, or nothing where the curve does not reach.
std::optional<double> seconds_at(const std::vector<Point>& points, double error) {
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const Point& loose = points[i];
    const Point& tight = points[i + 1];
    if (loose.error >= error && error >= tight.error && loose.error > tight.error) {
      const double share = std::log(loose.error / error) / std::log(loose.error / tight.error);
      return loose.seconds * std::pow(tight.seconds / loose.seconds, share);
    }
  }
  return std::nullopt;
}

/// The ratio of peer over ours at that of our points which is nearest to an error and which the peer's curve reaches.
std::optional<double> ratio_at_equal_error(const Method& ours, const Method& peer, double nearest_error) {
  std::optional<double> ratio;
  double distance = std::numeric_limits<double>::infinity();
  for (const Point& point : ours.points)
    if (const auto seconds = seconds_at(peer.points, point.error))
      if (const double off = std::abs(std::log(point.error / nearest_error)); off < distance) {
        distance = off;
        ratio = *seconds / point.seconds;
      }
  return ratio;
}

template <class M> std::vector<Method> measure(const char* title, const Problem& problem, models::LimbPools& pools,
                                               const std::vector<double>& tolerances, int repetitions) {
  const double lanes = static_cast<double>(pools.averaged->lanes());
  std::vector<Method> methods{
      {"limbflow, lanes", [&](double tolerance) { return by_lanes<M>(problem, tolerance, pools); }, lanes},
      {"limbflow, scalar", [&](double tolerance) { return by_scalar<M>(problem, tolerance); }},
      {"Odeint dopri5", [&](double tolerance) { return by_odeint<M>(problem, tolerance); }},
      {"CVODE BDF", [&](double tolerance) { return by_cvode<M>(problem, tolerance, CV_BDF); }},
      {"CVODE Adams", [&](double tolerance) { return by_cvode<M>(problem, tolerance, CV_ADAMS); }}};
  const Ends exact = by_scalar<M>(problem, 1e-12);
  std::printf("%s: %zu states, %zu segments, %.0f s simulated\n  %-18s %10s %12s %14s\n", title, M::state_count,
              problem.timeline.size(), problem.timeline.duration(), "method", "tolerance", "error", "ms per run");
  for (const double tolerance : tolerances)
    for (Method& method : methods) {
      Point point{tolerance, 0.0, std::numeric_limits<double>::infinity()};
      for (int repetition = 0; repetition < repetitions; ++repetition) {
        const double begin = processor_seconds();
        const Ends found = method.run(tolerance);
        point.seconds = std::min(point.seconds, (processor_seconds() - begin) / method.runs_at_once);
        point.error = error_of(found, exact);
      }
      method.points.push_back(point);
      std::printf("  %-18s %10.0e %12.2e %14.3f\n", method.name.c_str(), tolerance, point.error, 1e3 * point.seconds);
      std::fflush(stdout);
    }
  return methods;
}

} // namespace

int main(int count, char** arguments) {
  const bool quick = count > 1 && std::strcmp(arguments[1], "--quick") == 0;
  if (count != (quick ? 3 : 2)) {
    std::fprintf(stderr, "usage: %s [--quick] OUT.json\n", arguments[0]);
    return 2;
  }
  const models::Scenario scenario = models::load_scenario("30-15-15-15");
  const models::RestingLimb rest = models::resting_limb(models::limb_parameters(scenario));
  Problem problem{rest.parameters, Timeline(0.0), {}, std::numeric_limits<double>::infinity()};
  std::copy(rest.state.begin(), rest.state.end(), problem.start.begin());
  problem.start[models::heart_phase] = rest.parameters.start_phase;
  problem.parameters.occlusion_pressure =
      models::occlusion_pressure(rest.parameters, rest.state, scenario.parameters.value("pulse_detection_share"));
  problem.timeline = models::build_protocol(scenario, problem.parameters.occlusion_pressure).timeline;
  models::LimbPools pools = models::limb_pools(core::instruction_set());
  std::printf("instruction set %s, %zu lanes\n", std::string(core::to_string(core::instruction_set())).c_str(),
              pools.averaged->lanes());

  const std::vector<double> tolerances{1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8};
  const auto averaged = measure<models::AveragedLimb>("beat-averaged", problem, pools, tolerances, quick ? 2 : 5);
  problem.longest_step = models::longest_pulsatile_step();
  const auto pulsatile = measure<models::PulsatileLimb>("pulsatile", problem, pools, {1e-5, 1e-6, 1e-7}, quick ? 1 : 3);

  std::vector<std::pair<std::string, std::optional<double>>> rows;
  rows.emplace_back("pulsatile_vs_odeint_dopri5", ratio_at_equal_error(pulsatile[0], pulsatile[2], 1e-5));
  rows.emplace_back("averaged_vs_odeint_dopri5", ratio_at_equal_error(averaged[0], averaged[2], 1e-5));
  rows.emplace_back("averaged_1e3_vs_odeint_dopri5", averaged[2].points[0].seconds / averaged[0].points[0].seconds);
  rows.emplace_back("averaged_vs_cvode_bdf", ratio_at_equal_error(averaged[0], averaged[3], 1e-5));
  rows.emplace_back("averaged_vs_cvode_adams", ratio_at_equal_error(averaged[0], averaged[4], 1e-5));
  rows.emplace_back("averaged_vs_scalar", ratio_at_equal_error(averaged[0], averaged[1], 1e-5));
  std::FILE* out = std::fopen(arguments[count - 1], "w");
  if (!out) {
    std::perror(arguments[count - 1]);
    return 3;
  }
  std::fprintf(out, "{");
  std::printf("ratios of time, others over lanes, one core\n");
  const char* separator = "\n";
  for (const auto& [name, ratio] : rows) {
    if (!ratio) {
      std::printf("  %-32s no common error\n", name.c_str());
      continue;
    }
    std::printf("  %-32s %.1f\n", name.c_str(), *ratio);
    std::fprintf(out, "%s  \"%s\": %.4g", separator, name.c_str(), *ratio);
    separator = ",\n";
  }
  std::fprintf(out, "\n}\n");
  return std::fclose(out) == 0 ? 0 : 3;
}
