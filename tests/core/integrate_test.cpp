// The integration loop: breakpoints, limits, outcomes and bad input.
#include "core/integrate.hpp"
#include "tests/core/toy_models.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace limbflow::core {
namespace {

using namespace toys;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

template <class M> Timeline<ControlsOf<M>> single(double duration, ControlsOf<M> controls = {}, double begin = 0.0) {
  Timeline<ControlsOf<M>> timeline(begin);
  timeline.append(duration, controls, "only");
  return timeline;
}

/// Keeps what an observer is told.
struct Diary {
  std::vector<double> step_begins, step_ends, segment_begins, segment_ends;
  std::vector<std::string> labels;
  double longest_step = 0.0;

  template <class Segment, class State> void begin_segment(std::size_t, const Segment& segment, const State&) {
    labels.push_back(segment.label);
    segment_begins.push_back(segment.begin);
  }
  template <class Step> void step(const Step& step) {
    step_begins.push_back(step.begin());
    step_ends.push_back(step.end());
    longest_step = std::max(longest_step, step.length());
  }
  template <class State> void end_segment(double time, const State&) { segment_ends.push_back(time); }
};

TEST(Integrate, DecayIsExactWithinTolerance) {
  std::vector<double> y{3.0};
  const RunReport report = integrate<Decay>(y, single<Decay>(5.0), {0.7});
  EXPECT_EQ(report.outcome, Outcome::completed);
  EXPECT_EQ(report.time, 5.0);
  EXPECT_EQ(report.segment, "only");
  EXPECT_NEAR(y[0], 3.0 * std::exp(-3.5), 1e-6);
  EXPECT_GT(report.steps, 3U);
  EXPECT_TRUE(report.worst.empty());
}

TEST(Integrate, StepsMeetBreakpointsExactlyAndLeaveNoGap) {
  Timeline<Decay::Controls<double>> timeline(0.1);
  for (int i = 0; i < 30; ++i)
    timeline.append(i % 2 == 0 ? 1.1 : 0.7, {i % 2 == 0 ? 1.0 : 0.0}, std::to_string(i));
  std::vector<double> y{1.0};
  Diary diary;
  const RunReport report = integrate<Decay>(y, timeline, {2.0}, {}, diary);
  EXPECT_EQ(report.time, timeline.end());
  ASSERT_EQ(diary.labels.size(), 30U);
  for (std::size_t i = 0; i < timeline.size(); ++i) {
    EXPECT_EQ(diary.segment_begins[i], timeline[i].begin);
    EXPECT_EQ(diary.segment_ends[i], timeline[i].end);
    EXPECT_EQ(std::count(diary.step_ends.begin(), diary.step_ends.end(), timeline[i].end), 1) << i;
    EXPECT_EQ(std::count(diary.step_begins.begin(), diary.step_begins.end(), timeline[i].begin), 1) << i;
  }
  EXPECT_EQ(diary.step_begins.size(), report.steps);
  for (std::size_t k = 1; k < diary.step_begins.size(); ++k)
    EXPECT_EQ(diary.step_begins[k], diary.step_ends[k - 1]);

  double exact = 1.0;
  for (const auto& segment : timeline.segments()) {
    const double settled = segment.controls.source / 2.0;
    exact = settled + (exact - settled) * std::exp(-2.0 * segment.duration());
  }
  EXPECT_NEAR(y[0], exact, 2e-6);
}

TEST(Integrate, OneSecondPulseInAnHourIsNotSteppedOver) {
  Timeline<Accumulator::Controls<double>> timeline;
  timeline.append(1800.0, {0.0}, "before");
  timeline.append(1.0, {30.0}, "pulse");
  timeline.append(1799.0, {0.0}, "after");
  std::vector<double> y{0.0};
  const RunReport report = integrate<Accumulator>(y, timeline, {});
  EXPECT_EQ(report.time, 3600.0);
  EXPECT_NEAR(y[0], 30.0, 30.0 * 1e-14);
  EXPECT_LT(report.steps, 100U);
}

TEST(Integrate, NoSliverIsLeftBeforeABreakpoint) {
  Diary diary;
  std::vector<double> y{1.0};
  IntegrationOptions options;
  options.maximum_step = options.initial_step = 0.1;
  integrate<Decay>(y, single<Decay>(1.0005), {1e-6}, options, diary);
  EXPECT_EQ(diary.step_ends.size(), 10U); // the last step takes the 0.5 % with it
  for (std::size_t k = 0; k < diary.step_ends.size(); ++k)
    EXPECT_GT(diary.step_ends[k] - diary.step_begins[k], 0.049);
  EXPECT_LE(diary.longest_step, 0.101 * (1.0 + 1e-12));
}

TEST(Integrate, RestOfUnderTwoStepsIsHalved) {
  Diary diary;
  std::vector<double> y{1.0};
  IntegrationOptions options;
  options.maximum_step = options.initial_step = 0.1;
  integrate<Decay>(y, single<Decay>(1.02), {1e-6}, options, diary);
  ASSERT_EQ(diary.step_ends.size(), 11U);
  EXPECT_NEAR(diary.step_ends[9] - diary.step_begins[9], 0.06, 1e-12);
  EXPECT_NEAR(diary.step_ends[10] - diary.step_begins[10], 0.06, 1e-12);
}

TEST(Integrate, EndIsTheTimelinesOwnToTheLastBit) {
  const double begin = 0.2651266436754478, end = 3.3215474907565867;
  ASSERT_NE(begin + (end - begin), end);
  std::vector<double> y{1.0};
  Diary diary;
  const Timeline<Decay::Controls<double>> timeline({{begin, end, {}, "odd"}, {end, 4.0, {}, "next"}});
  const RunReport report = integrate<Decay>(y, timeline, {1.0}, {}, diary);
  EXPECT_EQ(report.time, 4.0);
  EXPECT_EQ(std::count(diary.step_ends.begin(), diary.step_ends.end(), end), 1);
  EXPECT_EQ(std::count(diary.step_begins.begin(), diary.step_begins.end(), end), 1);
}

TEST(Integrate, ModelSeesTheAbsoluteTime) {
  // The same pulsatile inflow, whole and cut into segments at odd times, starting late.
  const Windkessel::Parameters<double> parameters{1.2, 1.5, 6.8};
  const Windkessel::Controls<double> inflow{80.0};
  Timeline<Windkessel::Controls<double>> whole(100.0), cut(100.0);
  whole.append(7.0, inflow);
  for (const double duration : {0.3, 2.9, 1.7, 2.1})
    cut.append(duration, inflow);
  const double start = Windkessel::exact(100.0, 70.0, parameters, inflow);
  const double exact = Windkessel::exact(107.0, 70.0, parameters, inflow);
  for (const auto* timeline : {&whole, &cut}) {
    std::vector<double> y{start};
    integrate<Windkessel>(y, *timeline, parameters);
    EXPECT_NEAR(y[0], exact, 1e-4); // of 100 mmHg
  }
}

TEST(Integrate, MaximumStepIsKept) {
  Diary diary;
  std::vector<double> y{1.0};
  IntegrationOptions options;
  options.maximum_step = 0.25;
  const RunReport report = integrate<Decay>(y, single<Decay>(60.0), {0.01}, options, diary);
  EXPECT_GE(report.steps, 238U);
  EXPECT_LE(diary.longest_step, 0.2525);
}

TEST(Integrate, LateSegmentsLoseNoDigits) {
  // The same short segment at t = 0 and after a year: the steps are local to the segment, so the answers agree to the
  // last bit.
  const auto solve = [](double begin) {
    std::vector<double> y{1.0};
    integrate<Decay>(y, single<Decay>(0.5, {0.3}, begin), {4.0});
    return y[0];
  };
  EXPECT_EQ(solve(0.0), solve(33554432.0)); // 2^25 s, so that begin + 0.5 is exact
}

TEST(Integrate, TheSameRunGivesTheSameBits) {
  const auto solve = [] {
    std::vector<double> y{2.0, 0.0};
    const RunReport report = integrate<VanDerPol>(y, single<VanDerPol>(25.0), {5.0});
    y.push_back(static_cast<double>(report.steps));
    return y;
  };
  EXPECT_EQ(solve(), solve());
}

TEST(Integrate, ModelThatGoesNaNNamesTheStateAndKeepsTheGoodPart) {
  std::vector<double> y{0.0, 1.0, 0.0};
  Diary diary;
  const RunReport report = integrate<EmptyingTank>(y, single<EmptyingTank>(3.0), {}, {}, diary);
  EXPECT_EQ(report.outcome, Outcome::non_finite);
  EXPECT_TRUE(is_failure(report.outcome));
  EXPECT_NEAR(report.time, 1.0, 1e-8); // the level reaches zero at 1 s
  ASSERT_EQ(report.worst.size(), 1U);
  EXPECT_EQ(report.worst[0].name, "level");
  EXPECT_EQ(report.worst[0].unit, "cm");
  EXPECT_TRUE(std::isinf(report.worst[0].weighted_error));
  for (const double value : y)
    EXPECT_TRUE(std::isfinite(value));
  EXPECT_NEAR(y[0], report.time, 1e-12);
  EXPECT_EQ(diary.step_ends.back(), report.time);
  EXPECT_EQ(diary.segment_ends.back(), report.time);
  EXPECT_GT(report.rejected, 0U);
  const std::string sentence = report.describe();
  for (const char* part : {"not finite", "t = 1 s", "only", "level = ", "cm"})
    EXPECT_NE(sentence.find(part), std::string::npos) << sentence;
}

TEST(Integrate, ModelThatStartsNaNStopsAtOnce) {
  std::vector<double> y{0.0, -1.0, 0.0};
  const RunReport report = integrate<EmptyingTank>(y, single<EmptyingTank>(3.0, {}, 7.0), {});
  EXPECT_EQ(report.outcome, Outcome::non_finite);
  EXPECT_EQ(report.time, 7.0);
  EXPECT_EQ(report.steps, 0U);
  ASSERT_EQ(report.worst.size(), 1U);
  EXPECT_EQ(report.worst[0].name, "level");
  EXPECT_EQ(report.worst[0].value, -1.0);
  EXPECT_EQ(y, (std::vector<double>{0.0, -1.0, 0.0}));
}

/// dy/dt = y^2 from 1: infinite at t = 1.
struct BlowUp : Decay {
  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 1> list{{{"blow_up", "mL", 1.0}}};
    return list;
  }
  template <class T> static void rhs(const T&, const T* y, T* dydt, const Parameters<T>&, const Controls<T>&) {
    dydt[0] = y[0] * y[0];
  }
};

