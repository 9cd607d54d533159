// Events found by root: where, how often, in which direction.
#include "core/integrate.hpp"
#include "tests/core/toy_models.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <span>
#include <string>
#include <vector>

namespace limbflow::core {
namespace {

using namespace toys;
constexpr double pi = std::numbers::pi;

IntegrationOptions tight() {
  IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = 1e-12;
  return options;
}

std::vector<EventRecord> named(const RunReport& report, const std::string& name) {
  std::vector<EventRecord> result;
  for (const EventRecord& event : report.events)
    if (event.name == name)
      result.push_back(event);
  return result;
}

Timeline<Oscillator::Controls<double>> oscillation(double duration, double level = -2.0) {
  Timeline<Oscillator::Controls<double>> timeline;
  timeline.append(duration, {level});
  return timeline;
}

TEST(Events, AreLocatedToANanosecond) {
  std::vector<double> y{0.0, 1.0}; // x = sin t
  const RunReport report = integrate<Oscillator>(y, oscillation(20.0), {}, tight());
  EXPECT_EQ(report.outcome, Outcome::completed);
  const auto falling = named(report, "zero_falling"), rising = named(report, "zero_rising"),
             turning = named(report, "peak_or_trough");
  ASSERT_EQ(falling.size(), 3U); // pi, 3 pi, 5 pi
  ASSERT_EQ(rising.size(), 3U);  // 2 pi, 4 pi, 6 pi; not the start, which is on the root
  ASSERT_EQ(turning.size(), 6U);
  double largest = 0.0;
  for (std::size_t k = 0; k < 3; ++k) {
    const double n = static_cast<double>(k);
    largest = std::max(largest, std::abs(falling[k].time - (2.0 * n + 1.0) * pi));
    largest = std::max(largest, std::abs(rising[k].time - (2.0 * n + 2.0) * pi));
    EXPECT_EQ(falling[k].direction, -1);
    EXPECT_EQ(rising[k].direction, +1);
  }
  for (std::size_t k = 0; k < 6; ++k) {
    largest = std::max(largest, std::abs(turning[k].time - (static_cast<double>(k) + 0.5) * pi));
    EXPECT_EQ(turning[k].direction, k % 2 == 0 ? -1 : +1);
  }
  std::printf("  largest error of 12 event times: %.2e s\n", largest);
  EXPECT_LT(largest, 1e-9);
  for (std::size_t k = 1; k < report.events.size(); ++k)
    EXPECT_LE(report.events[k - 1].time, report.events[k].time);
}

TEST(Events, TerminalEventEndsTheRunAtItsRoot) {
  std::vector<double> y{0.0, 1.0};
  const RunReport report = integrate<Oscillator>(y, oscillation(20.0, 0.5), {}, tight());
  EXPECT_EQ(report.outcome, Outcome::event);
  EXPECT_EQ(report.event, "level_falling");
  EXPECT_NEAR(report.time, 5.0 * pi / 6.0, 1e-9); // falls through 0.5 after the peak
  EXPECT_NEAR(y[0], 0.5, 1e-9);
  EXPECT_NEAR(y[1], std::cos(5.0 * pi / 6.0), 1e-9);
  EXPECT_EQ(report.events.back().name, "level_falling");
  EXPECT_EQ(named(report, "zero_falling").size(), 0U); // lies later
  EXPECT_NE(report.describe().find("level_falling"), std::string::npos);
}

struct LastStep {
  double begin = 0.0, end = 0.0, length = 0.0, x_at_end = 0.0, x_in_middle = 0.0, middle = 0.0, ended = 0.0;
  template <class Segment, class State> void begin_segment(std::size_t, const Segment&, const State&) {}
  template <class Step> void step(const Step& step) {
    StateOf<Oscillator> y;
    step.state_at_fraction(1.0, y);
    x_at_end = y[0];
    begin = step.begin();
    end = step.end();
    length = step.length();
    middle = step.time_at_fraction(0.5);
    step.state_at(middle, y);
    x_in_middle = y[0];
  }
  template <class State> void end_segment(double time, const State&) { ended = time; }
};

TEST(Events, ObserverSeesTheShortenedStep) {
  LastStep last;
  std::vector<double> y{0.0, 1.0};
  const RunReport report = integrate<Oscillator>(y, oscillation(20.0, 0.5), {}, tight(), last);
  EXPECT_EQ(last.end, report.time);
  EXPECT_EQ(last.ended, report.time);
  EXPECT_EQ(last.x_at_end, y[0]);
  EXPECT_NEAR(last.end - last.begin, last.length, 1e-14);
  EXPECT_NEAR(last.x_in_middle, std::sin(last.middle), 1e-9);
}

TEST(Events, RootAtABreakpointIsCountedOnce) {
  for (const double shift : {-1e-10, 0.0, 1e-10}) {
    Timeline<Oscillator::Controls<double>> timeline;
    timeline.append(pi + shift, {-2.0});
    timeline.append(1.0, {-3.0});
    std::vector<double> y{0.0, 1.0};
    const RunReport report = integrate<Oscillator>(y, timeline, {}, tight());
    const auto falling = named(report, "zero_falling");
    ASSERT_EQ(falling.size(), 1U) << shift;
    EXPECT_NEAR(falling[0].time, pi, 1e-9);
    EXPECT_EQ(named(report, "zero_rising").size(), 0U);
  }
}

/// Events on a straight line in time, height + slope t, whose roots are exact in floating point.
struct Line {
  template <class T> struct ControlSet { T height{}, slope{}; };
  template <class> using Parameters = NoParameters;
  template <class T> using Controls = ControlSet<T>;
  static constexpr std::size_t state_count = 1;
  static std::span<const StateInfo> states() {
    static constexpr std::array<StateInfo, 1> list{{{"value", "", 1.0}}};
    return list;
  }
  static std::span<const SignalInfo> signals() { return {}; }
  static std::span<const EventInfo> events() {
    static constexpr std::array<EventInfo, 2> list{{{"either_way", 0, false}, {"rising", +1, true}}};
    return list;
  }
  template <class T> static void rhs(const T&, const T*, T* dydt, const Parameters<T>&, const Controls<T>& c) {
    dydt[0] = c.slope;
  }
  template <class T> static void evaluate_signals(const T&, const T*, const Parameters<T>&, const Controls<T>&, T*) {}
  template <class T>
  static void evaluate_events(const T& t, const T*, const Parameters<T>&, const Controls<T>& c, T* out) {
    out[0] = out[1] = c.height + c.slope * t;
  }
};

/// One line a second.
RunReport follow(const std::vector<Line::Controls<double>>& lines) {
  Timeline<Line::Controls<double>> timeline;
  for (const auto& line : lines)
    timeline.append(1.0, line);
  std::vector<double> y{0.0};
  return integrate<Line>(y, timeline, {});
}

TEST(Events, ReachingZeroExactlyAtABreakpointCountsOnceWhetherItCrossesOrTurns) {
  for (const double slope_after : {-1.0, 1.0, 0.0}) {
    const RunReport report = follow({{1.0, -1.0}, {-slope_after, slope_after}});
    EXPECT_EQ(report.outcome, Outcome::completed) << slope_after;
    ASSERT_EQ(report.events.size(), 1U) << slope_after;
    EXPECT_EQ(report.events[0].name, "either_way");
    EXPECT_EQ(report.events[0].time, 1.0);
    EXPECT_EQ(report.events[0].direction, -1);
  }
}

TEST(Events, TerminalRootAtTheVeryEndCounts) {
  const RunReport report = follow({{-1.0, 1.0}});
  EXPECT_EQ(report.outcome, Outcome::event);
  EXPECT_EQ(report.event, "rising");
  EXPECT_EQ(report.time, 1.0);
  EXPECT_EQ(report.events.size(), 2U); // one for each function
}

TEST(Events, StartingOnARootIsNoCrossing) {
  EXPECT_TRUE(follow({{0.0, 1.0}}).events.empty());
  EXPECT_TRUE(follow({{0.0, 0.0}, {0.0, -1.0}}).events.empty());
}

TEST(Events, JumpOfTheControlsThroughZeroIsAnEventAtTheBreakpoint) {
  const RunReport report = follow({{1.0, 0.0}, {-1.0, 0.0}, {1.0, 0.0}, {-1.0, 0.0}});
  EXPECT_EQ(report.outcome, Outcome::event); // rising, at the second breakpoint
  EXPECT_EQ(report.time, 2.0);
  ASSERT_EQ(report.events.size(), 3U);
  EXPECT_EQ(report.events[0].time, 1.0);
  EXPECT_EQ(report.events[0].direction, -1);
  EXPECT_EQ(report.events[1].time, 2.0);
  EXPECT_EQ(report.events[1].direction, +1);
}

TEST(Events, FunctionThrownBackOverZeroAtABreakpointCountsOnce) {
  // Falls through zero 0.2 ns before the breakpoint, is 0.1 ns above it again with the next controls, and falls again.
  const RunReport report = follow({{1.0 - 2e-10, -1.0}, {1.0 + 1e-10, -1.0}});
  EXPECT_EQ(report.outcome, Outcome::completed); // no terminal rise
  ASSERT_EQ(report.events.size(), 1U);
  EXPECT_EQ(report.events[0].direction, -1);
}

TEST(Events, DirectionIsRespected) {
  const RunReport report = follow({{1.0, -2.0}, {-3.0, 2.0}});
  EXPECT_EQ(report.outcome, Outcome::event); // not at 0.5 s, falling, but at 1.5 s, rising
  EXPECT_NEAR(report.time, 1.5, 1e-9);
  EXPECT_EQ(named(report, "either_way").size(), 2U);
  EXPECT_EQ(named(report, "rising").size(), 1U);
}

/// y = y0 + 2 t - t^2, which the stepper follows exactly in one step.
struct Parabola : Line {
  static std::span<const EventInfo> events() {
    static constexpr std::array<EventInfo, 2> list{{{"either", 0, false}, {"rising", +1, false}}};
    return list;
  }
  template <class T> static void rhs(const T& t, const T*, T* dydt, const Parameters<T>&, const Controls<T>&) {
    dydt[0] = 2.0 - 2.0 * t;
  }
  template <class T>
  static void evaluate_events(const T&, const T* y, const Parameters<T>&, const Controls<T>&, T* out) {
    out[0] = out[1] = y[0];
  }
};

TEST(Events, TwoCrossingsInOneStepAreBothFound) {
  IntegrationOptions options;
  options.initial_step = 2.0;
  Timeline<Parabola::Controls<double>> timeline;
  timeline.append(2.0, {});
  std::vector<double> y{-0.75}; // above zero from 0.5 to 1.5 s
  const RunReport report = integrate<Parabola>(y, timeline, {}, options);
  EXPECT_EQ(report.steps, 1U);
  ASSERT_EQ(report.events.size(), 3U);
  EXPECT_NEAR(report.events[0].time, 0.5, 1e-9);
  EXPECT_NEAR(report.events[1].time, 0.5, 1e-9);
  EXPECT_NEAR(report.events[2].time, 1.5, 1e-9);
  EXPECT_EQ(report.events[2].name, "either");
  EXPECT_EQ(report.events[2].direction, -1);
}

} // namespace
} // namespace limbflow::core
