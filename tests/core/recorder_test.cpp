// Samples and summaries against closed forms.
#include "core/integrate.hpp"
#include "core/recorder.hpp"
#include "tests/core/toy_models.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numbers>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace limbflow::core {
namespace {

using namespace toys;
constexpr double pi = std::numbers::pi;

using DecayCourse = Timeline<Decay::Controls<double>>;

DecayCourse filling_and_emptying() {
  DecayCourse timeline;
  timeline.append(1.0, {0.0}, "baseline", 0);
  timeline.append(2.0, {3.0}, "set", 1);
  timeline.append(1.5, {0.0}, "rest", 2);
  timeline.append(2.0, {3.0}, "set again", 1);
  return timeline;
}
constexpr double rate = 0.8, initial = 1.0;

/// Amount at time t along filling_and_emptying().
double exact_amount(double t) {
  double amount = initial;
  const DecayCourse timeline = filling_and_emptying();
  for (const auto& segment : timeline.segments()) {
    const double settled = segment.controls.source / rate;
    const double elapsed = std::min(t, segment.end) - segment.begin;
    if (elapsed > 0.0)
      amount = settled + (amount - settled) * std::exp(-rate * elapsed);
  }
  return amount;
}

/// Integral of the amount over a segment: from dy/dt = source - rate y.
double exact_integral(const Segment<Decay::Controls<double>>& segment) {
  return (segment.controls.source * segment.duration() - (exact_amount(segment.end) - exact_amount(segment.begin))) /
         rate;
}

template <class M>
RunReport record(Recorder<M>& recorder, const Timeline<ControlsOf<M>>& timeline, std::vector<double> y,
                 const ParametersOf<M>& parameters, double tolerance = 1e-9) {
  IntegrationOptions options;
  options.relative_tolerance = options.absolute_tolerance = tolerance;
  return integrate<M>(y, timeline, parameters, options, recorder);
}

TEST(Recorder, SamplesLieOnTheGridAndOnTheSolution) {
  const DecayCourse timeline = filling_and_emptying();
  Recorder<Decay> recorder(timeline, {rate}, {{}, 0.1});
  record(recorder, timeline, {initial}, {rate});
  ASSERT_EQ(recorder.time().size(), 66U); // 0, 0.1, ..., 6.5
  const std::vector<double> amount = recorder.trace("amount"), source = recorder.trace("source");
  double largest = 0.0;
  for (std::size_t k = 0; k < 66; ++k) {
    EXPECT_EQ(recorder.time()[k], static_cast<double>(k) * 0.1); // the same grid in every run
    largest = std::max(largest, std::abs(amount[k] - exact_amount(recorder.time()[k])));
  }
  std::printf("  largest error of 66 samples: %.2e\n", largest);
  EXPECT_LT(largest, 1e-7); // dense output of fourth order, between steps at 1e-9
  EXPECT_EQ(recorder.value(3, 0), amount[3]);
  EXPECT_EQ(recorder.value(3, 1), source[3]);
}

TEST(Recorder, SampleAtABreakpointBelongsToTheLaterSegment) {
  const DecayCourse timeline = filling_and_emptying();
  Recorder<Decay> recorder(timeline, {rate}, {{"source"}, 0.1});
  record(recorder, timeline, {initial}, {rate});
  const std::vector<double> source = recorder.trace("source");
  for (std::size_t k = 0; k < source.size(); ++k)
    EXPECT_EQ(source[k], (k >= 10 && k < 30) || k >= 45 ? 3.0 : 0.0) << "sample " << k; // 1, 3, 4.5 and 6.5 s
}

TEST(Recorder, BreakpointsAreSampledOnceWhenAskedFor) {
  DecayCourse timeline;
  timeline.append(1.0, {0.0});
  timeline.append(0.25, {3.0});
  timeline.append(1.0, {0.0});
  Recorder<Decay> recorder(timeline, {rate}, {{}, 0.5, true});
  record(recorder, timeline, {initial}, {rate});
  EXPECT_EQ(recorder.time(), (std::vector<double>{0.0, 0.5, 1.0, 1.25, 1.5, 2.0, 2.25}));
  EXPECT_EQ(recorder.trace("source"), (std::vector<double>{0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0}));

  Recorder<Decay> only_breakpoints(timeline, {rate}, {{}, 0.0, true});
  record(only_breakpoints, timeline, {initial}, {rate});
  EXPECT_EQ(only_breakpoints.time(), (std::vector<double>{0.0, 1.0, 1.25, 2.25}));
}

TEST(Recorder, GridThatMissesABreakpointByRoundOffIsSampledOnce) {
  // 0.1 added up thirty times is not 30 x 0.1, and neither is 3.
  DecayCourse timeline;
  for (int i = 0; i < 30; ++i)
    timeline.append(0.1, {i % 2 == 0 ? 1.0 : 0.0});
  ASSERT_NE(timeline.end(), 30 * 0.1);
  Recorder<Decay> recorder(timeline, {rate}, {{"source"}, 0.1, true});
  record(recorder, timeline, {initial}, {rate});
  ASSERT_EQ(recorder.time().size(), 31U);
  const std::vector<double> source = recorder.trace("source");
  for (std::size_t k = 0; k < 30; ++k)
    EXPECT_EQ(source[k], k % 2 == 0 ? 1.0 : 0.0) << k;
}

TEST(Recorder, GroupSummariesAreExact) {
  const DecayCourse timeline = filling_and_emptying();
  Recorder<Decay> recorder(timeline, {rate});
  record(recorder, timeline, {initial}, {rate});
  EXPECT_EQ(recorder.groups(), (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(recorder.time().empty());

  const double integral = exact_integral(timeline[1]) + exact_integral(timeline[3]);
  const SignalSummary& sets = recorder.summary(1, "amount");
  std::printf("  integral over the sets: error %.2e of %.3f\n", sets.integral - integral, integral);
  EXPECT_NEAR(sets.integral, integral, 1e-8);
  EXPECT_NEAR(sets.duration, 4.0, 1e-14);
  EXPECT_NEAR(sets.mean(), integral / 4.0, 1e-8);
  EXPECT_NEAR(sets.minimum, exact_amount(1.0), 1e-8);
  EXPECT_EQ(sets.time_of_minimum, 1.0);
  EXPECT_NEAR(sets.maximum, exact_amount(6.5), 1e-8);
  EXPECT_EQ(sets.time_of_maximum, 6.5);
  EXPECT_EQ(sets.first, sets.minimum);
  EXPECT_EQ(sets.last, sets.maximum);

  const SignalSummary& rest = recorder.summary(2, "amount");
  EXPECT_NEAR(rest.integral, exact_integral(timeline[2]), 1e-8);
  EXPECT_EQ(rest.time_of_maximum, 3.0);
  EXPECT_EQ(rest.time_of_minimum, 4.5);

  EXPECT_EQ(recorder.summary(1, "source").minimum, 3.0); // nothing leaks over the breakpoints
  EXPECT_EQ(recorder.summary(2, "source").maximum, 0.0);
}

TEST(Recorder, SessionSummaryCoversTheWholeRun) {
  const DecayCourse timeline = filling_and_emptying();
  Recorder<Decay> recorder(timeline, {rate});
  record(recorder, timeline, {initial}, {rate});
  double integral = 0.0;
  for (const auto& segment : timeline.segments())
    integral += exact_integral(segment);
  const SignalSummary session = recorder.summary("amount");
  EXPECT_NEAR(session.integral, integral, 1e-8);
  EXPECT_NEAR(session.duration, 6.5, 1e-14);
  EXPECT_EQ(session.first, initial);
  EXPECT_EQ(session.first_time, 0.0);
  EXPECT_NEAR(session.last, exact_amount(6.5), 1e-8);
  EXPECT_EQ(session.last_time, 6.5);
  EXPECT_NEAR(recorder.summary("source").integral, 12.0, 1e-12);
}

TEST(Recorder, ExtremaInsideStepsAreFound) {
  // Windkessel with a pulse: the forced solution has amplitude q R / sqrt(1 + (w tau)^2) about q R.
  const Windkessel::Parameters<double> parameters{1.2, 1.5, 2.0 * pi};
  const Windkessel::Controls<double> inflow{80.0};
  const double tau = 1.8, wt = 2.0 * pi * tau, mean = 96.0, amplitude = mean / std::sqrt(1.0 + wt * wt);
  Timeline<Windkessel::Controls<double>> timeline;
  timeline.append(40.0, inflow, "settle", 0);
  timeline.append(10.0, inflow, "beats", 1);
  for (const double tolerance : {1e-4, 1e-6, 1e-8}) {
    Recorder<Windkessel> recorder(timeline, parameters);
    record(recorder, timeline, {mean}, parameters, tolerance);
    const SignalSummary& pressure = recorder.summary(1, "pressure");
    const SignalSummary& flow = recorder.summary(1, "inflow");
    std::printf("  tolerance %.0e: error of peak %.2e, trough %.2e, mean %.2e (mmHg), peak inflow %.2e, mean inflow "
                "%.2e (mL/s)\n",
                tolerance, pressure.maximum - (mean + amplitude), pressure.minimum - (mean - amplitude),
                pressure.mean() - mean, flow.maximum - 160.0, flow.mean() - 80.0);
    EXPECT_NEAR(pressure.maximum, mean + amplitude, 300.0 * tolerance);
    EXPECT_NEAR(pressure.minimum, mean - amplitude, 300.0 * tolerance);
    EXPECT_NEAR(pressure.mean(), mean, 300.0 * tolerance);
    EXPECT_NEAR(flow.maximum, 160.0, 100.0 * tolerance); // loose tolerance, long steps
    EXPECT_NEAR(flow.minimum, 0.0, 100.0 * tolerance);
    EXPECT_GE(flow.minimum, 0.0);
    EXPECT_NEAR(flow.mean(), 80.0, 300.0 * tolerance);
    const double phase = std::fmod(flow.time_of_maximum, 1.0); // sin(2 pi t) peaks at a quarter
    EXPECT_NEAR(phase, 0.25, 2e-3);
  }
}

/// A clock whose signals are powers of the time: what the quadrature makes of them is known.
struct Clock : Accumulator {
  static std::span<const SignalInfo> signals() {
    static constexpr std::array<SignalInfo, 3> list{{{"fourth", "", ""}, {"fifth", "", ""}, {"sixth", "", ""}}};
    return list;
  }
  template <class T>
  static void evaluate_signals(const T& t, const T*, const Parameters<T>&, const Controls<T>&, T* out) {
    out[0] = t * t * t * t;
    out[1] = out[0] * t;
    out[2] = out[1] * t;
  }
};

TEST(Recorder, QuadratureIsExactForQuinticsInOneStep) {
  Timeline<Clock::Controls<double>> timeline;
  timeline.append(2.0, {1.0});
  Recorder<Clock> recorder(timeline, {});
  IntegrationOptions options;
  options.initial_step = 2.0;
  std::vector<double> y{0.0};
  ASSERT_EQ(integrate<Clock>(y, timeline, {}, options, recorder).steps, 1U);
  EXPECT_NEAR(recorder.summary("fourth").integral, 32.0 / 5.0, 1e-14);
  EXPECT_NEAR(recorder.summary("fifth").integral, 64.0 / 6.0, 1e-14);
  EXPECT_GT(std::abs(recorder.summary("sixth").integral - 128.0 / 7.0), 1e-3);
}

TEST(Recorder, KeepsWhatWasRecordedBeforeAFailure) {
  Timeline<NoParameters> timeline;
  timeline.append(0.5, {}, "first", 0);
  timeline.append(2.5, {}, "drain", 1);
  timeline.append(1.0, {}, "never", 2);
  Recorder<EmptyingTank> recorder(timeline, {}, {{}, 0.25, true});
  const RunReport report = record(recorder, timeline, {0.0, 1.0, 0.0}, {});
  ASSERT_EQ(report.outcome, Outcome::non_finite);
  ASSERT_GE(recorder.time().size(), 5U); // 0, 0.25, 0.5, 0.75 and the last good time
  EXPECT_EQ(recorder.time()[3], 0.75);
  EXPECT_NEAR(recorder.trace("level")[3], 0.25, 1e-9);
  EXPECT_NEAR(recorder.time().back(), 1.0, 1e-8);
  EXPECT_NEAR(recorder.summary(1, "level").duration, report.time - 0.5, 1e-12);
  EXPECT_NEAR(recorder.summary(1, "level").integral, 0.125, 1e-8); // a triangle
  EXPECT_EQ(recorder.summary("level").last_time, report.time);
  EXPECT_TRUE(recorder.summary(2, "level").empty());
  EXPECT_TRUE(std::isnan(recorder.summary(2, "level").mean()));
}

TEST(Recorder, StopsAtATerminalEvent) {
  Timeline<Oscillator::Controls<double>> timeline;
  timeline.append(20.0, {0.5}, "swing", 3);
  Recorder<Oscillator> recorder(timeline, {}, {{}, 1.0, true});
  const RunReport report = record(recorder, timeline, {0.0, 1.0}, {}, 1e-10);
  ASSERT_EQ(report.outcome, Outcome::event);
  ASSERT_EQ(recorder.time().size(), 4U); // 0, 1, 2 s and the event at 5 pi / 6
  EXPECT_EQ(recorder.time().back(), report.time);
  EXPECT_NEAR(recorder.trace("x").back(), 0.5, 1e-8);
  EXPECT_NEAR(recorder.summary(3, "x").maximum, 1.0, 1e-8);
  EXPECT_NEAR(recorder.summary(3, "x").time_of_maximum, pi / 2.0, 1e-3);
  EXPECT_NEAR(recorder.summary(3, "x").integral, 1.0 - std::cos(5.0 * pi / 6.0), 1e-8);
}

TEST(Recorder, TakesItsRoomBeforeTheRun) {
  const DecayCourse timeline = filling_and_emptying();
  Recorder<Decay> recorder(timeline, {rate}, {{}, 0.001, true});
  const double* const time_before = recorder.time().data();
  const double* const values_before = recorder.values().data();
  record(recorder, timeline, {initial}, {rate});
  EXPECT_EQ(recorder.time().data(), time_before);
  EXPECT_EQ(recorder.values().data(), values_before);
  EXPECT_EQ(recorder.time().size(), 6501U);
  EXPECT_EQ(recorder.values().size(), 13002U);
}

TEST(Recorder, BadRequestsAreRefusedTogether) {
  const DecayCourse timeline = filling_and_emptying();
  try {
    const Recorder<Decay> recorder(timeline, {rate}, {{"amount", "amuont", "amount"}, -1.0});
    FAIL() << "accepted";
  } catch (const std::invalid_argument& problem) {
    const std::string text = problem.what();
    for (const char* part : {"amuont", "twice", "sample_interval"})
      EXPECT_NE(text.find(part), std::string::npos) << part << " missing in " << text;
  }
  for (const double interval : {1e-300, 1e-9, std::numeric_limits<double>::infinity()})
    EXPECT_THROW(Recorder<Decay>(timeline, {rate}, {{}, interval}), std::invalid_argument) << interval;
  const Recorder<Decay> recorder(timeline, {rate}, {{"amount"}});
  EXPECT_EQ(recorder.signal_count(), 1U);
  EXPECT_EQ(recorder.signals()[0].name, "amount");
  EXPECT_THROW(recorder.summary("source"), std::invalid_argument);
  EXPECT_THROW(recorder.trace("source"), std::invalid_argument);
  EXPECT_THROW(recorder.summary(9, "amount"), std::invalid_argument);
}

} // namespace
} // namespace limbflow::core
