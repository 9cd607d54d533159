#include "models/course.hpp"

#include "models/arterial_source.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

namespace limbflow::models {

namespace {

/// Whole beats before a change: the second is reported as the mean of a beat.
constexpr double beats_before_change = 2.0;
/// Beats after a change until the averaged limb takes over.
constexpr double beats_after_change = 4.0;
/// An averaged stretch shorter than this is not worth changing over for, in beats.
constexpr double shortest_stretch = 1.0;
/// Beats that are this close are one.
constexpr double rounding = 1e-6;
/// Steps of the pulsatile limb in the fastest beat.
constexpr double steps_per_beat = 20.0;
constexpr double fastest_heart_rate = 3.0; // 1/s
/// A stretch that would end this close to a breakpoint ends there, s.
constexpr double closest_end = 1e-3;

double onto_breakpoint(const core::Timeline<LimbControls<double>>& timeline, double time) {
  for (const auto& segment : timeline.segments())
    if (std::abs(segment.end - time) < closest_end)
      return segment.end;
  return time;
}

/// A stretch of time (s) in which something changes within a beat; both ends infinite if nothing does any more.
struct Change {
  double begin = std::numeric_limits<double>::infinity();
  double end = std::numeric_limits<double>::infinity();
};

/// What segment k brings that is faster than a beat and not over at `time`: a course of the cuff's pressure, or at its begin the
/// first contraction of a set or the end of the last.
Change change_in(const std::vector<core::Segment<LimbControls<double>>>& segments, std::size_t k, double time) {
  const auto& segment = segments[k];
  if (segment.controls.cuff_pressure_rate != 0.0 && segment.end > time)
    return {segment.begin, segment.end};
  const bool of_a_set = k > 0 && segment.group != segments[k - 1].group && segment.controls.force != segments[k - 1].controls.force;
  if (of_a_set && segment.begin > time)
    return {segment.begin, segment.begin};
  return {};
}

} // namespace

core::Timeline<LimbControls<double>> cut(const core::Timeline<LimbControls<double>>& timeline, double begin, double end) {
  std::vector<core::Segment<LimbControls<double>>> segments;
  for (const auto& segment : timeline.segments()) {
    const double from = std::max(begin, segment.begin);
    const double to = std::min(end, segment.end);
    if (!(to > from))
      continue;
    auto piece = segment; // controls keep the segment's own begin, from which the cuff's ramp counts
    piece.begin = from;
    piece.end = to;
    segments.push_back(std::move(piece));
  }
  return core::Timeline<LimbControls<double>>(std::move(segments));
}

double nearest_beat_start(double phase) { return std::round(phase - pulse_mean_phase) + pulse_mean_phase; }

Stretch next_stretch(const core::Timeline<LimbControls<double>>& timeline, double time, double heart_rate, double phase) {
  const auto& segments = timeline.segments();
  Change change;
  std::size_t k = 0;
  for (; k < segments.size() && !std::isfinite(change.begin); ++k)
    change = change_in(segments, k, time);
  if (!std::isfinite(change.begin))
    return {false, timeline.end()};
  // Beats counted from now, at the heart rate of now; starts of beats are whole numbers away from `first`.
  const auto beats_at = [&](double t) { return (t - time) * heart_rate; };
  const double first = pulse_mean_phase - phase;
  const auto start_before = [&](double beats) { return std::floor(beats - first + rounding) + first; };
  const auto start_after = [&](double beats) { return std::ceil(beats - first - rounding) + first; };
  const double window = start_before(beats_at(change.begin) - beats_before_change);
  if (window > shortest_stretch)
    return {false, onto_breakpoint(timeline, time + window / heart_rate)};
  double until = beats_at(change.end) + beats_after_change;
  for (; k < segments.size() && beats_at(segments[k].begin) < until + shortest_stretch; ++k)
    if (const Change later = change_in(segments, k, time); std::isfinite(later.begin))
      until = std::max(until, beats_at(later.end) + beats_after_change);
  return {true, onto_breakpoint(timeline, std::min(timeline.end(), time + start_after(until) / heart_rate))};
}

double longest_pulsatile_step() { return 1.0 / (steps_per_beat * fastest_heart_rate); }

std::vector<double> pulsatile_start(std::vector<double> y, const LimbParameters<double>& parameters,
                                    double external_pressure, double step_tolerance) {
  constexpr double beats = 5.0;
  core::Timeline<LimbControls<double>> before(-beats / parameters.heart_rate);
  LimbControls<double> controls;
  controls.external_pressure = external_pressure;
  before.append(beats / parameters.heart_rate, controls, "before the run");
  core::IntegrationOptions integration;
  integration.relative_tolerance = step_tolerance;
  integration.absolute_tolerance = step_tolerance;
  integration.maximum_step = longest_pulsatile_step();
  y[heart_phase] = parameters.start_phase - beats;
  const core::RunReport report = core::integrate<PulsatileLimb>(y, before, parameters, integration);
  if (report.outcome != core::Outcome::completed)
    throw std::runtime_error("the limb found no resting beat: " + report.describe());
  y[inflow_volume] = y[outflow_volume] = y[lymph_volume] = 0.0;
  return y;
}

} // namespace limbflow::models
