// The integration loop against plain Boost.Odeint on a toy, and the cost of the limb's equations.
#include <array>
#include <chrono>
#include <cmath>
#include <numbers>
#include <vector>

#include <benchmark/benchmark.h>
#include <boost/numeric/odeint.hpp>

#include "core/integrate.hpp"
#include "models/anatomy.hpp"
#include "models/limb.hpp"
#include "models/protocol.hpp"
#include "models/run.hpp"
#include "models/virtual_tests.hpp"
#include "tests/core/toy_models.hpp"

namespace {

namespace core = limbflow::core;
namespace models = limbflow::models;
using core::toys::Windkessel;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// A pulsatile Windkessel over five minutes, by us and by Odeint's controlled dopri5 in turn, at the same tolerances.
// Counters: seconds of Odeint over ours in this very run, and each one's error against the exact solution.
void windkessel_against_odeint(benchmark::State& state) {
  namespace odeint = boost::numeric::odeint;
  const double tolerance = std::pow(10.0, -static_cast<double>(state.range(0)));
  constexpr double initial_pressure = 80, duration = 300;
  const double pressure_scale = Windkessel::states().front().scale;
  const Windkessel::Parameters<double> parameters{1.2, 1.5, 2 * std::numbers::pi};
  const Windkessel::Controls<double> controls{80};
  core::Timeline<Windkessel::Controls<double>> timeline(0.0);
  timeline.append(duration, controls, "steady");
  core::IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = tolerance;

  double ours_s = 0, odeint_s = 0, ours_end = 0, odeint_end = 0;
  for (auto _ : state) {
    const Clock::time_point ours_begin = Clock::now();
    std::vector<double> y{initial_pressure};
    core::integrate<Windkessel>(y, timeline, parameters, options);
    const double ours = seconds_since(ours_begin);
    ours_end = y[0];

    const Clock::time_point odeint_begin = Clock::now();
    using State = std::array<double, 1>;
    State x{initial_pressure};
    odeint::integrate_adaptive(
        odeint::make_controlled(tolerance * pressure_scale, tolerance, odeint::runge_kutta_dopri5<State>()),
        [&](const State& p, State& dpdt, double t) { Windkessel::rhs(t, p.data(), dpdt.data(), parameters, controls); },
        x, 0.0, duration, 1e-3);
    odeint_s += seconds_since(odeint_begin);
    odeint_end = x[0];

    ours_s += ours;
    state.SetIterationTime(ours);
  }
  const double exact = Windkessel::exact(duration, initial_pressure, parameters, controls);
  state.counters["odeint_over_limbflow"] = odeint_s / ours_s;
  state.counters["error"] = std::abs(ours_end - exact) / pressure_scale;
  state.counters["odeint_error"] = std::abs(odeint_end - exact) / pressure_scale;
}
BENCHMARK(windkessel_against_odeint)
    ->Arg(4)
    ->Arg(6)
    ->Arg(8)
    ->ArgName("digits")
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

// One evaluation of the limb's right-hand side in the middle of the classic session.
template <class Limb> void limb_right_hand_side(benchmark::State& state) {
  const models::Scenario scenario = models::load_scenario("30-15-15-15");
  const models::RestingLimb rest = models::resting_limb(models::limb_parameters(scenario));
  constexpr double occlusion_pressure = 150; // mmHg; the cost hardly depends on it
  const models::Protocol protocol = models::build_protocol(scenario, occlusion_pressure);
  const double time = 0.5 * (protocol.timeline.begin() + protocol.timeline.end());
  const auto& controls = protocol.timeline.segment_at(time).controls;
  std::vector<double> y(rest.state.begin(), rest.state.end());
  std::vector<double> dydt(y.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(y.data());
    Limb::rhs(time, y.data(), dydt.data(), rest.parameters, controls);
    benchmark::DoNotOptimize(dydt.data());
    benchmark::ClobberMemory();
  }
  state.counters["states"] = static_cast<double>(Limb::state_count);
}
BENCHMARK(limb_right_hand_side<models::Limb<false>>)->Name("limb_right_hand_side/averaged");
BENCHMARK(limb_right_hand_side<models::Limb<true>>)->Name("limb_right_hand_side/pulsatile");

// The whole classic session, averaged, with its summaries: what a member of a sweep costs.
void classic_session(benchmark::State& state) {
  const models::Scenario scenario = models::load_scenario("30-15-15-15");
  models::RunOptions options;
  options.keep_traces = false;
  std::size_t evaluations = 0;
  for (auto _ : state) {
    evaluations = models::run(scenario, options).report.rhs_evaluations;
  }
  state.counters["rhs_evaluations"] = static_cast<double>(evaluations);
}
BENCHMARK(classic_session)->Unit(benchmark::kMillisecond);

} // namespace