TEST(Integrate, SingularityEndsWithAFailureAtItsTime) {
  std::vector<double> y{1.0};
  const RunReport report = integrate<BlowUp>(y, single<BlowUp>(2.0), {1.0});
  EXPECT_EQ(report.outcome, Outcome::step_too_small) << report.describe();
  EXPECT_NEAR(report.time, 1.0, 1e-5);
  ASSERT_EQ(report.worst.size(), 1U);
  EXPECT_EQ(report.worst[0].name, "blow_up");
  EXPECT_GT(report.worst[0].weighted_error, 1.0);
  EXPECT_GT(y[0], 1e5);
}

TEST(Integrate, StepLimitCountsAcceptedAndRejected) {
  IntegrationOptions options;
  options.maximum_steps = 57;
  std::vector<double> y{2.0, 0.0};
  const RunReport report = integrate<VanDerPol>(y, single<VanDerPol>(100.0), {5.0}, options);
  EXPECT_EQ(report.outcome, Outcome::step_limit);
  EXPECT_EQ(report.steps + report.rejected, 57U);
  EXPECT_GT(report.time, 0.0);
  EXPECT_LT(report.time, 100.0);
  EXPECT_FALSE(report.worst.empty());
  EXPECT_GE(report.worst.front().weighted_error, report.worst.back().weighted_error);
}

