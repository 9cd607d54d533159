// Lanes: their mathematics, and runs side by side against runs alone, against the scalar loop and against each other's
// instruction sets.
#include "tests/core/lanes/lane_toys.hpp"

#include "core/integrate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <limits>
#include <numbers>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

extern "C" {
extern const limbflow::core::toys::LaneToys limbflow_lane_toys_baseline;
#ifdef LIMBFLOW_X86_LANES
extern const limbflow::core::toys::LaneToys limbflow_lane_toys_avx2;
extern const limbflow::core::toys::LaneToys limbflow_lane_toys_avx512;
#endif
}

namespace limbflow::core {

const toys::LaneToys& toys::lane_toys([[maybe_unused]] InstructionSet set) { // one alone without x86 lanes
#ifdef LIMBFLOW_X86_LANES
  if (set == InstructionSet::avx512)
    return limbflow_lane_toys_avx512;
  if (set == InstructionSet::avx2)
    return limbflow_lane_toys_avx2;
#endif
  return limbflow_lane_toys_baseline;
}

namespace {

using namespace toys;

constexpr std::array every_method{LaneMethod::dormand_prince_5, LaneMethod::dop_853, LaneMethod::rodas_5p};

class LanesTest : public ::testing::TestWithParam<InstructionSet> {
protected:
  const LaneToys& here = lane_toys(GetParam());
};

IntegrationOptions with_tolerance(double tolerance) {
  IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = tolerance;
  return options;
}

TEST_P(LanesTest, ElementaryFunctionsAreExactToAFewUnitsInTheLastPlace) {
  std::mt19937_64 random{20260302};
  const auto draw = [&](double low, double high) {
    std::vector<double> values(4000);
    for (double& value : values)
      value = std::uniform_real_distribution<double>(low, high)(random);
    return values;
  };
  const auto worst_error = [&](const char* name, const std::vector<double>& values, double (*exact)(double)) {
    const std::vector<double> found = here.apply(name, values);
    double worst = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double wanted = exact(values[i]);
      worst = std::max(worst, std::abs(found[i] - wanted) / std::max(std::abs(wanted), 1e-3));
    }
    std::printf("  %s: relative error %.2e\n", name, worst);
    return worst;
  };
  constexpr double few = 4.0 * std::numeric_limits<double>::epsilon();
  EXPECT_LT(worst_error("exp", draw(-30.0, 30.0), [](double x) { return std::exp(x); }), 4.0 * few);
  EXPECT_LT(worst_error("log", draw(1e-9, 1e3), [](double x) { return std::log(x); }), few);
  EXPECT_LT(worst_error("tanh", draw(-3.0, 3.0), [](double x) { return std::tanh(x); }), few);
  EXPECT_LT(worst_error("sin", draw(-10.0, 10.0), [](double x) { return std::sin(x); }), few);
  EXPECT_LT(worst_error("cos", draw(-10.0, 10.0), [](double x) { return std::cos(x); }), few);
  EXPECT_LT(worst_error("pow", draw(1e-6, 1e3), [](double x) { return std::pow(x, 2.2); }), 16.0 * few);
  EXPECT_EQ(worst_error("sqrt", draw(0.0, 1e6), [](double x) { return std::sqrt(x); }), 0.0);
  EXPECT_EQ(worst_error("floor", draw(-1e6, 1e6), [](double x) { return std::floor(x); }), 0.0);
}

TEST_P(LanesTest, ElementaryFunctionsKeepTheirEdges) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(here.apply("exp", {-infinity, -800.0, 0.0, 710.0, infinity}),
            (std::vector<double>{0.0, 0.0, 1.0, infinity, infinity}));
  EXPECT_EQ(here.apply("log", {0.0, 1.0, infinity}), (std::vector<double>{-infinity, 0.0, infinity}));
  EXPECT_EQ(here.apply("pow", {0.0, 1.0}), (std::vector<double>{0.0, 1.0}));
  EXPECT_TRUE(std::isnan(here.apply("log", {-1.0})[0]));
  for (const char* function : {"exp", "log", "tanh", "sqrt", "sin", "cos", "pow"})
    EXPECT_TRUE(std::isnan(here.apply(function, {nan})[0])) << function;
}

