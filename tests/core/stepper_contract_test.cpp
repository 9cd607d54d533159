// What every stepper keeps to: the scalar loop, and the methods of the lanes in every instruction set. Steps meet breakpoints exactly and
// leave no gap, a short pulse is never stepped over, and the error follows the tolerance.
#include "core/integrate.hpp"
#include "tests/core/lanes/lane_toys.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <numbers>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace limbflow::core {
namespace {

using namespace toys;
using Course = Timeline<Windkessel::Controls<double>>;

/// Where the steps of a run began and ended, and each segment.
struct Record {
  std::vector<std::pair<double, double>> steps;
  std::vector<double> ends;
  std::vector<double> pressures; // at the ends
};

struct ScalarRecorder {
  Record& record;
  template <class Segment, class State> void begin_segment(std::size_t, const Segment&, const State&) {}
  template <class Step> void step(const Step& step) { record.steps.emplace_back(step.begin(), step.end()); }
  template <class State> void end_segment(double time, const State& y) {
    record.ends.push_back(time);
    record.pressures.push_back(y[0]);
  }
};

struct LaneRecorder : LaneWatcher<Windkessel> {
  Record& record;
  explicit LaneRecorder(Record& into) : record(into) {}
  void begin_segment(std::size_t, const Segment<Windkessel::Controls<double>>&, const StateOf<Windkessel>&, const double*) override {}
  void step(const DenseStep<LaneStepper<Windkessel>>& step) override { record.steps.emplace_back(step.begin(), step.end()); }
  void end_segment(double time, const StateOf<Windkessel>& y) override {
    record.ends.push_back(time);
    record.pressures.push_back(y[0]);
  }
};

struct Stepper {
  std::string name;
  double largest_power; // of the tolerance that the error goes with
  std::function<Record(double initial, const Course&, const Windkessel::Parameters<double>&, const IntegrationOptions&)> run;
};

void PrintTo(const Stepper& stepper, std::ostream* out) { *out << stepper.name; }

std::vector<Stepper> every_stepper() {
  std::vector<Stepper> all{{"scalar_dopri5", 1.15, [](double initial, const Course& course, const auto& parameters, const auto& options) {
                              Record record;
                              std::vector<double> y{initial};
                              ScalarRecorder recorder{record};
                              const RunReport report = integrate<Windkessel>(y, course, parameters, options, recorder);
                              EXPECT_EQ(report.outcome, Outcome::completed) << report.describe();
                              return record;
                            }}};
  // The estimate of DOP853 is of lower order than its error, so that this falls a little faster than the tolerance.
  for (const InstructionSet set : available_instruction_sets())
    for (const auto& [method, name, power] : {std::tuple(LaneMethod::dormand_prince_5, "dopri5", 1.15), std::tuple(LaneMethod::dop_853, "dop853", 1.35),
          std::tuple(LaneMethod::rodas_5p, "rodas5p", 1.15)})
      all.push_back({std::string(to_string(set)) + "_" + name, power,
                     [set, method = method](double initial, const Course& course, const auto& parameters, const auto& options) {
                       Record record;
                       LaneRecorder recorder(record);
                       LaneRun<Windkessel> run{{initial}, &parameters, &course, &options, &recorder};
                       const auto pool = lane_toys(set).windkessel(method);
                       pool->add(run);
                       EXPECT_EQ(pool->next(), &run);
                       EXPECT_EQ(run.report.outcome, Outcome::completed) << run.report.describe();
                       return record;
                     }});
  return all;
}

class StepperContract : public testing::TestWithParam<Stepper> {};

TEST_P(StepperContract, RunsDownToNothing) { // to errors whose squares are no numbers any more
  const Windkessel::Parameters<double> draining{1.0, 1.0, 0.0};
  Course course;
  course.append(1000.0, {0.0}, "draining");
  IntegrationOptions options;
  options.maximum_step = 1.0;
  const Record record = GetParam().run(1.0, course, draining, options);
  ASSERT_EQ(record.pressures.size(), 1u);
  EXPECT_NEAR(record.pressures[0], 0.0, 1e-6);
}

TEST_P(StepperContract, SeesAPulseOfOneSecondInAnHour) {
  const Windkessel::Parameters<double> leakless{1e12, 1.0, 0.0}; // adds up what comes in
  Course course;
  course.append(1800.0, {0.0}, "before");
  course.append(1.0, {30.0}, "pulse");
  course.append(1799.0, {0.0}, "after");
  const IntegrationOptions options;
  const Record record = GetParam().run(0.0, course, leakless, options);
  ASSERT_EQ(record.ends, (std::vector<double>{1800.0, 1801.0, 3600.0}));
  EXPECT_NEAR(record.pressures[1], 30.0, 1e-7);
  EXPECT_NEAR(record.pressures[2], 30.0, 1e-6);
}

TEST_P(StepperContract, MeetsEveryBreakpointExactlyAndLeavesNoGap) {
  const Windkessel::Parameters<double> parameters{1.2, 1.5, 2.0 * std::numbers::pi};
  Course course(0.1);
  std::vector<double> breakpoints;
  for (int i = 0; i < 200; ++i) {
    course.append(0.01 + 0.37 * static_cast<double>(i * 7 % 11), {static_cast<double>(i % 5) * 30.0});
    breakpoints.push_back(course.end());
  }
  const IntegrationOptions options;
  const Record record = GetParam().run(70.0, course, parameters, options);
  EXPECT_EQ(record.ends, breakpoints);
  double at = course.begin();
  std::size_t next = 0;
  for (const auto& [begin, end] : record.steps) {
    EXPECT_EQ(begin, at);
    EXPECT_LE(end, breakpoints[next]);
    next += end == breakpoints[next];
    at = end;
  }
  EXPECT_EQ(next, breakpoints.size());
}

TEST_P(StepperContract, ErrorIsProportionalToToleranceOverFourDecades) {
  const Windkessel::Parameters<double> parameters{1.2, 1.5, 2.0 * std::numbers::pi};
  const Windkessel::Controls<double> controls{80.0};
  Course course;
  course.append(10.0, controls);
  std::vector<double> logs;
  for (const double tolerance : {1e-5, 1e-6, 1e-7, 1e-8, 1e-9}) {
    IntegrationOptions options;
    options.relative_tolerance = options.absolute_tolerance = tolerance;
    double worst = 0.0; // over several ends: the error of one moment may be small by chance
    for (const double initial : {20.0, 70.0, 100.0, 140.0}) {
      const Record record = GetParam().run(initial, course, parameters, options);
      worst = std::max(worst, std::abs(record.pressures[0] - Windkessel::exact(10.0, initial, parameters, controls)) / 100.0);
    }
    std::printf("  %s, tolerance %.0e: error %.2e\n", GetParam().name.c_str(), tolerance, worst);
    EXPECT_LT(worst, 3.0 * tolerance);
    logs.push_back(std::log10(worst));
  }
  double slope = 0.0; // of the least-squares line
  for (std::size_t i = 0; i < logs.size(); ++i)
    slope += (static_cast<double>(i) - 2.0) * -logs[i] / 10.0;
  std::printf("  %s: error goes with tolerance to the power %.2f\n", GetParam().name.c_str(), slope);
  EXPECT_GT(slope, 0.85);
  EXPECT_LT(slope, GetParam().largest_power);
}

INSTANTIATE_TEST_SUITE_P(All, StepperContract, testing::ValuesIn(every_stepper()), [](const auto& stepper) { return stepper.param.name; });

} // namespace
} // namespace limbflow::core