TEST(Integrate, CancelStopsBeforeTheNextStep) {
  int asked = 0;
  IntegrationOptions options;
  options.cancel = [&] { return ++asked > 12; };
  std::vector<double> y{2.0, 0.0};
  Diary diary;
  const RunReport report = integrate<VanDerPol>(y, single<VanDerPol>(100.0), {5.0}, options, diary);
  EXPECT_EQ(report.outcome, Outcome::cancelled);
  EXPECT_FALSE(is_failure(report.outcome));
  EXPECT_EQ(report.steps + report.rejected, 12U);
  EXPECT_EQ(diary.step_ends.size(), report.steps);
  EXPECT_EQ(diary.segment_ends, std::vector<double>{report.time});
}

/// dy/dt = -1 with a floor at zero: an empty vessel.
struct Draining : Accumulator {
  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 1> list{{{"volume", "mL", 1.0, 0.0}}};
    return list;
  }
};

TEST(Integrate, LeavingABoundEndsTheRunAndNamesTheState) {
  IntegrationOptions options;
  options.maximum_step = 0.01;
  std::vector<double> y{1.0};
  const RunReport report = integrate<Draining>(y, single<Draining>(5.0, {-1.0}), {}, options);
  EXPECT_EQ(report.outcome, Outcome::bound_violated);
  EXPECT_NEAR(report.time, 1.0, 0.011);
  ASSERT_EQ(report.worst.size(), 1U);
  EXPECT_EQ(report.worst[0].name, "volume");
  EXPECT_LT(report.worst[0].value, 0.0);
  EXPECT_GT(report.worst[0].weighted_error, options.bound_slack);
}