/// Runs of the oscillator of van der Pol that differ in stiffness, length and start.
struct VanDerPolRuns {
  std::vector<VanDerPol::Parameters<double>> parameters;
  std::vector<Timeline<NoParameters>> timelines;
  IntegrationOptions options;
  std::deque<LaneRun<VanDerPol>> runs;

  VanDerPolRuns(std::size_t count, double tolerance) : options(with_tolerance(tolerance)) {
    for (std::size_t i = 0; i < count; ++i) {
      parameters.push_back({0.2 + 0.3 * static_cast<double>(i % 7)});
      timelines.emplace_back();
      timelines.back().append(2.0 + static_cast<double>(i % 5), {}, "first");
      timelines.back().append(1.0 + 0.7 * static_cast<double>(i % 3), {}, "second");
    }
    for (std::size_t i = 0; i < count; ++i)
      runs.push_back({{2.0 - 0.1 * static_cast<double>(i), 0.0}, &parameters[i], &timelines[i], &options});
  }

  void go(LanePool<VanDerPol>& pool, const std::vector<std::size_t>& order) {
    for (const std::size_t i : order)
      pool.add(runs[i]);
    while (pool.next())
      ;
  }
  std::vector<std::size_t> in_order() const {
    std::vector<std::size_t> order(runs.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      order[i] = i;
    return order;
  }
  std::vector<double> results() const {
    std::vector<double> all;
    for (const auto& run : runs) {
      all.insert(all.end(), run.state.begin(), run.state.end());
      all.push_back(static_cast<double>(run.report.steps));
      all.push_back(run.report.time);
    }
    return all;
  }
};

bool same_bytes(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

TEST_P(LanesTest, ARunHasTheSameBitsAloneInAnyLaneAndInAnyOrder) {
  for (const LaneMethod method : every_method) {
    const std::size_t count = 3 * here.lanes + 5;
    VanDerPolRuns together(count, 1e-7);
    together.go(*here.van_der_pol(method), together.in_order());

    VanDerPolRuns alone(count, 1e-7);
    for (std::size_t i = 0; i < count; ++i)
      alone.go(*here.van_der_pol(method), {i});
    EXPECT_TRUE(same_bytes(together.results(), alone.results()));

    VanDerPolRuns shuffled(count, 1e-7);
    std::vector<std::size_t> order = shuffled.in_order();
    std::shuffle(order.begin(), order.end(), std::mt19937_64{7});
    const auto pool = here.van_der_pol(method);
    shuffled.go(*pool, order);
    EXPECT_TRUE(same_bytes(together.results(), shuffled.results()));
  }
}

TEST_P(LanesTest, InstructionSetsAgreeAtATightTolerance) {
  for (const LaneMethod method : {LaneMethod::dop_853, LaneMethod::rodas_5p}) {
    VanDerPolRuns baseline(9, 1e-13), set(9, 1e-13);
    baseline.go(*lane_toys(InstructionSet::baseline).van_der_pol(method), baseline.in_order());
    set.go(*here.van_der_pol(method), set.in_order());
    double worst = 0.0;
    for (std::size_t i = 0; i < set.runs.size(); ++i)
      for (std::size_t j = 0; j < 2; ++j)
        worst = std::max(worst, std::abs(set.runs[i].state[j] - baseline.runs[i].state[j]));
    std::printf("  largest difference from the baseline: %.2e\n", worst);
    EXPECT_LT(worst, 1e-12);
  }
}

TEST_P(LanesTest, ErrorFollowsToleranceAndTheScalarLoopAgrees) {
  const Windkessel::Parameters<double> parameters{1.2, 1.5, 2.0 * std::numbers::pi};
  const Windkessel::Controls<double> controls{80.0};
  Timeline<Windkessel::Controls<double>> timeline;
  timeline.append(10.0, controls);
  for (const LaneMethod method : every_method)
    for (const double tolerance : {1e-4, 1e-6, 1e-8, 1e-10}) {
      const IntegrationOptions options = with_tolerance(tolerance);
      LaneRun<Windkessel> run{{70.0}, &parameters, &timeline, &options};
      const auto pool = here.windkessel(method);
      pool->add(run);
      ASSERT_EQ(pool->next(), &run);
      EXPECT_EQ(run.report.outcome, Outcome::completed) << run.report.describe();
      EXPECT_EQ(run.report.time, 10.0);
      const double error = std::abs(run.state[0] - Windkessel::exact(10.0, 70.0, parameters, controls));
      std::printf("  tolerance %.0e: %zu steps, error %.2e mmHg\n", tolerance, run.report.steps, error);
      EXPECT_LT(error, 1000.0 * tolerance);
    }
}

TEST_P(LanesTest, FixedStepsConvergeWithTheMethodsOrder) {
  const Windkessel::Parameters<double> parameters{1.2, 1.5, 2.0 * std::numbers::pi};
  const Windkessel::Controls<double> controls{80.0};
  Timeline<Windkessel::Controls<double>> timeline;
  timeline.append(3.2, controls);
  for (const auto& [method, order, step] : {std::tuple{LaneMethod::dormand_prince_5, 5.0, 0.04},
                                            std::tuple{LaneMethod::dop_853, 8.0, 0.2}, std::tuple{LaneMethod::rodas_5p, 5.0, 0.04}}) {
    std::array<double, 2> error{};
    for (const std::size_t half : {0, 1}) {
      IntegrationOptions options = with_tolerance(1e6);
      options.initial_step = options.maximum_step = half ? 0.5 * step : step;
      LaneRun<Windkessel> run{{70.0}, &parameters, &timeline, &options};
      const auto pool = here.windkessel(method);
      pool->add(run);
      pool->next();
      error[half] = std::abs(run.state[0] - Windkessel::exact(3.2, 70.0, parameters, controls));
    }
    std::printf("  order %.0f: observed %.2f\n", order, std::log2(error[0] / error[1]));
    EXPECT_NEAR(std::log2(error[0] / error[1]), order, 0.6);
  }
}

/// Looks between the steps, and integrates a signal.
struct OscillatorWatcher : LaneWatcher<Oscillator> {
  double worst = 0.0;
  double integral = 0.0;
  double last = 0.0;
  std::size_t segments = 0;
  void begin_segment(std::size_t, const Segment<Oscillator::Controls<double>>&, const StateOf<Oscillator>& y,
                     const double* events) override {
    ++segments;
    EXPECT_EQ(events[0], y[0]);
  }
  void step(const DenseStep<LaneStepper<Oscillator>>& step) override {
    StateOf<Oscillator> y;
    for (const double fraction : {0.0, 0.3, 0.77, 1.0}) {
      step.state_at_fraction(fraction, y);
      worst = std::max(worst, std::abs(y[0] - std::sin(step.time_at_fraction(fraction))));
    }
  }
  void end_segment(double, const StateOf<Oscillator>&) override {}
  double signal_interval() const override { return 0.05; }
  void signals(double begin, double end, const double* mean, const double*, std::size_t) override {
    EXPECT_EQ(begin, last);
    last = end;
    integral += (end - begin) * mean[0];
  }
};

TEST_P(LanesTest, EventsAreLocatedOnTheDenseOutputAndEndTheirRunAlone) {
  Timeline<Oscillator::Controls<double>> timeline;
  timeline.append(4.0, {2.0}, "no level");
  timeline.append(10.0, {0.5}, "level");
  const NoParameters none;
  const IntegrationOptions options = with_tolerance(1e-10);
  for (const LaneMethod method : every_method) {
    std::deque<LaneRun<Oscillator>> runs;
    std::deque<OscillatorWatcher> watchers(here.lanes + 2);
    const auto pool = here.oscillator(method);
    for (OscillatorWatcher& watcher : watchers) {
      runs.push_back({{0.0, 1.0}, &none, &timeline, &options, &watcher});
      pool->add(runs.back());
    }
    while (pool->next())
      ;
    const double end = 3.0 * std::numbers::pi - std::asin(0.5); // sin t falls through 0.5 a second time
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const RunReport& report = runs[i].report;
      EXPECT_EQ(report.outcome, Outcome::event) << report.describe();
      EXPECT_EQ(report.event, "level_falling");
      EXPECT_EQ(report.segment, "level");
      EXPECT_NEAR(report.time, end, 1e-8);
      EXPECT_NEAR(runs[i].state[0], 0.5, 1e-8);
      ASSERT_EQ(report.events.size(), 6u); // peak, falls, trough, rises, peak, level
      EXPECT_NEAR(report.events[1].time, std::numbers::pi, 1e-8);
      EXPECT_LT(watchers[i].worst, 1e-7);
      EXPECT_EQ(watchers[i].segments, 2u);
      EXPECT_EQ(watchers[i].last, report.time);
      EXPECT_NEAR(watchers[i].integral, 1.0 - std::cos(end), 1e-6);
    }
  }
}

TEST_P(LanesTest, FailuresStayInTheirLaneAndNameTheState) {
  Timeline<NoParameters> timeline;
  timeline.append(5.0, {}, "draining");
  const NoParameters none;
  const IntegrationOptions options = with_tolerance(1e-6);
  IntegrationOptions short_of_steps = options;
  short_of_steps.maximum_steps = 3;
  IntegrationOptions cancelled = options;
  cancelled.cancel = [] { return true; };
  IntegrationOptions broken = options;
  broken.cancel = []() -> bool { throw std::domain_error("broken"); };
  for (const LaneMethod method : every_method) {
    LaneRun<EmptyingTank> empties{{0.0, 1.0, 0.0}, &none, &timeline, &options};
    LaneRun<EmptyingTank> lasts{{0.0, 9.0, 0.0}, &none, &timeline, &options};
    LaneRun<EmptyingTank> stops{{0.0, 9.0, 0.0}, &none, &timeline, &short_of_steps};
    LaneRun<EmptyingTank> given_up{{0.0, 9.0, 0.0}, &none, &timeline, &cancelled};
    LaneRun<EmptyingTank> throws{{0.0, 9.0, 0.0}, &none, &timeline, &broken};
    const auto pool = here.emptying_tank(method);
    for (auto* run : {&empties, &lasts, &stops, &given_up, &throws})
      pool->add(*run);
    while (pool->next())
      ;
    EXPECT_EQ(empties.report.outcome, Outcome::non_finite) << empties.report.describe();
    ASSERT_FALSE(empties.report.worst.empty());
    EXPECT_EQ(empties.report.worst.front().name, "level");
    EXPECT_NEAR(empties.report.time, 1.0, 1e-3);
    EXPECT_EQ(lasts.report.outcome, Outcome::completed) << lasts.report.describe();
    EXPECT_NEAR(lasts.state[1], 4.0, 1e-9);
    EXPECT_EQ(stops.report.outcome, Outcome::step_limit);
    EXPECT_EQ(given_up.report.outcome, Outcome::cancelled);
    EXPECT_THROW(std::rethrow_exception(throws.error), std::domain_error);

    LaneRun<EmptyingTank> nowhere{{0.0, std::nan(""), 0.0}, &none, &timeline, &options};
    EXPECT_THROW(pool->add(nowhere), std::invalid_argument);
  }
}

template <class M>
LaneRun<M> run_of(LanePool<M>& pool, const StateOf<M>& from, double duration, const ParametersOf<M>& parameters,
                  const IntegrationOptions& options) {
  Timeline<ControlsOf<M>> timeline;
  timeline.append(duration, {});
  LaneRun<M> run{from, &parameters, &timeline, &options};
  pool.add(run);
  EXPECT_EQ(pool.next(), &run);
  EXPECT_EQ(run.report.outcome, Outcome::completed) << run.report.describe();
  return run;
}

TEST_P(LanesTest, TheImplicitMethodCrossesStiffnessInAFewSteps) {
  // Robertson's problem at 40 s and at 4e10 s, as the test set for initial value problem solvers and SUNDIALS' examples give it.
  const auto pool = here.robertson();
  // At the end the first two are what c, a sum of many steps' rounding, leaves of 1.
  for (const auto& [duration, exact, rounding] :
       {std::tuple{40.0, std::array{0.7158270687194, 9.185534764558e-6, 0.2841637457459}, 0.0},
        std::tuple{4e10, std::array{5.2083474251394888e-08, 2.0833390772616859e-13, 9.9999994791631752e-01}, 1e-6}})
    for (const double tolerance : {1e-4, 1e-6, 1e-8}) {
      IntegrationOptions options = with_tolerance(tolerance);
      options.absolute_tolerance = 1e-10 * tolerance; // the first two almost vanish
      const auto run = run_of<Robertson>(*pool, {1.0, 0.0, 0.0}, duration, {}, options);
      double worst = 0.0;
      for (std::size_t i = 0; i < exact.size(); ++i)
        worst = std::max(worst, std::abs(run.state[i] / exact[i] - 1.0));
      std::printf("  Robertson to %.0e s at %.0e: %zu steps, %zu rejected, relative error %.1e\n", duration, tolerance,
                  run.report.steps, run.report.rejected, worst);
      EXPECT_LT(worst, 20.0 * tolerance + rounding);
      EXPECT_LT(run.report.steps, 900U);
    }
  for (const double stiffness : {1e3, 1e6, 1e9}) { // an explicit method is held to steps of 3.3 / stiffness
    const auto run = run_of<StiffCosine>(*here.stiff_cosine(), {1.0}, 10.0, {stiffness}, with_tolerance(1e-6));
    std::printf("  cosine with a mode at %.0e/s: %zu steps, error %.1e\n", stiffness, run.report.steps,
                std::abs(run.state[0] - std::cos(10.0)));
    EXPECT_NEAR(run.state[0], std::cos(10.0), 1e-6);
    EXPECT_LT(run.report.steps, 200U);
  }
}

TEST_P(LanesTest, AStepWhoseFactorsAreUselessIsRejected) {
  IntegrationOptions options = with_tolerance(1e6); // no step is too long for the error estimate
  constexpr double gamma = 0.21193756319429014;     // of Rodas5P
  for (const double pivot : {0.0, 0.1}) {
    options.initial_step = 1.0 / (gamma * (1.0 + pivot));
    const auto run = run_of<VanishingPivot>(*here.vanishing_pivot(), {1.0, 0.0}, 2.0 * options.initial_step, {}, options);
    std::printf("  pivot %.1f: %zu steps, %zu rejected\n", pivot, run.report.steps, run.report.rejected);
    EXPECT_EQ(run.report.rejected > 0, pivot == 0.0);
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, LanesTest, ::testing::ValuesIn(available_instruction_sets()),
                         [](const auto& test) { return std::string(to_string(test.param)); });

TEST(InstructionSets, TheEnvironmentChoosesAndIsChecked) {
  const char* before = std::getenv("LIMBFLOW_INSTRUCTION_SET");
  const std::string kept = before ? before : "";
  ::setenv("LIMBFLOW_INSTRUCTION_SET", "baseline", 1);
  EXPECT_EQ(instruction_set(), InstructionSet::baseline);
  ::setenv("LIMBFLOW_INSTRUCTION_SET", "mmx", 1);
  try {
    instruction_set();
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("baseline"), std::string::npos) << error.what();
  }
  ::setenv("LIMBFLOW_INSTRUCTION_SET", "", 1);
  EXPECT_EQ(instruction_set(), available_instruction_sets().back());
  if (before)
    ::setenv("LIMBFLOW_INSTRUCTION_SET", kept.c_str(), 1);
  else
    ::unsetenv("LIMBFLOW_INSTRUCTION_SET");
}

} // namespace
} // namespace limbflow::core
