// Order of convergence, and error against tolerance, on problems with known answers.
#include "core/integrate.hpp"
#include "tests/core/toy_models.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <vector>

namespace limbflow::core {
namespace {

using namespace toys;

/// Tolerances so loose that every step is as long as it may be: fixed steps.
IntegrationOptions fixed_step(double step) {
  IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = 1e6;
  options.initial_step = options.maximum_step = step;
  return options;
}

IntegrationOptions with_tolerance(double tolerance) {
  IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = tolerance;
  return options;
}

const Windkessel::Parameters<double> windkessel{1.2, 1.5, 2.0 * std::numbers::pi * 65.0 / 60.0};
const Windkessel::Controls<double> windkessel_inflow{80.0};
constexpr double windkessel_initial = 70.0;

double windkessel_error(double duration, const IntegrationOptions& options, std::size_t* evaluations = nullptr) {
  Timeline<Windkessel::Controls<double>> timeline;
  timeline.append(duration, windkessel_inflow);
  std::vector<double> y{windkessel_initial};
  const RunReport report = integrate<Windkessel>(y, timeline, windkessel, options);
  EXPECT_EQ(report.outcome, Outcome::completed) << report.describe();
  if (evaluations)
    *evaluations = report.rhs_evaluations;
  return std::abs(y[0] - Windkessel::exact(duration, windkessel_initial, windkessel, windkessel_inflow));
}

TEST(Order, FixedStepsConvergeWithTheFifthPower) {
  double before = 0.0;
  for (const double step : {0.04, 0.02, 0.01}) {
    const double error = windkessel_error(1.6, fixed_step(step));
    if (before > 0.0) {
      const double order = std::log2(before / error);
      std::printf("  step %.2f s: error %.3e mmHg, observed order %.3f\n", step, error, order);
      EXPECT_NEAR(order, 5.0, 0.15) << "step " << step;
    }
    before = error;
  }
}

struct MidStepError {
  double largest = 0.0;
  template <class Segment, class State> void begin_segment(std::size_t, const Segment&, const State&) {}
  template <class Step> void step(const Step& step) {
    StateOf<Windkessel> y;
    for (const double fraction : {0.25, 0.5, 0.75}) {
      step.state_at_fraction(fraction, y);
      const double exact =
          Windkessel::exact(step.time_at_fraction(fraction), windkessel_initial, windkessel, windkessel_inflow);
      largest = std::max(largest, std::abs(y[0] - exact));
    }
  }
  template <class State> void end_segment(double, const State&) {}
};

TEST(Order, DenseOutputErrorFallsWithTheFifthPower) {
  double before = 0.0;
  for (const double step : {0.08, 0.04, 0.02, 0.01}) {
    Timeline<Windkessel::Controls<double>> timeline;
    timeline.append(1.6, windkessel_inflow);
    std::vector<double> y{windkessel_initial};
    MidStepError observer;
    integrate<Windkessel>(y, timeline, windkessel, fixed_step(step), observer);
    if (before > 0.0) {
      const double order = std::log2(before / observer.largest);
      std::printf("  step %.2f s: dense output error %.3e mmHg, observed order %.3f\n", step, observer.largest, order);
      EXPECT_NEAR(order, 5.0, 0.25) << "step " << step;
    }
    before = observer.largest;
  }
}

TEST(Order, FixedStepsAreReallyFixed) {
  std::size_t evaluations = 0;
  windkessel_error(1.6, fixed_step(0.02), &evaluations);
  EXPECT_EQ(evaluations, 1U + 80U * 6U); // the first derivative, then six a step
}

TEST(Order, ErrorIsProportionalToToleranceOverEightDecades) {
  double loosest = 0.0, tightest = 0.0;
  for (double tolerance = 1e-3; tolerance > 0.5e-11; tolerance *= 1e-2) {
    const double relative = windkessel_error(10.0, with_tolerance(tolerance)) / 100.0;
    std::printf("  tolerance %.0e: error %.2e of the state's scale\n", tolerance, relative);
    EXPECT_LT(relative, 3.0 * tolerance);
    if (loosest == 0.0)
      loosest = relative;
    tightest = relative;
  }
  const double slope = std::log10(loosest / tightest) / 8.0;
  EXPECT_NEAR(slope, 1.0, 0.15);
}

TEST(Order, VanDerPolAgreesWithATightReference) {
  // From (2, 0) with mu = 5 over two periods of the relaxation oscillation.
  const VanDerPol::Parameters<double> parameters{5.0};
  Timeline<NoParameters> timeline;
  timeline.append(25.0, {});
  const auto solve = [&](double tolerance) {
    std::vector<double> y{2.0, 0.0};
    const RunReport report = integrate<VanDerPol>(y, timeline, parameters, with_tolerance(tolerance));
    EXPECT_EQ(report.outcome, Outcome::completed) << report.describe();
    return y;
  };
  const std::vector<double> reference = solve(1e-13);
  // Solved independently with SciPy's DOP853 at rtol = atol = 1e-13.
  EXPECT_NEAR(reference[0], 1.747561006961, 1e-9);
  EXPECT_NEAR(reference[1], -0.167270372278, 1e-9);
  for (const double tolerance : {1e-4, 1e-6, 1e-8}) {
    const std::vector<double> y = solve(tolerance);
    const double error = std::max(std::abs(y[0] - reference[0]), std::abs(y[1] - reference[1]));
    std::printf("  tolerance %.0e: Van der Pol error %.2e\n", tolerance, error);
    EXPECT_LT(error, 30.0 * tolerance); // the phase drifts over two fast jumps
    EXPECT_GT(error, 1e-3 * tolerance); // and work is not wasted
  }
}

TEST(Order, TheLimitOfStabilityIsHeldWithoutManyRejections) {
  // y = cos t with a fast mode at 1000/s: the step is held near 3.3/1000 s by stability, not by accuracy.
  Timeline<NoParameters> timeline;
  timeline.append(10.0, {});
  std::vector<double> y{1.0};
  const RunReport report = integrate<StiffCosine>(y, timeline, {1000.0}, with_tolerance(1e-6));
  EXPECT_EQ(report.outcome, Outcome::completed);
  EXPECT_NEAR(y[0], std::cos(10.0), 1e-6);
  std::printf("  %zu steps, %zu rejected\n", report.steps, report.rejected);
  EXPECT_LT(report.steps, 4000U);
  EXPECT_LT(report.rejected, report.steps / 10);
}

} // namespace
} // namespace limbflow::core