TEST(Integrate, RoundOffBeyondABoundIsForgiven) {
  // Drains to within the slack of ten tolerances below the floor, and stays there.
  std::vector<double> y{1.0};
  Timeline<Draining::Controls<double>> timeline;
  timeline.append(1.0 + 5e-6, {-1.0});
  timeline.append(10.0, {0.0});
  EXPECT_EQ(integrate<Draining>(y, timeline, {}).outcome, Outcome::completed);
  EXPECT_LT(y[0], 0.0);
  EXPECT_EQ(integrate<Draining>(y, timeline, {}).outcome, Outcome::bound_violated); // such a state may start a run, too
}

TEST(Integrate, BadInputThrowsWithAllItsProblems) {
  IntegrationOptions options;
  options.relative_tolerance = 0.0;
  options.absolute_tolerance = -1e-6;
  options.initial_step = not_a_number;
  options.minimum_step = 0.0;
  options.maximum_step = -1.0;
  options.maximum_steps = 0;
  options.bound_slack = -1.0;
  std::vector<double> y{not_a_number};
  try {
    integrate<Decay>(y, Timeline<Decay::Controls<double>>(), {1.0}, options);
    FAIL() << "accepted";
  } catch (const std::invalid_argument& problem) {
    const std::string text = problem.what();
    for (const char* part : {"amount", "not finite", "timeline is empty", "relative_tolerance", "absolute_tolerance",
                             "initial_step", "minimum_step", "maximum_step ", "maximum_steps", "bound_slack"})
      EXPECT_NE(text.find(part), std::string::npos) << part << " missing in " << text;
  }
}

TEST(Integrate, EachBadInputIsRefusedOnItsOwn) {
  const auto refused = [](std::vector<double> y, IntegrationOptions options) {
    try {
      integrate<Draining>(y, single<Draining>(1.0), {}, options);
      return false;
    } catch (const std::invalid_argument&) {
      return true;
    }
  };
  const auto changed = [](auto member, auto value) {
    IntegrationOptions options;
    options.*member = value;
    return options;
  };
  EXPECT_FALSE(refused({1.0}, {}));
  EXPECT_TRUE(refused({}, {}));
  EXPECT_TRUE(refused({1.0, 2.0}, {}));
  EXPECT_TRUE(refused({infinity}, {}));
  EXPECT_TRUE(refused({-0.1}, {})); // below its bound
  EXPECT_TRUE(refused({1.0}, changed(&IntegrationOptions::relative_tolerance, 0.0)));
  EXPECT_TRUE(refused({1.0}, changed(&IntegrationOptions::relative_tolerance, not_a_number)));
  EXPECT_TRUE(refused({1.0}, changed(&IntegrationOptions::absolute_tolerance, 0.0)));
  EXPECT_TRUE(refused({1.0}, changed(&IntegrationOptions::absolute_tolerance, infinity)));
  EXPECT_TRUE(refused({1.0}, changed(&IntegrationOptions::initial_step, -1.0)));
  EXPECT_TRUE(refused({1.0}, changed(&IntegrationOptions::maximum_step, not_a_number)));
  EXPECT_TRUE(refused({1.0}, changed(&IntegrationOptions::maximum_step, 1e-12)));
}

TEST(Integrate, NothingRunsOnBadInput) {
  std::vector<double> y{1.0, 2.0};
  Diary diary;
  EXPECT_THROW(integrate<Decay>(y, single<Decay>(1.0), {1.0}, {}, diary), std::invalid_argument);
  EXPECT_TRUE(diary.labels.empty());
  EXPECT_EQ(y, (std::vector<double>{1.0, 2.0}));
}

TEST(ErrorChecker, NotANumberIsAnInfiniteError) {
  Tolerances<2> tolerances{{1e-6, 1e-3}, 1e-6};
  StepError<2> record;
  ErrorChecker<2> checker(tolerances, record);
  int algebra = 0;
  const std::array<double, 2> y{0.0, 0.0}, dydt{0.0, 0.0};
  record.proposed = {0.0, 0.0};
  EXPECT_DOUBLE_EQ(checker.error(algebra, y, dydt, std::array{1e-6, 5e-4}, 1.0), 1.0);
  EXPECT_DOUBLE_EQ(record.weighted[1], 0.5);
  EXPECT_TRUE(std::isinf(checker.error(algebra, y, dydt, std::array{1e-9, not_a_number}, 1.0)));
  EXPECT_TRUE(std::isinf(record.weighted[1]));
  EXPECT_TRUE(std::isinf(checker.error(algebra, y, dydt, std::array{not_a_number, 1e-9}, 1.0)));
  EXPECT_TRUE(std::isinf(checker.error(algebra, y, dydt, std::array{infinity, 1e-9}, 1.0)));
  record.proposed = {infinity, 0.0}; // an overflow that the estimate hides
  EXPECT_TRUE(std::isinf(checker.error(algebra, y, dydt, std::array{1e-9, 1e-9}, 1.0)));
  record.proposed = {2.0, 0.0}; // relative to the larger end
  EXPECT_DOUBLE_EQ(checker.error(algebra, y, dydt, std::array{3e-6, 0.0}, 1.0), 1.0);
}

TEST(StepAdjuster, GrowsAndShrinksWithinItsLimits) {
  StepAdjuster adjuster;
  EXPECT_DOUBLE_EQ(adjuster.increase_step(1.0, 0.0, 5), 5.0);
  EXPECT_DOUBLE_EQ(adjuster.decrease_step(1.0, infinity, 4), 0.2);
  EXPECT_DOUBLE_EQ(adjuster.increase_step(1.0, 0.0, 5), 1.0); // not right after a rejection
  EXPECT_DOUBLE_EQ(adjuster.increase_step(1.0, 0.0, 5), 5.0);
  const double shrunk = adjuster.decrease_step(1.0, 2.0, 4);
  EXPECT_GT(shrunk, 0.7);
  EXPECT_LT(shrunk, 0.9);
}

TEST(Outcome, EveryOutcomeHasANameAndASentence) {
  std::vector<std::string> names, sentences;
  for (const Outcome outcome : {Outcome::completed, Outcome::event, Outcome::cancelled, Outcome::non_finite,
                                Outcome::step_too_small, Outcome::step_limit, Outcome::bound_violated}) {
    RunReport report;
    report.outcome = outcome;
    names.emplace_back(to_string(outcome));
    sentences.push_back(report.describe());
  }
  for (auto* list : {&names, &sentences}) {
    std::sort(list->begin(), list->end());
    EXPECT_EQ(std::adjacent_find(list->begin(), list->end()), list->end());
  }
}

} // namespace
} // namespace limbflow::core
